//! PDFs through the stages, with real children.

use crate::support::{Bench, PdfPage, cx, error, one_child, pdf, red_page, stream, text_page, words};
use docmill_contracts::{AnyRecord, Classify, DocumentState, Page, PagesPlanned, ResultStatus, TextSource};
use docmill_render::Config;
use docmill_runtime::Stage;

const SENTENCE: &str = "Invoice 4711 of 3 May 2024";

#[tokio::test]
async fn a_short_document_with_text_is_assembled_at_once() {
    let bench = Bench::new(one_child());
    let document = pdf(&[text_page(SENTENCE), text_page("Total 1,234.56 EUR incl. VAT 19 %")], "", "", &[]);
    let records = bench.plan_pdf(document).await.unwrap().into_records();
    let [AnyRecord::DocumentAssembled(assembled), AnyRecord::DocumentStatus(status)] = records.as_slice()
    else {
        panic!("{records:?}");
    };
    assert_eq!((status.state, status.page_count, status.at), (DocumentState::Inferring, 2, 7));
    assert_eq!(assembled.head.source.pages, Some(2));
    assert_eq!(
        (assembled.stages[0].stage.as_str(), assembled.stages[0].engine.as_str()),
        ("render", "pdfium")
    );
    let page = &assembled.pages[0];
    assert_eq!((page.page_no, page.width, page.height), (1, 300.0, 200.0));
    assert_eq!((page.text_source, page.confidence), (TextSource::TextLayer, Some(1.0)));
    let found = words(page);
    let texts: Vec<&str> = found.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(texts.join(" "), SENTENCE);
    assert!(found.iter().all(|w| w.line == 0));
}

/// The text is set so that it reads upright at the same place of each page as it is shown.
#[tokio::test]
async fn boxes_are_upright_whatever_the_rotation_and_the_crop_box() {
    let bench = Bench::new(one_child());
    let cases = [
        ("/MediaBox [0 0 300 200]", "1 0 0 1 40 150"),
        ("/MediaBox [0 0 200 300]/Rotate 90", "0 1 -1 0 50 40"),
        ("/MediaBox [0 0 300 200]/Rotate 180", "-1 0 0 -1 260 50"),
        ("/MediaBox [0 0 200 300]/Rotate 270", "0 -1 1 0 150 260"),
        ("/MediaBox [0 0 900 900]/CropBox [100 500 400 700]", "1 0 0 1 140 650"),
        ("/MediaBox [-50 -50 900 900]/CropBox [100 500 300 800]/Rotate 90", "0 1 -1 0 150 540"),
    ];
    let page = |(entries, matrix): (&'static str, &str)| PdfPage {
        entries,
        content: format!("BT /F 12 Tf {matrix} Tm (Turned to be read by somebody) Tj ET"),
    };
    let (pages, _) = bench.pages("a.pdf", "application/pdf", pdf(&cases.map(page), "", "", &[])).await;
    for (page, case) in pages.iter().zip(cases) {
        assert_eq!((page.width, page.height), (300.0, 200.0), "{case:?}");
        let found = words(page);
        assert_eq!(found.len(), 6);
        let [x0, y0, x1, y1] = found[0].bbox;
        assert_eq!(found[0].text, "Turned");
        assert!((x0 - 40.0).abs() < 1.0 && (70.0..85.0).contains(&x1), "{case:?} {:?}", found[0]);
        assert!((36.0..45.0).contains(&y0) && (48.0..58.0).contains(&y1), "{case:?} {:?}", found[0]);
        assert!(found.windows(2).all(|w| w[0].bbox[2] < w[1].bbox[0]), "{case:?}");
    }
}

#[tokio::test]
async fn each_page_goes_its_own_way() {
    let bench = Bench::new(one_child());
    let blank = PdfPage { entries: "/MediaBox [0 0 300 200]", content: String::new() };
    let few = PdfPage { content: "BT /F 9 Tf 10 10 Td (Page 4) Tj ET".into(), ..text_page("") };
    let white = PdfPage { content: "1 1 1 rg 0 0 90 90 re f".into(), ..text_page("") };
    let document = pdf(&[text_page(SENTENCE), red_page(), blank, few, white], "", "", &[]);
    let (pages, ranges) = bench.pages("a.pdf", "application/pdf", document).await;
    assert_eq!(ranges, 1);
    let sources: Vec<_> = pages.iter().map(|p| (p.text_source, p.image.is_some())).collect();
    let (layer, none) = (TextSource::TextLayer, TextSource::None);
    assert_eq!(sources, [(layer, false), (none, true), (none, false), (layer, false), (none, false)]);
    let image = bench.image(&pages[1]).await.into_rgb8();
    assert_eq!(image.dimensions(), (833, 556), "300 x 200 points at 200 dpi");
    assert_eq!((image.get_pixel(10, 545).0, image.get_pixel(800, 10).0), ([255, 0, 0], [255; 3]));
    assert!(pages[1].image_dpi.is_some_and(|d| (d - 200.0).abs() < 0.1));
}

#[tokio::test]
async fn large_pages_are_rendered_within_the_longest_side_and_in_grey_where_they_are() {
    let bench = Bench::new(Config { max_side: 500, ..one_child() });
    let page = PdfPage { entries: "/MediaBox [0 0 7200 3600]", content: "0 0 3600 3600 re f".into() };
    let (pages, _) = bench.pages("a.pdf", "application/pdf", pdf(&[page], "", "", &[])).await;
    let image = bench.image(&pages[0]).await;
    assert_eq!((image.width(), image.height(), image.color()), (500, 250, image::ColorType::L8));
    assert_eq!(pages[0].image_dpi, Some(5.0));
}

#[tokio::test]
async fn long_documents_go_in_ranges_with_their_words_in_blobs() {
    let bench = Bench::new(one_child());
    let document = pdf(&std::array::from_fn::<_, 40, _>(|_| text_page(SENTENCE)), "", "", &[]);
    let (pages, ranges) = bench.pages("a.pdf", "application/pdf", document).await;
    assert_eq!((pages.len(), ranges), (40, 2));
    assert!(pages.iter().all(|p| p.words.is_none() && p.words_blob.is_some()));
    let blob = bench.blobs.get(pages[39].words_blob.as_ref().unwrap()).await.unwrap();
    assert_eq!(docmill_contracts::Codec::words_from_blob(&blob).unwrap().count, 6);
}

#[tokio::test]
async fn documents_that_cannot_be_processed_are_rejected_with_their_reason() {
    let bench = Bench::new(Config { max_pages: 3, ..one_child() });
    let good = pdf(&[text_page(SENTENCE)], "", "", &[]);
    let secret = "aa".repeat(32);
    let encrypted = format!(
        "/Encrypt<</Filter/Standard/V 1/R 2/O<{secret}>/U<{secret}>/P -4>>/ID[<{0}><{0}>]",
        "bb".repeat(16)
    );
    let cases = [
        ("RENDER-0003", "a.pdf is encrypted", pdf(&[text_page(SENTENCE)], "", &encrypted, &[])),
        ("RENDER-0004", "a.pdf is damaged, truncated or not a PDF", good[..200].to_vec()),
        ("RENDER-0004", "a.pdf is damaged", Vec::new()),
        ("RENDER-0004", "a.pdf is damaged", b"<html>not a PDF</html>".to_vec()),
        ("RENDER-0005", "a.pdf has no pages", pdf(&[], "", "", &[])),
        (
            "RENDER-0006",
            "a.pdf has 4 pages, the limit is 3",
            pdf(&[(); 4].map(|()| text_page("x")), "", "", &[]),
        ),
    ];
    for (code, message, bytes) in cases {
        let error = bench.plan_pdf(bytes).await.unwrap_err();
        assert_eq!(error.code().0, code);
        assert!(error.to_string().starts_with(message), "{error}");
        let head = bench.head("a.pdf", "application/pdf", Vec::new()).await;
        let info = docmill_contracts::ErrorInfo::of(&error, docmill_render::STAGE, None);
        let dead = bench.plan.dead(&docmill_contracts::DocumentAccepted { head }, info).into_records();
        let [AnyRecord::DocumentValidated(ended)] = dead.as_slice() else { panic!("{dead:?}") };
        assert_eq!(ended.result.status, ResultStatus::Rejected);
    }
}

/// Forms that show each other ten times over eight levels: a hundred million squares.
#[tokio::test]
async fn a_page_that_hangs_the_decoder_costs_that_page_only() {
    let forms: Vec<String> = (1..=8)
        .map(|level| {
            let entries = format!(
                "/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</XObject<</X {} 0 R>>>>",
                100 + level
            );
            stream(&entries, &if level < 8 { "/X Do ".repeat(10) } else { "0 0 9 9 re f ".repeat(10) })
        })
        .collect();
    let bomb = PdfPage { entries: "/MediaBox [0 0 300 200]", content: "/X Do".into() };
    let document = pdf(&[text_page(SENTENCE), bomb, text_page(SENTENCE)], "", "", &forms);
    let limits = Config { short_timeout_s: 0.3, page_timeout_s: 1.5, ..one_child() };
    let bench = Bench::new(limits);
    let (pages, ranges) = bench.pages("bomb.pdf", "application/pdf", document.clone()).await;
    assert_eq!(ranges, 1, "what hangs is no short document");
    assert!(pages[0].words.is_some() && pages[2].words.is_some());
    let failed = error(&pages[1]);
    assert!(matches!(failed.code.as_str(), "SANDBOX-0003" | "SANDBOX-0004"), "{failed:?}");
    assert!(failed.message.starts_with("bomb.pdf: page 2 cannot be read"), "{failed:?}");
    assert_eq!((failed.page, failed.class), (Some(2), docmill_contracts::Class::Input));
    let limits = Config { short_timeout_s: 0.3, page_timeout_s: 9.0, range_timeout_s: 0.5, ..one_child() };
    let (pages, _) = Bench::new(limits).pages("bomb.pdf", "application/pdf", document).await;
    assert_eq!(
        (pages.len(), error(&pages[2]).code.as_str()),
        (3, "RENDER-0011"),
        "the range has its own limit"
    );
}

#[tokio::test]
async fn an_embedded_e_invoice_is_handed_on_unless_it_is_to_be_ignored() {
    let xml = "<?xml version='1.0'?><rsm:CrossIndustryInvoice xmlns:rsm='urn:x'/>";
    let objects = [
        "<</Type/Filespec/F(factur-x.xml)/UF(factur-x.xml)/EF<</F 101 0 R>>>>".to_owned(),
        stream("/Type/EmbeddedFile", xml),
        "<</Type/Filespec/F(notes.xml)/UF(notes.xml)/EF<</F 103 0 R>>>>".to_owned(),
        stream("/Type/EmbeddedFile", "<notes/>"),
    ];
    let names = "/Names<</EmbeddedFiles<</Names[(factur-x.xml) 100 0 R (notes.xml) 102 0 R]>>>>";
    let document = pdf(&[text_page(SENTENCE)], names, "", &objects);
    let bench = Bench::new(one_child());
    let mut head = bench.head("a.pdf", "application/pdf", document).await;
    let found = |records: &[AnyRecord]| match &records[0] {
        AnyRecord::DocumentAssembled(r) => r.head.embedded_xml.clone(),
        other => panic!("{other:?}"),
    };
    let embedded = found(bench.plan(head.clone()).await.unwrap().records()).unwrap();
    assert_eq!(embedded.name, "factur-x.xml");
    assert_eq!(bench.blobs.get(&embedded.blob).await.unwrap(), xml);
    head.options.ignore_embedded_xml = true;
    assert_eq!(found(bench.plan(head).await.unwrap().records()), None);
}

#[tokio::test]
async fn what_attachments_say_against_each_other_is_told_with_the_first_page() {
    let invoice = |total: &str| {
        format!(
            "<Invoice><ID>1</ID><LegalMonetaryTotal><TaxInclusiveAmount>{total}</TaxInclusiveAmount></LegalMonetaryTotal></Invoice>"
        )
    };
    let file =
        |name: &str, object: u32| format!("<</Type/Filespec/F({name})/UF({name})/EF<</F {object} 0 R>>>>");
    let objects = [
        file("factur-x.xml", 101),
        stream("/Type/EmbeddedFile", &invoice("119.00")),
        file("other.xml", 103),
        stream("/Type/EmbeddedFile", &invoice("1.19")),
        file("xrechnung.xml", 105),
        stream("/Type/EmbeddedFile", ""),
    ];
    let names = "/Names<</EmbeddedFiles<</Names[(factur-x.xml) 100 0 R (other.xml) 102 0 R (xrechnung.xml) 104 0 R]>>>>";
    let document = pdf(&[text_page(SENTENCE), text_page(SENTENCE)], names, "", &objects);
    let bench = Bench::new(one_child());
    let mut head = bench.head("a.pdf", "application/pdf", document).await;
    let told = |pages: &[Page]| -> Vec<Vec<String>> {
        pages.iter().map(|p| p.problems.iter().map(|p| p.code.clone()).collect()).collect()
    };
    let short = |records: &[AnyRecord]| match &records[0] {
        AnyRecord::DocumentAssembled(r) => told(&r.pages),
        other => panic!("{other:?}"),
    };
    let want = [vec!["RENDER-0017".to_owned(), "RENDER-0018".to_owned()], Vec::new()];
    assert_eq!(short(bench.plan(head.clone()).await.unwrap().records()), want);
    // The long way, as scans and long documents go.
    let range = |first_page| PagesPlanned { head: head.clone(), page_count: 2, first_page, last_page: 2 };
    assert_eq!(told(&bench.range(&range(1)).await), want);
    assert_eq!(told(&bench.range(&range(2)).await), [Vec::<String>::new()]);
    head.options.ignore_embedded_xml = true;
    assert_eq!(short(bench.plan(head).await.unwrap().records()), [Vec::<String>::new(), Vec::new()]);
}

#[tokio::test]
async fn xml_alone_is_its_own_e_invoice_and_other_types_are_refused() {
    let bench = Bench::new(one_child());
    let head = bench.head("a.xml", "application/xml", b"<Invoice/>".to_vec()).await;
    let records = bench.plan(head.clone()).await.unwrap().into_records();
    let AnyRecord::DocumentAssembled(assembled) = &records[0] else { panic!("{records:?}") };
    assert!(assembled.pages.is_empty());
    assert_eq!(assembled.head.embedded_xml.as_ref().map(|x| &x.blob), Some(&head.original));
    let odd = bench.head("a.doc", "application/msword", b"x".to_vec()).await;
    let error = bench.plan(odd).await.unwrap_err();
    assert_eq!(error.to_string(), "a.doc: documents of type application/msword are not supported");
}

#[tokio::test]
async fn a_range_that_is_given_up_fails_every_page_of_it() {
    let bench = Bench::new(one_child());
    let head = bench.head("a.pdf", "application/pdf", Vec::new()).await;
    let range = docmill_contracts::PagesPlanned { head, page_count: 40, first_page: 33, last_page: 40 };
    // The original is empty: every page fails, none is lost.
    assert!(bench.range(&range).await.iter().all(|p| error(p).code == "RENDER-0007"));
    let mut lost = range.clone();
    lost.head.original = docmill_contracts::BlobRef::of(b"never stored");
    let error = bench.page.run(&lost, &cx()).await.unwrap_err();
    let info = docmill_contracts::ErrorInfo::of(&error, docmill_render::STAGE, None);
    let pages: Vec<_> = bench
        .page
        .dead(&range, info)
        .into_records()
        .into_iter()
        .map(|r| match r {
            AnyRecord::PageRecognized(r) => {
                let info = r.page.error.unwrap();
                (r.page.page_no, info.page, info.code)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pages.len(), 8);
    assert_eq!(pages[7], (40, Some(40), "BLOB-0003".to_owned()));
}
