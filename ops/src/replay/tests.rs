use super::select::select;
use super::*;
use crate::desk::samples::{accepted, assembled, desk, extracted, out, result, status, submitted};
use docmill_contracts::{DocumentAssembled, DocumentState, DocumentStatus, DocumentSubmitted, ResultStatus};
use docmill_testkit::{Fault, SimLog};

fn args() -> ReplayArgs {
    ReplayArgs {
        log: LogArgs::default(),
        from: None,
        until: None,
        tenant: None,
        documents: Vec::new(),
        kind: None,
        status: Vec::new(),
        engine_version: None,
        stage: From::Ingest,
        dry_run: false,
        rate: None,
        to: None,
        yes: false,
        resume: None,
        without_submission: false,
    }
}

/// d1 of two tenants, d2 failed, d3 not ended, d4 of which only the result is kept.
async fn bench() -> (SimLog, Desk) {
    let (log, desk) = desk().await;
    log.produce(vec![
        out(&desk, submitted("acme", "d1", 1)),
        out(&desk, submitted("beta", "d1b", 1)),
        out(&desk, submitted("acme", "d2", 1)),
        out(&desk, submitted("acme", "d3", 1)),
        out(&desk, accepted("acme", "d1", 1)),
        out(&desk, assembled("acme", "d1", 1)),
        out(&desk, extracted("acme", "d1", 1)),
        out(&desk, result("acme", "d1", 1, ResultStatus::Accepted, "invoice", "1.0")),
        out(&desk, result("beta", "d1b", 1, ResultStatus::Review, "order", "1.1")),
        out(&desk, result("acme", "d2", 1, ResultStatus::Failed, "other", "1.0")),
        out(&desk, result("acme", "d4", 3, ResultStatus::Accepted, "invoice", "0.9")),
    ])
    .unwrap();
    (log, desk)
}

fn names(selection: &Selection) -> Vec<&str> {
    selection.chosen.keys().map(|n| n.document.as_str()).collect()
}

async fn replayed(desk: &Desk, args: &ReplayArgs, run: &str) -> Done {
    let mut writer = desk.writer("replay").await.unwrap();
    let mut selection = select(desk, args).await.unwrap();
    replay(desk, args, &mut selection, &mut writer, run).await.map_err(|(_, e)| e).unwrap()
}

#[tokio::test]
async fn documents_are_chosen_by_what_is_known_of_them() {
    let (_, desk) = bench().await;
    let cases: Vec<(ReplayArgs, &[&str])> = vec![
        (args(), &["d1", "d2", "d1b"]),
        (ReplayArgs { tenant: Some("beta".into()), ..args() }, &["d1b"]),
        (ReplayArgs { kind: Some("invoice".into()), ..args() }, &["d1"]),
        (ReplayArgs { status: vec![Outcome::Failed, Outcome::Review], ..args() }, &["d2", "d1b"]),
        (ReplayArgs { status: vec![Outcome::None], ..args() }, &["d3"]),
        (ReplayArgs { documents: vec!["d3".into()], ..args() }, &["d3"]),
        (ReplayArgs { engine_version: Some("1.0".into()), ..args() }, &["d1", "d2"]),
        (ReplayArgs { engine_version: Some("local/1.1".into()), ..args() }, &["d1b"]),
        (ReplayArgs { from: Some(1_700_000_000_000), ..args() }, &["d1", "d2", "d1b"]),
        (ReplayArgs { until: Some(1_700_000_000_000), ..args() }, &[]),
        (ReplayArgs { stage: From::Infer, ..args() }, &["d1"]),
        (ReplayArgs { without_submission: true, ..args() }, &["d1", "d2", "d4", "d1b"]),
    ];
    for (args, expected) in cases {
        assert_eq!(names(&select(&desk, &args).await.unwrap()), expected, "{args:?}");
    }
    let all = select(&desk, &args()).await.unwrap();
    assert_eq!((all.gone, all.open), (1, 1), "d4 is not kept, d3 has not ended");
}

#[tokio::test]
async fn a_replay_raises_the_revision_and_nothing_else() {
    let (log, desk) = bench().await;
    let one = ReplayArgs { documents: vec!["d1".into()], ..args() };
    let done = replayed(&desk, &one, "r1").await;
    assert_eq!(done[&Name::new("acme", "d1")], 2);
    let all = log.records("documents.submitted");
    let (_, last) = all.iter().max_by_key(|(_, r)| r.timestamp_ms).unwrap();
    let again: DocumentSubmitted = desk.codec.decode(last.value.as_ref().unwrap()).unwrap();
    assert_eq!(again, DocumentSubmitted { revision: 2, ..submitted("acme", "d1", 1) });
    assert_eq!(last.headers.text(REPLAY), Some("r1"));
    let told = log.records("documents.status");
    let told: DocumentStatus = desk.codec.decode(told[0].1.value.as_ref().unwrap()).unwrap();
    assert_eq!((told.revision, told.state), (2, DocumentState::Submitted));
    // A second replay finds revision 2, although no stage has seen it yet.
    assert_eq!(replayed(&desk, &one, "r2").await[&Name::new("acme", "d1")], 3);
}

#[tokio::test]
async fn a_replay_from_a_later_stage_takes_its_record() {
    let (log, desk) = bench().await;
    // A revision that is known by its status alone counts too.
    log.produce(vec![out(&desk, status("acme", "d1", 4, DocumentState::Rendering))]).unwrap();
    let infer = ReplayArgs { stage: From::Infer, ..args() };
    let done = replayed(&desk, &infer, "r1").await;
    assert_eq!(done.into_iter().collect::<Vec<_>>(), [(Name::new("acme", "d1"), 5)]);
    let (_, last) = log.records("documents.assembled").pop().unwrap();
    let again: DocumentAssembled = desk.codec.decode(last.value.as_ref().unwrap()).unwrap();
    assert_eq!(again.head.revision, 5);
    assert_eq!(again.pages, assembled("acme", "d1", 1).pages);
    assert_eq!(log.records("documents.submitted").len(), 4, "nothing is submitted");
    assert_eq!(replayed(&desk, &ReplayArgs { stage: From::Validate, ..args() }, "r2").await.len(), 1);
}

#[tokio::test]
async fn an_interrupted_replay_goes_on_where_it_was() {
    let (log, desk) = bench().await;
    let paced = ReplayArgs { rate: Some("1000/s".parse().unwrap()), ..args() };
    let mut writer = desk.writer("replay").await.unwrap();
    let mut selection = select(&desk, &paced).await.unwrap();
    // With a rate each document is a transaction; the second is never heard of again, though it was committed.
    log.produce(vec![]).unwrap();
    let mut first = true;
    let count = || log.records("documents.submitted").len();
    if std::mem::take(&mut first) {
        log.fail_next("docmill-replay", Fault::CommittedButLost);
    }
    let (done, _) = replay(&desk, &paced, &mut selection, &mut writer, "r1").await.unwrap_err();
    assert_eq!((done.len(), count()), (0, 5), "committed, and not known to be");
    let resumed = ReplayArgs { resume: Some("r1".into()), ..args() };
    let selection = select(&desk, &resumed).await.unwrap();
    assert_eq!((selection.chosen.len(), selection.done_before), (2, 1));
    assert_eq!(replayed(&desk, &resumed, "r1").await.len(), 2);
    assert_eq!(count(), 7, "each of the three once");
}

#[tokio::test]
async fn a_side_topic_takes_the_records_and_the_flow_none() {
    let (log, desk) = bench().await;
    let side = ReplayArgs { to: Some("documents.validated".into()), ..args() };
    replayed(&desk, &side, "r1").await;
    assert_eq!(log.records("documents.validated").len(), 3);
    assert_eq!((log.records("documents.submitted").len(), log.records("documents.status").len()), (4, 0));
}

#[tokio::test]
async fn without_its_submission_a_document_is_submitted_from_its_result() {
    let (log, desk) = bench().await;
    let old = ReplayArgs { documents: vec!["d4".into()], without_submission: true, ..args() };
    assert_eq!(replayed(&desk, &old, "r1").await[&Name::new("acme", "d4")], 4);
    let all = log.records("documents.submitted");
    let found = all.iter().find(|(_, r)| r.headers.text(REPLAY).is_some()).unwrap();
    let again: DocumentSubmitted = desk.codec.decode(found.1.value.as_ref().unwrap()).unwrap();
    assert_eq!(again.blob, submitted("acme", "d4", 1).blob);
    assert_eq!((again.name.as_str(), again.revision), ("d4.pdf", 4));
}
