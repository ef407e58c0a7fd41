//! What the rules on UBL and CII elements ask.

use crate::Node;
use crate::codes::List;
use std::collections::HashSet;

/// The attribute, where it is there, stands in the list.
pub(super) fn listed(n: Node<'_>, attribute: &str, list: List) -> bool {
    n.attribute(attribute).is_none_or(|code| list.has(code) || replaced(n, list))
}

/// The same of the list with what XRechnung adds to it.
pub(super) fn listed_with(n: Node<'_>, attribute: &str, list: List, added: &[&str]) -> bool {
    n.attribute(attribute).is_none_or(|code| list.has(code) || added.contains(&code.trim()))
}

/// Whether rules of XRechnung with lists of their own stand in for those of EN 16931: in its extension BR-DEX-01 and -04 to
/// -08, under the clean vehicles directive BR-TMP-CVD-01.
pub(super) fn replaced(n: Node<'_>, list: List) -> bool {
    match list {
        List::Icd | List::ElectronicAddress | List::MimeType => in_extension(n),
        List::ItemClass => in_cvd(n),
        _ => false,
    }
}

/// The specification (BT-24) of the document that an element stands in.
fn specification(n: Node<'_>) -> &str {
    let cii = "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID";
    n.root().one("CustomizationID").or_else(|| n.root().one(cii)).map_or("", Node::trimmed)
}

/// XRechnung, its extension or its CVD profile, of any version since 3.0.
pub(super) fn is_xrechnung(specification: &str) -> bool {
    specification.starts_with("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_")
}

pub(super) fn is_extension(specification: &str) -> bool {
    is_xrechnung(specification) && specification.contains("#conformant#urn:xeinkauf.de:kosit:extension:")
}

/// Whether the document of an element follows the extension of XRechnung.
pub(super) fn in_extension(n: Node<'_>) -> bool {
    is_extension(specification(n))
}

/// Clean vehicles directive.
pub(super) fn is_cvd(specification: &str) -> bool {
    is_xrechnung(specification) && specification.contains(":kosit:xrechnung:cvd_")
}

/// Whether the document of an element follows the CVD profile of XRechnung.
pub(super) fn in_cvd(n: Node<'_>) -> bool {
    is_cvd(specification(n))
}

/// None of the elements has the attribute.
pub(super) fn bare(n: Node<'_>, path: &str, attribute: &str) -> bool {
    n.all(path).iter().all(|e| e.attribute(attribute).is_none())
}

pub(super) fn sibling_is(n: Node<'_>, path: &str, text: &str) -> bool {
    n.parent().is_some_and(|p| p.any_is(path, text))
}

/// Whether a child has that truth value.
pub(super) fn sibling_of(n: Node<'_>, path: &str, value: bool) -> bool {
    n.one(path).is_some_and(|b| matches!((b.trimmed(), value), ("true" | "1", true) | ("false" | "0", false)))
}

pub(super) fn sibling_bool(n: Node<'_>, path: &str, value: bool) -> bool {
    n.parent().is_some_and(|p| sibling_of(p, path, value))
}

/// BR-CL-08: a note that begins with a subject code between `#` has one of the list.
pub(super) fn subject(n: Node<'_>) -> bool {
    let Some((_, after)) = n.text().split_once('#') else { return true };
    let Some((code, _)) = after.split_once('#') else { return true };
    code.chars().count() != 3 || List::TextSubject.has(code)
}

/// Seller and payee may have a SEPA creditor identifier.
pub(super) fn may_have_creditor_id(n: Node<'_>) -> bool {
    n.is_inside("AccountingSupplierParty") || n.is_inside("PayeeParty")
}

pub(super) fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, after)| after.chars().count())
}

pub(super) fn in_price_allowance(n: Node<'_>) -> bool {
    n.parent()
        .filter(|p| p.name() == "AllowanceCharge")
        .and_then(Node::parent)
        .is_some_and(|p| p.name() == "Price")
}

/// UBL-SR-43: a scheme or a type code is for the invoiced object only.
pub(super) fn object_only_with_its_code(n: Node<'_>) -> bool {
    let code = n.one("DocumentTypeCode").map(Node::trimmed);
    let scheme = n.all("ID").iter().any(|id| id.attribute("schemeID").is_some());
    match code {
        Some("130") => true,
        Some("50") => n.root().name() == "CreditNote",
        Some(_) => false,
        None => !scheme,
    }
}

pub(super) fn objects(n: Node<'_>) -> usize {
    let is = |d: &&Node<'_>| d.any_is("DocumentTypeCode", "130");
    n.all("AdditionalDocumentReference").iter().filter(is).map(|d| d.count("ID")).sum()
}

/// Tax registrations of a party under VAT or under other schemes.
pub(super) fn schemes(n: Node<'_>, party: &str, vat: bool) -> usize {
    let is =
        |s: &&Node<'_>| s.all("TaxScheme").iter().any(|t| t.text_at("ID").eq_ignore_ascii_case("VAT") == vat);
    n.all(&format!("{party}/Party/PartyTaxScheme")).iter().filter(is).map(|s| s.count("CompanyID")).sum()
}

pub(super) fn creditor_ids(n: Node<'_>) -> usize {
    let is = |e: &Node<'_>| {
        e.name() == "ID"
            && e.parent().is_some_and(|p| p.name() == "PartyIdentification")
            && e.attribute("schemeID").is_some_and(|s| s.eq_ignore_ascii_case("SEPA"))
    };
    n.descendants().filter(is).count()
}

/// How many different texts the elements of a name have.
pub(super) fn distinct(n: Node<'_>, name: &str) -> usize {
    n.descendants().filter(|e| e.name() == name).map(Node::text).collect::<HashSet<_>>().len()
}

/// UBL-SR-19 to -21: the payee's name is not the seller's.
pub(super) fn payee_is_another(n: Node<'_>) -> bool {
    let names = n.all("PartyName/Name");
    let sellers = n.root().all("AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName");
    names.iter().any(|name| sellers.iter().any(|s| s.trimmed() != name.trimmed()))
}

pub(super) fn payee_ids(n: Node<'_>) -> usize {
    let other = |id: &&Node<'_>| !id.attribute("schemeID").is_some_and(|s| s.eq_ignore_ascii_case("SEPA"));
    n.all("PartyIdentification/ID").iter().filter(other).count()
}

/// Additional documents of a type code.
pub(super) fn documents(n: Node<'_>, code: &str) -> usize {
    n.all("AdditionalReferencedDocument").iter().filter(|d| d.text_at("TypeCode") == code).count()
}

/// Elements of additional documents of a type code.
pub(super) fn in_documents(n: Node<'_>, code: &str, name: &str) -> usize {
    let of = n.all("AdditionalReferencedDocument").into_iter().filter(|d| d.text_at("TypeCode") == code);
    of.map(|d| d.count(name)).sum()
}

/// A discount on the price is an allowance with an amount.
pub(super) fn discounted(n: Node<'_>) -> bool {
    let part = "GrossPriceProductTradePrice/AppliedTradeAllowanceCharge";
    let indicators = n.all(&format!("{part}/ChargeIndicator"));
    let amount = n.has(&format!("{part}/ActualAmount"));
    let allowance = indicators.iter().any(|i| sibling_of(*i, "Indicator", false));
    (allowance && amount) || (indicators.is_empty() && !amount)
}

/// Units are for quantities of lines that are billed in a unit.
pub(super) fn billed_in_unit(n: Node<'_>) -> bool {
    let path = "SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem/SpecifiedLineTradeDelivery/BilledQuantity";
    n.root().all(path).iter().any(|q| q.attribute("unitCode").is_some())
}

pub(super) fn additional(n: Node<'_>, codes: &[&str]) -> bool {
    n.name() == "AdditionalReferencedDocument" && codes.contains(&n.text_at("TypeCode"))
}

/// All payment means say the same.
pub(super) fn one_payment(n: Node<'_>, name: &str) -> bool {
    let is = |e: &Node<'_>| {
        e.name() == name && e.parent().is_some_and(|p| p.name() == "SpecifiedTradeSettlementPaymentMeans")
    };
    n.descendants().filter(is).map(Node::trimmed).collect::<HashSet<_>>().len() <= 1
}

/// CII-DT-097: year, month and day.
pub(super) fn compact_date(text: &str) -> bool {
    let part = |range| text.get(range).and_then(|t: &str| t.parse::<u8>().ok());
    text.len() == 8
        && text.bytes().all(|b| b.is_ascii_digit())
        && part(4..6).is_some_and(|m| (1..=12).contains(&m))
        && part(6..8).is_some_and(|d| (1..=31).contains(&d))
}
