//! Which offsets of one partition are done. Dense: every offset from the frontier to the last fetched has a slot.

use std::collections::VecDeque;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// Not fetched yet, and not known to be done.
    Unseen,
    /// Fetched; somebody is at it.
    Pending,
    /// Done, or never a record of ours (a gap).
    Done,
}

/// What a fetched offset is to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Work to do.
    New,
    /// Done before a restart: skip it.
    Done,
    /// Already fetched: skip it.
    Repeated,
}

/// The ledger of one partition.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// First offset that is not done.
    frontier: i64,
    /// Next offset that is expected from the log.
    next: i64,
    /// Slots from the frontier on; reaches beyond `next` where a restored bitmap does.
    slots: VecDeque<Slot>,
}

impl Ledger {
    /// The ledger of a partition whose group committed `offset`; element i of `done`: whether offset + i is done.
    pub fn restore(offset: i64, done: Vec<bool>) -> Self {
        let slots = done.into_iter().map(|d| if d { Slot::Done } else { Slot::Unseen }).collect();
        let mut ledger = Self { frontier: offset, next: offset, slots };
        ledger.advance();
        ledger
    }

    /// Takes a fetched offset. Offsets that the log skipped (control records, aborted or compacted ones) are done.
    pub fn offer(&mut self, offset: i64) -> Offer {
        if offset < self.next {
            return Offer::Repeated;
        }
        if self.slots.is_empty() {
            // However wide the gap, it costs no memory.
            (self.frontier, self.next) = (offset, offset);
        }
        let index = self.index(offset);
        if self.slots.len() <= index {
            self.slots.resize(index + 1, Slot::Unseen);
        }
        let first = self.index(self.next.max(self.frontier));
        for slot in self.slots.iter_mut().take(index).skip(first) {
            if *slot == Slot::Unseen {
                *slot = Slot::Done;
            }
        }
        self.next = offset + 1;
        let offer = match self.slots.get_mut(index) {
            Some(slot @ Slot::Unseen) => {
                *slot = Slot::Pending;
                Offer::New
            }
            Some(Slot::Done) => Offer::Done,
            Some(Slot::Pending) | None => Offer::Repeated,
        };
        self.advance();
        offer
    }

    /// An offset's work is done.
    pub fn complete(&mut self, offset: i64) {
        if offset < self.frontier {
            return;
        }
        let index = self.index(offset);
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Slot::Done;
        }
        self.advance();
    }

    /// First offset that is not done.
    pub fn frontier(&self) -> i64 {
        self.frontier
    }

    /// For each offset from the frontier on, whether it is done.
    pub fn done(&self) -> impl Iterator<Item = bool> {
        self.slots.iter().map(|s| *s == Slot::Done)
    }

    /// Offsets from the frontier to the last fetched. Bits that were restored beyond it do not count: they are no work
    /// that fetching could wait for.
    pub fn span(&self) -> usize {
        self.index(self.next)
    }

    fn index(&self, offset: i64) -> usize {
        usize::try_from(offset - self.frontier).unwrap_or(0)
    }

    fn advance(&mut self) {
        while self.slots.front() == Some(&Slot::Done) {
            self.slots.pop_front();
            self.frontier += 1;
        }
        // A frontier beyond `next` happens only where a restored bitmap was contiguous with it.
        self.next = self.next.max(self.frontier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn ledger(offset: i64) -> Ledger {
        Ledger::restore(offset, Vec::new())
    }

    fn heir(of: &Ledger) -> Ledger {
        Ledger::restore(of.frontier(), of.done().collect())
    }

    #[test]
    fn gaps_are_done_and_the_frontier_waits_for_the_slowest() {
        let mut l = ledger(10);
        assert_eq!(l.offer(12), Offer::New);
        assert_eq!(l.offer(13), Offer::New);
        assert_eq!(l.frontier(), 12);
        l.complete(13);
        assert_eq!(l.frontier(), 12);
        l.complete(12);
        assert_eq!((l.frontier(), l.done().count()), (14, 0));
        assert_eq!(l.offer(1 << 50), Offer::New, "a wide gap costs nothing");
        assert_eq!(l.offer(13), Offer::Repeated);
    }

    #[test]
    fn bits_that_were_not_fetched_again_are_committed_again() {
        let mut l = ledger(0);
        for o in 0..6 {
            l.offer(o);
        }
        l.complete(5);
        let mut second = heir(&l);
        assert_eq!(second.offer(0), Offer::New);
        second.complete(0);
        let mut third = heir(&second);
        for o in 1..5 {
            assert_eq!(third.offer(o), Offer::New);
            third.complete(o);
        }
        assert_eq!(third.frontier(), 6);
        assert_eq!(third.offer(5), Offer::Repeated);
        assert_eq!(third.offer(6), Offer::New);
    }

    proptest! {
        /// Against a naive model, over restarts that keep only what was committed: nothing is lost, nothing runs twice
        /// once it was committed, and the position is what the model says.
        #[test]
        fn agrees_with_a_naive_model(
            present in proptest::collection::vec(any::<bool>(), 1..120),
            steps in proptest::collection::vec((0u8..8, any::<prop::sample::Index>()), 0..200),
        ) {
            let log: Vec<i64> = (0i64..).zip(&present).filter(|(_, p)| **p).map(|(o, _)| o).collect();
            let mut l = ledger(0);
            let (mut done, mut pending, mut fetched) = (BTreeSet::new(), BTreeSet::new(), 0usize);
            for (step, pick) in steps {
                match step {
                    0..=3 => if let Some(&offset) = log.get(fetched) {
                        fetched += 1;
                        let offer = l.offer(offset);
                        if done.contains(&offset) {
                            prop_assert_ne!(offer, Offer::New);
                        } else {
                            prop_assert_eq!(offer, Offer::New);
                            pending.insert(offset);
                        }
                    },
                    4..=6 => if !pending.is_empty() {
                        let offset = *pending.iter().nth(pick.index(pending.len())).unwrap();
                        pending.remove(&offset);
                        done.insert(offset);
                        l.complete(offset);
                    },
                    _ => {
                        l = heir(&l);
                        pending.clear();
                        fetched = log.iter().position(|o| *o >= l.frontier()).unwrap_or(log.len());
                    }
                }
                let frontier = l.frontier();
                for offset in &log {
                    if *offset < frontier {
                        prop_assert!(done.contains(offset), "{} was passed but is not done", offset);
                    }
                }
                prop_assert!(l.span() <= present.len() + 8);
            }
        }
    }
}
