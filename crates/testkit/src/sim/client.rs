//! The log as one process sees it, and what its calls meet.

use super::group::Seat;
use super::member::SimConsumer;
use super::producer::SimProducer;
use super::reader::SimReader;
use super::state::Life;
use super::{Shared, away, unknown};
use docmill_runtime::transport::{
    Event, Joined, Member, OffsetCommit, Producer, ReadFrom, Reader, TopicSpec, Transport, TransportError,
    Watermarks,
};
use futures::FutureExt;
use futures::future::{BoxFuture, pending, ready};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// A call of a process, before it takes effect (after it: [`Op::Ended`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Joins a group; takes over the producer id.
    Join,
    /// Starts a reader.
    Open,
    /// Begins a transaction.
    Begin,
    /// Sends some records of it.
    Send,
    /// Hands in its positions.
    Offsets,
    /// Commits it.
    End,
    /// It was committed; the process does not know yet.
    Ended,
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It takes effect.
    Go,
    /// It takes effect after a while.
    After(Duration),
    /// The transaction is rolled back. Of other calls: as [`Turn::Refuse`].
    Abort,
    /// The answer is lost with the producer; of [`Op::End`]: with or without its having taken effect.
    Lose {
        /// Whether it took effect.
        done: bool,
    },
    /// The log cannot be reached. Calls of a transaction wait instead.
    Refuse,
    /// The process dies before it.
    Crash,
    /// The process is cut off before it, for so long.
    CutOff(Duration),
}

/// What a fetch brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// Most records.
    pub count: usize,
    /// How many records that came before come once more.
    pub again: usize,
    /// How long the next one takes.
    pub then: Duration,
    /// The log cannot be reached.
    pub refuse: bool,
}

/// Decides what calls of processes meet. Asked in the order of the calls.
pub trait Weather: Send + Sync {
    /// What this call meets; `about` names the topic or producer.
    fn turn(&self, process: &str, op: Op, about: &str) -> Turn {
        let _ = (process, op, about);
        Turn::Go
    }

    /// What this fetch brings.
    fn fetch(&self, process: &str, topic: &str) -> Fetch {
        let _ = (process, topic);
        Fetch { count: usize::MAX, again: 0, then: Duration::ZERO, refuse: false }
    }

    /// News that a member of a process is told now.
    fn told(&self, process: &str, group: &str, news: &Event) {
        let _ = (process, group, news);
    }
}

/// The log as one process sees it.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    process: Option<usize>,
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>, process: Option<usize>) -> Self {
        Self { shared, process }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn shared_arc(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(super) fn life(&self) -> Life {
        if self.process.is_none() { Life::Alive } else { self.shared.lock().life(self.process) }
    }

    /// The process's name and its weather, where it has both.
    pub(super) fn weather(&self) -> Option<(String, Arc<dyn Weather>)> {
        let weather = self.shared.weather.get()?;
        let name = self.shared.lock().process_name(self.process?).to_owned();
        Some((name, Arc::clone(weather)))
    }

    /// Returns while the process is alive and reaches the log; waits while it is cut off, and for ever once it is dead.
    pub(super) async fn alive(&self) {
        loop {
            let mut back = pin!(self.shared.processes.notified());
            back.as_mut().enable();
            match self.life() {
                Life::Alive => return,
                Life::CutOff { .. } => back.await,
                Life::Dead => return pending().await,
            }
        }
    }

    /// A call that takes its turn.
    pub(super) async fn turn(&self, op: Op, about: &str) -> Turn {
        self.alive().await;
        let Some((name, weather)) = self.weather() else { return Turn::Go };
        match weather.turn(&name, op, about) {
            Turn::After(wait) => {
                tokio::time::sleep(wait).await;
                self.alive().await;
                Turn::Go
            }
            Turn::Crash => {
                self.shared.lock().set_process(&name, Life::Dead);
                self.shared.wake_all();
                pending().await
            }
            Turn::CutOff(wait) => {
                let since = tokio::time::Instant::now();
                self.shared.lock().set_process(&name, Life::CutOff { since });
                let shared = Arc::clone(&self.shared);
                tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    shared.lock().set_process(&name, Life::Alive);
                    shared.wake_all();
                });
                self.alive().await;
                Turn::Go
            }
            turn => turn,
        }
    }

    /// A call that fails where the log cannot be reached.
    async fn reach(&self, op: Op, about: &str) -> Result<(), TransportError> {
        match self.turn(op, about).await {
            Turn::Refuse | Turn::Abort | Turn::Lose { .. } => Err(away(format!("{op:?} {about}"))),
            Turn::Go | Turn::After(_) | Turn::Crash | Turn::CutOff(_) => Ok(()),
        }
    }

    async fn join_now(&self, member: Member) -> Result<Joined, TransportError> {
        self.reach(Op::Join, &member.group).await?;
        let mut state = self.shared.lock();
        let partitions = state.topics.get(&member.topic).map(|t| t.spec.partitions);
        let partitions = partitions.ok_or_else(|| unknown(&member.topic))?;
        let id = format!("{}.{}", member.group, member.slot);
        let seat = Seat::new(&member, state.id(), self.process);
        let epoch = state.init(&id);
        state.in_group(&member.group, |g| g.join(&seat, partitions));
        self.shared.wake(state);
        let consumer = SimConsumer::new(self.clone(), seat, member.fetch_bytes);
        let seat = consumer.seat();
        let producer = SimProducer::new(self.clone(), id, epoch, member.transaction_timeout, Some(seat));
        Ok((Box::new(consumer), Box::new(producer)))
    }
}

impl Transport for Client {
    fn join(&self, member: Member) -> BoxFuture<'_, Result<Joined, TransportError>> {
        self.join_now(member).boxed()
    }

    fn producer(&self, id: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>> {
        let mut state = self.shared.lock();
        let epoch = state.init(id);
        self.shared.wake(state);
        let timeout = Duration::from_secs(10);
        let producer = SimProducer::new(self.clone(), id.to_owned(), epoch, timeout, None);
        ready(Ok(Box::new(producer) as Box<dyn Producer>)).boxed()
    }

    fn reader(&self, topic: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>> {
        let topic = topic.to_owned();
        async move {
            self.reach(Op::Open, &topic).await?;
            let state = self.shared.lock();
            let (marks, ends) = (state.marks(&topic)?, state.ends(&topic));
            drop(state);
            Ok(Box::new(SimReader::new(self.clone(), topic, &marks, &ends, &from)) as Box<dyn Reader>)
        }
        .boxed()
    }

    fn describe(&self, names: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>> {
        let state = self.shared.lock();
        let found = names.iter().filter_map(|n| state.topics.get(n)).map(|t| t.spec.clone()).collect();
        ready(Ok(found)).boxed()
    }

    fn apply(&self, topics: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>> {
        let mut state = self.shared.lock();
        let result = state.apply(topics);
        self.shared.wake(state);
        ready(result).boxed()
    }

    fn watermarks(&self, topic: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>> {
        ready(self.shared.lock().marks(topic)).boxed()
    }

    fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>> {
        ready(Ok(self.shared.lock().committed(group, topic))).boxed()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("process", &self.process).finish_non_exhaustive()
    }
}
