//! Consumer groups of this process: who owns which partition, and the members' reading halves.
//!
//! Rule: a partition passes from one member to the next only after the first has released it.

use crate::Shared;
use crate::read::changed;
use crate::schema;
use docmill_runtime::transport::{Assigned, Consumer, Event, Joined, Member, Record, TransportError};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, watch};

#[derive(Default)]
pub(crate) struct Groups(Mutex<HashMap<String, Group>>);

/// One member of one group, as its producer names it.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) group: String,
    pub(crate) topic: String,
    pub(crate) slot: String,
    /// Tells members that had the same slot apart.
    id: u64,
}

#[derive(Default)]
struct Group {
    /// By slot, so that the same members share alike after every change.
    members: BTreeMap<String, Place>,
    partitions: i32,
    next_id: u64,
}

struct Place {
    id: u64,
    owned: BTreeSet<i32>,
    /// Told to give back, and not done yet.
    leaving: BTreeSet<i32>,
    news: VecDeque<News>,
    notify: Arc<Notify>,
}

enum News {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
    Lost(Vec<i32>),
}

impl Group {
    /// Asks for what is owned by the wrong member, and gives out what is free.
    fn rebalance(&mut self) {
        let slots: Vec<String> = self.members.keys().cloned().collect();
        let mut target: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
        for (partition, slot) in (0..self.partitions).zip(slots.iter().cycle()) {
            target.entry(slot).or_default().insert(partition);
        }
        let taken: BTreeSet<i32> = self.members.values().flat_map(|m| m.owned.iter().copied()).collect();
        for (slot, place) in &mut self.members {
            let wanted = target.remove(slot.as_str()).unwrap_or_default();
            let revoked: Vec<i32> = place
                .owned
                .iter()
                .filter(|p| !wanted.contains(p) && !place.leaving.contains(p))
                .copied()
                .collect();
            let assigned: Vec<i32> = wanted.iter().filter(|p| !taken.contains(p)).copied().collect();
            if !revoked.is_empty() {
                place.leaving.extend(&revoked);
                place.news.push_back(News::Revoked(revoked));
            }
            if !assigned.is_empty() {
                place.owned.extend(&assigned);
                place.news.push_back(News::Assigned(assigned));
            }
            place.notify.notify_one();
        }
    }
}

impl Groups {
    fn with<T>(&self, group: &str, work: impl FnOnce(&mut Group) -> T) -> T {
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(groups.entry(group.to_owned()).or_default())
    }

    /// Whether this member is in its group and owns the partition.
    pub(crate) fn owns(&self, seat: &Seat, partition: i32) -> bool {
        self.with(&seat.group, |g| {
            g.members.get(&seat.slot).is_some_and(|m| m.id == seat.id && m.owned.contains(&partition))
        })
    }

    fn leave(&self, group: &str, slot: &str, id: u64) {
        self.with(group, |g| {
            if g.members.get(slot).is_some_and(|m| m.id == id) {
                g.members.remove(slot);
                g.rebalance();
            }
        });
    }
}

pub(crate) async fn join(shared: &Arc<Shared>, member: Member) -> Result<Joined, TransportError> {
    let name = member.topic.clone();
    let topic = shared.read(move |db| schema::topic(db, &name)).await?;
    let Some(topic) = topic else { return Err(TransportError::UnknownTopic { topic: member.topic }) };
    let notify = Arc::new(Notify::new());
    let id = shared.groups.with(&member.group, |g| {
        g.partitions = topic.partitions;
        g.next_id += 1;
        let id = g.next_id;
        let news = VecDeque::new();
        let place =
            Place { id, owned: BTreeSet::new(), leaving: BTreeSet::new(), news, notify: Arc::clone(&notify) };
        if let Some(fenced) = g.members.insert(member.slot.clone(), place) {
            // The predecessor finds out when it asks: it is no member any more.
            fenced.notify.notify_one();
        }
        g.rebalance();
        id
    });
    let half = Half {
        shared: Arc::clone(shared),
        topic: topic.id,
        id,
        notify,
        version: shared.version.clone(),
        parts: BTreeMap::new(),
        last: -1,
        fenced: false,
        member: member.clone(),
    };
    let name = format!("{}.{}", member.group, member.slot);
    let seat = Seat { group: member.group, topic: member.topic, slot: member.slot, id };
    let producer = shared.writer.producer(name, Some(seat));
    Ok((Box::new(half), producer))
}

struct Part {
    next: i64,
    paused: bool,
}

struct Half {
    shared: Arc<Shared>,
    topic: i64,
    member: Member,
    id: u64,
    notify: Arc<Notify>,
    version: watch::Receiver<u64>,
    parts: BTreeMap<i32, Part>,
    /// Partition that was read last: the next one has its turn.
    last: i32,
    fenced: bool,
}

impl Half {
    /// The group's next news for this member; `Lost` once another has taken its slot.
    fn news(&mut self) -> Option<News> {
        let (slot, id) = (&self.member.slot, self.id);
        let mine = self.shared.groups.with(&self.member.group, |g| match g.members.get_mut(slot) {
            Some(place) if place.id == id => Ok(place.news.pop_front()),
            Some(_) | None => Err(()),
        });
        match mine {
            Ok(news) => news,
            Err(()) if self.fenced => None,
            Err(()) => {
                self.fenced = true;
                let lost: Vec<i32> = std::mem::take(&mut self.parts).into_keys().collect();
                (!lost.is_empty()).then_some(News::Lost(lost))
            }
        }
    }

    async fn assigned(&mut self, partitions: Vec<i32>) -> Result<Event, TransportError> {
        let (group, topic) = (self.member.group.clone(), self.member.topic.clone());
        // A commit of the former owner may be on its way to the disk.
        let asked = match self.shared.writer.barrier().await {
            Ok(()) => {
                let query = move |db: &rusqlite::Connection| {
                    Ok((schema::committed(db, &group, &topic)?, schema::watermarks(db, &topic)?))
                };
                self.shared.read(query).await
            }
            Err(e) => Err(e),
        };
        let (committed, marks) = match asked {
            Ok(found) => found,
            Err(e) => {
                // The news is not lost with the error.
                self.shared.groups.with(&self.member.group, |g| {
                    if let Some(place) = g.members.get_mut(&self.member.slot).filter(|p| p.id == self.id) {
                        place.news.push_front(News::Assigned(partitions));
                    }
                });
                return Err(e);
            }
        };
        let assigned: Vec<Assigned> = partitions
            .into_iter()
            .map(|partition| {
                let (low, high) =
                    marks.iter().find(|m| m.partition == partition).map_or((0, 0), |m| (m.low, m.high));
                let (offset, metadata) = committed
                    .iter()
                    .find(|c| c.partition == partition)
                    .map_or((low, String::new()), |c| (c.offset, c.metadata.clone()));
                Assigned { partition, offset, metadata, low, high }
            })
            .collect();
        for a in &assigned {
            self.parts.insert(a.partition, Part { next: a.offset, paused: true });
        }
        Ok(Event::Assigned(assigned))
    }

    async fn fetch(&mut self) -> Result<Option<Event>, TransportError> {
        let open = |from: i32, to: i32| {
            self.parts
                .range(from..to)
                .filter(|(_, p)| !p.paused)
                .map(|(id, p)| (*id, p.next))
                .collect::<Vec<_>>()
        };
        let turns = [open(self.last + 1, i32::MAX), open(0, self.last + 1)].concat();
        let (topic, bytes) = (self.topic, self.member.fetch_bytes);
        let found: Option<(i32, Vec<Record>)> = self
            .shared
            .read(move |db| {
                for (partition, next) in turns {
                    let records = schema::fetch(db, topic, partition, next, bytes)?;
                    if !records.is_empty() {
                        return Ok(Some((partition, records)));
                    }
                }
                Ok(None)
            })
            .await?;
        let Some((partition, records)) = found else { return Ok(None) };
        self.last = partition;
        if let (Some(part), Some(last)) = (self.parts.get_mut(&partition), records.last()) {
            part.next = last.offset + 1;
        }
        Ok(Some(Event::Records { partition, records }))
    }
}

impl Consumer for Half {
    fn next(&mut self) -> BoxFuture<'_, Result<Event, TransportError>> {
        async move {
            loop {
                self.version.borrow_and_update();
                match self.news() {
                    // An assignment is put back if the future is dropped meanwhile: it is read again from the start.
                    Some(News::Assigned(partitions)) => {
                        let guard = PutBack { half: self, partitions: Some(partitions) };
                        return guard.assigned().await;
                    }
                    Some(News::Revoked(partitions)) => {
                        for p in &partitions {
                            self.parts.remove(p);
                        }
                        return Ok(Event::Revoked(partitions));
                    }
                    Some(News::Lost(partitions)) => return Ok(Event::Lost(partitions)),
                    None => {}
                }
                if self.parts.values().any(|p| !p.paused)
                    && let Some(event) = self.fetch().await?
                {
                    return Ok(event);
                }
                let notify = Arc::clone(&self.notify);
                tokio::select! {
                    result = changed(&mut self.version) => result?,
                    () = notify.notified() => {}
                }
            }
        }
        .boxed()
    }

    fn pause(&mut self, partitions: &[i32]) {
        for p in partitions {
            if let Some(part) = self.parts.get_mut(p) {
                part.paused = true;
            }
        }
    }

    fn resume(&mut self, partitions: &[i32]) {
        for p in partitions {
            if let Some(part) = self.parts.get_mut(p) {
                part.paused = false;
            }
        }
    }

    fn release(&mut self, partitions: &[i32]) {
        for p in partitions {
            self.parts.remove(p);
        }
        let (slot, id) = (&self.member.slot, self.id);
        self.shared.groups.with(&self.member.group, |g| {
            if let Some(place) = g.members.get_mut(slot).filter(|p| p.id == id) {
                let leaving: Vec<i32> =
                    partitions.iter().filter(|p| place.leaving.remove(p)).copied().collect();
                for p in &leaving {
                    place.owned.remove(p);
                }
                if !leaving.is_empty() {
                    g.rebalance();
                }
            }
        });
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        futures::future::ready(()).boxed()
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        self.shared.groups.leave(&self.member.group, &self.member.slot, self.id);
    }
}

/// Puts an assignment back into the group's news when the future that was to tell it is dropped.
struct PutBack<'a> {
    half: &'a mut Half,
    partitions: Option<Vec<i32>>,
}

impl PutBack<'_> {
    async fn assigned(mut self) -> Result<Event, TransportError> {
        let partitions = self.partitions.clone().unwrap_or_default();
        let event = self.half.assigned(partitions).await;
        self.partitions = None;
        event
    }
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        let Some(partitions) = self.partitions.take() else { return };
        let half = &mut *self.half;
        half.shared.groups.with(&half.member.group, |g| {
            if let Some(place) = g.members.get_mut(&half.member.slot).filter(|p| p.id == half.id) {
                place.news.push_front(News::Assigned(partitions));
            }
        });
    }
}
