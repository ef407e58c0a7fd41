//! What the rules of Peppol's orders, catalogues and responses ask of their elements.

use super::facts::day;
use super::syntax_facts::sibling_of;
use crate::Node;
use crate::decimal::{parse, round, round2, sum};
use rust_decimal::Decimal;

/// The number at a path; none where it is missing or no number.
pub(super) fn number(n: Node<'_>, path: &str) -> Option<Decimal> {
    parse(n.one(path)?.trimmed())
}

/// The number at a path, zero where there is no such element.
pub(super) fn or_zero(n: Node<'_>, path: &str) -> Option<Decimal> {
    n.one(path).map_or(Some(Decimal::ZERO), |e| parse(e.trimmed()))
}

pub(super) fn not_negative(value: Decimal) -> bool {
    value >= Decimal::ZERO
}

pub(super) fn any_not_negative(n: Node<'_>, path: &str) -> bool {
    n.all(path).iter().any(|e| parse(e.trimmed()).is_some_and(not_negative))
}

pub(super) fn above_zero(n: Node<'_>) -> bool {
    parse(n.trimmed()).is_some_and(|v| v > Decimal::ZERO)
}

/// The sum of the numbers at a path, to two decimals.
pub(super) fn sum_at(n: Node<'_>, path: &str) -> Option<Decimal> {
    let numbers: Option<Vec<Decimal>> = n.all(path).iter().map(|e| parse(e.trimmed())).collect();
    sum(numbers?).map(round2)
}

pub(super) fn one_of(n: Node<'_>, texts: &[&str]) -> bool {
    texts.contains(&n.trimmed())
}

pub(super) fn siblings(n: Node<'_>, name: &str) -> usize {
    n.parent().map_or(0, |p| p.count(name))
}

/// The currency of an amount is that of the document.
pub(super) fn in_currency(n: Node<'_>) -> bool {
    let currency = n.root().one("DocumentCurrencyCode").map(Node::trimmed);
    n.attribute("currencyID").is_none() || n.attribute("currencyID") == currency
}

/// A party has a name or an identifier.
pub(super) fn named_or_identified(n: Node<'_>) -> bool {
    n.has("Party/PartyName/Name") || n.has("Party/PartyIdentification/ID")
}

/// The sum of the lines.
pub(super) fn lines(n: Node<'_>) -> Option<Decimal> {
    sum_at(n.root(), "OrderLine/LineItem/LineExtensionAmount")
}

/// The sum of allowances or charges on document level.
pub(super) fn allowances(n: Node<'_>, charges: bool) -> Option<Decimal> {
    part(n.root(), charges)
}

fn part(n: Node<'_>, charges: bool) -> Option<Decimal> {
    let of = n.all("AllowanceCharge").into_iter().filter(|a| sibling_of(*a, "ChargeIndicator", charges));
    let amounts: Option<Vec<Decimal>> =
        of.filter_map(|a| a.one("Amount")).map(|a| parse(a.trimmed())).collect();
    sum(amounts?).map(round2)
}

/// Lines − allowances + charges.
pub(super) fn net(n: Node<'_>) -> Option<Decimal> {
    let lines = number(n, "LineExtensionAmount")?;
    lines.checked_sub(or_zero(n, "AllowanceTotalAmount")?)?.checked_add(or_zero(n, "ChargeTotalAmount")?)
}

/// The same, where the lines are not required.
pub(super) fn net_or_zero(n: Node<'_>) -> Option<Decimal> {
    let lines = or_zero(n, "LineExtensionAmount")?;
    lines.checked_sub(or_zero(n, "AllowanceTotalAmount")?)?.checked_add(or_zero(n, "ChargeTotalAmount")?)
}

/// Gross − paid + rounding.
pub(super) fn payable(n: Node<'_>, gross: Decimal) -> Option<Decimal> {
    gross.checked_sub(or_zero(n, "PrepaidAmount")?)?.checked_add(or_zero(n, "PayableRoundingAmount")?)
}

/// Net + tax, the net computed where it is missing.
pub(super) fn gross_of(n: Node<'_>) -> Option<Decimal> {
    let net = if n.has("TaxExclusiveAmount") { number(n, "TaxExclusiveAmount") } else { net(n) };
    net?.checked_add(or_zero(n.root(), "TaxTotal/TaxAmount")?)
}

/// Net + tax, zero for what is missing.
pub(super) fn with_tax(n: Node<'_>) -> Option<Decimal> {
    or_zero(n, "TaxExclusiveAmount")?.checked_add(or_zero(n.root(), "TaxTotal/TaxAmount")?)
}

/// Percentage and base amount are both there, or neither: what the further rules on an allowance are about.
pub(super) fn paired(n: Node<'_>) -> bool {
    n.has("MultiplierFactorNumeric") == n.has("BaseAmount")
}

/// Amount = base × percentage, within 0.02.
pub(super) fn is_percentage(n: Node<'_>) -> bool {
    if !n.has("MultiplierFactorNumeric") || !n.has("BaseAmount") {
        return true;
    }
    let want = || number(n, "BaseAmount")?.checked_mul(number(n, "MultiplierFactorNumeric")?);
    near(or_zero(n, "Amount"), want().map(|v| v / Decimal::ONE_HUNDRED))
}

fn near(a: Option<Decimal>, b: Option<Decimal>) -> bool {
    super::facts::share_within(a, b, Decimal::new(2, 2))
}

/// A VAT category other than `O` has a rate.
pub(super) fn rated(n: Node<'_>) -> bool {
    n.has("Percent") || n.text_at("ID") == "O"
}

/// The standard rate is above zero.
pub(super) fn standard_above_zero(n: Node<'_>) -> bool {
    n.text_at("ID") != "S" || number(n, "Percent").is_some_and(|r| r > Decimal::ZERO)
}

/// Line amount = quantity × (price ÷ base quantity) + charges − allowances, within 0.02.
pub(super) fn is_price_times_quantity(n: Node<'_>) -> bool {
    let or_one = |path: &str| n.one(path).map_or(Some(Decimal::ONE), |e| parse(e.trimmed()));
    let want = || {
        let base = or_one("Price/BaseQuantity").filter(|b| !b.is_zero()).unwrap_or(Decimal::ONE);
        let goods = or_one("Quantity")?.checked_mul(or_zero(n, "Price/PriceAmount")?.checked_div(base)?)?;
        goods.checked_add(part(n, true)?)?.checked_sub(part(n, false)?)
    };
    near(or_zero(n, "LineExtensionAmount"), want())
}

/// No other line has the identifier.
pub(super) fn unique_line(n: Node<'_>) -> bool {
    let same = |id: &str| {
        let lines = n.root().descendants().filter(|e| e.name() == "LineItem");
        lines.filter(|line| line.one("ID").is_some_and(|other| other.text() == id)).count()
    };
    n.one("ID").is_some_and(|id| same(id.text()) == 1)
}

/// Net price = gross price − discount.
pub(super) fn price_is_discounted(n: Node<'_>) -> bool {
    let Some(price) = n.parent().filter(|p| p.name() == "Price") else { return true };
    let want = || number(n, "BaseAmount")?.checked_sub(number(n, "Amount")?);
    !n.has("BaseAmount") || want().is_some_and(|want| number(price, "PriceAmount") == Some(want))
}

/// Tax = taxable amount × rate, to the cent.
pub(super) fn tax_is_share(n: Node<'_>) -> bool {
    let Some(tax) = number(n, "TaxAmount") else { return false };
    let Some(rate) = number(n, "TaxCategory/Percent") else { return round(tax).is_zero() };
    if round(rate).is_zero() {
        return round(tax).is_zero();
    }
    let want = || number(n, "TaxableAmount")?.checked_mul(rate).map(|v| round2(v / Decimal::ONE_HUNDRED));
    want() == Some(tax)
}

pub(super) fn has_tax_total(n: Node<'_>) -> bool {
    n.root().descendants().any(|e| e.name() == "TaxTotal")
}

/// The VAT categories of the document's breakdown.
pub(super) fn categories(n: Node<'_>) -> Vec<Node<'_>> {
    n.root().all("TaxTotal/TaxSubtotal/TaxCategory")
}

pub(super) fn every_line_has_amount(n: Node<'_>) -> bool {
    let root = n.root();
    root.count("OrderLine") == root.count("OrderLine/LineItem/LineExtensionAmount")
}

pub(super) fn ends_after_start(n: Node<'_>) -> bool {
    let (Some(from), Some(to)) = (n.one("StartDate"), n.one("EndDate")) else { return true };
    to.trimmed() >= from.trimmed()
}

/// A punch out ends, and not before its issue.
pub(super) fn ends_after_issue(n: Node<'_>) -> bool {
    let ends = n.one("EndDate").and_then(|e| day(e.trimmed()));
    ends.is_some_and(|ends| day(n.root().text_at("IssueDate")).is_some_and(|issued| ends >= issued))
}

/// Base quantity of the price and batch quantity of the delivery unit, where both are there.
pub(super) fn batches(n: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    Some((n.one("Price/BaseQuantity")?, n.one("DeliveryUnit/BatchQuantity")?))
}

/// A status reason of a code list.
pub(super) fn coded(n: Node<'_>, list: &str) -> bool {
    n.all("StatusReasonCode").iter().any(|c| c.attribute("listID") == Some(list))
}

/// A validity period; open ends are those of what is around it. Days are numbers as in 20260131.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    from: Option<u64>,
    to: Option<u64>,
}

impl Span {
    fn of(period: Option<Node<'_>>, around: Self) -> Self {
        let read = |name: &str| {
            let text = period?.one(name)?.trimmed().replace('-', "");
            Some(text.parse::<u64>().ok())
        };
        Self { from: read("StartDate").unwrap_or(around.from), to: read("EndDate").unwrap_or(around.to) }
    }

    pub(super) fn of_catalogue(n: Node<'_>) -> Self {
        Self::of(n.root().one("ValidityPeriod"), Self { from: Some(0), to: Some(99_999_999) })
    }

    pub(super) fn of_line(line: Node<'_>) -> Self {
        Self::of(line.one("LineValidityPeriod"), Self::of_catalogue(line))
    }

    /// Of the line around a price.
    pub(super) fn around(n: Node<'_>) -> Self {
        n.parent().map_or(Self::of_catalogue(n), Self::of_line)
    }

    pub(super) fn of_price(n: Node<'_>) -> Self {
        Self::of(n.one("Price/ValidityPeriod"), Self::around(n))
    }

    pub(super) fn in_order(self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from <= to)
    }

    pub(super) fn within(self, whole: Self) -> bool {
        let inside = |day: u64| whole.from.is_some_and(|f| f <= day) && whole.to.is_some_and(|t| day <= t);
        self.from.is_some_and(inside) && self.to.is_some_and(inside)
    }
}
