//! What a layout consists of.

use crate::geometry::Rect;
use serde::{Serialize, Serializer};

/// One page.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PageLayout {
    /// From 1.
    pub page: i32,
    /// Points.
    pub width: f32,
    /// Points.
    pub height: f32,
    /// Blocks in reading order.
    pub blocks: Vec<Block>,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A heading; see [`Block::level`].
    Heading,
    /// Running text.
    Paragraph,
    /// One item of a list.
    ListItem,
    /// Rows and cells; see [`Block::table`].
    Table,
    /// At the top of the page, and the same on its neighbours but for numbers.
    Header,
    /// At the foot of the page, likewise, or a page number.
    Footer,
    /// Text that runs up or down: a stamp, a note at the margin.
    Turned,
}

/// Something that belongs together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// Of a heading: 1 for the largest, to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// x0, y0, x1, y1 in points of the upright page, origin at the top left.
    #[serde(rename = "box", serialize_with = "rounded")]
    pub bbox: Rect,
    /// Its lines in order; empty for a table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
}

/// Words beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// As in [`Block::bbox`].
    #[serde(rename = "box", serialize_with = "rounded")]
    pub bbox: Rect,
    /// Its words, separated by one space.
    pub text: String,
    /// Places of its words in the page's list of words, from 0.
    pub words: Vec<u32>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// Whether drawn lines say where its rows are.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ruled: bool,
    /// From where to where each column reaches, points.
    #[serde(serialize_with = "all_rounded")]
    pub columns: Vec<[f32; 2]>,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Whether it names the columns.
    pub header: bool,
    /// As in [`Block::bbox`].
    #[serde(rename = "box", serialize_with = "rounded")]
    pub bbox: Rect,
    /// Cells that hold something, from left to right.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Its first column, from 0.
    pub column: u32,
    /// How many columns it covers.
    pub span: u32,
    /// How many rows it covers, its own and those below.
    #[serde(skip_serializing_if = "is_one")]
    pub rows: u32,
    /// As in [`Block::bbox`].
    #[serde(rename = "box", serialize_with = "rounded")]
    pub bbox: Rect,
    /// Its lines in order.
    pub lines: Vec<Line>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(n: &u32) -> bool {
    *n == 1
}

/// A hundredth of a point is far below what any engine can tell.
fn hundredths(v: f32) -> f32 {
    (v * 100.0).round() / 100.0
}

fn rounded<S: Serializer>(r: &Rect, serializer: S) -> Result<S::Ok, S::Error> {
    r.map(hundredths).serialize(serializer)
}

#[allow(clippy::ptr_arg, reason = "serde hands over what the field is")]
fn all_rounded<S: Serializer>(columns: &Vec<[f32; 2]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(columns.iter().map(|c| c.map(hundredths)))
}

impl PageLayout {
    /// Every line of the page, tables included, in reading order.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.blocks.iter().flat_map(Block::all_lines)
    }
}

impl Block {
    /// Every line of the block, a table's by its cells.
    pub fn all_lines(&self) -> impl Iterator<Item = &Line> {
        let rows = self.table.iter().flat_map(|t| &t.rows);
        self.lines.iter().chain(rows.flat_map(|r| &r.cells).flat_map(|c| &c.lines))
    }

    /// Its lines, joined by spaces.
    pub fn text(&self) -> String {
        self.all_lines().map(|l| l.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn of_table(table: Table) -> Self {
        let bbox = crate::geometry::bounds(table.rows.iter().map(|r| r.bbox));
        Self { kind: Kind::Table, level: None, bbox, lines: Vec::new(), table: Some(table) }
    }

    pub(crate) fn of_lines(kind: Kind, lines: Vec<Line>) -> Self {
        let bbox = crate::geometry::bounds(lines.iter().map(|l| l.bbox));
        Self { kind, level: None, bbox, lines, table: None }
    }
}

impl Cell {
    /// Its lines, joined by spaces.
    pub fn text(&self) -> String {
        self.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}
