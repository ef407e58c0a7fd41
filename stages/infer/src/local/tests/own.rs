//! Fields of a tenant's schema without examples: forms, tables, sentences.

use super::*;

fn with_schema(properties: &str, lines: &[&str]) -> Extraction {
    let json = format!(r#"{{"title": "Consignment note", "properties": {{{properties}}}}}"#);
    let schema = Some(Schema::parse(json.as_bytes()).unwrap());
    read(lines, &Wanted { schema, ..Wanted::default() })
}

#[test]
fn labels_in_other_words_name_the_fields_of_a_schema() {
    let found = with_schema(
        r#""waybill_no": {"type": "string", "title": "Waybill number"},
           "shipper": {"type": "string", "description": "company that sends the goods"},
           "consignee": {"type": "string"},
           "pickup_date": {"type": "string", "format": "date", "title": "Pickup date"},
           "truck_plate": {"type": "string", "title": "Truck registration", "description": "not of the trailer"}"#,
        &[
            "Booked on:|12 Sep 2026",
            "Waybill:|CN-2026-39483",
            "Consignor:|Nordvik Pumper AS",
            "Deliver to:|Hansen & Riis ApS",
            "Collection:|18 Sep 2026",
            "Delivery due:|20 Sep 2026",
            "Vehicle reg.:|HH-BC 6297",
            "Trailer:|VR-Z 9258",
        ],
    );
    for (name, expected) in [
        ("waybill_no", "CN-2026-39483"),
        ("shipper", "Nordvik Pumper AS"),
        ("consignee", "Hansen & Riis ApS"),
        ("pickup_date", "2026-09-18"),
        ("truck_plate", "HH-BC 6297"),
    ] {
        assert_eq!(value(&found, name), expected, "{name}");
    }
}

#[test]
fn of_boxes_the_ticked_one_counts_and_numbers_of_labels_are_no_values() {
    let properties = r#""packages": {"type": "integer", "title": "Number of packages"},
        "terms": {"type": "string", "enum": ["Prepaid", "Collect"], "title": "Freight terms"}"#;
    let found = with_schema(
        properties,
        &[
            "1 Sender|2 Consignee|3 Carrier|4 Remarks",
            "Muster AG|Beispiel KG|Spedition Nord|none",
            "6 Marks|7 No. of packages|8 Packing|9 Goods",
            "ADR|18|Pallets|Castings",
            "14 Freight [ ] Prepaid [X] Collect",
        ],
    );
    assert_eq!(value(&found, "packages"), "18");
    assert_eq!(value(&found, "terms"), "Collect");
}

#[test]
fn the_whole_of_a_column_is_the_total_number() {
    let found = with_schema(
        r#""spots": {"type": "integer", "title": "Number of insertions", "description": "total number of spots"},
           "net_cost": {"type": "number", "title": "Net cost", "description": "after commission, before tax"}"#,
        &[
            "Line|Spots|Rate|Total",
            "Morning|17|110.00|1,870.00",
            "Noon|24|42.50|1,020.00",
            "Total|41||2,890.00",
            "Net cost excl. VAT|||2,456.50",
            "Payable|||2,947.80",
        ],
    );
    assert_eq!(value(&found, "spots"), "41");
    assert_eq!(value(&found, "net_cost"), "2456.50");
}

#[test]
fn values_stand_in_sentences() {
    let found = with_schema(
        r#""landlord": {"type": "string"}, "tenant": {"type": "string"},
           "rent": {"type": "number", "title": "Monthly rent", "description": "base rent per month"}"#,
        &[
            r#"made between The Whitcombe Estate (the "Landlord") and Muster & Sons Ltd (the "Tenant") today."#,
            "The Tenant shall pay a base rent of $3,100.00 per month, and $230.40 for the common area.",
        ],
    );
    assert_eq!(value(&found, "landlord"), "The Whitcombe Estate");
    assert_eq!(value(&found, "tenant"), "Muster & Sons Ltd");
    assert_eq!(value(&found, "rent"), "3100.00");
}

#[test]
fn one_place_is_the_value_of_one_field_and_what_is_missing_stays_so() {
    let found = with_schema(
        r#""calibration_date": {"type": "string", "format": "date", "title": "Calibration date"},
           "next_due_date": {"type": "string", "format": "date", "title": "Next calibration due"},
           "serial_number": {"type": "string", "title": "Serial number"}"#,
        &["Calibrated:|2024-09-12", "Previous cal:|2023-09-14", "Serial no.:|7873436"],
    );
    assert_eq!(value(&found, "calibration_date"), "2024-09-12");
    assert_eq!(value(&found, "next_due_date"), "");
    assert_eq!(value(&found, "serial_number"), "7873436");
}

/// Numbers of articles are none of the document, however many rows have one.
#[test]
fn a_long_table_does_not_make_a_number_unsure() {
    let number = |rows: usize| {
        let mut lines =
            vec!["PURCHASE ORDER".to_owned(), "Order number:|LONG-1".to_owned(), "Page 1 of 1000".to_owned()];
        lines.push("Article no.|Description|Quantity|Unit price|Line total".to_owned());
        lines.extend((0..rows).map(|i| format!("MED-{}|Syringe|2|10.00|20.00", 10_037 + 37 * i)));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let found = read(&lines, &Wanted::default());
        assert_ne!(value(&found, "purchase_order_ref"), "1000", "a count of pages");
        found.fields.get("invoice_number").map(|f| (f.value.clone(), f.confidence))
    };
    let (few, many) = (number(2).unwrap(), number(40).unwrap());
    assert_eq!((few.0.as_str(), many.0.as_str()), ("LONG-1", "LONG-1"));
    assert!(many.1 > few.1 - 0.1, "{few:?} {many:?}");
}

#[test]
fn yes_and_no_are_words_or_boxes() {
    let found = with_schema(
        r#""breakfast": {"type": "boolean", "title": "Breakfast included"},
           "parking": {"type": "boolean", "title": "Parking"},
           "fasting": {"type": "boolean", "title": "Fasting"},
           "urgent": {"type": "boolean", "title": "Urgent", "x-aliases": ["Eilt"]},
           "smoker": {"type": "boolean", "title": "Smoker"}"#,
        &[
            "[x] Breakfast|[ ] Parking|[x] Late checkout",
            "Fasting: [ ] Yes [x] No",
            "Eilt:|Ja",
            "Room No. 17|Smokers meet outside, no exceptions",
        ],
    );
    for (name, expected) in [
        ("breakfast", "true"),
        ("parking", "false"),
        ("fasting", "false"),
        ("urgent", "true"),
        ("smoker", ""),
    ] {
        assert_eq!(value(&found, name), expected, "{name}");
    }
}

/// Cells of a column; empty where a row has none.
fn column<'a>(found: &'a Extraction, name: &str) -> Vec<&'a str> {
    found.line_items.iter().map(|row| row.get(name).map_or("", |f| f.value.as_str())).collect()
}

#[test]
fn a_list_of_objects_is_read_from_the_table_that_has_its_columns() {
    let found = with_schema(
        r#""account": {"type": "string", "title": "Account number"},
           "bookings": {"type": "array", "title": "Transactions", "items": {"properties": {
               "day": {"type": "string", "format": "date", "title": "Date"},
               "text": {"type": "string", "title": "Details"},
               "amount": {"type": "number", "title": "Amount"},
               "balance": {"type": "number", "title": "Balance"}}}}"#,
        &[
            "Account number:|30718854",
            "",
            "Date|Details|Amount|Balance",
            "01.03.2026|Rent for March|-900.00|1,518.60",
            "|paid by standing order",
            "04.03.2026|Salary|3,000.00|4,518.60",
            "Total||2,100.00",
            "Thank you for banking with us.",
        ],
    );
    assert_eq!(value(&found, "account"), "30718854");
    assert_eq!(column(&found, "day"), ["2026-03-01", "2026-03-04"]);
    assert_eq!(column(&found, "text"), ["Rent for March paid by standing order", "Salary"]);
    assert_eq!(column(&found, "amount"), ["-900.00", "3000.00"]);
    assert_eq!(column(&found, "balance"), ["1518.60", "4518.60"]);
}

#[test]
fn the_item_table_has_the_names_of_the_schema() {
    let found = with_schema(
        r#""no": {"type": "string", "title": "Invoice number"},
           "positions": {"type": "array", "items": {"properties": {
               "item": {"type": "string", "title": "Description"},
               "qty": {"type": "number", "title": "Quantity"},
               "each": {"type": "number", "title": "Unit price"},
               "sum": {"type": "number", "title": "Amount"}}}}"#,
        &[
            "Invoice number: 4711",
            "",
            "Description|Quantity|Unit price|Amount",
            "Consulting|2|600.00|1,200.00",
            "Travel|1|34.56|34.56",
        ],
    );
    assert_eq!(column(&found, "item"), ["Consulting", "Travel"]);
    assert_eq!(column(&found, "qty"), ["2", "1"]);
    assert_eq!(column(&found, "each"), ["600.00", "34.56"]);
    assert_eq!(column(&found, "sum"), ["1200.00", "34.56"]);
}
