//! The table of results that a person reads.

use docmill_contracts::{DocumentResult, ResultStatus, Severity};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Most rows that are printed; the files have them all.
const MAX_ROWS: usize = 60;
const HEAD: [&str; 8] = ["file", "type", "status", "number", "date", "seller", "total", "problems"];
/// Most characters of a column.
const WIDTH: [usize; 8] = [36, 14, 8, 20, 10, 28, 16, 44];

/// What is kept of a result to be told about. Rule: no larger for a document of a thousand pages than for one of a single page.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) revision: i32,
    pub(crate) status: ResultStatus,
    /// Name of the file.
    pub(crate) name: String,
    row: Box<[String; 8]>,
}

impl Outcome {
    pub(crate) fn of(result: &DocumentResult) -> Self {
        let mut row = row(result);
        for (cell, most) in row.iter_mut().zip(WIDTH) {
            // One more than is shown, so that it is seen that something was cut off.
            *cell = cell.chars().take(most + 1).collect();
        }
        let (revision, status) = (result.revision, result.status);
        Self { revision, status, name: result.source.name.clone(), row: Box::new(row) }
    }
}

/// The table, at most sixty rows.
pub(crate) fn render(results: &[&Outcome]) -> String {
    let rows: Vec<&[String; 8]> = results.iter().take(MAX_ROWS).map(|r| &*r.row).collect();
    let mut width = HEAD.map(str::len);
    for row in rows.iter().copied() {
        for ((w, cell), max) in width.iter_mut().zip(row).zip(WIDTH) {
            *w = (*w).max(cell.chars().count().min(max));
        }
    }
    let mut text = String::new();
    line(&mut text, &HEAD.map(str::to_owned), &width);
    line(&mut text, &width.map(|w| "─".repeat(w)), &width);
    for row in rows.iter().copied() {
        line(&mut text, row, &width);
    }
    if results.len() > rows.len() {
        // Writing to a string cannot fail.
        writeln!(text, "… and {} more", results.len() - rows.len()).ok();
    }
    text
}

/// One line: how many of each status.
pub(crate) fn summary(results: &[&Outcome]) -> String {
    let mut counts: BTreeMap<ResultStatus, usize> = BTreeMap::new();
    for result in results {
        *counts.entry(result.status).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(status, n)| format!("{n} {}", name(*status))).collect();
    format!("{} documents: {}", results.len(), parts.join(", "))
}

fn name(status: ResultStatus) -> &'static str {
    match status {
        ResultStatus::Accepted => "accepted",
        ResultStatus::Review => "review",
        ResultStatus::Rejected => "rejected",
        ResultStatus::Failed => "failed",
        ResultStatus::Cancelled => "cancelled",
    }
}

fn row(result: &DocumentResult) -> [String; 8] {
    let field = |name: &str| result.fields.get(name).map(|f| f.value.clone()).unwrap_or_default();
    let total =
        ["grand_total", "due_payable"].iter().find_map(|n| result.fields.get(*n)).map(|f| f.value.clone());
    let total = format!("{} {}", total.unwrap_or_default(), field("currency"));
    let problems = if let Some(error) = &result.error {
        format!("{}: {}", error.code, error.message)
    } else {
        let errors = result.problems.iter().filter(|p| p.severity == Severity::Error);
        let warnings = result.problems.iter().filter(|p| p.severity == Severity::Warning);
        let mut codes: Vec<&str> = Vec::new();
        for problem in errors.chain(warnings) {
            if !codes.contains(&problem.code.as_str()) {
                codes.push(&problem.code);
            }
        }
        codes.join(" ")
    };
    let kind = if result.error.is_some() { String::new() } else { result.kind.value.clone() };
    [
        result.source.name.clone(),
        kind,
        name(result.status).to_owned(),
        field("invoice_number"),
        field("issue_date"),
        field("seller_name"),
        total.trim().to_owned(),
        problems,
    ]
}

fn line(text: &mut String, cells: &[String; 8], width: &[usize; 8]) {
    let mut row = String::new();
    for (i, (cell, w)) in cells.iter().zip(width).enumerate() {
        // What a document says must not drive the terminal.
        let clean: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut shown: String = clean.chars().take(*w).collect();
        if clean.chars().count() > *w {
            shown.pop();
            shown.push('…');
        }
        let pad = w - shown.chars().count().min(*w);
        let gap = if i == 0 { "" } else { "  " };
        let written = if i == 6 {
            write!(row, "{gap}{}{shown}", " ".repeat(pad))
        } else {
            write!(row, "{gap}{shown}{}", " ".repeat(pad))
        };
        // Writing to a string cannot fail.
        written.ok();
    }
    text.push_str(row.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_contracts::{
        BlobRef, Class, DocumentHead, DocumentValidated, ErrorInfo, ProcessingOptions, Source,
    };

    fn rejected(name: &str) -> Outcome {
        let original = BlobRef::of(b"");
        let head = DocumentHead {
            document_id: name.into(),
            revision: 1,
            tenant: "t".into(),
            content_sha256: original.sha256.clone(),
            source: Source { name: name.into(), ..Source::default() },
            options: ProcessingOptions::default(),
            original,
            embedded_xml: None,
            config_version: None,
            submitted_at: 0,
        };
        let error = ErrorInfo {
            code: "INGEST-0001".into(),
            class: Class::Input,
            message: "a.pdf is empty".into(),
            stage: "ingest".into(),
            page: None,
        };
        Outcome::of(&DocumentValidated::ended(&head, error, Vec::new()).result)
    }

    #[test]
    fn long_cells_are_cut_and_control_characters_do_not_reach_the_terminal() {
        let long = format!("{}\u{1b}[31m.pdf", "x".repeat(60));
        let text = render(&[&rejected("a.pdf"), &rejected(&long)]);
        assert!(text.contains("INGEST-0001: a.pdf is empty"), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains('…'), "{text}");
        assert!(summary(&[&rejected("a")]).contains("1 documents: 1 rejected"));
    }

    #[test]
    fn many_results_are_counted_not_printed() {
        let one = rejected("a.pdf");
        let text = render(&vec![&one; 70]);
        assert!(text.contains("… and 10 more") && text.lines().count() == 63, "{text}");
    }
}
