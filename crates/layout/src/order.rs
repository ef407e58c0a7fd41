//! In which order the parts of a page are read: tables first taken out, the rest cut along white space (XY-cut).

use crate::geometry::{Rect, beside, bounds, height, median, merged, middle_x, middle_y, overlap, width};
use crate::model::Table;
use crate::ruled::Ruled;
use crate::segment::{Segment, by_place};
use crate::table;
use docmill_contracts::{Rule, Word};

/// A part of the page that needs no more cutting.
#[derive(Debug)]
pub(crate) enum Part {
    /// A table.
    Table(Table),
    /// Segments of one column, from top to bottom, then from left to right.
    Text(Vec<Segment>),
}

/// Least height of white space across all columns that cuts, in line heights.
const LEAST_GAP: f32 = 0.9;
/// Least width of white space between columns, in line heights.
const LEAST_GUTTER: f32 = 1.0;
/// How much wider a gutter must be than a gap is high, to be cut first.
const GUTTER_WEIGHT: f32 = 0.6;
/// Deepest nesting of cuts; a page that needs more is read line by line.
const DEEPEST: u32 = 64;

/// The parts of a page in reading order.
pub(crate) fn parts(ruled: Ruled, words: &[Word]) -> Vec<Part> {
    let Ruled { segments, tables, levels } = ruled;
    let texts = segments.iter().filter(|s| s.table.is_none());
    let h = median(texts.map(|s| height(s.bbox)).collect(), 10.0).max(1.0);
    let tables = tables.into_iter().map(Some).collect();
    let mut parts = Parts { words, levels, tables, h, out: Vec::new() };
    parts.cut(segments, DEEPEST);
    parts.out
}

/// The parts of a page on their way.
struct Parts<'a> {
    words: &'a [Word],
    levels: Vec<Rule>,
    /// Tables that drawn lines made, until they are put in their place.
    tables: Vec<Option<Table>>,
    /// Typical height of a line.
    h: f32,
    out: Vec<Part>,
}

impl Parts<'_> {
    fn cut(&mut self, segments: Vec<Segment>, depth: u32) {
        if segments.is_empty() {
            return;
        }
        if segments.len() == 1 || depth == 0 {
            self.put(segments);
            return;
        }
        if segments.iter().any(|s| s.table.is_some()) {
            self.cut_at_table(segments, depth);
            return;
        }
        match table::find(segments, self.words, &self.levels) {
            Ok(found) => {
                self.cut(found.above, depth - 1);
                self.out.push(Part::Table(found.table));
                self.cut(found.below, depth - 1);
            }
            Err(segments) => match divide(&segments, self.words, self.h) {
                Some(groups) => groups.into_iter().for_each(|g| self.cut(g, depth - 1)),
                None => self.out.push(Part::Text(segments)),
            },
        }
    }

    /// Where there is a table with rules: what is above, the table, what is below. What stands beside it is cut as columns are.
    fn cut_at_table(&mut self, mut segments: Vec<Segment>, depth: u32) {
        let Some(at) = segments.iter().position(|s| s.table.is_some()) else { return };
        let bbox = segments[at].bbox;
        let (above, below) =
            (|s: &Segment| middle_y(s.bbox) < bbox[1], |s: &Segment| middle_y(s.bbox) > bbox[3]);
        let beside = |(i, s): (usize, &Segment)| i != at && !above(s) && !below(s);
        if segments.iter().enumerate().any(beside)
            && let Some(groups) = divide(&segments, self.words, self.h)
        {
            groups.into_iter().for_each(|g| self.cut(g, depth - 1));
            return;
        }
        let own = segments.remove(at);
        let (above, rest): (Vec<Segment>, Vec<Segment>) = segments.into_iter().partition(above);
        let (below, beside): (Vec<Segment>, Vec<Segment>) = rest.into_iter().partition(below);
        let (left, right) = beside.into_iter().partition(|s| middle_x(s.bbox) < middle_x(bbox));
        self.cut(above, depth - 1);
        self.cut(left, depth - 1);
        self.put(vec![own]);
        self.cut(right, depth - 1);
        self.cut(below, depth - 1);
    }

    /// Puts out what is cut no further.
    fn put(&mut self, segments: Vec<Segment>) {
        let (tables, texts): (Vec<Segment>, Vec<Segment>) =
            segments.into_iter().partition(|s| s.table.is_some());
        if !texts.is_empty() {
            self.out.push(Part::Text(texts));
        }
        for at in tables.iter().filter_map(|s| s.table) {
            let table = self.tables.get_mut(at as usize).and_then(Option::take);
            self.out.extend(table.map(Part::Table));
        }
    }
}

/// Groups of segments that are read one after the other; none where there is nothing to cut.
fn divide(segments: &[Segment], words: &[Word], h: f32) -> Option<Vec<Vec<Segment>>> {
    let gap = widest(segments, |r| [r[1], r[3]]).filter(|g| g.size >= LEAST_GAP * h);
    let gutter = widest(segments, |r| [r[0], r[2]]).filter(|g| g.size >= LEAST_GUTTER * h);
    let grid = segments.len() <= 40 && is_grid(segments, words, h);
    let side_by_side = |g: &Cut| !grid && are_columns(segments, g.at, h);
    match (gap, gutter.filter(side_by_side)) {
        (Some(gap), Some(gutter)) if gap.size > gutter.size * GUTTER_WEIGHT => {
            Some(halves(segments, |r| r[1] >= gap.at))
        }
        (_, Some(gutter)) => Some(halves(segments, |r| r[0] >= gutter.at)),
        (Some(gap), None) => Some(halves(segments, |r| r[1] >= gap.at)),
        (None, None) => around(segments, h),
    }
}

#[derive(Debug, Clone, Copy)]
struct Cut {
    at: f32,
    size: f32,
}

/// The widest stretch, along one axis, that nothing covers.
fn widest(segments: &[Segment], axis: impl Fn(Rect) -> [f32; 2]) -> Option<Cut> {
    let covered = merged(segments.iter().map(|s| axis(s.bbox)).collect(), 0.0);
    let cuts =
        covered.windows(2).map(|w| Cut { at: f32::midpoint(w[0][1], w[1][0]), size: w[1][0] - w[0][1] });
    cuts.max_by(|a, b| a.size.total_cmp(&b.size).then(b.at.total_cmp(&a.at)))
}

/// Two columns are several lines on either side; a word beside a line is none.
fn are_columns(segments: &[Segment], at: f32, h: f32) -> bool {
    let side = |right: bool| bounds(segments.iter().filter(|s| (s.bbox[0] >= at) == right).map(|s| s.bbox));
    let (l, r) = (side(false), side(true));
    let lines = overlap(l[1], l[3], r[1], r[3]);
    let tall = |r: Rect| height(r) >= 1.8 * h;
    // What does not stand beside anything is read from top to bottom all the same.
    lines > 0.0 && width(l) >= 1.5 * h && width(r) >= 1.5 * h && tall(l) && tall(r)
}

/// True for up to three lines of three texts and more, half of them numbers: the rest of a table, read line by line.
fn is_grid(segments: &[Segment], words: &[Word], h: f32) -> bool {
    let texts =
        |s: &Segment| table::grid::is_number(s.words.iter().map(|w| words[*w as usize].text.as_str()));
    if segments.iter().filter(|s| texts(s)).count() * 2 < segments.len() {
        return false;
    }
    let all = bounds(segments.iter().map(|s| s.bbox));
    let most = segments.iter().map(|s| segments.iter().filter(|o| beside(o.bbox, s.bbox)).count()).max();
    height(all) < 4.5 * h && most.unwrap_or(0) >= 3
}

fn halves(segments: &[Segment], second: impl Fn(Rect) -> bool) -> Vec<Vec<Segment>> {
    let (second, first): (Vec<Segment>, Vec<Segment>) =
        segments.iter().cloned().partition(|s| second(s.bbox));
    vec![first, second]
}

/// Columns with lines across them: a heading over two columns leaves no gutter. The lines that cross cut the page into
/// bands, in each of which the gutter is free.
fn around(segments: &[Segment], h: f32) -> Option<Vec<Vec<Segment>>> {
    if segments.len() < 6 {
        return None;
    }
    let mut edges: Vec<f32> = segments.iter().map(|s| s.bbox[0] - 0.25 * h).collect();
    edges.sort_by(f32::total_cmp);
    edges.dedup_by(|a, b| (*a - *b).abs() < 0.5 * h);
    let crossing = |at: f32| segments.iter().filter(move |s| s.bbox[0] < at && s.bbox[2] > at - 0.5 * h);
    let side = |at: f32, right: bool| {
        segments.iter().filter(move |s| if right { s.bbox[0] >= at } else { s.bbox[2] <= at - 0.5 * h })
    };
    let good = |at: &f32| {
        let (c, l, r) = (crossing(*at).count(), side(*at, false).count(), side(*at, true).count());
        let tall = |right| height(bounds(side(*at, right).map(|s| s.bbox)));
        c > 0 && c * 4 <= segments.len() && l >= 3 && r >= 3 && tall(false).min(tall(true)) >= 3.0 * h
    };
    let at = edges.into_iter().filter(good).min_by_key(|at| crossing(*at).count())?;
    let across = |s: &Segment| s.bbox[0] < at && s.bbox[2] > at - 0.5 * h;
    // Bands from top to bottom: lines that cross, and what stands between them, each on its own.
    let mut by_middle: Vec<Segment> = segments.to_vec();
    by_middle
        .sort_by(|a, b| (a.bbox[1] + a.bbox[3]).total_cmp(&(b.bbox[1] + b.bbox[3])).then(by_place(a, b)));
    let mut bands: Vec<(bool, Vec<Segment>)> = Vec::new();
    for s in by_middle {
        let crosses = across(&s);
        match bands.last_mut() {
            Some((c, band)) if *c == crosses => band.push(s),
            _ => bands.push((crosses, vec![s])),
        }
    }
    let groups: Vec<Vec<Segment>> = bands
        .into_iter()
        .map(|(_, mut band)| {
            band.sort_by(by_place);
            band
        })
        .collect();
    (groups.len() > 1).then_some(groups)
}
