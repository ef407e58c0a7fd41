//! What a cross-validation found, for people.

use crate::{OpsError, ui};
use docmill_infer::train::cross::{Outcome, PRECISIONS, Report};
use docmill_infer::train::{Example, Task};
use docmill_learn::Folds;
use docmill_learn::measure::{Case, reliability};
use std::cmp::Ordering;
use std::io::Write as _;
use std::path::Path;

/// Prints the figures of each field and how far confidences can be trusted.
pub(crate) fn print(report: &Report, folds: &Folds, examples: usize) {
    ui::say(format!(
        "cross-validated over {} folds of {examples} examples, groups kept together",
        folds.len()
    ));
    ui::say(format!(
        "{:24} {:>5} {:>8} {:>6} {:>6}   accepted unseen at {}",
        "field",
        "n",
        "findable",
        "F1",
        "ECE",
        PRECISIONS.map(|p| format!("{:.0} %", p * 100.0)).join(", ")
    ));
    for f in report.fields.iter().chain([&report.all]) {
        let shares = f.straight.map(|s| format!("{:.2}", s.accepted)).join("  ");
        ui::say(format!(
            "{:24} {:>5} {:>8.3} {:>6.3} {:>6.3}   {shares}",
            f.name, f.n, f.possible, f.f1, f.calibration_error
        ));
    }
    let shares = report.documents.map(|s| format!("{:.2}", s.accepted)).join("  ");
    ui::say(format!("{:24} {:>5} {:>8} {:>6} {:>6}   {shares}", "whole documents", examples, "", "", ""));
    let least = report.documents.map(|s| s.least.map_or("none".to_owned(), |l| format!("{l:.3}"))).join(", ");
    ui::say(format!(
        "  by the mean confidence of their fields, at least {least} (accept_document_confidence of validate)"
    ));
    if !report.types.is_empty() {
        let right = report.types.iter().filter(|t| t.2).count();
        ui::say(format!(
            "{:24} {:>5} {:>8} {:>6.3}",
            "type",
            report.types.len(),
            "",
            right as f64 / report.types.len() as f64
        ));
    }
    ui::say("how new the layout was, documents, share of fields right:");
    for (low, high) in [(0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 1.01)] {
        let own: Vec<Case> =
            report.novelty.iter().filter(|(n, _)| (low..high).contains(n)).map(|(_, c)| *c).collect();
        let (right, of) = (own.iter().map(|c| c.right).sum::<u32>(), own.iter().map(|c| c.of).sum::<u32>());
        if of > 0 {
            ui::say(format!(
                "  {low:.1}-{:.1}  {:>4}  {:.3}",
                high.min(1.0),
                own.len(),
                f64::from(right) / f64::from(of)
            ));
        }
    }
    ui::say("confidence stated, right, number of values:");
    let cases: Vec<Case> = report
        .outcomes
        .iter()
        .filter(|o| o.found.is_some())
        .map(|o| Case::one(o.confidence, o.right))
        .collect();
    for bin in reliability(&cases, 10) {
        ui::say(format!("  {:.2}  {:.2}  {}", bin.stated, bin.right, bin.n));
    }
}

/// Writes all decisions, the surest wrong ones first: those are the ones to look at.
pub(crate) fn write_decisions(
    path: &Path,
    task: &Task,
    examples: &[Example],
    report: &Report,
) -> Result<(), OpsError> {
    let mut all: Vec<_> = report.outcomes.iter().collect();
    all.sort_by(|a, b| {
        let place = |o: &Outcome| (o.right, o.example, o.field);
        let sure = if a.right || b.right { Ordering::Equal } else { b.confidence.total_cmp(&a.confidence) };
        sure.then_with(|| place(a).cmp(&place(b)))
    });
    let mut out = Vec::new();
    for outcome in &all {
        let (truth, field) = (&examples[outcome.example].truth, &task.wants[outcome.field].name);
        let line = serde_json::json!({
            "document": truth.name,
            "field": field,
            "want": truth.fields.get(field),
            "found": outcome.found,
            "right": outcome.right,
            "findable": outcome.possible,
            "confidence": (outcome.confidence * 1000.0).round() / 1000.0,
        });
        // Writing to memory cannot fail.
        writeln!(out, "{line}").ok();
    }
    std::fs::write(path, out).map_err(|e| OpsError::io("write", path, e))?;
    ui::say(format!("{} decisions: {}", all.len(), path.display()));
    Ok(())
}
