//! A real Apache Kafka and schema registry for one test process, started by the project's own command and stopped when
//! the process ends.

use crate::programs::{docmill, run};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::OnceLock;

/// Where they answer.
#[derive(Debug, Clone)]
pub struct Kafka {
    /// `host:port` of the broker.
    pub servers: String,
    /// Address of the registry's Confluent API.
    pub registry: String,
}

static KAFKA: OnceLock<Option<Kafka>> = OnceLock::new();

/// The Kafka of this test process. None, loudly, where it cannot be had; a failure where `DOCMILL_REQUIRE_KAFKA` is set.
pub fn kafka() -> Option<&'static Kafka> {
    KAFKA
        .get_or_init(|| match start() {
            Ok(kafka) => Some(kafka),
            Err(why) if std::env::var_os("DOCMILL_REQUIRE_KAFKA").is_some() => panic!("no Kafka: {why}"),
            Err(why) => {
                skipped(&why);
                None
            }
        })
        .as_ref()
}

#[allow(clippy::print_stderr)]
fn skipped(why: &str) {
    eprintln!("SKIPPED: this test needs a real Kafka, which could not be started: {why}");
}

fn start() -> Result<Kafka, String> {
    let folder = std::env::temp_dir().join(format!("docmill-tests-kafka-{}", std::process::id()));
    let (port, registry_port) = (free_pair()?, free_pair()?);
    let mut up = docmill();
    up.args([
        "kafka",
        "up",
        "--port",
        &port.to_string(),
        "--registry-port",
        &registry_port.to_string(),
        "--dir",
    ]);
    // Known before it is started, so that whatever was started is stopped.
    stop_at_exit();
    let kafka = Kafka {
        servers: format!("127.0.0.1:{port}"),
        registry: format!("http://127.0.0.1:{registry_port}/apis/ccompat/v7"),
    };
    let ended = run(up.arg(&folder));
    if ended.code == Some(0) { Ok(kafka) } else { Err(ended.err) }
}

/// Two free ports in a row.
fn free_pair() -> Result<u16, String> {
    for _ in 0..100 {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|e| e.to_string())?;
        let port = first.local_addr().map_err(|e| e.to_string())?.port();
        if port < u16::MAX && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok() {
            return Ok(port);
        }
    }
    Err("no two free ports in a row".into())
}

impl Kafka {
    /// The docmill command, pointed at this Kafka. `blobs`: folder that all commands of a test share.
    pub fn docmill(&self, blobs: &std::path::Path) -> Command {
        let mut command = docmill();
        command
            .env("DOCMILL__KAFKA__BOOTSTRAP_SERVERS", &self.servers)
            .env("DOCMILL__REGISTRY__URL", &self.registry)
            .env("DOCMILL__BLOBS__FOLDER", blobs);
        command
    }
}

extern "C" fn stop() {
    let folder = std::env::temp_dir().join(format!("docmill-tests-kafka-{}", std::process::id()));
    if folder.exists() {
        drop(run(docmill().args(["kafka", "down", "--dir"]).arg(&folder)));
        drop(std::fs::remove_dir_all(&folder));
    }
}

#[allow(unsafe_code)]
fn stop_at_exit() {
    // SAFETY: registers a function of ours that takes nothing and is valid for the life of the process.
    unsafe {
        libc::atexit(stop);
    }
}
