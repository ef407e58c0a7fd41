mod asides;
mod own;
mod parties;
mod rows;
mod tables;

use super::*;
use crate::extract::PageText;
use crate::schema::Schema;
use docmill_contracts::{TextSource, Word};

/// A page from lines of `x text` at a pitch of 14 points; `|` moves on to the next stop of 130 points.
fn page(lines: &[&str]) -> PageText {
    let mut words = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let y = 110.0 + 14.0 * n as f32;
        for (column, cell) in line.split('|').enumerate() {
            let mut x = 40.0 + 130.0 * column as f32;
            for word in cell.split_whitespace() {
                let width = 4.5 * word.chars().count() as f32;
                let bbox = [x, y, x + width, y + 10.0];
                words.push(Word { text: word.to_owned(), bbox, confidence: 1.0, line: n as u32 });
                x += width + 2.5;
            }
        }
    }
    PageText { page_no: 1, width: 595.0, height: 842.0, source: TextSource::TextLayer, words }
}

/// A page of lines at the places given, five points a letter.
pub(super) fn drawn(lines: &[(f32, f32, &str)]) -> layout::Layout {
    let mut words = Vec::new();
    for (line, (x, y, text)) in lines.iter().enumerate() {
        let mut at = *x;
        for word in text.split(' ') {
            let wide = 5.0 * word.chars().count() as f32;
            let bbox = [at, *y, at + wide, y + 10.0];
            words.push(Word { text: word.into(), bbox, confidence: 1.0, line: line as u32 });
            at += wide + 3.0;
        }
    }
    let source = TextSource::TextLayer;
    layout::Layout::of(&PageText { page_no: 1, width: 595.0, height: 842.0, source, words })
}

fn read(lines: &[&str], wanted: &Wanted) -> Extraction {
    LocalExtractor::new(&Config::default()).extract(&mut vec![page(lines)], wanted).unwrap()
}

fn value<'a>(found: &'a Extraction, name: &str) -> &'a str {
    found.fields.get(name).map_or("", |f| f.value.as_str())
}

const GERMAN: &[&str] = &[
    "Muster Bau GmbH · Ringstraße 5 · 10115 Berlin",
    "Kunde AG",
    "Hafenweg 7",
    "20457 Hamburg",
    "",
    "RECHNUNG",
    "Rechnungsnummer:|RE-2024-117",
    "Rechnungsdatum:|03.04.2024",
    "Fällig am:|17.04.2024",
    "",
    "Beschreibung|Menge|Einzelpreis|Gesamtpreis",
    "Beratung|2 Std|600,00|1.200,00",
    "Reisekosten|1|34,56|34,56",
    "",
    "Nettobetrag|||1.234,56 EUR",
    "Umsatzsteuer 19 %|||234,57 EUR",
    "Gesamtbetrag|||1.469,13 EUR",
    "IBAN: DE89 3704 0044 0532 0130 00|USt-IdNr. DE136695976",
];

/// Numbers of so many digits are no amounts: adding them up would end the engine.
#[test]
fn amounts_that_no_decimal_has_room_for_are_none() {
    let long = "70000000000000000000000000000";
    let mut lines: Vec<String> = GERMAN.iter().map(|l| (*l).to_owned()).collect();
    lines.push(format!("{long}|{long}|{long}"));
    lines.push(format!("Summe|{long},00 EUR|{long},00 EUR|{long},00 EUR"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(value(&read(&lines, &Wanted::default()), "grand_total"), "1469.13");
}

#[test]
fn a_german_invoice_is_read_from_its_words() {
    let found = read(GERMAN, &Wanted::default());
    assert_eq!(found.kind.value, "invoice");
    for (name, expected) in [
        ("invoice_number", "RE-2024-117"),
        ("issue_date", "2024-04-03"),
        ("due_date", "2024-04-17"),
        ("net_total", "1234.56"),
        ("tax_total", "234.57"),
        ("grand_total", "1469.13"),
        ("due_payable", "1469.13"),
        ("currency", "EUR"),
        ("iban", "DE89370400440532013000"),
        ("seller_name", "Muster Bau GmbH"),
        ("buyer_name", "Kunde AG"),
        ("seller_vat_id", "DE136695976"),
    ] {
        assert_eq!(value(&found, name), expected, "{name}");
    }
    let rows: Vec<_> =
        found.line_items.iter().map(|r| (&*r["description"].value, &*r["line_total"].value)).collect();
    assert_eq!(rows, [("Beratung", "1200.00"), ("Reisekosten", "34.56")]);
    let number = &found.fields["invoice_number"];
    assert_eq!((number.page, number.engine.as_str()), (Some(1), "local"));
    assert_eq!(number.bbox.as_deref(), Some(&[170.0, 194.0, 219.5, 204.0][..]));
    assert!(number.confidence > 0.5 && number.confidence < 1.0);
}

#[test]
fn a_schema_asks_for_other_fields() {
    let schema = Schema::parse(
        br#"{"properties": {
        "contract_num": {"type": "string", "title": "Contract number"},
        "advertiser": {"type": "string", "title": "Advertiser", "description": "the buyer"},
        "gross_amount": {"type": "number", "title": "Gross amount"},
        "flight_from": {"type": "string", "format": "date", "title": "Flight start"},
        "flight_to": {"type": "string", "format": "date", "title": "Flight end"}}}"#,
    )
    .unwrap();
    let lines = [
        "CONTRACT",
        "Contract #:|703858|Alt Order #|9579750",
        "Advertiser:|Austin for Attorney General",
        "Flight Dates:|05/08/20-05/14/20|Print Date|05/07/20",
        "Spots|Gross Amount|Commission",
        "18|$2,570.00|$385.50",
    ];
    let found = read(&lines, &Wanted { schema: Some(schema), ..Wanted::default() });
    assert_eq!(found.kind.value, "order");
    assert_eq!(value(&found, "contract_num"), "703858");
    assert_eq!(value(&found, "advertiser"), "Austin for Attorney General");
    assert_eq!(value(&found, "gross_amount"), "2570.00");
    assert_eq!(value(&found, "flight_from"), "2020-05-08");
    assert_eq!(value(&found, "flight_to"), "2020-05-14");
}

#[test]
fn text_of_no_known_kind_has_no_fields() {
    let found = read(
        &["Minutes of the meeting", "All members were present on 3 May 2020.", "Nothing was decided."],
        &Wanted::default(),
    );
    assert_eq!(found.kind.value, "other");
    assert!(found.fields.is_empty());
}

#[test]
fn empty_and_odd_pages_are_read_without_harm() {
    let mut odd = page(&["a"]);
    odd.words[0].bbox = [f32::NAN, f32::INFINITY, 0.0, -1.0];
    odd.words.push(Word { text: "€".repeat(500), bbox: [0.0; 4], confidence: 0.0, line: 0 });
    let nothing = PageText { words: Vec::new(), width: 0.0, height: 0.0, ..odd.clone() };
    let local = LocalExtractor::new(&Config::default());
    for mut pages in [vec![], vec![nothing], vec![odd.clone(), odd]] {
        assert_eq!(local.extract(&mut pages, &Wanted::default()).unwrap().kind.value, "other");
    }
}

/// Pages that count how many are held at once.
struct Counted {
    pages: usize,
    asked: Vec<usize>,
}

impl Pages for Counted {
    fn len(&self) -> usize {
        self.pages
    }

    fn page(&mut self, index: usize) -> Result<PageText, InferError> {
        self.asked.push(index);
        let mut one = if index == 0 { page(GERMAN) } else { page(&["Beratung|2 Std|600,00|1.200,00"]) };
        one.page_no = i32::try_from(index).unwrap_or(i32::MAX) + 1;
        Ok(one)
    }
}

#[test]
fn each_page_of_a_long_document_is_fetched_once() {
    let mut pages = Counted { pages: 300, asked: Vec::new() };
    let local = LocalExtractor::new(&Config::default());
    let found = local.extract(&mut pages, &Wanted::default()).unwrap();
    // Those that say what it is come first.
    pages.asked.sort_unstable();
    assert_eq!(pages.asked, (0..300).collect::<Vec<_>>());
    assert_eq!(value(&found, "invoice_number"), "RE-2024-117");
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_it(lines in proptest::collection::vec("\\PC{0,40}", 0..12)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let _ = read(&lines, &Wanted::default());
    }
}
