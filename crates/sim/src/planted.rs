//! Faults that are planted on purpose, around the log and the gather and never in the runtime, to show that the simulation finds them.

use crate::world::World;
use clap::ValueEnum;
use docmill_runtime::transport::{
    Assigned, CommitError, Consumer, Event, Joined, Member, OffsetCommit, OutRecord, Producer, Read,
    ReadFrom, Reader, TopicSpec, Transaction, Transport, TransportError, Watermarks,
};
use docmill_testkit::SimLog;
use docmill_testkit::sim::Client;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use std::sync::Arc;

/// A fault planted on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// Positions are committed in a transaction of their own, before the records.
    OffsetsFirst,
    /// Records are committed in a transaction of their own, before the positions.
    RecordsFirst,
    /// The metadata of positions is lost.
    LostBitmap,
    /// The bitmap is read as if it began one offset later.
    ShiftedBitmap,
    /// The position is behind the highest offset that is done, not before the first that is not.
    HighestOffset,
    /// The changelog is not written.
    NoChangelog,
    /// The changelog is not read: caught up at once.
    EmptyChangelog,
    /// The changelog is read up to the last stable offset, not to its end.
    HastyChangelog,
    /// Revoked partitions are given back at once, while the driver still drains them.
    EarlyRelease,
    /// Lost partitions are not heard of.
    UnheardLoss,
    /// A transaction that was rolled back is reported as committed.
    AbortIsCommit,
    /// An unknown outcome is taken for a rollback: the producer starts over, and what it had sent is sent again.
    UnknownIsAbort,
    /// Positions are handed in under the generation in which the producer begins, not that in which they were right.
    LateGeneration,
    /// Consumers read what is not committed.
    ReadUncommitted,
    /// Positions are looked up while a predecessor's transaction may still change them.
    UnstablePositions,
    /// Of each transaction, the last record is lost.
    LostRecord,
    /// Dead letters lose the headers of their record.
    BareDeadLetters,
}

impl Plant {
    /// Faults in the settings of clients.
    pub fn prepare(self, log: &SimLog) {
        match self {
            Self::ReadUncommitted => log.read_uncommitted(),
            Self::UnstablePositions => log.unstable_positions(),
            Self::HastyChangelog => log.hasty_readers(),
            Self::UnknownIsAbort => log.careless_producers(),
            _ => {}
        }
    }

    /// The transport of a process.
    pub fn transport(self, _world: &Arc<World>, client: Client) -> Arc<dyn Transport> {
        Arc::new(Planted { plant: self, client })
    }

    fn alter(self, assigned: &mut Assigned) {
        if self == Self::ShiftedBitmap && !assigned.metadata.is_empty() {
            assigned.offset += 1;
        }
    }

    fn alter_position(self, position: &mut OffsetCommit) {
        match self {
            Self::LostBitmap => position.metadata.clear(),
            Self::HighestOffset => {
                let bits = crate::observer::bits(&position.metadata).unwrap_or_default();
                let highest = bits.iter().rposition(|done| *done);
                position.offset += highest.map_or(0, |at| i64::try_from(at).unwrap_or(0) + 1);
                position.metadata.clear();
            }
            _ => {}
        }
    }

    fn alter_records(self, records: &mut Vec<OutRecord>) {
        match self {
            Self::NoChangelog => records.retain(|r| &*r.topic != "states"),
            Self::LostRecord => drop(records.pop()),
            Self::BareDeadLetters => {
                for r in records.iter_mut().filter(|r| &*r.topic == "dlq") {
                    let dlq = r.headers.iter().filter(|(name, _)| name.starts_with("dlq."));
                    r.headers = dlq.map(|(n, v)| (n.to_owned(), v.to_vec())).collect();
                }
            }
            _ => {}
        }
    }
}

#[derive(Clone)]
struct Planted {
    plant: Plant,
    client: Client,
}

struct PlantedConsumer {
    plant: Plant,
    inner: Box<dyn Consumer>,
}

impl Consumer for PlantedConsumer {
    fn next(&mut self) -> BoxFuture<'_, Result<Event, TransportError>> {
        async move {
            loop {
                match self.inner.next().await? {
                    Event::Assigned(mut all) => {
                        for a in &mut all {
                            self.plant.alter(a);
                            a.high = a.high.max(a.offset);
                        }
                        return Ok(Event::Assigned(all));
                    }
                    Event::Revoked(partitions) if self.plant == Plant::EarlyRelease => {
                        self.inner.release(&partitions);
                        return Ok(Event::Revoked(partitions));
                    }
                    Event::Lost(_) if self.plant == Plant::UnheardLoss => {}
                    event => return Ok(event),
                }
            }
        }
        .boxed()
    }

    fn pause(&mut self, partitions: &[i32]) {
        self.inner.pause(partitions);
    }

    fn resume(&mut self, partitions: &[i32]) {
        self.inner.resume(partitions);
    }

    fn before_commit(&mut self) {
        if self.plant != Plant::LateGeneration {
            self.inner.before_commit();
        }
    }

    fn release(&mut self, partitions: &[i32]) {
        if self.plant != Plant::EarlyRelease {
            self.inner.release(partitions);
        }
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.inner.close()
    }
}

struct PlantedProducer {
    plant: Plant,
    inner: Box<dyn Producer>,
}

impl PlantedProducer {
    async fn run(&mut self, mut t: Transaction) -> Result<(), CommitError> {
        let (plant, inner) = (self.plant, &mut self.inner);
        t.offsets.iter_mut().for_each(|o| plant.alter_position(o));
        plant.alter_records(&mut t.records);
        let halves = (
            Transaction { records: t.records.clone(), offsets: Vec::new() },
            Transaction { records: Vec::new(), offsets: t.offsets.clone() },
        );
        match plant {
            Plant::RecordsFirst => {
                inner.commit(halves.0).await?;
                inner.commit(halves.1).await
            }
            Plant::OffsetsFirst => {
                inner.commit(halves.1).await?;
                inner.commit(halves.0).await
            }
            Plant::AbortIsCommit => match inner.commit(t).await {
                Err(CommitError::Aborted(_)) => Ok(()),
                ended => ended,
            },
            _ => inner.commit(t).await,
        }
    }
}

impl Producer for PlantedProducer {
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>> {
        self.run(transaction).boxed()
    }
}

/// A reader that has nothing to say.
struct Nothing;

impl Reader for Nothing {
    fn next(&mut self) -> BoxFuture<'_, Result<Read, TransportError>> {
        ready(Ok(Read::CaughtUp)).boxed()
    }
}

impl Transport for Planted {
    fn join(&self, member: Member) -> BoxFuture<'_, Result<Joined, TransportError>> {
        async move {
            let (consumer, producer) = self.client.join(member).await?;
            let plant = self.plant;
            let consumer = PlantedConsumer { plant, inner: consumer };
            let producer = PlantedProducer { plant, inner: producer };
            Ok((Box::new(consumer) as Box<dyn Consumer>, Box::new(producer) as Box<dyn Producer>))
        }
        .boxed()
    }

    fn producer(&self, id: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>> {
        self.client.producer(id)
    }

    fn reader(&self, topic: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>> {
        if self.plant == Plant::EmptyChangelog {
            return ready(Ok(Box::new(Nothing) as Box<dyn Reader>)).boxed();
        }
        self.client.reader(topic, from)
    }

    fn describe(&self, names: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>> {
        self.client.describe(names)
    }

    fn apply(&self, topics: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>> {
        self.client.apply(topics)
    }

    fn watermarks(&self, topic: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>> {
        self.client.watermarks(topic)
    }

    fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>> {
        self.client.committed(group, topic)
    }
}
