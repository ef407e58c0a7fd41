//! The transactional producer: one transaction at a time, committed, aborted, or lost.
//!
//! Rule: what librdkafka does not class as retriable or abortable is fatal. A producer whose last transaction has no
//! known end is never used again: the next one with its id ends that transaction.

use crate::config::KafkaConfig;
use crate::error::{self, Found, bounded, broken};
use crate::member::Membership;
use crate::topics::Topics;
use docmill_contracts::Headers;
use docmill_runtime::transport::{
    CommitError, MAX_METADATA_BYTES, Member, OffsetCommit, OutRecord, Producer, Transaction, TransportError,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};
use rdkafka::topic_partition_list::Offset;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long `init_transactions` may wait for a predecessor's transaction to end.
const INIT: Duration = Duration::from_secs(30);
/// How long the end of a transaction is waited for, beyond the time that it may be open: by then the broker has ended it by
/// itself, and its outcome is unknown here.
const END: Duration = Duration::from_secs(10);
/// How long an abort is waited for. Where it fails, the next producer of the slot ends the transaction.
const ABORT: Duration = Duration::from_secs(5);
/// How much longer than its own limit a call of librdkafka may take before it is given up.
const GUARD: Duration = Duration::from_secs(2);
/// Time between two tries.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) type Client = FutureProducer<crate::client::Logs>;

pub(crate) struct TransactionalProducer {
    client: Client,
    topics: Arc<Topics>,
    id: String,
    group: Option<Group>,
    /// Longest wait for the end of a transaction.
    end: Duration,
    /// A transaction was begun and has no known end.
    open: bool,
}

struct Group {
    name: String,
    slot: String,
    topic: String,
    membership: Arc<Membership>,
}

/// Starts a producer; fences its predecessor and ends what that left open.
pub(crate) async fn start(
    config: &KafkaConfig,
    topics: &Arc<Topics>,
    id: String,
    timeout: Duration,
    member: Option<(&Member, Arc<Membership>)>,
) -> Result<TransactionalProducer, TransportError> {
    let what = format!("start producer {id}");
    let client: Client = config
        .producer(&id, timeout)
        .create_with_context(crate::client::Logs)
        .map_err(|e| broken(what.clone(), e))?;
    let starting = client.clone();
    bounded("kafka-init", INIT + GUARD, move || {
        retried(Instant::now() + INIT, |left| starting.init_transactions(left))
    })
    .await?
    .map_err(|e| error::transport(what, e))?;
    let group = member.map(|(m, membership)| Group {
        name: m.group.clone(),
        slot: m.slot.clone(),
        topic: m.topic.clone(),
        membership,
    });
    Ok(TransactionalProducer {
        client,
        topics: Arc::clone(topics),
        id,
        group,
        end: timeout + END,
        open: false,
    })
}

/// Repeats what librdkafka says may be repeated, as long as there is time.
fn retried(end: Instant, mut work: impl FnMut(Duration) -> KafkaResult<()>) -> KafkaResult<()> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match work(left) {
            Err(KafkaError::Transaction(e))
                if e.is_retriable() && !left.is_zero() && e.code() != RDKafkaErrorCode::OperationTimedOut =>
            {
                // Some of these answers come at once.
                std::thread::sleep(AGAIN);
            }
            result => return result,
        }
    }
}

fn is_fatal(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(e) => e.is_fatal() || !e.txn_requires_abort(),
        e => e.rdkafka_error_code().is_none_or(|c| error::fenced(c) || c == RDKafkaErrorCode::Fatal),
    }
}

impl TransactionalProducer {
    /// What the broker would refuse, before anything is begun.
    async fn check(&self, transaction: &Transaction) -> Result<(), TransportError> {
        for record in &transaction.records {
            let facts = self.topics.facts(&record.topic).await?;
            if record.size() > facts.max_bytes {
                let topic = record.topic.to_string();
                return Err(TransportError::TooLarge { topic, bytes: record.size(), limit: facts.max_bytes });
            }
        }
        match transaction.offsets.iter().find(|o| o.metadata.len() > MAX_METADATA_BYTES) {
            Some(o) => Err(TransportError::TooLarge {
                topic: format!("positions of {}", self.id),
                bytes: o.metadata.len(),
                limit: MAX_METADATA_BYTES,
            }),
            None => Ok(()),
        }
    }

    fn judge(&self, error: KafkaError) -> TransportError {
        match (&self.group, error.rdkafka_error_code()) {
            (Some(g), Some(code)) if error::fenced(code) => {
                TransportError::Fenced { group: g.name.clone(), slot: g.slot.clone() }
            }
            _ => error::transport(format!("commit a transaction of {}", self.id), error),
        }
    }

    async fn run(&mut self, transaction: &Transaction) -> Result<(), CommitError> {
        let positions = match self.positions(&transaction.offsets) {
            Ok(positions) => positions,
            Err(error) => return Err(error),
        };
        // One limit for all of it: a process that is told to stop waits for this.
        let until = Instant::now() + self.end;
        if let Err(e) = self.client.begin_transaction() {
            return Err(CommitError::Fatal(self.judge(e)));
        }
        let result = match send(&self.client, &transaction.records).await {
            Ok(()) => {
                let client = self.client.clone();
                let end = move || {
                    if let Some((list, metadata)) = positions {
                        retried(until, |left| client.send_offsets_to_transaction(&list, &metadata, left))?;
                    }
                    retried(until, |left| client.commit_transaction(left))
                };
                bounded("kafka-commit", self.end + GUARD, end).await.map_err(CommitError::Fatal)?
            }
            Err(e) => Err(e),
        };
        match result {
            Ok(()) => Ok(()),
            Err(e) if is_fatal(&e) => Err(CommitError::Fatal(self.judge(e))),
            Err(e) => {
                let client = self.client.clone();
                let until = Instant::now() + ABORT;
                let abort = move || retried(until, |left| client.abort_transaction(left));
                match bounded("kafka-abort", ABORT + GUARD, abort).await.map_err(CommitError::Fatal)? {
                    Ok(()) => Err(CommitError::Aborted(self.judge(e))),
                    Err(e) => Err(CommitError::Fatal(self.judge(e))),
                }
            }
        }
    }

    /// Positions in librdkafka's form, with the group's generation at this moment.
    fn positions(
        &self,
        offsets: &[OffsetCommit],
    ) -> Result<Option<(TopicPartitionList, ConsumerGroupMetadata)>, CommitError> {
        if offsets.is_empty() {
            return Ok(None);
        }
        let what = || format!("commit positions of {}", self.id);
        let none = || CommitError::Fatal(broken(what(), Found::NotAMember));
        let Some(group) = &self.group else { return Err(none()) };
        let (metadata, stale) = group.membership.metadata().ok_or_else(none)?;
        if stale {
            // Nothing was begun. The runtime hears of the loss next, and keeps what it still owns.
            return Err(CommitError::Aborted(broken(what(), Found::Stale)));
        }
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for o in offsets {
            let mut element = list.add_partition(&group.topic, o.partition);
            let set = element.set_offset(Offset::Offset(o.offset));
            set.map_err(|e| CommitError::Fatal(broken(what(), e)))?;
            element.set_metadata(&o.metadata);
        }
        Ok(Some((list, metadata)))
    }
}

/// Hands every record to librdkafka and waits until all are acknowledged.
pub(crate) async fn send(client: &Client, records: &[OutRecord]) -> KafkaResult<()> {
    let mut sent: Vec<DeliveryFuture> = Vec::with_capacity(records.len());
    let mut awaited = 0;
    let result = loop {
        let Some(record) = records.get(sent.len()) else { break Ok(()) };
        match client.send_result(future_record(record)) {
            Ok(delivery) => sent.push(delivery),
            // The oldest record in the queue makes room by being delivered.
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) if awaited < sent.len() => {
                let Some(oldest) = sent.get_mut(awaited) else { break Ok(()) };
                let delivered = delivered(oldest).await;
                awaited += 1;
                if delivered.is_err() {
                    break delivered;
                }
            }
            Err((e, _)) => break Err(e),
        }
    };
    // All deliveries are awaited, whatever failed: what is under way must not end up in the next transaction.
    let mut first = result;
    for delivery in sent.iter_mut().skip(awaited) {
        let ended = delivered(delivery).await;
        if first.is_ok() {
            first = ended;
        }
    }
    first
}

async fn delivered(delivery: &mut DeliveryFuture) -> KafkaResult<()> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((e, _))) => Err(e),
        Err(_) => Err(KafkaError::Canceled),
    }
}

fn future_record(record: &OutRecord) -> FutureRecord<'_, [u8], [u8]> {
    FutureRecord {
        topic: &record.topic,
        partition: record.partition,
        payload: record.value.as_deref(),
        key: record.key.as_deref(),
        timestamp: None,
        headers: owned(&record.headers),
    }
}

fn owned(headers: &Headers) -> Option<OwnedHeaders> {
    let mut all = headers.iter().peekable();
    all.peek()?;
    let owned = OwnedHeaders::new();
    Some(all.fold(owned, |owned, (key, value)| owned.insert(Header { key, value: Some(value) })))
}

impl Producer for TransactionalProducer {
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            if self.open {
                let what = format!("commit a transaction of {}", self.id);
                return Err(CommitError::Fatal(broken(what, Found::LeftOpen)));
            }
            if transaction.records.is_empty() && transaction.offsets.is_empty() {
                return Ok(());
            }
            self.check(&transaction).await.map_err(CommitError::Aborted)?;
            self.open = true;
            let result = self.run(&transaction).await;
            self.open = matches!(result, Err(CommitError::Fatal(_)));
            result
        }
        .boxed()
    }
}
