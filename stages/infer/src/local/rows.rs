//! Rows of the item table on their way from its reader to the result.
//!
//! Owns what becomes of the minus in credit notes. Rule: rows pass one by one, however many there are.

use super::{answer, table};
use crate::error::InferError;
use crate::rows::{LongTable, RowWriter, Rows};
use docmill_contracts::Fields;

/// Rows that were found.
pub(super) struct Found {
    plain: Rows,
    /// Those of a credit note without their minus: where all rows have one, it says the same once more. None as soon as
    /// a row has none; until the last row nobody knows which ones count, so both are made.
    credited: Option<Rows>,
}

impl Found {
    pub(super) fn new(kind: &str) -> Self {
        Self { plain: Rows::default(), credited: (kind == "credit_note").then(Rows::default) }
    }

    /// Takes what the table has found; `writer` as for [`Rows::push`].
    pub(super) fn take(
        &mut self,
        table: &mut table::Reader<'_>,
        writer: &dyn Fn() -> Option<RowWriter>,
    ) -> Result<(), InferError> {
        for row in table.take_rows() {
            let row = answer::line_item(row);
            if let Some(rows) = &mut self.credited {
                match answer::credited(&row) {
                    Some(row) => rows.push(row, writer)?,
                    None => self.credited = None,
                }
            }
            self.plain.push(row, writer)?;
        }
        Ok(())
    }

    /// The rows that are kept, and the file of all where these are not all.
    pub(super) fn finish(self) -> Result<(Vec<Fields>, Option<LongTable>), InferError> {
        self.credited.unwrap_or(self.plain).finish()
    }
}
