//! The flows that are simulated, and the first of them: plan, page, the real gather, finish. Its records are the real ones.
//!
//! What a stage does with a record follows from the seed and the record alone, so that it is the same whoever runs it.

pub mod claims;

use crate::scenario::{Document, Scenario};
use crate::world::World;
use clap::ValueEnum;
use docmill_contracts::{
    AnyRecord, BlobRef, Class, Classify, Code, DocumentAccepted, DocumentAssembled, DocumentHead,
    DocumentState, DocumentStatus, DocumentValidated, ErrorInfo, PackedWords, Page, PageRecognized,
    PagesPlanned, ProcessingOptions, ResultStatus, Source,
};
use docmill_infer::{Config, GatherPages};
use docmill_runtime::{Cx, Outputs, Stage, Worker};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Pages of one planned range.
pub const RANGE: i32 = 4;
/// What attempts that panic say.
pub const PANIC: &str = "simulated panic";
/// Largest page record; giant pages exceed it.
const MAX_PAGE_BYTES: usize = 8192;

/// Which workers are simulated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Flow {
    /// Documents of many pages that meet again.
    #[default]
    Pages,
    /// Documents that claim what others have claimed ([`claims`]).
    Claims,
}

impl Flow {
    /// The stages of the flow, and the workers that their processes host.
    pub fn stages(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Pages => &[("front", &["plan", "page"]), ("gather", &["gather"]), ("finish", &["finish"])],
            Self::Claims => claims::STAGES,
        }
    }

    /// Topology of the flow.
    pub fn topology(self, scenario: &Scenario) -> String {
        match self {
            Self::Pages => topology(scenario),
            Self::Claims => claims::topology(scenario),
        }
    }

    /// The worker of that name, in a process.
    pub fn worker(self, name: &str, world: &Arc<World>, process: &str) -> Worker {
        match self {
            Self::Pages => worker(name, world, process),
            Self::Claims => claims::worker(),
        }
    }

    /// Topic and record of a submission.
    pub fn submission(self, scenario: &Scenario, document: &Document) -> (&'static str, AnyRecord) {
        match self {
            Self::Pages => {
                let Document { id, revision, tenant, pages, .. } = document;
                ("accepted", DocumentAccepted { head: head(id, *revision, tenant, *pages) }.into())
            }
            Self::Claims => ("claimed", claims::submission(scenario, document).into()),
        }
    }
}

fn topology(s: &Scenario) -> String {
    format!(
        r#"
[defaults]
partitions = {partitions}
retention = "forever"
[topics.accepted]
record = "DocumentAccepted"
[topics.planned]
record = "PagesPlanned"
[topics.recognized]
record = "PageRecognized"
partitions = {gathered}
max_record = "{MAX_PAGE_BYTES}B"
[topics.states]
record = "GatherState"
partitions = {gathered}
compacted = true
[topics.assembled]
record = "DocumentAssembled"
[topics.results]
record = "DocumentResult"
[topics.status]
record = "DocumentStatus"
compacted = true
[topics.dlq]
partitions = 1
[workers.plan]
stage = "front"
input = "accepted"
outputs = ["planned", "assembled", "status"]
dead_letters = "dlq"
{limits}
[workers.page]
stage = "front"
input = "planned"
outputs = ["recognized"]
dead_letters = "dlq"
{limits}
[workers.gather]
stage = "gather"
input = "recognized"
outputs = ["assembled", "status"]
changelog = "states"
dead_letters = "dlq"
{limits}
[workers.finish]
stage = "finish"
input = "assembled"
outputs = ["results"]
dead_letters = "dlq"
{limits}
"#,
        partitions = s.partitions,
        gathered = s.gathered,
        limits = s.limits(),
    )
}

/// Where a stage runs.
struct Place {
    world: Arc<World>,
    process: String,
}

fn worker(name: &str, world: &Arc<World>, process: &str) -> Worker {
    let place = Place { world: Arc::clone(world), process: process.to_owned() };
    match name {
        "plan" => Worker::stage("plan", Plan(place)),
        "page" => Worker::stage("page", Pages(place)),
        "gather" => {
            let pages_timeout_s = place.world.scenario.pages_timeout_s;
            let config = Config { pages_timeout_s, pages_timeout_per_page_ms: 1000, ..Config::default() };
            Worker::gather("gather", GatherPages::new(&config))
        }
        _ => Worker::stage("finish", Finish(place)),
    }
}

/// What every record about a document carries.
pub fn head(document_id: &str, revision: i32, tenant: &str, pages: i32) -> DocumentHead {
    DocumentHead {
        document_id: document_id.to_owned(),
        revision,
        tenant: tenant.to_owned(),
        content_sha256: String::new(),
        source: Source { pages: Some(pages), ..Source::default() },
        options: ProcessingOptions::default(),
        original: BlobRef { sha256: String::new(), bytes: 0 },
        embedded_xml: None,
        config_version: None,
        submitted_at: 0,
    }
}

/// What goes wrong in an attempt on purpose.
#[derive(Debug, Error)]
#[error("simulated failure")]
pub struct Simulated(Class);

impl Classify for Simulated {
    fn class(&self) -> Class {
        self.0
    }

    fn code(&self) -> Code {
        Code("SIM-0001")
    }
}

/// What an attempt does beside its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Takes so long, then works.
    Work(Duration),
    /// Takes so long, then fails.
    Fail(Duration, Class),
    /// Panics.
    Panic,
    /// Never ends.
    Hang,
    /// Works, with an output that its topic does not take.
    Giant,
    /// Takes its process with it.
    Kill,
}

async fn act(place: &Place, worker: &str, record: &str, attempt: u32) -> Result<bool, Simulated> {
    let world = &place.world;
    let act = world.scenario.act(worker, record, attempt);
    world.trace.say(format_args!("run    {worker} {record} attempt {attempt}: {act:?}"));
    match act {
        Act::Work(wait) => {
            tokio::time::sleep(wait).await;
            Ok(false)
        }
        Act::Fail(wait, class) => {
            tokio::time::sleep(wait).await;
            Err(Simulated(class))
        }
        Act::Panic => std::panic::panic_any(PANIC),
        Act::Hang => std::future::pending().await,
        Act::Kill => {
            world.trace.say(format_args!("deadly {} dies of {worker} {record}", place.process));
            world.log.kill(&place.process);
            world.storm.kill(&place.process);
            std::future::pending().await
        }
        Act::Giant => Ok(true),
    }
}

struct Plan(Place);

impl Stage for Plan {
    type In = DocumentAccepted;
    type Err = Simulated;

    async fn run(&self, input: &DocumentAccepted, cx: &Cx) -> Result<Outputs, Simulated> {
        let head = &input.head;
        act(&self.0, "plan", &format!("{}.{}", head.document_id, head.revision), cx.attempt).await?;
        let page_count = head.source.pages.unwrap_or(1);
        let mut outputs = Outputs::none();
        for first_page in (1..=page_count).step_by(usize::try_from(RANGE).unwrap_or(1)) {
            let last_page = (first_page + RANGE - 1).min(page_count);
            outputs.push(PagesPlanned { head: head.clone(), page_count, first_page, last_page });
        }
        Ok(outputs.and(DocumentStatus {
            document_id: head.document_id.clone(),
            revision: head.revision,
            tenant: head.tenant.clone(),
            name: String::new(),
            state: DocumentState::Rendering,
            pages_done: 0,
            page_count,
            outcome: None,
            at: cx.now_ms,
        }))
    }

    fn dead(&self, input: &DocumentAccepted, error: ErrorInfo) -> Outputs {
        let head = input.head.clone();
        Outputs::one(DocumentAssembled { head, pages: Vec::new(), error: Some(error), stages: Vec::new() })
    }

    fn unreadable(&self, _record: docmill_runtime::Unreadable) -> Outputs {
        Outputs::none()
    }
}

struct Pages(Place);

impl Pages {
    fn emit(input: &PagesPlanned, page: impl Fn(i32) -> Page) -> Outputs {
        let mut outputs = Outputs::none();
        for page_no in input.first_page..=input.last_page {
            outputs.push(PageRecognized {
                head: input.head.clone(),
                page_count: input.page_count,
                page: page(page_no),
            });
        }
        outputs
    }
}

impl Stage for Pages {
    type In = PagesPlanned;
    type Err = Simulated;

    async fn run(&self, input: &PagesPlanned, cx: &Cx) -> Result<Outputs, Simulated> {
        let head = &input.head;
        let record = format!("{}.{}/{}", head.document_id, head.revision, input.first_page);
        let giant = act(&self.0, "page", &record, cx.attempt).await?;
        let text = if giant { "x".repeat(2 * MAX_PAGE_BYTES) } else { String::new() };
        Ok(Self::emit(input, |page_no| Page {
            page_no,
            engine: "sim".into(),
            words: giant.then(|| PackedWords { text: text.clone(), ..PackedWords::default() }),
            ..Page::default()
        }))
    }

    fn dead(&self, input: &PagesPlanned, error: ErrorInfo) -> Outputs {
        if self.0.world.scenario.is_silent(&input.head.document_id, input.first_page) {
            return Outputs::none();
        }
        Self::emit(input, |page_no| Page { page_no, error: Some(error.clone()), ..Page::default() })
    }

    fn unreadable(&self, _record: docmill_runtime::Unreadable) -> Outputs {
        Outputs::none()
    }
}

struct Finish(Place);

fn result(input: &DocumentAssembled, error: Option<&ErrorInfo>) -> Outputs {
    let none = ErrorInfo {
        code: String::new(),
        class: Class::Internal,
        message: String::new(),
        stage: String::new(),
        page: None,
    };
    let mut result = DocumentValidated::ended(&input.head, error.cloned().unwrap_or(none), Vec::new()).result;
    if error.is_none() {
        result.error = None;
        result.status = ResultStatus::Accepted;
    }
    Outputs::one(result)
}

impl Stage for Finish {
    type In = DocumentAssembled;
    type Err = Simulated;
    const ORDERED: bool = true;

    async fn run(&self, input: &DocumentAssembled, cx: &Cx) -> Result<Outputs, Simulated> {
        let head = &input.head;
        act(&self.0, "finish", &format!("{}.{}", head.document_id, head.revision), cx.attempt).await?;
        Ok(result(input, input.error.as_ref()))
    }

    fn dead(&self, input: &DocumentAssembled, error: ErrorInfo) -> Outputs {
        result(input, Some(&error))
    }

    fn unreadable(&self, _record: docmill_runtime::Unreadable) -> Outputs {
        Outputs::none()
    }
}
