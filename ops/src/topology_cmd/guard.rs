//! What must not be changed under open documents: the partitions of a gather worker's input and changelog.
//!
//! Pages of a document meet where their key puts them. With more partitions keys go elsewhere, and the pages that come
//! later would not find those that came before.

use crate::OpsError;
use crate::desk::Desk;
use crate::status::worker;
use docmill_contracts::{GatherState, RecordKind};
use docmill_runtime::topology::Worker;
use docmill_runtime::transport::{ReadFrom, TopicSpec};
use docmill_runtime::{PART_MARK, Topology};
use std::collections::HashSet;

/// A topic whose partitions would be raised, and the worker that gathers over it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Raise {
    worker: String,
    topic: String,
    has: i32,
    wanted: i32,
}

/// What would be raised of gather workers; an error where input and changelog do not fit each other and would not after.
pub(super) fn raised(topology: &Topology, found: &[TopicSpec]) -> Result<Vec<Raise>, OpsError> {
    let mut all = Vec::new();
    for worker in topology.workers.values() {
        let Some(changelog) = &worker.changelog else { continue };
        let has = |name: &str| found.iter().find(|t| t.name == name).map(|t| t.partitions);
        let wants = |name: &str| topology.topics.get(name).map_or(0, |t| t.partitions);
        if let (Some(a), Some(b)) = (has(&worker.input), has(changelog))
            && a != b
            && a.max(b) > wants(&worker.input)
        {
            return Err(OpsError::UnlikePartitions {
                worker: worker.name.clone(),
                input: worker.input.clone(),
                input_partitions: a,
                changelog: changelog.clone(),
                changelog_partitions: b,
            });
        }
        for topic in [&worker.input, changelog] {
            if let Some(has) = has(topic).filter(|has| *has < wants(topic)) {
                let (worker, topic, wanted) = (worker.name.clone(), topic.clone(), wants(topic));
                all.push(Raise { worker, topic, has, wanted });
            }
        }
    }
    Ok(all)
}

/// Refuses to raise partitions while documents are open.
pub(super) async fn refuse(desk: &Desk, raise: &[Raise], found: &[TopicSpec]) -> Result<(), OpsError> {
    for r in raise {
        let Some(worker) = desk.topology.workers.get(&r.worker) else { continue };
        let Some(changelog) = &worker.changelog else { continue };
        let (open, unread) = open(desk, worker, changelog, found).await?;
        if open > 0 || unread > 0 {
            return Err(OpsError::OpenStates {
                topic: r.topic.clone(),
                has: r.has,
                wanted: r.wanted,
                worker: r.worker.clone(),
                open,
                unread,
            });
        }
    }
    Ok(())
}

/// States that are not closed, and records of the input that are not done.
async fn open(
    desk: &Desk,
    worker: &Worker,
    changelog: &str,
    found: &[TopicSpec],
) -> Result<(usize, u64), OpsError> {
    let mut states: HashSet<(i32, Vec<u8>)> = HashSet::new();
    if found.iter().any(|t| t.name == changelog) {
        let mut scan = desk.scan(changelog, ReadFrom::Beginning).await?;
        while let Some((partition, records)) = scan.next().await? {
            for record in records {
                let key = (partition, record.key.map(|k| k.to_vec()).unwrap_or_default());
                // Of a state in parts the one without a name says whether it is open.
                if key.1.contains(&(PART_MARK as u8)) {
                    continue;
                }
                let is_open = match (&record.value, desk.kind_of(changelog)) {
                    (None, _) => false,
                    // A state that cannot be read is taken for an open one: that is the careful side.
                    (Some(value), Some(RecordKind::GatherState)) => {
                        desk.read::<GatherState>(value).await?.is_none_or(|s| !s.closed)
                    }
                    (Some(_), _) => true,
                };
                if is_open {
                    states.insert(key);
                } else {
                    states.remove(&key);
                }
            }
        }
    }
    Ok((states.len(), worker::state(desk, worker).await?.lag))
}

#[cfg(test)]
mod tests;
