//! `docmill replay`: documents are processed again, under a new revision.
//!
//! Owns the command. What is replayed is decided by [`select`], how a record becomes one of a new revision by
//! [`crate::again`]. Rule: the producer is started before anything is read, so that a replay that runs elsewhere is
//! fenced and its revisions are all seen; a batch of documents is one transaction.

mod select;

use crate::again::{self, BATCH, Pace, Rate};
use crate::desk::{Desk, LogArgs, Name, REPLAY, Writer};
use crate::{OpsError, columns, time, ui};
use clap::{Args, ValueEnum};
use docmill_contracts::{DocumentHead, ProcessingOptions, RecordKind, ResultStatus, Source};
use docmill_runtime::transport::{OutRecord, ReadFrom};
use select::{Chosen, Selection};
use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::sync::Arc;

/// Documents that are replayed without --yes.
const UNASKED: usize = 100;

/// Where processing starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// With the submission: everything is done again.
    Ingest,
    /// With the admitted document: pages are opened and read again.
    Render,
    /// With the assembled pages: no page is read again.
    Infer,
    /// With the extracted fields: only the rules are applied again.
    Validate,
}

impl From {
    /// Record that the stage takes.
    pub(crate) fn kind(self) -> RecordKind {
        match self {
            Self::Ingest => RecordKind::DocumentSubmitted,
            Self::Render => RecordKind::DocumentAccepted,
            Self::Infer => RecordKind::DocumentAssembled,
            Self::Validate => RecordKind::DocumentExtracted,
        }
    }
}

/// Outcomes by which documents are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// Can be posted.
    Accepted,
    /// A person should look.
    Review,
    /// Not a document that can be processed.
    Rejected,
    /// docmill could not process it.
    Failed,
    /// On request.
    Cancelled,
    /// Submitted, and no result yet.
    None,
}

impl Outcome {
    pub(crate) fn is(self, status: Option<ResultStatus>) -> bool {
        let wanted = match self {
            Self::Accepted => Some(ResultStatus::Accepted),
            Self::Review => Some(ResultStatus::Review),
            Self::Rejected => Some(ResultStatus::Rejected),
            Self::Failed => Some(ResultStatus::Failed),
            Self::Cancelled => Some(ResultStatus::Cancelled),
            Self::None => None,
        };
        wanted == status
    }
}

/// Flags of `docmill replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Submitted at this time or later: RFC 3339, a day, or how long ago, such as 2h.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub from: Option<i64>,
    /// Submitted before this time.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub until: Option<i64>,
    /// Only of this tenant.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Only these documents.
    #[arg(long = "document", value_name = "ID")]
    pub documents: Vec<String>,
    /// Only documents that were found to be of this type, such as invoice.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Only documents that ended so; may be given more than once. `none`: submitted and not ended, which are left alone
    /// otherwise.
    #[arg(long, value_enum)]
    pub status: Vec<Outcome>,
    /// Only documents that an engine of this version had a part in: VERSION, or ENGINE/VERSION.
    #[arg(long, value_name = "V")]
    pub engine_version: Option<String>,
    /// Where processing starts again.
    #[arg(long, value_enum, default_value = "ingest")]
    pub stage: From,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Most documents a second, such as 50/s.
    #[arg(long, value_name = "N/s")]
    pub rate: Option<Rate>,
    /// Write the records into this topic instead of the flow.
    #[arg(long, value_name = "TOPIC")]
    pub to: Option<String>,
    /// Needed for more than 100 documents.
    #[arg(long)]
    pub yes: bool,
    /// Go on with a replay that was interrupted: what it has done is left out. Its id is what it printed first.
    #[arg(long, value_name = "ID")]
    pub resume: Option<String>,
    /// Where the submission is not kept any more: submit the original again, with default options.
    #[arg(long)]
    pub without_submission: bool,
}

/// Replays.
pub async fn run(args: ReplayArgs) -> Result<ExitCode, OpsError> {
    let desk = Desk::open(&args.log, "docmill-replay").await?;
    let mut writer = if args.dry_run { None } else { Some(desk.writer("replay").await?) };
    let mut selection = select::select(&desk, &args).await?;
    say(&selection, &args);
    if selection.chosen.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let Some(writer) = &mut writer else { return Ok(ExitCode::SUCCESS) };
    let count = selection.chosen.len();
    if count > UNASKED && !args.yes {
        return Err(OpsError::TooMany { documents: count });
    }
    let run = args.resume.clone().unwrap_or_else(|| format!("replay-{}", desk.clock.now_ms()));
    ui::tell(format_args!("replay {run}: if it is interrupted, --resume {run} goes on with it"));
    let done = replay(&desk, &args, &mut selection, writer, &run).await;
    let (done, failed) = match done {
        Ok(done) => (done, None),
        Err((done, error)) => (done, Some(error)),
    };
    let whereto = args.to.as_deref().map_or_else(String::new, |t| format!(" into {t}"));
    ui::say(format_args!("{} of {count} documents submitted again{whereto}", done.len()));
    for (name, revision) in done.iter().take(20) {
        let (document, tenant) = (columns::printable(&name.document), columns::printable(&name.tenant));
        ui::say(format_args!("  {document} of {tenant}: revision {revision}"));
    }
    if done.len() > 20 {
        ui::say(format_args!("  … and {} more", done.len() - 20));
    }
    failed.map_or(Ok(ExitCode::SUCCESS), Err)
}

fn say(selection: &Selection, args: &ReplayArgs) {
    let mut counts: BTreeMap<[String; 3], usize> = BTreeMap::new();
    for (name, c) in &selection.chosen {
        let status = c.status.map_or_else(|| "none".to_owned(), |s| format!("{s:?}").to_lowercase());
        *counts.entry([name.tenant.clone(), c.kind.clone(), status]).or_default() += 1;
    }
    if !counts.is_empty() {
        let rows: Vec<[String; 4]> =
            counts.into_iter().map(|([t, k, s], n)| [t, k, s, n.to_string()]).collect();
        ui::say(columns::render(["tenant", "type", "status", "documents"], &rows));
    }
    let verb = if args.dry_run { "would be" } else { "are to be" };
    ui::say(format_args!("{} documents {verb} processed again", selection.chosen.len()));
    for (count, why) in [
        (
            selection.gone,
            "their records for this stage are not kept any more (try --stage ingest, or --without-submission)",
        ),
        (selection.open, "not ended yet; --status none chooses them"),
        (selection.done_before, "already replayed by the run that is resumed"),
    ] {
        if count > 0 {
            ui::say(format_args!("{count} documents left out: {why}"));
        }
    }
}

/// Documents with their new revisions.
type Done = BTreeMap<Name, i32>;

/// Writes them; with an error comes what was done before it.
async fn replay(
    desk: &Desk,
    args: &ReplayArgs,
    selection: &mut Selection,
    writer: &mut Writer,
    run: &str,
) -> Result<Done, (Done, OpsError)> {
    let mut work = Work { done: Done::new(), batch: Vec::new(), pending: Vec::new() };
    match work.all(desk, args, selection, writer, run).await {
        Ok(()) => Ok(work.done),
        Err(e) => Err((work.done, e)),
    }
}

struct Work {
    done: Done,
    batch: Vec<OutRecord>,
    pending: Vec<(Name, i32)>,
}

impl Work {
    async fn all(
        &mut self,
        desk: &Desk,
        args: &ReplayArgs,
        selection: &mut Selection,
        writer: &mut Writer,
        run: &str,
    ) -> Result<(), OpsError> {
        let pace = Pace::new(args.rate);
        let kind = args.stage.kind();
        let Some(source) = desk.topic_of(kind) else { return Ok(()) };
        let topic = args.to.as_deref().map_or_else(|| Arc::clone(&source), Arc::from);
        let side = args.to.is_some();
        let mut scan = desk.scan(&source, ReadFrom::Beginning).await?;
        let mut taken = HashSet::new();
        while let Some((partition, records)) = scan.next().await? {
            for record in records {
                let Some(name) = selection.places.get(&(partition, record.offset)) else { continue };
                let Some(chosen) = selection.chosen.get(name) else { continue };
                let Some(value) = &record.value else { continue };
                let Ok(decoded) = desk.decode(kind, value).await? else { continue };
                let Some(raised) = again::raised(decoded.record, chosen.revision + 1) else { continue };
                taken.insert(name.clone());
                pace.turn().await;
                self.batch.extend(again::records(desk, &raised, &topic, run, side)?);
                self.pending.push((name.clone(), chosen.revision + 1));
                if self.pending.len() >= BATCH || !pace.free() {
                    self.flush(writer).await?;
                }
            }
        }
        for (name, chosen) in selection.chosen.iter().filter(|(n, _)| !taken.contains(*n)) {
            let Some(submitted) = from_result(name, chosen) else { continue };
            pace.turn().await;
            self.batch.extend(again::records(desk, &submitted.into(), &topic, run, side)?);
            self.pending.push((name.clone(), chosen.revision + 1));
            if self.pending.len() >= BATCH || !pace.free() {
                self.flush(writer).await?;
            }
        }
        self.flush(writer).await
    }

    async fn flush(&mut self, writer: &mut Writer) -> Result<(), OpsError> {
        if !self.batch.is_empty() {
            writer.commit(std::mem::take(&mut self.batch)).await?;
        }
        self.done.extend(self.pending.drain(..));
        Ok(())
    }
}

/// The submission as the result tells it: its options are not known.
fn from_result(name: &Name, chosen: &Chosen) -> Option<docmill_contracts::DocumentSubmitted> {
    let (file, original) = chosen.original.clone()?;
    let head = DocumentHead {
        document_id: name.document.clone(),
        revision: chosen.revision,
        tenant: name.tenant.clone(),
        content_sha256: original.sha256.clone(),
        source: Source { name: file, ..Source::default() },
        options: ProcessingOptions::default(),
        original,
        embedded_xml: None,
        config_version: None,
        submitted_at: chosen.submitted_at,
    };
    Some(again::submission(&head, chosen.revision + 1))
}

/// Whether a record was made by that replay.
fn made_by(headers: &docmill_contracts::Headers, run: &str) -> bool {
    headers.text(REPLAY) == Some(run)
}

#[cfg(test)]
mod tests;
