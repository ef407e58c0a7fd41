//! From words to segments: runs of words on one line with no more than a space between them.

use crate::geometry::{Rect, beside, height, median, middle_y, overlap, sane, union, width};
use crate::model::Line;
use docmill_contracts::Word;

/// Widest gap between two words of a segment, in heights of the taller one.
const SPACE: f32 = 0.85;
/// Widest gap between a bullet and its text, in heights.
const BULLET_SPACE: f32 = 4.0;

/// Words beside each other, from left to right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) bbox: Rect,
    /// Places in the page's list, from left to right.
    pub(crate) words: Vec<u32>,
    /// Place in a list of tables; such a segment has no words, and stands for the table.
    pub(crate) table: Option<u32>,
}

impl Segment {
    /// The rectangle around words.
    pub(crate) fn around(at: &[u32], words: &[Word]) -> Rect {
        crate::geometry::bounds(at.iter().map(|w| sane(words[*w as usize].bbox)))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Segments {
    /// From top to bottom, then from left to right.
    pub(crate) upright: Vec<Segment>,
    /// Runs of text that goes up or down, each from top to bottom.
    pub(crate) turned: Vec<Segment>,
}

/// A word that is placed.
#[derive(Debug, Clone, Copy)]
struct Place {
    word: u32,
    bbox: Rect,
}

/// The segments of a page, whatever the order of its words.
pub(crate) fn segments(words: &[Word]) -> Segments {
    let mut places: Vec<Place> =
        words.iter().zip(0..).map(|(w, word)| Place { word, bbox: sane(w.bbox) }).collect();
    // Only words that are alike in everything have no order of their own, and then none matters.
    let key = |p: &Place| (p.bbox, words[p.word as usize].text.as_str());
    places.sort_by(|a, b| {
        let (ka, kb) = (key(a), key(b));
        let rect = ka.0.iter().zip(kb.0).map(|(a, b)| a.total_cmp(&b)).find(|o| o.is_ne());
        rect.unwrap_or_else(|| ka.1.cmp(kb.1))
    });
    let (turned, upright): (Vec<Place>, Vec<Place>) =
        places.into_iter().partition(|p| is_turned(p.bbox, &words[p.word as usize].text));
    let mut out = Segments { upright: chain(&upright), turned: columns(turned) };
    join_bullets(&mut out.upright, words);
    out.upright.sort_by(by_place);
    out.turned.sort_by(by_place);
    out
}

/// From top to bottom, then from left to right.
pub(crate) fn by_place(a: &Segment, b: &Segment) -> std::cmp::Ordering {
    let (p, q) = (a.bbox, b.bbox);
    p[1].total_cmp(&q[1]).then(p[0].total_cmp(&q[0])).then(p[3].total_cmp(&q[3])).then(p[2].total_cmp(&q[2]))
}

/// True where several characters are stacked or turned: far taller than they are wide.
fn is_turned(bbox: Rect, text: &str) -> bool {
    let n = text.chars().count();
    n >= 3 && width(bbox) < height(bbox) * (0.13 * n as f32).min(0.55)
}

/// Chains words, given from left to right, to the segment that ends closest before each.
fn chain(places: &[Place]) -> Vec<Segment> {
    let typical = median(places.iter().map(|p| height(p.bbox)).collect(), 10.0).clamp(1.0, 200.0);
    let lowest = places.iter().map(|p| p.bbox[1]).fold(0.0, f32::min);
    let band = |y: f32| ((y - lowest) / typical) as usize;
    let bands = places.iter().map(|p| band(p.bbox[3])).max().unwrap_or(0) + 1;
    // Open segments by the bands that their last word touches. A page is at most a few thousand bands high.
    let mut open: Vec<Vec<usize>> = vec![Vec::new(); bands.min(100_000)];
    let last_band = open.len() - 1;
    let mut out: Vec<(Segment, Rect)> = Vec::new();
    for p in places {
        let touched = band(p.bbox[1]).min(last_band)..=band(p.bbox[3]).min(last_band);
        let mut best: Option<(f32, usize)> = None;
        for list in &mut open[touched.clone()] {
            // Words come from left to right: what ends far before this one is closed for good.
            list.retain(|s| out[*s].1[2] >= p.bbox[0] - 40.0 * typical);
            for s in list.iter().copied() {
                let tail = out[s].1;
                let (gap, h) = (p.bbox[0] - tail[2], height(tail).max(height(p.bbox)));
                let alike = height(tail).min(height(p.bbox)) >= 0.35 * h;
                if beside(tail, p.bbox) && alike && gap <= SPACE * h && gap >= -0.5 * h {
                    let off = gap.abs() + (middle_y(tail) - middle_y(p.bbox)).abs();
                    if best.is_none_or(|(b, at)| (off, s) < (b, at)) {
                        best = Some((off, s));
                    }
                }
            }
        }
        let at = if let Some((_, s)) = best {
            let (segment, tail) = &mut out[s];
            segment.words.push(p.word);
            segment.bbox = union(segment.bbox, p.bbox);
            *tail = p.bbox;
            s
        } else {
            out.push((Segment { bbox: p.bbox, words: vec![p.word], table: None }, p.bbox));
            out.len() - 1
        };
        for list in &mut open[touched] {
            if !list.contains(&at) {
                list.push(at);
            }
        }
    }
    out.into_iter().map(|(s, _)| s).collect()
}

/// Gathers turned words that stand above each other.
fn columns(mut places: Vec<Place>) -> Vec<Segment> {
    places.sort_by(|a, b| a.bbox[1].total_cmp(&b.bbox[1]).then(a.bbox[0].total_cmp(&b.bbox[0])));
    let mut out: Vec<Segment> = Vec::new();
    for p in places {
        let fits = |s: &&mut Segment| {
            let common = overlap(s.bbox[0], s.bbox[2], p.bbox[0], p.bbox[2]);
            let gap = p.bbox[1] - s.bbox[3];
            common >= 0.5 * width(p.bbox).min(width(s.bbox)) && gap <= 2.0 * width(p.bbox).max(width(s.bbox))
        };
        if let Some(s) = out.iter_mut().find(fits) {
            s.words.push(p.word);
            s.bbox = union(s.bbox, p.bbox);
        } else {
            out.push(Segment { bbox: p.bbox, words: vec![p.word], table: None });
        }
    }
    out
}

/// Joins bullets with the text after them, however wide the gap.
fn join_bullets(segments: &mut Vec<Segment>, words: &[Word]) {
    segments.sort_by(by_place);
    let is_mark = |s: &Segment| s.words.len() == 1 && is_bullet(&words[s.words[0] as usize].text);
    let marks: Vec<usize> = (0..segments.len()).filter(|i| is_mark(&segments[*i])).collect();
    let mut taken = vec![false; segments.len()];
    for i in marks {
        let mark = segments[i].clone();
        let next = (0..segments.len()).filter(|j| *j != i && !taken[*j] && !is_mark(&segments[*j]));
        let next = next.filter(|j| {
            let (s, gap) = (&segments[*j], segments[*j].bbox[0] - mark.bbox[2]);
            let reach = BULLET_SPACE * height(s.bbox);
            gap >= 0.0 && gap <= reach && overlap(s.bbox[1], s.bbox[3], mark.bbox[1], mark.bbox[3]) > 0.0
        });
        let nearest = next.min_by(|a, b| segments[*a].bbox[0].total_cmp(&segments[*b].bbox[0]));
        if let Some(j) = nearest {
            taken[i] = true;
            segments[j].words.insert(0, mark.words[0]);
            segments[j].bbox = union(segments[j].bbox, mark.bbox);
        }
    }
    let mut at = 0;
    segments.retain(|_| {
        at += 1;
        !taken[at - 1]
    });
}

/// True for a sign that begins an item of a list.
pub(crate) fn is_bullet(text: &str) -> bool {
    let mut chars = text.chars();
    matches!(
        (chars.next(), chars.next()),
        (Some('•' | '◦' | '▪' | '●' | '○' | '■' | '·' | '‣' | '\u{f0b7}' | '–' | '-' | '*'), None)
    )
}

/// The lines of texts, from top to bottom: what stands beside each other is one line.
pub(crate) fn lines(mut texts: Vec<(Rect, Vec<u32>)>) -> Vec<(Rect, Vec<u32>)> {
    texts.sort_by(|a, b| {
        let (p, q) = (a.0, b.0);
        p[1].total_cmp(&q[1])
            .then(p[0].total_cmp(&q[0]))
            .then(p[3].total_cmp(&q[3]))
            .then(p[2].total_cmp(&q[2]))
    });
    let mut lines: Vec<(Rect, Vec<u32>)> = Vec::new();
    for (bbox, words) in texts {
        // Texts come by their upper edge: only the last lines can be beside this one.
        let at = lines.iter().rposition(|(r, _)| beside(*r, bbox)).filter(|at| at + 3 >= lines.len());
        if let Some(at) = at {
            let (r, at_words) = &mut lines[at];
            *r = union(*r, bbox);
            at_words.extend(words);
        } else {
            lines.push((bbox, words));
        }
    }
    lines.sort_by(|a, b| (a.0[1] + a.0[3]).total_cmp(&(b.0[1] + b.0[3])).then(a.0[0].total_cmp(&b.0[0])));
    lines
}

/// The line of some words, from left to right.
pub(crate) fn line(mut at: Vec<u32>, words: &[Word]) -> Line {
    let place = |i: &u32| sane(words[*i as usize].bbox);
    at.sort_by(|a, b| {
        let (p, q) = (place(a), place(b));
        let text = |i: &u32| words[*i as usize].text.as_str();
        p[0].total_cmp(&q[0])
            .then(p[2].total_cmp(&q[2]))
            .then(p[1].total_cmp(&q[1]))
            .then(text(a).cmp(text(b)))
    });
    Line {
        bbox: crate::geometry::bounds(at.iter().map(place)),
        text: at.iter().map(|i| words[*i as usize].text.as_str()).collect::<Vec<_>>().join(" "),
        words: at,
    }
}
