//! Configuration in layers: defaults, then a TOML file, then environment variables `DOCMILL__SECTION__FIELD`.

use docmill_contracts::{Class, Classify, Code};
use docmill_registry::HttpConfig;
use docmill_runtime::{Topology, TopologyError};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Prefix of environment variables.
pub const ENV_PREFIX: &str = "DOCMILL__";

/// Fields that are text whatever a variable's value looks like.
const TEXT: [&str; 12] = [
    "metrics.listen",
    "slot",
    "topology",
    "assets",
    "blobs.folder",
    "log.filter",
    "kafka.bootstrap_servers",
    "kafka.username",
    "kafka.password",
    "registry.url",
    "registry.username",
    "registry.password",
];

/// Configuration of a stage process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Brokers.
    pub kafka: Kafka,
    /// Schema registry.
    pub registry: HttpConfig,
    /// Where big bytes are kept.
    pub blobs: BlobStore,
    /// Topology file; none for the built-in one.
    pub topology: Option<PathBuf>,
    /// Folder of native libraries and models; none for the user's cache folder.
    pub assets: Option<PathBuf>,
    /// Slot of this process: stable over restarts, unique among the living processes of its stage.
    pub slot: String,
    /// Logs.
    pub log: Log,
    /// Metrics.
    pub metrics: Metrics,
    /// Seconds that a log or registry which cannot be reached is waited for before the process stops.
    pub patience_seconds: u64,
    /// Settings of the stages, by stage.
    pub stages: BTreeMap<String, figment::value::Value>,
}

/// Brokers and client settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kafka {
    /// Comma-separated `host:port`.
    pub bootstrap_servers: String,
    /// Further librdkafka settings such as `security.protocol`, `sasl.mechanism`, `ssl.ca.location`; as text
    /// `name=value`, several separated by `;` in an environment variable. Settings that docmill's guarantees rest on are refused.
    pub settings: BTreeMap<String, String>,
    /// SASL user name.
    pub username: Option<String>,
    /// SASL password.
    pub password: Option<docmill_registry::Password>,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            bootstrap_servers: "127.0.0.1:9092".into(),
            settings: BTreeMap::new(),
            username: None,
            password: None,
        }
    }
}

/// Where big bytes are kept; all stages must see the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlobStore {
    /// Local or network folder.
    pub folder: PathBuf,
}

impl Default for BlobStore {
    fn default() -> Self {
        Self { folder: data_folder().join("blobs") }
    }
}

/// Where docmill keeps a user's data: `$XDG_DATA_HOME/docmill`, `~/.local/share/docmill`, or `.docmill` here.
pub fn data_folder() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share"));
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|p| p.is_absolute()).or_else(home);
    base.map_or_else(|| PathBuf::from(".docmill"), |b| b.join("docmill"))
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Form of a line.
    pub format: LogFormat,
    /// Filter, as in `RUST_LOG`: `info,docmill_runtime=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Json, filter: "info".into() }
    }
}

/// Metrics in Prometheus' text format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Address at which this process serves them, such as `127.0.0.1:9464`; none for nowhere.
    pub listen: Option<SocketAddr>,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kafka: Kafka::default(),
            registry: HttpConfig::default(),
            blobs: BlobStore::default(),
            topology: None,
            assets: None,
            slot: "0".into(),
            log: Log::default(),
            metrics: Metrics::default(),
            patience_seconds: 60,
            stages: BTreeMap::new(),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Fields that do not exist, or values of another type: all of them.
    #[error("configuration is wrong: {}", .0.join("; "))]
    Fields(Vec<String>),
    /// A file that cannot be read.
    #[error("{path} cannot be read: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// An address at which metrics cannot be served.
    #[error("metrics.listen: {address} cannot be listened at: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A topology file with mistakes.
    #[error("{path}: {source}")]
    Topology {
        /// The file.
        path: PathBuf,
        /// The mistakes.
        #[source]
        source: TopologyError,
    },
}

impl Classify for ConfigError {
    fn class(&self) -> Class {
        Class::Fatal
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Fields(_) => "CONFIG-0001",
            Self::File { .. } => "CONFIG-0002",
            Self::Topology { .. } => "CONFIG-0003",
            Self::Listen { .. } => "CONFIG-0004",
        })
    }
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        Self::Fields(error.into_iter().map(|e| e.to_string()).collect())
    }
}

impl Config {
    /// Reads the layers; `file` must exist where it is given.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut layers = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = file {
            std::fs::metadata(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
            layers = layers.merge(Toml::file_exact(path));
        }
        // A variable's value is text unless it reads as TOML; names are split at double underscores.
        let variables = Env::prefixed(ENV_PREFIX).split("__");
        layers = layers.merge(&variables);
        // Text stays text where it looks like a number: a slot `0`, a password of digits.
        for (key, value) in variables.iter().filter(|(key, _)| TEXT.iter().any(|t| key == *t)) {
            layers = layers.merge((key.as_str().to_lowercase(), value));
        }
        if let Some((_, text)) = variables.iter().find(|(key, _)| key == "kafka.settings") {
            layers = layers.merge(("kafka.settings", pairs(&text)?));
        }
        let config: Self = layers.extract()?;
        config.check_stages()?;
        Ok(config)
    }

    /// A section of a stage that there is not would be settings that nobody reads.
    fn check_stages(&self) -> Result<(), ConfigError> {
        let built_in = Topology::built_in()
            .map_err(|source| ConfigError::Topology { path: "topology.toml".into(), source })?;
        let known = built_in.stages();
        let all = known.iter().copied().collect::<Vec<_>>().join(", ");
        let unknown = self.stages.keys().filter(|name| !known.contains(name.as_str()));
        let mistakes: Vec<String> =
            unknown.map(|name| format!("stages.{name}: there is no such stage, only {all}")).collect();
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError::Fields(mistakes)) }
    }

    /// Settings of one stage.
    pub fn stage<C: DeserializeOwned + Serialize + Default>(&self, stage: &str) -> Result<C, ConfigError> {
        let mut layers = Figment::from(Serialized::defaults(C::default()));
        if let Some(value) = self.stages.get(stage) {
            layers = layers.merge(Serialized::defaults(value));
        }
        Ok(layers.extract()?)
    }

    /// The topology that is configured.
    pub fn load_topology(&self) -> Result<Topology, ConfigError> {
        match &self.topology {
            None => Topology::built_in()
                .map_err(|source| ConfigError::Topology { path: "topology.toml".into(), source }),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::File { path: path.clone(), source })?;
                Topology::parse(&text).map_err(|source| ConfigError::Topology { path: path.clone(), source })
            }
        }
    }
}

/// `name=value`, several separated by `;`.
fn pairs(text: &str) -> Result<BTreeMap<String, String>, ConfigError> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').ok_or_else(|| {
            // The text itself may be a secret.
            ConfigError::Fields(vec!["kafka.settings: a part is not name=value".to_owned()])
        })?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.split(';').filter(|part| !part.trim().is_empty()).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("docmill.toml");
        std::fs::write(&path, toml).unwrap();
        Config::load(Some(&path))
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Stage {
        dpi: u32,
    }

    #[test]
    fn a_file_overrides_defaults_and_stages_get_their_part() {
        let config =
            load("slot = '3'\n[kafka]\nbootstrap_servers = 'b:1'\n[stages.render]\ndpi = 300\n").unwrap();
        assert_eq!((config.slot.as_str(), config.kafka.bootstrap_servers.as_str()), ("3", "b:1"));
        assert_eq!(config.stage::<Stage>("render").unwrap(), Stage { dpi: 300 });
        assert_eq!(config.stage::<Stage>("ocr").unwrap(), Stage { dpi: 0 });
    }

    #[test]
    fn fields_that_do_not_exist_are_named() {
        let error = load("[kafka]\nbootstrap = 'b:1'\n").unwrap_err();
        assert!(error.to_string().contains("bootstrap"), "{error}");
        let config = load("[stages.render]\ndip = 300\n").unwrap();
        assert!(config.stage::<Stage>("render").unwrap_err().to_string().contains("dip"));
    }

    #[test]
    fn sections_of_stages_that_do_not_exist_are_named_all_at_once() {
        let error = load("[stages.validat]\naccept_confidence = 0.99\n[stages.infr]\nx = 1\n").unwrap_err();
        assert_eq!(error.code().0, "CONFIG-0001");
        let told = error.to_string();
        for part in ["stages.validat: there is no such stage", "stages.infr:", "render, sink, validate"] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let config = load("[kafka]\npassword = 'hunter2'\n[registry]\npassword = 'hunter3'\n").unwrap();
        let shown = format!("{config:?}{}", toml::to_string(&config).unwrap());
        assert!(!shown.contains("hunter"), "{shown}");
        assert_eq!(config.kafka.password.unwrap().reveal(), "hunter2");
    }

    #[test]
    fn client_settings_of_a_variable_are_pairs() {
        let found = pairs("security.protocol=ssl; sasl.password=a=b;").unwrap();
        assert_eq!((found.len(), found["sasl.password"].as_str()), (2, "a=b"));
        let error = pairs("hunter2").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
