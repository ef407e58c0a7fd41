//! Values of which a schema lists all there are, on the page: as words, and as boxes that are ticked.
//!
//! Owns marks and ticks. Rule: a box that is ticked says more than a label; a value that is only printed beside its like says nothing.

use super::super::candidate::{Candidate, Kind};
use super::super::layout::{Layout, Segment};
use super::super::lexicon::plain;
use super::thesaurus::units;

/// Most values of one field on a page, about.
const MOST: usize = 300;

/// Lines around a ticked box in which its like is not chosen.
const NEAR: usize = 2;

/// A value that stands somewhere.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// As the schema writes it.
    pub(crate) value: String,
    /// Bytes of the segment's text.
    pub(crate) span: (usize, usize),
    /// Whether its box is ticked, where there are boxes.
    pub(crate) ticked: Option<bool>,
}

const TICKED: [&str; 12] = ["[x]", "[X]", "(x)", "(X)", "☒", "☑", "✓", "✔", "_X_", "_x_", "■", "●"];
const EMPTY: [&str; 8] = ["[ ]", "[]", "( )", "()", "☐", "___", "□", "○"];

/// Words for yes and for no.
const YES: [&str; 12] = ["yes", "y", "ja", "j", "oui", "o", "true", "si", "sim", "tak", "ano", "igen"];
const NO: [&str; 9] = ["no", "n", "nein", "non", "false", "nao", "nie", "nem", "nee"];

/// Whether the values of a list are those of a field that is yes or no, in whatever language.
pub(crate) fn is_flag(allowed: &[String]) -> bool {
    answers(allowed).is_some()
}

/// The values of a list for yes and for no, where it has no others.
fn answers(allowed: &[String]) -> Option<[&String; 2]> {
    let said = |words: &[&str]| allowed.iter().find(|a| words.contains(&plain(a).as_str()));
    if allowed.len() == 2 { Some([said(&YES)?, said(&NO)?]) } else { None }
}

/// Whether a text is a box, ticked or not.
pub(crate) fn is_box(text: &str) -> bool {
    TICKED.contains(&text) || EMPTY.contains(&text)
}

/// Candidates for yes or no: words, and boxes with what is asked beside them.
fn flags(layout: &Layout, page: usize, [yes, no]: [&String; 2]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (index, segment) in layout.segments.iter().enumerate() {
        let text = segment.text.as_str();
        let boxes = boxes(text);
        let add = |value: bool, span: (usize, usize)| {
            let value = if value { yes } else { no };
            Candidate::new(Kind::Choice, value.clone(), (page, index), segment, span)
        };
        let words: Vec<(usize, usize)> = word_spans(segment);
        let said: Vec<(bool, (usize, usize))> =
            words.iter().filter_map(|span| Some((yes_or_no(text, *span)?, *span))).collect();
        let mut answered = Vec::new();
        for (value, span) in said {
            let ticked = tick(text.get(..span.0).unwrap_or_default(), text.get(span.1..).unwrap_or_default());
            if !boxes.is_empty() && ticked.is_some() {
                // `[x] Yes [ ] No`: the boxes of answers ask nothing of their own.
                answered.extend(
                    boxes.iter().filter(|(_, b)| b.1 + 1 >= span.0 && b.0 <= span.1 + 1).map(|b| b.1),
                );
            }
            if ticked != Some(false) && (ticked == Some(true) || stands_alone(text, span)) {
                found.push(add(value, span));
            }
        }
        for (ticked, span) in boxes.into_iter().filter(|b| !answered.contains(&b.1)) {
            found.push(add(ticked, span));
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// Whether a word answers: the last one of its text, right behind a colon or alone. `No.` is none, nor is `no` in a sentence.
fn stands_alone(text: &str, span: (usize, usize)) -> bool {
    let (before, after) = (text.get(..span.0).unwrap_or_default(), text.get(span.1..).unwrap_or_default());
    let said = text.get(span.0..span.1).unwrap_or_default();
    let ends = after.trim_start().is_empty()
        || said.ends_with([',', ';'])
        || after.trim_start().starts_with(['(', ',', ';', '/']);
    let short = before.split_whitespace().count() <= 6;
    ends && short && (before.trim().is_empty() || before.trim_end().ends_with([':', '?', '.', '_', ')']))
}

/// Yes or no, where a word is one of both.
fn yes_or_no(text: &str, span: (usize, usize)) -> Option<bool> {
    let word = text.get(span.0..span.1)?.trim_matches([',', ';', '(', ')']);
    let plain = plain(word);
    // `No.` and `Nr. O` are none.
    if word.ends_with('.') {
        return None;
    }
    if YES.contains(&plain.as_str()) {
        Some(true)
    } else if NO.contains(&plain.as_str()) && !word.ends_with(':') {
        Some(false)
    } else {
        None
    }
}

fn word_spans(segment: &Segment) -> Vec<(usize, usize)> {
    let starts = segment.words.iter().map(|w| w.0);
    let ends = segment.words.iter().skip(1).map(|w| w.0.saturating_sub(1)).chain([segment.text.len()]);
    starts.zip(ends).collect()
}

/// The boxes in a text with their places.
fn boxes(text: &str) -> Vec<(bool, (usize, usize))> {
    let all = || TICKED.iter().map(|m| (true, *m)).chain(EMPTY.iter().map(|m| (false, *m)));
    let mut found: Vec<(bool, (usize, usize))> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        // A line to write on is no box here.
        let mark = all()
            .filter(|(_, m)| !m.contains('_') && *m != "●" && *m != "■")
            .find(|(_, m)| rest.starts_with(m));
        match mark {
            Some((ticked, mark)) => {
                found.push((ticked, (at, at + mark.len())));
                at += mark.len();
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// Candidates for the values of a schema's field, as they stand on a page. Where a box is ticked, what stands near it without one is not chosen.
pub(crate) fn candidates(layout: &Layout, page: usize, allowed: &[String]) -> Vec<Candidate> {
    if let Some(answers) = answers(allowed) {
        return flags(layout, page, answers);
    }
    let mut found = Vec::new();
    for (index, segment) in layout.segments.iter().enumerate() {
        if found.len() >= MOST {
            break;
        }
        for choice in find(segment, allowed) {
            let made = Candidate::new(Kind::Choice, choice.value, (page, index), segment, choice.span);
            found.push(Candidate { ticked: choice.ticked, ..made });
        }
    }
    let line = |c: &Candidate| layout.segments[c.segment].line;
    let ticked: Vec<usize> = found.iter().filter(|c| c.ticked == Some(true)).map(line).collect();
    for c in found.iter_mut().filter(|c| c.ticked.is_none()) {
        if ticked.iter().any(|l| l.abs_diff(layout.segments[c.segment].line) <= NEAR) {
            c.ticked = Some(false);
        }
    }
    found
}

/// The value that a cell says, of those that a schema lists.
pub(crate) fn value(cell: &str, allowed: &[String]) -> Option<String> {
    let own = plain(cell);
    if let Some([yes, no]) = answers(allowed) {
        let ticked = boxes(cell).first().map(|b| b.0);
        let said = ticked.or_else(|| yes_or_no(cell.trim(), (0, cell.trim().len())));
        return said.map(|v| if v { yes.clone() } else { no.clone() });
    }
    allowed.iter().find(|a| is_value(&own, &plain(a))).cloned()
}

/// Values in a text.
pub(crate) fn find(segment: &Segment, allowed: &[String]) -> Vec<Choice> {
    let text = segment.text.as_str();
    let starts: Vec<usize> = segment.words.iter().map(|w| w.0).collect();
    let word_end = |i: usize| starts.get(i + 1).map_or(text.len(), |next| next.saturating_sub(1));
    let mut found: Vec<Choice> = Vec::new();
    for value in allowed {
        let wanted = plain(value);
        if wanted.is_empty() {
            continue;
        }
        let count = wanted.split(' ').count();
        for first in 0..starts.len() {
            let Some(last) = (first + count).checked_sub(1).filter(|l| *l < starts.len()) else { break };
            let (start, end) = (starts[first], word_end(last));
            let said = text.get(start..end).unwrap_or_default();
            if !is_value(&plain(said), &wanted) {
                continue;
            }
            let ticked = tick(text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
            let place = found.iter().position(|f| f.span.0 == start);
            let choice = Choice { value: value.clone(), span: (start, end), ticked };
            match place {
                // The longer one of two that begin at the same word.
                Some(i) if found[i].span.1 < end => found[i] = choice,
                Some(_) => {}
                None => found.push(choice),
            }
        }
    }
    found
}

/// `PASSED` for `PASS`, `bestanden` for `pass`; a digit only for itself.
fn is_value(said: &str, wanted: &str) -> bool {
    if said == wanted {
        return true;
    }
    if wanted.len() < 3 || said.contains(' ') {
        return false;
    }
    let (a, b) = (units(said), units(wanted));
    match (a.as_slice(), b.as_slice()) {
        ([a], [b]) => a.same(b) && said.len() >= 3,
        _ => false,
    }
}

/// Whether the box at a value is ticked: the one right before it, else the one right behind it.
fn tick(before: &str, after: &str) -> Option<bool> {
    let (before, after) = (before.trim_end(), after.trim_start());
    let ends = |marks: &[&str]| marks.iter().any(|m| before.ends_with(m));
    let starts = |marks: &[&str]| marks.iter().any(|m| after.starts_with(m));
    if ends(&TICKED) && !before.ends_with("_X_") && !before.ends_with("_x_") {
        Some(true)
    } else if ends(&EMPTY) && !before.ends_with('_') {
        Some(false)
    } else if starts(&TICKED) {
        Some(true)
    } else if starts(&EMPTY) {
        Some(false)
    } else {
        None
    }
}
