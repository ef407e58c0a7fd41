//! A log, a topology, and a stage that does what its records say.

use bytes::Bytes;
use docmill_contracts::{
    Class, Classify, Code, Codec, ControlAction, DocumentControl, DocumentState, DocumentStatus, ErrorInfo,
    Headers, SchemaCatalog, headers,
};
use docmill_runtime::telemetry::LogsOnly;
use docmill_runtime::transport::{Member, OutRecord, Read, ReadFrom, Transport};
use docmill_runtime::worker::Gate;
use docmill_runtime::{Cx, Outputs, RunError, SchemaSource, Stage, Topology, Unreadable, Worker, WorkerEnv};
use docmill_testkit::SimLog;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;

pub(crate) const TOPOLOGY: &str = r#"
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
pub(crate) struct Told(pub Class);

impl Classify for Told {
    fn class(&self) -> Class {
        self.0
    }
    fn code(&self) -> Code {
        Code("TEST-0001")
    }
}

pub(crate) fn status(id: &str, pages_done: i32) -> DocumentStatus {
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
pub(crate) struct Echo;

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

pub(crate) fn member(group: &str, topic: &str) -> Member {
    Member {
        group: group.into(),
        topic: topic.into(),
        slot: "0".into(),
        transaction_timeout: Duration::from_secs(10),
        session_timeout: Duration::from_secs(10),
        fetch_bytes: 1 << 20,
    }
}

pub(crate) struct NoSchemas;

impl SchemaSource for NoSchemas {
    fn fetch(&self, _id: u32) -> BoxFuture<'_, Result<String, Box<dyn Classify>>> {
        Box::pin(async { Err(Box::new(Told(Class::Input)) as Box<dyn Classify>) })
    }
}

pub(crate) struct World {
    pub log: SimLog,
    pub codec: Codec,
    pub topology: Arc<Topology>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let log = SimLog::new();
        let topology = Arc::new(Topology::parse(TOPOLOGY).unwrap());
        log.apply(&topology.topic_specs()).await.unwrap();
        Self { log, codec: Codec::new(Arc::new(SchemaCatalog::built_in().unwrap())), topology }
    }

    pub(crate) fn produce(&self, id: &str, reason: Option<&str>) {
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

    pub(crate) fn raw(&self, key: &str, value: Vec<u8>) {
        let headers = Headers::new().with(headers::DOCUMENT_ID, key).with("mine", "kept");
        let (key, value) = (Some(Bytes::from(key.to_owned())), Some(Bytes::from(value)));
        self.log
            .produce(vec![OutRecord { topic: "in".into(), partition: None, key, value, headers }])
            .unwrap();
    }

    pub(crate) fn start(
        &self,
        worker: Worker,
    ) -> (tokio::task::JoinHandle<Result<(), RunError>>, watch::Sender<bool>) {
        self.start_with(worker, Arc::new(docmill_runtime::worker::OpenGate))
    }

    pub(crate) fn start_with(
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
    pub(crate) async fn outputs(&self, count: usize) -> BTreeMap<String, Vec<i32>> {
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
