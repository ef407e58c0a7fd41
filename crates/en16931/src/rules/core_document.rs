//! Business rules of EN 16931 on the document as a whole: what has to be there.

use super::Severity::{Error, Warning};
use super::facts::{differs_from_seller, identified, in_order, is_transfer, parties, scheme};
use super::vat_facts::uses;
use super::{Rule, filled, invoice, payment, period};
use crate::codes::List;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice("BR-01", Error, "An Invoice shall have a Specification identifier (BT-24).", |i| {
        filled(i.specification)
    }),
    invoice("BR-02", Error, "An Invoice shall have an Invoice number (BT-1).", |i| filled(i.number)),
    invoice("BR-03", Error, "An Invoice shall have an Invoice issue date (BT-2).", |i| filled(i.issue_date)),
    invoice("BR-04", Error, "An Invoice shall have an Invoice type code (BT-3).", |i| filled(i.type_code)),
    invoice("BR-05", Error, "An Invoice shall have an Invoice currency code (BT-5).", |i| filled(i.currency)),
    invoice("BR-06", Error, "An Invoice shall contain the Seller name (BT-27).", |i| {
        i.seller.as_ref().is_some_and(|p| filled(p.name))
    }),
    invoice("BR-07", Error, "An Invoice shall contain the Buyer name (BT-44).", |i| {
        i.buyer.as_ref().is_some_and(|p| filled(p.name))
    }),
    invoice("BR-08", Error, "An Invoice shall contain the Seller postal address.", |i| {
        i.seller.as_ref().is_some_and(|p| p.address.is_some())
    }),
    invoice(
        "BR-09",
        Error,
        "The Seller postal address (BG-5) shall contain a Seller country code (BT-40).",
        |i| i.seller.as_ref().and_then(|p| p.address).map_or(!i.is_cii(), |a| filled(a.country)),
    ),
    invoice("BR-10", Error, "An Invoice shall contain the Buyer postal address (BG-8).", |i| {
        i.buyer.as_ref().is_some_and(|p| p.address.is_some())
    }),
    invoice("BR-11", Error, "The Buyer postal address shall contain a Buyer country code (BT-55).", |i| {
        i.buyer.as_ref().and_then(|p| p.address).map_or(!i.is_cii(), |a| filled(a.country))
    }),
    invoice("BR-16", Error, "An Invoice shall have at least one Invoice line (BG-25).", |i| {
        !i.lines.is_empty()
    }),
    invoice(
        "BR-17",
        Error,
        "The Payee name (BT-59) shall be provided in the Invoice, if the Payee (BG-10) is different from the Seller (BG-4).",
        |i| i.payee.as_ref().is_none_or(|p| differs_from_seller(p, i)),
    ),
    invoice(
        "BR-18",
        Error,
        "The Seller tax representative name (BT-62) shall be provided in the Invoice, if the Seller (BG-4) has a Seller tax representative party (BG-11).",
        |i| i.representative.as_ref().is_none_or(|p| filled(p.name)),
    ),
    invoice(
        "BR-19",
        Error,
        "The Seller tax representative postal address (BG-12) shall be provided in the Invoice, if the Seller (BG-4) has a Seller tax representative party (BG-11).",
        |i| i.representative.as_ref().is_none_or(|p| p.address.is_some()),
    ),
    invoice(
        "BR-20",
        Error,
        "The Seller tax representative postal address (BG-12) shall contain a Tax representative country code (BT-69), if the Seller (BG-4) has a Seller tax representative party (BG-11).",
        |i| i.representative.as_ref().is_none_or(|p| p.address.map_or(!i.is_cii(), |a| filled(a.country))),
    ),
    invoice(
        "BR-52",
        Error,
        "Each Additional supporting document (BG-24) shall contain a Supporting document reference (BT-122).",
        |i| i.documents.iter().all(|d| filled(d.id)),
    ),
    invoice(
        "BR-53",
        Error,
        "If the VAT accounting currency code (BT-6) is present, then the Invoice total VAT amount in accounting currency (BT-111) shall be provided.",
        |i| {
            (i.is_cii() && i.totals.is_none())
                || i.tax_currency
                    .is_none_or(|c| i.taxes.iter().filter_map(|t| t.amount).any(|a| a.unit == Some(c)))
        },
    ),
    invoice(
        "BR-55",
        Error,
        "Each Preceding Invoice reference (BG-3) shall contain a Preceding Invoice reference (BT-25).",
        |i| i.preceding.iter().all(|p| if i.is_cii() { filled(*p) } else { p.is_some() }),
    ),
    invoice(
        "BR-56",
        Error,
        "Each Seller tax representative party (BG-11) shall have a Seller tax representative VAT identifier (BT-63).",
        |i| i.representative.as_ref().is_none_or(|p| !p.vat_ids.is_empty()),
    ),
    invoice(
        "BR-57",
        Error,
        "Each Deliver to address (BG-15) shall contain a Deliver to country code (BT-80).",
        |i| {
            i.delivery
                .and_then(|d| d.address)
                .is_none_or(|a| if i.is_cii() { filled(a.country) } else { a.country.is_some() })
        },
    ),
    invoice("BR-62", Error, "The Seller electronic address (BT-34) shall have a Scheme identifier.", |i| {
        i.seller.as_ref().and_then(|p| p.endpoint).is_none_or(|e| scheme(e, i))
    }),
    invoice("BR-63", Error, "The Buyer electronic address (BT-49) shall have a Scheme identifier.", |i| {
        i.buyer.as_ref().and_then(|p| p.endpoint).is_none_or(|e| scheme(e, i))
    }),
    invoice("BR-66", Error, "An Invoice shall contain maximum one Payment Card account (BG-18).", |i| {
        i.is_cii() || i.payments.iter().filter(|p| p.card).count() <= 1
    }),
    invoice("BR-67", Error, "An Invoice shall contain maximum one Payment Mandate (BG-19).", |i| {
        i.is_cii() || i.payments.iter().filter(|p| p.debit).count() <= 1
    }),
    invoice(
        "BR-CO-03",
        Error,
        "Value added tax point date (BT-7) and Value added tax point date code (BT-8) are mutually exclusive.",
        |i| i.tax_point_date.is_none() || i.tax_point_code.is_none(),
    ),
    invoice(
        "BR-CO-09",
        Error,
        "The Seller VAT identifier (BT-31), the Seller tax representative VAT identifier (BT-63) and the Buyer VAT identifier (BT-48) shall have a prefix in accordance with ISO code ISO 3166-1 alpha-2 by which the country of issue may be identified. Nevertheless, Greece may use the prefix ‘EL’.",
        |i| parties(i).flat_map(|p| &p.vat_ids).all(|id| List::VatPrefix.has(id.get(..2).unwrap_or(""))),
    ),
    invoice("BR-CO-18", Error, "An Invoice shall at least have one VAT breakdown group (BG-23).", |i| {
        !i.breakdown.is_empty() || (i.is_cii() && i.lines.is_empty())
    }),
    invoice(
        "BR-CO-26",
        Error,
        "In order for the buyer to automatically identify a supplier, the Seller identifier (BT-29), the Seller legal registration identifier (BT-30) and/or the Seller VAT identifier (BT-31) shall be present.",
        |i| i.seller.as_ref().map_or(!i.root.has("AccountingSupplierParty"), identified),
    ),
    invoice(
        "BR-B-01",
        Error,
        "An Invoice where the VAT category code (BT-151, BT-95 or BT-102) is “Split payment” shall be a domestic Italian invoice.",
        |i| {
            !uses(i, "B")
                || i.root
                    .descendants()
                    .filter(|n| matches!(n.name(), "IdentificationCode" | "CountryID"))
                    .all(|n| n.trimmed() == "IT")
        },
    ),
    invoice(
        "BR-B-02",
        Error,
        "An Invoice that contains an Invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95, BT-118 or BT-102) is “Split payment\" shall not contain an invoice line (BG-25), a Document level allowance (BG-20) or a Document level charge (BG-21) where the VAT category code (BT-151, BT-95, BT-118 or BT-102) is “Standard rated”.",
        |i| !uses(i, "B") || !uses(i, "S"),
    ),
    period(
        "BR-29",
        Error,
        "If both Invoicing period start date (BT-73) and Invoicing period end date (BT-74) are given then the Invoicing period end date (BT-74) shall be later or equal to the Invoicing period start date (BT-73).",
        in_order,
    ),
    period(
        "BR-CO-19",
        Error,
        "If Invoicing period (BG-14) is used, the Invoicing period start date (BT-73) or the Invoicing period end date (BT-74) shall be filled, or both.",
        |p| p.from.is_some() || p.to.is_some() || p.code.is_some(),
    ),
    payment(
        "BR-49",
        Error,
        "A Payment instruction (BG-16) shall specify the Payment means type code (BT-81).",
        |p, _| p.code.is_some(),
    ),
    payment(
        "BR-50",
        Error,
        "A Payment account identifier (BT-84) shall be present if Credit transfer (BG-17) information is provided in the Invoice.",
        |p, _| !is_transfer(p) || !p.transfer || filled(p.account),
    ),
    payment(
        "BR-51",
        Warning,
        "In accordance with card payments security standards an invoice should never include a full card primary account number (BT-87). At the moment PCI Security Standards Council has defined that the first 6 digits and last 4 digits are the maximum number of digits to be shown.",
        |p, _| p.card_number.is_none_or(|n| n.chars().count() <= 10),
    ),
    payment(
        "BR-61",
        Error,
        "If the Payment means type code (BT-81) means SEPA credit transfer, Local credit transfer or Non-SEPA international credit transfer, the Payment account identifier (BT-84) shall be present.",
        |p, i| !is_transfer(p) || (i.is_cii() && !p.transfer) || p.account.is_some(),
    ),
];
