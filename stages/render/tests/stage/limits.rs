//! Documents made to exhaust whoever reads them: each ends with its code, within its limits.

use crate::support::{Bench, PdfPage, error, one_child, pdf, stream, text_page};
use docmill_contracts::{Classify, Page};
use docmill_render::Config;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Limits that are met soon.
fn tight() -> Config {
    let mut config = Config { short_timeout_s: 0.5, page_timeout_s: 2.0, open_timeout_s: 2.0, ..one_child() };
    config.limits.memory_bytes = 512 << 20;
    config
}

async fn pages(bench: &Bench, document: Vec<u8>) -> Vec<Page> {
    let since = Instant::now();
    let (pages, _) = bench.pages("a.pdf", "application/pdf", document).await;
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    let (good, _) =
        bench.pages("b.pdf", "application/pdf", pdf(&[text_page("still there")], "", "", &[])).await;
    assert!(good[0].words.is_some(), "the next document is read");
    pages
}

fn page(content: &str) -> PdfPage {
    PdfPage { entries: "/MediaBox [0 0 300 200]", content: content.to_owned() }
}

/// A stream of `content`, so many times in a row, compressed.
fn deflated(entries: &str, content: &[u8], times: usize) -> Vec<u8> {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&content.repeat(times), 9);
    let head = format!("<<{entries}/Filter/FlateDecode/Length {}>>\nstream\n", packed.len());
    [head.as_bytes(), &packed, b"\nendstream"].concat()
}

/// A PDF of one page whose content is object 100, given as bytes.
fn with_object(content: &str, object: &[u8]) -> Vec<u8> {
    let mark = "<</Marked true>>";
    let document = pdf(&[page(content)], "", "", &[mark.to_owned()]);
    let at = document.windows(mark.len()).position(|w| w == mark.as_bytes()).unwrap();
    // The places of the objects behind it are wrong now; readers find them all the same.
    [&document[..at], object, &document[at + mark.len()..]].concat()
}

#[tokio::test]
async fn a_decompression_bomb_is_stopped() {
    let bench = Bench::new(tight());
    // 224 MiB of lines to draw, from less than one.
    let form = "/Type/XObject/Subtype/Form/BBox[0 0 300 200]";
    let bomb = deflated(form, b"0 0 m 9 9 l S ", 16 << 20);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let pages = pages(&bench, with_object("/X Do", &bomb)).await;
    let failed = error(&pages[0]);
    assert!(
        ["SANDBOX-0003", "SANDBOX-0004", "RENDER-0015", "RENDER-0007"].contains(&failed.code.as_str()),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_image_of_30000_by_30000_is_not_decoded() {
    let entries =
        "/Type/XObject/Subtype/Image/Width 30000/Height 30000/ColorSpace/DeviceGray/BitsPerComponent 8";
    let image = deflated(entries, &[0; 1024], 1024);
    let bench = Bench::new(tight());
    let inside = "/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</XObject<</X 100 0 R>>>>";
    for content in ["q 300 0 0 200 0 0 cm /X Do Q", "/Y Do"] {
        let mut document = with_object(content, &image);
        if content == "/Y Do" {
            let form = stream(inside, "q 300 0 0 200 0 0 cm /X Do Q");
            document = with_object("/X Do", form.replace("100 0 R", "101 0 R").as_bytes());
            let at = document.windows(4).rposition(|w| w == b"xref").unwrap();
            let object = [b"101 0 obj\n".as_slice(), &image, b"\nendobj\n"].concat();
            document.splice(at - 5..at - 5, object);
        }
        let pages = pages(&bench, document).await;
        let failed = error(&pages[0]);
        assert_eq!(failed.code, "RENDER-0008", "{content} {failed:?}");
        assert_eq!(failed.message, "a.pdf: page 1 has 30000 x 30000 pixels, the limit is 100 million");
    }
}

#[tokio::test]
async fn image_files_of_30000_by_30000_are_not_decoded() {
    let bench = Bench::new(tight());
    let side = 30_000_u32;
    let bmp = |bits: u16| {
        let mut b = b"BM".to_vec();
        b.extend(1000_u32.to_le_bytes());
        b.extend([0; 4]);
        b.extend(54_u32.to_le_bytes());
        b.extend(40_u32.to_le_bytes());
        b.extend(side.to_le_bytes());
        b.extend(side.to_le_bytes());
        b.extend(1_u16.to_le_bytes());
        b.extend(bits.to_le_bytes());
        b.extend([0; 24]);
        b.resize(1000, 0);
        b
    };
    let mut jpeg = b"\xff\xd8\xff\xc0\x00\x0b\x08".to_vec();
    jpeg.extend([0x75, 0x30, 0x75, 0x30, 1, 1, 0x11, 0]);
    jpeg.extend(b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9");
    let tiff = {
        let mut t = b"II\x2a\0\x08\0\0\0\x07\0".to_vec();
        for (tag, value) in [(256_u16, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (279, 100)]
        {
            t.extend(tag.to_le_bytes());
            t.extend(4_u16.to_le_bytes());
            t.extend(1_u32.to_le_bytes());
            t.extend(value.to_le_bytes());
        }
        t.extend([0; 100]);
        t
    };
    let cases = [("image/bmp", bmp(24)), ("image/jpeg", jpeg), ("image/tiff", tiff)];
    for (media_type, bytes) in cases {
        let (pages, _) = bench.pages("a", media_type, bytes).await;
        let failed = error(&pages[0]);
        assert_eq!(failed.code, "RENDER-0008", "{media_type} {failed:?}");
    }
}

#[tokio::test]
async fn a_document_of_100000_pages_is_refused() {
    let many = "<</Type/Pages/Kids[".to_owned() + &"10 0 R ".repeat(100_000) + "]/Count 100000>>";
    let document = pdf(&[page("")], "", "", &[]);
    let text = String::from_utf8(document).unwrap();
    let (kids, _) = text.split_once("<</Type/Pages").unwrap();
    let rest = text.split_once("/Count 1>>").unwrap().1;
    let since = Instant::now();
    let error = Bench::new(tight()).plan_pdf(format!("{kids}{many}{rest}").into_bytes()).await.unwrap_err();
    assert_eq!(error.code().0, "RENDER-0006");
    assert_eq!(error.to_string(), "a.pdf has 100000 pages, the limit is 5000");
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn forms_that_show_each_other_cost_their_page_at_most() {
    let form = "/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</XObject<</X 100 0 R/Y 101 0 R>>>>";
    let objects = [stream(form, "/X Do /Y Do 0 0 9 9 re f"), stream(form, "/X Do /Y Do /X Do")];
    let document = pdf(&[page("/X Do"), text_page("a good page")], "", "", &objects);
    let pages = pages(&Bench::new(tight()), document).await;
    // PDFium runs out of stack over them, or gives up at some depth.
    if let Some(error) = &pages[0].error {
        assert!(["SANDBOX-0003", "SANDBOX-0004"].contains(&error.code.as_str()), "{error:?}");
    }
    assert!(pages[1].words.is_some());
}

/// Each glyph of a font is ten glyphs of the next one, over nine fonts.
#[tokio::test]
async fn a_font_that_never_ends_costs_its_page() {
    let mut objects = Vec::new();
    for level in 0..9 {
        let (font, next) = (100 + 2 * level, 102 + 2 * level);
        objects.push(format!(
            "<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/CharProcs<</a {} 0 R>>\
             /Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[1]/Resources<</Font<</N {next} 0 R>>>>>>",
            font + 1
        ));
        let glyph = "BT /N 1 Tf (aaaaaaaaaa) Tj ET ".repeat(usize::from(level < 8));
        objects.push(stream("", &format!("1 0 d0 {glyph} 0 0 1 1 re f")));
    }
    let mut endless = page("BT /T 1 Tf 10 10 Td (aaaaaaaaaa) Tj ET");
    endless.entries = "/MediaBox [0 0 300 200]/Resources<</Font<</T 100 0 R>>>>";
    let document = pdf(&[endless, text_page("a good page")], "", "", &objects);
    let pages = pages(&Bench::new(tight()), document).await;
    assert!(pages[1].words.is_some());
    // PDFium gives up at some depth on its own, or is stopped.
    if let Some(error) = &pages[0].error {
        assert!(["SANDBOX-0003", "SANDBOX-0004"].contains(&error.code.as_str()), "{error:?}");
    }
}

#[tokio::test]
async fn a_page_of_too_many_objects_is_refused() {
    let mut lines = String::new();
    (0..2000).for_each(|i| writeln!(lines, "{i} 0 m 9 9 l S").unwrap());
    let bench = Bench::new(Config { max_objects: 1000, ..tight() });
    let pages = pages(&bench, pdf(&[page(&lines), text_page("a good page")], "", "", &[])).await;
    assert_eq!(error(&pages[0]).code, "RENDER-0015");
    assert!(pages[1].error.is_none());
}

/// Ranges come one after the other, whatever the document's length, and every page has its one outcome.
#[tokio::test]
async fn a_thousand_pages_come_in_ranges_each_once() {
    let bench = Bench::new(one_child());
    let document = docmill_samples::order("4711", 1000);
    let (pages, ranges) = bench.pages("long.pdf", "application/pdf", document).await;
    assert_eq!((pages.len(), ranges), (1000, 32));
    assert!(
        pages.iter().zip(1..).all(|(p, n)| p.page_no == n && p.words_blob.is_some()),
        "in order, in blobs"
    );
}
