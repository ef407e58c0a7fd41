//! From a run of rows to columns, rows and cells; and whether that is a table at all.

use super::Strip;
use super::borders::Borders;
use super::columns::columns;
use crate::geometry::{Rect, bounds, median, middle_x, sane, union};
use crate::model::{Cell, Row, Table};
use crate::segment::line;
use docmill_contracts::{Rule, Word};
use std::collections::BTreeMap;

/// Largest white space between two lines of one row, in line heights.
const LINE_GAP: f32 = 0.6;

/// A row on its way: its words by column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) bbox: Rect,
    /// Lines of words by first column and span.
    pub(crate) cells: BTreeMap<(usize, usize), Vec<Vec<u32>>>,
}

impl Draft {
    pub(super) fn has(&self, column: usize) -> bool {
        self.cells.keys().any(|(c, n)| (*c..c + n).contains(&column))
    }

    /// Adds the lines of a row below it.
    pub(super) fn append(&mut self, row: Self) {
        self.bbox = union(self.bbox, row.bbox);
        for ((column, span), lines) in row.cells {
            let (column, span) = free(self, column, span);
            self.cells.entry((column, span)).or_default().extend(lines);
        }
    }

    pub(crate) fn text<'a>(&'a self, column: usize, words: &'a [Word]) -> impl Iterator<Item = &'a str> {
        let own = self.cells.iter().filter(move |((c, _), _)| *c == column);
        own.flat_map(|(_, lines)| lines.iter().flatten()).map(|i| words[*i as usize].text.as_str())
    }
}

/// The table of these rows, where they are one.
pub(super) fn build(strips: &[Strip], words: &[Word], levels: &[Rule], h: f32) -> Option<Table> {
    let columns = columns(strips, words, h);
    if columns.len() < 2 {
        return None;
    }
    let drafts: Vec<Draft> = strips.iter().map(|s| draft(s, &columns, words)).collect();
    let borders = Borders::of(strips, levels);
    let shape = Shape::of(&drafts, columns.len(), words);
    let bands = borders.bands(&drafts, &shape, words);
    let (shape, rows, ruled) = match bands {
        // With all rows between rules, cells with texts are enough.
        Some(rows) => {
            let shape = Shape::of(&rows, columns.len(), words);
            let sure = shape.is_table() || (borders.even && shape.is_filled(rows.len()));
            (shape, sure.then_some(rows)?, true)
        }
        None if shape.is_table() => {
            let rows = joined(drafts, &shape, &borders.before, h);
            (shape, rows, false)
        }
        None => return None,
    };
    let first_body = rows.iter().position(|r| (0..columns.len()).any(|c| is_number(r.text(c, words))));
    let headers = if shape.header { first_body.unwrap_or(1).clamp(1, 2) } else { 0 };
    let row = |(at, draft): (usize, Draft)| {
        let cells = draft.cells.into_iter().map(|((column, span), lines)| {
            let lines: Vec<_> = lines.into_iter().map(|l| line(l, words)).collect();
            let bbox = bounds(lines.iter().map(|l| l.bbox));
            Cell { column: column as u32, span: span as u32, rows: 1, bbox, lines }
        });
        Row { header: at < headers, bbox: draft.bbox, cells: cells.collect() }
    };
    Some(Table { ruled, rows: rows.into_iter().enumerate().map(row).collect(), columns })
}

/// The column that a word stands in: that of its middle, else the nearest.
fn column_of(columns: &[[f32; 2]], bbox: Rect) -> usize {
    let x = middle_x(bbox);
    let off = |c: &[f32; 2]| (c[0] - x).max(x - c[1]).max(0.0);
    let nearest = columns.iter().enumerate().min_by(|(_, a), (_, b)| off(a).total_cmp(&off(b)));
    nearest.map_or(0, |(i, _)| i)
}

fn draft(strip: &Strip, columns: &[[f32; 2]], words: &[Word]) -> Draft {
    let mut draft = Draft { bbox: strip.bbox, cells: BTreeMap::new() };
    let mut runs: Vec<(usize, usize, Vec<u32>)> = Vec::new();
    for s in &strip.segments {
        let at: Vec<usize> =
            s.words.iter().map(|w| column_of(columns, sane(words[*w as usize].bbox))).collect();
        let (first, last) = (at.iter().min().copied().unwrap_or(0), at.iter().max().copied().unwrap_or(0));
        // A text without a gap between two columns stands in both; where there is one, each word has its own.
        if first == last || !splits(s, &at, words) {
            runs.push((first, last - first + 1, s.words.clone()));
        } else {
            for column in first..=last {
                let own: Vec<u32> =
                    s.words.iter().zip(&at).filter(|(_, c)| **c == column).map(|(w, _)| *w).collect();
                if !own.is_empty() {
                    runs.push((column, 1, own));
                }
            }
        }
    }
    for (column, span, own) in runs {
        // Nothing else may stand where a text reaches over: cells of one row do not overlap.
        let (column, span) = free(&draft, column, span);
        let lines = draft.cells.entry((column, span)).or_default();
        match lines.last_mut() {
            Some(last) => last.extend(own),
            None => lines.push(own),
        }
    }
    draft
}

/// The place for a run: as asked for, where it meets no other cell; else that cell.
fn free(draft: &Draft, column: usize, span: usize) -> (usize, usize) {
    let meets = draft.cells.keys().find(|(c, n)| *c < column + span && column < c + n);
    meets.copied().unwrap_or((column, span))
}

/// True where a segment's words change column at a gap that is wider than those between its other words.
fn splits(segment: &super::Segment, at: &[usize], words: &[Word]) -> bool {
    let place = |i: usize| sane(words[segment.words[i] as usize].bbox);
    let gaps = (1..at.len()).map(|i| (at[i] != at[i - 1], place(i)[0] - place(i - 1)[2]));
    let (between, within): (Vec<_>, Vec<_>) = gaps.partition(|(changes, _)| *changes);
    let usual = median(within.iter().map(|(_, g)| *g).collect(), 0.0);
    between.iter().all(|(_, g)| *g > usual * 1.3)
}

/// What the cells hold.
#[derive(Debug)]
pub(crate) struct Shape {
    columns: usize,
    rows: usize,
    /// Columns of which most cells are numbers, codes or dates.
    pub(crate) numeric: Vec<bool>,
    /// Whether the first row names the columns.
    pub(crate) header: bool,
    /// Mean words of a cell, by column.
    wordy: Vec<f32>,
    /// Share of cells that hold something, over rows with two or more.
    filled: f32,
    /// Share of rows whose first cell ends with a colon.
    labelled: f32,
    /// Share of cells that end with a colon, by column.
    colons: Vec<f32>,
    /// Two later columns are names without digits, each another, and values.
    pairs: bool,
    /// The texts of each column begin or end under each other, and its rows are as far apart as each other.
    strict: bool,
    /// No row is far from the others.
    even: bool,
}

impl Shape {
    pub(crate) fn of(rows: &[Draft], columns: usize, words: &[Word]) -> Self {
        let full: Vec<&Draft> = rows.iter().filter(|r| r.cells.len() > 1).collect();
        let n = full.len();
        let header = n > 2
            && full.first().is_some_and(|r| {
                !(0..columns).any(|c| is_number(r.text(c, words))) && r.cells.len() * 5 >= columns * 3
            });
        let body = if header { &full[1..] } else { &full[..] };
        let of_column = |c: usize| body.iter().filter(move |r| r.has(c));
        let share = |c: usize, test: &dyn Fn(&Draft) -> bool| {
            let all = of_column(c).count();
            of_column(c).filter(|r| test(r)).count() as f32 / all.max(1) as f32
        };
        let numbers = |c: usize| {
            // One cell makes no column of numbers, unless there are hardly more rows.
            let enough = of_column(c).count() > 1 || body.len() < 3;
            enough && share(c, &|r| is_number(r.text(c, words))) >= 0.6
        };
        let numeric: Vec<bool> = (0..columns).map(numbers).collect();
        let wordy = (0..columns).map(|c| {
            let count: usize = of_column(c).map(|r| r.text(c, words).count()).sum();
            count as f32 / of_column(c).count().max(1) as f32
        });
        let colon = |r: &Draft, c: usize| r.text(c, words).last().is_some_and(|t| t.ends_with(':'));
        let cells: usize = full.iter().map(|r| r.cells.len()).sum();
        Self {
            columns,
            rows: n,
            header: header && numeric.iter().any(|n| *n) && (columns > 2 || are_amounts(body, words)),
            wordy: wordy.collect(),
            filled: cells as f32 / (n * columns).max(1) as f32,
            labelled: full.iter().filter(|r| colon(r, 0)).count() as f32 / n.max(1) as f32,
            colons: (0..columns).map(|c| share(c, &|r| colon(r, c))).collect(),
            pairs: if columns == 2 {
                // Texts beside each other are labels and values only where nearly every row has both, in line.
                let both = full.len() * 10 >= rows.len() * 7 && (0..2).all(|c| is_aligned(&full, c, words));
                n > 2 && both && are_pairs(&full, 1, words)
            } else {
                (2..columns).any(|c| are_pairs(&full, c, words))
            },
            even: unevenness(&full) <= 3.5,
            strict: unevenness(&full) <= 1.6 && (0..columns).all(|c| is_aligned(&full, c, words)),
            numeric,
        }
    }

    /// Whether most of `all` rows have texts in most columns, and none of them labels what stands beside it.
    fn is_filled(&self, all: usize) -> bool {
        let labels = self.colons.iter().skip(1).any(|c| *c >= 0.5);
        self.rows >= 3 && self.rows * 10 >= all * 7 && self.filled >= 0.6 && !labels
    }

    fn is_table(&self) -> bool {
        let numbers = self.numeric.iter().filter(|n| **n).count();
        if self.rows < 2 || self.filled < 0.4 {
            return false;
        }
        // Labels in a later column: other things stand to their left, and are read on their own.
        let least = if self.header { 2 } else { 3 };
        if self.colons.iter().skip(1).any(|c| *c >= 0.5)
            || (self.columns > 2 && self.pairs && numbers < least)
        {
            return false;
        }
        if self.columns == 2 {
            let pairs = self.labelled >= 0.6 || self.numeric[1] || self.pairs;
            return pairs && self.wordy[0] <= 6.0 && self.wordy[1] <= 8.0;
        }
        let short = self.wordy.iter().all(|w| *w <= 4.0);
        numbers >= 2
            || (self.header && numbers >= 1 && self.filled >= 0.6 && self.even)
            || (self.rows > 2 && short && self.filled >= 0.9 && self.strict)
    }
}

/// True where the second column holds amounts: labels with other values have no row of names.
fn are_amounts(rows: &[&Draft], words: &[Word]) -> bool {
    let amount = |r: &&Draft| {
        let text: String = r.text(1, words).collect();
        !r.has(1) || (is_number(std::iter::once(text.as_str())) && text.contains(['.', ',']))
    };
    rows.iter().all(amount)
}

/// How many times the least step from row to row the greatest is.
fn unevenness(rows: &[&Draft]) -> f32 {
    let steps: Vec<f32> = rows.windows(2).map(|w| w[1].bbox[1] - w[0].bbox[1]).collect();
    let (least, most) = steps.iter().fold((f32::MAX, 0.0_f32), |(l, m), s| (l.min(*s), m.max(*s)));
    most / least.max(0.1)
}

/// True where the texts of a column begin under each other, or end.
fn is_aligned(rows: &[&Draft], column: usize, words: &[Word]) -> bool {
    let own = |d: &&&Draft| d.cells.iter().find(|((c, _), _)| *c == column).map(|(_, lines)| lines.concat());
    let boxes: Vec<Rect> = rows
        .iter()
        .filter_map(|d| own(&d))
        .map(|at| bounds(at.iter().map(|w| sane(words[*w as usize].bbox))))
        .collect();
    let h = median(boxes.iter().map(|b| b[3] - b[1]).collect(), 10.0);
    [0, 2].iter().any(|edge| {
        let usual = median(boxes.iter().map(|b| b[*edge]).collect(), 0.0);
        boxes.iter().filter(|b| (b[*edge] - usual).abs() <= 0.3 * h).count() * 5 >= boxes.len() * 4
    })
}

/// True where a column holds values, and the one before it their labels.
fn are_pairs(rows: &[&Draft], values: usize, words: &[Word]) -> bool {
    // Beside something else, some of the values are numbers; alone, their being in line says enough.
    let least_digits = if values > 1 { 2 } else { 1 };
    let text = |r: &Draft, c: usize| r.text(c, words).collect::<Vec<_>>().join(" ");
    let filled = |r: &&&Draft| !text(r, values - 1).is_empty() && !text(r, values).is_empty();
    let both: Vec<&&Draft> = rows.iter().filter(filled).collect();
    let mut labels: Vec<String> = both.iter().map(|r| text(r, values - 1)).collect();
    let plain = labels.iter().all(|l| l.len() <= 30 && !l.contains(|c: char| c.is_ascii_digit()));
    let digits = both.iter().filter(|r| text(r, values).contains(|c: char| c.is_ascii_digit())).count();
    labels.sort();
    let all = labels.len();
    labels.dedup();
    all >= 2 && all * 2 >= rows.len() && labels.len() == all && plain && digits * 5 >= all * least_digits
}

/// Numbers, amounts, dates, codes: at least half of the characters are digits, or a lone currency.
pub(crate) fn is_number<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    let (mut digits, mut others) = (0, 0);
    for c in texts.flat_map(str::chars) {
        match c {
            '0'..='9' => digits += 1,
            '.' | ',' | '-' | '+' | '/' | ':' | '%' | '(' | ')' | '\'' | '€' | '$' | '£' | '\u{a0}' => {}
            _ => others += 1,
        }
    }
    digits > 0 && digits >= others
}

/// Rows with the lines that go on below them; `borders` says before which of them a rule is drawn.
pub(crate) fn joined(rows: Vec<Draft>, shape: &Shape, borders: &[bool], h: f32) -> Vec<Draft> {
    let anchors: Vec<usize> = (0..shape.columns).filter(|c| shape.numeric[*c]).collect();
    let anchored = |r: &Draft| anchors.iter().any(|c| r.has(*c));
    let gap = |a: &Draft, b: &Draft| b.bbox[1] - a.bbox[3];
    let full = rows.windows(2).filter(|w| w.iter().all(|r| r.cells.len() > 1));
    let usual = median(full.map(|w| gap(&w[0], &w[1])).collect(), LINE_GAP * h);
    let mut out: Vec<Draft> = Vec::new();
    for (i, row) in rows.into_iter().enumerate() {
        let border = borders.get(i).copied().unwrap_or(false);
        let goes_on = !border
            && out.last().is_some_and(|last: &Draft| {
                let (space, alone) = (gap(last, &row), row.cells.len() == 1);
                // One text far closer to the row above than rows are to each other.
                let tight = alone && space <= 0.3 * h && space < 0.5 * usual;
                // A row without numbers below one that has them holds the rest of its texts.
                let rest = if anchors.is_empty() {
                    alone && !row.has(0)
                } else {
                    !anchored(&row) && (anchored(last) || (out.len() == 1 && !alone && shape.header))
                };
                let known = row.cells.keys().all(|(c, n)| *n == 1 && (last.has(*c) || alone));
                tight || (space <= LINE_GAP * h && rest && known)
            });
        match out.last_mut() {
            Some(last) if goes_on => last.append(row),
            _ => out.push(row),
        }
    }
    out
}
