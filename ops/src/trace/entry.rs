//! One record of a trace, and what it says.

use crate::OpsError;
use crate::desk::{Desk, Place, REDRIVEN_FROM, REPLAY, revision_of};
use crate::dlq::Letter;
use crate::time;
use docmill_contracts::{RecordKind, content_sha256, headers};
use docmill_runtime::transport::Record;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A record about the document.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) place: Place,
    /// When it was written, milliseconds since 1970 UTC.
    pub(crate) at: i64,
    /// Name of the record, or `dead letter`.
    pub(crate) kind: String,
    /// Where the record kind stands in the flow.
    pub(crate) step: usize,
    pub(crate) tenant: String,
    pub(crate) revision: Option<i32>,
    /// Worker that made it.
    pub(crate) worker: Option<String>,
    pub(crate) attempt: Option<String>,
    /// The record it was made from.
    pub(crate) source: Option<Place>,
    pub(crate) bytes: usize,
    /// Of the value; empty for a tombstone.
    pub(crate) sha256: String,
    /// Engines with their versions.
    pub(crate) engines: BTreeSet<String>,
    pub(crate) errors: Vec<String>,
    /// State, outcome or status.
    pub(crate) status: Option<String>,
    /// What each blob is, by its hash.
    pub(crate) blobs: BTreeMap<String, String>,
    /// Replay that made it.
    pub(crate) replay: Option<String>,
    /// A dead letter that was sent back.
    pub(crate) sent_back: bool,
}

impl Entry {
    pub(super) async fn read(
        desk: &Desk,
        topic: &Arc<str>,
        partition: i32,
        kind: Option<RecordKind>,
        tenant: String,
        record: &Record,
    ) -> Result<Self, OpsError> {
        let header = |name| record.headers.text(name).map(str::to_owned);
        let place = |name| record.headers.text(name).and_then(|p| p.parse::<Place>().ok());
        let value = record.value.as_deref().unwrap_or_default();
        let mut entry = Self {
            place: Place { topic: Arc::clone(topic), partition, offset: record.offset },
            at: record.timestamp_ms,
            kind: kind.map_or("dead letter", RecordKind::name).to_owned(),
            step: kind.and_then(|k| RecordKind::ALL.iter().position(|a| *a == k)).unwrap_or(usize::MAX),
            tenant,
            revision: revision_of(&record.headers),
            worker: header(headers::WORKER),
            attempt: header(headers::ATTEMPT),
            source: place(REDRIVEN_FROM).or_else(|| place(REPLAY)).or_else(|| place(headers::SOURCE)),
            bytes: value.len(),
            sha256: record.value.as_deref().map(content_sha256).unwrap_or_default(),
            engines: BTreeSet::new(),
            errors: Vec::new(),
            status: None,
            blobs: BTreeMap::new(),
            replay: header(REPLAY),
            sent_back: false,
        };
        let kind = if let Some(kind) = kind {
            Some(kind)
        } else {
            // The original's headers name who made the original.
            let letter = Letter::of(topic, partition, record);
            entry.worker = Some(letter.worker);
            entry.attempt = Some(letter.attempts);
            entry.errors.push(format!("{}: {}", letter.code, letter.message));
            let kind = letter.origin.as_ref().and_then(|o| desk.kind_of(&o.topic));
            entry.source = letter.origin;
            kind
        };
        let Some(kind) = kind.filter(|_| record.value.is_some()) else { return Ok(entry) };
        match desk.decode(kind, value).await? {
            Ok(decoded) => {
                // Control and letters of submissions say no revision in their headers.
                if entry.revision.is_none() && decoded.record.revision() > 0 {
                    entry.revision = Some(decoded.record.revision());
                }
                if matches!(kind, RecordKind::DocumentResult | RecordKind::DocumentStatus) {
                    let told = |name: &str| decoded.json.get(name).and_then(Value::as_str);
                    entry.status = told("outcome")
                        .or_else(|| told("status"))
                        .or_else(|| told("state"))
                        .map(str::to_owned);
                }
                entry.look("", &decoded.json);
                // Some places name an engine alone that others name with its version.
                let with_version: Vec<String> =
                    entry.engines.iter().filter(|e| e.contains(' ')).cloned().collect();
                entry.engines.retain(|e| {
                    e.contains(' ') || !with_version.iter().any(|w| w.split(' ').next() == Some(e))
                });
            }
            Err(why) => entry.errors.push(why),
        }
        Ok(entry)
    }

    /// Engines, errors and blobs, wherever they stand.
    fn look(&mut self, name: &str, value: &Value) {
        let Value::Object(fields) = value else {
            if let Value::Array(items) = value {
                items.iter().for_each(|item| self.look(name, item));
            }
            return;
        };
        let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
        let version = ["engine_version", "version", "model_version"].map(text);
        let version = version.into_iter().find(|v| !v.is_empty()).unwrap_or_default();
        match (text("engine"), text("stage")) {
            ("", "") => {}
            ("", stage) if !version.is_empty() => {
                self.engines.insert(format!("{stage} {version}"));
            }
            ("", _) => {}
            (engine, _) => {
                self.engines.insert(format!("{engine} {version}").trim_end().to_owned());
            }
        }
        if !text("code").is_empty() && name == "error" {
            let page = fields
                .get("page")
                .and_then(Value::as_i64)
                .map_or_else(String::new, |p| format!(" (page {p})"));
            let error = format!("{}: {}{page}", text("code"), text("message"));
            if !self.errors.contains(&error) {
                self.errors.push(error);
            }
        }
        if text("sha256").len() == 64 && fields.contains_key("bytes") {
            self.blobs.insert(text("sha256").to_owned(), name.to_owned());
        }
        fields.iter().for_each(|(name, field)| self.look(name, field));
    }

    /// What it says, for a person.
    pub(super) fn says(&self) -> Vec<String> {
        let mut says: Vec<String> = self.status.iter().cloned().collect();
        if self.sent_back {
            says.push("sent back".into());
        }
        says.extend(self.replay.iter().map(|r| format!("by {r}")));
        says.extend(self.errors.iter().cloned());
        says.extend(self.engines.iter().cloned());
        says.extend(
            self.blobs
                .iter()
                .map(|(hash, name)| format!("{name} {}", hash.chars().take(12).collect::<String>())),
        );
        says
    }

    pub(super) fn to_json(&self, depth: usize) -> Value {
        json!({
            "at": time::show(self.at),
            "depth": depth,
            "record": self.kind,
            "place": self.place.to_string(),
            "tenant": self.tenant,
            "revision": self.revision,
            "worker": self.worker,
            "attempt": self.attempt.as_ref().and_then(|a| a.parse::<u32>().ok()),
            "source": self.source.as_ref().map(ToString::to_string),
            "bytes": self.bytes,
            "sha256": self.sha256,
            "status": self.status,
            "engines": self.engines,
            "errors": self.errors,
            "blobs": self.blobs,
            "replay": self.replay,
            "sent_back": self.sent_back,
        })
    }
}
