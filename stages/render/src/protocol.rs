//! What parent and child say to each other: a small JSON head, then bytes.
//!
//! A request is a [`Request`] and the document. A reply is one part for each [`Reply`], with the bytes that belong to it.
//! The child has read untrusted bytes, so the parent checks whatever it says.

use bytes::Bytes;
use docmill_contracts::PackedWords;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Most characters of one page that are taken.
pub(crate) const MAX_CHARACTERS: u32 = 500_000;

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Type of the document that follows.
    pub(crate) media_type: String,
    /// What to do with it.
    pub(crate) task: Task,
    /// How.
    pub(crate) rules: Rules,
}

/// What to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Count its pages and look for an e-invoice; read it at once where it is short and every page has a good text layer.
    Plan {
        /// Look for an e-invoice.
        xml: bool,
    },
    /// Read these pages, from 1, the last inclusive.
    Pages {
        /// First page.
        first: u32,
        /// Last page.
        last: u32,
    },
}

/// Thresholds and caps; see [`crate::Config`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) min_characters: u32,
    pub(crate) min_alpha_ratio: f32,
    pub(crate) scan_coverage: f32,
    pub(crate) scan_min_characters: u32,
    pub(crate) dpi: f32,
    pub(crate) max_side: u32,
    pub(crate) max_pixels: u64,
    pub(crate) max_pages: u32,
    pub(crate) short_pages: u32,
    pub(crate) max_xml_bytes: u32,
}

/// One part of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// The document opens. Bytes: the e-invoice, where there is one.
    Document {
        /// Its pages.
        pages: u32,
        /// Name of the e-invoice.
        xml: Option<String>,
    },
    /// The document is not taken.
    Refused(Refusal),
    /// A page. Bytes: its words or its image.
    Page(PageReply),
    /// Not every page has a good text layer: the document is no short one after all.
    NotShort,
}

/// Why a document is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Encrypted,
    Unreadable,
    NoPages,
    TooManyPages { pages: u32 },
}

/// A page that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PageReply {
    /// From 1.
    pub(crate) page: u32,
    /// Points, upright.
    pub(crate) width: f32,
    /// Points, upright.
    pub(crate) height: f32,
    /// Milliseconds.
    pub(crate) ms: u32,
    /// What it holds.
    pub(crate) content: Content,
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Content {
    /// Words of its text layer: columns in a row, text of `text` bytes first, then boxes, then lines.
    Words { count: u32, text: u32 },
    /// A PNG for OCR.
    Image { dpi: f32 },
    /// Nothing at all.
    Empty,
    /// It cannot be read.
    Failed(Fault),
}

/// Why a page cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    Damaged,
    TooManyPixels { width: u32, height: u32 },
    Format { format: String },
    TooMuchText,
}

/// Head and length of a message, to be followed by its bytes.
pub(crate) fn encode(head: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(head).unwrap_or_default();
    let mut out = Vec::with_capacity(json.len() + 4);
    out.extend_from_slice(&u32::try_from(json.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&json);
    out
}

/// Head of a message and where its bytes start.
pub(crate) fn decode<T: DeserializeOwned>(message: &[u8]) -> Option<(T, usize)> {
    let (len, rest) = message.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    Some((serde_json::from_slice(rest.get(..len)?).ok()?, len + 4))
}

/// The words of a [`Content::Words`]; none where the bytes are not what it says.
pub(crate) fn words(count: u32, text: u32, bytes: &Bytes) -> Option<PackedWords> {
    let n = usize::try_from(count).ok()?;
    let text_len = usize::try_from(text).ok()?;
    let boxes_end = text_len.checked_add(n.checked_mul(16)?)?;
    if bytes.len() != boxes_end.checked_add(n * 4)? {
        return None;
    }
    let words = PackedWords {
        count: i32::try_from(count).ok()?,
        text: std::str::from_utf8(bytes.get(..text_len)?).ok()?.to_owned(),
        boxes: bytes.get(text_len..boxes_end)?.to_vec(),
        confidence: Vec::new(),
        lines: bytes.get(boxes_end..)?.to_vec(),
    };
    let texts = if n == 0 { 0 } else { words.text.split('\n').count() };
    let finite = words.boxes.as_chunks::<4>().0.iter().all(|v| f32::from_le_bytes(*v).is_finite());
    (texts == n && finite).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_contracts::Word;

    fn bytes_of(packed: &PackedWords) -> Bytes {
        [packed.text.as_bytes(), &packed.boxes, &packed.lines].concat().into()
    }

    #[test]
    fn heads_and_words_survive_the_pipe() {
        let reply = Reply::Refused(Refusal::TooManyPages { pages: 7 });
        let mut message = encode(&reply);
        let start = message.len();
        message.extend(b"bytes");
        assert_eq!(decode::<Reply>(&message), Some((reply, start)));
        let word = Word { text: "a".into(), bbox: [1.0; 4], confidence: 1.0, line: 3 };
        let packed = PackedWords::pack(&[word.clone(), word]);
        assert_eq!(words(2, 3, &bytes_of(&packed)), Some(packed));
    }

    #[test]
    fn a_lying_child_is_not_believed() {
        let word = Word { text: "a".into(), bbox: [f32::NAN; 4], confidence: 1.0, line: 3 };
        let packed = PackedWords::pack(&[word]);
        assert_eq!(words(1, 1, &bytes_of(&packed)), None, "boxes must be finite");
        assert_eq!(words(2, 1, &bytes_of(&packed)), None, "lengths must fit");
        assert_eq!(words(u32::MAX, u32::MAX, &Bytes::new()), None);
        assert_eq!(decode::<Reply>(&[255, 255, 255, 255, b'{']), None);
    }
}
