//! Peppol: rules of Italy, Greece and the Netherlands.

use super::Severity::{Error, Warning};
use super::identifier_facts::greek_tin;
use super::national_facts::{
    both_greek, complete, described, dutch_number, greek, greek_account, greek_seat, greek_vat,
    greek_vat_ids, is_issue_date, italian, italian_registration, nothing_to_pay, other_registrations,
    segment, segments,
};
use super::peppol_facts::{domestic, is, seated};
use super::{Rule, filled, invoice, payment};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice(
        "IT-R-001",
        Error,
        "BT-32 (Seller tax registration identifier) - For Italian suppliers BT-32 minimum length 11 and maximum length shall be 16. Per i fornitori italiani il BT-32 deve avere una lunghezza tra 11 e 16 caratteri.",
        |i| !italian(i) || other_registrations(i).all(|id| italian_registration(id.value)),
    ),
    invoice(
        "IT-R-002",
        Error,
        "BT-35 (Seller address line 1) - Italian suppliers MUST provide the postal address line 1 - I fornitori italiani devono indicare l'indirizzo postale.",
        |i| !italian(i) || i.seller.as_ref().is_none_or(|p| p.address.is_some_and(|a| a.street.is_some())),
    ),
    invoice(
        "IT-R-003",
        Error,
        "BT-37 (Seller city) - Italian suppliers MUST provide the postal address city - I fornitori italiani devono indicare la città di residenza.",
        |i| !italian(i) || i.seller.as_ref().is_none_or(|p| p.address.is_some_and(|a| a.city.is_some())),
    ),
    invoice(
        "IT-R-004",
        Error,
        "BT-38 (Seller post code) - Italian suppliers MUST provide the postal address post code - I fornitori italiani devono indicare il CAP di residenza.",
        |i| !italian(i) || i.seller.as_ref().is_none_or(|p| p.address.is_some_and(|a| a.post_code.is_some())),
    ),
    invoice(
        "GR-R-001-1",
        Error,
        "When the Supplier is Greek, the Invoice Id should consist of 6 segments.",
        |i| !greek(i) || i.number.is_none() || segments(i).len() == 6,
    ),
    invoice(
        "GR-R-001-2",
        Error,
        "When the Supplier is Greek, the Invoice Id first segment must be a valid TIN Number and match either the Supplier's or the Tax Representative's Tin Number.",
        |i| {
            !greek(i)
                || i.number.is_none()
                || segment(i, 0).is_some_and(|tin| {
                    greek_tin(tin) && greek_vat_ids(i).any(|id| id.get(2..11) == Some(tin))
                })
        },
    ),
    invoice(
        "GR-R-001-3",
        Error,
        "When the Supplier is Greek, the Invoice Id second segment must be a valid Date that matches the invoice Issue Date.",
        |i| !greek(i) || i.number.is_none() || segment(i, 1).is_some_and(|d| is_issue_date(d, i)),
    ),
    invoice(
        "GR-R-001-4",
        Error,
        "When Supplier is Greek, the Invoice Id third segment must be a positive integer.",
        |i| {
            !greek(i)
                || i.number.is_none()
                || segment(i, 2).is_some_and(|n| n.trim().parse::<i64>().is_ok_and(|n| n >= 0))
        },
    ),
    invoice(
        "GR-R-001-5",
        Error,
        "When Supplier is Greek, the Invoice Id in the fourth segment must be a valid greek document type.",
        |i| {
            !greek(i)
                || i.number.is_none()
                || segment(i, 3).is_some_and(|t| matches!(t, "1.1" | "1.6" | "2.1" | "2.4" | "5.1" | "5.2"))
        },
    ),
    invoice(
        "GR-R-001-6",
        Error,
        "When Supplier is Greek, the Invoice Id fifth segment must not be empty.",
        |i| !greek(i) || i.number.is_none() || segment(i, 4).is_some_and(|s| !s.is_empty()),
    ),
    invoice(
        "GR-R-001-7",
        Error,
        "When Supplier is Greek, the Invoice Id sixth segment must not be empty.",
        |i| !greek(i) || i.number.is_none() || segment(i, 5).is_some_and(|s| !s.is_empty()),
    ),
    invoice(
        "GR-R-002",
        Error,
        "Greek Suppliers must provide their full name as they are registered in the Greek Business Registry (G.E.MH.) as a legal entity or in the Tax Registry as a natural person.",
        |i| !greek(i) || i.seller.as_ref().is_none_or(|p| filled(p.trading_name)),
    ),
    invoice(
        "GR-R-003",
        Error,
        "For the Greek Suppliers, the VAT must start with 'EL' and must be a valid TIN number.",
        |i| !greek(i) || i.seller.as_ref().is_none_or(|p| p.vat_ids.iter().all(|id| greek_vat(id))),
    ),
    invoice("GR-R-004-1", Error, "When Supplier is Greek, there must be one MARK Number.", |i| {
        !greek_seat(i) || described(i, "##M.AR.K##").count() == 1
    }),
    invoice(
        "GR-R-004-2",
        Error,
        "When Supplier is Greek, the MARK Number must be a positive integer.",
        |i| {
            !greek_seat(i)
                || described(i, "##M.AR.K##")
                    .all(|d| d.id.is_none_or(|id| id.starts_with(|c: char| ('1'..='9').contains(&c))))
        },
    ),
    invoice("GR-R-005", Error, "Greek Suppliers must provide the full name of the buyer.", |i| {
        !greek(i) || i.buyer.as_ref().is_none_or(|p| filled(p.trading_name))
    }),
    invoice(
        "GR-R-006",
        Error,
        "Greek Suppliers must provide the VAT number of the buyer, if the buyer is Greek.",
        |i| {
            !both_greek(i)
                || i.buyer.as_ref().is_none_or(|p| matches!(p.vat_ids.as_slice(), [id] if greek_vat(id)))
        },
    ),
    invoice(
        "GR-R-008-2",
        Error,
        "When Supplier is Greek, there should be no more than one invoice url.",
        |i| !greek_seat(i) || described(i, "##INVOICE|URL##").count() <= 1,
    ),
    invoice(
        "GR-R-008-3",
        Error,
        "When Supplier is Greek and the INVOICE URL Document reference exists, the External Reference URI should be present.",
        |i| !greek(i) || described(i, "##INVOICE|URL##").all(|d| filled(d.uri)),
    ),
    invoice(
        "GR-R-009",
        Error,
        "Greek suppliers that send an invoice through the PEPPOL network must use a correct TIN number as an electronic address according to PEPPOL Electronic Address Identifier scheme (schemeID 9933).",
        |i| {
            !greek_account(i)
                || i.seller
                    .as_ref()
                    .and_then(|p| p.endpoint)
                    .is_none_or(|e| e.scheme == Some("9933") && greek_tin(e.value))
        },
    ),
    invoice(
        "GR-R-010",
        Error,
        "Greek Suppliers that send an invoice through the PEPPOL network to a greek buyer must use a correct TIN number as an electronic address according to PEPPOL Electronic Address Identifier scheme (SchemeID 9933).",
        |i| {
            !both_greek(i)
                || i.buyer
                    .as_ref()
                    .and_then(|p| p.endpoint)
                    .is_none_or(|e| e.scheme == Some("9933") && greek_tin(e.value))
        },
    ),
    invoice("GR-S-008-1", Warning, "When Supplier is Greek, there should be one invoice url.", |i| {
        !greek_seat(i) || described(i, "##INVOICE|URL##").count() == 1
    }),
    invoice(
        "GR-S-011",
        Warning,
        "Greek suppliers must provide their Seller Tax Registration Number, prefixed by the country code.",
        |i| {
            !greek(i)
                || i.seller.as_ref().is_none_or(|p| matches!(p.vat_ids.as_slice(), [id] if greek_vat(id)))
        },
    ),
    invoice(
        "NL-R-001",
        Error,
        "For suppliers in the Netherlands, if the document is a creditnote, the document MUST contain an invoice reference (cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID).",
        |i| {
            !seated(i, "NL")
                || !i.is_credit_note()
                || i.type_code.is_none()
                || i.preceding.iter().any(Option::is_some)
        },
    ),
    invoice(
        "NL-R-002",
        Error,
        "For suppliers in the Netherlands the supplier's address (cac:AccountingSupplierParty/cac:Party/cac:PostalAddress) MUST contain street name (cbc:StreetName), city (cbc:CityName) and post code (cbc:PostalZone).",
        |i| !seated(i, "NL") || i.seller.as_ref().and_then(|p| p.address).is_none_or(complete),
    ),
    invoice(
        "NL-R-003",
        Error,
        "For suppliers in the Netherlands, the legal entity identifier MUST be either a KVK or OIN number (schemeID 0106 or 0190).",
        |i| !seated(i, "NL") || i.seller.as_ref().and_then(|p| p.legal_id).is_none_or(dutch_number),
    ),
    invoice(
        "NL-R-004",
        Error,
        "For suppliers in the Netherlands, if the customer is in the Netherlands, the customer address (cac:AccountingCustomerParty/cac:Party/cac:PostalAddress) MUST contain the street name (cbc:StreetName), the city (cbc:CityName) and post code (cbc:PostalZone).",
        |i| !domestic(i, "NL") || i.buyer.as_ref().and_then(|p| p.address).is_none_or(complete),
    ),
    invoice(
        "NL-R-005",
        Error,
        "For suppliers in the Netherlands, if the customer is in the Netherlands, the customer's legal entity identifier MUST be either a KVK or OIN number (schemeID 0106 or 0190).",
        |i| !domestic(i, "NL") || i.buyer.as_ref().and_then(|p| p.legal_id).is_none_or(dutch_number),
    ),
    invoice(
        "NL-R-006",
        Error,
        "For suppliers in the Netherlands, if the fiscal representative is in the Netherlands, the representative's address (cac:TaxRepresentativeParty/cac:PostalAddress) MUST contain street name (cbc:StreetName), city (cbc:CityName) and post code (cbc:PostalZone).",
        |i| {
            !seated(i, "NL")
                || i.representative
                    .as_ref()
                    .and_then(|p| p.address)
                    .is_none_or(|a| !is(a.country, "NL") || complete(a))
        },
    ),
    invoice(
        "NL-R-007",
        Error,
        "For suppliers in the Netherlands, the supplier MUST provide a means of payment (cac:PaymentMeans) if the payment is from customer to supplier.",
        |i| {
            !seated(i, "NL")
                || i.totals.as_ref().is_none_or(|t| nothing_to_pay(t, i))
                || !i.payments.is_empty()
        },
    ),
    invoice(
        "NL-R-009",
        Error,
        "For suppliers in the Netherlands, if an order line reference (cac:OrderLineReference/cbc:LineID) is used, there must be an order reference on the document level (cac:OrderReference/cbc:ID).",
        |i| !seated(i, "NL") || i.order_reference.is_some() || i.lines.iter().all(|l| l.order_line.is_none()),
    ),
    payment(
        "NL-R-008",
        Error,
        "For suppliers in the Netherlands, if the customer is in the Netherlands, the payment means code (cac:PaymentMeans/cbc:PaymentMeansCode) MUST be one of 30, 48, 49, 57, 58 or 59.",
        |p, i| !domestic(i, "NL") || matches!(p.code, Some("30" | "48" | "49" | "57" | "58" | "59")),
    ),
];
