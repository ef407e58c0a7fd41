//! `docmill up`: the stages as processes, started again when they die.
//!
//! Owns processes and their log lines. Knows no stage's work: their names come from the topology.

mod backoff;
mod programs;
mod stage;

use crate::cli::Connection;
use crate::{OpsError, ui};
use clap::Args;
use docmill_service::shutdown_signal;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use stage::Stage;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;
use tokio::sync::watch;

/// Flags of `docmill up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// How to reach Kafka and the registry, and which topology.
    #[command(flatten)]
    connection: Connection,
    /// Only these stages, such as `render,ocr` [default: all of the topology].
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    stages: Vec<String>,
    /// Take the stages' programs as they are; in a build folder of cargo they are otherwise brought up to date first.
    #[arg(long)]
    no_build: bool,
}

/// Runs until told to stop, or until a stage says that its configuration is wrong.
pub async fn run(args: UpArgs) -> Result<ExitCode, OpsError> {
    let config = args.connection.load()?;
    let topology = config.load_topology()?;
    let known: Vec<String> = topology.stages().into_iter().map(str::to_owned).collect();
    if let Some(unknown) = args.stages.iter().find(|s| !known.contains(s)) {
        let known = known.join(", ");
        return Err(OpsError::Usage(vec![format!("there is no stage {unknown}; there are {known}")]));
    }
    let stages = if args.stages.is_empty() { known } else { args.stages.clone() };
    let folder = programs::folder(&stages, !args.no_build).await?;
    let mut asked = shutdown_signal().map_err(|e| OpsError::io("listen for", "signals", e))?;
    let (tell, told) = watch::channel(false);
    let width = stages.iter().map(String::len).max().unwrap_or(0);
    // Polled by this task and so by the main thread: children are told to stop when the thread that started them ends.
    let mut running: FuturesUnordered<_> = stages
        .iter()
        .zip(1..)
        .map(|(name, colour)| {
            let stage = Stage {
                name: format!("docmill-{name}"),
                program: folder.join(format!("docmill-{name}")),
                arguments: arguments(&args.connection),
                environment: environment(&args.connection),
                prefix: ui::Style::stdout().paint(&format!("3{colour}"), &format!("{name:<width$} | ")),
            };
            stage.keep_alive(told.clone())
        })
        .collect();
    ui::tell(format_args!(
        "{} over Kafka at {}; Ctrl-C stops them",
        stages.join(", "),
        config.kafka.bootstrap_servers
    ));
    let mut result = Ok(ExitCode::SUCCESS);
    loop {
        tokio::select! {
            ended = running.next() => match ended {
                None => return result,
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    // The first reason counts; the others stop because of it.
                    if result.is_ok() {
                        result = Err(error);
                    }
                    tell.send_replace(true);
                }
            },
            _ = asked.wait_for(|a| *a), if !*tell.borrow() => {
                ui::tell("stopping");
                tell.send_replace(true);
            }
        }
    }
}

fn arguments(flags: &Connection) -> Vec<OsString> {
    match &flags.config {
        Some(file) => vec!["--config".into(), file.into()],
        None => Vec::new(),
    }
}

/// What the stages get besides what they inherit: the flags, which stand over a configuration file as variables do.
fn environment(flags: &Connection) -> Vec<(&'static str, OsString)> {
    let mut set = Vec::new();
    let mut add = |name, value: Option<OsString>| set.extend(value.map(|v| (name, v)));
    add("DOCMILL__KAFKA__BOOTSTRAP_SERVERS", flags.bootstrap_servers.clone().map(Into::into));
    add("DOCMILL__REGISTRY__URL", flags.registry_url.clone().map(Into::into));
    add("DOCMILL__BLOBS__FOLDER", flags.blobs.clone().map(Into::into));
    add("DOCMILL__TOPOLOGY", flags.topology.clone().map(Into::into));
    // A person reads along.
    let format = "DOCMILL__LOG__FORMAT";
    let people =
        std::io::stdout().is_terminal() && std::env::var_os(format).is_none() && flags.config.is_none();
    add(format, people.then(|| "text".into()));
    set
}
