//! Business rules of EN 16931 on totals and the VAT breakdown.

use super::Severity::Error;
use super::facts::{
    due, equal, gross_is_sum, is_due, net, sum_of, tax_is_share, tax_is_sum, taxes_in, total_of, two, value,
};
use super::{Rule, breakdown, invoice, totals};
use crate::decimal::round2;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    totals(
        "BR-CO-25",
        Error,
        "In case the Amount due for payment (BT-115) is positive, either the Payment due date (BT-9) or the Payment terms (BT-20) shall be present.",
        is_due,
    ),
    totals("BR-12", Error, "An Invoice shall have the Sum of Invoice line net amount (BT-106).", |t, _| {
        t.lines.is_some()
    }),
    totals("BR-13", Error, "An Invoice shall have the Invoice total amount without VAT (BT-109).", |t, _| {
        t.net.is_some()
    }),
    totals("BR-14", Error, "An Invoice shall have the Invoice total amount with VAT (BT-112).", |t, _| {
        t.gross.is_some()
    }),
    totals("BR-15", Error, "An Invoice shall have the Amount due for payment (BT-115).", |t, _| {
        t.due.is_some()
    }),
    totals(
        "BR-CO-10",
        Error,
        "Sum of Invoice line net amount (BT-106) = Σ Invoice line net amount (BT-131).",
        |t, i| equal(value(t.lines), sum_of(i.lines.iter().map(|l| l.net)).map(round2)),
    ),
    totals(
        "BR-CO-11",
        Error,
        "Sum of allowances on document level (BT-107) = Σ Document level allowance amount (BT-92).",
        |t, i| total_of(t.allowances, i.document_allowances()),
    ),
    totals(
        "BR-CO-12",
        Error,
        "Sum of charges on document level (BT-108) = Σ Document level charge amount (BT-99).",
        |t, i| total_of(t.charges, i.document_charges()),
    ),
    totals(
        "BR-CO-13",
        Error,
        "Invoice total amount without VAT (BT-109) = Σ Invoice line net amount (BT-131) - Sum of allowances on document level (BT-107) + Sum of charges on document level (BT-108).",
        |t, _| equal(value(t.net), net(t)),
    ),
    totals(
        "BR-CO-16",
        Error,
        "Amount due for payment (BT-115) = Invoice total amount with VAT (BT-112) -Paid amount (BT-113) +Rounding amount (BT-114).",
        due,
    ),
    totals(
        "BR-DEC-09",
        Error,
        "The allowed maximum number of decimals for the Sum of Invoice line net amount (BT-106) is 2.",
        |t, _| two(t.lines),
    ),
    totals(
        "BR-DEC-10",
        Error,
        "The allowed maximum number of decimals for the Sum of allowanced on document level (BT-107) is 2.",
        |t, _| two(t.allowances),
    ),
    totals(
        "BR-DEC-11",
        Error,
        "The allowed maximum number of decimals for the Sum of charges on document level (BT-108) is 2.",
        |t, _| two(t.charges),
    ),
    totals(
        "BR-DEC-12",
        Error,
        "The allowed maximum number of decimals for the Invoice total amount without VAT (BT-109) is 2.",
        |t, _| two(t.net),
    ),
    totals(
        "BR-DEC-14",
        Error,
        "The allowed maximum number of decimals for the Invoice total amount with VAT (BT-112) is 2.",
        |t, _| two(t.gross),
    ),
    totals(
        "BR-DEC-16",
        Error,
        "The allowed maximum number of decimals for the Paid amount (BT-113) is 2.",
        |t, _| two(t.paid),
    ),
    totals(
        "BR-DEC-17",
        Error,
        "The allowed maximum number of decimals for the Rounding amount (BT-114) is 2.",
        |t, _| two(t.rounding),
    ),
    totals(
        "BR-DEC-18",
        Error,
        "The allowed maximum number of decimals for the Amount due for payment (BT-115) is 2.",
        |t, _| two(t.due),
    ),
    invoice(
        "BR-CO-14",
        Error,
        "Invoice total VAT amount (BT-110) = Σ VAT category tax amount (BT-117).",
        |i| i.taxes.iter().all(|t| tax_is_sum(t, i)),
    ),
    invoice(
        "BR-CO-15",
        Error,
        "Invoice total amount with VAT (BT-112) = Invoice total amount without VAT (BT-109) + Invoice total VAT amount (BT-110).",
        gross_is_sum,
    ),
    invoice(
        "BR-DEC-13",
        Error,
        "The allowed maximum number of decimals for the Invoice total VAT amount (BT-110) is 2.",
        |i| taxes_in(i, i.currency).all(|a| two(Some(a))),
    ),
    invoice(
        "BR-DEC-15",
        Error,
        "The allowed maximum number of decimals for the Invoice total VAT amount in accounting currency (BT-111) is 2.",
        |i| taxes_in(i, i.tax_currency).all(|a| two(Some(a))),
    ),
    breakdown(
        "BR-45",
        Error,
        "Each VAT breakdown (BG-23) shall have a VAT category taxable amount (BT-116).",
        |b, _| b.taxable.is_some(),
    ),
    breakdown(
        "BR-46",
        Error,
        "Each VAT breakdown (BG-23) shall have a VAT category tax amount (BT-117).",
        |b, _| b.tax.is_some(),
    ),
    breakdown(
        "BR-47",
        Error,
        "Each VAT breakdown (BG-23) shall be defined through a VAT category code (BT-118).",
        |b, _| b.vat.iter().any(|v| v.is_vat && v.code.is_some()),
    ),
    breakdown(
        "BR-48",
        Error,
        "Each VAT breakdown (BG-23) shall have a VAT category rate (BT-119), except if the Invoice is not subject to VAT.",
        |b, _| b.vat.iter().any(|v| v.is_vat && (v.rate.is_some() || v.code == Some("O"))),
    ),
    breakdown(
        "BR-CO-17",
        Error,
        "VAT category tax amount (BT-117) = VAT category taxable amount (BT-116) x (VAT category rate (BT-119) / 100), rounded to two decimals.",
        tax_is_share,
    ),
    breakdown(
        "BR-DEC-19",
        Error,
        "The allowed maximum number of decimals for the VAT category taxable amount (BT-116) is 2.",
        |b, _| two(b.taxable),
    ),
    breakdown(
        "BR-DEC-20",
        Error,
        "The allowed maximum number of decimals for the VAT category tax amount (BT-117) is 2.",
        |b, _| two(b.tax),
    ),
];
