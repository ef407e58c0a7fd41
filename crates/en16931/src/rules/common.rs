//! Peppol BIS: rules of all documents but invoices.

use super::Severity::{Error, Warning};
use super::facts::day;
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node("PEPPOL-COMMON-R001", Error, "Document MUST not contain empty elements.", "**", |n| !n.is_empty()),
    node("PEPPOL-COMMON-R003", Warning, "Document SHOULD not contain schema location.", "/*", |n| {
        n.attribute("schemaLocation").is_none()
    }),
    node(
        "PEPPOL-COMMON-R030",
        Error,
        "A date must be formatted YYYY-MM-DD.",
        "IssueDate|DueDate|TaxPointDate|StartDate|EndDate|ActualDeliveryDate",
        |n| n.text().len() == 10 && day(n.text()).is_some(),
    ),
];
