//! From a file to a submitted document: hash, blob, record.

use crate::OpsError;
use crate::inputs::Input;
use bytes::Bytes;
use docmill_blobs::{Blobs, MAX_BLOB_BYTES};
use docmill_contracts::{
    BlobRef, Codec, Contract, DocumentSubmitted, Headers, ProcessingOptions, derive_document_id, headers,
};
use docmill_runtime::transport::OutRecord;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// Topic that documents are submitted to.
pub(crate) const TOPIC: &str = "documents.submitted";

/// How the documents of one command are processed.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Tenant.
    pub(crate) tenant: String,
    /// Options.
    pub(crate) options: ProcessingOptions,
}

impl Order {
    /// Options from the command line; a schema file becomes a blob.
    pub(crate) async fn new(
        tenant: &str,
        schema: Option<&Path>,
        ignore_embedded_xml: bool,
        blobs: &Blobs,
    ) -> Result<Self, OpsError> {
        let schema = match schema {
            None => None,
            Some(path) => {
                let wrong = |what: String| OpsError::Usage(vec![format!("{}: {what}", path.display())]);
                let text = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
                match serde_json::from_slice::<serde_json::Value>(&text) {
                    Ok(json) if json.is_object() => {}
                    Ok(_) => return Err(wrong("not a JSON Schema: it must be an object".into())),
                    Err(e) => return Err(wrong(format!("not JSON: {e}"))),
                }
                Some(blobs.put(Bytes::from(text)).await?)
            }
        };
        let options = ProcessingOptions { ignore_embedded_xml, schema, type_hint: None };
        Ok(Self { tenant: tenant.to_owned(), options })
    }

    /// The submission of a file whose bytes are named by `blob`.
    pub(crate) fn document(
        &self,
        input: &Input,
        blob: BlobRef,
        revision: i32,
        now_ms: i64,
    ) -> DocumentSubmitted {
        DocumentSubmitted {
            document_id: derive_document_id(&self.tenant, &input.name, &blob.sha256),
            tenant: self.tenant.clone(),
            name: input.name.clone(),
            media_type: None,
            inline: None,
            blob: Some(blob),
            revision,
            options: self.options.clone(),
            submitted_at: now_ms,
        }
    }
}

/// Hashes a file without holding it.
pub(crate) fn hash(input: &Input) -> Result<BlobRef, OpsError> {
    let failed = |e| OpsError::io("read", &input.path, e);
    let mut file = std::fs::File::open(&input.path).map_err(failed)?;
    let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0i64);
    loop {
        let n = file.read(&mut buffer).map_err(failed)?;
        if n == 0 {
            break;
        }
        hash.update(buffer.get(..n).unwrap_or_default());
        bytes += i64::try_from(n).unwrap_or(0);
    }
    let sha256 = hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    });
    Ok(BlobRef { sha256, bytes })
}

/// Stores a file's bytes under their name. A file too large for the store is not stored: ingest rejects it by its size
/// before it would read it.
pub(crate) async fn store(input: &Input, blob: &BlobRef, blobs: &Blobs) -> Result<(), OpsError> {
    if blob.bytes > MAX_BLOB_BYTES {
        return Ok(());
    }
    let bytes = tokio::fs::read(&input.path).await.map_err(|e| OpsError::io("read", &input.path, e))?;
    let stored = blobs.put(Bytes::from(bytes)).await?;
    if stored == *blob { Ok(()) } else { Err(OpsError::Changed(input.path.clone())) }
}

/// The record of a submission.
pub(crate) fn record(document: &DocumentSubmitted, codec: &Codec) -> Result<OutRecord, OpsError> {
    Ok(OutRecord {
        topic: Arc::from(TOPIC),
        partition: None,
        key: Some(Bytes::from(document.key())),
        value: Some(Bytes::from(codec.encode(document)?)),
        headers: Headers::new()
            .with(headers::DOCUMENT_ID, document.document_id.as_str())
            .with(headers::TENANT, document.tenant.as_str())
            .with(headers::CONTENT_TYPE, headers::AVRO),
    })
}
