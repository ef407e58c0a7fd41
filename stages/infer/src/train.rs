//! Learning from examples: from documents with their truth to a model, and what it is worth.
//!
//! Owns training and cross-validation. Knows no folder and no command. Rule: what is reported was decided by scorers that
//! never saw the group of the document; what is shipped has seen all.

pub mod cross;
pub mod fit;
pub mod synth;
pub mod truth;
pub mod truths;
pub mod words;

pub use cross::{FieldReport, Report, compare_families, cross_validate};
pub use fit::{Example, Settings, Task, is_anything_findable, train};

#[cfg(test)]
mod tests;
