//! Text that is in the text layer and cannot be seen.
//!
//! Owns the difference between a scanner's layer, which lies behind the image that it was read from, and text that
//! nobody who looks at the page can know of. What the drawing commands make suspicious is looked at on the painted page,
//! which is what counts. Rule: hidden text never becomes data; it is counted and said.

use super::ink;
use super::look::{Placed, Seen};
use super::upright::Upright;
use crate::child::pdfium::{Object, Page, Text};
use crate::child::words::{Found, Places};
use crate::protocol::Hidden;
use std::collections::{HashMap, HashSet};

/// Least height in points of text that somebody can read, on a page of some size.
const TINY: f32 = 1.5;
/// Longest side in points from which a page is of that size: who sees a smaller one sees it enlarged.
const SIZED: f32 = 600.0;
/// Fewest characters whose box is as wide as it is because of their size.
const WIDE: usize = 3;
/// Darkest part of a colour that counts as white.
const WHITISH: u8 = 235;
/// Least opacity that can be seen.
const FAINT: u8 = 13;
/// Least share of a page that images cover where text under them is what a scanner read.
const SCAN: f32 = 0.3;
/// Narrowest page in points whose boxes are believed.
const SMALLEST: f32 = 8.0;

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Visible,
    /// Behind an image, as scanners put what they read; what it is where it is to be looked at and that image shows nothing.
    Behind(Option<Kind>),
    /// To be looked at on the painted page; what it is where nothing is to be seen there.
    Doubtful(Kind),
    /// It may be part of something that is not shown at all: to be looked at, and visible where anything of it is.
    Vague,
    Hidden(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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
    vague: bool,
    /// Its colour, where something on the page may have the same.
    alike: Option<[u8; 3]>,
    clip: Option<([f32; 4], bool)>,
    /// When it is painted; none where that does not matter.
    turn: Option<u32>,
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
    seen: &Seen<'_>,
    upright: &Upright,
) -> Sorted {
    let placed = seen.placed();
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
            if is_tiny(found, size) {
                return Sight::Hidden(Kind::Tiny);
            }
            let Some(object) = text.object(found.at) else { return Sight::Visible };
            let id = object.id();
            ids.pop();
            ids.push(Some(id));
            let drawn = match last {
                Some((known, drawn)) if known == id => drawn,
                _ => *objects.entry(id).or_insert_with(|| Drawn::of(object, &placed, seen, upright)),
            };
            last = Some((id, drawn));
            judge(bbox, drawn, seen)
        })
        .collect();
    believe_scans(&mut sights, &words);
    if sights.iter().any(|s| matches!(s, Sight::Doubtful(_) | Sight::Vague | Sight::Behind(Some(_)))) {
        ink::settle(&mut sights, &words, text, page, seen, upright);
        keep_overflow(&mut sights, &ids);
    }
    count(words, &sights)
}

/// Parts the words that count, each once, from those that do not. Where one is drawn twice, it is there if either is.
fn count(words: Vec<Found>, sights: &[Sight]) -> Sorted {
    let mut sorted = Sorted { words: Vec::with_capacity(words.len()), behind: 0, hidden: Hidden::default() };
    let (mut places, mut left_out) = (Places::default(), Vec::new());
    for (found, sight) in words.into_iter().zip(sights) {
        match sight {
            Sight::Doubtful(kind) | Sight::Hidden(kind) => left_out.push((found, *kind)),
            Sight::Visible | Sight::Vague | Sight::Behind(_) if !places.take(&found.word) => {}
            Sight::Visible | Sight::Vague => sorted.words.push(found),
            Sight::Behind(_) => {
                sorted.behind += u32::try_from(found.word.text.chars().count()).unwrap_or(0);
                sorted.words.push(found);
            }
        }
    }
    let hidden = &mut sorted.hidden;
    for (_, kind) in left_out.iter().filter(|(found, _)| !places.has(&found.word)) {
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
    sorted
}

impl Drawn {
    fn of(object: Object<'_>, placed: &HashMap<usize, Placed>, seen: &Seen<'_>, upright: &Upright) -> Self {
        let (filled, stroked) = object.text_mode();
        let fill = object.fill().unwrap_or([0, 0, 0, u8::MAX]);
        let inks = [filled.then_some(fill), stroked.then(|| object.stroke().unwrap_or(fill))];
        let mut inks = inks.into_iter().flatten().filter(|[.., a]| *a >= FAINT).map(|[r, g, b, _]| [r, g, b]);
        let (first, second) = (inks.next(), inks.next());
        let whitish = |[r, g, b]: [u8; 3]| r.min(g).min(b) >= WHITISH;
        let place = placed.get(&object.id()).copied();
        let way = place.map(|p| seen.way(p));
        let clip =
            object.clip().map(|(clip, odd)| (upright.map(way.map_or(clip, |way| way.rect(clip))), odd));
        Self {
            invisible: first.is_none(),
            whitish: first.is_some_and(whitish) && second.is_none_or(whitish),
            vague: place.map_or(!placed.is_empty(), |p| p.form > 0)
                || seen.beyond
                || object.is_in_layer()
                || object.is_transparent(),
            // Text of two colours is seen on a ground of either.
            alike: first.filter(|colour| second.is_none() && seen.has_like(*colour)),
            clip,
            turn: place.map(|p| p.turn),
        }
    }
}

fn judge(bbox: [f32; 4], drawn: Drawn, seen: &Seen<'_>) -> Sight {
    if drawn.invisible {
        let image = seen.has_image_at(bbox);
        return if image { Sight::Behind(Some(Kind::Invisible)) } else { Sight::Hidden(Kind::Invisible) };
    }
    if let Some(cover) = drawn.turn.and_then(|turn| seen.over(bbox, turn)) {
        // A logo that happens to lie over a word is no scan.
        let scan = cover.image && seen.images() >= SCAN;
        return if scan { Sight::Behind(Some(Kind::Covered)) } else { Sight::Doubtful(Kind::Covered) };
    }
    let (x, y) = (f32::midpoint(bbox[0], bbox[2]), f32::midpoint(bbox[1], bbox[3]));
    if drawn.clip.is_some_and(|([x0, y0, x1, y1], odd)| odd || x < x0 || x > x1 || y < y0 || y > y1) {
        return Sight::Doubtful(Kind::Clipped);
    }
    let turn = drawn.turn.unwrap_or(u32::MAX);
    if drawn.whitish || drawn.alike.is_some_and(|colour| seen.is_on_like(bbox, turn, colour)) {
        return Sight::Doubtful(Kind::Background);
    }
    if drawn.vague { Sight::Vague } else { Sight::Visible }
}

/// True where a word is not on the page. A page of no size has lost its boxes, not its text.
fn is_outside([x0, y0, x1, y1]: [f32; 4], (width, height): (f32, f32)) -> bool {
    let sized = width >= SMALLEST && height >= SMALLEST;
    sized && !(x1 > 0.0 && y1 > 0.0 && x0 < width && y0 < height)
}

/// True where a word is too small to be read. The width of a short one says little: it may be an i.
fn is_tiny(found: &Found, (width, height): (f32, f32)) -> bool {
    let [x0, y0, x1, y1] = found.word.bbox;
    let (long, short) = ((x1 - x0).max(y1 - y0), (x1 - x0).min(y1 - y0));
    let least = TINY * (width.max(height) / SIZED).min(1.0);
    let side = if found.word.text.chars().nth(WIDE - 1).is_some() { short } else { long };
    side < least || short < 0.3 * least / TINY
}

/// Text behind images is believed where it is most of a page: a scanner's work, of which the image is all that is seen. What
/// stays of it elsewhere is looked at.
fn believe_scans(sights: &mut [Sight], words: &[Found]) {
    let length = |found: &Found| found.word.text.chars().count();
    let all: usize = words.iter().map(length).sum();
    let is_behind = |s: &Sight| matches!(s, Sight::Behind(_));
    let behind: usize = sights.iter().zip(words).filter(|(s, _)| is_behind(s)).map(|(_, w)| length(w)).sum();
    if behind * 2 > all {
        sights.iter_mut().filter(|s| is_behind(s)).for_each(|s| *s = Sight::Behind(None));
    }
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
