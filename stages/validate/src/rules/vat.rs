//! The VAT breakdown: BR-CO-14 and BR-CO-17 of EN 16931.
//!
//! Tolerance of BR-CO-17: VAT computed line by line differs by cents. Up to 0.02, or 0.01 for every line, nothing is
//! said; below 1.00, which the published rule allows, it is a warning; from 1.00 on an error.

use crate::Config;
use crate::subject::{Subject, amount, differ, is_xml, sum};
use docmill_contracts::{Fields, Problem, Severity};
use rust_decimal::{Decimal, RoundingStrategy::MidpointAwayFromZero};

pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    let rows = &subject.document.vat_breakdown;
    let mut problems: Vec<Problem> = rows.iter().filter_map(|row| row_amount(subject, row)).collect();
    problems.extend(rows_to_total(subject, rows));
    problems
}

/// BR-CO-17: VAT of a category = taxable amount × rate, rounded to cents.
fn row_amount(subject: Subject, row: &Fields) -> Option<Problem> {
    let (taxable, tax) = (amount(row, "taxable_amount")?, amount(row, "tax_amount")?);
    let rate = amount(row, "vat_rate")?;
    let want = taxable.checked_mul(rate)?.checked_div(Decimal::ONE_HUNDRED)?;
    let want = want.round_dp_with_strategy(2, MidpointAwayFromZero);
    let lines = i64::try_from(subject.lines.count.clamp(2, 100)).unwrap_or(100);
    if !differ(want, tax, Decimal::new(lines, 2)) {
        return None;
    }
    let severity = if differ(want, tax, Decimal::new(99, 2)) { Severity::Error } else { Severity::Warning };
    let message = format!("{rate} % of {taxable} is {want}, the VAT breakdown has {tax}");
    Some(subject.problem("BR-CO-17", severity, message, &["vat_breakdown"]))
}

/// BR-CO-14: the VAT amounts of the categories add up to the VAT total.
fn rows_to_total(subject: Subject, rows: &[Fields]) -> Option<Problem> {
    let total = subject.amount("tax_total")?;
    let amounts: Vec<Decimal> = rows.iter().filter_map(|row| amount(row, "tax_amount")).collect();
    if amounts.is_empty() || amounts.len() < rows.len() {
        return None;
    }
    let added = sum(amounts)?;
    let exact = rows.iter().flatten().all(|(_, field)| is_xml(field));
    let tolerance = if exact { Decimal::ZERO } else { Decimal::new(2, 2) };
    differ(added, total, tolerance).then(|| {
        let message = format!("the VAT breakdown adds up to {added}, tax_total is {total}");
        subject.problem("BR-CO-14", Severity::Error, message, &["tax_total", "vat_breakdown"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Sample, codes};
    use Severity::{Error, Warning};

    #[test]
    fn vat_is_computed_and_added_up() {
        for (taxable, rate, tax, total, want) in [
            ("573", "19", "108.87", "108.87", &[][..]),
            ("573", "19", "108.88", "108.88", &[]),
            ("573", "19", "109.50", "109.50", &[("BR-CO-17", Warning)]),
            ("573", "19", "109.87", "109.87", &[("BR-CO-17", Error)]),
            ("573", "19", "108.87", "108.90", &[("BR-CO-14", Error)]),
            ("-573", "19", "-108.87", "-108.87", &[]),
            ("100.05", "10", "10.01", "10.01", &[]),
        ] {
            let row = [("taxable_amount", taxable), ("vat_rate", rate), ("tax_amount", tax)];
            let sample = Sample::new("invoice").fields(&[("tax_total", total)]).vat(&row);
            assert_eq!(codes(&check(sample.subject(), &Config::default())), want, "{row:?}");
        }
    }
}
