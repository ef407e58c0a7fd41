//! Rows of the item table on their way from its reader to the result, and what is no row.
//!
//! Owns what becomes of the minus in credit notes. Rule: rows pass one by one, however many there are.

use super::asides::Sums;
use super::{answer, table};
use crate::error::InferError;
use crate::rows::{LongTable, RowWriter, Rows};
use docmill_contracts::{Fields, Problem};
use rust_decimal::Decimal;

/// Rows that were found.
pub(super) struct Found {
    plain: Rows,
    /// Those of a credit note with the other sign: where their amounts come to less than nothing, the minus says once more
    /// what a credit note is. Until the last row nobody knows which ones count, so both are made.
    credited: Option<Rows>,
    sum: Decimal,
}

impl Found {
    pub(super) fn new(kind: &str) -> Self {
        let credited = (kind == "credit_note").then(Rows::default);
        Self { plain: Rows::default(), credited, sum: Decimal::ZERO }
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
                let total = row.get("line_total").and_then(|f| f.value.parse::<Decimal>().ok());
                self.sum = self.sum.saturating_add(total.unwrap_or_default());
                rows.push(answer::credited(&row), writer)?;
            }
            self.plain.push(row, writer)?;
        }
        Ok(())
    }

    /// The rows that are kept, and the file of all where these are not all.
    pub(super) fn finish(self) -> Result<(Vec<Fields>, Option<LongTable>), InferError> {
        let turned = self.credited.filter(|_| self.sum.is_sign_negative() && !self.sum.is_zero());
        turned.unwrap_or(self.plain).finish()
    }
}

/// Puts allowances and charges beside the other totals; what is in none of them is told.
pub(super) fn settle(table: table::Reader<'_>, fields: &mut Fields) -> Vec<Problem> {
    let Some((lines, asides)) = table.finish() else { return Vec::new() };
    let of = |name: &str| fields.get(name).and_then(|f| f.value.parse::<Decimal>().ok());
    let (net, tax, gross) = (of("net_total"), of("tax_total"), of("grand_total"));
    // A credit note may have a minus before every line and none before its totals.
    let credited = lines.is_sign_negative() && gross.or(net).is_some_and(|t| t.is_sign_positive());
    let lines = if credited { -lines } else { lines };
    let (summed, problems) = asides.settle(&Sums { lines, net, tax, gross });
    for sum in summed {
        fields.insert(sum.name().to_owned(), answer::summed(sum));
    }
    problems
}
