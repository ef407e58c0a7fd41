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

/// A sign for a box that is ticked, and for one that is not.
const BOXES: [&str; 2] = ["☐", "☒"];
/// Most characters of what fonts draw into a ticked box.
const TICK: usize = 2;

/// What a form field says and no text does, and its place.
pub(super) struct Value {
    place: [f32; 4],
    text: String,
    /// It is the state of a box that may be ticked.
    is_box: bool,
}

/// The page with its annotations and form fields in it, and the values that have no looks, or none that are text; none where it
/// cannot be read.
pub(super) fn page<'a>(document: &'a Document<'_>, index: u32) -> Option<(Page<'a>, Vec<Value>)> {
    let page = document.page(index)?;
    let count = page.annotations().min(MAX_ANNOTATIONS);
    let shown = |a: &Annotation<'_>| !a.is_hidden() && !matches!(a.subtype(), LINK | POPUP);
    let all = || (0..count).filter_map(|i| page.annotation(i));
    if !all().any(|a| shown(&a)) {
        return Some((page, Vec::new()));
    }
    // What is only there to be printed, or not even that, would become part of the page too.
    all().filter(Annotation::is_hidden).for_each(|a| a.hide());
    // Painting makes the looks of those fields of which the document says that a viewer is to make them.
    page.paint((1, 1), 0, |_, _| ());
    let values: Vec<Value> = all()
        .filter(|a| a.subtype() == WIDGET && !a.is_hidden())
        .filter_map(|a| value(&a))
        .filter(|v| !v.text.trim().is_empty())
        .collect();
    if !page.flatten() {
        return Some((page, values));
    }
    drop(page);
    Some((document.page(index)?, values))
}

/// What a field says, where no text does.
fn value(field: &Annotation<'_>) -> Option<Value> {
    let place = field.place()?;
    // Fields of boxes name the look that they have; what kind of field they are may be said elsewhere.
    let look =
        field.value("AS").filter(|_| field.value("FT").is_none_or(|kind| kind.is_empty() || kind == "Btn"));
    if let Some(look) = look.filter(|look| !look.is_empty()) {
        let [empty, ticked] = BOXES;
        let text = if look == "Off" { empty } else { ticked };
        return Some(Value { place, text: text.to_owned(), is_box: true });
    }
    let text = field.value("V").filter(|_| !field.has_appearance())?;
    Some(Value { place, text, is_box: false })
}

/// Adds what fields say to the words of a page. The sign that a font draws into a ticked box is no word of its own.
pub(super) fn add(words: &mut Vec<Found>, values: &[Value], upright: &Upright) {
    for value in values {
        let [x0, y0, x1, y1] = upright.map(value.place);
        if value.is_box {
            words.retain(|f| {
                let [a, b, c, d] = f.word.bbox;
                let (x, y) = (f32::midpoint(a, c), f32::midpoint(b, d));
                let inside = x0 <= x && x <= x1 && y0 <= y && y <= y1;
                !inside || f.word.text.chars().nth(TICK).is_some()
            });
        }
        let line = words.last().map_or(0, |w| w.word.line + 1);
        words.extend(self::words(value, upright, line));
    }
}

/// The words of a value, spread over the lines of its field.
fn words(value: &Value, upright: &Upright, mut line: u32) -> Vec<Found> {
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
                found.push(Found { word, at: -1, end: -1 });
            }
            x = end + step;
        }
        line += 1;
    }
    found
}
