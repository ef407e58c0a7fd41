//! What a seed stands for: documents, limits, processes, and which faults come how often.

use crate::flow::{Act, Flow};
use docmill_contracts::Class;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::hash::Hasher;
use std::time::Duration;

/// A document that is submitted.
#[derive(Debug, Clone)]
pub struct Document {
    /// Id.
    pub id: String,
    /// Tenant.
    pub tenant: String,
    /// Revision.
    pub revision: i32,
    /// Pages.
    pub pages: i32,
    /// When it is submitted, simulated milliseconds.
    pub at_ms: u64,
    /// Submitted as bytes that are no record.
    pub garbage: bool,
}

/// How often what goes wrong. Per mille of the occasions, if not said otherwise.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Until when, simulated milliseconds.
    pub until_ms: u64,
    /// Between two blows at a process, milliseconds; 0: none.
    pub blow_every_ms: u64,
    /// Processes die at a call.
    pub crash: bool,
    /// Processes are cut off longer than their session.
    pub cut_off: bool,
    /// Processes are stopped and started.
    pub restart: bool,
    /// Processes come and go for longer.
    pub scale: bool,
    /// The log cannot be reached for a while.
    pub outage: bool,
    /// Partitions are revoked and lost.
    pub rebalance: bool,
    /// Transactions rolled back.
    pub abort: u32,
    /// Producers lost, with known or unknown outcome.
    pub lose: u32,
    /// Steps of transactions that take seconds.
    pub slow_log: u32,
    /// Fetches that bring records again.
    pub again: u32,
    /// Offsets used up, compaction.
    pub gaps: bool,
    /// Clocks of processes are wrong by up to ten minutes.
    pub clocks: bool,
}

/// Everything that a seed decides.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The seed.
    pub seed: u64,
    /// The workers that are simulated.
    pub flow: Flow,
    /// Partitions of most topics.
    pub partitions: i32,
    /// Partitions of what is gathered.
    pub gathered: i32,
    /// Slots of each stage.
    pub slots: [usize; 3],
    /// Documents in the order of their submission.
    pub documents: Vec<Document>,
    /// Faults.
    pub faults: Faults,
    /// How long gather waits for pages, in seconds.
    pub pages_timeout_s: u32,
    /// Offsets of a window.
    pub span: usize,
    /// Most records of a fetch.
    pub fetch: usize,
    window: usize,
    concurrency: usize,
    interval_ms: u64,
    commit_records: usize,
    /// Per mille of the records: slow, transient, internal, panic, poison, hang, giant, deadly.
    acts: [u64; 8],
}

impl Scenario {
    /// The scenario of a seed.
    pub fn of(seed: u64, flow: Flow) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let rng = &mut rng;
        let until_ms = rng.random_range(15_000..60_000);
        let mut faults = Faults {
            until_ms,
            blow_every_ms: if rng.random_ratio(9, 10) { rng.random_range(500..8000) } else { 0 },
            crash: rng.random_ratio(2, 3),
            cut_off: rng.random_ratio(1, 2),
            restart: rng.random_ratio(1, 2),
            scale: rng.random_ratio(1, 2),
            outage: rng.random_ratio(1, 4),
            rebalance: rng.random_ratio(1, 2),
            abort: *pick(rng, &[0, 10, 60]),
            lose: *pick(rng, &[0, 10, 40]),
            slow_log: *pick(rng, &[0, 0, 5, 40]),
            again: *pick(rng, &[0, 50]),
            gaps: rng.random_ratio(1, 2),
            clocks: rng.random_ratio(1, 2),
        };
        if seed.is_multiple_of(50) {
            faults = Faults { until_ms: 1000, ..Faults::default() };
        }
        let documents = documents(rng, until_ms);
        let sometimes = |rng: &mut SmallRng, rate: u64| if rng.random_ratio(1, 2) { rate } else { 0 };
        Self {
            seed,
            flow,
            partitions: rng.random_range(1..=4),
            gathered: rng.random_range(1..=3),
            slots: [rng.random_range(1..=3), rng.random_range(1..=3), rng.random_range(1..=2)],
            documents,
            faults,
            pages_timeout_s: *pick(rng, &[20, 60, 1800]),
            span: *pick(rng, &[8, 32, 256, 4096]),
            fetch: *pick(rng, &[1, 4, 16, 100]),
            window: *pick(rng, &[4, 16, 1024]),
            concurrency: *pick(rng, &[1, 2, 4, 8]),
            interval_ms: *pick(rng, &[0, 20, 100, 250]),
            commit_records: *pick(rng, &[1, 3, 1000]),
            acts: [
                *pick(rng, &[0, 30, 150]),
                sometimes(rng, 100),
                sometimes(rng, 30),
                sometimes(rng, 30),
                sometimes(rng, 60),
                sometimes(rng, 30),
                sometimes(rng, 30),
                *pick(rng, &[0, 0, 0, 20]),
            ],
        }
    }

    /// Limits of every worker, as lines of a topology.
    pub fn limits(&self) -> String {
        format!(
            "concurrency = {}\nwindow_records = {}\nwindow_span = {}\nattempt_timeout = \"70s\"\n\
             retry_deadline = \"90s\"\ncommit_interval = \"{}ms\"\ncommit_records = {}",
            self.concurrency, self.window, self.span, self.interval_ms, self.commit_records
        )
    }

    /// A number that follows from the seed and these words alone.
    pub fn roll(&self, words: &[&str]) -> u64 {
        let mut hash = std::hash::DefaultHasher::new();
        hash.write_u64(self.seed);
        for word in words {
            hash.write(word.as_bytes());
            hash.write_u8(0);
        }
        hash.finish()
    }

    /// What an attempt at a record does.
    pub fn act(&self, worker: &str, record: &str, attempt: u32) -> Act {
        let kind = self.roll(&[worker, record]) % 1000;
        let number = attempt.to_string();
        let wait = Duration::from_millis(self.roll(&["wait", worker, record, &number]) % 60);
        let mut rates = self.acts.iter().scan(0, |sum, rate| {
            *sum += rate;
            Some(*sum)
        });
        match rates.position(|below| kind < below) {
            Some(0) => {
                let long = self.roll(&["long", worker, record]) % 60_000;
                Act::Work(Duration::from_millis(1000 + long))
            }
            Some(1) if u64::from(attempt) <= kind % 5 => Act::Fail(wait, Class::Transient),
            Some(2) if attempt == 1 => Act::Fail(wait, Class::Internal),
            Some(3) if u64::from(attempt) <= kind % 3 => Act::Panic,
            Some(4) => Act::Fail(wait, Class::Input),
            Some(5) if attempt == 1 => Act::Hang,
            Some(6) => Act::Giant,
            Some(7) => Act::Kill,
            _ => Act::Work(wait),
        }
    }

    /// Whether the pages of a range that was given up are never heard of, so that gather has to give them up too.
    pub fn is_silent(&self, document: &str, first_page: i32) -> bool {
        first_page > 1 && self.roll(&["silent", document, &first_page.to_string()]).is_multiple_of(2)
    }
}

fn pick<'a, T>(rng: &mut SmallRng, all: &'a [T]) -> &'a T {
    &all[rng.random_range(0..all.len())]
}

fn documents(rng: &mut SmallRng, until_ms: u64) -> Vec<Document> {
    let count = rng.random_range(3..14);
    let mut all = Vec::new();
    for n in 0..count {
        let tenant = format!("tenant{}", rng.random_range(0..3));
        let pages = match rng.random_range(0..20) {
            0 => rng.random_range(13..=40),
            1..=5 => rng.random_range(5..=12),
            _ => rng.random_range(1..=4),
        };
        let at_ms = rng.random_range(0..until_ms * 2 / 3);
        let id = format!("d{n:02}");
        let garbage = rng.random_ratio(1, 20);
        if rng.random_ratio(1, 5) {
            let at_ms = at_ms + rng.random_range(0..until_ms / 3);
            let (id, tenant) = (id.clone(), tenant.clone());
            all.push(Document { id, tenant, revision: 2, pages, at_ms, garbage: false });
        }
        all.push(Document { id, tenant, revision: 1, pages, at_ms, garbage });
    }
    all.sort_by(|a, b| (a.at_ms, &a.id, a.revision).cmp(&(b.at_ms, &b.id, b.revision)));
    all
}
