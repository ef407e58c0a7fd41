//! The directories of a TIFF, read by hand: the decoder refuses to pass an image whose compression it does not know.
//!
//! Owns which images of a file are pages, and where an entry of one stands. Rule: a chain of pages that breaks off ends with a
//! page that is damaged; what was lost there is not passed over.

use std::collections::HashSet;

/// A page of a TIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::child) enum Page {
    /// The image of that index.
    Image {
        index: usize,
        /// Where its directory is.
        at: u64,
    },
    /// The file is cut off, or damaged, where this one should be.
    Lost,
}

/// How numbers are written in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    bytes: &'a [u8],
    little: bool,
    count_len: u64,
    entry_len: u64,
    offset_len: u64,
}

impl<'a> Layout<'a> {
    /// The layout, and where the first directory is; none where it is no TIFF.
    pub(super) fn of(bytes: &'a [u8]) -> Option<(Self, u64)> {
        let little = match bytes.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let mut layout = Self { bytes, little, count_len: 2, entry_len: 12, offset_len: 4 };
        let first = match layout.number(2, 2)? {
            42 => 4,
            43 => {
                (layout.count_len, layout.entry_len, layout.offset_len) = (8, 20, 8);
                8
            }
            _ => return None,
        };
        Some((layout, layout.number(first, layout.offset_len)?))
    }

    fn number(&self, at: u64, len: u64) -> Option<u64> {
        let from = usize::try_from(at).ok()?;
        let field = self.bytes.get(from..from.checked_add(usize::try_from(len).ok()?)?)?;
        let add = |n: u64, b: &u8| n << 8 | u64::from(*b);
        Some(if self.little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) })
    }

    /// Entries of the directory at `at`.
    fn entries(&self, at: u64) -> Option<u64> {
        self.number(at, self.count_len).filter(|n| *n <= 65_536)
    }

    fn entry(&self, at: u64, i: u64) -> Option<u64> {
        at.checked_add(self.count_len)?.checked_add(i.checked_mul(self.entry_len)?)
    }

    /// Where the value of a tag stands, of a directory whose tags come in order.
    fn value(&self, at: u64, tag: u64) -> Option<u64> {
        let entries = self.entries(at)?;
        let mut all = (0..entries).map_while(|i| {
            let entry = self.entry(at, i)?;
            Some((entry, self.number(entry, 2)?))
        });
        let (entry, _) = all.find(|(_, number)| *number == tag)?;
        Some(entry + self.entry_len - self.offset_len)
    }

    /// The file with another 16-bit value of a tag.
    pub(super) fn with_value(&self, at: u64, tag: u64, value: u16) -> Option<Vec<u8>> {
        let from = usize::try_from(self.value(at, tag)?).ok()?;
        let mut bytes = self.bytes.to_vec();
        let value = if self.little { value.to_le_bytes() } else { value.to_be_bytes() };
        bytes.get_mut(from..from + 2)?.copy_from_slice(&value);
        Some(bytes)
    }
}

/// The images that are pages, thumbnails not among them; none where it is no TIFF. Stops a little over `limit`, and at a circle.
pub(in crate::child) fn pages(bytes: &[u8], limit: u32) -> Option<Vec<Page>> {
    /// Of the tag that says what kind of image it is, the bit for a smaller version of another.
    const THUMBNAIL: u64 = 1;
    const SUBFILE: u64 = 254;
    let (layout, mut at) = Layout::of(bytes)?;
    let (mut seen, mut pages) = (HashSet::new(), Vec::new());
    for index in 0.. {
        if at == 0 || !seen.insert(at) || pages.len() > limit as usize || index > 4 * limit as usize {
            break;
        }
        let next = layout
            .entries(at)
            .and_then(|entries| layout.number(layout.entry(at, entries)?, layout.offset_len));
        let Some(next) = next else {
            pages.push(Page::Lost);
            break;
        };
        let subfile = layout.value(at, SUBFILE).and_then(|value| layout.number(value, 4));
        if subfile.unwrap_or(0) & THUMBNAIL == 0 {
            pages.push(Page::Image { index, at });
        }
        at = next;
    }
    Some(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two little-endian directories of one entry each: the kind of image, and what follows the second.
    fn file(kinds: [u32; 2], next: u32) -> Vec<u8> {
        let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
        for (kind, next) in kinds.into_iter().zip([26, next]) {
            bytes.extend([1, 0, 254, 0, 4, 0, 1, 0, 0, 0]);
            bytes.extend(kind.to_le_bytes());
            bytes.extend(u32::to_le_bytes(next));
        }
        bytes
    }

    #[test]
    fn a_chain_that_breaks_off_ends_with_a_lost_page() {
        let first = Page::Image { index: 0, at: 8 };
        let second = Page::Image { index: 1, at: 26 };
        let whole = file([0, 0], 0);
        assert_eq!(pages(&whole, 9), Some(vec![first, second]));
        assert_eq!(pages(&file([0, 1], 0), 9), Some(vec![first]), "a thumbnail is no page");
        assert_eq!(pages(&whole[..30], 9), Some(vec![first, Page::Lost]));
        assert_eq!(pages(&whole[..26], 9), Some(vec![first, Page::Lost]));
        assert_eq!(pages(&file([0, 0], 9000), 9), Some(vec![first, second, Page::Lost]));
        assert_eq!(pages(&file([0, 0], 8), 9), Some(vec![first, second]), "a circle is no third page");
        assert_eq!(pages(b"no TIFF", 9), None);
    }

    #[test]
    fn a_value_can_be_another() {
        let bytes = file([7, 0], 0);
        let (layout, at) = Layout::of(&bytes).unwrap();
        let other = layout.with_value(at, 254, 3).unwrap();
        assert_eq!((other.len(), &other[18..20]), (bytes.len(), [3, 0].as_slice()));
        assert_eq!(layout.with_value(at, 262, 3), None);
    }
}
