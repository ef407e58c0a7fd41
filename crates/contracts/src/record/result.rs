//! Records about what was found in a document: the public result, and its way there.

use super::{DocumentHead, Source, TextSource};
use crate::{BlobRef, ErrorInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Values by name, ordered, so that the same values give the same bytes.
pub type Fields = BTreeMap<String, Field>;

/// One extracted value and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Normalised: ISO 8601 day, decimal string with a point, or text.
    pub value: String,
    /// As it stands on the page or in the XML.
    pub raw: Option<String>,
    /// 0..=1.
    pub confidence: f64,
    /// From 1; none for a value from XML.
    pub page: Option<i32>,
    /// x0, y0, x1, y1 in points of the upright page, origin at the top left.
    #[serde(rename = "box")]
    pub bbox: Option<Vec<f64>>,
    /// Engine that read it: `xml`, `local`, …
    pub engine: String,
    /// Version of the engine or model.
    pub model_version: String,
    /// Readings that were not chosen.
    pub other_readings: Vec<Reading>,
}

/// Another reading of the same field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Normalised value.
    pub value: String,
    /// As it stands on the page.
    pub raw: Option<String>,
    /// 0..=1.
    pub confidence: f64,
    /// From 1.
    pub page: Option<i32>,
    /// As in [`Field::bbox`].
    #[serde(rename = "box")]
    pub bbox: Option<Vec<f64>>,
    /// Engine that read it.
    pub engine: String,
    /// Its version.
    pub model_version: String,
}

/// What kind of document it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentType {
    /// invoice, credit_note, order, order_response, receipt, delivery_note, statement or other.
    pub value: String,
    /// 0..=1.
    pub confidence: f64,
    /// What the decision rests on.
    pub reason: Option<String>,
    /// Category of the tenant's own set.
    pub category: Option<String>,
}

impl DocumentType {
    /// The type of a document that nothing is known about.
    pub fn unknown() -> Self {
        Self { value: "other".into(), confidence: 0.0, reason: None, category: None }
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Cannot be accepted unseen.
    Error,
    /// Worth a look.
    Warning,
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Public rule id or docmill's own code.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line for a person, with both values.
    pub message: String,
    /// Names of the fields concerned.
    pub fields: Vec<String>,
    /// From 1.
    pub page: Option<i32>,
}

/// One page of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageSummary {
    /// From 1.
    pub page: i32,
    /// Points.
    pub width: f32,
    /// Points.
    pub height: f32,
    /// Where its words come from.
    pub text_source: TextSource,
    /// Engine that read it.
    pub engine: String,
    /// Mean confidence, 0..=1.
    pub confidence: Option<f64>,
    /// Why it could not be read.
    pub error: Option<ErrorInfo>,
    /// Why its words come from where they do, for a person; none where it goes without saying.
    #[serde(default)]
    pub text_reason: Option<String>,
}

/// A file made from the document besides its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// [`super::FORMAT_LAYOUT`], [`super::FORMAT_MARKDOWN`], or that of [`Artifact::rows_format`].
    pub format: String,
    /// Media type of the bytes.
    pub media_type: String,
    /// The bytes.
    pub blob: BlobRef,
}

/// Media type of rows: one line of JSON each.
const MEDIA_TYPE_ROWS: &str = "application/x-ndjson";

impl Artifact {
    /// Format of all rows of an item table that is too long for records: `line_items`, and `line_items/N` for that of
    /// the part N, from 1. Where there is such a file, the record has the first rows only.
    pub fn rows_format(part: usize) -> String {
        if part == 0 { "line_items".to_owned() } else { format!("line_items/{part}") }
    }

    /// All rows of an item table; `part` as in [`Artifact::rows_format`].
    pub fn rows(part: usize, blob: BlobRef) -> Self {
        Self { format: Self::rows_format(part), media_type: MEDIA_TYPE_ROWS.to_owned(), blob }
    }

    /// Where all rows of an item table are, where they are not in its record.
    pub fn find_rows(artifacts: &[Self], part: usize) -> Option<&BlobRef> {
        let format = Self::rows_format(part);
        artifacts.iter().find(|a| a.format == format).map(|a| &a.blob)
    }
}

/// One of several documents found in one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentPart {
    /// From 1.
    pub first_page: i32,
    /// Inclusive.
    pub last_page: i32,
    /// What kind of document it is.
    #[serde(rename = "type")]
    pub kind: DocumentType,
    /// Values by name.
    pub fields: Fields,
    /// Rows of the item table.
    pub line_items: Vec<Fields>,
    /// VAT breakdown (BG-23).
    pub vat_breakdown: Vec<Fields>,
}

/// One stage's part in a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTrace {
    /// Stage name.
    pub stage: String,
    /// Milliseconds of work, summed over pages.
    pub ms: i64,
    /// Engine, or empty.
    pub engine: String,
    /// Engine or model version.
    pub version: String,
}

/// What paid engines cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// US dollars, decimal.
    pub usd: String,
}

impl Default for Cost {
    fn default() -> Self {
        Self { tokens_in: 0, tokens_out: 0, usd: "0".into() }
    }
}

/// Outcome of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// Can be posted.
    Accepted,
    /// A person should look.
    Review,
    /// Not a document that can be processed.
    Rejected,
    /// docmill could not process it.
    Failed,
    /// On request.
    Cancelled,
}

/// How a result came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Milliseconds since 1970 UTC.
    pub submitted_at: i64,
    /// Milliseconds since 1970 UTC.
    pub finished_at: i64,
    /// Stages in order.
    pub stages: Vec<StageTrace>,
    /// Cost.
    pub cost: Cost,
}

/// Fields found in a document, on their way to validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentExtracted {
    /// The document.
    pub head: DocumentHead,
    /// Document type.
    #[serde(rename = "type")]
    pub kind: DocumentType,
    /// Values by name.
    pub fields: Fields,
    /// Rows of the item table.
    pub line_items: Vec<Fields>,
    /// VAT breakdown (BG-23).
    pub vat_breakdown: Vec<Fields>,
    /// What engines noticed.
    pub problems: Vec<Problem>,
    /// Pages.
    pub pages: Vec<PageSummary>,
    /// Why there is nothing.
    pub error: Option<ErrorInfo>,
    /// Trace so far.
    pub stages: Vec<StageTrace>,
    /// Cost so far.
    pub cost: Cost,
    /// The documents in the file where it holds several, in order; empty where it is one.
    #[serde(default)]
    pub parts: Vec<DocumentPart>,
    /// Files made besides the result.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// How unlike the layouts that its model was trained on it is, 0..=1; none where no trained model read it.
    #[serde(default)]
    pub layout_novelty: Option<f64>,
}

/// The result of one document, whatever its outcome (public contract).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentResult {
    /// Id of the document.
    pub document_id: String,
    /// From 1; the highest is the one that counts.
    pub revision: i32,
    /// Tenant.
    pub tenant: String,
    /// SHA-256 of the original.
    pub content_sha256: String,
    /// The original.
    pub source: Source,
    /// Outcome.
    pub status: ResultStatus,
    /// Document type.
    #[serde(rename = "type")]
    pub kind: DocumentType,
    /// Values by name.
    pub fields: Fields,
    /// Rows of the item table.
    pub line_items: Vec<Fields>,
    /// VAT breakdown (BG-23).
    pub vat_breakdown: Vec<Fields>,
    /// What rules found.
    pub problems: Vec<Problem>,
    /// Pages.
    pub pages: Vec<PageSummary>,
    /// Why it failed or was rejected.
    pub error: Option<ErrorInfo>,
    /// How it came about.
    pub trace: Trace,
    /// The documents in the file where it holds several, in order; empty where it is one.
    #[serde(default)]
    pub parts: Vec<DocumentPart>,
    /// Files made besides the result.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// How unlike the layouts that its model was trained on it is, 0..=1; none where no trained model read it.
    #[serde(default)]
    pub layout_novelty: Option<f64>,
}

/// A result on its way to the sinks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentValidated {
    /// The document.
    pub head: DocumentHead,
    /// The result.
    pub result: DocumentResult,
}

/// Code of a document that operations cancelled.
pub const CANCELLED: &str = "RUNTIME-0018";

impl DocumentValidated {
    /// The one result of a document that ends here with `error`: rejected where the document is at fault, cancelled where
    /// operations said so, else failed.
    /// Any stage may emit it instead of its usual output; it goes straight to the sinks.
    pub fn ended(head: &DocumentHead, error: ErrorInfo, stages: Vec<StageTrace>) -> Self {
        let status = match error.class {
            _ if error.code == CANCELLED => ResultStatus::Cancelled,
            crate::Class::Input => ResultStatus::Rejected,
            crate::Class::Transient | crate::Class::Internal | crate::Class::Fatal => ResultStatus::Failed,
        };
        let result = DocumentResult {
            document_id: head.document_id.clone(),
            revision: head.revision,
            tenant: head.tenant.clone(),
            content_sha256: head.content_sha256.clone(),
            source: head.source.clone(),
            status,
            kind: DocumentType::unknown(),
            fields: Fields::new(),
            line_items: Vec::new(),
            vat_breakdown: Vec::new(),
            problems: Vec::new(),
            pages: Vec::new(),
            error: Some(error),
            trace: Trace { submitted_at: head.submitted_at, finished_at: 0, stages, cost: Cost::default() },
            parts: Vec::new(),
            artifacts: Vec::new(),
            layout_novelty: None,
        };
        Self { head: head.clone(), result }
    }
}
