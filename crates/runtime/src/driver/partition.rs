//! One owned partition: its ledger, and whether it is being given back.

use crate::bitmap::MetadataError;
use crate::ledger::{Ledger, Offer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Active,
    Draining { ends_ms: i64 },
}

#[derive(Debug)]
pub(super) struct Partition {
    epoch: u32,
    ledger: Ledger,
    phase: Phase,
    paused: bool,
    span_full: bool,
}

impl Partition {
    pub(super) fn restore(
        partition: i32,
        epoch: u32,
        offset: i64,
        metadata: &str,
        max_span: usize,
    ) -> Result<Self, MetadataError> {
        let ledger = Ledger::restore(partition, offset, metadata, max_span.max(crate::topology::MAX_SPAN))?;
        Ok(Self { epoch, ledger, phase: Phase::Active, paused: true, span_full: false })
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn offer(&mut self, offset: i64) -> Offer {
        self.ledger.offer(offset)
    }

    pub(super) fn complete(&mut self, offset: i64) {
        self.ledger.complete(offset);
    }

    pub(super) fn position(&self) -> (i64, String) {
        self.ledger.position()
    }

    pub(super) fn span(&self) -> usize {
        self.ledger.span()
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn is_draining(&self) -> bool {
        matches!(self.phase, Phase::Draining { .. })
    }

    pub(super) fn drain_until(&mut self, ends_ms: i64) {
        if self.phase == Phase::Active {
            self.phase = Phase::Draining { ends_ms };
        }
    }

    pub(super) fn drain_ends_ms(&self) -> Option<i64> {
        match self.phase {
            Phase::Active => None,
            Phase::Draining { ends_ms } => Some(ends_ms),
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
