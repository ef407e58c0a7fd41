//! The weather of a run: what calls of processes meet, and the blows at processes.

use crate::scenario::{Faults, Scenario};
use crate::trace::Trace;
use docmill_runtime::transport::Event;
use docmill_testkit::sim::{Fetch, Op, Turn, Weather};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Decides by the seed alone, in the order in which it is asked.
pub struct Storm {
    trace: Arc<Trace>,
    faults: Faults,
    most: usize,
    state: Mutex<State>,
}

struct State {
    rng: SmallRng,
    /// Calls until a process dies, by its name, and who is told.
    crashes: BTreeMap<String, u32>,
    /// Calls until a process is cut off, and for how long.
    cuts: BTreeMap<String, (u32, Duration)>,
    deaths: BTreeMap<String, mpsc::Sender<()>>,
    /// Processes whose next transaction takes that long to end, and who is told that it is about to.
    slow_ends: BTreeMap<String, (Duration, oneshot::Sender<()>)>,
    outage_until_ms: u64,
    calm: bool,
}

impl Storm {
    /// The weather of a scenario.
    pub fn new(scenario: &Scenario, trace: Arc<Trace>) -> Self {
        let state = State {
            rng: SmallRng::seed_from_u64(scenario.roll(&["storm"])),
            crashes: BTreeMap::new(),
            cuts: BTreeMap::new(),
            deaths: BTreeMap::new(),
            slow_ends: BTreeMap::new(),
            outage_until_ms: 0,
            calm: false,
        };
        Self { trace, faults: scenario.faults.clone(), most: scenario.fetch, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.lock().rng.random_range(0..end.max(1))
    }

    /// A process starts; it is told of its death.
    pub fn born(&self, process: &str) -> mpsc::Receiver<()> {
        let (tell, told) = mpsc::channel(4);
        self.lock().deaths.insert(process.to_owned(), tell);
        told
    }

    /// The process dies at its n-th call from now.
    pub fn crash_at(&self, process: &str, calls: u32) {
        self.lock().crashes.insert(process.to_owned(), calls);
    }

    /// The process is cut off at its n-th call from now.
    pub fn cut_at(&self, process: &str, calls: u32, wait: Duration) {
        self.lock().cuts.insert(process.to_owned(), (calls, wait));
    }

    /// The end of the process's next transaction takes that long; returns who is told when it begins.
    pub fn slow_end(&self, process: &str, wait: Duration) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        self.lock().slow_ends.insert(process.to_owned(), (wait, tell));
        told
    }

    /// The process dies now; its supervisor ends its tasks.
    pub fn kill(&self, process: &str) {
        if let Some(tell) = self.lock().deaths.get(process) {
            tell.try_send(()).ok();
        }
    }

    /// The log cannot be reached by anyone until then.
    pub fn outage(&self, until_ms: u64) {
        self.lock().outage_until_ms = until_ms;
    }

    /// No more faults.
    pub fn calm(&self) {
        let mut state = self.lock();
        state.calm = true;
        state.crashes.clear();
        state.cuts.clear();
        state.slow_ends.clear();
        state.outage_until_ms = 0;
    }

    fn decide(&self, state: &mut State, process: &str, op: Op) -> Turn {
        if state.calm {
            return Turn::After(Duration::from_millis(state.rng.random_range(0..3)));
        }
        if let Some(calls) = state.crashes.get_mut(process) {
            if *calls == 0 {
                state.crashes.remove(process);
                if let Some(tell) = state.deaths.get(process) {
                    tell.try_send(()).ok();
                }
                return Turn::Crash;
            }
            *calls -= 1;
        }
        if let Some((calls, wait)) = state.cuts.get_mut(process) {
            if *calls == 0 {
                let wait = *wait;
                state.cuts.remove(process);
                return Turn::CutOff(wait);
            }
            *calls -= 1;
        }
        if self.trace.at_ms() < state.outage_until_ms {
            return Turn::Refuse;
        }
        if op == Op::End
            && let Some((wait, tell)) = state.slow_ends.remove(process)
        {
            tell.send(()).ok();
            return Turn::After(wait);
        }
        let roll = state.rng.random_range(0..1000);
        let commit = matches!(op, Op::Begin | Op::Send | Op::Offsets | Op::End);
        let f = &self.faults;
        // A transaction has five calls.
        if roll < f.abort && matches!(op, Op::Send | Op::Offsets | Op::End) {
            return Turn::Abort;
        }
        if roll < f.abort + f.lose && (commit || op == Op::Ended) {
            return Turn::Lose { done: state.rng.random_ratio(1, 2) };
        }
        if roll < f.abort + f.lose + f.slow_log {
            return Turn::After(Duration::from_millis(state.rng.random_range(500..20_000)));
        }
        match state.rng.random_range(0..3) {
            0 => Turn::Go,
            _ => Turn::After(Duration::from_millis(state.rng.random_range(0..12))),
        }
    }
}

impl Weather for Storm {
    fn turn(&self, process: &str, op: Op, about: &str) -> Turn {
        let mut state = self.lock();
        let turn = self.decide(&mut state, process, op);
        drop(state);
        self.trace.say(format_args!("call   {process} {op:?} {about}: {turn:?}"));
        turn
    }

    fn fetch(&self, process: &str, topic: &str) -> Fetch {
        let mut state = self.lock();
        let count = state.rng.random_range(1..=self.most);
        let again = if !state.calm && state.rng.random_range(0..1000) < self.faults.again {
            state.rng.random_range(1..5)
        } else {
            0
        };
        let then = Duration::from_millis(state.rng.random_range(0..10));
        let refuse = !state.calm && self.trace.at_ms() < state.outage_until_ms;
        drop(state);
        self.trace.say(format_args!("fetch  {process} {topic}: {count} again {again} refused {refuse}"));
        Fetch { count, again, then, refuse }
    }

    fn told(&self, process: &str, group: &str, news: &Event) {
        match news {
            Event::Records { .. } => {}
            Event::Assigned(partitions) => {
                let all: Vec<String> = partitions
                    .iter()
                    .map(|a| format!("{}:{}[{}]", a.partition, a.offset, a.metadata))
                    .collect();
                self.trace.say(format_args!("news   {process} {group} has {}", all.join(" ")));
            }
            Event::Revoked(partitions) => {
                self.trace.say(format_args!("news   {process} {group} is asked for {partitions:?}"));
            }
            Event::Lost(partitions) => {
                self.trace.say(format_args!("news   {process} {group} lost {partitions:?}"));
            }
        }
    }
}
