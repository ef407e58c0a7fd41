//! Client settings: what a user may set, what docmill's guarantees rest on, and what each kind of client gets.

use crate::at_least_once::{SETTING, VALUE};
use crate::error::{ConfigError, broken};
use docmill_runtime::transport::{Member, TransportError};
use rdkafka::ClientConfig;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Settings that a user may not change, because a guarantee rests on them.
const REFUSED: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "isolation.level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "request.required.acks",
    "session.timeout.ms",
    "transaction.timeout.ms",
    "transactional.id",
];

/// Where the brokers are, and how to speak to them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KafkaConfig {
    /// Comma-separated `host:port`.
    pub bootstrap_servers: String,
    /// Name of this client in the brokers' logs and quotas.
    pub client_id: String,
    /// Further librdkafka settings by their names (`security.protocol`, `sasl.password`, `ssl.ca.location`, …).
    pub settings: BTreeMap<String, String>,
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No value is shown: which of them are secrets, librdkafka alone knows.
        f.debug_struct("KafkaConfig")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("client_id", &self.client_id)
            .field("settings", &self.settings.keys().map(|k| (k, "***")).collect::<BTreeMap<_, _>>())
            .finish()
    }
}

impl KafkaConfig {
    /// All settings that are refused, at once.
    pub(crate) fn check(&self) -> Result<(), TransportError> {
        let refused: Vec<String> = self
            .settings
            .keys()
            .filter(|k| REFUSED.contains(&k.trim().to_ascii_lowercase().as_str()))
            .chain(self.settings.keys().filter(|k| k.trim() == SETTING && !self.is_loose()))
            .cloned()
            .collect();
        let error = if self.bootstrap_servers.trim().is_empty() {
            ConfigError::NoServers
        } else if refused.is_empty() {
            return Ok(());
        } else {
            ConfigError::Refused(refused)
        };
        Err(broken("kafka settings", error))
    }

    fn base(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", if self.client_id.is_empty() { "docmill" } else { &self.client_id })
            .set("socket.keepalive.enable", "true")
            .set("topic.metadata.refresh.interval.ms", "60000")
            .set("reconnect.backoff.max.ms", "5000");
        config
    }

    fn finish(&self, mut config: ClientConfig) -> ClientConfig {
        for (name, value) in self.settings.iter().filter(|(n, _)| n.trim() != SETTING) {
            config.set(name.trim(), value);
        }
        config
    }

    /// A client for questions.
    pub(crate) fn plain(&self) -> ClientConfig {
        self.finish(self.base())
    }

    /// A client that sees the ends of partitions also where transactions are open.
    pub(crate) fn measuring(&self) -> ClientConfig {
        let mut config = self.base();
        config.set("isolation.level", "read_uncommitted");
        self.finish(config)
    }

    fn reading(&self, fetch_bytes: usize) -> ClientConfig {
        let bytes = fetch_bytes.clamp(64 << 10, 64 << 20);
        let mut config = self.base();
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            // Back-pressure is by pause and resume; these bound what librdkafka holds beside it.
            .set("fetch.max.bytes", bytes.max(1 << 20).to_string())
            .set("max.partition.fetch.bytes", (bytes / 2).to_string())
            .set("queued.max.messages.kbytes", (bytes / 1024).to_string())
            // Leaders that moved, and partitions that were added, are noticed soon, also where no error tells of them.
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("fetch.queue.backoff.ms", "20")
            .set("fetch.error.backoff.ms", "100");
        config
    }

    /// A member of a group.
    pub(crate) fn member(&self, member: &Member) -> ClientConfig {
        let session = member.session_timeout.max(Duration::from_secs(1)).as_millis();
        let mut config = self.reading(member.fetch_bytes);
        config
            .set("group.id", &member.group)
            .set("group.instance.id", &member.slot)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.to_string())
            .set("heartbeat.interval.ms", (session / 4).clamp(200, 3000).to_string())
            .set("max.poll.interval.ms", session.max(300_000).to_string());
        self.finish(config)
    }

    /// A client that looks at a group, and a member of it without a name of its own should it join.
    pub(crate) fn passing(&self, member: &Member) -> ClientConfig {
        let session = member.session_timeout.max(Duration::from_secs(1)).as_millis();
        let mut config = self.base();
        config
            .set("group.id", &member.group)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "false");
        self.finish(config)
    }

    /// A reader outside any group. librdkafka wants a group's name; no group comes to be.
    pub(crate) fn reader(&self, fetch_bytes: usize) -> ClientConfig {
        let mut config = self.reading(fetch_bytes);
        config.set("group.id", "docmill.reader").set("enable.partition.eof", "true");
        self.finish(config)
    }

    /// A client that asks for a group's committed offsets.
    pub(crate) fn asking(&self, group: &str) -> ClientConfig {
        let mut config = self.base();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed");
        self.finish(config)
    }

    /// A transactional producer.
    pub(crate) fn producer(&self, transactional_id: &str, timeout: Duration) -> ClientConfig {
        let mut config = self.base();
        config
            .set("transactional.id", transactional_id)
            .set("transaction.timeout.ms", timeout.max(Duration::from_secs(1)).as_millis().to_string());
        self.finish(Self::producing(config))
    }

    /// The same without transactions; see [`crate::at_least_once`].
    pub(crate) fn loose_producer(&self) -> ClientConfig {
        self.finish(Self::producing(self.base()))
    }

    /// Whether producers are to have no transactions.
    pub(crate) fn is_loose(&self) -> bool {
        self.settings.iter().any(|(name, value)| name.trim() == SETTING && value.trim() == VALUE)
    }

    fn producing(mut config: ClientConfig) -> ClientConfig {
        config
            .set("enable.idempotence", "true")
            .set("compression.type", "zstd")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "0")
            .set("batch.size", (256 << 10).to_string())
            // Limits are the topics' own: they are asked for before a transaction begins.
            .set("message.max.bytes", (64 << 20).to_string());
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(settings: &[(&str, &str)]) -> KafkaConfig {
        KafkaConfig {
            bootstrap_servers: "b:1".into(),
            client_id: "c".into(),
            settings: settings.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        }
    }

    #[test]
    fn settings_that_guarantees_rest_on_are_refused_together() {
        let wrong = [("isolation.level", "x"), ("linger.ms", "5"), ("Transactional.Id", "y")];
        let error = config(&wrong).check().unwrap_err().to_string();
        assert!(error.contains("isolation.level") && error.contains("Transactional.Id"), "{error}");
        assert!(!error.contains("linger.ms"), "{error}");
        assert!(config(&[("linger.ms", "5"), ("sasl.password", "p")]).check().is_ok());
    }

    #[test]
    fn secrets_do_not_show() {
        let shown = format!("{:?}", config(&[("sasl.password", "hunter2"), ("ssl.key.pem", "hunter3")]));
        assert!(!shown.contains("hunter") && shown.contains("sasl.password"), "{shown}");
    }

    #[test]
    fn settings_reach_every_client() {
        let config = config(&[("security.protocol", "ssl")]);
        assert_eq!(config.plain().get("security.protocol"), Some("ssl"));
        assert_eq!(config.producer("t", Duration::from_secs(9)).get("security.protocol"), Some("ssl"));
        assert_eq!(config.reader(1 << 20).get("isolation.level"), Some("read_committed"));
    }
}
