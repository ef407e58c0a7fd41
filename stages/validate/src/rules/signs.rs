//! Signs: what a document of its type may not be below zero.

use crate::Config;
use crate::error::code;
use crate::subject::Subject;
use docmill_contracts::{Problem, Severity};
use rust_decimal::Decimal;

/// A negative total is a credit note's; a credit note's own may be written with or without a sign.
pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    let kind = subject.kind();
    let severity = match kind {
        "invoice" | "order" | "order_response" => Severity::Error,
        "receipt" => Severity::Warning,
        _ => return Vec::new(),
    };
    let total = subject.amount("grand_total").filter(|total| *total < Decimal::ZERO);
    let say = |total| {
        let message = format!("grand_total {total} of this {kind} is negative");
        subject.problem(code::SIGN, severity, message, &["grand_total"])
    };
    total.map(say).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Sample, codes};
    use Severity::{Error, Warning};

    #[test]
    fn negative_totals_are_for_credit_notes() {
        for (kind, total, want) in [
            ("invoice", "-1", &[("VALIDATE-0015", Error)][..]),
            ("invoice", "0", &[]),
            ("credit_note", "-1", &[]),
            ("receipt", "-1", &[("VALIDATE-0015", Warning)]),
        ] {
            let sample = Sample::new(kind).fields(&[("grand_total", total)]);
            assert_eq!(codes(&check(sample.subject(), &Config::default())), want, "{kind} {total}");
        }
    }
}
