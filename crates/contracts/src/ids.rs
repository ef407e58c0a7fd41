//! Ids and references by content.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A claim check: bytes that are kept outside the log, named by their content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlobRef {
    /// Lower-case hexadecimal SHA-256 of the bytes.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: i64,
}

impl BlobRef {
    /// The reference that names `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { sha256: content_sha256(bytes), bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX) }
    }
}

/// Lower-case hexadecimal SHA-256 of `bytes` (64 digits).
pub fn content_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The id of a document whose submitter gave none: 32 hexadecimal digits derived from tenant, name and content,
/// so that submitting the same file again names the same document.
pub fn derive_document_id(tenant: &str, name: &str, content_sha256: &str) -> String {
    let mut hash = Sha256::new();
    for part in [tenant, name, content_sha256] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut id = hex(&hash.finalize());
    id.truncate(32);
    id
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        if write!(out, "{byte:02x}").is_err() {
            unreachable!("writing to a string cannot fail");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nothing_is_the_published_one() {
        assert_eq!(content_sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn parts_of_a_derived_id_cannot_run_into_each_other() {
        assert_ne!(derive_document_id("ab", "c", "d"), derive_document_id("a", "bc", "d"));
        assert_eq!(derive_document_id("a", "b", "c").len(), 32);
    }
}
