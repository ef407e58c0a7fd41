//! Which fields are looked for, and what role each plays in a business document.
//!
//! Owns the built-in field names and the reading of a tenant's schema. Knows no page. Rule: a schema's field plays a
//! built-in role where its name, title or description says so; its own labels always count.

use super::lexicon::{Lexicon, plain};
use super::own::{Form, Profile, Side, looks};
use crate::schema::{Schema, SchemaField, ValueKind};

/// What a field means; decides its candidates and how they are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The document's own number.
    Number,
    /// The buyer's order.
    PurchaseOrder,
    /// Day of issue.
    IssueDate,
    /// Day by which to pay.
    DueDate,
    /// Day of delivery.
    DeliveryDate,
    /// First day of the period.
    PeriodFrom,
    /// Last day of the period.
    PeriodTo,
    /// Total without VAT.
    Net,
    /// VAT.
    Tax,
    /// Total with VAT; of an order its total.
    Gross,
    /// Amount to be paid.
    Due,
    /// Seller's name.
    SellerName,
    /// Buyer's name.
    BuyerName,
    /// Seller's address.
    SellerAddress,
    /// Buyer's address.
    BuyerAddress,
    /// Seller's VAT id.
    SellerVat,
    /// Buyer's VAT id.
    BuyerVat,
    /// Account to pay to.
    Iban,
    /// Its bank.
    Bic,
    /// Currency.
    Currency,
    /// A day that only its own labels describe.
    OwnDate,
    /// An amount that only its own labels describe.
    OwnAmount,
    /// A text that only its own labels describe.
    OwnText,
    /// One of the values that the schema lists.
    OwnChoice,
}

/// A field that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Name in the result.
    pub name: String,
    /// What it means.
    pub role: Role,
    /// Index of its own labels in the lexicon.
    pub own: Option<usize>,
    /// The only values there are.
    pub allowed: Vec<String>,
    /// What its values look like; of the built-in fields the role says so.
    pub form: Form,
    /// Where a party of a schema stands without a label.
    pub side: Option<Side>,
}

/// The fields of the built-in business document.
pub fn built_in() -> Vec<Want> {
    use Role as R;
    [
        ("invoice_number", R::Number),
        ("issue_date", R::IssueDate),
        ("due_date", R::DueDate),
        ("delivery_date", R::DeliveryDate),
        ("purchase_order_ref", R::PurchaseOrder),
        ("seller_name", R::SellerName),
        ("seller_address", R::SellerAddress),
        ("seller_vat_id", R::SellerVat),
        ("buyer_name", R::BuyerName),
        ("buyer_address", R::BuyerAddress),
        ("buyer_vat_id", R::BuyerVat),
        ("currency", R::Currency),
        ("net_total", R::Net),
        ("tax_total", R::Tax),
        ("grand_total", R::Gross),
        ("due_payable", R::Due),
        ("iban", R::Iban),
        ("bic", R::Bic),
        ("period_from", R::PeriodFrom),
        ("period_to", R::PeriodTo),
    ]
    .into_iter()
    .map(|(name, role)| Want {
        name: name.to_owned(),
        role,
        own: None,
        allowed: Vec::new(),
        form: Form::Any,
        side: None,
    })
    .collect()
}

/// The fields of a schema, and the lexicon with the labels of each.
pub fn of_schema(schema: &Schema) -> (Vec<Want>, Lexicon) {
    let profiles: Vec<Profile> = schema.fields.iter().map(|f| Profile::of(f, &schema.title)).collect();
    let (wants, labels) = read(schema, &profiles);
    (wants, Lexicon::new(&labels).with_profiles(profiles))
}

fn read(schema: &Schema, profiles: &[Profile]) -> (Vec<Want>, Vec<Vec<String>>) {
    let mut wants = Vec::new();
    let mut labels = Vec::new();
    for (i, (field, profile)) in schema.fields.iter().zip(profiles).enumerate() {
        let mut own = vec![field.title.clone(), field.name.replace(['_', '-', '.'], " ")];
        own.extend(field.aliases.iter().cloned());
        own.retain(|l| !l.trim().is_empty());
        labels.push(own);
        wants.push(Want {
            name: field.name.clone(),
            role: role(field),
            own: Some(i),
            allowed: profile.allowed.clone(),
            form: profile.form,
            side: profile.side,
        });
    }
    (wants, labels)
}

fn role(field: &SchemaField) -> Role {
    let name = plain(&format!("{} {}", field.name.replace(['_', '-', '.'], " "), field.title));
    let all = format!("{name} {} {}", plain(&field.aliases.join(" ")), plain(&field.description));
    let said = |text: &str, words: &[&str]| text.split(' ').any(|w| words.contains(&w));
    let phrase = |text: &str, phrases: &[&str]| {
        phrases.iter().any(|p| format!(" {text} ").contains(&format!(" {p} ")))
    };
    let all_of = |words: &[&str]| {
        name.split(' ')
            .all(|w| words.contains(&w) || COMMON.contains(&w) || w.bytes().all(|b| b.is_ascii_digit()))
    };
    if !field.allowed.is_empty() {
        return Role::OwnChoice;
    }
    match looks(field) {
        ValueKind::Flag => Role::OwnChoice,
        ValueKind::Date => {
            const FROM: &[&str] = &["from", "start", "begin", "beginning", "von", "beginn", "debut"];
            const TO: &[&str] = &["to", "end", "until", "through", "bis", "ende", "fin"];
            if said(&name, FROM) || phrase(&all, &["first day", "start date"]) {
                Role::PeriodFrom
            } else if said(&name, TO) || phrase(&all, &["last day", "end date"]) {
                Role::PeriodTo
            } else if said(&name, DUE) && all_of(DUE) {
                Role::DueDate
            } else if said(&name, DELIVERY) && all_of(DELIVERY) {
                Role::DeliveryDate
            } else if said(&name, ISSUE) && all_of(ISSUE)
                || matches!(name.as_str(), "date" | "date date" | "datum" | "datum datum")
            {
                Role::IssueDate
            } else {
                Role::OwnDate
            }
        }
        ValueKind::Amount => {
            // `Gross weight` and `net payout` are other things.
            if !all_of(TOTALS) {
                Role::OwnAmount
            } else if said(&name, &["net", "netto", "subtotal"])
                || phrase(&name, &["without vat", "sub total"])
            {
                Role::Net
            } else if said(&name, &["tax", "vat", "mwst", "ust", "tva", "gst"]) {
                Role::Tax
            } else if said(&name, &["due", "payable", "balance"]) {
                Role::Due
            } else if said(&name, &["gross", "total", "grand", "brutto", "sum", "gesamt", "gesamtbetrag"]) {
                Role::Gross
            } else {
                Role::OwnAmount
            }
        }
        ValueKind::Text => {
            const NUMBERS: &[&str] = &["no", "id", "code", "reference", "ref"];
            if said(&name, &["iban"]) {
                Role::Iban
            } else if said(&name, &["bic", "swift"]) {
                Role::Bic
            } else if said(&name, &["currency", "wahrung"]) {
                Role::Currency
            } else if said(&name, &["vat", "ust", "tva"]) && said(&name, NUMBERS) {
                if said(&all, &["buyer", "customer", "kaufer", "client"]) {
                    Role::BuyerVat
                } else {
                    Role::SellerVat
                }
            } else if said(&name, NUMBERS) {
                let purchase = phrase(&name, &["purchase order", "po no", "customer order"]);
                if purchase {
                    Role::PurchaseOrder
                } else if said(
                    &name,
                    &["invoice", "contract", "order", "document", "receipt", "rechnungs", "vertrags"],
                ) {
                    Role::Number
                } else {
                    Role::OwnText
                }
            } else if said(&name, &["address", "adresse", "anschrift"]) {
                if said(&all, BUYERS) { Role::BuyerAddress } else { Role::SellerAddress }
            } else if said(&name, BUYERS) || phrase(&all, &["the buyer", "bill to"]) {
                Role::BuyerName
            } else if said(&name, SELLERS)
                || matches!(name.as_str(), "company company" | "company name company name" | "company")
                || phrase(&all, &["the seller", "the supplier"])
            {
                Role::SellerName
            } else {
                Role::OwnText
            }
        }
    }
}

/// Words that tell fields apart too little to make one another thing.
const COMMON: &[&str] = &[
    "date", "datum", "day", "the", "of", "and", "no", "name", "amount", "betrag", "value", "price", "cost",
    "costs", "all",
];
const DUE: &[&str] =
    &["due", "fallig", "falligkeit", "echeance", "payable", "payment", "pay", "by", "invoice"];
const DELIVERY: &[&str] = &[
    "delivery",
    "delivered",
    "shipped",
    "shipping",
    "lieferdatum",
    "livraison",
    "service",
    "goods",
    "actual",
];
const ISSUE: &[&str] = &[
    "issue",
    "issued",
    "invoice",
    "order",
    "receipt",
    "document",
    "rechnungsdatum",
    "billing",
    "bill",
    "creation",
    "created",
    "contract",
];
const TOTALS: &[&str] = &[
    "net",
    "netto",
    "subtotal",
    "sub",
    "without",
    "vat",
    "tax",
    "taxes",
    "mwst",
    "ust",
    "tva",
    "gst",
    "due",
    "payable",
    "balance",
    "gross",
    "total",
    "totals",
    "grand",
    "brutto",
    "sum",
    "gesamt",
    "gesamtbetrag",
    "invoice",
    "order",
    "contract",
    "receipt",
    "document",
    "to",
    "sales",
    "with",
    "incl",
    "excl",
    "including",
    "excluding",
    "before",
    "after",
    "open",
    "outstanding",
];
const BUYERS: &[&str] = &["buyer", "customer", "advertiser", "client", "kaufer", "kunde", "acheteur", "vevo"];
const SELLERS: &[&str] = &[
    "seller",
    "supplier",
    "vendor",
    "merchant",
    "verkaufer",
    "lieferant",
    "fournisseur",
    "vendeur",
    "elado",
    "shop",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_field_plays_the_role_that_its_words_say() {
        let schema = Schema::parse(
            br#"{"properties": {
            "contract_num": {"type": "string", "title": "Contract number"},
            "advertiser": {"type": "string", "description": "organisation whose spots are broadcast; the buyer"},
            "gross_amount": {"type": "number", "title": "Gross amount"},
            "flight_from": {"type": "string", "format": "date", "title": "Flight start"},
            "flight_to": {"type": "string", "format": "date", "title": "Flight end"},
            "station": {"type": "string"}, "kw": {"type": "number"}, "iban": {"type": "string"}}}"#,
        )
        .unwrap();
        let profiles: Vec<Profile> = schema.fields.iter().map(|f| Profile::of(f, "")).collect();
        let (wants, labels) = read(&schema, &profiles);
        let roles: Vec<_> = wants.iter().map(|w| w.role).collect();
        let names: Vec<_> = roles.iter().map(|r| format!("{r:?}")).collect();
        let expected =
            ["Number", "BuyerName", "Gross", "PeriodFrom", "PeriodTo", "OwnText", "OwnAmount", "Iban"];
        assert_eq!(names, expected);
        assert_eq!(labels[0], ["Contract number", "contract num"]);
    }
}
