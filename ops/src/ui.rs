//! Words for people: results on standard output, news and progress on standard error.
//!
//! The one place that prints. A reader that went away is no error.

use docmill_assets::{Assets, Progress};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

/// One line on standard output.
pub fn say(line: impl fmt::Display) {
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// One line on standard error.
pub fn tell(line: impl fmt::Display) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Styles, empty where standard output is no terminal or NO_COLOR is set.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// For standard output.
    pub fn stdout() -> Self {
        Self {
            colour: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }

    /// `text` in an ANSI style such as `32`.
    pub fn paint(self, style: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Good news.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Bad news.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Something to look at.
    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// What can be skipped.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// The cache of fetched files, which says on standard error what it fetches.
pub fn assets(folder: Option<PathBuf>) -> Assets {
    Assets::new(folder).on_progress(|progress: &Progress| match progress {
        Progress::Fetching { .. } => tell(format!("{progress} …")),
        Progress::Fetched { .. } => {}
    })
}
