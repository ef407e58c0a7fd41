//! Document type: type words in several languages, how often, where and how large they stand.
//!
//! Knows no field. Rule: a document that says nothing of the kind is `other`.

mod titles;
mod words;

use super::candidate::{Candidate, Kind};
use super::describe::Sheet;
use super::heads;
use super::layout::Layout;
use super::lexicon::{self, Concept, plain};
use docmill_contracts::{DocumentType, TextSource};
use docmill_learn::{Linear, Row, rows_hash};
use std::collections::HashSet;
use std::sync::LazyLock;
use titles::{OTHERS, PROFORMA, PURCHASES, SELF_BILLED, SUPPLY};
use words::WORDS;

/// What documents of a type are titled, in the [`plain`] form, in all languages.
pub(crate) fn titles(kind: &str) -> &'static [&'static str] {
    WORDS.iter().find(|w| w.0 == kind).map_or(&[], |w| w.1)
}

/// `W A R E N R E C H N U N G Seite 1`: the letters of the spaced word together; none where nothing is spaced out.
fn spaced_out(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let letters =
        words.iter().take_while(|w| w.chars().count() == 1 && w.chars().all(char::is_alphabetic)).count();
    if letters < 5 {
        return None;
    }
    let mut closed = plain(&words[..letters].concat());
    for word in &words[letters..] {
        closed.push(' ');
        closed.push_str(word);
    }
    Some(closed)
}

/// What speaks for a type.
struct Evidence {
    kind: &'static str,
    title: f32,
    words: usize,
    score: f32,
    reason: String,
}

/// The type of a document by its first pages, by rules.
pub fn classify(pages: &[Layout], candidates: &[Candidate], hint: Option<&str>) -> DocumentType {
    if pages.is_empty() {
        return DocumentType::unknown();
    }
    let mut evidence = evidence(pages, candidates, hint);
    evidence.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = &evidence[0];
    let margin = best.score - evidence.get(1).map_or(0.0, |s| s.score);
    if let Some(said) = of_another_kind(&pages[0], best.title) {
        return said;
    }
    if best.score < 1.15 {
        return other(f64::from((0.9 - 0.3 * best.score).clamp(0.3, 0.9)));
    }
    DocumentType {
        value: best.kind.to_owned(),
        confidence: f64::from((0.55 + 0.25 * margin).clamp(0.4, 0.98)),
        reason: Some(best.reason.clone()),
        category: None,
    }
}

fn other(confidence: f64) -> DocumentType {
    DocumentType {
        value: "other".to_owned(),
        confidence,
        reason: Some("hardly any word of a known type".to_owned()),
        category: None,
    }
}

/// The types, each with what is known for it, for a trained scorer; `other` is the last.
pub fn rows(pages: &[Layout], candidates: &[Candidate], hint: Option<&str>) -> Vec<(&'static str, Row)> {
    let evidence = evidence(pages, candidates, hint);
    let Some(first) = pages.first() else { return Vec::new() };
    let best = evidence.iter().map(|e| e.score).fold(0.0, f32::max);
    let mut words: Vec<&str> = first.segments.iter().take(150).flat_map(|s| s.plain.split(' ')).collect();
    words.retain(|w| w.len() >= 3 && !w.contains(|c: char| c.is_ascii_digit()));
    words.sort_unstable();
    words.dedup();
    let mut marks = marks(first);
    if is_slip(first, usual_height(first)) {
        marks.push(rows_hash(b"slip"));
    }
    let mut rows: Vec<(&'static str, Row)> = Vec::new();
    for e in &evidence {
        let mut sheet = Sheet::new();
        let own = rows_hash(e.kind.as_bytes());
        sheet.put("type score", 0, e.score);
        sheet.put("type score of", own, 0.5 * e.score);
        sheet.put("type best", 0, f32::from(u8::from(e.score >= best - 1e-4)));
        sheet.put("type gap", 0, best - e.score);
        sheet.step("type title", e.title, &[0.1, 0.5, 0.9, 1.3, 1.8, 2.4]);
        sheet.step("type words", e.words as f32, &[0.5, 1.5, 2.5, 4.5]);
        sheet.put("type words of", own ^ e.words.min(4) as u64, 0.5);
        sheet.flag("type", own);
        words.iter().for_each(|w| sheet.put("type word", own ^ rows_hash(w.as_bytes()), 0.12));
        marks.iter().for_each(|m| sheet.flag("type mark", own ^ *m));
        rows.push((e.kind, sheet.into_row()));
    }
    let mut sheet = Sheet::new();
    let own = rows_hash(b"other");
    sheet.flag("type", own);
    sheet.put("other best", 0, best);
    sheet.step("other step", best, &[0.4, 0.8, 1.15, 1.5, 2.0]);
    let amounts = candidates.iter().filter(|c| c.kind == Kind::Amount && c.monetary).count();
    sheet.step("other amounts", amounts as f32, &[0.5, 1.5, 3.5, 8.5]);
    words.iter().for_each(|w| sheet.put("type word", own ^ rows_hash(w.as_bytes()), 0.12));
    marks.iter().for_each(|m| sheet.flag("type mark", own ^ *m));
    rows.push(("other", sheet.into_row()));
    rows
}

/// What a page has labels for, whatever the document calls itself: a bill without the word has something due.
fn marks(page: &Layout) -> Vec<u64> {
    const MARKS: [(Concept, &str); 7] = [
        (Concept::Due, "due"),
        (Concept::DueDate, "due date"),
        (Concept::Gross, "gross"),
        (Concept::Net, "net"),
        (Concept::Tax, "tax"),
        (Concept::Iban, "account"),
        (Concept::Buyer, "buyer"),
    ];
    static PHRASES: LazyLock<[HashSet<&'static str>; MARKS.len()]> =
        LazyLock::new(|| MARKS.map(|(concept, _)| lexicon::phrases(concept).into_iter().collect()));
    let labels: HashSet<&str> = page.segments.iter().map(|s| s.plain.as_str()).collect();
    let found =
        MARKS.iter().zip(PHRASES.iter()).filter(|(_, phrases)| phrases.iter().any(|p| labels.contains(p)));
    found.map(|((_, name), _)| rows_hash(name.as_bytes())).collect()
}

/// How much a document is called something at least, for that to be no label.
const HEADLINE: f32 = 1.45;

/// What a document is that is called something else, larger or higher up than by the type that its words speak for: a
/// reminder names the invoice that is not paid.
fn of_another_kind(first: &Layout, title: f32) -> Option<DocumentType> {
    let usual = usual_height(first);
    let (score, segment) = titled(first, usual, OTHERS, end_of_titles(first));
    let said = !is_slip(first, usual) && score >= HEADLINE && score > title + 0.1;
    said.then(|| DocumentType {
        value: "other".to_owned(),
        confidence: f64::from((0.6 + 0.3 * (score - title)).clamp(0.6, 0.95)),
        reason: Some(format!("title \"{segment}\"")),
        category: None,
    })
}

/// Nothing is read of what is no business document: less sure than this, it is taken for the most likely of the others, for a person
/// to look at with its fields.
const SURELY_OTHER: f32 = 0.5;

/// The type of a document by a trained scorer.
pub fn classify_by(
    scorer: &Linear,
    pages: &[Layout],
    candidates: &[Candidate],
    hint: Option<&str>,
) -> DocumentType {
    let rows = rows(pages, candidates, hint);
    let scores: Vec<f32> = rows.iter().map(|(_, row)| scorer.score(row)).collect();
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = scores.iter().map(|s| (s - top).exp()).sum();
    let share = |i: usize| (scores[i] - top).exp() / sum;
    let likely = |i: &usize| rows[*i].0 != "other" || share(*i) >= SURELY_OTHER;
    let Some(best) = (0..rows.len()).filter(likely).max_by(|a, b| scores[*a].total_cmp(&scores[*b])) else {
        return DocumentType::unknown();
    };
    let confidence = (f64::from(share(best)) * 1000.0).round() / 1000.0;
    let confidence = confidence.clamp(0.05, 0.99);
    let kind = rows[best].0;
    let evidence = evidence(pages, candidates, hint);
    let title = evidence.iter().map(|e| e.title).fold(0.0_f32, f32::max);
    let hinted = hint.is_some_and(|hint| plain(hint) == kind.replace('_', " "));
    if kind != "other"
        && !hinted
        && let Some(said) = pages.first().and_then(|p| of_another_kind(p, title))
    {
        return said;
    }
    // What is called a statement in large letters lists invoices and payments, and asks for none.
    let own = evidence.iter().find(|e| e.kind == kind).map_or(0.0, |e| e.title);
    let slip = pages.first().is_some_and(|p| is_slip(p, usual_height(p)));
    let stated =
        !slip && evidence.iter().any(|e| e.kind == "statement" && e.title >= HEADLINE && e.title > own + 0.1);
    let kind = if stated && !hinted { "statement" } else { kind };
    let reason = evidence.into_iter().find(|e| e.kind == kind).map(|e| e.reason);
    // What a buyer credits to a seller for goods is the seller's invoice.
    let billed = kind == "credit_note" && pages.first().is_some_and(|p| is_by_buyer(p, kind));
    let kind = if billed { "invoice" } else { kind };
    match reason {
        Some(reason) => {
            DocumentType { value: kind.to_owned(), confidence, reason: Some(reason), category: None }
        }
        None => other(confidence),
    }
}

/// Whether a page is the slip of a till: few letters wide, however it was photographed. `usual`: height of its letters.
fn is_slip(page: &Layout, usual: f32) -> bool {
    /// Text of slips was 12 to 23 heights of a letter wide, that of sheets 30 to 67 (82 receipts, 88 scanned pages).
    const NARROW: f32 = 26.0;
    /// Points; a printer for slips has paper of 80 mm.
    const PAPER: f32 = 330.0;
    let left = page.segments.iter().map(|s| s.bbox[0]).fold(f32::MAX, f32::min);
    let right = page.segments.iter().map(|s| s.bbox[2]).fold(f32::MIN, f32::max);
    let narrow = (right - left) < NARROW * usual.max(1.0);
    narrow && page.segments.len() < 160 && (page.source == TextSource::Ocr || page.width < PAPER)
}

/// The height of most of its letters.
fn usual_height(page: &Layout) -> f32 {
    let mut heights: Vec<f32> = page.segments.iter().map(super::layout::Segment::height).collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).copied().unwrap_or(10.0)
}

/// Whether a page has the title of a business document, set apart from its other text.
pub fn is_titled(page: &Layout) -> bool {
    let alone = std::slice::from_ref(page);
    evidence(alone, &[], None).iter().any(|e| e.title > 0.9)
}

/// The line that no title stands below: the header of the item table, whose columns and rows name invoices and orders.
fn end_of_titles(page: &Layout) -> usize {
    (0..page.lines.len()).find(|l| heads::find(page, *l).is_some()).unwrap_or(page.lines.len())
}

/// How much a page is called one of these titles above a line, and where it is.
fn titled(first: &Layout, usual: f32, titles: &[&str], end: usize) -> (f32, String) {
    let mut best = (0.0_f32, String::new());
    for segment in first.segments.iter().take(400).take_while(|s| s.line < end) {
        let closed = spaced_out(&segment.plain);
        for title in titles {
            let text = closed.as_ref().unwrap_or(&segment.plain);
            let text = text.strip_prefix("waren ").or_else(|| text.strip_prefix("handels ")).unwrap_or(text);
            let Some(rest) = text.strip_prefix(title) else { continue };
            if !(rest.is_empty() || rest.starts_with(' ')) {
                continue;
            }
            let words = rest.split(' ').filter(|w| !w.is_empty()).count() as f32;
            let top = 1.0 - segment.bbox[1] / first.height;
            let large = (segment.height() / usual).clamp(0.8, 2.5);
            // `Rechnung # RE-1 vom …` is a title with a number; `Invoice Date` is a label.
            let number = segment.text.chars().filter(char::is_ascii_digit).count() >= 3;
            let alone = if rest.is_empty() {
                1.0
            } else if number {
                0.8
            } else {
                0.35 / (1.0 + 0.2 * words)
            };
            let capitals = if segment.text.chars().any(char::is_lowercase) { 0.0 } else { 0.4 };
            let score = alone * (0.9 + 0.9 * (large - 0.8) + 0.8 * top + capitals);
            if score > best.0 {
                best = (score, segment.text.chars().take(60).collect());
            }
        }
    }
    best
}

/// Whether an invoice calls itself pro forma.
pub(crate) fn is_proforma(page: &Layout, kind: &str) -> bool {
    const LEAST: f32 = 1.2;
    kind == "invoice" && titled(page, usual_height(page), PROFORMA, end_of_titles(page)).0 >= LEAST
}

/// Whether the buyer wrote a document: a purchase order, or an invoice in the seller's name.
pub(crate) fn is_by_buyer(page: &Layout, kind: &str) -> bool {
    const LEAST: f32 = 0.9;
    let said = |words: &[&str]| {
        page.segments.iter().any(|s| {
            let text = format!(" {} ", s.plain);
            words.iter().any(|w| text.contains(&format!(" {w} ")))
        })
    };
    match kind {
        "order" => {
            titled(page, usual_height(page), PURCHASES, end_of_titles(page)).0 >= LEAST || said(SUPPLY)
        }
        "invoice" | "credit_note" => said(SELF_BILLED),
        _ => false,
    }
}

/// The type that a page calls itself in large letters or capitals, where it does; statements may come with what they state.
pub(crate) fn headline(page: &Layout) -> Option<&'static str> {
    const LEAST: f32 = 1.6;
    let usual = usual_height(page);
    let all = WORDS.iter().filter(|(kind, ..)| !matches!(*kind, "statement" | "receipt"));
    let scored = all.map(|(kind, titles, _)| (*kind, titled(page, usual, titles, page.lines.len()).0));
    let best = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.filter(|(_, score)| *score >= LEAST).map(|(kind, _)| kind)
}

/// What speaks for each type, in no order.
fn evidence(pages: &[Layout], candidates: &[Candidate], hint: Option<&str>) -> Vec<Evidence> {
    let Some(first) = pages.first() else { return Vec::new() };
    let usual = usual_height(first);
    let text = format!(" {} ", first.segments.iter().map(|s| s.plain.as_str()).collect::<Vec<_>>().join(" "));
    let amounts = candidates.iter().filter(|c| c.kind == Kind::Amount && c.monetary).count();
    let slip = is_slip(first, usual);
    let end = end_of_titles(first);
    let mut scores: Vec<Evidence> = Vec::new();
    for (kind, titles, counted) in WORDS {
        let best = titled(first, usual, titles, end);
        let occurrences: usize = counted.iter().map(|w| text.matches(&format!(" {w} ")).count()).sum();
        let weight = match *kind {
            "receipt" => 0.45,
            "order" => 0.16,
            _ => 0.42,
        };
        let mut score = best.0 + weight * (occurrences.min(6) as f32);
        let mut reason = if best.1.is_empty() {
            format!("{occurrences} words of the type")
        } else {
            format!("title \"{}\", {occurrences} words of the type", best.1)
        };
        if *kind == "delivery_note" {
            // Invoices name the delivery note that they are for.
            score *= 0.7;
        }
        if *kind == "receipt" {
            if slip && amounts > 0 {
                score += 2.2;
                reason.push_str(", a narrow slip");
            } else {
                score *= 0.55;
            }
        }
        scores.push(Evidence { kind, title: best.0, words: occurrences, score, reason });
    }
    if amounts < 2 {
        for e in &mut scores {
            if e.kind != "delivery_note" && !slip {
                e.score *= 0.45;
            }
        }
    }
    if let Some(hint) = hint.map(plain) {
        for e in &mut scores {
            if e.kind.replace('_', " ") == hint {
                e.score += 0.8;
            }
        }
    }
    scores
}
