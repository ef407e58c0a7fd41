//! Peppol BIS Billing 3: rules on the invoice, in UBL and CII.

use super::Severity::Error;
use super::peppol_facts::{
    Profile, accounting_totals, base_above_zero, begins_within, billing_type, ends_within, is_billing,
    is_german, is_percentage, is_price_times_quantity, known_profile, no_empty_elements, one_tax_total,
    price_is_discounted, profile, same_unit, taxes_have_one_sign,
};
use super::{Rule, each_allowance, invoice, line, payment};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice("PEPPOL-EN16931-R001", Error, "Business process MUST be provided.", |i| i.process.is_some()),
    invoice(
        "PEPPOL-EN16931-R002",
        Error,
        "No more than one note is allowed on document level, unless both the buyer and seller are German organizations.",
        |i| i.notes.len() <= 1 || is_german(i),
    ),
    invoice(
        "PEPPOL-EN16931-R003",
        Error,
        "A buyer reference or purchase order reference MUST be provided.",
        |i| i.buyer_reference.is_some() || i.order_reference.is_some(),
    ),
    invoice(
        "PEPPOL-EN16931-R004",
        Error,
        "Specification identifier MUST have the value 'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0' and follow the format rules for the identifier.",
        |i| is_billing(i.specification),
    ),
    invoice(
        "PEPPOL-EN16931-R005",
        Error,
        "VAT accounting currency code MUST be different from invoice currency code when provided.",
        |i| i.tax_currency.is_none_or(|c| Some(c) != i.currency),
    ),
    invoice("PEPPOL-EN16931-R007", Error, "Business process MUST have an approved identifier.", |i| {
        profile(i) != Profile::Unknown
    }),
    invoice("PEPPOL-EN16931-R008", Error, "Document MUST not contain empty elements.", no_empty_elements),
    invoice("PEPPOL-EN16931-R010", Error, "Buyer electronic address MUST be provided.", |i| {
        i.buyer.as_ref().is_none_or(|p| p.endpoint.is_some())
    }),
    invoice("PEPPOL-EN16931-R020", Error, "Seller electronic address MUST be provided.", |i| {
        i.seller.as_ref().is_none_or(|p| p.endpoint.is_some())
    }),
    invoice(
        "PEPPOL-EN16931-R053",
        Error,
        "Only one tax total with tax subtotals MUST be provided.",
        one_tax_total,
    ),
    invoice(
        "PEPPOL-EN16931-R054",
        Error,
        "Only one tax total without tax subtotals MUST be provided when tax currency code is provided.",
        |i| accounting_totals(i) == usize::from(i.tax_currency.is_some()),
    ),
    invoice(
        "PEPPOL-EN16931-R055",
        Error,
        "Invoice total VAT amount and Invoice total VAT amount in accounting currency MUST have the same operational sign.",
        taxes_have_one_sign,
    ),
    invoice("PEPPOL-EN16931-R080", Error, "Only one project reference is allowed on document level.", |i| {
        i.documents.iter().filter(|d| d.code == Some("50")).count() <= 1
    }),
    invoice("PEPPOL-EN16931-P0100", Error, "Invoice type code MUST be set according to the profile.", |i| {
        i.is_credit_note_by_root() || !known_profile(i) || i.type_code.is_none_or(|c| billing_type(c, i))
    }),
    invoice(
        "PEPPOL-EN16931-P0101",
        Error,
        "Credit note type code MUST be set according to the profile.",
        |i| {
            !i.is_credit_note_by_root()
                || !known_profile(i)
                || i.type_code.is_none_or(|c| matches!(c, "381" | "396" | "81" | "83" | "532"))
        },
    ),
    invoice(
        "PEPPOL-EN16931-P0112",
        Error,
        "Invoice type code 326 or 384 are only allowed when both buyer and seller are German organizations.",
        |i| !matches!(i.type_code, Some("326" | "384")) || is_german(i),
    ),
    each_allowance(
        "PEPPOL-EN16931-R040",
        Error,
        "Allowance/charge amount must equal base amount * percentage/100 if base amount and percentage exists.",
        |a, _| a.percent.is_none() || a.base.is_none() || is_percentage(a),
    ),
    each_allowance(
        "PEPPOL-EN16931-R041",
        Error,
        "Allowance/charge base amount MUST be provided when allowance/charge percentage is provided.",
        |a, _| a.percent.is_none() || a.base.is_some(),
    ),
    each_allowance(
        "PEPPOL-EN16931-R042",
        Error,
        "Allowance/charge percentage MUST be provided when allowance/charge base amount is provided.",
        |a, _| a.base.is_none() || a.percent.is_some(),
    ),
    each_allowance(
        "PEPPOL-EN16931-R043",
        Error,
        "Allowance/charge ChargeIndicator value MUST equal 'true' or 'false'.",
        |a, _| matches!(a.indicator, Some("true" | "false")),
    ),
    payment("PEPPOL-EN16931-R061", Error, "Mandate reference MUST be provided for direct debit.", |p, _| {
        !matches!(p.code, Some("49" | "59")) || p.mandate.is_some()
    }),
    line(
        "PEPPOL-EN16931-R044",
        Error,
        "Charge on price level is NOT allowed. Only value 'false' allowed.",
        |l, i| {
            l.price_allowances.iter().all(|a| if i.is_cii() { true } else { a.indicator == Some("false") })
        },
    ),
    line(
        "PEPPOL-EN16931-R046",
        Error,
        "Item net price MUST equal (Gross price - Allowance amount) when gross price is provided.",
        |l, _| price_is_discounted(l),
    ),
    line("PEPPOL-EN16931-R100", Error, "Only one invoiced object is allowed pr line.", |l, _| {
        l.node.count("DocumentReference") <= 1
    }),
    line(
        "PEPPOL-EN16931-R101",
        Error,
        "Element Document reference can only be used for Invoice line object.",
        |l, _| !l.node.has("DocumentReference") || l.node.any_is("DocumentReference/DocumentTypeCode", "130"),
    ),
    line("PEPPOL-EN16931-R110", Error, "Start date of line period MUST be within invoice period.", |l, i| {
        l.periods.iter().all(|p| begins_within(p, i))
    }),
    line("PEPPOL-EN16931-R111", Error, "End date of line period MUST be within invoice period.", |l, i| {
        l.periods.iter().all(|p| ends_within(p, i))
    }),
    line(
        "PEPPOL-EN16931-R120",
        Error,
        "Invoice line net amount MUST equal (Invoiced quantity * (Item net price/item price base quantity) + Sum of invoice line charge amount - sum of invoice line allowance amount.",
        |l, _| is_price_times_quantity(l),
    ),
    line(
        "PEPPOL-EN16931-R121",
        Error,
        "Base quantity MUST be a positive number above zero.",
        base_above_zero,
    ),
    line(
        "PEPPOL-EN16931-R130",
        Error,
        "Unit code of price base quantity MUST be same as invoiced quantity.",
        same_unit,
    ),
];
