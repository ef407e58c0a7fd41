//! Values that are longer than any value is.
//!
//! Owns how long a value may be. Rule: a result is a record, and a record has an end: what is longer is cut, and said.

use crate::extract::Extraction;
use docmill_contracts::{Field, Fields, Problem, Severity};

/// Most characters of a value.
const MOST: usize = 10_000;
/// Most bytes of all values above the lines; where they are more, none may be longer than this.
const ALTOGETHER: (usize, usize) = (1024 * 1024, 1000);

/// Cuts values that are too long, and says which.
pub(super) fn cut(found: &mut Extraction) -> Vec<Problem> {
    if let Some(reason) = &mut found.kind.reason {
        *reason = reason.chars().take(200).collect();
    }
    let above = [&found.fields].into_iter().chain(&found.vat_breakdown).flat_map(Fields::values);
    let most = if above.map(bytes).sum::<usize>() > ALTOGETHER.0 { ALTOGETHER.1 } else { MOST };
    let mut problems: Vec<Problem> = found
        .fields
        .iter_mut()
        .filter_map(|(name, field)| Some((name.clone(), shortened(field, most)?)))
        .map(|(name, length)| problem(&name, &name, length, most))
        .collect();
    let tables = [
        ("line_items", "line", &mut found.line_items, MOST),
        ("vat_breakdown", "VAT breakdown", &mut found.vat_breakdown, most),
    ];
    for (table, what, rows, most) in tables {
        let cells =
            rows.iter_mut().zip(1..).flat_map(|(row, number)| row.iter_mut().map(move |cell| (number, cell)));
        let mut long =
            cells.filter_map(|(number, (name, field))| Some((number, name, shortened(field, most)?)));
        // The first of them stands for all; the others are cut as well.
        if let Some((number, name, length)) = long.next() {
            let place = format!("{what} {number}: {name}");
            long.for_each(drop);
            problems.push(problem(table, &place, length, most));
        }
    }
    problems
}

/// Bytes of a value, of which one that is cut anyway has no more than is left of it.
fn bytes(field: &Field) -> usize {
    let left = |text: &String| text.len().min(4 * MOST);
    left(&field.value) + field.raw.as_ref().map_or(0, left)
}

/// Cuts a value; how long it was where it was too long.
fn shortened(field: &mut Field, most: usize) -> Option<usize> {
    let longest = field.raw.as_ref().map_or(0, String::len).max(field.value.len());
    if longest <= most {
        return None;
    }
    let count = |text: &str| text.chars().count();
    let length = field.raw.as_deref().map_or(0, count).max(count(&field.value));
    if length <= most {
        return None;
    }
    field.value = field.value.chars().take(most).collect();
    field.raw = field.raw.take().map(|raw| raw.chars().take(most).collect());
    Some(length)
}

fn problem(name: &str, place: &str, length: usize, most: usize) -> Problem {
    Problem {
        code: "INFER-0153".to_owned(),
        severity: Severity::Error,
        message: format!("{place} has {length} characters; it is cut at {most}"),
        fields: vec![name.to_owned()],
        page: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{MODEL_VERSION, text};

    fn fields(values: &[(&str, usize)]) -> Fields {
        let mut fields = Fields::new();
        values.iter().for_each(|(name, length)| text(&mut fields, name, Some("é".repeat(*length))));
        fields
    }

    fn cut_of(above: &[(&str, usize)], rows: &[&[(&str, usize)]]) -> (Extraction, Vec<String>) {
        let mut found = Extraction::of_engine("xml", MODEL_VERSION);
        found.fields = fields(above);
        found.line_items = rows.iter().map(|row| fields(row)).collect();
        let problems = cut(&mut found);
        assert!(problems.iter().all(|p| p.code == "INFER-0153" && p.severity == Severity::Error));
        (found, problems.into_iter().map(|p| p.message).collect())
    }

    #[test]
    fn a_value_that_is_too_long_is_cut_and_named() {
        let (found, told) = cut_of(&[("seller_name", 10_000), ("buyer_name", 10_001)], &[]);
        assert_eq!(told, ["buyer_name has 10001 characters; it is cut at 10000"]);
        assert_eq!(found.fields["buyer_name"].value.chars().count(), 10_000);
        assert_eq!(found.fields["buyer_name"].raw.as_ref().unwrap().chars().count(), 10_000);
        assert_eq!(found.fields["seller_name"].value.chars().count(), 10_000);
        let (_, told) = cut_of(&[("buyer_name", 3_000_000)], &[]);
        assert_eq!(told, ["buyer_name has 3000000 characters; it is cut at 10000"]);
    }

    #[test]
    fn all_cells_are_cut_and_the_first_is_named() {
        let long: &[(&str, usize)] = &[("description", 20_000), ("line_id", 3)];
        let (found, told) = cut_of(&[], &[&[("line_id", 1)], long, long]);
        assert_eq!(told, ["line 2: description has 20000 characters; it is cut at 10000"]);
        assert!(found.line_items[1..].iter().all(|row| row["description"].value.chars().count() == 10_000));
    }

    #[test]
    fn all_values_together_have_a_limit_too() {
        let names: Vec<String> = (0..40).map(|n| format!("field_{n:02}")).collect();
        let long: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 9_000)).collect();
        let (found, told) = cut_of(&long, &[]);
        assert_eq!((told.len(), told[0].as_str()), (40, "field_00 has 9000 characters; it is cut at 1000"));
        assert!(found.fields.values().map(bytes).sum::<usize>() < ALTOGETHER.0);
        assert_eq!(cut_of(&long[..20], &[]).1.len(), 0);
    }
}
