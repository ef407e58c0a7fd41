//! Peppol: rules of Germany, for sellers and buyers that both sit there.

use super::Severity::{Error, Warning};
use super::identifier_facts::iban;
use super::national_facts::{
    buyer_address, creditor_id, delivery_address, distinct_files, email, german_type, has_debit, registered,
    seller_address, seller_contact, skonto, telephone, url, uses_vat,
};
use super::peppol_facts::is_german;
use super::{Rule, breakdown, filled, invoice, payment};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice(
        "DE-R-001",
        Error,
        "If both supplier and customer are located in Germany, an invoice shall contain information on \"PAYMENT INSTRUCTIONS\" (BG-16).",
        |i| !is_german(i) || !i.payments.is_empty(),
    ),
    invoice(
        "DE-R-002",
        Error,
        "If both supplier and customer are located in Germany, the group \"SELLER CONTACT\" (BG-6) shall be provided.",
        |i| !is_german(i) || i.seller.as_ref().is_none_or(|p| p.contact.is_some()),
    ),
    invoice(
        "DE-R-003",
        Error,
        "If both supplier and customer are located in Germany, the element \"Seller city\" (BT-37) shall be provided.",
        |i| !is_german(i) || seller_address(i).is_none_or(|a| filled(a.city)),
    ),
    invoice(
        "DE-R-004",
        Error,
        "If both supplier and customer are located in Germany, the element \"Seller post code\" (BT-38) shall be provided.",
        |i| !is_german(i) || seller_address(i).is_none_or(|a| filled(a.post_code)),
    ),
    invoice(
        "DE-R-005",
        Error,
        "If both supplier and customer are located in Germany, the element \"Seller contact point\" (BT-41) shall be provided.",
        |i| !is_german(i) || seller_contact(i).is_none_or(|c| filled(c.name)),
    ),
    invoice(
        "DE-R-006",
        Error,
        "If both supplier and customer are located in Germany, the element \"Seller contact telephone number\" (BT-42) shall be provided.",
        |i| !is_german(i) || seller_contact(i).is_none_or(|c| filled(c.telephone)),
    ),
    invoice(
        "DE-R-007",
        Error,
        "If both supplier and customer are located in Germany, the element \"Seller contact email address\" (BT-43) shall be provided.",
        |i| !is_german(i) || seller_contact(i).is_none_or(|c| filled(c.email)),
    ),
    invoice(
        "DE-R-008",
        Error,
        "If both supplier and customer are located in Germany, the element \"Buyer city\" (BT-52) shall be provided.",
        |i| !is_german(i) || buyer_address(i).is_none_or(|a| filled(a.city)),
    ),
    invoice(
        "DE-R-009",
        Error,
        "If both supplier and customer are located in Germany, the element \"Buyer post code\" (BT-53) shall be provided.",
        |i| !is_german(i) || buyer_address(i).is_none_or(|a| filled(a.post_code)),
    ),
    invoice(
        "DE-R-010",
        Error,
        "If both supplier and customer are located in Germany, the element \"Deliver to city\" (BT-77) shall be provided if the group \"DELIVER TO ADDRESS\" (BG-15) is delivered.",
        |i| !is_german(i) || delivery_address(i).is_none_or(|a| filled(a.city)),
    ),
    invoice(
        "DE-R-011",
        Error,
        "If both supplier and customer are located in Germany, the element \"Deliver to post code\" (BT-78) shall be provided if the group \"DELIVER TO ADDRESS\" (BG-15) is delivered.",
        |i| !is_german(i) || delivery_address(i).is_none_or(|a| filled(a.post_code)),
    ),
    invoice(
        "DE-R-015",
        Error,
        "If both supplier and customer are located in Germany, the element \"Buyer reference\" (BT-10) shall be provided.",
        |i| !is_german(i) || filled(i.buyer_reference),
    ),
    invoice(
        "DE-R-016",
        Error,
        "If both supplier and customer are located in Germany, and if one of the VAT codes S, Z, E, AE, K, G, L, or M is used, an invoice shall contain at least one of the following elements: \"Seller VAT identifier\" (BT-31) or \"Seller tax registration identifier\" (BT-32) or \"SELLER TAX REPRESENTATIVE PARTY\" (BG-11).",
        |i| !is_german(i) || !uses_vat(i) || i.representative.is_some() || registered(i),
    ),
    invoice(
        "DE-R-017",
        Warning,
        "If both supplier and customer are located in Germany, the element \"Invoice type code\" (BT-3) should only contain the following values from code list UNTDID 1001: 326 (Partial invoice), 380 (Commercial invoice), 384 (Corrected invoice), 389 (Self-billed invoice), 381 (Credit note), 875 (Partial construction invoice), 876 (Partial final construction invoice), 877 (Final construction invoice).",
        |i| !is_german(i) || i.type_code.is_some_and(german_type),
    ),
    invoice(
        "DE-R-018",
        Error,
        "If both supplier and customer are located in Germany, information on cash discounts for prompt payment (Skonto) shall be provided within the element \"Payment terms\" BT-20 in the following way: First segment \"SKONTO\", second segment amount of days (\"TAGE=N\"), third segment percentage (\"PROZENT=N\"). Percentage must be separated by dot with two decimal places. In case the base value of the invoiced amount is not provided in BT-115 but as a partial amount, the base value shall be provided as fourth segment \"BASISBETRAG=N\" as semantic data type amount. Each entry shall start with a #, the segments must be separated by # and a row shall end with a #. A complete statement on cash discount for prompt payment shall end with a XML-conformant line break. All statements on cash discount for prompt payment shall be given in capital letters. Additional whitespaces (blanks, tabulators or line breaks) are not allowed. Other characters or texts than defined above are not allowed.",
        |i| !is_german(i) || i.payment_terms.first().is_none_or(|t| skonto(t)),
    ),
    invoice(
        "DE-R-022",
        Error,
        "If both supplier and customer are located in Germany, attached documents provided with an invoice in \"ADDITIONAL SUPPORTING DOCUMENTS\" (BG-24) shall have a unique filename (non case-sensitive) within the element ″Attached document″ (BT-125).",
        |i| !is_german(i) || distinct_files(i),
    ),
    invoice(
        "DE-R-026",
        Warning,
        "If both supplier and customer are located in Germany, and if \"Invoice type code\" (BT-3) contains the code 384 (Corrected invoice), \"PRECEDING INVOICE REFERENCE\" (BG-3) should be provided at least once.",
        |i| !is_german(i) || i.type_code != Some("384") || i.preceding.iter().any(Option::is_some),
    ),
    invoice(
        "DE-R-027",
        Warning,
        "If both supplier and customer are located in Germany, \"Seller contact telephone number\" (BT-42) should contain a valid telephone number. A valid telephone should consist of 3 digits minimum.",
        |i| !is_german(i) || seller_contact(i).is_none_or(|c| telephone(c.telephone.unwrap_or(""))),
    ),
    invoice(
        "DE-R-028",
        Warning,
        "If both supplier and customer are located in Germany, \"Seller contact email address\" (BT-43) should contain exactly one @-sign, which should not be framed by a whitespace or a dot but by at least two characters on each side. A dot should not be the first or last character.",
        |i| !is_german(i) || seller_contact(i).is_none_or(|c| email(c.email.unwrap_or(""))),
    ),
    invoice(
        "DE-R-030",
        Error,
        "If both supplier and customer are located in Germany, and if the group \"DIRECT DEBIT\" (BG-19) is delivered, the element \"Bank assigned creditor identifier\" (BT-90) shall be provided.",
        |i| !is_german(i) || !has_debit(i) || creditor_id(i),
    ),
    invoice(
        "DE-R-031",
        Error,
        "If both supplier and customer are located in Germany, and if the group \"DIRECT DEBIT\" (BG-19) is delivered, the element \"Debited account identifier\" (BT-91) shall be provided.",
        |i| !is_german(i) || !has_debit(i) || i.payments.iter().any(|p| p.debited_account.is_some()),
    ),
    invoice(
        "DE-R-T02",
        Warning,
        "If both supplier and customer are located in Germany, BT-124 \"External document location\" must contain an absolute URL with valid scheme.",
        |i| !is_german(i) || i.documents.iter().all(|d| d.uri.is_none_or(url)),
    ),
    breakdown(
        "DE-R-014",
        Error,
        "If both supplier and customer are located in Germany, the element \"VAT category rate\" (BT-119) shall be provided.",
        |b, i| !is_german(i) || b.vat.iter().any(|v| v.rate.is_some_and(|r| !r.raw.is_empty())),
    ),
    payment(
        "DE-R-019",
        Warning,
        "If both supplier and customer are located in Germany, the element \"Payment account identifier\" (BT-84) should contain a valid IBAN if code 58 SEPA is provided in \"Payment means type code\" (BT-81).",
        |p, i| !is_german(i) || p.code != Some("58") || p.account.is_some_and(iban),
    ),
    payment(
        "DE-R-020",
        Warning,
        "If both supplier and customer are located in Germany, the element \"Debited account identifier\" (BT-91) should contain a valid IBAN if code 59 SEPA is provided in \"Payment means type code\" (BT-81).",
        |p, i| !is_german(i) || p.code != Some("59") || p.debited_account.is_some_and(iban),
    ),
    payment(
        "DE-R-023-1",
        Error,
        "If both supplier and customer are German, if \"Payment means type code\" (BT-81) contains a code for credit transfer (30, 58), \"CREDIT TRANSFER\" (BG-17) shall be provided.",
        |p, i| !is_german(i) || !matches!(p.code, Some("30" | "58")) || p.transfer,
    ),
    payment(
        "DE-R-023-2",
        Error,
        "If both supplier and customer are located in Germany, and if \"Payment means type code\" (BT-81) contains a code for credit transfer (30, 58), BG-18 and BG-19 shall not be provided.",
        |p, i| !is_german(i) || !matches!(p.code, Some("30" | "58")) || (!p.card && !p.debit),
    ),
    payment(
        "DE-R-024-1",
        Error,
        "If both supplier and customer are located in Germany, and if \"Payment means type code\" (BT-81) contains a code for payment card (48, 54, 55), \"PAYMENT CARD INFORMATION\" (BG-18) shall be provided.",
        |p, i| !is_german(i) || !matches!(p.code, Some("48" | "54" | "55")) || p.card,
    ),
    payment(
        "DE-R-024-2",
        Error,
        "If both supplier and customer are located in Germany, and if \"Payment means type code\" (BT-81) contains a code for payment card (48, 54, 55), BG-17 and BG-19 shall not be provided.",
        |p, i| !is_german(i) || !matches!(p.code, Some("48" | "54" | "55")) || (!p.transfer && !p.debit),
    ),
    payment(
        "DE-R-025-1",
        Error,
        "If both supplier and customer are located in Germany, and if \"Payment means type code\" (BT-81) contains a code for direct debit (59), \"DIRECT DEBIT\" (BG-19) shall be provided.",
        |p, i| !is_german(i) || p.code != Some("59") || p.debit,
    ),
    payment(
        "DE-R-025-2",
        Error,
        "If both supplier and customer are located in Germany, and if \"Payment means type code\" (BT-81) contains a code for direct debit (59), BG-17 and BG-18 shall not be provided.",
        |p, i| !is_german(i) || p.code != Some("59") || (!p.transfer && !p.card),
    ),
];
