//! What several engines found in one document, as one result.
//!
//! Owns who is believed, and how sure the result is. Knows no engine by name. Rules: engines that agree make a value surer,
//! engines that differ make it less sure, and the reading that was not chosen stays beside it. A value that stands on the page is
//! always preferred to one that does not.

use crate::extract::{Extraction, Wanted};
use crate::llm::form::{self, Look};
use crate::rows::LongTable;
use crate::schema::ValueKind;
use docmill_contracts::{Cost, DocumentType, Field, Fields, Problem, Reading, Severity};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// Most confidence that agreement can give.
const MOST: f64 = 0.99;
/// Code of a value that engines read differently.
const DISAGREE: &str = "INFER-0056";
/// Readings that are less sure than this are no disagreement.
const WORTH: f64 = 0.15;

/// Whether a field that a document needs is missing, or less sure than `below`.
pub fn is_weak(found: &Extraction, wanted: &Wanted, below: f64) -> bool {
    let weak =
        |name: &str| found.fields.get(name).is_none_or(|f| f.confidence.is_nan() || f.confidence < below);
    match &wanted.schema {
        // Where nothing is required, every field is looked at that was found.
        Some(schema) if schema.fields.iter().any(|f| f.required) => {
            schema.fields.iter().filter(|f| f.required).any(|f| weak(&f.name))
        }
        Some(schema) => schema.fields.iter().any(|f| weak(&f.name)),
        None => {
            found.kind.confidence < below.min(0.5)
                || form::required(&found.kind.value).iter().any(|n| weak(n))
        }
    }
}

/// One result of several. Earlier ones win where two are equally sure.
pub fn merge(found: Vec<Extraction>, wanted: &Wanted) -> Extraction {
    let mut found = found.into_iter();
    let Some(first) = found.next() else { return Extraction::of_engine("", "") };
    found.fold(first, |a, b| pair(a, b, wanted))
}

fn pair(mut a: Extraction, mut b: Extraction, wanted: &Wanted) -> Extraction {
    if a.vat_breakdown.is_empty() {
        a.vat_breakdown = std::mem::take(&mut b.vat_breakdown);
    }
    let mut problems = Vec::new();
    let kind = kinds(&a.kind, &b.kind);
    let mut fields = Fields::new();
    let names: BTreeSet<&String> = a.fields.keys().chain(b.fields.keys()).collect();
    for name in names {
        let merged = match (a.fields.get(name), b.fields.get(name)) {
            (Some(x), Some(y)) => both(name, look(name, wanted), x, y, Some(&mut problems)),
            (Some(x), None) | (None, Some(x)) => x.clone(),
            (None, None) => continue,
        };
        fields.insert(name.clone(), merged);
    }
    let (line_items, long_table) = tables(&a, &b, wanted);
    for problem in a.problems.iter().chain(&b.problems) {
        let settled = settled(problem, &fields, &line_items);
        let severity = if settled { Severity::Warning } else { problem.severity };
        let problem = Problem { severity, ..problem.clone() };
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    Extraction {
        engine: together(&a.engine, &b.engine),
        version: if a.engine == b.engine {
            together(&a.version, &b.version)
        } else {
            format!("{}+{}", a.version, b.version)
        },
        kind,
        fields,
        line_items,
        long_table,
        problems,
        parts: if a.parts.is_empty() { b.parts } else { a.parts },
        layout_novelty: a.layout_novelty.or(b.layout_novelty),
        cost: sum(&a.cost, &b.cost),
        ..a
    }
}

fn together(a: &str, b: &str) -> String {
    if a == b || b.is_empty() { a.to_owned() } else { format!("{a}+{b}") }
}

fn kinds(a: &DocumentType, b: &DocumentType) -> DocumentType {
    let (best, other) = if b.confidence > a.confidence { (b, a) } else { (a, b) };
    let confidence = if a.value == b.value {
        either(a.confidence, b.confidence)
    } else {
        best.confidence * (1.0 - 0.5 * other.confidence.clamp(0.0, 1.0))
    };
    let category = a.category.clone().or_else(|| b.category.clone());
    DocumentType { confidence: rounded(confidence), category, ..best.clone() }
}

/// A field that two engines found.
fn both(name: &str, look: Look, a: &Field, b: &Field, problems: Option<&mut Vec<Problem>>) -> Field {
    let b_is_better = (has_place(b), sure(b)) > (has_place(a), sure(a));
    let (best, other) = if b_is_better { (b, a) } else { (a, b) };
    let mut out = best.clone();
    let kept =
        |r: &Reading, out: &Field| !same(look, &r.value, &out.value) && !out.other_readings.contains(r);
    if same(look, &a.value, &b.value) {
        out.confidence = if a.engine == b.engine {
            // Two models of a kind err together more often than two ways of reading do.
            let alone = sure(a).max(sure(b));
            f64::midpoint(alone, either(sure(a), sure(b)))
        } else {
            either(sure(a), sure(b))
        };
        // What does not stand on the page is not made true by being said twice.
        if !has_place(best) {
            out.confidence = sure(a).max(sure(b));
        }
    } else {
        out.confidence = sure(best) * (1.0 - 0.5 * sure(other));
        out.other_readings.push(reading(other));
        if let Some(problems) = problems.filter(|_| sure(other) >= WORTH && has_place(other)) {
            problems.push(Problem {
                code: DISAGREE.to_owned(),
                severity: Severity::Warning,
                message: format!(
                    "{name}: {} reads `{}`, {} reads `{}`",
                    best.engine,
                    shown(&best.value),
                    other.engine,
                    shown(&other.value)
                ),
                fields: vec![name.to_owned()],
                page: best.page,
            });
        }
    }
    for r in &other.other_readings {
        if kept(r, &out) {
            out.other_readings.push(r.clone());
        }
    }
    out.confidence = rounded(out.confidence);
    out
}

/// The item table of both, or of the one that fits its document better. Of tables that are not held the longest is taken
/// as it is: engines that hold their rows see only so many of them.
fn tables(a: &Extraction, b: &Extraction, wanted: &Wanted) -> (Vec<Fields>, Option<LongTable>) {
    let rows = |e: &Extraction| e.long_table.as_ref().map_or(e.line_items.len(), |table| table.rows);
    if a.long_table.is_some() || b.long_table.is_some() {
        let longest = if rows(b) > rows(a) { b } else { a };
        return (longest.line_items.clone(), longest.long_table.clone());
    }
    (held(a, b, wanted), None)
}

fn held(a: &Extraction, b: &Extraction, wanted: &Wanted) -> Vec<Fields> {
    if a.line_items.is_empty() || b.line_items.is_empty() {
        let some = if a.line_items.is_empty() { &b.line_items } else { &a.line_items };
        return some.clone();
    }
    if a.line_items.len() != b.line_items.len() {
        let better = fit(b) > fit(a);
        return if better { b.line_items.clone() } else { a.line_items.clone() };
    }
    let row = |(x, y): (&Fields, &Fields)| {
        let names: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
        let cell = |name: &String| {
            let merged = match (x.get(name), y.get(name)) {
                (Some(c), Some(d)) => both(name, look(name, wanted), c, d, None),
                (Some(c), None) | (None, Some(c)) => c.clone(),
                (None, None) => return None,
            };
            Some((name.clone(), merged))
        };
        names.into_iter().filter_map(cell).collect()
    };
    a.line_items.iter().zip(&b.line_items).map(row).collect()
}

/// How well a table fits: that its totals add up says most, then how sure its cells are.
fn fit(found: &Extraction) -> f64 {
    let total = |row: &Fields| row.get("line_total").and_then(|f| f.value.parse::<Decimal>().ok());
    let totals: Vec<Decimal> = found.line_items.iter().filter_map(total).collect();
    let sum = totals.iter().try_fold(Decimal::ZERO, |s, t| s.checked_add(*t));
    let stated = ["line_total", "net_total", "grand_total"];
    let stated = stated.iter().filter_map(|n| found.fields.get(*n)?.value.parse::<Decimal>().ok());
    let adds_up = stated.into_iter().any(|s| Some(s) == sum);
    let cells: Vec<f64> = found.line_items.iter().flat_map(|r| r.values().map(sure)).collect();
    let mean = cells.iter().sum::<f64>() / cells.len().max(1) as f64;
    mean + if adds_up { 1.0 } else { 0.0 }
}

/// Whether a problem about a value is over, because another value was chosen, which stands on the page.
fn settled(problem: &Problem, fields: &Fields, rows: &[Fields]) -> bool {
    let least = match problem.code.as_str() {
        crate::llm::UNGROUNDED => 0.0,
        crate::llm::SUSPECT => crate::llm::SUSPECT_MOST,
        _ => return false,
    };
    let grounded = |name: &String| {
        if name == "line_items" {
            return rows.iter().flat_map(Fields::values).all(has_place);
        }
        fields.get(name).is_some_and(|f| has_place(f) && f.confidence > least)
    };
    !problem.fields.is_empty() && problem.fields.iter().all(grounded)
}

fn look(name: &str, wanted: &Wanted) -> Look {
    let schema = wanted.schema.as_ref();
    let column = |s: &'_ crate::schema::Schema| {
        s.rows.as_ref()?.columns.iter().find(|c| c.name == name).map(|c| c.kind)
    };
    let own = schema.and_then(|s| s.field(name).map(|f| f.kind).or_else(|| column(s)));
    match own {
        Some(ValueKind::Date) => Look::Date,
        Some(ValueKind::Amount) => Look::Amount,
        Some(ValueKind::Flag) => Look::Flag,
        Some(ValueKind::Text) => Look::Text,
        None => form::look_of(name),
    }
}

/// Whether two values say the same.
fn same(look: Look, a: &str, b: &str) -> bool {
    match look {
        Look::Date | Look::Currency | Look::Flag => a == b,
        Look::Amount => match (a.parse::<Decimal>(), b.parse::<Decimal>()) {
            (Ok(x), Ok(y)) => x == y,
            _ => a == b,
        },
        Look::Text | Look::Code => {
            let (x, y) = (crate::ground::fold(a), crate::ground::fold(b));
            if x.is_empty() { a == b } else { x == y }
        }
    }
}

/// A value of an e-invoice has no page and needs none.
fn has_place(field: &Field) -> bool {
    field.page.is_some() || field.engine == crate::extract::ENGINE_XML
}

fn sure(field: &Field) -> f64 {
    if field.confidence.is_finite() { field.confidence.clamp(0.0, 1.0) } else { 0.0 }
}

/// One of two independent readings is right.
fn either(a: f64, b: f64) -> f64 {
    (1.0 - (1.0 - a.clamp(0.0, 1.0)) * (1.0 - b.clamp(0.0, 1.0))).min(MOST).max(a.max(b))
}

fn reading(field: &Field) -> Reading {
    Reading {
        value: field.value.clone(),
        raw: field.raw.clone(),
        confidence: field.confidence,
        page: field.page,
        bbox: field.bbox.clone(),
        engine: field.engine.clone(),
        model_version: field.model_version.clone(),
    }
}

fn sum(a: &Cost, b: &Cost) -> Cost {
    let usd = |c: &Cost| c.usd.parse::<Decimal>().unwrap_or_default();
    Cost {
        tokens_in: a.tokens_in.saturating_add(b.tokens_in),
        tokens_out: a.tokens_out.saturating_add(b.tokens_out),
        usd: usd(a).checked_add(usd(b)).unwrap_or_default().normalize().to_string(),
    }
}

/// Adds what an engine cost that gave nothing.
pub(crate) fn add_cost(found: &mut Extraction, cost: &Cost) {
    found.cost = sum(&found.cost, cost);
}

fn shown(value: &str) -> String {
    let short: String = value.chars().filter(|c| !c.is_control()).take(60).collect();
    short.replace('`', "'")
}

fn rounded(confidence: f64) -> f64 {
    (confidence * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
