//! Partitions that nothing comes of, though they go on.
//!
//! A librdkafka that was left by its broker in the middle of checking positions has been seen to fetch nothing from then on,
//! without an error. Rule: what has been silent for a while is asked for its end, and begun again where it was read up to; records
//! that were fetched and not held here are fetched once more, those that are held are not.

use crate::client::Polled;
use crate::inbox::Inbox;
use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::Offset;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest wait for an answer.
const ASK: Duration = Duration::from_secs(2);

/// Partitions, each with the offset after the last record that came.
type Places = Vec<(i32, i64)>;

/// Looks after the partitions of one polling thread, which alone seeks.
#[derive(Default)]
pub(crate) struct Watch {
    asking: Option<JoinHandle<Places>>,
}

impl Watch {
    /// Called between polls: begins to ask for partitions that are silent, or goes on with those that were found.
    pub(crate) fn tick(&mut self, consumer: &Arc<Polled>, inbox: &Arc<Inbox>) {
        // One that died of a panic has said so where it happened.
        if let Some(Ok(found)) = self.asking.take_if(|a| a.is_finished()).map(JoinHandle::join) {
            go_on(consumer, inbox, &found);
        }
        if self.asking.is_some() {
            return;
        }
        let silent = inbox.silent(Instant::now());
        if silent.is_empty() {
            return;
        }
        let (consumer, inbox) = (Arc::clone(consumer), Arc::clone(inbox));
        let work = move || behind(&consumer, &inbox, silent);
        match std::thread::Builder::new().name("kafka-silence".into()).spawn(work) {
            Ok(thread) => self.asking = Some(thread),
            // They are asked for after their next silence.
            Err(e) => tracing::debug!("start a thread: {e}"),
        }
    }

    /// Whether the consumer is in use by a question.
    pub(crate) fn asks(&self) -> bool {
        self.asking.as_ref().is_some_and(|a| !a.is_finished())
    }
}

/// Those of the partitions that end further on. On a thread of its own, as the answers take their time.
fn behind(consumer: &Polled, inbox: &Inbox, silent: Places) -> Places {
    let topic = &consumer.context().topic;
    let mut found = Places::new();
    for (partition, next) in silent {
        if inbox.lock().closing {
            break;
        }
        match consumer.fetch_watermarks(topic, partition, ASK) {
            Ok((_, high)) if high > next => found.push((partition, next)),
            Ok(_) => {}
            Err(e) => {
                tracing::debug!(topic, partition, "watermarks: {e}");
                break;
            }
        }
    }
    found
}

/// Begins again with those that are still owned and still silent. The marks of transactions count as further on, too: then it
/// changes nothing.
fn go_on(consumer: &Polled, inbox: &Inbox, found: &[(i32, i64)]) {
    let topic = &consumer.context().topic;
    for (partition, next) in found.iter().filter(|(p, next)| inbox.stands_at(*p, *next)) {
        match consumer.seek(topic, *partition, Offset::Offset(*next), ASK) {
            Ok(()) => tracing::debug!(topic, partition, next, "silent: begun again"),
            Err(e) => tracing::debug!(topic, partition, next, "seek: {e}"),
        }
    }
}
