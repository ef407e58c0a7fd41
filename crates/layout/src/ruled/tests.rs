//! Small pages with lines.

use crate::{Kind, PageLayout, Table, markdown, page_layout};
use docmill_contracts::{Rule, Word};

/// Words of a text from `x` on, ten points high.
fn words(text: &str, x: f32, y: f32) -> Vec<Word> {
    let mut at = x;
    let place = |t: &str| {
        let w = 5.0 * t.chars().count() as f32;
        let word = Word { text: t.into(), bbox: [at, y, at + w, y + 10.0], confidence: 1.0, line: 0 };
        at += w + 3.3;
        word
    };
    text.split(' ').filter(|t| !t.is_empty()).map(place).collect()
}

fn level(x0: f32, x1: f32, y: f32) -> Rule {
    Rule::between([x0, y], [x1, y])
}

fn upright(x: f32, y0: f32, y1: f32) -> Rule {
    Rule::between([x, y0], [x, y1])
}

fn frame(x0: f32, y0: f32, x1: f32, y1: f32) -> Vec<Rule> {
    vec![level(x0, x1, y0), level(x0, x1, y1), upright(x0, y0, y1), upright(x1, y0, y1)]
}

/// All lines of a grid.
fn grid(xs: &[f32], ys: &[f32]) -> Vec<Rule> {
    let (x0, x1, y0, y1) = (xs[0], xs[xs.len() - 1], ys[0], ys[ys.len() - 1]);
    ys.iter().map(|y| level(x0, x1, *y)).chain(xs.iter().map(|x| upright(*x, y0, y1))).collect()
}

fn layout(words: &[Word], rules: &[Rule]) -> PageLayout {
    page_layout(1, 600.0, 800.0, words, rules)
}

fn kinds(page: &PageLayout) -> Vec<Kind> {
    page.blocks.iter().map(|b| b.kind).collect()
}

fn only_table(page: &PageLayout) -> &Table {
    let tables: Vec<&Table> = page.blocks.iter().filter_map(|b| b.table.as_ref()).collect();
    assert_eq!(tables.len(), 1, "{}", markdown(page));
    tables[0]
}

/// Column, span, rows and text of each cell, row by row.
fn cells(table: &Table) -> Vec<Vec<(u32, u32, u32, String)>> {
    let cell = |c: &crate::Cell| (c.column, c.span, c.rows, c.text());
    table.rows.iter().map(|r| r.cells.iter().map(cell).collect()).collect()
}

#[test]
fn a_grid_makes_a_table_of_texts_that_would_be_none() {
    // Two columns of prose, an empty cell, and one of three lines.
    let texts = [
        ("Ground", "dry and even", 50.0),
        ("Walls", "the old ones are kept where they stand", 70.0),
        ("", "and are painted again", 82.0),
        ("", "in white", 94.0),
        ("Roof", "", 110.0),
        ("Doors and windows", "open", 130.0),
    ];
    let list: Vec<Word> =
        texts.iter().flat_map(|(a, b, y)| [words(a, 54.0, *y), words(b, 164.0, *y)].concat()).collect();
    let rules = grid(&[50.0, 160.0, 420.0], &[48.0, 66.0, 108.0, 126.0, 144.0]);
    let page = layout(&list, &rules);
    let table = only_table(&page);
    assert!(table.ruled);
    assert_eq!(table.columns, [[50.0, 160.0], [160.0, 420.0]]);
    let text = |t: &str| t.to_owned();
    assert_eq!(
        cells(table),
        [
            vec![(0, 1, 1, text("Ground")), (1, 1, 1, text("dry and even"))],
            vec![
                (0, 1, 1, text("Walls")),
                (1, 1, 1, text("the old ones are kept where they stand and are painted again in white"))
            ],
            vec![(0, 1, 1, text("Roof"))],
            vec![(0, 1, 1, text("Doors and windows")), (1, 1, 1, text("open"))],
        ]
    );
    assert_eq!(table.rows[1].cells[1].lines.len(), 3);
    assert_eq!(table.rows[1].bbox, [50.0, 66.0, 420.0, 108.0]);
    assert_ne!(kinds(&layout(&list, &[])), kinds(&page));
}

#[test]
fn missing_lines_make_cells_of_several_columns_and_rows() {
    let mut list = words("Opening hours", 54.0, 52.0);
    for (text, x, y) in [
        ("Day", 54.0, 72.0),
        ("From", 154.0, 72.0),
        ("To", 254.0, 72.0),
        ("Weekdays", 54.0, 102.0),
        ("8", 154.0, 92.0),
        ("12", 254.0, 92.0),
        ("13", 154.0, 112.0),
        ("18", 254.0, 112.0),
        ("Sunday", 54.0, 132.0),
        ("closed", 154.0, 132.0),
    ] {
        list.extend(words(text, x, y));
    }
    let ys = [50.0, 70.0, 90.0, 110.0, 130.0, 150.0];
    let mut rules = frame(50.0, 50.0, 350.0, 150.0);
    rules.extend([70.0, 90.0, 130.0].map(|y| level(50.0, 350.0, y)));
    rules.push(level(150.0, 350.0, ys[3]));
    rules.push(upright(150.0, 70.0, 150.0));
    rules.push(upright(250.0, 70.0, 130.0));
    let page = layout(&list, &rules);
    let text = |t: &str| t.to_owned();
    let table = only_table(&page);
    assert_eq!(
        cells(table),
        [
            vec![(0, 3, 1, text("Opening hours"))],
            vec![(0, 1, 1, text("Day")), (1, 1, 1, text("From")), (2, 1, 1, text("To"))],
            vec![(0, 1, 2, text("Weekdays")), (1, 1, 1, text("8")), (2, 1, 1, text("12"))],
            vec![(1, 1, 1, text("13")), (2, 1, 1, text("18"))],
            vec![(0, 1, 1, text("Sunday")), (1, 2, 1, text("closed"))],
        ]
    );
    assert_eq!(table.rows.iter().filter(|r| r.header).count(), 2);
    assert!(
        markdown(&page)
            .starts_with("| Opening hours Day | From | To |\n| --- | --- | --- |\n| Weekdays | 8 | 12 |")
    );
}

#[test]
fn upright_rules_alone_leave_the_rows_to_the_text() {
    let mut list = Vec::new();
    let rows = [
        ("Item", "Qty", "Total"),
        ("Screws of steel,", "10", "4.50"),
        ("galvanised", "", ""),
        ("Nails", "3", "2.10"),
        ("Glue", "1", "7.00"),
        ("Sum", "", "13.60"),
    ];
    for (i, (item, quantity, total)) in rows.iter().enumerate() {
        let y = 60.0 + 12.0 * i as f32 + if i > 0 { 8.0 } else { 0.0 } + if i > 4 { 40.0 } else { 0.0 };
        list.extend(words(item, 54.0, y));
        list.extend(words(quantity, 254.0, y));
        list.extend(words(total, 324.0, y));
    }
    let mut rules = grid(&[50.0, 250.0, 320.0, 400.0], &[56.0, 74.0, 164.0]);
    rules.extend(frame(50.0, 164.0, 400.0, 182.0));
    rules.push(upright(320.0, 164.0, 182.0));
    let page = layout(&list, &rules);
    let table = only_table(&page);
    let text: Vec<Vec<String>> =
        table.rows.iter().map(|r| r.cells.iter().map(crate::Cell::text).collect()).collect();
    assert_eq!(
        text,
        [
            vec!["Item", "Qty", "Total"],
            vec!["Screws of steel, galvanised", "10", "4.50"],
            vec!["Nails", "3", "2.10"],
            vec!["Glue", "1", "7.00"],
            vec!["Sum", "13.60"],
        ]
    );
    assert_eq!((table.rows[4].cells[0].span, table.rows[0].header), (2, true));
}

#[test]
fn level_rules_alone_keep_wrapped_rows_together() {
    let rows = [
        ("Item", "Qty", "Total"),
        ("Screws of steel, galvanised", "10", "4.50"),
        ("and packed in boxes", "", "net"),
        ("of a hundred", "", ""),
        ("Nails", "3", "2.10"),
        ("also of steel", "", "net"),
        ("Glue", "1", "7.00"),
    ];
    let mut list = Vec::new();
    for (i, (item, quantity, total)) in rows.iter().enumerate() {
        let y = 60.0 + 14.0 * i as f32;
        list.extend(words(item, 54.0, y));
        list.extend(words(quantity, 254.0, y));
        list.extend(words(total, 324.0, y));
    }
    let rules = [58.0, 72.0, 114.0, 142.0, 158.0].map(|y| level(50.0, 400.0, y));
    let page = layout(&list, &rules);
    let table = only_table(&page);
    assert!(table.ruled && table.rows[0].header, "{}", markdown(&page));
    let text: Vec<Vec<String>> =
        table.rows.iter().map(|r| r.cells.iter().map(crate::Cell::text).collect()).collect();
    assert_eq!(
        text,
        [
            vec!["Item", "Qty", "Total"],
            vec!["Screws of steel, galvanised and packed in boxes of a hundred", "10", "4.50 net"],
            vec!["Nails also of steel", "3", "2.10 net"],
            vec!["Glue", "1", "7.00"],
        ]
    );
}

#[test]
fn frames_underlines_and_boxes_are_no_tables() {
    let mut list = words("Delivery note", 54.0, 50.0);
    list.extend(words("Example Ltd", 54.0, 90.0));
    list.extend(words("1 Some Street", 54.0, 102.0));
    list.extend(words("London", 54.0, 114.0));
    list.extend(words("Ship to", 304.0, 90.0));
    list.extend(words("the harbour master", 304.0, 102.0));
    for i in 0..6 {
        list.extend(words(
            "a line of text that runs over the whole page as letters do",
            54.0,
            200.0 + 12.0 * i as f32,
        ));
    }
    let plain = layout(&list, &[]);
    let mut rules = frame(30.0, 30.0, 570.0, 770.0);
    rules.push(level(54.0, 120.0, 62.0));
    // Two boxes that share a side, as wide as the page's frame.
    rules.extend(frame(30.0, 84.0, 300.0, 130.0));
    rules.extend(frame(300.0, 84.0, 570.0, 130.0));
    let page = layout(&list, &rules);
    assert_eq!(
        (&page.blocks, kinds(&page).contains(&Kind::Table)),
        (&plain.blocks, false),
        "{}",
        markdown(&page)
    );
}

#[test]
fn a_frame_around_the_page_does_not_hide_the_table_in_it() {
    let mut list = Vec::new();
    for i in 0..5 {
        list.extend(words("we thank you for your order and deliver", 54.0, 60.0 + 12.0 * i as f32));
    }
    for (i, (a, b)) in [("Part", "Place"), ("Door", "Hall"), ("Lamp", "Yard")].iter().enumerate() {
        list.extend(words(a, 54.0, 204.0 + 20.0 * i as f32));
        list.extend(words(b, 304.0, 204.0 + 20.0 * i as f32));
    }
    for i in 0..5 {
        list.extend(words("with kind regards and best wishes", 54.0, 400.0 + 12.0 * i as f32));
    }
    let mut rules = frame(30.0, 30.0, 570.0, 770.0);
    rules.extend([200.0, 220.0, 240.0, 260.0].map(|y| level(30.0, 570.0, y)));
    rules.push(upright(300.0, 200.0, 260.0));
    let page = layout(&list, &rules);
    assert_eq!(kinds(&page), [Kind::Paragraph, Kind::Table, Kind::Paragraph], "{}", markdown(&page));
    assert_eq!(only_table(&page).rows.len(), 3);
}

#[test]
fn few_lines_in_a_table_of_more_columns_do_not_say_where_they_are() {
    let mut list = Vec::new();
    for row in 0..4 {
        let y = 64.0 + 20.0 * row as f32;
        for (column, text) in ["Oak", "12", "1.50", "18.00"].iter().enumerate() {
            list.extend(words(text, 54.0 + 80.0 * column as f32, y));
        }
    }
    let mut rules = frame(50.0, 60.0, 380.0, 140.0);
    rules.push(upright(120.0, 60.0, 140.0));
    rules.extend([80.0, 100.0, 120.0].map(|y| level(50.0, 380.0, y)));
    let page = layout(&list, &rules);
    assert_eq!(only_table(&page).columns.len(), 4, "{}", markdown(&page));
}

#[test]
fn a_scan_that_is_askew_has_its_words_in_their_cells() {
    let slope = 0.017;
    let mut list = Vec::new();
    for row in 0..12 {
        for column in 0..4 {
            let x = 54.0 + 120.0 * column as f32;
            let y = 104.0 + 14.0 * row as f32;
            list.extend(words(&format!("r{row}c{column}"), x - slope * y, y + slope * x));
        }
    }
    let xs = [50.0, 170.0, 290.0, 410.0, 530.0];
    let ys: Vec<f32> = (0..13).map(|i| 102.0 + 14.0 * i as f32).collect();
    let turn = |[x, y]: [f32; 2]| [x - slope * y, y + slope * x];
    let rules: Vec<Rule> = grid(&xs, &ys).iter().map(|r| Rule::between(turn(r.from), turn(r.to))).collect();
    let page = layout(&list, &rules);
    let table = only_table(&page);
    assert_eq!((table.rows.len(), table.columns.len()), (12, 4));
    for (r, row) in table.rows.iter().enumerate() {
        for (c, cell) in row.cells.iter().enumerate() {
            assert_eq!(cell.text(), format!("r{r}c{c}"));
        }
    }
}

#[test]
fn a_table_beside_text_is_read_where_it_stands() {
    let mut list = Vec::new();
    for i in 0..8 {
        list.extend(words("prose on the left side", 40.0, 100.0 + 12.0 * i as f32));
    }
    list.extend(words("a heading over both of them", 40.0, 60.0));
    for (i, (a, b)) in [("Part", "Place"), ("Door", "Hall"), ("Lamp", "Yard")].iter().enumerate() {
        list.extend(words(a, 304.0, 104.0 + 20.0 * i as f32));
        list.extend(words(b, 404.0, 104.0 + 20.0 * i as f32));
    }
    let rules = grid(&[300.0, 400.0, 500.0], &[100.0, 120.0, 140.0, 160.0]);
    let page = layout(&list, &rules);
    assert_eq!(kinds(&page), [Kind::Paragraph, Kind::Paragraph, Kind::Table], "{}", markdown(&page));
}

#[test]
fn two_columns_of_addresses_between_lines_are_no_rows() {
    let mut list = Vec::new();
    for (i, (a, b)) in [
        ("Seller", "Customer"),
        ("Example Ltd", "Miller and Sons"),
        ("1 Some Street", "at the harbour"),
        ("GLN 4012345000009", "GLN 4098765000000"),
        ("VAT DE123456789", "VAT DE987654321"),
        ("Order 77001234", "Contract 88005678"),
        ("sent by post", "to be paid at once"),
        ("London", "Hull"),
        ("United Kingdom", "United Kingdom"),
    ]
    .iter()
    .enumerate()
    {
        list.extend(words(a, 54.0, 64.0 + 12.0 * i as f32));
        list.extend(words(b, 304.0, 64.0 + 12.0 * i as f32));
    }
    let page = layout(&list, &grid(&[50.0, 300.0, 550.0], &[60.0, 75.0, 175.0]));
    let many = page.blocks.iter().filter_map(|b| b.table.as_ref()).any(|t| t.rows.len() > 2);
    assert!(!many, "{}", markdown(&page));
}
