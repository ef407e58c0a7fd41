//! One owned partition: its ledger, who may work at it, and whether it is being given back.
//!
//! A member opens a partition with a commit before it starts the first record, and closes it with its last one. What it
//! leaves open tells the next member that this one died, and what it was working at.

use crate::ledger::{Ledger, Offer};
use crate::metadata::{Mark, Metadata, MetadataError};
use std::collections::{BTreeMap, VecDeque};

/// A record that so many members died of is run alone.
const ALONE_AFTER: u32 = 2;
/// One that so many died of is given up.
pub(super) const DEAD_AFTER: u32 = 5;
/// After so many members that finished nothing, every record is run alone until one is done.
const CAUTIOUS_AFTER: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Active,
    Draining { ends_ms: i64, over: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// Nothing came yet, or all is given back in order.
    No,
    /// Records wait for the commit that says so.
    Asked,
    Yes,
}

#[derive(Debug)]
pub(super) struct Partition {
    epoch: u32,
    ledger: Ledger,
    phase: Phase,
    paused: bool,
    span_full: bool,
    opened: Opened,
    /// What the next commit says, until a record is done.
    opens: u32,
    /// Records that members died of, and how many.
    suspects: BTreeMap<i64, u32>,
    /// Fetched, not yet to be started.
    waiting: VecDeque<i64>,
}

impl Partition {
    pub(super) fn restore(
        partition: i32,
        epoch: u32,
        offset: i64,
        metadata: &str,
    ) -> Result<Self, MetadataError> {
        let metadata = Metadata::decode(partition, metadata)?;
        let at = |index: usize| offset.saturating_add(i64::try_from(index).unwrap_or(i64::MAX));
        let suspects = metadata
            .marks
            .iter()
            .map(|m| (at(m.index), m.deaths.saturating_add(u32::from(m.started))))
            .filter(|(_, deaths)| *deaths > 0)
            .collect();
        Ok(Self {
            epoch,
            ledger: Ledger::restore(offset, metadata.done),
            phase: Phase::Active,
            paused: true,
            span_full: false,
            opened: Opened::No,
            opens: metadata.opens.saturating_add(1),
            suspects,
            waiting: VecDeque::new(),
        })
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn offer(&mut self, offset: i64) -> Offer {
        let offer = self.ledger.offer(offset);
        if offer == Offer::New {
            self.waiting.push_back(offset);
            if self.opened == Opened::No {
                self.opened = Opened::Asked;
            }
        }
        offer
    }

    /// The next record that may be started: within the span, once the partition is open.
    pub(super) fn admit(&mut self, max_span: usize) -> Option<i64> {
        let end = self.ledger.frontier().saturating_add(i64::try_from(max_span).unwrap_or(i64::MAX));
        let next = self.waiting.front().copied()?;
        (self.opened == Opened::Yes && next < end).then(|| self.waiting.pop_front()).flatten()
    }

    /// A record is done, as the next commit says.
    pub(super) fn complete(&mut self, offset: i64) {
        self.ledger.complete(offset);
        self.suspects.remove(&offset);
        self.opens = 1;
    }

    /// How many members died of a record.
    pub(super) fn deaths(&self, offset: i64) -> u32 {
        self.suspects.get(&offset).copied().unwrap_or(0)
    }

    /// Whether nothing may run beside a record.
    pub(super) fn alone(&self, offset: i64) -> bool {
        self.opens > CAUTIOUS_AFTER || self.deaths(offset) >= ALONE_AFTER
    }

    /// Position and metadata, with marks for the offsets in work.
    pub(super) fn position(&self, in_work: impl Iterator<Item = i64>, closing: bool) -> (i64, String) {
        let frontier = self.ledger.frontier();
        let mut marks: BTreeMap<i64, (u32, bool)> =
            self.suspects.iter().map(|(offset, deaths)| (*offset, (*deaths, false))).collect();
        for offset in in_work {
            marks.entry(offset).or_default().1 = true;
        }
        let mut marks: Vec<Mark> = marks
            .into_iter()
            .filter_map(|(offset, (deaths, started))| {
                Some(Mark { index: usize::try_from(offset - frontier).ok()?, deaths, started })
            })
            .collect();
        // Where there are too many, those that are most under suspicion are kept.
        marks.sort_by_key(|m| (std::cmp::Reverse(m.deaths), m.index));
        let opens = if closing || self.opened == Opened::No { 0 } else { self.opens };
        (frontier, Metadata { done: self.ledger.done().collect(), opens, marks }.encode())
    }

    pub(super) fn span(&self) -> usize {
        self.ledger.span()
    }

    /// Records wait for this partition to be opened by a commit.
    pub(super) fn asks_to_open(&self) -> bool {
        self.opened == Opened::Asked && self.phase == Phase::Active
    }

    /// It must be closed by a commit before it is given back.
    pub(super) fn is_open(&self) -> bool {
        self.opened == Opened::Yes
    }

    /// A commit said that it is open.
    pub(super) fn open(&mut self) {
        if self.opened == Opened::Asked {
            self.opened = Opened::Yes;
        }
    }

    /// A commit said that it is given back in order.
    pub(super) fn close(&mut self) {
        self.opened = Opened::No;
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn is_draining(&self) -> bool {
        matches!(self.phase, Phase::Draining { .. })
    }

    pub(super) fn drain_until(&mut self, ends_ms: i64) {
        if self.phase == Phase::Active {
            self.phase = Phase::Draining { ends_ms, over: false };
            self.waiting.clear();
        }
    }

    /// What still runs is given up; the closing commit has until then.
    pub(super) fn end_drain(&mut self, until_ms: i64) {
        self.phase = Phase::Draining { ends_ms: until_ms, over: true };
    }

    pub(super) fn drain_ends_ms(&self) -> Option<i64> {
        match self.phase {
            Phase::Active => None,
            Phase::Draining { ends_ms, .. } => Some(ends_ms),
        }
    }

    /// Whether fetching must stop (true) or may go on (false), where that is news.
    pub(super) fn throttle(&mut self, budget_full: bool, max_span: usize) -> Option<bool> {
        let span = self.ledger.span();
        self.span_full = if self.span_full { span > max_span / 4 * 3 } else { span >= max_span };
        let pause = budget_full || self.span_full || self.is_draining();
        if pause == self.paused {
            return None;
        }
        self.paused = pause;
        Some(pause)
    }
}
