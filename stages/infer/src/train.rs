//! Learning from examples.

pub mod words;
