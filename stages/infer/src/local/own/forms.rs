//! What the values of a schema's field look like, by its words.
//!
//! Owns which words speak of money, of counts, of days and of somebody. Knows no page.

use super::super::lexicon::plain;
use super::thesaurus::{Unit, is_somebody, means};
use super::{Form, Side};
use crate::schema::{SchemaField, ValueKind};

/// Where a party with such names stands without a label.
pub(super) fn side(names: &[Vec<Unit>]) -> Option<Side> {
    const ISSUERS: [&str; 11] = [
        "insurer",
        "carrier",
        "laboratory",
        "employer",
        "lender",
        "seller",
        "authority",
        "bank",
        "station",
        "inspector",
        "doctor",
    ];
    const ADDRESSEES: [&str; 11] = [
        "holder",
        "insured",
        "buyer",
        "receiver",
        "employee",
        "patient",
        "tenant",
        "student",
        "guest",
        "borrower",
        "beneficiary",
    ];
    let named = |senses: &[&str]| senses.iter().any(|s| names.iter().take(2).flatten().any(|u| means(u, s)));
    match (named(&ISSUERS), named(&ADDRESSEES)) {
        (true, false) => Some(Side::Issuer),
        (false, true) => Some(Side::Addressee),
        _ => None,
    }
}

/// What a field's values look like: many a schema calls a day or a total a string.
pub(crate) fn looks(field: &SchemaField) -> ValueKind {
    const DAYS: [&str; 5] = ["date", "datum", "fecha", "dato", "data"];
    const TOTALS: [&str; 12] = [
        "amount", "betrag", "montant", "importe", "importo", "price", "preis", "prix", "total", "subtotal",
        "summe", "gesamt",
    ];
    const NEITHER: [&str; 18] = [
        "no",
        "id",
        "code",
        "number",
        "currency",
        "words",
        "name",
        "type",
        "terms",
        "method",
        "status",
        "description",
        "unit",
        "text",
        "time",
        "of birth place",
        "place",
        "ref",
    ];
    if field.kind != ValueKind::Text || !field.allowed.is_empty() {
        return field.kind;
    }
    let name = plain(&field.name.replace(['_', '-', '.'], " "));
    let title = plain(&field.title);
    let said = |words: &[&str]| name.split(' ').chain(title.split(' ')).any(|w| words.contains(&w));
    // In Italian and Portuguese; elsewhere it is information.
    let bare = |w: &str| name == w || title == w || title.starts_with("data ") && !title.contains(" data");
    if said(&NEITHER) {
        ValueKind::Text
    } else if said(&DAYS[..4]) || said(&DAYS[4..]) && bare("data") {
        ValueKind::Date
    } else if said(&TOTALS) {
        ValueKind::Amount
    } else {
        ValueKind::Text
    }
}

/// What the values of a field look like.
pub(super) fn form(field: &SchemaField, names: &[Vec<Unit>], said: &[Unit]) -> Form {
    const MONEY: &[&str] = &[
        "amount",
        "net",
        "gross",
        "tax",
        "due",
        "price",
        "fee",
        "rent",
        "deposit",
        "salary",
        "payout",
        "payment",
        "premium",
        "limit",
        "deductible",
        "freight",
        "service charge",
        "discount",
        "commission",
        "balance",
        "loan",
        "fine",
        "deduction",
        "bonus",
        "aggregate",
        "total",
        "opening balance",
        "closing balance",
        "money in",
        "money out",
        "overdraft",
        "credit limit",
        "available balance",
        "available credit",
        "minimum payment",
        "subtotal",
        "rounding",
        "late fee",
        "late interest",
        "refund",
        "prepayments",
        "monthly instalment",
        "amount claimed",
        "city tax",
        "hourly rate",
        "daily rate",
        "wage tax",
        "solidarity surcharge",
        "church tax",
        "withholding tax",
        "taxable income",
        "taxable base",
        "assessed value",
        "assessed tax",
        "stamp duty",
        "transfer tax",
        "standing charge",
        "unit rate",
        "customs value",
        "declared value",
        "heating costs",
        "total rent",
        "estimated value",
        "grant amount",
        "own contribution",
        "eligible costs",
        "amount in dispute",
        "court fees",
        "share capital",
        "membership fee",
        "labour cost",
        "parts",
        "call out charge",
        "travel expenses",
        "per diem",
        "mileage allowance",
        "accommodation costs",
        "advance",
        "trade value",
        "dividend",
        "accrued interest",
        "nominal value",
        "donation amount",
        "cost per thousand",
    ];
    const COUNTED: &[&str] = &[
        "quantity",
        "packages",
        "insertions",
        "weight",
        "tare",
        "volume",
        "temperature",
        "humidity",
        "pressure",
        "speed",
        "distance",
        "area",
        "power",
        "consumption",
        "term",
        "days",
        "months",
        "years",
        "hour",
        "page",
        "interest",
        "number of instalments",
        "exchange rate",
        "tax rate",
        "levy rate",
        "funding rate",
        "workload",
        "nights",
        "persons",
        "children",
        "number of adults",
        "number of rooms",
        "bedrooms",
        "bathrooms",
        "number of seats",
        "number of participants",
        "number of animals",
        "living space",
        "usable area",
        "plot area",
        "engine capacity",
        "gross vehicle weight",
        "old reading",
        "new reading",
        "credits",
    ];
    if !field.allowed.is_empty() {
        return Form::Choice;
    }
    let named = |sense: &str| names.iter().take(2).flatten().any(|u| means(u, sense));
    match looks(field) {
        ValueKind::Flag => Form::Choice,
        ValueKind::Date => Form::Date,
        ValueKind::Amount => {
            let counted = COUNTED.iter().any(|s| named(s)) || named("number");
            if field.whole {
                Form::Count
            } else if !counted && MONEY.iter().any(|s| named(s) || said.iter().any(|u| means(u, s))) {
                Form::Money
            } else {
                Form::Number
            }
        }
        ValueKind::Text => {
            const IDS: &[&str] = &[
                "number",
                "plate",
                "vin",
                "serial",
                "iban",
                "phone",
                "postcode",
                "tax id",
                "social security",
                "sort code",
                "bic",
                "mandate reference",
                "creditor identifier",
                "payment reference",
                "train number",
                "medical record number",
                "encounter",
                "health insurance number",
                "vat id",
                "supply point number",
                "contract account",
                "cadastral reference",
                "voyage number",
                "tracking number",
                "un number",
                "matriculation number",
                "deed number",
                "company register number",
                "booth number",
                "asset number",
                "wkn",
                "valor number",
                "custody account",
                "charity number",
                "lab number",
                "cas number",
                "ec number",
                "emergency phone",
                "batch number",
                "ean",
                "farm number",
                "ear tag",
                "passport",
                "identity card",
                "driving licence",
                "tariff number",
            ];
            let somebody = || names.iter().take(2).flatten().any(is_somebody);
            let words = plain(&format!("{} {}", field.name.replace(['_', '-', '.'], " "), field.title));
            let numbered = words.split(' ').any(|w| matches!(w, "no" | "id" | "code" | "ref" | "reference"));
            if numbered || IDS.iter().any(|s| named(s)) {
                Form::Id
            } else if somebody()
                || named("name")
                || names.iter().take(2).flatten().any(|u| u.text == "company")
            {
                Form::Party
            } else {
                Form::Text
            }
        }
    }
}
