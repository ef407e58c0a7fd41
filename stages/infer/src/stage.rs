//! Worker `infer`: from assembled pages to fields.
//!
//! Owns which engine reads a document, and what becomes of one that cannot be read. Knows no field. Rule: an embedded
//! e-invoice is believed before the pages; a document that no engine can read is still answered, with the reason.

use crate::config::Config;
use crate::error::InferError;
use crate::extract::{Extraction, Extractor, PageImage, PageText, Pages, Wanted};
use crate::local::categories::{self, CategoriesError, CategorySet};
use crate::models::Models;
use crate::rows::RowWriter;
use crate::schema::{Schema, SchemaError};
use crate::{STAGE, artifacts, rows, xml};
use docmill_blobs::Blobs;
use docmill_contracts::{
    AccuracyMode, BlobRef, Class, Classify, Codec, DocumentAssembled, DocumentExtracted, DocumentHead,
    DocumentValidated, ErrorInfo, PackedWords, Page, PageSummary, Problem, ProcessingOptions, Severity,
    StageTrace, content_sha256,
};
use docmill_runtime::{Cx, Outputs, Stage, Unreadable};
use std::sync::Arc;
use std::time::Instant;

/// Reads assembled documents.
pub struct InferStage {
    blobs: Blobs,
    local: Arc<dyn Extractor>,
    max_schema_bytes: i64,
    models: Models,
}

impl InferStage {
    /// With the settings of the stage, and the engine that reads pages.
    pub fn new(config: &Config, blobs: Blobs, local: Arc<dyn Extractor>) -> Self {
        Self { blobs, local, max_schema_bytes: i64::from(config.max_schema_bytes), models: Models::default() }
    }

    async fn read(&self, input: &DocumentAssembled, now_ms: i64) -> Result<Extraction, InferError> {
        let readable: Vec<Page> = input.pages.iter().filter(|p| p.error.is_none()).cloned().collect();
        let head = &input.head;
        let mut noticed = None;
        let embedded =
            head.embedded_xml.as_ref().filter(|_| !head.options.ignore_embedded_xml || readable.is_empty());
        // A tenant's own fields are looked for on the pages: the e-invoice has no names for them.
        if let Some(embedded) = embedded.filter(|_| head.options.schema.is_none() || readable.is_empty()) {
            let bytes = self.blobs.get(&embedded.blob).await?;
            match tokio::task::spawn_blocking(move || xml::read(&bytes)).await? {
                // Pages made of the XML itself say nothing new.
                Ok((mut found, _)) if readable.is_empty() || is_xml(&head.source.media_type) => {
                    found.problems.extend(without_pages(&head.options));
                    return Ok(found);
                }
                Ok((found, known)) => return self.compared(found, known, readable, head, now_ms).await,
                Err(error) if readable.is_empty() => return Err(error.into()),
                Err(error) => noticed = Some(unread_xml(&embedded.name, &error)),
            }
        }
        if readable.is_empty() {
            return Err(InferError::Nothing { name: head.source.name.clone() });
        }
        let schema = match &head.options.schema {
            Some(name) => Some(self.schema(name).await?),
            None => None,
        };
        let model = match &head.options.model {
            Some(name) => Some(self.models.get(name, &self.blobs).await?),
            None => None,
        };
        let categories = match &head.options.categories {
            Some(name) => Some(Arc::new(self.categories(name).await?)),
            None => None,
        };
        let wanted = Wanted {
            schema,
            type_hint: head.options.type_hint.clone(),
            model,
            categories,
            tenant: head.tenant.clone(),
            document: format!("{}/{}", head.document_id, head.revision),
            now_ms,
            withhold_images: false,
            local_only: false,
            without_rows: false,
            accuracy: head.options.accuracy_mode,
        };
        let (local, blobs) = (Arc::clone(&self.local), self.blobs.clone());
        let runtime = tokio::runtime::Handle::current();
        let work = move || local.extract(&mut Fetched { pages: readable, blobs, runtime }, &wanted);
        let mut extraction = tokio::task::spawn_blocking(work).await??;
        extraction.problems.extend(noticed);
        Ok(extraction)
    }

    /// An e-invoice, compared with what its pages show.
    async fn compared(
        &self,
        mut found: Extraction,
        known: xml::Known,
        pages: Vec<Page>,
        head: &DocumentHead,
        now_ms: i64,
    ) -> Result<Extraction, InferError> {
        // What the XML says is known already: the cheapest engine is enough to say what the pages show, and nothing of
        // a comparison that nobody asked for leaves the machine.
        let wanted = Wanted {
            type_hint: head.options.type_hint.clone(),
            tenant: head.tenant.clone(),
            document: format!("{}/{}", head.document_id, head.revision),
            now_ms,
            withhold_images: true,
            accuracy: AccuracyMode::Fast,
            local_only: true,
            without_rows: true,
            ..Wanted::default()
        };
        let (local, blobs) = (Arc::clone(&self.local), self.blobs.clone());
        let runtime = tokio::runtime::Handle::current();
        let work = move || {
            let mut pages = Fetched { pages, blobs, runtime };
            let read = match local.extract(&mut pages, &wanted) {
                Ok(read) => Some(read),
                Err(error) if error.class() == Class::Input => None,
                Err(error) => return Err(error),
            };
            xml::compare(&mut found, &known, read.as_ref(), &mut pages)?;
            Ok(found)
        };
        tokio::task::spawn_blocking(work).await?
    }

    async fn categories(&self, name: &BlobRef) -> Result<CategorySet, InferError> {
        if name.bytes > categories::MAX_BYTES {
            return Err(CategoriesError::TooLarge { bytes: name.bytes }.into());
        }
        Ok(CategorySet::parse(&self.blobs.get(name).await?)?)
    }

    async fn schema(&self, name: &BlobRef) -> Result<Schema, InferError> {
        if name.bytes > self.max_schema_bytes {
            return Err(SchemaError::TooLarge { bytes: name.bytes, limit: self.max_schema_bytes }.into());
        }
        Ok(Schema::parse(&self.blobs.get(name).await?)?)
    }
}

impl Stage for InferStage {
    type In = DocumentAssembled;
    type Err = InferError;

    /// One document's revisions come out in the order in which they went in.
    const ORDERED: bool = true;

    fn cost(&self, input: &DocumentAssembled) -> docmill_runtime::Cost {
        docmill_runtime::Cost { units: u32::try_from(input.pages.len()).unwrap_or(u32::MAX).max(1) }
    }

    async fn run(&self, input: &DocumentAssembled, cx: &Cx) -> Result<Outputs, InferError> {
        if let Some(error) = &input.error {
            return Ok(ended(input, error.clone(), input.stages.clone()));
        }
        let started = Instant::now();
        let mut found = match self.read(input, cx.now_ms).await {
            // Nothing could be read because every page failed: the first page's error is the document's.
            Err(InferError::Nothing { .. }) if !input.pages.is_empty() => {
                let first = input.pages.iter().find_map(|p| p.error.clone());
                let error = first.unwrap_or_else(|| nothing(&input.head));
                return Ok(ended(input, error, input.stages.clone()));
            }
            Err(error) if error.class() == Class::Input => {
                return Ok(ended(input, ErrorInfo::of(&error, STAGE, None), input.stages.clone()));
            }
            other => other?,
        };
        let (mut artifacts, unknown) =
            artifacts::make(&self.blobs, &input.head.options.formats, &input.pages).await?;
        artifacts.extend(rows::spill(&self.blobs, &mut found).await?);
        let mut stages = input.stages.clone();
        stages.push(StageTrace {
            stage: STAGE.to_owned(),
            ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
            engine: found.engine,
            version: found.version,
        });
        let mut problems = found.problems;
        problems.extend(unknown);
        problems.extend(failed_pages(&input.pages));
        problems.extend(input.pages.iter().flat_map(|page| page.problems.iter().cloned()));
        Ok(Outputs::one(DocumentExtracted {
            head: input.head.clone(),
            kind: found.kind,
            fields: found.fields,
            line_items: found.line_items,
            vat_breakdown: found.vat_breakdown,
            problems,
            pages: input.pages.iter().map(summary).collect(),
            error: None,
            stages,
            cost: found.cost,
            parts: found.parts,
            artifacts,
            layout_novelty: found.layout_novelty,
        }))
    }

    fn dead(&self, input: &DocumentAssembled, error: ErrorInfo) -> Outputs {
        ended(input, error, input.stages.clone())
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        Outputs::one(DocumentValidated::ended(&record.head(), record.error, Vec::new()))
    }
}

/// Pages whose words are fetched when an engine asks for them.
struct Fetched {
    pages: Vec<Page>,
    blobs: Blobs,
    runtime: tokio::runtime::Handle,
}

impl Pages for Fetched {
    fn len(&self) -> usize {
        self.pages.len()
    }

    fn page(&mut self, index: usize) -> Result<PageText, InferError> {
        let Some(page) = self.pages.get_mut(index) else {
            return Err(InferError::Nothing { name: format!("page {index}") });
        };
        let no = page.page_no;
        let packed = match (&page.words, &page.words_blob) {
            (Some(words), _) => words.clone(),
            (None, Some(blob)) => {
                let bytes = self.runtime.block_on(self.blobs.get(blob))?;
                Codec::words_from_blob(&bytes).map_err(|source| InferError::Codec { page: no, source })?
            }
            (None, None) => PackedWords::default(),
        };
        let words = packed.unpack().map_err(|source| InferError::Words { page: no, source })?;
        Ok(PageText { page_no: no, width: page.width, height: page.height, source: page.text_source, words })
    }

    fn image(&mut self, index: usize) -> Result<Option<PageImage>, InferError> {
        let Some(page) = self.pages.get(index) else { return Ok(None) };
        let Some(blob) = &page.image else { return Ok(None) };
        let png = self.runtime.block_on(self.blobs.get(blob))?;
        Ok(Some(PageImage { png, page_no: page.page_no }))
    }

    fn row_writer(&self) -> Option<RowWriter> {
        Some(RowWriter::new(&self.blobs, self.runtime.clone()))
    }

    fn digest(&self) -> Option<String> {
        let mut text = String::new();
        for page in &self.pages {
            let words = match (&page.words_blob, &page.words) {
                (Some(blob), _) => blob.sha256.clone(),
                (None, Some(words)) => packed_digest(words),
                (None, None) => String::new(),
            };
            let image = page.image.as_ref().map_or("", |i| i.sha256.as_str());
            let (no, engine, version) = (page.page_no, &page.engine, &page.engine_version);
            let parts = [&no.to_string(), engine, version, &words, image];
            parts.into_iter().for_each(|part: &str| {
                text.push_str(part);
                text.push('\u{0}');
            });
        }
        Some(content_sha256(text.as_bytes()))
    }
}

fn packed_digest(words: &PackedWords) -> String {
    let mut bytes = words.text.clone().into_bytes();
    for column in [&words.boxes, &words.confidence, &words.lines] {
        bytes.push(0);
        bytes.extend_from_slice(column);
    }
    content_sha256(&bytes)
}

fn is_xml(media_type: &str) -> bool {
    media_type.ends_with("/xml") || media_type.ends_with("+xml")
}

fn ended(input: &DocumentAssembled, error: ErrorInfo, stages: Vec<StageTrace>) -> Outputs {
    let mut ended = DocumentValidated::ended(&input.head, error, stages);
    ended.result.pages = input.pages.iter().map(summary).collect();
    Outputs::one(ended)
}

fn nothing(head: &DocumentHead) -> ErrorInfo {
    ErrorInfo::of(&InferError::Nothing { name: head.source.name.clone() }, STAGE, None)
}

fn summary(page: &Page) -> PageSummary {
    PageSummary {
        page: page.page_no,
        width: page.width,
        height: page.height,
        text_source: page.text_source,
        engine: page.engine.clone(),
        confidence: page.confidence,
        error: page.error.clone(),
        text_reason: page.text_reason.clone(),
    }
}

/// What was asked for is looked for on pages, of which there are none.
fn without_pages(options: &ProcessingOptions) -> Option<Problem> {
    let asked = match (&options.schema, &options.categories) {
        (Some(_), Some(_)) => "schema and category set were not used",
        (Some(_), None) => "the schema was not used",
        (None, Some(_)) => "the category set was not used",
        (None, None) => return None,
    };
    Some(Problem {
        code: "INFER-0152".to_owned(),
        severity: Severity::Warning,
        message: format!("{asked}: the e-invoice has no pages"),
        fields: Vec::new(),
        page: None,
    })
}

fn unread_xml(name: &str, error: &dyn Classify) -> Problem {
    Problem {
        code: error.code().0.to_owned(),
        severity: Severity::Warning,
        message: format!("attachment `{name}` was not used: {error}"),
        fields: Vec::new(),
        page: None,
    }
}

/// One problem for all pages that could not be read, so that the result is not taken for complete.
fn failed_pages(pages: &[Page]) -> Option<Problem> {
    let failed: Vec<&Page> = pages.iter().filter(|p| p.error.is_some()).collect();
    let first = failed.first()?;
    let why = first.error.as_ref().map_or("", |e| e.message.as_str());
    Some(Problem {
        code: "INFER-0010".to_owned(),
        severity: Severity::Error,
        message: format!(
            "{} of {} pages could not be read; page {}: {why}",
            failed.len(),
            pages.len(),
            first.page_no
        ),
        fields: Vec::new(),
        page: Some(first.page_no),
    })
}

#[cfg(test)]
mod tests;
