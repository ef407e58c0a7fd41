//! A producer without transactions, to measure what transactions cost. Never for production.
//!
//! It delivers a transaction's records, waits for all of them, and then commits the positions: what a process that is
//! killed in between leaves shows twice. Rule: nothing but the setting `docmill.delivery=at-least-once` selects it, and
//! every client that has it says so in its log.

use crate::config::KafkaConfig;
use crate::error::{self, blocking, broken};
use crate::member::Membership;
use crate::producer::{Client, send};
use docmill_runtime::transport::{CommitError, Member, OffsetCommit, Producer, Transaction, TransportError};
use futures::FutureExt;
use futures::future::BoxFuture;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::Offset;
use std::sync::Arc;

/// Name of the setting; librdkafka never sees it.
pub(crate) const SETTING: &str = "docmill.delivery";
/// Its value.
pub(crate) const VALUE: &str = "at-least-once";

pub(crate) struct LooseProducer {
    client: Client,
    id: String,
    group: Option<(String, Arc<Membership>)>,
}

/// Starts an idempotent producer without a transactional id.
pub(crate) fn start(
    config: &KafkaConfig,
    id: String,
    member: Option<(&Member, Arc<Membership>)>,
) -> Result<LooseProducer, TransportError> {
    tracing::warn!(id, "at-least-once: this producer has no transactions, results may show twice");
    let client: Client = config
        .loose_producer()
        .create_with_context(crate::client::Logs)
        .map_err(|e| broken(format!("start producer {id}"), e))?;
    Ok(LooseProducer { client, id, group: member.map(|(m, membership)| (m.topic.clone(), membership)) })
}

impl LooseProducer {
    async fn run(&self, transaction: &Transaction) -> Result<(), TransportError> {
        let what = || format!("write without a transaction as {}", self.id);
        send(&self.client, &transaction.records).await.map_err(|e| error::transport(what(), e))?;
        let Some((topic, membership)) = self.group.as_ref().filter(|_| !transaction.offsets.is_empty())
        else {
            return Ok(());
        };
        let list = positions(topic, &transaction.offsets).map_err(|e| broken(what(), e))?;
        let membership = Arc::clone(membership);
        let commit = move || match membership.consumer() {
            Some(consumer) => consumer.commit(&list, CommitMode::Sync),
            // It has left the group: whoever follows does the work again.
            None => Ok(()),
        };
        blocking("kafka-commit", commit).await?.map_err(|e| error::transport(what(), e))
    }
}

fn positions(topic: &str, offsets: &[OffsetCommit]) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for o in offsets {
        let mut element = list.add_partition(topic, o.partition);
        element.set_offset(Offset::Offset(o.offset))?;
        element.set_metadata(&o.metadata);
    }
    Ok(list)
}

impl Producer for LooseProducer {
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>> {
        // Sent again by whoever calls: twice is what at-least-once means.
        async move { self.run(&transaction).await.map_err(CommitError::Aborted) }.boxed()
    }
}
