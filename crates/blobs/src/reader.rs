//! Blobs that are read piece by piece, for files that are not held in memory.

use crate::{BlobError, Blobs, content_path};
use bytes::Bytes;
use docmill_contracts::BlobRef;
use futures::stream::{BoxStream, StreamExt};
use object_store::ObjectStoreExt;
use sha2::{Digest, Sha256};
use std::fmt;

/// Longest line that is read, in bytes.
const MAX_LINE_BYTES: usize = 16 << 20;

/// A blob on its way. Rule: the last piece is followed by an error where the whole is not what its name says, so that
/// nothing may be made of the pieces before the end was reached.
pub struct BlobReader {
    name: BlobRef,
    pieces: BoxStream<'static, object_store::Result<Bytes>>,
    hash: Sha256,
    bytes: i64,
    /// The end was reached, and all was what it should be.
    ended: bool,
    /// What was read and not yet given out as lines.
    rest: Vec<u8>,
    /// Where in `rest` the next line begins.
    at: usize,
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobReader").field("name", &self.name).finish_non_exhaustive()
    }
}

impl BlobReader {
    pub(crate) async fn open(blobs: &Blobs, name: &BlobRef) -> Result<Self, BlobError> {
        let found = match blobs.store.get(&content_path(name)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(BlobError::Missing { name: name.sha256.clone() });
            }
            Err(source) => return Err(BlobError::Store { source }),
        };
        Ok(Self {
            name: name.clone(),
            pieces: found.into_stream(),
            hash: Sha256::new(),
            bytes: 0,
            ended: false,
            rest: Vec::new(),
            at: 0,
        })
    }

    /// The next piece; none at the end of a blob that is what its name says.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        if self.ended {
            return Ok(None);
        }
        match self.pieces.next().await {
            Some(piece) => {
                let piece = piece.map_err(|source| BlobError::Store { source })?;
                self.hash.update(&piece);
                self.bytes = self.bytes.saturating_add(i64::try_from(piece.len()).unwrap_or(i64::MAX));
                if self.bytes > self.name.bytes { Err(self.corrupt()) } else { Ok(Some(piece)) }
            }
            None if self.bytes == self.name.bytes && crate::hex(&mut self.hash) == self.name.sha256 => {
                self.ended = true;
                Ok(None)
            }
            None => Err(self.corrupt()),
        }
    }

    /// The next line without its line feed; none at the end of a blob that is what its name says.
    pub async fn next_line(&mut self) -> Result<Option<&[u8]>, BlobError> {
        let mut looked = self.at;
        let end = loop {
            let found = self.rest.get(looked..).and_then(|new| new.iter().position(|b| *b == b'\n'));
            if let Some(length) = found {
                break looked + length;
            }
            looked = self.rest.len();
            if looked - self.at > MAX_LINE_BYTES {
                return Err(BlobError::TooLarge { name: self.name.sha256.clone(), bytes: self.name.bytes });
            }
            let Some(piece) = self.next().await? else {
                if self.at == self.rest.len() {
                    return Ok(None);
                }
                // The last line may have no line feed.
                break self.rest.len();
            };
            self.rest.drain(..self.at);
            (looked, self.at) = (looked - self.at, 0);
            self.rest.extend_from_slice(&piece);
        };
        let line = self.at..end;
        self.at = (end + 1).min(self.rest.len());
        Ok(self.rest.get(line))
    }

    fn corrupt(&self) -> BlobError {
        BlobError::Corrupt { name: self.name.sha256.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(blobs: &Blobs, name: &BlobRef) -> Result<Vec<String>, BlobError> {
        let (mut reader, mut lines) = (blobs.reader(name).await?, Vec::new());
        while let Some(line) = reader.next_line().await? {
            lines.push(String::from_utf8_lossy(line).into_owned());
        }
        Ok(lines)
    }

    #[tokio::test]
    async fn lines_come_one_by_one_whatever_the_pieces_are() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let long: Vec<String> = (0..3000).map(|i| "x".repeat(i % 97)).collect();
        for want in [vec!["a", "", "b"], long.iter().map(String::as_str).collect(), vec![]] {
            let ended: String = want.iter().flat_map(|line| [*line, "\n"]).collect();
            for text in [ended.trim_end_matches('\n'), &ended] {
                let name = blobs.put(Bytes::from(text.to_owned())).await.unwrap();
                assert_eq!(lines(&blobs, &name).await.unwrap(), want);
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_what_its_name_says_ends_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let name = blobs.put(Bytes::from_static(b"a\nb\n")).await.unwrap();
        let path = folder.path().join(format!("sha256/{}/{}", &name.sha256[..2], name.sha256));
        for other in ["a\nc\n", "a\n", "a\nb\nc\n"] {
            std::fs::write(&path, other).unwrap();
            assert!(matches!(lines(&blobs, &name).await, Err(BlobError::Corrupt { .. })), "{other:?}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(lines(&blobs, &name).await, Err(BlobError::Missing { .. })));
    }
}
