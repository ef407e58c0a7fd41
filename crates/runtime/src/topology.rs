//! `topology.toml`: the one description of topics, workers, groups and limits.
//!
//! Parsed into raw text first, then validated into [`Topology`], with every mistake of the file reported at once.

use crate::transport::TopicSpec;
use docmill_contracts::RecordKind;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use thiserror::Error;

/// The topology this build was made with.
pub const BUILT_IN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../topology.toml"));

/// A valid topology.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    /// Topics by name.
    pub topics: BTreeMap<String, Topic>,
    /// Workers by name.
    pub workers: BTreeMap<String, Worker>,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name.
    pub name: String,
    /// Record it carries; none for dead letters, whose bytes are as they came.
    pub record: Option<RecordKind>,
    /// Partitions.
    pub partitions: i32,
    /// Copies.
    pub replication: i32,
    /// Keeps the last record of each key.
    pub compacted: bool,
    /// How long records are kept; none for ever.
    pub retention: Option<Duration>,
    /// Largest record in bytes.
    pub max_record_bytes: usize,
}

/// A worker: one input, one consumer group, one driver loop.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// Name.
    pub name: String,
    /// Process that hosts it: `docmill-<stage>`.
    pub stage: String,
    /// Consumer group.
    pub group: String,
    /// Input topic.
    pub input: String,
    /// Output topic of each record kind.
    pub outputs: BTreeMap<RecordKind, String>,
    /// Where records go that are given up.
    pub dead_letters: String,
    /// Changelog of a gather worker; as many partitions as its input.
    pub changelog: Option<String>,
    /// Limits.
    pub limits: Limits,
}

/// Limits of a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Attempts that run at once.
    pub concurrency: usize,
    /// Records fetched and not yet committed.
    pub window_records: usize,
    /// Their bytes.
    pub window_bytes: usize,
    /// Offsets between the first that is not done and the last fetched, per partition; its bitmap must fit the commit metadata.
    pub window_span: usize,
    /// Longest attempt.
    pub attempt_timeout: Duration,
    /// From the first attempt to giving up on transient errors.
    pub retry_deadline: Duration,
    /// Longest wait for company before a commit under load.
    pub commit_interval: Duration,
    /// Records of one transaction.
    pub commit_records: usize,
    /// Bytes of one transaction.
    pub commit_bytes: usize,
    /// How long revoked partitions may finish.
    pub drain: Duration,
    /// Records that the breaker looks back on; 0 for no breaker.
    pub breaker_window: usize,
    /// Part of them that may become dead letters for reasons that are not the input's, 0..=1, before the worker rests.
    pub breaker_ratio: f64,
}

/// Everything that is wrong with a topology file.
#[derive(Debug, Error)]
pub enum TopologyError {
    /// Not TOML, or a field that does not exist.
    #[error("topology is not readable: {0}")]
    Syntax(#[from] toml::de::Error),
    /// Mistakes, one a line.
    #[error("topology has {} mistakes:\n{}", .0.len(), .0.join("\n"))]
    Invalid(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    defaults: RawDefaults,
    topics: BTreeMap<String, RawTopic>,
    workers: BTreeMap<String, RawWorker>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDefaults {
    partitions: Option<i32>,
    replication: Option<i32>,
    retention: Option<String>,
    max_record: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopic {
    record: Option<String>,
    partitions: Option<i32>,
    replication: Option<i32>,
    retention: Option<String>,
    max_record: Option<String>,
    #[serde(default)]
    compacted: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWorker {
    stage: String,
    group: Option<String>,
    input: String,
    outputs: Vec<String>,
    dead_letters: String,
    changelog: Option<String>,
    concurrency: Option<usize>,
    window_records: Option<usize>,
    window_bytes: Option<String>,
    window_span: Option<usize>,
    attempt_timeout: Option<String>,
    retry_deadline: Option<String>,
    commit_interval: Option<String>,
    commit_records: Option<usize>,
    commit_bytes: Option<String>,
    drain: Option<String>,
    breaker_window: Option<usize>,
    breaker_ratio: Option<f64>,
}

/// Widest span whose bitmap fits the commit metadata in base64.
pub const MAX_SPAN: usize = 16_384;

impl Topology {
    /// The topology this build was made with.
    pub fn built_in() -> Result<Self, TopologyError> {
        Self::parse(BUILT_IN)
    }

    /// Parses and validates a topology file.
    pub fn parse(text: &str) -> Result<Self, TopologyError> {
        let raw: Raw = toml::from_str(text)?;
        let mut mistakes = Mistakes::default();
        let topics: BTreeMap<_, _> = raw
            .topics
            .into_iter()
            .map(|(name, t)| (name.clone(), topic(name, &t, &raw.defaults, &mut mistakes)))
            .collect();
        let workers: BTreeMap<_, _> = raw
            .workers
            .into_iter()
            .map(|(name, w)| (name.clone(), worker(name, w, &topics, &mut mistakes)))
            .collect();
        let mut groups = BTreeSet::new();
        for w in workers.values() {
            if !groups.insert(&w.group) {
                mistakes.say(format!("workers.{}: group {} is used by another worker too", w.name, w.group));
            }
        }
        if mistakes.0.is_empty() {
            Ok(Self { topics, workers })
        } else {
            Err(TopologyError::Invalid(mistakes.0))
        }
    }

    /// Workers that the process of `stage` hosts.
    pub fn workers_of(&self, stage: &str) -> impl Iterator<Item = &Worker> {
        self.workers.values().filter(move |w| w.stage == stage)
    }

    /// Stages in alphabetical order, once each.
    pub fn stages(&self) -> BTreeSet<&str> {
        self.workers.values().map(|w| w.stage.as_str()).collect()
    }

    /// The topics as a log should have them.
    pub fn topic_specs(&self) -> Vec<TopicSpec> {
        self.topics.values().map(Topic::spec).collect()
    }
}

impl Topic {
    /// The topic as a log should have it, with settings by their Kafka names.
    pub fn spec(&self) -> TopicSpec {
        let retention = self.retention.map_or_else(|| "-1".to_owned(), |r| r.as_millis().to_string());
        let mut config = vec![
            ("cleanup.policy".to_owned(), if self.compacted { "compact" } else { "delete" }.to_owned()),
            ("max.message.bytes".to_owned(), self.max_record_bytes.to_string()),
        ];
        if !self.compacted {
            config.push(("retention.ms".to_owned(), retention));
        }
        TopicSpec {
            name: self.name.clone(),
            partitions: self.partitions,
            replication: self.replication,
            config,
        }
    }
}

#[derive(Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn say(&mut self, mistake: String) {
        self.0.push(mistake);
    }

    fn or<T>(&mut self, place: &str, value: Result<T, String>, default: T) -> T {
        value.unwrap_or_else(|e| {
            self.say(format!("{place}: {e}"));
            default
        })
    }
}

fn topic(name: String, raw: &RawTopic, defaults: &RawDefaults, mistakes: &mut Mistakes) -> Topic {
    let at = |field: &str| format!("topics.\"{name}\".{field}");
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 249 || !name.chars().all(legal) {
        mistakes
            .say(format!("topics.\"{name}\": a topic name has 1 to 249 of the characters a-z A-Z 0-9 . _ -"));
    }
    let record = raw.record.as_ref().and_then(|r| {
        let kind = RecordKind::by_name(r);
        if kind.is_none() {
            mistakes.say(format!("{}: there is no record {r}", at("record")));
        }
        kind
    });
    let partitions = raw.partitions.or(defaults.partitions).unwrap_or(1);
    if !(1..=10_000).contains(&partitions) {
        mistakes.say(format!("{}: {partitions} is not between 1 and 10000", at("partitions")));
    }
    let replication = raw.replication.or(defaults.replication).unwrap_or(1);
    if !(1..=15).contains(&replication) {
        mistakes.say(format!("{}: {replication} is not between 1 and 15", at("replication")));
    }
    let retention = match raw.retention.as_deref().or(defaults.retention.as_deref()) {
        None | Some("forever") => None,
        Some(text) => Some(mistakes.or(&at("retention"), parse_duration(text), Duration::ZERO)),
    };
    let max_record = raw.max_record.as_deref().or(defaults.max_record.as_deref()).unwrap_or("4MiB");
    let max_record_bytes = mistakes.or(&at("max_record"), parse_bytes(max_record), 1);
    Topic { record, partitions, replication, compacted: raw.compacted, retention, max_record_bytes, name }
}

fn worker(name: String, raw: RawWorker, topics: &BTreeMap<String, Topic>, mistakes: &mut Mistakes) -> Worker {
    let at = |field: &str| format!("workers.{name}.{field}");
    let mut known = |field: &str, topic: &str| {
        let found = topics.get(topic);
        if found.is_none() {
            mistakes.say(format!("{}: there is no topic {topic}", at(field)));
        }
        found
    };
    let input = known("input", &raw.input);
    if input.is_some_and(|t| t.record.is_none()) {
        mistakes.say(format!("{}: topic {} carries no record", at("input"), raw.input));
    }
    let mut outputs = BTreeMap::new();
    for output in &raw.outputs {
        let Some(topic) = topics.get(output) else {
            mistakes.say(format!("{}: there is no topic {output}", at("outputs")));
            continue;
        };
        match topic.record {
            None => mistakes.say(format!("{}: topic {output} carries no record", at("outputs"))),
            Some(kind) => {
                if let Some(other) = outputs.insert(kind, output.clone()) {
                    mistakes.say(format!(
                        "{}: {other} and {output} both carry {}",
                        at("outputs"),
                        kind.name()
                    ));
                }
            }
        }
    }
    if let Some(dlq) = topics.get(&raw.dead_letters) {
        if dlq.record.is_some() {
            mistakes.say(format!(
                "{}: topic {} is for records, not dead letters",
                at("dead_letters"),
                raw.dead_letters
            ));
        }
    } else {
        mistakes.say(format!("{}: there is no topic {}", at("dead_letters"), raw.dead_letters));
    }
    if let Some(changelog) = &raw.changelog {
        match (topics.get(changelog), topics.get(&raw.input)) {
            (None, _) => mistakes.say(format!("{}: there is no topic {changelog}", at("changelog"))),
            (Some(c), Some(i)) if c.partitions != i.partitions => mistakes.say(format!(
                "{}: {changelog} has {} partitions, its input {} has {}; they must be the same",
                at("changelog"),
                c.partitions,
                i.name,
                i.partitions
            )),
            (Some(c), _) if !c.compacted => {
                mistakes.say(format!("{}: {changelog} must be compacted", at("changelog")));
            }
            (Some(_), _) => {}
        }
    }
    let seconds = Duration::from_secs;
    let duration = |mistakes: &mut Mistakes, field: &str, text: &Option<String>, default: Duration| match text
    {
        None => default,
        Some(text) => mistakes.or(&at(field), parse_duration(text), default),
    };
    let bytes = |mistakes: &mut Mistakes, field: &str, text: &Option<String>, default: usize| match text {
        None => default,
        Some(text) => mistakes.or(&at(field), parse_bytes(text), default),
    };
    let limits = Limits {
        concurrency: raw.concurrency.unwrap_or(4),
        window_records: raw.window_records.unwrap_or(1024),
        window_bytes: bytes(mistakes, "window_bytes", &raw.window_bytes, 64 << 20),
        window_span: raw.window_span.unwrap_or(4096),
        attempt_timeout: duration(mistakes, "attempt_timeout", &raw.attempt_timeout, seconds(60)),
        retry_deadline: duration(mistakes, "retry_deadline", &raw.retry_deadline, seconds(300)),
        commit_interval: duration(
            mistakes,
            "commit_interval",
            &raw.commit_interval,
            Duration::from_millis(100),
        ),
        commit_records: raw.commit_records.unwrap_or(1000),
        commit_bytes: bytes(mistakes, "commit_bytes", &raw.commit_bytes, 16 << 20),
        drain: duration(mistakes, "drain", &raw.drain, seconds(3)),
        breaker_window: raw.breaker_window.unwrap_or(50),
        breaker_ratio: raw.breaker_ratio.unwrap_or(0.5),
    };
    if !(limits.breaker_ratio > 0.0 && limits.breaker_ratio <= 1.0) || limits.breaker_window > 10_000 {
        let (ratio, window) = (limits.breaker_ratio, limits.breaker_window);
        mistakes.say(format!(
            "{}: a ratio over 0 and up to 1, of at most 10000 records, not {ratio} of {window}",
            at("breaker_ratio")
        ));
    }
    for (field, value, max) in [
        ("concurrency", limits.concurrency, 1024),
        ("window_records", limits.window_records, 1 << 20),
        ("window_span", limits.window_span, MAX_SPAN),
        ("commit_records", limits.commit_records, 1 << 20),
    ] {
        if value == 0 || value > max {
            mistakes.say(format!("{}: {value} is not between 1 and {max}", at(field)));
        }
    }
    Worker {
        stage: raw.stage,
        group: raw.group.unwrap_or_else(|| format!("docmill.{name}")),
        input: raw.input,
        outputs,
        dead_letters: raw.dead_letters,
        changelog: raw.changelog,
        limits,
        name,
    }
}

/// Parses `100ms`, `3s`, `5m`, `7d`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split_unit(text);
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("`{text}` is not a duration such as 100ms, 3s, 5m, 2h or 7d")),
    };
    let number: u64 =
        number.parse().map_err(|_| format!("`{text}` is not a duration such as 100ms, 3s, 5m, 2h or 7d"))?;
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| format!("`{text}` is too long"))
}

/// Parses `512B`, `64KiB`, `10MB`, `4GiB`.
pub fn parse_bytes(text: &str) -> Result<usize, String> {
    let (number, unit) = split_unit(text);
    let factor: usize = match unit {
        "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(format!("`{text}` is not a size such as 512B, 64KiB, 10MB or 4GiB")),
    };
    let number: usize =
        number.parse().map_err(|_| format!("`{text}` is not a size such as 512B, 64KiB, 10MB or 4GiB"))?;
    number.checked_mul(factor).ok_or_else(|| format!("`{text}` is too large"))
}

fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    (number, unit.trim())
}

#[cfg(test)]
mod tests;
