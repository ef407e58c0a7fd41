//! The docmill command.
//!
//! Owns the command line and everything that is done for an operator. Knows no stage's work.

pub mod bench;
pub mod chaos;
pub mod cli;
mod error;
mod inputs;
pub mod kafka;
mod process;
pub mod results;
pub mod run;
pub mod setup;
mod submission;
pub mod submit;
mod table;
pub mod topology_cmd;
pub mod ui;
pub mod up;

pub use error::OpsError;

use cli::{Cli, Command};
use std::process::ExitCode;

/// Does what the command line says.
pub async fn execute(cli: Cli) -> Result<ExitCode, OpsError> {
    match cli.command {
        Command::Run(args) => run::run(args).await,
        Command::Submit(args) => submit::run(args).await,
        Command::Results(args) => results::run(args).await,
        Command::Up(args) => up::run(args).await,
        Command::Kafka(command) => kafka::run(command).await,
        Command::Topology(command) => topology_cmd::run(command).await,
        Command::Setup(args) => setup::run(&args),
        Command::Bench(args) => bench::run(args).await,
        Command::Chaos(args) => chaos::run(args).await,
    }
}
