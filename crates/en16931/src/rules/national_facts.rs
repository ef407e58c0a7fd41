//! What the rules of single countries ask.

use super::facts::value;
use super::identifier_facts::{digits, greek_tin, has_digits, mod_11};
use super::peppol_facts::seated;
use crate::model::{
    Address, Contact, Identifier, Invoice, Party, Payment, Supporting, Text, Totals, VatCategory,
};
use rust_decimal::Decimal;

/// VAT identifiers of a party. Peppol's own cases name the scheme `VAT` in CII as well.
pub(super) fn vat_ids<'i, 'd>(party: &'i Party<'d>) -> impl Iterator<Item = &'d str> + use<'i, 'd> {
    let others = party.tax_ids.iter().filter(|id| id.scheme == Some("VAT")).map(|id| id.value);
    party.vat_ids.iter().copied().chain(others)
}

fn country_of_vat(party: Option<&Party<'_>>) -> Option<String> {
    let id = vat_ids(party?).next()?;
    Some(id.get(..2).unwrap_or(id).to_uppercase())
}

/// The seller's country: of its VAT identifier, of its representative's, of its address.
fn seller_country(i: &Invoice<'_>) -> Option<String> {
    country_of_vat(i.seller.as_ref())
        .or_else(|| country_of_vat(i.representative.as_ref()))
        .or_else(|| Some(i.seller.as_ref()?.address?.country?.to_uppercase()))
}

/// The buyer's country: of its VAT identifier, of its address.
fn buyer_country(i: &Invoice<'_>) -> Option<String> {
    country_of_vat(i.buyer.as_ref()).or_else(|| Some(i.buyer.as_ref()?.address?.country?.to_uppercase()))
}

pub(super) fn from(i: &Invoice<'_>, country: &str) -> bool {
    seller_country(i).as_deref() == Some(country)
}

pub(super) fn vat_id<'d>(i: &Invoice<'d>) -> Option<&'d str> {
    vat_ids(i.seller.as_ref()?).next()
}

/// The seller's tax registrations other than VAT.
pub(super) fn other_registrations<'i, 'd>(i: &'i Invoice<'d>) -> impl Iterator<Item = &'i Identifier<'d>> {
    i.seller.iter().flat_map(|p| &p.tax_ids).filter(|id| id.scheme != Some("VAT"))
}

/// NO, nine digits with their check digit, MVA.
pub(super) fn norwegian_vat(seller: &Party<'_>) -> bool {
    let form = |id: &str| {
        let number = id.get(2..11).unwrap_or("");
        id.get(11..) == Some("MVA") && has_digits(number, 9) && mod_11(number)
    };
    vat_ids(seller).filter(|id| id.starts_with("NO")).all(form)
}

/// The register of business enterprises is named as a tax registration.
pub(super) fn in_company_register(seller: &Party<'_>) -> bool {
    let named = |id: &&Identifier<'_>| id.scheme != Some("VAT");
    seller.tax_ids.iter().filter(named).any(|id| id.value == "Foretaksregisteret")
}

pub(super) fn begins(text: Text<'_>, heads: &[&str]) -> bool {
    text.is_some_and(|t| heads.iter().any(|h| t.starts_with(h)))
}

pub(super) fn length(text: Text<'_>) -> usize {
    text.map_or(0, |t| t.chars().count())
}

/// A debited account; in CII the creditor's reference stands for it.
pub(super) fn debited(p: &Payment<'_>, i: &Invoice<'_>) -> bool {
    let reference = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/CreditorReferenceID";
    p.debited_account.is_some_and(|a| !a.is_empty()) || (i.is_cii() && i.root.filled(reference))
}

/// The seller's country is Italy; in CII that of its address.
pub(super) fn italian(i: &Invoice<'_>) -> bool {
    if i.is_cii() { seated(i, "IT") } else { from(i, "IT") }
}

/// A Danish excise: four digits, or text around a `#`.
pub(super) fn danish_tax(reason: &str) -> bool {
    let number = reason.chars().count() == 4 && reason.trim().parse::<u16>().is_ok();
    number || (reason.contains('#') && !reason.starts_with('#') && !reason.ends_with('#'))
}

pub(super) fn icelandic_account(i: &Invoice<'_>, code: &str) -> bool {
    let mut of = i.payments.iter().filter(|p| p.code == Some(code)).peekable();
    of.peek().is_none() || of.any(|p| length(p.account) == 12)
}

/// Identifiers of documents that tell the last day of payment.
pub(super) fn last_days<'i, 'd>(i: &'i Invoice<'d>) -> impl Iterator<Item = &'d str> + use<'i, 'd> {
    i.documents.iter().filter(|d| d.description == Some("EINDAGI")).map(|d| d.id.unwrap_or(""))
}

/// A seller in Sweden with a Swedish VAT identifier.
pub(super) fn swedish_vat_seller(i: &Invoice<'_>) -> bool {
    seated(i, "SE") && vat_id(i).is_some_and(|id| id.starts_with("SE"))
}

/// Organisation number of a seller in Sweden.
pub(super) fn swedish_number<'d>(i: &Invoice<'d>) -> Option<&'d str> {
    i.seller.as_ref().filter(|_| seated(i, "SE")).and_then(|p| p.legal_id).map(|id| id.value)
}

pub(super) fn swedish_rate(v: &VatCategory<'_>) -> bool {
    value(v.rate).is_some_and(|r| [25, 12, 6].into_iter().any(|n| Decimal::from(n) == r))
}

/// Accounts of a Swedish giro.
pub(super) fn giro<'i, 'd>(
    i: &'i Invoice<'d>,
    name: &'static str,
) -> impl Iterator<Item = &'d str> + use<'i, 'd> {
    let of = i
        .payments
        .iter()
        .filter(move |p| seated(i, "SE") && p.code == Some("30") && p.provider == Some(name));
    of.filter_map(|p| p.account)
}

pub(super) fn is_number(text: &str) -> bool {
    crate::decimal::parse(text).is_some()
}

pub(super) fn italian_registration(id: &str) -> bool {
    (11..=16).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The seller's country is Greece.
pub(super) fn greek(i: &Invoice<'_>) -> bool {
    from(i, "GR") || from(i, "EL")
}

pub(super) fn both_greek(i: &Invoice<'_>) -> bool {
    greek(i) && buyer_country(i).is_some_and(|c| c == "GR" || c == "EL")
}

/// The seller also sits there.
pub(super) fn greek_seat(i: &Invoice<'_>) -> bool {
    greek(i) && i.seller.as_ref().and_then(|p| p.address).is_some_and(|a| a.country == Some("GR"))
}

/// As `greek`, without asking the representative.
pub(super) fn greek_account(i: &Invoice<'_>) -> bool {
    let country = country_of_vat(i.seller.as_ref())
        .or_else(|| Some(i.seller.as_ref()?.address?.country?.to_uppercase()));
    country.is_some_and(|c| c == "GR" || c == "EL")
}

pub(super) fn greek_vat(id: &str) -> bool {
    id.strip_prefix("EL").is_some_and(greek_tin)
}

pub(super) fn greek_vat_ids<'i, 'd>(i: &'i Invoice<'d>) -> impl Iterator<Item = &'d str> + use<'i, 'd> {
    [&i.seller, &i.representative].into_iter().flatten().flat_map(vat_ids)
}

/// Segments of a Greek invoice number.
pub(super) fn segments<'d>(i: &Invoice<'d>) -> Vec<&'d str> {
    i.number.unwrap_or("").split('|').collect()
}

pub(super) fn segment<'d>(i: &Invoice<'d>, n: usize) -> Option<&'d str> {
    segments(i).get(n).copied()
}

/// `31/1/2026` is the issue date.
pub(super) fn is_issue_date(text: &str, i: &Invoice<'_>) -> bool {
    let (text, issued) =
        (text.split('/').collect::<Vec<_>>(), i.issue_date.unwrap_or("").split('-').collect::<Vec<_>>());
    matches!((text.as_slice(), issued.as_slice()), ([d, m, y], [year, month, day]) if d == day && m == month && y == year)
}

pub(super) fn described<'i, 'd>(
    i: &'i Invoice<'d>,
    description: &'static str,
) -> impl Iterator<Item = &'i Supporting<'d>> {
    i.documents.iter().filter(move |d| d.description == Some(description))
}

/// Street, city and post code.
pub(super) fn complete(a: Address<'_>) -> bool {
    a.street.is_some() && a.city.is_some() && a.post_code.is_some()
}

/// Chamber of commerce or government organisation number.
pub(super) fn dutch_number(id: Identifier<'_>) -> bool {
    matches!(id.scheme, Some("0106" | "0190")) && !id.value.is_empty()
}

pub(super) fn nothing_to_pay(t: &Totals<'_>, i: &Invoice<'_>) -> bool {
    let due = value(t.due);
    if i.is_credit_note() {
        due.is_some_and(|v| v >= Decimal::ZERO)
    } else {
        due.is_some_and(|v| v <= Decimal::ZERO)
    }
}

pub(super) fn seller_address<'d>(i: &Invoice<'d>) -> Option<Address<'d>> {
    i.seller.as_ref()?.address
}

pub(super) fn buyer_address<'d>(i: &Invoice<'d>) -> Option<Address<'d>> {
    i.buyer.as_ref()?.address
}

pub(super) fn delivery_address<'d>(i: &Invoice<'d>) -> Option<Address<'d>> {
    i.delivery?.address
}

pub(super) fn seller_contact<'d>(i: &Invoice<'d>) -> Option<Contact<'d>> {
    i.seller.as_ref()?.contact
}

/// A VAT category for which the seller has to be registered.
pub(super) fn uses_vat(i: &Invoice<'_>) -> bool {
    i.item_categories().any(|v| matches!(v.code, Some("S" | "Z" | "E" | "AE" | "K" | "G" | "L" | "M")))
}

pub(super) fn registered(i: &Invoice<'_>) -> bool {
    i.seller
        .iter()
        .any(|p| p.vat_ids.iter().any(|id| !id.is_empty()) || p.tax_ids.iter().any(|id| !id.value.is_empty()))
}

pub(super) fn german_type(code: &str) -> bool {
    matches!(code, "326" | "380" | "384" | "389" | "381" | "875" | "876" | "877")
}

pub(super) fn has_debit(i: &Invoice<'_>) -> bool {
    i.payments.iter().any(|p| p.debit)
}

/// A SEPA creditor identifier of seller or payee.
pub(super) fn creditor_id(i: &Invoice<'_>) -> bool {
    if i.is_cii() {
        return i.root.descendants().any(|n| n.name() == "CreditorReferenceID");
    }
    [&i.seller, &i.payee].into_iter().flatten().flat_map(|p| &p.ids).any(|id| id.scheme == Some("SEPA"))
}

/// File names of attachments differ.
pub(super) fn distinct_files(i: &Invoice<'_>) -> bool {
    let names: Vec<&str> = i.documents.iter().filter_map(|d| d.filename).collect();
    names.iter().enumerate().all(|(n, name)| !names.iter().take(n).any(|other| other == name))
}

/// Lines that begin with `#` are discounts as `#SKONTO#TAGE=14#PROZENT=2.25#`, and the last one ends with a line break.
pub(super) fn skonto(terms: &str) -> bool {
    let mut discounts = terms.lines().filter(|l| l.trim().starts_with('#')).peekable();
    discounts.peek().is_none() || (discounts.all(is_skonto) && ends_with_break(terms))
}

fn is_skonto(line: &str) -> bool {
    let Some(rest) = line.trim().strip_prefix("#SKONTO#TAGE=").and_then(|r| r.strip_suffix('#')) else {
        return false;
    };
    let mut parts = rest.split('#');
    let cents = |text: &str| {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        digits(whole).is_some() && has_digits(part, 2)
    };
    parts.next().is_some_and(|days| digits(days).is_some())
        && parts.next().and_then(|p| p.strip_prefix("PROZENT=")).is_some_and(cents)
        && parts.next().is_none_or(|p| {
            p.strip_prefix("BASISBETRAG=").is_some_and(|a| cents(a.strip_prefix('-').unwrap_or(a)))
        })
        && parts.next().is_none()
}

fn ends_with_break(terms: &str) -> bool {
    let after = terms.rfind('#').and_then(|at| terms.get(at + 1..)).unwrap_or("");
    after.trim_start_matches([' ', '\t', '\r']).starts_with('\n')
}

pub(super) fn telephone(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 3
}

/// One `@`, no space, and a dot with something on each side after it.
pub(super) fn email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let labels: Vec<&str> = host.split('.').collect();
    !name.is_empty()
        && !text.contains(char::is_whitespace)
        && !host.contains('@')
        && labels.len() >= 2
        && labels.iter().all(|l| !l.is_empty())
}

/// An absolute address with a scheme.
pub(super) fn url(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.len() >= 2
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
}
