//! The progress bar, and the news it shows.

use docmill_contracts::{DocumentResult, DocumentStatus};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;

/// Something the log has to tell about a document.
#[derive(Debug)]
pub(crate) enum News {
    /// How far it is.
    Status(Box<DocumentStatus>),
    /// Its result.
    Result(Box<DocumentResult>),
}

impl News {
    pub(crate) fn document_id(&self) -> &str {
        match self {
            Self::Status(s) => &s.document_id,
            Self::Result(r) => &r.document_id,
        }
    }
}

/// Documents, pages and rate on one line, where standard error is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Pages done, per document.
    pages: HashMap<String, i32>,
}

impl Progress {
    pub(crate) fn new(documents: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(documents), ProgressDrawTarget::stderr());
        let style = "{spinner} {bar:30} {pos}/{len} documents  {msg}  {per_sec}  {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.with_key(
                "per_sec",
                |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    // Writing to the bar's own buffer cannot fail.
                    write!(out, "{:.1} documents/s", state.per_sec()).ok();
                },
            ));
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self { bar, pages: HashMap::new() }
    }

    /// A document was done by an earlier run.
    pub(crate) fn done_before(&mut self) {
        self.bar.inc_length(0);
        self.bar.inc(1);
    }

    pub(crate) fn show(&mut self, news: &[News]) {
        for item in news {
            match item {
                News::Status(s) => {
                    let pages = self.pages.entry(s.document_id.clone()).or_default();
                    *pages = s.pages_done.max(*pages);
                }
                News::Result(r) => {
                    self.bar.inc(1);
                    let pages = i32::try_from(r.pages.len()).unwrap_or(i32::MAX);
                    self.pages.insert(r.document_id.clone(), pages);
                }
            }
        }
        self.bar.set_message(format!("{} pages", self.pages.values().sum::<i32>()));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
