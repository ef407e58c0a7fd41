//! Text that nobody can see, by whatever means, and text that only looks as if it could not be seen.

use crate::support::{Bench, PdfPage, one_child, options, pdf, stream, words};
use docmill_contracts::{Page, ProcessingOptions, TextLayerTrust};

const SENTENCE: &str = "Invoice 4711 of 3 May 2024";
const RESOURCES: &str = "/MediaBox [0 0 300 200]/Resources<</Font<</F 3 0 R>>/Properties<</L 100 0 R>>\
                         /XObject<</X 101 0 R>>>>";
const FORM: &str = "/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</Font<</F 3 0 R>>>>";
/// A layer that is switched off.
const LAYERS: &str = "/OCProperties<</OCGs[100 0 R]/D<</OFF[100 0 R]>>>>";

/// The visible sentence, then `content`; the form `X` holds `form`.
fn document(content: &str, form: &str) -> Vec<u8> {
    let content = format!("BT /F 12 Tf 40 150 Td ({SENTENCE}) Tj ET {content}");
    let objects = ["<</Type/OCG/Name(draft)>>".to_owned(), stream(FORM, form)];
    pdf(&[PdfPage { entries: RESOURCES, content }], LAYERS, "", &objects)
}

async fn only(bench: &Bench, document: Vec<u8>) -> Page {
    let (mut pages, _) = bench.pages("a.pdf", "application/pdf", document).await;
    assert_eq!(pages.len(), 1);
    pages.remove(0)
}

fn text(page: &Page) -> String {
    words(page).iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ")
}

const TOTAL: &str = "BT /F 12 Tf 40 100 Td (Total due 9999.00 EUR) Tj ET";
const BOX: &str = "1 1 1 rg 30 95 200 20 re f 0 g";

#[tokio::test]
async fn hidden_text_is_left_out_whatever_hides_it() {
    let bench = Bench::new(one_child());
    let in_form = format!("{TOTAL} {BOX}");
    let cases = [
        ("a box in a form", format!("{TOTAL} /X Do"), BOX, "painted over"),
        ("text in a form", format!("/X Do {BOX}"), TOTAL, "painted over"),
        ("both in a form", "/X Do".to_owned(), &in_form, "painted over"),
        ("a thick line", format!("{TOTAL} 1 1 1 RG 30 w 30 104 m 230 104 l S"), "", "painted over"),
        ("a layer", format!("/OC /L BDC {TOTAL} EMC"), "", "drawn invisibly"),
        ("a form in a layer", "/OC /L BDC /X Do EMC".to_owned(), TOTAL, "drawn invisibly"),
        ("black on black", format!("30 95 200 20 re f {TOTAL}"), "", "in the colour of the background"),
        (
            "a colour on itself",
            format!("0.8 0.9 0.6 rg 30 95 200 20 re f {TOTAL} 0 g"),
            "",
            "in the colour of the background",
        ),
        ("white strokes", format!("1 Tr 1 1 1 RG {TOTAL} 0 Tr"), "", "in the colour of the background"),
        (
            "small text",
            "BT /F 0.4 Tf 40 100 Td (Total due 9999.00 EUR) Tj ET".to_owned(),
            "",
            "too small to be read",
        ),
    ];
    for (name, content, form, how) in cases {
        let page = only(&bench, document(&content, form)).await;
        assert_eq!(text(&page), SENTENCE, "{name}");
        let [problem] = page.problems.as_slice() else { panic!("{name}: {:?}", page.problems) };
        assert!(problem.message.ends_with(&format!(": 4 {how}")), "{name}: {}", problem.message);
    }
    // Two rectangles, neither of them where the text is, make a clip whose box is around it.
    let clip = format!("q 30 60 200 20 re 30 130 200 10 re W n {TOTAL} Q");
    assert_eq!(text(&only(&bench, document(&clip, "")).await), SENTENCE);
}

#[tokio::test]
async fn what_is_drawn_anew_over_a_box_is_read_and_what_is_under_it_is_not() {
    let patch = format!("{BOX} BT /F 12 Tf 40 100 Td (Total due 10.00 EUR) Tj ET");
    let bench = Bench::new(one_child());
    for (content, form) in [(format!("{TOTAL} {patch}"), ""), (format!("{TOTAL} /X Do"), patch.as_str())] {
        let page = only(&bench, document(&content, form)).await;
        assert_eq!(text(&page), format!("{SENTENCE} Total due 10.00 EUR"));
    }
}

#[tokio::test]
async fn an_annotation_over_text_hides_it_and_is_read_itself() {
    let objects = [
        "<</Type/Annot/Subtype/Square/F 4/Rect[30 95 230 115]/AP<</N 101 0 R>>>>".to_owned(),
        stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]", "1 1 1 rg 0 0 200 20 re f"),
    ];
    let content = format!("BT /F 12 Tf 40 150 Td ({SENTENCE}) Tj ET {TOTAL}");
    let page = PdfPage { entries: "/MediaBox [0 0 300 200]/Annots[100 0 R]", content };
    let page = only(&Bench::new(one_child()), pdf(&[page], "", "", &objects)).await;
    assert_eq!(text(&page), SENTENCE);
    assert_eq!(page.problems.len(), 1);
}

#[tokio::test]
async fn text_that_can_be_seen_is_read_however_it_is_drawn() {
    let bench = Bench::new(one_child());
    let bold = "BT /F 12 Tf 40 100 Td (Total due 10.00 EUR) Tj 0.3 0 Td (Total due 10.00 EUR) Tj ET";
    let letters = "(T) Tj (o) Tj (t) Tj (a) Tj (l) Tj ( due 10.00 EUR) Tj";
    let cases = [
        ("in a form", "/X Do".to_owned(), TOTAL.replace("9999", "10")),
        ("bold by drawing it twice in a form", "/X Do".to_owned(), bold.to_owned()),
        ("white and twice on blue", format!("0 0 0.6 rg 30 95 200 20 re f 1 g {bold} 0 g"), String::new()),
        (
            "letter by letter on blue",
            format!("0 0 0.6 rg 30 95 200 20 re f 1 g BT /F 12 Tf 40 100 Td {letters} ET"),
            String::new(),
        ),
        (
            "over its own shadow",
            format!(
                "1 g BT /F 12 Tf 41 99 Td (Total due 10.00 EUR) Tj ET 0 g {}",
                TOTAL.replace("9999", "10")
            ),
            String::new(),
        ),
        ("as an outline", format!("1 Tr {} 0 Tr", TOTAL.replace("9999", "10")), String::new()),
        (
            "a hyphen in a form",
            format!("{} /X Do", TOTAL.replace("9999", "10")),
            "BT /F 12 Tf 5 10 Td (-) Tj ET".into(),
        ),
    ];
    for (name, content, form) in cases {
        let page = only(&bench, document(&content, &form)).await;
        let hyphen = if form.contains("(-)") { " -" } else { "" };
        assert_eq!(text(&page), format!("{SENTENCE} Total due 10.00 EUR{hyphen}"), "{name}");
        assert_eq!(page.problems, [], "{name}");
    }
}

#[tokio::test]
async fn a_blank_page_is_compared_with_its_text_layer_where_that_is_wanted() {
    let image = stream(
        "/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/ASCIIHexDecode",
        "ffffffff>",
    );
    let lines =
        std::array::from_fn::<_, 12, _>(|i| format!("1 0 0 1 10 {} Tm ({SENTENCE}) Tj ", 180 - 15 * i))
            .concat();
    let content = format!("q 300 0 0 200 0 0 cm /X Do Q BT 3 Tr /F 9 Tf {lines} ET");
    let document = pdf(&[PdfPage { entries: "/MediaBox [0 0 300 200]", content }], "", "", &[image]);
    let sampled = ProcessingOptions { text_layer_trust: TextLayerTrust::Sampled, ..options() };
    let bench = Bench::new(one_child());
    let (pages, _) = bench.pages_with("a.pdf", "application/pdf", document, sampled).await;
    assert_eq!(words(&pages[0]).len(), 72, "it looks like the layer of a scanner");
    assert!(bench.image(&pages[0]).await.into_luma8().pixels().all(|p| p.0 == [255]));
}

/// An image of this many pixels, with strokes as letters have them.
fn scan(width: usize, height: usize) -> String {
    let pixel = |i: usize| {
        let (x, y) = (i % width, i / width);
        if y % 15 < 8 && x % 5 < 2 { "10" } else { "f0" }
    };
    let entries = format!(
        "/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceGray/BitsPerComponent 8\
         /Filter/ASCIIHexDecode"
    );
    stream(&entries, &((0..width * height).map(pixel).collect::<String>() + ">"))
}

#[tokio::test]
async fn an_image_with_text_beside_the_words_of_a_page_is_handed_to_ocr_too() {
    let bench = Bench::new(one_child());
    let letter = |image: String, place: &str| {
        let content = format!("BT /F 12 Tf 40 150 Td ({SENTENCE}) Tj ET q {place} cm /X Do Q");
        pdf(&[PdfPage { entries: "/MediaBox [0 0 300 200]", content }], "", "", &[image])
    };
    let page = only(&bench, letter(scan(280, 100), "280 0 0 100 10 10")).await;
    assert_eq!((text(&page).as_str(), page.image.is_some()), (SENTENCE, true));
    let small = only(&bench, letter(scan(100, 30), "100 0 0 30 10 10")).await;
    assert!(small.image.is_none(), "a logo is no part of a page");
    let shade = scan(280, 100).replace("10f0", "f0f0").replace("10", "f0");
    assert!(only(&bench, letter(shade, "280 0 0 100 10 10")).await.image.is_none(), "it shows nothing");
}
