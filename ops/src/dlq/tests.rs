use super::redrive::{RedriveArgs, redrive};
use super::*;
use crate::desk::samples::{accepted, desk, letter, out, rendered, result, submitted};
use bytes::Bytes;
use docmill_contracts::{DocumentSubmitted, Headers, ResultStatus};
use docmill_runtime::transport::OutRecord;
use docmill_testkit::SimLog;

fn place(text: &str) -> Place {
    text.parse().unwrap()
}

fn args() -> RedriveArgs {
    RedriveArgs {
        log: crate::desk::LogArgs::default(),
        filter: Filter::default(),
        dry_run: false,
        rate: None,
        to: None,
        raw: false,
    }
}

/// Two documents that render gave up, one page that ocr gave up, and one record that nobody can read.
async fn bench() -> (SimLog, Desk) {
    let (log, desk) = desk().await;
    let of = |record, code, n: i64| {
        let from = place(&format!("documents.accepted/1/{n}"));
        letter("dlq.render", "plan", code, &from, record)
    };
    let page = letter(
        "dlq.ocr",
        "ocr",
        "OCR-0001",
        &place("pages.rendered/0/5"),
        out(&desk, rendered("acme", "d3", 1)),
    );
    let garbage = OutRecord {
        topic: Arc::from("documents.accepted"),
        partition: None,
        key: Some(Bytes::from_static(b"k")),
        value: Some(Bytes::from_static(b"\xff\xfe")),
        headers: Headers::new().with("mine", "kept"),
    };
    log.produce(vec![
        of(out(&desk, accepted("acme", "d1", 1)), "RENDER-0003", 1),
        of(out(&desk, accepted("beta", "d1", 1)), "RENDER-0004", 2),
        page,
        of(garbage, "RUNTIME-0003", 3),
    ])
    .unwrap();
    (log, desk)
}

#[tokio::test]
async fn letters_are_listed_by_their_headers_and_filtered() {
    let (_, desk) = bench().await;
    let all = letters(&desk, &Filter::default()).await.unwrap();
    assert_eq!(all.letters.len(), 4);
    let counts = list::counts(&all.open().collect::<Vec<_>>());
    assert_eq!(counts[&("plan".into(), "RENDER-0003".into())], 1);
    let first = &all.letters.iter().find(|l| l.code == "RENDER-0003").unwrap();
    assert_eq!(
        (first.document.as_str(), first.tenant.as_str(), first.attempts.as_str()),
        ("d1", "acme", "2")
    );
    assert_eq!(first.origin, Some(place("documents.accepted/1/1")));
    for (filter, expected) in [
        (Filter { stage: Some("render".into()), ..Filter::default() }, 3),
        (Filter { stage: Some("plan".into()), ..Filter::default() }, 3),
        (Filter { tenant: Some("acme".into()), ..Filter::default() }, 2),
        (Filter { tenant: Some("beta".into()), document: Some("d1".into()), ..Filter::default() }, 1),
        (Filter { code: Some("OCR-0001".into()), ..Filter::default() }, 1),
        (Filter { since: Some(first.at + 1), ..Filter::default() }, 0),
    ] {
        assert_eq!(letters(&desk, &filter).await.unwrap().letters.len(), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_letter_goes_back_as_it_was_and_only_once() {
    let (log, desk) = bench().await;
    let stage =
        RedriveArgs { filter: Filter { stage: Some("render".into()), ..Filter::default() }, ..args() };
    let dry = redrive(&desk, &RedriveArgs { dry_run: true, ..stage }).await.unwrap();
    assert_eq!(dry.letters.values().sum::<usize>(), 3);
    assert!(log.records("documents.accepted").is_empty(), "a dry run writes nothing");

    let stage =
        RedriveArgs { filter: Filter { stage: Some("render".into()), ..Filter::default() }, ..args() };
    let done = redrive(&desk, &stage).await.unwrap();
    assert_eq!(done, dry);
    let back = log.records("documents.accepted");
    assert_eq!(back.len(), 3);
    let garbage = back.iter().map(|(_, r)| r).find(|r| r.key.as_deref() == Some(b"k")).unwrap();
    assert_eq!(garbage.value.as_deref(), Some(&b"\xff\xfe"[..]));
    let names: Vec<&str> = garbage.headers.iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["mine", REDRIVEN_FROM], "the original headers and where it was");

    let again = redrive(&desk, &stage).await.unwrap();
    assert!(again.letters.is_empty(), "{again:?}");
    assert_eq!(log.records("documents.accepted").len(), 3);
    let all = letters(&desk, &Filter::default()).await.unwrap();
    assert_eq!((all.letters.len(), all.open().count()), (4, 1));
}

#[tokio::test]
async fn a_letter_that_dies_again_is_a_letter_of_its_own() {
    let (log, desk) = desk().await;
    let from = place("documents.accepted/0/1");
    log.produce(vec![letter("dlq.render", "plan", "X-0001", &from, out(&desk, accepted("a", "d", 1)))])
        .unwrap();
    redrive(&desk, &args()).await.unwrap();
    let (_, back) = log.records("documents.accepted").remove(0);
    let record = OutRecord {
        topic: Arc::from("documents.accepted"),
        partition: None,
        key: back.key,
        value: back.value,
        headers: back.headers,
    };
    log.produce(vec![letter("dlq.render", "plan", "X-0001", &from, record)]).unwrap();
    let all = letters(&desk, &Filter::default()).await.unwrap();
    assert_eq!(all.open().count(), 1);
    assert_eq!(all.open().next().unwrap().redriven_from.as_deref(), Some("dlq.render/0/0"));
    assert_eq!(redrive(&desk, &args()).await.unwrap().letters.len(), 1);
    let (_, last) = log.records("documents.accepted").remove(1);
    let froms = last.headers.iter().filter(|(n, _)| *n == REDRIVEN_FROM).count();
    assert_eq!(froms, 1, "the newest letter only");
}

#[tokio::test]
async fn a_page_comes_back_as_its_document_under_a_new_revision_once() {
    let (log, desk) = bench().await;
    let second = letter(
        "dlq.ocr",
        "ocr",
        "OCR-0001",
        &place("pages.rendered/1/6"),
        out(&desk, rendered("acme", "d3", 1)),
    );
    log.produce(vec![second]).unwrap();
    let ocr = RedriveArgs { filter: Filter { stage: Some("ocr".into()), ..Filter::default() }, ..args() };
    let done = redrive(&desk, &ocr).await.unwrap();
    assert_eq!(done.documents[&("acme".into(), "d3".into())], 2);
    assert_eq!(done.letters.values().sum::<usize>(), 2);
    let submitted = log.records("documents.submitted");
    assert_eq!((submitted.len(), log.records("pages.rendered").len()), (1, 0));
    let record: DocumentSubmitted = desk.codec.decode(submitted[0].1.value.as_ref().unwrap()).unwrap();
    assert_eq!((record.document_id.as_str(), record.revision), ("d3", 2));
    assert!(record.options.ignore_embedded_xml, "the options are those of the document");
    assert!(redrive(&desk, &ocr).await.unwrap().letters.is_empty());

    let (log, desk) = bench().await;
    let raw = RedriveArgs { raw: true, ..ocr };
    redrive(&desk, &raw).await.unwrap();
    assert_eq!((log.records("documents.submitted").len(), log.records("pages.rendered").len()), (0, 1));
}

#[tokio::test]
async fn what_has_a_later_revision_is_left_alone_unless_raw() {
    let (log, desk) = bench().await;
    log.produce(vec![
        out(&desk, submitted("acme", "d1", 2)),
        out(&desk, result("acme", "d3", 4, ResultStatus::Accepted, "invoice", "1")),
    ])
    .unwrap();
    let acme = |raw| RedriveArgs {
        filter: Filter { tenant: Some("acme".into()), ..Filter::default() },
        raw,
        ..args()
    };
    let done = redrive(&desk, &acme(false)).await.unwrap();
    assert_eq!((done.superseded, done.letters.len()), (2, 0));
    let done = redrive(&desk, &acme(true)).await.unwrap();
    assert_eq!((done.superseded, done.letters.len()), (0, 2));
}

#[tokio::test]
async fn a_copy_to_a_side_topic_leaves_the_letters_open() {
    let (log, desk) = bench().await;
    let side = RedriveArgs { to: Some("documents.validated".into()), ..args() };
    redrive(&desk, &side).await.unwrap();
    assert_eq!(log.records("documents.validated").len(), 4);
    assert_eq!(letters(&desk, &Filter::default()).await.unwrap().open().count(), 4);
}

#[tokio::test]
async fn one_letter_is_found_by_its_place() {
    let (_, desk) = bench().await;
    let (found, record) = show::find(&desk, place("ocr/0/0")).await.unwrap();
    assert_eq!(found.to_string(), "dlq.ocr/0/0");
    assert!(record.value.is_some());
    for wrong in ["dlq.ocr/0/1", "dlq.ocr/7/0", "results/0/0"] {
        let error = show::find(&desk, place(wrong)).await.unwrap_err();
        assert!(matches!(error, OpsError::NoLetter { .. }), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn a_redrive_that_runs_elsewhere_is_fenced() {
    let (log, desk) = bench().await;
    let mut first = desk.writer("redrive").await.unwrap();
    redrive(&desk, &args()).await.unwrap();
    let late = out(&desk, accepted("acme", "d9", 1));
    assert!(first.commit(vec![late]).await.is_err());
    assert!(!log.records("documents.accepted").iter().any(|(_, r)| r.key.as_deref() == Some(b"acme/d9")));
}
