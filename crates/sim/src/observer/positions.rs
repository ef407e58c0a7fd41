//! Which offsets a committed position says are done: those before it, and those of its bitmap.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use std::collections::BTreeSet;

/// The bits of metadata.
pub fn bits(metadata: &str) -> Option<Vec<bool>> {
    let bytes = BASE64.decode(metadata.split('.').nth(1).unwrap_or_default()).ok()?;
    Some(bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect())
}

/// Offsets that are done.
#[derive(Debug, Clone, Default)]
pub(super) struct Done {
    frontier: i64,
    above: BTreeSet<i64>,
}

impl Done {
    /// Reads a position and its metadata, by itself and not by the runtime's own code: version, base64 of a bit string with
    /// the least significant bit first, and whatever follows.
    pub(super) fn parse(frontier: i64, metadata: &str) -> Option<Self> {
        let set = (frontier..).zip(bits(metadata)?);
        let above = set.filter(|(_, done)| *done).map(|(offset, _)| offset).collect();
        Some(Self { frontier, above })
    }

    pub(super) fn has(&self, offset: i64) -> bool {
        offset < self.frontier || self.above.contains(&offset)
    }
}
