//! What a stage is: a function from one record to some records. It knows no topic, offset or producer.

use docmill_contracts::{
    AnyRecord, BlobRef, Class, Classify, Contract, DocumentHead, ErrorInfo, Headers, ProcessingOptions,
    Source, headers,
};
use std::future::Future;

/// What one record costs its tenant in the fair queue, and which permits it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Work in units of about one page.
    pub units: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { units: 1 }
    }
}

/// The circumstances of one attempt.
#[derive(Debug, Clone)]
pub struct Cx {
    /// Name of the worker, for errors and traces.
    pub worker: &'static str,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// When the attempt started, milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// Records that a stage emits for one input; each goes to the worker's output topic of its kind.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Outputs(Vec<AnyRecord>);

impl Outputs {
    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// One record.
    pub fn one(record: impl Into<AnyRecord>) -> Self {
        Self(vec![record.into()])
    }

    /// Adds a record after the others.
    pub fn push(&mut self, record: impl Into<AnyRecord>) {
        self.0.push(record.into());
    }

    /// Adds a record after the others.
    #[must_use]
    pub fn and(mut self, record: impl Into<AnyRecord>) -> Self {
        self.push(record);
        self
    }

    /// The records in order.
    pub fn records(&self) -> &[AnyRecord] {
        &self.0
    }

    /// The records in order.
    pub fn into_records(self) -> Vec<AnyRecord> {
        self.0
    }
}

/// A record that nobody can decode, as far as its headers tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Document.
    pub document_id: String,
    /// Revision.
    pub revision: i32,
    /// Tenant.
    pub tenant: String,
    /// Why it cannot be decoded. An internal error: the document is not at fault.
    pub error: ErrorInfo,
}

impl Unreadable {
    /// None where the headers do not name a document.
    pub fn of(headers: &Headers, error: &ErrorInfo) -> Option<Self> {
        let text = |name| headers.text(name).filter(|v| !v.is_empty()).map(str::to_owned);
        Some(Self {
            document_id: text(headers::DOCUMENT_ID)?,
            revision: text(headers::REVISION)?.parse().ok().filter(|r| *r > 0)?,
            tenant: text(headers::TENANT)?,
            error: ErrorInfo { class: Class::Internal, ..error.clone() },
        })
    }

    /// What is known of the document.
    pub fn head(&self) -> DocumentHead {
        DocumentHead {
            document_id: self.document_id.clone(),
            revision: self.revision,
            tenant: self.tenant.clone(),
            content_sha256: String::new(),
            source: Source::default(),
            options: ProcessingOptions::default(),
            original: BlobRef { sha256: String::new(), bytes: 0 },
            embedded_xml: None,
            config_version: None,
            submitted_at: 0,
        }
    }
}

/// One record in, some records out. Many attempts run at once, in any order, in one process.
///
/// A run may happen again after a crash, so its side effects must be harmless to repeat (blobs by content hash are).
pub trait Stage: Send + Sync + 'static {
    /// The record it takes.
    type In: Contract;
    /// What can go wrong.
    type Err: Classify;

    /// True where records of one key must be run in their order, one after the other.
    const ORDERED: bool = false;

    /// What this record costs its tenant in the fair queue.
    fn cost(&self, input: &Self::In) -> Cost {
        let _ = input;
        Cost::default()
    }

    /// Does the work. Blocking work goes to `tokio::task::spawn_blocking` or a thread of the stage's own.
    fn run(&self, input: &Self::In, cx: &Cx) -> impl Future<Output = Result<Outputs, Self::Err>> + Send;

    /// The outcome of a record that was given up: what is emitted beside the dead letter, so that nobody waits for it for ever.
    fn dead(&self, input: &Self::In, error: ErrorInfo) -> Outputs;

    /// The outcome of a record that cannot be decoded, likewise.
    fn unreadable(&self, record: Unreadable) -> Outputs;
}

/// The next state of a key, and what it emits.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<S> {
    /// The state to keep; none forgets the key.
    pub state: Option<S>,
    /// What is emitted in the same transaction.
    pub outputs: Outputs,
}

/// What stands in a record's key in the changelog between the key of a state and the name of one of its parts; the part
/// that every state has is under its key alone. No id has such a character.
pub const PART_MARK: char = '\u{0}';

/// A part of a state as it stands in the changelog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<S> {
    /// Its name among the parts of its key; empty for the one that every state has.
    pub name: String,
    /// Its content; none where it is no longer.
    pub state: Option<S>,
}

/// Records of one key in, outputs out: synchronous, pure, idempotent, and commutative in its inputs or right in any order of
/// them. Records are taken in an order of the runtime's own, each once, and state and outputs are committed together.
///
/// Its state lives in a compacted changelog that is written in the same transaction as outputs and positions.
pub trait Gather: Send + Sync + 'static {
    /// The record it takes.
    type In: Contract;
    /// Its state per key, as it stands in the changelog.
    type State: Contract;

    /// The key whose state a record belongs to. Records of one key must be in one partition.
    fn key(&self, input: &Self::In) -> String;

    /// Key of the records that an open state still waits for: it says in which partition they will come. None for a
    /// state that waits for nothing.
    fn awaits(&self, state: &Self::State) -> Option<String> {
        let _ = state;
        None
    }

    /// Takes one record. `now_ms`: milliseconds since 1970 UTC.
    fn apply(&self, state: Option<Self::State>, input: &Self::In, now_ms: i64) -> Step<Self::State>;

    /// What is taken in place of a record that is given up, for example because members died at it: the same, less
    /// what may have been the reason. It can be the only record of its key, so that no deadline would bring its outcome.
    fn failed(&self, input: &Self::In, error: ErrorInfo) -> Self::In;

    /// What is taken in place of a record that cannot be decoded; none where its key's deadline brings the outcome.
    fn unreadable(&self, record: Unreadable) -> Option<Self::In>;

    /// Whether states are kept for long, so that there are more of them than memory holds: they then lie in a file of this
    /// process, in one part each. What is open for seconds is in memory, which is faster.
    fn keeps_long(&self) -> bool {
        false
    }

    /// When [`Gather::expire`] wants to be called for a state that nothing happens to, milliseconds since 1970 UTC.
    fn expires_at(&self, state: &Self::State) -> i64;

    /// What of a key's state stands in the changelog, where `after` follows `before`: parts that are written or, without
    /// a state, removed. A state that grows with each record is kept in parts, so that a step costs no more than what it
    /// adds. `input`: the record of the step, where there was one. Unless said otherwise the whole state is one part.
    fn changes(
        &self,
        before: Option<&Self::State>,
        after: Option<&Self::State>,
        input: Option<&Self::In>,
    ) -> Vec<Part<Self::State>> {
        let _ = (before, input);
        vec![Part { name: String::new(), state: after.cloned() }]
    }

    /// The state that two parts of [`Gather::changes`] make together, in whichever order they come.
    fn join(&self, one: Self::State, other: Self::State) -> Self::State {
        let _ = one;
        other
    }

    /// The deadline has passed: give up what is missing, or forget the key.
    fn expire(&self, state: Self::State, now_ms: i64) -> Step<Self::State>;

    /// What [`Gather::apply`] or [`Gather::expire`] made cannot be emitted, for example because it is too large: the
    /// outcome of the key, small, and the state after it. `input`: the record, where there was one.
    fn give_up(
        &self,
        state: Option<Self::State>,
        input: Option<&Self::In>,
        error: ErrorInfo,
        now_ms: i64,
    ) -> Step<Self::State>;
}
