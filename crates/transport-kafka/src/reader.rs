//! A topic read outside any group.
//!
//! Rule: the end of a partition is what librdkafka meets as such (read_committed), so that aborted records and
//! transaction markers at the tail, which nobody is handed, hold up no one.

use crate::client::{Callbacks, Polled};
use crate::config::KafkaConfig;
use crate::error::{self, broken};
use crate::inbox::Inbox;
use crate::member::poll;
use crate::silence::Watch;
use docmill_runtime::transport::{Event, Read, ReadFrom, Reader, TransportError, Watermarks};
use futures::FutureExt;
use futures::future::BoxFuture;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::Offset;
use std::sync::Arc;

/// Bytes held for a reader, about.
const CAPACITY: usize = 8 << 20;

pub(crate) struct TopicReader {
    inbox: Arc<Inbox>,
    told: bool,
}

/// Begins to read; `marks` are the topic's partitions as they are now.
pub(crate) fn read(
    config: &KafkaConfig,
    topic: &str,
    from: &ReadFrom,
    marks: &[Watermarks],
) -> Result<TopicReader, TransportError> {
    let what = || format!("read topic {topic}");
    let inbox = Arc::new(Inbox::new(CAPACITY));
    let callbacks = Callbacks {
        inbox: Arc::clone(&inbox),
        topic: topic.to_owned(),
        group: String::new(),
        slot: String::new(),
    };
    let consumer: Polled =
        config.reader(CAPACITY).create_with_context(callbacks).map_err(|e| broken(what(), e))?;
    let consumer = Arc::new(consumer);
    let mut list = TopicPartitionList::new();
    for m in marks {
        let start = match from {
            ReadFrom::Partition(p) if *p != m.partition => continue,
            ReadFrom::Beginning | ReadFrom::Partition(_) => m.low,
            ReadFrom::End => m.high,
            ReadFrom::Offsets(offsets) => offsets
                .iter()
                .find(|(p, _)| *p == m.partition)
                // Beyond the end, librdkafka would begin again with the first.
                .map_or(m.low, |(_, o)| (*o).clamp(m.low, m.high)),
        };
        inbox.open([m.partition], false);
        inbox.begin(m.partition, start);
        if start >= m.high {
            inbox.end(m.partition);
        }
        list.add_partition_offset(topic, m.partition, Offset::Offset(start))
            .map_err(|e| broken(what(), e))?;
    }
    consumer.assign(&list).map_err(|e| error::transport(what(), e))?;
    let thread = Arc::clone(&inbox);
    std::thread::Builder::new()
        .name("kafka-read".into())
        .spawn(move || {
            let context = consumer.context();
            let mut watch = Watch::default();
            while !thread.lock().closing {
                poll(&consumer, &thread);
                watch.tick(&consumer, &thread);
                let roomy = thread.with_room();
                if !roomy.is_empty()
                    && let Err(e) = consumer.resume(&context.list(roomy))
                {
                    thread.fail(error::transport(format!("read topic {}", context.topic), e), true);
                }
            }
        })
        .map_err(|e| broken("start a thread", e))?;
    Ok(TopicReader { inbox, told: false })
}

impl Reader for TopicReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Read, TransportError>> {
        async move {
            loop {
                if !self.told && self.inbox.caught_up() {
                    self.told = true;
                    return Ok(Read::CaughtUp);
                }
                if let Some(Event::Records { partition, records }) = self.inbox.take()? {
                    return Ok(Read::Records { partition, records });
                }
                self.inbox.changed().await;
            }
        }
        .boxed()
    }
}

impl Drop for TopicReader {
    fn drop(&mut self) {
        self.inbox.lock().closing = true;
    }
}
