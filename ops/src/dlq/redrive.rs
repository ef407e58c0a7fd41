//! `docmill dlq redrive`: letters go back to where they came from, each once.
//!
//! Rule: the producer is started before letters are read. It fences a redrive that runs elsewhere, so that its markers
//! are all seen; letter and marker are committed together. A second call therefore finds nothing left to do.
//!
//! A page cannot simply come back: when its letter was written, a failed page went on in its place, the document may be
//! closed, and the gather ignores pages of a closed revision. Its document is processed again, under a new revision.

use super::{Filter, Letter, letters};
use crate::again::{self, BATCH, Pace, Rate};
use crate::desk::{Desk, Known, LogArgs, Name, Place, REDRIVEN, REDRIVEN_FROM, Writer, revision_of, without};
use crate::{OpsError, columns, ui};
use clap::Args;
use docmill_contracts::{Headers, RecordKind};
use docmill_runtime::transport::{OutRecord, ReadFrom, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

/// Flags of `docmill dlq redrive`.
#[derive(Debug, Args)]
pub struct RedriveArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Which letters.
    #[command(flatten)]
    pub filter: Filter,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Most letters a second, such as 50/s.
    #[arg(long, value_name = "N/s")]
    pub rate: Option<Rate>,
    /// Copy the records into this topic instead of their own. The letters then count as not sent back.
    #[arg(long, value_name = "TOPIC")]
    pub to: Option<String>,
    /// Send pages back as pages, and documents back although a later revision is known.
    #[arg(long)]
    pub raw: bool,
}

pub(super) async fn run(args: RedriveArgs) -> Result<ExitCode, OpsError> {
    let desk = Desk::open(&args.log, "docmill-dlq").await?;
    let done = redrive(&desk, &args).await?;
    done.say(&args);
    Ok(ExitCode::SUCCESS)
}

/// What was done, or would be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Letters sent back, per worker and code.
    pub(crate) letters: BTreeMap<(String, String), usize>,
    /// Documents that are processed again for their pages' sake, with their new revisions.
    pub(crate) documents: BTreeMap<(String, String), i32>,
    /// Letters left because their document has a later revision.
    pub(crate) superseded: usize,
    /// Letters left because nothing says where they came from, or whose page they are.
    pub(crate) homeless: usize,
}

impl Done {
    fn say(&self, args: &RedriveArgs) {
        let count: usize = self.letters.values().sum();
        if count > 0 {
            let rows: Vec<[String; 3]> =
                self.letters.iter().map(|((w, c), n)| [w.clone(), c.clone(), n.to_string()]).collect();
            ui::say(columns::render(["worker", "code", "letters"], &rows));
        }
        let verb = match (args.dry_run, &args.to) {
            (true, _) => "would be sent back".to_owned(),
            (false, Some(topic)) => format!("copied to {topic}; they still count as not sent back"),
            (false, None) => "sent back".to_owned(),
        };
        ui::say(format_args!("{count} letters {verb}"));
        if !self.documents.is_empty() {
            let again = if args.dry_run { "would be processed" } else { "are processed" };
            ui::say(format_args!(
                "{} documents {again} again under a new revision: their letters are about pages, and a page that comes \
                 back to a document that has ended is ignored (--raw sends the pages themselves)",
                self.documents.len()
            ));
            for ((tenant, document), revision) in self.documents.iter().take(20) {
                let (document, tenant) = (columns::printable(document), columns::printable(tenant));
                ui::say(format_args!("  {document} of {tenant}: revision {revision}"));
            }
        }
        if self.superseded > 0 {
            ui::say(format_args!(
                "{} letters left: their documents have a later revision (--raw sends them all the same)",
                self.superseded
            ));
        }
        if self.homeless > 0 {
            ui::say(format_args!(
                "{} letters left: their headers do not say where they came from, or whose pages they are",
                self.homeless
            ));
        }
    }
}

/// Sends letters back.
pub(crate) async fn redrive(desk: &Desk, args: &RedriveArgs) -> Result<Done, OpsError> {
    let mut writer = if args.dry_run { None } else { Some(desk.writer("redrive").await?) };
    let found = letters(desk, &args.filter).await?;
    let open: Vec<&Letter> = found.open().collect();
    let documents: BTreeSet<Name> =
        open.iter().filter(|l| !l.document.is_empty()).map(|l| Name::new(&l.tenant, &l.document)).collect();
    let known = if documents.is_empty() || args.raw {
        BTreeMap::new()
    } else {
        desk.known(|n| documents.contains(n)).await?
    };
    let mut todo: BTreeMap<&Place, &Letter> = open.iter().map(|l| (&l.place, *l)).collect();
    let topics: BTreeSet<Arc<str>> = open.iter().map(|l| Arc::clone(&l.place.topic)).collect();
    let mut work = Work { desk, args, known, done: Done::default(), batch: Vec::new(), pending: 0 };
    let pace = Pace::new(args.rate);
    for topic in topics {
        let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
        while let Some((partition, records)) = scan.next().await? {
            for record in records {
                let place = Place { topic: Arc::clone(&topic), partition, offset: record.offset };
                let Some(letter) = todo.remove(&place) else { continue };
                work.take(letter, &record).await?;
                if let Some(writer) = &mut writer {
                    pace.turn().await;
                    if work.pending >= BATCH || !pace.free() {
                        work.flush(writer).await?;
                    }
                }
            }
        }
    }
    if let Some(writer) = &mut writer {
        work.flush(writer).await?;
    }
    Ok(work.done)
}

struct Work<'a> {
    desk: &'a Desk,
    args: &'a RedriveArgs,
    known: BTreeMap<Name, Known>,
    done: Done,
    batch: Vec<OutRecord>,
    /// Letters in the batch.
    pending: usize,
}

impl Work<'_> {
    async fn take(&mut self, letter: &Letter, record: &Record) -> Result<(), OpsError> {
        let Some(origin) = &letter.origin else {
            self.done.homeless += 1;
            return Ok(());
        };
        let kind = self.desk.kind_of(&origin.topic);
        let page = matches!(
            kind,
            Some(RecordKind::PagesPlanned | RecordKind::PageRendered | RecordKind::PageRecognized)
        );
        if self.args.raw || self.args.to.is_some() {
            self.send(letter, origin, record);
            return Ok(());
        }
        let decoded = match (kind, &record.value) {
            (Some(kind), Some(value)) => self.desk.decode(kind, value).await?.ok(),
            _ => None,
        };
        if page {
            let Some(head) = decoded.and_then(|d| again::head(d.record)) else {
                self.done.homeless += 1;
                return Ok(());
            };
            return self.restart(letter, &head);
        }
        let name = decoded.as_ref().map(|d| again::name_of(&d.record));
        let revision = decoded.map(|d| d.record.revision()).or_else(|| revision_of(&record.headers));
        let known = name.and_then(|n| self.known.get(&n)).map_or(0, |k| k.revision);
        if revision.is_some_and(|r| known > r) {
            self.done.superseded += 1;
            return Ok(());
        }
        self.send(letter, origin, record);
        Ok(())
    }

    /// The record as it was, to where it was.
    fn send(&mut self, letter: &Letter, origin: &Place, record: &Record) {
        let topic = self.args.to.as_deref().map_or_else(|| Arc::clone(&origin.topic), Arc::from);
        self.batch.push(OutRecord {
            topic,
            partition: None,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: without(&record.headers, "dlq.", &[REDRIVEN_FROM])
                .with(REDRIVEN_FROM, letter.place.to_string()),
        });
        self.counted(letter);
    }

    /// The whole document again, once for all its letters.
    fn restart(&mut self, letter: &Letter, head: &docmill_contracts::DocumentHead) -> Result<(), OpsError> {
        let name = (head.tenant.clone(), head.document_id.clone());
        if !self.done.documents.contains_key(&name) {
            let known = self.known.get(&Name::new(&name.0, &name.1)).map_or(0, |k| k.revision);
            if known > head.revision {
                self.done.superseded += 1;
                return Ok(());
            }
            let revision = head.revision + 1;
            let submitted = again::submission(head, revision).into();
            let Some(topic) = self.desk.topic_of(RecordKind::DocumentSubmitted) else {
                self.done.homeless += 1;
                return Ok(());
            };
            let run = letter.place.to_string();
            self.batch.extend(again::records(self.desk, &submitted, &topic, &run, false)?);
            self.done.documents.insert(name, revision);
        }
        self.counted(letter);
        Ok(())
    }

    fn counted(&mut self, letter: &Letter) {
        if self.args.to.is_none() {
            self.batch.push(marker(letter));
        }
        self.pending += 1;
        *self.done.letters.entry((letter.worker.clone(), letter.code.clone())).or_default() += 1;
    }

    async fn flush(&mut self, writer: &mut Writer) -> Result<(), OpsError> {
        self.pending = 0;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() { Ok(()) } else { writer.commit(batch).await }
    }
}

/// Says in the letter's own partition that it was sent back.
fn marker(letter: &Letter) -> OutRecord {
    OutRecord {
        topic: Arc::clone(&letter.place.topic),
        partition: Some(letter.place.partition),
        key: None,
        value: None,
        headers: Headers::new().with(REDRIVEN, letter.place.to_string()),
    }
}
