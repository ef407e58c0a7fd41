//! Business rules of EN 16931 on VAT at a rate: standard (S), IGIC (L, BR-AF; in the standard BR-IG), IPSI (M, BR-AG; BR-IP).

use super::Severity::Error;
use super::vat_facts::{
    above_zero, listed, of, on_allowances, on_charges, on_lines, seller_taxed, sums_at_rate, tax_at_rate,
    unreasoned, zero_or_more,
};
use super::{Rule, allowance, breakdown, charge, invoice, line};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice(
        "BR-S-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"Standard rated\" shall contain in the VAT breakdown (BG-23) at least one VAT category code (BT-118) equal with \"Standard rated\".",
        |i| listed(i, "S"),
    ),
    invoice(
        "BR-S-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Standard rated\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_lines(i, "S") || seller_taxed(i),
    ),
    invoice(
        "BR-S-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Standard rated\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_allowances(i, "S") || seller_taxed(i),
    ),
    invoice(
        "BR-S-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Standard rated\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_charges(i, "S") || seller_taxed(i),
    ),
    line(
        "BR-S-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"Standard rated\" the Invoiced item VAT rate (BT-152) shall be greater than zero.",
        |l, _| of(&l.vat, "S").all(|v| above_zero(v)),
    ),
    allowance(
        "BR-S-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"Standard rated\" the Document level allowance VAT rate (BT-96) shall be greater than zero.",
        |a, _| of(&a.vat, "S").all(|v| above_zero(v)),
    ),
    charge(
        "BR-S-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"Standard rated\" the Document level charge VAT rate (BT-103) shall be greater than zero.",
        |a, _| of(&a.vat, "S").all(|v| above_zero(v)),
    ),
    breakdown(
        "BR-S-08",
        Error,
        "For each different value of VAT category rate (BT-119) where the VAT category code (BT-118) is \"Standard rated\", the VAT category taxable amount (BT-116) in a VAT breakdown (BG-23) shall equal the sum of Invoice line net amounts (BT-131) plus the sum of document level charge amounts (BT-99) minus the sum of document level allowance amounts (BT-92) where the VAT category code (BT-151, BT-102, BT-95) is \"Standard rated\" and the VAT rate (BT-152, BT-103, BT-96) equals the VAT category rate (BT-119).",
        |b, i| of(&b.vat, "S").all(|v| sums_at_rate(b, v, i, "S")),
    ),
    breakdown(
        "BR-S-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where VAT category code (BT-118) is \"Standard rated\" shall equal the VAT category taxable amount (BT-116) multiplied by the VAT category rate (BT-119).",
        |b, i| of(&b.vat, "S").all(|v| tax_at_rate(b, v, i)),
    ),
    breakdown(
        "BR-S-10",
        Error,
        "A VAT breakdown (BG-23) with VAT Category code (BT-118) \"Standard rate\" shall not have a VAT exemption reason code (BT-121) or VAT exemption reason text (BT-120).",
        |b, _| of(&b.vat, "S").all(|v| unreasoned(v)),
    ),
    invoice(
        "BR-AF-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"IGIC\" shall contain in the VAT breakdown (BG-23) at least one VAT category code (BT-118) equal with \"IGIC\".",
        |i| listed(i, "L"),
    ),
    invoice(
        "BR-AF-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"IGIC\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_lines(i, "L") || seller_taxed(i),
    ),
    invoice(
        "BR-AF-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"IGIC\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_allowances(i, "L") || seller_taxed(i),
    ),
    invoice(
        "BR-AF-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"IGIC\" shall contain the Seller VAT Identifier (BT-31), the Seller Tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_charges(i, "L") || seller_taxed(i),
    ),
    line(
        "BR-AF-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"IGIC\" the invoiced item VAT rate (BT-152) shall be 0 (zero) or greater than zero.",
        |l, _| of(&l.vat, "L").all(|v| zero_or_more(v)),
    ),
    allowance(
        "BR-AF-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"IGIC\" the Document level allowance VAT rate (BT-96) shall be 0 (zero) or greater than zero.",
        |a, _| of(&a.vat, "L").all(|v| zero_or_more(v)),
    ),
    charge(
        "BR-AF-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"IGIC\" the Document level charge VAT rate (BT-103) shall be 0 (zero) or greater than zero.",
        |a, _| of(&a.vat, "L").all(|v| zero_or_more(v)),
    ),
    breakdown(
        "BR-AF-08",
        Error,
        "For each different value of VAT category rate (BT-119) where the VAT category code (BT-118) is \"IGIC\", the VAT category taxable amount (BT-116) in a VAT breakdown (BG-23) shall equal the sum of Invoice line net amounts (BT-131) plus the sum of document level charge amounts (BT-99) minus the sum of document level allowance amounts (BT-92) where the VAT category code (BT-151, BT-102, BT-95) is \"IGIC\" and the VAT rate (BT-152, BT-103, BT-96) equals the VAT category rate (BT-119).",
        |b, i| of(&b.vat, "L").all(|v| sums_at_rate(b, v, i, "L")),
    ),
    breakdown(
        "BR-AF-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where VAT category code (BT-118) is \"IGIC\" shall equal the VAT category taxable amount (BT-116) multiplied by the VAT category rate (BT-119).",
        |b, i| of(&b.vat, "L").all(|v| tax_at_rate(b, v, i)),
    ),
    breakdown(
        "BR-AF-10",
        Error,
        "A VAT breakdown (BG-23) with VAT Category code (BT-118) \"IGIC\" shall not have a VAT exemption reason code (BT-121) or VAT exemption reason text (BT-120).",
        |b, _| of(&b.vat, "L").all(|v| unreasoned(v)),
    ),
    invoice(
        "BR-AG-01",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95 or BT-102) is \"IPSI\" shall contain in the VAT breakdown (BG-23) at least one VAT category code (BT-118) equal with \"IPSI\".",
        |i| listed(i, "M"),
    ),
    invoice(
        "BR-AG-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"IPSI\" shall contain the Seller VAT Identifier (BT-31), the Seller tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_lines(i, "M") || seller_taxed(i),
    ),
    invoice(
        "BR-AG-03",
        Error,
        "An Invoice that contains a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"IPSI\" shall contain the Seller VAT Identifier (BT-31), the Seller Tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_allowances(i, "M") || seller_taxed(i),
    ),
    invoice(
        "BR-AG-04",
        Error,
        "An Invoice that contains a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"IPSI\" shall contain the Seller VAT Identifier (BT-31), the Seller Tax registration identifier (BT-32) and/or the Seller tax representative VAT identifier (BT-63).",
        |i| !on_charges(i, "M") || seller_taxed(i),
    ),
    line(
        "BR-AG-05",
        Error,
        "In an Invoice line (BG-25) where the Invoiced item VAT category code (BT-151) is \"IPSI\" the Invoiced item VAT rate (BT-152) shall be 0 (zero) or greater than zero.",
        |l, _| of(&l.vat, "M").all(|v| zero_or_more(v)),
    ),
    allowance(
        "BR-AG-06",
        Error,
        "In a Document level allowance (BG-20) where the Document level allowance VAT category code (BT-95) is \"IPSI\" the Document level allowance VAT rate (BT-96) shall be 0 (zero) or greater than zero.",
        |a, _| of(&a.vat, "M").all(|v| zero_or_more(v)),
    ),
    charge(
        "BR-AG-07",
        Error,
        "In a Document level charge (BG-21) where the Document level charge VAT category code (BT-102) is \"IPSI\" the Document level charge VAT rate (BT-103) shall be 0 (zero) or greater than zero.",
        |a, _| of(&a.vat, "M").all(|v| zero_or_more(v)),
    ),
    breakdown(
        "BR-AG-08",
        Error,
        "For each different value of VAT category rate (BT-119) where the VAT category code (BT-118) is \"IPSI\", the VAT category taxable amount (BT-116) in a VAT breakdown (BG-23) shall equal the sum of Invoice line net amounts (BT-131) plus the sum of document level charge amounts (BT-99) minus the sum of document level allowance amounts (BT-92) where the VAT category code (BT-151, BT-102, BT-95) is \"IPSI\" and the VAT rate (BT-152, BT-103, BT-96) equals the VAT category rate (BT-119).",
        |b, i| of(&b.vat, "M").all(|v| sums_at_rate(b, v, i, "M")),
    ),
    breakdown(
        "BR-AG-09",
        Error,
        "The VAT category tax amount (BT-117) in a VAT breakdown (BG-23) where VAT category code (BT-118) is \"IPSI\" shall equal the VAT category taxable amount (BT-116) multiplied by the VAT category rate (BT-119).",
        |b, i| of(&b.vat, "M").all(|v| tax_at_rate(b, v, i)),
    ),
    breakdown(
        "BR-AG-10",
        Error,
        "A VAT breakdown (BG-23) with VAT Category code (BT-118) \"IPSI\" shall not have a VAT exemption reason code (BT-121) or VAT exemption reason text (BT-120).",
        |b, _| of(&b.vat, "M").all(|v| unreasoned(v)),
    ),
];
