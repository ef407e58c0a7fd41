//! What happened, in order, and the first invariant that broke.

use std::fmt;
use std::hash::Hasher;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What must hold at any moment of any run: I1 to I8 of the design, and what follows from them. I7, a tenant's share under
/// a flood, is not seen in transactions: the driver's own tests check it at every start of work, over seeded runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// I1: nothing is lost; once faults cease, all work ends.
    NoLoss,
    /// I2: no output is visible twice.
    NoDuplicate,
    /// I3: an offset is committed if and only if its outputs are visible.
    OffsetsAreOutputs,
    /// I4: window and metadata are bounded.
    Bounded,
    /// I5: one outcome a page.
    OnePage,
    /// I6: one assembly a revision.
    OneAssembly,
    /// I8: nothing of an ended assignment becomes visible.
    Epoch,
    /// Records of a key keep their order where a stage asks for it.
    Order,
    /// Of documents that claim the same, each but the first is told of one before it.
    OneFirst,
    /// Dead letters carry key, value and headers as they came.
    DeadLetter,
    /// Workers end only for reasons that a restart heals, and never panic.
    Worker,
}

/// An invariant that broke, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.invariant, self.what)
    }
}

/// The trace of a run. Always hashed, kept only where it is wanted.
#[derive(Debug)]
pub struct Trace {
    started: Instant,
    state: Mutex<State>,
    keep: bool,
    /// Told when an invariant broke.
    broke: Notify,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    events: u64,
    hash: std::hash::DefaultHasher,
    broken: Option<Broken>,
}

impl Trace {
    /// An empty trace that starts now.
    pub fn new(keep: bool) -> Self {
        Self { started: Instant::now(), state: Mutex::default(), keep, broke: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Simulated milliseconds since the start.
    pub fn at_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// One event.
    pub fn say(&self, event: fmt::Arguments<'_>) {
        let line = format!("{:>8} {event}", self.at_ms());
        let mut state = self.lock();
        state.events += 1;
        state.hash.write(line.as_bytes());
        if self.keep {
            state.lines.push(line);
        }
    }

    /// An invariant broke. The first one counts.
    pub fn broken(&self, invariant: Invariant, what: impl Into<String>) {
        let broken = Broken { invariant, what: what.into() };
        self.say(format_args!("BROKEN {broken}"));
        self.lock().broken.get_or_insert(broken);
        self.broke.notify_one();
    }

    /// Waits until an invariant breaks.
    pub async fn breaks(&self) {
        self.broke.notified().await;
    }

    /// The invariant that broke, if one did.
    pub fn verdict(&self) -> Option<Broken> {
        self.lock().broken.clone()
    }

    /// Number of events, and a hash of all of them.
    pub fn digest(&self) -> (u64, u64) {
        let state = self.lock();
        (state.events, state.hash.finish())
    }

    /// The events, where they were kept.
    pub fn take_lines(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().lines)
    }
}
