//! Documents through the render stage alone, for what measures it.

use crate::OpsError;
use bytes::Bytes;
use docmill_blobs::Blobs;
use docmill_contracts::{
    AnyRecord, BlobRef, DocumentAccepted, DocumentHead, ErrorInfo, Page, PagesPlanned, ProcessingOptions,
    Rule, Source, Word,
};
use docmill_render::{Alone, Config, PageStage, PlanStage};
use docmill_runtime::{Cx, Outputs, Stage};
use docmill_service::{Documents, StageEnv};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The stage with blobs in a folder of its own, which is removed at the end.
pub(crate) struct Reading {
    plan: PlanStage,
    page: PageStage,
    pub(crate) alone: Alone,
    blobs: Blobs,
    folder: PathBuf,
}

/// What came of a document.
#[derive(Debug)]
pub(crate) struct Read {
    /// Why it was refused as a whole.
    pub(crate) refused: Option<ErrorInfo>,
    pub(crate) pages: Vec<Page>,
    pub(crate) took: Duration,
}

/// What there is to read of a document.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Why it was refused as a whole.
    pub(crate) refused: Option<ErrorInfo>,
    /// Pages that were read at once.
    pub(crate) pages: Vec<Page>,
    /// The others.
    pub(crate) ranges: Vec<PagesPlanned>,
}

impl Reading {
    /// With one child, so that one document after the other is measured.
    pub(crate) fn new(what: &str) -> Result<Self, OpsError> {
        let folder = std::env::temp_dir().join(format!("docmill-{what}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| OpsError::io("create", &folder, e))?;
        let blobs = Blobs::local(&folder)?;
        let env = StageEnv {
            blobs: blobs.clone(),
            assets: docmill_service::Config::load(None)?.assets,
            program: std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?,
            documents: Documents::default(),
            slot: "0".into(),
        };
        // A child that is replaced would take its processor time along.
        let config = Config { children: 1, child_max_calls: u32::MAX, ..Config::default() };
        let part = |e| OpsError::Part(Box::new(e));
        let alone = Alone::new(&config, &env).map_err(part)?;
        let (plan, page) = docmill_render::stages(config, &env).map_err(part)?;
        Ok(Self { plan, page, alone, blobs, folder })
    }

    /// Stores a document as ingest does.
    pub(crate) async fn head(
        &self,
        path: &Path,
        options: ProcessingOptions,
    ) -> Result<DocumentHead, OpsError> {
        let bytes = std::fs::read(path).map_err(|e| OpsError::io("read", path, e))?;
        let media_type = media_type(&bytes).to_owned();
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let original = self.blobs.put(bytes.into()).await?;
        Ok(DocumentHead {
            document_id: original.sha256.clone(),
            revision: 1,
            tenant: "bench".into(),
            content_sha256: original.sha256.clone(),
            source: Source {
                name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                media_type,
                bytes: length,
                pages: None,
            },
            options,
            original,
            embedded_xml: None,
            config_version: None,
            submitted_at: 0,
        })
    }

    /// What there is to read of a document. Errors are those that have nothing to do with it.
    pub(crate) async fn plan(&self, head: DocumentHead) -> Planned {
        let mut plan = Planned { refused: None, pages: Vec::new(), ranges: Vec::new() };
        let planned = match self.plan.run(&DocumentAccepted { head }, &cx()).await {
            Ok(planned) => planned,
            Err(error) => {
                plan.refused = Some(ErrorInfo::of(&error, docmill_render::STAGE, None));
                Outputs::none()
            }
        };
        for record in planned.into_records() {
            match record {
                AnyRecord::DocumentAssembled(r) => plan.pages.extend(r.pages),
                AnyRecord::PagesPlanned(r) => plan.ranges.push(*r),
                _ => {}
            }
        }
        plan
    }

    /// The pages of a range.
    pub(crate) async fn range(&self, range: &PagesPlanned) -> Result<Vec<Page>, OpsError> {
        let pages = self.page.run(range, &cx()).await.map_err(|e| OpsError::Part(Box::new(e)))?;
        Ok(pages.into_records().into_iter().filter_map(page_of).collect())
    }

    /// All pages of a document. Errors are those that have nothing to do with it.
    pub(crate) async fn read(&self, head: DocumentHead) -> Result<Read, OpsError> {
        let since = Instant::now();
        let Planned { refused, mut pages, ranges } = self.plan(head).await;
        for range in &ranges {
            pages.extend(self.range(range).await?);
        }
        Ok(Read { refused, pages, took: since.elapsed() })
    }

    /// The bytes of a blob.
    pub(crate) async fn blob(&self, blob: &BlobRef) -> Result<Bytes, OpsError> {
        Ok(self.blobs.get(blob).await?)
    }

    /// The words of a page, and the lines drawn on it; none where it has no text layer.
    pub(super) async fn words(&self, page: &Page) -> Result<(Vec<Word>, Vec<Rule>), OpsError> {
        let (packed, rules) = match (&page.words, &page.words_blob) {
            (Some(words), _) => (words.clone(), page.rules.clone()),
            (None, Some(blob)) => docmill_contracts::Codec::page_from_blob(&self.blobs.get(blob).await?)?,
            (None, None) => return Ok((Vec::new(), Vec::new())),
        };
        Ok((packed.unpack().unwrap_or_default(), rules.unpack()))
    }

    /// The words of a page in a row; none where it has to be read by OCR.
    pub(crate) async fn text(&self, page: &Page) -> Result<Option<String>, OpsError> {
        if let Some(words) = &page.words {
            return Ok(Some(words.text.clone()));
        }
        let Some(blob) = &page.words_blob else { return Ok(None) };
        let words = docmill_contracts::Codec::words_from_blob(&self.blobs.get(blob).await?)?;
        Ok(Some(words.text))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        super::world::clean(&self.folder);
    }
}

fn cx() -> Cx {
    Cx { worker: "bench", attempt: 1, now_ms: 0 }
}

fn page_of(record: AnyRecord) -> Option<Page> {
    match record {
        AnyRecord::PageRendered(r) => Some(r.page),
        AnyRecord::PageRecognized(r) => Some(r.page),
        _ => None,
    }
}

/// By magic bytes; what nobody knows is given to PDFium, which looks for a PDF further on.
fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'I', b'I', ..] | [b'M', b'M', ..] => "image/tiff",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        [b'B', b'M', ..] => "image/bmp",
        _ => "application/pdf",
    }
}
