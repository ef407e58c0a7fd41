//! Totals: BR-CO-10, -13, -15 and -16 of EN 16931.
//!
//! Tolerances: an e-invoice's totals must agree to the cent. Read from a page, they may differ by 0.01 for every line
//! (at most 0.10), because lines are printed rounded; a receipt's by 0.05, because cash is rounded.
//! Where a part that would explain a difference was not read (allowances, an advance payment), it is a warning. So it is where
//! a page states no total of its lines and the lines that were read are added up instead: one of them may be missing.

use crate::Config;
use crate::subject::{Subject, differ, sum};
use docmill_contracts::{Problem, Severity};
use rust_decimal::Decimal;

pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    [lines_to_line_total(subject), line_total_to_net(subject), net_to_gross(subject), gross_to_due(subject)]
        .into_iter()
        .flatten()
        .collect()
}

/// What totals may differ by.
pub(super) fn tolerance(subject: Subject, name: &str) -> Decimal {
    if subject.is_xml(name) {
        return Decimal::ZERO;
    }
    let lines = subject.lines.count.clamp(1, 10);
    let least = if subject.kind() == "receipt" { 5 } else { 1 };
    Decimal::new(i64::try_from(lines).unwrap_or(10).max(least), 2)
}

/// BR-CO-10: the sum of line net amounts is the total of the lines. On receipts lines include VAT and discounts stand
/// between them, so they are left out.
fn lines_to_line_total(subject: Subject) -> Option<Problem> {
    let lines = subject.lines;
    if lines.count == 0 || subject.kind() == "receipt" {
        return None;
    }
    let missing = lines.count - lines.with_total;
    let total = subject.amount("line_total")?;
    if missing > 0 {
        let message =
            format!("{missing} of {} lines have no line_total: their sum is not checked", lines.count);
        return Some(subject.problem(
            crate::error::code::LINES_INCOMPLETE,
            Severity::Warning,
            message,
            &["line_total"],
        ));
    }
    let added = lines.sum?;
    differ(added, total, tolerance(subject, "line_total")).then(|| {
        let message = format!("the lines add up to {added}, line_total is {total}");
        subject.problem("BR-CO-10", Severity::Error, message, &["line_total"])
    })
}

/// BR-CO-13: net = lines − allowances + charges.
fn line_total_to_net(subject: Subject) -> Option<Problem> {
    let net = subject.amount("net_total")?;
    let stated = subject.amount("line_total");
    let lines = stated.or_else(|| lines_read(subject))?;
    let allowances = subject.amount("allowance_total");
    let charges = subject.amount("charge_total");
    let want = sum([lines, -allowances.unwrap_or_default(), charges.unwrap_or_default()])?;
    let tolerance = tolerance(subject, "net_total");
    // Lines whose prices include VAT come to the gross total.
    let gross = subject.amount("grand_total").filter(|_| stated.is_none());
    if gross.is_some_and(|gross| !differ(want, gross, tolerance)) {
        return None;
    }
    differ(want, net, tolerance).then(|| {
        let name = if stated.is_some() { "line_total" } else { "the sum of the lines" };
        let message = format!(
            "{name} {lines} − allowances {} + charges {} is {want}, net_total is {net}",
            allowances.unwrap_or_default(),
            charges.unwrap_or_default()
        );
        let read = subject.is_xml("net_total") || allowances.is_some() || charges.is_some();
        let severity = if read && stated.is_some() { Severity::Error } else { Severity::Warning };
        subject.problem("BR-CO-13", severity, message, &["net_total", "line_total"])
    })
}

/// What the lines of an invoice that were read from a page add up to. Orders may list prices whose sum is no total.
fn lines_read(subject: Subject) -> Option<Decimal> {
    let lines = subject.lines;
    let whole = lines.count > 0 && lines.with_total == lines.count;
    let from_page = subject.is_invoice() && !subject.is_xml("net_total");
    lines.sum.filter(|_| whole && from_page)
}

/// BR-CO-15: gross = net + VAT.
fn net_to_gross(subject: Subject) -> Option<Problem> {
    let (net, gross) = (subject.amount("net_total")?, subject.amount("grand_total")?);
    let tax = subject.amount("tax_total");
    let want = sum([net, tax.unwrap_or_default()])?;
    differ(want, gross, tolerance(subject, "grand_total")).then(|| {
        let (severity, tax) = match tax {
            Some(tax) => (Severity::Error, tax.to_string()),
            None if subject.is_xml("grand_total") => (Severity::Error, "0".to_owned()),
            None => (Severity::Warning, "(not read)".to_owned()),
        };
        let message = format!("net_total {net} + tax_total {tax} is {want}, grand_total is {gross}");
        subject.problem("BR-CO-15", severity, message, &["grand_total", "net_total", "tax_total"])
    })
}

/// BR-CO-16: due = gross − paid + rounding.
fn gross_to_due(subject: Subject) -> Option<Problem> {
    let (gross, due) = (subject.amount("grand_total")?, subject.amount("due_payable")?);
    let prepaid = subject.amount("prepaid");
    let rounding = subject.amount("rounding").unwrap_or_default();
    let want = sum([gross, -prepaid.unwrap_or_default(), rounding])?;
    differ(want, due, tolerance(subject, "due_payable")).then(|| {
        let message = format!(
            "grand_total {gross} − prepaid {} + rounding {rounding} is {want}, due_payable is {due}",
            prepaid.unwrap_or_default()
        );
        // Less to pay than the total: an advance payment or a discount was not read.
        let unread = prepaid.is_none() && due < gross && !subject.is_xml("due_payable");
        let severity = if unread { Severity::Warning } else { Severity::Error };
        subject.problem("BR-CO-16", severity, message, &["due_payable", "grand_total", "prepaid"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Found, Given, Sample, codes};
    use Severity::{Error, Warning};

    #[test]
    fn totals_are_added_up() {
        let cases: &[(&str, Given, Found)] = &[
            ("invoice", &[("net_total", "573"), ("tax_total", "108.87"), ("grand_total", "681.87")], &[]),
            (
                "invoice",
                &[("net_total", "573"), ("tax_total", "108.87"), ("grand_total", "681.90")],
                &[("BR-CO-15", Error)],
            ),
            ("invoice", &[("net_total", "573"), ("grand_total", "681.87")], &[("BR-CO-15", Warning)]),
            ("receipt", &[("net_total", "9.98"), ("tax_total", "0"), ("grand_total", "10.00")], &[]),
            (
                "receipt",
                &[("net_total", "9.94"), ("tax_total", "0"), ("grand_total", "10.00")],
                &[("BR-CO-15", Error)],
            ),
            ("invoice", &[("line_total", "100"), ("net_total", "90")], &[("BR-CO-13", Warning)]),
            ("invoice", &[("line_total", "100"), ("allowance_total", "10"), ("net_total", "90")], &[]),
            (
                "invoice",
                &[("line_total", "100"), ("charge_total", "5"), ("net_total", "90")],
                &[("BR-CO-13", Error)],
            ),
            ("invoice", &[("grand_total", "100"), ("due_payable", "100")], &[]),
            ("invoice", &[("grand_total", "100"), ("due_payable", "60")], &[("BR-CO-16", Warning)]),
            ("invoice", &[("grand_total", "100"), ("prepaid", "40"), ("due_payable", "60")], &[]),
            (
                "invoice",
                &[("grand_total", "100"), ("prepaid", "40"), ("due_payable", "100")],
                &[("BR-CO-16", Error)],
            ),
            ("invoice", &[("grand_total", "99.98"), ("rounding", "0.02"), ("due_payable", "100")], &[]),
            (
                "invoice",
                &[
                    ("grand_total", "79228162514264337593543950335"),
                    ("net_total", "-79228162514264337593543950335"),
                ],
                &[("BR-CO-15", Warning)],
            ),
        ];
        for (kind, fields, want) in cases {
            let sample = Sample::new(kind).fields(fields);
            assert_eq!(codes(&check(sample.subject(), &Config::default())), *want, "{kind} {fields:?}");
        }
    }

    #[test]
    fn an_e_invoice_has_no_tolerance_and_no_unread_parts() {
        let fields = [("net_total", "573.00"), ("grand_total", "573.01"), ("due_payable", "573")];
        let sample = Sample::new("invoice").fields(&fields);
        assert_eq!(codes(&check(sample.subject(), &Config::default())), []);
        let sample = sample.engine("xml");
        let want = [("BR-CO-15", Error), ("BR-CO-16", Error)];
        assert_eq!(codes(&check(sample.subject(), &Config::default())), want);
    }

    #[test]
    fn lines_are_added_up() {
        let total = |total: &str| Sample::new("invoice").fields(&[("line_total", total)]);
        let lines = |sample: Sample| {
            sample
                .line(&[("line_total", "10.10")])
                .line(&[("line_total", "20.20")])
                .line(&[("line_total", "-0.30")])
        };
        let expect = |sample: &Sample, want: &[(&str, Severity)]| {
            assert_eq!(codes(&check(sample.subject(), &Config::default())), want);
        };
        expect(&lines(total("30")), &[]);
        expect(&lines(total("30.03")), &[]);
        expect(&lines(total("30.04")), &[("BR-CO-10", Error)]);
        expect(&lines(total("30.01")).engine("xml"), &[("BR-CO-10", Error)]);
        expect(&lines(total("30")).line(&[("description", "x")]), &[("VALIDATE-0016", Warning)]);
        expect(&total("30"), &[]);
        // Where no total of the lines is stated, they are compared with the net total.
        let net = |fields: Given| Sample::new("invoice").fields(fields);
        expect(&lines(net(&[("net_total", "30")])), &[]);
        expect(&lines(net(&[("net_total", "40")])), &[("BR-CO-13", Warning)]);
        expect(&lines(net(&[("net_total", "25"), ("allowance_total", "7"), ("charge_total", "2")])), &[]);
        expect(&lines(net(&[("net_total", "25"), ("tax_total", "5"), ("grand_total", "30")])), &[]);
        expect(&lines(net(&[("net_total", "40")])).engine("xml"), &[]);
    }
}
