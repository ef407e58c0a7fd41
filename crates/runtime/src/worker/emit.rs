//! From outputs to records: topic by kind, key, headers, dead letters.

use super::WorkerEnv;
use crate::driver::Ticket;
use crate::stage::Outputs;
use crate::topology::Worker as Spec;
use crate::transport::{OutRecord, Record};
use bytes::Bytes;
use docmill_contracts::{Class, Codec, Contract, ErrorInfo, Headers, RecordKind, headers};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What outputs were made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// Partition and offset of the record; none for a state that expired.
    pub(super) source: Option<(i32, i64)>,
    /// From 1.
    pub(super) attempt: u32,
    /// Trace context of the outputs; a state that expired has none.
    pub(super) traceparent: Option<&'a str>,
}

impl<'a> Origin<'a> {
    pub(super) fn of(ticket: Ticket, traceparent: &'a str) -> Self {
        Self {
            source: Some((ticket.partition, ticket.offset)),
            attempt: ticket.attempt,
            traceparent: Some(traceparent),
        }
    }
}

/// Makes records of outputs. Knows the worker's topics; stages do not.
#[derive(Debug)]
pub(super) struct Emitter {
    worker: &'static str,
    codec: Codec,
    /// Topic of each kind, and the largest record it takes in bytes.
    topics: BTreeMap<RecordKind, (Arc<str>, usize)>,
    dead_letters: Arc<str>,
    /// The changelog, and the largest record it takes in bytes.
    changelog: Option<(Arc<str>, usize)>,
    input: String,
}

impl Emitter {
    pub(super) fn new(worker: &'static str, env: &WorkerEnv, spec: &Spec) -> Self {
        let limit = |topic: &str| env.topology.topics.get(topic).map_or(usize::MAX, |t| t.max_record_bytes);
        Self {
            worker,
            codec: env.codec.clone(),
            topics: spec
                .outputs
                .iter()
                .map(|(kind, topic)| (*kind, (Arc::from(topic.as_str()), limit(topic))))
                .collect(),
            dead_letters: Arc::from(spec.dead_letters.as_str()),
            changelog: spec.changelog.as_deref().map(|topic| (Arc::from(topic), limit(topic))),
            input: spec.input.clone(),
        }
    }

    pub(super) fn codec(&self) -> &Codec {
        &self.codec
    }

    pub(super) fn changelog(&self) -> Option<&Arc<str>> {
        self.changelog.as_ref().map(|(topic, _)| topic)
    }

    pub(super) fn input(&self) -> &str {
        &self.input
    }

    /// The records of some outputs, in order, with what they were made of.
    pub(super) fn records(
        &self,
        outputs: &Outputs,
        origin: &Origin<'_>,
    ) -> Result<Vec<OutRecord>, ErrorInfo> {
        let source = origin.source.map(|(partition, offset)| format!("{}/{partition}/{offset}", self.input));
        outputs
            .records()
            .iter()
            .map(|record| {
                let (topic, limit) = self.topics.get(&record.kind()).ok_or_else(|| {
                    self.internal(
                        "RUNTIME-0005",
                        format!("worker {} has no output topic for {}", self.worker, record.kind().name()),
                    )
                })?;
                let value =
                    record.encode(&self.codec).map_err(|e| self.internal("RUNTIME-0006", e.to_string()))?;
                let mut all = Headers::new()
                    .with(headers::DOCUMENT_ID, record.document_id())
                    .with(headers::REVISION, record.revision().to_string())
                    .with(headers::TENANT, record.tenant())
                    .with(headers::CONTENT_TYPE, headers::AVRO)
                    .with(headers::WORKER, self.worker);
                if let Some(traceparent) = origin.traceparent {
                    all.push(headers::TRACEPARENT, traceparent);
                }
                if let Some(source) = &source {
                    all.push(headers::ATTEMPT, origin.attempt.to_string());
                    all.push(headers::SOURCE, source.as_str());
                }
                let out = OutRecord {
                    topic: Arc::clone(topic),
                    partition: None,
                    key: Some(Bytes::from(record.key())),
                    value: Some(Bytes::from(value)),
                    headers: all,
                };
                // Refused here it costs its own record; refused by the log it would stop every transaction.
                if out.size() > *limit {
                    let (bytes, name) = (out.size(), record.kind().name());
                    let message =
                        format!("{name} of {bytes} bytes exceeds the {limit} bytes of topic {topic}");
                    return Err(self.internal("RUNTIME-0008", message));
                }
                Ok(out)
            })
            .collect()
    }

    /// A state's record in the changelog; no state is a tombstone.
    pub(super) fn state<S: Contract>(
        &self,
        partition: i32,
        key: &str,
        state: Option<&S>,
    ) -> Result<Option<OutRecord>, ErrorInfo> {
        let Some((topic, limit)) = &self.changelog else { return Ok(None) };
        let value = state
            .map(|s| self.codec.encode(s).map(Bytes::from))
            .transpose()
            .map_err(|e| self.internal("RUNTIME-0006", e.to_string()))?;
        let out = OutRecord {
            topic: Arc::clone(topic),
            partition: Some(partition),
            key: Some(Bytes::copy_from_slice(key.as_bytes())),
            value,
            headers: Headers::new().with(headers::CONTENT_TYPE, headers::AVRO),
        };
        if out.size() > *limit {
            let message = format!("state of {} bytes exceeds the {limit} bytes of topic {topic}", out.size());
            return Err(self.internal("RUNTIME-0008", message));
        }
        Ok(Some(out))
    }

    /// The dead letter of a record: key, value and headers as they came, and why.
    pub(super) fn dead_letter(
        &self,
        partition: i32,
        record: &Record,
        error: &ErrorInfo,
        attempts: u32,
        first_seen_ms: i64,
    ) -> OutRecord {
        let mut all: Headers = record.headers.iter().map(|(n, v)| (n.to_owned(), v.to_vec())).collect();
        let class = match error.class {
            Class::Input => "input",
            Class::Transient => "transient",
            Class::Internal => "internal",
            Class::Fatal => "fatal",
        };
        for (name, value) in [
            (headers::dlq::CODE, error.code.clone()),
            (headers::dlq::CLASS, class.to_owned()),
            (headers::dlq::MESSAGE, error.message.clone()),
            (headers::dlq::STAGE, self.worker.to_owned()),
            (headers::dlq::TOPIC, self.input.clone()),
            (headers::dlq::PARTITION, partition.to_string()),
            (headers::dlq::OFFSET, record.offset.to_string()),
            (headers::dlq::ATTEMPTS, attempts.to_string()),
            (headers::dlq::FIRST_SEEN, first_seen_ms.to_string()),
        ] {
            all.push(name, value);
        }
        OutRecord {
            topic: Arc::clone(&self.dead_letters),
            partition: None,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: all,
        }
    }

    pub(super) fn internal(&self, code: &str, message: String) -> ErrorInfo {
        ErrorInfo {
            code: code.to_owned(),
            class: Class::Internal,
            message,
            stage: self.worker.to_owned(),
            page: None,
        }
    }
}
