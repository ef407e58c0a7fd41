//! What the rows of the item table come to.
//!
//! Owns what is kept of rows. Rule: rows pass one by one and only this is kept of them, so that a table of a thousand pages
//! takes no more memory than one of ten.

use crate::rules::{MOST_PER_RULE, decimals, rows};
use crate::subject::amount;
use docmill_contracts::{Fields, Problem};
use rust_decimal::Decimal;

/// What was found in the rows so far.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    /// How many there are.
    pub(crate) count: usize,
    /// How many have an amount.
    pub(crate) with_total: usize,
    /// The sum of their amounts; none where it cannot be held.
    pub(crate) sum: Option<Decimal>,
    /// Values that should be numbers and are none.
    pub(crate) not_numbers: Vec<Problem>,
    /// Amounts with too many decimals.
    pub(crate) too_fine: Vec<Problem>,
    /// Rows that do not add up in themselves.
    pub(crate) wrong: Vec<Problem>,
    currency: String,
}

impl Lines {
    /// No rows yet, of a document with these fields.
    pub(crate) fn new(fields: &Fields) -> Self {
        Self {
            count: 0,
            with_total: 0,
            sum: Some(Decimal::ZERO),
            not_numbers: Vec::new(),
            too_fine: Vec::new(),
            wrong: Vec::new(),
            currency: fields.get("currency").map_or_else(String::new, |field| field.value.clone()),
        }
    }

    /// The next row.
    pub(crate) fn add(&mut self, row: &Fields) {
        self.count += 1;
        if let Some(total) = amount(row, "line_total") {
            self.with_total += 1;
            self.sum = self.sum.and_then(|sum| sum.checked_add(total));
        }
        let number = self.count;
        keep(&mut self.not_numbers, || decimals::row_numbers(row, number));
        keep(&mut self.too_fine, || decimals::row_decimals(row, number, &self.currency));
        keep(&mut self.wrong, || rows::check(row, number));
    }
}

/// What is not reported is not looked for.
fn keep(kept: &mut Vec<Problem>, find: impl FnOnce() -> Vec<Problem>) {
    if kept.len() < MOST_PER_RULE {
        kept.extend(find());
        kept.truncate(MOST_PER_RULE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::Sample;

    #[test]
    fn a_million_rows_leave_a_sum_and_a_few_problems() {
        let sample = Sample::new("invoice")
            .line(&[("line_total", "0.10")])
            .line(&[("quantity", "2"), ("unit_price", "1"), ("line_total", "3.001")])
            .line(&[("quantity", "two")]);
        let mut lines = Lines::new(&sample.0.fields);
        for _ in 0..1000 {
            sample.0.line_items.iter().for_each(|row| lines.add(row));
        }
        assert_eq!((lines.count, lines.with_total), (3000, 2000));
        assert_eq!(lines.sum.unwrap().to_string(), "3101.000");
        for kept in [&lines.not_numbers, &lines.too_fine, &lines.wrong] {
            assert_eq!(kept.len(), MOST_PER_RULE);
        }
        assert!(lines.wrong[1].message.starts_with("line 5: "), "{}", lines.wrong[1].message);
    }

    #[test]
    fn a_sum_that_cannot_be_held_is_none() {
        let most = Sample::new("invoice").line(&[("line_total", "79228162514264337593543950335")]);
        let mut lines = Lines::new(&most.0.fields);
        lines.add(&most.0.line_items[0]);
        assert!(lines.sum.is_some());
        lines.add(&most.0.line_items[0]);
        lines.add(&most.0.line_items[0]);
        assert_eq!((lines.sum, lines.count), (None, 3));
    }
}
