//! Peppol BIS catalogue response (T58) and message level response (T71): which one it is, tells the document itself.

use super::Severity::Error;
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T58-R001",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:catalogue_response:3'.",
        "CustomizationID",
        |n| {
            !n.trimmed().contains(":trns:catalogue")
                || n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:catalogue_response:3")
        },
    ),
    node(
        "PEPPOL-T71-R001",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:mlr:3'.",
        "CustomizationID",
        |n| {
            !n.trimmed().contains(":trns:mlr")
                || n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:mlr:3")
        },
    ),
];
