//! From a grid and the words in it to a table, where it is one.

use super::net::{Grid, Region};
use super::skew::Skew;
use crate::geometry::{Rect, beside, bounds, height, median, middle_x, middle_y, sane};
use crate::model::{Cell, Row, Table};
use crate::segment::{Segment, line, lines};
use crate::table::grid::{Draft, Shape, is_number, joined};
use crate::table::{Strip, same_strip};
use docmill_contracts::Word;
use std::collections::BTreeMap;

/// A gap between two texts of one cell that looks like one between columns, in line heights.
const INNER_GAP: f32 = 1.5;
/// Lines of a cell from which on it looks like a part of the page and not of a table, at its top or foot.
const BLOCK: usize = 4;
/// The same for a cell that has half of all words.
const PROSE: usize = 8;
/// Most rows that name the columns.
const MOST_HEADERS: usize = 3;

/// A line of a cell: its place and its words.
type Text = (Rect, Vec<u32>);

/// A grid with its words.
struct Filled<'a> {
    grid: &'a Grid,
    words: &'a [Word],
    /// Lines by region.
    texts: Vec<Vec<Text>>,
    /// First row that counts, and the one behind the last.
    rows: [usize; 2],
    /// Typical height of the words.
    h: f32,
}

/// The table that the words make in a grid.
pub(super) fn table(grid: &Grid, segments: &[Segment], words: &[Word], skew: Skew) -> Option<Table> {
    let mut pieces: Vec<Vec<Text>> = vec![Vec::new(); grid.regions.len()];
    let mut heights = Vec::new();
    for segment in segments {
        let mut own: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for w in segment.words.iter().copied() {
            let bbox = sane(words[w as usize].bbox);
            let at = skew.upright(bbox);
            if let Some(region) = grid.region(middle_x(at), middle_y(at)) {
                own.entry(region).or_default().push(w);
                heights.push(height(bbox));
            }
        }
        for (region, own) in own {
            pieces[region].push((Segment::around(&own, words), own));
        }
    }
    let h = median(heights, 10.0).max(1.0);
    let texts = pieces.iter().cloned().map(lines).collect();
    let mut filled = Filled { grid, words, texts, rows: [0, grid.rows()], h };
    filled.trim();
    if !filled.is_table() || filled.has_inner_columns(&pieces) {
        return None;
    }
    let bands = filled.bands();
    if filled.is_prose(&bands) {
        return None;
    }
    Some(filled.table(bands, skew))
}

impl Filled<'_> {
    /// Regions that count, with their lines.
    fn cells(&self) -> impl Iterator<Item = (&Region, &Vec<Text>)> {
        let [from, to] = self.rows;
        let all = self.grid.regions.iter().zip(&self.texts);
        all.filter(move |(r, texts)| !texts.is_empty() && r.row >= from && r.row + r.rows <= to)
    }

    /// Leaves out what a frame around the page has above and below the table: a few cells of many lines.
    fn trim(&mut self) {
        loop {
            let before = self.rows;
            for at_top in [true, false] {
                let [from, to] = self.rows;
                if to.saturating_sub(from) < 2 {
                    return;
                }
                let edge = |r: &Region| if at_top { r.row == from } else { r.row + r.rows == to };
                let all: Vec<&Region> = self.grid.regions.iter().filter(|r| edge(r)).collect();
                let texts: Vec<&Vec<Text>> =
                    self.cells().filter(|(r, _)| edge(r)).map(|(_, texts)| texts).collect();
                let most = texts.iter().map(|t| t.len()).max().unwrap_or(0);
                let few = texts.len() * 2 <= self.grid.columns();
                if texts.is_empty() || (few && most >= BLOCK) {
                    // As far as the shortest of the cells at the edge reaches.
                    self.rows = if at_top {
                        [all.iter().map(|r| r.row + r.rows).min().unwrap_or(from + 1), to]
                    } else {
                        [from, all.iter().map(|r| r.row).max().unwrap_or(to - 1)]
                    };
                }
            }
            if self.rows == before {
                return;
            }
        }
    }

    /// True where half of the lines have texts far from each other in one cell: the rules do not say where the columns are.
    fn has_inner_columns(&self, pieces: &[Vec<Text>]) -> bool {
        let mut gaps = 0;
        let mut by_column = vec![0_usize; self.grid.columns()];
        let says =
            |t: &Text| t.1.iter().any(|w| self.words[*w as usize].text.chars().any(char::is_alphanumeric));
        let [from, to] = self.rows;
        for (i, region) in self.grid.regions.iter().enumerate() {
            if region.row < from || region.row + region.rows > to {
                continue;
            }
            by_column[region.column] += self.texts[i].len();
            let mut sorted: Vec<&Text> = pieces[i].iter().collect();
            sorted.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]).then(a.0[1].total_cmp(&b.0[1])));
            for (i, a) in sorted.iter().enumerate() {
                // The next text on the same line, unless it is a sign such as a currency's.
                let next = sorted[i + 1..].iter().find(|b| beside(a.0, b.0));
                let apart = |b: &&Text| b.0[0] - a.0[2] > INNER_GAP * self.h && says(a) && says(b);
                gaps += usize::from(next.is_some_and(apart));
            }
        }
        let strips = by_column.into_iter().max().unwrap_or(0);
        gaps >= 2 && gaps * 2 >= strips
    }

    /// Text in two columns and in two rows.
    fn is_table(&self) -> bool {
        let all = self.grid.columns();
        let parts = || self.cells().filter(|(r, _)| r.columns < all);
        let count = |of: fn(&Region) -> usize| {
            let mut places: Vec<usize> = parts().map(|(r, _)| of(r)).collect();
            places.sort_unstable();
            places.dedup();
            places.len()
        };
        let mut by_row = vec![0_usize; self.grid.rows()];
        parts().for_each(|(r, _)| by_row[r.row] += 1);
        count(|r| r.row) >= 2 && count(|r| r.column) >= 2 && by_row.iter().any(|n| *n >= 2)
    }

    /// The rows between rules, each as it is or cut where its lines are rows of their own.
    fn bands(&self) -> Vec<(usize, Vec<Draft>)> {
        let [from, to] = self.rows;
        let filled = (from..to).filter(|row| self.cells().any(|(r, _)| r.row == *row)).count();
        let band = |row: usize| {
            let own: Vec<(&Region, &Vec<Text>)> =
                self.cells().filter(|(r, _)| r.row == row && r.rows == 1).collect();
            let drafts = self.cut(&own, filled).unwrap_or_else(|| {
                let mut draft = Draft::default();
                for (r, texts) in own {
                    draft.cells.insert((r.column, r.columns), texts.iter().map(|t| t.1.clone()).collect());
                }
                vec![draft]
            });
            (row, drafts)
        };
        (from..to).map(band).collect()
    }

    /// The rows of a band that has no rules between them: there are numbers in several columns, line by line.
    fn cut(&self, cells: &[(&Region, &Vec<Text>)], bands: usize) -> Option<Vec<Draft>> {
        if cells.len() < 2 || cells.iter().all(|(_, texts)| texts.len() < 2) {
            return None;
        }
        let mut all: Vec<(&Region, &Text)> =
            cells.iter().flat_map(|(r, texts)| texts.iter().map(|t| (*r, t))).collect();
        all.sort_by(|a, b| middle_y(a.1.0).total_cmp(&middle_y(b.1.0)).then(a.0.column.cmp(&b.0.column)));
        let mut strips: Vec<(Strip, Draft)> = Vec::new();
        for (region, (bbox, words)) in all {
            let segment = Segment { bbox: *bbox, words: words.clone(), table: None };
            let key = (region.column, region.columns);
            match strips.last_mut() {
                Some((strip, draft)) if !draft.cells.contains_key(&key) && same_strip(strip, &segment) => {
                    strip.push(segment);
                    draft.bbox = strip.bbox;
                    draft.cells.insert(key, vec![words.clone()]);
                }
                _ => {
                    let draft = Draft { bbox: *bbox, cells: BTreeMap::from([(key, vec![words.clone()])]) };
                    strips.push((Strip { bbox: *bbox, segments: vec![segment] }, draft));
                }
            }
        }
        let drafts: Vec<Draft> = strips.into_iter().map(|(_, draft)| draft).collect();
        let shape = Shape::of(&drafts, self.grid.columns(), self.words);
        let numbers = |d: &&Draft| {
            let has = |c: &usize| shape.numeric[*c] && is_number(d.text(*c, self.words));
            (0..self.grid.columns()).filter(has).count() >= 2
        };
        let rich = drafts.iter().filter(numbers).count();
        // With rules between rows, a cell with two numbers below each other is one cell.
        if rich < 2 || (rich < 3 && bands > 3) {
            return None;
        }
        Some(joined(drafts, &shape, &[], self.h))
    }

    /// True where one cell has most of the words, and many lines.
    fn is_prose(&self, bands: &[(usize, Vec<Draft>)]) -> bool {
        let all: usize = self.cells().flat_map(|(_, texts)| texts).map(|t| t.1.len()).sum();
        let drafts = bands.iter().flat_map(|(_, drafts)| drafts);
        let mut cells = drafts.flat_map(|d| d.cells.values());
        cells.any(|lines| lines.len() >= PROSE && lines.iter().map(Vec::len).sum::<usize>() * 2 >= all)
    }

    fn table(&self, bands: Vec<(usize, Vec<Draft>)>, skew: Skew) -> Table {
        let all_columns = [0, self.grid.columns()];
        // Columns in which no text begins are not there; nor are rows without any.
        let mut kept = vec![false; self.grid.columns()];
        self.cells().for_each(|(r, _)| kept[r.column] = true);
        let at = |column: usize| kept[..column].iter().filter(|k| **k).count();
        let mut drafts: Vec<(Draft, Rect)> = Vec::new();
        let mut spans: Vec<(usize, usize, usize)> = Vec::new();
        // Where each row of the grid begins among those of the table.
        let mut starts = vec![0; self.grid.rows() + 1];
        for (row, own) in bands {
            starts[row] = drafts.len();
            let cut = own.len() > 1;
            for mut draft in own {
                let rect =
                    if cut { draft.bbox } else { skew.back(self.grid.rect([row, row + 1], all_columns)) };
                draft.cells = std::mem::take(&mut draft.cells)
                    .into_iter()
                    .map(|((c, n), lines)| ((at(c), at(c + n) - at(c)), lines))
                    .collect();
                drafts.push((draft, rect));
            }
            for (r, texts) in self.cells().filter(|(r, _)| r.row == row && r.rows > 1) {
                let key = (at(r.column), at(r.column + r.columns) - at(r.column));
                let lines = texts.iter().map(|t| t.1.clone()).collect();
                drafts[starts[row]].0.cells.insert(key, lines);
                spans.push((starts[row], key.0, row + r.rows));
            }
            if drafts[starts[row]].0.cells.is_empty() {
                drafts.truncate(starts[row]);
            }
            starts[row + 1..].fill(drafts.len());
        }
        let only: Vec<Draft> = drafts.iter().map(|(d, _)| d.clone()).collect();
        let headers = self.headers(&only, at(self.grid.columns()));
        let row = |(i, (draft, bbox)): (usize, (Draft, Rect))| {
            let cells = draft.cells.into_iter().map(|((column, span), lines)| {
                let lines: Vec<_> = lines.into_iter().map(|l| line(l, self.words)).collect();
                let bbox = bounds(lines.iter().map(|l| l.bbox));
                let below = spans.iter().find(|(row, c, _)| *row == i && *c == column);
                let rows = below.map_or(1, |(_, _, end)| starts[*end].saturating_sub(i).max(1));
                Cell { column: column as u32, span: span as u32, rows: rows as u32, bbox, lines }
            });
            Row { header: i < headers, bbox, cells: cells.collect() }
        };
        let rows = drafts.into_iter().enumerate().map(row).collect();
        let whole = |c: usize| {
            let r = skew.back(self.grid.rect(self.rows, [c, c + 1]));
            [r[0], r[2]]
        };
        let columns = (0..self.grid.columns()).filter(|c| kept[*c]).map(whole).collect();
        Table { ruled: true, columns, rows }
    }

    /// How many rows name the columns.
    fn headers(&self, drafts: &[Draft], columns: usize) -> usize {
        let Some(first) = drafts.iter().position(|d| d.cells.len() > 1) else { return 0 };
        let body = || drafts.iter().skip(first + 1);
        let digits = |d: &Draft| {
            (0..columns).any(|c| d.text(c, self.words).any(|t| t.contains(|c: char| c.is_ascii_digit())))
        };
        let named = columns > 2
            && body().count() >= 2
            && (0..columns).all(|c| drafts[first].cells.contains_key(&(c, 1)))
            && !digits(&drafts[first])
            && body().any(digits);
        let shape = Shape::of(drafts, columns, self.words);
        if (named || shape.header) && first < MOST_HEADERS { first + 1 } else { 0 }
    }
}
