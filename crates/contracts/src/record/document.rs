//! Records about whole documents, from submission to assembly.

use super::{Page, ResultStatus, StageTrace};
use crate::{BlobRef, ErrorInfo};
use serde::{Deserialize, Serialize};

/// What was submitted, as its submitter named it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// File name, sanitised.
    pub name: String,
    /// Media type found by magic bytes; empty until ingest has looked.
    pub media_type: String,
    /// Length of the original in bytes.
    pub bytes: i64,
    /// Number of pages, once render has counted them.
    pub pages: Option<i32>,
}

/// How the submitter wants the document processed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessingOptions {
    /// Read the pages even where an e-invoice is embedded.
    pub ignore_embedded_xml: bool,
    /// JSON Schema of the fields to extract; none for the built-in business document.
    pub schema: Option<BlobRef>,
    /// Document type the submitter expects; a hint.
    pub type_hint: Option<String>,
    /// Password of an encrypted PDF.
    #[serde(default)]
    pub password: Option<Password>,
    /// How much work a page is worth.
    #[serde(default)]
    pub accuracy_mode: AccuracyMode,
    /// How far a PDF's own text is believed.
    #[serde(default)]
    pub text_layer_trust: TextLayerTrust,
    /// Files wanted besides the result: [`FORMAT_LAYOUT`], [`FORMAT_MARKDOWN`].
    #[serde(default)]
    pub formats: Vec<String>,
    /// Model trained for the schema.
    #[serde(default)]
    pub model: Option<BlobRef>,
    /// Category set to classify by, as JSON.
    #[serde(default)]
    pub categories: Option<BlobRef>,
}

/// Name of the layout as JSON among [`ProcessingOptions::formats`].
pub const FORMAT_LAYOUT: &str = "layout";
/// Name of Markdown among [`ProcessingOptions::formats`].
pub const FORMAT_MARKDOWN: &str = "markdown";

/// Password of a document. It travels in records, and is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// What was given.
    pub fn new(password: String) -> Self {
        Self(password)
    }

    /// The password itself, for the decoder.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How much work a page is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccuracyMode {
    /// The cheapest engine alone.
    Fast,
    /// Dearer engines where the cheap one is unsure.
    #[default]
    Balanced,
    /// The best engines there are.
    Accurate,
}

/// How far a PDF's own text is believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextLayerTrust {
    /// A good text layer stands for its page.
    #[default]
    Trusted,
    /// A sample of its words is compared with what OCR reads.
    Sampled,
    /// Every page is read by OCR.
    Never,
}

/// An e-invoice found inside the document, or the document itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddedFile {
    /// Name of the attachment.
    pub name: String,
    /// Its bytes.
    pub blob: BlobRef,
}

/// What every record about a document carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentHead {
    /// Stable id.
    pub document_id: String,
    /// 1 for the first processing; a replay raises it.
    pub revision: i32,
    /// Owner.
    pub tenant: String,
    /// SHA-256 of the original.
    pub content_sha256: String,
    /// The original, as submitted.
    pub source: Source,
    /// Options of this submission.
    pub options: ProcessingOptions,
    /// The original bytes.
    pub original: BlobRef,
    /// E-invoice XML, once render has found one.
    pub embedded_xml: Option<EmbeddedFile>,
    /// Version of the tenant configuration in force.
    pub config_version: Option<String>,
    /// Milliseconds since 1970 UTC.
    pub submitted_at: i64,
}

/// A document handed over for processing (public contract).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentSubmitted {
    /// Id chosen by the submitter, or empty.
    pub document_id: String,
    /// Tenant.
    pub tenant: String,
    /// File name.
    pub name: String,
    /// Declared media type; checked, never trusted.
    pub media_type: Option<String>,
    /// The bytes themselves, up to 64 KiB.
    #[serde(with = "apache_avro::serde::bytes_opt")]
    pub inline: Option<Vec<u8>>,
    /// Reference to bytes already in the blob store.
    pub blob: Option<BlobRef>,
    /// 1, or more for a reprocessing.
    pub revision: i32,
    /// Options.
    pub options: ProcessingOptions,
    /// Milliseconds since 1970 UTC.
    pub submitted_at: i64,
}

/// A document that ingest has admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentAccepted {
    /// The document.
    pub head: DocumentHead,
}

/// All pages of a document, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentAssembled {
    /// The document.
    pub head: DocumentHead,
    /// Pages in order; empty for stand-alone XML.
    pub pages: Vec<Page>,
    /// Why the document could not be read at all.
    pub error: Option<ErrorInfo>,
    /// Trace so far.
    pub stages: Vec<StageTrace>,
}

/// Where a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// ingest has it.
    Submitted,
    /// render has it.
    Rendering,
    /// Some pages are with ocr.
    Recognizing,
    /// infer has it.
    Inferring,
    /// validate has decided.
    Validated,
    /// The sinks have the result.
    Done,
}

/// Latest known progress of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentStatus {
    /// Id.
    pub document_id: String,
    /// Revision.
    pub revision: i32,
    /// Tenant.
    pub tenant: String,
    /// File name.
    pub name: String,
    /// Where it stands.
    pub state: DocumentState,
    /// Pages that are done.
    pub pages_done: i32,
    /// Pages in all; 0 until known.
    pub page_count: i32,
    /// Set once the document is done.
    pub outcome: Option<ResultStatus>,
    /// Milliseconds since 1970 UTC.
    pub at: i64,
}

/// What operations ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlAction {
    /// Stop processing.
    Cancel,
    /// Erase bytes and results.
    Erase,
    /// Process again under a new revision.
    Reprocess,
}

/// A request of operations about one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentControl {
    /// Id.
    pub document_id: String,
    /// Tenant.
    pub tenant: String,
    /// What is asked for.
    pub action: ControlAction,
    /// Milliseconds since 1970 UTC.
    pub requested_at: i64,
    /// Why, for the audit log.
    pub reason: Option<String>,
    /// Last revision that is meant, with all before it; 0 for every one.
    #[serde(default)]
    pub revision: i32,
}

/// Configuration of a tenant, versioned by its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantConfig {
    /// Tenant.
    pub tenant: String,
    /// SHA-256 of the settings.
    pub version: String,
    /// Sustained rate; 0 = unlimited.
    pub documents_per_second: f64,
    /// Documents that may come at once.
    pub burst: i32,
    /// Largest document in bytes.
    pub max_bytes: i64,
    /// Most pages of a document.
    pub max_pages: i32,
    /// Least confidence of a required field to be accepted unseen, 0..=1.
    pub accept_confidence: f64,
}
