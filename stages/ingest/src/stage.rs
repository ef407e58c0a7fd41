//! The worker `ingest`.

use crate::{Config, FileType, IngestError, STAGE, Sniffed, limits::Limits, name::sanitise, sniff};
use bytes::Bytes;
use docmill_blobs::{BlobError, Blobs};
use docmill_contracts::{
    BlobRef, Class, Classify, DocumentAccepted, DocumentHead, DocumentState, DocumentStatus,
    DocumentSubmitted, DocumentValidated, ErrorInfo, Source, StageTrace, content_sha256, derive_document_id,
};
use docmill_runtime::{Cx, Outputs, Stage, Unreadable};
use docmill_service::Documents;
use governor::clock::DefaultClock;

/// Most bytes that may stand in the submission itself; more must be a blob.
pub const MAX_INLINE_BYTES: usize = 64 * 1024;
/// Longest id or tenant, in bytes: they are keys, headers and parts of file names.
const MAX_ID_BYTES: usize = 200;

/// Admits documents. An inadmissible one is not an error of the stage: its one result is emitted at once.
pub struct Ingest {
    config: Config,
    blobs: Blobs,
    limits: Limits,
    documents: Documents,
}

impl Ingest {
    /// The stage over a blob store.
    pub fn new(config: Config, blobs: Blobs, documents: Documents) -> Result<Self, IngestError> {
        config.check()?;
        let limits = Limits::new(&config, DefaultClock::default());
        Ok(Self { config, blobs, limits, documents })
    }

    /// The document as it goes on, its bytes verified and stored.
    async fn admit(&self, input: &DocumentSubmitted, cx: &Cx) -> Result<DocumentHead, IngestError> {
        let mut head = head_of(input);
        check_identity(input, &head.source.name)?;
        let patience_ms = i64::from(self.config.revision_patience_s) * 1000;
        let (id, revision) = (&head.document_id, head.revision);
        // Pages of two revisions would overtake each other: results would not come in the order of revisions.
        if revision > 1 && self.documents.must_wait(&head.tenant, id, revision, cx.now_ms, patience_ms) {
            return Err(IngestError::EarlierRevision { name: head.source.name, revision });
        }
        if let Err(wait) = self.limits.take(&input.tenant) {
            return Err(IngestError::OverRate {
                name: head.source.name,
                tenant: input.tenant.clone(),
                wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            });
        }
        if head.submitted_at <= 0 {
            head.submitted_at = cx.now_ms;
        }
        let bytes = self.content(input, &head.source.name, cx).await?;
        let kind = file_type(&bytes, &head.source.name)?;
        if let Some(declared) = input.media_type.as_deref().filter(|declared| !kind.fits(declared)) {
            let declared: String = declared.chars().take(100).collect();
            tracing::info!(
                document_id = head.document_id,
                declared,
                found = kind.media_type(),
                "declared media type is not what the bytes are; the bytes count"
            );
        }
        kind.media_type().clone_into(&mut head.source.media_type);
        // Bytes that came by blob are in the store already: they were read from there.
        if input.inline.is_some() {
            let name = &head.source.name;
            head.original = self
                .blobs
                .put(bytes)
                .await
                .map_err(|source| IngestError::Blobs { name: name.clone(), source })?;
        }
        Ok(head)
    }

    /// The bytes, of a size that the tenant may submit, and those that the reference names.
    async fn content(&self, input: &DocumentSubmitted, name: &str, cx: &Cx) -> Result<Bytes, IngestError> {
        let name = name.to_owned();
        let limit = self.config.max_bytes(&input.tenant);
        let check = |bytes: u64| match bytes {
            0 => Err(IngestError::Empty { name: name.clone() }),
            _ if bytes > limit => {
                Err(IngestError::TooLarge { name: name.clone(), bytes, limit, tenant: input.tenant.clone() })
            }
            _ => Ok(()),
        };
        match (&input.inline, &input.blob) {
            (None, None) => Err(IngestError::NoContent { name }),
            (Some(inline), _) if inline.len() > MAX_INLINE_BYTES => {
                Err(IngestError::InlineTooLarge { name, bytes: inline.len(), limit: MAX_INLINE_BYTES })
            }
            (Some(inline), Some(blob)) if BlobRef::of(inline) != *blob => {
                Err(IngestError::HashMismatch { name, blob: shortened(&blob.sha256) })
            }
            (Some(inline), _) => {
                check(inline.len() as u64)?;
                Ok(Bytes::copy_from_slice(inline))
            }
            (None, Some(blob)) => {
                let Ok(length) = u64::try_from(blob.bytes) else {
                    return Err(IngestError::BadReference { name, blob: shortened(&blob.sha256) });
                };
                check(length)?;
                self.blobs.get(blob).await.map_err(|source| self.unreadable(source, name, blob, cx))
            }
        }
    }

    fn unreadable(&self, source: BlobError, name: String, blob: &BlobRef, cx: &Cx) -> IngestError {
        let sha256 = shortened(&blob.sha256);
        match source {
            BlobError::Missing { .. } if cx.attempt < self.config.missing_blob_attempts => {
                IngestError::BlobNotYet { name, blob: sha256 }
            }
            BlobError::Missing { .. } => {
                IngestError::BlobMissing { name, blob: sha256, attempts: cx.attempt }
            }
            BlobError::Corrupt { .. } => IngestError::HashMismatch { name, blob: sha256 },
            BlobError::Name { .. } => IngestError::BadReference { name, blob: sha256 },
            other @ (BlobError::TooLarge { .. } | BlobError::Folder { .. } | BlobError::Store { .. }) => {
                IngestError::Blobs { name, source: other }
            }
        }
    }
}

impl Stage for Ingest {
    type In = DocumentSubmitted;
    type Err = IngestError;

    /// One document's revisions come out in the order in which they went in.
    const ORDERED: bool = true;

    async fn run(&self, input: &Self::In, cx: &Cx) -> Result<Outputs, Self::Err> {
        match self.admit(input, cx).await {
            Ok(head) => {
                self.documents.began(&head.tenant, &head.document_id, head.revision, cx.now_ms);
                let status = submitted(&head, cx.now_ms);
                Ok(Outputs::one(DocumentAccepted { head }).and(status))
            }
            // The document is at fault: that is a result, not a dead letter.
            Err(error) if error.class() == Class::Input => {
                let head = head_of(input);
                let status = submitted(&head, cx.now_ms);
                Ok(ended(&head, ErrorInfo::of(&error, STAGE, None)).and(status))
            }
            Err(error) => Err(error),
        }
    }

    fn dead(&self, input: &Self::In, error: ErrorInfo) -> Outputs {
        ended(&head_of(input), error)
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        ended(&record.head(), record.error)
    }
}

/// The head of a document as far as its submission tells it: the bytes are neither read nor looked at.
///
/// An id that is empty, or that cannot be one, is derived from tenant, name (as submitted) and content.
pub fn head_of(input: &DocumentSubmitted) -> DocumentHead {
    let original = match (&input.inline, &input.blob) {
        (Some(inline), _) => BlobRef::of(inline),
        (None, Some(blob)) => {
            BlobRef { sha256: blob.sha256.chars().take(64).collect(), bytes: blob.bytes.max(0) }
        }
        (None, None) => BlobRef { sha256: content_sha256(&[]), bytes: 0 },
    };
    let document_id = match id_fault(&input.document_id) {
        None => input.document_id.clone(),
        Some(_) => derive_document_id(&input.tenant, &input.name, &original.sha256),
    };
    DocumentHead {
        document_id,
        revision: input.revision.max(1),
        tenant: input.tenant.clone(),
        content_sha256: original.sha256.clone(),
        source: Source {
            name: sanitise(&input.name),
            media_type: String::new(),
            bytes: original.bytes,
            pages: None,
        },
        options: input.options.clone(),
        original,
        embedded_xml: None,
        config_version: None,
        submitted_at: input.submitted_at,
    }
}

fn file_type(bytes: &[u8], name: &str) -> Result<FileType, IngestError> {
    let name = name.to_owned();
    match sniff(bytes) {
        Sniffed::Known(kind) => Ok(kind),
        Sniffed::Doctype => Err(IngestError::Doctype { name }),
        Sniffed::OtherXml(root) => Err(IngestError::OtherXml { name, root }),
        Sniffed::Unknown(found) => Err(IngestError::UnknownType { name, found }),
    }
}

fn check_identity(input: &DocumentSubmitted, name: &str) -> Result<(), IngestError> {
    let fault = |field, why| Err(IngestError::Identity { name: name.to_owned(), field, why });
    match (id_fault(&input.tenant), id_fault(&input.document_id)) {
        (Some(why), _) => fault("tenant", why),
        (None, Some(why)) if !input.document_id.is_empty() => fault("document_id", why),
        (None, _) if input.revision < 1 => fault("revision", "is below 1"),
        (None, _) => Ok(()),
    }
}

/// What is wrong with an id of a document or tenant.
fn id_fault(id: &str) -> Option<&'static str> {
    match id {
        "" => Some("is empty"),
        _ if id.len() > MAX_ID_BYTES => Some("is longer than 200 bytes"),
        _ if id.chars().any(char::is_control) => Some("contains control characters"),
        _ => None,
    }
}

fn shortened(sha256: &str) -> String {
    sha256.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn ended(head: &DocumentHead, error: ErrorInfo) -> Outputs {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let trace = StageTrace { stage: STAGE.to_owned(), ms: 0, engine: String::new(), version };
    Outputs::one(DocumentValidated::ended(head, error, vec![trace]))
}

fn submitted(head: &DocumentHead, now_ms: i64) -> DocumentStatus {
    DocumentStatus {
        document_id: head.document_id.clone(),
        revision: head.revision,
        tenant: head.tenant.clone(),
        name: head.source.name.clone(),
        state: DocumentState::Submitted,
        pages_done: 0,
        page_count: 0,
        outcome: None,
        at: now_ms,
    }
}

#[cfg(test)]
mod tests;
