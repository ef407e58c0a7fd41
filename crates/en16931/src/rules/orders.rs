//! Peppol BIS ordering: order (T01).

use super::Severity::{Error, Warning};
use super::order_facts::{
    allowances, any_not_negative, gross_of, in_currency, is_percentage, is_price_times_quantity, lines,
    named_or_identified, net, not_negative, number, one_of, or_zero, paired, payable, price_is_discounted,
    rated, standard_above_zero, unique_line,
};
use super::syntax_facts::{decimals, sibling_is};
use super::{Rule, node};
use crate::codes::List;
use rust_decimal::Decimal;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T01-R031",
        Error,
        "An order transaction SHALL use profile order only, ordering or advanced_ordering.",
        "ProfileID",
        |n| {
            one_of(
                n,
                &[
                    "urn:fdc:peppol.eu:poacc:bis:order_only:3",
                    "urn:fdc:peppol.eu:poacc:bis:ordering:3",
                    "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3",
                ],
            )
        },
    ),
    node(
        "PEPPOL-T01-R034",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:order:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:order:3"),
    ),
    node(
        "PEPPOL-T01-R003",
        Error,
        "An order SHALL be stated in a single currency.",
        "Amount|TaxAmount|LineExtensionAmount|PriceAmount|BaseAmount|AnticipatedMonetaryTotal/*Amount",
        in_currency,
    ),
    node(
        "PEPPOL-T01-R028",
        Error,
        "Elements of data type amount cannot have more than 2 decimals (I.e. all amounts except unit price amounts).",
        "Amount|TaxAmount|LineExtensionAmount|PriceAmount|BaseAmount|AnticipatedMonetaryTotal/*Amount",
        |n| n.is_inside("Price") || decimals(n.text()) <= 2,
    ),
    node(
        "PEPPOL-T01-R002",
        Warning,
        "An order SHOULD provide information about its validity end date.",
        "/Order",
        |n| n.has("ValidityPeriod/EndDate"),
    ),
    node(
        "PEPPOL-T01-R014",
        Error,
        "An order SHALL have the originator party name or an identifier.",
        "OriginatorCustomerParty",
        named_or_identified,
    ),
    node(
        "PEPPOL-T01-R026",
        Error,
        "When TAX is VAT then Party VAT identifiers SHALL have a prefix in accordance with ISO code ISO 3166-1 alpha-2 by which the country of issue may be identified. Nevertheless, Greece may use the prefix ‘EL’.",
        "PartyTaxScheme",
        |n| {
            !n.any_is("TaxScheme/ID", "VAT")
                || List::VatPrefix.has(n.text_at("CompanyID").get(..2).unwrap_or(""))
        },
    ),
    node(
        "PEPPOL-T01-R006",
        Error,
        "Expected total amount for payment SHALL NOT be negative.",
        "AnticipatedMonetaryTotal",
        |n| number(n, "PayableAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T01-R007",
        Error,
        "Expected total sum of line amounts SHALL NOT be negative.",
        "AnticipatedMonetaryTotal",
        |n| number(n, "LineExtensionAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T01-R008",
        Error,
        "Expected total sum of line amounts SHALL equal the sum of the order line amounts at order line level.",
        "AnticipatedMonetaryTotal",
        |n| number(n, "LineExtensionAmount") == lines(n),
    ),
    node(
        "PEPPOL-T01-R009",
        Error,
        "Expected total sum of allowance at document level SHALL be equal to the sum of allowance amounts at document level.",
        "AnticipatedMonetaryTotal",
        |n| or_zero(n, "AllowanceTotalAmount") == allowances(n, false),
    ),
    node(
        "PEPPOL-T01-R010",
        Error,
        "Expected total sum of charges at document level SHALL be equal to the sum of charge amounts at document level.",
        "AnticipatedMonetaryTotal",
        |n| or_zero(n, "ChargeTotalAmount") == allowances(n, true),
    ),
    node(
        "PEPPOL-T01-R011",
        Error,
        "Expected total amount without TAX = Expected total sum of line amounts - Sum of allowances on document level + Sum of charges on document level.",
        "AnticipatedMonetaryTotal",
        |n| {
            number(n, "LineExtensionAmount").is_some()
                && n.one("TaxExclusiveAmount").is_none_or(|_| number(n, "TaxExclusiveAmount") == net(n))
        },
    ),
    node(
        "PEPPOL-T01-R016",
        Error,
        "Amount due for payment = Invoice total amount with TAX - Paid amount + Rounding amount.",
        "AnticipatedMonetaryTotal",
        |n| {
            number(n, "TaxInclusiveAmount")
                .is_none_or(|gross| gross.is_zero() || number(n, "PayableAmount") == payable(n, gross))
        },
    ),
    node(
        "PEPPOL-T01-R017",
        Error,
        "Expected total amount with TAX = Expected total amount without TAX + Order total TAX amount.",
        "AnticipatedMonetaryTotal",
        |n| {
            number(n, "TaxInclusiveAmount").is_none_or(|gross| {
                gross.is_zero() || !n.root().has("TaxTotal") || Some(gross) == gross_of(n)
            })
        },
    ),
    node(
        "PEPPOL-T01-R020",
        Error,
        "Allowance/charge base amount SHALL be provided when allowance/charge percentage is provided.",
        "AllowanceCharge",
        |n| !n.has("MultiplierFactorNumeric") || n.has("BaseAmount"),
    ),
    node(
        "PEPPOL-T01-R021",
        Error,
        "Allowance/charge percentage SHALL be provided when allowance/charge base amount is provided.",
        "/Order/AllowanceCharge|/Order/OrderLine/LineItem/AllowanceCharge",
        |n| !n.has("BaseAmount") || n.has("MultiplierFactorNumeric"),
    ),
    node(
        "PEPPOL-T01-R022",
        Error,
        "Allowance/charge amount SHALL equal base amount * percentage/100 if base amount and percentage exists.",
        "/Order/AllowanceCharge|/Order/OrderLine/LineItem/AllowanceCharge",
        is_percentage,
    ),
    node(
        "PEPPOL-T01-R023",
        Error,
        "Each document or line level allowance SHALL have an allowance reason text or an allowance reason code.",
        "/Order/AllowanceCharge|/Order/OrderLine/LineItem/AllowanceCharge",
        |n| !paired(n) || n.has("AllowanceChargeReason|AllowanceChargeReasonCode"),
    ),
    node(
        "PEPPOL-T01-R032",
        Error,
        "Allowance or charge amounts SHALL NOT be negative.",
        "/Order/AllowanceCharge|/Order/OrderLine/LineItem/AllowanceCharge",
        |n| !paired(n) || number(n, "Amount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T01-R029",
        Error,
        "Each Tax Category SHALL have a TAX category rate, except if the order is not subject to TAX.",
        "TaxCategory|ClassifiedTaxCategory",
        rated,
    ),
    node(
        "PEPPOL-T01-R030",
        Error,
        "When TAX category code is \"Standard rated\" (S) the TAX rate SHALL be greater than zero.",
        "TaxCategory|ClassifiedTaxCategory",
        standard_above_zero,
    ),
    node(
        "PEPPOL-T01-R024",
        Error,
        "Order line net amount SHALL equal (Ordered quantity * (Item net price/item price base quantity) + Order line charge amount - Order line allowance amount.",
        "OrderLine/LineItem",
        is_price_times_quantity,
    ),
    node(
        "PEPPOL-T01-R025",
        Error,
        "Base quantity SHALL be a positive number above zero.",
        "OrderLine/LineItem",
        |n| {
            !n.has("Price/BaseQuantity") || number(n, "Price/BaseQuantity").is_some_and(|q| q > Decimal::ZERO)
        },
    ),
    node(
        "PEPPOL-T01-R001",
        Error,
        "Each order line SHALL have a document line identifier that is unique within the order.",
        "OrderLine/LineItem",
        unique_line,
    ),
    node(
        "PEPPOL-T01-R004",
        Error,
        "Each order line ordered quantity SHALL not be negative.",
        "OrderLine/LineItem",
        |n| number(n, "Quantity").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T01-R013",
        Warning,
        "Each order line SHOULD have an ordered quantity.",
        "OrderLine/LineItem",
        |n| n.has("Quantity"),
    ),
    node(
        "PEPPOL-T01-R019",
        Error,
        "Item net price SHALL equal (Gross price - Allowance amount) when gross price is provided.",
        "Price/AllowanceCharge",
        price_is_discounted,
    ),
    node("PEPPOL-T01-R005", Error, "Each order line item net price SHALL not be negative.", "Price", |n| {
        number(n, "PriceAmount").is_some_and(not_negative)
    }),
    node("PEPPOL-T01-R027", Error, "The Item gross price SHALL NOT be negative.", "Price", |n| {
        !n.has("AllowanceCharge/BaseAmount") || any_not_negative(n, "AllowanceCharge/BaseAmount")
    }),
    node("PEPPOL-T01-R033", Error, "Allowance or charge amounts SHALL NOT be negative.", "Price", |n| {
        !n.has("AllowanceCharge/Amount") || any_not_negative(n, "AllowanceCharge/Amount")
    }),
    node(
        "PEPPOL-T01-R035",
        Error,
        "The quotation document reference MUST be provided when referencing a quotation line.",
        "QuotationLineReference/LineID",
        |n| n.root().has("QuotationDocumentReference/ID"),
    ),
    node(
        "PEPPOL-T01-CL001",
        Error,
        "Reason code MUST be according to subset of UNCL 5189 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "false") || List::AllowanceReason.has(n.trimmed()),
    ),
    node(
        "PEPPOL-T01-CL002",
        Error,
        "Reason code MUST be according to UNCL 7161 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "true") || List::ChargeReason.has(n.trimmed()),
    ),
];
