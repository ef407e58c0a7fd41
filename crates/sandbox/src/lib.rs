//! Native code in a child process: limits, time-out, kill.
//!
//! Owns the life of the children and the frames between them and their parent. Knows nothing of what a child decodes:
//! requests and replies are bytes. Rule: a child can cost its parent one call, never more: whatever it does, it has a
//! time limit, its frames have a size limit, and the next call finds a working child.
//!
//! The parent side is [`Pool`], the child side [`child_main`]. A child opens its native library at start and needs no
//! file afterwards: documents come through the pipe, long ones part by part as it asks for them ([`Supply`]). So it gives up files, network and processes before the first one
//! ([`Confinement`]); [`self_test`] tries to get them back.

mod child;
mod confine;
mod error;
mod frame;
#[doc(hidden)]
pub mod fuzz;
mod limits;
mod pool;
mod process;
mod self_test;
mod supply;

pub use child::{Handler, Replies, child_main};
pub use confine::{Confinement, Support};
pub use error::SandboxError;
pub use limits::Limits;
pub use pool::{Call, Pool, PoolConfig};
pub use self_test::{Outcome, Tried, self_test, self_test_child};
pub use supply::Supply;

/// First argument of a program that is started as a sandboxed child.
pub const CHILD_ARGUMENT: &str = "__sandbox";
