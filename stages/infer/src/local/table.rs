//! The item table: its columns by their places under a header ([`super::heads`]) or by the arithmetic of its rows
//! ([`super::unheaded`]), its rows by their amounts.
//!
//! Owns which cells make a row. Knows no other field. Rule: pages come one after the other, and rows are given away as
//! they are found, so that a table of a thousand pages needs no more memory than one of ten.

use super::asides::{self, Asides};
use super::decks::Folded;
use super::heads::{self, Head};
use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::{Concept, Lexicon, plain};
use super::straight::{Straight, on_page};
use super::wrap::{Room, Text};
use super::{cells, guess, positions, unheaded};
use docmill_document::money;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

mod parts;

pub use parts::{Cell, Column, Row};

/// Texts of a page that may belong to a row.
#[derive(Default)]
struct Flow {
    /// Above the next row.
    above: Option<Text>,
    /// That of the last row.
    own: Option<Text>,
    /// The last row, where it has none.
    bare: Option<Box4>,
    room: Room,
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
    /// The last amount was the sum of all items: what follows without a quantity is none.
    summed: bool,
    /// What is no item.
    asides: Asides,
    /// Whether any has a quantity or a price.
    measured: bool,
    /// There are more rows than are wanted.
    full: bool,
    ended: bool,
    /// Part of a row whose amounts stand on lines of their own, and its top edge.
    pending: Option<(f32, BTreeMap<Column, Cell>)>,
    /// A table without amounts will do.
    unpriced: bool,
}

impl Flow {
    fn of(head: &Head, layout: &Layout, from: usize) -> Self {
        Self { room: Room::of(head, layout, from), ..Self::default() }
    }
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
            summed: false,
            asides: Asides::default(),
            measured: false,
            full: false,
            ended: false,
            pending: None,
            unpriced: false,
        }
    }

    /// The same for a type of document: of goods that are ordered or delivered, quantities may be all that is told.
    #[must_use]
    pub fn of_kind(self, kind: &str) -> Self {
        Self { unpriced: matches!(kind, "delivery_note" | "order" | "order_response"), ..self }
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
        let (before, count) = (self.rows.len(), self.count);
        let straight = Straight::of(layout);
        let level = straight.as_ref().map_or(layout, |s| &s.layout);
        let folded = Folded::of(level);
        self.feed_level(folded.as_ref().map_or(level, |f| &f.layout));
        if straight.is_some() || folded.is_some() || layout.slope != 0.0 {
            let place = |bbox: Box4| {
                let level = folded.as_ref().map_or(bbox, |f| f.place(bbox));
                on_page(layout.slope, straight.as_ref().map_or(level, |s| s.place(level)))
            };
            for cell in self.rows[before..].iter_mut().flat_map(|r| r.cells.values_mut()) {
                cell.bbox = place(cell.bbox);
            }
            self.asides.put_back(layout.page_no, &place);
        }
        positions::strip(&mut self.rows[before..], count);
        positions::counted(&mut self.rows[before..]);
    }

    /// The headers of a page, each with the line after it. Where none is known, what stands in the rows makes one.
    fn heads(&self, layout: &Layout) -> Vec<Option<(Head, usize)>> {
        let lines = 0..layout.lines.len();
        let mut heads: Vec<_> = lines.clone().map(|line| heads::find(layout, line)).collect();
        // A line of text right above a header may seem to be its first one.
        for line in 1..heads.len() {
            let rank = |found: &Option<(Head, usize)>| found.as_ref().map(|f| f.0.rank());
            if heads[line - 1].is_some() && rank(&heads[line]) > rank(&heads[line - 1]) {
                heads[line - 1] = None;
            }
        }
        if self.head.is_none() && heads.iter().all(Option::is_none) {
            let unheaded = || unheaded::find(layout, self.lexicon).map(|(h, first)| (first, (h, first)));
            let bare = || if self.unpriced { heads::find_unpriced(layout) } else { None };
            if let Some((line, found)) = heads::best_by_rows(layout).or_else(unheaded).or_else(bare) {
                heads[line] = Some(found);
            }
        }
        heads
    }

    fn feed_level(&mut self, layout: &Layout) {
        let mut heads = self.heads(layout);
        let mut line = 0;
        // A table that goes on without its header on the next page is read from the top.
        let mut inside = self.head.is_some() && !self.ended;
        let mut flow = self.head.as_ref().map_or_else(Flow::default, |head| Flow::of(head, layout, 0));
        let mut bottom = 0.0_f32;
        while line < layout.lines.len() && !self.full {
            if let Some((head, next)) = heads[line].take()
                && (self.count == 0
                    || self.head.as_ref().is_some_and(|h| h.gives_way(&head) || alike(h, &head)))
            {
                flow = Flow::of(&head, layout, next);
                self.head = Some(head);
                self.ended = false;
                self.pending = None;
                inside = true;
                bottom = layout.segments[layout.lines[next.max(line + 1) - 1].start].bbox[3];
                line = if next > line { heads::rest(layout, line, next) } else { line };
                continue;
            }
            if inside {
                let segments = &layout.segments[layout.lines[line].clone()];
                let top = segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
                let height = segments.first().map_or(10.0, Segment::height);
                let far = bottom > 0.0 && top - bottom > 12.0 * height;
                let ends = self.head.as_ref().is_some_and(|h| h.end == Some(line));
                let sums_up = ends || self.sums_up(segments);
                if sums_up && !far && self.goes_on(layout, line + 1) {
                    // The sum of a part of the table.
                    self.section = Decimal::ZERO;
                    flow = self.head.as_ref().map_or_else(Flow::default, |head| Flow::of(head, layout, line));
                    bottom = top + height;
                } else if far || sums_up || (self.count > 0 && heads::is_other(segments, self.lexicon)) {
                    inside = false;
                    self.ended = self.count > 0;
                } else {
                    self.row(layout, line, &mut flow);
                    inside = !self.ended;
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

    /// Whether a row stands among the next lines whose quantity times price is its total.
    fn goes_on(&self, layout: &Layout, from: usize) -> bool {
        /// A sum, the name of the next part, and a description of two lines may stand before it.
        const LOOK: usize = 5;
        let Some(head) = self.head.as_ref().filter(|_| self.measured && self.count > 0) else { return false };
        layout.lines.iter().skip(from).take(LOOK).any(|line| {
            let cells = cells::of_line(head, &layout.segments[line.clone()]);
            let number = |c: Column| cells.get(&c).and_then(|cell| cell.value.parse::<Decimal>().ok());
            let product =
                number(Column::Quantity).zip(number(Column::UnitPrice)).and_then(|(a, b)| a.checked_mul(b));
            product
                .zip(number(Column::LineTotal))
                .is_some_and(|(a, b)| !b.is_zero() && guess::equal(a.round_dp(2), b))
        })
    }

    /// An amount among the items that is none of them: a sum so far, or what is added to or taken off the whole document.
    /// `cells` have neither a quantity nor a price, which the items before do have.
    fn is_no_item(&self, cells: &BTreeMap<Column, Cell>) -> bool {
        let Some(own) = total(cells) else { return false };
        let text = text_of(cells);
        if asides::is_carried(&text) {
            return true;
        }
        let is_sum = own == self.sum && self.count > 0;
        if self.measured {
            is_sum || text.is_empty() || asides::is_named(&text)
        } else {
            is_sum && asides::is_sum(&text)
        }
    }

    /// Keeps what is no item, unless it is the sum of what stands above.
    fn set_aside(&mut self, cells: &BTreeMap<Column, Cell>, segments: &[Segment], page_no: i32) {
        let Some(own) = total(cells) else { return };
        if own == self.sum || own == self.section {
            let text = text_of(cells);
            self.summed = own == self.sum && asides::is_sum(&text) && !asides::goes_on(&text);
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

    /// Takes quantity and price out of a text that has nothing else, of this row or of the last one, to which the whole
    /// line belongs then: true.
    fn multiplied(&mut self, cells: &mut BTreeMap<Column, Cell>) -> bool {
        let Some(text) = cells.get(&Column::Description).cloned().filter(|_| !measured(cells)) else {
            return false;
        };
        let own = total(cells);
        let row = if own.is_some() { Some(&mut *cells) } else { self.rows.last_mut().map(|r| &mut r.cells) };
        let Some(row) = row.filter(|r| !measured(r)) else { return false };
        let Some(factors) = total(row).and_then(|t| cells::factors(&text.value, t)) else { return false };
        for (column, value) in [Column::Quantity, Column::UnitPrice].into_iter().zip(factors) {
            row.insert(column, Cell { value, ..text.clone() });
        }
        if own.is_some() {
            cells.remove(&Column::Description);
        }
        own.is_none()
    }

    fn row(&mut self, layout: &Layout, line: usize, flow: &mut Flow) {
        let Some(head) = &self.head else { return };
        let line_of = &layout.segments[layout.lines[line].clone()];
        let mut cells = cells::of_line(head, line_of);
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
        let has_total = cells.contains_key(&head.makes_row());
        if self.multiplied(&mut cells) {
            return;
        }
        if has_total != measured(&cells) && !(has_total && cells.contains_key(&Column::Description)) {
            self.pending = Some((top, cells.clone()));
        }
        let described =
            cells.get(&Column::Description).filter(|c| c.value.chars().any(char::is_alphabetic)).cloned();
        if !has_total {
            let alone = |c: &&Cell| cells.len() == 1 && !positions::is_group(&c.value);
            let below = cells.get(&Column::Description).filter(alone);
            if let Some(below) = below
                && let Some(text) = flow.own.as_mut().filter(|t| t.meets(below))
                && text.take(below, &flow.room)
                && let Some(cell) = self.rows.last_mut().and_then(|r| r.cells.get_mut(&Column::Description))
            {
                *cell = text.cell.clone();
                return;
            }
            flow.own = None;
            let Some(below) = described.filter(|c| !positions::is_group(&c.value)) else { return };
            // Where numbers come first, the text below them is theirs.
            if let Some(place) = flow.bare.take()
                && cells.len() == 1
                && below.bbox[1] - place[3] < height
                && let Some(row) = self.rows.last_mut()
            {
                flow.own = Some(Text::of(&below));
                row.cells.insert(Column::Description, below);
                return;
            }
            // Of lines that stand together the first one names the item.
            match flow.above.as_mut().filter(|above| above.meets(&below)) {
                Some(above) => _ = above.take(&below, &flow.room),
                None => flow.above = Some(Text::of(&below)),
            }
            return;
        }
        let measured = measured(&cells);
        let own_text = described.as_ref().map(|c| plain(&c.value)).unwrap_or_default();
        // Slips sum up what was bought, too: `Total qty 3 | 270.30`.
        if asides::is_count(&own_text) {
            return;
        }
        if measured
            && !cells.contains_key(&Column::UnitPrice)
            && self.count > 0
            && total(&cells) == Some(self.sum)
            && asides::is_sum(&own_text)
        {
            self.set_aside(&cells, line_of, layout.page_no);
            return;
        }
        if !measured {
            let raw: Vec<&str> = line_of.iter().map(|s| s.text.as_str()).collect();
            if self.took_off(&cells, &raw.join(" ")) {
                return;
            }
            if self.summed {
                self.ended = true;
                self.asides.outside(line_of, layout.page_no, true);
                return;
            }
            let none = self.is_no_item(&cells);
            // An amount alone, such as the carried forward total of a page.
            if none || described.is_none() {
                self.set_aside(&cells, line_of, layout.page_no);
                flow.above = flow.above.take().filter(|_| none);
                return;
            }
        }
        let above = flow.above.take();
        (flow.own, flow.bare) = (None, None);
        match (described, above) {
            (None, above) => {
                cells.remove(&Column::Description);
                flow.bare = Some(line_of.iter().map(|s| s.bbox).fold(line_of[0].bbox, union))
                    .filter(|_| above.is_none());
                cells.extend(above.map(|text| (Column::Description, text.cell)));
            }
            (Some(own), above) => {
                let mut text = Text::of(&own);
                if let Some(mut above) = above.filter(|a| a.meets(&own))
                    && above.take(&own, &flow.room)
                {
                    text = above;
                }
                cells.insert(Column::Description, text.cell.clone());
                flow.own = Some(text);
            }
        }
        if self.count >= self.most {
            self.full = true;
            return;
        }
        self.count += 1;
        self.measured |= measured;
        self.summed = false;
        let own = total(&cells).unwrap_or_default();
        (self.sum, self.section) = (self.sum.saturating_add(own), self.section.saturating_add(own));
        self.rows.push(Row { page_no: layout.page_no, cells });
    }
}

/// Amount of a row.
fn total(cells: &BTreeMap<Column, Cell>) -> Option<Decimal> {
    cells.get(&Column::LineTotal)?.value.parse().ok()
}

/// What names a row, in plain form.
fn text_of(cells: &BTreeMap<Column, Cell>) -> String {
    cells.get(&Column::Description).map(|c| plain(&c.value)).unwrap_or_default()
}

fn measured(cells: &BTreeMap<Column, Cell>) -> bool {
    cells.contains_key(&Column::Quantity) || cells.contains_key(&Column::UnitPrice)
}

fn alike(a: &Head, b: &Head) -> bool {
    a.columns.len().abs_diff(b.columns.len()) <= 1
        && a.columns.iter().filter(|(c, ..)| b.columns.iter().any(|(d, ..)| c == d)).count() >= 3
}
