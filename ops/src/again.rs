//! Documents once more: a record of an earlier revision becomes one of a new revision.
//!
//! Owns what changes when a document is processed again: the revision, and nothing else. Its status is written in the
//! same transaction, so that the new revision is known before any stage has seen it.

use crate::OpsError;
use crate::desk::{Desk, Name, REPLAY};
use bytes::Bytes;
use docmill_contracts::{
    AnyRecord, DocumentHead, DocumentState, DocumentStatus, DocumentSubmitted, Headers, RecordKind, headers,
};
use docmill_ingest::head_of;
use docmill_runtime::transport::OutRecord;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Documents of one transaction.
pub(crate) const BATCH: usize = 64;

/// The record under a new revision; none for kinds that no stage starts from.
pub(crate) fn raised(mut record: AnyRecord, revision: i32) -> Option<AnyRecord> {
    match &mut record {
        AnyRecord::DocumentSubmitted(r) => {
            // ingest derives the id where there is none; here it is known, and must stay.
            r.document_id = head_of(r).document_id;
            r.revision = revision;
        }
        AnyRecord::DocumentAccepted(r) => r.head.revision = revision,
        AnyRecord::DocumentAssembled(r) => r.head.revision = revision,
        AnyRecord::DocumentExtracted(r) => r.head.revision = revision,
        _ => return None,
    }
    Some(record)
}

/// The submission that a head came from, as far as the head tells it.
pub(crate) fn submission(head: &DocumentHead, revision: i32) -> DocumentSubmitted {
    DocumentSubmitted {
        document_id: head.document_id.clone(),
        tenant: head.tenant.clone(),
        name: head.source.name.clone(),
        media_type: None,
        inline: None,
        blob: Some(head.original.clone()),
        revision,
        options: head.options.clone(),
        submitted_at: head.submitted_at,
    }
}

/// The records that start a document again: into `topic`, and its status where it goes into the flow.
pub(crate) fn records(
    desk: &Desk,
    record: &AnyRecord,
    topic: &Arc<str>,
    run: &str,
    side: bool,
) -> Result<Vec<OutRecord>, OpsError> {
    let headers = |record: &AnyRecord| {
        Headers::new()
            .with(headers::DOCUMENT_ID, record.document_id())
            .with(headers::REVISION, record.revision().to_string())
            .with(headers::TENANT, record.tenant())
            .with(headers::CONTENT_TYPE, headers::AVRO)
            .with(REPLAY, run)
    };
    let out = |record: &AnyRecord, topic: &Arc<str>| -> Result<OutRecord, OpsError> {
        Ok(OutRecord {
            topic: Arc::clone(topic),
            partition: None,
            key: Some(Bytes::from(record.key())),
            value: Some(Bytes::from(record.encode(&desk.codec)?)),
            headers: headers(record),
        })
    };
    let mut all = vec![out(record, topic)?];
    if let (Some(status), Some(topic), false) =
        (status(record, desk.clock.now_ms()), desk.topic_of(RecordKind::DocumentStatus), side)
    {
        all.push(out(&status.into(), &topic)?);
    }
    Ok(all)
}

fn status(record: &AnyRecord, now_ms: i64) -> Option<DocumentStatus> {
    let (head, state) = match record {
        AnyRecord::DocumentSubmitted(r) => (head_of(r), DocumentState::Submitted),
        AnyRecord::DocumentAccepted(r) => (r.head.clone(), DocumentState::Rendering),
        AnyRecord::DocumentAssembled(r) => (r.head.clone(), DocumentState::Inferring),
        AnyRecord::DocumentExtracted(r) => (r.head.clone(), DocumentState::Inferring),
        _ => return None,
    };
    Some(DocumentStatus {
        document_id: head.document_id,
        revision: head.revision,
        tenant: head.tenant,
        name: head.source.name,
        state,
        pages_done: 0,
        page_count: head.source.pages.unwrap_or(0),
        outcome: None,
        at: now_ms,
    })
}

/// Whose document a record is.
pub(crate) fn name_of(record: &AnyRecord) -> Name {
    let id = match record {
        AnyRecord::DocumentSubmitted(r) => head_of(r).document_id,
        other => other.document_id().to_owned(),
    };
    Name { tenant: record.tenant().to_owned(), document: id }
}

/// The head of a record about a document or a page.
pub(crate) fn head(record: AnyRecord) -> Option<DocumentHead> {
    Some(match record {
        AnyRecord::DocumentSubmitted(r) => head_of(&r),
        AnyRecord::DocumentAccepted(r) => r.head,
        AnyRecord::PagesPlanned(r) => r.head,
        AnyRecord::PageRendered(r) => r.head,
        AnyRecord::PageRecognized(r) => r.head,
        AnyRecord::DocumentAssembled(r) => r.head,
        AnyRecord::DocumentExtracted(r) => r.head,
        AnyRecord::DocumentValidated(r) => r.head,
        _ => return None,
    })
}

/// Most records a second; parsed from `50/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(NonZeroU32);

impl std::str::FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().strip_suffix("/s").unwrap_or(text.trim());
        number.parse().map(Self).map_err(|_| format!("`{text}` is not a rate such as 50/s"))
    }
}

/// Lets so many through a second, evenly.
pub(crate) struct Pace(Option<DefaultDirectRateLimiter>);

impl Pace {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        // One at a time: a burst at the start is what a rate is to prevent.
        let one = NonZeroU32::MIN;
        Self(rate.map(|r| RateLimiter::direct(Quota::per_second(r.0).allow_burst(one))))
    }

    /// True where nothing has to wait.
    pub(crate) fn free(&self) -> bool {
        self.0.is_none()
    }

    /// Waits for the next one's turn.
    pub(crate) async fn turn(&self) {
        if let Some(limiter) = &self.0 {
            limiter.until_ready().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read() {
        assert_eq!("50/s".parse::<Rate>().unwrap().0.get(), 50);
        assert!("7".parse::<Rate>().is_ok());
        for wrong in ["0/s", "-1", "fast", "1/m"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
