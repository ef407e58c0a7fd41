//! Headers of item tables: which words name which column, in one line or stacked in several.
//!
//! Owns the words of table headers. Knows no row. Rule: a header names at least a total, a price or quantity, and a third
//! column; numbers never stand in it.

use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::plain;
use super::table::Column;
use docmill_document::money;
use std::collections::{HashMap, HashSet};

/// Columns of a table with their left and right edges.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// From left to right.
    pub(crate) columns: Vec<(Column, f32, f32)>,
}

/// Header phrases by column.
static HEADERS: std::sync::LazyLock<HashMap<&'static str, Column>> = std::sync::LazyLock::new(|| {
    let lines = include_str!("columns.txt").lines().filter(|l| !l.starts_with('#'));
    let pairs = lines.filter_map(|line| {
        let (name, phrases) = line.split_once(' ')?;
        let column = NAMES.iter().find(|(n, _)| *n == name)?.1;
        Some(phrases.split(" | ").map(move |p| (p, column)))
    });
    pairs.flatten().collect()
});

/// Words that header phrases begin with: most texts of a page have none of them.
static FIRST: std::sync::LazyLock<HashSet<&'static str>> =
    std::sync::LazyLock::new(|| HEADERS.keys().filter_map(|phrase| phrase.split(' ').next()).collect());

/// Names of the columns in the file of headers.
const NAMES: [(&str, Column); 8] = [
    ("Description", Column::Description),
    ("Quantity", Column::Quantity),
    ("Unit", Column::Unit),
    ("UnitPrice", Column::UnitPrice),
    ("LineTotal", Column::LineTotal),
    ("VatRate", Column::VatRate),
    ("ArticleNo", Column::ArticleNo),
    ("Other", Column::Other),
];

/// Lines of the highest header.
const MOST_LINES: usize = 6;

/// The header that begins at a line, and the line after it.
pub(crate) fn find(layout: &Layout, line: usize) -> Option<(Head, usize)> {
    let flat = one_or_two_lines(layout, line);
    let stacked = stacked(layout, line);
    let named = |found: &Option<(Head, usize)>| {
        let columns = found.as_ref().map(|f| &f.0.columns).into_iter().flatten();
        columns.filter(|c| c.0 != Column::Other).count()
    };
    if named(&stacked) > named(&flat) { stacked } else { flat }
}

/// The line after what still belongs to a header that ends before `next`: lines of words set as close as its own lines.
pub(crate) fn rest(layout: &Layout, first: usize, next: usize) -> usize {
    let top = |line: usize| {
        let segments = layout.lines.get(line).and_then(|l| layout.segments.get(l.clone()))?;
        Some(segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min))
    };
    let (Some(begin), Some(last)) = (top(first), top(next - 1)) else { return next };
    if next - first < 2 {
        return next;
    }
    let pitch = (last - begin) / (next - 1 - first) as f32;
    let mut line = next;
    while let Some(own) = top(line) {
        let segments = &layout.segments[layout.lines[line].clone()];
        let digits = segments.iter().any(|s| s.text.contains(|c: char| c.is_ascii_digit()));
        let above = top(line - 1).unwrap_or(own);
        if digits || own - above > 1.3 * pitch || line - next >= 3 {
            break;
        }
        line += 1;
    }
    line
}

/// The headers of a page, for people who tune rules.
pub(crate) fn explain(layout: &Layout) -> String {
    let found = (0..layout.lines.len()).filter_map(|line| Some((line, find(layout, line)?.0)));
    let told = found.map(|(line, head)| format!("head p{} line {line} {:?}", layout.page_no, head.columns));
    told.collect::<Vec<_>>().join("\n")
}

/// How many columns the words of a segment name.
pub(crate) fn named(segment: &Segment) -> usize {
    cells_in(segment).iter().filter(|c| c.0.is_some()).count()
}

/// A header whose cells are stacked texts: `Net unit` over `price`.
fn stacked(layout: &Layout, line: usize) -> Option<(Head, usize)> {
    let named = |l: usize| layout.lines.get(l).map_or(0, |_| kinds(&cells_of(layout, l)));
    if named(line) == 0 && named(line + 1) < 2 {
        return None;
    }
    let mut clusters: Vec<(Box4, String)> = Vec::new();
    let mut found: Option<(usize, Head, usize)> = None;
    let mut bottom: Option<f32> = None;
    for at in line..layout.lines.len().min(line + MOST_LINES) {
        let segments = &layout.segments[layout.lines[at].clone()];
        let top = segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
        let height = segments.first().map_or(10.0, super::layout::Segment::height);
        let numeric = segments.iter().any(|s| {
            let digits = s.text.contains(|c: char| c.is_ascii_digit());
            (digits && !s.text.contains(char::is_alphabetic)) || money::parse(&s.text).is_some()
        });
        if numeric || bottom.is_some_and(|b| top - b > 0.9 * height) {
            break;
        }
        bottom = Some(segments.iter().map(|s| s.bbox[3]).fold(bottom.unwrap_or(0.0), f32::max));
        for segment in segments {
            let overlaps = |b: &Box4| {
                let shared = segment.bbox[2].min(b[2]) - segment.bbox[0].max(b[0]);
                shared > 0.5 * (segment.bbox[2] - segment.bbox[0]).min(b[2] - b[0])
            };
            match clusters.iter_mut().find(|(b, _)| overlaps(b)) {
                Some((b, text)) => {
                    *b = union(*b, segment.bbox);
                    text.push(' ');
                    text.push_str(&segment.plain);
                }
                None => clusters.push((segment.bbox, segment.plain.clone())),
            }
        }
        let mut cells: Vec<(Option<Column>, f32, f32)> =
            clusters.iter().map(|(b, text)| (column_like(text), b[0], b[2])).collect();
        let count = kinds(&cells);
        if at > line && is_enough(&cells) && found.as_ref().is_none_or(|f| count > f.0) {
            cells.sort_by(|a, b| a.1.total_cmp(&b.1));
            found = Some((count, head_of(&cells), at + 1));
        }
    }
    found.map(|(_, head, next)| (head, next))
}

/// The column that a stacked text names: the longest phrase in it.
fn column_like(text: &str) -> Option<Column> {
    const ASIDE: [&str; 9] =
        ["charge", "charges", "allowances", "discount", "base", "basis", "rabatt", "abschlag", "remise"];
    if let Some(column) = column_of(text) {
        return Some(column);
    }
    let words: Vec<&str> = text.split(' ').collect();
    let padded = format!(" {text} ");
    if padded.contains(" line total ") {
        return Some(Column::LineTotal);
    }
    if words.iter().any(|w| ASIDE.contains(w)) {
        return Some(Column::Other);
    }
    let mut best: Option<(usize, &str, Column)> = None;
    for n in 1..=4.min(words.len()) {
        for run in words.windows(n) {
            let phrase = run.join(" ");
            let Some((known, column)) = HEADERS.get_key_value(phrase.as_str()) else { continue };
            let better = |b: &(usize, &str, Column)| (n, phrase.len()) > (b.0, b.1.len());
            if *column != Column::Other && best.as_ref().is_none_or(better) {
                best = Some((n, *known, *column));
            }
        }
    }
    best.map(|b| b.2)
}

/// The header that begins at a line, and the line after it.
fn one_or_two_lines(layout: &Layout, line: usize) -> Option<(Head, usize)> {
    let mut cells = cells_of(layout, line);
    let mut next = line + 1;
    if kinds(&cells) < 2 {
        return None;
    }
    // Headers are often set in two lines.
    let here = layout.segments.get(layout.lines[line].start)?;
    if let Some(below) = layout.lines.get(line + 1) {
        let top = layout.segments[below.start].bbox[1];
        let digits =
            layout.segments[below.clone()].iter().any(|s| s.text.contains(|c: char| c.is_ascii_digit()));
        if top - here.bbox[3] < 0.6 * here.height() && !digits {
            let more = cells_of(layout, line + 1);
            if more.iter().all(|(c, ..)| c.is_some()) || kinds(&cells) < 3 {
                for cell in more {
                    if !cells.iter().any(|(_, x0, x1)| cell.1 < *x1 && cell.2 > *x0) {
                        cells.push(cell);
                    }
                }
                next = line + 2;
            }
        }
    }
    cells.sort_by(|a, b| a.1.total_cmp(&b.1));
    is_enough(&cells).then(|| (head_of(&cells), next))
}

fn is_enough(cells: &[(Option<Column>, f32, f32)]) -> bool {
    let has = |column| cells.iter().any(|(c, ..)| *c == Some(column));
    kinds(cells) >= 3
        && has(Column::LineTotal)
        && (has(Column::Description) || has(Column::Quantity))
        && (has(Column::UnitPrice) || has(Column::Quantity))
}

fn head_of(cells: &[(Option<Column>, f32, f32)]) -> Head {
    // Of two totals the last one is the row's, unless it is gross: that is `Other` already.
    let mut columns: Vec<(Column, f32, f32)> =
        cells.iter().map(|(c, x0, x1)| (c.unwrap_or(Column::Other), *x0, *x1)).collect();
    let mut seen = std::collections::HashSet::new();
    for column in columns.iter_mut().rev() {
        if !seen.insert(column.0) && column.0 != Column::Other {
            column.0 = Column::Other;
        }
    }
    Head { columns }
}

fn kinds(cells: &[(Option<Column>, f32, f32)]) -> usize {
    let mut kinds: Vec<Column> = cells.iter().filter_map(|c| c.0).filter(|c| *c != Column::Other).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.len()
}

fn cells_of(layout: &Layout, line: usize) -> Vec<(Option<Column>, f32, f32)> {
    layout.segments[layout.lines[line].clone()].iter().flat_map(cells_in).collect()
}

fn cells_in(segment: &Segment) -> Vec<(Option<Column>, f32, f32)> {
    let whole = |column| vec![(column, segment.bbox[0], segment.bbox[2])];
    if let Some(column) = column_of(&segment.plain) {
        return whole(Some(column));
    }
    if segment.words.len() > 12 || !segment.plain.split(' ').any(|w| FIRST.contains(w)) {
        return whole(None);
    }
    // Columns that stand as close as words: the longest runs of words that are headers.
    let words: Vec<(String, Box4)> = segment
        .words
        .iter()
        .enumerate()
        .map(|(i, (at, bbox))| {
            let until = segment.words.get(i + 1).map_or(segment.text.len(), |w| w.0);
            (plain(segment.text.get(*at..until).unwrap_or_default()), *bbox)
        })
        .collect();
    let mut i = 0;
    let mut own = Vec::new();
    while i < words.len() {
        let run = (1..=4.min(words.len() - i)).rev().find_map(|n| {
            let texts = words[i..i + n].iter().map(|w| w.0.as_str()).filter(|w| !w.is_empty());
            let text = texts.collect::<Vec<_>>().join(" ");
            column_of(&text).map(|c| (c, n))
        });
        match run {
            Some((column, n)) => {
                own.push((Some(column), words[i].1[0], words[i + n - 1].1[2]));
                i += n;
            }
            None => i += 1,
        }
    }
    if own.is_empty() { whole(None) } else { own }
}

fn column_of(text: &str) -> Option<Column> {
    let text = text.trim_end_matches(" eur").trim_end_matches(" rm").trim_end_matches(" in");
    HEADERS.get(text).copied()
}
