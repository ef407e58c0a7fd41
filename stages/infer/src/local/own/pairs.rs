//! Which labels stand at a value, for a tenant's own fields.
//!
//! Owns the pairing of labels and values on a page. Knows no built-in field. Rule: a label belongs to what stands right of it, else to
//! what stands below it; a label is no value.

use super::super::candidate::{Candidate, Kind};
use super::super::describe::below;
use super::super::layout::{Box4, Layout, Segment};
use super::super::lexicon::plain;
use super::choices::is_box;
use super::labels::{alternatives, numbering, without_boxes, without_brackets, without_time};
use super::thesaurus::{is_vocabulary, means, units};
use super::{Form, Label, Profile};
use std::collections::HashMap;

/// How well a name fits that says what is asked for.
const CALLED: f32 = 0.5;
/// Words between two values, each with its own label.
const JOINTS: [&str; 8] = ["and", "und", "et", "or", "oder", "y", "e", "en"];
/// Most labels that are remembered.
const MOST: usize = 20_000;
/// Most words before a value in a sentence that may be its label.
const WORDS: usize = 6;
/// A label above a value is at most so many line heights away.
const NEAR: f32 = 3.2;
/// The header of a column is at most so many away.
const FAR: f32 = 60.0;

/// How well the labels at each candidate fit each profile, 0..=1.
pub(crate) fn strengths(pages: &[Layout], candidates: &[Candidate], profiles: &[Profile]) -> Vec<Vec<f32>> {
    if profiles.is_empty() {
        return vec![Vec::new(); candidates.len()];
    }
    let mut likeness = Likeness { profiles, known: HashMap::new() };
    let numbered: Vec<bool> =
        pages.iter().map(|p| p.segments.iter().filter(|s| numbering(&s.text) > 0).count() > 3).collect();
    let keys: Vec<Vec<bool>> = pages.iter().map(keys_of).collect();
    candidates
        .iter()
        .map(|c| {
            let mut out = vec![0.0_f32; profiles.len()];
            let head = || {
                keys[c.page][c.segment]
                    && pages[c.page].segments[c.segment].text.len() <= c.span.1 - c.span.0 + 2
            };
            if c.kind == Kind::Name && (is_key(&c.value) || head()) {
                return out;
            }
            let at = At::of(&pages[c.page], &keys[c.page], c);
            if at.is_numbering(numbered[c.page]) || at.is_two() {
                return out;
            }
            at.labels(&mut |text, weight| likeness.add(text, weight, &mut out));
            at.row(profiles, &mut out);
            // Who it is may be in the name itself, on top of the first page.
            if c.kind == Kind::Name && c.page == 0 && c.bbox[1] < 0.3 * pages[0].height {
                for (profile, strength) in profiles.iter().zip(&mut out) {
                    if *strength < CALLED && profile.is_said_by(&c.value) {
                        *strength = CALLED;
                    }
                }
            }
            if at.is_tall() {
                // Of a name on two lines the whole is the value.
                out.iter_mut().for_each(|s| *s *= 1.02);
            }
            out
        })
        .collect()
}

/// Which segments of a page are labels: of a line without numbers that has mostly labels, all are.
fn keys_of(page: &Layout) -> Vec<bool> {
    let mut keys: Vec<bool> = page.segments.iter().map(|s| is_key(&s.text)).collect();
    for line in &page.lines {
        let known = keys[line.clone()].iter().filter(|k| **k).count();
        let digits =
            page.segments[line.clone()].iter().any(|s| s.text.contains(|c: char| c.is_ascii_digit()));
        let colons = page.segments[line.clone()].iter().any(|s| s.text.ends_with(':'));
        if line.len() > 2 && known + 1 >= line.len() && !digits && !colons {
            keys[line.clone()].fill(true);
        }
    }
    keys
}

/// Whether a text is a label and no value.
pub(crate) fn is_key(text: &str) -> bool {
    let text = text.trim().trim_end_matches(['.', '_', ' ']);
    if text.ends_with(':') {
        return true;
    }
    let bare = without_brackets(text);
    let numbered = bare.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
    let plain = plain(numbered);
    !plain.is_empty()
        && !numbered.contains(|c: char| c.is_ascii_digit())
        && plain.split(' ').count() <= 7
        && is_vocabulary(&plain)
}

/// Labels compared with profiles, each text once.
struct Likeness<'a> {
    profiles: &'a [Profile],
    known: HashMap<String, Vec<f32>>,
}

impl Likeness<'_> {
    fn add(&mut self, text: &str, weight: f32, out: &mut [f32]) {
        if text.is_empty() || text.len() > 200 {
            return;
        }
        if self.known.len() > MOST {
            self.known.clear();
        }
        if !self.known.contains_key(text) {
            let of = |part: &str| -> Vec<f32> {
                let label = Label::of(part);
                self.profiles.iter().map(|p| p.likeness(&label)).collect()
            };
            let mut best = of(text);
            for part in alternatives(text) {
                for (to, from) in best.iter_mut().zip(of(part.trim())) {
                    *to = to.max(0.97 * from);
                }
            }
            self.known.insert(text.to_owned(), best);
        }
        for (to, from) in out.iter_mut().zip(self.known.get(text).into_iter().flatten()) {
            *to = to.max(from * weight);
        }
    }
}

/// A candidate in its place.
struct At<'a> {
    layout: &'a Layout,
    keys: &'a [bool],
    c: &'a Candidate,
    /// Its first line.
    place: Box4,
}

impl<'a> At<'a> {
    fn of(layout: &'a Layout, keys: &'a [bool], c: &'a Candidate) -> Self {
        let segment = &layout.segments[c.segment];
        let tall = c.bbox[3] - c.bbox[1] > 1.7 * segment.height();
        Self { layout, keys, c, place: if tall { segment.bbox } else { c.bbox } }
    }

    /// Whether it is the number of a label: of a form's box, of a paragraph. `listed`: the page numbers its labels.
    fn is_numbering(&self, listed: bool) -> bool {
        let text = &self.layout.segments[self.c.segment].text;
        let (start, end) = self.c.span;
        let said = text.get(start..end).unwrap_or_default().trim_end_matches(['.', ')']);
        let short = said.len() <= 2 && said.bytes().all(|b| b.is_ascii_digit());
        listed
            && short
            && !text.get(..start).is_some_and(|t| t.trim_end().ends_with(':'))
            && numbering(text.get(start..).unwrap_or_default()) > 0
    }

    /// Whether it has more than one line.
    fn is_tall(&self) -> bool {
        self.c.bbox[3] - self.c.bbox[1] > 1.7 * self.layout.segments[self.c.segment].height()
    }

    /// Whether its second line has a label of its own, or is one.
    fn is_two(&self) -> bool {
        if !self.is_tall() {
            return false;
        }
        let rest = [self.c.bbox[0], self.place[3], self.c.bbox[2], self.c.bbox[3]];
        let labelled = |s: &Segment| is_key(&s.text) && rest[0] - s.bbox[2] < 12.0 * s.height();
        let inside = |s: &Segment| {
            let middle = f32::midpoint(s.bbox[1], s.bbox[3]);
            (rest[1]..rest[3]).contains(&middle) && s.bbox[0] < rest[2] && s.bbox[2] > rest[0]
        };
        let near = self.layout.segments.iter().zip(self.keys).skip(self.c.segment);
        let is_label = near.take(60).any(|(s, key)| *key && inside(s));
        is_label || self.layout.left_of(rest).next().is_some_and(labelled)
    }

    fn labels(&self, add: &mut dyn FnMut(&str, f32)) {
        let segment = &self.layout.segments[self.c.segment];
        if self.boxed(segment, add) {
            return;
        }
        let inside = self.inside(segment, add);
        self.behind(segment, add);
        self.left(segment, inside, add);
        if !inside {
            self.above(segment, add);
        }
    }

    /// What stands behind a box: `[x] Breakfast included`; whether it is one with anything behind it.
    fn boxed(&self, segment: &Segment, add: &mut dyn FnMut(&str, f32)) -> bool {
        let text = segment.text.get(self.c.span.0..self.c.span.1).unwrap_or_default();
        if self.c.kind != Kind::Choice || !is_box(text) {
            return false;
        }
        let behind = segment.text.get(self.c.span.1..).unwrap_or_default();
        let own = behind.split(['[', '☐', '☒', '☑', '□', '✓', '✔']).next().unwrap_or_default().trim();
        if own.chars().filter(|c| c.is_alphabetic()).count() >= 2 {
            add(own, 1.0);
            return true;
        }
        let next = self.layout.segments.get(self.c.segment + 1).filter(|n| n.line == segment.line);
        let near = next.filter(|n| n.bbox[0] - segment.bbox[2] < 2.0 * segment.height());
        near.is_some_and(|n| {
            add(&n.text, 0.98);
            true
        })
    }

    /// What stands before the value in its own segment; whether that is anything.
    fn inside(&self, segment: &Segment, add: &mut dyn FnMut(&str, f32)) -> bool {
        let before = segment.text.get(..self.c.span.0).unwrap_or_default();
        let before = if self.c.kind == Kind::Choice { without_boxes(before) } else { before };
        let dotted = before.trim_end().ends_with("...");
        let before = before.trim_end_matches(['.', '_', ' ', '$', '€', '£', '(', '=']);
        // What stands before another value is that one's, and so is what is in brackets.
        let before = without_time(before);
        let after_value = before.rfind(|c: char| c.is_ascii_digit() || c == ')').map_or(0, |at| at + 1);
        let own = before.get(after_value..).unwrap_or_default();
        let own = own.trim_start_matches(|c: char| !c.is_alphabetic() && c != '#');
        let word = own.split(' ').next_back().unwrap_or_default().trim_end_matches(',').to_lowercase();
        let joined = after_value > 0 && JOINTS.contains(&word.as_str());
        if own.chars().filter(|c| c.is_alphabetic()).count() < 2 && !own.contains('#') || joined {
            return before.chars().any(char::is_alphabetic);
        }
        if dotted {
            add(own.trim(), 1.0);
            return true;
        }
        if let Some(label) = own.strip_suffix(':') {
            // A sentence or another pair may stand before the label.
            let label = label.rsplit([':', ';']).next().unwrap_or(label);
            add(label.trim(), 1.0);
            let words: Vec<&str> = label.split_whitespace().collect();
            if words.len() > 3 {
                add(&words[words.len() - 3..].join(" "), 0.85);
            }
            return true;
        }
        let words: Vec<&str> = own.split_whitespace().collect();
        // In long lines of text nearly every word stands somewhere.
        let prose = segment.words.len() > 9;
        if words.len() <= WORDS {
            add(own.trim(), if prose { 0.9 } else { 1.0 });
        }
        for count in 1..=WORDS.min(words.len().saturating_sub(1)) {
            let weight = match (prose, count) {
                (true, 1 | 2) => 0.7,
                (true, _) => 0.8,
                (false, _) => 0.88,
            };
            add(&words[words.len() - count..].join(" "), weight);
        }
        // `Schorndorf, 29.09.2026` below a label has none of its own.
        words.len() > 3 || is_key(own) || self.c.kind == Kind::Amount && !own.trim_end().ends_with(',')
    }

    /// What stands behind a number: `$500,000 per occurrence`, `(the "Tenant")` behind a name.
    fn behind(&self, segment: &Segment, add: &mut dyn FnMut(&str, f32)) {
        let after = segment.text.get(self.c.span.1..).unwrap_or_default();
        let number = matches!(self.c.kind, Kind::Amount | Kind::Choice);
        let text: &str = if number {
            after.split([',', ';', '.', '(']).next().unwrap_or_default()
        } else {
            // `(the "Landlord")`, `(hereinafter called Lessee)`
            let open = after.trim_start().strip_prefix('(').and_then(|rest| rest.split(')').next());
            open.filter(|inner| !inner.contains(|c: char| c.is_ascii_digit())).unwrap_or_default()
        };
        let words: Vec<&str> =
            text.split_whitespace().take_while(|w| !w.contains(|c: char| c.is_ascii_digit())).collect();
        let before = segment.text.get(..self.c.span.0).unwrap_or_default();
        let before = before.rsplit(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
        let before = before.trim_matches(|c: char| !c.is_alphabetic() && c != '#');
        let joined =
            before.split(' ').next_back().is_some_and(|w| JOINTS.contains(&w.to_lowercase().as_str()));
        let before = if joined { "" } else { before };
        let prose = if segment.words.len() > 9 { 0.8 } else { 1.0 };
        for count in 1..=words.len().min(4) {
            let behind = words[..count].join(" ");
            add(&behind, prose * if number { 0.72 } else { 0.9 });
            // `TOTAL: 34 packages`
            if number && !before.is_empty() && before.split(' ').count() <= 3 {
                add(&format!("{} {behind}", before.trim_end_matches(':')), 0.93);
            }
        }
    }

    fn left(&self, segment: &Segment, inside: bool, add: &mut dyn FnMut(&str, f32)) {
        let height = segment.height();
        let all = self.layout.left_of(self.place).filter(|s| !std::ptr::eq(*s, segment));
        for (passed, left) in all.take(5).enumerate() {
            let gap = (self.place[0] - left.bbox[2]) / height;
            let worded =
                left.text.chars().filter(|c| c.is_alphabetic()).count() >= 2 || left.text.contains('#');
            if worded {
                // A label beside a table may belong to what stands below it.
                let colon = if gap > 3.0 && !left.text.trim_end().ends_with(':') { 0.96 } else { 1.0 };
                let near = colon
                    * if gap < 12.0 {
                        0.98
                    } else if gap < 30.0 {
                        0.9
                    } else {
                        0.75
                    };
                let weight = near * if inside { 0.55 } else { 1.0 } * if passed > 0 { 0.8 } else { 1.0 };
                let text = left.text.trim_end_matches(['.', ':', '_', ' ']);
                // Of `Agency: Lumen Media   Buyer:` the last label counts.
                match text.rsplit_once(':').filter(|(_, last)| last.chars().any(char::is_alphabetic)) {
                    Some((label, _)) if !left.text.trim_end().ends_with(':') => add(label, weight * 0.4),
                    Some((_, last)) => add(last.trim(), weight),
                    None => add(text, weight),
                }
                // `Nett | 18.62 t`: the unit says of what.
                let after = segment.text.get(self.c.span.1..).unwrap_or_default().trim();
                if self.c.kind == Kind::Amount && !after.is_empty() && !after.contains(' ') {
                    add(&format!("{text} {after}"), weight * 0.97);
                }
                return;
            }
        }
    }

    fn above(&self, segment: &Segment, add: &mut dyn FnMut(&str, f32)) {
        let height = segment.height();
        let table = matches!(self.c.kind, Kind::Amount | Kind::Date | Kind::Id | Kind::Choice);
        let left = segment.bbox[0];
        let worded = |s: &&Segment| {
            s.text.contains(char::is_alphabetic) && !s.text.contains(|c: char| c.is_ascii_digit())
        };
        let row = self
            .layout
            .left_of(self.place)
            .filter(|s| !std::ptr::eq(*s, segment))
            .find(worded)
            .map(|s| s.text.as_str());
        let mut passed = 0;
        for above in self.layout.above(self.place).take(40) {
            let gap = (self.place[1] - above.bbox[3]) / height;
            if gap > if table { FAR } else { NEAR } {
                break;
            }
            let index = self.index_of(above);
            let key = index.is_some_and(|i| self.keys[i]);
            let numbered = above.text.get(numbering(&above.text)..).unwrap_or_default();
            let digits = without_brackets(numbered).contains(|c: char| c.is_ascii_digit());
            if digits && !key {
                // Values of the same column.
                passed += 1;
                continue;
            }
            if !above.text.contains(char::is_alphabetic) {
                continue;
            }
            // A label with a value right of it belongs to that one.
            let taken = index.is_some_and(|i| self.has_value(i));
            let mut weight = match (gap < NEAR, passed) {
                (true, 0) => 0.95,
                (_, n) => (0.85 - 0.01 * n as f32).max(0.6),
            };
            if taken {
                weight *= if above.text.trim_end().ends_with(':') { 0.3 } else { 0.6 };
            }
            // Aligned with what it is the label of.
            let aligned = (above.bbox[0] - left).abs() < 2.0 * height
                || (above.bbox[2] - self.place[2]).abs() < 2.0 * height;
            weight *= if aligned || self.c.kind == Kind::Amount { 1.0 } else { 0.8 };
            let text = above.text.trim_end_matches(['.', ':', '_', ' ']);
            let told = row.is_some_and(|r| table && is_key(r));
            add(text, if told { 0.9 * weight } else { weight });
            // A cell is told by its row and its column.
            if let Some(row) = row.filter(|_| matches!(self.c.kind, Kind::Amount | Kind::Date)) {
                add(&format!("{} {text}", row.trim_end_matches(['.', ':', '_', ' '])), 0.93);
            }
            if above.words.len() > 1 {
                let within = above.plain_within(self.place[0] - 0.4 * height, self.place[2] + 0.4 * height);
                add(&within, weight * 0.92);
            }
            // In two languages, one above the other.
            if !key || passed > 0 || gap > NEAR {
                break;
            }
            passed += 1;
        }
    }

    /// Of a column of values the whole counts more than its parts, and what stands alone more than what stands in one.
    fn row(&self, profiles: &[Profile], out: &mut [f32]) {
        if !matches!(self.c.kind, Kind::Amount | Kind::Date | Kind::Id) {
            return;
        }
        let is_number = |s: &Segment| {
            let digits = s.text.bytes().filter(u8::is_ascii_digit).count();
            digits > 0 && 2 * digits >= s.text.chars().filter(|c| c.is_alphabetic()).count()
        };
        let height = self.place[3] - self.place[1];
        // Of a list of labels and values each value stands alone.
        let text = &self.layout.segments[self.c.segment].text;
        if text.get(..self.c.span.0).is_some_and(|before| before.contains(':')) {
            return;
        }
        let first = self.layout.left_of(self.place).find(|s| s.text.contains(char::is_alphabetic));
        let first =
            first.filter(|s| !s.text.starts_with(|c: char| c.is_ascii_digit()) || s.text.contains(':'));
        if first.is_some_and(|s| is_key(&s.text))
            && !first.is_some_and(|s| units(&s.plain).iter().any(|u| means(u, "total")))
        {
            return;
        }
        let near = |s: &&Segment| (self.place[1] - s.bbox[3]).abs() < 2.5 * height && is_number(s);
        let over = self.layout.above(self.place).next().as_ref().is_some_and(near);
        let under = below(self.layout, self.place)
            .is_some_and(|s| is_number(s) && s.bbox[1] - self.place[3] < 2.5 * height);
        let total =
            |s: &Segment| units(&s.plain).iter().any(|u| means(u, "total") || u.text.starts_with("total"));
        let is_total = self.c.kind == Kind::Amount && self.layout.left_of(self.place).take(6).any(total);
        for (profile, strength) in profiles.iter().zip(out) {
            let counted = matches!(profile.form, Form::Money | Form::Number | Form::Count);
            if counted && is_total && *strength > 0.45 {
                *strength = (*strength + 0.12).min(1.0);
            } else if over || under {
                *strength *= if self.c.kind == Kind::Amount { 0.88 } else { 0.84 };
            }
        }
    }

    fn index_of(&self, segment: &Segment) -> Option<usize> {
        let line = self.layout.lines.get(segment.line)?.clone();
        line.into_iter().find(|i| std::ptr::eq(&raw const self.layout.segments[*i], segment))
    }

    /// Whether a value stands right of a segment.
    fn has_value(&self, index: usize) -> bool {
        let segment = &self.layout.segments[index];
        let Some(next) = self.layout.segments.get(index + 1).filter(|n| n.line == segment.line) else {
            return false;
        };
        let gap = next.bbox[0] - segment.bbox[2];
        gap < 15.0 * segment.height() && !self.keys[index + 1]
    }
}
