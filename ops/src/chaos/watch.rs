//! Read_committed readers of the topics whose records are counted, from the first record on, whatever breaks meanwhile.
//!
//! Owns what was seen: where, what of, and a fingerprint. Rule: what a reader was handed is never forgotten, so that a
//! record which should not have been visible is still there at the end.

use crate::OpsError;
use docmill_contracts::{
    Class, Classify, Codec, CodecError, DocumentResult, PageRecognized, ResultStatus, headers,
};
use docmill_registry::Registry;
use docmill_runtime::transport::{Read, ReadFrom, Reader, Record, Transport};
use docmill_sink::json::to_json;
use docmill_transport_kafka::Kafka;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A record that a reader was handed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// Of key, value and headers.
    pub(super) print: [u8; 32],
    /// From its headers; empty where it has none.
    pub(super) document: String,
    pub(super) revision: i32,
    pub(super) what: What,
}

/// What is needed of a record later.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// The result without its times, and what its document claims; see [`essence`].
    Result(String, Option<Claimed>),
    /// Number of the page and of all pages.
    Page(i32, i32),
    /// A dead letter, whole.
    Dead(Box<Record>),
    /// Nothing but that it was there.
    Other,
}

/// What a document has in common with its duplicates, and whether it was told to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) what: String,
    pub(super) told: bool,
}

/// Code of a document that another one like it came before.
const DUPLICATE: &str = "VALIDATE-0024";
/// Which of two documents is the first depends on the order in which they are validated: neither status nor problems may.
pub(super) const TOLERATED: (&str, &str) =
    ("DOCMILL__STAGES__VALIDATE__TOLERATE_CODES", "[\"VALIDATE-0024\"]");

/// What an invoice of one document claims; documents that claim the same in every letter are duplicates for certain.
fn claimed(result: &DocumentResult) -> Option<Claimed> {
    let text = |name: &str| result.fields.get(name).map(|f| f.value.as_str()).filter(|v| !v.is_empty());
    let one = result.kind.value == "invoice" && result.parts.is_empty();
    if !one || !matches!(result.status, ResultStatus::Accepted | ResultStatus::Review) {
        return None;
    }
    let values = [text("seller_name")?, text("invoice_number")?, text("grand_total")?, text("currency")?];
    let told = result.problems.iter().any(|p| p.code == DUPLICATE);
    Some(Claimed { what: format!("{} {values:?}", result.tenant), told })
}

/// Records by topic, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pub(super) topics: BTreeMap<String, Vec<Seen>>,
    /// When results came.
    pub(super) results_at: Vec<Instant>,
    /// What readers could not go on with.
    pub(super) failures: Vec<String>,
}

/// Reads and decodes.
#[derive(Clone)]
pub(super) struct Watcher {
    pub(super) kafka: Kafka,
    pub(super) codec: Codec,
    pub(super) registry: Registry,
}

/// Recordings that are still being made.
#[derive(Clone, Default)]
pub(super) struct Live(Arc<Mutex<Recording>>);

impl Live {
    pub(super) fn lock(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A result, as a line of `results.jsonl` has it, without its times, without what differs between tenants and revisions
/// by design, and without which document came before it. It is read from text always: a number that was read may differ in its last digit from the one written.
pub(super) fn essence(line: &str) -> Result<String, serde_json::Error> {
    let mut result: serde_json::Value = serde_json::from_str(line)?;
    if let Some(problems) = result["problems"].as_array_mut() {
        problems.retain(|p| p["code"] != DUPLICATE);
    }
    let fields = [
        "content_sha256",
        "source",
        "status",
        "type",
        "fields",
        "line_items",
        "vat_breakdown",
        "problems",
        "pages",
        "error",
    ];
    Ok(fields.iter().map(|f| format!("{f}={}\n", result[*f])).collect::<Vec<_>>().concat())
}

impl Watcher {
    /// Begins to watch a topic; the task ends only when it is aborted or cannot go on.
    pub(super) async fn follow(&self, topic: String, live: Live) -> Result<(), OpsError> {
        let mut reader = self.kafka.reader(&topic, ReadFrom::Beginning).await?;
        let this = self.clone();
        live.lock().topics.entry(topic.clone()).or_default();
        tokio::spawn(async move {
            loop {
                match this.next(&topic, &mut *reader).await {
                    Ok(Some(seen)) => {
                        let mut live = live.lock();
                        if topic == crate::results::TOPIC {
                            let now = Instant::now();
                            live.results_at.extend(seen.iter().map(|_| now));
                        }
                        live.topics.entry(topic.clone()).or_default().extend(seen);
                    }
                    Ok(None) => {}
                    // A broker that is away: the reader goes on by itself.
                    Err(e) if e.class() == Class::Transient => {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                    Err(e) => {
                        live.lock().failures.push(format!("reader of {topic}: {e}"));
                        return;
                    }
                }
            }
        });
        Ok(())
    }

    /// Reads a topic from its first record to its end.
    pub(super) async fn read_all(&self, topic: &str) -> Result<Vec<Seen>, OpsError> {
        let mut reader = self.kafka.reader(topic, ReadFrom::Beginning).await?;
        let mut all = Vec::new();
        while let Some(seen) = self.next(topic, &mut *reader).await? {
            all.extend(seen);
        }
        Ok(all)
    }

    /// The whole records of a topic by place.
    pub(super) async fn originals(&self, topic: &str) -> Result<BTreeMap<(i32, i64), Record>, OpsError> {
        let mut reader = self.kafka.reader(topic, ReadFrom::Beginning).await?;
        let mut all = BTreeMap::new();
        while let Read::Records { partition, records } = reader.next().await? {
            all.extend(records.into_iter().map(|r| ((partition, r.offset), r)));
        }
        Ok(all)
    }

    /// The next records; none when the end has been reached.
    async fn next(&self, topic: &str, reader: &mut dyn Reader) -> Result<Option<Vec<Seen>>, OpsError> {
        let Read::Records { partition, records } = reader.next().await? else { return Ok(None) };
        let mut all = Vec::with_capacity(records.len());
        for record in records {
            all.push(self.seen(topic, partition, record).await?);
        }
        Ok(Some(all))
    }

    async fn seen(&self, topic: &str, partition: i32, record: Record) -> Result<Seen, OpsError> {
        let text = |name| record.headers.text(name).unwrap_or_default();
        let document = text(headers::DOCUMENT_ID).to_owned();
        let revision = text(headers::REVISION).parse().unwrap_or(0);
        let (offset, print) = (record.offset, print(&record));
        let what = match topic {
            crate::results::TOPIC => {
                let result: DocumentResult = self.decode(&record).await?;
                let essence = essence(&to_json(&result).to_string());
                let essence = essence.map_err(|e| OpsError::io("read a result of", topic, e.into()))?;
                What::Result(essence, claimed(&result))
            }
            "pages.recognized" => {
                let page: PageRecognized = self.decode(&record).await?;
                What::Page(page.page.page_no, page.page_count)
            }
            _ if topic.starts_with("dlq.") => What::Dead(Box::new(record)),
            _ => What::Other,
        };
        Ok(Seen { partition, offset, print, document, revision, what })
    }

    async fn decode<T: docmill_contracts::Contract>(&self, record: &Record) -> Result<T, OpsError> {
        let value = record.value.clone().unwrap_or_default();
        match self.codec.decode(&value) {
            Err(CodecError::UnknownSchema(id)) => {
                self.registry.learn(&self.codec, id).await?;
                Ok(self.codec.decode(&value)?)
            }
            decoded => Ok(decoded?),
        }
    }
}

fn print(record: &Record) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(record.key.as_deref().unwrap_or(b"none"));
    add(record.value.as_deref().unwrap_or(b"none"));
    for (name, value) in record.headers.iter() {
        add(name.as_bytes());
        add(value);
    }
    hash.finalize().into()
}
