//! Descriptions that go on in the next line.
//!
//! Owns where a text was broken because its column is full. Knows no word. Rule: a line goes on below only where its first
//! word had no room above; what could have stood on the line above says something else of the item.

use super::asides;
use super::cells;
use super::heads::Head;
use super::layout::{Box4, Layout};
use super::lexicon::plain;
use super::table::{Cell, Column};

/// Most lines below a header that are measured.
const MOST_LINES: usize = 200;
/// Line heights between the text and the column on its right.
const MARGIN: f32 = 5.0;
/// Line heights between the lines of one text.
const GAP: f32 = 0.8;

/// A text that may go on.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) cell: Cell,
    /// Place of its last line.
    last: Box4,
    /// Something else stands below it.
    closed: bool,
}

impl Text {
    pub(crate) fn of(cell: &Cell) -> Self {
        Self { cell: cell.clone(), last: cell.bbox, closed: false }
    }

    /// Whether a text stands right below.
    pub(crate) fn meets(&self, below: &Cell) -> bool {
        let height = below.bbox[3] - below.bbox[1];
        below.bbox[1] - self.last[3] < height && below.bbox[1] > self.last[1]
    }

    /// Takes what stands below it: as its next line where it is one. Whether it was.
    pub(crate) fn take(&mut self, below: &Cell, room: &Room) -> bool {
        // What begins with a word for a sum stands below the table.
        let first = below.raw.trim().split(' ').next().map(plain).unwrap_or_default();
        let goes_on = !self.closed && !asides::is_sum(&first) && room.goes_on(self.last, below);
        self.closed = !goes_on;
        self.last = [below.bbox[0], below.bbox[1], below.bbox[2], below.bbox[3].max(self.last[3])];
        if goes_on {
            self.cell = joined(&self.cell, below);
        }
        goes_on
    }
}

/// Two lines of one text.
fn joined(above: &Cell, below: &Cell) -> Cell {
    let join = |a: &str, b: &str| format!("{} {}", a.trim_end(), b.trim_start());
    Cell {
        value: join(&above.value, &below.value),
        raw: join(&above.raw, &below.raw),
        bbox: super::layout::union(above.bbox, below.bbox),
    }
}

/// How far the texts of a table reach to the right.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room {
    widest: f32,
    /// Where the next column begins.
    next: f32,
}

impl Room {
    /// The room of descriptions in the rows from a line on.
    pub(crate) fn of(head: &Head, layout: &Layout, from: usize) -> Self {
        let at = |column| head.columns.iter().position(|c| c.0 == column);
        let mut room = Self { widest: 0.0, next: layout.width };
        let (Some(own), Some(total)) = (at(Column::Description), at(Column::LineTotal)) else { return room };
        let mut between = 0.0_f32;
        let measures: Vec<usize> =
            [Column::Quantity, Column::UnitPrice].into_iter().filter_map(at).take(1).collect();
        for line in layout.lines.iter().skip(from).take(MOST_LINES) {
            let segments = &layout.segments[line.clone()];
            let pieces: Vec<_> = segments.iter().flat_map(|s| cells::pieces(head, s)).collect();
            // A row, and not a sum or what else stands below the table.
            let is_row = pieces.iter().any(|p| p.2 == own && p.0.contains(char::is_alphabetic))
                && pieces.iter().any(|p| p.2 == total && cells::number(&p.0).is_some())
                && measures.iter().all(|m| pieces.iter().any(|p| p.2 == *m && cells::number(&p.0).is_some()));
            if !is_row {
                // Lines between rows are as wide as the texts of these.
                let text = pieces.first().filter(|p| p.2 == own && pieces.len() == 1 && room.widest > 0.0);
                between = text.map_or(between, |p| between.max(p.1[2]));
                continue;
            }
            room.widest = room.widest.max(between);
            for (_, bbox, index) in pieces {
                if index == own {
                    room.widest = room.widest.max(bbox[2]);
                } else if index > own {
                    room.next = room.next.min(bbox[0]);
                }
            }
        }
        room
    }

    fn goes_on(&self, above: Box4, below: &Cell) -> bool {
        let height = (above[3] - above[1]).min(below.bbox[3] - below.bbox[1]).max(1.0);
        let near = below.bbox[1] - above[3] < GAP * height && (below.bbox[0] - above[0]).abs() < 2.0 * height;
        let raw = below.raw.trim();
        let first = raw.split(' ').next().unwrap_or_default().chars().count() as f32;
        let width = (below.bbox[2] - below.bbox[0]) * first / raw.chars().count().max(1) as f32;
        let end = above[2] + 0.3 * height + width;
        near && end > self.widest && end > self.next - MARGIN * height
    }
}
