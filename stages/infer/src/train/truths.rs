//! A whole truth.jsonl: what can be learned from, and what in it cannot be meant.
//!
//! Owns the checks of a file of truths. Knows no page and no folder. Rule: nothing is dropped silently: what could teach something wrong is
//! a mistake with its line, what teaches nothing is told.

use super::truth::{Alike, Truth, from_line};
use crate::local::fields::{Role, Want};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a truth.jsonl says.
#[derive(Debug, Default, PartialEq)]
pub struct Truths {
    /// One of each document, in order.
    pub truths: Vec<Truth>,
    /// What must be corrected, each with its line: `7: no source.name`.
    pub mistakes: Vec<String>,
    /// Fields that nobody wants: name, the first line that has it, and how many do.
    pub unknown: BTreeMap<String, (usize, usize)>,
    /// Lines that say again what another one said.
    pub repeated: usize,
}

/// Reads a truth.jsonl for these fields.
pub fn read(text: &str, wants: &[Want]) -> Truths {
    let mut read = Truths::default();
    let mut seen: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let truth = match from_line(line) {
            Ok(truth) if !truth.name.is_empty() => truth,
            Ok(_) => {
                read.mistakes.push(format!("{number}: no source.name"));
                continue;
            }
            Err(e) => {
                read.mistakes.push(format!("{number}: {e}"));
                continue;
            }
        };
        // It was read a moment ago.
        let json: Value = serde_json::from_str(line).unwrap_or_default();
        for (name, value) in json["fields"].as_object().into_iter().flatten() {
            match wants.iter().find(|want| want.name == *name) {
                None => read.unknown.entry(name.clone()).or_insert((number, 0)).1 += 1,
                Some(want) => {
                    let wrong = misformed(want, value);
                    read.mistakes.extend(wrong.map(|why| format!("{number}: {name} {why}")));
                }
            }
        }
        match seen.get(&truth.name) {
            None => {
                seen.insert(truth.name.clone(), (number, read.truths.len()));
                read.truths.push(truth);
            }
            Some((_, at)) if read.truths.get(*at) == Some(&truth) => read.repeated += 1,
            Some((first, _)) => {
                let name = &truth.name;
                read.mistakes.push(format!("{number}: {name} has another truth in line {first}"));
            }
        }
    }
    read
}

/// Why a value cannot be compared with what stands on pages.
fn misformed(want: &Want, value: &Value) -> Option<String> {
    let value = value.get("value").unwrap_or(value);
    let shown: String = value.to_string().chars().take(40).collect();
    let text = match value {
        Value::Null => return None,
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) if want.role == Role::OwnChoice => return None,
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Some(format!("{shown} is neither text nor a number"));
        }
    };
    let day: String = text.chars().take(10).collect();
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'-');
    match Alike::of(want.role) {
        Alike::Day if day.parse::<jiff::civil::Date>().is_err() => {
            Some(format!("{shown} is not a day as in 2026-01-31"))
        }
        Alike::Amount if !text.bytes().all(plain) || text.parse::<Decimal>().is_err() => {
            Some(format!("{shown} is not a decimal number as in 1234.50"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use crate::train::Task;

    fn of(lines: &[&str]) -> Truths {
        let schema = Schema::parse(
            br#"{"properties": {"ref": {"type": "string"}, "pay": {"type": "number"},
                "when": {"type": "string", "format": "date"}, "paid": {"type": "boolean"}}}"#,
        );
        read(&lines.join("\n"), &Task::of_schema(&schema.unwrap()).wants)
    }

    fn line(name: &str, fields: &str) -> String {
        format!(r#"{{"source": {{"name": "{name}"}}, "fields": {fields}}}"#)
    }

    #[test]
    fn good_truths_have_no_mistakes() {
        let fields = r#"{"ref": 5, "pay": "-302.72", "when": {"value": "2025-03-01"}, "paid": true}"#;
        let read =
            of(&[&line("a.pdf", fields), "", &line("b.pdf", r#"{"pay": 3.5, "when": null, "ref": ""}"#)]);
        assert_eq!((read.truths.len(), read.mistakes.len(), read.unknown.len()), (2, 0, 0), "{read:?}");
        assert_eq!(read.truths[0].fields["paid"], "true");
        assert!(read.truths[1].absent.contains("when"));
    }

    #[test]
    fn names_that_nobody_wants_are_told_with_their_first_line() {
        let read = of(&[
            &line("a.pdf", r#"{"ref": "1"}"#),
            &line("b.pdf", r#"{"reff": "1"}"#),
            &line("c.pdf", r#"{"reff": "2"}"#),
        ]);
        assert_eq!(read.unknown, BTreeMap::from([("reff".to_owned(), (2, 2))]));
        assert!(read.mistakes.is_empty());
    }

    #[test]
    fn values_of_another_form_are_mistakes() {
        let read = of(&[
            &line("a.pdf", r#"{"pay": "302,72", "when": "01.03.2025"}"#),
            &line("b.pdf", r#"{"ref": ["a"], "pay": true, "when": {"x": 1}}"#),
            "{",
            "{}",
        ]);
        let want = [
            "1: pay \"302,72\" is not a decimal number as in 1234.50",
            "1: when \"01.03.2025\" is not a day as in 2026-01-31",
            "2: pay true is neither text nor a number",
            "2: ref [\"a\"] is neither text nor a number",
            "2: when {\"x\":1} is neither text nor a number",
        ];
        let mut told = read.mistakes.clone();
        told[2..5].sort();
        assert_eq!(told[..5], want);
        assert!(told[5].starts_with("3: EOF"), "{told:?}");
        assert_eq!(told[6], "4: no source.name");
    }

    #[test]
    fn one_document_has_one_truth() {
        let (one, other) = (line("a.pdf", r#"{"ref": "1"}"#), line("a.pdf", r#"{"ref": "2"}"#));
        let read = of(&[&one, &line("b.pdf", r#"{"ref": "1"}"#), &one, &other]);
        assert_eq!((read.truths.len(), read.repeated), (2, 1));
        assert_eq!(read.mistakes, ["4: a.pdf has another truth in line 1"]);
    }
}
