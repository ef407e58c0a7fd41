//! Claim check: bytes too big for records are kept in an object store under their content hash.
//!
//! Owns the naming and the verification of blobs. Knows nothing of documents. Rule: a blob is stored before any record
//! that names it is emitted, and what is read back is what was named, or an error.

mod reader;
mod writer;

pub use reader::BlobReader;
pub use writer::BlobWriter;

use bytes::Bytes;
use docmill_contracts::{BlobRef, Class, Classify, Code, content_sha256};
use object_store::{
    GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem,
    path::Path as ObjectPath,
};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;

/// Largest blob that is read into memory, in bytes (an original, a page image or a page's words).
pub const MAX_BLOB_BYTES: i64 = 256 * 1024 * 1024;

/// Part of a blob in a folder, in bytes: all that a long file on its way takes of the memory.
const FOLDER_PART: usize = 256 << 10;

/// What can go wrong with blobs.
#[derive(Debug, Error)]
pub enum BlobError {
    /// A reference whose hash is not 64 lower-case hexadecimal digits.
    #[error("`{name}` is not a blob name")]
    Name {
        /// The name.
        name: String,
    },
    /// A reference to more bytes than are read into memory.
    #[error("blob {name} of {bytes} bytes exceeds the limit of {MAX_BLOB_BYTES} bytes")]
    TooLarge {
        /// The name.
        name: String,
        /// Its length.
        bytes: i64,
    },
    /// The store has no such blob.
    #[error("blob {name} is not in the store")]
    Missing {
        /// The name.
        name: String,
    },
    /// The store has other bytes under that name.
    #[error("blob {name} does not have the content that its name says")]
    Corrupt {
        /// The name.
        name: String,
    },
    /// The folder cannot be used.
    #[error("blob folder {folder} cannot be used: {source}")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The store fails for now.
    #[error("blob store: {source}")]
    Store {
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
}

impl Classify for BlobError {
    fn class(&self) -> Class {
        match self {
            Self::Name { .. } | Self::TooLarge { .. } => Class::Input,
            Self::Missing { .. } | Self::Corrupt { .. } => Class::Internal,
            Self::Store { .. } => Class::Transient,
            Self::Folder { .. } => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Name { .. } => "BLOB-0001",
            Self::TooLarge { .. } => "BLOB-0002",
            Self::Missing { .. } => "BLOB-0003",
            Self::Corrupt { .. } => "BLOB-0004",
            Self::Folder { .. } => "BLOB-0005",
            Self::Store { .. } => "BLOB-0006",
        })
    }
}

/// A store of blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Bytes of a part of a blob that is written piece by piece. A folder takes any; S3 wants five million at least.
    part: usize,
}

impl Blobs {
    /// Blobs in a local folder, which is created.
    pub fn local(folder: &Path) -> Result<Self, BlobError> {
        let failed = |source| BlobError::Folder { folder: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|source| BlobError::Store { source })?;
        Ok(Self { store: Arc::new(store), part: FOLDER_PART })
    }

    /// Stores bytes under their hash and names them. Storing the same bytes again changes nothing.
    pub async fn put(&self, bytes: Bytes) -> Result<BlobRef, BlobError> {
        let name = BlobRef::of(&bytes);
        let path = content_path(&name)?;
        match self.store.head(&path).await {
            Ok(meta) if meta.size == bytes.len() as u64 => return Ok(name),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(source) => return Err(BlobError::Store { source }),
        }
        self.store
            .put(&path, PutPayload::from_bytes(bytes))
            .await
            .map_err(|source| BlobError::Store { source })?;
        Ok(name)
    }

    /// The file of a blob, verified, for what reads here and there in it; none where the store keeps no files on this machine.
    pub async fn file(&self, name: &BlobRef) -> Result<Option<File>, BlobError> {
        let found = match self.store.get(&content_path(name)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(BlobError::Missing { name: name.sha256.clone() });
            }
            Err(source) => return Err(BlobError::Store { source }),
        };
        let GetResultPayload::File(file, path) = found.payload else { return Ok(None) };
        // The whole of it goes by once, so that nobody is given a part of something else.
        let failed = |source| BlobError::Folder { folder: path.display().to_string(), source };
        let read = tokio::task::spawn_blocking(move || hashed_file(&file).map(|found| (file, found)));
        let (file, found) = read.await.map_err(|e| failed(e.into()))?.map_err(failed)?;
        if found == *name { Ok(Some(file)) } else { Err(BlobError::Corrupt { name: name.sha256.clone() }) }
    }

    /// A blob that is read piece by piece, for files that are not held in memory.
    pub async fn reader(&self, name: &BlobRef) -> Result<BlobReader, BlobError> {
        BlobReader::open(self, name).await
    }

    /// A blob that is written piece by piece, for files that are not held in memory.
    pub fn writer(&self) -> BlobWriter {
        BlobWriter::new(self.clone())
    }

    /// The bytes of that name, verified.
    pub async fn get(&self, name: &BlobRef) -> Result<Bytes, BlobError> {
        if name.bytes > MAX_BLOB_BYTES {
            return Err(BlobError::TooLarge { name: name.sha256.clone(), bytes: name.bytes });
        }
        let bytes = self.read(&content_path(name)?, &name.sha256).await?;
        if i64::try_from(bytes.len()) != Ok(name.bytes) || content_sha256(&bytes) != name.sha256 {
            return Err(BlobError::Corrupt { name: name.sha256.clone() });
        }
        Ok(bytes)
    }

    /// The remembered result of expensive work, where there is one. `key`: [`memo_key`].
    pub async fn recall(&self, key: &str) -> Result<Option<Bytes>, BlobError> {
        match self.read(&memo_path(key)?, key).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(BlobError::Missing { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Remembers the result of expensive work, so that a re-run after a crash is a lookup.
    pub async fn remember(&self, key: &str, bytes: Bytes) -> Result<(), BlobError> {
        let put = self.store.put(&memo_path(key)?, PutPayload::from_bytes(bytes)).await;
        put.map(drop).map_err(|source| BlobError::Store { source })
    }

    async fn read(&self, path: &ObjectPath, name: &str) -> Result<Bytes, BlobError> {
        match self.store.get(path).await {
            Ok(found) => found.bytes().await.map_err(|source| BlobError::Store { source }),
            Err(object_store::Error::NotFound { .. }) => Err(BlobError::Missing { name: name.to_owned() }),
            Err(source) => Err(BlobError::Store { source }),
        }
    }
}

/// The name of what a file holds.
fn hashed_file(mut file: &File) -> std::io::Result<BlobRef> {
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; FOLDER_PART]);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(BlobRef { sha256: hex(&mut hash), bytes });
        }
        hash.update(&piece[..read]);
        bytes += i64::try_from(read).unwrap_or(0);
    }
}

/// The hash of what was fed, as names have it.
fn hex(hash: &mut Sha256) -> String {
    hash.finalize_reset().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    })
}

/// Key of a piece of work by everything that its result depends on: input hash, engine, model version, parameters.
pub fn memo_key(parts: &[&str]) -> String {
    content_sha256(parts.join("\u{0}").as_bytes())
}

fn hashed(prefix: &str, name: &str) -> Result<ObjectPath, BlobError> {
    let legal = name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match (legal, name.get(..2)) {
        (true, Some(shard)) => Ok(ObjectPath::from(format!("{prefix}/{shard}/{name}"))),
        _ => Err(BlobError::Name { name: name.chars().take(80).collect() }),
    }
}

fn content_path(name: &BlobRef) -> Result<ObjectPath, BlobError> {
    hashed("sha256", &name.sha256)
}

fn memo_path(key: &str) -> Result<ObjectPath, BlobError> {
    hashed("memo", key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_put_is_got_and_tampering_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let name = blobs.put(Bytes::from_static(b"hello")).await.unwrap();
        assert_eq!(blobs.put(Bytes::from_static(b"hello")).await.unwrap(), name);
        assert_eq!(blobs.get(&name).await.unwrap(), "hello");
        let file = blobs.file(&name).await.unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().len(), 5);
        std::fs::write(dir.path().join(format!("sha256/{}/{}", &name.sha256[..2], name.sha256)), "jello")
            .unwrap();
        assert!(matches!(blobs.get(&name).await, Err(BlobError::Corrupt { .. })));
        assert!(matches!(blobs.file(&name).await, Err(BlobError::Corrupt { .. })));
        let lost = BlobRef::of(b"lost");
        assert!(matches!(blobs.file(&lost).await, Err(BlobError::Missing { .. })));
    }

    #[tokio::test]
    async fn what_is_written_in_pieces_is_the_same_blob_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let whole: Vec<u8> = (0..20_000_000u32).map(|i| (i / 7) as u8).collect();
        for bytes in [&whole[..], &whole[..5], &[]] {
            let mut writer = blobs.writer();
            for piece in bytes.chunks(3_000_001) {
                writer.write(piece).await.unwrap();
            }
            let name = writer.finish().await.unwrap();
            assert_eq!(name, BlobRef::of(bytes));
            assert!(blobs.get(&name).await.unwrap() == bytes);
        }
        let left = std::fs::read_dir(dir.path().join("partial")).map_or(0, Iterator::count);
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn names_cannot_leave_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let name = BlobRef { sha256: "../../etc/passwd".into(), bytes: 1 };
        assert!(matches!(blobs.get(&name).await, Err(BlobError::Name { .. })));
        assert!(matches!(blobs.get(&BlobRef::of(b"none")).await, Err(BlobError::Missing { .. })));
    }

    #[tokio::test]
    async fn memos_are_recalled_by_their_key() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let key = memo_key(&["page", "v6"]);
        assert_eq!(blobs.recall(&key).await.unwrap(), None);
        blobs.remember(&key, Bytes::from_static(b"words")).await.unwrap();
        assert_eq!(blobs.recall(&key).await.unwrap().unwrap(), "words");
    }
}
