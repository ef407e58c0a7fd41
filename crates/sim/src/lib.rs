//! Deterministic simulation: the real workers, with their drivers, gather, codec and changelog, on a log in memory that
//! behaves as Kafka does ([`docmill_testkit::SimLog`]), under faults that follow from a seed.
//!
//! Owns the world around the workers (processes, clocks, documents, faults) and what is checked. Changes nothing in them: time is
//! tokio's paused time, each process has a wrong clock of its own, and one thread runs all of a seed. Rule: a seed always gives
//! the same trace; an invariant that breaks in one is a fault of the runtime, or of this model of Kafka, and is never retried away.
//!
//! # What is simulated
//!
//! `accepted → plan → planned → page → recognized → gather (docmill-infer's own) → assembled → finish (ordered) → results`, one to
//! three processes a stage, documents of 1 to 40 pages of three tenants, some submitted again, some of them garbage. A seed
//! chooses limits, partitions and which faults come ([`scenario`]): crashes at any call of the log, kills, processes cut off
//! past their session, restarts, processes that come and go, outages, partitions revoked and lost, transactions rolled back, producers
//! lost with known and unknown outcome, slow brokers, records delivered twice, offset gaps, compaction, wrong clocks; attempts that are slow, fail, panic,
//! hang, are refused, or emit what no topic takes; records that kill their process. Then all is calm, and all work must end.
//!
//! `--flow claims` simulates the worker that finds duplicates (docmill-validate's own) on its own input ([`flow::claims`]): documents, some of them in
//! two revisions, claim keys that others claim.
//!
//! # What must hold
//!
//! [`Invariant`] names it; [`observer`] watches every transaction in the moment it becomes visible.
//!
//! # Reading a trace
//!
//! `docmill-sim --seeds 489..490 --trace`. Each line begins with simulated milliseconds:
//!
//! * `start`, `stop`, `end`, `fail`: processes, `slot#life`, with the error of their clock;
//! * `blow`: a fault; `calm`: no more of them; `back`: a process that was cut off is not any more;
//! * `call`: a step of a process at the log, and what it met: `Join`, `Open` (a reader), `Begin`, `Send` (twice), `Offsets`, `End`,
//!   `Ended` (committed; the process does not know yet);
//! * `fetch`, `news`: what a member gets; `has 0:24[v2..3.!0:1]` is partition, position and metadata;
//! * `run`: an attempt, and what it does;
//! * `commit`: what became visible: the producer, positions, and `topic-partition@offset=record`;
//! * `BROKEN`: the invariant, and what broke it.
//!
//! Read from the end: what is wrong in the last `commit`; which member made it; what that member was told before (`news`);
//! what it had called (`call`), and what `blow` lies in between.
//!
//! # From a seed to a test
//!
//! A failing seed is added to `tests/regressions.rs` by a name that says what was wrong. Since a change of the scenarios changes what a seed stands
//! for, the test of a fault that was planted ([`Plant`]) or found also says that it is found again when it is put back, where that is possible
//! from outside.

#![allow(
    clippy::expect_used,
    reason = "a world that cannot be built is a mistake in this crate: it panics, as a test does"
)]

pub mod flow;
pub mod observer;
pub mod planted;
pub mod process;
pub mod run;
pub mod scenario;
pub mod storm;
pub mod trace;
pub mod world;

pub use flow::Flow;
pub use planted::Plant;
pub use run::{Outcome, Simulator, quiet_panics};
pub use trace::{Broken, Invariant};
