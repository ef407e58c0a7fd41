//! Error classes and stable codes, shared by every crate.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose fault an error is, and so what the runtime does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The input is at fault: trying again gives the same. The record is rejected.
    Input,
    /// Something outside is at fault for now: try again, with back-off, until a deadline.
    Transient,
    /// docmill is at fault. Tried a few times, then dead-lettered.
    Internal,
    /// The process cannot go on: stop it, commit nothing more.
    Fatal,
}

/// A stable error code such as `RENDER-0002`; each has a page in docs/errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// An error that knows its class and its code. Its `Display` is one line for a person.
pub trait Classify: std::error::Error + Send + Sync + 'static {
    /// Whose fault it is.
    fn class(&self) -> Class;
    /// Its stable code.
    fn code(&self) -> Code;
    /// Milliseconds after which the record may be tried again where it only has to wait its turn (a rate limit).
    /// Such waiting is no failure: it counts against no deadline and no number of attempts.
    fn wait_ms(&self) -> Option<u64> {
        None
    }
}

/// Why a document or a page has no content, as it travels in records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorInfo {
    /// Stable code.
    pub code: String,
    /// Whose fault it is.
    pub class: Class,
    /// One line for a person; names the file and the limit.
    pub message: String,
    /// Stage that said so.
    pub stage: String,
    /// Page it concerns, from 1.
    pub page: Option<i32>,
}

impl ErrorInfo {
    /// The travelling form of `error`, as `stage` met it.
    pub fn of(error: &dyn Classify, stage: &str, page: Option<i32>) -> Self {
        Self {
            code: error.code().0.to_owned(),
            class: error.class(),
            message: error.to_string(),
            stage: stage.to_owned(),
            page,
        }
    }
}
