//! Straight lines that are drawn on a page image: long dark runs, level or upright.
//!
//! Owns what is a rule and what is a part of letters, bar codes and pictures: those are short, thick, or stand close
//! together. Knows no words. Rule: one pass over the pixels, and work for what changes from one to the next.

use crate::disjoint::root;
use docmill_contracts::Rule;
use image::RgbImage;

/// Shortest dark run that may be a part of a rule, points: nearly all that letters have is shorter.
const LEAST_RUN: f32 = 6.0;
/// Shortest piece of a rule, points.
const LEAST_PIECE: f32 = 12.0;
/// Shortest rule, level and upright, points. The stems of letters are upright.
const LEAST_LEVEL: f32 = 24.0;
const LEAST_UPRIGHT: f32 = 16.0;
/// Greatest thickness of a rule, points.
const THICK: f32 = 4.0;
/// Greatest gap between two runs of one rule, points.
const RUN_GAP: f32 = 1.1;
/// How far pieces of one rule are beside each other, and apart, points.
const OFF: f32 = 1.5;
const GAP: f32 = 4.0;
/// How far a rule may run askew, of its length: a little more than one degree and a half.
const ASKEW: f32 = 0.03;
/// Share of the brightness of paper below which something is dark.
const DARK: f32 = 0.75;
/// Rules that stand closer than this, points, and more than so many beside one of them: a bar code.
const CLOSE: f32 = 6.0;
const MOST_CLOSE: usize = 3;
/// Most runs that are looked at; a page with more is a picture.
const MAX_RUNS: usize = 200_000;

/// The rules of an upright page, in points.
pub(crate) fn find(image: &RgbImage, dpi: f32) -> Vec<Rule> {
    let scale = dpi / 72.0;
    if !(scale.is_finite() && scale > 0.1) {
        return Vec::new();
    }
    let bits = Bits::of(image);
    let least = ((LEAST_RUN * scale) as u32).max(8);
    let level = bits.level(least);
    let upright = bits.upright(least);
    let turned = |r: Rule| Rule { from: [r.from[1], r.from[0]], to: [r.to[1], r.to[0]] };
    let mut rules = lines(&level, scale, LEAST_LEVEL);
    rules.extend(lines(&upright, scale, LEAST_UPRIGHT).into_iter().map(turned));
    rules
}

/// A run of dark pixels: of a row its number, first pixel and the one behind the last, or the same of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    row: u32,
    from: u32,
    to: u32,
}

/// Which pixels are dark, a bit each, rows of whole words.
struct Bits {
    words: Vec<u64>,
    stride: usize,
    width: u32,
}

impl Bits {
    fn of(image: &RgbImage) -> Self {
        let (width, height) = image.dimensions();
        let stride = (width as usize).div_ceil(64);
        let mut words = Vec::with_capacity(stride * height as usize);
        let limit = limit(image);
        for row in image.as_raw().chunks_exact((width as usize * 3).max(1)) {
            for part in row.chunks(64 * 3) {
                let dark = |word: u64, (i, p): (usize, &[u8; 3])| word | (u64::from(bright(*p) < limit) << i);
                words.push(part.as_chunks::<3>().0.iter().enumerate().fold(0, dark));
            }
        }
        Self { words, stride, width }
    }

    fn rows(&self) -> impl Iterator<Item = (u32, &[u64])> {
        (0..).zip(self.words.chunks_exact(self.stride.max(1)))
    }

    /// Level runs of at least so many pixels, from top to bottom, then from left to right.
    fn level(&self, least: u32) -> Vec<Run> {
        let mut runs = Vec::new();
        for (row, words) in self.rows() {
            let mut from = None;
            let mut before = 0_u64;
            for (at, word) in (0_u32..).zip(words.iter().copied()) {
                // Where a pixel differs from the one to its left.
                let mut changes = word ^ ((word << 1) | before);
                before = word >> 63;
                while changes != 0 {
                    let x = at * 64 + changes.trailing_zeros();
                    changes &= changes - 1;
                    from = match from {
                        None => Some(x),
                        Some(from) => {
                            push(&mut runs, Run { row, from, to: x }, least);
                            None
                        }
                    };
                }
            }
            if let Some(from) = from {
                push(&mut runs, Run { row, from, to: self.width }, least);
            }
        }
        runs
    }

    /// Upright ones, from left to right, then from top to bottom.
    fn upright(&self, least: u32) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut from = vec![0_u32; self.stride * 64];
        let none = vec![0_u64; self.stride];
        let mut before: &[u64] = &none;
        let mut height = 0;
        for (y, words) in self.rows().chain(std::iter::once((u32::MAX, none.as_slice()))) {
            let y = if y == u32::MAX { height } else { y };
            for (at, (word, above)) in words.iter().zip(before).enumerate() {
                let mut changes = word ^ above;
                while changes != 0 {
                    let bit = changes.trailing_zeros();
                    changes &= changes - 1;
                    let x = at * 64 + bit as usize;
                    if (word >> bit) & 1 == 1 {
                        from[x] = y;
                    } else {
                        push(&mut runs, Run { row: x as u32, from: from[x], to: y }, least);
                    }
                }
            }
            (before, height) = (words, y + 1);
        }
        runs.sort_unstable();
        runs
    }
}

fn push(runs: &mut Vec<Run>, run: Run, least: u32) {
    if run.to - run.from >= least && runs.len() < MAX_RUNS {
        runs.push(run);
    }
}

/// Four times the brightness of a pixel.
fn bright([r, g, b]: [u8; 3]) -> u16 {
    u16::from(r) + 2 * u16::from(g) + u16::from(b)
}

/// Four times the brightness below which a pixel is dark: by that of the paper, which most of a page is.
fn limit(image: &RgbImage) -> u16 {
    let mut counts = [0_u32; 256];
    let (pixels, _) = image.as_raw().as_chunks::<3>();
    for pixel in pixels.iter().step_by(61) {
        counts[usize::from(bright(*pixel) / 4)] += 1;
    }
    let (all, mut seen) = (counts.iter().sum::<u32>(), 0);
    let middle = (0_u16..).zip(counts).find(|(_, n)| {
        seen += n;
        seen * 2 >= all
    });
    let paper = middle.map_or(255, |(v, _)| v);
    (f32::from(paper * 4) * DARK) as u16
}

/// What is known of runs that hang together.
#[derive(Debug, Clone, Copy)]
struct Group {
    from: u32,
    to: u32,
    first: u32,
    last: u32,
    /// Sums over pixels: number, places along and across, squares and products.
    sums: [f64; 5],
}

impl Group {
    fn of(run: Run) -> Self {
        let n = f64::from(run.to - run.from);
        let (x, y) = (f64::midpoint(f64::from(run.from), f64::from(run.to)), f64::from(run.row) + 0.5);
        let sums = [n, n * x, n * y, n * (x * x + n * n / 12.0), n * x * y];
        Self { from: run.from, to: run.to, first: run.row, last: run.row, sums }
    }

    fn add(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.sums.iter_mut().zip(other.sums).for_each(|(a, b)| *a += b);
    }

    /// The level line through it, where it is one.
    fn line(&self, scale: f32, least: f32) -> Option<Rule> {
        let [n, x, y, xx, xy] = self.sums;
        let length = f64::from(self.to - self.from);
        let thick = n / length.max(1.0);
        if length < f64::from(least * scale) || thick > f64::from((THICK * scale).max(2.0)) || thick < 0.8 {
            return None;
        }
        let slope = (xy - x * y / n) / (xx - x * x / n).max(1.0);
        // What is higher than a line of its length, thickness and slope is none.
        let high = f64::from(self.last + 1 - self.first);
        if slope.abs() > f64::from(ASKEW) || high > 2.0 * thick + slope.abs() * length + 2.0 {
            return None;
        }
        let at = |place: u32| {
            let across = y / n + slope * (f64::from(place) - x / n);
            [place as f32 / scale, across as f32 / scale]
        };
        Some(Rule { from: at(self.from), to: at(self.to) })
    }
}

/// The lines that runs make, as if they were level.
fn lines(runs: &[Run], scale: f32, least: f32) -> Vec<Rule> {
    let gap = (RUN_GAP * scale) as u32 + 1;
    // Each run with the group that it belongs to, and each group with the one that it became part of.
    let mut parents: Vec<usize> = Vec::with_capacity(runs.len());
    let mut groups: Vec<Group> = Vec::with_capacity(runs.len());
    let mut above = 0..0;
    let mut start = 0;
    for (i, run) in runs.iter().enumerate() {
        if i > 0 && runs[i - 1].row != run.row {
            above = if runs[i - 1].row + 1 == run.row { start..i } else { i..i };
            start = i;
        }
        groups.push(Group::of(*run));
        parents.push(i);
        // Runs of a row come from left to right: what ends before this one touches none that comes.
        while above.start < above.end && runs[above.start].to + gap < run.from {
            above.start += 1;
        }
        let touching = above.clone().take_while(|a| runs[*a].from <= run.to + gap);
        let beside = (i > start && runs[i - 1].to + gap >= run.from).then(|| i - 1);
        for other in touching.chain(beside) {
            unite(&mut parents, &mut groups, other, i);
        }
    }
    let whole = parents.iter().enumerate().filter(|(i, parent)| i == *parent).map(|(i, _)| &groups[i]);
    let found = whole.filter_map(|g| g.line(scale, LEAST_PIECE));
    let mut rules = Rule::joined(found, OFF, GAP);
    rules.retain(|r| r.length() >= least);
    without_bars(rules)
}

fn unite(parents: &mut [usize], groups: &mut [Group], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    if a != b {
        let other = groups[b];
        groups[a].add(&other);
        parents[b] = a;
    }
}

/// Level rules without those that stand as close together as the bars of a bar code, and without its outer bars.
fn without_bars(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by(|a, b| a.from[1].total_cmp(&b.from[1]).then(a.from[0].total_cmp(&b.from[0])));
    let common = |a: &Rule, b: &Rule| a.to[0].min(b.to[0]) - a.from[0].max(b.from[0]);
    let alike = |a: &Rule, b: &Rule| common(a, b) >= 0.7 * a.length().max(b.length());
    let near = |a: &Rule, b: &Rule| (a.from[1] - b.from[1]).abs() <= CLOSE;
    // Others beside one, by their places.
    let beside = |i: usize| {
        let before = (0..i).rev().take_while(|o| near(&rules[i], &rules[*o]));
        let after = (i + 1..rules.len()).take_while(|o| near(&rules[i], &rules[*o]));
        before.chain(after).filter(|o| alike(&rules[i], &rules[*o])).take(2 * MOST_CLOSE).collect::<Vec<_>>()
    };
    let mut bars = vec![false; rules.len()];
    for i in 0..rules.len() {
        let others = beside(i);
        if others.len() >= MOST_CLOSE {
            bars[i] = true;
            others.into_iter().for_each(|o| bars[o] = true);
        }
    }
    rules.into_iter().zip(bars).filter(|(_, bar)| !bar).map(|(r, _)| r).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    const DPI: f32 = 144.0;

    fn page() -> RgbImage {
        RgbImage::from_pixel(800, 600, Rgb([250, 248, 240]))
    }

    /// A dark stroke from one point to another, both in pixels, so many pixels thick.
    fn stroke(image: &mut RgbImage, from: [f32; 2], to: [f32; 2], thick: u32) {
        let steps = (to[0] - from[0]).abs().max((to[1] - from[1]).abs()).round();
        let level = (to[0] - from[0]).abs() > (to[1] - from[1]).abs();
        for i in 0..=steps as u32 {
            let share = i as f32 / steps;
            let at = |k: usize| (from[k] + (to[k] - from[k]) * share).round() as u32;
            for off in 0..thick {
                let (x, y) = if level { (at(0), at(1) + off) } else { (at(0) + off, at(1)) };
                image.put_pixel(x, y, Rgb([70, 60, 60]));
            }
        }
    }

    fn ends(rules: &[Rule]) -> Vec<[i32; 4]> {
        let mut all: Vec<[i32; 4]> = rules
            .iter()
            .map(|r| [r.from[0], r.from[1], r.to[0], r.to[1]].map(|v| v.round() as i32))
            .collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn level_and_upright_lines_are_found_with_small_gaps_and_askew() {
        let mut image = page();
        stroke(&mut image, [100.0, 100.0], [400.0, 100.0], 2);
        stroke(&mut image, [404.0, 100.0], [600.0, 100.0], 2);
        stroke(&mut image, [100.0, 100.0], [100.0, 300.0], 1);
        // One degree.
        stroke(&mut image, [100.0, 300.0], [600.0, 308.7], 3);
        stroke(&mut image, [600.0, 100.0], [596.5, 300.0], 2);
        let found = ends(&find(&image, DPI));
        let expected = [[50, 50, 50, 150], [50, 50, 300, 50], [50, 151, 300, 155], [300, 50, 299, 150]];
        assert_eq!(found.len(), 4, "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 2), "{found:?} {expected:?}");
        }
    }

    #[test]
    fn letters_areas_bar_codes_and_curves_are_no_rules() {
        let mut image = page();
        // A line of stems and bars as letters have them.
        for i in 0..30 {
            let x = 100.0 + 12.0 * i as f32;
            stroke(&mut image, [x, 50.0], [x, 66.0], 3);
            stroke(&mut image, [x, 50.0], [x + 8.0, 50.0], 2);
        }
        for i in 0..20 {
            let x = 100.0 + 5.0 * i as f32;
            stroke(&mut image, [x, 200.0], [x, 280.0], 1 + i % 3);
        }
        stroke(&mut image, [400.0, 200.0], [500.0, 200.0], 60);
        for i in 0..200_u16 {
            let x = 400.0 + f32::from(i);
            let y = |x: f32| 400.0 + (x - 500.0) * (x - 500.0) / 80.0;
            stroke(&mut image, [x, y(x)], [x + 1.0, y(x + 1.0)], 2);
        }
        assert_eq!(ends(&find(&image, DPI)), Vec::<[i32; 4]>::new());
    }

    #[test]
    fn odd_images_have_none() {
        for (w, h) in [(0, 0), (1, 1), (0, 9), (70, 3)] {
            assert_eq!(find(&RgbImage::new(w, h), DPI), []);
        }
        assert_eq!(find(&page(), f32::NAN), []);
        let black = RgbImage::new(300, 300);
        assert_eq!(find(&black, DPI), []);
    }
}
