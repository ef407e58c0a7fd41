//! The part of JSON Schema that describes what a tenant wants extracted.
//!
//! Owns which keywords are understood. Knows nothing of pages. Rule: a schema that asks for something that would be
//! ignored is refused with the name of the keyword, so that nobody waits for values that cannot come.

use docmill_contracts::{Class, Classify, Code};
use serde_json::{Map, Value};
use thiserror::Error;

/// Most properties of a schema.
pub const MAX_FIELDS: usize = 100;

/// What a property's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `format: date`: a calendar day.
    Date,
    /// `type: number` or `integer`: an amount.
    Amount,
    /// Any other text: a number of a document, a name.
    Text,
}

/// One property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaField {
    /// Name of the property; the name of the field in the result.
    pub name: String,
    /// `title`, as it may stand on a page.
    pub title: String,
    /// `description`.
    pub description: String,
    /// `x-aliases`: other labels that stand on pages.
    pub aliases: Vec<String>,
    /// What its values look like.
    pub kind: ValueKind,
    /// `type: integer`: no decimals.
    pub whole: bool,
    /// `enum`: the only values there are.
    pub allowed: Vec<String>,
    /// Whether it is among `required`.
    pub required: bool,
}

/// A tenant's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// `title`.
    pub title: String,
    /// Properties in the order of the schema.
    pub fields: Vec<SchemaField>,
}

/// Why a schema cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SchemaError {
    /// More bytes than are read.
    #[error("json schema of {bytes} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its length.
        bytes: i64,
        /// The limit.
        limit: i64,
    },
    /// Not JSON.
    #[error("json schema is not valid json: line {line}, column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A keyword that is not understood, or a value that it cannot have.
    #[error("json schema keyword `{keyword}` at `{place}` is not supported: {why}")]
    Keyword {
        /// The keyword.
        keyword: String,
        /// Property, or `#` for the schema itself.
        place: String,
        /// What is supported.
        why: &'static str,
    },
}

impl Classify for SchemaError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::TooLarge { .. } | Self::Syntax { .. } => "INFER-0006",
            Self::Keyword { .. } => "INFER-0007",
        })
    }
}

/// Keywords that say nothing about how to find a value; validation of values is not infer's.
const HARMLESS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

impl Schema {
    /// Reads a schema.
    pub fn parse(bytes: &[u8]) -> Result<Self, SchemaError> {
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|e| SchemaError::Syntax { line: e.line(), column: e.column() })?;
        let root = value.as_object().ok_or_else(|| keyword("type", "#", "a schema is an object"))?;
        for name in root.keys() {
            let known = matches!(name.as_str(), "type" | "properties" | "required" | "additionalProperties");
            if !known && !HARMLESS.contains(&name.as_str()) && !name.starts_with("x-") {
                return Err(keyword(name, "#", "only one flat object with properties is read"));
            }
        }
        if root.get("type").is_some_and(|t| t != "object") {
            return Err(keyword("type", "#", "it must be `object`"));
        }
        let properties = root.get("properties").and_then(Value::as_object);
        let properties = properties.filter(|p| !p.is_empty());
        let properties =
            properties.ok_or_else(|| keyword("properties", "#", "at least one property is needed"))?;
        if properties.len() > MAX_FIELDS {
            return Err(keyword("properties", "#", "at most 100 properties are read"));
        }
        let required = strings(root.get("required"), "required", "#")?;
        let fields = properties.iter().map(|(name, p)| property(name, p, &required));
        Ok(Self { title: text(root, "title"), fields: fields.collect::<Result<_, _>>()? })
    }
}

fn property(name: &str, value: &Value, required: &[String]) -> Result<SchemaField, SchemaError> {
    let object = value.as_object().ok_or_else(|| keyword("properties", name, "a property is an object"))?;
    for word in object.keys() {
        let known = matches!(word.as_str(), "type" | "format" | "enum" | "x-aliases");
        if !known && !HARMLESS.contains(&word.as_str()) && !word.starts_with("x-") {
            return Err(keyword(word, name, "properties are strings, dates, numbers or integers"));
        }
    }
    // ["string", "null"] is a way to say that a value may be missing.
    let types = match object.get("type") {
        None => vec!["string"],
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect(),
        Some(_) => Vec::new(),
    };
    let format = text(object, "format");
    let kind = match (types.as_slice(), format.as_str()) {
        (["string"], "date" | "date-time") => ValueKind::Date,
        (["string"], _) => ValueKind::Text,
        (["number" | "integer"], _) => ValueKind::Amount,
        _ => return Err(keyword("type", name, "it must be string, number or integer")),
    };
    Ok(SchemaField {
        name: name.to_owned(),
        title: text(object, "title"),
        description: text(object, "description"),
        aliases: strings(object.get("x-aliases"), "x-aliases", name)?,
        kind,
        whole: types.as_slice() == ["integer"],
        allowed: strings(object.get("enum"), "enum", name)?,
        required: required.iter().any(|r| r == name),
    })
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().chars().take(1000).collect()
}

fn strings(value: Option<&Value>, word: &str, place: &str) -> Result<Vec<String>, SchemaError> {
    let wrong = || keyword(word, place, "it must be a list of at most 100 strings");
    let Some(value) = value else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|l| l.len() <= 100).ok_or_else(wrong)?;
    list.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

fn keyword(keyword: &str, place: &str, why: &'static str) -> SchemaError {
    let short = |s: &str| s.chars().filter(|c| !c.is_control()).take(80).collect();
    SchemaError::Keyword { keyword: short(keyword), place: short(place), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_schema_is_read() {
        let schema = Schema::parse(
            br#"{"title": "T", "type": "object", "required": ["a"], "properties": {
                "a": {"type": "string", "title": "A no", "x-aliases": ["Nr."]},
                "b": {"type": ["string", "null"], "format": "date"}, "c": {"type": "number", "minimum": 0}}}"#,
        )
        .unwrap();
        let kinds: Vec<_> = schema.fields.iter().map(|f| (f.name.as_str(), f.kind, f.required)).collect();
        assert_eq!(
            kinds,
            [("a", ValueKind::Text, true), ("b", ValueKind::Date, false), ("c", ValueKind::Amount, false)]
        );
        assert_eq!(schema.fields[0].aliases, ["Nr."]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let error = |json: &str| Schema::parse(json.as_bytes()).unwrap_err().to_string();
        assert!(error(r#"{"$ref": "x"}"#).contains("`$ref` at `#`"));
        assert!(error(r#"{"properties": {"a": {"type": "array"}}}"#).contains("`type` at `a`"));
        assert!(error(r#"{"properties": {"a": {"anyOf": []}}}"#).contains("`anyOf` at `a`"));
        assert!(error(r#"{"properties": {}}"#).contains("`properties`"));
        assert!(error("{").contains("line 1"));
        assert!(error(r#"{"properties": {"a": {"x-aliases": [1]}}}"#).contains("`x-aliases` at `a`"));
    }
}
