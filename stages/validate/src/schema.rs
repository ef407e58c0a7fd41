//! Documents under a tenant's own schema: what that schema says is checked, and nothing else.
//!
//! Rule: what the schema refers to outside of itself is never fetched, and its patterns are matched in linear time.

use crate::Config;
use crate::error::code;
use crate::rules::{page_problems, weak, weak_together};
use crate::subject::{Subject, day, decimal};
use docmill_contracts::{Problem, Severity};
use serde_json::{Map, Value};

/// Largest schema that is read, in bytes.
pub(crate) const MAX_SCHEMA_BYTES: i64 = 1024 * 1024;

/// Whether a value has the form that a property wants.
type Fits = fn(&str) -> bool;

/// Most mistakes against a schema that a result lists.
const MOST_PROBLEMS: usize = 25;
/// Largest compiled pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;

/// What validation needs of a JSON Schema.
#[derive(Debug)]
pub(crate) struct TenantSchema {
    /// The whole schema.
    validator: jsonschema::Validator,
    /// Fields that are true or false.
    booleans: Vec<String>,
    /// Whether it has rows.
    rows: bool,
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
        let Ok(whole @ Value::Object(_)) = serde_json::from_slice(bytes) else {
            return Err("is not a JSON object");
        };
        let Some(schema) = whole.as_object() else { return Err("is not a JSON object") };
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
        let patterns = jsonschema::PatternOptions::regex().size_limit(MAX_PATTERN_BYTES);
        let validator = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(patterns)
            .build(&whole)
            .map_err(|_| "has keywords or references that cannot be checked")?;
        Ok(Self {
            validator,
            booleans: those("type", &["boolean"]),
            rows: properties.contains_key("line_items"),
            numbers: those("type", &["number", "integer"]),
            dates: those("format", &["date"]),
            required,
        })
    }

    /// Whether it says anything about rows.
    pub(crate) fn has_rows(&self) -> bool {
        self.rows
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
        problems.extend(self.mistakes(subject, &problems));
        let must_be_sure: Vec<&str> = if self.required.is_empty() {
            fields.keys().map(String::as_str).collect()
        } else {
            self.required.iter().map(String::as_str).collect()
        };
        problems.extend(weak(subject, config, must_be_sure.iter().copied()));
        problems.extend(weak_together(subject, config, &must_be_sure));
        problems.extend(page_problems(subject.document));
        problems
    }

    /// What the schema itself says against the document, but for what `said` has already.
    fn mistakes(&self, subject: Subject, said: &[Problem]) -> Vec<Problem> {
        let document = self.json(subject);
        let known = |name: &str| said.iter().any(|p| p.fields.iter().any(|f| f == name));
        let mut problems = Vec::new();
        for error in self.validator.iter_errors(&document) {
            let place = error.instance_path().to_string();
            let field = place.trim_start_matches('/').split('/').next().unwrap_or("").to_owned();
            if (field.is_empty() && error.kind().keyword() == "required") || known(&field) {
                continue;
            }
            // The value stands in the result; the message leaves it out.
            let why: String = error.masked_with("the value").to_string().chars().take(200).collect();
            let message = format!("{}: {why}", if place.is_empty() { "the document" } else { &place });
            let fields: Vec<&str> = if field.is_empty() { Vec::new() } else { vec![&field] };
            problems.push(subject.problem(code::SCHEMA, Severity::Error, message, &fields));
            if problems.len() == MOST_PROBLEMS {
                break;
            }
        }
        problems
    }

    /// The document as the schema sees it.
    fn json(&self, subject: Subject) -> Value {
        let document = subject.document;
        let mut object = Map::new();
        for (name, field) in &document.fields {
            object.insert(name.clone(), self.value(name, &field.value));
        }
        if self.rows {
            let row = |row: &docmill_contracts::Fields| {
                Value::Object(
                    row.iter().map(|(name, f)| (name.clone(), Value::String(f.value.clone()))).collect(),
                )
            };
            object.insert("line_items".to_owned(), document.line_items.iter().map(row).collect());
        }
        Value::Object(object)
    }

    fn value(&self, name: &str, text: &str) -> Value {
        let is = |names: &[String]| names.iter().any(|n| n == name);
        let number = || serde_json::from_str::<serde_json::Number>(text).ok().map(Value::Number);
        let boolean = || text.parse().ok().map(Value::Bool);
        let typed = if is(&self.numbers) { number() } else { boolean().filter(|_| is(&self.booleans)) };
        typed.unwrap_or_else(|| Value::String(text.to_owned()))
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
    fn values_are_held_against_the_whole_schema() {
        let schema = TenantSchema::parse(
            br#"{"type": "object", "required": ["n"], "properties": {"n": {"type": "string", "pattern": "^[0-9]{3}$"},
            "amount": {"type": "number", "minimum": 1}, "kind": {"enum": ["a", "b"]}, "paid": {"type": "boolean"}}}"#,
        )
        .unwrap();
        let found = |values: &[(&str, &str)]| {
            let sample = Sample::new("other").fields(values);
            let problems = schema.check(sample.subject(), &Config::default());
            problems.iter().map(|p| (p.code.clone(), p.fields.join(","))).collect::<Vec<_>>()
        };
        assert_eq!(found(&[("n", "123"), ("amount", "1.50"), ("kind", "b"), ("paid", "true")]), []);
        let mistake = |field: &str| ("VALIDATE-0020".to_owned(), field.to_owned());
        assert_eq!(found(&[("n", "12"), ("amount", "0.99"), ("kind", "c"), ("paid", "yes")]).len(), 4);
        assert_eq!(found(&[("n", "1234")]), [mistake("n")]);
        assert_eq!(
            found(&[("n", "123"), ("amount", "ten")]),
            [("VALIDATE-0006".to_owned(), "amount".to_owned())]
        );
    }

    #[test]
    fn what_is_no_schema_is_told() {
        for (text, why) in [
            ("[]", "is not a JSON object"),
            ("{", "is not a JSON object"),
            (r#"{"required": "a"}"#, "has a `required` that is no array"),
            (r#"{"required": [1]}"#, "has names in `required` that are no text"),
            (r#"{"properties": []}"#, "has `properties` that are no object"),
            (
                r#"{"properties": {"a": {"$ref": "https://example.org/x.json"}}}"#,
                "has keywords or references that cannot be checked",
            ),
            (r#"{"type": "nothing"}"#, "has keywords or references that cannot be checked"),
        ] {
            assert_eq!(TenantSchema::parse(text.as_bytes()).err(), Some(why), "{text}");
        }
    }
}
