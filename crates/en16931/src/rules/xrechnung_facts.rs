//! What the rules of XRechnung and its extension ask beyond those of Germany in Peppol.

use super::facts::value;
use super::order_facts::{number, or_zero};
use super::syntax_facts;
use crate::Node;
use crate::decimal::{round2, sum};
use crate::model::Invoice;
use rust_decimal::Decimal;

pub(super) fn is_xrechnung(i: &Invoice<'_>) -> bool {
    i.specification.is_some_and(syntax_facts::is_xrechnung)
}

pub(super) fn is_extension(i: &Invoice<'_>) -> bool {
    i.specification.is_some_and(syntax_facts::is_extension)
}

pub(super) fn is_cvd(i: &Invoice<'_>) -> bool {
    i.specification.is_some_and(syntax_facts::is_cvd)
}

pub(super) fn filled_at(n: Node<'_>, path: &str) -> bool {
    n.filled(path)
}

/// The amount of a line with sub-lines is their sum, at every depth.
pub(super) fn sub_lines_add_up(i: &Invoice<'_>) -> bool {
    let with_parts =
        |n: &Node<'_>| matches!(n.name(), "InvoiceLine" | "SubInvoiceLine") && n.has("SubInvoiceLine");
    i.root.descendants().filter(with_parts).all(|line| {
        let parts: Option<Vec<Decimal>> =
            line.all("SubInvoiceLine").into_iter().map(|part| number(part, "LineExtensionAmount")).collect();
        number(line, "LineExtensionAmount") == parts.and_then(sum)
    })
}

pub(super) fn sub_lines_are_taxed(i: &Invoice<'_>) -> bool {
    let parts = i.root.descendants().filter(|n| n.name() == "SubInvoiceLine");
    parts.flat_map(|part| part.all("Item")).all(|item| item.count("ClassifiedTaxCategory") == 1)
}

pub(super) fn third_parties<'d>(i: &Invoice<'d>) -> impl Iterator<Item = Node<'d>> {
    i.root.all("PrepaidPayment").into_iter()
}

/// Due = gross − paid + rounding + third party payments.
pub(super) fn due_with_third_parties(i: &Invoice<'_>) -> bool {
    let Some(totals) = &i.totals else { return true };
    if i.is_cii() {
        return true;
    }
    let or_nothing =
        |amount: Option<crate::model::Amount<'_>>| amount.map_or(Some(Decimal::ZERO), |a| a.value);
    let want = || {
        let others: Option<Vec<Decimal>> = third_parties(i).map(|p| or_zero(p, "PaidAmount")).collect();
        let due = value(totals.due)?.checked_sub(or_nothing(totals.rounding)?)?;
        let gross = value(totals.gross)?.checked_sub(or_nothing(totals.paid)?)?.checked_add(sum(others?)?)?;
        Some(round2(due) == round2(gross))
    };
    want() == Some(true)
}

/// BT-17 in UBL and in CII.
pub(super) fn has_tender(i: &Invoice<'_>) -> bool {
    let reference =
        |d: &crate::model::Supporting<'_>| d.code == Some("50") && d.id.is_some_and(|id| !id.is_empty());
    i.root.filled("OriginatorDocumentReference/ID") || (i.is_cii() && i.documents.iter().any(reference))
}

/// BR-TMP-3: gross and net price of CII are for the same quantity.
pub(super) fn same_base(line: Node<'_>) -> bool {
    let base = |price: &str| {
        line.one(&format!("SpecifiedLineTradeAgreement/{price}ProductTradePrice/BasisQuantity"))
    };
    let (Some(gross), Some(net)) = (base("Gross"), base("Net")) else { return true };
    let units = (gross.attribute("unitCode"), net.attribute("unitCode"));
    gross.trimmed() == net.trimmed() && !matches!(units, (Some(a), Some(b)) if a != b)
}

/// Items of the lines.
pub(super) fn vehicles<'d>(i: &Invoice<'d>) -> impl Iterator<Item = Node<'d>> {
    let of = |line: &crate::model::Line<'d>| line.node.all("Item|SpecifiedTradeProduct");
    i.lines.iter().flat_map(of).collect::<Vec<_>>().into_iter()
}

/// Vehicle categories of an item.
fn categories(item: Node<'_>) -> Vec<Node<'_>> {
    let mut codes = item.all("CommodityClassification/ItemClassificationCode");
    codes.extend(item.all("DesignatedProductClassification/ClassCode"));
    codes.retain(|c| c.attribute("listID") == Some("CVD"));
    codes
}

pub(super) fn classes(item: Node<'_>) -> usize {
    categories(item).len()
}

pub(super) fn has_class(item: Node<'_>) -> bool {
    classes(item) > 0
}

pub(super) fn known_class(item: Node<'_>) -> bool {
    categories(item).iter().all(|c| matches!(c.trimmed(), "M1" | "M2" | "M3" | "N1" | "N2" | "N3"))
}

/// Attributes `cva` of an item.
fn attributes(item: Node<'_>) -> Vec<Node<'_>> {
    let mut found = item.all("AdditionalItemProperty|ApplicableProductCharacteristic");
    found.retain(|p| p.any_is("Name|Description", "cva"));
    found
}

pub(super) fn values(item: Node<'_>) -> usize {
    attributes(item).len()
}

pub(super) fn known_value(item: Node<'_>) -> bool {
    attributes(item).iter().all(|p| matches!(p.text_at("Value"), "clean" | "zero-emission" | "other"))
}
