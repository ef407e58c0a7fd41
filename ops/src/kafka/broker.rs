//! Apache Kafka: nodes that are broker and controller in one (KRaft), one of them or a quorum of three.

use super::daemon::{Daemon, Life};
use crate::{OpsError, ui};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(super) const NAME: &str = "Apache Kafka";

const LOG4J: &str = "\
rootLogger.level=warn
rootLogger.appenderRef.out.ref=OUT
appender.out.type=Console
appender.out.name=OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %m (%c)%n
";

/// Settings of a cluster of one, besides its addresses: one copy of everything, few partitions of its own topics for a fast
/// start, and no topic that nobody asked for.
pub const BROKER_SETTINGS: &[(&str, &str)] = &[
    ("node.id", "1"),
    ("process.roles", "broker,controller"),
    ("controller.listener.names", "CONTROLLER"),
    ("auto.create.topics.enable", "false"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("offsets.topic.replication.factor", "1"),
    ("offsets.topic.num.partitions", "4"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("transaction.state.log.num.partitions", "4"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.min.isr", "1"),
];

/// One node of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// From 1.
    pub(super) id: u16,
    /// Nodes of the cluster.
    pub(super) of: u16,
    /// Port of the first node's broker. Every node takes two: broker and controller.
    pub(super) first_port: u16,
}

impl Node {
    /// All nodes of a cluster.
    pub(super) fn all(first_port: u16, of: u16) -> impl Iterator<Item = Self> {
        (1..=of).map(move |id| Self { id, of, first_port })
    }

    /// Where it answers.
    pub(super) fn port(self) -> u16 {
        self.first_port + 2 * (self.id - 1)
    }

    /// Folder of its data and log.
    fn home(self, dir: &Path) -> PathBuf {
        if self.id == 1 { dir.join("kafka") } else { dir.join(format!("kafka-{}", self.id)) }
    }

    fn properties(self, data: &Path) -> String {
        let (port, controller) = (self.port(), self.port() + 1);
        let voters: Vec<_> = Self::all(self.first_port, self.of)
            .map(|n| format!("{}@127.0.0.1:{}", n.id, n.port() + 1))
            .collect();
        let mut lines = vec![
            format!("controller.quorum.voters={}", voters.join(",")),
            format!("listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}"),
            format!("advertised.listeners=PLAINTEXT://127.0.0.1:{port}"),
            format!("log.dirs={}", data.display()),
        ];
        lines.extend(BROKER_SETTINGS.iter().map(|(name, value)| match *name {
            "node.id" => format!("{name}={}", self.id),
            // As many copies as there are brokers, and one of them may be away.
            _ if self.of > 1 && name.ends_with("replication.factor") => format!("{name}={}", self.of),
            _ if self.of > 1 && name.ends_with("min.isr") => format!("{name}={}", self.of - 1),
            _ => format!("{name}={value}"),
        }));
        if self.of > 1 {
            lines.push(format!("default.replication.factor={}", self.of));
            lines.push(format!("min.insync.replicas={}", self.of - 1));
        }
        lines.join("\n") + "\n"
    }
}

/// Writes its files, formats its storage the first time, and starts it.
pub(super) async fn start(
    dir: &Path,
    node: Node,
    cluster_id: &str,
    mark: &str,
    life: Life,
) -> Result<Daemon, OpsError> {
    let (java, jars) = tokio::task::spawn_blocking(|| {
        let assets = ui::assets(None);
        Ok::<_, OpsError>((assets.java(super::JAVA)?, assets.kafka_jars()?))
    })
    .await
    .map_err(|e| OpsError::io("fetch", NAME, e.into()))??;
    let home = node.home(dir);
    let (data, config, log4j) =
        (home.join("data"), home.join("server.properties"), home.join("log4j2.properties"));
    fs::create_dir_all(&home).map_err(|e| OpsError::io("create folder", &home, e))?;
    for (path, text) in [(&config, node.properties(&data)), (&log4j, LOG4J.to_owned())] {
        fs::write(path, text).map_err(|e| OpsError::io("write", path, e))?;
    }
    let jvm = || {
        let mut command = Command::new(&java);
        command.arg(mark).arg(format!("-Dlog4j2.configurationFile={}", log4j.display()));
        command.args(["-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp"]);
        command.arg(jars.join("*")).current_dir(&home);
        command
    };
    if !data.join("meta.properties").is_file() {
        let mut format = jvm();
        format.args(["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster_id, "-c"]);
        let done = format.arg(&config).stdin(Stdio::null()).output();
        let done = done.map_err(|e| OpsError::io("start", &java, e))?;
        if !done.status.success() {
            let log = home.join("format.log");
            fs::write(&log, [done.stdout.as_slice(), &done.stderr].concat())
                .map_err(|e| OpsError::io("write", &log, e))?;
            let said = String::from_utf8_lossy(&done.stderr);
            let reason = said.lines().rfind(|l| !l.trim().is_empty()).unwrap_or("it said nothing").to_owned();
            return Err(OpsError::Died { name: NAME, reason, log });
        }
    }
    let mut broker = jvm();
    broker.arg("kafka.Kafka").arg(&config);
    Daemon::start(NAME, broker, home.join("broker.log"), life)
}

/// A cluster id: 16 bytes in 22 characters of base64 for URLs.
pub(super) fn cluster_id() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = Sha256::digest(format!("{}.{}", std::process::id(), now.as_nanos()));
    let hex = format!("{seed:x}");
    // Four of the last character's bits count.
    format!("{}A", hex.get(..21).unwrap_or_default())
}

/// Whether it serves: it lists `count` brokers of the cluster, which it does when they take requests for topics.
pub(super) async fn answers(port: u16, count: u16) -> bool {
    timeout(Duration::from_secs(2), brokers(port)).await.ok().flatten().is_some_and(|n| n >= i32::from(count))
}

/// Number of brokers in the answer to a metadata request for no topic.
async fn brokers(port: u16) -> Option<i32> {
    // Length; api 3 (metadata), version 4, correlation 1, no client id; no topics, none to be made.
    const REQUEST: [u8; 19] = [0, 0, 0, 15, 0, 3, 0, 4, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 0];
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    socket.write_all(&REQUEST).await.ok()?;
    // Length, correlation, throttle time, number of brokers.
    let mut answer = [0; 16];
    socket.read_exact(&mut answer).await.ok()?;
    answer.last_chunk().map(|n| i32::from_be_bytes(*n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_one_has_one_copy_and_a_cluster_of_three_survives_the_loss_of_one() {
        let of = |of| Node { id: of, of, first_port: 1000 }.properties(Path::new("/d"));
        let one = of(1);
        assert!(one.contains("offsets.topic.replication.factor=1\n") && !one.contains("min.insync"), "{one}");
        let three = of(3);
        for line in [
            "node.id=3",
            "controller.quorum.voters=1@127.0.0.1:1001,2@127.0.0.1:1003,3@127.0.0.1:1005",
            "listeners=PLAINTEXT://127.0.0.1:1004,CONTROLLER://127.0.0.1:1005",
            "offsets.topic.replication.factor=3",
            "transaction.state.log.replication.factor=3",
            "transaction.state.log.min.isr=2",
            "min.insync.replicas=2",
        ] {
            assert!(three.lines().any(|l| l == line), "{line} in {three}");
        }
    }
}
