//! What the rules of the VAT categories ask.
//!
//! `S` standard rate, `Z` zero rate, `E` exempt, `AE` reverse charge, `K` intra-community supply, `G` export, `O` not
//! subject to VAT, `L` IGIC (Canary Islands), `M` IPSI (Ceuta and Melilla), `B` split payment (Italy).

use super::facts::{equal, share, sum_of, value};
use super::filled;
use crate::decimal::round2;
use crate::model::{Allowance, Amount, Breakdown, Invoice, VatCategory};
use rust_decimal::Decimal;

/// Those of a category, where the tax is VAT.
pub(super) fn of<'v, 'd>(
    vat: &'v [VatCategory<'d>],
    code: &'static str,
) -> impl Iterator<Item = &'v VatCategory<'d>> {
    vat.iter().filter(move |v| v.is_vat && v.code == Some(code))
}

pub(super) fn on_lines(i: &Invoice<'_>, code: &'static str) -> bool {
    i.lines.iter().any(|l| of(&l.vat, code).next().is_some())
}

pub(super) fn on_allowances(i: &Invoice<'_>, code: &'static str) -> bool {
    i.document_allowances().any(|a| of(&a.vat, code).next().is_some())
}

pub(super) fn on_charges(i: &Invoice<'_>, code: &'static str) -> bool {
    i.document_charges().any(|a| of(&a.vat, code).next().is_some())
}

fn breakdowns(i: &Invoice<'_>, code: &'static str) -> usize {
    i.breakdown.iter().flat_map(|b| of(&b.vat, code)).count()
}

pub(super) fn in_breakdown(i: &Invoice<'_>, code: &'static str) -> bool {
    breakdowns(i, code) > 0
}

/// Used anywhere, whatever the tax.
pub(super) fn uses(i: &Invoice<'_>, code: &str) -> bool {
    i.item_categories().chain(i.breakdown.iter().flat_map(|b| &b.vat)).any(|v| v.code == Some(code))
}

/// Where the category is used, it has exactly one breakdown. In CII a breakdown also wants an item.
pub(super) fn once(i: &Invoice<'_>, code: &'static str) -> bool {
    let on_items = i.item_categories().any(|v| v.code == Some(code) && (v.is_vat || i.is_cii()));
    match breakdowns(i, code) {
        0 => !on_items,
        1 => on_items || !i.is_cii(),
        _ => false,
    }
}

/// Items of the category and breakdowns of it go together; in CII only from items to breakdowns.
pub(super) fn listed(i: &Invoice<'_>, code: &'static str) -> bool {
    let standard = code == "S";
    let on_items = i.item_categories().any(|v| v.code == Some(code) && (v.is_vat || standard || i.is_cii()));
    let broken_down =
        i.breakdown.iter().flat_map(|b| &b.vat).any(|v| v.code == Some(code) && (v.is_vat || standard));
    if i.is_cii() { !on_items || broken_down } else { on_items == broken_down }
}

pub(super) fn seller_vat(i: &Invoice<'_>) -> bool {
    let has = |party: &Option<crate::model::Party<'_>>| party.as_ref().is_some_and(|p| !p.vat_ids.is_empty());
    has(&i.seller) || has(&i.representative)
}

/// VAT identifier, tax registration, or a tax representative with a VAT identifier.
pub(super) fn seller_taxed(i: &Invoice<'_>) -> bool {
    seller_vat(i)
        || i.seller
            .as_ref()
            .is_some_and(|p| p.tax_ids.iter().any(|id| !i.is_cii() || id.scheme == Some("FC")))
}

pub(super) fn buyer_vat(i: &Invoice<'_>) -> bool {
    i.buyer.as_ref().is_some_and(|p| !p.vat_ids.is_empty())
}

pub(super) fn buyer_registered(i: &Invoice<'_>) -> bool {
    i.buyer.as_ref().is_some_and(|p| p.legal_id.is_some())
}

/// BR-IC-11: a delivery date or an invoicing period.
pub(super) fn dated(i: &Invoice<'_>) -> bool {
    i.delivery.is_some_and(|d| filled(d.date))
        || i.periods.iter().any(|p| p.from.is_some() || p.to.is_some() || p.code.is_some())
}

/// BR-IC-12: a country of delivery.
pub(super) fn delivered_to_country(i: &Invoice<'_>) -> bool {
    let country = i.delivery.and_then(|d| d.address).and_then(|a| a.country);
    country.is_some_and(|c| i.is_cii() || c.len() > 1)
}

pub(super) fn only_o(v: &VatCategory<'_>) -> bool {
    !v.is_vat || v.code == Some("O")
}

fn rate(v: &VatCategory<'_>) -> Option<Decimal> {
    value(v.rate)
}

pub(super) fn zero(v: &VatCategory<'_>) -> bool {
    rate(v).is_some_and(|r| r.is_zero())
}

pub(super) fn above_zero(v: &VatCategory<'_>) -> bool {
    rate(v).is_some_and(|r| r > Decimal::ZERO)
}

pub(super) fn zero_or_more(v: &VatCategory<'_>) -> bool {
    rate(v).is_some_and(|r| r >= Decimal::ZERO)
}

pub(super) fn reasoned(v: &VatCategory<'_>) -> bool {
    v.reason.is_some() || v.reason_code.is_some()
}

pub(super) fn unreasoned(v: &VatCategory<'_>) -> bool {
    !reasoned(v)
}

pub(super) fn no_tax(b: &Breakdown<'_>) -> bool {
    value(b.tax).is_some_and(|t| t.is_zero())
}

pub(super) fn tax_at_rate(b: &Breakdown<'_>, v: &VatCategory<'_>, _: &Invoice<'_>) -> bool {
    let parts = (value(b.taxable), rate(v), value(b.tax));
    matches!(parts, (Some(taxable), Some(rate), Some(tax)) if share(taxable, rate, tax, false))
}

/// Lines + charges − allowances of a category, and of a rate where one is asked for.
fn items(i: &Invoice<'_>, code: &str, at: Option<Decimal>) -> Option<Decimal> {
    let is = |vat: &[VatCategory<'_>]| {
        vat.iter().any(|v| v.code == Some(code))
            && at.is_none_or(|at| vat.iter().any(|v| rate(v) == Some(at)))
    };
    let amounts = |charge: bool| {
        let of = i.allowances.iter().filter(move |a| a.is_charge() == Some(charge) && is(&a.vat));
        sum_of(of.map(|a: &Allowance<'_>| -> Option<Amount<'_>> { a.amount }))
    };
    let lines = sum_of(i.lines.iter().filter(|l| is(&l.vat)).map(|l| l.net))?;
    lines.checked_add(amounts(true)?)?.checked_sub(amounts(false)?)
}

fn near(a: Option<Decimal>, b: Option<Decimal>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if (a - b).abs() < Decimal::ONE)
}

/// The taxable amount of a category without a rate is the sum of its items.
pub(super) fn sums(b: &Breakdown<'_>, i: &Invoice<'_>, code: &'static str) -> bool {
    let want = items(i, code, None);
    if i.is_cii() {
        return if code == "O" {
            equal(value(b.taxable), want.map(round2))
        } else {
            near(value(b.taxable), want)
        };
    }
    !i.lines.is_empty() && equal(value(b.taxable), want)
}

/// The taxable amount of a rate is the sum of its items, less than one apart (in CII: to the cent).
pub(super) fn sums_at_rate(
    b: &Breakdown<'_>,
    v: &VatCategory<'_>,
    i: &Invoice<'_>,
    code: &'static str,
) -> bool {
    let Some(at) = v.rate else { return true };
    let Some(at) = at.value else { return false };
    let want = items(i, code, Some(at));
    if i.is_cii() {
        return equal(value(b.taxable), want.map(round2));
    }
    let has = |vat: &[VatCategory<'_>]| {
        vat.iter().any(|v| v.code == Some(code)) && vat.iter().any(|v| rate(v) == Some(at))
    };
    let there = if code == "S" {
        i.lines.iter().any(|l| has(&l.vat)) || i.allowances.iter().any(|a| has(&a.vat))
    } else {
        !i.lines.is_empty()
    };
    there && near(value(b.taxable), want)
}
