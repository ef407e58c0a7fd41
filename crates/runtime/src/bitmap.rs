//! The offsets above the frontier that are done, as text for the commit metadata.
//!
//! Format: `v1.` and unpadded base64 of a bit string, least significant bit first; bit i is offset frontier + i.
//! Trailing zeros are cut; nothing done above the frontier is the empty text, as are offsets that other tools commit.
//! Anything else is refused, never read as "nothing done".

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use docmill_contracts::{Class, Classify, Code};
use thiserror::Error;

/// Prefix of the format.
const VERSION: &str = "v1.";

/// Commit metadata that this build cannot read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MetadataError {
    /// Written by another program or a newer version.
    #[error(
        "commit metadata of partition {partition} begins with `{start}`, expected `{VERSION}`: written by another version?"
    )]
    Version {
        /// Partition.
        partition: i32,
        /// Its first characters.
        start: String,
    },
    /// Not base64, or longer than any window.
    #[error("commit metadata of partition {partition} is damaged")]
    Damaged {
        /// Partition.
        partition: i32,
    },
}

impl Classify for MetadataError {
    fn class(&self) -> Class {
        Class::Fatal
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Version { .. } => "RUNTIME-0001",
            Self::Damaged { .. } => "RUNTIME-0002",
        })
    }
}

/// Writes the bits; `done` yields, for offset frontier + i in order, whether it is done.
pub fn encode(done: impl Iterator<Item = bool>) -> String {
    let mut bytes: Vec<u8> = Vec::new();
    for (i, bit) in done.enumerate() {
        if bit {
            bytes.resize(i / 8 + 1, 0);
            if let Some(byte) = bytes.last_mut() {
                *byte |= 1 << (i % 8);
            }
        }
    }
    if bytes.is_empty() { String::new() } else { format!("{VERSION}{}", BASE64.encode(bytes)) }
}

/// Reads them back, at most `max_span` of them.
pub fn decode(partition: i32, metadata: &str, max_span: usize) -> Result<Vec<bool>, MetadataError> {
    if metadata.is_empty() {
        return Ok(Vec::new());
    }
    let Some(text) = metadata.strip_prefix(VERSION) else {
        return Err(MetadataError::Version { partition, start: metadata.chars().take(8).collect() });
    };
    let bytes = BASE64.decode(text).map_err(|_| MetadataError::Damaged { partition })?;
    if bytes.is_empty() || bytes.len() > max_span.div_ceil(8) {
        return Err(MetadataError::Damaged { partition });
    }
    Ok(bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{topology::MAX_SPAN, transport::MAX_METADATA_BYTES};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(done in proptest::collection::vec(any::<bool>(), 0..600)) {
            let text = encode(done.iter().copied());
            let mut read = decode(0, &text, MAX_SPAN).unwrap();
            prop_assert!(read.len() <= done.len() + 7);
            read.resize(done.len().max(read.len()), false);
            prop_assert_eq!(&read[..done.len()], &done[..]);
            prop_assert!(read[done.len()..].iter().all(|b| !b));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            if let Ok(done) = decode(0, &text, 64) {
                prop_assert!(done.len() <= 64);
            }
        }
    }

    #[test]
    fn the_widest_window_fits_the_metadata_limit() {
        assert!(encode(std::iter::repeat_n(true, MAX_SPAN)).len() <= MAX_METADATA_BYTES);
    }

    #[test]
    fn foreign_and_damaged_metadata_is_refused_not_ignored() {
        assert!(matches!(decode(3, "v2.AAAA", 64), Err(MetadataError::Version { partition: 3, .. })));
        assert_eq!(decode(3, "v1.***", 64), Err(MetadataError::Damaged { partition: 3 }));
        assert_eq!(decode(3, "v1.", 64), Err(MetadataError::Damaged { partition: 3 }));
        assert_eq!(
            decode(3, &encode(std::iter::repeat_n(true, 100)), 64),
            Err(MetadataError::Damaged { partition: 3 })
        );
    }
}
