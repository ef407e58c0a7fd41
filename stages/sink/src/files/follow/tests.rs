use super::*;
use crate::files::{RESULTS, samples::result};
use docmill_contracts::{Headers, SchemaCatalog};
use docmill_runtime::transport::{
    Consumer, Member, OffsetCommit, Producer, TopicSpec, TransportError, Watermarks,
};
use futures::future::BoxFuture;
use std::sync::Mutex;

/// One partition of records that can grow; everything else does not exist.
#[derive(Default)]
struct Topic(Mutex<Vec<Record>>);

struct TopicReader {
    topic: Arc<Topic>,
    next: i64,
    caught_up: bool,
}

impl Reader for TopicReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Read, TransportError>> {
        Box::pin(async {
            loop {
                let records: Vec<Record> = self
                    .topic
                    .0
                    .lock()
                    .unwrap()
                    .iter()
                    .filter(|r| r.offset >= self.next)
                    .take(2)
                    .cloned()
                    .collect();
                if let Some(last) = records.last() {
                    self.next = last.offset + 1;
                    return Ok(Read::Records { partition: 0, records });
                }
                if !self.caught_up {
                    self.caught_up = true;
                    return Ok(Read::CaughtUp);
                }
                tokio::task::yield_now().await;
            }
        })
    }
}

struct Log(Arc<Topic>);

fn none<T>() -> BoxFuture<'static, Result<T, TransportError>> {
    Box::pin(async { Err(TransportError::UnknownTopic { topic: "none".into() }) })
}

impl Transport for Log {
    fn join(
        &self,
        _: Member,
    ) -> BoxFuture<'_, Result<(Box<dyn Consumer>, Box<dyn Producer>), TransportError>> {
        none()
    }
    fn producer(&self, _: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>> {
        none()
    }
    fn reader(&self, _: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>> {
        let ReadFrom::Offsets(offsets) = from else { return none() };
        let next = offsets.first().map_or(0, |(_, offset)| *offset);
        let reader = TopicReader { topic: Arc::clone(&self.0), next, caught_up: false };
        Box::pin(async { Ok(Box::new(reader) as Box<dyn Reader>) })
    }
    fn describe(&self, _: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>> {
        none()
    }
    fn apply(&self, _: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>> {
        none()
    }
    fn watermarks(&self, _: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>> {
        none()
    }
    fn committed(&self, _: &str, _: &str) -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>> {
        none()
    }
}

struct NoSchemas;

impl SchemaSource for NoSchemas {
    fn fetch(&self, id: u32) -> BoxFuture<'_, Result<String, Box<dyn Classify>>> {
        Box::pin(
            async move { Err(Box::new(CodecError::UnknownSchema(id).classified()) as Box<dyn Classify>) },
        )
    }
}

/// The codec's error with a class, as a registry would say it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unknown(CodecError);

impl Classify for Unknown {
    fn class(&self) -> Class {
        Class::Input
    }
    fn code(&self) -> docmill_contracts::Code {
        docmill_contracts::Code("REGISTRY-0000")
    }
}

trait Classified {
    fn classified(self) -> Unknown;
}

impl Classified for CodecError {
    fn classified(self) -> Unknown {
        Unknown(self)
    }
}

fn codec() -> Codec {
    Codec::new(Arc::new(SchemaCatalog::built_in().unwrap()))
}

fn add(topic: &Topic, id: &str, value: Option<Vec<u8>>) {
    let mut records = topic.0.lock().unwrap();
    let offset = records.last().map_or(0, |r| r.offset + 2);
    let value = value.map(Into::into);
    let key = Some(bytes::Bytes::copy_from_slice(id.as_bytes()));
    records.push(Record { offset, timestamp_ms: 0, key, value, headers: Headers::new() });
}

fn log(topic: &Arc<Topic>) -> ResultLog {
    ResultLog {
        transport: Arc::new(Log(Arc::clone(topic))),
        codec: codec(),
        schemas: Arc::new(NoSchemas),
        topic: "results".into(),
        blobs: None,
    }
}

#[tokio::test]
async fn everything_committed_before_the_stop_is_written_and_a_second_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let topic = Arc::new(Topic::default());
    for round in 1..=2 {
        for n in 0..5 {
            let id = format!("d{}", round * 10 + n);
            add(&topic, &id, Some(codec().encode(&result(&id, 1)).unwrap()));
        }
        add(&topic, "erased", None);
        let (tell, stop) = watch::channel(false);
        let running = tokio::spawn(run_files(log(&topic), folder.path().to_owned(), stop));
        tokio::task::yield_now().await;
        tell.send_replace(true);
        running.await.unwrap().unwrap();
        let text = std::fs::read_to_string(folder.path().join(RESULTS)).unwrap();
        assert_eq!(text.lines().count(), 5 * round);
    }
}

#[tokio::test]
async fn what_is_no_result_stops_it_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (value, want) in [(vec![1, 2], "SINK-0007"), (vec![0, 0, 1, 0, 0, 9], "REGISTRY-0000")] {
        let topic = Arc::new(Topic::default());
        add(&topic, "d", Some(value));
        let (_tell, stop) = watch::channel(false);
        let error = run_files(log(&topic), folder.path().to_owned(), stop).await.unwrap_err();
        assert_eq!(error.code().0, want);
    }
}
