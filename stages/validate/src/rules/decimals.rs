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
    let mut problems: Vec<Problem> = above_rows(subject).filter_map(Amount::not_a_number).collect();
    problems.extend(subject.lines.not_numbers.iter().cloned());
    problems
}

/// Every amount of a row is a decimal number.
pub(crate) fn row_numbers(row: &Fields, number: usize) -> Vec<Problem> {
    amounts(row, LINE, Place::Row(number)).filter_map(Amount::not_a_number).collect()
}

/// Amounts have at most two decimals, or as many as their currency has.
pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    let currency = subject.field("currency").map_or("", |field| field.value.as_str());
    let mut problems: Vec<Problem> = above_rows(subject).filter_map(|a| a.too_fine(currency)).collect();
    problems.extend(subject.lines.too_fine.iter().cloned());
    problems
}

/// The same for the amounts of a row.
pub(crate) fn row_decimals(row: &Fields, number: usize, currency: &str) -> Vec<Problem> {
    amounts(row, LINE, Place::Row(number)).filter_map(|a| a.too_fine(currency)).collect()
}

/// Most digits of a number that is computed with.
const MOST_DIGITS: usize = 28;

/// Where an amount stands.
#[derive(Clone, Copy)]
enum Place {
    Header,
    /// The row of the VAT breakdown, from 1.
    Vat(usize),
    /// The row of the item table, from 1.
    Row(usize),
}

struct Amount<'a> {
    place: Place,
    name: &'a str,
    field: &'a Field,
    /// Id of the rule for its decimals; none where it may have any number of them.
    rule: Option<&'static str>,
}

impl Amount<'_> {
    fn not_a_number(self) -> Option<Problem> {
        if decimal(&self.field.value).is_some() {
            return None;
        }
        let digits = self.field.value.bytes().filter(u8::is_ascii_digit).count();
        let what = if is_number(&self.field.value) {
            format!(
                "`{}` has {digits} digits: more than {MOST_DIGITS} cannot be computed with",
                shown(&self.field.value)
            )
        } else {
            format!("`{}` is not a decimal number", shown(&self.field.value))
        };
        Some(self.problem(code::NOT_A_NUMBER, &what))
    }

    fn too_fine(self, currency: &str) -> Option<Problem> {
        let (rule, number) = self.rule.zip(decimal(&self.field.value))?;
        // The standard knows no exception; on paper a dinar has three decimals.
        let most = if self.field.engine == "xml" { 2 } else { minor_digits(currency).max(2) };
        let fine = number.normalize().scale() > most;
        fine.then(|| self.problem(rule, &format!("{number} has more than {most} decimals")))
    }

    fn problem(&self, code: &str, what: &str) -> Problem {
        let name = self.name;
        let (field, message) = match self.place {
            Place::Header => (name, format!("{name} {what}")),
            Place::Vat(number) => ("vat_breakdown", format!("vat_breakdown {number}: {name} {what}")),
            Place::Row(number) => ("line_items", format!("line {number}: {name} {what}")),
        };
        Problem {
            code: code.to_owned(),
            severity: Severity::Error,
            message,
            fields: vec![field.to_owned()],
            page: self.field.page,
        }
    }
}

/// The amounts of the header and of the VAT breakdown.
fn above_rows(subject: Subject<'_>) -> impl Iterator<Item = Amount<'_>> {
    let document = subject.document;
    let vat = document.vat_breakdown.iter().zip(1..);
    amounts(&document.fields, HEADER, Place::Header)
        .chain(vat.flat_map(|(row, number)| amounts(row, VAT, Place::Vat(number))))
}

fn amounts<'a>(
    row: &'a Fields,
    rules: &'static [(&'static str, &'static str)],
    place: Place,
) -> impl Iterator<Item = Amount<'a>> {
    row.iter().filter_map(move |(name, field)| {
        let rule = rules.iter().find(|(n, _)| n == name).map(|(_, rule)| *rule);
        (rule.is_some() || FREE.contains(&name.as_str())).then_some(Amount { place, name, field, rule })
    })
}

/// Whether a value is a number, though one that cannot be held.
fn is_number(value: &str) -> bool {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, part].iter().all(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))
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
    fn a_number_of_too_many_digits_is_told_from_what_is_no_number() {
        for value in ["138.9000000000000000000000000001", "-99999999999999999999999999999999"] {
            let sample = Sample::new("invoice").fields(&[("grand_total", value)]);
            let problems = numbers(sample.subject(), &Config::default());
            assert_eq!(codes(&problems), [("VALIDATE-0006", Error)]);
            let digits = value.bytes().filter(u8::is_ascii_digit).count();
            let want =
                format!("grand_total `{value}` has {digits} digits: more than 28 cannot be computed with");
            assert_eq!(problems[0].message, want);
        }
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
