//! The runtime's transport over Apache Kafka; the only crate that names rdkafka.
//!
//! Owns clients, their threads and their settings. Knows no stage, record type or topology.
//! Rule: a partition is owned from the moment its position is known until the runtime releases it; what librdkafka
//! fetched outside that time is never handed out.

mod at_least_once;
mod client;
mod config;
mod error;
mod inbox;
mod member;
mod orphans;
mod producer;
mod reader;
mod silence;
mod topics;

pub use config::KafkaConfig;

use docmill_runtime::transport::{
    Joined, Member, OffsetCommit, Producer, ReadFrom, Reader, TopicSpec, Transport, TransportError,
    Watermarks,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use member::Membership;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::topic_partition_list::Offset;
use std::sync::Arc;
use std::time::Duration;
use topics::{PATIENCE, Topics};

/// Longest open time of a transaction of a producer without a group.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Apache Kafka. Cheap to clone.
#[derive(Clone)]
pub struct Kafka {
    config: Arc<KafkaConfig>,
    topics: Arc<Topics>,
}

impl std::fmt::Debug for Kafka {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kafka").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Kafka {
    /// Checks the settings. Speaks to no broker yet.
    pub fn new(config: KafkaConfig) -> Result<Self, TransportError> {
        config.check()?;
        let topics = Arc::new(Topics::new(&config)?);
        Ok(Self { config: Arc::new(config), topics })
    }

    async fn join_group(&self, member: Member) -> Result<Joined, TransportError> {
        let partitions = self.topics.partitions(&member.topic).await?;
        let membership = Arc::new(Membership::default());
        let id = format!("{}.{}", member.group, member.slot);
        // The producer first: it fences the predecessor and ends its transaction, which its positions wait for.
        let of = Some((&member, Arc::clone(&membership)));
        if self.config.is_loose() {
            let producer = at_least_once::start(&self.config, id, of)?;
            let consumer = member::join(&self.config, &member, partitions, &membership)?;
            return Ok((Box::new(consumer), Box::new(producer)));
        }
        let producer =
            producer::start(&self.config, &self.topics, id, member.transaction_timeout, of).await?;
        let consumer = member::join(&self.config, &member, partitions, &membership)?;
        Ok((Box::new(consumer), Box::new(producer)))
    }

    async fn committed_of(&self, group: String, topic: String) -> Result<Vec<OffsetCommit>, TransportError> {
        let partitions = self.topics.partitions(&topic).await?;
        let config = Arc::clone(&self.config);
        let ask = move || {
            let what = format!("read the positions of group {group}");
            let failed = |e| error::transport(what.clone(), e);
            let client: BaseConsumer<client::Logs> =
                config.asking(&group).create_with_context(client::Logs).map_err(failed)?;
            let mut list = TopicPartitionList::new();
            list.add_partition_range(&topic, 0, partitions - 1);
            let found = client.committed_offsets(list, PATIENCE).map_err(failed)?;
            let mut commits = Vec::new();
            for element in found.elements() {
                element.error().map_err(failed)?;
                if let Offset::Offset(offset) = element.offset() {
                    let metadata = element.metadata().to_owned();
                    commits.push(OffsetCommit { partition: element.partition(), offset, metadata });
                }
            }
            Ok(commits)
        };
        error::blocking("kafka-ask", ask).await?
    }
}

impl Transport for Kafka {
    fn join(&self, member: Member) -> BoxFuture<'_, Result<Joined, TransportError>> {
        self.join_group(member).boxed()
    }

    fn producer(&self, id: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>> {
        let id = id.to_owned();
        async move {
            let started = producer::start(&self.config, &self.topics, id, TRANSACTION_TIMEOUT, None).await?;
            Ok(Box::new(started) as Box<dyn Producer>)
        }
        .boxed()
    }

    fn reader(&self, topic: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>> {
        let topic = topic.to_owned();
        async move {
            // Else the end that the reader tells of could lie before records that were committed above an open transaction.
            let marks = match from {
                ReadFrom::End => self.topics.watermarks(&topic).await?,
                ReadFrom::Partition(partition) => self.topics.settled(&topic, Some(partition)).await?,
                ReadFrom::Beginning | ReadFrom::Offsets(_) => self.topics.settled(&topic, None).await?,
            };
            let reader = reader::read(&self.config, &topic, &from, &marks)?;
            Ok(Box::new(reader) as Box<dyn Reader>)
        }
        .boxed()
    }

    fn describe(&self, names: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>> {
        let names = names.to_vec();
        async move { self.topics.describe(&names).await }.boxed()
    }

    fn apply(&self, topics: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>> {
        let topics = topics.to_vec();
        async move { self.topics.apply(&topics).await }.boxed()
    }

    fn watermarks(&self, topic: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>> {
        let topic = topic.to_owned();
        async move { self.topics.watermarks(&topic).await }.boxed()
    }

    fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>> {
        self.committed_of(group.to_owned(), topic.to_owned()).boxed()
    }
}
