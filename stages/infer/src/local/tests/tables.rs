//! Item tables of all shapes: headers in other words, half a header, none at all, texts that are broken.

use super::rows::{HEADER, invoice, rows};

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
