//! Text that is in the text layer and cannot be seen.
//!
//! Owns the difference between a scanner's layer, which lies behind the image that it was read from, and text that
//! nobody who looks at the page can know of. What the drawing commands make suspicious is looked at on the painted page,
//! which is what counts. Rule: hidden text never becomes data; it is counted and said.

use super::look::Seen;
use super::upright::Upright;
use crate::child::pdfium::{Object, Page, Text};
use crate::child::words::Found;
use crate::protocol::Hidden;
use std::collections::{HashMap, HashSet};

/// Least height in points of text that somebody can read.
const TINY: f32 = 1.5;
/// Darkest part of a colour that counts as white.
const WHITISH: u8 = 235;
/// Least opacity that can be seen.
const FAINT: u8 = 13;
/// Least share of a page that images cover where text under them is what a scanner read.
const SCAN: f32 = 0.3;
/// Narrowest page in points whose boxes are believed.
const SMALLEST: f32 = 8.0;
/// Resolution of the look at the page, in dots per inch, and its longest side in pixels.
const LOOK_DPI: f32 = 100.0;
const LOOK_SIDE: f32 = 1600.0;
/// Least difference of brightness that can be seen.
const CONTRAST: u8 = 20;

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Visible,
    /// Behind an image, as scanners put what they read.
    Behind,
    /// To be looked at on the painted page; what it is where nothing is to be seen there.
    Doubtful(Kind),
    Hidden(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invisible,
    Background,
    Covered,
    Clipped,
    Tiny,
    Outside,
}

/// What was found out about a text object once.
#[derive(Clone, Copy)]
struct Drawn {
    invisible: bool,
    whitish: bool,
    clip: Option<[f32; 4]>,
}

/// The words that count, and what was left out.
pub(super) struct Sorted {
    pub(super) words: Vec<Found>,
    /// Characters among them that lie behind an image.
    pub(super) behind: u32,
    pub(super) hidden: Hidden,
}

/// Sorts the words of a page.
pub(super) fn sort(
    words: Vec<Found>,
    text: &Text<'_>,
    page: &Page<'_>,
    seen: &Seen,
    upright: &Upright,
) -> Sorted {
    let turns = seen.turns();
    let mut objects: HashMap<usize, Drawn> = HashMap::new();
    let mut last: Option<(usize, Drawn)> = None;
    let mut ids = Vec::with_capacity(words.len());
    let size = upright.size();
    let mut sights: Vec<Sight> = words
        .iter()
        .map(|found| {
            let bbox = found.word.bbox;
            ids.push(None);
            if is_outside(bbox, size) {
                return Sight::Hidden(Kind::Outside);
            }
            if (bbox[3] - bbox[1]).max(bbox[2] - bbox[0]) < TINY
                || (bbox[3] - bbox[1]).min(bbox[2] - bbox[0]) < 0.3
            {
                return Sight::Hidden(Kind::Tiny);
            }
            let Some(object) = text.object(found.at) else { return Sight::Visible };
            let id = object.id();
            ids.pop();
            ids.push(Some(id));
            let drawn = match last {
                Some((known, drawn)) if known == id => drawn,
                _ => *objects.entry(id).or_insert_with(|| Drawn::of(object, upright)),
            };
            last = Some((id, drawn));
            judge(bbox, drawn, seen, turns.get(&id).copied())
        })
        .collect();
    if sights.iter().any(|s| matches!(s, Sight::Doubtful(_))) {
        settle(&mut sights, &words, page, upright);
        keep_overflow(&mut sights, &ids);
    }
    let mut sorted = Sorted { words: Vec::with_capacity(words.len()), behind: 0, hidden: Hidden::default() };
    for (found, sight) in words.into_iter().zip(sights) {
        let hidden = &mut sorted.hidden;
        match sight {
            Sight::Visible => sorted.words.push(found),
            Sight::Behind => {
                sorted.behind += u32::try_from(found.word.text.chars().count()).unwrap_or(0);
                sorted.words.push(found);
            }
            Sight::Doubtful(kind) | Sight::Hidden(kind) => {
                let count = match kind {
                    Kind::Invisible => &mut hidden.invisible,
                    Kind::Background => &mut hidden.background,
                    Kind::Covered => &mut hidden.covered,
                    Kind::Clipped => &mut hidden.clipped,
                    Kind::Tiny => &mut hidden.tiny,
                    Kind::Outside => &mut hidden.outside,
                };
                *count += 1;
            }
        }
    }
    sorted
}

impl Drawn {
    fn of(object: Object<'_>, upright: &Upright) -> Self {
        let [r, g, b, a] = object.fill().unwrap_or([0, 0, 0, u8::MAX]);
        Self {
            invisible: object.is_invisible_text() || a < FAINT,
            whitish: r.min(g).min(b) >= WHITISH,
            clip: object.clip().map(|clip| upright.map(clip)),
        }
    }
}

fn judge(bbox: [f32; 4], drawn: Drawn, seen: &Seen, turn: Option<u32>) -> Sight {
    if drawn.invisible {
        return if seen.has_image_at(bbox) { Sight::Behind } else { Sight::Hidden(Kind::Invisible) };
    }
    if let Some(cover) = turn.and_then(|turn| seen.over(bbox, turn)) {
        // A logo that happens to lie over a word is no scan.
        let scan = cover.image && seen.images() >= SCAN;
        return if scan { Sight::Behind } else { Sight::Doubtful(Kind::Covered) };
    }
    let (x, y) = (f32::midpoint(bbox[0], bbox[2]), f32::midpoint(bbox[1], bbox[3]));
    if drawn.clip.is_some_and(|[x0, y0, x1, y1]| x < x0 || x > x1 || y < y0 || y > y1) {
        return Sight::Doubtful(Kind::Clipped);
    }
    if drawn.whitish { Sight::Doubtful(Kind::Background) } else { Sight::Visible }
}

/// True where a word is not on the page. A page of no size has lost its boxes, not its text.
fn is_outside([x0, y0, x1, y1]: [f32; 4], (width, height): (f32, f32)) -> bool {
    let sized = width >= SMALLEST && height >= SMALLEST;
    sized && !(x1 > 0.0 && y1 > 0.0 && x0 < width && y0 < height)
}

/// The end of a text that its cell cuts off is no secret: whoever sees its beginning knows that there is more.
fn keep_overflow(sights: &mut [Sight], ids: &[Option<usize>]) {
    let seen: HashSet<usize> =
        sights.iter().zip(ids).filter(|(s, _)| **s == Sight::Visible).filter_map(|(_, id)| *id).collect();
    for (sight, id) in sights.iter_mut().zip(ids) {
        if *sight == Sight::Hidden(Kind::Clipped) && id.is_some_and(|id| seen.contains(&id)) {
            *sight = Sight::Visible;
        }
    }
}

/// Looks at the painted page for each word in doubt.
fn settle(sights: &mut [Sight], words: &[Found], page: &Page<'_>, upright: &Upright) {
    let (width, height) = upright.size();
    let scale = (LOOK_DPI / 72.0).min(LOOK_SIDE / width.max(height));
    let pixels = |points: f32| ((points * scale).round() as u32).max(1);
    let size = (pixels(width), pixels(height));
    let extra = (upright.turns() + 4 - page.turns() % 4) % 4;
    page.paint(size, extra, |rows, stride| {
        for (sight, found) in sights.iter_mut().zip(words) {
            if let Sight::Doubtful(kind) = *sight {
                let visible = contrast(rows, stride, size, found.word.bbox.map(|v| v * scale)) >= CONTRAST;
                *sight = if visible { Sight::Visible } else { Sight::Hidden(kind) };
            }
        }
    });
}

/// Difference between the brightest and the darkest pixel inside of a box, in the channel that differs most.
fn contrast(rows: &[u8], stride: usize, (width, height): (u32, u32), [x0, y0, x1, y1]: [f32; 4]) -> u8 {
    let side = |v: f32, most: u32| (v.max(0.0) as u32).min(most) as usize;
    // Without the edge, where a frame may run.
    let (inset_x, inset_y) = (((x1 - x0) * 0.1).min(1.0), ((y1 - y0) * 0.2).min(2.0));
    let (left, right) = (side(x0 + inset_x, width), side((x1 - inset_x).ceil(), width));
    let (top, bottom) = (side(y0 + inset_y, height), side((y1 - inset_y).ceil(), height));
    let (mut least, mut most) = ([u8::MAX; 3], [0_u8; 3]);
    for row in rows.chunks(stride).take(bottom).skip(top) {
        for pixel in row.get(left * 3..right.max(left) * 3).unwrap_or_default().as_chunks::<3>().0 {
            for ((least, most), value) in least.iter_mut().zip(&mut most).zip(pixel) {
                *least = (*least).min(*value);
                *most = (*most).max(*value);
            }
        }
    }
    most.iter().zip(least).map(|(most, least)| most.saturating_sub(least)).max().unwrap_or(0)
}
