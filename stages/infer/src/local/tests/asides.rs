//! Allowances and charges, among the items of a page and below them.

use super::rows::{HEADER, invoice, rows};
use super::{page, read, value};
use crate::config::Config;
use crate::extract::{Extractor as _, Wanted};
use crate::local::LocalExtractor;

#[test]
fn allowances_and_charges_among_the_items_stand_beside_the_totals() {
    let found = invoice(&[
        HEADER,
        "Beratung|2 Std|600,00|1.200,00",
        "Reisekosten|1|34,56|34,56",
        "Zwischensumme|||1.234,56",
        "Rabatt 10 Prozent|||-123,46",
        "Frachtkosten|||20,00",
        "Nettobetrag|||1.131,10 EUR",
        "Umsatzsteuer 19 %|||214,91 EUR",
        "Gesamtbetrag|||1.346,01 EUR",
    ]);
    assert_eq!(rows(&found), [("Beratung", "2", "1200.00"), ("Reisekosten", "1", "34.56")]);
    assert_eq!((value(&found, "allowance_total"), value(&found, "charge_total")), ("123.46", "20.00"));
    let field = &found.fields["allowance_total"];
    assert_eq!(field.raw.as_deref(), Some("Rabatt 10 Prozent -123,46"));
    assert!(field.confidence > 0.9 && field.page == Some(1), "{field:?}");
    assert!(found.problems.iter().all(|p| p.code != "INFER-0036"), "{:?}", found.problems);
}

#[test]
fn an_amount_among_the_items_that_no_total_counts_is_told() {
    let found = invoice(&[
        HEADER,
        "Beratung|2 Std|600,00|1.200,00",
        "Mengenrabatt|||-120,00",
        "Nettobetrag|||1.200,00 EUR",
        "Umsatzsteuer 19 %|||228,00 EUR",
        "Gesamtbetrag|||1.428,00 EUR",
    ]);
    assert_eq!(value(&found, "allowance_total"), "");
    let told = found.problems.iter().find(|p| p.code == "INFER-0036").unwrap();
    assert!(told.message.contains("Mengenrabatt") && told.message.contains("120.00"), "{told:?}");
    assert_eq!((told.page, told.fields.as_slice()), (Some(1), &["line_items".to_owned()][..]));
}

#[test]
fn below_the_items_only_what_the_totals_prove_counts() {
    let lines = |off: &'static str, net: &'static str| {
        invoice(&[
            HEADER,
            "Beratung|2 Std|600,00|1.200,00",
            "Summe netto|||1.200,00 EUR",
            off,
            "Nettobetrag|||1.150,00 EUR",
            "Umsatzsteuer 19 %|||218,50 EUR",
            net,
        ])
    };
    let found = lines("Treuerabatt|||-50,00 EUR", "Gesamtbetrag|||1.368,50 EUR");
    assert_eq!(value(&found, "allowance_total"), "50.00");
    let found = lines("Treuerabatt|||-40,00 EUR", "Gesamtbetrag|||1.368,50 EUR");
    assert_eq!(value(&found, "allowance_total"), "");
}

#[test]
fn documents_in_one_file_each_say_what_is_in_doubt() {
    let one = |number: &str, day: &str, due: &str| {
        let number = format!("Invoice Number:|{number}");
        page(&[
            "INVOICE",
            &number,
            &format!("Invoice Date:|{day}"),
            &format!("Due Date:|{due}"),
            "Total|||100.00",
        ])
    };
    let mut pages = vec![one("4711", "02/12/2024", "03/10/2024"), one("4712", "13/04/2024", "05/06/2024")];
    pages[1].page_no = 2;
    let found = LocalExtractor::new(&Config::default()).extract(&mut pages, &Wanted::default()).unwrap();
    assert_eq!(found.parts.len(), 2, "{:?}", found.problems);
    let told = |page: i32| -> Vec<&str> {
        let own = found.problems.iter().filter(|p| p.code == "INFER-0035" && p.page == Some(page));
        own.map(|p| p.message.as_str()).collect()
    };
    assert!(told(1).len() >= 2 && told(2).len() == 1, "{:?}", found.problems);
    // The second document has a day that leaves no doubt, and its other one follows it.
    assert!(told(2)[0].starts_with("pages 2-2: `05/06/2024` can be 2024-06-05"), "{:?}", told(2));
    let readings = |part: usize, field: &str| found.parts[part].fields[field].other_readings.clone();
    assert!(readings(0, "issue_date").iter().any(|r| r.value == "2024-12-02"));
    assert!(readings(1, "due_date").iter().any(|r| r.value == "2024-05-06"));
}

#[test]
fn where_rules_alone_read_what_an_agency_keeps_is_no_tax_either() {
    let lines = [
        "INVOICE",
        "Invoice #:|703858",
        "Invoice Date:|05/28/2020",
        "Gross Amount:|$2,570.00",
        "Agency Commission:|$385.50",
        "Net Amount:|$2,184.50",
        "Sales Tax:|2",
    ];
    let mut rules = LocalExtractor::new(&Config::default());
    rules.trained = None;
    let found = rules.extract(&mut vec![page(&lines)], &Wanted::default()).unwrap();
    assert_eq!(value(&found, "tax_total"), "");
    assert_eq!(value(&found, "grand_total"), "2570.00");
    // What a tenant's own label names is the tenant's tax.
    let schema = br#"{"properties": {"tax": {"type": "number", "title": "Agency Commission"}}}"#;
    let schema = Some(crate::schema::Schema::parse(schema).unwrap());
    let found = read(&lines, &Wanted { schema, ..Wanted::default() });
    assert_eq!(value(&found, "tax"), "385.50");
}
