//! How many rows of tables a record carries.
//!
//! A document of a thousand pages can have more rows than the log takes in one record. Rule: what does not fit is left
//! out from the end and counted in a problem of severity error, so that the result is never taken for complete.

use docmill_contracts::{DocumentPart, Fields, Problem, Severity};

/// Most bytes of rows in a record, about half of what its topic takes, so that validation has room for its problems.
const ROWS_BYTES: usize = 2 * 1024 * 1024;

/// Leaves out the rows that do not fit, of the document first, then of its parts in order.
pub(crate) fn cap(rows: &mut Vec<Fields>, parts: &mut [DocumentPart]) -> Option<Problem> {
    cap_at(rows, parts, ROWS_BYTES)
}

fn cap_at(rows: &mut Vec<Fields>, parts: &mut [DocumentPart], limit: usize) -> Option<Problem> {
    let (mut left, mut all, mut kept) = (limit, 0, 0);
    for rows in std::iter::once(rows).chain(parts.iter_mut().map(|p| &mut p.line_items)) {
        all += rows.len();
        let fits = rows.iter().take_while(|row| {
            let rest = left.checked_sub(size(row));
            left = rest.unwrap_or(0);
            rest.is_some()
        });
        let fits = fits.count();
        rows.truncate(fits);
        kept += fits;
    }
    (kept < all).then(|| Problem {
        code: "INFER-0011".to_owned(),
        severity: Severity::Error,
        message: format!(
            "{} of {all} line items are left out: a record holds {limit} bytes of them",
            all - kept
        ),
        fields: vec!["line_items".to_owned()],
        page: None,
    })
}

/// Bytes of a row in a record, rounded up: lengths and numbers take a few each.
fn size(row: &Fields) -> usize {
    let text = |t: Option<&String>| t.map_or(2, |t| t.len() + 4);
    row.iter()
        .map(|(name, f)| {
            let others = f.other_readings.iter();
            let others: usize = others
                .map(|r| r.value.len() + text(r.raw.as_ref()) + r.engine.len() + r.model_version.len() + 64)
                .sum();
            name.len()
                + f.value.len()
                + text(f.raw.as_ref())
                + f.engine.len()
                + f.model_version.len()
                + others
                + 64
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_contracts::{DocumentType, Field};

    fn row(text: &str) -> Fields {
        let field = Field {
            value: text.into(),
            raw: None,
            confidence: 1.0,
            page: Some(1),
            bbox: None,
            engine: "local".into(),
            model_version: "1".into(),
            other_readings: Vec::new(),
        };
        Fields::from([("description".to_owned(), field)])
    }

    #[test]
    fn rows_that_fit_are_left_as_they_are() {
        let mut rows = vec![row("a"); 100];
        assert_eq!(cap(&mut rows, &mut []), None);
        assert_eq!(rows.len(), 100);
    }

    #[test]
    fn rows_that_do_not_fit_are_counted_in_an_error() {
        let mut rows = vec![row("a"), row("b"), row("c")];
        let part = DocumentPart {
            first_page: 1,
            last_page: 1,
            kind: DocumentType::unknown(),
            fields: Fields::new(),
            line_items: vec![row("d")],
            vat_breakdown: Vec::new(),
        };
        let (limit, mut parts) = (2 * size(&row("a")), [part]);
        let problem = cap_at(&mut rows, &mut parts, limit).unwrap();
        assert_eq!((rows, parts[0].line_items.len()), (vec![row("a"), row("b")], 0));
        assert_eq!((problem.code.as_str(), problem.severity), ("INFER-0011", Severity::Error));
        assert!(problem.message.starts_with("2 of 4 line items"), "{}", problem.message);
    }

    /// The estimate is never below what Avro takes.
    #[test]
    fn the_size_of_a_row_is_not_underestimated() {
        let one = row("Schreibtischstuhl, blau, mit Armlehnen");
        let mut datum = Vec::new();
        for (name, field) in &one {
            datum.extend(name.bytes().chain(field.value.bytes()));
            datum.extend(field.engine.bytes().chain(field.model_version.bytes()));
        }
        // Per field: confidence 8, box 4 x 8, and at most 4 bytes of length for each of five texts and two blocks.
        assert!(size(&one) >= datum.len() + one.len() * (8 + 32 + 5 + 2 + 10));
    }
}
