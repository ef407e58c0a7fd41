//! `docmill run`: all six stages in one process, over the embedded log in the output folder.

mod history;
mod local;
mod progress;

pub(crate) use local::{Local, one_machine};

use crate::inputs::{self, Input, Inputs};
use crate::submission::{self, Order, ProcessingArgs};
use crate::table::{self, Outcome};
use crate::{OpsError, ui};
use clap::Args;
use docmill_contracts::ResultStatus;
use docmill_runtime::transport::Transaction;
use history::{History, Known};
use progress::Progress;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Documents of one transaction when submitting.
const BATCH: usize = 64;

/// Turn files into structured results, on this machine, with nothing else to install.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Files, or folders whose documents (PDF, PNG, JPEG, TIFF, WebP, BMP, XML) are taken.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Folder for results; also holds the log, so that a second run goes on where the first stopped.
    #[arg(long, default_value = "docmill-out")]
    pub out: PathBuf,
    /// How they are processed.
    #[command(flatten)]
    pub processing: ProcessingArgs,
    /// Process documents again that are done; their results get a new revision.
    #[arg(long)]
    pub again: bool,
    /// Configuration file (TOML).
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(args: RunArgs) -> Result<ExitCode, OpsError> {
    let inputs = match inputs::collect(&args.paths, Some(&args.out)) {
        Ok(inputs) => inputs,
        Err(mistakes) => return Err(OpsError::Usage(mistakes)),
    };
    let sides = [&args.processing.schema, &args.processing.model, &args.processing.categories];
    for path in sides.into_iter().flatten() {
        if let Err(e) = std::fs::metadata(path) {
            return Err(OpsError::Usage(vec![format!("{}: {e}", path.display())]));
        }
    }
    if inputs.files.is_empty() {
        say_passed_over(inputs.passed_over);
        return Err(OpsError::Usage(vec!["no documents found".into()]));
    }
    say_passed_over(inputs.passed_over);
    let local = Local::open(&args.out, args.config.as_deref()).await?;
    let assets = ui::assets(local.assets_folder());
    for asset in docmill_assets::Asset::ALL {
        assets.ensure(*asset)?;
    }
    let order = Order::new(&args.processing, local.blobs()).await?;
    process(args.again, &order, inputs, &local, true).await
}

/// Takes documents through the stages for their words alone; the log of the opened folder has them afterwards.
pub(crate) async fn words(
    files: Vec<Input>,
    folder: &Path,
    config: Option<&Path>,
) -> Result<Local, OpsError> {
    let local = Local::open(folder, config).await?;
    let assets = ui::assets(local.assets_folder());
    for asset in docmill_assets::Asset::ALL {
        assets.ensure(*asset)?;
    }
    let mut order = Order::plain("default");
    order.options.ignore_embedded_xml = true;
    // Documents that cannot be read have no words; that is for the caller to say.
    process(false, &order, Inputs { files, passed_over: 0 }, &local, false).await?;
    Ok(local)
}

async fn process(
    again: bool,
    order: &Order,
    inputs: Inputs,
    local: &Local,
    tell: bool,
) -> Result<ExitCode, OpsError> {
    let mut history = History::read(local).await?;
    let stop = docmill_service::shutdown_signal()
        .map_err(|e| OpsError::io("watch signals of", "this process", e))?;
    let mut progress = Progress::new(inputs.files.len() as u64);
    let (mut todo, mut wanted) = (Vec::new(), BTreeSet::new());
    for input in inputs.files {
        let blob = submission::hash(&input)?;
        let document = order.document(&input, blob.clone(), 1, local.now_ms());
        let revision = match history.known(&document) {
            Known::No => Some(1),
            Known::Done { revision } if again => Some(revision + 1),
            Known::Done { .. } => {
                progress.done_before();
                None
            }
            Known::Open => None,
            Known::OtherOptions { revision } => Some(revision + 1),
        };
        wanted.insert(document.document_id.clone());
        if let Some(revision) = revision {
            history.expect(&document.document_id, revision);
            todo.push((input, blob, revision));
        }
    }
    let mut watcher = local.watch().await?;
    let mut workers = tokio::spawn(docmill_service::host(local.workers()?, local.worker_env(stop.clone())));
    let submitting = submit(todo, order, local);
    tokio::pin!(submitting);
    let (mut submitted, mut ended) = (false, None);
    let mut interrupt = stop.clone();
    while !history.all_done(&wanted) {
        tokio::select! {
            result = &mut submitting, if !submitted => {
                result?;
                submitted = true;
            }
            result = &mut workers => {
                ended = Some(result?);
                break;
            }
            _ = interrupt.wait_for(|s| *s) => break,
            news = watcher.next() => progress.show(&history.learn(news?, &wanted)),
        }
    }
    let stopped = *stop.borrow();
    progress.finish();
    local.stop_workers();
    if ended.is_none() {
        ended = Some(workers.await?);
    }
    // What the stages committed while they drained.
    watcher.drain(&mut history).await?;
    let mut sink = watcher.into_sink();
    sink.finish()?;
    if tell {
        report(local, &history, &wanted);
    }
    if let Some(Err(error)) = ended {
        return Err(OpsError::Stopped(error));
    }
    let left = history.left(&wanted);
    if stopped && left > 0 {
        ui::tell(format!("interrupted with {left} documents left; run the same command again to go on"));
        return Ok(ExitCode::from(130));
    }
    let failed = history.results(&wanted).any(|r| r.status == ResultStatus::Failed);
    Ok(if failed || left > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Tells of files in folders that were not taken.
pub(crate) fn say_passed_over(files: usize) {
    if files > 0 {
        let what = if files == 1 { "file of another kind" } else { "files of other kinds" };
        ui::tell(format!("{files} {what} passed over"));
    }
}

async fn submit(
    todo: Vec<(Input, docmill_contracts::BlobRef, i32)>,
    order: &Order,
    local: &Local,
) -> Result<(), OpsError> {
    if todo.is_empty() {
        return Ok(());
    }
    let mut producer = local.transport().producer("docmill-run").await?;
    for batch in todo.chunks(BATCH) {
        let mut transaction = Transaction::default();
        for (input, blob, revision) in batch {
            submission::store(input, blob, local.blobs()).await?;
            let document = order.document(input, blob.clone(), *revision, local.now_ms());
            transaction.records.push(submission::record(&document, local.codec())?);
        }
        producer.commit(transaction).await?;
    }
    Ok(())
}

fn report(local: &Local, history: &History, wanted: &BTreeSet<String>) {
    let results: Vec<&Outcome> = history.results(wanted).collect();
    ui::say(table::render(&results));
    ui::say(table::summary(&results));
    ui::say(format!("results: {}", local.out().join("results.jsonl").display()));
    ui::say(format!("each document: {}", local.out().join("documents").display()));
}
