//! Rows of item tables, days in doubt, slips.

use super::{page, read, value};
use crate::config::Config;
use crate::extract::{Extraction, Extractor as _, PageText, Wanted};
use crate::local::LocalExtractor;
use docmill_contracts::TextSource;

/// An invoice of no supplier with these lines below its head.
pub(super) fn invoice(lines: &[&str]) -> Extraction {
    let head = [
        "Muster Bau GmbH · Ringstraße 5 · 10115 Berlin",
        "RECHNUNG",
        "Rechnungsnummer:|RE-2024-117",
        "Rechnungsdatum:|03.04.2024",
        "",
    ];
    read(&[&head, lines].concat(), &Wanted::default())
}

pub(super) fn rows(found: &Extraction) -> Vec<(&str, &str, &str)> {
    found
        .line_items
        .iter()
        .map(|row| {
            let of = |name: &str| row.get(name).map_or("", |f| f.value.as_str());
            (of("description"), of("quantity"), of("line_total"))
        })
        .collect()
}

pub(super) const HEADER: &str = "Beschreibung|Menge|Einzelpreis|Gesamtpreis";

#[test]
fn sums_discounts_and_charges_among_the_items_are_none() {
    let found = invoice(&[
        HEADER,
        "Beratung|2 Std|600,00|1.200,00",
        "Reisekosten|1|34,56|34,56",
        "Positionssumme|||1.234,56",
        "Rabatt 10 Prozent|||-123,46",
        "Material|||1.234,56",
    ]);
    assert_eq!(rows(&found), [("Beratung", "2", "1200.00"), ("Reisekosten", "1", "34.56")]);
    assert_eq!(found.line_items[0]["unit"].value, "HUR");
}

#[test]
fn a_breakdown_of_vat_is_another_table() {
    let found = invoice(&[
        HEADER,
        "Beratung|2|600,00|1.200,00",
        "",
        "Warenwert|Basisbetrag|Steuersatz|Steuerbetrag",
        "Umsatzsteuer|1.200,00|19|228,00",
    ]);
    assert_eq!(rows(&found), [("Beratung", "2", "1200.00")]);
}

#[test]
fn a_number_that_ends_a_text_is_no_quantity() {
    // The text ends nearer to the header of the quantity than to its own.
    let found =
        invoice(&[HEADER, "Bandage elastisch, Nr. 1003|2|600,00|1.200,00", "Salbe, Nr. 17|1|5,00|5,00"]);
    assert_eq!(
        rows(&found),
        [("Bandage elastisch, Nr. 1003", "2", "1200.00"), ("Salbe, Nr. 17", "1", "5.00")]
    );
}

#[test]
fn a_discount_below_an_item_is_taken_off_it() {
    let found = invoice(&[HEADER, "Beratung|1|10,00|10,00", "||1,00 %|- 0,10", "Reise|1|5,00|5,00"]);
    assert_eq!(rows(&found), [("Beratung", "1", "9.90"), ("Reise", "1", "5.00")]);
}

#[test]
fn of_lines_above_the_amounts_the_first_one_names_the_item() {
    let found = invoice(&[HEADER, "", "Schreibtisch Modell A", "Buche, 160 x 80", "|2|100,00|200,00"]);
    assert_eq!(rows(&found), [("Schreibtisch Modell A", "2", "200.00")]);
}

#[test]
fn a_day_that_can_be_read_in_two_ways_says_why_one_was_taken() {
    // No other date tells; only with the month first is it due after it was issued.
    let found = read(
        &[
            "INVOICE",
            "Invoice Number:|4711",
            "Invoice Date:|02/12/2024",
            "Due Date:|03/10/2024",
            "Total|||100.00",
        ],
        &Wanted::default(),
    );
    assert_eq!((value(&found, "issue_date"), value(&found, "due_date")), ("2024-02-12", "2024-03-10"));
    let told: Vec<_> = found.problems.iter().filter(|p| p.code == "INFER-0035").collect();
    for field in ["issue_date", "due_date"] {
        assert!(told.iter().any(|p| p.fields == [field]), "{field}: {:?}", found.problems);
    }
    assert!(told[0].message.contains("only so it is due after it was issued"), "{}", told[0].message);
    assert!(found.fields["issue_date"].other_readings.iter().any(|r| r.value == "2024-12-02"));
    // Day and month written out leave no doubt.
    let sure = read(&["INVOICE", "Invoice Number:|4711", "Invoice Date:|12 Feb 2024"], &Wanted::default());
    assert!(sure.problems.iter().all(|p| p.code != "INFER-0035"), "{:?}", sure.problems);
}

#[test]
fn on_a_slip_what_was_given_less_the_change_is_the_total() {
    let lines = [
        "CORNER MART SDN BHD",
        "12, JALAN BARU,",
        "43300 SERI KEMBANGAN, SELANGOR",
        "Date: 05/01/2018 13:30",
        "SOYA MILK|4.30",
        "LARGE ICE TEA|24.40",
        "SUBTOTAL|28.70",
        "CASH|100.00",
        "CHANGE|71.30",
        "THANK YOU",
    ];
    let mut slip = page(&lines);
    (slip.source, slip.width) = (TextSource::Ocr, 300.0);
    let found = LocalExtractor::new(&Config::default()).extract(&mut vec![slip], &Wanted::default()).unwrap();
    assert_eq!(found.kind.value, "receipt");
    assert_eq!(value(&found, "grand_total"), "28.70");
    assert_eq!(value(&found, "seller_name"), "CORNER MART SDN BHD");
}

#[test]
fn what_an_agency_keeps_is_no_tax() {
    let found = read(
        &[
            "INVOICE",
            "Invoice #:|703858",
            "Invoice Date:|05/28/2020",
            "Advertiser:|Austin for Attorney General",
            "Gross Amount:|$2,570.00",
            "Agency Commission:|$385.50",
            "Net Amount:|$2,184.50",
            "Amount Due:|$2,184.50",
        ],
        &Wanted::default(),
    );
    assert_eq!(value(&found, "tax_total"), "");
}

#[test]
fn taxes_by_rates_come_to_the_tax_that_gross_and_net_differ_by() {
    let found = invoice(&[
        HEADER,
        "Stuhl|2|50,00|100,00",
        "Buch|1|20,00|20,00",
        "Nettobetrag|||120,00",
        "MwSt 19% aus 100,00|||19,00",
        "MwSt 7% aus 20,00|||1,40",
        "Gesamtbetrag EUR|||140,40",
    ]);
    assert_eq!(value(&found, "tax_total"), "20.40");
    assert_eq!(found.fields["tax_total"].raw.as_deref(), Some("19,00 + 1,40"));
}

#[test]
fn pages_that_say_the_same_count_once_and_are_told_once() {
    let lines = [super::GERMAN, &["Vielen Dank für Ihren Auftrag und auf bald."]].concat();
    let mut pages = (1..=4).map(|page_no| PageText { page_no, ..page(&lines) }).collect::<Vec<_>>();
    let found = LocalExtractor::new(&Config::default()).extract(&mut pages, &Wanted::default()).unwrap();
    assert_eq!(found.line_items.len(), 2);
    let told: Vec<_> = found.problems.iter().filter(|p| p.code == "INFER-0155").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0].message,
        "page 2 says the same as page 1, as do 2 more with others: rows are counted once"
    );
}
