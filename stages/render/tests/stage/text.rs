//! What of a PDF's text counts, and where: hidden text, form fields, scanner's layers, turned and doubled text.

use crate::support::{Bench, PdfPage, one_child, options, pdf, stream, text_page, words};
use docmill_contracts::{Classify, Page, Password, ProcessingOptions, TextLayerTrust, TextSource};

const SENTENCE: &str = "Invoice 4711 of 3 May 2024";

fn page(content: impl Into<String>) -> PdfPage {
    PdfPage { entries: "/MediaBox [0 0 300 200]", content: content.into() }
}

async fn only(bench: &Bench, document: Vec<u8>) -> Page {
    let (mut pages, _) = bench.pages("a.pdf", "application/pdf", document).await;
    assert_eq!(pages.len(), 1);
    pages.remove(0)
}

fn text(page: &Page) -> String {
    words(page).iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn text_that_cannot_be_seen_is_left_out_and_said() {
    let content = format!(
        "BT /F 12 Tf 40 150 Td ({SENTENCE}) Tj ET
         BT 3 Tr /F 12 Tf 40 130 Td (drawn without ink) Tj 0 Tr ET
         1 1 1 rg BT /F 12 Tf 40 110 Td (white on white) Tj ET
         0 0 0.5 rg 40 80 200 20 re f 1 1 1 rg BT /F 12 Tf 44 85 Td (white on blue) Tj ET
         0 g BT /F 12 Tf 40 60 Td (painted over) Tj ET 1 1 1 rg 30 55 200 20 re f 0 g
         BT /F 1 Tf 0.5 0 0 0.5 40 50 Tm (much too small) Tj ET
         BT /F 12 Tf 400 150 Td (beside the page) Tj ET
         q 40 10 30 20 re W n BT /F 12 Tf 150 15 Td (cut off) Tj ET Q"
    );
    let page = only(&Bench::new(one_child()), pdf(&[page(content)], "", "", &[])).await;
    assert_eq!(text(&page), format!("{SENTENCE} white on blue"));
    let [problem] = page.problems.as_slice() else { panic!("{:?}", page.problems) };
    assert_eq!((problem.code.as_str(), problem.page), ("RENDER-0016", Some(1)));
    assert!(
        problem.message.ends_with(
            "3 drawn invisibly, 3 in the colour of the background, 2 painted over, 2 cut off, 3 too small to be read, \
             3 outside of the page"
        ),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn text_drawn_twice_is_read_once() {
    let twice = format!("BT /F 12 Tf 40 150 Td ({SENTENCE}) Tj 0.4 -0.3 Td ({SENTENCE}) Tj ET");
    let places = [("T", 40.0), ("o", 47.3), ("t", 54.0), ("a", 57.3), ("l", 64.0)];
    let letters =
        places.map(|(c, x)| format!("BT /F 12 Tf {x} 90 Td ({c}) Tj 0.3 0 Td ({c}) Tj ET ")).concat();
    let page = only(&Bench::new(one_child()), pdf(&[page(twice + " " + &letters)], "", "", &[])).await;
    assert_eq!(text(&page), format!("{SENTENCE} Total"));
}

/// No entry says that these pages are turned; only their text is.
#[tokio::test]
async fn a_page_drawn_on_its_side_is_turned_and_a_stamp_is_not() {
    let bench = Bench::new(one_child());
    let on_its_side = |matrix: &str| PdfPage {
        entries: "/MediaBox [0 0 200 300]",
        content: format!("BT /F 12 Tf {matrix} Tm (Turned to be read by somebody) Tj ET"),
    };
    for matrix in ["0 1 -1 0 50 40", "0 -1 1 0 150 260"] {
        let page = only(&bench, pdf(&[on_its_side(matrix)], "", "", &[])).await;
        assert_eq!((page.width, page.height), (300.0, 200.0), "{matrix}");
        assert_eq!(text(&page), "Turned to be read by somebody");
        let [x0, y0, ..] = words(&page)[0].bbox;
        assert!((x0 - 40.0).abs() < 1.0 && (36.0..45.0).contains(&y0), "{matrix} {:?}", words(&page)[0]);
    }
    let margin =
        format!("BT /F 12 Tf 40 150 Td ({SENTENCE}) Tj ET BT /F 8 Tf 0 1 -1 0 290 20 Tm (Page 1) Tj ET");
    let page = only(&bench, pdf(&[page(margin)], "", "", &[])).await;
    assert_eq!(((page.width, page.height), text(&page)), ((300.0, 200.0), format!("{SENTENCE} Page 1")));
    let stamp = &words(&page)[6];
    assert!(stamp.bbox[3] - stamp.bbox[1] > 15.0 && stamp.bbox[0] > 275.0, "{stamp:?}");
}

#[tokio::test]
async fn filled_form_fields_and_annotations_are_text_and_picture() {
    let form = "/Type/XObject/Subtype/Form/BBox[0 0 100 20]/Resources<</Font<</F 3 0 R>>>>";
    let objects = [
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(4711)/Rect[40 100 140 120]/DA(/F 12 Tf 0 g)/AP<</N 103 0 R>>>>"
            .to_owned(),
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(b)/V(DE02 1203)/Rect[40 70 140 90]/DA(/F 12 Tf 0 g)>>".to_owned(),
        "<</Type/Annot/Subtype/FreeText/Contents(paid)/Rect[40 40 140 60]/DA(/F 12 Tf 0 g)/AP<</N 104 0 R>>>>"
            .to_owned(),
        stream(form, "BT /F 12 Tf 2 5 Td (4711) Tj ET"),
        stream(form, "BT /F 12 Tf 2 5 Td (paid in cash) Tj ET"),
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(c)/V(secret)/F 2/Rect[40 10 140 30]/AP<</N 106 0 R>>>>".to_owned(),
        stream(form, "BT /F 12 Tf 2 5 Td (hidden) Tj ET"),
    ];
    let bench = Bench::new(one_child());
    for made_by in ["", "/NeedAppearances true"] {
        let catalog = format!(
            "/AcroForm<</Fields[100 0 R 101 0 R]/DR<</Font<</F 3 0 R>>>>/DA(/F 12 Tf 0 g){made_by}>>"
        );
        let mut form = text_page(SENTENCE);
        form.entries = "/MediaBox [0 0 300 200]/Annots[100 0 R 101 0 R 102 0 R 105 0 R]";
        let document = pdf(&[form], &catalog, "", &objects);
        let page = only(&bench, document.clone()).await;
        let found = words(&page);
        for (word, y0) in [("4711", 80.0), ("DE02", 110.0), ("1203", 110.0), ("cash", 140.0)] {
            let at =
                found.iter().rfind(|w| w.text == word).unwrap_or_else(|| panic!("{word}: {}", text(&page)));
            let [left, top, right, bottom] = at.bbox;
            assert!(
                left >= 40.0 && right <= 140.0 && top > y0 - 4.0 && bottom < y0 + 24.0,
                "{made_by} {at:?}"
            );
        }
        assert!(!text(&page).contains("hidden") && !text(&page).contains("secret"), "{}", text(&page));
        let never = ProcessingOptions { text_layer_trust: TextLayerTrust::Never, ..options() };
        let (pages, _) = bench.pages_with("a.pdf", "application/pdf", document, never).await;
        let image = bench.image(&pages[0]).await.into_luma8();
        let dark = |y0: u32, y1: u32| (112..380).any(|x| (y0..y1).any(|y| image.get_pixel(x, y).0[0] < 90));
        assert!(dark(225, 275) && dark(390, 440), "fields and notes are painted");
        assert!(!dark(475, 525), "what is hidden is not");
    }
}

#[tokio::test]
async fn boxes_of_a_form_say_whether_they_are_ticked() {
    let look = "/Type/XObject/Subtype/Form/BBox[0 0 12 12]/Resources<</Font<</F 3 0 R>>>>";
    let field = |entries: &str, y: i32| {
        let rect = format!("[40 {y} 52 {}]", y + 12);
        format!("<</Type/Annot/Subtype/Widget/F 4/Rect{rect}/AP<</N<</Yes 103 0 R/Off 104 0 R>>>>{entries}>>")
    };
    let objects = [
        field("/FT/Btn/T(a)/V/Yes/AS/Yes", 100),
        field("/FT/Btn/T(b)/V/Off/AS/Off", 70),
        field("/FT/Btn/T(c)/AS/Yes/F 2", 40),
        stream(look, "BT /F 12 Tf 2 2 Td (4) Tj ET"),
        stream(look, "0 0 12 12 re S"),
        "<</Type/Annot/Subtype/Stamp/F 32/Rect[40 10 140 30]/AP<</N 106 0 R>>>>".to_owned(),
        stream(look, "BT /F 12 Tf 2 2 Td (not shown) Tj ET"),
    ];
    let content =
        "BT /F 12 Tf 60 102 Td (Express delivery) Tj 0 -30 Td (Insurance) Tj 0 -30 Td (Secret) Tj ET";
    let form = PdfPage {
        entries: "/MediaBox [0 0 300 200]/Annots[100 0 R 101 0 R 102 0 R 105 0 R]",
        content: content.into(),
    };
    let catalog = "/AcroForm<</Fields[100 0 R 101 0 R 102 0 R]>>";
    let page = only(&Bench::new(one_child()), pdf(&[form], catalog, "", &objects)).await;
    assert_eq!(text(&page), "Express delivery Insurance Secret ☒ ☐");
    let found = words(&page);
    let middle = |i: usize| f32::midpoint(found[i].bbox[1], found[i].bbox[3]);
    assert!((middle(4) - middle(0)).abs() < 4.0 && (middle(5) - middle(2)).abs() < 4.0, "{found:?}");
}

fn scanned(layer: &str) -> Vec<u8> {
    let image = stream(
        "/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8",
        "AzBy",
    );
    let lines =
        std::array::from_fn::<_, 8, _>(|i| format!("1 0 0 1 10 {} Tm ({layer}) Tj ", 180 - 20 * i)).concat();
    pdf(&[page(format!("q 300 0 0 200 0 0 cm /X Do Q BT 3 Tr /F 9 Tf {lines} ET"))], "", "", &[image])
}

#[tokio::test]
async fn a_scanners_layer_is_kept_or_read_again_and_says_why() {
    let bench = Bench::new(one_child());
    let good = only(&bench, scanned("Station WXYZ-TV order 0815 total $1,234.50 net")).await;
    assert_eq!((good.text_source, good.image.is_some()), (TextSource::TextLayer, false));
    assert_eq!(
        good.text_reason.as_deref(),
        Some("the scanner's text layer is good: 100 % of it are clean words")
    );
    assert_eq!(good.problems, [], "a scanner's layer hides nothing");
    let poor = only(&bench, scanned("St~ti0n wXyZ-Tv 0rdcr O8l5 t0taI $l,2E4.5O nct")).await;
    assert_eq!((poor.text_source, poor.image.is_some()), (TextSource::None, true));
    let reason = poor.text_reason.unwrap();
    assert!(reason.starts_with("the scanner's text layer is poor: only "), "{reason}");
    let none = only(&bench, scanned("")).await;
    assert_eq!(none.text_reason.as_deref(), Some("the page has no text layer"));
}

#[tokio::test]
async fn glyphs_without_a_character_make_no_text_layer() {
    let map = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange \
               1 beginbfrange <00> <ff> <e000> endbfrange endcmap end";
    let objects =
        ["<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 101 0 R>>".to_owned(), stream("", map)];
    let mut page = text_page("Invoice number and a date of this year");
    page.entries = "/MediaBox [0 0 300 200]/Resources<</Font<</F 100 0 R>>>>";
    let page = only(&Bench::new(one_child()), pdf(&[page], "", "", &objects)).await;
    assert!(page.image.is_some());
    assert_eq!(page.text_reason.as_deref(), Some("100 % of the glyphs stand for no character"));
}

#[tokio::test]
async fn a_text_layer_is_trusted_compared_or_ignored_as_wanted() {
    let bench = Bench::new(one_child());
    let document = pdf(&[text_page(SENTENCE)], "", "", &[]);
    let read = async |trust| {
        let options = ProcessingOptions { text_layer_trust: trust, ..options() };
        let (pages, ranges) = bench.pages_with("a.pdf", "application/pdf", document.clone(), options).await;
        let page = &pages[0];
        (ranges, page.words.is_some(), page.image.is_some(), page.text_reason.clone())
    };
    assert_eq!(read(TextLayerTrust::Trusted).await, (0, true, false, None));
    assert_eq!(read(TextLayerTrust::Sampled).await, (1, true, true, None));
    let ignored = Some("the text layer is not to be used".to_owned());
    assert_eq!(read(TextLayerTrust::Never).await, (1, false, true, ignored));
}

#[tokio::test]
async fn an_encrypted_document_opens_with_its_password_only() {
    let bench = Bench::new(one_child());
    let samples = docmill_samples::all().unwrap();
    let encrypted = &samples.iter().find(|s| s.name == "encrypted.pdf").unwrap().bytes;
    let open = async |password: Option<&str>| {
        let mut head = bench.head("a.pdf", "application/pdf", encrypted.clone()).await;
        head.options.password = password.map(|p| Password::new(p.to_owned()));
        bench.plan(head).await.map(|_| ()).map_err(|e| (e.code().0, e.to_string()))
    };
    assert_eq!(open(Some("docmill")).await, Ok(()));
    assert_eq!(open(None).await.unwrap_err().0, "RENDER-0003");
    let plain = bench.head("a.pdf", "application/pdf", pdf(&[text_page(SENTENCE)], "", "", &[])).await;
    for given in ["docmill", "a\0b"] {
        let mut head = plain.clone();
        head.options.password = Some(Password::new(given.into()));
        assert!(bench.plan(head).await.is_ok(), "a document that needs none opens with any");
    }
    for wrong in ["", "Docmill", "a\0b"] {
        let (code, message) = open(Some(wrong)).await.unwrap_err();
        assert_eq!(code, "RENDER-0014");
        assert_eq!(message, "a.pdf is encrypted, and the password that was given does not open it");
    }
}
