//! Lines drawn on PDF pages.

use crate::support::{Bench, PdfPage, one_child, options, pdf, stream};
use docmill_contracts::{Codec, Page, ProcessingOptions, TextLayerTrust};
use docmill_render::Config;
use std::fmt::Write as _;

const TEXT: &str = "BT /F 12 Tf 40 150 Td (Invoice 4711 of 3 May 2024) Tj ET ";

fn page(entries: &'static str, drawing: &str) -> PdfPage {
    PdfPage { entries, content: format!("{TEXT}{drawing}") }
}

/// Ends of the rules in whole points, level ones first.
fn rules(page: &Page) -> Vec<[i32; 4]> {
    let ends =
        |r: &docmill_contracts::Rule| [r.from[0], r.from[1], r.to[0], r.to[1]].map(|v| v.round() as i32);
    let mut all: Vec<[i32; 4]> = page.rules.unpack().iter().map(ends).collect();
    all.sort_by_key(|[x0, y0, x1, y1]| (x0 == x1, *y0, *x0, *y1));
    all
}

async fn drawn(entries: &'static str, drawing: &str, objects: &[String]) -> Vec<[i32; 4]> {
    let bench = Bench::new(one_child());
    let document = pdf(&[page(entries, drawing)], "", "", objects);
    let (pages, _) = bench.pages("a.pdf", "application/pdf", document).await;
    rules(&pages[0])
}

const PLAIN: &str = "/MediaBox [0 0 300 200]";

#[tokio::test]
async fn strokes_thin_areas_and_edges_are_rules() {
    let stroke = drawn(PLAIN, "20 100 m 280 100 l S 20 20 m 20 100 l S", &[]).await;
    assert_eq!(stroke, [[20, 100, 280, 100], [20, 100, 20, 180]]);
    let thin = drawn(PLAIN, "20 100 260 0.5 re f 20 20 1 80 re f", &[]).await;
    assert_eq!(thin, [[20, 100, 280, 100], [21, 100, 21, 180]]);
    let boxed = drawn(PLAIN, "20 20 260 80 re S", &[]).await;
    let edges = [[20, 100, 280, 100], [20, 180, 280, 180], [20, 100, 20, 180], [280, 100, 280, 180]];
    assert_eq!(boxed, edges);
    assert_eq!(drawn(PLAIN, "0.8 g 20 20 260 80 re f", &[]).await, edges);
    // One path of several lines, and a line in three pieces that touch.
    let path =
        "20 100 m 280 100 l 20 20 m 20 100 l S 20 40 m 100 40 l S 100 40 m 200 40 l S 201 40 m 280 40 l S";
    assert_eq!(drawn(PLAIN, path, &[]).await, [[20, 100, 280, 100], [20, 160, 280, 160], [20, 100, 20, 180]]);
    let rounded = "30 20 m 270 20 l 275 20 280 25 280 30 c 280 90 l 280 95 275 100 270 100 c 30 100 l 25 100 20 95 20 90 c \
                   20 30 l 20 25 25 20 30 20 c s";
    assert_eq!(
        drawn(PLAIN, rounded, &[]).await,
        [[30, 100, 270, 100], [30, 180, 270, 180], [20, 110, 20, 170], [280, 110, 280, 170]]
    );
}

#[tokio::test]
async fn what_cannot_be_seen_and_what_is_no_line_is_none() {
    let none: [[i32; 4]; 0] = [];
    assert_eq!(drawn(PLAIN, "1 G 20 100 m 280 100 l S 1 g 20 20 260 80 re f", &[]).await, none);
    assert_eq!(drawn(PLAIN, "20 100 m 280 100 l n 20 20 m 280 120 l S", &[]).await, none, "aslant");
    assert_eq!(drawn(PLAIN, "20 -50 m 280 -50 l S 20 20 m 24 20 l S", &[]).await, none, "outside, and short");
    let cut = "q 50 50 100 100 re W n 20 100 m 280 100 l S 20 20 m 280 20 l S Q";
    assert_eq!(drawn(PLAIN, cut, &[]).await, [[50, 100, 150, 100]]);
    let curves = "20 20 m ".to_owned() + &"30 80 40 80 50 20 c 60 20 l ".repeat(30) + "S";
    assert_eq!(drawn(PLAIN, &curves, &[]).await, none);
}

#[tokio::test]
async fn matrices_forms_and_turned_pages_lead_to_the_upright_page() {
    let scaled = drawn(PLAIN, "q 2 0 0 0.5 10 20 cm 5 160 m 135 160 l S Q", &[]).await;
    assert_eq!(scaled, [[20, 100, 280, 100]]);
    let inner =
        stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Matrix[1 0 0 1 5 0]", "0 50 m 100 50 l S");
    let outer = stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 400 400]/Matrix[2 0 0 2 0 0]/Resources<</XObject<</Y 101 0 R>>>>",
        "q 1 0 0 1 10 20 cm /Y Do Q 10 10 m 10 90 l S",
    );
    let forms = drawn(PLAIN, "q 0.5 0 0 0.5 30 0 cm /X Do Q", &[outer, inner]).await;
    assert_eq!(forms, [[45, 130, 145, 130], [40, 110, 40, 190]]);
    // Text that would lie on its side as the page is shown would turn the page.
    let alone = async |entries, content: &str| {
        let page = PdfPage { entries, content: content.to_owned() };
        let document = pdf(&[page], "", "", &[]);
        rules(&Bench::new(one_child()).pages("a.pdf", "application/pdf", document).await.0[0])
    };
    let text = "(Turned to be read by somebody) Tj ET";
    let turned = format!("BT /F 12 Tf 0 1 -1 0 50 40 Tm {text} 100 20 m 100 280 l S");
    assert_eq!(alone("/MediaBox [0 0 200 300]/Rotate 90", &turned).await, [[20, 100, 280, 100]]);
    let cropped = format!("BT /F 12 Tf 140 660 Td {text} 120 600 m 380 600 l S 0 650 m 900 650 l S");
    let entries = "/MediaBox [-50 -50 900 900]/CropBox [100 500 400 700]";
    assert_eq!(alone(entries, &cropped).await, [[0, 50, 300, 50], [20, 100, 280, 100]]);
}

#[tokio::test]
async fn drawings_have_no_more_than_so_many_rules() {
    let mut many = String::new();
    (0..9000).for_each(|i| write!(many, "{} {} 9 9 re S ", i % 30 * 10, i / 30 % 20 * 10).unwrap());
    let found = drawn(PLAIN, &many, &[]).await.len();
    assert!(found > 0 && found <= docmill_contracts::MAX_RULES, "{found}");
}

#[tokio::test]
async fn rules_go_where_the_words_go() {
    let document = |pages: usize| {
        let all: Vec<PdfPage> = (0..pages).map(|_| page(PLAIN, "20 100 m 280 100 l S")).collect();
        pdf(&all, "", "", &[])
    };
    let bench = Bench::new(Config { inline_pages: 1, ..one_child() });
    let (pages, _) = bench.pages("a.pdf", "application/pdf", document(2)).await;
    assert!(pages[1].rules.is_empty());
    let blob = bench.blobs.get(pages[1].words_blob.as_ref().unwrap()).await.unwrap();
    let (words, rules) = Codec::page_from_blob(&blob).unwrap();
    assert_eq!((words.count, rules.unpack().len()), (6, 1));
    let sampled = ProcessingOptions { text_layer_trust: TextLayerTrust::Sampled, ..options() };
    let (pages, _) = bench.pages_with("a.pdf", "application/pdf", document(1), sampled).await;
    assert_eq!((pages[0].image.is_some(), pages[0].rules.unpack().len()), (true, 1));
}
