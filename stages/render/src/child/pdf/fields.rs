//! Annotations and form fields, which are no part of a page's content, as part of its content.
//!
//! Rule: what a viewer shows of them is on the page when it is read and painted; a value that has no looks of its own
//! is put where its field is.

use super::upright::Upright;
use crate::child::pdfium::{Annotation, Document, Page};
use crate::child::words::Found;
use docmill_contracts::Word;

/// Most annotations that are looked at.
const MAX_ANNOTATIONS: u32 = 5000;
/// Highest line of a value that has no looks, in points.
const LINE: f32 = 14.0;
/// Width of a character as part of its line's height.
const WIDTH: f32 = 0.5;

const LINK: i32 = 2;
const POPUP: i32 = 16;
const WIDGET: i32 = 20;

/// A value of a form field that nothing shows, and its place.
pub(super) struct Value {
    place: [f32; 4],
    text: String,
}

/// The page with its annotations and form fields in it, and the values that have no looks; none where it cannot be read.
pub(super) fn page<'a>(document: &'a Document<'_>, index: u32) -> Option<(Page<'a>, Vec<Value>)> {
    let page = document.page(index)?;
    let count = page.annotations().min(MAX_ANNOTATIONS);
    let shown = |a: &Annotation<'_>| !a.is_hidden() && !matches!(a.subtype(), LINK | POPUP);
    if !(0..count).filter_map(|i| page.annotation(i)).any(|a| shown(&a)) {
        return Some((page, Vec::new()));
    }
    // Painting makes the looks of those fields of which the document says that a viewer is to make them.
    page.paint((1, 1), 0, |_, _| ());
    let values: Vec<Value> = (0..count)
        .filter_map(|i| page.annotation(i))
        .filter(|a| a.subtype() == WIDGET && !a.is_hidden() && !a.has_appearance())
        .filter_map(|a| Some(Value { place: a.place()?, text: a.value("V")? }))
        .filter(|v| !v.text.trim().is_empty())
        .collect();
    if !page.flatten() {
        return Some((page, values));
    }
    drop(page);
    Some((document.page(index)?, values))
}

/// The words of a value, spread over the lines of its field.
pub(super) fn words(value: &Value, upright: &Upright, mut line: u32) -> Vec<Found> {
    let [x0, y0, x1, y1] = upright.map(value.place);
    let lines: Vec<&str> =
        value.text.split(['\r', '\n']).filter(|l| !l.trim().is_empty()).take(200).collect();
    let height = ((y1 - y0) / lines.len().max(1) as f32).clamp(0.1, LINE);
    let mut found = Vec::new();
    for (i, text) in lines.iter().enumerate() {
        let top =
            if lines.len() == 1 { f32::midpoint(y0, y1) - height / 2.0 } else { y0 + height * i as f32 };
        let step = (height * WIDTH).min((x1 - x0) / text.chars().count().max(1) as f32);
        let mut x = x0;
        for word in text.split(char::is_whitespace) {
            let end = x + step * word.chars().count() as f32;
            if !word.is_empty() {
                let bbox = [x, top, end, top + height];
                let word = Word { text: word.to_owned(), bbox, confidence: 1.0, line };
                found.push(Found { word, at: -1 });
            }
            x = end + step;
        }
        line += 1;
    }
    found
}
