//! Engine `local`: fields from words by candidates, labels, geometry and relations; no model, no network.
//!
//! Owns the order of the steps. Knows no blob and no topic. Steps: words → lines and segments ([`layout`]) → typed
//! candidates ([`candidate`]) → features ([`features`]) → a score per field ([`score`]) → one value per field, chosen
//! together ([`joint`]). Rule: a trained scorer replaces [`score`] and leaves the rest as it is.

pub mod candidate;
pub mod features;
pub mod fields;
pub mod joint;
pub mod kind;
pub mod layout;
pub mod lexicon;
pub mod parties;
pub mod relations;
pub mod score;
pub mod table;
#[cfg(test)]
mod tests;

use crate::config::Config;
use crate::error::InferError;
use crate::extract::{ENGINE_LOCAL, Extraction, Extractor, Pages, Wanted};
use candidate::{Candidate, Kind};
use docmill_contracts::{DocumentType, Field, Fields, Reading, TextSource};
use docmill_document::date::{Evidence, Form};
use features::Features;
use fields::{Role, Want};
use joint::{Choice, Ranked};
use layout::{Box4, Layout};
use lexicon::Lexicon;
use std::collections::HashMap;

/// Version of the rules.
pub const MODEL_VERSION: &str = "rules-1";

/// Reads words with hand-written rules.
pub struct LocalExtractor {
    header_pages: usize,
    closing_pages: usize,
    max_line_items: usize,
    built_in: Lexicon,
}

impl LocalExtractor {
    /// With the settings of the stage.
    pub fn new(config: &Config) -> Self {
        Self {
            header_pages: usize::from(config.header_pages).max(1),
            closing_pages: usize::from(config.closing_pages),
            max_line_items: config.max_line_items as usize,
            built_in: Lexicon::new(&[]),
        }
    }
}

/// A document between the steps.
struct Work {
    pages: Vec<Layout>,
    candidates: Vec<Candidate>,
    features: Vec<Features>,
    kind: DocumentType,
}

impl LocalExtractor {
    /// Why a document reads as it does: the type, and the best candidates of each field with their scores.
    pub fn explain(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<String, InferError> {
        let (wants, labels) = match &wanted.schema {
            Some(schema) => fields::of_schema(schema),
            None => (fields::built_in(), Vec::new()),
        };
        let lexicon = Lexicon::new(&labels);
        let kept: Result<Vec<Layout>, InferError> =
            (0..pages.len().min(self.header_pages)).map(|i| Ok(Layout::of(&pages.page(i)?))).collect();
        Ok(Work::of(kept?, &lexicon, None).explain(&wants, &lexicon))
    }
}

impl Extractor for LocalExtractor {
    fn engine(&self) -> &str {
        ENGINE_LOCAL
    }

    fn version(&self) -> &str {
        MODEL_VERSION
    }

    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        let own;
        let (wants, lexicon) = match &wanted.schema {
            Some(schema) => {
                let (wants, labels) = fields::of_schema(schema);
                own = Lexicon::new(&labels);
                (wants, &own)
            }
            None => (fields::built_in(), &self.built_in),
        };
        // The pages between the first and the last ones are only read for rows of the item table, and dropped.
        let count = pages.len();
        let mut kept = Vec::new();
        let mut table = table::Reader::new(&self.built_in, self.max_line_items);
        for index in 0..count {
            let keep = index < self.header_pages || index + self.closing_pages >= count;
            let layout = Layout::of(&pages.page(index)?);
            if wanted.schema.is_none() {
                table.feed(&layout);
            }
            if keep {
                kept.push(layout);
            }
        }
        let work = Work::of(kept, lexicon, wanted.type_hint.as_deref());
        let mut out = Extraction::of_engine(ENGINE_LOCAL, MODEL_VERSION);
        out.kind = work.kind.clone();
        // A document of no known kind has no fields of a business document.
        if wanted.schema.is_some() || out.kind.value != "other" {
            out.fields = work.fields(&wants, lexicon);
            out.line_items = table.into_rows().into_iter().map(line_item).collect();
        }
        Ok(out)
    }
}

impl Work {
    fn of(pages: Vec<Layout>, lexicon: &Lexicon, hint: Option<&str>) -> Self {
        let mut candidates: Vec<Candidate> =
            pages.iter().enumerate().flat_map(|(i, page)| candidate::find(page, i)).collect();
        if let Some(first) = pages.first().filter(|p| p.source == TextSource::Ocr) {
            parties::join_names(first, &mut candidates);
        }
        read_dates(&pages, &mut candidates);
        let kind = kind::classify(&pages, &candidates, hint);
        let features = features::measure(&pages, &candidates, lexicon);
        Self { pages, candidates, features, kind }
    }

    fn rank(&self, wants: &[Want], lexicon: &Lexicon) -> Vec<Ranked> {
        let document = score::Document { kind: &self.kind.value };
        let receipt = self.kind.value == "receipt";
        let named = wants.iter().any(|w| matches!(w.role, Role::SellerName | Role::BuyerName));
        let hints = if named {
            parties::suggest(&self.pages, &self.candidates, &self.features, lexicon, receipt)
        } else {
            vec![(0.0, 0.0); self.candidates.len()]
        };
        let totals = if receipt {
            relations::receipt_total(&self.candidates, &self.features)
        } else {
            std::collections::BTreeMap::new()
        };
        wants
            .iter()
            .map(|want| {
                let list =
                    self.candidates.iter().zip(&self.features).enumerate().filter_map(|(i, (c, f))| {
                        if !score::takes(want.role, c.kind) {
                            return None;
                        }
                        let by_label = score::score(want, c, f, document);
                        let fit = match want.role {
                            Role::SellerName if receipt => hints[i].0 * 1.1,
                            Role::SellerName => by_label.max(hints[i].0),
                            Role::BuyerName => by_label.max(hints[i].1),
                            Role::Gross => by_label + totals.get(&c.amount).copied().unwrap_or_default(),
                            _ => by_label,
                        };
                        (fit > 0.0).then_some((i, fit))
                    });
                Ranked::of(list.collect(), &self.candidates)
            })
            .collect()
    }

    /// The best candidates of each field, for people who tune rules.
    fn explain(&self, wants: &[Want], lexicon: &Lexicon) -> String {
        let mut out = format!("type {:?}\n", self.kind);
        for (want, ranked) in wants.iter().zip(self.rank(wants, lexicon)) {
            for (i, score) in ranked.list.iter().take(6) {
                let (c, f) = (&self.candidates[*i], &self.features[*i]);
                let mut labels: Vec<(usize, f32)> =
                    f.label.iter().copied().enumerate().filter(|l| l.1 > 0.3).collect();
                labels.sort_by(|a, b| b.1.total_cmp(&a.1));
                labels.truncate(4);
                let (page, y) = (c.page + 1, c.bbox[1]);
                let line = format!(
                    "{:16} {score:.3} {:30} p{page} y{y:.0} {:?} {labels:?}\n",
                    want.name, c.value, c.range
                );
                out.push_str(&line);
            }
        }
        out
    }

    fn fields(&self, wants: &[Want], lexicon: &Lexicon) -> Fields {
        let ranked = self.rank(wants, lexicon);
        let mut chosen =
            joint::choose(wants, &ranked, &self.candidates, self.kind.value.starts_with("order"));
        self.fall_back(wants, &ranked, &mut chosen);
        let mut fields = Fields::new();
        for (i, want) in wants.iter().enumerate() {
            if let Some(choice) = chosen.get(&i) {
                fields.insert(want.name.clone(), self.field(want, choice, &ranked[i]));
            }
        }
        for (role, name_role) in
            [(Role::SellerAddress, Role::SellerName), (Role::BuyerAddress, Role::BuyerName)]
        {
            let Some(want) = wants.iter().find(|w| w.role == role) else { continue };
            let named = wants.iter().position(|w| w.role == name_role).and_then(|i| chosen.get(&i));
            let Some(choice) = named else { continue };
            let name = &self.candidates[choice.candidate];
            let page = &self.pages[name.page];
            if let Some((value, place)) = parties::address_below(page, name, self.kind.value == "receipt") {
                let confidence =
                    (score::confidence(choice.score, choice.margin) * 0.9 * 1000.0).round() / 1000.0;
                fields
                    .insert(want.name.clone(), local(value.clone(), value, confidence, page.page_no, place));
            }
        }
        if self.kind.value == "credit_note" {
            positive(&mut fields);
        }
        self.currency(wants, &mut fields);
        self.due(wants, &mut fields);
        fields
    }

    /// What is taken where no label helps.
    fn fall_back(&self, wants: &[Want], ranked: &[Ranked], chosen: &mut HashMap<usize, Choice>) {
        for (i, want) in wants.iter().enumerate() {
            if chosen.contains_key(&i) {
                continue;
            }
            let weak = |candidate: usize| Choice { candidate, score: 0.4, margin: 0.0 };
            let usable = |c: &&Candidate| score::takes(want.role, c.kind);
            let found = match want.role {
                // The first date of the document.
                Role::IssueDate => self.candidates.iter().position(|c| c.kind == Kind::Date && c.page == 0),
                // The largest amount.
                Role::Gross => {
                    let amounts = self.candidates.iter().enumerate().filter(|(_, c)| usable(c) && c.monetary);
                    amounts.max_by(|a, b| a.1.amount.cmp(&b.1.amount).then(b.0.cmp(&a.0))).map(|(i, _)| i)
                }
                // A tenant's period: the earliest and the latest day of a range.
                Role::PeriodFrom if want.own.is_some() => {
                    let first = self.candidates.iter().enumerate().filter(|(_, c)| c.range == Some(true));
                    first.min_by_key(|(_, c)| c.date).map(|(i, _)| i)
                }
                Role::PeriodTo if want.own.is_some() => {
                    let last = self.candidates.iter().enumerate().filter(|(_, c)| c.range == Some(false));
                    last.max_by_key(|(_, c)| c.date).map(|(i, _)| i)
                }
                Role::Number | Role::BuyerName if want.own.is_some() => {
                    ranked[i].list.first().filter(|f| f.1 > 0.25).map(|f| f.0)
                }
                _ => None,
            };
            if let Some(candidate) = found {
                chosen.insert(i, weak(candidate));
            }
        }
    }

    fn field(&self, want: &Want, choice: &Choice, ranked: &Ranked) -> Field {
        let c = &self.candidates[choice.candidate];
        let page = &self.pages[c.page];
        let confidence = score::confidence(choice.score, choice.margin);
        let mut field = local(value_of(want, c), c.raw.clone(), confidence, page.page_no, c.bbox);
        let others = ranked.list.iter().filter(|(i, s)| *i != choice.candidate && *s >= score::THRESHOLD);
        for (i, s) in others.take(2) {
            let other = &self.candidates[*i];
            field.other_readings.push(Reading {
                value: value_of(want, other),
                raw: Some(other.raw.clone()),
                confidence: (score::confidence(*s, 0.0) * 0.5 * 1000.0).round() / 1000.0,
                page: Some(self.pages[other.page].page_no),
                bbox: Some(boxed(other.bbox)),
                engine: ENGINE_LOCAL.to_owned(),
                model_version: MODEL_VERSION.to_owned(),
            });
        }
        field
    }

    /// The currency that stands beside the total, else the one that stands most often.
    fn currency(&self, wants: &[Want], fields: &mut Fields) {
        let Some(want) = wants.iter().find(|w| w.role == Role::Currency) else { return };
        let mut counts: HashMap<&'static str, (usize, usize)> = HashMap::new();
        for (i, c) in self.candidates.iter().enumerate() {
            if let Some(code) = c.currency {
                let slot = counts.entry(code).or_insert((0, i));
                slot.0 += 1;
            }
        }
        // A code that stands alone, beside a label or in a table's header.
        let mut alone: HashMap<&'static str, (usize, i32, Box4)> = HashMap::new();
        for page in &self.pages {
            for segment in &page.segments {
                for (at, place) in &segment.words {
                    let word = segment.text.get(*at..).and_then(|t| t.split(' ').next()).unwrap_or_default();
                    let word = word.trim_matches(|c| matches!(c, '(' | ')' | '[' | ']' | ',' | ';'));
                    let code = word.len() >= 2 && (word.len() == 3 || !word.is_ascii());
                    if let Some(code) = docmill_document::money::currency(word).filter(|_| code) {
                        alone.entry(code).or_insert((0, page.page_no, *place)).0 += 1;
                    }
                }
            }
        }
        let best = counts.iter().max_by_key(|(code, (n, _))| (*n, *code));
        let single = alone.iter().max_by_key(|(code, (n, ..))| (*n, **code));
        match (best, single) {
            (Some((code, (n, i))), _) => {
                let c = &self.candidates[*i];
                let confidence = if *n > 2 { 0.9 } else { 0.75 };
                let page = self.pages[c.page].page_no;
                fields.insert(
                    want.name.clone(),
                    local((*code).to_owned(), c.raw.clone(), confidence, page, c.bbox),
                );
            }
            (None, Some((code, (_, page, place)))) => {
                let value = (*code).to_owned();
                fields.insert(want.name.clone(), local(value.clone(), value, 0.8, *page, *place));
            }
            (None, None) => {}
        }
    }

    /// Nothing said otherwise, the whole of an invoice is to be paid.
    fn due(&self, wants: &[Want], fields: &mut Fields) {
        let Some(want) = wants.iter().find(|w| w.role == Role::Due && w.own.is_none()) else { return };
        if fields.contains_key(&want.name) || !matches!(self.kind.value.as_str(), "invoice" | "credit_note") {
            return;
        }
        let gross = wants.iter().find(|w| w.role == Role::Gross).and_then(|w| fields.get(&w.name)).cloned();
        if let Some(mut gross) = gross {
            gross.confidence = (gross.confidence * 0.8 * 1000.0).round() / 1000.0;
            gross.other_readings.clear();
            fields.insert(want.name.clone(), gross);
        }
    }
}

/// Decides between the readings of dates by the other dates of the document and by where it seems to come from.
fn read_dates(pages: &[Layout], candidates: &mut [Candidate]) {
    let dollars = candidates.iter().filter(|c| c.currency == Some("USD")).count();
    let others = candidates.iter().filter(|c| c.currency.is_some_and(|c| c != "USD")).count();
    let american = dollars > others
        || (others == 0 && {
            const WORDS: [&str; 4] = ["zip", "advertiser", "sales tax", "po box"];
            let said = |s: &layout::Segment| WORDS.iter().any(|w| s.plain.contains(w));
            pages.iter().take(1).any(|p| p.segments.iter().any(said))
        });
    let locale = if american { Form::MonthFirst } else { Form::DayFirst };
    let evidence = {
        let dates = candidates.iter().filter(|c| c.kind == Kind::Date).map(|c| c.dates.as_slice());
        Evidence::of(dates, Some(locale))
    };
    for c in candidates.iter_mut().filter(|c| c.kind == Kind::Date) {
        if let Some((reading, _)) = evidence.choose(&c.dates) {
            c.date = Some(reading.date);
            c.value = reading.date.to_string();
        }
    }
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

fn value_of(want: &Want, c: &Candidate) -> String {
    match want.role {
        // Both are written with spaces for people.
        Role::Iban | Role::SellerVat | Role::BuyerVat => {
            c.value.chars().filter(|ch| !ch.is_whitespace()).collect()
        }
        _ => c.value.clone(),
    }
}

fn line_item(row: table::Row) -> Fields {
    let mut fields = Fields::new();
    for (column, cell) in row.cells {
        if let Some(name) = column.name() {
            fields.insert(name.to_owned(), local(cell.value, cell.raw, 0.7, row.page_no, cell.bbox));
        }
    }
    fields
}

fn local(value: String, raw: String, confidence: f64, page: i32, place: Box4) -> Field {
    Field {
        value,
        raw: Some(raw),
        confidence,
        page: Some(page),
        bbox: Some(boxed(place)),
        engine: ENGINE_LOCAL.to_owned(),
        model_version: MODEL_VERSION.to_owned(),
        other_readings: Vec::new(),
    }
}

/// Tenths of a point are enough.
fn boxed(place: Box4) -> Vec<f64> {
    place.iter().map(|v| (f64::from(*v) * 10.0).round() / 10.0).collect()
}
