//! Restrictions of the CII binding that need more than a count (the others stand in `syntax/cii.tsv`).

use super::Severity::{Error, Warning};
use super::syntax_facts::{
    additional, bare, billed_in_unit, compact_date, discounted, distinct, documents, in_documents,
    one_payment,
};
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "CII-SR-046",
        Error,
        "schemeID must be present if GlobalID is present.",
        "IncludedSupplyChainTradeLineItem/SpecifiedTradeProduct",
        |n| {
            n.all("GlobalID").is_empty()
                || n.all("GlobalID").iter().any(|g| g.attribute("schemeID").is_some())
        },
    ),
    node(
        "CII-SR-090",
        Error,
        "ID should exist maximum once.",
        "IncludedSupplyChainTradeLineItem/SpecifiedTradeProduct",
        |n| !n.has("OriginTradeCountry") || n.count("OriginTradeCountry/ID") == 1,
    ),
    node(
        "CII-SR-186",
        Warning,
        "@format should not be present.",
        "IncludedSupplyChainTradeLineItem/SpecifiedLineTradeSettlement",
        |n| bare(n, "SpecifiedTradeAllowanceCharge/CalculationPercent", "format"),
    ),
    node(
        "CII-SR-474",
        Warning,
        "An invoice line shall not contain more than one AdditionalReferencedDocument with TypeCode 130.",
        "IncludedSupplyChainTradeLineItem/SpecifiedLineTradeSettlement",
        |n| documents(n, "130") <= 1,
    ),
    node(
        "CII-SR-450",
        Warning,
        "Only one buyer identifier should be present (either the ID or the Global ID).",
        "ApplicableHeaderTradeAgreement",
        |n| !(n.has("BuyerTradeParty/ID") && n.has("BuyerTradeParty/GlobalID")),
    ),
    node(
        "CII-SR-457",
        Warning,
        "IssuerAssignedID with TypeCode 50 should exist maximum once.",
        "ApplicableHeaderTradeAgreement",
        |n| documents(n, "50") <= 1,
    ),
    node(
        "CII-SR-458",
        Warning,
        "IssuerAssignedID with TypeCode 130 should exist maximum once.",
        "ApplicableHeaderTradeAgreement",
        |n| documents(n, "130") <= 1,
    ),
    node(
        "CII-SR-475",
        Warning,
        "Only one AdditionalReferencedDocument Name BT-123 is allowed with TypeCode 916.",
        "ApplicableHeaderTradeAgreement",
        |n| in_documents(n, "916", "Name") <= 1,
    ),
    node(
        "CII-SR-476",
        Warning,
        "Only one AdditionalReferencedDocument AttachmentBinaryObject BT-125 is allowed with TypeCode 916.",
        "ApplicableHeaderTradeAgreement",
        |n| in_documents(n, "916", "AttachmentBinaryObject") <= 1,
    ),
    node(
        "CII-SR-465",
        Warning,
        "Only one BT-41 element is allowed on an invoice.",
        "ApplicableHeaderTradeAgreement",
        |n| {
            !(n.has("SellerTradeParty/DefinedTradeContact/PersonName")
                && n.has("SellerTradeParty/DefinedTradeContact/DepartmentName"))
        },
    ),
    node(
        "CII-SR-466",
        Warning,
        "Only one BT-56 element is allowed on an invoice.",
        "ApplicableHeaderTradeAgreement",
        |n| {
            !(n.has("BuyerTradeParty/DefinedTradeContact/PersonName")
                && n.has("BuyerTradeParty/DefinedTradeContact/DepartmentName"))
        },
    ),
    node(
        "CII-SR-449",
        Warning,
        "Only one delivery to location identifier should be present (either the ID or the Global ID).",
        "ApplicableHeaderTradeDelivery",
        |n| !(n.has("ShipToTradeParty/ID") && n.has("ShipToTradeParty/GlobalID")),
    ),
    node(
        "CII-SR-451",
        Warning,
        "Only one payee identifier should be present (either the ID or the Global ID).",
        "ApplicableHeaderTradeSettlement",
        |n| !(n.has("PayeeTradeParty/ID") && n.has("PayeeTradeParty/GlobalID")),
    ),
    node(
        "CII-SR-470",
        Error,
        "Either the IBAN or a Proprietary ID (BT-84) shall be used.",
        "ApplicableHeaderTradeSettlement",
        |n| {
            n.all("SpecifiedTradeSettlementPaymentMeans").into_iter().all(|p| {
                !matches!(p.text_at("TypeCode"), "30" | "58")
                    || p.has("PayeePartyCreditorFinancialAccount/IBANID|ProprietaryID")
            })
        },
    ),
    node("CII-SR-462", Error, "Only one DueDateTypeCode shall be present.", "/*", |n| {
        distinct(n, "DueDateTypeCode") <= 1
    }),
    node(
        "CII-SR-469",
        Error,
        "Payment reference (BT-83) shall occur at most once in the document.",
        "/*",
        |n| n.count("SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/PaymentReference") <= 1,
    ),
    node(
        "CII-SR-467",
        Error,
        "All Payment means type codes (BT-81) shall have the same value across all SpecifiedTradeSettlementPaymentMeans.",
        "/*",
        |n| one_payment(n, "TypeCode"),
    ),
    node(
        "CII-SR-468",
        Error,
        "All Payment means texts (BT-82) shall have the same value across all SpecifiedTradeSettlementPaymentMeans.",
        "/*",
        |n| one_payment(n, "Information"),
    ),
    node("CII-DT-015", Error, "URIID should not be present.", "*ReferencedDocument", |n| {
        !n.has("URIID") || additional(n, &["916"])
    }),
    node("CII-DT-018", Error, "TypeCode should not be present.", "*ReferencedDocument", |n| {
        !n.has("TypeCode") || additional(n, &["50", "130", "916"])
    }),
    node("CII-DT-021", Error, "Name should not be present.", "*ReferencedDocument", |n| {
        !n.has("Name") || additional(n, &["916"])
    }),
    node("CII-DT-022", Error, "AttachmentBinaryObject should not be present.", "*ReferencedDocument", |n| {
        !n.has("AttachmentBinaryObject") || additional(n, &["916"])
    }),
    node("CII-DT-024", Error, "ReferenceTypeCode should not be present.", "*ReferencedDocument", |n| {
        !n.has("ReferenceTypeCode") || additional(n, &["130"])
    }),
    node("CII-DT-027", Error, "FormattedIssueDateTime should not be present.", "*ReferencedDocument", |n| {
        !n.has("FormattedIssueDateTime") || n.name() == "InvoiceReferencedDocument"
    }),
    node("CII-DT-031", Error, "currencyID should not be present.", "*Amount", |n| {
        n.name() == "TaxTotalAmount" || n.attribute("currencyID").is_none()
    }),
    node("CII-DT-032", Error, "currencyCodeListVersionID should not be present.", "*Amount", |n| {
        n.name() == "TaxTotalAmount" || n.attribute("currencyCodeListVersionID").is_none()
    }),
    node("CII-DT-037", Error, "TypeCode shall be 'VAT'.", "*TradeTax", |n| {
        n.one("TypeCode").is_none_or(|t| t.trimmed() == "VAT")
    }),
    node("CII-DT-041", Warning, "BasisAmount should not be present.", "*TradeTax", |n| {
        !n.has("BasisAmount") || n.is_inside("ApplicableHeaderTradeSettlement")
    }),
    node("CII-DT-052", Warning, "ExemptionReasonCode should not be present.", "*TradeTax", |n| {
        !n.has("ExemptionReasonCode") || n.name() == "ApplicableTradeTax"
    }),
    node("CII-DT-098", Warning, "ExemptionReason should not be present.", "*TradeTax", |n| {
        !n.has("ExemptionReason") || n.name() == "ApplicableTradeTax"
    }),
    node("CII-DT-054", Warning, "TaxPointDate should not be present.", "*TradeTax", |n| {
        !n.has("TaxPointDate") || n.is_inside("ApplicableHeaderTradeSettlement")
    }),
    node("CII-DT-058", Warning, "DueDateTypeCode should not be present.", "*TradeTax", |n| {
        !n.has("DueDateTypeCode") || n.is_inside("ApplicableHeaderTradeSettlement")
    }),
    node("CII-DT-059", Warning, "@format should not be present.", "*TradeTax", |n| {
        bare(n, "RateApplicablePercent", "format")
    }),
    node(
        "CII-DT-097",
        Error,
        "Date time string with format attribute 102 shall be YYYYMMDD.",
        "DateTimeString",
        |n| n.attribute("format") != Some("102") || compact_date(n.trimmed()),
    ),
    node(
        "CII-SR-119",
        Warning,
        "Only allowances on price a price should be present.",
        "IncludedSupplyChainTradeLineItem/SpecifiedLineTradeAgreement",
        discounted,
    ),
    node("CII-DT-033", Error, "unitCode should not be present.", "*Quantity", |n| {
        n.attribute("unitCode").is_none() || billed_in_unit(n)
    }),
];
