//! An in-memory log, the conformance suite that every transport passes, and servers that speak OpenAI's protocol.
//!
//! For tests only: what fails here panics with what was expected.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

pub mod bench;
pub mod conformance;
pub mod fuzz;
pub mod llm;
pub mod sim;

pub use bench::{Bench, Seat};
pub use sim::{Fault, SimLog};
