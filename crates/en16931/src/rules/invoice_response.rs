//! Peppol BIS invoice response (T111).

use super::Severity::{Error, Warning};
use super::order_facts::{coded, one_of};
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T111-R001",
        Error,
        "If status code is one of: CA, UQ or RE then there SHALL be at a clarification code in Invoice Response.",
        "Response",
        |n| !matches!(n.text_at("ResponseCode"), "CA" | "UQ" | "RE") || n.has("Status/StatusReasonCode"),
    ),
    node(
        "PEPPOL-T111-R002",
        Warning,
        "If Clarification code is OTH then Clarification reason SHOULD be provided.",
        "Status",
        |n| !n.any_is("StatusReasonCode", "OTH") || n.has("StatusReason"),
    ),
    node(
        "PEPPOL-T111-R004",
        Error,
        "If Clarification code is PPD, indicating partial payment, then Clarification reason SHALL be provided.",
        "Status",
        |n| !n.any_is("StatusReasonCode", "PPD") || n.has("StatusReason"),
    ),
    node(
        "PEPPOL-T111-R006",
        Error,
        "Clarification Reason code shall exist in the OPStatusAction code lists as identified by listID.",
        "Status",
        |n| {
            !coded(n, "OPStatusAction")
                || matches!(
                    n.text_at("StatusReasonCode"),
                    "NOA" | "PIN" | "NIN" | "CNF" | "CNP" | "CNA" | "OTH"
                )
        },
    ),
    node(
        "PEPPOL-T111-R007",
        Error,
        "Clarification Reason code shall exist in the OPStatusReason code lists as identified by listID.",
        "Status",
        |n| {
            !coded(n, "OPStatusReason")
                || matches!(
                    n.text_at("StatusReasonCode"),
                    "NON"
                        | "REF"
                        | "LEG"
                        | "REC"
                        | "QUA"
                        | "DEL"
                        | "PRI"
                        | "QTY"
                        | "ITM"
                        | "PAY"
                        | "PPD"
                        | "UNR"
                        | "FIN"
                        | "OTH"
                )
        },
    ),
    node(
        "PEPPOL-T111-R003",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:invoice_response:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:invoice_response:3"),
    ),
    node(
        "PEPPOL-T111-R008",
        Error,
        "Process identifier SHALL have the value 'urn:fdc:peppol.eu:poacc:bis:invoice_response:3' or 'urn:peppol:bis:billing_with_response'.",
        "ProfileID",
        |n| {
            one_of(
                n,
                &["urn:fdc:peppol.eu:poacc:bis:invoice_response:3", "urn:peppol:bis:billing_with_response"],
            )
        },
    ),
];
