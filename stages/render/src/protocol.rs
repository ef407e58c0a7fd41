//! What parent and child say to each other: a small JSON head, then bytes.
//!
//! A request is a [`Request`] and the document, unless it is a long one. A reply is one part for each [`Reply`], with the bytes that belong to it.
//! The child has read untrusted bytes, so the parent checks whatever it says.

use crate::Config;
use bytes::Bytes;
use docmill_contracts::{PackedRules, PackedWords, Password};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Most characters of one page that are taken.
pub(crate) const MAX_CHARACTERS: u32 = 500_000;

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Type of the document that follows.
    pub(crate) media_type: String,
    /// Its length, where it does not follow: the child asks for the parts that it needs.
    pub(crate) supplied: Option<u64>,
    /// Its password.
    pub(crate) password: Option<Password>,
    /// What to do with it.
    pub(crate) task: Task,
    /// How.
    pub(crate) rules: Rules,
}

/// What to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Count its pages and look for an e-invoice; read it at once where it is short and every page has a good text layer.
    Plan,
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
    pub(crate) scan_min_clean: f32,
    pub(crate) max_garbage_ratio: f32,
    pub(crate) max_objects: u32,
    pub(crate) trust: Trust,
    pub(crate) dpi: f32,
    pub(crate) max_side: u32,
    pub(crate) max_pixels: u64,
    pub(crate) max_pages: u32,
    pub(crate) short_pages: u32,
    pub(crate) max_xml_bytes: u32,
    /// Whether to look for an e-invoice.
    pub(crate) xml: bool,
}

impl Rules {
    /// What the settings say.
    pub(crate) fn of(c: &Config, trust: Trust) -> Self {
        Self {
            min_characters: c.min_characters,
            min_alpha_ratio: c.min_alpha_ratio,
            scan_coverage: c.scan_coverage,
            scan_min_characters: c.scan_min_characters,
            scan_min_clean: c.scan_min_clean,
            max_garbage_ratio: c.max_garbage_ratio,
            max_objects: c.max_objects,
            trust,
            dpi: c.dpi,
            max_side: c.max_side,
            max_pixels: u64::from(c.max_megapixels) * 1_000_000,
            max_pages: c.max_pages,
            short_pages: c.short_pages,
            max_xml_bytes: c.max_xml_bytes,
            xml: true,
        }
    }
}

/// How far a text layer is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trust {
    Trusted,
    Sampled,
    Never,
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
    WrongPassword,
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
    /// What was noticed.
    pub(crate) note: Note,
    /// What it holds.
    pub(crate) content: Content,
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Content {
    /// Words of its text layer.
    Words(Columns),
    /// A PNG for OCR.
    Image { dpi: f32 },
    /// Words of its text layer, then a PNG to compare them with.
    Both { words: Columns, dpi: f32 },
    /// Nothing at all.
    Empty,
    /// It cannot be read.
    Failed(Fault),
}

/// Words as columns in a row: text of `text` bytes, then `count` boxes, then `count` lines; then `rules` bytes of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Columns {
    pub(crate) count: u32,
    pub(crate) text: u32,
    pub(crate) rules: u32,
}

impl Columns {
    /// What `words` and `rules` take.
    pub(crate) fn of(words: &PackedWords, rules: &PackedRules) -> Self {
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let count = u32::try_from(words.count).unwrap_or(0);
        Self { count, text: length(words.text.len()), rules: length(rules.as_bytes().len()) }
    }

    /// Bytes of all columns.
    pub(crate) fn size(self) -> Option<usize> {
        let n = usize::try_from(self.count).ok()?;
        let rules = usize::try_from(self.rules).ok()?;
        usize::try_from(self.text).ok()?.checked_add(n.checked_mul(20)?)?.checked_add(rules)
    }
}

/// What was noticed about a page. No sentences: the parent finds the words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Why its words come from where they do.
    pub(crate) why: Why,
    /// Words that are in the text layer and cannot be seen.
    pub(crate) hidden: Hidden,
    /// About the attachments of the document; of its first page alone.
    pub(crate) attached: Attached,
}

/// What was noticed about the e-invoices among the attachments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attached {
    /// Those that should be e-invoices and were not read, with the reason.
    pub(crate) unread: Vec<(String, Unread)>,
    /// One that contradicts the one that is handed on.
    pub(crate) second: Option<Second>,
}

impl Attached {
    /// Most attachments that are told.
    const MOST: usize = 8;

    /// Adds one that was not read.
    pub(crate) fn tell(&mut self, name: String, why: Unread) {
        if self.unread.len() < Self::MOST {
            self.unread.push((name, why));
        }
    }
}

/// Why an attachment was not read as an e-invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unread {
    Empty,
    TooLarge {
        limit: u32,
    },
    /// It is no XML of an e-invoice.
    Unknown,
    /// There is another e-invoice, and this one is no XML that may be read.
    Refused,
    /// There is another e-invoice, and the two cannot be compared.
    Second,
}

/// Two e-invoices that say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Second {
    /// Name of the one that is handed on.
    pub(crate) used: String,
    /// Name of the other one.
    pub(crate) other: String,
    /// What they say differently.
    pub(crate) differs: Vec<String>,
}

/// Why the words of a page come from where they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Why {
    /// It goes without saying.
    #[default]
    Plain,
    /// Text layer: a scanner put it there, and it is good.
    ScannerGood { clean: f32 },
    /// Text layer: it is drawn on an image.
    OverImage { images: f32 },
    /// OCR: a scanner put a text layer there, and it is poor.
    ScannerPoor { clean: f32 },
    /// OCR: there is none.
    NoText,
    /// OCR: there is hardly any.
    LittleText { characters: u32 },
    /// OCR: the share of letters and digits is too low.
    NotLanguage { share: f32 },
    /// OCR: this share of the glyphs stands for no character.
    Garbage { share: f32 },
    /// OCR: whoever submitted the document wanted it.
    NotTrusted,
}

/// Words that are in a text layer and cannot be seen, by what hides them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hidden {
    /// Drawn in a way that shows nothing.
    pub(crate) invisible: u32,
    /// Of the colour of what is behind.
    pub(crate) background: u32,
    /// Under something that was painted over them.
    pub(crate) covered: u32,
    /// Cut off.
    pub(crate) clipped: u32,
    /// Too small for anybody.
    pub(crate) tiny: u32,
    /// Beside the page.
    pub(crate) outside: u32,
}

/// Why a page cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    Damaged,
    TooManyPixels { width: u32, height: u32 },
    Format { format: String },
    TooMuchText,
    TooManyObjects { objects: u32 },
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

/// The words and rules of these columns, and what comes after them; none where the bytes are not what they say.
pub(crate) fn words(columns: Columns, bytes: &Bytes) -> Option<(PackedWords, PackedRules, Bytes)> {
    let n = usize::try_from(columns.count).ok()?;
    let text_end = usize::try_from(columns.text).ok()?;
    let boxes_end = text_end.checked_add(n.checked_mul(16)?)?;
    let lines_end = boxes_end.checked_add(n.checked_mul(4)?)?;
    let end = columns.size()?;
    let words = PackedWords {
        count: i32::try_from(columns.count).ok()?,
        text: std::str::from_utf8(bytes.get(..text_end)?).ok()?.to_owned(),
        boxes: bytes.get(text_end..boxes_end)?.to_vec(),
        confidence: Vec::new(),
        lines: bytes.get(boxes_end..lines_end)?.to_vec(),
    };
    let rules = PackedRules::from_bytes(bytes.get(lines_end..end)?)?;
    // Text without words is no text of a page.
    let texts = if n == 0 && words.text.is_empty() { 0 } else { words.text.split('\n').count() };
    let finite = words.boxes.as_chunks::<4>().0.iter().all(|v| f32::from_le_bytes(*v).is_finite());
    (texts == n && finite).then(|| (words, rules, bytes.slice(end..)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_contracts::{Rule, Word};

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
        let rules = PackedRules::pack(&[Rule::between([1.0, 2.0], [30.0, 2.0])]);
        let columns = Columns::of(&packed, &rules);
        assert_eq!(columns, Columns { count: 2, text: 3, rules: 8 });
        let mut bytes = bytes_of(&packed).to_vec();
        bytes.extend(rules.as_bytes());
        bytes.extend(b"png");
        assert_eq!(words(columns, &bytes.into()), Some((packed, rules, Bytes::from_static(b"png"))));
    }

    #[test]
    fn a_lying_child_is_not_believed() {
        let word = Word { text: "a".into(), bbox: [f32::NAN; 4], confidence: 1.0, line: 3 };
        let packed = PackedWords::pack(&[word]);
        let columns = |count, text| Columns { count, text, rules: 0 };
        let sane = Word { text: "a".into(), bbox: [1.0; 4], confidence: 1.0, line: 3 };
        let odd = [bytes_of(&PackedWords::pack(&[sane])).as_ref(), &[0; 9]].concat();
        assert_eq!(words(Columns { rules: 9, ..columns(1, 1) }, &odd.into()), None, "rules must be whole");
        assert_eq!(words(columns(1, 1), &bytes_of(&packed)), None, "boxes must be finite");
        assert_eq!(words(columns(2, 1), &bytes_of(&packed)), None, "lengths must fit");
        assert_eq!(words(columns(u32::MAX, u32::MAX), &Bytes::new()), None);
        assert_eq!(decode::<Reply>(&[255, 255, 255, 255, b'{']), None);
    }
}
