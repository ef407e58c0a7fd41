//! Headers of item tables: which words name which column, in one line or stacked in several.
//!
//! Owns the words of table headers. Knows no row. Rule: a header names at least a total, a price or quantity, and a third
//! column; numbers never stand in it.

use super::guess;
use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::{Concept, Lexicon, plain};
use super::table::Column;
use super::texts;
use docmill_document::money;
use std::collections::{HashMap, HashSet};

/// Columns of a table with their left and right edges.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// From left to right.
    pub(crate) columns: Vec<(Column, f32, f32)>,
    /// The line of its page that has the sum of its rows, where that is known.
    pub(crate) end: Option<usize>,
}

impl Head {
    /// How much it says: columns with a name, and all columns.
    pub(crate) fn rank(&self) -> (usize, usize) {
        (self.columns.iter().filter(|c| c.0 != Column::Other).count(), self.columns.len())
    }
}

impl Head {
    /// Whether its rows have amounts.
    fn is_priced(&self) -> bool {
        self.columns.iter().any(|c| c.0 == Column::LineTotal)
    }

    /// What a line has that is a row: its amount, in a table without amounts a quantity.
    pub(crate) fn makes_row(&self) -> Column {
        if self.is_priced() { Column::LineTotal } else { Column::Quantity }
    }

    /// Whether a table with another header is the item table after all: that with amounts.
    pub(crate) fn gives_way(&self, other: &Self) -> bool {
        !self.is_priced() && other.is_priced()
    }
}

/// A cell of a header with its left and right edges; none where no known word names its column.
pub(crate) type Named = (Option<Column>, f32, f32);

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

/// Columns of a VAT breakdown, in [`plain`] form.
#[rustfmt::skip]
const BREAKDOWN: [&str; 14] = [
    "warenwert", "basisbetrag", "bemessungsgrundlage", "steuersatz", "steuerbetrag", "zu abschlag", "taxe", "base", "montant",
    "taux", "taxable amount", "kategorie", "art kategorie", "base tva",
];

/// Lines of the highest header.
const MOST_LINES: usize = 6;

/// The header that begins at a line, and the line after it.
pub(crate) fn find(layout: &Layout, line: usize) -> Option<(Head, usize)> {
    let flat = one_or_two_lines(layout, line).filter(|f| is_enough(&f.0));
    let stacked = stacked(layout, line);
    // A price over two lines is more than a unit in one.
    let named = |found: &Option<(Vec<Named>, usize)>| {
        found.as_ref().map_or((0, false), |f| (kinds(&f.0), has(&f.0, Column::UnitPrice)))
    };
    let (mut cells, next) = if named(&stacked) > named(&flat) { stacked } else { flat }?;
    if [Column::Description, Column::Quantity, Column::UnitPrice].iter().any(|c| !has(&cells, *c)) {
        guess::complete(&mut cells, layout, next);
    } else {
        guess::net_first(&mut cells, layout, next);
    }
    guess::price_first(&mut cells, layout, next);
    let mut head = head_of(&cells);
    texts::widen(&mut head, layout, next);
    Some((head, next))
}

/// The first header of a table without amounts, as delivery notes and orders have: its line, and the line after it.
pub(crate) fn find_unpriced(layout: &Layout) -> Option<(usize, (Head, usize))> {
    (0..layout.lines.len()).find_map(|line| Some((line, unpriced(layout, line)?)))
}

fn unpriced(layout: &Layout, line: usize) -> Option<(Head, usize)> {
    let (cells, next) = one_or_two_lines(layout, line)?;
    let is = |column| has(&cells, column);
    let priced = is(Column::LineTotal) || is(Column::UnitPrice);
    let mut head = head_of(&cells);
    texts::widen(&mut head, layout, next);
    (is(Column::Description) && is(Column::Quantity) && !priced && texts::counts(&head, layout, next))
        .then_some((head, next))
}

/// The line of a page whose header says most of what stands below it; the first of equals.
pub(crate) fn best_by_rows(layout: &Layout) -> Option<(usize, (Head, usize))> {
    let found = (0..layout.lines.len()).filter_map(|line| Some((line, find_by_rows(layout, line)?)));
    found.min_by_key(|(line, (head, _))| (std::cmp::Reverse(head.rank()), *line))
}

/// A header with too few known words, whose columns what stands below them tells.
fn find_by_rows(layout: &Layout, line: usize) -> Option<(Head, usize)> {
    let segments = layout.segments.get(layout.lines.get(line)?.clone())?;
    if segments.len() < 2 || segments.iter().any(|s| s.text.contains(|c: char| c.is_ascii_digit())) {
        return None;
    }
    let (mut cells, next) = below_one_another(layout, line, cells_of(layout, line))?;
    let known = cells.iter().filter(|c| c.0.is_some()).count();
    if kinds(&cells) == 0 {
        return None;
    }
    guess::complete(&mut cells, layout, next);
    guess::price_first(&mut cells, layout, next);
    let named = has(&cells, Column::Description) && has(&cells, Column::LineTotal);
    // One known word alone needs more rows.
    (named && guess::holds(&cells, layout, next, if known < 2 { 2 } else { 1 }))
        .then(|| (head_of(&cells), next))
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

/// The lines of a page and its headers, for people who tune rules.
pub(crate) fn explain(layout: &Layout) -> String {
    let told = layout.lines.iter().enumerate().flat_map(|(line, range)| {
        let texts: Vec<&str> = layout.segments[range.clone()].iter().map(|s| s.text.as_str()).collect();
        let head = find(layout, line).map(|(head, _)| format!("head {:?}", head.columns));
        std::iter::once(format!("line p{} {line} {}", layout.page_no, texts.join(" | "))).chain(head)
    });
    told.collect::<Vec<_>>().join("\n")
}

/// The header of another table, such as that of VAT by rate.
pub(crate) fn is_other(segments: &[Segment], lexicon: &Lexicon) -> bool {
    let label = |s: &Segment| {
        let strengths = lexicon.strengths(&s.plain);
        let known = [Concept::Net, Concept::Tax, Concept::Gross];
        BREAKDOWN.contains(&s.plain.as_str()) || known.iter().any(|c| strengths[*c as usize] > 0.84)
    };
    segments.len() > 1
        && segments.iter().all(|s| !has_number(&s.text))
        && segments.iter().map(|s| usize::from(label(s)).max(named(s))).sum::<usize>() >= 3
}

/// Whether a text has a number that is no percentage.
fn has_number(text: &str) -> bool {
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        let percent = word.contains('%') || words.peek().is_some_and(|w| w.starts_with('%'));
        if !percent && word.contains(|c: char| c.is_ascii_digit()) {
            return true;
        }
    }
    false
}

/// How many columns the words of a segment name.
fn named(segment: &Segment) -> usize {
    cells_in(segment).iter().filter(|c| c.0.is_some()).count()
}

/// A header whose cells are stacked texts: `Net unit` over `price`.
fn stacked(layout: &Layout, line: usize) -> Option<(Vec<Named>, usize)> {
    let named = |l: usize| layout.lines.get(l).map_or(0, |_| kinds(&cells_of(layout, l)));
    if named(line) == 0 && named(line + 1) < 2 {
        return None;
    }
    let mut clusters: Vec<(Box4, String, Option<&Segment>)> = Vec::new();
    let mut found: Option<(usize, Vec<Named>, usize)> = None;
    let mut bottom: Option<f32> = None;
    for at in line..layout.lines.len().min(line + MOST_LINES) {
        let segments = &layout.segments[layout.lines[at].clone()];
        let top = segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
        let height = segments.first().map_or(10.0, super::layout::Segment::height);
        let numeric = segments.iter().any(|s| {
            let digits = s.text.contains(|c: char| c.is_ascii_digit());
            (digits && !s.text.contains(char::is_alphabetic)) || money::parse(&s.text).is_some()
        });
        // What the first rows are about: `Biscotte, cat, 4.2 kg`.
        let about =
            at > line && segments.len() == 1 && segments[0].text.contains(|c: char| c.is_ascii_digit());
        if numeric || about || bottom.is_some_and(|b| top - b > 0.9 * height) {
            break;
        }
        bottom = Some(segments.iter().map(|s| s.bbox[3]).fold(bottom.unwrap_or(0.0), f32::max));
        for segment in segments {
            let overlaps = |b: &Box4| {
                let shared = segment.bbox[2].min(b[2]) - segment.bbox[0].max(b[0]);
                shared > 0.5 * (segment.bbox[2] - segment.bbox[0]).min(b[2] - b[0])
            };
            match clusters.iter_mut().find(|(b, ..)| overlaps(b)) {
                Some((b, text, alone)) => {
                    *alone = None;
                    *b = union(*b, segment.bbox);
                    text.push(' ');
                    text.push_str(&segment.plain);
                }
                None => clusters.push((segment.bbox, segment.plain.clone(), Some(segment))),
            }
        }
        // Columns that stand close to each other are one text where nothing is above or below them.
        let several = |s: &&Segment| {
            let own = cells_in(s);
            kinds(&own) > 1 && own.windows(2).all(|w| w[1].1 - w[0].2 > 0.45 * s.height())
        };
        let cells = clusters.iter().flat_map(|(b, text, alone)| match alone.filter(several) {
            Some(segment) => cells_in(segment),
            None => vec![(column_like(text), b[0], b[2])],
        });
        let mut cells: Vec<Named> = cells.collect();
        let count = kinds(&cells);
        if at > line && is_enough(&cells) && found.as_ref().is_none_or(|f| count > f.0) {
            cells.sort_by(|a, b| a.1.total_cmp(&b.1));
            found = Some((count, cells, at + 1));
        }
    }
    found.map(|(_, cells, next)| (cells, next))
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

/// The cells of the header that begins at a line, and the line after it.
fn one_or_two_lines(layout: &Layout, line: usize) -> Option<(Vec<Named>, usize)> {
    let cells = cells_of(layout, line);
    if kinds(&cells) < 2 { None } else { below_one_another(layout, line, cells) }
}

/// The cells of a line with those of the line below that stand beside them.
fn below_one_another(layout: &Layout, line: usize, mut cells: Vec<Named>) -> Option<(Vec<Named>, usize)> {
    let mut next = line + 1;
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
    Some((cells, next))
}

fn has(cells: &[Named], column: Column) -> bool {
    cells.iter().any(|(c, ..)| *c == Some(column))
}

fn is_enough(cells: &[Named]) -> bool {
    kinds(cells) >= 3
        && has(cells, Column::LineTotal)
        && (has(cells, Column::Description) || has(cells, Column::Quantity))
        && (has(cells, Column::UnitPrice) || has(cells, Column::Quantity))
}

pub(crate) fn head_of(cells: &[Named]) -> Head {
    // Of two totals the last one is the row's, unless it is gross: that is `Other` already.
    let mut columns: Vec<(Column, f32, f32)> =
        cells.iter().map(|(c, x0, x1)| (c.unwrap_or(Column::Other), *x0, *x1)).collect();
    let mut seen = std::collections::HashSet::new();
    for column in columns.iter_mut().rev() {
        if !seen.insert(column.0) && column.0 != Column::Other {
            column.0 = Column::Other;
        }
    }
    Head { columns, end: None }
}

fn kinds(cells: &[Named]) -> usize {
    let mut kinds: Vec<Column> = cells.iter().filter_map(|c| c.0).filter(|c| *c != Column::Other).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.len()
}

/// What the words of a line name.
pub(crate) fn cells_of(layout: &Layout, line: usize) -> Vec<Named> {
    layout.segments[layout.lines[line].clone()].iter().flat_map(cells_in).collect()
}

fn cells_in(segment: &Segment) -> Vec<Named> {
    let whole = |column| vec![(column, segment.bbox[0], segment.bbox[2])];
    if let Some(column) = column_in(&segment.text, &segment.plain) {
        return whole(Some(column));
    }
    if segment.words.len() > 16 || !segment.plain.split(' ').any(|w| FIRST.contains(w)) {
        return whole(None);
    }
    // Columns that stand as close as words: the longest runs of words that are headers. What stands in brackets names none.
    let mut inside = false;
    let words: Vec<(String, Box4)> = segment
        .words
        .iter()
        .enumerate()
        .map(|(i, (at, bbox))| {
            let until = segment.words.get(i + 1).map_or(segment.text.len(), |w| w.0);
            let text = segment.text.get(*at..until).unwrap_or_default();
            let aside = inside || text.starts_with('(');
            inside = aside && !text.contains(')');
            (if aside { String::new() } else { plain(text) }, *bbox)
        })
        .collect();
    let (mut i, mut known, mut end) = (0, 0, 0);
    let mut own: Vec<Named> = Vec::new();
    while i < words.len() {
        let run = (1..=4.min(words.len() - i)).rev().find_map(|n| {
            if words[i].0.is_empty() || words[i + n - 1].0.is_empty() {
                return None;
            }
            let texts = words[i..i + n].iter().map(|w| w.0.as_str()).filter(|w| !w.is_empty());
            let text = texts.collect::<Vec<_>>().join(" ");
            column_of(&text).map(|c| (c, n))
        });
        let Some((column, n)) = run else {
            // A long word that is no header may be one that is not known.
            if words[i].0.len() >= 6 && words[i].0.chars().all(char::is_alphabetic) {
                own.push((None, words[i].1[0], words[i].1[2]));
            }
            i += 1;
            continue;
        };
        let (left, right) = (words[i].1[0], words[i + n - 1].1[2]);
        // The same in two languages: `Menge / Qty`.
        let again = i > end && words[end..i].iter().all(|w| w.0.is_empty());
        match own.last_mut().filter(|last| again && last.0 == Some(column)) {
            Some(last) => last.2 = right,
            None => own.push((Some(column), left, right)),
        }
        (i, known, end) = (i + n, known + n, i + n);
    }
    // A title may have one word of a header.
    let said = words.iter().filter(|w| w.0.chars().any(char::is_alphabetic)).count();
    if 2 * known < said || known == 0 {
        // `Désignation des travaux`, but not `Charges in detail`.
        let first = own.first().filter(|c| c.1 <= segment.bbox[0] + 1.0 && said <= 4).and_then(|c| c.0);
        let begins = first.filter(|c| matches!(c, Column::Description | Column::UnitPrice));
        return whole(column_in_part(&segment.text).or(begins));
    }
    own
}

/// The column that a whole cell names: `Rate (GBP)`, `Unit £`.
fn column_in(text: &str, words: &str) -> Option<Column> {
    let bare = || {
        let (name, aside) = text.split_once(['(', '['])?;
        aside.trim_end().ends_with([')', ']']).then(|| column_of(&plain(name)))?
    };
    let column = column_of(words).or_else(bare)?;
    let money = column == Column::Unit && text.contains(['€', '£', '$']);
    Some(if money { Column::UnitPrice } else { column })
}

/// The column that one part of a cell names: `Arbeit / Teil`.
fn column_in_part(text: &str) -> Option<Column> {
    let parts = text.split(['/', '|']).map(plain).filter(|p| p.len() > 1);
    // `Invoice / Tax Date` is no rate.
    parts.filter_map(|part| column_of(&part)).find(|c| !matches!(c, Column::VatRate | Column::Other))
}

/// Currencies that stand beside the name of a column, and what stands before them.
#[rustfmt::skip]
const CURRENCIES: [&str; 18] = [
    "eur", "euro", "rm", "usd", "gbp", "chf", "pln", "zl", "czk", "kc", "sek", "nok", "dkk", "kr", "huf", "ft", "ron", "in",
];

/// The column that a text in its plain form names.
pub(crate) fn column_of(text: &str) -> Option<Column> {
    let mut text = text;
    loop {
        if let Some(column) = HEADERS.get(text) {
            return Some(*column);
        }
        text = text.rsplit_once(' ').filter(|(_, last)| CURRENCIES.contains(last))?.0;
    }
}
