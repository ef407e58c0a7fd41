//! What the rules ask of an invoice, its parties, its amounts.

use super::syntax_facts::is_extension;
use crate::decimal::{round, round2, sum};
use crate::model::{
    Allowance, Amount, Breakdown, Identifier, Invoice, Party, Payment, Period, TaxTotal, Text, Totals,
};
use rust_decimal::Decimal;

pub(super) fn parties<'i, 'd>(i: &'i Invoice<'d>) -> impl Iterator<Item = &'i Party<'d>> {
    [&i.seller, &i.buyer, &i.representative].into_iter().flatten()
}

/// A payee that is named is another than the seller.
pub(super) fn differs_from_seller(payee: &Party<'_>, i: &Invoice<'_>) -> bool {
    let Some(name) = payee.name else { return false };
    let Some(seller) = &i.seller else { return true };
    let theirs = if i.is_cii() { seller.name } else { seller.trading_name };
    theirs != Some(name) && !payee.ids.iter().any(|id| seller.ids.iter().any(|s| s.value == id.value))
}

pub(super) fn scheme(id: Identifier<'_>, i: &Invoice<'_>) -> bool {
    if i.is_cii() { id.scheme.is_some_and(|s| !s.trim().is_empty()) } else { id.scheme.is_some() }
}

pub(super) fn identified(seller: &Party<'_>) -> bool {
    !seller.vat_ids.is_empty()
        || seller.legal_id.is_some()
        || seller.ids.iter().any(|id| id.scheme != Some("SEPA"))
}

/// A period does not end before it begins.
pub(super) fn in_order(period: &Period<'_>) -> bool {
    let (Some(from), Some(to)) = (period.from, period.to) else { return true };
    match (day(from), day(to)) {
        (Some(from), Some(to)) => from <= to,
        _ => false,
    }
}

/// A day as UBL (`2026-01-31`) or CII (`20260131`) writes it.
pub(super) fn day(text: &str) -> Option<jiff::civil::Date> {
    let text = text.trim();
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return format!("{}-{}-{}", text.get(..4)?, text.get(4..6)?, text.get(6..)?).parse().ok();
    }
    let plain = text
        .get(..10)
        .filter(|_| text.len() == 10 || text.as_bytes().get(10).is_some_and(|b| b"Z+-".contains(b)));
    plain?.parse().ok()
}

/// SEPA or other credit transfer, as BR-50 and BR-61 mean it.
pub(super) fn is_transfer(payment: &Payment<'_>) -> bool {
    matches!(payment.code, Some("30" | "58"))
}

pub(super) fn reasoned(a: &Allowance<'_>) -> bool {
    a.reason.is_some() || a.reason_code.is_some()
}

pub(super) fn two(amount: Option<Amount<'_>>) -> bool {
    amount.is_none_or(|a| a.decimals() <= 2)
}

pub(super) fn value(amount: Option<Amount<'_>>) -> Option<Decimal> {
    amount?.value
}

pub(super) fn equal(a: Option<Decimal>, b: Option<Decimal>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a == b)
}

/// The sum of the amounts that are there; none where one of them is no number.
pub(super) fn sum_of<'d>(amounts: impl Iterator<Item = Option<Amount<'d>>>) -> Option<Decimal> {
    let values: Option<Vec<Decimal>> = amounts.flatten().map(|a| a.value).collect();
    sum(values?)
}

/// A total of allowances or charges: their sum, or missing where there are none.
pub(super) fn total_of<'i, 'd: 'i>(
    total: Option<Amount<'d>>,
    parts: impl Iterator<Item = &'i Allowance<'d>>,
) -> bool {
    let parts: Vec<_> = parts.map(|a| a.amount).collect();
    match total {
        None => parts.is_empty(),
        Some(total) => equal(total.value, sum_of(parts.into_iter()).map(round2)),
    }
}

/// Lines − allowances + charges.
pub(super) fn net(t: &Totals<'_>) -> Option<Decimal> {
    let lines = value(t.lines)?;
    let or_zero = |amount: Option<Amount<'_>>| amount.map_or(Some(Decimal::ZERO), |a| a.value);
    let (allowances, charges) = (or_zero(t.allowances)?, or_zero(t.charges)?);
    let net = lines.checked_sub(allowances)?.checked_add(charges)?;
    Some(if t.allowances.is_none() && t.charges.is_none() { net } else { round2(net) })
}

/// Due = gross − paid + rounding.
pub(super) fn due(t: &Totals<'_>, i: &Invoice<'_>) -> bool {
    // The extension of XRechnung has payments of third parties in it, in UBL only: BR-DEX-09.
    if !i.is_cii() && i.specification.is_some_and(is_extension) {
        return true;
    }
    // In CII the amounts are compared as they stand.
    let round2 = |amount| if i.is_cii() { amount } else { round2(amount) };
    let or_zero = |amount: Option<Amount<'_>>| amount.map_or(Some(Decimal::ZERO), |a| a.value);
    let want = || {
        let paid = value(t.gross)?.checked_sub(or_zero(t.paid)?)?;
        Some((round2(paid), round2(value(t.due)?.checked_sub(or_zero(t.rounding)?)?)))
    };
    want().is_some_and(|(a, b)| a == b)
}

/// BR-CO-25: what is to be paid has a due date or terms; in UBL only of an Invoice.
pub(super) fn is_due(t: &Totals<'_>, i: &Invoice<'_>) -> bool {
    let positive = value(t.due).is_some_and(|due| due > Decimal::ZERO);
    !positive || i.is_credit_note() || i.due_date.is_some() || !i.payment_terms.is_empty()
}

pub(super) fn tax_is_sum(t: &TaxTotal<'_>, i: &Invoice<'_>) -> bool {
    let Some(amount) = t.amount else { return !t.broken_down };
    if i.is_cii() && amount.unit != i.currency {
        return true;
    }
    if !i.is_cii() && !t.broken_down {
        return true;
    }
    let parts = i.breakdown.get(t.parts.clone()).unwrap_or_default();
    equal(amount.value, sum_of(parts.iter().map(|b| b.tax)).map(round2))
}

pub(super) fn taxes_in<'i, 'd>(
    i: &'i Invoice<'d>,
    currency: Text<'d>,
) -> impl Iterator<Item = Amount<'d>> + use<'i, 'd> {
    i.taxes
        .iter()
        .filter_map(|t| t.amount)
        .filter(move |a| i.is_cii() && currency.is_some() && a.unit == currency)
}

/// Gross = net + VAT in the invoice currency.
pub(super) fn gross_is_sum(i: &Invoice<'_>) -> bool {
    let Some(currency) = i.currency else { return true };
    let totals = i.totals.as_ref();
    let (net, gross) = (totals.and_then(|t| value(t.net)), totals.and_then(|t| value(t.gross)));
    let taxes: Vec<_> =
        i.taxes.iter().filter_map(|t| t.amount).filter(|a| a.unit == Some(currency)).collect();
    if i.is_cii() && equal(net, gross) {
        return true;
    }
    let [tax] = taxes.as_slice() else { return false };
    let want = || net?.checked_add(tax.value?).map(round2);
    equal(gross, want())
}

/// BR-CO-17: VAT = taxable amount × rate, less than one apart.
pub(super) fn tax_is_share(b: &Breakdown<'_>, i: &Invoice<'_>) -> bool {
    let Some(tax) = value(b.tax) else { return false };
    let Some(rate) = b.vat.iter().filter(|v| v.is_vat).find_map(|v| v.rate) else {
        return round(tax).is_zero();
    };
    let Some(rate) = rate.value else { return false };
    if round(rate).is_zero() {
        return round(tax).is_zero();
    }
    value(b.taxable).is_some_and(|taxable| share(taxable, rate, tax, i.is_cii()))
}

/// Whether VAT is less than one (or, in CII, not more than one) from the share.
pub(super) fn share(taxable: Decimal, rate: Decimal, tax: Decimal, one_is_near: bool) -> bool {
    let want = taxable.abs().checked_mul(rate).map(|v| round2(v / Decimal::ONE_HUNDRED));
    want.is_some_and(|want| {
        let apart = (tax.abs() - want).abs();
        apart < Decimal::ONE || (one_is_near && apart == Decimal::ONE)
    })
}

/// Whether two amounts are at most so far apart.
pub(super) fn share_within(a: Option<Decimal>, b: Option<Decimal>, tolerance: Decimal) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.checked_sub(b).is_some_and(|d| d.abs() <= tolerance))
}
