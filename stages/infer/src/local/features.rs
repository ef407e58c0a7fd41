//! What is known about a candidate: the labels around it, its place, its relation to the others.
//!
//! Owns measuring. Knows no field and weighs nothing. Rule: a feature is the same for hand-written rules and for a
//! trained scorer, so that only scoring is replaced.

use super::candidate::{Candidate, Kind};
use super::layout::{Layout, Segment, tail};
use super::lexicon::{CONCEPTS, Concept, Lexicon, plain};
use super::own::pairs;

/// Features of one candidate.
#[derive(Debug, Clone, Default)]
pub struct Features {
    /// How surely the labels around it name each concept, 0..=1; a schema's own after the built-in ones.
    pub label: Vec<f32>,
    /// How surely the very words of a schema's labels stand around it, 0..=1, field by field.
    pub said: Vec<f32>,
    /// Middle of its place from the left edge, 0..=1.
    pub x: f32,
    /// Middle of its place from the top edge, 0..=1.
    pub y: f32,
    /// Page from the front, from 0.
    pub page: usize,
    /// Pages from the back, from 0.
    pub from_last: usize,
    /// Height of its letters by the usual height on the page.
    pub size: f32,
    /// Rank among the distinct amounts of the document, 0 for the largest, 1 for the smallest; 1 for other kinds.
    pub rank: f32,
    /// Occurrences of the value in the document.
    pub count: usize,
    /// How surely its own text is a label, 0..=1.
    pub labelness: f32,
    /// Whether it stands in brackets.
    pub bracketed: bool,
    /// Whether it stands alone in its segment, a label aside.
    pub alone: bool,
}

impl Features {
    /// Strength of a built-in concept.
    pub fn of(&self, concept: Concept) -> f32 {
        self.label.get(concept as usize).copied().unwrap_or_default()
    }

    /// Of an order, `Order date` is its own: no word of another document.
    pub fn of_order(&mut self) {
        let own = self.of(Concept::IssueDate);
        if let Some(other) = self.label.get_mut(Concept::OtherDate as usize).filter(|o| **o <= own) {
            *other = 0.0;
        }
    }

    /// Number and day of a delivery note are the document's own where it is one, and of something else where it is none.
    pub fn of_delivery_note(&mut self, is_one: bool) {
        for (from, own, other) in [
            (Concept::DeliveryNoteNo, Concept::InvoiceNo, Concept::OtherNo),
            (Concept::DeliveryNoteDate, Concept::IssueDate, Concept::OtherDate),
        ] {
            let said = std::mem::take(&mut self.label[from as usize]);
            let to = &mut self.label[if is_one { own } else { other } as usize];
            *to = to.max(said);
        }
    }

    /// Strength of a schema's own label.
    pub fn own(&self, index: usize) -> f32 {
        self.label.get(CONCEPTS + index).copied().unwrap_or_default()
    }
}

/// Measures all candidates.
pub fn measure(pages: &[Layout], candidates: &[Candidate], lexicon: &Lexicon) -> Vec<Features> {
    let usual: Vec<f32> = pages.iter().map(usual_height).collect();
    let sections: Vec<Sections> = pages.iter().map(|p| sections(p, lexicon)).collect();
    let mut amounts: Vec<_> =
        candidates.iter().filter(|c| c.kind == Kind::Amount && c.monetary).map(|c| c.amount).collect();
    amounts.sort_unstable_by(|a, b| b.cmp(a));
    amounts.dedup();
    let mut counts = std::collections::HashMap::new();
    for c in candidates {
        *counts.entry((c.kind, c.value.as_str())).or_insert(0) += 1;
    }
    let own = pairs::strengths(pages, candidates, lexicon.profiles());
    candidates
        .iter()
        .zip(own)
        .map(|(c, own)| {
            let layout = &pages[c.page];
            let segment = &layout.segments[c.segment];
            let rank = match c.kind {
                Kind::Amount if !amounts.is_empty() => {
                    amounts.partition_point(|a| *a > c.amount) as f32 / amounts.len() as f32
                }
                _ => 1.0,
            };
            let label = labels(layout, &sections[c.page], c, lexicon);
            Features {
                said: label.get(CONCEPTS..).unwrap_or_default().to_vec(),
                label: with_own(label, &own),
                x: f32::midpoint(c.bbox[0], c.bbox[2]) / layout.width,
                y: f32::midpoint(c.bbox[1], c.bbox[3]) / layout.height,
                page: c.page,
                from_last: pages.len() - 1 - c.page,
                size: (c.bbox[3] - c.bbox[1]) / usual[c.page],
                rank,
                count: counts.get(&(c.kind, c.value.as_str())).copied().unwrap_or(1),
                labelness: lexicon.strengths(&plain(&c.value)).iter().copied().fold(0.0, f32::max),
                bracketed: segment.text.get(..c.span.0).is_some_and(|t| t.ends_with('(')),
                alone: segment.text.len() <= (c.span.1 - c.span.0) + 2,
            }
        })
        .collect()
}

/// A schema's own labels fit in other words, too.
fn with_own(mut labels: Vec<f32>, own: &[f32]) -> Vec<f32> {
    for (label, own) in labels.iter_mut().skip(CONCEPTS).zip(own) {
        *label = *own;
    }
    labels
}

fn usual_height(layout: &Layout) -> f32 {
    let mut heights: Vec<f32> = layout.segments.iter().map(Segment::height).collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).copied().unwrap_or(10.0).max(1.0)
}

/// Parts of a page that are about a party.
struct Sections {
    /// Party of each segment.
    party: Vec<Option<Concept>>,
    /// The first segment under each heading that is no label.
    first: Vec<(usize, Concept)>,
}

/// Which party the part of the page is about that a segment belongs to: the nearest heading above it in its column.
fn sections(layout: &Layout, lexicon: &Lexicon) -> Sections {
    const PARTIES: [Concept; 3] = [Concept::Seller, Concept::Buyer, Concept::OtherParty];
    let heading = |s: &Segment| {
        let strengths = lexicon.strengths(&s.plain);
        let best =
            PARTIES.into_iter().max_by(|a, b| strengths[*a as usize].total_cmp(&strengths[*b as usize]))?;
        (strengths[best as usize] > 0.8).then_some(best)
    };
    let headings: Vec<(usize, Concept)> =
        layout.segments.iter().enumerate().filter_map(|(i, s)| Some((i, heading(s)?))).collect();
    let first = headings.iter().filter_map(|(h, party)| {
        let heading = &layout.segments[*h];
        let named = layout.segments.iter().enumerate().skip(h + 1).filter(|(_, s)| {
            let (dx, dy) = (s.bbox[0] - heading.bbox[0], s.bbox[1] - heading.bbox[3]);
            dy > -0.3 * s.height() && dy < 5.0 * s.height() && dx > -4.0 && dx < 16.0
        });
        let plain_name = |s: &Segment| {
            let letters = s.text.chars().filter(|c| c.is_alphabetic()).count();
            let digits = s.text.chars().filter(char::is_ascii_digit).count();
            let labelled = layout
                .left_of(s.bbox)
                .next()
                .is_some_and(|l| l.text.ends_with(':') && s.bbox[0] - l.bbox[2] < 30.0);
            !s.text.contains(':')
                && letters >= 3
                && digits < letters
                && !labelled
                && lexicon.strengths(&s.plain).iter().all(|v| *v < 0.86)
                && !layout
                    .segments
                    .iter()
                    .any(|v| v.line == s.line && v.bbox[0] > s.bbox[2] && v.text.starts_with(':'))
        };
        named.map(|(i, _)| i).find(|i| plain_name(&layout.segments[*i])).map(|i| (i, *party))
    });
    let first = first.collect();
    let party = layout
        .segments
        .iter()
        .map(|s| {
            let above = headings.iter().filter(|(h, _)| {
                let h = &layout.segments[*h];
                h.bbox[3] <= s.bbox[1] + 2.0
                    && h.bbox[0] - 12.0 <= s.bbox[0]
                    && s.bbox[0] - h.bbox[0] < 0.55 * layout.width
                    && s.bbox[1] - h.bbox[3] < 20.0 * s.height()
            });
            // Of headings side by side the one further to the right.
            let place = |h: usize| {
                let b = layout.segments[h].bbox;
                ((b[1] / 4.0).round(), b[0])
            };
            above
                .max_by(|a, b| {
                    let (a, b) = (place(a.0), place(b.0));
                    a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
                })
                .map(|h| h.1)
        })
        .collect();
    Sections { party, first }
}

/// Labels of names that do not say whose, in [`plain`] form.
const NAMED: [&str; 17] = [
    "name",
    "firma",
    "nom",
    "nev",
    "company",
    "company name",
    "firmenname",
    "razon social",
    "raison sociale",
    "ragione sociale",
    "denominazione",
    "nombre",
    "nome",
    "naam",
    "bedrijfsnaam",
    "nazwa",
    "namn",
];

/// Whether what stands before a day is the town where it was written: `Rostock, den`, `Edinburgh,`, `Fait à Lyon, le`.
fn is_town(before: &str) -> bool {
    const THE: [&str; 5] = ["den", "le", "the", "li", "il"];
    let before = before.trim();
    let before = THE.iter().find_map(|the| before.strip_suffix(the)?.strip_suffix(' ')).unwrap_or(before);
    let Some(town) = before.strip_suffix(',') else { return false };
    let town = ["Fait à ", "Fait a "].iter().find_map(|w| town.strip_prefix(w)).unwrap_or(town);
    let words: Vec<&str> = town.split(' ').collect();
    let capital = |w: &&str| w.chars().next().is_some_and(char::is_uppercase);
    let letters = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '.' | '\'');
    words.len() <= 3 && town.len() >= 3 && capital(&words[0]) && town.chars().all(letters)
}

fn labels(layout: &Layout, sections: &Sections, c: &Candidate, lexicon: &Lexicon) -> Vec<f32> {
    let mut out = vec![0.0_f32; lexicon.concepts()];
    let mut add = |text: &str, weight: f32, least: f32| {
        if !text.is_empty() {
            for (to, from) in out.iter_mut().zip(lexicon.strengths(text).iter()) {
                *to = to.max(if *from < least { 0.5 } else { 1.0 } * from * weight);
            }
        }
    };
    // Above a name stands a heading, or another line with words of its own: `Kunde AG` is no heading.
    let heading = if c.kind == Kind::Name { 0.8 } else { 0.0 };
    let segment = &layout.segments[c.segment];
    let height = segment.height();
    let inside = plain(segment.text.get(..c.span.0).unwrap_or_default());
    let mut words_before = inside.clone();
    if !inside.is_empty() {
        add(&tail(&inside), 1.0, 0.0);
        // The words right before the value, where other values stand before them.
        for (at, _) in inside.rmatch_indices(' ').take(3) {
            add(inside.get(at + 1..).unwrap_or_default(), 0.9, 0.0);
        }
    }
    let mut left = layout.left_of(c.bbox).filter(|s| !std::ptr::eq(*s, segment));
    if let Some(first) = left.next() {
        let gap = (c.bbox[0] - first.bbox[2]) / height;
        let near = if gap < 12.0 {
            0.97
        } else if gap < 25.0 {
            0.85
        } else {
            0.6
        };
        let weight = if inside.is_empty() { near } else { near * 0.6 };
        add(&first.tail, weight, 0.0);
        if inside.is_empty() {
            words_before.clone_from(&first.plain);
        } else {
            add(&tail(&format!("{} {inside}", first.plain)), 0.9, 0.0);
        }
        if let Some(second) = left.next() {
            // `Advertiser | Name: | …` and amounts in columns of a total line: `Totals | 3 | $600.00`.
            add(&tail(&format!("{} {}", second.plain, first.plain)), weight * 0.92, 0.0);
            let value = !first.text.contains(char::is_alphabetic);
            if value {
                add(&second.tail, weight * 0.9, 0.0);
            }
            let rest = layout.left_of(c.bbox).skip(2).take(3).map(|s| s.plain.as_str());
            let mut line: Vec<&str> = rest.collect();
            line.reverse();
            line.extend([second.plain.as_str(), first.plain.as_str()]);
            add(&tail(&line.join(" ")), weight * 0.88, 0.0);
            if let Some(third) = left.next().filter(|_| value && !second.text.contains(char::is_alphabetic)) {
                add(&third.tail, weight * 0.85, 0.0);
            }
        }
    }
    let mut passed = 0;
    for above in layout.above(c.bbox).take(12) {
        let gap = (c.bbox[1] - above.bbox[3]) / height;
        let table = c.kind == Kind::Amount || c.kind == Kind::Date;
        if gap > if table { 60.0 } else { 6.0 } || passed > if table { 8 } else { 2 } {
            break;
        }
        passed += 1;
        let weight = if gap < 1.6 && passed == 1 {
            0.92
        } else if gap < 4.0 {
            0.8 - 0.06 * (passed - 1) as f32
        } else {
            (0.62 - 0.04 * (passed - 1) as f32).max(0.3)
        };
        // A label that continues with a value of its own is not a heading.
        let weight = if above.text.trim_end().ends_with(':') { weight * 0.8 } else { weight };
        let near = (above.bbox[0] - c.bbox[0]).abs() < 1.5 * height
            || (above.bbox[2] - c.bbox[2]).abs() < 1.5 * height;
        add(&above.tail, if near { weight } else { weight * 0.75 }, heading);
        let part = above.plain_within(c.bbox[0] - 0.4 * height, c.bbox[2] + 0.4 * height);
        add(&part, weight * 0.9, heading);
    }
    if c.kind == Kind::Date && is_town(segment.text.get(..c.span.0).unwrap_or_default()) {
        out[Concept::IssueDate as usize] = out[Concept::IssueDate as usize].max(0.9);
    }
    // `Name:` and `VAT id:` take their party from the heading of their part of the page.
    if NAMED.contains(&words_before.as_str())
        && let Some(party) = sections.party.get(c.segment).copied().flatten()
    {
        out[party as usize] = out[party as usize].max(0.98);
    }
    if c.kind == Kind::Name && c.span.0 == 0 {
        for (_, party) in sections.first.iter().filter(|(i, _)| *i == c.segment) {
            out[*party as usize] = out[*party as usize].max(0.94);
        }
    }
    if c.kind == Kind::Vat
        && let Some(party) = sections.party.get(c.segment).copied().flatten()
    {
        out[party as usize] = out[party as usize].max(0.6);
    }
    out
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_order_is_its_own() {
        let of = |issue: f32, other: f32| {
            let mut label = vec![0.0; CONCEPTS];
            (label[Concept::IssueDate as usize], label[Concept::OtherDate as usize]) = (issue, other);
            let mut features = Features { label, ..Features::default() };
            features.of_order();
            features.of(Concept::OtherDate)
        };
        assert!(of(1.0, 1.0) < 0.1, "`Order date`");
        assert!(of(0.3, 1.0) > 0.9, "`Contract date`");
    }

    #[test]
    fn the_number_of_a_delivery_note_is_its_own_only_on_one() {
        let of = |is_one: bool| {
            let mut label = vec![0.0; CONCEPTS];
            (label[Concept::DeliveryNoteNo as usize], label[Concept::DeliveryNoteDate as usize]) = (1.0, 0.9);
            let mut features = Features { label, ..Features::default() };
            features.of_delivery_note(is_one);
            let own = (features.of(Concept::InvoiceNo), features.of(Concept::IssueDate));
            (own, (features.of(Concept::OtherNo), features.of(Concept::OtherDate)))
        };
        assert_eq!(of(true), ((1.0, 0.9), (0.0, 0.0)));
        assert_eq!(of(false), ((0.0, 0.0), (1.0, 0.9)));
    }

    #[test]
    fn a_letter_says_where_and_when_it_was_written() {
        for before in ["Rostock, den ", "Edinburgh, ", "Fait à Lyon, le ", "Bad Muster, "] {
            assert!(is_town(before), "{before}");
        }
        for other in ["", "Datum: ", "bis zum 3. Mai, den ", "Due, by ", "zahlbar, ", "Invoice 12, "] {
            assert!(!is_town(other), "{other}");
        }
    }
}
