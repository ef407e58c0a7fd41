//! Fields that a document of a type must have.

use crate::Config;
use crate::error::code;
use crate::subject::Subject;
use docmill_contracts::{Problem, Severity};

/// A field that a document needs, the rule that says so, and how bad it is to miss it: what nobody can post without is
/// an error, what a person would not stop for is a warning.
type Need = (&'static str, &'static str, Severity);

const INVOICE: &[Need] = &[
    ("invoice_number", "BR-02", Severity::Error),
    ("issue_date", "BR-03", Severity::Error),
    ("currency", "BR-05", Severity::Warning),
    ("seller_name", "BR-06", Severity::Error),
    ("buyer_name", "BR-07", Severity::Warning),
    ("net_total", "BR-13", Severity::Warning),
    ("grand_total", "BR-14", Severity::Error),
    ("due_payable", "BR-15", Severity::Warning),
];
const RECEIPT: &[Need] = &[
    ("seller_name", code::REQUIRED, Severity::Error),
    ("issue_date", code::REQUIRED, Severity::Error),
    ("grand_total", code::REQUIRED, Severity::Error),
];
const ORDER: &[Need] = &[
    ("invoice_number", code::REQUIRED, Severity::Error),
    ("issue_date", code::REQUIRED, Severity::Warning),
    ("seller_name", code::REQUIRED, Severity::Warning),
    ("buyer_name", code::REQUIRED, Severity::Error),
];
const DELIVERY_NOTE: &[Need] = &[
    ("invoice_number", code::REQUIRED, Severity::Warning),
    ("seller_name", code::REQUIRED, Severity::Error),
];
const STATEMENT: &[Need] =
    &[("seller_name", code::REQUIRED, Severity::Error), ("issue_date", code::REQUIRED, Severity::Error)];

fn needs(kind: &str) -> &'static [Need] {
    match kind {
        "invoice" | "credit_note" => INVOICE,
        "receipt" => RECEIPT,
        "order" | "order_response" => ORDER,
        "delivery_note" => DELIVERY_NOTE,
        "statement" => STATEMENT,
        _ => &[],
    }
}

/// The fields without which a document of this type is not accepted.
pub(crate) fn required_fields(kind: &str) -> impl Iterator<Item = &'static str> {
    needs(kind).iter().filter(|need| need.2 == Severity::Error).map(|need| need.0)
}

pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    let kind = subject.kind();
    let missing = |need: &&Need| subject.field(need.0).is_none_or(|field| field.value.trim().is_empty());
    let mut problems: Vec<Problem> = needs(kind)
        .iter()
        .filter(missing)
        .map(|(name, code, severity)| {
            subject.problem(code, *severity, format!("{kind} has no {name}"), &[name])
        })
        .collect();
    let no_lines = subject.lines.count == 0;
    if subject.is_invoice() && no_lines {
        let message = format!("{kind} has no line items");
        problems.push(subject.problem("BR-16", Severity::Warning, message, &[]));
    }
    if matches!(kind, "order" | "order_response") && no_lines && subject.field("grand_total").is_none() {
        let message = format!("{kind} has neither line items nor grand_total");
        problems.push(subject.problem(code::REQUIRED, Severity::Error, message, &["grand_total"]));
    }
    if !matches!(
        kind,
        "invoice" | "credit_note" | "receipt" | "order" | "order_response" | "delivery_note" | "statement"
    ) {
        let message = format!("type is {kind}: not a business document that can be posted");
        problems.push(subject.problem(code::NOT_A_BUSINESS_DOCUMENT, Severity::Error, message, &[]));
    }
    problems
}
