//! Rows of a tenant's list of objects: any table whose header says what the schema's columns are.
//!
//! Owns which line is the header of such a table, and which lines are its rows. Knows no built-in column but through the
//! item table, which reads the goods and services of business documents better. Rule: a row has a value in the column that
//! every row has one in; a line of text alone goes on with the row above it.

use super::super::heads::{self, Head};
use super::super::layout::{Box4, Layout, Segment, union};
use super::super::straight::{Straight, on_page};
use super::super::table::Column;
use super::super::{answer, cells};
use super::{Form, Label, Profile, choices};
use crate::schema::{SchemaField, SchemaRows, ValueKind};
use docmill_contracts::Fields;
use docmill_document::date::{self, Evidence};
use std::collections::HashMap;

/// How well a header has to fit a column.
const FITS: f32 = 0.55;
/// Lines of the highest header.
const MOST_LINES: usize = 3;
/// Longer texts of one cell are cut.
const MOST_BYTES: usize = 4_000;
/// Most texts whose likeness is remembered.
const MOST_KNOWN: usize = 20_000;
/// A table ends before a gap of so many line heights.
const GAP: f32 = 4.0;
/// Confidence of a cell below a header that says exactly what its column is called.
const SURE: f64 = 0.75;

/// One column of the schema on a page: its place, and how well its header fits.
#[derive(Debug, Clone, Copy)]
struct Found {
    column: usize,
    fit: f32,
}

/// A header: the places of all its cells, and which of the schema's columns they are.
#[derive(Debug, Clone)]
struct Header {
    head: Head,
    found: Vec<Option<Found>>,
    /// The line after it.
    next: usize,
}

/// A row in the making.
#[derive(Debug, Clone, Default)]
struct Row {
    cells: Vec<Option<(String, Box4)>>,
    page_no: i32,
}

/// Reads the rows of a schema, page by page.
pub(crate) struct Reader<'a> {
    schema: &'a SchemaRows,
    profiles: Vec<Profile>,
    /// Columns of the item table that the schema's are, where all are.
    standard: Option<Vec<Column>>,
    evidence: &'a Evidence,
    header: Option<Header>,
    fits: Vec<f32>,
    rows: Vec<Row>,
    most: usize,
    full: bool,
    ended: bool,
    /// How well texts fit each column: pages repeat their texts, and each line is looked at as part of several headers.
    known: HashMap<String, Vec<f32>>,
}

impl<'a> Reader<'a> {
    /// A reader of at most so many rows; `evidence` tells how the document writes its dates.
    pub(crate) fn new(schema: &'a SchemaRows, evidence: &'a Evidence, most: usize) -> Self {
        let profiles = schema.columns.iter().map(|c| Profile::of(c, &schema.title)).collect();
        let standard: Option<Vec<Column>> = schema.columns.iter().map(standard).collect();
        let standard = standard.filter(|all| {
            let mut own = all.clone();
            own.sort_unstable();
            own.dedup();
            own.len() == all.len() && own.contains(&Column::Description)
        });
        Self {
            fits: vec![0.0; schema.columns.len()],
            schema,
            profiles,
            standard,
            evidence,
            header: None,
            rows: Vec::new(),
            most,
            full: false,
            ended: false,
            known: HashMap::new(),
        }
    }

    /// Names of the schema's columns by those of the item table, where that is what the schema describes.
    pub(crate) fn standard(&self) -> Option<Vec<(Column, &'a str)>> {
        let names = self.schema.columns.iter().map(|c| c.name.as_str());
        Some(self.standard.as_ref()?.iter().copied().zip(names).collect())
    }

    /// Whether there are more rows than are wanted.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Reads the next page.
    pub(crate) fn feed(&mut self, layout: &Layout) {
        let before = self.rows.len();
        let straight = Straight::of(layout);
        self.feed_level(straight.as_ref().map_or(layout, |s| &s.layout));
        for (_, place) in self.rows[before..].iter_mut().flat_map(|r| r.cells.iter_mut().flatten()) {
            *place = on_page(layout.slope, straight.as_ref().map_or(*place, |s| s.place(*place)));
        }
    }

    /// The rows as they stand in a result.
    pub(crate) fn finish(self) -> Vec<Fields> {
        let mut rows = Vec::new();
        for row in &self.rows {
            let mut fields = Fields::new();
            for (i, column) in self.schema.columns.iter().enumerate() {
                let Some(Some((raw, place))) = row.cells.get(i) else { continue };
                let Some(value) = self.value(column, &self.profiles[i], raw) else { continue };
                let sure = SURE * f64::from(self.fits[i]).clamp(0.3, 1.0);
                let sure = (sure * 1000.0).round() / 1000.0;
                fields.insert(
                    column.name.clone(),
                    answer::local(value, raw.clone(), sure, row.page_no, *place),
                );
            }
            // A heading or a note has one cell, where the table has more.
            if fields.len() > usize::from(self.fits.iter().filter(|f| **f > 0.0).count() > 1) {
                rows.push(fields);
            }
        }
        rows
    }

    fn value(&self, column: &SchemaField, profile: &Profile, raw: &str) -> Option<String> {
        if !profile.allowed.is_empty() {
            return choices::value(raw, &profile.allowed);
        }
        match column.kind {
            ValueKind::Date => self.evidence.choose(&date::readings(raw)).map(|(r, _)| r.date.to_string()),
            ValueKind::Amount => cells::number(raw).or_else(|| cells::rate(raw)),
            ValueKind::Text | ValueKind::Flag => Some(raw.trim().to_owned()).filter(|v| !v.is_empty()),
        }
    }

    fn feed_level(&mut self, layout: &Layout) {
        let mut line = 0;
        if let Some(header) = self.best(layout) {
            line = header.next;
            for found in header.found.iter().flatten() {
                self.fits[found.column] = self.fits[found.column].max(found.fit);
            }
            self.header = Some(header);
            self.ended = false;
        }
        let Some(header) = self.header.clone().filter(|_| !self.ended) else { return };
        let mut bottom: Option<f32> = None;
        let page_begins = self.rows.len();
        while line < layout.lines.len() && !self.full {
            let segments = &layout.segments[layout.lines[line].clone()];
            line += 1;
            let Some(first) = segments.first() else { continue };
            let top = segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
            let gap = bottom.map_or(0.0, |b| (top - b) / first.height());
            if gap > GAP && self.rows.len() > page_begins {
                self.ended = true;
                break;
            }
            let cells = self.cells(&header, segments);
            let filled = cells.iter().flatten().count();
            let texts = |i: usize| self.schema.columns[i].kind == ValueKind::Text;
            let only_texts = (0..cells.len()).all(|i| cells[i].is_none() || texts(i));
            let known = header.found.iter().flatten().count();
            if sums_up(segments) {
                if self.rows.len() > page_begins {
                    self.ended = true;
                    break;
                }
            } else if self.begins(&cells, known, filled) {
                if self.rows.len() >= self.most {
                    self.full = true;
                    break;
                }
                self.rows.push(Row { cells, page_no: layout.page_no });
                bottom = Some(segments.iter().map(|s| s.bbox[3]).fold(top, f32::max));
            } else if filled > 0 && only_texts && gap < 0.8 && self.rows.len() > page_begins {
                if let Some(row) = self.rows.last_mut() {
                    row.go_on(cells);
                }
                bottom = Some(segments.iter().map(|s| s.bbox[3]).fold(top, f32::max));
            } else if filled == 0 && self.rows.len() > page_begins && segments.len() > 2 {
                // Another table.
                self.ended = true;
                break;
            }
        }
    }

    /// Whether a line is a row: it has half of the columns that are known, a number or a day among them where there are any.
    fn begins(&self, cells: &[Option<(String, Box4)>], known: usize, filled: usize) -> bool {
        let told = |i: usize| {
            let Some((raw, _)) = &cells[i] else { return false };
            let kind = self.schema.columns[i].kind;
            matches!(kind, ValueKind::Amount | ValueKind::Date)
                && self.value(&self.schema.columns[i], &self.profiles[i], raw).is_some()
        };
        let typed = |i: &usize| {
            let kind = self.schema.columns[*i].kind;
            self.fits[*i] > 0.0 && matches!(kind, ValueKind::Amount | ValueKind::Date)
        };
        let any_typed = (0..cells.len()).any(|i| typed(&i));
        2 * filled >= known.max(2) && (!any_typed || (0..cells.len()).any(told))
    }

    /// What a line has in the columns of the schema.
    fn cells(&self, header: &Header, segments: &[Segment]) -> Vec<Option<(String, Box4)>> {
        let mut out: Vec<Option<(String, Box4)>> = vec![None; self.schema.columns.len()];
        for segment in segments {
            let mut pieces = cells::pieces(&header.head, segment);
            // A text that reaches over the next column without a number in it is one text.
            let words = |p: &(String, Box4, usize)| !p.0.contains(|c: char| c.is_ascii_digit());
            let begins_text = pieces.first().is_some_and(|p| {
                header.found[p.2].is_some_and(|f| self.schema.columns[f.column].kind == ValueKind::Text)
            });
            if pieces.len() > 1 && begins_text && pieces.iter().skip(1).all(words) {
                let index = pieces[0].2;
                pieces = vec![(segment.text.clone(), segment.bbox, index)];
            }
            for (text, place, index) in pieces {
                let Some(found) = header.found.get(index).copied().flatten() else { continue };
                let Some(cell) = out.get_mut(found.column) else { continue };
                match cell {
                    Some((before, b)) => {
                        before.push(' ');
                        before.push_str(&text);
                        *b = union(*b, place);
                    }
                    None => *cell = Some((text, place)),
                }
            }
        }
        out
    }

    /// The header of a page that says most of the schema's columns.
    fn best(&mut self, layout: &Layout) -> Option<Header> {
        let all = (0..layout.lines.len()).flat_map(|line| (1..=MOST_LINES).map(move |n| (line, n)));
        let scored = all.filter_map(|(line, count)| {
            let header = self.header_at(layout, line, count)?;
            let score: f32 = header.found.iter().flatten().map(|f| f.fit).sum();
            Some((score - 0.01 * count as f32, header))
        });
        scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, header)| header)
    }

    /// How well a text fits each column.
    fn fits_of(&mut self, text: &str) -> &[f32] {
        if self.known.len() > MOST_KNOWN {
            self.known.clear();
        }
        let (profiles, columns) = (&self.profiles, &self.schema.columns);
        self.known.entry(text.to_owned()).or_insert_with(|| {
            let label = Label::of(text);
            let named = heads::column_of(&super::super::lexicon::plain(text));
            let fit = |(profile, column): (&Profile, &SchemaField)| {
                let same = named.is_some() && named == standard(column);
                if same { 1.0 } else { profile.likeness(&label) }
            };
            profiles.iter().zip(columns).map(fit).collect()
        })
    }

    fn header_at(&mut self, layout: &Layout, line: usize, count: usize) -> Option<Header> {
        let cells = stacked(layout, line, count)?;
        let mut found: Vec<Option<Found>> = vec![None; cells.len()];
        let mut all: Vec<(f32, usize, usize)> = Vec::new();
        for (at, (text, _)) in cells.iter().enumerate() {
            let fits = self.fits_of(text).iter().enumerate();
            all.extend(fits.filter(|(_, fit)| **fit >= FITS).map(|(column, fit)| (*fit, at, column)));
        }
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (fit, at, column) in all {
            if found[at].is_none() && !found.iter().flatten().any(|f| f.column == column) {
                found[at] = Some(Found { column, fit });
            }
        }
        let known = found.iter().flatten().count();
        let enough = known >= 2 && 3 * known >= self.profiles.len().min(cells.len());
        let columns = cells.iter().zip(&found).map(|((_, b), f)| {
            let text = f.is_some_and(|f| self.profiles[f.column].form == Form::Text);
            (if text { Column::Description } else { Column::Other }, b[0], b[2])
        });
        let head = Head { columns: columns.collect(), end: None };
        enough.then_some(Header { head, found, next: line + count })
    }
}

impl Row {
    /// Takes the rest of texts from the line below.
    fn go_on(&mut self, cells: Vec<Option<(String, Box4)>>) {
        for (own, more) in self.cells.iter_mut().zip(cells) {
            match (own, more) {
                (Some((text, place)), Some((rest, b))) if text.len() < MOST_BYTES => {
                    text.push(' ');
                    text.push_str(&rest);
                    *place = union(*place, b);
                }
                (own @ None, Some(more)) => *own = Some(more),
                _ => {}
            }
        }
    }
}

/// The cells of a header of so many lines, from left to right; none where it has numbers or stands apart.
fn stacked(layout: &Layout, line: usize, count: usize) -> Option<Vec<(String, Box4)>> {
    let mut cells: Vec<(String, Box4)> = Vec::new();
    let mut bottom: Option<f32> = None;
    for at in line..line + count {
        let segments = &layout.segments[layout.lines.get(at)?.clone()];
        let top = segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
        let apart = bottom.is_some_and(|b| top - b > 0.9 * segments[0].height());
        let numbers = segments.iter().any(|s| !s.text.contains(char::is_alphabetic) && s.text != "#");
        if apart || numbers {
            return None;
        }
        bottom = Some(segments.iter().map(|s| s.bbox[3]).fold(bottom.unwrap_or(0.0), f32::max));
        for segment in segments {
            let over = |b: &Box4| segment.bbox[0] < b[2] && segment.bbox[2] > b[0];
            match cells.iter_mut().find(|(_, b)| over(b)) {
                Some((text, b)) => {
                    text.push(' ');
                    text.push_str(&segment.text);
                    *b = union(*b, segment.bbox);
                }
                None => cells.push((segment.text.clone(), segment.bbox)),
            }
        }
    }
    cells.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]));
    (cells.len() >= 2).then_some(cells)
}

/// The column of the item table that a schema's column is, by what it is called.
fn standard(column: &SchemaField) -> Option<Column> {
    let name = column.name.replace(['_', '-', '.'], " ");
    let texts = [name.as_str(), column.title.as_str()].into_iter();
    let said = texts
        .chain(column.aliases.iter().map(String::as_str))
        .find_map(|text| heads::column_of(&super::super::lexicon::plain(text)))?;
    let number = matches!(said, Column::Quantity | Column::UnitPrice | Column::LineTotal | Column::VatRate);
    let fits = if number { column.kind == ValueKind::Amount } else { column.kind == ValueKind::Text };
    (fits && said != Column::Other && column.allowed.is_empty()).then_some(said)
}

/// A line of totals below a table: `Total`, `Closing balance`.
fn sums_up(segments: &[Segment]) -> bool {
    const WORDS: [&str; 14] = [
        "total",
        "totals",
        "subtotal",
        "grand",
        "sum",
        "summe",
        "gesamt",
        "gesamtsumme",
        "zwischensumme",
        "somme",
        "totale",
        "totaal",
        "suma",
        "razem",
    ];
    let first = segments.first().and_then(|s| s.plain.split(' ').next());
    first.is_some_and(|word| WORDS.contains(&word)) && segments.len() <= 4
}
