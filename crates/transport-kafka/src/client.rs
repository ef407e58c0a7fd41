//! The callbacks of librdkafka's clients: logs go to tracing, rebalances to the inbox.

use crate::error::{self, broken};
use crate::inbox::Inbox;
use docmill_runtime::transport::TransportError;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};
use std::sync::Arc;

/// Logs of a client that has no rebalances.
pub(crate) struct Logs;

impl ClientContext for Logs {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        log(level, fac, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("librdkafka: {error}: {reason}");
    }
}

impl ConsumerContext for Logs {}

fn log(level: RDKafkaLogLevel, fac: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!("librdkafka {fac}: {message}");
        }
        // A broker that cannot be reached is told by the transport's own errors.
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            tracing::info!("librdkafka {fac}: {message}");
        }
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => tracing::debug!("librdkafka {fac}: {message}"),
    }
}

/// A consumer that fills an inbox.
pub(crate) type Polled = BaseConsumer<Callbacks>;

/// Callbacks of a member or reader. They run inside `poll`, on the polling thread.
pub(crate) struct Callbacks {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) topic: String,
    /// For errors: group and slot, empty for a reader.
    pub(crate) group: String,
    pub(crate) slot: String,
}

impl Callbacks {
    pub(crate) fn list(&self, partitions: impl IntoIterator<Item = i32>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for p in partitions {
            list.add_partition(&self.topic, p);
        }
        list
    }

    /// An error of `poll`, and whether nothing comes after it; none where librdkafka goes on by itself.
    pub(crate) fn judge(&self, error: KafkaError) -> Option<(TransportError, bool)> {
        let code = error.rdkafka_error_code()?;
        let what = || format!("read topic {}", self.topic);
        if error::fenced(code) {
            let (group, slot) = (self.group.clone(), self.slot.clone());
            return Some((TransportError::Fenced { group, slot }, true));
        }
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Some((broken(what(), error), true));
        }
        match code {
            // A position that does not exist any more must never become another one silently.
            RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
                let (topic, detail) = (self.topic.clone(), error.to_string());
                Some((TransportError::DataLoss { topic, detail }, true))
            }
            RDKafkaErrorCode::AllBrokersDown => Some((error::transport(what(), error), false)),
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed => Some((broken(what(), error), true)),
            _ => {
                tracing::debug!(topic = self.topic, "librdkafka: {error}");
                None
            }
        }
    }
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        log(level, fac, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(topic = self.topic, "librdkafka: {error}: {reason}");
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(&self, consumer: &Polled, err: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions: Vec<i32> = list
            .elements()
            .iter()
            .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
            .collect();
        let closing = {
            let mut state = self.inbox.lock();
            state.joined = true;
            state.closing
        };
        tracing::debug!(topic = self.topic, ?partitions, closing, ?err, "rebalance");
        let done = match err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                if closing || partitions.is_empty() {
                    consumer.incremental_assign(list)
                } else {
                    // Positions are asked for outside the callback, which must not wait: see `member::Thread`.
                    self.inbox.lock().planned = Some(partitions);
                    Ok(())
                }
            }
            // Waiting for the runtime here while the client closes, or with an assignment that is lost, hangs for ever.
            _ if closing || partitions.is_empty() || consumer.assignment_lost() => {
                self.inbox.lose(partitions);
                consumer.incremental_unassign(list)
            }
            _ => {
                self.inbox.revoke(partitions);
                Ok(())
            }
        };
        if let Err(source) = done {
            self.inbox.fail(error::transport(format!("rebalance group {}", self.group), source), true);
        }
    }
}
