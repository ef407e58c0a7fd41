//! Rows of the item table: quantity × price − discount = line total (PEPPOL-EN16931-R120), and no negative prices (BR-27).
//!
//! Tolerance: 0.01, and half of the last printed digit of the price times the quantity, because a printed price is
//! itself rounded (in an e-invoice it is exact). Where no discount was read and the line costs less than the product, it is a warning.

use crate::subject::{amount, differ, is_xml, sum};
use docmill_contracts::{Fields, Problem, Severity};
use rust_decimal::Decimal;

/// What is wrong with the row of that number, from 1.
pub(crate) fn check(row: &Fields, number: usize) -> Vec<Problem> {
    [arithmetic(row, number), negative_price(row, number)].into_iter().flatten().collect()
}

fn arithmetic(row: &Fields, number: usize) -> Option<Problem> {
    let (quantity, price) = (amount(row, "quantity")?, amount(row, "unit_price")?);
    let total = amount(row, "line_total")?;
    // The price may be for more than one unit (BT-149).
    let basis = amount(row, "price_basis").filter(|basis| !basis.is_zero()).unwrap_or(Decimal::ONE);
    let product = quantity.checked_mul(price)?.checked_div(basis)?;
    let discount = amount(row, "discount").or_else(|| amount(row, "allowance"));
    let charge = amount(row, "charge");
    let want = sum([product, -discount.unwrap_or_default(), charge.unwrap_or_default()])?;
    let half_digit = if row.get("unit_price").is_some_and(is_xml) {
        Decimal::ZERO
    } else {
        Decimal::new(5, price.scale().clamp(2, 20) + 1)
    };
    let tolerance = Decimal::new(1, 2) + half_digit.checked_mul(quantity.abs())?.checked_div(basis.abs())?;
    if !differ(want, total, tolerance) {
        return None;
    }
    let unread = discount.is_none() && charge.is_none();
    let explained = unread && (total.abs() < want.abs() || row.get("line_total").is_some_and(is_xml));
    let severity = if explained { Severity::Warning } else { Severity::Error };
    let want = want.normalize();
    let message = format!("line {number}: {quantity} × {price} is {want}, line_total is {total}");
    Some(problem("PEPPOL-EN16931-R120", severity, message, row, "line_total"))
}

fn negative_price(row: &Fields, number: usize) -> Option<Problem> {
    let price = amount(row, "unit_price").filter(|price| price.is_sign_negative() && !price.is_zero())?;
    let severity =
        if row.get("unit_price").is_some_and(is_xml) { Severity::Error } else { Severity::Warning };
    let message = format!("line {number}: unit_price {price} is negative");
    Some(problem("BR-27", severity, message, row, "unit_price"))
}

fn problem(code: &str, severity: Severity, message: String, row: &Fields, name: &str) -> Problem {
    let page = row.get(name).and_then(|field| field.page);
    Problem { code: code.to_owned(), severity, message, fields: vec!["line_items".to_owned()], page }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Found, Given, Sample, codes};
    use Severity::{Error, Warning};

    #[test]
    fn a_line_is_quantity_times_price_less_discount() {
        const R120: &str = "PEPPOL-EN16931-R120";
        let cases: &[(Given, Found)] = &[
            (&[("quantity", "3"), ("unit_price", "191"), ("line_total", "573")], &[]),
            (&[("quantity", "3"), ("unit_price", "191"), ("line_total", "573.03")], &[(R120, Error)]),
            (&[("quantity", "3"), ("unit_price", "3.33"), ("line_total", "10.00")], &[]),
            (&[("quantity", "3"), ("unit_price", "3.33"), ("line_total", "10.05")], &[(R120, Error)]),
            (&[("quantity", "1000"), ("unit_price", "0.12"), ("line_total", "123.45")], &[]),
            (
                &[("quantity", "250"), ("unit_price", "40"), ("price_basis", "100"), ("line_total", "100")],
                &[],
            ),
            (&[("quantity", "2"), ("unit_price", "50"), ("line_total", "90")], &[(R120, Warning)]),
            (&[("quantity", "2"), ("unit_price", "50"), ("discount", "10"), ("line_total", "90")], &[]),
            (
                &[("quantity", "2"), ("unit_price", "50"), ("discount", "5"), ("line_total", "90")],
                &[(R120, Error)],
            ),
            (&[("quantity", "-2"), ("unit_price", "50"), ("line_total", "-100")], &[]),
            (&[("quantity", "2"), ("unit_price", "-50"), ("line_total", "-100")], &[("BR-27", Warning)]),
            (&[("quantity", "2"), ("line_total", "90")], &[]),
            (&[("quantity", "1"), ("unit_price", "1"), ("price_basis", "0"), ("line_total", "1")], &[]),
        ];
        for (row, want) in cases {
            let sample = Sample::new("invoice").line(row);
            assert_eq!(codes(&sample.subject().lines.wrong), *want, "{row:?}");
        }
    }

    #[test]
    fn the_line_is_named() {
        let row = [("quantity", "1"), ("unit_price", "2"), ("line_total", "3")];
        let sample = Sample::new("invoice").line(&[]).line(&row);
        let problems = &sample.subject().lines.wrong;
        assert_eq!(problems[0].message, "line 2: 1 × 2 is 2, line_total is 3");
    }
}
