//! Documents under a tenant's own schema: what that schema says is checked, and nothing else.
//!
//! Rule: what the schema refers to outside of itself is never fetched, and its patterns are matched in linear time.

use crate::Config;
use crate::error::code;
use crate::rules::{page_problems, weak, weak_together};
use crate::subject::{Subject, day, decimal};
use docmill_contracts::{Problem, Severity};
use docmill_schema::{Schema, SchemaField, SchemaRows, ValueKind};
use serde_json::{Map, Value};

/// Largest schema that is read, in bytes.
pub(crate) const MAX_SCHEMA_BYTES: i64 = 1024 * 1024;

/// Whether a value has the form that a property wants.
type Fits = fn(&str) -> bool;

/// Most mistakes against a schema that a result lists.
const MOST_PROBLEMS: usize = 25;
/// Largest compiled pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;

/// What is wrong with a JSON Schema, for those who are about to submit documents with it.
pub fn check(bytes: &[u8]) -> Result<(), String> {
    if i64::try_from(bytes.len()).is_ok_and(|n| n > MAX_SCHEMA_BYTES) {
        return Err(format!("has more than {MAX_SCHEMA_BYTES} bytes"));
    }
    TenantSchema::parse(bytes).map(|_| ())
}

/// What validation needs of a JSON Schema.
#[derive(Debug)]
pub(crate) struct TenantSchema {
    /// The whole schema.
    validator: jsonschema::Validator,
    /// What infer looked for.
    wanted: Schema,
}

impl TenantSchema {
    /// Reads a schema, or says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let whole: Value = serde_json::from_slice(bytes)
            .map_err(|e| format!("is not JSON: line {}, column {}", e.line(), e.column()))?;
        let patterns = jsonschema::PatternOptions::regex().size_limit(MAX_PATTERN_BYTES);
        let validator = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(patterns)
            .build(&whole)
            .map_err(|e| {
                format!("has a keyword that cannot be checked, at {}: {}", e.instance_path(), short(&e))
            })?;
        let wanted = Schema::parse(bytes).map_err(|e| format!("cannot be used: {e}"))?;
        Ok(Self { validator, wanted })
    }

    /// Whether it says anything about rows.
    pub(crate) fn has_rows(&self) -> bool {
        self.wanted.rows.is_some()
    }

    /// The name of its rows in the schema.
    fn rows(&self) -> Option<(String, &SchemaRows)> {
        self.wanted.rows.as_ref().map(|rows| (rows.path.join("."), rows))
    }

    /// What is wrong with a document. Where the schema requires nothing, every field that is there must be sure.
    pub(crate) fn check(&self, subject: Subject, config: &Config) -> Vec<Problem> {
        let fields = &subject.document.fields;
        let mut problems = Vec::new();
        let required = || self.wanted.fields.iter().filter(|f| f.required);
        let empty = |name: &str| fields.get(name).is_none_or(|field| field.value.trim().is_empty());
        let mut missing: Vec<String> = required().map(|f| f.name.clone()).filter(|n| empty(n)).collect();
        if let Some((name, rows)) = self.rows()
            && rows.required
            && subject.document.line_items.is_empty()
        {
            missing.push(name);
        }
        for name in &missing {
            let message = format!("the schema requires {name}, and it was not found");
            problems.push(subject.problem(code::REQUIRED, Severity::Error, message, &[name.as_str()]));
        }
        for wanted in &self.wanted.fields {
            let (code, what, fits): (&str, &str, Fits) = match wanted.kind {
                ValueKind::Amount => (code::NOT_A_NUMBER, "decimal number", |value| decimal(value).is_some()),
                ValueKind::Date => (code::NOT_A_DATE, "day as in 2026-01-31", |value| day(value).is_some()),
                ValueKind::Flag | ValueKind::Text => continue,
            };
            let name = wanted.name.as_str();
            if let Some(field) = fields.get(name).filter(|field| !fits(&field.value)) {
                let shown: String = field.value.chars().take(40).collect();
                let message = format!("{name} `{shown}` is not a {what}");
                problems.push(subject.problem(code, Severity::Error, message, &[name]));
            }
        }
        if fields.is_empty() && subject.document.line_items.is_empty() {
            let message = "nothing that the schema describes was found".to_owned();
            problems.push(subject.problem(code::REQUIRED, Severity::Error, message, &[]));
        }
        problems.extend(self.mistakes(subject, &problems));
        let mut must_be_sure: Vec<&str> = required().map(|f| f.name.as_str()).collect();
        if must_be_sure.is_empty() {
            must_be_sure = fields.keys().map(String::as_str).collect();
        }
        problems.extend(weak(subject, config, must_be_sure.iter().copied()));
        problems.extend(weak_together(subject, config, &must_be_sure));
        problems.extend(page_problems(subject.document));
        problems
    }

    /// What the schema itself says against the document, but for what `said` has already.
    fn mistakes(&self, subject: Subject, said: &[Problem]) -> Vec<Problem> {
        let document = self.json(subject);
        let mut problems = Vec::new();
        for error in self.validator.iter_errors(&document) {
            let place = error.instance_path().to_string();
            let field = self.field_at(&place);
            let under = |name: &str| {
                let below = name.strip_prefix(field.as_str()).is_some_and(|rest| rest.starts_with('.'));
                field.is_empty() || below
            };
            let told = said.iter().flat_map(|p| &p.fields).any(|name| *name == field);
            let lacks = error.kind().keyword() == "required"
                && said.iter().any(|p| p.code == code::REQUIRED && p.fields.iter().any(|name| under(name)));
            if told || lacks {
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

    /// The name in the result of what stands at a place of the document: `seller.name` at `/seller/name`, `line_items` at
    /// any row.
    fn field_at(&self, place: &str) -> String {
        let name = place.trim_start_matches('/').replace('/', ".");
        let of_rows = |(path, _): &(String, &SchemaRows)| {
            name == *path || name.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        if self.rows().is_some_and(|rows| of_rows(&rows)) { "line_items".to_owned() } else { name }
    }

    /// The document as the schema sees it.
    fn json(&self, subject: Subject) -> Value {
        let document = subject.document;
        let mut object = Map::new();
        for (name, field) in &document.fields {
            let wanted = self.wanted.field(name);
            let alone = [name.clone()];
            let path = wanted.map_or(&alone[..], |f| &f.path);
            put(&mut object, path, value(wanted, &field.value));
        }
        if let Some(rows) = &self.wanted.rows {
            let row = |row: &docmill_contracts::Fields| {
                let mut object = Map::new();
                for (name, field) in row {
                    let wanted = rows.columns.iter().find(|c| c.name == *name);
                    let alone = [name.clone()];
                    put(&mut object, wanted.map_or(&alone[..], |f| &f.path), value(wanted, &field.value));
                }
                Value::Object(object)
            };
            put(&mut object, &rows.path, document.line_items.iter().map(row).collect());
        }
        Value::Object(object)
    }
}

/// Puts a value into the objects on its way.
fn put(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => _ = object.insert(last.clone(), value),
        [first, rest @ ..] => {
            let inner = object.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// A value as its property wants it, as far as its text is one.
fn value(wanted: Option<&SchemaField>, text: &str) -> Value {
    let number = || serde_json::from_str::<serde_json::Number>(text).ok().map(Value::Number);
    let typed = match wanted.map(|f| f.kind) {
        Some(ValueKind::Amount) => number(),
        Some(ValueKind::Flag) => text.parse().ok().map(Value::Bool),
        _ => None,
    };
    typed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A message of one short line.
fn short(error: &impl std::fmt::Display) -> String {
    error.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
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
    fn objects_and_rows_are_put_together_again() {
        let schema = TenantSchema::parse(
            br#"{"type": "object", "required": ["seller", "lines"], "properties": {
            "seller": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "id": {"type": "string", "maxLength": 3}}},
            "buyer": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "id": {"type": "string"}}},
            "lines": {"type": "array", "items": {"type": "object", "required": ["text"],
                "properties": {"text": {"type": "string"}, "qty": {"type": "number", "maximum": 9}}}}}}"#,
        )
        .unwrap();
        let found = |sample: &Sample| {
            let problems = schema.check(sample.subject(), &Config::default());
            problems.iter().map(|p| format!("{} {}", p.code, p.fields.join(","))).collect::<Vec<_>>()
        };
        let row = |qty: &'static str| [("text", "Bolts"), ("qty", qty)];
        let good = Sample::new("other").fields(&[("seller.name", "A"), ("seller.id", "123")]).line(&row("9"));
        assert_eq!(found(&good), [""; 0]);
        let empty = Sample::new("other").fields(&[("seller.id", "1234"), ("buyer.id", "1")]);
        let missing = |name: &str| format!("VALIDATE-0002 {name}");
        let wrong = |name: &str| format!("VALIDATE-0020 {name}");
        let mut told = found(&empty);
        told.sort();
        assert_eq!(told, [missing("lines"), missing("seller.name"), wrong("buyer"), wrong("seller.id")]);
        let many = Sample::new("other").fields(&[("seller.name", "A")]).line(&row("10"));
        assert_eq!(found(&many), [wrong("line_items")]);
        let nothing = Sample::new("other");
        assert!(found(&nothing).contains(&"VALIDATE-0002 ".to_owned()));
    }

    #[test]
    fn what_is_no_schema_is_told() {
        for (text, why) in [
            ("[]", "cannot be checked"),
            ("{", "is not JSON: line 1"),
            (r#"{"required": "a"}"#, "/required"),
            (r#"{"properties": {"a": {}}, "required": [1]}"#, "/required"),
            (r#"{"properties": []}"#, "/properties"),
            (r#"{"properties": {"a": {"$ref": "https://example.org/x.json"}}}"#, "cannot be checked"),
            (r#"{"properties": {"a": {"pattern": "("}}}"#, "/properties/a/pattern"),
            (r#"{"type": "nothing"}"#, "/type"),
            (
                r#"{"properties": {"a": {"type": "array"}}}"#,
                "cannot be used: json schema keyword `items` at `a`",
            ),
        ] {
            let told = TenantSchema::parse(text.as_bytes()).err().unwrap_or_default();
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
