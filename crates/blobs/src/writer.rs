//! Blobs that are written piece by piece: their name is known when they are whole.

use crate::{BlobError, Blobs, content_path};
use bytes::Bytes;
use docmill_contracts::BlobRef;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, path::Path as ObjectPath};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A blob on its way. What is not finished leaves nothing under a name that anyone knows.
pub struct BlobWriter {
    blobs: Blobs,
    buffer: Vec<u8>,
    hash: Sha256,
    bytes: i64,
    /// Where the parts go until the name is known.
    upload: Option<(ObjectPath, Box<dyn MultipartUpload>)>,
}

impl fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobWriter").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl BlobWriter {
    pub(crate) fn new(blobs: Blobs) -> Self {
        Self { blobs, buffer: Vec::new(), hash: Sha256::new(), bytes: 0, upload: None }
    }

    /// Adds bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.hash.update(bytes);
        self.bytes = self.bytes.saturating_add(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        self.buffer.extend_from_slice(bytes);
        // A blob that is no longer than a part is stored at once.
        if self.buffer.len() >= self.blobs.part { self.send().await } else { Ok(()) }
    }

    /// Stores it under the hash of its bytes.
    pub async fn finish(mut self) -> Result<BlobRef, BlobError> {
        let name = BlobRef { sha256: crate::hex(&mut self.hash), bytes: self.bytes };
        if self.upload.is_none() {
            return self.blobs.put(Bytes::from(std::mem::take(&mut self.buffer))).await;
        }
        self.send().await?;
        if let Some((partial, mut upload)) = self.upload.take() {
            let failed = |source| BlobError::Store { source };
            upload.complete().await.map_err(failed)?;
            self.blobs.store.rename(&partial, &content_path(&name)?).await.map_err(failed)?;
        }
        Ok(name)
    }

    async fn send(&mut self) -> Result<(), BlobError> {
        let failed = |source| BlobError::Store { source };
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.upload.is_none() {
            let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = ObjectPath::from(format!("partial/{since}-{}-{n}", std::process::id()));
            let upload = self.blobs.store.put_multipart(&path).await.map_err(failed)?;
            self.upload = Some((path, upload));
        }
        let part = PutPayload::from_bytes(std::mem::take(&mut self.buffer).into());
        match &mut self.upload {
            Some((_, upload)) => upload.put_part(part).await.map_err(failed),
            None => Ok(()),
        }
    }
}
