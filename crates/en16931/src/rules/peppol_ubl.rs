//! Peppol BIS Billing 3: rules on elements of UBL.

use super::Severity::Error;
use super::facts::day;
use super::peppol_facts::{exempt, in_document_currency};
use super::syntax_facts::{listed, sibling_is};
use super::{Rule, node};
use crate::codes::List;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-EN16931-R051",
        Error,
        "All currencyID attributes must have the same value as the invoice currency code (BT-5), except for the invoice total VAT amount in accounting currency (BT-111).",
        "Amount|BaseAmount|PriceAmount|TaxAmount|TaxableAmount|LineExtensionAmount|TaxExclusiveAmount|TaxInclusiveAmount|AllowanceTotalAmount|ChargeTotalAmount|PrepaidAmount|PayableRoundingAmount|PayableAmount",
        in_document_currency,
    ),
    node(
        "PEPPOL-EN16931-CL007",
        Error,
        "Currency code must be according to ISO 4217:2005.",
        "Amount|BaseAmount|PriceAmount|TaxAmount|TaxableAmount|LineExtensionAmount|TaxExclusiveAmount|TaxInclusiveAmount|AllowanceTotalAmount|ChargeTotalAmount|PrepaidAmount|PayableRoundingAmount|PayableAmount",
        |n| List::Currency.has(n.attribute("currencyID").unwrap_or("")),
    ),
    node(
        "PEPPOL-EN16931-CL001",
        Error,
        "Mime code must be according to subset of IANA code list.",
        "EmbeddedDocumentBinaryObject",
        |n| listed(n, "mimeCode", List::MimeType),
    ),
    node(
        "PEPPOL-EN16931-CL002",
        Error,
        "Reason code MUST be according to subset of UNCL 5189 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "false") || List::AllowanceReason.has(n.trimmed()),
    ),
    node(
        "PEPPOL-EN16931-CL003",
        Error,
        "Reason code MUST be according to UNCL 7161 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "true") || List::ChargeReason.has(n.trimmed()),
    ),
    node(
        "PEPPOL-EN16931-CL006",
        Error,
        "Invoice period description code must be according to UNCL 2005 D.16B.",
        "InvoicePeriod/DescriptionCode",
        |n| matches!(n.trimmed(), "3" | "35" | "432"),
    ),
    node(
        "PEPPOL-EN16931-CL008",
        Error,
        "Electronic address identifier scheme must be from the codelist \"Electronic Address Identifier Scheme\".",
        "EndpointID",
        |n| listed(n, "schemeID", List::PeppolAddress),
    ),
    node(
        "PEPPOL-EN16931-F001",
        Error,
        "A date MUST be formatted YYYY-MM-DD.",
        "IssueDate|DueDate|TaxPointDate|StartDate|EndDate|ActualDeliveryDate",
        |n| n.text().len() == 10 && day(n.text()).is_some(),
    ),
    node(
        "PEPPOL-EN16931-P0104",
        Error,
        "Tax Category G MUST be used when exemption reason code is VATEX-EU-G.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-G", "G"),
    ),
    node(
        "PEPPOL-EN16931-P0105",
        Error,
        "Tax Category O MUST be used when exemption reason code is VATEX-EU-O.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-O", "O"),
    ),
    node(
        "PEPPOL-EN16931-P0106",
        Error,
        "Tax Category K MUST be used when exemption reason code is VATEX-EU-IC.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-IC", "K"),
    ),
    node(
        "PEPPOL-EN16931-P0107",
        Error,
        "Tax Category AE MUST be used when exemption reason code is VATEX-EU-AE.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-AE", "AE"),
    ),
    node(
        "PEPPOL-EN16931-P0108",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-D.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-D", "E"),
    ),
    node(
        "PEPPOL-EN16931-P0109",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-F.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-F", "E"),
    ),
    node(
        "PEPPOL-EN16931-P0110",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-I.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-I", "E"),
    ),
    node(
        "PEPPOL-EN16931-P0111",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-J.",
        "TaxCategory",
        |n| exempt(n, "VATEX-EU-J", "E"),
    ),
];
