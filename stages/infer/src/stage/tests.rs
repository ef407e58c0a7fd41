use super::*;
use crate::local::LocalExtractor;
use bytes::Bytes;
use docmill_contracts::{AnyRecord, EmbeddedFile, PackedWords, ProcessingOptions, Source, TextSource, Word};

struct Bench {
    _folder: tempfile::TempDir,
    blobs: Blobs,
    stage: InferStage,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let config = Config::default();
    let stage = InferStage::new(&config, blobs.clone(), Arc::new(LocalExtractor::new(&config)));
    Bench { _folder: folder, blobs, stage }
}

fn document(pages: Vec<Page>) -> DocumentAssembled {
    let head = DocumentHead {
        document_id: "d".into(),
        revision: 1,
        tenant: "t".into(),
        content_sha256: String::new(),
        source: Source { name: "a.pdf".into(), ..Source::default() },
        options: ProcessingOptions::default(),
        original: BlobRef::of(b""),
        embedded_xml: None,
        config_version: None,
        submitted_at: 1,
    };
    DocumentAssembled { head, pages, error: None, stages: Vec::new() }
}

fn words(text: &str) -> PackedWords {
    let words: Vec<Word> = text
        .split(' ')
        .enumerate()
        .map(|(i, w)| {
            let x = 40.0 + 45.0 * i as f32;
            let bbox = [x, 40.0, x + 40.0, 50.0];
            Word { text: w.to_owned(), bbox, confidence: 1.0, line: 0 }
        })
        .collect();
    PackedWords::pack(&words)
}

fn page(page_no: i32, text: &str) -> Page {
    let words = Some(words(text));
    Page {
        page_no,
        width: 595.0,
        height: 842.0,
        text_source: TextSource::TextLayer,
        words,
        ..Page::default()
    }
}

fn failed(page_no: i32) -> Page {
    let error = InferError::PageNeverArrived { page: page_no, pages: 2, waited_s: 1 };
    Page { page_no, error: Some(ErrorInfo::of(&error, STAGE, Some(page_no))), ..Page::default() }
}

async fn run(bench: &Bench, input: &DocumentAssembled) -> AnyRecord {
    let cx = Cx { worker: "infer", attempt: 1, now_ms: 0 };
    bench.stage.run(input, &cx).await.unwrap().into_records().remove(0)
}

fn extracted(record: AnyRecord) -> DocumentExtracted {
    match record {
        AnyRecord::DocumentExtracted(r) => *r,
        other => panic!("{other:?}"),
    }
}

fn ended_code(record: AnyRecord) -> String {
    match record {
        AnyRecord::DocumentValidated(r) => r.result.error.unwrap().code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_embedded_invoice_is_believed_before_the_pages() {
    let bench = bench();
    let xml = b"<Invoice><ID>X-1</ID></Invoice>";
    let blob = bench.blobs.put(Bytes::from_static(xml)).await.unwrap();
    let mut input = document(vec![page(1, "INVOICE Invoice # 4711 Net $4.00 Total $5.00")]);
    input.head.embedded_xml = Some(EmbeddedFile { name: "factur-x.xml".into(), blob });
    let found = extracted(run(&bench, &input).await);
    assert_eq!(
        (found.fields["invoice_number"].value.as_str(), found.stages[0].engine.as_str()),
        ("X-1", "xml")
    );
    input.head.options.ignore_embedded_xml = true;
    let found = extracted(run(&bench, &input).await);
    assert_eq!(
        (found.fields["invoice_number"].value.as_str(), found.stages[0].engine.as_str()),
        ("4711", "local")
    );
}

#[tokio::test]
async fn a_broken_embedded_invoice_is_a_problem_or_the_end() {
    let bench = bench();
    let blob = bench.blobs.put(Bytes::from_static(b"<Invoice>")).await.unwrap();
    let embedded = Some(EmbeddedFile { name: "zugferd.xml".into(), blob });
    let mut input = document(vec![page(1, "INVOICE Invoice # 4711 Net $4.00 Total $5.00")]);
    input.head.embedded_xml.clone_from(&embedded);
    let found = extracted(run(&bench, &input).await);
    assert_eq!(found.problems[0].code, "INFER-0002");
    assert_eq!(found.fields["invoice_number"].value, "4711");
    let mut alone = document(vec![]);
    alone.head.embedded_xml = embedded;
    assert_eq!(ended_code(run(&bench, &alone).await), "INFER-0002");
}

#[tokio::test]
async fn an_e_invoice_without_pages_says_that_schema_and_categories_were_not_used() {
    let bench = bench();
    let blob = bench.blobs.put(Bytes::from_static(b"<Invoice><ID>X-1</ID></Invoice>")).await.unwrap();
    let mut input = document(vec![]);
    input.head.embedded_xml = Some(EmbeddedFile { name: "a.xml".into(), blob: blob.clone() });
    let told = |found: &DocumentExtracted| {
        let told = found.problems.iter().find(|p| p.code == "INFER-0152");
        told.map(|p| (p.severity, p.message.clone()))
    };
    assert_eq!(told(&extracted(run(&bench, &input).await)), None);
    input.head.options.categories = Some(blob.clone());
    let found = extracted(run(&bench, &input).await);
    let message = "the category set was not used: the e-invoice has no pages".to_owned();
    assert_eq!(told(&found), Some((Severity::Warning, message)));
    input.head.options.schema = Some(blob);
    let found = extracted(run(&bench, &input).await);
    assert!(told(&found).is_some_and(|(_, message)| message.starts_with("schema and category set")));
    assert_eq!(found.fields["invoice_number"].value, "X-1");
}

#[tokio::test]
async fn a_document_ends_where_nothing_can_be_read_and_goes_on_where_something_can() {
    let bench = bench();
    assert_eq!(ended_code(run(&bench, &document(vec![])).await), "INFER-0005");
    assert_eq!(ended_code(run(&bench, &document(vec![failed(1), failed(2)])).await), "INFER-0001");
    let mut broken = document(vec![]);
    broken.error = failed(1).error;
    assert_eq!(ended_code(run(&bench, &broken).await), "INFER-0001");
    let found = extracted(
        run(&bench, &document(vec![page(1, "INVOICE Invoice # 4711 Net $4.00 Total $5.00"), failed(2)]))
            .await,
    );
    assert_eq!(found.problems[0].code, "INFER-0010");
    assert_eq!(found.pages.len(), 2);
    assert!(found.pages[1].error.is_some());
}

#[tokio::test]
async fn words_of_long_documents_and_schemas_are_fetched() {
    let bench = bench();
    let words = words("INVOICE Invoice # 4711 Net $4.00 Total $5.00");
    let bytes = Codec::words_to_blob(&words, &docmill_contracts::PackedRules::default()).unwrap();
    let blob = bench.blobs.put(bytes.into()).await.unwrap();
    let mut input = document(vec![Page { words: None, words_blob: Some(blob), ..page(1, "x") }]);
    assert_eq!(extracted(run(&bench, &input).await).fields["invoice_number"].value, "4711");
    let schema = br#"{"properties": {"total": {"type": "number"}}}"#;
    input.head.options.schema = Some(bench.blobs.put(Bytes::from_static(schema)).await.unwrap());
    let found = extracted(run(&bench, &input).await);
    assert_eq!(found.fields.keys().collect::<Vec<_>>(), ["total"]);
    let schema = br#"{"properties": {"total": {"$ref": "x"}}}"#;
    input.head.options.schema = Some(bench.blobs.put(Bytes::from_static(schema)).await.unwrap());
    assert_eq!(ended_code(run(&bench, &input).await), "INFER-0007");
}

/// Notes what it can learn about pages.
#[derive(Default)]
struct Curious(std::sync::Mutex<Vec<Learnt>>);

type Learnt = (Option<String>, Option<PageImage>, Wanted);

impl Extractor for Curious {
    fn engine(&self) -> &'static str {
        "curious"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        let image = pages.image(0)?;
        self.0.lock().unwrap().push((pages.digest(), image, wanted.clone()));
        let mut out = Extraction::of_engine("curious", "1");
        out.cost.tokens_in = 3;
        Ok(out)
    }
}

#[tokio::test]
async fn an_engine_gets_pictures_a_digest_of_the_pages_and_whose_they_are() {
    let mut bench = bench();
    let curious = Arc::new(Curious::default());
    let engine: Arc<dyn Extractor> = Arc::<Curious>::clone(&curious);
    bench.stage = InferStage::new(&Config::default(), bench.blobs.clone(), engine);
    let image = bench.blobs.put(Bytes::from_static(b"png")).await.unwrap();
    let same = page(1, "a b");
    for first in [same.clone(), same.clone(), page(1, "a c"), Page { image: Some(image), ..same.clone() }] {
        let found = extracted(run(&bench, &document(vec![first])).await);
        assert_eq!(found.cost.tokens_in, 3);
    }
    let noted = curious.0.lock().unwrap();
    let digest = |i: usize| noted[i].0.as_deref().unwrap();
    assert_eq!(digest(0), digest(1));
    assert!(digest(0) != digest(2) && digest(0) != digest(3));
    assert_eq!(noted[3].1, Some(PageImage { png: Bytes::from_static(b"png"), page_no: 1 }));
    assert_eq!(
        (noted[0].1.as_ref(), noted[0].2.tenant.as_str(), noted[0].2.document.as_str()),
        (None, "t", "d/1")
    );
}

/// A page of an invoice whose lines have cells at stops of 130 points.
fn table_page(page_no: i32, lines: &[String]) -> Page {
    let mut words = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        for (column, cell) in line.split('|').enumerate() {
            let (x, y) = (40.0 + 130.0 * column as f32, 60.0 + 14.0 * n as f32);
            let bbox = [x, y, x + 4.5 * cell.chars().count() as f32, y + 10.0];
            words.push(Word { text: cell.to_owned(), bbox, confidence: 1.0, line: n as u32 });
        }
    }
    Page { words: Some(PackedWords::pack(&words)), ..page(page_no, "") }
}

/// An invoice or a credit note of `pages` pages with 40 rows each.
fn long(title: &str, pages: i32, sign: &str) -> DocumentAssembled {
    let page = |no: i32| {
        let mut lines = Vec::new();
        if no == 1 {
            lines.extend([
                title.to_owned(),
                "Invoice number|RE-77".into(),
                "Date|2026-01-31".into(),
                String::new(),
            ]);
            lines.push("Description|Quantity|Price|Amount".into());
        }
        lines.extend((0..40).map(|n| format!("Item{no}x{n}|2|1.50|{sign}3.00")));
        table_page(no, &lines)
    };
    document((1..=pages).map(page).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_table_too_long_for_a_record_every_row_is_in_a_file() {
    let bench = bench();
    for (title, sign, total) in
        [("INVOICE", "", "3.00"), ("CREDIT NOTE", "-", "3.00"), ("INVOICE", "-", "-3.00")]
    {
        let found = extracted(run(&bench, &long(title, 60, sign)).await);
        assert_eq!(found.problems, [], "{title}");
        let file = docmill_contracts::Artifact::find_rows(&found.artifacts, 0).unwrap();
        let (mut reader, mut rows) = (bench.blobs.reader(file).await.unwrap(), Vec::new());
        while let Some(line) = reader.next_line().await.unwrap() {
            rows.push(docmill_contracts::public::row_of_line(line).unwrap());
        }
        assert_eq!(rows.len(), 60 * 40, "{title}");
        for (n, row) in rows.iter().enumerate() {
            assert_eq!(row["description"].value, format!("Item{}x{}", n / 40 + 1, n % 40));
            assert_eq!(row["line_total"].value, total, "{title}");
        }
        assert_eq!(found.line_items.len(), 100);
        assert_eq!(found.line_items, rows[..100]);
    }
    // A table that a record has room for stays there.
    let found = extracted(run(&bench, &long("INVOICE", 20, "")).await);
    assert_eq!((found.line_items.len(), found.artifacts.len()), (800, 0));
}

#[tokio::test]
async fn rows_beyond_what_the_operator_allows_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    for (most, codes) in [(79, &["INFER-0011"][..]), (80, &[])] {
        let config = Config { max_line_items: most, ..Config::default() };
        let stage = InferStage::new(&config, blobs.clone(), Arc::new(LocalExtractor::new(&config)));
        let cx = Cx { worker: "infer", attempt: 1, now_ms: 0 };
        let outputs = stage.run(&long("INVOICE", 2, ""), &cx).await.unwrap();
        let found = extracted(outputs.into_records().remove(0));
        assert_eq!(found.line_items.len(), most as usize);
        assert_eq!(found.problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), codes);
    }
}
