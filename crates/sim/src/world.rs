//! One simulated world: the log, its weather, its processes, and who watches.

use crate::observer::{self, Watch};
use crate::planted::Plant;
use crate::scenario::Scenario;
use crate::storm::Storm;
use crate::trace::Trace;
use bytes::Bytes;
use docmill_contracts::{Class, Classify, Code, Codec, Headers, SchemaCatalog, headers};
use docmill_runtime::transport::Transport;
use docmill_runtime::{SchemaSource, Topology};
use docmill_testkit::SimLog;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// Everything that a run shares.
pub struct World {
    /// What the seed decides.
    pub scenario: Scenario,
    /// What happened.
    pub trace: Arc<Trace>,
    /// The log.
    pub log: SimLog,
    /// Its topics and workers.
    pub topology: Arc<Topology>,
    /// Encodes and decodes.
    pub codec: Codec,
    /// What calls meet.
    pub storm: Arc<Storm>,
    /// What is planted, where something is.
    pub plant: Option<Plant>,
    observer: Arc<Mutex<Box<dyn Watch>>>,
}

/// No schema is ever unknown here.
#[derive(Debug, Error)]
#[error("schema id is unknown")]
struct NoSchema;

impl Classify for NoSchema {
    fn class(&self) -> Class {
        Class::Input
    }

    fn code(&self) -> Code {
        Code("SIM-0002")
    }
}

/// Knows the schemas of the build alone.
pub struct NoSchemas;

impl SchemaSource for NoSchemas {
    fn fetch(&self, _id: u32) -> BoxFuture<'_, Result<String, Box<dyn Classify>>> {
        Box::pin(async { Err(Box::new(NoSchema) as Box<dyn Classify>) })
    }
}

impl World {
    /// The world of a seed, with its topics.
    pub async fn new(
        scenario: Scenario,
        catalog: &Arc<SchemaCatalog>,
        keep: bool,
        plant: Option<Plant>,
    ) -> Arc<Self> {
        let trace = Arc::new(Trace::new(keep));
        let topology =
            Topology::parse(&scenario.flow.topology(&scenario)).expect("the simulated topology is valid");
        let log = SimLog::new();
        log.compact_lazily();
        let codec = Codec::new(Arc::clone(catalog));
        let observer = observer::of(&scenario, &codec, &trace);
        let observer = Arc::new(Mutex::new(observer));
        let watching = Arc::clone(&observer);
        log.set_watch(Box::new(move |committed| {
            watching.lock().unwrap_or_else(PoisonError::into_inner).committed(committed);
        }));
        let storm = Arc::new(Storm::new(&scenario, Arc::clone(&trace)));
        log.set_weather(Arc::clone(&storm) as Arc<dyn docmill_testkit::sim::Weather>);
        if let Some(plant) = plant {
            plant.prepare(&log);
        }
        log.apply(&topology.topic_specs()).await.expect("topics are created");
        let topology = Arc::new(topology);
        Arc::new(Self { scenario, trace, log, topology, codec, storm, plant, observer })
    }

    /// Asks the observer.
    pub fn observed<T>(&self, ask: impl FnOnce(&dyn Watch) -> T) -> T {
        ask(&**self.observer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Submits the documents of the scenario, each at its time.
    pub async fn submit(&self) {
        for d in &self.scenario.documents {
            let wait = d.at_ms.saturating_sub(self.trace.at_ms());
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            let (topic, record) = self.scenario.flow.submission(&self.scenario, d);
            let value = if d.garbage {
                Bytes::from_static(b"not a record")
            } else {
                Bytes::from(record.encode(&self.codec).expect("a document is encoded"))
            };
            self.trace
                .say(format_args!("submit {}.{} {} pages garbage {}", d.id, d.revision, d.pages, d.garbage));
            let headers = Headers::new()
                .with(headers::DOCUMENT_ID, d.id.clone())
                .with(headers::REVISION, d.revision.to_string())
                .with(headers::TENANT, d.tenant.clone())
                .with("mine", "kept");
            self.log.send(topic, &record.key(), value, headers);
        }
    }
}
