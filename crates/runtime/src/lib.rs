//! The runtime: takes records from a log, runs a stage over them out of order, and commits outputs and positions
//! together.
//!
//! Owns when work starts, retries, dies and is committed. Knows no broker (see [`transport`]), and a stage knows nothing
//! of it but [`stage`]. Rule: no record is acknowledged before its effects are durable, and no effect is visible twice
//! to a read_committed reader.

pub mod breaker;
pub mod budget;
pub mod driver;
pub mod ledger;
pub mod metadata;
pub mod partitioner;
pub mod retry;
pub mod schedule;
pub mod stage;
pub mod telemetry;
pub mod topology;
pub mod transport;
pub mod worker;

pub use stage::{Cost, Cx, Gather, Outputs, PART_MARK, Part, Stage, Step, Unreadable};
pub use topology::{Topology, TopologyError};
pub use worker::{RunError, SchemaSource, Worker, WorkerEnv};
