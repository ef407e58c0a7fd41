//! Gathers.

use crate::support::*;
use docmill_contracts::{DocumentControl, ErrorInfo, GatherState};
use docmill_runtime::transport::Transport;
use docmill_runtime::{Gather, Outputs, RunError, Step, Unreadable, Worker};
use docmill_testkit::Fault;

/// Counts the records of a document; ten make an output. Where its states lie.
struct Count {
    long: bool,
}

const IN_MEMORY: Count = Count { long: false };

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
        assert_ne!(input.reason.as_deref(), Some("panic"), "told to panic");
        state.page_count += if input.reason.as_deref() == Some("failed") { 10 } else { 1 };
        let full = state.page_count == 10;
        let mut outputs = if full { Outputs::one(status(&input.document_id, 10)) } else { Outputs::none() };
        if input.reason.as_deref() == Some("big") {
            let mut big = status(&input.document_id, 1);
            big.name = "x".repeat(2000);
            outputs.push(big);
        }
        Step { state: (!full).then_some(state), outputs }
    }

    fn keeps_long(&self) -> bool {
        self.long
    }

    fn expires_at(&self, _state: &GatherState) -> i64 {
        i64::MAX
    }

    fn expire(&self, _state: GatherState, _now_ms: i64) -> Step<GatherState> {
        Step { state: None, outputs: Outputs::none() }
    }

    fn failed(&self, input: &DocumentControl, _error: ErrorInfo) -> DocumentControl {
        DocumentControl { reason: Some("failed".into()), ..input.clone() }
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
struct Waiting {
    long: bool,
}

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

    fn keeps_long(&self) -> bool {
        self.long
    }

    fn expires_at(&self, _state: &GatherState) -> i64 {
        i64::MAX
    }

    fn expire(&self, _state: GatherState, _now_ms: i64) -> Step<GatherState> {
        Step { state: None, outputs: Outputs::none() }
    }

    fn failed(&self, input: &DocumentControl, _error: ErrorInfo) -> DocumentControl {
        input.clone()
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

#[tokio::test]
async fn gathered_state_survives_restarts_lost_partitions_and_lost_commits() {
    survives_restarts_lost_partitions_and_lost_commits(false).await;
}

#[tokio::test]
async fn state_in_files_survives_restarts_lost_partitions_and_lost_commits() {
    survives_restarts_lost_partitions_and_lost_commits(true).await;
}

async fn survives_restarts_lost_partitions_and_lost_commits(long: bool) {
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
        let (task, stop) = world.start(Worker::gather("count", Count { long }));
        if round == 7 {
            world.log.lose("docmill.count", "0", &[0, 1, 2]);
        }
        // Stopped wherever it is: a drain, an error and a full run must all be harmless.
        tokio::task::yield_now().await;
        stop.send_replace(true);
        drop(task.await.unwrap());
    }
    let (task, stop) = world.start(Worker::gather("count", Count { long }));
    let outputs = world.outputs(documents).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert!(outputs.len() == documents && outputs.values().all(|v| v == &[10]), "{outputs:?}");
    assert!(world.log.records("state").iter().all(|(_, r)| r.value.is_none()), "nothing is left open");
}

#[tokio::test]
async fn more_partitions_under_open_documents_are_noticed() {
    for long in [false, true] {
        more_partitions_are_noticed(long).await;
    }
}

async fn more_partitions_are_noticed(long: bool) {
    let world = World::new().await;
    for i in 0..20 {
        world.produce(&format!("d{i:02}"), None);
    }
    let (task, stop) = world.start(Worker::gather("count", Waiting { long }));
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
    let (task, _stop) = world.start(Worker::gather("count", Waiting { long }));
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, RunError::Repartitioned { partitions: 5, .. }), "{error}");
    drop(stop);
}

#[tokio::test]
async fn an_assembly_that_its_topic_will_not_take_becomes_a_small_outcome() {
    let world = World::new().await;
    world.produce("d", None);
    world.produce("d", Some("big"));
    let (task, stop) = world.start(Worker::gather("count", IN_MEMORY));
    let outputs = world.outputs(1).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert_eq!(outputs["d"], [-1]);
    assert!(
        world.log.records("dlq").is_empty()
            && world.log.records("state").iter().all(|(_, r)| r.value.is_none())
    );
}

/// There may be no other record of its key, and so no state whose deadline would bring the outcome.
#[tokio::test]
async fn a_record_that_a_gather_gives_up_still_counts_as_a_failed_one() {
    let world = World::new().await;
    world.produce("d", Some("panic"));
    let (task, stop) = world.start(Worker::gather("count", IN_MEMORY));
    let outputs = world.outputs(1).await;
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert_eq!(outputs["d"], [10]);
    let dead = world.log.records("dlq");
    assert_eq!(dead.len(), 1);
    assert!(dead[0].1.headers.iter().any(|(name, _)| name == "mine"));
}
