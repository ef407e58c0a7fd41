//! What fuzzers call: embedded e-invoices of any bytes, and pages of any words.

use crate::config::Config;
use crate::extract::{Extraction, Extractor, PageText, Wanted};
use crate::local::LocalExtractor;
use crate::xml;
use docmill_contracts::{Field, Fields, TextSource, Word};
use std::sync::OnceLock;

/// Reads bytes as an e-invoice.
pub fn e_invoice(bytes: &[u8]) {
    if let Ok((found, _)) = xml::read(bytes) {
        sound(&found);
    }
}

/// Reads words made of any bytes: their texts, with places that the bytes say as well.
pub fn pages(bytes: &[u8]) {
    static LOCAL: OnceLock<LocalExtractor> = OnceLock::new();
    let local = LOCAL.get_or_init(|| LocalExtractor::new(&Config::default()));
    let text = String::from_utf8_lossy(bytes);
    let mut pages: Vec<PageText> = text.split('\u{c}').take(4).zip(1..).map(|(t, no)| page(no, t)).collect();
    if let Ok(found) = local.extract(&mut pages, &Wanted::default()) {
        sound(&found);
    }
}

/// Words of lines, at stops of 60 points; a word that begins with `~` has a place that its letters say.
fn page(page_no: i32, text: &str) -> PageText {
    let mut words = Vec::new();
    for (line, texts) in text.lines().take(80).enumerate() {
        for (column, text) in texts.split_whitespace().take(20).enumerate() {
            let (x, y) = (30.0 + 60.0 * column as f32, 30.0 + 12.0 * line as f32);
            let odd = text.strip_prefix('~').map(|t| t.bytes().map(|b| f32::from(b) * 4.0).take(4));
            let bbox = match odd.map(Iterator::collect::<Vec<f32>>).as_deref() {
                Some([x0, y0, x1, y1]) => [*x0, *y0, *x1, *y1],
                _ => [x, y, x + 5.0 * text.len().min(11) as f32, y + 9.0],
            };
            let line = u32::try_from(line).unwrap_or(0);
            words.push(Word { text: text.to_owned(), bbox, confidence: 1.0, line });
        }
    }
    PageText { page_no, width: 595.0, height: 842.0, source: TextSource::TextLayer, words }
}

fn sound(found: &Extraction) {
    let rows = found.line_items.iter().chain(&found.vat_breakdown).flat_map(Fields::values);
    for Field { value, confidence, .. } in found.fields.values().chain(rows) {
        assert!((0.0..=1.0).contains(confidence), "{value}: {confidence}");
    }
}

#[cfg(test)]
mod tests {
    use docmill_testkit::fuzz::smoke;

    #[test]
    fn no_xml_makes_the_reader_panic() {
        let ubl = "<Invoice><ID>1</ID><IssueDate>2026-01-31</IssueDate><DocumentCurrencyCode>EUR</DocumentCurrencyCode>\
            <LegalMonetaryTotal><PayableAmount currencyID='EUR'>1</PayableAmount></LegalMonetaryTotal></Invoice>";
        let cii = "<CrossIndustryInvoice><ExchangedDocument><ID>1</ID><TypeCode>380</TypeCode><IssueDateTime><DateTimeString \
            format='102'>20260131</DateTimeString></IssueDateTime></ExchangedDocument></CrossIndustryInvoice>";
        smoke(&[ubl, cii].map(|xml| xml.as_bytes().to_vec()), 5000, super::e_invoice);
    }

    #[test]
    fn no_words_make_the_local_engine_panic() {
        let invoice = "Muster GmbH Ringstraße 5 10115 Berlin\nRECHNUNG\nRechnungsnummer: RE-1 Datum: 03.04.2024\n\
            Beschreibung Menge Einzelpreis Gesamtpreis\nBeratung 2 600,00 1.200,00\nNetto 1.200,00 EUR\nGesamt 1.428,00 EUR\n\
            ~abcd ~zzzz\u{c}Seite 2";
        smoke(&[invoice.as_bytes().to_vec()], 300, super::pages);
    }
}
