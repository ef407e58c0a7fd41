//! Records about pages, and the state that gathers them.

use super::{DocumentHead, Problem};
use crate::{BlobRef, ErrorInfo, PackedRules, PackedWords};
use serde::{Deserialize, Serialize};

/// Where a page's words come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextSource {
    /// Nowhere: an empty page, or one that failed.
    #[default]
    None,
    /// The PDF's own text layer.
    TextLayer,
    /// Optical character recognition.
    Ocr,
}

/// One page and its words. Words are inline for short documents and a blob for long ones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// From 1.
    pub page_no: i32,
    /// Width in points, upright.
    pub width: f32,
    /// Height in points, upright.
    pub height: f32,
    /// Where the words come from.
    pub text_source: TextSource,
    /// Engine that read it; empty when nothing has.
    pub engine: String,
    /// Its version.
    pub engine_version: String,
    /// Mean confidence of the words, 0..=1.
    pub confidence: Option<f64>,
    /// The words, inline.
    pub words: Option<PackedWords>,
    /// The words as Avro datum of [`PackedWords`], and behind them the rules; see [`crate::Codec::words_to_blob`].
    pub words_blob: Option<BlobRef>,
    /// Rendered page as PNG, for pages that need OCR.
    pub image: Option<BlobRef>,
    /// Resolution of the image in dots per inch.
    pub image_dpi: Option<f32>,
    /// Why the page could not be read; such a page has no words.
    pub error: Option<ErrorInfo>,
    /// Milliseconds spent on the page so far.
    pub ms: i32,
    /// Why its words come from where they do, for a person; none where it goes without saying.
    #[serde(default)]
    pub text_reason: Option<String>,
    /// Layout of the page as JSON; none where none was asked for.
    #[serde(default)]
    pub layout: Option<BlobRef>,
    /// What was noticed about the page: hidden text, a text layer that says something else than the page shows.
    #[serde(default)]
    pub problems: Vec<Problem>,
    /// Drawn lines, where the words are inline; with words in a blob they are there.
    #[serde(default)]
    pub rules: PackedRules,
}

/// A range of at most 32 pages to be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagesPlanned {
    /// The document.
    pub head: DocumentHead,
    /// Pages of the whole document.
    pub page_count: i32,
    /// From 1.
    pub first_page: i32,
    /// Inclusive.
    pub last_page: i32,
}

/// One page with its text layer, or with an image where it needs OCR.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageRendered {
    /// The document.
    pub head: DocumentHead,
    /// Pages of the whole document.
    pub page_count: i32,
    /// The page.
    pub page: Page,
}

/// One page that is done: read, or failed with an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageRecognized {
    /// The document.
    pub head: DocumentHead,
    /// Pages of the whole document.
    pub page_count: i32,
    /// The page.
    pub page: Page,
}

impl PageRecognized {
    /// Says, in place of pages that nobody can read any more, that the document cannot be complete.
    pub fn lost(head: DocumentHead, error: ErrorInfo) -> Self {
        Self { head, page_count: 0, page: Page { page_no: 0, error: Some(error), ..Page::default() } }
    }

    /// The error of a document that cannot be complete; see [`PageRecognized::lost`].
    pub fn lost_to(&self) -> Option<&ErrorInfo> {
        self.page.error.as_ref().filter(|_| self.page.page_no == 0)
    }
}

/// Pages of a document that is being assembled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatherState {
    /// The document; none once closed.
    pub head: Option<DocumentHead>,
    /// Pages of the whole document.
    pub page_count: i32,
    /// Revision being gathered, or the last one closed.
    pub revision: i32,
    /// True once the document was assembled.
    pub closed: bool,
    /// When its first page came, milliseconds since 1970 UTC.
    pub opened_at: i64,
    /// Pages so far, ordered by page number.
    pub pages: Vec<Page>,
}
