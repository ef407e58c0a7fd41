//! Workers on the in-memory log: what comes out is exactly once, whatever fails.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use docmill_contracts::{
    Class, Classify, Code, Codec, ControlAction, DocumentControl, DocumentState, DocumentStatus, ErrorInfo,
    GatherState, Headers, SchemaCatalog, headers,
};
use docmill_runtime::telemetry::LogsOnly;
use docmill_runtime::transport::{
    Member, OffsetCommit, OutRecord, Read, ReadFrom, Transaction, Transport, TransportError,
};
use docmill_runtime::worker::Gate;
use docmill_runtime::{
    Cx, Gather, Outputs, RunError, SchemaSource, Stage, Step, Topology, Unreadable, Worker, WorkerEnv,
};
use docmill_testkit::{Fault, SimLog};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;

const TOPOLOGY: &str = r#"
    [topics."in"]
    record = "DocumentControl"
    partitions = 3
    [topics."out"]
    record = "DocumentStatus"
    partitions = 3
    max_record = "1KiB"
    [topics."state"]
    record = "GatherState"
    partitions = 3
    compacted = true
    [topics."dlq"]
    [workers.echo]
    stage = "test"
    input = "in"
    outputs = ["out"]
    dead_letters = "dlq"
    concurrency = 4
    retry_deadline = "30s"
    [workers.count]
    stage = "test"
    input = "in"
    outputs = ["out"]
    changelog = "state"
    dead_letters = "dlq"
"#;

#[derive(Debug, Error)]
#[error("told to fail")]
struct Told(Class);

impl Classify for Told {
    fn class(&self) -> Class {
        self.0
    }
    fn code(&self) -> Code {
        Code("TEST-0001")
    }
}

fn status(id: &str, pages_done: i32) -> DocumentStatus {
    DocumentStatus {
        document_id: id.into(),
        revision: 1,
        tenant: "t".into(),
        name: String::new(),
        state: DocumentState::Done,
        pages_done,
        page_count: 0,
        outcome: None,
        at: 0,
    }
}

/// Does what the record's reason says.
struct Echo;

impl Stage for Echo {
    type In = DocumentControl;
    type Err = Told;

    async fn run(&self, input: &DocumentControl, cx: &Cx) -> Result<Outputs, Told> {
        match input.reason.as_deref() {
            Some("input") => Err(Told(Class::Input)),
            Some("once") if cx.attempt == 1 => Err(Told(Class::Transient)),
            Some("big") => {
                let name = "x".repeat(2000);
                Ok(Outputs::one(DocumentStatus { name, ..status(&input.document_id, 1) }))
            }
            Some("panic") => panic!("told to panic"),
            _ => Ok(Outputs::one(status(&input.document_id, 1))),
        }
    }

    fn dead(&self, input: &DocumentControl, _error: ErrorInfo) -> Outputs {
        Outputs::one(status(&input.document_id, -1))
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        Outputs::one(status(&record.document_id, -2))
    }
}

fn member(group: &str, topic: &str) -> Member {
    Member {
        group: group.into(),
        topic: topic.into(),
        slot: "0".into(),
        transaction_timeout: Duration::from_secs(10),
        session_timeout: Duration::from_secs(10),
        fetch_bytes: 1 << 20,
    }
}

/// Counts the records of a document; ten make an output.
struct Count;

impl Gather for Count {
    type In = DocumentControl;
    type State = GatherState;

    fn key(&self, input: &DocumentControl) -> String {
        input.document_id.clone()
    }

    fn apply(&self, state: Option<GatherState>, input: &DocumentControl, now_ms: i64) -> Step<GatherState> {
        let mut state = state.unwrap_or(GatherState {
            head: None,
            page_count: 0,
            revision: 1,
            closed: false,
            opened_at: now_ms,
            pages: Vec::new(),
        });
        state.page_count += 1;
        let full = state.page_count == 10;
        let mut outputs = if full { Outputs::one(status(&input.document_id, 10)) } else { Outputs::none() };
        if input.reason.as_deref() == Some("big") {
            let mut big = status(&input.document_id, 1);
            big.name = "x".repeat(2000);
            outputs.push(big);
        }
        Step { state: (!full).then_some(state), outputs }
    }

    fn expires_at(&self, _state: &GatherState) -> i64 {
        i64::MAX
    }

    fn expire(&self, _state: GatherState, _now_ms: i64) -> Step<GatherState> {
        Step { state: None, outputs: Outputs::none() }
    }

    fn unreadable(&self, _record: Unreadable) -> Option<DocumentControl> {
        None
    }

    fn give_up(
        &self,
        _state: Option<GatherState>,
        input: Option<&DocumentControl>,
        _error: ErrorInfo,
        _now_ms: i64,
    ) -> Step<GatherState> {
        Step { state: None, outputs: Outputs::one(status(&input.unwrap().document_id, -1)) }
    }
}

/// As [`Count`], with states that wait for the next record of their document.
struct Waiting;

impl Gather for Waiting {
    type In = DocumentControl;
    type State = GatherState;

    fn key(&self, input: &DocumentControl) -> String {
        input.document_id.clone()
    }

    fn awaits(&self, state: &GatherState) -> Option<String> {
        state.head.as_ref().map(|h| h.document_id.clone())
    }

    fn apply(&self, _: Option<GatherState>, input: &DocumentControl, now_ms: i64) -> Step<GatherState> {
        let head = docmill_contracts::DocumentHead {
            document_id: input.document_id.clone(),
            revision: 1,
            tenant: "t".into(),
            content_sha256: String::new(),
            source: docmill_contracts::Source::default(),
            options: docmill_contracts::ProcessingOptions::default(),
            original: docmill_contracts::BlobRef::of(b""),
            embedded_xml: None,
            config_version: None,
            submitted_at: 0,
        };
        let state = GatherState {
            head: Some(head),
            page_count: 2,
            revision: 1,
            closed: false,
            opened_at: now_ms,
            pages: Vec::new(),
        };
        Step { state: Some(state), outputs: Outputs::one(status(&input.document_id, 1)) }
    }

    fn expires_at(&self, _state: &GatherState) -> i64 {
        i64::MAX
    }

    fn expire(&self, _state: GatherState, _now_ms: i64) -> Step<GatherState> {
        Step { state: None, outputs: Outputs::none() }
    }

    fn unreadable(&self, _record: Unreadable) -> Option<DocumentControl> {
        None
    }

    fn give_up(
        &self,
        _state: Option<GatherState>,
        input: Option<&DocumentControl>,
        _error: ErrorInfo,
        _now_ms: i64,
    ) -> Step<GatherState> {
        Step { state: None, outputs: Outputs::one(status(&input.unwrap().document_id, -1)) }
    }
}

struct NoSchemas;

impl SchemaSource for NoSchemas {
    fn fetch(&self, _id: u32) -> BoxFuture<'_, Result<String, Box<dyn Classify>>> {
        Box::pin(async { Err(Box::new(Told(Class::Input)) as Box<dyn Classify>) })
    }
}

struct World {
    log: SimLog,
    codec: Codec,
    topology: Arc<Topology>,
}

impl World {
    async fn new() -> Self {
        let log = SimLog::new();
        let topology = Arc::new(Topology::parse(TOPOLOGY).unwrap());
        log.apply(&topology.topic_specs()).await.unwrap();
        Self { log, codec: Codec::new(Arc::new(SchemaCatalog::built_in().unwrap())), topology }
    }

    fn produce(&self, id: &str, reason: Option<&str>) {
        let record = DocumentControl {
            document_id: id.into(),
            tenant: "t".into(),
            action: ControlAction::Cancel,
            requested_at: 0,
            reason: reason.map(Into::into),
            revision: 0,
        };
        self.raw(id, self.codec.encode(&record).unwrap());
    }

    fn raw(&self, key: &str, value: Vec<u8>) {
        let headers = Headers::new().with(headers::DOCUMENT_ID, key).with("mine", "kept");
        let (key, value) = (Some(Bytes::from(key.to_owned())), Some(Bytes::from(value)));
        self.log
            .produce(vec![OutRecord { topic: "in".into(), partition: None, key, value, headers }])
            .unwrap();
    }

    fn start(&self, worker: Worker) -> (tokio::task::JoinHandle<Result<(), RunError>>, watch::Sender<bool>) {
        self.start_with(worker, Arc::new(docmill_runtime::worker::OpenGate))
    }

    fn start_with(
        &self,
        worker: Worker,
        gate: Arc<dyn Gate>,
    ) -> (tokio::task::JoinHandle<Result<(), RunError>>, watch::Sender<bool>) {
        let (tell, stop) = watch::channel(false);
        let env = WorkerEnv {
            transport: Arc::new(self.log.clone()),
            topology: Arc::clone(&self.topology),
            codec: self.codec.clone(),
            schemas: Arc::new(NoSchemas),
            telemetry: Arc::new(LogsOnly),
            gate,
            clock: docmill_runtime::telemetry::Clock::new(),
            slot: "0".into(),
            stop,
            patience: Duration::from_secs(5),
        };
        (tokio::spawn(worker.run(env)), tell)
    }

    /// Waits for so many outputs; returns how often each document came, and the last value of each.
    async fn outputs(&self, count: usize) -> BTreeMap<String, Vec<i32>> {
        let mut reader = self.log.reader("out", ReadFrom::Beginning).await.unwrap();
        let (mut seen, mut all) = (0, BTreeMap::<String, Vec<i32>>::new());
        while seen < count {
            if let Read::Records { records, .. } = reader.next().await.unwrap() {
                for record in records {
                    let status: DocumentStatus = self.codec.decode(&record.value.unwrap()).unwrap();
                    all.entry(status.document_id).or_default().push(status.pages_done);
                    seen += 1;
                }
            }
        }
        all
    }
}

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
async fn gathered_state_survives_restarts_lost_partitions_and_lost_commits() {
    let world = World::new().await;
    let documents = 12;
    for round in 0..10 {
        for d in 0..documents {
            world.produce(&format!("d{d:02}"), None);
        }
        match round {
            2 => world.log.fail_next("docmill.count.0", Fault::CommittedButLost),
            4 => world.log.fail_next("docmill.count.0", Fault::Fatal),
            6 => world.log.fail_next("docmill.count.0", Fault::Aborted),
            _ => {}
        }
        let (task, stop) = world.start(Worker::gather("count", Count));
        if round == 7 {
            world.log.lose("docmill.count", "0", &[0, 1, 2]);
        }
        // Stopped wherever it is: a drain, an error and a full run must all be harmless.
        tokio::task::yield_now().await;
        stop.send_replace(true);
        drop(task.await.unwrap());
    }
    let (task, stop) = world.start(Worker::gather("count", Count));
    let outputs = world.outputs(documents).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert!(outputs.len() == documents && outputs.values().all(|v| v == &[10]), "{outputs:?}");
    assert!(world.log.records("state").iter().all(|(_, r)| r.value.is_none()), "nothing is left open");
}

#[tokio::test]
async fn more_partitions_under_open_documents_are_noticed() {
    let world = World::new().await;
    for i in 0..20 {
        world.produce(&format!("d{i:02}"), None);
    }
    let (task, stop) = world.start(Worker::gather("count", Waiting));
    world.outputs(20).await;
    let more = |name: &str| {
        let mut spec = world.topology.topics[name].spec();
        spec.partitions = 5;
        spec
    };
    world.log.apply(&[more("in")]).await.unwrap();
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, RunError::ChangelogPartitions { have: 3, want: 5, .. }), "{error}");
    world.log.apply(&[more("state")]).await.unwrap();
    let (task, _stop) = world.start(Worker::gather("count", Waiting));
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, RunError::Repartitioned { partitions: 5, .. }), "{error}");
    drop(stop);
}

#[tokio::test]
async fn an_assembly_that_its_topic_will_not_take_becomes_a_small_outcome() {
    let world = World::new().await;
    world.produce("d", None);
    world.produce("d", Some("big"));
    let (task, stop) = world.start(Worker::gather("count", Count));
    let outputs = world.outputs(1).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert_eq!(outputs["d"], [-1]);
    assert!(
        world.log.records("dlq").is_empty()
            && world.log.records("state").iter().all(|(_, r)| r.value.is_none())
    );
}
