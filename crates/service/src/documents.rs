//! What a process knows of documents beyond the record at hand: which were cancelled, and which are still under way.
//!
//! Owns two followers of topics that are not part of the flow: documents.control and documents.status. What they know is
//! a little behind the log; nothing that must be exact may depend on it.

use docmill_contracts::headers::{DOCUMENT_ID, REVISION, TENANT};
use docmill_contracts::{
    CANCELLED, Class, Classify, Codec, ControlAction, DocumentControl, DocumentState, DocumentStatus,
    ErrorInfo, Headers, RecordKind, document_key,
};
use docmill_runtime::transport::{Read, ReadFrom, Record, TransportError};
use docmill_runtime::worker::{Gate, WorkerEnv, decode};
use docmill_runtime::{SchemaSource, Topology};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Most cancellations that are remembered; the topic's retention ends them long before.
const MAX_CANCELLED: usize = 1_000_000;
/// Most documents under way that are remembered, about 200 MB; revisions of those beyond do not wait for each other.
const MAX_UNDER_WAY: usize = 1_000_000;

/// What is known of documents. Cheap to clone; all clones know the same.
#[derive(Debug, Clone, Default)]
pub struct Documents(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Last revision that was cancelled, by document key.
    cancelled: HashMap<String, i32>,
    /// Revisions under way and when each was last heard of, by document key. A replay tells of the next one before the
    /// last one has ended.
    under_way: HashMap<String, BTreeMap<i32, i64>>,
    /// Statuses are being followed, and not all that there were have been read.
    behind: bool,
    /// Counts cancellations, for those who work on documents meanwhile.
    changes: watch::Sender<u64>,
}

impl Documents {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A revision of a document enters the flow. Times in milliseconds since 1970 UTC.
    pub fn began(&self, tenant: &str, document_id: &str, revision: i32, now_ms: i64) {
        self.lock().heard(document_key(tenant, document_id), revision, now_ms);
    }

    /// Whether an earlier revision of the document is still under way and was heard of in the last `patience_ms`.
    /// True as well while it is not known yet.
    pub fn must_wait(
        &self,
        tenant: &str,
        document_id: &str,
        revision: i32,
        now_ms: i64,
        patience_ms: i64,
    ) -> bool {
        let known = self.lock();
        known.behind
            || known
                .under_way
                .get(&document_key(tenant, document_id))
                .is_some_and(|revisions| revisions.range(..revision).any(|(_, at)| now_ms - at < patience_ms))
    }

    fn control(&self, control: &DocumentControl) {
        if control.action == ControlAction::Cancel {
            let mut known = self.lock();
            if known.cancelled.len() < MAX_CANCELLED {
                let upto = if control.revision > 0 { control.revision } else { i32::MAX };
                let key = document_key(&control.tenant, &control.document_id);
                let last = known.cancelled.entry(key).or_insert(upto);
                *last = (*last).max(upto);
                known.changes.send_modify(|n| *n = n.wrapping_add(1));
            }
        }
    }

    fn status(&self, status: &DocumentStatus) {
        let key = document_key(&status.tenant, &status.document_id);
        let mut known = self.lock();
        if status.state != DocumentState::Done {
            known.heard(key, status.revision, status.at);
        } else if let Some(revisions) = known.under_way.get_mut(&key) {
            // The status of an earlier one may have been compacted away; it ended before.
            revisions.retain(|revision, _| *revision > status.revision);
            if revisions.is_empty() {
                known.under_way.remove(&key);
            }
        }
    }

    /// Follows cancellations until `env.stop`.
    pub async fn follow_control(self, env: WorkerEnv) {
        let known = self.clone();
        let took = move |r: DocumentControl| known.control(&r);
        follow(&env, RecordKind::DocumentControl, took, || {}).await;
    }

    /// Follows the progress of documents until `env.stop`.
    pub async fn follow_status(self, env: WorkerEnv) {
        self.lock().behind = true;
        let (known, caught_up) = (self.clone(), self.clone());
        let took = move |r: DocumentStatus| known.status(&r);
        follow(&env, RecordKind::DocumentStatus, took, move || caught_up.lock().behind = false).await;
        self.lock().behind = false;
    }
}

impl Known {
    fn heard(&mut self, key: String, revision: i32, at: i64) {
        if self.under_way.len() < MAX_UNDER_WAY || self.under_way.contains_key(&key) {
            let last = self.under_way.entry(key).or_default().entry(revision).or_insert(at);
            *last = (*last).max(at);
        }
    }
}

impl Gate for Documents {
    fn refuses(&self, headers: &Headers) -> Option<ErrorInfo> {
        let known = self.lock();
        if known.cancelled.is_empty() {
            return None;
        }
        let key = document_key(headers.text(TENANT)?, headers.text(DOCUMENT_ID)?);
        let revision: i32 = headers.text(REVISION)?.parse().ok()?;
        known.cancelled.get(&key).is_some_and(|last| revision <= *last).then(|| ErrorInfo {
            code: CANCELLED.into(),
            class: Class::Input,
            message: "cancelled by operations".into(),
            stage: "runtime".into(),
            page: None,
        })
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        let mut changes = self.lock().changes.subscribe();
        Box::pin(async move {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

/// Reads a topic from its first record on until `env.stop`. A log that cannot be reached is tried again.
async fn follow<T: docmill_contracts::Contract>(
    env: &WorkerEnv,
    kind: RecordKind,
    mut took: impl FnMut(T),
    mut caught_up: impl FnMut(),
) {
    let Some(topic) = topic_of(&env.topology, kind) else { return };
    let mut stop = env.stop.clone();
    let mut positions: HashMap<i32, i64> = HashMap::new();
    while !*stop.borrow() {
        let reading = read(env, &topic, &mut positions, &mut took, &mut caught_up);
        let Err(error) = tokio::select! {
            read = reading => read,
            _ = stop.wait_for(|s| *s) => return,
        };
        if matches!(error, TransportError::UnknownTopic { .. }) {
            tracing::warn!(topic, code = %error.code(), "{error}");
            return;
        }
        tracing::warn!(topic, code = %error.code(), "{error}; trying again");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            _ = stop.wait_for(|s| *s) => return,
        }
    }
}

async fn read<T: docmill_contracts::Contract>(
    env: &WorkerEnv,
    topic: &str,
    positions: &mut HashMap<i32, i64>,
    took: &mut impl FnMut(T),
    caught_up: &mut impl FnMut(),
) -> Result<std::convert::Infallible, TransportError> {
    let from = ReadFrom::Offsets(positions.iter().map(|(p, o)| (*p, *o)).collect());
    let mut reader = env.transport.reader(topic, from).await?;
    loop {
        match reader.next().await? {
            Read::CaughtUp => caught_up(),
            Read::Records { partition, records } => {
                for record in records {
                    positions.insert(partition, record.offset + 1);
                    if let Some(found) = decoded(&env.codec, &*env.schemas, topic, &record).await {
                        took(found);
                    }
                }
            }
        }
    }
}

/// A record that cannot be read is passed over: what it says can only be advice.
async fn decoded<T: docmill_contracts::Contract>(
    codec: &Codec,
    schemas: &dyn SchemaSource,
    topic: &str,
    record: &Record,
) -> Option<T> {
    let value = record.value.as_deref()?;
    match decode(codec, schemas, value).await {
        Ok(found) => Some(found),
        Err(e) => {
            tracing::warn!(topic, offset = record.offset, code = e.code, "passed over: {}", e.message);
            None
        }
    }
}

fn topic_of(topology: &Topology, kind: RecordKind) -> Option<String> {
    topology.topics.values().find(|t| t.record == Some(kind)).map(|t| t.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn status(revision: i32, state: DocumentState, at: i64) -> DocumentStatus {
        DocumentStatus {
            document_id: "d".into(),
            revision,
            tenant: "t".into(),
            name: String::new(),
            state,
            pages_done: 0,
            page_count: 0,
            outcome: None,
            at,
        }
    }

    #[test]
    fn a_revision_waits_for_the_one_before_it_but_not_for_ever() {
        let documents = Documents::default();
        documents.began("t", "d", 1, 1000);
        assert!(documents.must_wait("t", "d", 2, 1001, 500));
        assert!(!documents.must_wait("t", "d", 1, 1001, 500), "the same revision again");
        assert!(!documents.must_wait("u", "d", 2, 1001, 500), "another tenant's");
        assert!(!documents.must_wait("t", "d", 2, 1500, 500), "not heard of for too long");
        documents.status(&status(1, DocumentState::Inferring, 1400));
        assert!(documents.must_wait("t", "d", 2, 1500, 500));
        // What a replay says of the next revision hides nothing of the one that is under way.
        documents.status(&status(2, DocumentState::Submitted, 1420));
        assert!(documents.must_wait("t", "d", 2, 1500, 500));
        documents.status(&status(1, DocumentState::Done, 1450));
        assert!(!documents.must_wait("t", "d", 2, 1500, 500));
        assert!(documents.must_wait("t", "d", 3, 1500, 500));
        documents.status(&status(2, DocumentState::Done, 1460));
        assert!(documents.lock().under_way.is_empty());
    }

    #[test]
    fn a_cancelled_revision_and_those_before_it_are_refused() {
        let documents = Documents::default();
        let headers =
            |revision: &str| Headers::new().with(DOCUMENT_ID, "d").with(TENANT, "t").with(REVISION, revision);
        assert!(documents.refuses(&headers("1")).is_none());
        let changed = documents.changed();
        documents.control(&DocumentControl {
            document_id: "d".into(),
            tenant: "t".into(),
            action: ControlAction::Cancel,
            requested_at: 0,
            reason: None,
            revision: 2,
        });
        assert_eq!(documents.refuses(&headers("2")).unwrap().code, CANCELLED);
        assert!(documents.refuses(&headers("3")).is_none());
        assert!(changed.now_or_never().is_some(), "who works on it meanwhile hears of it");
        assert!(documents.changed().now_or_never().is_none());
    }
}
