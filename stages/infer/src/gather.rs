//! Worker `gather`: the pages of a document meet again.
//!
//! Owns when a document is complete. Knows nothing of what is on its pages. Rule: the assembly depends only on which
//! pages came, never on their order or on how often each came, and each revision is assembled once.

use crate::config::Config;
use crate::error::InferError;
use docmill_contracts::{
    Contract, DocumentAssembled, DocumentHead, DocumentState, DocumentStatus, ErrorInfo, GatherState, Page,
    PageRecognized, StageTrace, TextSource,
};
use docmill_runtime::{Gather, Outputs, Part, Step, Unreadable};

/// Documents of at most this many pages report progress at each page; longer ones at every so many.
const PROGRESS_PAGES: usize = 16;

/// Assembles documents from their pages.
#[derive(Debug, Clone)]
pub struct GatherPages {
    pages_timeout_ms: i64,
    per_page_ms: i64,
    closed_ms: i64,
}

impl GatherPages {
    /// With the settings of the stage.
    pub fn new(config: &Config) -> Self {
        Self {
            pages_timeout_ms: i64::from(config.pages_timeout_s) * 1000,
            per_page_ms: i64::from(config.pages_timeout_per_page_ms),
            closed_ms: i64::from(config.closed_retention_s) * 1000,
        }
    }

    fn assemble(mut state: GatherState, head: DocumentHead, now_ms: i64) -> Step<GatherState> {
        let pages = std::mem::take(&mut state.pages);
        let status = status(&head, DocumentState::Inferring, pages.len(), state.page_count, now_ms);
        let mut head = head;
        head.source.pages = Some(state.page_count);
        let stages = traces(&pages);
        // Of a closed document only the mark is kept, and the time of closing: there are many of them.
        let closed = GatherState { head: None, closed: true, opened_at: now_ms, ..state };
        let assembled = DocumentAssembled { head, pages, error: None, stages };
        Step { state: Some(closed), outputs: Outputs::one(assembled).and(status) }
    }
}

impl Gather for GatherPages {
    type In = PageRecognized;
    type State = GatherState;

    /// Each revision is gathered by itself: that of another one takes nothing from it.
    fn key(&self, input: &PageRecognized) -> String {
        format!("{}/{}", input.key(), input.head.revision)
    }

    fn awaits(&self, state: &GatherState) -> Option<String> {
        (!state.closed).then(|| state.key())
    }

    fn apply(&self, state: Option<GatherState>, input: &PageRecognized, now_ms: i64) -> Step<GatherState> {
        let revision = input.head.revision;
        if let Some(error) = input.lost_to()
            && state.as_ref().is_none_or(|s| !s.closed)
        {
            return self.give_up(state, Some(input), error.clone(), now_ms);
        }
        let mut state = match state {
            Some(state) if state.closed => return Step { state: Some(state), outputs: Outputs::none() },

            Some(state) => state,
            None => GatherState {
                head: Some(input.head.clone()),
                page_count: 0,
                revision,
                closed: false,
                opened_at: now_ms,
                pages: Vec::new(),
            },
        };
        state.page_count = state.page_count.max(input.page_count).max(input.page.page_no);
        let before = state.pages.len();
        insert(&mut state.pages, &input.page);
        let done = state.pages.len();
        if usize::try_from(state.page_count) == Ok(done) {
            return Self::assemble(state, input.head.clone(), now_ms);
        }
        let long = usize::try_from(state.page_count).is_ok_and(|count| count > PROGRESS_PAGES);
        let mut outputs = Outputs::none();
        if done > before && (!long || done.is_multiple_of(PROGRESS_PAGES)) {
            outputs.push(status(&input.head, DocumentState::Recognizing, done, state.page_count, now_ms));
        }
        Step { state: Some(state), outputs }
    }

    /// A document's head is one part, and each page is one: a document of a thousand pages is not written anew with each.
    fn changes(
        &self,
        before: Option<&GatherState>,
        after: Option<&GatherState>,
        input: Option<&PageRecognized>,
    ) -> Vec<Part<GatherState>> {
        let head = |state: Option<GatherState>| Part { name: String::new(), state };
        let pages_of = |state: &GatherState| state.pages.iter().map(|p| p.page_no).collect::<Vec<i32>>();
        let Some(after) = after.filter(|s| !s.closed) else {
            if before == after {
                return Vec::new();
            }
            // Nothing is left of an open document but, for a while, the mark that it was closed.
            let gone = before.map(pages_of).unwrap_or_default().into_iter();
            let gone = gone.map(|no| Part { name: no.to_string(), state: None });
            return std::iter::once(head(after.cloned())).chain(gone).collect();
        };
        let part = |pages: Vec<Page>, head: Option<DocumentHead>| GatherState { pages, head, ..mark(after) };
        let page = |no: i32| {
            let at = |state: &GatherState| {
                let found = state.pages.binary_search_by_key(&no, |p| p.page_no).ok();
                found.and_then(|at| state.pages.get(at).cloned())
            };
            let new = at(after)?;
            let changed = before.and_then(at).as_ref() != Some(&new);
            changed.then(|| Part { name: no.to_string(), state: Some(part(vec![new], None)) })
        };
        if before.is_some_and(|b| b.page_count == after.page_count) {
            return input.and_then(|input| page(input.page.page_no)).into_iter().collect();
        }
        // A head that an older build wrote has its pages with it: with a new head each of them is written as a part.
        let pages = after
            .pages
            .iter()
            .map(|p| Part { name: p.page_no.to_string(), state: Some(part(vec![p.clone()], None)) });
        std::iter::once(head(Some(part(Vec::new(), after.head.clone())))).chain(pages).collect()
    }

    fn join(&self, one: GatherState, other: GatherState) -> GatherState {
        let (mut one, other) = if other.closed { (other, one) } else { (one, other) };
        // Of a closed document nothing counts but that it is closed.
        if !one.closed {
            one.head = one.head.or(other.head);
            one.page_count = one.page_count.max(other.page_count);
            one.opened_at = one.opened_at.min(other.opened_at);
            other.pages.iter().for_each(|page| insert(&mut one.pages, page));
        }
        one
    }

    fn failed(&self, input: &PageRecognized, error: ErrorInfo) -> PageRecognized {
        let page_no = input.page.page_no;
        let error = Some(ErrorInfo { page: Some(page_no), ..error });
        let page = Page { page_no, error, ..Page::default() };
        PageRecognized { head: input.head.clone(), page_count: input.page_count, page }
    }

    fn unreadable(&self, record: Unreadable) -> Option<PageRecognized> {
        Some(PageRecognized::lost(record.head(), record.error))
    }

    fn expires_at(&self, state: &GatherState) -> i64 {
        let wait = if state.closed {
            self.closed_ms
        } else {
            self.pages_timeout_ms + self.per_page_ms * i64::from(state.page_count.max(0))
        };
        state.opened_at.saturating_add(wait)
    }

    fn expire(&self, mut state: GatherState, now_ms: i64) -> Step<GatherState> {
        let Some(head) = state.head.clone().filter(|_| !state.closed) else {
            return Step { state: None, outputs: Outputs::none() };
        };
        let waited_s = (now_ms - state.opened_at).max(0) / 1000;
        for page in 1..=state.page_count {
            if state.pages.binary_search_by_key(&page, |p| p.page_no).is_err() {
                let error = InferError::PageNeverArrived { page, pages: state.page_count, waited_s };
                let error = ErrorInfo::of(&error, crate::STAGE, Some(page));
                insert(&mut state.pages, &Page { page_no: page, error: Some(error), ..Page::default() });
            }
        }
        Self::assemble(state, head, now_ms)
    }

    fn give_up(
        &self,
        state: Option<GatherState>,
        input: Option<&PageRecognized>,
        error: ErrorInfo,
        now_ms: i64,
    ) -> Step<GatherState> {
        let page_count = state.as_ref().map_or(0, |s| s.page_count);
        let head = state.and_then(|s| s.head).or_else(|| input.map(|i| i.head.clone()));
        let Some(head) = head else { return Step { state: None, outputs: Outputs::none() } };
        let status = status(&head, DocumentState::Inferring, 0, page_count, now_ms);
        let closed = GatherState {
            head: None,
            page_count,
            revision: head.revision,
            closed: true,
            opened_at: now_ms,
            pages: Vec::new(),
        };
        let assembled = DocumentAssembled { head, pages: Vec::new(), error: Some(error), stages: Vec::new() };
        Step { state: Some(closed), outputs: Outputs::one(assembled).and(status) }
    }
}

/// A state without head and pages.
fn mark(state: &GatherState) -> GatherState {
    let GatherState { page_count, revision, closed, opened_at, .. } = *state;
    GatherState { head: None, page_count, revision, closed, opened_at, pages: Vec::new() }
}

/// Puts a page in its place. Of two versions of one page, one that was read is kept over one that failed; of two that
/// were read, one and the same whichever came first.
fn insert(pages: &mut Vec<Page>, page: &Page) {
    match pages.binary_search_by_key(&page.page_no, |p| p.page_no) {
        Err(place) => pages.insert(place, page.clone()),
        Ok(place) => {
            let rank = |p: &Page| (p.error.is_some(), format!("{p:?}"));
            if pages[place] != *page && rank(page) < rank(&pages[place]) {
                pages[place] = page.clone();
            }
        }
    }
}

fn status(
    head: &DocumentHead,
    state: DocumentState,
    pages_done: usize,
    page_count: i32,
    at: i64,
) -> DocumentStatus {
    DocumentStatus {
        document_id: head.document_id.clone(),
        revision: head.revision,
        tenant: head.tenant.clone(),
        name: head.source.name.clone(),
        state,
        pages_done: i32::try_from(pages_done).unwrap_or(i32::MAX),
        page_count,
        outcome: None,
        at,
    }
}

/// Time spent on pages, by what read them, in the order of the flow.
pub(crate) fn traces(pages: &[Page]) -> Vec<StageTrace> {
    let mut traces: Vec<StageTrace> = Vec::new();
    for page in pages.iter().filter(|p| p.ms > 0 || !p.engine.is_empty()) {
        let stage = if page.text_source == TextSource::Ocr { "ocr" } else { "render" };
        let same = |t: &&mut StageTrace| {
            t.stage == stage && t.engine == page.engine && t.version == page.engine_version
        };
        match traces.iter_mut().find(same) {
            Some(trace) => trace.ms += i64::from(page.ms),
            None => traces.push(StageTrace {
                stage: stage.to_owned(),
                ms: i64::from(page.ms),
                engine: page.engine.clone(),
                version: page.engine_version.clone(),
            }),
        }
    }
    // Reverse: `render` before `ocr`.
    traces.sort_by(|a, b| {
        b.stage.cmp(&a.stage).then_with(|| (&a.engine, &a.version).cmp(&(&b.engine, &b.version)))
    });
    traces
}

#[cfg(test)]
mod tests;
