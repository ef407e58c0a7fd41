use super::*;
use crate::desk::samples::{accepted, desk, letter, out, status, submitted};
use bytes::Bytes;
use docmill_contracts::{DocumentState, DocumentStatus, ResultStatus};
use docmill_runtime::metadata::{Mark, Metadata};
use docmill_runtime::transport::{Event, Member, OffsetCommit, OutRecord, Transaction, Transport};
use docmill_testkit::SimLog;

/// Commits a position of worker `ingest` at partition 0.
async fn commit(log: &SimLog, offset: i64, metadata: String) {
    let member = Member {
        group: "docmill.ingest".into(),
        topic: "documents.submitted".into(),
        slot: "0".into(),
        transaction_timeout: Duration::from_secs(10),
        session_timeout: Duration::from_secs(10),
        fetch_bytes: 1 << 20,
    };
    let (mut consumer, mut producer) = log.join(member).await.unwrap();
    while !matches!(consumer.next().await.unwrap(), Event::Assigned(_)) {}
    let offsets = vec![OffsetCommit { partition: 0, offset, metadata }];
    producer.commit(Transaction { records: Vec::new(), offsets }).await.unwrap();
    consumer.close().await;
}

fn at_zero(desk: &crate::desk::Desk, id: &str) -> OutRecord {
    OutRecord { partition: Some(0), ..out(desk, submitted("a", id, 1)) }
}

async fn ingest(desk: &crate::desk::Desk) -> WorkerState {
    worker::state(desk, &desk.topology.workers["ingest"]).await.unwrap()
}

#[tokio::test]
async fn lag_is_records_that_are_not_done_and_gaps_are_none() {
    let (log, desk) = desk().await;
    log.produce((0..6).map(|i| at_zero(&desk, &format!("d{i}"))).collect()).unwrap();
    // The ends of transactions use up offsets and are no records.
    log.gap("documents.submitted", 0, 3);
    let state = ingest(&desk).await;
    assert_eq!((state.lag, state.exact, state.span), (6, true, 0));
    assert_eq!(state.oldest, Some(log.records("documents.submitted")[0].1.timestamp_ms));

    // 0 and 1 are done, 2 is in work, 3 and 5 are done out of order, 4 is not.
    let metadata = Metadata {
        done: vec![false, true, false, true],
        opens: 1,
        marks: vec![
            Mark { index: 0, deaths: 0, started: true },
            Mark { index: 2, deaths: 2, started: false },
        ],
    };
    commit(&log, 2, metadata.encode()).await;
    let state = ingest(&desk).await;
    assert_eq!((state.lag, state.exact, state.span, state.in_flight), (2, true, 4, 1));
    assert_eq!(state.done, 4);
    assert!(state.notes[0].contains("offset 4: 2 members died"), "{:?}", state.notes);

    commit(&log, 6, String::new()).await;
    let state = ingest(&desk).await;
    assert_eq!((state.lag, state.exact, state.oldest), (0, true, None), "the gap at the end is no lag");
}

#[tokio::test]
async fn what_is_odd_is_said() {
    let (log, desk) = desk().await;
    log.produce(vec![at_zero(&desk, "d")]).unwrap();
    commit(&log, 0, "v9.what".into()).await;
    let state = ingest(&desk).await;
    assert!(state.notes[0].contains("v9.what"), "{:?}", state.notes);
    commit(&log, 7, String::new()).await;
    let state = ingest(&desk).await;
    assert!(state.notes[0].contains("position 7 is outside of 0..1"), "{:?}", state.notes);
}

#[tokio::test]
async fn documents_are_counted_by_their_last_state_and_letters_by_worker() {
    let (log, desk) = desk().await;
    let done = |tenant, outcome| DocumentStatus {
        outcome: Some(outcome),
        ..status(tenant, "d", 1, DocumentState::Done)
    };
    let from = "documents.accepted/0/1".parse().unwrap();
    let unread = OutRecord {
        value: Some(Bytes::from_static(b"?")),
        ..out(&desk, status("x", "y", 1, DocumentState::Done))
    };
    log.produce(vec![
        out(&desk, status("a", "e", 1, DocumentState::Rendering)),
        out(&desk, done("a", ResultStatus::Accepted)),
        out(&desk, status("a", "f", 1, DocumentState::Submitted)),
        unread,
        letter("dlq.render", "plan", "X-0001", &from, out(&desk, accepted("a", "d", 1))),
    ])
    .unwrap();
    let look = look(&desk).await.unwrap();
    let counts: Vec<(String, usize)> = look.documents.counts().into_iter().collect();
    assert_eq!(
        counts,
        [("done: accepted".to_owned(), 1), ("rendering".to_owned(), 1), ("submitted".to_owned(), 1)]
    );
    assert_eq!(look.dead["plan"], 1);
    let order: Vec<&str> = look.workers.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(order, ["ingest", "plan", "page", "ocr", "gather", "infer", "validate", "duplicates", "sink"]);
}
