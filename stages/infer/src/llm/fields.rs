//! From what a model said to fields: each value is looked for on the pages, and read from there.
//!
//! Owns how sure a value is, and what is said about values that do not stand on the pages. Rule: such a value keeps its place in
//! the result, so that a person sees what the model claims, with a problem of severity error that no threshold can outweigh.

use super::answer::{Answer, Said};
use super::form::{Asked, Form, Look};
use crate::extract::{ENGINE_LLM, Extraction};
use crate::ground::{Band, Ground, Grounded, Near, Sort};
use docmill_contracts::{DocumentType, Field, Fields, Problem, Reading, Severity};
use docmill_document::{date, money};

/// Code of a value that does not stand on the pages.
pub(crate) const UNGROUNDED: &str = "INFER-0040";
/// Code of a value that stands only where the document speaks to a language model.
pub(crate) const SUSPECT: &str = "INFER-0041";
/// Code of a document that speaks to a language model.
const SPEAKS: &str = "INFER-0042";
/// Code of words that nobody can see.
const HIDDEN: &str = "INFER-0043";

/// Confidence of a value that does not stand on the pages.
const NO_GROUND: f64 = 0.05;
/// Most confidence of a value that stands only in words for a language model.
pub(crate) const SUSPECT_MOST: f64 = 0.2;
/// Confidence of a model's word where its server tells no probabilities: below what is accepted unseen by default.
const WORD_ALONE: f64 = 0.75;
/// Most confidence of one model.
const MOST: f64 = 0.97;

/// What a model's answer comes to.
pub(super) fn extraction(answer: &Answer, form: &Form, ground: &Ground, version: &str) -> Extraction {
    let mut out = Extraction::of_engine(ENGINE_LLM, version);
    out.kind = DocumentType {
        value: answer.kind.text.clone(),
        confidence: rounded(sure(&answer.kind, 1.0)),
        reason: Some("language model".to_owned()),
        category: None,
    };
    let mut check = Check { ground, version, problems: Vec::new() };
    for (index, said) in &answer.fields {
        let Some(asked) = form.fields.get(*index) else { continue };
        let near = Near { labels: &asked.labels, ..Near::default() };
        let field = check.field(asked, said, near);
        out.fields.insert(asked.name.clone(), field);
    }
    out.line_items = check.rows(answer, form);
    out.problems = check.problems;
    if let Some(page) = ground.suspect_page() {
        let message = "the document has words that are meant for a language model; they were not followed";
        out.problems.push(problem(SPEAKS, Severity::Warning, message.to_owned(), &[], Some(page)));
    }
    if ground.hidden() > 0 {
        let message = format!("{} words that nobody can see were not read", ground.hidden());
        out.problems.push(problem(HIDDEN, Severity::Warning, message, &[], None));
    }
    if out.kind.value == "credit_note" {
        positive(&mut out.fields);
    }
    out
}

struct Check<'a> {
    ground: &'a Ground,
    version: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn field(&mut self, asked: &Asked, said: &Said, near: Near<'_>) -> Field {
        if asked.look == Look::Flag {
            return self.flag(asked, said);
        }
        let Some(found) = self.ground.find(asked.sort(), &said.text, near) else {
            let value = claimed(asked.sort(), &said.text);
            let message = format!("{} `{}` is not on the pages", asked.name, shown(&value));
            self.problems.push(problem(UNGROUNDED, Severity::Error, message, &[&asked.name], None));
            return self.ungrounded(value);
        };
        if found.suspect {
            let message = format!(
                "{} `{}` stands only in words that are meant for a language model",
                asked.name,
                shown(&found.value)
            );
            let page = Some(found.page);
            self.problems.push(problem(SUSPECT, Severity::Error, message, &[&asked.name], page));
        }
        self.grounded(said, found)
    }

    /// Yes or no: what stands on the pages is what is asked, not the answer.
    fn flag(&mut self, asked: &Asked, said: &Said) -> Field {
        let look = |label: &String| self.ground.find(Sort::Text, label, Near::default());
        if let Some(found) = asked.labels.iter().find_map(look).filter(|f| !f.suspect) {
            let field = self.grounded(said, found);
            return Field { value: said.text.clone(), other_readings: Vec::new(), ..field };
        }
        let message = format!("what {} asks is not on the pages", asked.name);
        self.problems.push(problem(UNGROUNDED, Severity::Error, message, &[&asked.name], None));
        self.ungrounded(said.text.clone())
    }

    /// Rows of the item table: the cells of a row stand beside one of them, and rows come one after the other.
    fn rows(&mut self, answer: &Answer, form: &Form) -> Vec<Fields> {
        const ANCHORS: [&str; 4] = ["description", "article_no", "line_total", "unit_price"];
        let mut out = Vec::new();
        let mut after = None;
        let mut unfounded = 0;
        for row in &answer.rows {
            let cell =
                |name: &str| row.iter().find(|(i, _)| form.columns.get(*i).is_some_and(|c| c.name == name));
            let own = form.columns.iter().map(|c| c.name.as_str());
            let anchor = ANCHORS.into_iter().chain(own).find_map(|name| {
                let (index, said) = cell(name)?;
                let found = self.ground.find(
                    form.columns.get(*index)?.sort(),
                    &said.text,
                    Near { after, ..Near::default() },
                )?;
                Some((*index, found))
            });
            let band = anchor.as_ref().map(|(_, found)| around(found));
            after = anchor.as_ref().map_or(after, |(_, found)| Some((found.page, found.bbox[1])));
            let mut fields = Fields::new();
            for (index, said) in row {
                let Some(asked) = form.columns.get(*index) else { continue };
                let found = match &anchor {
                    Some((at, found)) if at == index => Some(found.clone()),
                    Some(_) => self.ground.find(asked.sort(), &said.text, Near { band, ..Near::default() }),
                    None => None,
                };
                let field = if let Some(found) = found.filter(|f| !f.suspect) {
                    self.grounded(said, found)
                } else {
                    unfounded += 1;
                    self.ungrounded(claimed(asked.sort(), &said.text))
                };
                fields.insert(asked.name.clone(), field);
            }
            if !fields.is_empty() {
                out.push(fields);
            }
        }
        if unfounded > 0 {
            let message =
                format!("{unfounded} cells of the item table are not on the pages, or not in their row");
            self.problems.push(problem(UNGROUNDED, Severity::Error, message, &["line_items"], None));
        }
        out
    }

    fn grounded(&self, said: &Said, found: Grounded) -> Field {
        let mut confidence = sure(said, found.quality);
        if found.suspect {
            confidence = confidence.min(SUSPECT_MOST);
        }
        let bbox: Vec<f64> = found.bbox.iter().map(|v| (f64::from(*v) * 10.0).round() / 10.0).collect();
        let other = |value: String| Reading {
            value,
            raw: Some(found.raw.clone()),
            confidence: rounded(confidence * 0.3),
            page: Some(found.page),
            bbox: Some(bbox.clone()),
            engine: ENGINE_LLM.to_owned(),
            model_version: self.version.to_owned(),
        };
        let other_readings = found.others.iter().cloned().map(other).collect();
        Field {
            value: found.value,
            raw: Some(found.raw.clone()),
            confidence: rounded(confidence),
            page: Some(found.page),
            bbox: Some(bbox),
            engine: ENGINE_LLM.to_owned(),
            model_version: self.version.to_owned(),
            other_readings,
        }
    }

    fn ungrounded(&self, value: String) -> Field {
        Field {
            value,
            raw: None,
            confidence: NO_GROUND,
            page: None,
            bbox: None,
            engine: ENGINE_LLM.to_owned(),
            model_version: self.version.to_owned(),
            other_readings: Vec::new(),
        }
    }
}

/// The band of the page in which a row's other cells stand.
fn around(found: &Grounded) -> Band {
    let height = (found.bbox[3] - found.bbox[1]).clamp(6.0, 20.0);
    Band { page: found.page, y0: found.bbox[1] - 0.4 * height, y1: found.bbox[3] + 0.4 * height }
}

/// How sure a value is: the probability of its tokens, and how well it stands on the page.
fn sure(said: &Said, quality: f64) -> f64 {
    let word = said.probability.filter(|p| p.is_finite()).map_or(WORD_ALONE, |p| MOST * p.clamp(0.0, 1.0));
    (word * quality).clamp(0.0, MOST)
}

/// A claim in the form in which values stand in results, as far as it has one.
fn claimed(sort: Sort<'_>, text: &str) -> String {
    let text = text.trim();
    let read = match sort {
        Sort::Date => match date::readings(text).as_slice() {
            [only] => Some(only.date.to_string()),
            _ => None,
        },
        Sort::Amount => money::parse(text).map(|a| a.value.to_string()),
        Sort::Currency => money::currency(text).map(str::to_owned),
        Sort::Code => Some(text.chars().filter(|c| !c.is_whitespace()).collect()),
        Sort::Text | Sort::OneOf(_) => None,
    };
    read.unwrap_or_else(|| text.to_owned())
}

/// A value in a message: short, and without anything that breaks a line.
fn shown(value: &str) -> String {
    let short: String = value.chars().filter(|c| !c.is_control()).take(60).collect();
    short.replace('`', "'")
}

fn problem(code: &str, severity: Severity, message: String, fields: &[&str], page: Option<i32>) -> Problem {
    let fields = fields.iter().map(|f| (*f).to_owned()).collect();
    Problem { code: code.to_owned(), severity, message, fields, page }
}

/// A credit note states what is credited; a minus before every total says the same once more.
fn positive(fields: &mut Fields) {
    const TOTALS: [&str; 4] = ["net_total", "tax_total", "grand_total", "due_payable"];
    let negative = |f: &Field| f.value.starts_with('-') || f.value.trim_matches(['0', '.']).is_empty();
    if TOTALS.iter().filter_map(|t| fields.get(*t)).all(negative) {
        for name in TOTALS {
            if let Some(field) = fields.get_mut(name) {
                field.value = field.value.trim_start_matches('-').to_owned();
            }
        }
    }
}

fn rounded(confidence: f64) -> f64 {
    (confidence * 1000.0).round() / 1000.0
}
