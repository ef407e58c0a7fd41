//! Documents under a tenant's own schema: only what that schema requires is checked.

use crate::Config;
use crate::error::code;
use crate::rules::{page_problems, weak};
use crate::subject::{Subject, day, decimal};
use docmill_contracts::{Problem, Severity};
use serde_json::{Map, Value};

/// Largest schema that is read, in bytes.
pub(crate) const MAX_SCHEMA_BYTES: i64 = 1024 * 1024;

/// Whether a value has the form that a property wants.
type Fits = fn(&str) -> bool;

/// What validation needs of a JSON Schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TenantSchema {
    /// Fields that must be there.
    required: Vec<String>,
    /// Fields that are numbers.
    numbers: Vec<String>,
    /// Fields that are days.
    dates: Vec<String>,
}

impl TenantSchema {
    /// Reads a schema, or says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let Ok(Value::Object(schema)) = serde_json::from_slice(bytes) else {
            return Err("is not a JSON object");
        };
        let none = Map::new();
        let properties = match schema.get("properties") {
            None => &none,
            Some(Value::Object(properties)) => properties,
            Some(_) => return Err("has `properties` that are no object"),
        };
        let required = match schema.get("required") {
            None => Vec::new(),
            Some(Value::Array(names)) => names
                .iter()
                .map(|name| {
                    name.as_str().map(str::to_owned).ok_or("has names in `required` that are no text")
                })
                .collect::<Result<_, _>>()?,
            Some(_) => return Err("has a `required` that is no array"),
        };
        let those = |key: &str, wanted: &[&str]| -> Vec<String> {
            let is = |property: &Value| {
                property.get(key).and_then(Value::as_str).is_some_and(|v| wanted.contains(&v))
            };
            properties.iter().filter(|(_, property)| is(property)).map(|(name, _)| name.clone()).collect()
        };
        Ok(Self {
            required,
            numbers: those("type", &["number", "integer"]),
            dates: those("format", &["date"]),
        })
    }

    /// What is wrong with a document. Where the schema requires nothing, every field that is there must be sure.
    pub(crate) fn check(&self, subject: Subject, config: &Config) -> Vec<Problem> {
        let fields = &subject.document.fields;
        let mut problems = Vec::new();
        for name in &self.required {
            if fields.get(name).is_none_or(|field| field.value.trim().is_empty()) {
                let message = format!("the schema requires {name}, and it was not found");
                problems.push(subject.problem(code::REQUIRED, Severity::Error, message, &[name]));
            }
        }
        let forms: [(&Vec<String>, &str, &str, Fits); 2] = [
            (&self.numbers, code::NOT_A_NUMBER, "decimal number", |value| decimal(value).is_some()),
            (&self.dates, code::NOT_A_DATE, "day as in 2026-01-31", |value| day(value).is_some()),
        ];
        for (names, code, what, fits) in forms {
            for name in names {
                if let Some(field) = fields.get(name).filter(|field| !fits(&field.value)) {
                    let shown: String = field.value.chars().take(40).collect();
                    let message = format!("{name} `{shown}` is not a {what}");
                    problems.push(subject.problem(code, Severity::Error, message, &[name]));
                }
            }
        }
        if self.required.is_empty() {
            problems.extend(weak(subject, config, fields.keys().map(String::as_str)));
        } else {
            problems.extend(weak(subject, config, self.required.iter().map(String::as_str)));
        }
        problems.extend(page_problems(subject.document));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Sample, codes};
    use Severity::Error;

    const SCHEMA: &str = r#"{"type": "object", "required": ["contract_num", "gross_amount"], "properties": {
        "contract_num": {"type": "string"}, "gross_amount": {"type": "number"}, "flight_from": {"type": "string", "format": "date"}}}"#;

    #[test]
    fn only_what_the_schema_requires_is_checked() {
        let schema = TenantSchema::parse(SCHEMA.as_bytes()).unwrap();
        let found = |sample: &Sample| {
            codes(&schema.check(sample.subject(), &Config::default()))
                .into_iter()
                .map(|(code, severity)| (code.to_owned(), severity))
                .collect::<Vec<_>>()
        };
        let good = Sample::new("other").fields(&[("contract_num", "7"), ("gross_amount", "10.125")]);
        assert_eq!(found(&good), []);
        let mut bad = Sample::new("other").fields(&[("gross_amount", "ten"), ("flight_from", "1/2/2026")]);
        bad.confidence("gross_amount", 0.2);
        bad.confidence("flight_from", 0.2);
        let want = ["VALIDATE-0002", "VALIDATE-0006", "VALIDATE-0007", "VALIDATE-0003"];
        assert_eq!(found(&bad), want.map(|code| (code.to_owned(), Error)));
    }

    #[test]
    fn what_is_no_schema_is_told() {
        for (text, why) in [
            ("[]", "is not a JSON object"),
            ("{", "is not a JSON object"),
            (r#"{"required": "a"}"#, "has a `required` that is no array"),
            (r#"{"required": [1]}"#, "has names in `required` that are no text"),
            (r#"{"properties": []}"#, "has `properties` that are no object"),
        ] {
            assert_eq!(TenantSchema::parse(text.as_bytes()), Err(why));
        }
    }
}
