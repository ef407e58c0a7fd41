//! Documents by state and outcome, from documents.status.

use crate::OpsError;
use crate::desk::{Desk, Name};
use docmill_contracts::{DocumentState, DocumentStatus, RecordKind, ResultStatus};
use docmill_runtime::transport::ReadFrom;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// Latest state of each document, by a hash of its name: a million documents take some forty megabytes.
#[derive(Debug, Default)]
pub(crate) struct Documents(HashMap<u64, (i32, DocumentState, Option<ResultStatus>)>);

impl Documents {
    fn learn(&mut self, status: &DocumentStatus) {
        let mut hash = DefaultHasher::new();
        Name::new(&status.tenant, &status.document_id).hash(&mut hash);
        let new = (status.revision, status.state, status.outcome);
        let entry = self.0.entry(hash.finish()).or_insert(new);
        if status.revision >= entry.0 {
            *entry = new;
        }
    }

    /// Documents by what they are: `done: accepted`, `rendering`, …
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (_, state, outcome) in self.0.values() {
            let state = format!("{state:?}").to_lowercase();
            let what = match outcome {
                Some(outcome) => format!("{state}: {}", format!("{outcome:?}").to_lowercase()),
                None => state,
            };
            *counts.entry(what).or_default() += 1;
        }
        counts
    }
}

pub(crate) async fn read(desk: &Desk) -> Result<Documents, OpsError> {
    let mut documents = Documents::default();
    let Some(topic) = desk.topic_of(RecordKind::DocumentStatus) else { return Ok(documents) };
    let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
    while let Some((_, records)) = scan.next().await? {
        for value in records.into_iter().filter_map(|r| r.value) {
            if let Some(status) = desk.read::<DocumentStatus>(&value).await? {
                documents.learn(&status);
            }
        }
    }
    Ok(documents)
}
