//! Peppol BIS ordering: order change (T114).

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
        "PEPPOL-T114-R031",
        Error,
        "An order change transaction MUST use profile advanced_ordering.",
        "ProfileID",
        |n| one_of(n, &["urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3"]),
    ),
    node(
        "PEPPOL-T114-R034",
        Error,
        "Specification identifier MUST start with the value 'urn:fdc:peppol.eu:poacc:trns:order_change:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:order_change:3"),
    ),
    node(
        "PEPPOL-T114-R003",
        Error,
        "An order MUST be stated in a single currency.",
        "Amount|TaxAmount|LineExtensionAmount|PriceAmount|BaseAmount|AnticipatedMonetaryTotal/*Amount",
        in_currency,
    ),
    node(
        "PEPPOL-T114-R028",
        Error,
        "Elements of data type amount cannot have more than 2 decimals (I.e. all amounts except unit price amounts).",
        "Amount|TaxAmount|LineExtensionAmount|PriceAmount|BaseAmount|AnticipatedMonetaryTotal/*Amount",
        |n| n.is_inside("Price") || decimals(n.text()) <= 2,
    ),
    node(
        "PEPPOL-T114-R002",
        Warning,
        "An order change SHOULD provide information about its validity end date.",
        "/OrderChange",
        |n| n.has("ValidityPeriod/EndDate"),
    ),
    node(
        "PEPPOL-T114-R014",
        Error,
        "An order change MUST have the originator party name or an identifier.",
        "OriginatorCustomerParty",
        named_or_identified,
    ),
    node(
        "PEPPOL-T114-R026",
        Error,
        "When TAX is VAT then Party VAT identifiers MUST have a prefix in accordance with ISO code ISO 3166-1 alpha-2 by which the country of issue may be identified. Nevertheless, Greece may use the prefix ‘EL’.",
        "PartyTaxScheme",
        |n| {
            !n.any_is("TaxScheme/ID", "VAT")
                || List::VatPrefix.has(n.text_at("CompanyID").get(..2).unwrap_or(""))
        },
    ),
    node(
        "PEPPOL-T114-R006",
        Error,
        "Expected total amount for payment MUST NOT be negative.",
        "AnticipatedMonetaryTotal",
        |n| number(n, "PayableAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T114-R007",
        Error,
        "Expected total sum of line amounts MUST NOT be negative.",
        "AnticipatedMonetaryTotal",
        |n| number(n, "LineExtensionAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T114-R008",
        Warning,
        "Expected total sum of line amounts MUST equal the sum of the order line amounts at order line level.",
        "AnticipatedMonetaryTotal",
        |n| number(n, "LineExtensionAmount") == lines(n),
    ),
    node(
        "PEPPOL-T114-R009",
        Error,
        "Expected total sum of allowance at document level MUST be equal to the sum of allowance amounts at document level.",
        "AnticipatedMonetaryTotal",
        |n| or_zero(n, "AllowanceTotalAmount") == allowances(n, false),
    ),
    node(
        "PEPPOL-T114-R010",
        Error,
        "Expected total sum of charges at document level MUST be equal to the sum of charge amounts at document level.",
        "AnticipatedMonetaryTotal",
        |n| or_zero(n, "ChargeTotalAmount") == allowances(n, true),
    ),
    node(
        "PEPPOL-T114-R011",
        Error,
        "Expected total amount without TAX = Expected total sum of line amounts - Sum of allowances on document level + Sum of charges on document level.",
        "AnticipatedMonetaryTotal",
        |n| {
            number(n, "LineExtensionAmount").is_some()
                && n.one("TaxExclusiveAmount").is_none_or(|_| number(n, "TaxExclusiveAmount") == net(n))
        },
    ),
    node(
        "PEPPOL-T114-R016",
        Error,
        "Amount due for payment = Order change total amount with TAX - Paid amount + Rounding amount.",
        "AnticipatedMonetaryTotal",
        |n| {
            number(n, "TaxInclusiveAmount")
                .is_none_or(|gross| gross.is_zero() || number(n, "PayableAmount") == payable(n, gross))
        },
    ),
    node(
        "PEPPOL-T114-R017",
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
        "PEPPOL-T114-R020",
        Error,
        "Allowance/charge base amount MUST be provided when allowance/charge percentage is provided.",
        "AllowanceCharge",
        |n| !n.has("MultiplierFactorNumeric") || n.has("BaseAmount"),
    ),
    node(
        "PEPPOL-T114-R021",
        Error,
        "Allowance/charge percentage MUST be provided when allowance/charge base amount is provided.",
        "/OrderChange/AllowanceCharge|/OrderChange/OrderLine/LineItem/AllowanceCharge",
        |n| !n.has("BaseAmount") || n.has("MultiplierFactorNumeric"),
    ),
    node(
        "PEPPOL-T114-R022",
        Error,
        "Allowance/charge amount MUST equal base amount * percentage/100 if base amount and percentage exists.",
        "/OrderChange/AllowanceCharge|/OrderChange/OrderLine/LineItem/AllowanceCharge",
        is_percentage,
    ),
    node(
        "PEPPOL-T114-R023",
        Error,
        "Each document or line level allowance MUST have an allowance reason text or an allowance reason code.",
        "/OrderChange/AllowanceCharge|/OrderChange/OrderLine/LineItem/AllowanceCharge",
        |n| !paired(n) || n.has("AllowanceChargeReason|AllowanceChargeReasonCode"),
    ),
    node(
        "PEPPOL-T114-R032",
        Error,
        "Allowance or charge amounts MUST NOT be negative.",
        "/OrderChange/AllowanceCharge|/OrderChange/OrderLine/LineItem/AllowanceCharge",
        |n| !paired(n) || number(n, "Amount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T114-R029",
        Error,
        "Each Tax Category MUST have a TAX category rate, except if the order is not subject to TAX.",
        "TaxCategory|ClassifiedTaxCategory",
        rated,
    ),
    node(
        "PEPPOL-T114-R030",
        Error,
        "When TAX category code is \"Standard rated\" (S) the TAX rate MUST be greater than zero.",
        "TaxCategory|ClassifiedTaxCategory",
        standard_above_zero,
    ),
    node(
        "PEPPOL-T114-R024",
        Error,
        "Order line net amount MUST equal (Ordered quantity * (Item net price/item price base quantity) + Order line charge amount - Order line allowance amount.",
        "OrderLine/LineItem",
        is_price_times_quantity,
    ),
    node(
        "PEPPOL-T114-R025",
        Error,
        "Base quantity MUST be a positive number above zero.",
        "OrderLine/LineItem",
        |n| {
            !n.has("Price/BaseQuantity") || number(n, "Price/BaseQuantity").is_some_and(|q| q > Decimal::ZERO)
        },
    ),
    node(
        "PEPPOL-T114-R001",
        Error,
        "Each order line MUST have a document line identifier that is unique within the order.",
        "OrderLine/LineItem",
        unique_line,
    ),
    node(
        "PEPPOL-T114-R004",
        Error,
        "Each order line ordered quantity MUST not be negative.",
        "OrderLine/LineItem",
        |n| number(n, "Quantity").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T114-R013",
        Warning,
        "Each order line SHOULD have an ordered quantity.",
        "OrderLine/LineItem",
        |n| n.has("Quantity"),
    ),
    node(
        "PEPPOL-T114-R019",
        Error,
        "Item net price MUST equal (Gross price - Allowance amount) when gross price is provided.",
        "Price/AllowanceCharge",
        price_is_discounted,
    ),
    node("PEPPOL-T114-R005", Error, "Each order line item net price MUST not be negative.", "Price", |n| {
        number(n, "PriceAmount").is_some_and(not_negative)
    }),
    node("PEPPOL-T114-R027", Error, "The Item gross price MUST NOT be negative.", "Price", |n| {
        !n.has("AllowanceCharge/BaseAmount") || any_not_negative(n, "AllowanceCharge/BaseAmount")
    }),
    node("PEPPOL-T114-R033", Error, "Allowance or charge amounts MUST NOT be negative.", "Price", |n| {
        !n.has("AllowanceCharge/Amount") || any_not_negative(n, "AllowanceCharge/Amount")
    }),
    node(
        "PEPPOL-T114-R035",
        Error,
        "The quotation document reference MUST be provided when referencing a quotation line.",
        "QuotationLineReference/LineID",
        |n| n.root().has("QuotationDocumentReference/ID"),
    ),
    node(
        "PEPPOL-T114-CL001",
        Error,
        "Reason code MUST be according to subset of UNCL 5189 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "false") || List::AllowanceReason.has(n.trimmed()),
    ),
    node(
        "PEPPOL-T114-CL002",
        Error,
        "Reason code MUST be according to UNCL 7161 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "true") || List::ChargeReason.has(n.trimmed()),
    ),
];
