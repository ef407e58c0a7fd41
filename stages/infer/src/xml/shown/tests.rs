use super::*;
use crate::extract::PageText;
use docmill_contracts::{TextSource, Word};
use std::collections::BTreeMap;

/// An e-invoice of 100.00 and 19.00 VAT.
pub(super) fn invoice() -> (Extraction, Known) {
    super::super::read(
        br#"<Invoice><ID>RE-2026-17</ID><IssueDate>2026-03-01</IssueDate><InvoiceTypeCode>380</InvoiceTypeCode>
        <DocumentCurrencyCode>EUR</DocumentCurrencyCode><AccountingSupplierParty><Party><PartyTaxScheme><CompanyID>DE136695976</CompanyID>
        <TaxScheme><ID>VAT</ID></TaxScheme></PartyTaxScheme><PartyLegalEntity><RegistrationName>Blumen Sommer GmbH</RegistrationName>
        </PartyLegalEntity></Party></AccountingSupplierParty><PaymentMeans><PaymentMeansCode>58</PaymentMeansCode><PayeeFinancialAccount>
        <ID>DE89370400440532013000</ID></PayeeFinancialAccount></PaymentMeans><TaxTotal><TaxAmount currencyID="EUR">19.00</TaxAmount></TaxTotal>
        <LegalMonetaryTotal><TaxExclusiveAmount>100.00</TaxExclusiveAmount><TaxInclusiveAmount>119.00</TaxInclusiveAmount>
        <PayableAmount>119.00</PayableAmount></LegalMonetaryTotal></Invoice>"#,
    )
    .unwrap()
}

/// Codes of what comparing that e-invoice with a page finds.
pub(super) fn compared_xml(mut xml: Extraction, known: &Known, text: &str) -> Vec<(String, Severity)> {
    xml.problems.clear();
    compare(&mut xml, known, None, &mut vec![page(text)]).unwrap();
    xml.problems.iter().map(|p| (p.code.clone(), p.severity)).collect()
}

pub(super) const HONEST: &str = "Blumen Sommer GmbH | Rechnung Nr. RE-2026-17 vom 1.3.2026 | Netto 100,00 EUR | USt 19% 19,00 EUR | Gesamt 119,00 EUR | IBAN DE89 3704 0044 0532 0130 00 | USt-IdNr. DE136695976";

pub(super) fn page(text: &str) -> PageText {
    let lines = text.split(" | ").enumerate();
    let words = lines.flat_map(|(l, line)| {
        line.split(' ').enumerate().map(move |(n, word)| Word {
            text: word.to_owned(),
            bbox: [n as f32 * 50.0, l as f32 * 20.0, n as f32 * 50.0 + 40.0, l as f32 * 20.0 + 10.0],
            confidence: 1.0,
            line: u32::try_from(l).unwrap(),
        })
    });
    PageText {
        page_no: 1,
        width: 595.0,
        height: 842.0,
        source: TextSource::TextLayer,
        words: words.collect(),
    }
}

/// What an engine read from the page.
fn read(values: &[(&str, &str)]) -> Extraction {
    let mut found = Extraction::of_engine("local", "1");
    for (name, value) in values {
        let field = Field {
            value: (*value).to_owned(),
            raw: None,
            confidence: 0.9,
            page: Some(1),
            bbox: None,
            engine: "local".to_owned(),
            model_version: "1".to_owned(),
            other_readings: Vec::new(),
        };
        found.fields.insert((*name).to_owned(), field);
    }
    found
}

fn compared(text: &str, values: &[(&str, &str)]) -> (Extraction, Vec<(String, Severity)>) {
    let (mut xml, known) = invoice();
    xml.problems.clear();
    compare(&mut xml, &known, Some(&read(values)), &mut vec![page(text)]).unwrap();
    let codes = xml.problems.iter().map(|p| (p.code.clone(), p.severity)).collect();
    (xml, codes)
}

#[test]
fn an_honest_page_gives_no_alarm_and_the_values_get_their_places() {
    let (xml, codes) = compared(HONEST, &[("grand_total", "119.00"), ("seller_name", "Blumen Sommer")]);
    assert_eq!(codes, []);
    let total = &xml.fields["grand_total"];
    assert_eq!((total.page, total.bbox.as_deref()), (Some(1), Some(&[50.0, 80.0, 90.0, 90.0][..])));
    assert_eq!(xml.fields["iban"].bbox.as_deref(), Some(&[50.0, 100.0, 340.0, 110.0][..]));
    assert_eq!(xml.fields["seller_name"].other_readings[0].value, "Blumen Sommer");
    assert_eq!(total.other_readings, []);
}

#[test]
fn another_account_on_the_page_is_an_error_with_both() {
    let tampered = HONEST.replace("DE89 3704 0044 0532 0130 00", "DE75 5121 0800 1245 1261 99");
    let (xml, codes) = compared(&tampered, &[]);
    assert_eq!(codes, [("INFER-0141".to_owned(), Severity::Error)]);
    let message = &xml.problems[0].message;
    assert!(
        message.contains("DE75512108001245126199") && message.contains("DE89370400440532013000"),
        "{message}"
    );
    let without = HONEST.replace("IBAN DE89 3704 0044 0532 0130 00", "danke für alles");
    assert_eq!(compared(&without, &[]).1, [("INFER-0144".to_owned(), Severity::Warning)]);
}

#[test]
fn another_total_on_the_page_is_an_error_where_an_engine_read_it() {
    let tampered = HONEST.replace("119,00", "191,00");
    let (xml, codes) = compared(&tampered, &[("grand_total", "191.00"), ("due_payable", "191.00")]);
    let error = ("INFER-0140".to_owned(), Severity::Error);
    assert_eq!(codes, [error.clone(), error]);
    assert_eq!(xml.problems[0].message, "the pages show grand_total 191.00, the e-invoice has 119.00");
    assert_eq!(xml.fields["grand_total"].value, "119.00");
    assert_eq!(xml.fields["grand_total"].other_readings[0].value, "191.00");
    assert_eq!(compared(&tampered, &[]).1, [("INFER-0144".to_owned(), Severity::Warning)]);
}

#[test]
fn a_total_that_is_printed_by_rates_is_no_other_total() {
    let text = HONEST.replace("USt 19% 19,00 EUR", "USt 19% 15,20 EUR | USt 7% 3,80 EUR");
    let compared = |rates: &[&str]| {
        let (mut xml, known) = invoice();
        xml.problems.clear();
        xml.vat_breakdown = rates
            .iter()
            .map(|amount| {
                BTreeMap::from([("tax_amount".to_owned(), read(&[("t", amount)]).fields["t"].clone())])
            })
            .collect();
        compare(&mut xml, &known, Some(&read(&[("tax_total", "15.20")])), &mut vec![page(&text)]).unwrap();
        xml.problems.iter().map(|p| p.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(compared(&["15.20", "3.80"]), Vec::<String>::new());
    // A rate that is not shown, or one rate whose amount is another, is a contradiction.
    assert_eq!(compared(&["15.20", "3.70"]), ["INFER-0140"]);
    assert_eq!(compared(&["19.00"]), ["INFER-0140"]);
    // Rates that are shown, but are not what the total is made of.
    assert_eq!(compared(&["15.20", "15.20"]), ["INFER-0140"]);
}

#[test]
fn another_seller_on_the_page_is_an_error() {
    let tampered = "Holz Winter AG | Rechnung Nr. RE-2026-17 vom 1.3.2026 | Netto 100,00 EUR | USt 19% 19,00 EUR | Gesamt 119,00 EUR | USt-IdNr. DE129273398";
    let (xml, codes) = compared(tampered, &[("seller_name", "Holz Winter AG")]);
    assert_eq!(codes[0], ("INFER-0142".to_owned(), Severity::Error));
    assert!(xml.problems[0].message.contains("DE129273398"));
    let nameless = tampered.replace("DE129273398", "keine");
    let (xml, codes) = compared(&nameless, &[("seller_name", "Holz Winter AG")]);
    assert_eq!(codes[0], ("INFER-0142".to_owned(), Severity::Error));
    assert!(xml.problems[0].message.contains("Holz Winter AG"));
}

#[test]
fn another_number_on_the_page_is_told() {
    let tampered = HONEST.replace("RE-2026-17", "RE-2026-18");
    let (_, codes) = compared(&tampered, &[("invoice_number", "RE-2026-18")]);
    assert_eq!(codes, [("INFER-0143".to_owned(), Severity::Warning)]);
}

#[test]
fn pages_without_text_are_not_compared() {
    assert_eq!(compared("Rechnung 17", &[]).1, [("INFER-0144".to_owned(), Severity::Warning)]);
}
