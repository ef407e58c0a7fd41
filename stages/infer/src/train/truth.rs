//! What an example says is right, and when a value agrees with it.
//!
//! Owns reading truth.jsonl and comparing values. Knows no page. Rule: values are compared as the accuracy script compares
//! them: amounts as decimals, numbers without marks, names without case, accents and marks.

use crate::local::fields::Role;
use crate::local::lexicon::plain;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One example's truth.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// File name.
    pub name: String,
    /// Group for cross-validation; the file's own name where none is given.
    pub group: String,
    /// Document type.
    pub kind: Option<String>,
    /// Values by field.
    pub fields: BTreeMap<String, String>,
    /// Fields that the document does not have. Of those that are neither here nor there nothing is known.
    pub absent: BTreeSet<String>,
    /// Rows of the item table.
    pub line_items: Vec<BTreeMap<String, String>>,
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alike {
    /// As decimals.
    Amount,
    /// As ISO days.
    Day,
    /// Without marks and spaces.
    Ident,
    /// Word by word.
    Name,
}

impl Alike {
    /// How values of a role are compared.
    pub fn of(role: Role) -> Self {
        use Role as R;
        match role {
            R::IssueDate | R::DueDate | R::DeliveryDate | R::PeriodFrom | R::PeriodTo | R::OwnDate => {
                Self::Day
            }
            R::Net | R::Tax | R::Gross | R::Due | R::OwnAmount => Self::Amount,
            R::SellerName | R::BuyerName | R::SellerAddress | R::BuyerAddress | R::OwnText | R::OwnChoice => {
                Self::Name
            }
            R::Number | R::PurchaseOrder | R::SellerVat | R::BuyerVat | R::Iban | R::Bic | R::Currency => {
                Self::Ident
            }
        }
    }

    /// The form in which values are compared.
    pub fn key(self, value: &str) -> String {
        match self {
            Self::Amount => {
                let core: String =
                    value.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).collect();
                core.parse::<Decimal>().map_or(core, |d| d.normalize().to_string())
            }
            Self::Day => value.trim().chars().take(10).collect(),
            Self::Ident => letters(value).filter(|c| c.is_alphanumeric()).collect(),
            Self::Name => {
                let mut text = value.trim();
                if let Some(at) = text.rfind('(').filter(|_| text.ends_with(')')) {
                    let code = &text[at + 1..text.len() - 1];
                    let number = code.chars().all(|c| c.is_ascii_digit() || matches!(c, '/' | ' ' | '-'));
                    if number && !code.is_empty() {
                        text = &text[..at];
                    }
                }
                let spaced: String =
                    letters(text).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
                spaced.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// How alike two values are, 0..=1, in the form in which they are compared.
    pub fn similarity(a: &str, b: &str) -> f32 {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(300).collect(), b.chars().take(300).collect());
        let longest = a.len().max(b.len());
        if longest == 0 || a.len().abs_diff(b.len()) * 3 > longest {
            return 0.0;
        }
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = i + 1;
            for (j, y) in b.iter().enumerate() {
                let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
                diagonal = row[j + 1];
                row[j + 1] = next;
            }
        }
        1.0 - row[b.len()] as f32 / longest as f32
    }
}

/// Lower case, without accents.
fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(|c| {
        let single = c.is_alphabetic() && !c.is_ascii();
        let folded = if single { plain(&c.to_string()) } else { String::new() };
        let folded = if folded.is_empty() { c.to_lowercase().collect() } else { folded };
        folded.chars().collect::<Vec<_>>()
    })
}

/// A line of truth.jsonl; values are bare or have a `value`. A field that is `null` is one that the document does not have.
pub fn from_line(line: &str) -> Result<Truth, serde_json::Error> {
    let json: Value = serde_json::from_str(line)?;
    let name = json["source"]["name"].as_str().unwrap_or_default().to_owned();
    let group = text(&json["group"]).unwrap_or_else(|| name.clone());
    let fields = values(&json["fields"]);
    let kind = text(&json["type"]);
    let absent = json["fields"].as_object().into_iter().flatten().filter(|(_, value)| value.is_null());
    let absent = absent.map(|(name, _)| name.clone()).collect();
    let rows = json["line_items"].as_array().into_iter().flatten().map(values);
    Ok(Truth { name, group, kind, fields, absent, line_items: rows.collect() })
}

fn values(json: &Value) -> BTreeMap<String, String> {
    let pairs = json.as_object().into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}

fn text(json: &Value) -> Option<String> {
    let json = json.get("value").unwrap_or(json);
    let text = match json {
        Value::String(s) => s.clone(),
        Value::Number(n) => n.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    Some(text).filter(|t| !t.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bare_or_whole() {
        let truth = from_line(
            r#"{"source": {"name": "a.pdf"}, "type": {"value": "invoice"}, "group": "g",
            "fields": {"a": "1", "b": {"value": "2", "confidence": 1}, "c": null}, "line_items": [{"x": 3}]}"#,
        )
        .unwrap();
        assert_eq!((truth.group.as_str(), truth.kind.as_deref()), ("g", Some("invoice")));
        assert_eq!(
            truth.fields.into_iter().collect::<Vec<_>>(),
            [("a".into(), "1".into()), ("b".into(), "2".into())]
        );
        assert_eq!(truth.absent.into_iter().collect::<Vec<_>>(), ["c"]);
        assert_eq!(truth.line_items[0]["x"], "3");
    }

    #[test]
    fn values_agree_as_the_accuracy_script_says() {
        assert_eq!(Alike::Amount.key("$1,234.50"), Alike::Amount.key("1234.5"));
        assert_eq!(Alike::Ident.key("DE 67-10.04"), "de671004");
        assert_eq!(Alike::Name.key("Müller & Söhne, GmbH (12 345)"), "muller sohne gmbh");
        assert_eq!(Alike::Name.key("Straße (TC)"), "strasse tc");
        assert!(Alike::similarity("jalan sagu 18", "jalan saqu 18") > 0.9);
    }
}
