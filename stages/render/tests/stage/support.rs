//! Small documents made by hand, and the stages over them.

use bytes::Bytes;
use docmill_blobs::Blobs;
use docmill_contracts::{
    AnyRecord, DocumentAccepted, DocumentHead, ErrorInfo, Page, PagesPlanned, ProcessingOptions, Source, Word,
};
use docmill_render::{Config, PageStage, PlanStage, RenderError};
use docmill_runtime::{Cx, Outputs, Stage};
use docmill_service::StageEnv;
use std::fmt::Write as _;

/// The stages over a store of their own.
pub(crate) struct Bench {
    pub(crate) blobs: Blobs,
    pub(crate) plan: PlanStage,
    pub(crate) page: PageStage,
    _folder: tempfile::TempDir,
}

/// One child, so that what one document does to it is seen by the next.
pub(crate) fn one_child() -> Config {
    Config { children: 1, ..Config::default() }
}

pub(crate) fn options() -> ProcessingOptions {
    ProcessingOptions::default()
}

pub(crate) fn cx() -> Cx {
    Cx { worker: "plan", attempt: 1, now_ms: 7 }
}

impl Bench {
    pub(crate) fn new(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let program = env!("CARGO_BIN_EXE_docmill-render").into();
        let env = StageEnv {
            blobs: blobs.clone(),
            assets: None,
            program,
            documents: docmill_service::Documents::default(),
            slot: "0".into(),
        };
        let (plan, page) = docmill_render::stages(config, &env).unwrap();
        Self { blobs, plan, page, _folder: folder }
    }

    pub(crate) async fn head(&self, name: &str, media_type: &str, bytes: Vec<u8>) -> DocumentHead {
        let original = self.blobs.put(Bytes::from(bytes)).await.unwrap();
        DocumentHead {
            document_id: "d1".into(),
            revision: 1,
            tenant: "acme".into(),
            content_sha256: original.sha256.clone(),
            source: Source {
                name: name.into(),
                media_type: media_type.into(),
                bytes: original.bytes,
                pages: None,
            },
            options: ProcessingOptions::default(),
            original,
            embedded_xml: None,
            config_version: None,
            submitted_at: 5,
        }
    }

    pub(crate) async fn plan(&self, head: DocumentHead) -> Result<Outputs, RenderError> {
        self.plan.run(&DocumentAccepted { head }, &cx()).await
    }

    pub(crate) async fn plan_pdf(&self, bytes: Vec<u8>) -> Result<Outputs, RenderError> {
        self.plan(self.head("a.pdf", "application/pdf", bytes).await).await
    }

    /// All pages of a document, whichever way they go, and how many ranges were planned.
    pub(crate) async fn pages(&self, name: &str, media_type: &str, bytes: Vec<u8>) -> (Vec<Page>, usize) {
        self.pages_with(name, media_type, bytes, options()).await
    }

    /// The same with options.
    pub(crate) async fn pages_with(
        &self,
        name: &str,
        media_type: &str,
        bytes: Vec<u8>,
        options: ProcessingOptions,
    ) -> (Vec<Page>, usize) {
        let (mut pages, mut ranges) = (Vec::new(), 0);
        let head = DocumentHead { options, ..self.head(name, media_type, bytes).await };
        let outputs = self.plan(head).await.unwrap();
        for record in outputs.into_records() {
            match record {
                AnyRecord::DocumentAssembled(r) => pages.extend(r.pages),
                AnyRecord::PagesPlanned(r) => {
                    ranges += 1;
                    pages.extend(self.range(&r).await);
                }
                _ => {}
            }
        }
        (pages, ranges)
    }

    pub(crate) async fn range(&self, range: &PagesPlanned) -> Vec<Page> {
        let outputs = self.page.run(range, &cx()).await.unwrap();
        let pages: Vec<Page> = outputs
            .into_records()
            .into_iter()
            .map(|record| match record {
                AnyRecord::PageRendered(r) => {
                    assert!(r.page.image.is_some(), "only pages with an image go to ocr");
                    r.page
                }
                AnyRecord::PageRecognized(r) => {
                    assert!(r.page.image.is_none());
                    r.page
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let numbers: Vec<i32> = pages.iter().map(|p| p.page_no).collect();
        assert_eq!(numbers, (range.first_page..=range.last_page).collect::<Vec<_>>(), "one outcome a page");
        pages
    }

    pub(crate) async fn image(&self, page: &Page) -> image::DynamicImage {
        let png = self.blobs.get(page.image.as_ref().unwrap()).await.unwrap();
        image::ImageReader::with_format(std::io::Cursor::new(png), image::ImageFormat::Png).decode().unwrap()
    }
}

pub(crate) fn words(page: &Page) -> Vec<Word> {
    page.words.as_ref().unwrap().unpack().unwrap()
}

pub(crate) fn error(page: &Page) -> &ErrorInfo {
    page.error.as_ref().unwrap()
}

/// A page: entries of its dictionary, and its content.
pub(crate) struct PdfPage {
    pub(crate) entries: &'static str,
    pub(crate) content: String,
}

/// A page of 300 x 200 points with a line of text at 40, 150 (from the bottom left).
pub(crate) fn text_page(text: &str) -> PdfPage {
    PdfPage { entries: "/MediaBox [0 0 300 200]", content: format!("BT /F 12 Tf 40 150 Td ({text}) Tj ET") }
}

/// A page of 300 x 200 points with a red square of 100 points at its bottom left.
pub(crate) fn red_page() -> PdfPage {
    PdfPage { entries: "/MediaBox [0 0 300 200]", content: "1 0 0 rg 0 0 100 100 re f".into() }
}

/// A PDF of these pages; `catalog` and `trailer` are more entries, `objects` more objects from number 100.
pub(crate) fn pdf(pages: &[PdfPage], catalog: &str, trailer: &str, objects: &[String]) -> Vec<u8> {
    let mut all = vec![
        (1, format!("<</Type/Catalog/Pages 2 0 R {catalog}>>")),
        (3, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned()),
    ];
    let mut kids = String::new();
    for (i, page) in pages.iter().enumerate() {
        let number = 10 + 2 * i;
        write!(kids, "{number} 0 R ").unwrap();
        let entries = page.entries;
        all.push((
            number,
            format!(
                "<</Type/Page/Parent 2 0 R /Contents {} 0 R{} {entries}>>",
                number + 1,
                if entries.contains("/Resources") {
                    ""
                } else {
                    "/Resources<</Font<</F 3 0 R>>/XObject<</X 100 0 R>>>>"
                }
            ),
        ));
        all.push((number + 1, stream("", &page.content)));
    }
    all.push((2, format!("<</Type/Pages/Kids[{kids}]/Count {}>>", pages.len())));
    all.extend(objects.iter().enumerate().map(|(i, o)| (100 + i, o.clone())));
    all.sort();
    let mut out = String::from("%PDF-1.7\n");
    let mut xref = String::from("xref\n0 1\n0000000000 65535 f \n");
    for (number, object) in all {
        write!(xref, "{number} 1\n{:010} 00000 n \n", out.len()).unwrap();
        write!(out, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let start = out.len();
    write!(out, "{xref}trailer\n<</Size 1000/Root 1 0 R {trailer}>>\nstartxref\n{start}\n%%EOF\n").unwrap();
    out.into_bytes()
}

pub(crate) fn stream(entries: &str, content: &str) -> String {
    format!("<<{entries}/Length {}>>\nstream\n{content}\nendstream", content.len())
}
