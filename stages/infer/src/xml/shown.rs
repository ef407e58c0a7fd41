//! Compares an e-invoice with what its pages show.
//!
//! A known fraud shows one account or amount to the person and another to the machine. Every value of the XML is looked
//! for on the pages; what is found gets its page and box. Rule: nothing is corrected. A value that the pages contradict
//! is a problem with both values, and the other reading is kept beside it; one that they merely do not show is a note.

mod accounts;
mod currency;
mod find;
mod kind;
mod lines;

use super::Known;
use crate::error::InferError;
use crate::extract::{Extraction, Pages};
use currency::Currencies;
use docmill_contracts::{Field, Problem, Reading, Severity};
use find::{Kind, Seen};
use kind::Titles;
use lines::Lines;
use std::collections::BTreeSet;

/// How sure the reading of the pages must be to contradict the XML.
const SURE: f64 = 0.5;
/// Pages at the beginning and at the end that are compared.
const PAGES_AT_EACH_END: usize = 25;
/// Fewest words on the pages that are worth a comparison.
const FEWEST_WORDS: usize = 12;

/// Amounts that decide what is paid.
const AMOUNTS: &[&str] = &["grand_total", "due_payable", "net_total", "tax_total"];

/// What is looked for, and how.
const FIELDS: &[(&str, Kind)] = &[
    ("invoice_number", Kind::Id),
    ("issue_date", Kind::Day),
    ("due_date", Kind::Day),
    ("delivery_date", Kind::Day),
    ("period_from", Kind::Day),
    ("period_to", Kind::Day),
    ("purchase_order_ref", Kind::Id),
    ("contract_ref", Kind::Id),
    ("seller_name", Kind::Name),
    ("buyer_name", Kind::Name),
    ("seller_vat_id", Kind::Id),
    ("seller_tax_no", Kind::Id),
    ("buyer_vat_id", Kind::Id),
    ("iban", Kind::Id),
    ("bic", Kind::Id),
    ("payment_ref", Kind::Id),
    ("line_total", Kind::Amount),
    ("allowance_total", Kind::Amount),
    ("charge_total", Kind::Amount),
    ("net_total", Kind::Amount),
    ("tax_total", Kind::Amount),
    ("grand_total", Kind::Amount),
    ("prepaid", Kind::Amount),
    ("due_payable", Kind::Amount),
];

/// Compares; `read` is what an engine read from the same pages, where one did.
pub(crate) fn compare(
    xml: &mut Extraction,
    known: &Known,
    read: Option<&Extraction>,
    pages: &mut dyn Pages,
) -> Result<(), InferError> {
    let mut seen = Seen::new(xml, known, FIELDS);
    let (mut currencies, mut titles, mut lines) = (Currencies::new(xml), Titles::default(), Lines::new(xml));
    let (count, has_lines) = (pages.len(), !lines.is_empty());
    // The items of a long invoice stand on the pages between.
    let wanted = |i: &usize| *i < PAGES_AT_EACH_END || *i + PAGES_AT_EACH_END >= count;
    for index in (0..count).filter(|i| wanted(i) || has_lines) {
        let page = pages.page(index)?;
        lines.page(&page);
        if wanted(&index) {
            seen.page(&page);
            currencies.page(&page);
            titles.page(&page);
        }
    }
    if seen.words < FEWEST_WORDS {
        let message = "the pages show too little text to be compared with the e-invoice".to_owned();
        xml.problems.push(problem("INFER-0144", Severity::Warning, message, &[], None));
        return Ok(());
    }
    let mut problems = Vec::new();
    let mut contradicted: BTreeSet<&str> = BTreeSet::new();
    let mut found = |name: &'static str, problem: Option<Problem>| {
        if let Some(problem) = problem {
            contradicted.insert(name);
            problems.push(problem);
        }
    };
    for name in AMOUNTS {
        found(name, amount(name, xml, read, &seen));
    }
    found("iban", accounts::problem_of(xml, known, &seen));
    found("currency", currencies.problem());
    found("seller_name", seller(xml, known, read, &seen));
    found("invoice_number", number(xml, read, &seen));
    problems.extend(titles.problem(xml, known, read));
    problems.extend(lines.problem());
    problems.extend(unseen(xml, &seen, &contradicted));
    for (name, _) in FIELDS {
        let Some(field) = xml.fields.get_mut(*name) else { continue };
        if let Some((page, bbox)) = seen.place(name) {
            field.page = Some(page);
            field.bbox = Some(bbox.iter().map(|v| f64::from(*v)).collect());
        }
        if let Some(other) = read.and_then(|r| r.fields.get(*name)).filter(|other| differs(field, other)) {
            field.other_readings.push(reading(other));
        }
    }
    xml.problems.extend(problems);
    Ok(())
}

/// An amount that the pages do not show, where they show another in its place.
fn amount(name: &str, xml: &Extraction, read: Option<&Extraction>, seen: &Seen) -> Option<Problem> {
    let field = xml.fields.get(name)?;
    if seen.place(name).is_some() || seen.is_shown_in_parts(name) || find::is_zero(&field.value) {
        return None;
    }
    let other = sure(read, name).filter(|other| differs(field, other))?;
    let message = format!("the pages show {name} {}, the e-invoice has {}", other.value, field.value);
    Some(problem("INFER-0140", Severity::Error, message, &[name], other.page))
}

/// A seller whose name and numbers the pages do not show, where they show another's.
fn seller(xml: &Extraction, known: &Known, read: Option<&Extraction>, seen: &Seen) -> Option<Problem> {
    let field = xml.fields.get("seller_name")?;
    let numbers = ["seller_vat_id", "seller_tax_no", "iban"].iter().any(|name| seen.place(name).is_some());
    if numbers || seen.name_is_shown("seller_name") {
        return None;
    }
    let ours: BTreeSet<String> = known.tax_ids.iter().map(|id| find::compact(id)).collect();
    let foreign = seen.vat_ids.iter().find(|(id, _)| !ours.contains(id));
    if let Some((id, page)) = foreign.filter(|_| !ours.is_empty()) {
        let message = format!("the pages show the VAT id {id}, the e-invoice is of {}", field.value);
        return Some(problem(
            "INFER-0142",
            Severity::Error,
            message,
            &["seller_name", "seller_vat_id"],
            Some(*page),
        ));
    }
    let other = sure(read, "seller_name").filter(|other| !find::share_words(&field.value, &other.value))?;
    let message = format!("the pages show the seller {}, the e-invoice has {}", other.value, field.value);
    Some(problem("INFER-0142", Severity::Error, message, &["seller_name"], other.page))
}

fn number(xml: &Extraction, read: Option<&Extraction>, seen: &Seen) -> Option<Problem> {
    let field = xml.fields.get("invoice_number")?;
    if seen.place("invoice_number").is_some() {
        return None;
    }
    let other = sure(read, "invoice_number").filter(|other| differs(field, other))?;
    let message = format!("the pages show the number {}, the e-invoice has {}", other.value, field.value);
    Some(problem("INFER-0143", Severity::Warning, message, &["invoice_number"], other.page))
}

/// One note for all values that the pages do not show.
fn unseen(xml: &Extraction, seen: &Seen, contradicted: &BTreeSet<&str>) -> Option<Problem> {
    let there = |name: &&str| xml.fields.get(*name).is_some_and(|f| !find::is_zero(&f.value));
    let all: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).filter(there).collect();
    let shown =
        |name: &str| seen.place(name).is_some() || seen.name_is_shown(name) || seen.is_shown_in_parts(name);
    let missing: Vec<&str> =
        all.iter().copied().filter(|name| !shown(name) && !contradicted.contains(name)).collect();
    if missing.is_empty() {
        return None;
    }
    let message = format!(
        "{} of {} values of the e-invoice are not shown on the pages: {}",
        missing.len(),
        all.len(),
        missing.join(", ")
    );
    Some(problem("INFER-0144", Severity::Warning, message, &missing, None))
}

fn sure<'r>(read: Option<&'r Extraction>, name: &str) -> Option<&'r Field> {
    read?.fields.get(name).filter(|field| field.confidence >= SURE)
}

fn differs(field: &Field, other: &Field) -> bool {
    !find::same(&field.value, &other.value)
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

fn problem(code: &str, severity: Severity, message: String, fields: &[&str], page: Option<i32>) -> Problem {
    let fields = fields.iter().map(|name| (*name).to_owned()).collect();
    Problem { code: code.to_owned(), severity, message, fields, page }
}

#[cfg(test)]
mod tests;
