//! Whether a value stands on the pages: where, and what exactly stands there.
//!
//! Owns the search for a value that somebody claims to have read. Knows no engine. Rule: the page's own text is what
//! counts. A claim only points at words; the value is read from those words by docmill's readers, so that a digit that
//! does not stand on the page cannot come into a result. What a person could not see is no ground, and a value that stands
//! only where the document speaks to a language model is marked.

mod index;
pub mod suspect;
#[cfg(test)]
mod tests;

use crate::extract::PageText;
use docmill_contracts::TextSource;
use docmill_document::{date, money};
pub(crate) use index::fold;
use index::{PageIndex, Span};
use rust_decimal::Decimal;

/// What a value looks like, and so how it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort<'a> {
    /// A calendar day; the value is its ISO form.
    Date,
    /// An amount, a quantity or a rate; the value is a decimal.
    Amount,
    /// A text; the value is what stands on the page.
    Text,
    /// A text that is written with spaces for people: IBAN, BIC, VAT id.
    Code,
    /// A currency; the value is its ISO 4217 code.
    Currency,
    /// One of these words, which must stand on the page.
    OneOf(&'a [String]),
}

/// A value that stands on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Grounded {
    /// Normalised.
    pub value: String,
    /// As it stands on the page.
    pub raw: String,
    /// From 1.
    pub page: i32,
    /// x0, y0, x1, y1 in points.
    pub bbox: [f32; 4],
    /// How well the claim fits what stands there and how surely that was read, 0..=1.
    pub quality: f64,
    /// Other ways to read what stands there.
    pub others: Vec<String>,
    /// True where it stands only in words that are meant for a language model.
    pub suspect: bool,
}

/// Where a value is expected, for claims that stand on the pages more than once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Near<'a> {
    /// Words that stand beside or above the right occurrence.
    pub labels: &'a [String],
    /// The only band in which it may stand.
    pub band: Option<Band>,
    /// Occurrences below this place are preferred.
    pub after: Option<(i32, f32)>,
}

/// A horizontal band of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// From 1.
    pub page: i32,
    /// Top in points.
    pub y0: f32,
    /// Bottom in points.
    pub y1: f32,
}

/// The pages of a document, ready to be searched.
#[derive(Debug, Default)]
pub struct Ground {
    pages: Vec<PageIndex>,
    evidence: date::Evidence,
    /// Words that nobody can see, and so are no ground.
    hidden: usize,
}

/// Most occurrences of one claim that are compared.
const MAX_SPANS: usize = 64;
/// Longest claim that is looked for, in characters.
pub const MAX_CLAIM: usize = 2_000;

impl Ground {
    /// Takes a page in.
    pub fn add(&mut self, page: &PageText) {
        let (index, hidden) = PageIndex::of(page);
        self.hidden += hidden;
        for row in index.row_texts() {
            for found in date::find(&row) {
                let one = date::Evidence::of([found.readings.as_slice()], None);
                self.evidence.day_first += one.day_first;
                self.evidence.month_first += one.month_first;
            }
        }
        self.pages.push(index);
    }

    /// Words that were left out because no person can see them.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// First page with words that are meant for a language model.
    pub fn suspect_page(&self) -> Option<i32> {
        self.pages.iter().find(|p| p.tokens.iter().any(|t| t.suspect)).map(|p| p.page_no)
    }

    /// True where there is no word at all.
    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(|p| p.tokens.is_empty())
    }

    /// The pages' rows for a reader, from top to bottom, each with the place of its first word.
    pub fn rows(&self) -> impl Iterator<Item = (i32, Vec<Row<'_>>)> {
        self.pages.iter().map(|p| (p.page_no, p.rows().collect()))
    }

    /// The page's size in points.
    pub fn size(&self, page_no: i32) -> Option<(f32, f32)> {
        self.pages.iter().find(|p| p.page_no == page_no).map(|p| (p.width, p.height))
    }

    /// Looks for what somebody claims to have read.
    pub fn find(&self, sort: Sort<'_>, claim: &str, near: Near<'_>) -> Option<Grounded> {
        let claim = claim.trim();
        if claim.is_empty() || claim.chars().count() > MAX_CLAIM {
            return None;
        }
        match sort {
            Sort::Currency => self.currency(claim),
            Sort::OneOf(allowed) => {
                let folded = index::fold(claim);
                let word = allowed.iter().find(|a| index::fold(a) == folded)?;
                let mut found = self.best(Sort::Text, claim, near)?;
                found.value.clone_from(word);
                Some(found)
            }
            Sort::Text | Sort::Code => {
                let lines = || if sort == Sort::Text { self.in_lines(claim, near) } else { None };
                self.best(sort, claim, near).or_else(lines)
            }
            Sort::Date | Sort::Amount => {
                self.best(sort, claim, near).or_else(|| self.rewritten(sort, claim, near))
            }
        }
    }

    /// The value that a text of the pages states, and other ways to read it; none where it cannot be read as such.
    pub fn interpret(&self, sort: Sort<'_>, raw: &str) -> Option<(String, Vec<String>)> {
        let trimmed = raw.trim_matches(|c: char| matches!(c, ',' | ';' | ':') || c.is_whitespace());
        let single = |value: String| (!value.is_empty()).then(|| (value, Vec::new()));
        match sort {
            Sort::Date => self.day(trimmed, trimmed),
            Sort::Amount => {
                let mut all = amounts(trimmed).into_iter().map(|v| v.to_string());
                Some((all.next()?, all.collect()))
            }
            Sort::Code => single(trimmed.chars().filter(|c| !c.is_whitespace()).collect()),
            Sort::Currency => money::currency(trimmed).and_then(|code| single(code.to_owned())),
            Sort::Text => single(trimmed.to_owned()),
            Sort::OneOf(allowed) => {
                let folded = index::fold(trimmed);
                allowed.iter().find(|a| index::fold(a) == folded).cloned().and_then(single)
            }
        }
    }

    /// The best of the places where the claim stands letter by letter.
    fn best(&self, sort: Sort<'_>, claim: &str, near: Near<'_>) -> Option<Grounded> {
        let needle = index::fold(claim);
        let mut best: Option<(i32, Grounded)> = None;
        let pages = self.pages.iter();
        for (page, span) in pages.flat_map(|p| p.spans(&needle, MAX_SPANS).into_iter().map(move |s| (p, s))) {
            let Some(found) = self.read(page, &span, sort, claim).filter(|f| within(f, near)) else {
                continue;
            };
            let rank = rank(page, &span, near, &found);
            if best.as_ref().is_none_or(|(r, _)| rank > *r) {
                best = Some((rank, found));
            }
        }
        best.map(|(_, found)| found)
    }

    /// Reads what stands at a place as a value of that sort; none where it says something else than the claim.
    fn read(&self, page: &PageIndex, span: &Span, sort: Sort<'_>, claim: &str) -> Option<Grounded> {
        let span = if sort == Sort::Amount { page.with_signs(span)? } else { *span };
        let raw = page.text(&span);
        let mut quality = if span.whole { 1.0 } else { 0.85 };
        let mut others = Vec::new();
        let value = match sort {
            Sort::Date => {
                let (value, rest) = self.day(&raw, claim)?;
                if !rest.is_empty() {
                    quality *= 0.85;
                }
                others = rest;
                value
            }
            Sort::Amount => {
                let claimed = amounts(claim);
                let there = amounts(&raw);
                let value = there.iter().find(|v| claimed.contains(v))?;
                others.extend(there.iter().filter(|v| *v != value).map(Decimal::to_string));
                if !others.is_empty() {
                    quality *= 0.9;
                }
                value.to_string()
            }
            Sort::Code => raw.chars().filter(|c| !c.is_whitespace()).collect(),
            Sort::Text | Sort::Currency | Sort::OneOf(_) => {
                raw.trim_matches(|c: char| matches!(c, ',' | ';' | ':') || c.is_whitespace()).to_owned()
            }
        };
        quality *= page.confidence(&span);
        let suspect = page.is_suspect(&span);
        Some(Grounded { value, raw, page: page.page_no, bbox: page.place(&span), quality, others, suspect })
    }

    /// The day that stands there, and the other ways to read it. Where the claim names one of them (2026-03-04 for
    /// `03/04/26`), that is believed, unless the document's other dates say otherwise.
    fn day(&self, raw: &str, claim: &str) -> Option<(String, Vec<String>)> {
        let there = days(raw);
        let (evident, why) = self.evidence.choose(&there)?;
        let claimed = days(claim);
        let named = match claimed.as_slice() {
            [only] => there.iter().find(|r| r.date == only.date).copied(),
            _ => None,
        };
        if !claimed.is_empty() && !there.iter().any(|r| claimed.iter().any(|c| c.date == r.date)) {
            return None;
        }
        let settled = matches!(why, date::Why::Only | date::Why::OtherDates);
        let chosen = if settled { evident } else { named.unwrap_or(evident) };
        let mut rest: Vec<String> =
            there.iter().filter(|r| r.date != chosen.date).map(|r| r.date.to_string()).collect();
        rest.dedup();
        Some((chosen.date.to_string(), rest))
    }

    /// A day or an amount that the page writes in another way than the claim does: `2026-01-31` for `31. Januar 2026`.
    fn rewritten(&self, sort: Sort<'_>, claim: &str, near: Near<'_>) -> Option<Grounded> {
        let mut best: Option<(i32, Grounded)> = None;
        for page in &self.pages {
            let spans = if sort == Sort::Date {
                let claimed = days(claim);
                let [only] = claimed.as_slice() else { return None };
                page.dates(|readings| readings.iter().any(|r| r.date == only.date))
            } else {
                let claimed = amounts(claim);
                let first = claimed.first()?;
                page.amounts(|raw| amounts(raw).contains(first))
            };
            for span in spans.into_iter().take(MAX_SPANS) {
                let Some(mut found) = self.read(page, &span, sort, claim).filter(|f| within(f, near)) else {
                    continue;
                };
                found.quality *= 0.9;
                let rank = rank(page, &span, near, &found);
                if best.as_ref().is_none_or(|(r, _)| rank > *r) {
                    best = Some((rank, found));
                }
            }
        }
        best.map(|(_, found)| found)
    }

    /// A text that goes over several lines of one column, such as an address: every piece must stand near the one before.
    fn in_lines(&self, claim: &str, near: Near<'_>) -> Option<Grounded> {
        let words: Vec<String> = claim
            .split(|c: char| c.is_whitespace() || c == ',')
            .map(index::fold)
            .filter(|w| !w.is_empty())
            .collect();
        if !(2..=60).contains(&words.len()) {
            return None;
        }
        let mark = if claim.contains([',', '\n']) { ", " } else { " " };
        let mut best: Option<Grounded> = None;
        for page in &self.pages {
            for spans in page.broken(&words) {
                let parts: Option<Vec<Grounded>> =
                    spans.iter().map(|s| self.read(page, s, Sort::Text, claim)).collect();
                let lines = |a: Grounded, b: Grounded| joined(a, &b, mark);
                let Some(mut found) = parts.and_then(|p| p.into_iter().reduce(lines)) else { continue };
                found.quality *= 0.95;
                if within(&found, near) && best.as_ref().is_none_or(|b| found.quality > b.quality) {
                    best = Some(found);
                }
            }
        }
        best
    }

    /// A currency stands there as its code or by its sign.
    fn currency(&self, claim: &str) -> Option<Grounded> {
        let upper = claim.to_uppercase();
        let known = money::currency(claim);
        let code = known.map(str::to_owned).or_else(|| {
            let code = docmill_document::currency::is_current(&upper);
            code.then_some(upper)
        })?;
        let mut best: Option<Grounded> = None;
        for page in &self.pages {
            for span in page.words(|text| says_currency(text, &code)) {
                let Some(mut found) = self.read(page, &span, Sort::Text, claim) else { continue };
                found.value.clone_from(&code);
                let better = |b: &Grounded| (!found.suspect, found.quality) > (!b.suspect, b.quality);
                if best.as_ref().is_none_or(better) {
                    best = Some(found);
                }
            }
        }
        best
    }
}

/// A row of a page, as a reader sees it.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Its words with their places, from left to right.
    pub words: Vec<(&'a str, [f32; 4])>,
}

fn says_currency(word: &str, code: &str) -> bool {
    let bare = word.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']' | ',' | ';' | ':' | '.'));
    if bare.eq_ignore_ascii_case(code) || money::currency(bare) == Some(code) {
        return true;
    }
    money::readings(bare).iter().any(|a| a.currency == Some(code))
}

/// All amounts that a text can be; a rate's per-cent sign is no part of it.
fn amounts(text: &str) -> Vec<Decimal> {
    let text = text.trim().trim_end_matches('%').trim_end();
    money::readings(text).into_iter().map(|a| a.value).collect()
}

/// All days that a text, with its weekday or its comma, can be.
fn days(text: &str) -> Vec<date::Reading> {
    let whole = date::readings(text);
    if !whole.is_empty() {
        return whole;
    }
    match date::find(text).as_slice() {
        [one] => one.readings.clone(),
        _ => Vec::new(),
    }
}

/// Two lines of one text.
fn joined(a: Grounded, b: &Grounded, mark: &str) -> Grounded {
    Grounded {
        value: format!("{}{mark}{}", a.value, b.value),
        raw: format!("{} {}", a.raw, b.raw),
        bbox: index::union(a.bbox, b.bbox),
        quality: a.quality.min(b.quality),
        suspect: a.suspect || b.suspect,
        ..a
    }
}

fn within(found: &Grounded, near: Near<'_>) -> bool {
    let middle = f32::midpoint(found.bbox[1], found.bbox[3]);
    near.band.is_none_or(|b| b.page == found.page && middle >= b.y0 && middle <= b.y1)
}

fn rank(page: &PageIndex, span: &Span, near: Near<'_>, found: &Grounded) -> i32 {
    let mut rank = if found.suspect { -100 } else { 0 };
    rank += if span.whole { 4 } else { 0 };
    rank += if page.near(span, near.labels) { 8 } else { 0 };
    if let Some((no, y)) = near.after {
        rank += if (found.page, found.bbox[1]) > (no, y) { 16 } else { 0 };
    }
    // A text layer is surer than OCR.
    rank + i32::from(page.source == TextSource::TextLayer)
}
