//! Engine `xml`: reads the e-invoice that is embedded in a document, or is the document.
//!
//! Owns which term of EN 16931 stands where in CII (Factur-X, ZUGFeRD, Order-X) and UBL. Knows nothing of pages. Rule:
//! a value is given as it stands in the XML (days as ISO 8601); nothing is computed and nothing is guessed.

mod business;
mod cii;
mod lengths;
mod once;
mod shown;
mod tree;
mod ubl;

pub(crate) use shown::compare;

use crate::extract::{ENGINE_XML, Extraction};
use docmill_contracts::{Class, Classify, Code, DocumentType, Field, Fields};
use docmill_en16931::{Document, ReadError};
use thiserror::Error;
use tree::Node;

/// Version of the mapping from XML to fields.
pub const MODEL_VERSION: &str = "en16931-1";

const CONFIDENCE: f64 = 0.99;

/// Most characters of all notes together.
const MAX_NOTE_CHARS: usize = 4000;

/// Why an embedded e-invoice cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum XmlError {
    /// It is no XML document, or one that is refused.
    #[error("embedded {0}")]
    Read(#[from] ReadError),
    /// Well-formed, but not a business document that is known.
    #[error("embedded xml with the root element `{root}` is not an e-invoice that is known")]
    Unknown {
        /// Local name of the root element.
        root: String,
    },
}

impl Classify for XmlError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Read(ReadError::Malformed { .. } | ReadError::Encoding) => "INFER-0002",
            Self::Read(ReadError::DocumentType | ReadError::Entity { .. } | ReadError::Limit { .. }) => {
                "INFER-0003"
            }
            Self::Unknown { .. } => "INFER-0004",
        })
    }
}

/// What an e-invoice names besides its fields.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Known {
    /// All accounts that are paid to, IBANs and others, as they stand.
    pub accounts: Vec<String>,
    /// All accounts that are debited.
    pub debited: Vec<String>,
    /// VAT ids and tax numbers of all parties.
    pub tax_ids: Vec<String>,
    /// Code of the document type (BT-3); none where there is none, and for orders.
    pub type_code: Option<String>,
}

/// Reads an e-invoice and applies the business rules that it says it follows.
pub fn extract(bytes: &[u8]) -> Result<Extraction, XmlError> {
    read(bytes).map(|(found, _)| found)
}

/// As [`extract`], with what a comparison with the pages wants to know.
pub fn read(bytes: &[u8]) -> Result<(Extraction, Known), XmlError> {
    let document = Document::parse(bytes)?;
    let root = Node::root(&document);
    let mut found = match root.name() {
        "CrossIndustryInvoice" | "CrossIndustryDocument" | "SCRDMCCBDACIOMessageStructure" => cii::read(root),
        // A draft of ZUGFeRD 1.0 shares its root's name with UBL.
        "Invoice" if root.at("HeaderExchangedDocument").is_some() => cii::read(root),
        "Invoice" | "CreditNote" | "Order" | "OrderResponse" | "OrderChange" => ubl::read(root),
        _ => Extraction::of_engine(ENGINE_XML, MODEL_VERSION),
    };
    if found.fields.is_empty() {
        return Err(XmlError::Unknown { root: root.name().chars().take(80).collect() });
    }
    let long = lengths::cut(&mut found);
    found.problems.extend(long);
    found.problems.extend(once::problems(&document));
    found.problems.extend(business::problems(&document));
    Ok((found, root.known()))
}

/// The document type that a code of UNTDID 1001 stands for.
fn type_of(code: &str, reason: &str) -> DocumentType {
    let value = match code {
        "220" | "221" | "224" | "226" | "227" | "228" | "230" | "258" | "105" => "order",
        "231" | "320" => "order_response",
        "81" | "83" | "261" | "262" | "296" | "308" | "381" | "396" | "420" | "458" | "532" => "credit_note",
        "270" | "351" => "delivery_note",
        _ => "invoice",
    };
    DocumentType {
        value: value.to_owned(),
        confidence: CONFIDENCE,
        reason: Some(format!("{reason} {code}")),
        category: None,
    }
}

/// A field that was read from XML.
fn field(value: String, raw: Option<String>) -> Field {
    Field {
        raw: Some(raw.unwrap_or_else(|| value.clone())),
        value,
        confidence: CONFIDENCE,
        page: None,
        bbox: None,
        engine: ENGINE_XML.to_owned(),
        model_version: MODEL_VERSION.to_owned(),
        other_readings: Vec::new(),
    }
}

fn text(fields: &mut Fields, name: &str, value: Option<String>) {
    if let Some(raw) = value.filter(|v| !v.trim().is_empty()) {
        let one_line = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        fields.insert(name.to_owned(), field(one_line, Some(raw)));
    }
}

fn number(fields: &mut Fields, name: &str, value: Option<String>) {
    if let Some(raw) = value.filter(|v| !v.is_empty()) {
        let plain = raw.strip_prefix('+').unwrap_or(&raw);
        let read = if plain.contains(['e', 'E']) {
            rust_decimal::Decimal::from_scientific(plain).map(|d| d.to_string()).ok()
        } else {
            plain.parse::<rust_decimal::Decimal>().ok().map(|_| plain.to_owned())
        };
        // A number that is too large to be computed with is no missing one: it is kept, and validate says what it is.
        let plain = read.or_else(|| is_number(plain).then(|| plain.to_owned()));
        if let Some(plain) = plain {
            fields.insert(name.to_owned(), field(plain, Some(raw)));
        }
    }
}

/// Whether it is written as a number, however large.
fn is_number(text: &str) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(part) && digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))
}

/// `20200331`, `202003311232`, `2020-03-31`, `2020-03-31T00:00:00`: the day in ISO 8601.
fn day(fields: &mut Fields, name: &str, value: Option<String>) {
    let Some(raw) = value else { return };
    let digits: String = raw.trim().chars().take(10).filter(char::is_ascii_digit).take(8).collect();
    let parts = (digits.get(..4), digits.get(4..6), digits.get(6..8));
    if let (Some(year), Some(month), Some(day)) = parts {
        let iso = format!("{year}-{month}-{day}");
        if iso.parse::<jiff::civil::Date>().is_ok() {
            fields.insert(name.to_owned(), field(iso, Some(raw)));
        }
    }
}

/// Parts of an address on one line.
fn address(fields: &mut Fields, name: &str, parts: &[Option<String>]) {
    let joined =
        parts.iter().flatten().map(|p| p.trim()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ");
    text(fields, name, Some(joined));
}

/// Notes on one line, in order.
fn note(fields: &mut Fields, notes: &[String]) {
    let joined = notes.join(" ");
    text(fields, "note", Some(joined.chars().take(MAX_NOTE_CHARS).collect()));
}

/// The sum of amounts; none where there are none or one is no number.
fn total(fields: &mut Fields, name: &str, amounts: impl Iterator<Item = String>) {
    let amounts: Vec<String> = amounts.collect();
    let numbers: Option<Vec<_>> = amounts.iter().map(|a| docmill_en16931::decimal::parse(a)).collect();
    if let Some(sum) = numbers.filter(|n| !n.is_empty()).and_then(docmill_en16931::decimal::sum) {
        fields.insert(name.to_owned(), field(sum.to_string(), Some(amounts.join(" + "))));
    }
}

/// An identifier of a scheme of ISO/IEC 6523 whose check digits are known.
fn registered(fields: &mut Fields, role: &str, scheme: Option<&str>, id: &str) {
    let name = match scheme {
        Some("0088") => "gln",
        Some("0002") if id.chars().filter(char::is_ascii_digit).count() == 14 => "siret",
        Some("0002") => "siren",
        Some("0009") => "siret",
        _ => return,
    };
    text(fields, &format!("{role}_{name}"), Some(id.to_owned()));
}

#[cfg(test)]
mod tests;
