//! What a model is asked for: the fields, their sorts, and the JSON Schema of the answer.
//!
//! Owns the built-in business document as a form, and the reading of a tenant's schema as one. Knows no page and no
//! server. Rule: every value is asked for as it is printed; docmill reads it.

use crate::extract::Wanted;
use crate::ground::Sort;
use crate::schema::{SchemaField, ValueKind};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Document types that a model may choose from.
pub const TYPES: [&str; 8] =
    ["invoice", "credit_note", "order", "order_response", "receipt", "delivery_note", "statement", "other"];

/// Values of a field that is yes or no.
pub const FLAGS: [&str; 2] = ["true", "false"];

/// What a field's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A day.
    Date,
    /// A number.
    Amount,
    /// Words.
    Text,
    /// Letters and digits that are grouped for people.
    Code,
    /// A currency.
    Currency,
    /// Yes or no.
    Flag,
}

/// One field that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Name in the result.
    pub name: String,
    /// What it looks like.
    pub look: Look,
    /// Words that stand beside it on pages.
    pub labels: Vec<String>,
    /// What it means.
    pub hint: String,
    /// The only values there are.
    pub allowed: Vec<String>,
    /// Whether a document is of little use without it.
    pub required: bool,
}

impl Asked {
    /// How its values are compared.
    pub fn sort(&self) -> Sort<'_> {
        match self.look {
            // Boxes have no words; what stands beside them is looked for instead.
            Look::Flag => Sort::Text,
            _ if !self.allowed.is_empty() => Sort::OneOf(&self.allowed),
            Look::Date => Sort::Date,
            Look::Amount => Sort::Amount,
            Look::Text => Sort::Text,
            Look::Code => Sort::Code,
            Look::Currency => Sort::Currency,
        }
    }
}

/// What is asked of a model about one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Fields of the document.
    pub fields: Vec<Asked>,
    /// Columns of the item table; none where its rows are not wanted.
    pub columns: Vec<Asked>,
}

/// Name, look, what it means, labels.
type Row = (&'static str, Look, &'static str, &'static [&'static str]);

const FIELDS: &[Row] = &[
    ("invoice_number", Look::Text, "the document's own number", &["number", "no", "nummer", "nr", "numéro"]),
    ("issue_date", Look::Date, "day of issue", &["date", "datum"]),
    ("due_date", Look::Date, "day by which to pay", &["due", "fällig", "zahlbar", "échéance"]),
    ("delivery_date", Look::Date, "day of delivery", &["delivery", "liefer", "livraison"]),
    ("purchase_order_ref", Look::Text, "the buyer's order number", &["order", "bestell", "commande", "po"]),
    ("contract_ref", Look::Text, "number of the contract", &["contract", "vertrag", "contrat"]),
    ("seller_name", Look::Text, "who sells", &["seller", "from", "verkäufer", "vendeur"]),
    ("seller_address", Look::Text, "the seller's address, its lines joined by commas", &[]),
    ("seller_vat_id", Look::Code, "the seller's VAT id", &["vat", "ust", "tva"]),
    ("seller_tax_no", Look::Text, "the seller's national tax number", &["tax", "steuer"]),
    ("buyer_name", Look::Text, "who buys", &["buyer", "bill to", "customer", "kunde", "client"]),
    ("buyer_address", Look::Text, "the buyer's address, its lines joined by commas", &[]),
    ("buyer_vat_id", Look::Code, "the buyer's VAT id", &["vat", "ust", "tva"]),
    ("currency", Look::Currency, "code or sign of the currency", &[]),
    ("net_total", Look::Amount, "total without VAT", &["net", "subtotal", "netto", "ht"]),
    ("tax_total", Look::Amount, "VAT in total", &["vat", "tax", "mwst", "ust", "tva"]),
    ("grand_total", Look::Amount, "total with VAT", &["total", "gesamt", "brutto", "ttc", "summe"]),
    ("prepaid", Look::Amount, "what is paid already", &["paid", "deposit", "anzahlung", "acompte"]),
    ("due_payable", Look::Amount, "what is to be paid", &["due", "payable", "zahlbetrag", "à payer"]),
    ("iban", Look::Code, "account to pay to", &["iban"]),
    ("bic", Look::Code, "its bank", &["bic", "swift"]),
    ("payment_ref", Look::Text, "reference to name with the payment", &["reference", "verwendungszweck"]),
    ("period_from", Look::Date, "first day of the invoiced period", &["from", "period", "von", "du"]),
    ("period_to", Look::Date, "last day of the invoiced period", &["to", "period", "bis", "au"]),
];

const COLUMNS: &[Row] = &[
    ("description", Look::Text, "what is sold", &[]),
    ("article_no", Look::Text, "its number", &[]),
    ("quantity", Look::Amount, "how much", &[]),
    ("unit", Look::Text, "unit of the quantity", &[]),
    ("unit_price", Look::Amount, "price of one", &[]),
    ("vat_rate", Look::Amount, "VAT rate in per cent", &[]),
    ("line_total", Look::Amount, "total of the row", &[]),
];

/// Fields without which a document of that type is of little use.
pub fn required(kind: &str) -> &'static [&'static str] {
    match kind {
        "invoice" | "credit_note" => {
            &["invoice_number", "issue_date", "seller_name", "currency", "grand_total"]
        }
        "receipt" => &["issue_date", "grand_total"],
        "order" | "order_response" => &["invoice_number", "issue_date"],
        _ => &[],
    }
}

/// What a built-in field looks like.
pub fn look_of(name: &str) -> Look {
    FIELDS.iter().chain(COLUMNS).find(|r| r.0 == name).map_or(Look::Text, |r| r.1)
}

impl Form {
    /// What is asked for a document.
    pub fn of(wanted: &Wanted, line_items: bool) -> Self {
        if let Some(schema) = &wanted.schema {
            let columns = schema.rows.as_ref().filter(|_| line_items).map(|rows| asked_of(&rows.columns));
            return Self { fields: asked_of(&schema.fields), columns: columns.unwrap_or_default() };
        }
        let columns = if line_items { COLUMNS.iter().map(asked).collect() } else { Vec::new() };
        Self { fields: FIELDS.iter().map(asked).collect(), columns }
    }

    /// The JSON Schema of the answer. Every property is required and may be null, as strict servers want it.
    pub fn schema(&self) -> Value {
        let mut properties = Map::new();
        properties.insert("document_type".into(), json!({"type": "string", "enum": TYPES}));
        properties.insert("fields".into(), object(&self.fields));
        if !self.columns.is_empty() {
            properties.insert("line_items".into(), json!({"type": "array", "items": object(&self.columns)}));
        }
        closed(&properties)
    }

    /// The fields for the model to read, one a line.
    pub fn describe(&self) -> String {
        let mut out = String::new();
        for (title, list) in [("fields", &self.fields), ("columns of line_items", &self.columns)] {
            if !list.is_empty() {
                let _infallible = writeln!(out, "{title}:");
            }
            for asked in list {
                let _infallible = write!(out, "- {}: {}", asked.name, asked.hint);
                if !asked.allowed.is_empty() {
                    let _infallible = write!(out, "; one of: {}", asked.allowed.join(", "));
                }
                out.push('\n');
            }
        }
        out
    }
}

fn asked(row: &Row) -> Asked {
    Asked {
        name: row.0.to_owned(),
        look: row.1,
        labels: row.3.iter().map(|l| (*l).to_owned()).collect(),
        hint: row.2.to_owned(),
        allowed: Vec::new(),
        required: false,
    }
}

fn asked_of(fields: &[SchemaField]) -> Vec<Asked> {
    let of = |field: &SchemaField| {
        let mut labels = vec![field.title.clone(), field.name.replace(['_', '-', '.'], " ")];
        labels.extend(field.aliases.iter().cloned());
        labels.retain(|l| l.trim().len() > 1);
        let parts = [&field.title, &field.description, &field.aliases.join(", ")];
        let hint: Vec<&str> = parts.iter().map(|p| p.as_str()).filter(|p| !p.is_empty()).collect();
        let code = ["iban", "bic"].iter().any(|c| field.name.to_lowercase().contains(c));
        let look = match field.kind {
            ValueKind::Date => Look::Date,
            ValueKind::Amount => Look::Amount,
            ValueKind::Flag => Look::Flag,
            ValueKind::Text if code => Look::Code,
            ValueKind::Text if field.name.eq_ignore_ascii_case("currency") => Look::Currency,
            ValueKind::Text => Look::Text,
        };
        Asked {
            name: field.name.clone(),
            look,
            labels,
            hint: hint.join("; "),
            allowed: if look == Look::Flag {
                FLAGS.map(str::to_owned).to_vec()
            } else {
                field.allowed.clone()
            },
            required: field.required,
        }
    };
    fields.iter().map(of).collect()
}

fn object(list: &[Asked]) -> Value {
    let property = |asked: &Asked| {
        let value = if asked.allowed.is_empty() {
            json!({"type": ["string", "null"]})
        } else {
            let mut words: Vec<Value> = asked.allowed.iter().map(|w| Value::from(w.as_str())).collect();
            words.push(Value::Null);
            json!({"enum": words})
        };
        (asked.name.clone(), value)
    };
    closed(&list.iter().map(property).collect())
}

fn closed(properties: &Map<String, Value>) -> Value {
    let names: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn every_property_is_required_and_nothing_else_is_allowed() {
        let schema = Form::of(&Wanted::default(), true).schema();
        let required = schema["properties"]["fields"]["required"].as_array().unwrap();
        assert_eq!(required.len(), FIELDS.len());
        assert_eq!(schema["properties"]["line_items"]["items"]["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["document_type", "fields", "line_items"]));
    }

    #[test]
    fn a_tenants_schema_becomes_a_form_with_its_words() {
        let schema = Schema::parse(
            br#"{"required": ["kind"], "properties": {
            "kind": {"type": "string", "enum": ["A", "B"]}, "flight_from": {"type": "string", "format": "date", "x-aliases": ["Start"]}}}"#,
        )
        .unwrap();
        let form = Form::of(&Wanted { schema: Some(schema), ..Wanted::default() }, true);
        assert!(form.columns.is_empty() && form.fields[0].required);
        assert_eq!(
            form.schema()["properties"]["fields"]["properties"]["kind"],
            json!({"enum": ["A", "B", null]})
        );
        assert_eq!(form.fields[1].labels, ["flight from", "Start"]);
        assert!(
            form.describe().contains("- kind: ; one of: A, B") || form.describe().contains("one of: A, B")
        );
        assert_eq!(form.fields[1].sort(), Sort::Date);
    }

    #[test]
    fn rows_and_flags_of_a_schema_are_asked_for() {
        let schema = Schema::parse(
            br#"{"properties": {"seller": {"properties": {"name": {"type": "string"}}}, "paid": {"type": "boolean"},
            "lines": {"type": "array", "items": {"properties": {"text": {"type": "string"}, "price": {"type": "number"}}}}}}"#,
        )
        .unwrap();
        let wanted = Wanted { schema: Some(schema), ..Wanted::default() };
        let form = Form::of(&wanted, true).schema();
        assert_eq!(form["properties"]["fields"]["required"], json!(["seller.name", "paid"]));
        assert_eq!(
            form["properties"]["fields"]["properties"]["paid"],
            json!({"enum": ["true", "false", null]})
        );
        assert_eq!(form["properties"]["line_items"]["items"]["required"], json!(["text", "price"]));
        assert!(Form::of(&wanted, false).columns.is_empty());
    }
}
