//! A log in memory with documents, for the tests of the commands.

use super::{Desk, Place};
use bytes::Bytes;
use docmill_contracts::headers::{self, dlq};
use docmill_contracts::{
    AnyRecord, BlobRef, DocumentAccepted, DocumentAssembled, DocumentExtracted, DocumentHead, DocumentResult,
    DocumentState, DocumentStatus, DocumentSubmitted, DocumentType, DocumentValidated, ErrorInfo, Headers,
    Page, PageRendered, ProcessingOptions, ResultStatus, Source, StageTrace,
};
use docmill_registry::Registry;
use docmill_runtime::Topology;
use docmill_runtime::transport::{OutRecord, Transport};
use docmill_testkit::SimLog;
use std::sync::Arc;

/// A log with all topics of the built-in topology.
pub(crate) async fn desk() -> (SimLog, Desk) {
    let log = SimLog::new();
    let topology = Topology::built_in().unwrap();
    log.apply(&topology.topic_specs()).await.unwrap();
    let desk = Desk::new(Arc::new(log.clone()), topology, Registry::BuiltIn).await.unwrap();
    (log, desk)
}

pub(crate) fn head(tenant: &str, id: &str, revision: i32) -> DocumentHead {
    let original = BlobRef::of(id.as_bytes());
    DocumentHead {
        document_id: id.into(),
        revision,
        tenant: tenant.into(),
        content_sha256: original.sha256.clone(),
        source: Source { name: format!("{id}.pdf"), bytes: original.bytes, ..Source::default() },
        options: ProcessingOptions { ignore_embedded_xml: true, ..ProcessingOptions::default() },
        original,
        embedded_xml: None,
        config_version: None,
        submitted_at: 1_700_000_000_000,
    }
}

pub(crate) fn submitted(tenant: &str, id: &str, revision: i32) -> DocumentSubmitted {
    crate::again::submission(&head(tenant, id, revision), revision)
}

pub(crate) fn accepted(tenant: &str, id: &str, revision: i32) -> DocumentAccepted {
    DocumentAccepted { head: head(tenant, id, revision) }
}

pub(crate) fn assembled(tenant: &str, id: &str, revision: i32) -> DocumentAssembled {
    DocumentAssembled {
        head: head(tenant, id, revision),
        pages: vec![Page {
            page_no: 1,
            engine: "pdfium".into(),
            engine_version: "8125".into(),
            ..Page::default()
        }],
        error: None,
        stages: Vec::new(),
    }
}

pub(crate) fn rendered(tenant: &str, id: &str, revision: i32) -> PageRendered {
    PageRendered {
        head: head(tenant, id, revision),
        page_count: 2,
        page: Page { page_no: 2, ..Page::default() },
    }
}

pub(crate) fn extracted(tenant: &str, id: &str, revision: i32) -> DocumentExtracted {
    DocumentExtracted {
        head: head(tenant, id, revision),
        kind: DocumentType::unknown(),
        fields: docmill_contracts::Fields::new(),
        line_items: Vec::new(),
        vat_breakdown: Vec::new(),
        problems: Vec::new(),
        pages: Vec::new(),
        error: None,
        stages: Vec::new(),
        cost: docmill_contracts::Cost::default(),
        parts: Vec::new(),
        artifacts: Vec::new(),
        layout_novelty: None,
    }
}

pub(crate) fn status(tenant: &str, id: &str, revision: i32, state: DocumentState) -> DocumentStatus {
    DocumentStatus {
        document_id: id.into(),
        revision,
        tenant: tenant.into(),
        name: format!("{id}.pdf"),
        state,
        pages_done: 0,
        page_count: 0,
        outcome: None,
        at: 0,
    }
}

pub(crate) fn error() -> ErrorInfo {
    ErrorInfo {
        code: "RENDER-0003".into(),
        class: docmill_contracts::Class::Input,
        message: "broken".into(),
        stage: "plan".into(),
        page: None,
    }
}

/// A result of a type, read by engine `local` of a version.
pub(crate) fn result(
    tenant: &str,
    id: &str,
    revision: i32,
    status: ResultStatus,
    kind: &str,
    version: &str,
) -> DocumentResult {
    let stage = StageTrace { stage: "infer".into(), ms: 1, engine: "local".into(), version: version.into() };
    let mut result = DocumentValidated::ended(&head(tenant, id, revision), error(), vec![stage]).result;
    result.status = status;
    result.error = None;
    kind.clone_into(&mut result.kind.value);
    result
}

/// A record as a stage writes it.
pub(crate) fn out(desk: &Desk, record: impl Into<AnyRecord>) -> OutRecord {
    let record = record.into();
    let topic = desk.topic_of(record.kind()).unwrap();
    OutRecord {
        topic,
        partition: None,
        key: Some(Bytes::from(record.key())),
        value: Some(Bytes::from(record.encode(&desk.codec).unwrap())),
        headers: Headers::new()
            .with(headers::DOCUMENT_ID, record.document_id())
            .with(headers::REVISION, record.revision().to_string())
            .with(headers::TENANT, record.tenant())
            .with(headers::CONTENT_TYPE, headers::AVRO),
    }
}

/// A dead letter of a record.
pub(crate) fn letter(topic: &str, worker: &str, code: &str, from: &Place, record: OutRecord) -> OutRecord {
    let mut headers = record.headers;
    for (name, value) in [
        (dlq::CODE, code.to_owned()),
        (dlq::CLASS, "input".to_owned()),
        (dlq::MESSAGE, "cannot".to_owned()),
        (dlq::STAGE, worker.to_owned()),
        (dlq::TOPIC, from.topic.to_string()),
        (dlq::PARTITION, from.partition.to_string()),
        (dlq::OFFSET, from.offset.to_string()),
        (dlq::ATTEMPTS, "2".to_owned()),
        (dlq::FIRST_SEEN, "1".to_owned()),
    ] {
        headers.push(name, value);
    }
    OutRecord { topic: Arc::from(topic), headers, ..record }
}
