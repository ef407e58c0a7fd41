//! Topics: what they are, and making them what they should be.

use crate::client::Logs;
use crate::config::KafkaConfig;
use crate::error::{self, Found, blocking, broken};
use docmill_runtime::transport::{TopicSpec, TransportError, Watermarks};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one question or order may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// Pause before a question is asked again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long a transaction may stay open below an offset that is to be read: its time-out, and the broker's look at it.
const SETTLES: Duration = Duration::from_secs(60);
/// How often it is looked whether it has ended.
const SOON: Duration = Duration::from_millis(20);
/// How long altered settings are waited for; a value that a broker writes in another form never comes.
const SETTLED: Duration = Duration::from_secs(3);
/// Kafka's default limit of a record.
const DEFAULT_MAX_BYTES: usize = 1_048_588;

/// Asks about topics, and changes them.
pub(crate) struct Topics {
    admin: AdminClient<Logs>,
    /// A consumer, as its questions create no topics.
    asking: Arc<BaseConsumer<Logs>>,
    /// Asks for the ends of partitions, whatever transactions are open there.
    measuring: Arc<BaseConsumer<Logs>>,
    facts: Mutex<HashMap<String, Facts>>,
}

/// What a producer has to know of a topic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// `max.message.bytes`.
    pub(crate) max_bytes: usize,
}

impl Topics {
    pub(crate) fn new(config: &KafkaConfig) -> Result<Self, TransportError> {
        let failed = |e| broken("kafka settings", e);
        Ok(Self {
            admin: config.plain().create_with_context(Logs).map_err(failed)?,
            asking: Arc::new(config.plain().create_with_context(Logs).map_err(failed)?),
            measuring: Arc::new(config.measuring().create_with_context(Logs).map_err(failed)?),
            facts: Mutex::default(),
        })
    }

    fn options() -> AdminOptions {
        AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
    }

    /// Partitions and copies of these topics, of those that exist.
    async fn sizes(&self, names: &[String]) -> Result<BTreeMap<String, (i32, i32)>, TransportError> {
        let (asking, names) = (Arc::clone(&self.asking), names.to_vec());
        let ask = move || {
            let what = "ask for topics";
            let metadata = asking.fetch_metadata(None, PATIENCE).map_err(|e| error::transport(what, e))?;
            let sizes = metadata.topics().iter().filter(|t| names.iter().any(|n| n == t.name()));
            let size = |t: &rdkafka::metadata::MetadataTopic| {
                let copies = t.partitions().first().map_or(0, |p| p.replicas().len());
                (i32::try_from(t.partitions().len()).unwrap_or(i32::MAX), i32::try_from(copies).unwrap_or(0))
            };
            Ok(sizes.filter(|t| !t.partitions().is_empty()).map(|t| (t.name().to_owned(), size(t))).collect())
        };
        blocking("kafka-ask", ask).await?
    }

    /// Partitions of a topic.
    pub(crate) async fn partitions(&self, topic: &str) -> Result<i32, TransportError> {
        let names = [topic.to_owned()];
        let found = self.sizes(&names).await?;
        found
            .get(topic)
            .map(|(partitions, _)| *partitions)
            .ok_or_else(|| TransportError::UnknownTopic { topic: topic.to_owned() })
    }

    /// What a producer has to know; asked for once.
    pub(crate) async fn facts(&self, topic: &str) -> Result<Facts, TransportError> {
        if let Some(facts) = self.facts.lock().unwrap_or_else(PoisonError::into_inner).get(topic) {
            return Ok(*facts);
        }
        self.partitions(topic).await?;
        // Not everybody may ask for settings: the broker refuses what is too large by itself.
        let settings = self.settings(&[topic.to_owned()]).await.unwrap_or_default();
        let max_bytes = settings
            .get(topic)
            .and_then(|s| s.iter().find(|(name, _, _)| name == "max.message.bytes"))
            .and_then(|(_, value, _)| value.parse().ok())
            .unwrap_or(DEFAULT_MAX_BYTES);
        let facts = Facts { max_bytes };
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).insert(topic.to_owned(), facts);
        Ok(facts)
    }

    /// Settings by topic: name, value, and whether it is the topic's own.
    async fn settings(
        &self,
        names: &[String],
    ) -> Result<BTreeMap<String, Vec<(String, String, bool)>>, TransportError> {
        let what = "ask for topic settings";
        let specifiers: Vec<ResourceSpecifier<'_>> =
            names.iter().map(|n| ResourceSpecifier::Topic(n)).collect();
        let answers = self
            .admin
            .describe_configs(&specifiers, &Self::options())
            .await
            .map_err(|e| error::transport(what, e))?;
        let mut found = BTreeMap::new();
        for (name, answer) in names.iter().zip(answers) {
            let resource = answer.map_err(|code| error::admin(format!("{what} of {name}"), code))?;
            let entries = resource.entries.into_iter();
            let settings = entries
                .filter_map(|e| e.value.map(|v| (e.name, v, matches!(e.source, ConfigSource::DynamicTopic))))
                .collect();
            found.insert(name.clone(), settings);
        }
        Ok(found)
    }

    /// The topics of these names that exist, with all their settings.
    pub(crate) async fn describe(&self, names: &[String]) -> Result<Vec<TopicSpec>, TransportError> {
        let sizes = self.sizes(names).await?;
        let existing: Vec<String> = sizes.keys().cloned().collect();
        if existing.is_empty() {
            return Ok(Vec::new());
        }
        let mut settings = self.settings(&existing).await?;
        let spec = |(name, (partitions, replication)): (String, (i32, i32))| {
            let config =
                settings.remove(&name).unwrap_or_default().into_iter().map(|(n, v, _)| (n, v)).collect();
            TopicSpec { name, partitions, replication, config }
        };
        Ok(sizes.into_iter().map(spec).collect())
    }

    /// Creates topics; raises partitions and alters settings of those that exist.
    pub(crate) async fn apply(&self, topics: &[TopicSpec]) -> Result<(), TransportError> {
        let names: Vec<String> = topics.iter().map(|t| t.name.clone()).collect();
        let sizes = self.sizes(&names).await?;
        let mut missing = Vec::new();
        let mut grown = Vec::new();
        let mut kept = Vec::new();
        // Everything is checked before anything is changed.
        for topic in topics {
            match sizes.get(&topic.name) {
                None => missing.push(topic),
                Some((has, _)) if *has > topic.partitions => {
                    let found = Found::FewerPartitions { has: *has, wanted: topic.partitions };
                    return Err(broken(format!("apply topic {}", topic.name), found));
                }
                Some((has, _)) => {
                    if *has < topic.partitions {
                        grown.push(topic);
                    }
                    kept.push(topic);
                }
            }
        }
        self.create(&missing).await?;
        self.grow(&grown).await?;
        self.alter(&kept).await?;
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.wait(topics).await
    }

    async fn create(&self, topics: &[&TopicSpec]) -> Result<(), TransportError> {
        if topics.is_empty() {
            return Ok(());
        }
        let new: Vec<NewTopic<'_>> = topics
            .iter()
            .map(|t| {
                let new = NewTopic::new(&t.name, t.partitions, TopicReplication::Fixed(t.replication));
                t.config.iter().fold(new, |new, (name, value)| new.set(name, value))
            })
            .collect();
        let what = "create topics";
        let answers =
            self.admin.create_topics(&new, &Self::options()).await.map_err(|e| error::transport(what, e))?;
        for answer in answers {
            match answer {
                // Another process was faster.
                Ok(_) | Err((_, rdkafka::error::RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(error::admin(format!("create topic {topic}"), code)),
            }
        }
        Ok(())
    }

    async fn grow(&self, topics: &[&TopicSpec]) -> Result<(), TransportError> {
        if topics.is_empty() {
            return Ok(());
        }
        let new: Vec<NewPartitions<'_>> = topics
            .iter()
            .map(|t| NewPartitions::new(&t.name, usize::try_from(t.partitions).unwrap_or(1)))
            .collect();
        let what = "raise partitions";
        let answers = self
            .admin
            .create_partitions(&new, &Self::options())
            .await
            .map_err(|e| error::transport(what, e))?;
        for answer in answers {
            answer.map_err(|(topic, code)| error::admin(format!("{what} of {topic}"), code))?;
        }
        Ok(())
    }

    async fn alter(&self, topics: &[&TopicSpec]) -> Result<(), TransportError> {
        let names: Vec<String> = topics.iter().map(|t| t.name.clone()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let settings = self.settings(&names).await?;
        let mut altered: Vec<(&str, BTreeMap<String, String>)> = Vec::new();
        for topic in topics {
            let current = settings.get(&topic.name).map(Vec::as_slice).unwrap_or_default();
            if holds(topic, current) {
                continue;
            }
            // The order replaces all of a topic's own settings: those that nobody named are kept by naming them.
            let own = current.iter().filter(|(_, _, own)| *own).map(|(n, v, _)| (n.clone(), v.clone()));
            altered.push((&topic.name, own.chain(topic.config.iter().cloned()).collect()));
        }
        if altered.is_empty() {
            return Ok(());
        }
        let orders: Vec<AlterConfig<'_>> = altered
            .iter()
            .map(|(name, config)| {
                let order = AlterConfig::new(ResourceSpecifier::Topic(name));
                config.iter().fold(order, |order, (name, value)| order.set(name, value))
            })
            .collect();
        let what = "alter topic settings";
        let answers = self
            .admin
            .alter_configs(&orders, &Self::options())
            .await
            .map_err(|e| error::transport(what, e))?;
        for answer in answers {
            answer.map_err(|(topic, code)| error::admin(format!("{what} of {topic:?}"), code))?;
        }
        // Brokers learn of it from the controller, a little later.
        let end = tokio::time::Instant::now() + SETTLED;
        while tokio::time::Instant::now() < end {
            let settings = self.settings(&names).await?;
            if topics.iter().all(|t| settings.get(&t.name).is_some_and(|s| holds(t, s))) {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        Ok(())
    }

    /// Waits until every partition is known and has a leader.
    async fn wait(&self, topics: &[TopicSpec]) -> Result<(), TransportError> {
        let asking = Arc::clone(&self.asking);
        let wanted: Vec<(String, usize)> =
            topics.iter().map(|t| (t.name.clone(), usize::try_from(t.partitions).unwrap_or(0))).collect();
        let wait = move || {
            let what = "wait for topics";
            let end = Instant::now() + PATIENCE;
            loop {
                let metadata =
                    asking.fetch_metadata(None, PATIENCE).map_err(|e| error::transport(what, e))?;
                let ready = |(name, partitions): &(String, usize)| {
                    metadata.topics().iter().any(|t| {
                        t.name() == name
                            && t.partitions().len() >= *partitions
                            && t.partitions().iter().all(|p| p.leader() >= 0)
                    })
                };
                if wanted.iter().all(ready) {
                    return Ok(());
                }
                if Instant::now() > end {
                    return Err(broken(what, Found::NoLeader(PATIENCE.as_secs())));
                }
                std::thread::sleep(AGAIN);
            }
        };
        blocking("kafka-ask", wait).await?
    }

    /// First and last stable offsets.
    pub(crate) async fn watermarks(&self, topic: &str) -> Result<Vec<Watermarks>, TransportError> {
        let partitions = self.partitions(topic).await?;
        let (asking, topic) = (Arc::clone(&self.asking), topic.to_owned());
        // The client reads committed records only, so this is the last stable offset.
        let ask = move || (0..partitions).map(|partition| marks_of(&asking, &topic, partition)).collect();
        blocking("kafka-ask", ask).await?
    }

    /// The same, once all that lies there now is settled: no transaction is open below the ends that the partitions have
    /// at this moment. Who reads up to these offsets has read everything that was committed before.
    pub(crate) async fn settled(
        &self,
        topic: &str,
        only: Option<i32>,
    ) -> Result<Vec<Watermarks>, TransportError> {
        let partitions = self.partitions(topic).await?;
        let wanted: Vec<i32> = (0..partitions).filter(|p| only.is_none_or(|o| o == *p)).collect();
        let (asking, measuring) = (Arc::clone(&self.asking), Arc::clone(&self.measuring));
        let topic = topic.to_owned();
        let ask = move || {
            let until = Instant::now() + SETTLES;
            let settle = |partition| {
                let end = marks_of(&measuring, &topic, partition)?.high;
                loop {
                    let marks = marks_of(&asking, &topic, partition)?;
                    if marks.high >= end {
                        return Ok(marks);
                    }
                    if Instant::now() >= until {
                        let what = format!("the end of a transaction in partition {partition} of {topic}");
                        let source = Box::new(error::Found::StillOpen);
                        return Err(TransportError::Unavailable { what, source });
                    }
                    std::thread::sleep(SOON);
                }
            };
            wanted.into_iter().map(settle).collect()
        };
        blocking("kafka-ask", ask).await?
    }
}

/// First and last offset of a partition, as the client is allowed to see them.
fn marks_of(client: &BaseConsumer<Logs>, topic: &str, partition: i32) -> Result<Watermarks, TransportError> {
    let what = || format!("ask for offsets of {topic}");
    // A new topic's leader may not know yet that it leads.
    let end = Instant::now() + PATIENCE;
    loop {
        let asked = client.fetch_watermarks(topic, partition, PATIENCE);
        match asked.map_err(|e| error::transport(what(), e)) {
            Ok((low, high)) => return Ok(Watermarks { partition, low, high }),
            Err(TransportError::Unavailable { .. }) if Instant::now() < end => std::thread::sleep(AGAIN),
            Err(e) => return Err(e),
        }
    }
}

/// Whether a topic has the settings that it should have.
fn holds(topic: &TopicSpec, current: &[(String, String, bool)]) -> bool {
    topic.config.iter().all(|(name, value)| current.iter().any(|(n, v, _)| n == name && v == value))
}
