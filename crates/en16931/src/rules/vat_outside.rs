//! Business rules of EN 16931 on VAT across borders: intra-community supply (K), export (G), not subject to VAT (O).

use super::Severity::Error;
use super::vat_facts::{
    buyer_vat, dated, delivered_to_country, in_breakdown, no_tax, of, on_allowances, on_charges, on_lines,
    once, only_o, reasoned, seller_vat, sums, zero,
};
use super::{Rule, allowance, breakdown, charge, invoice, line};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice(
        "BR-IC-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"Intra-community supply\" shall contain in the VAT breakdown (BG-23) exactly one VAT category code (BT-118) equal with \"Intra-community supply\".",
        |i| once(i, "K"),
    ),
    invoice(
        "BR-IC-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Intra-community supply\" shall contain the Seller VAT Identifier (BT-31) or the Seller tax representative VAT identifier (BT-63) and the Buyer VAT identifier (BT-48).",
        |i| !on_lines(i, "K") || (seller_vat(i) && buyer_vat(i)),
    ),
    invoice(
        "BR-IC-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Intra-community supply\" shall contain the Seller VAT Identifier (BT-31) or the Seller tax representative VAT identifier (BT-63) and the Buyer VAT identifier (BT-48).",
        |i| !on_allowances(i, "K") || (seller_vat(i) && buyer_vat(i)),
    ),
    invoice(
        "BR-IC-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Intra-community supply\" shall contain the Seller VAT Identifier (BT-31) or the Seller tax representative VAT identifier (BT-63) and the Buyer VAT identifier (BT-48).",
        |i| !on_charges(i, "K") || (seller_vat(i) && buyer_vat(i)),
    ),
    invoice(
        "BR-IC-11",
        Error,
        "In an Invoice with a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Intra-community supply\" the Actual delivery date (BT-72) or the Invoicing period (BG-14) shall not be blank.",
        |i| !in_breakdown(i, "K") || dated(i),
    ),
    invoice(
        "BR-IC-12",
        Error,
        "In an Invoice with a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Intra-community supply\" the Deliver to country code (BT-80) shall not be blank.",
        |i| !in_breakdown(i, "K") || delivered_to_country(i),
    ),
    line(
        "BR-IC-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Intracommunity supply\" the Invoiced item VAT rate (BT-152) shall be 0 (zero).",
        |l, _| of(&l.vat, "K").all(|v| zero(v)),
    ),
    allowance(
        "BR-IC-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Intra-community supply\" the Document level allowance VAT rate (BT-96) shall be 0 (zero).",
        |a, _| of(&a.vat, "K").all(|v| zero(v)),
    ),
    charge(
        "BR-IC-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Intra-community supply\" the Document level charge VAT rate (BT-103) shall be 0 (zero).",
        |a, _| of(&a.vat, "K").all(|v| zero(v)),
    ),
    breakdown(
        "BR-IC-08",
        Error,
        "In a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Intra-community supply\" the VAT category taxable amount (BT-116) shall equal the sum of Invoice line net amounts (BT-131) minus the sum of Document level allowance amounts (BT-92) plus the sum of Document level charge amounts (BT-99) where the VAT category codes (BT-151, BT-95, BT-102) are \"Intra-community supply\".",
        |b, i| of(&b.vat, "K").all(|_| sums(b, i, "K")),
    ),
    breakdown(
        "BR-IC-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Intra-community supply\" shall be 0 (zero).",
        |b, _| of(&b.vat, "K").all(|_| no_tax(b)),
    ),
    breakdown(
        "BR-IC-10",
        Error,
        "A VAT breakdown (BG-23) with the VAT Category code (BT-118) \"Intra-community supply\" shall have a VAT exemption reason code (BT-121), meaning \"Intra-community supply\" or the VAT exemption reason text (BT-120) \"Intra-community supply\" (or the equivalent standard text in another language).",
        |b, _| of(&b.vat, "K").all(|v| reasoned(v)),
    ),
    invoice(
        "BR-G-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"Export outside the EU\" shall contain in the VAT breakdown (BG-23) exactly one VAT category code (BT-118) equal with \"Export outside the EU\".",
        |i| once(i, "G"),
    ),
    invoice(
        "BR-G-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Export outside the EU\" shall contain the Seller VAT Identifier (BT-31) or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_lines(i, "G") || seller_vat(i),
    ),
    invoice(
        "BR-G-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Export outside the EU\" shall contain the Seller VAT Identifier (BT-31) or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_allowances(i, "G") || seller_vat(i),
    ),
    invoice(
        "BR-G-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Export outside the EU\" shall contain the Seller VAT Identifier (BT-31) or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_charges(i, "G") || seller_vat(i),
    ),
    line(
        "BR-G-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Export outside the EU\" the Invoiced item VAT rate (BT-152) shall be 0 (zero).",
        |l, _| of(&l.vat, "G").all(|v| zero(v)),
    ),
    allowance(
        "BR-G-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Export outside the EU\" the Document level allowance VAT rate (BT-96) shall be 0 (zero).",
        |a, _| of(&a.vat, "G").all(|v| zero(v)),
    ),
    charge(
        "BR-G-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Export outside the EU\" the Document level charge VAT rate (BT-103) shall be 0 (zero).",
        |a, _| of(&a.vat, "G").all(|v| zero(v)),
    ),
    breakdown(
        "BR-G-08",
        Error,
        "In a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Export outside the EU\" the VAT category taxable amount (BT-116) shall equal the sum of Invoice line net amounts (BT-131) minus the sum of Document level allowance amounts (BT-92) plus the sum of Document level charge amounts (BT-99) where the VAT category codes (BT-151, BT-95, BT-102) are \"Export outside the EU\".",
        |b, i| of(&b.vat, "G").all(|_| sums(b, i, "G")),
    ),
    breakdown(
        "BR-G-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Export outside the EU\" shall be 0 (zero).",
        |b, _| of(&b.vat, "G").all(|_| no_tax(b)),
    ),
    breakdown(
        "BR-G-10",
        Error,
        "A VAT breakdown (BG-23) with the VAT Category code (BT-118) \"Export outside the EU\" shall have a VAT exemption reason code (BT-121), meaning \"Export outside the EU\" or the VAT exemption reason text (BT-120) \"Export outside the EU\" (or the equivalent standard text in another language).",
        |b, _| of(&b.vat, "G").all(|v| reasoned(v)),
    ),
    invoice(
        "BR-O-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"Not subject to VAT\" shall contain exactly one VAT breakdown group (BG-23) with the VAT category code (BT-118) equal to \"Not subject to VAT\".",
        |i| once(i, "O"),
    ),
    invoice(
        "BR-O-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Not subject to VAT\" shall not contain the Seller VAT identifier (BT-31), the Seller tax representative VAT identifier (BT-63) or the Buyer VAT identifier (BT-48).",
        |i| !on_lines(i, "O") || (!seller_vat(i) && !buyer_vat(i)),
    ),
    invoice(
        "BR-O-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Not subject to VAT\" shall not contain the Seller VAT identifier (BT-31), the Seller tax representative VAT identifier (BT-63) or the Buyer VAT identifier (BT-48).",
        |i| !on_allowances(i, "O") || (!seller_vat(i) && !buyer_vat(i)),
    ),
    invoice(
        "BR-O-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Not subject to VAT\" shall not contain the Seller VAT identifier (BT-31), the Seller tax representative VAT identifier (BT-63) or the Buyer VAT identifier (BT-48).",
        |i| !on_charges(i, "O") || (!seller_vat(i) && !buyer_vat(i)),
    ),
    invoice(
        "BR-O-11",
        Error,
        "An Invoice that contains a VAT breakdown group (BG-23) with a VAT category code (BT-118) \"Not subject to VAT\" shall not contain other VAT breakdown groups (BG-23).",
        |i| !in_breakdown(i, "O") || i.breakdown.iter().flat_map(|b| &b.vat).all(|v| only_o(v)),
    ),
    invoice(
        "BR-O-12",
        Error,
        "An Invoice that contains a VAT breakdown group (BG-23) with a VAT category code (BT-118) \"Not subject to VAT\" shall not contain an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is not \"Not subject to VAT\".",
        |i| !in_breakdown(i, "O") || i.lines.iter().flat_map(|l| &l.vat).all(|v| only_o(v)),
    ),
    invoice(
        "BR-O-13",
        Error,
        "An Invoice that contains a VAT breakdown group (BG-23) with a VAT category code (BT-118) \"Not subject to VAT\" shall not contain Document level allowances (BG-20) where Document level allowance VAT category code (BT-95) is not \"Not subject to VAT\".",
        |i| !in_breakdown(i, "O") || i.document_allowances().flat_map(|a| &a.vat).all(|v| only_o(v)),
    ),
    invoice(
        "BR-O-14",
        Error,
        "An Invoice that contains a VAT breakdown group (BG-23) with a VAT category code (BT-118) \"Not subject to VAT\" shall not contain Document level charges (BG-21) where Document level charge VAT category code (BT-102) is not \"Not subject to VAT\".",
        |i| !in_breakdown(i, "O") || i.document_charges().flat_map(|a| &a.vat).all(|v| only_o(v)),
    ),
    line(
        "BR-O-05",
        Error,
        "An Invoice line (BG-25) where the VAT category code (BT-151) is \"Not subject to VAT\" shall not contain an Invoiced item VAT rate (BT-152).",
        |l, _| of(&l.vat, "O").all(|v| v.rate.is_none()),
    ),
    allowance(
        "BR-O-06",
        Error,
        "A Document level allowance (BG-20) where VAT category code (BT-95) is \"Not subject to VAT\" shall not contain a Document level allowance VAT rate (BT-96).",
        |a, _| of(&a.vat, "O").all(|v| v.rate.is_none()),
    ),
    charge(
        "BR-O-07",
        Error,
        "A Document level charge (BG-21) where the VAT category code (BT-102) is \"Not subject to VAT\" shall not contain a Document level charge VAT rate (BT-103).",
        |a, _| of(&a.vat, "O").all(|v| v.rate.is_none()),
    ),
    breakdown(
        "BR-O-08",
        Error,
        "In a VAT breakdown (BG-23) where the VAT category code (BT-118) is \" Not subject to VAT\" the VAT category taxable amount (BT-116) shall equal the sum of Invoice line net amounts (BT-131) minus the sum of Document level allowance amounts (BT-92) plus the sum of Document level charge amounts (BT-99) where the VAT category codes (BT-151, BT-95, BT-102) are \"Not subject to VAT\".",
        |b, i| of(&b.vat, "O").all(|_| sums(b, i, "O")),
    ),
    breakdown(
        "BR-O-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Not subject to VAT\" shall be 0 (zero).",
        |b, _| of(&b.vat, "O").all(|_| no_tax(b)),
    ),
    breakdown(
        "BR-O-10",
        Error,
        "A VAT breakdown (BG-23) with VAT Category code (BT-118) \" Not subject to VAT\" shall have a VAT exemption reason code (BT-121), meaning \" Not subject to VAT\" or a VAT exemption reason text (BT-120) \" Not subject to VAT\" (or the equivalent standard text in another language).",
        |b, _| of(&b.vat, "O").all(|v| reasoned(v)),
    ),
];
