//! Business rules of EN 16931 on VAT that is not charged: zero rated (Z), exempt (E), reverse charge (AE).

use super::Severity::Error;
use super::vat_facts::{
    buyer_registered, buyer_vat, no_tax, of, on_allowances, on_charges, on_lines, once, reasoned,
    seller_taxed, sums, unreasoned, zero,
};
use super::{Rule, allowance, breakdown, charge, invoice, line};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice(
        "BR-Z-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"Zero rated\" shall contain in the VAT breakdown (BG-23) exactly one VAT category code (BT-118) equal with \"Zero rated\".",
        |i| once(i, "Z"),
    ),
    invoice(
        "BR-Z-02",
        Error,
        "An Invoice that contains an Invoice line where the Invoiced item VAT category code (BT-151) is \"Zero rated\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_lines(i, "Z") || seller_taxed(i),
    ),
    invoice(
        "BR-Z-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Zero rated\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_allowances(i, "Z") || seller_taxed(i),
    ),
    invoice(
        "BR-Z-04",
        Error,
        "An Invoice that contains a Document level charge where the Document level charge VAT category code (BT-102) is \"Zero rated\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_charges(i, "Z") || seller_taxed(i),
    ),
    line(
        "BR-Z-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Zero rated\" the Invoiced item VAT rate (BT-152) shall be 0 (zero).",
        |l, _| of(&l.vat, "Z").all(|v| zero(v)),
    ),
    allowance(
        "BR-Z-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Zero rated\" the Document level allowance VAT rate (BT-96) shall be 0 (zero).",
        |a, _| of(&a.vat, "Z").all(|v| zero(v)),
    ),
    charge(
        "BR-Z-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Zero rated\" the Document level charge VAT rate (BT-103) shall be 0 (zero).",
        |a, _| of(&a.vat, "Z").all(|v| zero(v)),
    ),
    breakdown(
        "BR-Z-08",
        Error,
        "In a VAT breakdown (BG-23) where VAT category code (BT-118) is \"Zero rated\" the VAT category taxable amount (BT-116) shall equal the sum of Invoice line net amount (BT-131) minus the sum of Document level allowance amounts (BT-92) plus the sum of Document level charge amounts (BT-99) where the VAT category codes (BT-151, BT-95, BT-102) are \"Zero rated\".",
        |b, i| of(&b.vat, "Z").all(|_| sums(b, i, "Z")),
    ),
    breakdown(
        "BR-Z-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where VAT category code (BT-118) is \"Zero rated\" shall equal 0 (zero).",
        |b, _| of(&b.vat, "Z").all(|_| no_tax(b)),
    ),
    breakdown(
        "BR-Z-10",
        Error,
        "A VAT breakdown (BG-23) with VAT Category code (BT-118) \"Zero rated\" shall not have a VAT exemption reason code (BT-121) or VAT exemption reason text (BT-120).",
        |b, _| of(&b.vat, "Z").all(|v| unreasoned(v)),
    ),
    invoice(
        "BR-E-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"Exempt from VAT\" shall contain exactly one VAT breakdown (BG-23) with the VAT category code (BT-118) equal to \"Exempt from VAT\".",
        |i| once(i, "E"),
    ),
    invoice(
        "BR-E-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Exempt from VAT\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_lines(i, "E") || seller_taxed(i),
    ),
    invoice(
        "BR-E-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Exempt from VAT\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_allowances(i, "E") || seller_taxed(i),
    ),
    invoice(
        "BR-E-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Exempt from VAT\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_charges(i, "E") || seller_taxed(i),
    ),
    line(
        "BR-E-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Exempt from VAT\", the Invoiced item VAT rate (BT-152) shall be 0 (zero).",
        |l, _| of(&l.vat, "E").all(|v| zero(v)),
    ),
    allowance(
        "BR-E-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Exempt from VAT\", the Document level allowance VAT rate (BT-96) shall be 0 (zero).",
        |a, _| of(&a.vat, "E").all(|v| zero(v)),
    ),
    charge(
        "BR-E-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Exempt from VAT\", the Document level charge VAT rate (BT-103) shall be 0 (zero).",
        |a, _| of(&a.vat, "E").all(|v| zero(v)),
    ),
    breakdown(
        "BR-E-08",
        Error,
        "In a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Exempt from VAT\" the VAT category taxable amount (BT-116) shall equal the sum of Invoice line net amounts (BT-131) minus the sum of Document level allowance amounts (BT-92) plus the sum of Document level charge amounts (BT-99) where the VAT category codes (BT-151, BT-95, BT-102) are \"Exempt from VAT\".",
        |b, i| of(&b.vat, "E").all(|_| sums(b, i, "E")),
    ),
    breakdown(
        "BR-E-09",
        Error,
        "The VAT category tax amount (BT-117) In a VAT breakdown (BG-23) where the VAT category code (BT-118) equals \"Exempt from VAT\" shall equal 0 (zero).",
        |b, _| of(&b.vat, "E").all(|_| no_tax(b)),
    ),
    breakdown(
        "BR-E-10",
        Error,
        "A VAT breakdown (BG-23) with VAT Category code (BT-118) \"Exempt from VAT\" shall have a VAT exemption reason code (BT-121) or a VAT exemption reason text (BT-120).",
        |b, _| of(&b.vat, "E").all(|v| reasoned(v)),
    ),
    invoice(
        "BR-AE-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"Reverse charge\" shall contain in the VAT Breakdown (BG-23) exactly one VAT category code (BT-118) equal with \"VAT reverse charge\".",
        |i| once(i, "AE"),
    ),
    invoice(
        "BR-AE-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Reverse charge\" shall contain the Seller VAT Identifier (BT-31), the Seller Tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63) and the Buyer VAT identifier (BT-48) and/or the Buyer legal registration identifier (BT-47).",
        |i| !on_lines(i, "AE") || (seller_taxed(i) && (buyer_vat(i) || buyer_registered(i))),
    ),
    invoice(
        "BR-AE-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Reverse charge\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63) and the Buyer VAT identifier (BT-48) and/or the Buyer legal registration identifier (BT-47).",
        |i| !on_allowances(i, "AE") || (seller_taxed(i) && (buyer_vat(i) || buyer_registered(i))),
    ),
    invoice(
        "BR-AE-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Reverse charge\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63) and the Buyer VAT identifier (BT-48) and/or the Buyer legal registration identifier (BT-47).",
        |i| !on_charges(i, "AE") || (seller_taxed(i) && (buyer_vat(i) || buyer_registered(i))),
    ),
    line(
        "BR-AE-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Reverse charge\" the Invoiced item VAT rate (BT-152) shall be 0 (zero).",
        |l, _| of(&l.vat, "AE").all(|v| zero(v)),
    ),
    allowance(
        "BR-AE-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Reverse charge\" the Document level allowance VAT rate (BT-96) shall be 0 (zero).",
        |a, _| of(&a.vat, "AE").all(|v| zero(v)),
    ),
    charge(
        "BR-AE-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Reverse charge\" the Document level charge VAT rate (BT-103) shall be 0 (zero).",
        |a, _| of(&a.vat, "AE").all(|v| zero(v)),
    ),
    breakdown(
        "BR-AE-08",
        Error,
        "In a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Reverse charge\" the VAT category taxable amount (BT-116) shall equal the sum of Invoice line net amounts (BT-131) minus the sum of Document level allowance amounts (BT-92) plus the sum of Document level charge amounts (BT-99) where the VAT category codes (BT-151, BT-95, BT-102) are \"Reverse charge\".",
        |b, i| of(&b.vat, "AE").all(|_| sums(b, i, "AE")),
    ),
    breakdown(
        "BR-AE-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where the VAT category code (BT-118) is \"Reverse charge\" shall be 0 (zero).",
        |b, _| of(&b.vat, "AE").all(|_| no_tax(b)),
    ),
    breakdown(
        "BR-AE-10",
        Error,
        "A VAT breakdown (BG-23) with VAT Category code (BT-118) \"Reverse charge\" shall have a VAT exemption reason code (BT-121), meaning \"Reverse charge\" or the VAT exemption reason text (BT-120) \"Reverse charge\" (or the equivalent standard text in another language).",
        |b, _| of(&b.vat, "AE").all(|v| reasoned(v)),
    ),
];
