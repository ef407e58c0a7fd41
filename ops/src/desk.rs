//! What an operator's command stands on: an open log, its topology, and records of any kind as they can be read.
//!
//! Owns how a log is opened and scanned. Knows no command. Rule: a scan holds one batch of records, never a topic.

mod decode;
mod known;
#[cfg(test)]
pub(crate) mod samples;

pub(crate) use known::{Known, Name, revision_of};

use crate::cli::Connection;
use crate::run::one_machine;
use crate::{OpsError, ui};
use clap::Args;
use docmill_contracts::{Codec, Headers, RecordKind};
use docmill_registry::Registry;
use docmill_runtime::Topology;
use docmill_runtime::telemetry::Clock;
use docmill_runtime::transport::{
    CommitError, OutRecord, Producer, Read, ReadFrom, Reader, Record, Transaction, Transport,
};
use docmill_transport_embedded::Embedded;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// Header of a marker in a dead-letter topic: the place of the letter that was sent back.
pub(crate) const REDRIVEN: &str = "docmill.redriven";
/// Header of a record that was sent back: the place of its dead letter.
pub(crate) const REDRIVEN_FROM: &str = "docmill.redriven-from";
/// Header of a record that a replay made: the id of that replay.
pub(crate) const REPLAY: &str = "docmill.replay";

/// Records of a topic from which on a scan shows how far it is.
const LONG: u64 = 50_000;
/// Tries of a transaction that is rolled back.
const ATTEMPTS: u32 = 3;

/// Which log.
#[derive(Debug, Clone, Default, Args)]
pub struct LogArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub connection: Connection,
    /// The embedded log of `docmill run --out DIR`, instead of Kafka.
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// A place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Topic.
    pub topic: Arc<str>,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not TOPIC/PARTITION/OFFSET such as dlq.render/0/17");
        let mut parts = text.rsplitn(3, '/');
        let (offset, partition, topic) = (parts.next(), parts.next(), parts.next());
        match (topic, partition.and_then(|p| p.parse().ok()), offset.and_then(|o| o.parse().ok())) {
            (Some(topic), Some(partition @ 0..), Some(offset @ 0..)) if !topic.is_empty() => {
                Ok(Self { topic: Arc::from(topic), partition, offset })
            }
            _ => Err(wrong()),
        }
    }
}

/// An open log.
pub(crate) struct Desk {
    pub(crate) log: Arc<dyn Transport>,
    pub(crate) topology: Topology,
    pub(crate) codec: Codec,
    registry: Registry,
    pub(crate) clock: Clock,
}

impl Desk {
    /// Opens the log that the flags name.
    pub(crate) async fn open(args: &LogArgs, client: &str) -> Result<Self, OpsError> {
        let config = args.connection.load()?;
        let topology = config.load_topology()?;
        if let Some(folder) = &args.log {
            let log = Embedded::open(&log_file(folder)?)?;
            return Self::new(Arc::new(log), one_machine(topology), Registry::BuiltIn).await;
        }
        let log = docmill_service::open_kafka(&config, client)?;
        Self::new(Arc::new(log), topology, Registry::http(&config.registry)?).await
    }

    /// Over a log that is open.
    pub(crate) async fn new(
        log: Arc<dyn Transport>,
        topology: Topology,
        registry: Registry,
    ) -> Result<Self, OpsError> {
        let codec = Codec::new(registry.catalog(Some(&topology)).await?);
        Ok(Self { log, topology, codec, registry, clock: Clock::new() })
    }

    /// Topics of the topology that the log has, with their record kinds.
    pub(crate) async fn topics(&self) -> Result<Vec<(Arc<str>, Option<RecordKind>)>, OpsError> {
        let names: Vec<String> = self.topology.topics.keys().cloned().collect();
        let found: BTreeSet<String> = self.log.describe(&names).await?.into_iter().map(|t| t.name).collect();
        let has = self.topology.topics.values().filter(|t| found.contains(&t.name));
        Ok(has.map(|t| (Arc::from(t.name.as_str()), t.record)).collect())
    }

    /// Topics of dead letters that the log has, with the names of the workers that write them.
    pub(crate) async fn dead_letter_topics(&self) -> Result<Vec<Arc<str>>, OpsError> {
        let of_workers: BTreeSet<&str> =
            self.topology.workers.values().map(|w| w.dead_letters.as_str()).collect();
        let topics = self.topics().await?;
        Ok(topics.into_iter().map(|(name, _)| name).filter(|t| of_workers.contains(&**t)).collect())
    }

    /// The one topic of a record kind.
    pub(crate) fn topic_of(&self, kind: RecordKind) -> Option<Arc<str>> {
        self.topology.topics.values().find(|t| t.record == Some(kind)).map(|t| Arc::from(t.name.as_str()))
    }

    /// Record kind of a topic.
    pub(crate) fn kind_of(&self, topic: &str) -> Option<RecordKind> {
        self.topology.topics.get(topic).and_then(|t| t.record)
    }

    /// Reads a topic (read_committed) up to its end of now.
    pub(crate) async fn scan(&self, topic: &str, from: ReadFrom) -> Result<Scan, OpsError> {
        let total: u64 = self
            .log
            .watermarks(topic)
            .await?
            .iter()
            .map(|m| u64::try_from(m.high - m.low).unwrap_or(0))
            .sum();
        let reader = self.log.reader(topic, from).await?;
        let bar = if total >= LONG {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} records {elapsed}") {
                bar.set_style(style);
            }
            bar.set_message(topic.to_owned());
            bar
        } else {
            ProgressBar::hidden()
        };
        Ok(Scan { reader, bar })
    }

    /// The transactional producer of a command. Whoever ran the same command before, and still does, is fenced: what it
    /// committed is visible to scans that begin after this, and nothing of it comes later.
    pub(crate) async fn writer(&self, command: &str) -> Result<Writer, OpsError> {
        Ok(Writer { producer: self.log.producer(&format!("docmill-{command}")).await? })
    }
}

/// The file of the embedded log of an output folder.
fn log_file(folder: &Path) -> Result<PathBuf, OpsError> {
    let file = folder.join(".docmill").join("log.sqlite");
    if file.is_file() { Ok(file) } else { Err(OpsError::NoLog { folder: folder.to_owned() }) }
}

/// A topic on its way by.
pub(crate) struct Scan {
    reader: Box<dyn Reader>,
    bar: ProgressBar,
}

impl Scan {
    /// The next records of one partition; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<(i32, Vec<Record>)>, OpsError> {
        match self.reader.next().await? {
            Read::Records { partition, records } => {
                self.bar.inc(records.len() as u64);
                Ok(Some((partition, records)))
            }
            Read::CaughtUp => {
                self.bar.finish_and_clear();
                Ok(None)
            }
        }
    }

    /// As a reader that goes on behind the end.
    pub(crate) fn into_reader(self) -> Box<dyn Reader> {
        self.bar.finish_and_clear();
        self.reader
    }
}

/// Writes in transactions.
pub(crate) struct Writer {
    producer: Box<dyn Producer>,
}

impl Writer {
    /// Commits; what was rolled back and left nothing is tried again a few times.
    pub(crate) async fn commit(&mut self, records: Vec<OutRecord>) -> Result<(), OpsError> {
        let transaction = Transaction { records, offsets: Vec::new() };
        let mut attempt = 1;
        loop {
            match self.producer.commit(transaction.clone()).await {
                Err(CommitError::Aborted(e)) if attempt < ATTEMPTS => {
                    ui::tell(format_args!("rolled back, again: {e}"));
                    attempt += 1;
                }
                result => return Ok(result?),
            }
        }
    }
}

/// `headers` without those of that prefix and those names.
pub(crate) fn without(headers: &Headers, prefix: &str, names: &[&str]) -> Headers {
    headers
        .iter()
        .filter(|(n, _)| !(n.starts_with(prefix) || names.contains(n)))
        .map(|(n, v)| (n.to_owned(), v.to_vec()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place: Place = "dlq.render/3/17".parse().unwrap();
        assert_eq!((&*place.topic, place.partition, place.offset), ("dlq.render", 3, 17));
        assert_eq!(place.to_string(), "dlq.render/3/17");
        for wrong in ["", "a/b", "a/0/x", "a/-1/0", "/0/0", "0/0"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_folder_without_a_log_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = log_file(folder.path()).unwrap_err();
        assert!(matches!(error, OpsError::NoLog { .. }), "{error}");
    }
}
