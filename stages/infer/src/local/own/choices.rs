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

/// Candidates for the values of a schema's field, as they stand on a page. Where a box is ticked, what stands near it without one is not chosen.
pub(crate) fn candidates(layout: &Layout, page: usize, allowed: &[String]) -> Vec<Candidate> {
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
