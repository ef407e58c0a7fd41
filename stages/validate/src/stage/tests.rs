use super::*;
use crate::rules::samples::{Sample, codes};
use bytes::Bytes;
use docmill_contracts::{AnyRecord, BlobRef, ResultStatus, Severity};
use proptest::prelude::*;

struct Bench {
    _folder: tempfile::TempDir,
    blobs: Blobs,
    stage: Validate,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let stage = Validate::new(Config::default(), blobs.clone()).unwrap();
    Bench { _folder: folder, blobs, stage }
}

const CX: Cx = Cx { worker: "validate", attempt: 1, now_ms: 1_782_907_201_000 };

async fn result(bench: &Bench, sample: &Sample) -> DocumentResult {
    let outputs = bench.stage.run(&sample.0, &CX).await.unwrap();
    let (head, result) = match outputs.into_records().pop() {
        Some(AnyRecord::DocumentValidated(validated)) => (validated.head, validated.result),
        // What it is if no other document was there before.
        Some(AnyRecord::DocumentClaimed(claimed)) => (claimed.head, claimed.result.unwrap()),
        other => panic!("{other:?}"),
    };
    assert_eq!(head, sample.0.head);
    result
}

fn error(class: Class) -> ErrorInfo {
    ErrorInfo {
        code: "RENDER-0001".into(),
        class,
        message: "broken".into(),
        stage: "render".into(),
        page: Some(1),
    }
}

#[tokio::test]
async fn a_good_invoice_is_accepted_as_it_is() {
    let bench = bench();
    for engine in ["local", "xml"] {
        let sample = Sample::good_invoice().engine(engine);
        let result = result(&bench, &sample).await;
        assert_eq!((result.status, codes(&result.problems)), (ResultStatus::Accepted, vec![]));
        assert_eq!((&result.fields, &result.line_items), (&sample.0.fields, &sample.0.line_items));
        assert_eq!((result.trace.finished_at, result.source.pages), (CX.now_ms, Some(1)));
        assert_eq!(result.trace.stages.last().unwrap().stage, "validate");
    }
}

#[tokio::test]
async fn what_is_wrong_needs_a_review_and_is_not_repaired() {
    let bench = bench();
    for (name, value, code) in [
        ("grand_total", "681.78", "BR-CO-15"),
        ("due_date", "2026-06-01", "VALIDATE-0008"),
        ("iban", "DE89370400440532013001", "VALIDATE-0011"),
        ("seller_vat_id", "DE136695977", "VALIDATE-0013"),
        ("invoice_number", " ", "BR-02"),
        ("line_total", "572", "BR-CO-10"),
        ("tax_total", "108.00", "BR-CO-14"),
    ] {
        let sample = Sample::good_invoice().fields(&[(name, value)]);
        let result = result(&bench, &sample).await;
        assert_eq!(result.status, ResultStatus::Review, "{name}");
        assert!(result.problems.iter().any(|p| p.code == code), "{name}: {:?}", result.problems);
        assert_eq!(result.fields[name].value, value);
    }
}

#[tokio::test]
async fn warnings_and_engines_problems_count_as_they_say() {
    let bench = bench();
    let mut sample = Sample::good_invoice();
    sample.0.fields.remove("buyer_name");
    let found = result(&bench, &sample).await;
    assert_eq!(
        (found.status, codes(&found.problems)),
        (ResultStatus::Accepted, vec![("BR-07", Severity::Warning)])
    );
    let said = Problem { code: "X".into(), severity: Severity::Error, ..found.problems[0].clone() };
    sample.0.problems.push(said);
    let found = result(&bench, &sample).await;
    assert_eq!((found.status, found.problems[0].code.as_str()), (ResultStatus::Review, "X"));
}

#[tokio::test]
async fn doubt_needs_a_review() {
    let bench = bench();
    let mut doubtful = Sample::good_invoice();
    doubtful.confidence("seller_name", 0.6);
    assert_eq!(codes(&result(&bench, &doubtful).await.problems), [("VALIDATE-0003", Severity::Error)]);
    let other = result(&bench, &Sample::new("other")).await;
    assert_eq!(
        (other.status, codes(&other.problems)),
        (ResultStatus::Review, vec![("VALIDATE-0001", Severity::Error)])
    );
    let mut page = Sample::good_invoice();
    page.0.pages[0].error = Some(error(Class::Input));
    let page = result(&bench, &page).await;
    assert_eq!(
        (page.status, codes(&page.problems)),
        (ResultStatus::Review, vec![("VALIDATE-0005", Severity::Error)])
    );
}

#[tokio::test]
async fn what_could_not_be_read_at_all_ends() {
    let bench = bench();
    let mut sample = Sample::new("other");
    sample.0.error = Some(error(Class::Input));
    let ended = result(&bench, &sample).await;
    assert_eq!((ended.status, ended.error.unwrap().code.as_str()), (ResultStatus::Rejected, "RENDER-0001"));
    assert_eq!((ended.pages.len(), ended.trace.finished_at), (1, CX.now_ms));
    for (class, want) in [(Class::Input, ResultStatus::Rejected), (Class::Internal, ResultStatus::Failed)] {
        let mut sample = Sample::new("other");
        sample.0.pages[0].error = Some(error(class));
        assert_eq!(result(&bench, &sample).await.status, want);
    }
    let dead = bench.stage.dead(&sample.0, error(Class::Internal));
    let [AnyRecord::DocumentValidated(dead)] = dead.records() else { panic!("{dead:?}") };
    assert_eq!(dead.result.status, ResultStatus::Failed);
}

#[tokio::test]
async fn a_tenants_schema_stands_in_place_of_the_rules() {
    let bench = bench();
    let schema = bench
        .blobs
        .put(Bytes::from_static(br#"{"required": ["contract_num"], "properties": {"contract_num": {}}}"#))
        .await
        .unwrap();
    let mut sample =
        Sample::new("other").fields(&[("contract_num", "7"), ("grand_total", "not even a number")]);
    sample.0.head.options.schema = Some(schema);
    assert_eq!(result(&bench, &sample).await.status, ResultStatus::Accepted);
    sample.0.fields.remove("contract_num");
    let missing = result(&bench, &sample).await;
    assert_eq!(codes(&missing.problems), [("VALIDATE-0002", Severity::Error)]);

    sample.0.head.options.schema = Some(bench.blobs.put(Bytes::from_static(b"[]")).await.unwrap());
    let ended = result(&bench, &sample).await;
    assert_eq!((ended.status, ended.error.unwrap().code.as_str()), (ResultStatus::Rejected, "VALIDATE-0018"));
    sample.0.head.options.schema = Some(BlobRef { bytes: 1 << 21, ..BlobRef::of(b"") });
    assert_eq!(result(&bench, &sample).await.error.unwrap().code, "VALIDATE-0018");
    sample.0.head.options.schema = Some(BlobRef::of(b"nowhere"));
    assert_eq!(bench.stage.run(&sample.0, &CX).await.unwrap_err().code().0, "BLOB-0003");
}

#[test]
fn mistakes_of_the_settings_are_told_all_at_once() {
    let config = Config {
        accept_confidence: 1.5,
        accept_type_confidence: f64::NAN,
        max_days_ahead: -1,
        ..Config::default()
    };
    let message = config.check().unwrap_err().to_string();
    for part in ["accept_confidence = 1.5", "accept_type_confidence = NaN", "max_days_ahead = -1"] {
        assert!(message.contains(part), "{message}");
    }
}

proptest! {
    #[test]
    fn consistent_totals_are_never_doubted(
        lines in proptest::collection::vec((1..500_i64, 1..100_000_i64), 1..20),
        rate in prop::sample::select(vec![0_i64, 7, 19, 20, 27]),
    ) {
        let cents = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        let net: i64 = lines.iter().map(|(quantity, price)| quantity * price).sum();
        let tax = (net * rate + 50) / 100;
        let mut sample = Sample::good_invoice().fields(&[
            ("line_total", &cents(net)), ("net_total", &cents(net)), ("tax_total", &cents(tax)),
            ("grand_total", &cents(net + tax)), ("due_payable", &cents(net + tax)),
        ]);
        sample.0.line_items.clear();
        sample.0.vat_breakdown.clear();
        sample = sample.vat(&[("taxable_amount", &cents(net)), ("vat_rate", &rate.to_string()), ("tax_amount", &cents(tax))]);
        for (quantity, price) in &lines {
            let total = cents(quantity * price);
            sample = sample.line(&[("quantity", &quantity.to_string()), ("unit_price", &cents(*price)), ("line_total", &total)]);
        }
        let sample = sample.engine("xml");
        let problems = rules::check(sample.subject(), &Config::default());
        prop_assert_eq!(codes(&problems), vec![]);
        let off = sample.fields(&[("grand_total", &cents(net + tax + 100))]);
        prop_assert!(rules::check(off.subject(), &Config::default()).iter().any(|p| p.code == "BR-CO-15"));
    }

    #[test]
    fn no_values_break_the_rules(name in "(issue_date|grand_total|iban|currency|seller_vat_id|x_gln)", value in any::<String>()) {
        let sample = Sample::good_invoice().fields(&[(&name, &value)]).line(&[("quantity", &value), ("line_total", &value)]);
        rules::check(sample.subject(), &Config::default());
    }
}

#[tokio::test]
async fn rows_in_a_file_are_checked_as_rows_in_the_record_are() {
    let bench = bench();
    let mut sample = Sample::new("invoice").fields(&[("line_total", "3000"), ("net_total", "3000")]);
    for n in 1..=3000 {
        let quantity = if n == 1234 { "7" } else { "2" };
        sample = sample.line(&[("quantity", quantity), ("unit_price", "0.50"), ("line_total", "1.00")]);
    }
    let inline = result(&bench, &sample).await;
    let lines: String = sample.0.line_items.iter().map(docmill_contracts::public::row_line).collect();
    let blob = bench.blobs.put(Bytes::from(lines)).await.unwrap();
    sample.0.artifacts = vec![Artifact::rows(0, blob.clone())];
    sample.0.line_items.truncate(1);
    let filed = result(&bench, &sample).await;
    assert_eq!((&filed.problems, filed.status), (&inline.problems, inline.status));
    let of_line = filed.problems.iter().find(|p| p.code == "PEPPOL-EN16931-R120").unwrap();
    assert_eq!(of_line.message, "line 1234: 7 × 0.50 is 3.5, line_total is 1.00");
    assert!(!filed.problems.iter().any(|p| p.code == "BR-CO-10" || p.code == "VALIDATE-0016"));
    assert_eq!((filed.line_items.len(), filed.artifacts.len()), (1, 1));
    // The sum is that of all rows, not of those in the record.
    sample.0.fields.get_mut("line_total").unwrap().value = "1".into();
    assert!(result(&bench, &sample).await.problems.iter().any(|p| p.code == "BR-CO-10"));
    // Nothing is decided on rows that are not all there.
    sample.0.artifacts = vec![Artifact::rows(0, BlobRef { bytes: blob.bytes - 1, ..blob })];
    let error = bench.stage.run(&sample.0, &CX).await.unwrap_err();
    assert_eq!((error.code().0, error.class()), ("BLOB-0004", Class::Internal));
    let odd = bench.blobs.put(Bytes::from_static(b"{\"a\": 1}\n")).await.unwrap();
    sample.0.artifacts = vec![Artifact::rows(0, odd)];
    let error = bench.stage.run(&sample.0, &CX).await.unwrap_err();
    assert_eq!((error.code().0, error.class()), ("VALIDATE-0023", Class::Internal));
}

fn part(sample: &Sample, first_page: i32, last_page: i32) -> DocumentPart {
    let document = &sample.0;
    DocumentPart {
        first_page,
        last_page,
        kind: document.kind.clone(),
        fields: document.fields.clone(),
        line_items: document.line_items.clone(),
        vat_breakdown: document.vat_breakdown.clone(),
    }
}

fn messages<'a>(result: &'a DocumentResult, code: &str) -> Vec<&'a str> {
    result.problems.iter().filter(|p| p.code == code).map(|p| p.message.as_str()).collect()
}

#[tokio::test]
async fn each_document_of_a_packet_is_held_against_the_rules_of_its_type() {
    let bench = bench();
    let mut bad =
        Sample::new("invoice").fields(&[("iban", "DE89370400440532013001"), ("due_date", "31.01.")]);
    bad = bad.fields(&[("net_total", "100"), ("tax_total", "20"), ("grand_total", "125")]);
    bad = bad.line(&[("quantity", "2"), ("unit_price", "50"), ("line_total", "110")]);
    let note = Sample::new("delivery_note").fields(&[("invoice_number", "1"), ("seller_name", "A")]);
    let mut sample = Sample::good_invoice();
    sample.0.parts = vec![part(&sample, 1, 1), part(&bad, 2, 2), part(&note, 3, 4)];
    let found = result(&bench, &sample).await;
    let want = "pages 2-2: net_total 100 + tax_total 20 is 120, grand_total is 125";
    assert_eq!(messages(&found, "BR-CO-15"), [want]);
    assert!(messages(&found, "VALIDATE-0011")[0].starts_with("pages 2-2: iban `DE89"), "{found:?}");
    assert!(messages(&found, "PEPPOL-EN16931-R120")[0].starts_with("pages 2-2: line 1: 2 × 50 is 100"));
    assert_eq!(messages(&found, "VALIDATE-0007").len(), 1);
    assert!(messages(&found, "BR-02")[0].starts_with("pages 2-2: "));
    assert!(
        found
            .problems
            .iter()
            .all(|p| !p.message.starts_with("pages 1-1") && !p.message.starts_with("pages 3-4"))
    );
    assert_eq!(found.status, ResultStatus::Review);
    // What has no page of its own is on the first one of its document.
    assert_eq!(found.problems.iter().find(|p| p.code == "BR-02").unwrap().page, Some(2));
}

#[tokio::test]
async fn rows_of_a_part_that_are_in_a_file_are_checked_and_errors_of_many_parts_come_first() {
    let bench = bench();
    let mut sample = Sample::good_invoice();
    let mut other = Sample::good_invoice();
    other.0.line_items[0].get_mut("line_total").unwrap().value = "999".into();
    let rows: String = other.0.line_items.iter().map(docmill_contracts::public::row_line).collect();
    other.0.line_items.clear();
    sample.0.parts = vec![part(&sample, 1, 1), part(&other, 2, 9)];
    let blob = bench.blobs.put(Bytes::from(rows)).await.unwrap();
    sample.0.artifacts = vec![Artifact::rows(2, blob)];
    let found = result(&bench, &sample).await;
    assert_eq!(messages(&found, "BR-CO-10"), ["pages 2-9: the lines add up to 999, line_total is 573"]);

    other.0.fields.remove("buyer_name");
    sample.0.artifacts.clear();
    let first = part(&sample, 1, 1);
    sample.0.parts = std::iter::once(first).chain((2..500).map(|page| part(&other, page, page))).collect();
    other.0.fields.remove("seller_name");
    sample.0.parts.push(part(&other, 500, 500));
    let found = result(&bench, &sample).await;
    let of_parts: Vec<&Problem> = found.problems.iter().filter(|p| p.message.starts_with("pages ")).collect();
    assert_eq!(of_parts.len(), MOST_OF_PARTS);
    assert_eq!((of_parts[0].code.as_str(), of_parts[0].page), ("BR-06", Some(500)));
}

#[tokio::test]
async fn other_readings_of_an_engine_are_no_surer_than_what_it_chose() {
    let bench = bench();
    let mut sample = Sample::good_invoice();
    sample.confidence("seller_name", 0.9);
    for (value, confidence) in [("Other A", 0.95), ("Other B", 0.2), ("Other C", 0.97)] {
        sample.other_reading("seller_name", value, confidence);
    }
    // Another engine may have been surer of what does not stand on the page.
    sample.0.fields.get_mut("seller_name").unwrap().other_readings[2].engine = "llm".into();
    sample.0.parts = vec![part(&sample, 1, 1)];
    let found = result(&bench, &sample).await;
    for fields in [&found.fields, &found.parts[0].fields] {
        let sure: Vec<f64> = fields["seller_name"].other_readings.iter().map(|r| r.confidence).collect();
        assert_eq!(sure, [0.9, 0.2, 0.97]);
    }
}
