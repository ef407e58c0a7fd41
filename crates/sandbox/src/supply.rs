//! What a child may ask for in the middle of a call: parts of one file.
//!
//! The child gets bytes, never the file. Rule: it gets no other bytes than those of the document that the call is about.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Most bytes of one answer.
const MOST: u32 = 1024 * 1024;

/// A document that is too long to be sent as a whole. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Supply {
    file: Arc<File>,
    bytes: u64,
}

impl Supply {
    /// The first `bytes` bytes of a file.
    pub fn new(file: Arc<File>, bytes: u64) -> Self {
        Self { file, bytes }
    }

    /// How many bytes there are.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Offset and length that a child's question asks for; an error where there is no such part.
    pub(crate) fn range(&self, question: &[u8]) -> Result<(u64, u32), &'static str> {
        let (offset, length) = parse(question).ok_or("no question")?;
        if length > MOST || offset.checked_add(length.into()).is_none_or(|end| end > self.bytes) {
            return Err("asked for bytes that there are not");
        }
        Ok((offset, length))
    }

    pub(crate) async fn read(&self, (offset, length): (u64, u32)) -> io::Result<Vec<u8>> {
        let file = Arc::clone(&self.file);
        let read = move || {
            let mut bytes = vec![0; length as usize];
            file.read_exact_at(&mut bytes, offset).map(|()| bytes)
        };
        spawn_blocking(read).await?
    }
}

/// A question: the offset as little-endian u64, the length as u32.
pub(crate) fn question(offset: u64, length: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&offset.to_le_bytes());
    bytes[8..].copy_from_slice(&length.to_le_bytes());
    bytes
}

fn parse(question: &[u8]) -> Option<(u64, u32)> {
    let (offset, rest) = question.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*offset), u32::from_le_bytes(rest.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_outside_of_the_document_can_be_asked_for() {
        let file = File::open("/dev/null").unwrap();
        let supply = Supply::new(Arc::new(file), 100);
        assert_eq!(supply.range(&question(90, 10)), Ok((90, 10)));
        assert_eq!(supply.range(&question(100, 0)), Ok((100, 0)));
        for (offset, length) in [(91, 10), (u64::MAX, 1), (0, u32::MAX), (101, 0)] {
            assert!(supply.range(&question(offset, length)).is_err(), "{offset} {length}");
        }
        let long = Supply { bytes: u64::MAX, ..supply };
        assert!(long.range(&question(0, MOST)).is_ok() && long.range(&question(0, MOST + 1)).is_err());
        assert!(long.range(&question(0, 1)[..11]).is_err() && long.range(&[]).is_err());
    }
}
