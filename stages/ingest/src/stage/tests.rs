use super::*;
use crate::TenantLimits;
use docmill_contracts::{AnyRecord, DocumentResult, ProcessingOptions, ResultStatus};

const PDF: &[u8] = b"%PDF-1.7\nnot much of one";

struct Bench {
    folder: tempfile::TempDir,
    blobs: Blobs,
    stage: Ingest,
}

fn bench(config: Config) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let stage = Ingest::new(config, blobs.clone(), Documents::default()).unwrap();
    Bench { folder, blobs, stage }
}

fn cx(attempt: u32) -> Cx {
    Cx { worker: "ingest", attempt, now_ms: 1_800_000_000_000 }
}

fn submitted_inline(name: &str, bytes: &[u8]) -> DocumentSubmitted {
    DocumentSubmitted {
        document_id: String::new(),
        tenant: "default".into(),
        name: name.into(),
        media_type: None,
        inline: Some(bytes.to_vec()),
        blob: None,
        revision: 1,
        options: ProcessingOptions::default(),
        submitted_at: 1_799_999_999_000,
    }
}

fn by_blob(blob: BlobRef) -> DocumentSubmitted {
    DocumentSubmitted { inline: None, blob: Some(blob), ..submitted_inline("big.pdf", b"") }
}

fn accepted(outputs: &Outputs) -> &DocumentHead {
    match outputs.records() {
        [AnyRecord::DocumentAccepted(accepted), AnyRecord::DocumentStatus(status)] => {
            assert_eq!(status.state, DocumentState::Submitted);
            assert_eq!(status.document_id, accepted.head.document_id);
            &accepted.head
        }
        other => panic!("not accepted: {other:?}"),
    }
}

fn rejected(outputs: &Outputs) -> (&DocumentResult, String) {
    match outputs.records() {
        [AnyRecord::DocumentValidated(ended), AnyRecord::DocumentStatus(_)] => {
            assert_eq!(ended.result.status, ResultStatus::Rejected);
            let error = ended.result.error.as_ref().unwrap();
            (&ended.result, format!("{}: {}", error.code, error.message))
        }
        other => panic!("not rejected: {other:?}"),
    }
}

async fn rejection(bench: &Bench, input: &DocumentSubmitted) -> String {
    rejected(&bench.stage.run(input, &cx(1)).await.unwrap()).1
}

#[tokio::test]
async fn inline_bytes_are_stored_before_the_document_goes_on() {
    let bench = bench(Config::default());
    let input = submitted_inline("../a\u{202e}.pdf", PDF);
    let outputs = bench.stage.run(&input, &cx(1)).await.unwrap();
    let head = accepted(&outputs);
    assert_eq!(head.source.name, "a.pdf");
    assert_eq!(head.source.media_type, "application/pdf");
    assert_eq!(head.source.bytes, i64::try_from(PDF.len()).unwrap());
    assert_eq!(head.content_sha256, content_sha256(PDF));
    assert_eq!(head.document_id, derive_document_id("default", &input.name, &head.content_sha256));
    assert_eq!(bench.blobs.get(&head.original).await.unwrap(), PDF);
    assert_eq!(bench.stage.run(&input, &cx(2)).await.unwrap(), outputs, "a second run gives the same");
}

#[tokio::test]
async fn a_blob_is_verified_and_kept_where_it_is() {
    let bench = bench(Config::default());
    let blob = bench.blobs.put(Bytes::from_static(PDF)).await.unwrap();
    let input = DocumentSubmitted { document_id: "order-17".into(), revision: 3, ..by_blob(blob.clone()) };
    let outputs = bench.stage.run(&input, &cx(1)).await.unwrap();
    let head = accepted(&outputs);
    assert_eq!(
        (&head.original, head.document_id.as_str(), head.revision, head.submitted_at),
        (&blob, "order-17", 3, 1_799_999_999_000)
    );
}

#[tokio::test]
async fn a_declared_media_type_is_not_trusted() {
    let bench = bench(Config::default());
    let declared = |media_type: &str, bytes: &[u8]| DocumentSubmitted {
        media_type: Some(media_type.into()),
        ..submitted_inline("x", bytes)
    };
    let outputs = bench.stage.run(&declared("image/png", PDF), &cx(1)).await.unwrap();
    assert_eq!(accepted(&outputs).source.media_type, "application/pdf");
    let message = rejection(&bench, &declared("application/pdf", b"GIF89a")).await;
    assert!(
        message.starts_with("INGEST-0003: x is not a PDF") && message.ends_with("a GIF image"),
        "{message}"
    );
}

#[tokio::test]
async fn what_cannot_be_admitted_is_rejected_with_its_reason() {
    let bench = bench(Config { max_bytes: 100_000, ..Config::default() });
    let long = "x".repeat(300);
    let broken = |name: &str, change: fn(&mut DocumentSubmitted)| {
        let mut input = submitted_inline(name, PDF);
        change(&mut input);
        input
    };
    let zeros = "0".repeat(64);
    for (input, want) in [
        (submitted_inline("e.pdf", b""), "INGEST-0001: e.pdf is empty: 0 bytes".to_owned()),
        (
            by_blob(BlobRef { sha256: zeros.clone(), bytes: 100_001 }),
            "INGEST-0002: big.pdf has 100001 bytes, more than the 100000 bytes that tenant default may submit"
                .to_owned(),
        ),
        (submitted_inline("d.xml", b"<!DOCTYPE a []><a/>"), "INGEST-0004: d.xml is XML with".to_owned()),
        (submitted_inline("s.xml", b"<svg/>"), "INGEST-0005: s.xml is XML with root `svg`".to_owned()),
        (broken("n.pdf", |s| s.inline = None), "INGEST-0006: n.pdf was submitted with neither".to_owned()),
        (
            submitted_inline("i.pdf", &vec![b'%'; MAX_INLINE_BYTES + 1]),
            "INGEST-0007: i.pdf was submitted with 65537 inline bytes".to_owned(),
        ),
        (
            broken("h.pdf", |s| s.blob = Some(BlobRef::of(b"other"))),
            "INGEST-0010: h.pdf: the content does not have SHA-256".to_owned(),
        ),
        (
            by_blob(BlobRef { sha256: "../../etc/passwd".into(), bytes: 5 }),
            "INGEST-0011: big.pdf: `../../etc/passwd` is not a SHA-256".to_owned(),
        ),
        (
            by_blob(BlobRef { sha256: zeros, bytes: -5 }),
            "INGEST-0011: big.pdf: `000000".to_owned(),
        ),
        (broken("t.pdf", |s| s.tenant.clear()), "INGEST-0012: t.pdf: tenant is empty".to_owned()),
        (broken("r.pdf", |s| s.revision = 0), "INGEST-0012: r.pdf: revision is below 1".to_owned()),
        (
            DocumentSubmitted { document_id: long, ..submitted_inline("l.pdf", PDF) },
            "INGEST-0012: l.pdf: document_id is longer than 200 bytes".to_owned(),
        ),
    ] {
        let outputs = bench.stage.run(&input, &cx(1)).await.unwrap();
        let (result, message) = rejected(&outputs);
        assert!(message.starts_with(&want), "{message}\nwanted {want}");
        assert!(!result.document_id.is_empty() && result.document_id.len() <= 200);
    }
}

#[tokio::test]
async fn a_missing_blob_is_waited_for_and_then_rejected() {
    let bench = bench(Config::default());
    let input = by_blob(BlobRef::of(b"never stored"));
    for attempt in 1..3 {
        let error = bench.stage.run(&input, &cx(attempt)).await.unwrap_err();
        assert_eq!((error.class(), error.code().0), (Class::Transient, "INGEST-0009"));
    }
    let outputs = bench.stage.run(&input, &cx(3)).await.unwrap();
    assert!(rejected(&outputs).1.starts_with("INGEST-0008: big.pdf: blob "));
}

#[tokio::test]
async fn a_blob_with_other_bytes_is_rejected() {
    let bench = bench(Config::default());
    let blob = bench.blobs.put(Bytes::from_static(PDF)).await.unwrap();
    let path = bench.folder.path().join(format!("sha256/{}/{}", &blob.sha256[..2], blob.sha256));
    std::fs::write(path, b"%PDF-1.7\nand something else").unwrap();
    assert!(rejection(&bench, &by_blob(blob)).await.starts_with("INGEST-0010"));
}

#[tokio::test]
async fn a_tenant_over_its_rate_is_slowed_and_no_other_is() {
    let slow = TenantLimits { documents_per_second: Some(0.001), burst: Some(2), max_bytes: Some(10) };
    let bench = bench(Config { tenants: [("slow".to_owned(), slow)].into(), ..Config::default() });
    let of =
        |tenant: &str| DocumentSubmitted { tenant: tenant.into(), ..submitted_inline("a.pdf", b"%PDF-1.7") };
    for _ in 0..2 {
        accepted(&bench.stage.run(&of("slow"), &cx(1)).await.unwrap());
    }
    let error = bench.stage.run(&of("slow"), &cx(1)).await.unwrap_err();
    assert_eq!((error.class(), error.code().0), (Class::Transient, "INGEST-0013"));
    for _ in 0..50 {
        accepted(&bench.stage.run(&of("other"), &cx(1)).await.unwrap());
    }
    let dead = bench.stage.dead(&of("slow"), ErrorInfo::of(&error, STAGE, None));
    let [AnyRecord::DocumentValidated(ended)] = dead.records() else { panic!("{dead:?}") };
    assert_eq!(ended.result.status, ResultStatus::Failed);
    assert_eq!(ended.result.source.name, "a.pdf");
}

#[test]
fn mistakes_of_the_settings_are_told_all_at_once() {
    let own = TenantLimits { burst: Some(0), ..TenantLimits::default() };
    let config = Config {
        max_bytes: 0,
        documents_per_second: f64::NAN,
        tenants: [("t".to_owned(), own)].into(),
        ..Config::default()
    };
    let message = config.check().unwrap_err().to_string();
    for part in ["max_bytes = 0", "documents_per_second = NaN", "tenants.t.burst = 0"] {
        assert!(message.contains(part), "{message}");
    }
}
