//! What an operator may set.

use crate::ValidateError;
use serde::{Deserialize, Serialize};

/// Settings of validate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Least confidence of every required field for a document to be accepted unseen, 0 to 1.
    pub accept_confidence: f64,
    /// Least confidence of the document type for a document to be accepted unseen, 0 to 1.
    pub accept_type_confidence: f64,
    /// How far after its submission a document may be dated, in days.
    pub max_days_ahead: i32,
}

impl Default for Config {
    fn default() -> Self {
        Self { accept_confidence: 0.85, accept_type_confidence: 0.5, max_days_ahead: 31 }
    }
}

impl Config {
    /// Every mistake at once.
    pub(crate) fn check(&self) -> Result<(), ValidateError> {
        let mut mistakes = Vec::new();
        for (name, value) in [
            ("accept_confidence", self.accept_confidence),
            ("accept_type_confidence", self.accept_type_confidence),
        ] {
            if !(0.0..=1.0).contains(&value) {
                mistakes.push(format!("{name} = {value} is not within 0..=1"));
            }
        }
        if !(0..=3650).contains(&self.max_days_ahead) {
            mistakes.push(format!("max_days_ahead = {} is not within 0..=3650", self.max_days_ahead));
        }
        if mistakes.is_empty() { Ok(()) } else { Err(ValidateError::Config { mistakes }) }
    }
}
