//! Servers that speak OpenAI's protocol: one with answers from a script, a real one, and a proxy with faults before any.
//!
//! All listen on loopback, on ports of their own, and end with their handle.

mod http;
mod proxy;
mod real;
mod scripted;

pub use proxy::{Fault, FaultProxy};
pub use real::RealServer;
pub use scripted::{Reply, ScriptedServer, Seen};
