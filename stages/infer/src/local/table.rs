//! The item table: its columns by their places under a header ([`super::heads`]), its rows by their amounts.
//!
//! Owns which cells make a row. Knows no other field. Rule: pages come one after the other, and rows are given away as
//! they are found, so that a table of a thousand pages needs no more memory than one of ten.

use super::asides::{self, Asides};
use super::heads::{self, Head};
use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::{Concept, Lexicon, plain};
use docmill_document::money;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Name of the item.
    Description,
    /// How many.
    Quantity,
    /// Unit of measure.
    Unit,
    /// Price of one.
    UnitPrice,
    /// What was taken off the row.
    Discount,
    /// Amount of the row.
    LineTotal,
    /// VAT rate in per cent.
    VatRate,
    /// Article number.
    ArticleNo,
    /// Something that is not kept.
    Other,
}

impl Column {
    /// Name of the value in the result.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Description => "description",
            Self::Quantity => "quantity",
            Self::Unit => "unit",
            Self::UnitPrice => "unit_price",
            Self::Discount => "discount",
            Self::LineTotal => "line_total",
            Self::VatRate => "vat_rate",
            Self::ArticleNo => "article_no",
            Self::Other => return None,
        })
    }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Normalised.
    pub value: String,
    /// As it stands on the page.
    pub raw: String,
    /// Its place.
    pub bbox: Box4,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// From 1.
    pub page_no: i32,
    /// Values by column.
    pub cells: BTreeMap<Column, Cell>,
}

/// Reads the item table, page by page.
pub struct Reader<'a> {
    lexicon: &'a Lexicon,
    most: usize,
    head: Option<Head>,
    /// Rows that were not taken yet.
    rows: Vec<Row>,
    /// How many were found.
    count: usize,
    /// Their totals.
    sum: Decimal,
    /// Those since the last sum among them.
    section: Decimal,
    /// What is no item.
    asides: Asides,
    /// Whether any has a quantity or a price.
    measured: bool,
    /// There are more rows than are wanted.
    full: bool,
    ended: bool,
    /// Part of a row whose amounts stand on lines of their own, and its top edge.
    pending: Option<(f32, BTreeMap<Column, Cell>)>,
}

impl<'a> Reader<'a> {
    /// A reader that finds at most `most` rows.
    pub fn new(lexicon: &'a Lexicon, most: usize) -> Self {
        Self {
            lexicon,
            most,
            head: None,
            rows: Vec::new(),
            count: 0,
            sum: Decimal::ZERO,
            section: Decimal::ZERO,
            asides: Asides::default(),
            measured: false,
            full: false,
            ended: false,
            pending: None,
        }
    }

    /// The rows since the last call.
    pub fn take_rows(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.rows)
    }

    /// Whether the table goes on beyond the most rows that are wanted.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The totals of all rows, and the amounts that are no rows; none where there are no rows.
    pub(crate) fn finish(self) -> Option<(Decimal, Asides)> {
        (self.count > 0).then_some((self.sum, self.asides))
    }

    /// Reads the next page.
    pub fn feed(&mut self, layout: &Layout) {
        let mut line = 0;
        // A table that goes on without its header on the next page is read from the top.
        let mut inside = self.head.is_some() && !self.ended;
        let mut last_text: Option<Cell> = None;
        let mut bottom = 0.0_f32;
        while line < layout.lines.len() && !self.full {
            if let Some((head, next)) = heads::find(layout, line)
                && (self.count == 0 || self.head.as_ref().is_some_and(|h| alike(h, &head)))
            {
                self.head = Some(head);
                self.ended = false;
                self.pending = None;
                inside = true;
                last_text = None;
                bottom = layout.segments[layout.lines[next - 1].start].bbox[3];
                line = heads::rest(layout, line, next);
                continue;
            }
            if inside {
                let segments = &layout.segments[layout.lines[line].clone()];
                let top = segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
                let height = segments.first().map_or(10.0, Segment::height);
                let far = bottom > 0.0 && top - bottom > 12.0 * height;
                if far || self.sums_up(segments) || (self.count > 0 && self.heads_other(segments)) {
                    inside = false;
                    self.ended = self.count > 0;
                } else {
                    self.row(layout, line, &mut last_text);
                    bottom = top + height;
                }
            } else {
                let segments = &layout.segments[layout.lines[line].clone()];
                self.asides.outside(segments, layout.page_no, self.count > 0);
            }
            line += 1;
        }
    }

    /// A line that begins the totals.
    fn sums_up(&self, segments: &[Segment]) -> bool {
        let amounts = segments
            .iter()
            .any(|s| money::parse(&s.text).is_some() || s.text.contains(|c: char| c.is_ascii_digit()));
        amounts
            && segments.iter().any(|s| {
                let label = s.text.trim_end_matches(|c: char| !c.is_alphabetic()).trim();
                let words = plain(label.split([':', '(']).next().unwrap_or_default());
                let strengths = self.lexicon.strengths(&words);
                [Concept::Net, Concept::Gross, Concept::Due, Concept::Tax]
                    .iter()
                    .any(|c| strengths[*c as usize] > 0.84)
                    && segments.iter().filter(|o| o.text.contains(char::is_alphabetic)).count() <= 2
            })
    }

    /// The header of another table, such as that of VAT by rate.
    fn heads_other(&self, segments: &[Segment]) -> bool {
        let label = |s: &Segment| {
            let strengths = self.lexicon.strengths(&s.plain);
            let known = [Concept::Net, Concept::Tax, Concept::Gross];
            BREAKDOWN.contains(&s.plain.as_str()) || known.iter().any(|c| strengths[*c as usize] > 0.84)
        };
        segments.iter().all(|s| !s.text.contains(|c: char| c.is_ascii_digit()))
            && segments.iter().map(|s| usize::from(label(s)).max(heads::named(s))).sum::<usize>() >= 3
    }

    /// An amount among the items that is none of them: a sum so far, or what is added to or taken off the whole document.
    /// `cells` have neither a quantity nor a price, which the items before do have.
    fn is_no_item(&self, cells: &BTreeMap<Column, Cell>) -> bool {
        let Some(own) = total(cells).filter(|_| self.measured) else { return false };
        let text = cells.get(&Column::Description).map(|c| plain(&c.value)).unwrap_or_default();
        own == self.sum || text.is_empty() || asides::is_named(&text)
    }

    /// Keeps what is no item, unless it is the sum of what stands above.
    fn set_aside(&mut self, cells: &BTreeMap<Column, Cell>, segments: &[Segment], page_no: i32) {
        let Some(own) = total(cells) else { return };
        if own == self.sum || own == self.section {
            self.section = Decimal::ZERO;
        } else {
            self.asides.among(own, segments, page_no);
        }
    }

    /// A discount on the item right above: `1,00 % | - 0,10` below `10,00`. Whether it was one.
    fn took_off(&mut self, cells: &BTreeMap<Column, Cell>, raw: &str) -> bool {
        let percent =
            raw.split('%').next().and_then(|p| money::parse(p.rsplit(' ').find(|w| !w.is_empty())?));
        let (Some(off), Some(percent), Some(row)) = (total(cells), percent, self.rows.last_mut()) else {
            return false;
        };
        let Some(whole) = total(&row.cells) else { return false };
        let Some(expected) = whole.checked_mul(percent.value).map(|p| (p / Decimal::ONE_HUNDRED).round_dp(2))
        else {
            return false;
        };
        let holds = expected.checked_add(off).is_some_and(|rest| rest.abs() <= Decimal::new(1, 2));
        if !raw.contains('%') || !off.is_sign_negative() || !holds {
            return false;
        }
        (self.sum, self.section) = (self.sum.saturating_add(off), self.section.saturating_add(off));
        let taken = &cells[&Column::LineTotal];
        let discount = Cell { value: (-off).to_string(), ..taken.clone() };
        row.cells.insert(Column::Discount, discount);
        if let Some(cell) = row.cells.get_mut(&Column::LineTotal) {
            cell.value = whole.saturating_add(off).to_string();
            cell.raw = format!("{} {}", cell.raw, taken.raw);
            cell.bbox = union(cell.bbox, taken.bbox);
        }
        true
    }

    fn row(&mut self, layout: &Layout, line: usize, last_text: &mut Option<Cell>) {
        let Some(head) = &self.head else { return };
        let mut cells: BTreeMap<Column, Cell> = BTreeMap::new();
        let segments = &layout.segments[layout.lines[line].clone()];
        let filled = filled(head, segments);
        for segment in segments {
            for (text, bbox) in pieces(head, segment, &filled) {
                let Some(index) = index_at(head, bbox) else { continue };
                let column = head.columns[index].0;
                make_room(head, index, &bbox, &mut cells);
                match cells.get_mut(&column) {
                    Some(cell) => {
                        cell.raw.push(' ');
                        cell.raw.push_str(&text);
                        cell.bbox = union(cell.bbox, bbox);
                    }
                    None => {
                        cells.insert(column, Cell { value: String::new(), raw: text, bbox });
                    }
                }
            }
        }
        for (column, cell) in &mut cells {
            cell.value = match column {
                Column::Quantity | Column::UnitPrice | Column::LineTotal => {
                    number(&cell.raw).unwrap_or_default()
                }
                Column::VatRate => rate(&cell.raw).unwrap_or_default(),
                _ => cell.raw.trim().to_owned(),
            };
        }
        if let Some((quantity, unit)) = cells.get(&Column::Quantity).and_then(|c| {
            let (_, unit) = c.raw.trim().split_once(' ')?;
            unit.chars().any(char::is_alphabetic).then(|| (c.clone(), unit.to_owned()))
        }) {
            let cell = Cell { value: unit.clone(), raw: unit, bbox: quantity.bbox };
            cells.entry(Column::Unit).or_insert(cell);
        }
        cells.retain(|column, cell| !cell.value.is_empty() && *column != Column::Other);
        let line_of = &layout.segments[layout.lines[line].clone()];
        let top = line_of.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
        let height = line_of.first().map_or(10.0, Segment::height);
        if let Some((above, part)) = self.pending.take()
            && top - above < 1.6 * height
            && part.contains_key(&Column::LineTotal) != cells.contains_key(&Column::LineTotal)
            && !(measured(&part) && measured(&cells))
        {
            if part.contains_key(&Column::LineTotal) {
                self.asides.take_back(layout.page_no, above);
            }
            for (column, cell) in part {
                // Of two texts the upper one names the item.
                cells.insert(column, cell);
            }
        }
        let has_total = cells.contains_key(&Column::LineTotal);
        if has_total != measured(&cells) && !(has_total && cells.contains_key(&Column::Description)) {
            self.pending = Some((top, cells.clone()));
        }
        let described =
            cells.get(&Column::Description).filter(|c| c.value.chars().any(char::is_alphabetic)).cloned();
        if !has_total {
            // Of lines that stand together the first one names the item.
            let goes_on = last_text.as_ref().zip(described.as_ref()).is_some_and(|(above, own)| {
                own.bbox[1] - above.bbox[3] < height && own.bbox[1] > above.bbox[1]
            });
            if goes_on {
                if let (Some(above), Some(own)) = (last_text.as_mut(), described) {
                    above.bbox[3] = above.bbox[3].max(own.bbox[3]);
                }
            } else {
                *last_text = described.or(last_text.take());
            }
            return;
        }
        let measured = measured(&cells);
        if !measured {
            let raw: Vec<&str> = line_of.iter().map(|s| s.text.as_str()).collect();
            if self.took_off(&cells, &raw.join(" ")) {
                return;
            }
            let none = self.is_no_item(&cells);
            // An amount alone, such as the carried forward total of a page.
            if none || described.is_none() {
                self.set_aside(&cells, line_of, layout.page_no);
                *last_text = last_text.take().filter(|_| none);
                return;
            }
        }
        if described.is_none() {
            cells.remove(&Column::Description);
            if let Some(text) = last_text.take() {
                cells.insert(Column::Description, text);
            }
        }
        *last_text = None;
        if self.count >= self.most {
            self.full = true;
            return;
        }
        self.count += 1;
        self.measured |= measured;
        let own = total(&cells).unwrap_or_default();
        (self.sum, self.section) = (self.sum.saturating_add(own), self.section.saturating_add(own));
        self.rows.push(Row { page_no: layout.page_no, cells });
    }
}

/// Columns of a VAT breakdown, in [`plain`] form.
const BREAKDOWN: [&str; 14] = [
    "warenwert",
    "basisbetrag",
    "bemessungsgrundlage",
    "steuersatz",
    "steuerbetrag",
    "zu abschlag",
    "taxe",
    "base",
    "montant",
    "taux",
    "taxable amount",
    "kategorie",
    "art kategorie",
    "base tva",
];

/// Amount of a row.
fn total(cells: &BTreeMap<Column, Cell>) -> Option<Decimal> {
    cells.get(&Column::LineTotal)?.value.parse().ok()
}

fn measured(cells: &BTreeMap<Column, Cell>) -> bool {
    cells.contains_key(&Column::Quantity) || cells.contains_key(&Column::UnitPrice)
}

fn alike(a: &Head, b: &Head) -> bool {
    a.columns.len().abs_diff(b.columns.len()) <= 1
        && a.columns.iter().filter(|(c, ..)| b.columns.iter().any(|(d, ..)| c == d)).count() >= 3
}

/// For each column whether a word of a line stands right below its header.
fn filled(head: &Head, segments: &[Segment]) -> Vec<bool> {
    let words: Vec<&Box4> = segments.iter().flat_map(|s| s.words.iter().map(|w| &w.1)).collect();
    head.columns.iter().map(|c| words.iter().any(|w| below(c, w))).collect()
}

fn below((_, x0, x1): &(Column, f32, f32), bbox: &Box4) -> bool {
    bbox[2].min(*x1) > bbox[0].max(*x0)
}

/// Moves the number that stands in a column already to the free column on its left where another number follows far from
/// it: two numbers apart are not one, and the last one is right below the header.
fn make_room(head: &Head, index: usize, next: &Box4, cells: &mut BTreeMap<Column, Cell>) {
    let column = head.columns[index].0;
    let Some((left, ..)) = index.checked_sub(1).and_then(|i| head.columns.get(i)) else { return };
    let numbers = |c: Column| matches!(c, Column::UnitPrice | Column::LineTotal | Column::VatRate);
    let apart = |cell: &Cell| next[0] - cell.bbox[2] > 1.5 * (next[3] - next[1]);
    if numbers(column)
        && numbers(*left)
        && !cells.contains_key(left)
        && cells.get(&column).is_some_and(apart)
        && let Some(cell) = cells.remove(&column)
    {
        cells.insert(*left, cell);
    }
}

/// A segment's words, cut where a column begins in between.
fn pieces(head: &Head, segment: &Segment, filled: &[bool]) -> Vec<(String, Box4)> {
    let mut out: Vec<(String, Box4, Option<usize>)> = Vec::new();
    for (i, (at, bbox)) in segment.words.iter().enumerate() {
        let until = segment.words.get(i + 1).map_or(segment.text.len(), |w| w.0);
        let text = segment.text.get(*at..until).unwrap_or_default().trim().to_owned();
        let mut column = index_at(head, *bbox);
        // A number that ends a long text reaches towards the next column, which has a number of its own: `…, ref. 1003`.
        if let Some((.., before)) = out.last()
            && column_kind(head, *before) == Column::Description
            && column.is_some_and(|i| filled[i] && !below(&head.columns[i], bbox))
        {
            column = *before;
        }
        let numeric = |s: &str| s.chars().any(|c| c.is_ascii_digit()) && !s.chars().any(char::is_alphabetic);
        match out.last_mut() {
            Some((before, place, c))
                if *c == column
                    || (!numeric(&text)
                        && !numeric(before)
                        && column_kind(head, *c) == Column::Description) =>
            {
                before.push(' ');
                before.push_str(&text);
                *place = union(*place, *bbox);
            }
            _ => out.push((text, *bbox, column)),
        }
    }
    out.into_iter().map(|(text, bbox, _)| (text, bbox)).collect()
}

fn column_kind(head: &Head, index: Option<usize>) -> Column {
    index.and_then(|i| head.columns.get(i)).map_or(Column::Other, |c| c.0)
}

/// The column whose header a place overlaps most, or is nearest to.
fn index_at(head: &Head, bbox: Box4) -> Option<usize> {
    let distance = |(_, x0, x1): &(Column, f32, f32)| {
        let overlap = bbox[2].min(*x1) - bbox[0].max(*x0);
        // A text column spreads to the right of its header; a number column to the left of it.
        if overlap > 0.0 { -overlap } else { (bbox[0] - x1).max(x0 - bbox[2]) }
    };
    (0..head.columns.len()).min_by(|a, b| distance(&head.columns[*a]).total_cmp(&distance(&head.columns[*b])))
}

fn number(raw: &str) -> Option<String> {
    let raw = raw.trim();
    if raw.contains('%') {
        return None;
    }
    let whole = money::parse(raw).or_else(|| money::parse(raw.split(' ').next().unwrap_or_default()));
    let lead = || {
        let end = raw.find(|c: char| c.is_alphabetic())?;
        money::parse(raw.get(..end)?)
    };
    let last = || money::parse(raw.rsplit(' ').next()?).filter(|_| raw.starts_with('('));
    whole.or_else(lead).or_else(last).map(|a| a.value.to_string())
}

fn rate(raw: &str) -> Option<String> {
    let core = raw.split('%').next()?.trim();
    let value = money::parse(core.rsplit(' ').next()?)?.value;
    (value >= Decimal::ZERO && value <= Decimal::from(60)).then(|| value.normalize().to_string())
}
