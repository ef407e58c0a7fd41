//! Columns, cells and rows of the item table.
//!
//! Owns their names in the result. Knows no page.

use crate::local::layout::Box4;
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
