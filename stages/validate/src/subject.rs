//! What rules look at: a document's values, with numbers and days read from them.

use crate::lines::Lines;
use docmill_contracts::{DocumentExtracted, Field, Fields, Problem, Severity};
use jiff::civil::Date;
use rust_decimal::Decimal;

/// Engine of values that come from an e-invoice.
const XML: &str = "xml";

/// A document under the rules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) document: &'a DocumentExtracted,
    /// All rows of the item table, of which the document may have the first ones only.
    pub(crate) lines: &'a Lines,
}

impl<'a> Subject<'a> {
    pub(crate) fn kind(self) -> &'a str {
        &self.document.kind.value
    }

    pub(crate) fn field(self, name: &str) -> Option<&'a Field> {
        self.document.fields.get(name)
    }

    /// The amount of a field; none where there is none, or where it is no decimal number.
    pub(crate) fn amount(self, name: &str) -> Option<Decimal> {
        amount(&self.document.fields, name)
    }

    /// The day of a field; none where there is none, or where it is no day.
    pub(crate) fn day(self, name: &str) -> Option<Date> {
        self.field(name).and_then(|field| day(&field.value))
    }

    /// Whether a field comes from an e-invoice: then what is not there was not left unread.
    pub(crate) fn is_xml(self, name: &str) -> bool {
        self.field(name).is_some_and(is_xml)
    }

    pub(crate) fn is_invoice(self) -> bool {
        matches!(self.kind(), "invoice" | "credit_note")
    }

    /// A problem of fields; its page is that of the first of them.
    pub(crate) fn problem(self, code: &str, severity: Severity, message: String, fields: &[&str]) -> Problem {
        Problem {
            code: code.to_owned(),
            severity,
            message,
            fields: fields.iter().map(|name| (*name).to_owned()).collect(),
            page: fields.iter().find_map(|name| self.field(name)?.page),
        }
    }
}

pub(crate) fn is_xml(field: &Field) -> bool {
    field.engine == XML
}

/// The amount of one of the fields of a row.
pub(crate) fn amount(fields: &Fields, name: &str) -> Option<Decimal> {
    fields.get(name).and_then(|field| decimal(&field.value))
}

/// A decimal with a point and without grouping, exactly.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    if plain { Decimal::from_str_exact(text).ok() } else { None }
}

/// A day as `2026-01-31`.
pub(crate) fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// The sum, where it can be held.
pub(crate) fn sum(amounts: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    amounts.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
}

/// Whether two amounts differ by more than `tolerance`.
pub(crate) fn differ(a: Decimal, b: Decimal, tolerance: Decimal) -> bool {
    a.checked_sub(b).is_none_or(|difference| difference.abs() > tolerance)
}
