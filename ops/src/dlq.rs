//! `docmill dlq`: what was given up, why, and back again.
//!
//! Owns the reading of dead letters. A letter that was sent back is marked by a record in its own topic and partition:
//! no value, and the header `docmill.redriven` with the letter's place. Marker and record are one transaction.

mod list;
mod page;
mod redrive;
mod show;

use crate::desk::{Desk, Place, REDRIVEN, REDRIVEN_FROM};
use crate::{OpsError, time};
use clap::{Args, Subcommand};
use docmill_contracts::headers::{self, dlq};
use docmill_runtime::transport::{ReadFrom, Record};
use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::Arc;

pub use redrive::RedriveArgs;
#[cfg(test)]
pub(crate) use redrive::redrive as redriven;
pub use show::ShowArgs;

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// List them, newest first, with counts.
    List(ListArgs),
    /// One letter: headers, record, and what its code means.
    Show(ShowArgs),
    /// Send them back to where they came from, each once.
    Redrive(RedriveArgs),
}

/// Which letters.
#[derive(Debug, Clone, Default, Args)]
pub struct Filter {
    /// Only of this stage or worker, such as render or plan.
    #[arg(long)]
    pub stage: Option<String>,
    /// Only of this tenant.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Only with this code, such as RENDER-0003.
    #[arg(long)]
    pub code: Option<String>,
    /// Only about this document.
    #[arg(long, value_name = "ID")]
    pub document: Option<String>,
    /// Only since then: RFC 3339, a day, or how long ago, such as 2h.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub since: Option<i64>,
}

/// Flags of `docmill dlq list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Which log.
    #[command(flatten)]
    pub log: crate::desk::LogArgs,
    /// Which letters.
    #[command(flatten)]
    pub filter: Filter,
    /// Most letters that are shown; all are counted.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Those too that were sent back.
    #[arg(long)]
    pub all: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// Does it.
pub async fn run(command: DlqCommand) -> Result<ExitCode, OpsError> {
    match command {
        DlqCommand::List(args) => list::run(args).await,
        DlqCommand::Show(args) => show::run(args).await,
        DlqCommand::Redrive(args) => redrive::run(args).await,
    }
}

/// A dead letter, without key and value.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// Where it lies.
    pub(crate) place: Place,
    /// When it was written, milliseconds since 1970 UTC.
    pub(crate) at: i64,
    /// Worker that gave up.
    pub(crate) worker: String,
    pub(crate) code: String,
    pub(crate) class: String,
    pub(crate) message: String,
    pub(crate) document: String,
    pub(crate) tenant: String,
    /// Where the record came from; none where the headers do not say.
    pub(crate) origin: Option<Place>,
    pub(crate) attempts: String,
    /// The letter that it was before it was sent back and died again.
    pub(crate) redriven_from: Option<String>,
}

impl Letter {
    /// As the headers say it.
    pub(crate) fn of(topic: &Arc<str>, partition: i32, record: &Record) -> Self {
        let text = |name| record.headers.text(name).unwrap_or_default().to_owned();
        let origin = match (
            record.headers.text(dlq::TOPIC),
            text(dlq::PARTITION).parse().ok(),
            text(dlq::OFFSET).parse().ok(),
        ) {
            (Some(topic), Some(partition), Some(offset)) => {
                Some(Place { topic: Arc::from(topic), partition, offset })
            }
            _ => None,
        };
        Self {
            place: Place { topic: Arc::clone(topic), partition, offset: record.offset },
            at: record.timestamp_ms,
            worker: text(dlq::STAGE),
            code: text(dlq::CODE),
            class: text(dlq::CLASS),
            message: text(dlq::MESSAGE),
            document: text(headers::DOCUMENT_ID),
            tenant: text(headers::TENANT),
            origin,
            attempts: text(dlq::ATTEMPTS),
            redriven_from: record.headers.text(REDRIVEN_FROM).map(str::to_owned),
        }
    }
}

impl Filter {
    fn wants(&self, letter: &Letter) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
        let stage = |s: &String| *s == letter.worker || letter.place.topic.strip_prefix("dlq.") == Some(s);
        self.stage.as_ref().is_none_or(stage)
            && is(&self.tenant, &letter.tenant)
            && is(&self.code, &letter.code)
            && is(&self.document, &letter.document)
            && self.since.is_none_or(|since| letter.at >= since)
    }
}

/// Letters, and which of them were sent back.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    pub(crate) letters: Vec<Letter>,
    pub(crate) redriven: HashSet<Place>,
}

impl Letters {
    /// Letters that were not sent back.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Letter> {
        self.letters.iter().filter(|l| !self.redriven.contains(&l.place))
    }
}

/// The letter that a marker says was sent back.
pub(crate) fn marked(record: &Record) -> Option<Place> {
    if record.value.is_some() {
        return None;
    }
    record.headers.text(REDRIVEN)?.parse().ok()
}

/// All letters that a filter wants, by topic, partition and offset. Holds what their headers say, not their records.
pub(crate) async fn letters(desk: &Desk, filter: &Filter) -> Result<Letters, OpsError> {
    let mut found = Letters::default();
    for topic in desk.dead_letter_topics().await? {
        let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
        while let Some((partition, records)) = scan.next().await? {
            for record in &records {
                if let Some(place) = marked(record) {
                    found.redriven.insert(place);
                    continue;
                }
                let letter = Letter::of(&topic, partition, record);
                if filter.wants(&letter) {
                    found.letters.push(letter);
                }
            }
        }
    }
    found.letters.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(found)
}

#[cfg(test)]
mod tests;
