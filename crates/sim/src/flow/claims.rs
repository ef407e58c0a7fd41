//! The flow of claims: `claimed → duplicates (docmill-validate's own) → claimed, results`.
//!
//! Documents claim one or two of a few keys under one of two names; a later revision may claim others than the first.

use crate::flow::head;
use crate::scenario::{Document, Scenario};
use docmill_contracts::{
    AnyRecord, Claim, ClaimKind, Class, DocumentClaimed, DocumentValidated, ErrorInfo, Party, ResultStatus,
};
use docmill_runtime::Worker;
use docmill_validate::{Config, Duplicates, ask};

/// The stage, and the worker that its processes host.
pub(super) const STAGES: &[(&str, &[&str])] = &[("claims", &["duplicates"])];

/// Keys that are claimed.
const KEYS: u64 = 3;

pub(super) fn topology(s: &Scenario) -> String {
    format!(
        r#"
[defaults]
partitions = {gathered}
retention = "forever"
[topics.claimed]
record = "DocumentClaimed"
[topics.states]
record = "ClaimState"
compacted = true
[topics.results]
record = "DocumentValidated"
[topics.dlq]
partitions = 1
[workers.duplicates]
stage = "claims"
input = "claimed"
outputs = ["claimed", "results"]
changelog = "states"
dead_letters = "dlq"
{limits}
"#,
        gathered = s.gathered,
        limits = s.limits(),
    )
}

pub(super) fn worker() -> Worker {
    Worker::gather("duplicates", Duplicates::new(&Config::default()))
}

/// What validate emits for the document, as the seed has it.
pub(super) fn submission(s: &Scenario, d: &Document) -> DocumentClaimed {
    let roll = |what: &str| s.roll(&[what, &d.id, &d.revision.to_string()]);
    let party = Party { name: vec![1 + (roll("seller") % 2).cast_signed()], ..Party::default() };
    let claim = |number: u64| Claim {
        kind: ClaimKind::Claim,
        key: format!("number/{}", number % KEYS),
        page: None,
        party: party.clone(),
    };
    let first = roll("number");
    let claims = (first..first + 1 + roll("claims") % 2).map(claim).collect();
    let error = ErrorInfo {
        code: String::new(),
        class: Class::Internal,
        message: String::new(),
        stage: String::new(),
        page: None,
    };
    let mut validated = DocumentValidated::ended(&head(&d.id, d.revision, &d.tenant, 1), error, Vec::new());
    validated.result.error = None;
    validated.result.status = ResultStatus::Accepted;
    // One tenant has duplicates rejected.
    let if_duplicate = if d.tenant == "tenant0" { ResultStatus::Rejected } else { ResultStatus::Review };
    match ask(validated, claims, if_duplicate, Vec::new()).into_records().pop() {
        Some(AnyRecord::DocumentClaimed(claimed)) => *claimed,
        other => unreachable!("a document that claims something is asked for: {other:?}"),
    }
}
