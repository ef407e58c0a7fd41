//! Submits on time, exactly once, whatever happens to the brokers.
//!
//! Rule: where the end of a transaction is not known, the topic says what of it is there before anything is sent again.

use super::documents::{Fate, Submission};
use crate::OpsError;
use bytes::Bytes;
use docmill_blobs::Blobs;
use docmill_contracts::{
    BlobRef, Class, Classify, Codec, Contract, DocumentSubmitted, Headers, ProcessingOptions, headers,
};
use docmill_runtime::telemetry::Clock;
use docmill_runtime::transport::{CommitError, OutRecord, Producer, Read, ReadFrom, Transaction, Transport};
use docmill_transport_kafka::Kafka;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Header that names a submission.
pub(super) const MARK: &str = "chaos.mark";
/// Submissions of one transaction at most.
const BATCH: usize = 32;
/// Longest time for a broker to come back.
const PATIENCE: Duration = Duration::from_secs(120);

/// Hands submissions over.
pub(super) struct Submitter {
    pub(super) kafka: Kafka,
    pub(super) codec: Codec,
    pub(super) blobs: Blobs,
}

impl Submitter {
    /// Submits all of it, each at its time after `start`. Returns how often a producer had to be replaced.
    pub(super) async fn run(self, all: Arc<Vec<Submission>>, start: Instant) -> Result<usize, OpsError> {
        let mut producer = self.producer().await?;
        let clock = Clock::new();
        let (mut next, mut replaced) = (0, 0);
        while let Some(first) = all.get(next) {
            tokio::time::sleep_until((start + first.at).into()).await;
            let elapsed = start.elapsed();
            let due: Vec<&Submission> =
                all.iter().skip(next).take(BATCH).take_while(|s| s.at <= elapsed).collect();
            next += due.len();
            let mut records = Vec::with_capacity(due.len());
            for submission in due {
                records.push(self.record(submission, clock.now_ms()).await?);
            }
            while !records.is_empty() {
                let transaction = Transaction { records: records.clone(), offsets: Vec::new() };
                match producer.commit(transaction).await {
                    Ok(()) => records.clear(),
                    Err(CommitError::Aborted(e)) => {
                        tracing::info!("submission rolled back: {e}");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                    Err(CommitError::Fatal(e)) => {
                        tracing::info!("producer of submissions is lost: {e}");
                        replaced += 1;
                        drop(producer);
                        // This ends the transaction, one way or the other.
                        producer = self.producer().await?;
                        let there = self.marks().await?;
                        records.retain(|r| !r.headers.text(MARK).is_some_and(|m| there.contains(m)));
                    }
                }
            }
        }
        Ok(replaced)
    }

    async fn producer(&self) -> Result<Box<dyn Producer>, OpsError> {
        let start = Instant::now();
        loop {
            match self.kafka.producer("docmill-chaos").await {
                Ok(producer) => return Ok(producer),
                Err(e) if e.class() == Class::Transient && start.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// What is on the topic by now.
    async fn marks(&self) -> Result<BTreeSet<String>, OpsError> {
        let mut reader = self.kafka.reader(crate::submission::TOPIC, ReadFrom::Beginning).await?;
        let mut marks = BTreeSet::new();
        loop {
            match reader.next().await {
                Ok(Read::Records { records, .. }) => {
                    marks.extend(records.iter().filter_map(|r| r.headers.text(MARK)).map(str::to_owned));
                }
                Ok(Read::CaughtUp) => return Ok(marks),
                Err(e) if e.class() == Class::Transient => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(e) => return Err(e.into()),
            }
        }
    }

    async fn record(&self, submission: &Submission, now_ms: i64) -> Result<OutRecord, OpsError> {
        let document_id = submission.document_id();
        let (key, value) = if submission.fate == Fate::Undecodable {
            (Bytes::from(submission.mark.clone()), submission.bytes.clone())
        } else {
            let blob = if submission.inline {
                BlobRef::of(&submission.bytes)
            } else {
                self.blobs.put(submission.bytes.clone()).await?
            };
            let document = DocumentSubmitted {
                document_id: document_id.clone(),
                tenant: submission.tenant.to_owned(),
                name: submission.name.clone(),
                media_type: None,
                inline: submission.inline.then(|| submission.bytes.to_vec()),
                blob: (!submission.inline).then_some(blob),
                revision: submission.revision,
                options: ProcessingOptions::default(),
                submitted_at: now_ms,
            };
            (Bytes::from(document.key()), Bytes::from(self.codec.encode(&document)?))
        };
        Ok(OutRecord {
            topic: Arc::from(crate::submission::TOPIC),
            partition: None,
            key: Some(key),
            value: Some(value),
            headers: Headers::new()
                .with(headers::DOCUMENT_ID, document_id)
                .with(headers::TENANT, submission.tenant)
                .with(headers::CONTENT_TYPE, headers::AVRO)
                .with(MARK, submission.mark.as_str()),
        })
    }
}
