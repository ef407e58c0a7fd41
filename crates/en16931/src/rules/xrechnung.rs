//! XRechnung 3.0 (KoSIT): the German rules on EN 16931, and those of its extension.

use super::Severity::{Error, Warning};
use super::identifier_facts::iban;
use super::national_facts::{
    buyer_address, creditor_id, delivery_address, distinct_files, email, german_type, has_debit, registered,
    seller_address, seller_contact, skonto, telephone, url, uses_vat,
};
use super::syntax_facts::decimals;
use super::xrechnung_facts::{
    classes, due_with_third_parties, filled_at, has_class, has_tender, is_cvd, is_extension, is_xrechnung,
    known_class, known_value, same_base, sub_lines_add_up, sub_lines_are_taxed, third_parties, values,
    vehicles,
};
use super::{Rule, breakdown, filled, invoice, line, payment};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice(
        "BR-DE-1",
        Error,
        "An invoice shall contain information on \"PAYMENT INSTRUCTIONS\" (BG-16).",
        |i| !i.payments.is_empty(),
    ),
    invoice("BR-DE-2", Error, "The group \"SELLER CONTACT\" (BG-6) shall be provided.", |i| {
        i.seller.as_ref().map_or(!i.root.has("AccountingSupplierParty"), |p| p.contact.is_some())
    }),
    invoice("BR-DE-3", Error, "The element \"Seller city\" (BT-37) shall be provided.", |i| {
        seller_address(i).is_none_or(|a| filled(a.city))
    }),
    invoice("BR-DE-4", Error, "The element \"Seller post code\" (BT-38) shall be provided.", |i| {
        seller_address(i).is_none_or(|a| filled(a.post_code))
    }),
    invoice("BR-DE-5", Error, "The element \"Seller contact point\" (BT-41) shall be provided.", |i| {
        seller_contact(i).is_none_or(|c| filled(c.name))
    }),
    invoice(
        "BR-DE-6",
        Error,
        "The element \"Seller contact telephone number\" (BT-42) shall be provided.",
        |i| seller_contact(i).is_none_or(|c| filled(c.telephone)),
    ),
    invoice(
        "BR-DE-7",
        Error,
        "The element \"Seller contact email address\" (BT-43) shall be provided.",
        |i| seller_contact(i).is_none_or(|c| filled(c.email)),
    ),
    invoice("BR-DE-8", Error, "The element \"Buyer city\" (BT-52) shall be provided.", |i| {
        buyer_address(i).is_none_or(|a| filled(a.city))
    }),
    invoice("BR-DE-9", Error, "The element \"Buyer post code\" (BT-53) shall be provided.", |i| {
        buyer_address(i).is_none_or(|a| filled(a.post_code))
    }),
    invoice(
        "BR-DE-10",
        Error,
        "The element \"Deliver to city\" (BT-77) shall be provided if the group \"DELIVER TO ADDRESS\" (BG-15) is delivered.",
        |i| delivery_address(i).is_none_or(|a| filled(a.city)),
    ),
    invoice(
        "BR-DE-11",
        Error,
        "The element \"Deliver to post code\" (BT-78) shall be provided if the group \"DELIVER TO ADDRESS\" (BG-15) is delivered.",
        |i| delivery_address(i).is_none_or(|a| filled(a.post_code)),
    ),
    invoice("BR-DE-15", Error, "The element \"Buyer reference\" (BT-10) shall be provided.", |i| {
        filled(i.buyer_reference)
    }),
    invoice(
        "BR-DE-16",
        Error,
        "If one of the VAT codes S, Z, E, AE, K, G, L, or M is used, an invoice shall contain at least one of the following elements: \"Seller VAT identifier\" (BT-31) or \"Seller tax registration identifier\" (BT-32) or \"SELLER TAX REPRESENTATIVE PARTY\" (BG-11).",
        |i| !uses_vat(i) || i.representative.is_some() || registered(i),
    ),
    invoice(
        "BR-DE-17",
        Warning,
        "The element \"Invoice type code\" (BT-3) should only contain the following values from code list UNTDID 1001: 326 (Partial invoice), 380 (Commercial invoice), 384 (Corrected invoice), 389 (Self-billed invoice), 381 (Credit note), 875 (Partial construction invoice), 876 (Partial final construction invoice), 877 (Final construction invoice).",
        |i| i.type_code.is_some_and(german_type),
    ),
    invoice(
        "BR-DE-18",
        Error,
        "Information on cash discounts for prompt payment (Skonto) shall be provided within the element \"Payment terms\" BT-20 in the following way: First segment \"SKONTO\", second segment amount of days (\"TAGE=N\"), third segment percentage (\"PROZENT=N\"). Percentage must be separated by dot with two decimal places. In case the base value of the invoiced amount is not provided in BT-115 but as a partial amount, the base value shall be provided as fourth segment \"BASISBETRAG=N\" as semantic data type amount. Each entry shall start with a #, the segments must be separated by # and a row shall end with a #. A complete statement on cash discount for prompt payment shall end with a XML-conformant line break. All statements on cash discount for prompt payment shall be given in capital letters. Additional whitespaces (blanks, tabulators or line breaks) are not allowed. Other characters or texts than defined above are not allowed.",
        |i| i.payment_terms.first().is_none_or(|t| skonto(t)),
    ),
    invoice(
        "BR-DE-22",
        Error,
        "Attached documents provided with an invoice in \"ADDITIONAL SUPPORTING DOCUMENTS\" (BG-24) shall have a unique filename (non case-sensitive) within the element ″Attached document″ (BT-125).",
        distinct_files,
    ),
    invoice(
        "BR-DE-26",
        Warning,
        "If \"Invoice type code\" (BT-3) contains the code 384 (Corrected invoice), \"PRECEDING INVOICE REFERENCE\" (BG-3) should be provided at least once.",
        |i| i.type_code != Some("384") || i.preceding.iter().any(Option::is_some),
    ),
    invoice(
        "BR-DE-27",
        Warning,
        "\"Seller contact telephone number\" (BT-42) should contain a valid telephone number. A valid telephone should consist of 3 digits minimum.",
        |i| seller_contact(i).is_none_or(|c| telephone(c.telephone.unwrap_or(""))),
    ),
    invoice(
        "BR-DE-28",
        Warning,
        "\"Seller contact email address\" (BT-43) should contain exactly one @-sign, which should not be framed by a whitespace or a dot but by at least two characters on each side. A dot should not be the first or last character.",
        |i| seller_contact(i).is_none_or(|c| email(c.email.unwrap_or(""))),
    ),
    invoice(
        "BR-DE-30",
        Error,
        "If the group \"DIRECT DEBIT\" (BG-19) is delivered, the element \"Bank assigned creditor identifier\" (BT-90) shall be provided.",
        |i| !has_debit(i) || creditor_id(i),
    ),
    invoice(
        "BR-DE-31",
        Error,
        "If the group \"DIRECT DEBIT\" (BG-19) is delivered, the element \"Debited account identifier\" (BT-91) shall be provided.",
        |i| !has_debit(i) || i.payments.iter().any(|p| p.debited_account.is_some()),
    ),
    invoice(
        "BR-TMP-2",
        Warning,
        "The external document location (BT-124) shall be an absolute URL with a valid scheme.",
        |i| i.documents.iter().all(|d| d.uri.is_none_or(url)),
    ),
    invoice(
        "BR-DE-21",
        Warning,
        "The specification identifier (BT-24) should be that of XRechnung.",
        is_xrechnung,
    ),
    invoice(
        "BR-DE-TMP-32",
        Warning,
        "An invoice should have an actual delivery date (BT-72), an invoicing period (BG-14) or, in every line, an invoice line period (BG-26).",
        |i| {
            i.delivery.is_some_and(|d| d.date.is_some())
                || !i.periods.is_empty()
                || i.lines.iter().all(|l| !l.periods.is_empty())
        },
    ),
    invoice(
        "BR-DEX-02",
        Warning,
        "The net amount (BT-131) of a line with sub-lines should be the sum of their amounts.",
        |i| !is_extension(i) || sub_lines_add_up(i),
    ),
    invoice(
        "BR-DEX-03",
        Error,
        "A sub-line (BG-DEX-01) shall have exactly one VAT information (BG-DEX-06).",
        |i| !is_extension(i) || sub_lines_are_taxed(i),
    ),
    invoice(
        "BR-DEX-09",
        Error,
        "Amount due for payment (BT-115) = Invoice total amount with VAT (BT-112) - Paid amount (BT-113) + Rounding amount (BT-114) + third party payments (BT-DEX-002).",
        |i| !is_extension(i) || due_with_third_parties(i),
    ),
    invoice("BR-DEX-10", Error, "A third party payment (BG-DEX-09) shall have a type (BT-DEX-001).", |i| {
        !is_extension(i) || third_parties(i).all(|p| filled_at(p, "ID"))
    }),
    invoice(
        "BR-DEX-11",
        Error,
        "A third party payment (BG-DEX-09) shall have an amount (BT-DEX-002).",
        |i| !is_extension(i) || third_parties(i).all(|p| filled_at(p, "PaidAmount")),
    ),
    invoice(
        "BR-DEX-12",
        Error,
        "A third party payment (BG-DEX-09) shall have a description (BT-DEX-003).",
        |i| !is_extension(i) || third_parties(i).all(|p| filled_at(p, "InstructionID")),
    ),
    invoice(
        "BR-DEX-13",
        Error,
        "The amount of a third party payment (BT-DEX-002) shall have at most two decimals.",
        |i| !is_extension(i) || third_parties(i).all(|p| decimals(p.text_at("PaidAmount")) <= 2),
    ),
    invoice(
        "BR-DEX-14",
        Error,
        "The currency of a third party payment (BT-DEX-002) shall be the invoice currency (BT-5).",
        |i| {
            !is_extension(i)
                || third_parties(i)
                    .all(|p| p.one("PaidAmount").and_then(|a| a.attribute("currencyID")) == i.currency)
        },
    ),
    invoice(
        "BR-DE-CVD-01",
        Error,
        "An invoice under the clean vehicles directive shall have a contract reference (BT-12).",
        |i| !is_cvd(i) || filled(i.contract_reference),
    ),
    invoice(
        "BR-DE-CVD-02",
        Error,
        "An invoice under the clean vehicles directive shall have a tender or lot reference (BT-17).",
        |i| !is_cvd(i) || has_tender(i),
    ),
    invoice(
        "BR-DE-CVD-03",
        Error,
        "An invoice under the clean vehicles directive shall have a line with a vehicle category (BT-158) and a cva attribute (BT-160).",
        |i| !is_cvd(i) || vehicles(i).any(|item| has_class(item) && values(item) > 0),
    ),
    invoice(
        "BR-DE-CVD-04",
        Error,
        "A vehicle category (BT-158) shall be one of M1, M2, M3, N1, N2, N3.",
        |i| !is_cvd(i) || vehicles(i).all(known_class),
    ),
    invoice("BR-DE-CVD-05", Error, "A cva attribute (BT-161) shall be clean, zero-emission or other.", |i| {
        !is_cvd(i) || vehicles(i).all(known_value)
    }),
    invoice(
        "BR-DE-CVD-06-a",
        Error,
        "An item with a vehicle category (BT-158) shall have exactly one cva attribute (BT-160).",
        |i| !is_cvd(i) || vehicles(i).all(|item| !has_class(item) || values(item) == 1),
    ),
    invoice(
        "BR-DE-CVD-06-b",
        Error,
        "An item with a cva attribute (BT-160) shall have exactly one vehicle category (BT-158).",
        |i| !is_cvd(i) || vehicles(i).all(|item| values(item) == 0 || classes(item) == 1),
    ),
    breakdown("BR-DE-14", Error, "The element \"VAT category rate\" (BT-119) shall be provided.", |b, _| {
        b.vat.iter().any(|v| v.rate.is_some_and(|r| !r.raw.is_empty()))
    }),
    payment(
        "BR-DE-19",
        Warning,
        "The element \"Payment account identifier\" (BT-84) should contain a valid IBAN if code 58 SEPA is provided in \"Payment means type code\" (BT-81).",
        |p, _| p.code != Some("58") || p.account.is_some_and(iban),
    ),
    payment(
        "BR-DE-20",
        Warning,
        "The element \"Debited account identifier\" (BT-91) should contain a valid IBAN if code 59 SEPA is provided in \"Payment means type code\" (BT-81).",
        |p, _| p.code != Some("59") || p.debited_account.is_some_and(iban),
    ),
    payment(
        "BR-DE-23-a",
        Error,
        "If \"Payment means type code\" (BT-81) contains a code for credit transfer (30, 58), \"CREDIT TRANSFER\" (BG-17) shall be provided.",
        |p, _| !matches!(p.code, Some("30" | "58")) || p.transfer,
    ),
    payment(
        "BR-DE-23-b",
        Error,
        "If \"Payment means type code\" (BT-81) contains a code for credit transfer (30, 58), BG-18 and BG-19 shall not be provided.",
        |p, _| !matches!(p.code, Some("30" | "58")) || (!p.card && !p.debit),
    ),
    payment(
        "BR-DE-24-a",
        Error,
        "If \"Payment means type code\" (BT-81) contains a code for payment card (48, 54, 55), \"PAYMENT CARD INFORMATION\" (BG-18) shall be provided.",
        |p, _| !matches!(p.code, Some("48" | "54" | "55")) || p.card,
    ),
    payment(
        "BR-DE-24-b",
        Error,
        "If \"Payment means type code\" (BT-81) contains a code for payment card (48, 54, 55), BG-17 and BG-19 shall not be provided.",
        |p, _| !matches!(p.code, Some("48" | "54" | "55")) || (!p.transfer && !p.debit),
    ),
    payment(
        "BR-DE-25-a",
        Error,
        "If \"Payment means type code\" (BT-81) contains a code for direct debit (59), \"DIRECT DEBIT\" (BG-19) shall be provided.",
        |p, _| p.code != Some("59") || p.debit,
    ),
    payment(
        "BR-DE-25-b",
        Error,
        "If \"Payment means type code\" (BT-81) contains a code for direct debit (59), BG-17 and BG-18 shall not be provided.",
        |p, _| p.code != Some("59") || (!p.transfer && !p.card),
    ),
    line(
        "BR-TMP-3",
        Error,
        "The base quantity (BT-149) of gross and net price shall be the same.",
        |l, _| same_base(l.node),
    ),
];
