//! Item tables of all shapes: headers in other words, half a header, none at all, texts that are broken.

use super::rows::{HEADER, invoice, rows};
use super::*;

#[test]
fn a_header_names_its_columns_in_any_of_its_languages() {
    for header in [
        "Descrizione|Quantità|Prezzo unitario|Importo",
        "Concepto|Cantidad|Precio unitario|Importe",
        "Omschrijving|Aantal|Prijs|Bedrag",
        "Nazwa towaru|Ilość|Cena jedn. netto|Wartość netto",
        "Descrição|Quantidade|Preço unitário|Valor total",
        "Benämning|Antal|À-pris|Belopp",
        "Popis|Množství|Cena za MJ|Celkem",
        "Désignation|Qté|P.U. HT|Montant HT",
        "Service|Hours|Rate (GBP)|Amount (GBP)",
        "Beschreibung / Description|Menge / Qty|Einzelpreis / Unit price|Betrag / Amount",
        "Description|Qty|Unit £|Net £",
    ] {
        let found = invoice(&[header, "Beratung|2|600,00|1.200,00", "Reise|1|34,56|34,56"]);
        assert_eq!(rows(&found), [("Beratung", "2", "1200.00"), ("Reise", "1", "34.56")], "{header}");
        assert_eq!(found.line_items[0]["unit_price"].value, "600.00", "{header}");
    }
}

#[test]
fn what_stands_below_a_name_that_nobody_knows_tells_its_column() {
    let found = invoice(&["Gewerk|Menge|Einzelpreis|Gesamtpreis", "Beratung|2|600,00|1.200,00"]);
    assert_eq!(rows(&found), [("Beratung", "2", "1200.00")]);
    let found = invoice(&["Beschreibung|Menge|Einzelpreis|Xyz", "Beratung|2|600,00|1.200,00"]);
    assert_eq!(rows(&found), [("Beratung", "2", "1200.00")]);
}

#[test]
fn a_table_of_texts_and_amounts_has_rows() {
    let found = invoice(&[
        "Description|||Amount",
        "Linehaul 14,200 lb|||612.40",
        "Liftgate delivery|||75.00",
        "Total|||687.40",
    ]);
    assert_eq!(rows(&found), [("Linehaul 14,200 lb", "", "612.40"), ("Liftgate delivery", "", "75.00")]);
}

#[test]
fn quantity_times_price_makes_a_row_without_a_header() {
    let found = invoice(&[
        "Homepage redesign|11.5 hrs|$85.00|$977.50",
        "Stock photos|1|$49.00|$49.00",
        "",
        "total due",
        "$1,026.50",
    ]);
    assert_eq!(rows(&found), [("Homepage redesign", "11.5", "977.50"), ("Stock photos", "1", "49.00")]);
}

#[test]
fn amounts_that_add_up_to_a_total_are_rows_without_a_header() {
    let found = invoice(&["Miete Oktober|||800,00", "Nebenkosten|||120,00", "Gesamtbetrag|||920,00"]);
    assert_eq!(rows(&found), [("Miete Oktober", "", "800.00"), ("Nebenkosten", "", "120.00")]);
    // Amounts that come to nothing are no table, and neither are the totals themselves.
    let found = invoice(&["Miete Oktober|||800,00", "Nebenkosten|||120,00", "Gesamtbetrag|||921,00"]);
    assert_eq!(rows(&found), []);
    let found = invoice(&["Nettobetrag|||100,00", "Umsatzsteuer 19 %|||19,00", "Gesamtbetrag|||119,00"]);
    assert_eq!(rows(&found), []);
}

#[test]
fn slips_say_how_many_beside_or_below_what_was_bought() {
    let below = invoice(&["Kaffee|||7,00", "2 x 3,50", "Kuchen|||4,00", "Summe|||11,00"]);
    let beside = invoice(&["Kaffee", "2 x 3,50|||7,00", "Kuchen|||4,00", "Summe|||11,00"]);
    for found in [below, beside] {
        assert_eq!(rows(&found), [("Kaffee", "2", "7.00"), ("Kuchen", "", "4.00")]);
        assert_eq!(found.line_items[0]["unit_price"].value, "3.50");
    }
    let found = invoice(&["Oil change|||49.00", "Air filter|||21.00", "Sales tax|||5.60", "Total|||75.60"]);
    assert_eq!(rows(&found), [("Oil change", "", "49.00"), ("Air filter", "", "21.00")]);
}

#[test]
fn where_numbers_come_first_the_text_below_is_theirs() {
    let found = invoice(&[
        "Pos|Menge|Preis|Wert",
        "10|24 ST|38,60|926,40",
        "Aluminiumprofil 40x40",
        "20|400 ST|0,27|108,00",
        "Nutenstein M6",
    ]);
    assert_eq!(rows(&found), [("Aluminiumprofil 40x40", "24", "926.40"), ("Nutenstein M6", "400", "108.00")]);
}

#[test]
fn quantity_times_price_says_how_a_price_is_read() {
    let found =
        invoice(&["Description|Qty|Unit price|Amount", "Washer|4|8.770|35.08", "Rod|5|148.000|740.00"]);
    let prices: Vec<&str> = found.line_items.iter().map(|r| r["unit_price"].value.as_str()).collect();
    assert_eq!(prices, ["8.770", "148.000"]);
}

#[test]
fn what_stands_beside_or_below_a_table_is_not_in_it() {
    let found = invoice(&[
        "|Description|Qty|Amount",
        "Pay by transfer|Valve|1|142.60",
        "Lloyds Bank|Labour|2|203.00",
        "|Total net||345.60",
        "Payment within 14 days to the account of the firm no later than 14 March|||2026",
    ]);
    assert_eq!(rows(&found), [("Valve", "1", "142.60"), ("Labour", "2", "203.00")]);
}

#[test]
fn a_header_in_two_lines_names_the_price() {
    let found = invoice(&[
        "Description|Quantity|Unit|Total",
        "||price|amount",
        "Widget|2|5.00|10.00",
        "Gear|3|7.00|21.00",
    ]);
    assert_eq!(rows(&found), [("Widget", "2", "10.00"), ("Gear", "3", "21.00")]);
    assert_eq!(found.line_items[1]["unit_price"].value, "7.00");
}

#[test]
fn a_text_that_had_no_room_goes_on_below() {
    let found = invoice(&[
        HEADER,
        "Drehstuhl anthrazit Retoure|2|600,00|1.200,00",
        "Transportschaden",
        "Reise|1|34,56|34,56",
        "im Mai",
    ]);
    assert_eq!(
        rows(&found),
        [("Drehstuhl anthrazit Retoure Transportschaden", "2", "1200.00"), ("Reise", "1", "34.56")]
    );
}

#[test]
fn a_sum_carried_to_the_next_page_is_no_row() {
    let found = invoice(&[
        HEADER,
        "Beratung|2|600,00|1.200,00",
        "Übertrag|||1.200,00",
        "Reise|1|34,56|34,56",
        "Warenwert|||1.234,56",
    ]);
    assert_eq!(rows(&found), [("Beratung", "2", "1200.00"), ("Reise", "1", "34.56")]);
}

#[test]
fn rows_without_a_header_may_have_discounts_positions_and_spaced_thousands() {
    let found = invoice(&["Valves|40|50,00 10 %|1 800,00", "Pumps|2|20,00|40,00", "Total HT|||1 840,00"]);
    assert_eq!(rows(&found), [("Valves", "40", "1800.00"), ("Pumps", "2", "40.00")]);
    let found = invoice(&["1|Lampes|19%|1 192,00", "2|Papier|7 %|146,15", "|Total HT||1 338,15"]);
    assert_eq!(rows(&found), [("Lampes", "", "1192.00"), ("Papier", "", "146.15")]);
}

#[test]
fn one_known_word_is_a_header_where_the_rows_say_so() {
    let found = invoice(&["Désignation des travaux|||Xyz", "Platte|||238,83", "Rohr|||200,80"]);
    assert_eq!(rows(&found), [("Platte", "", "238.83"), ("Rohr", "", "200.80")]);
}

#[test]
fn a_table_goes_on_after_the_sum_of_a_part() {
    let found = invoice(&[
        HEADER,
        "Beratung|2|600,00|1.200,00",
        "Zwischensumme|||1.200,00",
        "Reisen",
        "Bahn|1|34,56|34,56",
        "Zwischensumme|||34,56",
        "Gesamtbetrag|||1.234,56",
    ]);
    let totals: Vec<&str> = found.line_items.iter().map(|l| l["line_total"].value.as_str()).collect();
    assert_eq!(totals, ["1200.00", "34.56"]);
    // What follows the totals is none of it where its arithmetic does not hold.
    let found =
        invoice(&[HEADER, "Beratung|2|600,00|1.200,00", "Gesamtbetrag|||1.200,00", "Rate|1|600,00|610,00"]);
    assert_eq!(rows(&found), [("Beratung", "2", "1200.00")]);
}

#[test]
fn the_amount_of_a_row_is_quantity_times_price_not_the_one_with_the_tax() {
    for header in ["Popis|Počet|Cena za MJ|Cena|Cena s DPH", "Producto|Cantidad|Precio|Importe|Total"] {
        let found = invoice(&[header, "Beratung|2|600,00|1.200,00|1.428,00", "Reise|1|34,56|34,56|41,13"]);
        assert_eq!(rows(&found), [("Beratung", "2", "1200.00"), ("Reise", "1", "34.56")], "{header}");
    }
}

#[test]
fn goods_that_are_delivered_have_rows_without_amounts() {
    let note = |title: &str| {
        let lines = [
            "Muster Werkzeuge GmbH",
            title,
            "Lieferschein-Nr.|L-7718",
            "Datum|21.10.2025",
            "",
            "Art.|Bezeichnung|Menge|Einheit",
            "1044|Ahorn, Hochstamm|6|Stk",
            "2210|Hainbuche|80|Stk",
            "",
            "Ware erhalten",
        ];
        read(&lines, &Wanted::default())
    };
    let found = note("LIEFERSCHEIN");
    assert_eq!(found.kind.value, "delivery_note");
    assert_eq!(rows(&found), [("Ahorn, Hochstamm", "6", ""), ("Hainbuche", "80", "")]);
    assert_eq!(value(&found, "invoice_number"), "L-7718");
    assert_eq!(value(&found, "issue_date"), "2025-10-21");
    // An invoice has amounts.
    assert_eq!(rows(&note("RECHNUNG")), []);
}

#[test]
fn of_two_columns_of_amounts_the_first_may_be_the_price() {
    let found =
        invoice(&["Abonnement|Quantité|Prix HT|Total HT", "Serveur|2|7,50|15,00", "Adresse|4|1,50|6,00"]);
    assert_eq!(rows(&found), [("Serveur", "2", "15.00"), ("Adresse", "4", "6.00")]);
    assert_eq!(found.line_items[0]["unit_price"].value, "7.50");
    let found = invoice(&["Abonnement|Quantité|Prix HT|Total HT", "Serveur|2|7,50|9,00"]);
    assert!(!found.line_items[0].contains_key("unit_price"), "no product: {:?}", found.line_items);
}

/// The name of the texts stands in the middle of their column, the numbers end right before the texts.
#[test]
fn texts_begin_where_they_do_in_all_rows() {
    let page = drawn(&[
        (50.0, 100.0, "INVOICE"),
        (50.0, 130.0, "Code"),
        (100.0, 130.0, "Quantity"),
        (220.0, 130.0, "Details"),
        (330.0, 130.0, "Price"),
        (390.0, 130.0, "Amount"),
        (50.0, 145.0, "A1"),
        (118.0, 145.0, "20.00"),
        (148.0, 145.0, "Strong white bread flour"),
        (330.0, 145.0, "1.50"),
        (390.0, 145.0, "30.00"),
        (50.0, 160.0, "B2"),
        (123.0, 160.0, "3.00"),
        (148.0, 160.0, "Dried yeast in bags"),
        (330.0, 160.0, "2.00"),
        (390.0, 160.0, "6.00"),
    ]);
    let lexicon = Lexicon::new(&[]);
    let mut table = table::Reader::new(&lexicon, 10);
    table.feed(&page);
    let found = table.take_rows();
    let texts: Vec<&str> =
        found.iter().map(|r| r.cells[&table::Column::Description].value.as_str()).collect();
    assert_eq!(texts, ["Strong white bread flour", "Dried yeast in bags"]);
    let counts: Vec<&str> = found.iter().map(|r| r.cells[&table::Column::Quantity].value.as_str()).collect();
    assert_eq!(counts, ["20.00", "3.00"]);
}

#[test]
fn a_table_without_amounts_gives_way_to_one_with_them() {
    let summary = drawn(&[
        (50.0, 100.0, "Description"),
        (200.0, 100.0, "Qty"),
        (50.0, 115.0, "Pallets"),
        (200.0, 115.0, "3"),
    ]);
    let items = drawn(&[
        (50.0, 100.0, "Description"),
        (200.0, 100.0, "Qty"),
        (280.0, 100.0, "Price"),
        (360.0, 100.0, "Amount"),
        (50.0, 115.0, "Steel bolts"),
        (200.0, 115.0, "2"),
        (280.0, 115.0, "1.50"),
        (360.0, 115.0, "3.00"),
    ]);
    let lexicon = Lexicon::new(&[]);
    let mut table = table::Reader::new(&lexicon, 10).of_kind("order");
    table.feed(&summary);
    table.feed(&items);
    let found = table.take_rows();
    let total = |r: &table::Row| r.cells.get(&table::Column::LineTotal).map(|c| c.value.clone());
    assert_eq!(found.iter().map(total).collect::<Vec<_>>(), [None, Some("3.00".to_owned())]);
}

#[test]
fn lines_whose_sum_stands_elsewhere_are_a_table() {
    let found = invoice(&[
        "What we did|||Price",
        "Locate leak|||242.00",
        "Replace pipe|||737.00",
        "Thank you",
        "BALANCE DUE|||979.00",
    ]);
    assert_eq!(rows(&found).len(), 2);
}

#[test]
fn a_price_with_tax_is_the_amount_where_there_is_no_other() {
    let found = invoice(&[
        "Ticket type|Each|How many|Total incl. VAT",
        "Standing|58.00|4|232.00",
        "Seated|72.50|2|145.00",
    ]);
    assert_eq!(rows(&found), [("Standing", "4", "232.00"), ("Seated", "2", "145.00")]);
    assert_eq!(found.line_items[0]["unit_price"].value, "58.00");
}

#[test]
fn thousands_apart_are_one_quantity_where_the_product_says_so() {
    let found = invoice(&[
        "Détail|Quantité|Prix HT|Montant HT",
        "Abonnement|1|412,80|412,80",
        "Consommation|2 140 kWh|0,1650|353,10",
    ]);
    assert_eq!(rows(&found), [("Abonnement", "1", "412.80"), ("Consommation", "2140", "353.10")]);
}

#[test]
fn what_lines_add_up_to_is_no_line() {
    let found = invoice(&[
        "Packing|||210.00",
        "Removal|||640.00",
        "Together|||850.00",
        "VAT at 20%|||170.00",
        "The sum of|||1,020.00",
    ]);
    let totals: Vec<&str> = found.line_items.iter().map(|r| r["line_total"].value.as_str()).collect();
    assert_eq!(totals, ["210.00", "640.00"]);
}

#[test]
fn dollars_are_of_the_country_that_the_page_names() {
    let currency = |foot: &str| {
        let table = ["Description|Quantity|Unit price|Amount", "Locate leak|1|$242.00|$242.00"];
        let found = invoice(&[&table[..], &[foot]].concat());
        let field = &found.fields["currency"];
        (field.value.clone(), field.other_readings.iter().map(|r| r.value.clone()).collect::<Vec<_>>())
    };
    let australian = currency("Muster Plumbing Pty Ltd ABN 39 618 440 271, Unanderra NSW 2526");
    assert_eq!(australian, ("AUD".to_owned(), vec!["USD".to_owned()]));
    assert_eq!(currency("Muster Plumbing Inc., Toledo, OH 43604"), ("USD".to_owned(), Vec::new()));
}
