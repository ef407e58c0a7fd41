//! Peppol BIS order agreement (T110).

use super::Severity::Error;
use super::order_facts::{
    allowances, any_not_negative, categories, every_line_has_amount, has_tax_total, in_currency,
    is_percentage, lines, net_or_zero, not_negative, number, or_zero, paired, payable, rated,
    standard_above_zero, sum_at, tax_is_share, with_tax,
};
use super::syntax_facts::{decimals, sibling_is};
use super::{Rule, node};
use crate::codes::List;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T110-R030",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:order_agreement:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:order_agreement:3"),
    ),
    node(
        "PEPPOL-T110-R002",
        Error,
        "Each item in an Order agreement line SHALL be identifiable by either \"item sellers identifier\" or \"item standard identifier\".",
        "Item",
        |n| n.has("StandardItemIdentification/ID") || n.has("SellersItemIdentification/ID"),
    ),
    node(
        "PEPPOL-T110-R004",
        Error,
        "All amounts SHALL have same currency code as document currency.",
        "Amount|TaxAmount|TaxableAmount|LineExtensionAmount|PriceAmount|BaseAmount|LegalMonetaryTotal/*Amount",
        in_currency,
    ),
    node(
        "PEPPOL-T110-R013",
        Error,
        "Elements of data type amount cannot have more than 2 decimals (I.e. all amounts except unit price amounts).",
        "Amount|TaxAmount|TaxableAmount|LineExtensionAmount|PriceAmount|BaseAmount|LegalMonetaryTotal/*Amount",
        |n| n.is_inside("Price") || decimals(n.text()) <= 2,
    ),
    node(
        "PEPPOL-T110-R024",
        Error,
        "TAX category tax amount = TAX category taxable amount x (TAX category rate / 100), rounded to two decimals.",
        "TaxTotal/TaxSubtotal",
        tax_is_share,
    ),
    node(
        "PEPPOL-T110-R025",
        Error,
        "If TAX breakdown is present, the order agreement TAX total amount = Σ TAX category tax amount.",
        "/OrderResponse/TaxTotal",
        |n| !n.has("TaxSubtotal") || number(n, "TaxAmount") == sum_at(n, "TaxSubtotal/TaxAmount"),
    ),
    node(
        "PEPPOL-T110-R028",
        Error,
        "A TAX breakdown with TAX Category codes E, AE, K, G or O SHALL have a TAX exemption reason text.",
        "TaxSubtotal/TaxCategory",
        |n| n.has("TaxExemptionReason") || matches!(n.text_at("ID"), "S" | "Z" | "L" | "M"),
    ),
    node(
        "PEPPOL-T110-R029",
        Error,
        "A TAX breakdown with TAX Category codes S, Z, L and M SHALL NOT have a TAX exemption reason text.",
        "TaxSubtotal/TaxCategory",
        |n| !n.has("TaxExemptionReason") || matches!(n.text_at("ID"), "E" | "AE" | "O" | "K" | "G"),
    ),
    node(
        "PEPPOL-T110-R026",
        Error,
        "Tax category rates MUST match provided tax categories on document level when such exists.",
        "AllowanceCharge/TaxCategory|Item/ClassifiedTaxCategory",
        |n| {
            !n.has("Percent")
                || !has_tax_total(n)
                || categories(n).iter().any(|c| {
                    c.text_at("ID") == n.text_at("ID") && number(*c, "Percent") == number(n, "Percent")
                })
        },
    ),
    node(
        "PEPPOL-T110-R027",
        Error,
        "Tax categories MUST match provided tax categories on document level when such exists.",
        "AllowanceCharge/TaxCategory|Item/ClassifiedTaxCategory",
        |n| !has_tax_total(n) || categories(n).iter().any(|c| c.text_at("ID") == n.text_at("ID")),
    ),
    node(
        "PEPPOL-T110-R019",
        Error,
        "Each Tax Category SHALL have a TAX category rate, except if the order is not subject to TAX.",
        "AllowanceCharge/TaxCategory|Item/ClassifiedTaxCategory",
        rated,
    ),
    node(
        "PEPPOL-T110-R020",
        Error,
        "When TAX category code is \"Standard rated\" (S) the TAX rate SHALL be greater than zero.",
        "AllowanceCharge/TaxCategory|Item/ClassifiedTaxCategory",
        standard_above_zero,
    ),
    node(
        "PEPPOL-T110-R014",
        Error,
        "If document totals is provided, all order agreement lines SHALL have a line extension amount.",
        "LegalMonetaryTotal",
        every_line_has_amount,
    ),
    node(
        "PEPPOL-T110-R005",
        Error,
        "Total amount for payment SHALL NOT be negative, if expected total amount for payment is provided.",
        "LegalMonetaryTotal",
        |n| !n.has("PayableAmount") || number(n, "PayableAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T110-R006",
        Error,
        "Total amount for payment SHALL NOT be negative, if expected total amount for payment is provided.",
        "LegalMonetaryTotal",
        |n| or_zero(n, "LineExtensionAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T110-R007",
        Error,
        "Total sum of line amounts SHALL equal the sum of the order line amounts at order line level, if total sum of line amounts is provided.",
        "LegalMonetaryTotal",
        |n| !n.has("LineExtensionAmount") || number(n, "LineExtensionAmount") == lines(n),
    ),
    node(
        "PEPPOL-T110-R008",
        Error,
        "Total sum of charges at document level SHALL be equal to the sum of charges at document level, if total sum of charges at document level is provided.",
        "LegalMonetaryTotal",
        |n| !n.has("ChargeTotalAmount") || number(n, "ChargeTotalAmount") == allowances(n, true),
    ),
    node(
        "PEPPOL-T110-R009",
        Error,
        "Total sum of allowance at document level SHALL be equal to the sum of allowance amounts at document level, if total sum of allowance at document level is provided.",
        "LegalMonetaryTotal",
        |n| !n.has("AllowanceTotalAmount") || number(n, "AllowanceTotalAmount") == allowances(n, false),
    ),
    node(
        "PEPPOL-T110-R010",
        Error,
        "Tax exclusive amount SHALL equal the sum of line amount plus total charge amount at document level less total allowance amount at document level if tax exclusive amount is provided.",
        "LegalMonetaryTotal",
        |n| !n.has("TaxExclusiveAmount") || number(n, "TaxExclusiveAmount") == net_or_zero(n),
    ),
    node(
        "PEPPOL-T110-R011",
        Error,
        "Tax inclusive amount SHALL equal tax exclusive amount plus total tax amount.",
        "LegalMonetaryTotal",
        |n| or_zero(n, "TaxInclusiveAmount") == with_tax(n),
    ),
    node(
        "PEPPOL-T110-R012",
        Error,
        "Total amount for payment SHALL be equal to the tax inclusive amount minus the prepaid amount plus rounding amount.",
        "LegalMonetaryTotal",
        |n| {
            !n.has("PayableAmount")
                || number(n, "PayableAmount")
                    == or_zero(n, "TaxInclusiveAmount").and_then(|gross| payable(n, gross))
        },
    ),
    node(
        "PEPPOL-T110-R015",
        Error,
        "Allowance/charge base amount SHALL be provided when allowance/charge percentage is provided.",
        "/OrderResponse/AllowanceCharge",
        |n| !n.has("MultiplierFactorNumeric") || n.has("BaseAmount"),
    ),
    node(
        "PEPPOL-T110-R016",
        Error,
        "Allowance/charge percentage SHALL be provided when allowance/charge base amount is provided.",
        "/OrderResponse/AllowanceCharge",
        |n| !n.has("BaseAmount") || n.has("MultiplierFactorNumeric"),
    ),
    node(
        "PEPPOL-T110-R017",
        Error,
        "Allowance/charge amount SHALL equal base amount * percentage/100 if base amount and percentage exists.",
        "/OrderResponse/AllowanceCharge",
        is_percentage,
    ),
    node(
        "PEPPOL-T110-R018",
        Error,
        "Each document level allowance SHALL have an allowance reason text or an allowance reason code.",
        "/OrderResponse/AllowanceCharge",
        |n| !paired(n) || n.has("AllowanceChargeReason|AllowanceChargeReasonCode"),
    ),
    node(
        "PEPPOL-T110-R021",
        Error,
        "Document level allowance or charge amounts SHALL NOT be negative.",
        "/OrderResponse/AllowanceCharge",
        |n| !paired(n) || number(n, "Amount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T110-R001",
        Error,
        "Each order agreement line item net price SHALL not be negative.",
        "Price",
        |n| number(n, "PriceAmount").is_some_and(not_negative),
    ),
    node("PEPPOL-T110-R022", Error, "The Item gross price SHALL NOT be negative.", "Price", |n| {
        !n.has("AllowanceCharge/BaseAmount") || any_not_negative(n, "AllowanceCharge/BaseAmount")
    }),
    node(
        "PEPPOL-T110-R023",
        Error,
        "Allowance or charge price amounts SHALL NOT be negative.",
        "Price",
        |n| !n.has("AllowanceCharge/Amount") || any_not_negative(n, "AllowanceCharge/Amount"),
    ),
    node(
        "PEPPOL-T110-CL001",
        Error,
        "Reason code MUST be according to subset of UNCL 5189 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "false") || List::AllowanceReason.has(n.trimmed()),
    ),
    node(
        "PEPPOL-T110-CL002",
        Error,
        "Reason code MUST be according to UNCL 7161 D.16B.",
        "AllowanceCharge/AllowanceChargeReasonCode",
        |n| !sibling_is(n, "ChargeIndicator", "true") || List::ChargeReason.has(n.trimmed()),
    ),
];
