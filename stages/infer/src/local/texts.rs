//! Where the texts of a table begin, and what it counts, where its header does not say.
//!
//! Owns what the left edges of texts tell. Knows no word. Rule: only what rows have in common counts.

use super::cells;
use super::heads::Head;
use super::layout::{Layout, Segment};
use super::table::Column;

/// Most lines below a header that are looked at.
const MOST_LINES: usize = 12;
/// How far apart left edges of one column are at most, points.
const ALIGNED: f32 = 2.0;

/// Lets the column of texts begin where those of the rows do: its name may stand in the middle of it, farther away than the numbers
/// of the column on its left.
pub(crate) fn widen(head: &mut Head, layout: &Layout, next: usize) {
    let at = head.columns.iter().position(|c| c.0 == Column::Description);
    let Some((at, before)) = at.and_then(|at| Some((at, at.checked_sub(1)?))) else { return };
    let (left, edge) = (head.columns[at].1, head.columns[before].1);
    if !matches!(head.columns[before].0, Column::Quantity | Column::UnitPrice | Column::VatRate) {
        return;
    }
    let mut begins: Vec<f32> = Vec::new();
    for line in layout.lines.iter().skip(next).take(MOST_LINES) {
        let segments = &layout.segments[line.clone()];
        let counted = segments.iter().flat_map(words).find(|(text, x0, x1)| {
            *x1 > edge && *x0 < left && cells::number(text).is_some() && !text.contains(char::is_alphabetic)
        });
        let Some((.., end)) = counted else { continue };
        let text = segments.iter().find_map(|s| {
            let first = words(s).find(|w| w.1 >= end - 0.5)?;
            // It goes on until it stands below the name of its column.
            let letters = first.0.chars().filter(|c| c.is_alphabetic()).count();
            (letters >= 2 && first.1 < left && s.bbox[2] > left).then_some(first.1)
        });
        begins.extend(text);
    }
    // Below the table stands other text.
    let near = |x: f32| begins.iter().filter(move |y| (**y - x).abs() < ALIGNED);
    let Some(most) = begins.iter().copied().max_by_key(|x| near(*x).count()) else { return };
    let (least, count) = near(most).fold((most, 0), |(l, n), x| (l.min(*x), n + 1));
    if count >= 2 && 2 * count > begins.len() {
        head.columns[at].1 = least - 0.5;
        // What counts stands left of it.
        let own = &mut head.columns[before];
        own.2 = own.2.min(least - 1.0).max(own.1);
    }
}

/// Whether the line below a header has a text and a number in the columns for them.
pub(crate) fn counts(head: &Head, layout: &Layout, next: usize) -> bool {
    let Some(line) = layout.lines.get(next) else { return false };
    let cells = cells::of_line(head, &layout.segments[line.clone()]);
    let texts = cells.get(&Column::Description).is_some_and(|c| c.value.contains(char::is_alphabetic));
    texts && cells.contains_key(&Column::Quantity)
}

/// Words with their left and right edges.
fn words(segment: &Segment) -> impl Iterator<Item = (&str, f32, f32)> {
    segment.read().zip(&segment.words).map(|((text, _), (_, place))| (text, place[0], place[2]))
}
