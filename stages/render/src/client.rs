//! The parent's side of the decoder: asks children, checks what they say, gives every page exactly one outcome.

use crate::note::noted;
use crate::protocol::{self, Columns, Content, PageReply, Reply, Request, Rules, Task, Trust};
use crate::{Config, RenderError, STAGE};
use bytes::Bytes;
use docmill_blobs::Blobs;
use docmill_contracts::{
    BlobRef, Codec, DocumentHead, ErrorInfo, PackedRules, PackedWords, Page, TextLayerTrust, TextSource,
};
use docmill_sandbox::{Pool, PoolConfig, SandboxError, Supply};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Engine name of a text layer that PDFium read.
pub(crate) const ENGINE: &str = "pdfium";
/// Its version: the wheel that docmill-assets fetches.
pub(crate) const ENGINE_VERSION: &str = "8149";
/// Most bytes of one page's words that travel in a record.
const INLINE_BYTES: usize = 256 * 1024;
/// Most bytes of the words of a short document that travel in one record.
const SHORT_BYTES: usize = 1024 * 1024;

/// PDFs of more bytes are not sent to a child: it asks for what it needs, and nobody holds the whole.
const LONG_BYTES: i64 = 1024 * 1024;
/// Largest document that is kept between its ranges.
const RECENT_BYTES: usize = 64 * 1024 * 1024;

/// The decoder as stages use it.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) config: Config,
    pool: Pool,
    pub(crate) blobs: Blobs,
    /// The last document that has more than one range: its ranges mostly follow each other.
    recent: Mutex<Option<(BlobRef, Original)>>,
}

/// A document, as children get it.
#[derive(Debug, Clone)]
pub(crate) enum Original {
    Whole(Bytes),
    Parts(Supply),
}

/// What planning a document found.
pub(crate) struct Plan {
    /// Pages of the document.
    pub(crate) pages: u32,
    /// Name and bytes of the e-invoice in it.
    pub(crate) xml: Option<(String, Bytes)>,
    /// All pages, where it is short and needs no OCR.
    pub(crate) read: Option<Vec<Page>>,
}

impl Client {
    pub(crate) fn new(config: Config, program: PathBuf, library: &std::path::Path, blobs: Blobs) -> Self {
        use std::os::unix::ffi::OsStrExt;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let init = Bytes::copy_from_slice(library.as_os_str().as_bytes());
        let mut pool = PoolConfig::new(program, crate::child::KIND, init);
        pool.children = if config.children == 0 { processors } else { config.children };
        pool.limits = config.limits.clone();
        pool.max_calls = config.child_max_calls;
        pool.max_resident_bytes = config.child_max_resident_bytes;
        Self { config, pool: Pool::new(pool), blobs, recent: Mutex::new(None) }
    }

    /// The original of a document; it is kept for the next range where there are `more`.
    pub(crate) async fn document(&self, head: &DocumentHead, more: bool) -> Result<Original, RenderError> {
        let name = &head.original;
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = recent().take_if(|(n, _)| n == name).map(|(_, original)| original);
        let original = match kept {
            Some(original) => original,
            None => self.open(head).await?,
        };
        let small = match &original {
            Original::Whole(bytes) => bytes.len() <= RECENT_BYTES,
            Original::Parts(_) => true,
        };
        if more && small {
            *recent() = Some((name.clone(), original.clone()));
        }
        Ok(original)
    }

    async fn open(&self, head: &DocumentHead) -> Result<Original, RenderError> {
        let name = &head.original;
        if name.bytes > LONG_BYTES
            && head.source.media_type == "application/pdf"
            && let Some(file) = self.blobs.file(name).await?
        {
            let bytes = u64::try_from(name.bytes).unwrap_or(0);
            return Ok(Original::Parts(Supply::new(Arc::new(file), bytes)));
        }
        Ok(Original::Whole(self.blobs.get(name).await?))
    }

    /// What is sent to a child, and what it may ask for.
    fn request(&self, head: &DocumentHead, task: Task, document: &Original) -> (Vec<Bytes>, Option<Supply>) {
        let trust = match head.options.text_layer_trust {
            TextLayerTrust::Trusted => Trust::Trusted,
            TextLayerTrust::Sampled => Trust::Sampled,
            TextLayerTrust::Never => Trust::Never,
        };
        let request = Request {
            media_type: head.source.media_type.clone(),
            supplied: match document {
                Original::Whole(_) => None,
                Original::Parts(supply) => Some(supply.bytes()),
            },
            password: head.options.password.clone(),
            task,
            rules: Rules { xml: !head.options.ignore_embedded_xml, ..Rules::of(&self.config, trust) },
        };
        let request = protocol::encode(&request).into();
        match document {
            Original::Whole(bytes) => (vec![request, bytes.clone()], None),
            Original::Parts(supply) => (vec![request], Some(supply.clone())),
        }
    }

    /// Counts the pages of a document, finds its e-invoice, and reads it where it is short and needs no OCR.
    pub(crate) async fn plan(&self, head: &DocumentHead, document: &Original) -> Result<Plan, RenderError> {
        let (name, media_type) = (&head.source.name, head.source.media_type.as_str());
        let reply = |what| RenderError::Reply { name: name.clone(), what };
        let (request, supply) = self.request(head, Task::Plan, document);
        let killed = |source: SandboxError| match source {
            SandboxError::Start { .. }
            | SandboxError::StartTimedOut { .. }
            | SandboxError::Init { .. }
            | SandboxError::Supply { .. }
            | SandboxError::Unconfined { .. } => RenderError::Sandbox(source),
            source => RenderError::Open { name: name.clone(), source },
        };
        let limit = self.config.open_timeout();
        let mut call = self.pool.call_about(request, supply, limit).await.map_err(killed)?;
        let part = call.next().await.map_err(killed)?.ok_or_else(|| reply("nothing"))?;
        let (pages, xml) = match protocol::decode::<Reply>(&part) {
            Some((Reply::Document { pages, xml }, start)) if pages > 0 && pages <= self.config.max_pages => {
                (pages, xml.map(|xml| (xml, part.slice(start..))))
            }
            Some((Reply::Refused(refusal), _)) => {
                return Err(RenderError::refused(refusal, name, media_type, self.config.max_pages));
            }
            _ => return Err(reply("no document")),
        };
        let mut plan = Plan { pages, xml, read: None };
        let mut read = Vec::new();
        let mut size = 0;
        // A page that hangs or kills the child here gets its own chance, and its own error, on the long way.
        let since = Instant::now();
        loop {
            call.set_limit(self.config.short_timeout().saturating_sub(since.elapsed()));
            let Ok(Some(part)) = call.next().await else { break };
            let (page, start) = match protocol::decode::<Reply>(&part) {
                Some((Reply::Page(page), start)) => (page, start),
                Some((Reply::NotShort, _)) => {
                    // The last that it says: heard to its end, the call leaves its child alive.
                    drop(call.next().await);
                    break;
                }
                Some((Reply::Document { .. } | Reply::Refused(_), _)) | None => break,
            };
            let bytes = part.slice(start..);
            let number = i32::try_from(read.len() + 1).unwrap_or(i32::MAX);
            let page = match page.content {
                Content::Words(columns) => {
                    size += bytes.len();
                    let (words, rules, _) =
                        protocol::words(columns, &bytes).ok_or_else(|| reply("no words"))?;
                    with_words(base(&page, number), words, rules)
                }
                Content::Empty => base(&page, number),
                Content::Image { .. } | Content::Both { .. } | Content::Failed(_) => break,
            };
            read.push(page);
        }
        if u32::try_from(read.len()) == Ok(pages) {
            if pages > self.config.inline_pages || size > SHORT_BYTES {
                for page in &mut read {
                    self.words_to_blob(page).await?;
                }
            }
            plan.read = Some(read);
        }
        Ok(plan)
    }

    /// Reads pages `first` to `last`, from 1, the last inclusive; each ends in exactly one [`Page`], in order, given to
    /// `done` one after the other. Errors are those that have nothing to do with the document.
    pub(crate) async fn pages(
        &self,
        head: &DocumentHead,
        document: &Original,
        (first, last): (u32, u32),
        inline: bool,
        mut done: impl FnMut(Page),
    ) -> Result<(), RenderError> {
        let name = &head.source.name;
        // Runs from when a child takes the range: waiting for one is nobody's fault.
        let mut deadline = None;
        let mut next = first;
        while next <= last {
            if deadline.is_some_and(|d| Instant::now() >= d) {
                let seconds = self.config.range_timeout_s;
                for page in next..=last {
                    let page = i32::try_from(page).unwrap_or(i32::MAX);
                    done(failed(page, &RenderError::RangeTime { name: name.clone(), page, seconds }));
                }
                return Ok(());
            }
            let began = next;
            let ended = self.read(head, document, &mut next, last, &mut deadline, inline, &mut done).await;
            let page = i32::try_from(next).unwrap_or(i32::MAX);
            match ended {
                Ok(()) if next > last => {}
                // The child thinks that the document has fewer pages than it said when it was planned.
                Ok(()) => {
                    done(failed(page, &RenderError::Page { name: name.clone(), page }));
                    next += 1;
                }
                Err(Ended::Outside(error)) => return Err(error),
                // The death may have been an earlier page's doing: once more on a fresh child, starting with this page.
                Err(Ended::Killed(SandboxError::Died { .. })) if next > began => {}
                Err(Ended::Killed(source)) => {
                    let error = RenderError::PageKilled { name: name.clone(), page, source };
                    tracing::warn!(document_id = head.document_id, page_no = page, %error, "a page was given up");
                    done(failed(page, &error));
                    next += 1;
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "one call, read like a sentence")]
    async fn read(
        &self,
        head: &DocumentHead,
        document: &Original,
        next: &mut u32,
        last: u32,
        deadline: &mut Option<Instant>,
        inline: bool,
        done: &mut impl FnMut(Page),
    ) -> Result<(), Ended> {
        let name = &head.source.name;
        let task = Task::Pages { first: *next, last };
        let (request, supply) = self.request(head, task, document);
        let limit = self.config.page_timeout();
        let mut call = self.pool.call_about(request, supply, limit).await.map_err(ended)?;
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.config.range_timeout());
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            call.set_limit(self.config.page_timeout().min(left));
            let Some(part) = call.next().await.map_err(ended)? else { return Ok(()) };
            let number = i32::try_from(*next).unwrap_or(i32::MAX);
            let reply = |what| Ended::Outside(RenderError::Reply { name: name.clone(), what });
            let (page, start) = match protocol::decode::<Reply>(&part) {
                Some((Reply::Page(page), start)) if page.page == *next => (page, start),
                // A document that opened when it was planned, and now does not.
                Some((Reply::Refused(_), _)) => return Ok(()),
                _ => return Err(reply("no page")),
            };
            let bytes = part.slice(start..);
            let plain = base(&page, number);
            let read = match page.content {
                Content::Words(columns) => {
                    let (words, rules, _) =
                        protocol::words(columns, &bytes).ok_or_else(|| reply("no words"))?;
                    let page = with_words(plain, words, rules);
                    self.with_size(page, columns, inline).await.map_err(Ended::Outside)?
                }
                Content::Image { dpi } => self.with_image(plain, bytes, dpi).await.map_err(Ended::Outside)?,
                Content::Both { words: columns, dpi } => {
                    let (words, rules, png) =
                        protocol::words(columns, &bytes).ok_or_else(|| reply("no words"))?;
                    let page = with_words(plain, words, rules);
                    let page = self.with_size(page, columns, inline).await.map_err(Ended::Outside)?;
                    self.with_image(page, png, dpi).await.map_err(Ended::Outside)?
                }
                Content::Empty => plain,
                Content::Failed(fault) => {
                    let error = RenderError::faulty(fault, name, number, &self.config);
                    Page { error: Some(ErrorInfo::of(&error, STAGE, Some(number))), ..plain }
                }
            };
            done(read);
            *next += 1;
        }
    }

    /// The page with its words and rules where they belong: what is large is no part of a record.
    async fn with_size(&self, mut page: Page, columns: Columns, inline: bool) -> Result<Page, RenderError> {
        if !inline || columns.size().is_none_or(|size| size > INLINE_BYTES) {
            self.words_to_blob(&mut page).await?;
        }
        Ok(page)
    }

    async fn with_image(&self, page: Page, png: Bytes, dpi: f32) -> Result<Page, RenderError> {
        let image = self.blobs.put(png).await?;
        Ok(Page { image: Some(image), image_dpi: Some(dpi), ..page })
    }

    async fn words_to_blob(&self, page: &mut Page) -> Result<(), RenderError> {
        if let Some(words) = page.words.take() {
            let rules = std::mem::take(&mut page.rules);
            page.words_blob = Some(self.blobs.put(Codec::words_to_blob(&words, &rules)?.into()).await?);
        }
        Ok(())
    }
}

/// How a call ended early.
enum Ended {
    /// By the document.
    Killed(SandboxError),
    /// By something else.
    Outside(RenderError),
}

fn ended(error: SandboxError) -> Ended {
    match error {
        SandboxError::Died { .. }
        | SandboxError::TimedOut { .. }
        | SandboxError::Protocol { .. }
        | SandboxError::TooLarge { .. } => Ended::Killed(error),
        SandboxError::Start { .. }
        | SandboxError::StartTimedOut { .. }
        | SandboxError::Init { .. }
        | SandboxError::Supply { .. }
        | SandboxError::Unconfined { .. } => Ended::Outside(error.into()),
    }
}

/// A page without content.
fn base(page: &PageReply, page_no: i32) -> Page {
    let sane = |v: f32| if v.is_finite() { v.clamp(0.0, 1e6) } else { 0.0 };
    let plain = Page {
        page_no,
        width: sane(page.width),
        height: sane(page.height),
        text_source: TextSource::None,
        ms: i32::try_from(page.ms).unwrap_or(i32::MAX),
        ..Page::default()
    };
    noted(plain, &page.note)
}

fn with_words(page: Page, words: PackedWords, rules: PackedRules) -> Page {
    Page {
        text_source: TextSource::TextLayer,
        engine: ENGINE.into(),
        engine_version: ENGINE_VERSION.into(),
        confidence: Some(1.0),
        words: Some(words),
        rules,
        ..page
    }
}

/// A page that could not be read.
pub(crate) fn failed(page_no: i32, error: &RenderError) -> Page {
    Page { page_no, error: Some(ErrorInfo::of(error, STAGE, Some(page_no))), ..Page::default() }
}
