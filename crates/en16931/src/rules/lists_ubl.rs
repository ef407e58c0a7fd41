//! Code lists of EN 16931 in UBL.

use super::Severity::Error;
use super::syntax_facts::{listed, may_have_creditor_id, sibling_bool, sibling_is, subject};
use super::{Rule, node};
use crate::codes::List;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "BR-CL-01",
        Error,
        "The document type code MUST be coded by the invoice and credit note related code lists of UNTDID 1001.",
        "InvoiceTypeCode",
        |n| List::InvoiceType.has(n.trimmed()),
    ),
    node(
        "BR-CL-01",
        Error,
        "The document type code MUST be coded by the invoice and credit note related code lists of UNTDID 1001.",
        "CreditNoteTypeCode",
        |n| List::CreditNoteType.has(n.trimmed()),
    ),
    node(
        "BR-CL-03",
        Error,
        "currencyID MUST be coded using ISO code list 4217 alpha-3.",
        "Amount|BaseAmount|PriceAmount|TaxAmount|TaxableAmount|LineExtensionAmount|TaxExclusiveAmount|TaxInclusiveAmount|AllowanceTotalAmount|ChargeTotalAmount|PrepaidAmount|PayableRoundingAmount|PayableAmount",
        |n| List::Currency.has(n.attribute("currencyID").unwrap_or("")),
    ),
    node(
        "BR-CL-04",
        Error,
        "Invoice currency code MUST be coded using ISO code list 4217 alpha-3.",
        "DocumentCurrencyCode",
        |n| List::Currency.has(n.trimmed()),
    ),
    node(
        "BR-CL-05",
        Error,
        "Tax currency code MUST be coded using ISO code list 4217 alpha-3.",
        "TaxCurrencyCode",
        |n| List::Currency.has(n.trimmed()),
    ),
    node(
        "BR-CL-06",
        Error,
        "Value added tax point date code MUST be coded using a restriction of UNTDID 2005.",
        "InvoicePeriod/DescriptionCode",
        |n| matches!(n.trimmed(), "3" | "35" | "432"),
    ),
    node(
        "BR-CL-07",
        Error,
        "Object identifier identification scheme identifier MUST be coded using a restriction of UNTDID 1153.",
        "AdditionalDocumentReference/ID|DocumentReference/ID",
        |n| !sibling_is(n, "DocumentTypeCode", "130") || listed(n, "schemeID", List::Reference),
    ),
    node("BR-CL-08", Error, "Invoiced note subject code shall be coded using UNCL4451.", "/*/Note", subject),
    node(
        "BR-CL-10",
        Error,
        "Any identifier identification scheme identifier MUST be coded using one of the ISO 6523 ICD list.",
        "PartyIdentification/ID",
        |n| {
            listed(n, "schemeID", List::Icd)
                || (n.attribute("schemeID").map(str::trim) == Some("SEPA") && may_have_creditor_id(n))
        },
    ),
    node(
        "BR-CL-11",
        Error,
        "Any registration identifier identification scheme identifier MUST be coded using one of the ISO 6523 ICD list.",
        "PartyLegalEntity/CompanyID",
        |n| listed(n, "schemeID", List::Icd),
    ),
    node(
        "BR-CL-13",
        Error,
        "Item classification identifier identification scheme identifier MUST be coded using one of the UNTDID 7143 list.",
        "CommodityClassification/ItemClassificationCode",
        |n| listed(n, "listID", List::ItemClass),
    ),
    node(
        "BR-CL-14",
        Error,
        "Country codes in an invoice MUST be coded using ISO code list 3166-1.",
        "Country/IdentificationCode",
        |n| List::Country.has(n.trimmed()),
    ),
    node(
        "BR-CL-15",
        Error,
        "Country codes in an invoice MUST be coded using ISO code list 3166-1.",
        "OriginCountry/IdentificationCode",
        |n| List::Country.has(n.trimmed()),
    ),
    node(
        "BR-CL-16",
        Error,
        "Payment means in an invoice MUST be coded using UNCL4461 code list.",
        "PaymentMeans/PaymentMeansCode",
        |n| List::PaymentMeans.has(n.trimmed()),
    ),
    node(
        "BR-CL-17",
        Error,
        "Invoice tax categories MUST be coded using UNCL5305 code list.",
        "TaxCategory/ID",
        |n| List::VatCategory.has(n.trimmed()),
    ),
    node(
        "BR-CL-18",
        Error,
        "Invoice tax categories MUST be coded using UNCL5305 code list.",
        "ClassifiedTaxCategory/ID",
        |n| List::VatCategory.has(n.trimmed()),
    ),
    node(
        "BR-CL-19",
        Error,
        "Coded allowance reasons MUST belong to the UNCL 5189 code list.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_bool(n, "ChargeIndicator", false) || List::AllowanceReason.has(n.trimmed()),
    ),
    node(
        "BR-CL-20",
        Error,
        "Coded charge reasons MUST belong to the UNCL 7161 code list.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_bool(n, "ChargeIndicator", true) || List::ChargeReason.has(n.trimmed()),
    ),
    node(
        "BR-CL-21",
        Error,
        "Item standard identifier scheme identifier MUST belong to the ISO 6523 ICD code list.",
        "StandardItemIdentification/ID",
        |n| listed(n, "schemeID", List::Icd),
    ),
    node(
        "BR-CL-22",
        Error,
        "Tax exemption reason code identifier scheme identifier MUST belong to the CEF VATEX code list.",
        "TaxExemptionReasonCode",
        |n| List::ExemptionReason.has(&n.trimmed().to_ascii_uppercase()),
    ),
    node(
        "BR-CL-23",
        Error,
        "Unit code MUST be coded according to the UN/ECE Recommendation 20 with Rec 21 extension.",
        "InvoicedQuantity|BaseQuantity|CreditedQuantity",
        |n| listed(n, "unitCode", List::Unit),
    ),
    node(
        "BR-CL-24",
        Error,
        "For Mime code in attribute use MIMEMediaType.",
        "EmbeddedDocumentBinaryObject",
        |n| listed(n, "mimeCode", List::MimeType),
    ),
    node(
        "BR-CL-25",
        Error,
        "Endpoint identifier scheme identifier MUST belong to the CEF EAS code list.",
        "EndpointID",
        |n| listed(n, "schemeID", List::ElectronicAddress),
    ),
    node(
        "BR-CL-26",
        Error,
        "Delivery location identifier scheme identifier MUST belong to the ISO 6523 ICD code list.",
        "DeliveryLocation/ID",
        |n| listed(n, "schemeID", List::Icd),
    ),
];
