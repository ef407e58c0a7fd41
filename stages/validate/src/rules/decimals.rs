//! Amounts are decimal numbers, with at most two decimals (BR-DEC of EN 16931).

use crate::Config;
use crate::error::code;
use crate::subject::{Subject, decimal};
use docmill_contracts::{Field, Fields, Problem, Severity};
use docmill_document::currency::minor_digits;

/// Header amounts and their rule.
const HEADER: &[(&str, &str)] = &[
    ("line_total", "BR-DEC-09"),
    ("allowance_total", "BR-DEC-10"),
    ("charge_total", "BR-DEC-11"),
    ("net_total", "BR-DEC-12"),
    ("tax_total", "BR-DEC-13"),
    ("grand_total", "BR-DEC-14"),
    ("prepaid", "BR-DEC-16"),
    ("rounding", "BR-DEC-17"),
    ("due_payable", "BR-DEC-18"),
];
/// Amounts of the VAT breakdown and their rule.
const VAT: &[(&str, &str)] = &[("taxable_amount", "BR-DEC-19"), ("tax_amount", "BR-DEC-20")];
/// Amounts of lines and their rule.
const LINE: &[(&str, &str)] = &[("line_total", "BR-DEC-23")];
/// Numbers that may have any number of decimals.
const FREE: &[&str] =
    &["quantity", "unit_price", "price_basis", "vat_rate", "discount", "allowance", "charge"];

/// Every amount is a decimal number.
pub(super) fn numbers(subject: Subject, _: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    each(subject, |name, field, _| {
        if decimal(&field.value).is_none() {
            let message = format!("{name} `{}` is not a decimal number", shown(&field.value));
            problems.push(problem(code::NOT_A_NUMBER, Severity::Error, message, name, field));
        }
    });
    problems
}

/// Amounts have at most two decimals, or as many as their currency has.
pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    let currency = subject.field("currency").map_or("", |field| field.value.as_str());
    let mut problems = Vec::new();
    each(subject, |name, field, rule| {
        let Some((rule, number)) = rule.zip(decimal(&field.value)) else { return };
        // The standard knows no exception; on paper a dinar has three decimals.
        let most = if field.engine == "xml" { 2 } else { minor_digits(currency).max(2) };
        if number.normalize().scale() > most {
            let message = format!("{name} {number} has more than {most} decimals");
            problems.push(problem(rule, Severity::Error, message, name, field));
        }
    });
    problems
}

/// Calls `take` with every number of the document: its name, the field, and the rule for its decimals.
fn each<'a>(subject: Subject<'a>, mut take: impl FnMut(&str, &'a Field, Option<&'static str>)) {
    let document = subject.document;
    let mut rows = |rows: &'a [Fields], rules: &[(&'static str, &'static str)], group: &str| {
        for (row, number) in rows.iter().zip(1..) {
            for (name, field) in row {
                let rule = rules.iter().find(|(n, _)| n == name).map(|(_, rule)| *rule);
                if rule.is_some() || FREE.contains(&name.as_str()) {
                    let name =
                        if group.is_empty() { name.clone() } else { format!("{group} {number}: {name}") };
                    take(&name, field, rule);
                }
            }
        }
    };
    rows(std::slice::from_ref(&document.fields), HEADER, "");
    rows(&document.vat_breakdown, VAT, "vat_breakdown");
    rows(&document.line_items, LINE, "line");
}

fn problem(code: &str, severity: Severity, message: String, name: &str, field: &Field) -> Problem {
    let name = match name.split_once(' ') {
        None => name,
        Some(("line", _)) => "line_items",
        Some((group, _)) => group,
    };
    Problem { code: code.to_owned(), severity, message, fields: vec![name.to_owned()], page: field.page }
}

fn shown(value: &str) -> String {
    value.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Sample, codes};
    use Severity::Error;

    #[test]
    fn amounts_have_two_decimals() {
        let expect = |sample: &Sample, want: &[(&str, Severity)]| {
            assert_eq!(codes(&check(sample.subject(), &Config::default())), want);
        };
        let one = |name, value| Sample::new("invoice").fields(&[(name, value)]);
        expect(&one("grand_total", "1.25"), &[]);
        expect(&one("grand_total", "1.250"), &[]);
        expect(&one("grand_total", "1.255"), &[("BR-DEC-14", Error)]);
        expect(&one("net_total", "1.001"), &[("BR-DEC-12", Error)]);
        let dinar = one("net_total", "1.001").fields(&[("currency", "KWD")]);
        expect(&dinar, &[]);
        expect(&dinar.engine("xml"), &[("BR-DEC-12", Error)]);
        let rows = Sample::new("invoice")
            .line(&[("unit_price", "0.12345"), ("line_total", "1.234")])
            .vat(&[("taxable_amount", "1.234"), ("tax_amount", "0.111")]);
        expect(&rows, &[("BR-DEC-20", Error), ("BR-DEC-19", Error), ("BR-DEC-23", Error)]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        for value in ["1,234.50", "12 EUR", "", "1e5", "0x10", "１２"] {
            let sample =
                Sample::new("invoice").fields(&[("grand_total", value)]).line(&[("quantity", value)]);
            let problems = numbers(sample.subject(), &Config::default());
            assert_eq!(codes(&problems), [("VALIDATE-0006", Error), ("VALIDATE-0006", Error)], "{value}");
            assert_eq!(problems[0].message, format!("grand_total `{value}` is not a decimal number"));
            assert_eq!(problems[1].fields, ["line_items"]);
        }
    }
}
