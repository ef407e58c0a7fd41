//! Business rules of EN 16931 on invoice lines, allowances and charges.

use super::Severity::Error;
use super::facts::{in_order, reasoned, two};
use super::{Rule, allowance, charge, filled, line, line_allowance, line_charge, line_period};
use rust_decimal::Decimal;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    line(
        "BR-21",
        Error,
        "Each Invoice line (BG-25) shall have an Invoice line identifier (BT-126).",
        |l, _| filled(l.id),
    ),
    line("BR-22", Error, "Each Invoice line (BG-25) shall have an Invoiced quantity (BT-129).", |l, _| {
        l.quantity.is_some()
    }),
    line(
        "BR-23",
        Error,
        "An Invoice line (BG-25) shall have an Invoiced quantity unit of measure code (BT-130).",
        |l, _| l.quantity.is_some_and(|q| q.unit.is_some()),
    ),
    line(
        "BR-24",
        Error,
        "Each Invoice line (BG-25) shall have an Invoice line net amount (BT-131).",
        |l, _| l.net.is_some(),
    ),
    line("BR-25", Error, "Each Invoice line (BG-25) shall contain the Item name (BT-153).", |l, _| {
        filled(l.name)
    }),
    line("BR-26", Error, "Each Invoice line (BG-25) shall contain the Item net price (BT-146).", |l, _| {
        l.price.is_some()
    }),
    line("BR-27", Error, "The Item net price (BT-146) shall NOT be negative.", |l, _| {
        l.price.and_then(|p| p.value).is_some_and(|v| v >= Decimal::ZERO)
    }),
    line("BR-28", Error, "The Item gross price (BT-148) shall NOT be negative.", |l, _| {
        l.gross_price.is_none_or(|p| p.value.is_some_and(|v| v >= Decimal::ZERO))
    }),
    line(
        "BR-54",
        Error,
        "Each Item attribute (BG-32) shall contain an Item attribute name (BT-160) and an Item attribute value (BT-161).",
        |l, _| l.attributes.iter().all(|(name, value)| *name && *value),
    ),
    line("BR-64", Error, "The Item standard identifier (BT-157) shall have a Scheme identifier.", |l, _| {
        l.standard_id.is_none_or(|id| id.scheme.is_some())
    }),
    line(
        "BR-65",
        Error,
        "The Item classification identifier (BT-158) shall have a Scheme identifier.",
        |l, _| l.classes.iter().all(|id| id.scheme.is_some()),
    ),
    line(
        "BR-CO-04",
        Error,
        "Each Invoice line (BG-25) shall be categorized with an Invoiced item VAT category code (BT-151).",
        |l, _| l.vat.iter().any(|v| v.is_vat && v.code.is_some()),
    ),
    line(
        "BR-DEC-23",
        Error,
        "The allowed maximum number of decimals for the Invoice line net amount (BT-131) is 2.",
        |l, _| two(l.net),
    ),
    line_period(
        "BR-30",
        Error,
        "If both Invoice line period start date (BT-134) and Invoice line period end date (BT-135) are given then the Invoice line period end date (BT-135) shall be later or equal to the Invoice line period start date (BT-134).",
        in_order,
    ),
    line_period(
        "BR-CO-20",
        Error,
        "If Invoice line period (BG-26) is used, the Invoice line period start date (BT-134) or the Invoice line period end date (BT-135) shall be filled, or both.",
        |p| p.from.is_some() || p.to.is_some(),
    ),
    allowance(
        "BR-31",
        Error,
        "Each Document level allowance (BG-20) shall have a Document level allowance amount (BT-92).",
        |a, _| a.amount.is_some(),
    ),
    allowance(
        "BR-32",
        Error,
        "Each Document level allowance (BG-20) shall have a Document level allowance VAT category code (BT-95).",
        |a, _| a.vat.iter().any(|v| v.is_vat && v.code.is_some()),
    ),
    allowance(
        "BR-33",
        Error,
        "Each Document level allowance (BG-20) shall have a Document level allowance reason (BT-97) or a Document level allowance reason code (BT-98).",
        |a, _| reasoned(a),
    ),
    allowance(
        "BR-CO-05",
        Error,
        "Document level allowance reason code (BT-98) and Document level allowance reason (BT-97) shall indicate the same type of allowance.",
        |_, _| true,
    ),
    allowance(
        "BR-CO-21",
        Error,
        "Each Document level allowance (BG-20) shall contain a Document level allowance reason (BT-97) or a Document level allowance reason code (BT-98), or both.",
        |a, _| reasoned(a),
    ),
    allowance(
        "BR-DEC-01",
        Error,
        "The allowed maximum number of decimals for the Document level allowance amount (BT-92) is 2.",
        |a, _| two(a.amount),
    ),
    allowance(
        "BR-DEC-02",
        Error,
        "The allowed maximum number of decimals for the Document level allowance base amount (BT-93) is 2.",
        |a, _| two(a.base),
    ),
    charge(
        "BR-36",
        Error,
        "Each Document level charge (BG-21) shall have a Document level charge amount (BT-99).",
        |a, _| a.amount.is_some(),
    ),
    charge(
        "BR-37",
        Error,
        "Each Document level charge (BG-21) shall have a Document level charge VAT category code (BT-102).",
        |a, _| a.vat.iter().any(|v| v.is_vat && v.code.is_some()),
    ),
    charge(
        "BR-38",
        Error,
        "Each Document level charge (BG-21) shall have a Document level charge reason (BT-104) or a Document level charge reason code (BT-105).",
        |a, _| reasoned(a),
    ),
    charge(
        "BR-CO-06",
        Error,
        "Document level charge reason code (BT-105) and Document level charge reason (BT-104) shall indicate the same type of charge.",
        |_, _| true,
    ),
    charge(
        "BR-CO-22",
        Error,
        "Each Document level charge (BG-21) shall contain a Document level charge reason (BT-104) or a Document level charge reason code (BT-105), or both.",
        |a, _| reasoned(a),
    ),
    charge(
        "BR-DEC-05",
        Error,
        "The allowed maximum number of decimals for the Document level charge amount (BT-99) is 2.",
        |a, _| two(a.amount),
    ),
    charge(
        "BR-DEC-06",
        Error,
        "The allowed maximum number of decimals for the Document level charge base amount (BT-100) is 2.",
        |a, _| two(a.base),
    ),
    line_allowance(
        "BR-41",
        Error,
        "Each Invoice line allowance (BG-27) shall have an Invoice line allowance amount (BT-136).",
        |a| a.amount.is_some(),
    ),
    line_allowance(
        "BR-42",
        Error,
        "Each Invoice line allowance (BG-27) shall have an Invoice line allowance reason (BT-139) or an Invoice line allowance reason code (BT-140).",
        reasoned,
    ),
    line_allowance(
        "BR-CO-07",
        Error,
        "Invoice line allowance reason code (BT-140) and Invoice line allowance reason (BT-139) shall indicate the same type of allowance reason.",
        |_| true,
    ),
    line_allowance(
        "BR-CO-23",
        Error,
        "Each Invoice line allowance (BG-27) shall contain an Invoice line allowance reason (BT-139) or an Invoice line allowance reason code (BT-140), or both.",
        reasoned,
    ),
    line_allowance(
        "BR-DEC-24",
        Error,
        "The allowed maximum number of decimals for the Invoice line allowance amount (BT-136) is 2.",
        |a| two(a.amount),
    ),
    line_allowance(
        "BR-DEC-25",
        Error,
        "The allowed maximum number of decimals for the Invoice line allowance base amount (BT-137) is 2.",
        |a| two(a.base),
    ),
    line_charge(
        "BR-43",
        Error,
        "Each Invoice line charge (BG-28) shall have an Invoice line charge amount (BT-141).",
        |a| a.amount.is_some(),
    ),
    line_charge(
        "BR-44",
        Error,
        "Each Invoice line charge shall have an Invoice line charge reason or an invoice line allowance reason code.",
        reasoned,
    ),
    line_charge(
        "BR-CO-08",
        Error,
        "Invoice line charge reason code (BT-145) and Invoice line charge reason (BT-144) shall indicate the same type of charge reason.",
        |_| true,
    ),
    line_charge(
        "BR-CO-24",
        Error,
        "Each Invoice line charge (BG-28) shall contain an Invoice line charge reason (BT-144) or an Invoice line charge reason code (BT-145), or both.",
        reasoned,
    ),
    line_charge(
        "BR-DEC-27",
        Error,
        "The allowed maximum number of decimals for the Invoice line charge amount (BT-141) is 2.",
        |a| two(a.amount),
    ),
    line_charge(
        "BR-DEC-28",
        Error,
        "The allowed maximum number of decimals for the Invoice line charge base amount (BT-142) is 2.",
        |a| two(a.base),
    ),
];
