//! Workers on the in-memory log: what comes out is exactly once, whatever fails.

#![allow(clippy::unwrap_used)]

mod gather;
mod support;

use bytes::Bytes;
use docmill_contracts::{Class, DocumentControl, ErrorInfo, Headers, headers};
use docmill_runtime::transport::{OffsetCommit, OutRecord, Transaction, Transport, TransportError};
use docmill_runtime::worker::Gate;
use docmill_runtime::{Cx, Outputs, RunError, Stage, Unreadable, Worker};
use docmill_testkit::Fault;
use futures::future::BoxFuture;
use std::sync::Arc;
use support::*;
use tokio::sync::{Notify, watch};

#[tokio::test]
async fn every_record_has_one_outcome_and_what_was_given_up_keeps_its_bytes() {
    let world = World::new().await;
    for i in 0..60 {
        let reason = [None, Some("once"), None, Some("input"), None, Some("panic")][i % 6];
        world.produce(&format!("d{i:02}"), reason);
    }
    world.raw("garbage", b"no avro".to_vec());
    let named = Headers::new()
        .with(headers::DOCUMENT_ID, "named")
        .with(headers::REVISION, "1")
        .with(headers::TENANT, "t")
        .with("mine", "kept");
    let value = Some(Bytes::from_static(b"no avro either"));
    world
        .log
        .produce(vec![OutRecord { topic: "in".into(), partition: None, key: None, value, headers: named }])
        .unwrap();
    for fault in [Fault::Aborted, Fault::Aborted] {
        world.log.fail_next("docmill.echo.0", fault);
    }
    let (task, stop) = world.start(Worker::stage("echo", Echo));
    let mut outputs = world.outputs(61).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert_eq!(outputs.remove("named"), Some(vec![-2]), "its headers name its document");
    assert_eq!(outputs.len(), 60);
    for (id, values) in outputs {
        let i: usize = id[1..].parse().unwrap();
        let expected = if i % 6 == 3 || i % 6 == 5 { -1 } else { 1 };
        assert_eq!(values, [expected], "{id}");
    }
    let dead = world.log.records("dlq");
    assert_eq!(dead.len(), 22);
    for (_, record) in &dead {
        let header = |name| record.headers.text(name).unwrap();
        assert_eq!((header("mine"), header(headers::dlq::TOPIC)), ("kept", "in"));
        let (code, attempts) = (header(headers::dlq::CODE), header(headers::dlq::ATTEMPTS));
        match code {
            "TEST-0001" | "RUNTIME-0007" => assert_eq!(attempts, "1"),
            "RUNTIME-0004" => assert_eq!(attempts, "2", "a panic is tried once more"),
            other => panic!("unexpected code {other}"),
        }
    }
    let garbage = dead.iter().find(|(_, r)| r.key.as_deref() == Some(b"garbage".as_slice())).unwrap();
    assert_eq!(garbage.1.value.as_deref(), Some(b"no avro".as_slice()));
    let committed = world.log.committed("docmill.echo", "in").await.unwrap();
    let marks = world.log.watermarks("in").await.unwrap();
    for mark in marks {
        let position = committed.iter().find(|c| c.partition == mark.partition).unwrap();
        assert_eq!((position.offset, position.metadata.as_str()), (mark.high, ""), "all is committed");
    }
}

#[tokio::test]
async fn an_output_that_its_topic_will_not_take_costs_its_own_record_alone() {
    let world = World::new().await;
    for (id, reason) in [("a", None), ("b", Some("big")), ("c", None)] {
        world.produce(id, reason);
    }
    let (task, stop) = world.start(Worker::stage("echo", Echo));
    let outputs = world.outputs(3).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert_eq!((&outputs["a"], &outputs["b"], &outputs["c"]), (&vec![1], &vec![-1], &vec![1]));
    let dead = world.log.records("dlq");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].1.headers.text(headers::dlq::CODE), Some("RUNTIME-0008"));
}

#[tokio::test]
async fn after_a_lost_commit_the_worker_begins_anew_and_doubles_nothing() {
    let world = World::new().await;
    for i in 0..40 {
        world.produce(&format!("d{i:02}"), None);
    }
    for fault in [Fault::CommittedButLost, Fault::Fatal, Fault::CommittedButLost] {
        world.log.fail_next("docmill.echo.0", fault);
    }
    let (task, stop) = world.start(Worker::stage("echo", Echo));
    let outputs = world.outputs(40).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert!(outputs.len() == 40 && outputs.values().all(|v| v.len() == 1), "{outputs:?}");
    assert_eq!(world.log.records("out").len(), 40);
}

#[tokio::test]
async fn a_producer_that_is_lost_again_and_again_ends_the_worker() {
    let world = World::new().await;
    world.produce("d", None);
    for _ in 0..6 {
        world.log.fail_next("docmill.echo.0", Fault::Fatal);
    }
    let (task, _stop) = world.start(Worker::stage("echo", Echo));
    assert!(matches!(task.await.unwrap(), Err(RunError::Commit { .. })));
}

/// Waits in the middle of a record.
struct Held(Arc<Notify>, Arc<Notify>);

impl Stage for Held {
    type In = DocumentControl;
    type Err = Told;

    async fn run(&self, input: &DocumentControl, cx: &Cx) -> Result<Outputs, Told> {
        self.0.notify_one();
        self.1.notified().await;
        Echo.run(input, cx).await
    }

    fn dead(&self, input: &DocumentControl, error: ErrorInfo) -> Outputs {
        Echo.dead(input, error)
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        Echo.unreadable(record)
    }
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_and_loses_its_last_commit_has_stopped() {
    let world = World::new().await;
    world.produce("d", None);
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let held = Held(Arc::clone(&begun), Arc::clone(&go));
    let (task, stop) = world.start(Worker::stage("echo", held));
    begun.notified().await;
    world.log.fail_next("docmill.echo.0", Fault::Fatal);
    stop.send_replace(true);
    go.notify_one();
    task.await.unwrap().unwrap();
    let committed = world.log.committed("docmill.echo", "in").await.unwrap();
    assert!(committed.iter().all(|c| c.offset == 0), "the commit was lost, but not {committed:?}");
    let (task, stop) = world.start(Worker::stage("echo", Echo));
    assert_eq!(world.outputs(1).await["d"], [1]);
    stop.send_replace(true);
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_position_that_the_log_does_not_have_stops_the_worker() {
    let world = World::new().await;
    let (task, stop) = world.start(Worker::stage("echo", Echo));
    world.produce("d", None);
    world.outputs(1).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    // The topic is made anew under the same name: its group's position is ahead of its records.
    let other = World::new().await;
    let mut seat = other.log.join(member("docmill.echo", "in")).await.unwrap();
    let offsets = (0..3).map(|partition| OffsetCommit { partition, offset: 500, metadata: String::new() });
    seat.1.commit(Transaction { records: vec![], offsets: offsets.collect() }).await.unwrap();
    drop(seat);
    let (task, _stop) = other.start(Worker::stage("echo", Echo));
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(&error, RunError::Log { source: TransportError::DataLoss { .. }, .. }), "{error}");
    assert!(error.to_string().contains("position 500"), "{error}");
}

#[tokio::test]
async fn what_records_were_made_of_is_in_their_headers_and_a_refused_document_gets_its_outcome() {
    struct Cancelled;
    impl Gate for Cancelled {
        fn refuses(&self, headers: &Headers) -> Option<ErrorInfo> {
            (headers.text(headers::DOCUMENT_ID) == Some("b"))
                .then(|| ErrorInfo::of(&Told(Class::Input), "test", None))
        }
    }
    let world = World::new().await;
    world.produce("a", Some("once"));
    world.produce("b", None);
    let (task, stop) = world.start_with(Worker::stage("echo", Echo), Arc::new(Cancelled));
    let outputs = world.outputs(2).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert_eq!((&outputs["a"], &outputs["b"]), (&vec![1], &vec![-1]));
    assert!(world.log.records("dlq").is_empty(), "a refusal is no dead letter");
    for (_, record) in world.log.records("out") {
        let header = |name| record.headers.text(name).unwrap();
        let a = header(headers::DOCUMENT_ID) == "a";
        assert_eq!((header(headers::WORKER), header(headers::ATTEMPT)), ("echo", if a { "2" } else { "1" }));
        assert!(header(headers::SOURCE).starts_with("in/"));
    }
}

#[tokio::test]
async fn work_on_a_document_that_is_cancelled_meanwhile_is_given_up() {
    struct Later(watch::Sender<bool>);
    impl Gate for Later {
        fn refuses(&self, _headers: &Headers) -> Option<ErrorInfo> {
            self.0.borrow().then(|| ErrorInfo::of(&Told(Class::Input), "test", None))
        }
        fn changed(&self) -> BoxFuture<'static, ()> {
            let mut changes = self.0.subscribe();
            Box::pin(async move { changes.changed().await.unwrap() })
        }
    }
    /// Says when it is at work, and never ends.
    struct Endless(watch::Sender<bool>);
    impl Stage for Endless {
        type In = DocumentControl;
        type Err = Told;
        async fn run(&self, _input: &DocumentControl, _cx: &Cx) -> Result<Outputs, Told> {
            self.0.send_replace(true);
            std::future::pending().await
        }
        fn dead(&self, input: &DocumentControl, _error: ErrorInfo) -> Outputs {
            Outputs::one(status(&input.document_id, -1))
        }
        fn unreadable(&self, _record: Unreadable) -> Outputs {
            Outputs::none()
        }
    }
    let world = World::new().await;
    world.produce("a", None);
    let (cancel, at_work) = (watch::Sender::new(false), watch::Sender::new(false));
    let mut working = at_work.subscribe();
    let gate = Arc::new(Later(cancel.clone()));
    let (task, stop) = world.start_with(Worker::stage("echo", Endless(at_work)), gate);
    working.wait_for(|at_work| *at_work).await.unwrap();
    cancel.send_replace(true);
    assert_eq!(world.outputs(1).await["a"], [-1]);
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert!(world.log.records("dlq").is_empty());
}
