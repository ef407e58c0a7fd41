//! Peppol BIS Billing 3: rules on elements of CII.

use super::Severity::Error;
use super::peppol_facts::exempt;
use super::syntax_facts::{listed, sibling_is};
use super::{Rule, node};
use crate::codes::List;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-EN16931-CL001",
        Error,
        "Mime code must be according to subset of IANA code list.",
        "AttachmentBinaryObject",
        |n| listed(n, "mimeCode", List::MimeType),
    ),
    node(
        "PEPPOL-EN16931-CL002",
        Error,
        "Reason code MUST be according to subset of UNCL 5189 D.16B.",
        "SpecifiedTradeAllowanceCharge/ReasonCode",
        |n| !sibling_is(n, "ChargeIndicator/Indicator", "false") || List::AllowanceReason.has(n.trimmed()),
    ),
    node(
        "PEPPOL-EN16931-CL003",
        Error,
        "Reason code MUST be according to UNCL 7161 D.16B.",
        "SpecifiedTradeAllowanceCharge/ReasonCode",
        |n| !sibling_is(n, "ChargeIndicator/Indicator", "true") || List::ChargeReason.has(n.trimmed()),
    ),
    node(
        "PEPPOL-EN16931-CL007",
        Error,
        "Currency code must be according to ISO 4217:2005.",
        "InvoiceCurrencyCode|TaxCurrencyCode",
        |n| List::Currency.has(n.trimmed()),
    ),
    node(
        "PEPPOL-EN16931-CL007",
        Error,
        "Currency code must be according to ISO 4217:2005.",
        "TaxTotalAmount",
        |n| listed(n, "currencyID", List::Currency),
    ),
    node(
        "PEPPOL-EN16931-CL008",
        Error,
        "Electronic address identifier scheme must be from the codelist \"Electronic Address Identifier Scheme\".",
        "URIUniversalCommunication/URIID",
        |n| listed(n, "schemeID", List::PeppolAddress),
    ),
    node(
        "PEPPOL-EN16931-R043",
        Error,
        "Allowance/charge ChargeIndicator value MUST equal 'true' or 'false'.",
        "AppliedTradeAllowanceCharge",
        |n| matches!(n.text_at("ChargeIndicator/Indicator"), "true" | "false"),
    ),
    node(
        "PEPPOL-EN16931-P0104",
        Error,
        "Tax Category G MUST be used when exemption reason code is VATEX-EU-G.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-G", "G"),
    ),
    node(
        "PEPPOL-EN16931-P0105",
        Error,
        "Tax Category O MUST be used when exemption reason code is VATEX-EU-O.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-O", "O"),
    ),
    node(
        "PEPPOL-EN16931-P0106",
        Error,
        "Tax Category K MUST be used when exemption reason code is VATEX-EU-IC.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-IC", "K"),
    ),
    node(
        "PEPPOL-EN16931-P0107",
        Error,
        "Tax Category AE MUST be used when exemption reason code is VATEX-EU-AE.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-AE", "AE"),
    ),
    node(
        "PEPPOL-EN16931-P0108",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-D.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-D", "E"),
    ),
    node(
        "PEPPOL-EN16931-P0109",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-F.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-F", "E"),
    ),
    node(
        "PEPPOL-EN16931-P0110",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-I.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-I", "E"),
    ),
    node(
        "PEPPOL-EN16931-P0111",
        Error,
        "Tax Category E MUST be used when exemption reason code is VATEX-EU-J.",
        "ApplicableTradeTax|CategoryTradeTax",
        |n| exempt(n, "VATEX-EU-J", "E"),
    ),
];
