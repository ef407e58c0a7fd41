//! What holds for every page, and small pages whose layout is known.

use super::*;
use proptest::prelude::*;

fn word(text: &str, x: f32, y: f32, h: f32) -> Word {
    let w = text.chars().count() as f32 * 0.5 * h;
    Word { text: text.into(), bbox: [x, y, x + w, y + h], confidence: 1.0, line: 0 }
}

/// Words of a text from `x` on, a third of the height apart.
fn words(text: &str, x: f32, y: f32, h: f32) -> Vec<Word> {
    let mut at = x;
    let place = |t: &str| {
        let w = word(t, at, y, h);
        at = w.bbox[2] + 0.33 * h;
        w
    };
    text.split(' ').map(place).collect()
}

fn layout(words: &[Word]) -> PageLayout {
    ruled_layout(words, &[])
}

fn ruled_layout(words: &[Word], rules: &[Rule]) -> PageLayout {
    page_layout(1, 600.0, 800.0, words, rules)
}

fn said(page: &PageLayout) -> Vec<(Kind, String)> {
    page.blocks.iter().map(|b| (b.kind, b.text())).collect()
}

/// A page without the places of its words, which change with their order.
fn bare(mut page: PageLayout) -> PageLayout {
    for block in &mut page.blocks {
        let rows = block.table.iter_mut().flat_map(|t| &mut t.rows);
        let cells = rows.flat_map(|r| &mut r.cells).flat_map(|c| &mut c.lines);
        block.lines.iter_mut().chain(cells).for_each(|l| l.words.clear());
    }
    page
}

/// Words on a grid, where lines, columns and collisions are likely.
fn any_word() -> impl Strategy<Value = Word> {
    let text =
        prop_oneof!["[a-z]{1,12}", "[0-9]{1,5},[0-9]{2}", Just("•".to_owned()), Just("Total:".to_owned())];
    (text, 0u8..12, 0u8..40, 6u8..16, -3i8..4, 0u8..20).prop_map(|(text, column, row, h, off, odd)| {
        let (x, y, h) =
            (f32::from(column) * 47.0, f32::from(row) * 13.0 + f32::from(off) / 4.0, f32::from(h));
        let mut w = word(&text, x, y, h);
        match odd {
            0 => w.bbox = [x, y, x + h, y + 60.0],
            1 => w.bbox = [f32::NAN, y, f32::INFINITY, -y],
            2 => w.bbox = [x; 4],
            _ => {}
        }
        w
    })
}

/// Rules on a grid too, so that there are tables, and some that are askew or no rules at all.
fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    let rule = (0u8..13, 0u8..41, 0u8..13, 0u8..41, 0u8..30).prop_map(|(a, b, c, d, odd)| {
        let x = |column: u8| f32::from(column) * 47.0 - 6.0;
        let y = |row: u8| f32::from(row) * 13.0 - 2.0;
        match odd {
            0..15 => Rule::between([x(a), y(b)], [x(c), y(b)]),
            15..28 => Rule::between([x(a), y(b)], [x(a), y(d)]),
            28 => Rule::between([x(a), y(b)], [x(c), y(b) + 5.0]),
            _ => Rule { from: [f32::NAN, y(b)], to: [x(c), f32::INFINITY] },
        }
    });
    proptest::collection::vec(rule, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_word_stands_in_exactly_one_place(
        list in proptest::collection::vec(any_word(), 0..150), rules in any_rules(),
    ) {
        let page = ruled_layout(&list, &rules);
        let mut places: Vec<u32> = page.lines().flat_map(|l| l.words.clone()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..list.len() as u32).collect::<Vec<_>>());
        for line in page.lines() {
            let text: Vec<&str> = line.words.iter().map(|i| list[*i as usize].text.as_str()).collect();
            prop_assert_eq!(&line.text, &text.join(" "));
        }
        for table in page.blocks.iter().filter_map(|b| b.table.as_ref()) {
            let n = table.columns.len() as u32;
            for row in &table.rows {
                prop_assert!(row.cells.windows(2).all(|w| w[0].column + w[0].span <= w[1].column));
                prop_assert!(row.cells.iter().all(|c| c.span > 0 && c.rows > 0 && c.column + c.span <= n));
            }
        }
    }

    #[test]
    fn the_order_of_the_words_does_not_matter(
        (list, other) in proptest::collection::vec(any_word(), 0..150).prop_flat_map(|l| (Just(l.clone()), Just(l).prop_shuffle())),
        (rules, turned) in any_rules().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
    ) {
        let (one, two) = (ruled_layout(&list, &rules), ruled_layout(&other, &turned));
        prop_assert_eq!(format!("{:?}", bare(one)), format!("{:?}", bare(two)));
    }

    #[test]
    fn markdown_keeps_every_word(list in proptest::collection::vec(any_word(), 0..80), rules in any_rules()) {
        let md = markdown(&ruled_layout(&list, &rules));
        let mut found: Vec<String> = md.split_whitespace().map(|t| t.replace('\\', "")).collect();
        for w in list.iter().filter(|w| w.text != "•") {
            let at = found.iter().position(|t| *t == w.text);
            prop_assert!(at.is_some(), "{} is not in\n{md}", w.text);
            found.swap_remove(at.unwrap());
        }
    }
}

#[test]
fn two_columns_are_read_one_after_the_other_under_their_heading() {
    let mut list = words("A heading over both columns", 50.0, 40.0, 20.0);
    for row in 0..8 {
        let y = 90.0 + 12.0 * row as f32;
        list.extend(words(&format!("left column text of row {row}"), 50.0, y, 10.0));
        list.extend(words(&format!("right side prose in line {row}"), 320.0, y, 10.0));
    }
    let page = layout(&list);
    let kinds: Vec<Kind> = page.blocks.iter().map(|b| b.kind).collect();
    assert_eq!(kinds, [Kind::Heading, Kind::Paragraph, Kind::Paragraph], "{:?}", said(&page));
    assert_eq!(page.blocks[0].level, Some(1));
    assert!(page.blocks[1].text().starts_with("left") && page.blocks[2].text().ends_with("line 7"));
}

#[test]
fn a_heading_that_touches_its_columns_does_not_mix_them() {
    let mut list = Vec::new();
    for part in 0..2 {
        let top = 50.0 + 130.0 * part as f32;
        list.extend(words("every column of this page stands under this one line", 50.0, top, 10.0));
        for row in 0..9 {
            let y = top + 12.0 * (row + 1) as f32;
            list.extend(words(&format!("the left column text in row {row}"), 50.0, y, 10.0));
            list.extend(words(&format!("while prose fills the right {row}"), 240.0, y, 10.0));
        }
    }
    let text = said(&layout(&list)).into_iter().map(|(_, t)| t).collect::<Vec<_>>().join(" ");
    let at = |t: &str| text.match_indices(t).map(|(i, _)| i).collect::<Vec<_>>();
    let (left, right) = (at("the left"), at("while prose"));
    assert!(left[8] < right[0] && right[8] < left[9] && left[17] < right[9], "{text}");
}

#[test]
fn a_table_has_its_header_its_columns_and_wrapped_cells() {
    let mut list = Vec::new();
    let mut row = |y: f32, cells: &[(&str, f32)]| {
        cells.iter().filter(|(t, _)| !t.is_empty()).for_each(|(t, x)| list.extend(words(t, *x, y, 10.0)));
    };
    row(100.0, &[("Pos", 50.0), ("Description", 90.0), ("Qty", 300.0), ("Price", 360.0), ("Amount", 440.0)]);
    row(
        116.0,
        &[("1", 50.0), ("Steel screws of 40 mm", 90.0), ("10", 300.0), ("1,20", 365.0), ("12,00", 445.0)],
    );
    row(128.0, &[("in a box of wood", 90.0)]);
    row(144.0, &[("2", 50.0), ("Nails", 90.0), ("5", 305.0), ("100,00", 355.0), ("500,00", 440.0)]);
    row(160.0, &[("3", 50.0), ("Delivery", 90.0), ("49,90", 445.0)]);
    let page = layout(&list);
    assert_eq!(page.blocks.len(), 1, "{:?}", said(&page));
    assert_eq!(
        markdown(&page),
        "| Pos | Description | Qty | Price | Amount |\n| --- | --- | --- | --- | --- |\n\
         | 1 | Steel screws of 40 mm in a box of wood | 10 | 1,20 | 12,00 |\n| 2 | Nails | 5 | 100,00 | 500,00 |\n\
         | 3 | Delivery | | | 49,90 |\n"
    );
}

#[test]
fn an_address_beside_labels_is_no_table_with_them() {
    let mut list = Vec::new();
    for (row, (left, label, value)) in [
        ("Example Ltd", "Invoice no:", "4711"),
        ("1 Some Street", "Date:", "2026-01-31"),
        ("London", "Customer:", "Miller"),
        ("United Kingdom", "Due:", "2026-02-28"),
    ]
    .iter()
    .enumerate()
    {
        let y = 50.0 + 14.0 * row as f32;
        list.extend(words(left, 50.0, y, 10.0));
        list.extend(words(label, 350.0, y, 10.0));
        list.extend(words(value, 450.0, y, 10.0));
    }
    let page = layout(&list);
    let kinds: Vec<Kind> = page.blocks.iter().map(|b| b.kind).collect();
    assert_eq!(kinds, [Kind::Paragraph, Kind::Table], "{:?}", said(&page));
    assert_eq!(page.blocks[0].lines.len(), 4);
    assert_eq!(page.blocks[1].table.as_ref().unwrap().rows.len(), 4);
}

#[test]
fn stamps_that_run_upwards_and_lists_are_told_apart() {
    let mut list = words("Some text that runs as usual", 50.0, 50.0, 10.0);
    list.extend(words("and goes on in a second line", 50.0, 62.0, 10.0));
    list.push(word("•", 50.0, 90.0, 10.0));
    list.extend(words("first item", 70.0, 90.0, 10.0));
    list.push(word("•", 50.0, 102.0, 10.0));
    list.extend(words("second item", 70.0, 102.0, 10.0));
    list.push(Word { text: "RECEIVED".into(), bbox: [500.0, 100.0, 512.0, 160.0], confidence: 1.0, line: 9 });
    list.push(Word {
        text: "2026-11-26".into(),
        bbox: [500.0, 166.0, 512.0, 230.0],
        confidence: 1.0,
        line: 9,
    });
    let page = layout(&list);
    assert_eq!(
        markdown(&page),
        "Some text that runs as usual\\\nand goes on in a second line\n\n- first item\n- second item\n\nRECEIVED 2026-11-26\n"
    );
    assert_eq!(page.blocks[3].kind, Kind::Turned);
}

#[test]
fn headers_and_footers_are_those_that_neighbours_repeat() {
    let page = |n: i32| {
        let mut list = words("Example Ltd price list", 50.0, 20.0, 10.0);
        list.extend(words(&format!("the text of page {n} is this"), 50.0, 300.0 + n as f32, 10.0));
        list.extend(words(&format!("Page {n} of 3"), 250.0, 780.0, 10.0));
        page_layout(n, 600.0, 800.0, &list, &[])
    };
    let (mut document, mut writer, mut out) = (DocumentLayout::default(), Writer::markdown(), String::new());
    let mut pages = Vec::new();
    for n in 1..=3 {
        pages.extend(document.push(page(n)));
    }
    pages.extend(document.end());
    assert_eq!(pages.iter().map(|p| p.page).collect::<Vec<_>>(), [1, 2, 3]);
    for p in &pages {
        let kinds: Vec<Kind> = p.blocks.iter().map(|b| b.kind).collect();
        assert_eq!(kinds, [Kind::Header, Kind::Paragraph, Kind::Footer]);
        out.push_str(&writer.page(p));
    }
    out.push_str(&writer.end());
    assert_eq!(
        out,
        "Example Ltd price list\n\nthe text of page 1 is this\n\nPage 1 of 3\n\n<!-- page 2 -->\n\nthe text of page 2 is this\n\
         \n<!-- page 3 -->\n\nthe text of page 3 is this\n"
    );
}

#[test]
fn the_json_is_whole_with_pages_that_failed() {
    let mut writer = Writer::json();
    let mut out = writer.page(&layout(&words("Hello world", 10.0, 10.0, 10.0)));
    out.push_str(&writer.failed_page(2, "RENDER-0007"));
    out.push_str(&writer.end());
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["pages"][0]["blocks"][0]["lines"][0]["words"], serde_json::json!([0, 1]));
    assert_eq!((&value["unit"], &value["pages"][1]["error"]), (&"pt".into(), &"RENDER-0007".into()));
    let empty: serde_json::Value = serde_json::from_str(&Writer::json().end()).unwrap();
    assert_eq!(empty["pages"], serde_json::json!([]));
}
