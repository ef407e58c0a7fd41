//! The docmill command.
//!
//! Owns the command line and everything that is done for an operator. Knows no stage's work.

mod again;
pub mod bench;
pub mod cancel;
pub mod chaos;
pub mod cli;
mod columns;
mod desk;
pub mod dlq;
mod error;
mod inputs;
pub mod kafka;
pub mod ocr;
mod process;
pub mod replay;
pub mod results;
pub mod run;
pub mod sandbox_check;
pub mod setup;
pub mod status;
mod submission;
pub mod submit;
mod table;
mod time;
pub mod topology_cmd;
pub mod trace;
pub mod train;
pub mod ui;
pub mod up;

pub use again::Rate;
pub use desk::{LogArgs, Place};
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
        Command::Ocr(args) => ocr::run(args).await,
        Command::Bench(args) => bench::run(args).await,
        Command::Chaos(args) => chaos::run(args).await,
        Command::Dlq(command) => dlq::run(command).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Cancel(args) => cancel::run(args).await,
        Command::Status(args) => status::run(args).await,
        Command::Trace(args) => trace::run(args).await,
        Command::Train(args) => train::run(args).await,
        Command::SandboxCheck => sandbox_check::run().await,
    }
}
