//! What an extractor is: from the words of a document's pages to its fields.
//!
//! Knows no topic, no blob and no field by name. Rule: an extractor asks for the pages that it needs, one after the
//! other, and keeps no more of them than it must, so that a long document costs no more memory than a short one.

use crate::error::InferError;
use crate::rows::{LongTable, RowWriter};
use crate::schema::Schema;
use docmill_contracts::{AccuracyMode, Cost, DocumentPart, DocumentType, Fields, Problem, TextSource, Word};
use serde::{Deserialize, Serialize};

/// Name of the engine that reads embedded e-invoices.
pub const ENGINE_XML: &str = "xml";
/// Name of the engine that reads words on this machine.
pub const ENGINE_LOCAL: &str = "local";
/// Name of the engine that asks a language model.
pub const ENGINE_LLM: &str = "llm";
/// Name of the engine that runs a LayoutLMv3-shaped model.
pub const ENGINE_LAYOUTLM: &str = "layoutlm";

/// The words of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageText {
    /// From 1.
    pub page_no: i32,
    /// Points.
    pub width: f32,
    /// Points.
    pub height: f32,
    /// Where the words come from.
    pub source: TextSource,
    /// The words.
    pub words: Vec<Word>,
}

/// The picture of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageImage {
    /// PNG, as render wrote it.
    pub png: bytes::Bytes,
    /// From 1.
    pub page_no: i32,
}

/// The pages of a document, fetched one at a time.
pub trait Pages {
    /// How many pages can be read; pages that failed are not among them.
    fn len(&self) -> usize;

    /// True where no page can be read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them, from 0.
    fn page(&mut self, index: usize) -> Result<PageText, InferError>;

    /// The picture of one of them; there is one only where a page was rendered for OCR.
    fn image(&mut self, index: usize) -> Result<Option<PageImage>, InferError> {
        let _ = index;
        Ok(None)
    }

    /// A file for rows that are too many to be held; none where all of them are.
    fn row_writer(&self) -> Option<RowWriter> {
        None
    }

    /// Hash of everything that can be read from these pages; none where results are not to be remembered.
    fn digest(&self) -> Option<String> {
        None
    }
}

/// Pages in memory, for tests and tools.
impl Pages for Vec<PageText> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn page(&mut self, index: usize) -> Result<PageText, InferError> {
        match self.get(index) {
            Some(page) => Ok(page.clone()),
            None => Err(InferError::Nothing { name: format!("page {index}") }),
        }
    }
}

/// What is asked of an extractor.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Fields of a tenant's schema; none for those of the built-in business document.
    pub schema: Option<Schema>,
    /// Document type that the submitter expects.
    pub type_hint: Option<String>,
    /// Model trained for the schema, or for the tenant's business documents.
    pub model: Option<std::sync::Arc<crate::local::model::Model>>,
    /// Categories to choose from.
    pub categories: Option<std::sync::Arc<crate::local::categories::CategorySet>>,
    /// Owner of the document: which engines may read it, and whose budget it is.
    pub tenant: String,
    /// Document and revision: who asked first for a result that is remembered.
    pub document: String,
    /// Milliseconds since 1970 UTC: how old a remembered result is.
    pub now_ms: i64,
    /// Pictures of pages must not leave this machine.
    pub withhold_images: bool,
    /// Nothing but the local engine is to read it: nothing leaves this machine, and nothing is paid.
    pub local_only: bool,
    /// The rows of the item table are of no interest.
    pub without_rows: bool,
    /// How much work the document is worth.
    pub accuracy: AccuracyMode,
}

/// What was found in a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// Engine that found it; several are joined by `+`.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// Document type.
    pub kind: DocumentType,
    /// Values by name.
    pub fields: Fields,
    /// Rows of the item table; the first of them where there is a [`Self::long_table`].
    pub line_items: Vec<Fields>,
    /// All rows of the item table, where they are too many to be held.
    #[serde(default)]
    pub long_table: Option<LongTable>,
    /// VAT breakdown (BG-23).
    pub vat_breakdown: Vec<Fields>,
    /// What the engine noticed.
    pub problems: Vec<Problem>,
    /// The documents in the file where it holds several, in order; empty where it is one.
    pub parts: Vec<DocumentPart>,
    /// How unlike the layouts that its model was trained on it is, 0..=1; none where no trained model read it.
    pub layout_novelty: Option<f64>,
    /// What was paid for it.
    pub cost: Cost,
}

impl Extraction {
    /// Nothing yet, by that engine.
    pub fn of_engine(engine: &str, version: impl Into<String>) -> Self {
        Self {
            engine: engine.to_owned(),
            version: version.into(),
            kind: DocumentType::unknown(),
            fields: Fields::new(),
            line_items: Vec::new(),
            long_table: None,
            vat_breakdown: Vec::new(),
            problems: Vec::new(),
            parts: Vec::new(),
            layout_novelty: None,
            cost: Cost::default(),
        }
    }
}

/// An engine that reads pages. Synchronous: it runs on a thread for blocking work.
pub trait Extractor: Send + Sync + 'static {
    /// Name of the engine, as it stands beside each value.
    fn engine(&self) -> &str;

    /// Version of its rules or its model.
    fn version(&self) -> &str;

    /// Reads a document.
    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError>;
}
