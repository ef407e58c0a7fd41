//! A member of a consumer group: one polling thread, and the half that the runtime holds.
//!
//! Rule: the thread always polls, whatever the runtime does, so that the group never takes the member for dead.

use crate::client::{Callbacks, Polled};
use crate::config::KafkaConfig;
use crate::error::{self, broken};
use crate::inbox::Inbox;
use crate::orphans;
use crate::silence::Watch;
use docmill_contracts::Headers;
use docmill_runtime::transport::{Assigned, Consumer, Event, Member, Record, TransportError};
use futures::FutureExt;
use futures::future::BoxFuture;
use rdkafka::Message;
use rdkafka::consumer::{Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as C};
use rdkafka::message::{BorrowedMessage, Headers as _};
use rdkafka::topic_partition_list::Offset;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a poll waits for a record: commands of the runtime wait as long at most.
const POLL: Duration = Duration::from_millis(20);
/// How long one question to the coordinator may take before it is asked again.
const ASK: Duration = Duration::from_secs(3);
/// How long partitions that the group has assigned may be unknown to a broker.
const YOUNG: Duration = Duration::from_secs(30);

/// The consumer while its member is in the group; the producer takes the group's generation from it.
#[derive(Default)]
pub(crate) struct Membership(Mutex<Option<Arc<Polled>>>);

impl Membership {
    /// The generation, and whether partitions were lost that the last commit knows nothing of; none where the member
    /// has left.
    pub(crate) fn metadata(&self) -> Option<(ConsumerGroupMetadata, bool)> {
        let consumer = self.consumer()?;
        // In this order: who is in the group again has been told of its losses before.
        let metadata = consumer.group_metadata()?;
        Some((metadata, consumer.context().inbox.is_stale()))
    }

    pub(crate) fn consumer(&self) -> Option<Arc<Polled>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, consumer: Option<Arc<Polled>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = consumer;
    }
}

pub(crate) struct MemberConsumer {
    inbox: Arc<Inbox>,
    left: Option<oneshot::Receiver<()>>,
}

/// Joins the group of a topic with so many partitions, and starts the polling thread.
pub(crate) fn join(
    config: &KafkaConfig,
    member: &Member,
    partitions: i32,
    membership: &Arc<Membership>,
) -> Result<MemberConsumer, TransportError> {
    let what = || format!("join group {}", member.group);
    let inbox = Arc::new(Inbox::new(member.fetch_bytes));
    let callbacks = Callbacks {
        inbox: Arc::clone(&inbox),
        topic: member.topic.clone(),
        group: member.group.clone(),
        slot: member.slot.clone(),
    };
    let consumer: Polled =
        config.member(member).create_with_context(callbacks).map_err(|e| broken(what(), e))?;
    consumer.subscribe(&[&member.topic]).map_err(|e| error::transport(what(), e))?;
    let consumer = Arc::new(consumer);
    membership.set(Some(Arc::clone(&consumer)));
    let (tell, left) = oneshot::channel();
    let thread = Thread {
        consumer,
        inbox: Arc::clone(&inbox),
        membership: Arc::clone(membership),
        lookup: None,
        watch: Watch::default(),
        newcomer: Some((config.clone(), member.clone(), partitions)),
    };
    std::thread::Builder::new()
        .name("kafka-poll".into())
        .spawn(move || {
            thread.run();
            drop(tell);
        })
        .map_err(|e| broken("start a thread", e))?;
    Ok(MemberConsumer { inbox, left: Some(left) })
}

impl Consumer for MemberConsumer {
    fn next(&mut self) -> BoxFuture<'_, Result<Event, TransportError>> {
        async move {
            loop {
                if let Some(event) = self.inbox.take()? {
                    return Ok(event);
                }
                self.inbox.changed().await;
            }
        }
        .boxed()
    }

    fn pause(&mut self, partitions: &[i32]) {
        self.inbox.pause(partitions, true);
    }

    fn resume(&mut self, partitions: &[i32]) {
        self.inbox.pause(partitions, false);
    }

    fn before_commit(&mut self) {
        self.inbox.begin_commit();
    }

    fn release(&mut self, partitions: &[i32]) {
        self.inbox.release(partitions);
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        let left = self.left.take();
        drop(self);
        async move {
            if let Some(left) = left {
                // An error is what says that the thread has ended.
                left.await.unwrap_or_default();
            }
        }
        .boxed()
    }
}

impl Drop for MemberConsumer {
    fn drop(&mut self) {
        self.inbox.lock().closing = true;
    }
}

/// Polls until the runtime's half is dropped; then leaves.
struct Thread {
    consumer: Arc<Polled>,
    inbox: Arc<Inbox>,
    membership: Arc<Membership>,
    lookup: Option<JoinHandle<()>>,
    watch: Watch,
    /// Until it has been in the group: what it takes to look for partitions that its predecessor left to nobody.
    newcomer: Option<(KafkaConfig, Member, i32)>,
}

impl Thread {
    fn run(mut self) {
        while !self.inbox.lock().closing {
            poll(&self.consumer, &self.inbox);
            self.watch.tick(&self.consumer, &self.inbox);
            if self.inbox.lock().joined
                && let Some((config, member, partitions)) = self.newcomer.take()
                && let Err(e) = orphans::look(&config, &member, partitions, &self.inbox)
            {
                self.inbox.fail(e, true);
            }
            if let Err(source) = self.obey() {
                let what = format!("rebalance group {}", self.consumer.context().group);
                self.inbox.fail(error::transport(what, source), true);
            }
        }
        // librdkafka waits for the answer to its last rebalance before it closes.
        while self.lookup.as_ref().is_some_and(|l| !l.is_finished()) || self.watch.asks() {
            poll(&self.consumer, &self.inbox);
        }
        let state = {
            let mut state = self.inbox.lock();
            (state.planned.take(), state.found.take(), std::mem::take(&mut state.revoking))
        };
        let context = self.consumer.context();
        let answered = match state {
            (Some(planned), _, _) => self.consumer.incremental_assign(&context.list(planned)),
            (_, Some(found), _) => {
                self.consumer.incremental_assign(&context.list(found.iter().map(|a| a.partition)))
            }
            (_, _, revoking) if !revoking.is_empty() => {
                self.consumer.incremental_unassign(&context.list(revoking))
            }
            _ => Ok(()),
        };
        if let Err(e) = answered {
            tracing::debug!("leave the group: {e}");
        }
        self.membership.set(None);
        // Dropping the last one closes: its rebalance callback unassigns at once.
        drop(self.consumer);
    }

    /// Does what the group and the runtime asked for.
    fn obey(&mut self) -> KafkaResult<()> {
        let (planned, found, revoking) = {
            let mut state = self.inbox.lock();
            (state.planned.take(), state.found.take(), !state.revoking.is_empty())
        };
        if let Some(partitions) = planned {
            self.look_up(partitions);
        }
        let context = self.consumer.context();
        if let Some(found) = found {
            let mut list = context.list([]);
            for a in &found {
                list.add_partition_offset(&context.topic, a.partition, Offset::Offset(a.offset))?;
            }
            self.inbox.open(found.iter().map(|a| a.partition), true);
            for a in &found {
                self.inbox.begin(a.partition, a.offset);
            }
            self.consumer.incremental_assign(&list)?;
            self.inbox.tell(Event::Assigned(found));
        }
        if revoking {
            if let Some(released) = self.inbox.released() {
                self.consumer.incremental_unassign(&context.list(released))?;
            } else if self.consumer.assignment_lost() {
                let lost = std::mem::take(&mut self.inbox.lock().revoking);
                self.inbox.lose(lost.iter().copied());
                self.consumer.incremental_unassign(&context.list(lost))?;
            }
        }
        let roomy = self.inbox.with_room();
        if !roomy.is_empty() {
            self.consumer.resume(&context.list(roomy))?;
        }
        Ok(())
    }

    /// Asks for positions on another thread, as it waits for a predecessor's open transaction to end.
    fn look_up(&mut self, partitions: Vec<i32>) {
        let (consumer, inbox) = (Arc::clone(&self.consumer), Arc::clone(&self.inbox));
        let work = move || {
            let until = Instant::now() + YOUNG;
            while !inbox.lock().closing {
                match positions(&consumer, &partitions) {
                    Ok(found) => {
                        inbox.lock().found = Some(found);
                        return;
                    }
                    Err(e) => {
                        let group = &consumer.context().group;
                        if Instant::now() < until {
                            tracing::info!(group, ?partitions, "positions are not known yet: {e}");
                        } else {
                            let hint = "is there a transaction that never ends? See docs/runbook.md";
                            tracing::warn!(group, ?partitions, "positions are still not known: {e}; {hint}");
                        }
                        // A broker that has just started does not know its partitions yet.
                        let young = |c| c == C::UnknownPartition && Instant::now() < until;
                        if e.rdkafka_error_code().is_none_or(|c| !error::passes(c) && !young(c)) {
                            let what = format!("read the positions of group {group}");
                            inbox.fail(error::transport(what, e), true);
                            return;
                        }
                        // Some of these answers come at once.
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
            }
        };
        match std::thread::Builder::new().name("kafka-positions".into()).spawn(work) {
            Ok(thread) => self.lookup = Some(thread),
            Err(e) => self.inbox.fail(broken("start a thread", e), true),
        }
    }
}

/// Committed positions with their metadata; the first offset that exists where nothing is committed.
fn positions(consumer: &Polled, partitions: &[i32]) -> KafkaResult<Vec<Assigned>> {
    let context = consumer.context();
    let committed = consumer.committed_offsets(context.list(partitions.iter().copied()), ASK)?;
    let mut found = Vec::with_capacity(partitions.len());
    for element in committed.elements() {
        element.error()?;
        let partition = element.partition();
        let (low, high) = consumer.fetch_watermarks(&context.topic, partition, ASK)?;
        let (offset, metadata) = match element.offset() {
            Offset::Offset(offset) => (offset, element.metadata().to_owned()),
            _ => (low, String::new()),
        };
        found.push(Assigned { partition, offset, metadata, low, high });
    }
    Ok(found)
}

/// Polls once and holds what came.
pub(crate) fn poll(consumer: &Polled, inbox: &Inbox) {
    let context = consumer.context();
    match consumer.poll(POLL) {
        Some(Ok(message)) => {
            let partition = message.partition();
            if inbox.hold(partition, record(&message))
                && let Err(e) = consumer.pause(&context.list([partition]))
            {
                tracing::warn!(topic = context.topic, partition, "pause: {e}");
            }
        }
        Some(Err(KafkaError::PartitionEOF(partition))) => inbox.end(partition),
        Some(Err(e)) => {
            if let Some((error, ended)) = context.judge(e) {
                inbox.fail(error, ended);
            }
        }
        None => {}
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let mut headers = Headers::new();
    if let Some(found) = message.headers() {
        for h in found.iter() {
            headers.push(h.key, h.value.unwrap_or_default());
        }
    }
    Record {
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key().map(bytes::Bytes::copy_from_slice),
        value: message.payload().map(bytes::Bytes::copy_from_slice),
        headers,
    }
}
