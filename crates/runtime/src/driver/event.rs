//! What happens to the driver, and what it has done about it.

use crate::transport::OffsetCommit;
use docmill_contracts::ErrorInfo;
use std::sync::Arc;

/// Names one attempt; results come back with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// Partition.
    pub partition: i32,
    /// Offset in it.
    pub offset: i64,
    /// Which assignment of the partition.
    pub epoch: u32,
    /// From 1.
    pub attempt: u32,
}

/// A fetched record, as the driver needs to know it.
#[derive(Debug, Clone)]
pub struct Item<P> {
    /// Its offset.
    pub offset: i64,
    /// Whose share it counts against.
    pub tenant: Arc<str>,
    /// Key within which order must be kept, where the worker keeps order.
    pub order: Option<Arc<str>>,
    /// Cost in the fair queue.
    pub units: u32,
    /// Size in the window.
    pub bytes: usize,
    /// What the worker makes of it.
    pub payload: P,
}

/// The end of an attempt.
#[derive(Debug)]
pub enum Outcome<O> {
    /// Outputs that become visible with the offset.
    Done(O),
    /// A failure, to be judged by its class.
    Failed(ErrorInfo),
    /// No failure: the record has to wait its turn, for this many milliseconds.
    Deferred(i64),
}

/// What happened.
#[derive(Debug)]
pub enum Event<P, O> {
    /// The group gave us a partition whose state is restored.
    Assigned {
        /// Partition.
        partition: i32,
        /// Committed position.
        offset: i64,
        /// Committed metadata.
        metadata: String,
    },
    /// The group wants partitions back.
    Revoked(Vec<i32>),
    /// Partitions are gone.
    Lost(Vec<i32>),
    /// Records came.
    Fetched {
        /// Partition.
        partition: i32,
        /// Records in order.
        items: Vec<Item<P>>,
    },
    /// An attempt ended.
    Finished {
        /// Which.
        ticket: Ticket,
        /// How.
        outcome: Outcome<O>,
        /// Size of its outputs in bytes.
        bytes: usize,
    },
    /// Outputs that belong to no record, such as those of an expired state.
    Emitted {
        /// Partition whose owner may emit them.
        partition: i32,
        /// The outputs.
        outputs: O,
        /// Their size in bytes.
        bytes: usize,
    },
    /// The commit in flight is durable.
    Committed,
    /// The commit in flight was rolled back; its entries come back.
    Aborted(Vec<Entry<O>>),
    /// Finish what runs, commit it, and stop.
    Stop,
    /// Time passed.
    Tick,
}

/// The outputs of one record, on their way into a transaction.
#[derive(Debug, Clone)]
pub struct Entry<O> {
    /// Partition of the record.
    pub partition: i32,
    /// Assignment under which it was done.
    pub epoch: u32,
    /// Its offset; none for [`Event::Emitted`].
    pub offset: Option<i64>,
    /// Its outputs.
    pub outputs: O,
    /// Bytes of the outputs.
    pub bytes: usize,
    /// Bytes that the record takes in the window.
    pub held: usize,
}

/// What the worker has to do.
#[derive(Debug)]
pub enum Effect<P, O> {
    /// Run an attempt.
    Start {
        /// Its name.
        ticket: Ticket,
        /// What to run.
        payload: P,
    },
    /// An attempt took too long: stop it. Its result would be dropped.
    Cancel(Ticket),
    /// Give a record up: make its dead letter and outcome, and report them as [`Outcome::Done`].
    Bury {
        /// Its name.
        ticket: Ticket,
        /// The record.
        payload: P,
        /// Why.
        error: ErrorInfo,
        /// When it was first seen, milliseconds since 1970 UTC.
        first_seen_ms: i64,
    },
    /// Commit outputs and offsets in one transaction; answer [`Event::Committed`] or [`Event::Aborted`].
    Commit {
        /// Outputs in the order of completion.
        entries: Vec<Entry<O>>,
        /// Positions of owned partitions.
        offsets: Vec<OffsetCommit>,
    },
    /// Too many records were given up, the last for this reason: nothing more starts for a while. None: it works again.
    Breaker(Option<ErrorInfo>),
    /// Stop fetching.
    Pause(Vec<i32>),
    /// Fetch again.
    Resume(Vec<i32>),
    /// Give partitions back to the group.
    Release(Vec<i32>),
    /// Everything that could be finished is committed: close.
    Stopped,
    /// The worker cannot go on.
    Halt(Box<Halt>),
}

/// Why a worker cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// A stage said so.
    Stage(ErrorInfo),
    /// Commit metadata that cannot be read.
    Metadata(String),
    /// Transactions kept being rolled back.
    Commits {
        /// For how long, in milliseconds.
        for_ms: i64,
    },
}
