//! The command line: names and flags of every subcommand. What they do is in files of their own.

use clap::{Args, Parser, Subcommand};
use docmill_service::{Config, ConfigError};
use std::path::PathBuf;

/// Turns business documents into validated, structured results.
#[derive(Debug, Parser)]
#[command(name = "docmill", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Process documents in this one process, with no broker, and write results.
    Run(crate::run::RunArgs),
    /// Hand documents over to the stages that run on Kafka.
    Submit(crate::submit::SubmitArgs),
    /// Read results from Kafka.
    Results(crate::results::ResultsArgs),
    /// Start the six stages as processes over Kafka, and start again what dies.
    Up(crate::up::UpArgs),
    /// A real Apache Kafka and schema registry on this machine.
    #[command(subcommand)]
    Kafka(crate::kafka::KafkaCommand),
    /// Topics as topology.toml wants them.
    #[command(subcommand)]
    Topology(crate::topology_cmd::TopologyCommand),
    /// Fetch native libraries and models now, so that everything works offline afterwards.
    Setup(crate::setup::SetupArgs),
    /// Read page images and PDFs by OCR: text, words with boxes, a picture of both.
    Ocr(crate::ocr::OcrArgs),
    /// Measure.
    Bench(crate::bench::BenchArgs),
    /// Break everything that can break, on brokers of its own, and check that nothing is lost or doubled.
    Chaos(crate::chaos::ChaosArgs),
    /// Dead letters: list, show, send back.
    #[command(subcommand)]
    Dlq(crate::dlq::DlqCommand),
    /// Process documents again, under a new revision.
    Replay(crate::replay::ReplayArgs),
    /// Stop the processing of a document.
    Cancel(crate::cancel::CancelArgs),
    /// How far every worker is, and what becomes of the documents.
    Status(crate::status::StatusArgs),
    /// Every record about a document, from submission to delivery.
    Trace(crate::trace::TraceArgs),
    /// Learn from examples how a tenant's documents are read.
    Train(crate::train::TrainArgs),
    /// Try what the processes that decode documents must not be able to do on this machine.
    SandboxCheck,
}

/// How to reach the log and the registry. What is not given here comes from the configuration file, the environment
/// (`DOCMILL__KAFKA__BOOTSTRAP_SERVERS`, …) and the defaults.
#[derive(Debug, Clone, Default, Args)]
pub struct Connection {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Brokers, comma-separated [default: 127.0.0.1:9092].
    #[arg(long, value_name = "HOST:PORT")]
    pub bootstrap_servers: Option<String>,
    /// Schema registry [default: http://127.0.0.1:8081/apis/ccompat/v7].
    #[arg(long, value_name = "URL")]
    pub registry_url: Option<String>,
    /// Folder of originals and page images, the same for all [default: docmill/blobs in $XDG_DATA_HOME, else in ~/.local/share].
    #[arg(long, value_name = "DIR")]
    pub blobs: Option<PathBuf>,
    /// Topology file [default: the built-in one].
    #[arg(long = "file", value_name = "TOPOLOGY")]
    pub topology: Option<PathBuf>,
}

impl Connection {
    /// The configuration with the flags over it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(servers) = &self.bootstrap_servers {
            config.kafka.bootstrap_servers.clone_from(servers);
        }
        if let Some(url) = &self.registry_url {
            config.registry.url.clone_from(url);
        }
        if let Some(folder) = &self.blobs {
            config.blobs.folder.clone_from(folder);
        }
        if let Some(file) = &self.topology {
            config.topology = Some(file.clone());
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_exit_code_2() {
        let wrong = Cli::try_parse_from(["docmill", "kafka", "up", "--port", "x"]).unwrap_err();
        assert_eq!(wrong.exit_code(), 2);
        assert_eq!(Cli::try_parse_from(["docmill", "fly"]).unwrap_err().exit_code(), 2);
    }
}
