//! What a group keeps beside a committed position: which offsets above it are done, and which were being worked at.
//!
//! Format: `v2.<done>.<opens>.<marks>`, or the empty text for nothing, as other tools commit.
//! * `done`: unpadded base64 of a bit string, least significant bit first; bit i is offset position + i; trailing zeros cut.
//! * `opens`: how often a member began to work at this partition since the last of its records was done; 0 when the last
//!   member gave it back in order. A member that finds more than 0 follows one that died.
//! * `marks`: comma-separated `i:deaths`, offset position + i, and how many members ended while they worked at it; with a
//!   `!` in front where work at it had begun when this was committed.
//!
//! `v1.<done>` is read as well. Anything else is refused, never read as "nothing done".

use crate::topology::MAX_SPAN;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use docmill_contracts::{Class, Classify, Code};
use thiserror::Error;

/// Prefix of the format that is written.
const VERSION: &str = "v2.";
/// Prefix of the format before marks.
const OLD: &str = "v1.";
/// Most marks that are written: with the widest bitmap they still fit.
pub const MAX_MARKS: usize = 100;

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
    /// Not what this version writes, or longer than any window.
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

/// An offset that somebody worked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Offset, counted from the committed position.
    pub index: usize,
    /// Members that ended while they worked at it.
    pub deaths: u32,
    /// Work had begun.
    pub started: bool,
}

/// What is kept beside a position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Element i: whether offset position + i is done.
    pub done: Vec<bool>,
    /// Members that began since a record was last done; 0 when the last one gave the partition back in order.
    pub opens: u32,
    /// Offsets in work, and those that members died of.
    pub marks: Vec<Mark>,
}

impl Metadata {
    /// As text for the commit, at most [`crate::transport::MAX_METADATA_BYTES`].
    pub fn encode(&self) -> String {
        let done = bits(self.done.iter().copied().take(MAX_SPAN));
        if done.is_empty() && self.opens == 0 && self.marks.is_empty() {
            return String::new();
        }
        let marks: Vec<String> = self
            .marks
            .iter()
            .take(MAX_MARKS)
            .map(|m| format!("{}{}:{}", if m.started { "!" } else { "" }, m.index, m.deaths))
            .collect();
        format!("{VERSION}{done}.{}.{}", self.opens, marks.join(","))
    }

    /// Reads it back.
    pub fn decode(partition: i32, text: &str) -> Result<Self, MetadataError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let damaged = || MetadataError::Damaged { partition };
        if let Some(done) = text.strip_prefix(OLD) {
            let done = unpack(done).filter(|d| !d.is_empty()).ok_or_else(damaged)?;
            return Ok(Self { done, ..Self::default() });
        }
        let Some(rest) = text.strip_prefix(VERSION) else {
            return Err(MetadataError::Version { partition, start: text.chars().take(8).collect() });
        };
        let mut parts = rest.split('.');
        let (Some(done), Some(opens), Some(marks), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(damaged());
        };
        let marks = if marks.is_empty() {
            Some(Vec::new())
        } else {
            marks.split(',').take(MAX_MARKS + 1).map(mark).collect()
        };
        Ok(Self {
            done: unpack(done).ok_or_else(damaged)?,
            opens: opens.parse().map_err(|_| damaged())?,
            marks: marks.filter(|m: &Vec<Mark>| m.len() <= MAX_MARKS).ok_or_else(damaged)?,
        })
    }
}

fn mark(text: &str) -> Option<Mark> {
    let (started, text) = text.strip_prefix('!').map_or((false, text), |t| (true, t));
    let (index, deaths) = text.split_once(':')?;
    let index = index.parse().ok().filter(|i| *i < MAX_SPAN)?;
    Some(Mark { index, deaths: deaths.parse().ok()?, started })
}

fn bits(done: impl Iterator<Item = bool>) -> String {
    let mut bytes: Vec<u8> = Vec::new();
    for (i, bit) in done.enumerate() {
        if bit {
            bytes.resize(i / 8 + 1, 0);
            if let Some(byte) = bytes.last_mut() {
                *byte |= 1 << (i % 8);
            }
        }
    }
    BASE64.encode(bytes)
}

fn unpack(text: &str) -> Option<Vec<bool>> {
    let bytes = BASE64.decode(text).ok()?;
    (bytes.len() <= MAX_SPAN.div_ceil(8))
        .then(|| bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::MAX_METADATA_BYTES;
    use proptest::prelude::*;

    fn marks() -> impl Strategy<Value = Vec<Mark>> {
        let mark = (0..MAX_SPAN, 0u32..9, any::<bool>());
        proptest::collection::vec(
            mark.prop_map(|(index, deaths, started)| Mark { index, deaths, started }),
            0..20,
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(done in proptest::collection::vec(any::<bool>(), 0..600), opens in 0u32..9, marks in marks()) {
            let written = Metadata { done, opens, marks };
            let mut read = Metadata::decode(0, &written.encode()).unwrap();
            prop_assert!(read.done.len() <= written.done.len() + 7);
            read.done.resize(written.done.len().max(read.done.len()), false);
            prop_assert!(read.done[written.done.len()..].iter().all(|b| !b));
            read.done.truncate(written.done.len());
            prop_assert_eq!(read, written);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(v[12]\\.)?[A-Za-z0-9+/.,:!]{0,60}") {
            if let Ok(read) = Metadata::decode(0, &text) {
                prop_assert!(read.done.len() <= MAX_SPAN && read.marks.len() <= MAX_MARKS);
            }
        }
    }

    #[test]
    fn the_widest_window_fits_the_metadata_limit() {
        let mark = Mark { index: MAX_SPAN - 1, deaths: 9, started: true };
        let widest =
            Metadata { done: vec![true; MAX_SPAN + 9], opens: u32::MAX, marks: vec![mark; 2 * MAX_MARKS] };
        assert!(widest.encode().len() <= MAX_METADATA_BYTES, "{}", widest.encode().len());
    }

    #[test]
    fn nothing_is_the_empty_text_and_the_version_before_is_read() {
        assert_eq!(Metadata::default().encode(), "");
        assert_eq!(Metadata::decode(0, "v1.BQ").unwrap().done[..4], [true, false, true, false]);
        assert_eq!(Metadata::decode(0, "v2..3.!0:1,7:2").unwrap().encode(), "v2..3.!0:1,7:2");
    }

    #[test]
    fn foreign_and_damaged_metadata_is_refused_not_ignored() {
        assert!(matches!(Metadata::decode(3, "v9.AAAA"), Err(MetadataError::Version { partition: 3, .. })));
        for text in
            ["v1.***", "v1.", "v2.", "v2.AA", "v2.AA.x.", "v2.AA.0.5", "v2.AA.0.99999:1", "v2.AA.0..1"]
        {
            assert_eq!(Metadata::decode(3, text), Err(MetadataError::Damaged { partition: 3 }), "{text}");
        }
    }
}
