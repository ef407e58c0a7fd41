//! The look at the painted page: which of the words in doubt are really there.
//!
//! Owns the comparison of the page with the same page without those words: what makes no difference cannot be seen, whatever
//! hides it. Rule: as few paintings as can be, all of a low resolution, and every object is put back.

use super::hidden::{Kind, Sight};
use super::look::Seen;
use super::upright::Upright;
use crate::child::pdfium::{Object, Page, Text};
use crate::child::words::Found;
use std::collections::HashMap;

/// Resolution of the look at the page, in dots per inch, and its longest side in pixels.
const LOOK_DPI: f32 = 72.0;
const LOOK_SIDE: f32 = 1600.0;
/// Least difference of brightness within an image that can be seen, and the most where there is nothing at all.
const CONTRAST: u8 = 20;
const NOTHING: u8 = 4;
/// Least difference that a word makes where it can be seen.
const DIFFERENCE: u8 = 16;
/// Least share of a word, along its line, that has to make one.
const SHARE: f32 = 0.25;
/// Fewest characters of a word of which it is known which way its line runs: a hyphen is high and narrow with its font.
const LINE: usize = 3;
/// How far apart the sides of two objects are, in points, that are one text drawn twice.
const TWICE: f32 = 2.0;
/// Most texts of a page that are compared with others.
const MAX_TEXTS: usize = 20_000;
/// How often words are drawn into doubt by their objects.
const ROUNDS: usize = 8;

/// Objects by their identity.
type Objects<'a> = HashMap<usize, Object<'a>>;

/// Looks at the page for each word in doubt.
pub(super) fn settle<'a>(
    sights: &mut [Sight],
    words: &[Found],
    text: &'a Text<'_>,
    page: &Page<'_>,
    seen: &Seen<'a>,
    upright: &Upright,
) {
    let looked_at = |s: &Sight| matches!(s, Sight::Doubtful(_) | Sight::Vague | Sight::Behind(Some(_)));
    let boxes = sights.iter().zip(words).filter(|(s, _)| looked_at(s)).map(|(_, f)| f.word.bbox);
    // What lies elsewhere need not be painted.
    let Some(view) = View::around(boxes, page, upright) else { return };
    let Some(whole) = view.paint() else { return };
    for (sight, found) in sights.iter_mut().zip(words) {
        let nothing = || whole.contrast(found.word.bbox) < NOTHING;
        match *sight {
            Sight::Behind(Some(kind)) if whole.contrast(found.word.bbox) < CONTRAST => {
                *sight = Sight::Hidden(kind);
            }
            // Where there is no ink at all, it need not be taken away to be seen.
            Sight::Doubtful(kind) if nothing() => *sight = Sight::Hidden(kind),
            _ => {}
        }
    }
    if !sights.iter().any(|s| matches!(s, Sight::Doubtful(_) | Sight::Vague)) {
        return;
    }
    let twins = Twins::of(seen, upright);
    let mut doubtful = in_doubt(sights, words, text);
    twins.join(&mut doubtful, text);
    doubtful.values().for_each(|object| object.show(false));
    let without =
        if doubtful.is_empty() { Some(whole) } else { settle_doubtful(sights, words, &whole, &view) };
    let mut vague = Objects::new();
    for (_, found) in sights.iter().zip(words).filter(|(s, _)| **s == Sight::Vague) {
        vague.extend(objects(text, found).map(|o| (o.id(), o)).filter(|(id, _)| !doubtful.contains_key(id)));
    }
    if let Some(without) = without.filter(|_| !vague.is_empty()) {
        twins.join(&mut vague, text);
        vague.values().for_each(|object| object.show(false));
        if let Some(bare) = view.paint() {
            settle_vague(sights, words, text, &without, &bare);
        }
    }
    doubtful.values().chain(vague.values()).for_each(|object| object.show(true));
}

/// The objects of all words in doubt. Whoever takes one away takes all of its words away, so that those are in doubt too.
fn in_doubt<'a>(sights: &mut [Sight], words: &[Found], text: &'a Text<'_>) -> Objects<'a> {
    let mut gone = Objects::new();
    for _ in 0..ROUNDS {
        for (sight, found) in sights.iter().zip(words) {
            if matches!(sight, Sight::Doubtful(_)) {
                gone.extend(objects(text, found).map(|o| (o.id(), o)));
            }
        }
        let mut more = false;
        for (sight, found) in sights.iter_mut().zip(words).filter(|(s, _)| **s == Sight::Vague) {
            if !gone.is_empty() && objects(text, found).any(|o| gone.contains_key(&o.id())) {
                *sight = Sight::Doubtful(Kind::Invisible);
                more = true;
            }
        }
        if !more {
            break;
        }
    }
    gone
}

/// What the page is without the words in doubt, after they were judged by it.
fn settle_doubtful(
    sights: &mut [Sight],
    words: &[Found],
    whole: &Painted,
    view: &View<'_>,
) -> Option<Painted> {
    let without = view.paint()?;
    for (sight, found) in sights.iter_mut().zip(words) {
        if let Sight::Doubtful(kind) = *sight {
            let shown = whole.shows(found, &without);
            *sight = if shown { Sight::Visible } else { Sight::Hidden(kind) };
        }
    }
    Some(without)
}

/// Judges words that may be of a part of the page that is not shown: all words of an object, or none.
fn settle_vague(sights: &mut [Sight], words: &[Found], text: &Text<'_>, with: &Painted, without: &Painted) {
    let object = |found: &Found| text.object(found.at).map(Object::id);
    let mut shown: HashMap<Option<usize>, bool> = HashMap::new();
    for (_, found) in sights.iter().zip(words).filter(|(s, _)| **s == Sight::Vague) {
        *shown.entry(object(found)).or_default() |= with.shows(found, without);
    }
    for (sight, found) in sights.iter_mut().zip(words).filter(|(s, _)| **s == Sight::Vague) {
        let shown = shown.get(&object(found)).copied().unwrap_or(true);
        *sight = if shown { Sight::Visible } else { Sight::Hidden(Kind::Invisible) };
    }
}

/// The objects of a word's characters.
fn objects<'a>(text: &'a Text<'_>, found: &Found) -> impl Iterator<Item = Object<'a>> {
    (found.at.max(0)..=found.end).filter_map(|at| text.object(at))
}

/// Text that is drawn twice, to look bold or to have a shadow: the one that was read goes with the other.
struct Twins<'s, 'a> {
    seen: &'s Seen<'a>,
    boxes: Vec<[f32; 4]>,
    /// Which text objects begin in a square of the page.
    begins: HashMap<[i32; 2], Vec<usize>>,
}

impl<'s, 'a> Twins<'s, 'a> {
    fn of(seen: &'s Seen<'a>, upright: &Upright) -> Self {
        let (mut boxes, mut begins) = (Vec::new(), HashMap::<_, Vec<usize>>::new());
        if seen.texts().len() <= MAX_TEXTS {
            for (i, (object, placed)) in seen.texts().iter().enumerate() {
                let bounds = object.bounds().unwrap_or_default();
                let bbox = upright.map(seen.way(*placed).rect(bounds));
                begins.entry(square(bbox)).or_default().push(i);
                boxes.push(bbox);
            }
        }
        Self { seen, boxes, begins }
    }

    /// Adds to objects those that are the same text at the same place.
    fn join(&self, objects: &mut Objects<'a>, text: &Text<'_>) {
        let mut more = Vec::new();
        for ((object, _), bbox) in self.seen.texts().iter().zip(&self.boxes) {
            if !objects.contains_key(&object.id()) {
                continue;
            }
            let [x, y] = square(*bbox);
            let around = (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| [x, y]));
            let near = around.filter_map(|at| self.begins.get(&at)).flatten().filter_map(|i| {
                let beside = self.boxes.get(*i)?.iter().zip(bbox).all(|(a, b)| (a - b).abs() <= TWICE);
                self.seen.texts().get(*i).filter(|_| beside).map(|(other, _)| *other)
            });
            let others: Vec<Object<'a>> = near.filter(|other| !objects.contains_key(&other.id())).collect();
            if others.is_empty() {
                continue;
            }
            let says = text.of(*object);
            // PDFium itself leaves out some of what is drawn twice: such an object has no characters.
            more.extend(others.into_iter().filter(|other| [&says, ""].contains(&text.of(*other).as_str())));
        }
        objects.extend(more.into_iter().map(|object| (object.id(), object)));
    }
}

fn square([x, y, ..]: [f32; 4]) -> [i32; 2] {
    [(x / TWICE).floor() as i32, (y / TWICE).floor() as i32]
}

/// The part of a page that is looked at, and how.
pub(super) struct View<'a> {
    page: &'a Page<'a>,
    /// Pixels of the page, across and down.
    size: (u32, u32),
    /// Left, top, width and height of the part in them.
    part: [u32; 4],
    /// Pixels of a point.
    scale: f32,
    extra: u8,
}

impl<'a> View<'a> {
    /// The whole page.
    pub(super) fn whole(page: &'a Page<'_>, upright: &Upright) -> Self {
        let (width, height) = upright.size();
        let scale = (LOOK_DPI / 72.0).min(LOOK_SIDE / width.max(height));
        let pixels = |points: f32| ((points * scale).round() as u32).max(1);
        let size = (pixels(width), pixels(height));
        let extra = (upright.turns() + 4 - page.turns() % 4) % 4;
        Self { page, size, part: [0, 0, size.0, size.1], scale, extra }
    }

    /// The part around these boxes; none where there are none on the page.
    fn around(boxes: impl Iterator<Item = [f32; 4]>, page: &'a Page<'_>, upright: &Upright) -> Option<Self> {
        let mut view = Self::whole(page, upright);
        let [x0, y0, x1, y1] =
            boxes.reduce(|[a, b, c, d], [x0, y0, x1, y1]| [a.min(x0), b.min(y0), c.max(x1), d.max(y1)])?;
        let side = |v: f32, most: u32| ((v * view.scale).max(0.0) as u32).min(most);
        let (left, top) = (side(x0, view.size.0).saturating_sub(1), side(y0, view.size.1).saturating_sub(1));
        let (right, bottom) = (side(x1, view.size.0) + 2, side(y1, view.size.1) + 2);
        let (right, bottom) = (right.min(view.size.0), bottom.min(view.size.1));
        view.part = [left, top, right.saturating_sub(left), bottom.saturating_sub(top)];
        (right > left && bottom > top).then_some(view)
    }

    pub(super) fn paint(&self) -> Option<Painted> {
        let [left, top, width, height] = self.part;
        self.page.paint_part(self.size, self.extra, self.part, |rows, stride| Painted {
            rows: rows.to_vec(),
            stride,
            origin: [left as f32, top as f32],
            size: (width, height),
            scale: self.scale,
        })
    }
}

/// A painted part of a page: rows of three bytes a pixel.
pub(super) struct Painted {
    rows: Vec<u8>,
    stride: usize,
    /// Where it begins, in pixels of the page.
    origin: [f32; 2],
    size: (u32, u32),
    /// Pixels of a point.
    scale: f32,
}

impl Painted {
    /// The pixels of a box: columns and rows, without so much of its edge.
    fn pixels(&self, bbox: [f32; 4], inset: [f32; 2]) -> [std::ops::Range<usize>; 2] {
        let ([left, top], [x0, y0, x1, y1]) = (self.origin, bbox.map(|v| v * self.scale));
        let (x0, y0, x1, y1) = (x0 - left, y0 - top, x1 - left, y1 - top);
        let side = |v: f32, most: u32| (v.max(0.0) as u32).min(most) as usize;
        let (width, height) = self.size;
        let [dx, dy] = inset;
        [
            side(x0 + dx, width)..side((x1 - dx).ceil(), width),
            side(y0 + dy, height)..side((y1 - dy).ceil(), height),
        ]
    }

    /// The pixels of a row in so many columns.
    fn row(&self, y: usize, columns: &std::ops::Range<usize>) -> &[[u8; 3]] {
        let from = y * self.stride;
        let row = self.rows.get(from + columns.start * 3..from + columns.end.max(columns.start) * 3);
        row.unwrap_or_default().as_chunks().0
    }

    /// The brightness of the pixels of a box, row by row.
    pub(super) fn brightness(&self, bbox: [f32; 4]) -> Vec<Vec<u8>> {
        let [columns, rows] = self.pixels(bbox, [0.0; 2]);
        let grey = |[b, g, r]: &[u8; 3]| ((u16::from(*b) + 2 * u16::from(*g) + u16::from(*r)) / 4) as u8;
        rows.map(|y| self.row(y, &columns).iter().map(grey).collect()).collect()
    }

    /// Difference between the brightest and the darkest pixel inside of a box, in the channel that differs most.
    fn contrast(&self, bbox: [f32; 4]) -> u8 {
        let [x0, y0, x1, y1] = bbox.map(|v| v * self.scale);
        // Without the edge, where a frame may run.
        let inset = [((x1 - x0) * 0.1).min(1.0), ((y1 - y0) * 0.2).min(2.0)];
        let [columns, rows] = self.pixels(bbox, inset);
        let (mut least, mut most) = ([u8::MAX; 3], [0_u8; 3]);
        for pixel in rows.flat_map(|y| self.row(y, &columns)) {
            for ((least, most), value) in least.iter_mut().zip(&mut most).zip(pixel) {
                *least = (*least).min(*value);
                *most = (*most).max(*value);
            }
        }
        most.iter().zip(least).map(|(most, least)| most.saturating_sub(least)).max().unwrap_or(0)
    }

    /// True where a word makes a difference to another page, without it.
    fn shows(&self, found: &Found, without: &Self) -> bool {
        let [across, down] = self.shares(without, found.word.bbox);
        let [x0, y0, x1, y1] = found.word.bbox;
        let share = match found.word.text.chars().nth(LINE - 1) {
            None => across.max(down),
            Some(_) if x1 - x0 >= y1 - y0 => across,
            Some(_) => down,
        };
        share >= SHARE
    }

    /// Shares of a box, across and down, in which two pages differ, 0..=1.
    fn shares(&self, other: &Self, bbox: [f32; 4]) -> [f32; 2] {
        let [columns, rows] = self.pixels(bbox, [0.0; 2]);
        let (mut across, mut down) = (vec![false; columns.len()], vec![false; rows.len()]);
        for (y, down) in rows.zip(&mut down) {
            let pixels = self.row(y, &columns).iter().zip(other.row(y, &columns));
            for ((a, b), across) in pixels.zip(&mut across) {
                let differs = a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) >= DIFFERENCE);
                *across |= differs;
                *down |= differs;
            }
        }
        let share = |list: &[bool]| list.iter().filter(|d| **d).count() as f32 / list.len().max(1) as f32;
        [share(&across), share(&down)]
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    /// A white page of 20 x 10 points, a pixel each, with black columns.
    fn painted(black: std::ops::Range<usize>) -> Painted {
        let mut rows = vec![255; 60 * 10];
        for row in rows.chunks_mut(60) {
            row[black.start * 3..black.end * 3].fill(0);
        }
        Painted { rows, stride: 60, origin: [0.0; 2], size: (20, 10), scale: 1.0 }
    }

    fn word(text: &str, bbox: [f32; 4]) -> Found {
        let word = docmill_contracts::Word { text: text.into(), bbox, confidence: 1.0, line: 0 };
        Found { word, at: 0, end: 0 }
    }

    #[test]
    fn what_makes_a_difference_is_measured_along_the_line() {
        let (with, without) = (painted(4..8), painted(0..0));
        assert_eq!(with.shares(&without, [4.0, 0.0, 12.0, 5.0]), [0.5, 1.0]);
        assert_eq!(with.shares(&without, [10.0, 0.0, 19.0, 5.0]), [0.0, 0.0]);
        assert_eq!(with.shares(&without, [50.0, 50.0, 60.0, 60.0]), [0.0, 0.0], "beside the page");
        assert_eq!(with.shares(&painted(4..8), [4.0, 0.0, 12.0, 5.0]), [0.0, 0.0]);
        // A fifth of it is left by what covers it.
        assert!(!with.shows(&word("Total", [7.0, 0.0, 12.0, 5.0]), &without));
        assert!(with.shows(&word("Total", [6.0, 0.0, 12.0, 5.0]), &without));
        assert!(
            with.shows(&word("-", [7.0, 0.0, 12.0, 9.0]), &without),
            "a sign is all there where a part is"
        );
    }

    #[test]
    fn a_part_of_a_page_is_looked_at_by_the_places_of_the_page() {
        let part = Painted { origin: [100.0, 40.0], ..painted(4..8) };
        assert_eq!(part.contrast([102.0, 40.0, 116.0, 48.0]), 255);
        assert_eq!(part.contrast([2.0, 0.0, 16.0, 8.0]), 0);
    }

    #[test]
    fn contrast_is_that_inside_of_a_box() {
        let page = painted(4..8);
        assert_eq!(page.contrast([2.0, 0.0, 16.0, 8.0]), 255);
        assert_eq!(page.contrast([9.0, 0.0, 19.0, 8.0]), 0);
    }
}
