//! What the log knows of documents: submitted, open, done. It is what makes a second run go on instead of over.

use super::Local;
use super::progress::News;
use crate::OpsError;
use crate::table::Outcome;
use docmill_contracts::{Contract, DocumentResult, DocumentSubmitted, ProcessingOptions};
use docmill_runtime::transport::{Read, ReadFrom};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
struct Entry {
    /// Highest revision that was submitted.
    revision: i32,
    options: ProcessingOptions,
    result: Option<Outcome>,
}

/// Documents by id.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: BTreeMap<String, Entry>,
}

/// What is known of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Never seen.
    No,
    /// Submitted, not done.
    Open,
    /// It has a result.
    Done {
        /// Revision of the result.
        revision: i32,
    },
    /// Submitted with other options.
    OtherOptions {
        /// Highest revision.
        revision: i32,
    },
}

impl History {
    /// Reads what the log has.
    pub(crate) async fn read(local: &Local) -> Result<Self, OpsError> {
        let mut history = Self::default();
        each(local, "documents.submitted", |document: DocumentSubmitted| {
            let entry = history.entries.entry(document.document_id).or_default();
            if document.revision >= entry.revision {
                entry.revision = document.revision;
                entry.options = document.options;
            }
        })
        .await?;
        each(local, "results", |result| history.done(&result)).await?;
        Ok(history)
    }

    /// What is known of this document.
    pub(crate) fn known(&self, document: &DocumentSubmitted) -> Known {
        let Some(entry) = self.entries.get(&document.document_id) else { return Known::No };
        // A replay from a later stage has a result, and no submission.
        let revision = entry.revision.max(entry.result.as_ref().map_or(0, |r| r.revision));
        if entry.options != document.options {
            return Known::OtherOptions { revision };
        }
        if self.is_done(&document.document_id) { Known::Done { revision } } else { Known::Open }
    }

    /// A revision is being submitted.
    pub(crate) fn expect(&mut self, document_id: &str, revision: i32) {
        self.entries.entry(document_id.to_owned()).or_default().revision = revision;
    }

    /// A result came; a later revision wins.
    pub(crate) fn done(&mut self, result: &DocumentResult) {
        let entry = self.entries.entry(result.document_id.clone()).or_default();
        if entry.result.as_ref().is_none_or(|r| r.revision <= result.revision) {
            entry.result = Some(Outcome::of(result));
        }
    }

    fn is_done(&self, id: &str) -> bool {
        self.entries.get(id).is_some_and(|e| e.result.as_ref().is_some_and(|r| r.revision >= e.revision))
    }

    /// True once all these have the result of their last revision.
    pub(crate) fn all_done(&self, wanted: &BTreeSet<String>) -> bool {
        self.left(wanted) == 0
    }

    /// How many of these have none.
    pub(crate) fn left(&self, wanted: &BTreeSet<String>) -> usize {
        wanted.iter().filter(|id| !self.is_done(id)).count()
    }

    /// Takes news from the log; returns it for display, less what this run did not ask for.
    pub(crate) fn learn(&mut self, news: Vec<News>, wanted: &BTreeSet<String>) -> Vec<News> {
        let (mut kept, mut fresh) = (Vec::new(), BTreeSet::new());
        for item in news {
            let id = item.document_id().to_owned();
            let before = self.is_done(&id);
            if let News::Result(result) = &item {
                self.done(result);
            }
            let counts = match &item {
                News::Result(_) => !before && self.is_done(&id) && fresh.insert(id.clone()),
                News::Status(_) => true,
            };
            if counts && wanted.contains(&id) {
                kept.push(item);
            }
        }
        kept
    }

    /// Results of these documents, ordered by file name.
    pub(crate) fn results(&self, wanted: &BTreeSet<String>) -> impl Iterator<Item = &Outcome> {
        let mut results: Vec<&Outcome> =
            wanted.iter().filter_map(|id| self.entries.get(id).and_then(|e| e.result.as_ref())).collect();
        results.sort_by(|a, b| a.name.cmp(&b.name));
        results.into_iter()
    }
}

/// Hands over every record of a topic, one after the other.
async fn each<T: Contract>(local: &Local, topic: &str, mut to: impl FnMut(T)) -> Result<(), OpsError> {
    let mut reader = local.transport().reader(topic, ReadFrom::Beginning).await?;
    while let Read::Records { records, .. } = reader.next().await? {
        for value in records.into_iter().filter_map(|r| r.value) {
            to(local.codec().decode(&value)?);
        }
    }
    Ok(())
}
