//! Reads what a model answered: one JSON object of the asked shape, or an error that says what it is instead.
//!
//! Owns the shape. Knows no page: whether the values are true is found out elsewhere. Rule: nothing is repaired; an answer
//! that is not of the shape is no answer.

use super::error::LlmError;
use super::form::{Asked, Form, Look, TYPES};
use docmill_remote::{ChatAnswer, Finish, TokenLogprob};
use serde_json::{Map, Value};
use std::ops::Range;

/// Longest answer that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// Longest value, in characters.
const MAX_VALUE: usize = crate::ground::MAX_CLAIM;
/// Most rows of the item table.
const MAX_ROWS: usize = 2_000;
/// As many equal rows after each other are a loop.
const SAME_ROWS: usize = 12;

/// One value as the model said it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    /// The text.
    pub(super) text: String,
    /// Probability of its tokens, where the server told.
    pub(super) probability: Option<f64>,
}

/// An answer of the asked shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) kind: Said,
    /// In the order of the form.
    pub(super) fields: Vec<(usize, Said)>,
    /// Cells by column of the form.
    pub(super) rows: Vec<Vec<(usize, Said)>>,
}

/// Reads an answer. `fence` and the words of the task must not come back.
pub(super) fn read(answer: &ChatAnswer, form: &Form, fence: &str, most: u32) -> Result<Answer, LlmError> {
    let model = || answer.model.clone();
    let text = answer.text.trim();
    // The mark is matched without its prefix: a model may quote it in part.
    let mark = fence.rsplit('-').next().unwrap_or(fence);
    if text.contains(mark) || text.contains(super::prompt::TASK) {
        return Err(LlmError::Echo { model: model() });
    }
    if repeats(text) {
        return Err(LlmError::Loop { model: model() });
    }
    match &answer.finish {
        Finish::Length => return Err(LlmError::Cut { model: model(), tokens: most }),
        Finish::Other(reason) if !reason.is_empty() => {
            return Err(LlmError::Stopped { model: model(), reason: reason.clone() });
        }
        Finish::Stop | Finish::Other(_) => {}
    }
    if text.len() > MAX_BYTES {
        return Err(LlmError::NoJson { model: model(), reason: "it has more than a mebibyte" });
    }
    let root: Value = serde_json::from_str(text)
        .map_err(|e| LlmError::NoJson { model: model(), reason: no_json(text, &e) })?;
    let mut reader = Reader { text, at: 0, tokens: Tokens::of(text, answer.logprobs.as_deref()) };
    let answered = reader.answer(&root, form).map_err(|reason| match reason {
        Wrong::Shape(reason) => LlmError::Shape { model: model(), reason },
        Wrong::Loop => LlmError::Loop { model: model() },
    })?;
    if answered.fields.is_empty() && answered.rows.is_empty() {
        return Err(LlmError::Empty { model: model() });
    }
    Ok(answered)
}

fn no_json(text: &str, error: &serde_json::Error) -> &'static str {
    if text.starts_with("```") {
        "it is wrapped in a code block"
    } else if !text.starts_with('{') {
        "it is prose"
    } else if error.is_eof() {
        "it breaks off"
    } else if ["NaN", "Infinity"].iter().any(|n| text.contains(n)) {
        "it holds a number that is none"
    } else {
        "its JSON is broken"
    }
}

/// Whether the end of a text is the same piece again and again.
fn repeats(text: &str) -> bool {
    const WINDOW: usize = 480;
    let bytes = text.as_bytes();
    let Some(tail) = bytes.len().checked_sub(WINDOW).and_then(|from| bytes.get(from..)) else { return false };
    (1..=80).any(|period| tail.iter().zip(tail.iter().skip(period)).all(|(a, b)| a == b))
}

enum Wrong {
    Shape(&'static str),
    Loop,
}

struct Reader<'a> {
    text: &'a str,
    /// Values come in the order of the text.
    at: usize,
    tokens: Option<Tokens<'a>>,
}

impl Reader<'_> {
    fn answer(&mut self, root: &Value, form: &Form) -> Result<Answer, Wrong> {
        let root = object(root)?;
        let mut answer = Answer { kind: said(""), fields: Vec::new(), rows: Vec::new() };
        let mut seen = (false, false);
        for (name, value) in root {
            match name.as_str() {
                "document_type" => {
                    let kind = value.as_str().filter(|k| TYPES.contains(k));
                    let kind = kind.ok_or(Wrong::Shape("document_type is none of the types"))?;
                    answer.kind = self.said(name, kind);
                    seen.0 = true;
                }
                "fields" => {
                    answer.fields = self.object(value, &form.fields)?;
                    seen.1 = true;
                }
                "line_items" if !form.columns.is_empty() => answer.rows = self.rows(value, &form.columns)?,
                _ => return Err(Wrong::Shape("it has a property that was not asked for")),
            }
        }
        if seen == (true, true) {
            Ok(answer)
        } else {
            Err(Wrong::Shape("document_type or fields is missing"))
        }
    }

    fn rows(&mut self, value: &Value, columns: &[Asked]) -> Result<Vec<Vec<(usize, Said)>>, Wrong> {
        let list = value.as_array().ok_or(Wrong::Shape("line_items is no list"))?;
        if list.windows(SAME_ROWS).any(|w| w.iter().all(|r| *r == w[0])) {
            return Err(Wrong::Loop);
        }
        if list.len() > MAX_ROWS {
            return Err(Wrong::Shape("line_items has more than 2000 rows"));
        }
        let mut rows = Vec::new();
        for row in list {
            let row = self.object(row, columns)?;
            if !row.is_empty() {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    fn object(&mut self, value: &Value, asked: &[Asked]) -> Result<Vec<(usize, Said)>, Wrong> {
        let mut found: Vec<(usize, Said)> = Vec::new();
        for (name, value) in object(value)? {
            let index = asked.iter().position(|a| a.name == *name);
            let index = index.ok_or(Wrong::Shape("it has a field that was not asked for"))?;
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                // Servers without schemas give numbers as numbers.
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) if asked.get(index).is_some_and(|a| a.look == Look::Flag) => {
                    flag.to_string()
                }
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(Wrong::Shape("a value is neither text nor null"));
                }
            };
            if text.chars().count() > MAX_VALUE {
                return Err(if repeats(&text) { Wrong::Loop } else { Wrong::Shape("a value is too long") });
            }
            let nothing =
                matches!(text.trim().to_lowercase().as_str(), "" | "null" | "none" | "n/a" | "nan" | "-");
            let said = self.said(name, &text);
            if !nothing {
                found.push((index, said));
            }
        }
        found.sort_by_key(|(index, _)| *index);
        Ok(found)
    }

    /// A value with the probability of the tokens that spell it.
    fn said(&mut self, name: &str, value: &str) -> Said {
        let mut out = said(value);
        let key = self.text.get(self.at..).and_then(|t| t.find(&format!("\"{name}\"")));
        if let Some(key) = key {
            let from = self.at + key + name.len() + 2;
            let literal = Value::from(value).to_string();
            let bare = literal.trim_matches('"');
            if let Some(hit) = self.text.get(from..).and_then(|t| t.find(bare)) {
                let range = from + hit..from + hit + bare.len();
                self.at = range.end;
                out.probability = self.tokens.as_ref().and_then(|t| t.probability(&range));
            }
        }
        out
    }
}

fn said(text: &str) -> Said {
    Said { text: text.to_owned(), probability: None }
}

fn object(value: &Value) -> Result<&Map<String, Value>, Wrong> {
    value.as_object().ok_or(Wrong::Shape("an object is asked for"))
}

/// Where each token of an answer stands.
struct Tokens<'a> {
    tokens: &'a [TokenLogprob],
    /// Byte of the trimmed text at which each begins.
    starts: Vec<usize>,
}

impl<'a> Tokens<'a> {
    /// None where the tokens do not spell the text.
    fn of(text: &str, tokens: Option<&'a [TokenLogprob]>) -> Option<Self> {
        let tokens = tokens?;
        let spelled: String = tokens.iter().map(|t| t.token.as_str()).collect();
        let offset = spelled.find(text)?;
        let mut at = 0;
        let mut starts = Vec::with_capacity(tokens.len());
        for token in tokens {
            starts.push(usize::saturating_sub(at, offset));
            at += token.token.len();
        }
        Some(Self { tokens, starts })
    }

    /// Probability of the tokens that touch a range.
    fn probability(&self, range: &Range<usize>) -> Option<f64> {
        let mut sum = 0.0;
        let mut any = false;
        for (token, start) in self.tokens.iter().zip(&self.starts) {
            if *start < range.end && start + token.token.len() > range.start {
                if !token.logprob.is_finite() {
                    return None;
                }
                sum += token.logprob.min(0.0);
                any = true;
            }
        }
        any.then(|| sum.exp())
    }
}
