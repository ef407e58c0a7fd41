//! One worker's positions: what is done, what is not, and since when.

use crate::OpsError;
use crate::desk::Desk;
use docmill_runtime::metadata::Metadata;
use docmill_runtime::topology::Worker;
use docmill_runtime::transport::{OffsetCommit, ReadFrom, TransportError, Watermarks};
use std::collections::BTreeMap;

/// Records behind the positions that are read to tell them from gaps; more are estimated by their offsets.
const MOST: usize = 20_000;
/// Their bytes.
const MOST_BYTES: usize = 32 << 20;

/// How far a worker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkerState {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) input: String,
    /// Records that are not done.
    pub(crate) lag: u64,
    /// False where `lag` is told by offsets, which count what is no record too.
    pub(crate) exact: bool,
    /// Widest distance, in offsets, from the first that is not done to the last that is.
    pub(crate) span: usize,
    /// Records that were being worked at when positions were last committed.
    pub(crate) in_flight: usize,
    /// When the oldest record that is not done was written, milliseconds since 1970 UTC.
    pub(crate) oldest: Option<i64>,
    /// Offsets that are done, summed over partitions: it rises with what is done.
    pub(crate) done: i64,
    /// What is odd.
    pub(crate) notes: Vec<String>,
}

/// A partition's part.
struct Part {
    position: i64,
    high: i64,
    metadata: Metadata,
    /// Offset up to which records were read.
    read: i64,
}

impl Part {
    fn new(mark: &Watermarks, commit: Option<&OffsetCommit>, notes: &mut Vec<String>) -> Self {
        let p = mark.partition;
        let position = commit.map_or(mark.low, |c| c.offset);
        if position < mark.low || position > mark.high {
            notes.push(format!(
                "partition {p}: position {position} is outside of {}..{} (RUNTIME: lost data?)",
                mark.low, mark.high
            ));
        }
        let metadata = commit.map_or(Ok(Metadata::default()), |c| Metadata::decode(p, &c.metadata));
        let metadata = metadata.unwrap_or_else(|e| {
            notes.push(e.to_string());
            Metadata::default()
        });
        let position = position.clamp(mark.low, mark.high.max(mark.low));
        Self { position, high: mark.high, metadata, read: position }
    }

    fn is_done(&self, offset: i64) -> bool {
        let bit = usize::try_from(offset - self.position).ok();
        bit.and_then(|i| self.metadata.done.get(i)).copied().unwrap_or(false)
    }

    /// Offsets that are not known to be done in what was not read.
    fn unread(&self) -> u64 {
        (self.read..self.high).filter(|o| !self.is_done(*o)).count() as u64
    }
}

/// Reads a worker's positions and the records behind them.
pub(crate) async fn state(desk: &Desk, spec: &Worker) -> Result<WorkerState, OpsError> {
    let mut state = WorkerState {
        name: spec.name.clone(),
        group: spec.group.clone(),
        input: spec.input.clone(),
        lag: 0,
        exact: true,
        span: 0,
        in_flight: 0,
        oldest: None,
        done: 0,
        notes: Vec::new(),
    };
    let marks = match desk.log.watermarks(&spec.input).await {
        Ok(marks) => marks,
        Err(TransportError::UnknownTopic { topic }) => {
            state.notes.push(format!("topic {topic} does not exist"));
            return Ok(state);
        }
        Err(e) => return Err(e.into()),
    };
    let commits = desk.log.committed(&spec.group, &spec.input).await?;
    let mut parts: BTreeMap<i32, Part> = BTreeMap::new();
    for mark in &marks {
        let commit = commits.iter().find(|c| c.partition == mark.partition);
        parts.insert(mark.partition, Part::new(mark, commit, &mut state.notes));
    }
    for part in parts.values() {
        let bits = part.metadata.done.iter().filter(|b| **b).count();
        state.done += part.position + i64::try_from(bits).unwrap_or(0);
        let last = part.metadata.done.iter().rposition(|b| *b).map_or(0, |i| i + 1);
        state.span = state.span.max(last);
        state.in_flight += part.metadata.marks.iter().filter(|m| m.started).count();
        for m in part.metadata.marks.iter().filter(|m| m.deaths > 0) {
            let offset = part.position + i64::try_from(m.index).unwrap_or(0);
            state.notes.push(format!("offset {offset}: {} members died while they worked at it", m.deaths));
        }
    }
    count(desk, spec, &mut parts, &mut state).await?;
    for part in parts.values() {
        let unread = part.unread();
        state.lag += unread;
        state.exact &= unread == 0;
    }
    Ok(state)
}

/// Reads from the positions on: offsets alone do not tell records from the ends of transactions.
async fn count(
    desk: &Desk,
    spec: &Worker,
    parts: &mut BTreeMap<i32, Part>,
    state: &mut WorkerState,
) -> Result<(), OpsError> {
    if parts.values().all(|p| p.position >= p.high) {
        return Ok(());
    }
    let from = parts.iter().map(|(p, part)| (*p, part.position)).collect();
    let mut reader = desk.scan(&spec.input, ReadFrom::Offsets(from)).await?.into_reader();
    let (mut records_read, mut bytes) = (0, 0);
    while records_read < MOST && bytes < MOST_BYTES {
        let docmill_runtime::transport::Read::Records { partition, records } = reader.next().await? else {
            // The end: what lies between the last record and it is no record.
            parts.values_mut().for_each(|p| p.read = p.high);
            break;
        };
        let Some(part) = parts.get_mut(&partition) else { continue };
        for record in records {
            records_read += 1;
            bytes += record.size();
            part.read = part.read.max(record.offset + 1);
            if !part.is_done(record.offset) && record.offset < part.high {
                state.lag += 1;
                state.oldest =
                    Some(state.oldest.map_or(record.timestamp_ms, |o: i64| o.min(record.timestamp_ms)));
            }
        }
    }
    Ok(())
}
