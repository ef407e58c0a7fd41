//! Groups of the log in memory: members, generations, cooperative rebalances.

use docmill_runtime::transport::Member;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// One member of one group, as its own client knows it.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) group: String,
    pub(super) topic: String,
    pub(super) slot: String,
    /// Tells members that had the same slot apart.
    pub(super) id: u64,
    pub(super) process: Option<usize>,
    pub(super) session_timeout: Duration,
}

impl Seat {
    pub(super) fn new(member: &Member, id: u64, process: Option<usize>) -> Self {
        Self {
            group: member.group.clone(),
            topic: member.topic.clone(),
            slot: member.slot.clone(),
            id,
            process,
            session_timeout: member.session_timeout,
        }
    }
}

#[derive(Default)]
pub(super) struct Group {
    pub(super) topic: String,
    partitions: i32,
    generation: u64,
    members: BTreeMap<String, Place>,
}

pub(super) struct Place {
    id: u64,
    process: Option<usize>,
    session_timeout: Duration,
    /// The generation that its client commits with: the group's, but for a member that has not settled what it lost.
    generation: u64,
    stale: bool,
    owned: BTreeSet<i32>,
    leaving: BTreeSet<i32>,
    pub(super) news: VecDeque<News>,
}

pub(super) enum News {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
    Lost(Vec<i32>),
}

/// Why a seat is not in its group.
pub(super) enum Gone {
    /// Another member has its slot.
    Fenced,
    /// Its session ran out.
    Evicted,
}

impl Group {
    pub(super) fn join(&mut self, seat: &Seat, partitions: i32) {
        self.topic.clone_from(&seat.topic);
        self.partitions = partitions;
        let place = Place {
            id: seat.id,
            process: seat.process,
            session_timeout: seat.session_timeout,
            generation: 0,
            stale: false,
            owned: BTreeSet::new(),
            leaving: BTreeSet::new(),
            news: VecDeque::new(),
        };
        self.members.insert(seat.slot.clone(), place);
        self.rebalance();
    }

    pub(super) fn leave(&mut self, seat: &Seat) {
        if self.place(seat).is_ok() {
            self.evict(&seat.slot);
        }
    }

    pub(super) fn evict(&mut self, slot: &str) {
        if self.members.remove(slot).is_some() {
            self.rebalance();
        }
    }

    /// Slot, process and session time-out of the members.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, Option<usize>, Duration)> {
        self.members.iter().map(|(slot, p)| (slot.as_str(), p.process, p.session_timeout))
    }

    pub(super) fn resize(&mut self, topic: &str, partitions: i32) {
        if self.topic == topic {
            self.partitions = partitions;
            self.rebalance();
        }
    }

    pub(super) fn place(&mut self, seat: &Seat) -> Result<&mut Place, Gone> {
        match self.members.get_mut(&seat.slot) {
            None => Err(Gone::Evicted),
            Some(place) if place.id != seat.id => Err(Gone::Fenced),
            Some(place) => Ok(place),
        }
    }

    /// The next news. Whoever asks again after a loss has settled it.
    pub(super) fn take_news(&mut self, seat: &Seat) -> Option<News> {
        let generation = self.generation;
        let place = self.place(seat).ok()?;
        if !place.news.iter().any(|n| matches!(n, News::Lost(_))) {
            (place.stale, place.generation) = (false, generation);
        }
        place.news.pop_front()
    }

    pub(super) fn owned(&self, seat: &Seat) -> BTreeSet<i32> {
        self.members
            .get(&seat.slot)
            .filter(|p| p.id == seat.id)
            .map_or_else(BTreeSet::new, |p| p.owned.clone())
    }

    /// The generation that a member's client would commit with now; none where it is no member.
    pub(super) fn generation(&self, seat: &Seat) -> Option<u64> {
        self.members.get(&seat.slot).filter(|p| p.id == seat.id).map(|p| p.generation)
    }

    /// What the broker checks of a member's positions: that it is a member, of this generation.
    pub(super) fn accepts(&self, seat: &Seat, generation: u64) -> bool {
        self.generation == generation && self.members.get(&seat.slot).is_some_and(|p| p.id == seat.id)
    }

    pub(super) fn revoke(&mut self, slot: &str, partitions: &[i32]) {
        let Some(place) = self.members.get_mut(slot) else { return };
        let asked: Vec<i32> = partitions
            .iter()
            .filter(|p| place.owned.contains(p) && place.leaving.insert(**p))
            .copied()
            .collect();
        if !asked.is_empty() {
            place.news.push_back(News::Revoked(asked));
        }
    }

    pub(super) fn lose(&mut self, slot: &str, partitions: &[i32]) {
        let Some(place) = self.members.get_mut(slot) else { return };
        let gone: Vec<i32> = partitions.iter().filter(|p| place.owned.remove(p)).copied().collect();
        place.leaving.retain(|p| !gone.contains(p));
        if !gone.is_empty() {
            place.news.push_back(News::Lost(gone));
            place.stale = true;
            self.rebalance();
        }
    }

    pub(super) fn release(&mut self, seat: &Seat, partitions: &[i32]) {
        let Ok(place) = self.place(seat) else { return };
        let mut changed = false;
        for p in partitions {
            if place.leaving.remove(p) {
                changed |= place.owned.remove(p);
            }
        }
        if changed {
            self.rebalance();
        }
    }

    /// A new generation: asks back what the wrong member owns, and gives out what nobody owns.
    fn rebalance(&mut self) {
        self.generation += 1;
        let slots: Vec<String> = self.members.keys().cloned().collect();
        let taken: BTreeSet<i32> = self.members.values().flat_map(|m| m.owned.iter().copied()).collect();
        for (n, slot) in slots.iter().enumerate() {
            let wanted = |p: &i32| usize::try_from(*p).is_ok_and(|p| p % slots.len() == n);
            let Some(place) = self.members.get_mut(slot) else { continue };
            if !place.stale {
                place.generation = self.generation;
            }
            let back: Vec<i32> =
                place.owned.iter().filter(|p| !wanted(p) && !place.leaving.contains(p)).copied().collect();
            let given: Vec<i32> = (0..self.partitions).filter(|p| wanted(p) && !taken.contains(p)).collect();
            if !back.is_empty() {
                place.leaving.extend(&back);
                place.news.push_back(News::Revoked(back));
            }
            if !given.is_empty() {
                place.owned.extend(&given);
                place.news.push_back(News::Assigned(given));
            }
        }
    }
}
