//! What exactly-once costs: the same programs with transactions and without, in one run, round by round.
//!
//! Rounds alternate, so that whatever else the machine does falls on both. Without transactions the same records are
//! written by an idempotent producer, awaited, and then the positions are committed; nothing else differs.

use super::world::{Tally, World, WorldArgs, done, percentile};
use crate::inputs::{self, Input};
use crate::{OpsError, columns, ui};
use clap::Args;
use docmill_runtime::transport::ReadFrom;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Flags of `docmill bench eos`.
#[derive(Debug, Args)]
pub struct EosArgs {
    /// Where it runs.
    #[command(flatten)]
    pub world: WorldArgs,
    /// Files, or folders of documents.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
    /// Rounds of each kind.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub rounds: u32,
    /// How often the documents are submitted in a round, each time for another tenant.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    /// Longest wait for the last result of a round, in seconds.
    #[arg(long, default_value_t = 900)]
    pub limit: u64,
}

/// With transactions, and without.
const KINDS: [(&str, &[(&str, &str)]); 2] = [
    ("exactly-once", &[]),
    // Every producer warns that it has no transactions; here that is what was asked for.
    (
        "at-least-once",
        &[("DOCMILL__KAFKA__SETTINGS", "docmill.delivery=at-least-once"), ("DOCMILL__LOG__FILTER", "error")],
    ),
];

/// Measures and prints.
pub(super) async fn run(args: EosArgs) -> Result<ExitCode, OpsError> {
    let files = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?.files;
    if files.is_empty() {
        return Err(OpsError::Usage(vec!["no documents found".into()]));
    }
    let world = World::start(&args.world).await?;
    let measured = rounds(&args, &files, &world).await;
    world.stop().await?;
    print(&measured?);
    Ok(ExitCode::SUCCESS)
}

/// Documents per second of every round, by kind.
type Rounds = [Vec<f64>; 2];

async fn rounds(args: &EosArgs, files: &[Input], world: &World) -> Result<Rounds, OpsError> {
    let mut rates: Rounds = [Vec::new(), Vec::new()];
    // Once each before anything counts: caches fill, and the broker's code is compiled.
    for (name, variables) in KINDS {
        round(args, files, world, &format!("before-{name}"), variables).await?;
    }
    for n in 1..=args.rounds {
        // A B, B A, A B: a machine that slows down slows both.
        let order = if n % 2 == 1 { [0, 1] } else { [1, 0] };
        for kind in order {
            let (name, variables) = KINDS[kind];
            let rate = round(args, files, world, &format!("{name}-{n}"), variables).await?;
            ui::tell(format_args!("round {n}, {name}: {rate:.1} documents/s"));
            rates[kind].push(rate);
        }
    }
    Ok(rates)
}

/// Documents per second from the first submission to the last result.
async fn round(
    args: &EosArgs,
    files: &[Input],
    world: &World,
    name: &str,
    variables: &[(&str, &str)],
) -> Result<f64, OpsError> {
    let mut stages = world.up(variables)?;
    let desk = world.desk().await?;
    let mut reader = desk.log.reader("results", ReadFrom::End).await?;
    world
        .warm_up(&mut stages, &mut *reader, &desk.codec, files, &format!("warm-up-{name}"), args.limit)
        .await?;
    let documents = files.len() * args.repeat as usize;
    let since = Instant::now();
    let submitting = {
        let mut commands = Vec::new();
        for i in 0..args.repeat {
            let mut submit = world.docmill("submit")?;
            submit.args(["--tenant", &world.tenant(&format!("{name}-{i}"))]).args(&args.inputs);
            commands.push(submit);
        }
        tokio::spawn(async move {
            for submit in commands {
                done(submit, "docmill submit").await?;
            }
            Ok::<(), OpsError>(())
        })
    };
    stages.during(Tally::default().read(&mut *reader, &desk.codec, documents, args.limit)).await?;
    let seconds = since.elapsed().as_secs_f64();
    submitting.await??;
    stages.stop().await?;
    Ok(documents as f64 / seconds)
}

fn print(rates: &Rounds) {
    let mut medians = [0.0; 2];
    let mut rows = Vec::new();
    for (kind, ((name, _), rates)) in KINDS.iter().zip(rates).enumerate() {
        let mut sorted = rates.clone();
        sorted.sort_by(f64::total_cmp);
        medians[kind] = percentile(&sorted, 0.5);
        let all: Vec<String> = rates.iter().map(|r| format!("{r:.1}")).collect();
        rows.push([(*name).to_owned(), format!("{:.1}", medians[kind]), all.join(" ")]);
    }
    ui::say(columns::render(["delivery", "documents/s (median)", "rounds"], &rows));
    let ratio = medians[0] / medians[1].max(f64::MIN_POSITIVE);
    ui::say(format_args!(
        "exactly-once runs at {ratio:.3} of at-least-once: {:+.1} % throughput",
        (ratio - 1.0) * 100.0
    ));
}
