//! What the rules of Peppol BIS Billing 3 ask.

use super::facts::{day, share_within, value};
use crate::Node;
use crate::decimal::{round2, sum};
use crate::model::{Allowance, Invoice, Line, Period, Text};
use rust_decimal::Decimal;

/// Business process of Peppol BIS Billing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Billing,
    Response,
    Unknown,
}

pub(super) fn profile(i: &Invoice<'_>) -> Profile {
    let process = i.process.unwrap_or("");
    match process {
        "urn:peppol:bis:billing_with_response" => Profile::Response,
        "urn:peppol:france:billing:regulated" | "urn:peppol:france:billing:non-regulated" => Profile::Billing,
        _ if process == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0" => Profile::Billing,
        _ => Profile::Unknown,
    }
}

pub(super) fn known_profile(i: &Invoice<'_>) -> bool {
    profile(i) != Profile::Unknown
}

/// Type codes of invoices in Peppol; in CII those of credit notes as well.
pub(super) fn billing_type(code: &str, i: &Invoice<'_>) -> bool {
    let invoice = matches!(
        code,
        "71" | "80"
            | "82"
            | "84"
            | "102"
            | "218"
            | "219"
            | "326"
            | "331"
            | "380"
            | "382"
            | "383"
            | "384"
            | "386"
            | "388"
            | "393"
            | "395"
            | "553"
            | "575"
            | "623"
            | "780"
            | "817"
            | "870"
            | "875"
            | "876"
            | "877"
    );
    invoice || (i.is_cii() && matches!(code, "381" | "396" | "81" | "83" | "532"))
}

pub(super) fn is_billing(specification: Text<'_>) -> bool {
    let wanted = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0";
    specification.is_some_and(|s| s.starts_with(wanted) && !s.contains("::"))
}

/// Seller and buyer both sit in Germany.
pub(super) fn is_german(i: &Invoice<'_>) -> bool {
    domestic(i, "DE")
}

/// Country of a party's address.
pub(super) fn seated(i: &Invoice<'_>, country: &str) -> bool {
    i.seller.as_ref().and_then(|p| p.address).is_some_and(|a| is(a.country, country))
}

/// Seller and buyer both sit in a country.
pub(super) fn domestic(i: &Invoice<'_>, country: &str) -> bool {
    seated(i, country) && i.buyer.as_ref().and_then(|p| p.address).is_some_and(|a| is(a.country, country))
}

pub(super) fn is(code: Text<'_>, wanted: &str) -> bool {
    code.is_some_and(|c| c.eq_ignore_ascii_case(wanted))
}

pub(super) fn no_empty_elements(i: &Invoice<'_>) -> bool {
    !i.root.is_empty() && !i.root.descendants().any(Node::is_empty)
}

/// One VAT total with breakdowns; in CII one in the invoice currency.
pub(super) fn one_tax_total(i: &Invoice<'_>) -> bool {
    if i.is_cii() {
        return i.taxes.iter().filter_map(|t| t.amount).filter(|a| a.unit == i.currency).count() == 1;
    }
    i.taxes.iter().filter(|t| t.broken_down).count() == 1
}

/// VAT totals in accounting currency.
pub(super) fn accounting_totals(i: &Invoice<'_>) -> usize {
    if i.is_cii() {
        let other = |a: &crate::model::Amount<'_>| i.tax_currency.is_some() && a.unit == i.tax_currency;
        return i.taxes.iter().filter_map(|t| t.amount).filter(other).count();
    }
    i.taxes.iter().filter(|t| !t.broken_down).count()
}

/// The VAT totals in both currencies have the same sign.
pub(super) fn taxes_have_one_sign(i: &Invoice<'_>) -> bool {
    let Some(accounting) = i.tax_currency else { return true };
    let amounts = |currency: Text<'_>| {
        let of =
            i.taxes.iter().filter_map(|t| t.amount).filter(|a| a.unit == currency).filter_map(|a| a.value);
        of.collect::<Vec<_>>()
    };
    let (a, b) = (amounts(Some(accounting)), amounts(i.currency));
    let both = |holds: fn(&Decimal) -> bool| a.iter().any(holds) && b.iter().any(holds);
    both(|v| *v <= Decimal::ZERO) || both(|v| *v >= Decimal::ZERO)
}

/// Amount = base × percentage, within 0.02.
pub(super) fn is_percentage(a: &Allowance<'_>) -> bool {
    let amount = a.amount.map_or(Some(Decimal::ZERO), |a| a.value);
    let want = || value(a.base)?.checked_mul(value(a.percent)?).map(|v| v / Decimal::ONE_HUNDRED);
    share_within(amount, want(), Decimal::new(2, 2))
}

/// Net price = gross price − discount.
pub(super) fn price_is_discounted(l: &Line<'_>) -> bool {
    l.price_allowances.iter().all(|a| {
        let Some(base) = a.base.or(l.gross_price) else { return true };
        let want = || base.value?.checked_sub(value(a.amount)?);
        want().is_some_and(|want| value(l.price) == Some(want))
    })
}

pub(super) fn begins_within(period: &Period<'_>, i: &Invoice<'_>) -> bool {
    let (Some(from), Some(whole)) = (period.from, i.periods.iter().find_map(|p| p.from)) else { return true };
    matches!((day(from), day(whole)), (Some(from), Some(whole)) if from >= whole)
}

pub(super) fn ends_within(period: &Period<'_>, i: &Invoice<'_>) -> bool {
    let (Some(to), Some(whole)) = (period.to, i.periods.iter().find_map(|p| p.to)) else { return true };
    matches!((day(to), day(whole)), (Some(to), Some(whole)) if to <= whole)
}

/// Line amount = quantity × (price ÷ base quantity) + charges − allowances, within 0.02.
pub(super) fn is_price_times_quantity(l: &Line<'_>) -> bool {
    let or =
        |amount: Option<crate::model::Amount<'_>>, other: Decimal| amount.map_or(Some(other), |a| a.value);
    let part = |charge: bool| {
        let of = l.allowances.iter().filter(|a| a.is_charge() == Some(charge));
        let amounts: Option<Vec<Decimal>> = of.filter_map(|a| a.amount).map(|a| a.value).collect();
        sum(amounts?).map(round2)
    };
    let want = || {
        let base = or(l.price_base, Decimal::ONE)?;
        let base = if base.is_zero() { Decimal::ONE } else { base };
        let price = or(l.price, Decimal::ZERO)?.checked_div(base)?;
        let goods = or(l.quantity, Decimal::ONE)?.checked_mul(price)?;
        goods.checked_add(part(true)?)?.checked_sub(part(false)?)
    };
    share_within(or(l.net, Decimal::ZERO), want(), Decimal::new(2, 2))
}

/// The base quantity of a price is above zero.
pub(super) fn base_above_zero(l: &Line<'_>, _: &Invoice<'_>) -> bool {
    l.price_base.is_none_or(|b| b.value.is_some_and(|v| v > Decimal::ZERO))
}

/// The base quantity has the unit of the quantity.
pub(super) fn same_unit(l: &Line<'_>, _: &Invoice<'_>) -> bool {
    let (Some(base), Some(quantity)) = (l.price_base.and_then(|b| b.unit), l.quantity) else { return true };
    quantity.unit == Some(base)
}

/// The currency of an amount is the document's, but for VAT in accounting currency.
pub(super) fn in_document_currency(n: Node<'_>) -> bool {
    let parent = n.parent();
    let accounting =
        n.name() == "TaxAmount" && parent.is_some_and(|p| p.name() != "TaxSubtotal" && !p.has("TaxSubtotal"));
    let currency = n.root().one("DocumentCurrencyCode").map(Node::trimmed);
    accounting || (currency.is_some() && n.attribute("currencyID") == currency)
}

/// An exemption reason code goes with its VAT category.
pub(super) fn exempt(n: Node<'_>, reason: &str, category: &str) -> bool {
    !n.text_at("TaxExemptionReasonCode|ExemptionReasonCode").eq_ignore_ascii_case(reason)
        || n.text_at("ID|CategoryCode") == category
}
