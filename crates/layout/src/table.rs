//! Tables without upright rules: runs of lines whose segments stand in the same columns.
//!
//! Owns what counts as a table. Rule: a table is told from text in columns by what its cells hold (numbers, short texts,
//! a row of names above), never by one supplier's words.

mod borders;
mod columns;
pub(crate) mod grid;

use crate::geometry::{Rect, beside, height, median, merged, overlap, union};
use crate::model::Table;
use crate::segment::{Segment, by_place};
use docmill_contracts::{Rule, Word};

/// A table, and what stands above and below it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) above: Vec<Segment>,
    pub(crate) table: Table,
    pub(crate) below: Vec<Segment>,
}

/// Segments beside each other, from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Strip {
    pub(crate) bbox: Rect,
    pub(crate) segments: Vec<Segment>,
}

impl Strip {
    pub(crate) fn push(&mut self, segment: Segment) {
        self.bbox = union(self.bbox, segment.bbox);
        self.segments.push(segment);
    }
}

/// Largest white space between two rows of a table, in line heights.
const ROW_GAP: f32 = 3.0;
/// How far edges that stand under each other may be apart, in line heights.
const ALIGNED: f32 = 0.6;
/// Least white space between two columns, in line heights.
const COLUMN_GAP: f32 = 0.35;
/// Most lines in a row that fill no more than one column.
const MOST_SINGLE: usize = 8;

/// The first table among segments that are sorted by place; the segments again where there is none. Level rules of the page
/// say where rows end.
pub(crate) fn find(segments: Vec<Segment>, words: &[Word], levels: &[Rule]) -> Result<Found, Vec<Segment>> {
    let strips = strips(&segments);
    let h = median(segments.iter().map(|s| height(s.bbox)).collect(), 10.0).max(1.0);
    let mut from = 0;
    while from + 1 < strips.len() {
        if strips[from].segments.len() < 2 {
            from += 1;
            continue;
        }
        let to = grow(&strips, from, h);
        if to > from + 1
            && let Some(table) = grid::build(&strips[from..to], words, levels, h)
        {
            let flat = |strips: &[Strip]| {
                let mut all: Vec<Segment> = strips.iter().flat_map(|s| s.segments.clone()).collect();
                all.sort_by(by_place);
                all
            };
            return Ok(Found { above: flat(&strips[..from]), table, below: flat(&strips[to..]) });
        }
        from += 1;
    }
    Err(segments)
}

/// Lines across all columns, from top to bottom.
fn strips(segments: &[Segment]) -> Vec<Strip> {
    let mut by_middle: Vec<&Segment> = segments.iter().collect();
    by_middle
        .sort_by(|a, b| (a.bbox[1] + a.bbox[3]).total_cmp(&(b.bbox[1] + b.bbox[3])).then(by_place(a, b)));
    let mut strips: Vec<Strip> = Vec::new();
    for s in by_middle {
        match strips.last_mut() {
            Some(strip) if same_strip(strip, s) => strip.push(s.clone()),
            _ => strips.push(Strip { bbox: s.bbox, segments: vec![s.clone()] }),
        }
    }
    for strip in &mut strips {
        strip.segments.sort_by(|a, b| a.bbox[0].total_cmp(&b.bbox[0]).then(by_place(a, b)));
    }
    strips
}

/// True where a segment belongs to a strip. What would stand over another segment of it belongs to another line.
pub(crate) fn same_strip(strip: &Strip, s: &Segment) -> bool {
    // Beside the strip's last word: a skewed line must not swallow the next one.
    let near = strip.segments.last().is_some_and(|last| beside(last.bbox, s.bbox));
    near && strip.segments.iter().all(|o| overlap(o.bbox[0], o.bbox[2], s.bbox[0], s.bbox[2]) <= 0.0)
}

/// Columns and their edges, as far as the rows so far show them.
#[derive(Debug, Clone)]
struct Run {
    covered: Vec<[f32; 2]>,
    edges: Vec<Rect>,
}

impl Run {
    fn aligned(&self, r: Rect, tolerance: f32) -> bool {
        self.edges.iter().any(|e| {
            (e[0] - r[0]).abs() <= tolerance
                || (e[2] - r[2]).abs() <= tolerance
                || (e[0] + e[2] - r[0] - r[2]).abs() <= tolerance * 1.5
        })
    }

    /// The columns with these rectangles as well.
    fn with(&self, strip: &Strip, least: f32) -> Vec<[f32; 2]> {
        let own = strip.segments.iter().map(|s| [s.bbox[0], s.bbox[2]]);
        merged(self.covered.iter().copied().chain(own).collect(), least)
    }
}

/// How a row fits into the columns so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Each of its segments stands in one column, or beside all of them.
    Good,
    /// A segment reaches over two columns, or two stand in one.
    Loose,
    /// Several stand where one column was: another table begins.
    Other,
}

fn fit(run: &Run, strip: &Strip, covered: &[[f32; 2]]) -> Fit {
    let within = |c: &[f32; 2]| {
        strip.segments.iter().filter(|s| overlap(s.bbox[0], s.bbox[2], c[0], c[1]) > 0.0).count()
    };
    let surplus: usize = run.covered.iter().map(|c| within(c).saturating_sub(1)).sum();
    match surplus {
        0 if covered.len() >= run.covered.len() => Fit::Good,
        0 | 1 => Fit::Loose,
        _ => Fit::Other,
    }
}

/// Where the run of rows that begins at `from` ends.
fn grow(strips: &[Strip], from: usize, h: f32) -> usize {
    let first = &strips[from];
    let own = first.segments.iter().map(|s| [s.bbox[0], s.bbox[2]]).collect();
    let mut run =
        Run { covered: merged(own, COLUMN_GAP * h), edges: first.segments.iter().map(|s| s.bbox).collect() };
    // The end: behind the last row that fills two columns or more.
    let (mut end, mut single, mut loose, mut rows) = (from + 1, 0, 0, 1);
    let mut widest = first.segments.len();
    for (at, strip) in strips.iter().enumerate().skip(from + 1) {
        let gap = strip.bbox[1] - strips[at - 1].bbox[3];
        if gap > ROW_GAP * h {
            break;
        }
        let covered = run.with(strip, COLUMN_GAP * h);
        if strip.segments.len() < 2 {
            let crosses = covered.len() < run.covered.len();
            single += 1;
            // A line below a cell that it belongs to is close to it.
            if single > MOST_SINGLE || (crosses && gap > h) {
                break;
            }
            if !crosses {
                run.covered = covered;
            }
            continue;
        }
        // Under a row of names, standing below one of them is enough.
        let below = |s: &Segment| {
            let over = |f: &&Segment| overlap(f.bbox[0], f.bbox[2], s.bbox[0], s.bbox[2]) > 0.0;
            rows == 1 && first.segments.iter().filter(over).count() == 1
        };
        let fits = |s: &&Segment| run.aligned(s.bbox, ALIGNED * h) || below(s);
        let aligned = strip.segments.iter().filter(fits).count();
        if aligned == 0 || aligned * 5 < strip.segments.len().min(widest) * 2 {
            break;
        }
        match fit(&run, strip, &covered) {
            Fit::Good => run.covered = covered,
            // A row of names may be wider or narrower than what stands under it.
            Fit::Other if rows > 1 => break,
            Fit::Loose | Fit::Other if rows == 1 => {
                let own = strip.segments.iter().map(|s| [s.bbox[0], s.bbox[2]]).collect();
                run.covered = merged(own, COLUMN_GAP * h);
            }
            Fit::Loose | Fit::Other => {
                loose += 1;
                if loose > 1 + rows / 8 {
                    break;
                }
            }
        }
        widest = widest.max(strip.segments.len());
        run.edges.extend(strip.segments.iter().map(|s| s.bbox));
        // Rows of long tables repeat the same edges.
        if run.edges.len() > 64 {
            run.edges.drain(..32);
        }
        (single, end, rows) = (0, at + 1, rows + 1);
    }
    // Lines that belong to the last row's cells.
    while end < strips.len()
        && strips[end].segments.len() == 1
        && strips[end].bbox[1] - strips[end - 1].bbox[3] <= 0.5 * h
        && run.with(&strips[end], COLUMN_GAP * h).len() == run.covered.len()
        && run.aligned(strips[end].bbox, ALIGNED * h)
    {
        end += 1;
    }
    end
}
