//! Code lists of EN 16931 in CII.

use super::Severity::Error;
use super::syntax_facts::{listed, sibling_bool};
use super::{Rule, node};
use crate::codes::List;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "BR-CL-01",
        Error,
        "The document type code MUST be coded by the invoice and credit note related code lists of UNTDID 1001.",
        "ExchangedDocument/TypeCode",
        |n| List::InvoiceType.has(n.trimmed()) || List::CreditNoteType.has(n.trimmed()),
    ),
    node(
        "BR-CL-03",
        Error,
        "currencyID MUST be coded using ISO code list 4217 alpha-3.",
        "TaxTotalAmount",
        |n| listed(n, "currencyID", List::Currency),
    ),
    node(
        "BR-CL-04",
        Error,
        "Invoice currency code MUST be coded using ISO code list 4217 alpha-3.",
        "InvoiceCurrencyCode",
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
        "DueDateTypeCode",
        |n| matches!(n.trimmed(), "5" | "29" | "72"),
    ),
    node(
        "BR-CL-07",
        Error,
        "Object identifier identification scheme identifier MUST be coded using a restriction of UNTDID 1153.",
        "ReferenceTypeCode",
        |n| List::Reference.has(n.trimmed()),
    ),
    node(
        "BR-CL-08",
        Error,
        "Invoiced note subject code shall be coded using UNCL4451.",
        "SubjectCode",
        |n| List::TextSubject.has(n.trimmed()),
    ),
    node(
        "BR-CL-10",
        Error,
        "Any identifier identification scheme identifier MUST be coded using one of the ISO 6523 ICD list.",
        "GlobalID",
        |n| {
            n.is_inside("SpecifiedTradeProduct")
                || n.is_inside("ShipToTradeParty")
                || listed(n, "schemeID", List::Icd)
        },
    ),
    node(
        "BR-CL-11",
        Error,
        "Any registration identifier identification scheme identifier MUST be coded using one of the ISO 6523 ICD list.",
        "ID",
        |n| n.is_inside("SpecifiedTaxRegistration") || listed(n, "schemeID", List::Icd),
    ),
    node(
        "BR-CL-13",
        Error,
        "Item classification identifier identification scheme identifier MUST be coded using one of the UNTDID 7143 list.",
        "ClassCode",
        |n| listed(n, "listID", List::ItemClass),
    ),
    node(
        "BR-CL-14",
        Error,
        "Country codes in an invoice MUST be coded using ISO code list 3166-1.",
        "CountryID",
        |n| List::Country.has(n.trimmed()),
    ),
    node(
        "BR-CL-15",
        Error,
        "Country codes in an invoice MUST be coded using ISO code list 3166-1.",
        "OriginTradeCountry/ID",
        |n| List::Country.has(n.trimmed()),
    ),
    node(
        "BR-CL-16",
        Error,
        "Payment means in an invoice MUST be coded using UNCL4461 code list.",
        "SpecifiedTradeSettlementPaymentMeans/TypeCode",
        |n| List::PaymentMeans.has(n.trimmed()),
    ),
    node(
        "BR-CL-17",
        Error,
        "Invoice tax categories MUST be coded using UNCL5305 code list.",
        "CategoryTradeTax/CategoryCode",
        |n| List::VatCategory.has(n.trimmed()),
    ),
    node(
        "BR-CL-18",
        Error,
        "Invoice tax categories MUST be coded using UNCL5305 code list.",
        "ApplicableTradeTax/CategoryCode",
        |n| List::VatCategory.has(n.trimmed()),
    ),
    node(
        "BR-CL-19",
        Error,
        "Coded allowance reasons MUST belong to the UNCL 5189 code list.",
        "SpecifiedTradeAllowanceCharge/ReasonCode",
        |n| !sibling_bool(n, "ChargeIndicator/Indicator", false) || List::AllowanceReason.has(n.trimmed()),
    ),
    node(
        "BR-CL-20",
        Error,
        "Coded charge reasons MUST belong to the UNCL 7161 code list.",
        "SpecifiedTradeAllowanceCharge/ReasonCode",
        |n| !sibling_bool(n, "ChargeIndicator/Indicator", true) || List::ChargeReason.has(n.trimmed()),
    ),
    node(
        "BR-CL-21",
        Error,
        "Item standard identifier scheme identifier MUST belong to the ISO 6523 ICD code list.",
        "SpecifiedTradeProduct/GlobalID",
        |n| listed(n, "schemeID", List::Icd),
    ),
    node(
        "BR-CL-22",
        Error,
        "Tax exemption reason code identifier scheme identifier MUST belong to the CEF VATEX code list.",
        "ExemptionReasonCode",
        |n| List::ExemptionReason.has(&n.trimmed().to_ascii_uppercase()),
    ),
    node(
        "BR-CL-23",
        Error,
        "Unit code MUST be coded according to the UN/ECE Recommendation 20 with Rec 21 extension.",
        "BasisQuantity|BilledQuantity",
        |n| listed(n, "unitCode", List::Unit),
    ),
    node("BR-CL-24", Error, "For Mime code in attribute use MIMEMediaType.", "AttachmentBinaryObject", |n| {
        listed(n, "mimeCode", List::MimeType)
    }),
    node(
        "BR-CL-25",
        Error,
        "Endpoint identifier scheme identifier MUST belong to the CEF EAS code list.",
        "URIUniversalCommunication/URIID",
        |n| listed(n, "schemeID", List::ElectronicAddress),
    ),
    node(
        "BR-CL-26",
        Error,
        "Delivery location identifier scheme identifier MUST belong to the ISO 6523 ICD code list.",
        "ApplicableHeaderTradeDelivery/ShipToTradeParty/GlobalID",
        |n| listed(n, "schemeID", List::Icd),
    ),
];
