//! One run: processes start, documents come, blows fall, then all is calm and everything must end.

use crate::flow::Flow;
use crate::planted::Plant;
use crate::process::{self, Slot, Wanted};
use crate::scenario::Scenario;
use crate::trace::{Broken, Invariant};
use crate::world::World;
use docmill_contracts::SchemaCatalog;
use docmill_runtime::transport::{Read, ReadFrom, Transport};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Longest time from the end of faults to the end of all work, beside what gather waits for pages.
const SETTLES: Duration = Duration::from_secs(1200);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The invariant that broke, if one did.
    pub broken: Option<Broken>,
    /// Events of its trace.
    pub events: u64,
    /// A hash of all of them: the same for the same seed.
    pub digest: u64,
    /// Simulated time, milliseconds.
    pub simulated_ms: u64,
    /// The events, where they were asked for.
    pub trace: Vec<String>,
}

/// Runs seeds.
#[derive(Debug, Clone)]
pub struct Simulator {
    catalog: Arc<SchemaCatalog>,
    flow: Flow,
}

impl Simulator {
    /// Of pages, with the schemas of the build, parsed once.
    pub fn new() -> Self {
        Self::of(Flow::default())
    }

    /// Of a flow.
    pub fn of(flow: Flow) -> Self {
        let catalog = SchemaCatalog::built_in().expect("the schemas of the build are valid");
        Self { catalog: Arc::new(catalog), flow }
    }

    /// Runs one seed on this thread.
    pub fn run(&self, seed: u64, plant: Option<Plant>, trace: bool) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime starts");
        runtime.block_on(async {
            let world = World::new(Scenario::of(seed, self.flow), &self.catalog, trace, plant).await;
            tokio::select! {
                biased;
                () = world.trace.breaks() => {}
                () = scenario(&world) => {}
            }
            let (events, digest) = world.trace.digest();
            Outcome {
                seed,
                broken: world.trace.verdict(),
                events,
                digest,
                simulated_ms: world.trace.at_ms(),
                trace: world.trace.take_lines(),
            }
        })
    }
}

impl Simulator {
    /// Runs many seeds on some threads (0: one for each processor) and hands over their outcomes in the order of the seeds, until `next` says
    /// that it wants no more.
    pub fn many(
        &self,
        seeds: Range<u64>,
        threads: usize,
        plant: Option<Plant>,
        next: &mut dyn FnMut(Outcome) -> bool,
    ) {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = if threads == 0 { processors } else { threads };
        let (taken, enough) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::sync_channel(64);
            for _ in 0..threads {
                let (tell, taken, enough) = (tell.clone(), &taken, &enough);
                scope.spawn(move || {
                    while !enough.load(Ordering::Relaxed) {
                        let seed = taken.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds.end || tell.send(self.run(seed, plant, false)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(tell);
            let (mut early, mut due) = (BTreeMap::new(), seeds.start);
            for outcome in told {
                early.insert(outcome.seed, outcome);
                while let Some(outcome) = early.remove(&due) {
                    due += 1;
                    if !enough.load(Ordering::Relaxed) && !next(outcome) {
                        enough.store(true, Ordering::Relaxed);
                    }
                }
            }
        });
    }
}

/// Panics of attempts are part of the simulation: nobody needs to read of them.
pub fn quiet_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&crate::flow::PANIC) {
            usual(info);
        }
    }));
}

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}

async fn scenario(world: &Arc<World>) {
    let mut slots = Vec::new();
    let mut supervisors = tokio::task::JoinSet::new();
    let stages = world.scenario.flow.stages().len();
    for (stage, count) in world.scenario.slots.iter().take(stages).enumerate() {
        for number in 0..*count {
            let (slot, supervisor) = process::slot(world, stage, number);
            slots.push(slot);
            supervisors.spawn(supervisor);
        }
    }
    let log = world.log.clone();
    let keeper = tokio::spawn(async move { log.housekeep().await });
    futures::future::join(world.submit(), blows(world, &slots)).await;
    heal(world, &slots);
    settle(world).await;
    for slot in &slots {
        slot.wanted.send_replace(Wanted::Over);
    }
    while supervisors.join_next().await.is_some() {}
    keeper.abort();
    reread(world).await;
}

/// Strikes processes until the faults end.
async fn blows(world: &World, slots: &[Slot]) {
    let faults = &world.scenario.faults;
    let end = faults.until_ms;
    while faults.blow_every_ms > 0 && world.trace.at_ms() < end {
        tokio::time::sleep(Duration::from_millis(1 + world.storm.below(2 * faults.blow_every_ms))).await;
        let Some(slot) = slots.get(usize::try_from(world.storm.below(slots.len() as u64)).unwrap_or(0))
        else {
            return;
        };
        let running = slot.process.borrow().clone();
        let kinds = [
            faults.crash,
            faults.crash,
            faults.cut_off,
            faults.restart,
            faults.scale,
            faults.outage,
            faults.rebalance,
            faults.gaps,
        ];
        let on: Vec<usize> = (0..kinds.len()).filter(|k| kinds[*k]).collect();
        let Some(kind) = on.get(usize::try_from(world.storm.below(on.len() as u64)).unwrap_or(0)) else {
            return;
        };
        match (kind, running) {
            (0, Some(process)) => {
                let calls = u32::try_from(world.storm.below(40)).unwrap_or(0);
                world.trace.say(format_args!("blow   {process} dies at its call {calls} from now"));
                world.storm.crash_at(&process, calls);
            }
            (1, Some(process)) => {
                world.trace.say(format_args!("blow   {process} is killed"));
                world.log.kill(&process);
                world.storm.kill(&process);
            }
            (2, Some(process)) if world.storm.below(2) == 0 => {
                let (calls, ms) = (world.storm.below(30), 1000 + world.storm.below(30_000));
                world.trace.say(format_args!(
                    "blow   {process} is cut off for {ms} ms at its call {calls} from now"
                ));
                world.storm.cut_at(&process, u32::try_from(calls).unwrap_or(0), Duration::from_millis(ms));
            }
            (2, Some(process)) => {
                let ms = 1000 + world.storm.below(30_000);
                world.trace.say(format_args!("blow   {process} is cut off for {ms} ms"));
                world.log.cut_off(&process);
                let (log, trace) = (world.log.clone(), Arc::clone(&world.trace));
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    trace.say(format_args!("back   {process}"));
                    log.reconnect(&process);
                });
            }
            (3, Some(_)) => {
                world.trace.say(format_args!("blow   {} restarts", slot.name));
                slot.wanted.send_replace(Wanted::Down);
                let wanted = slot.wanted.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    wanted.send_if_modified(|w| {
                        *w == Wanted::Down && {
                            *w = Wanted::Up;
                            true
                        }
                    });
                });
            }
            (4, _) => {
                let up = *slot.wanted.borrow() == Wanted::Up;
                world.trace.say(format_args!("blow   {} scales, was up {up}", slot.name));
                slot.wanted.send_replace(if up { Wanted::Down } else { Wanted::Up });
            }
            (5, _) => {
                let ms = 200 + world.storm.below(15_000);
                world.trace.say(format_args!("blow   outage for {ms} ms"));
                world.storm.outage(world.trace.at_ms() + ms);
            }
            (6, Some(process)) => rebalance(world, slot, &process),
            (7, _) => wear(world),
            _ => {}
        }
    }
    let left = end.saturating_sub(world.trace.at_ms());
    tokio::time::sleep(Duration::from_millis(left)).await;
}

/// A partition is asked for or lost: at once, or in the middle of the end of a transaction, when its positions are handed
/// in and not yet committed.
fn rebalance(world: &World, slot: &Slot, process: &str) {
    let stage = world.scenario.flow.stages().iter().find(|(name, _)| slot.name.starts_with(name));
    let Some((_, workers)) = stage else { return };
    let worker = workers[usize::try_from(world.storm.below(workers.len() as u64)).unwrap_or(0)];
    let group = format!("docmill.{worker}");
    let partition = i32::try_from(world.storm.below(4)).unwrap_or(0);
    let lost = world.storm.below(2) == 0;
    let at_end = world.storm.below(2) == 0;
    let name = slot.name.clone();
    world
        .trace
        .say(format_args!("blow   {name} of {worker}: partition {partition} lost {lost} at an end {at_end}"));
    let log = world.log.clone();
    let strike = move || {
        if lost {
            log.lose(&group, &name, &[partition]);
        } else {
            log.revoke(&group, &name, &[partition]);
        }
    };
    if !at_end {
        return strike();
    }
    let wait = Duration::from_millis(100 + world.storm.below(4000));
    let begins = world.storm.slow_end(process, wait);
    tokio::spawn(async move {
        if begins.await.is_ok() {
            strike();
        }
    });
}

/// Uses up offsets, or compacts.
fn wear(world: &World) {
    let topics: Vec<&String> = world.topology.topics.keys().collect();
    let topic = topics[usize::try_from(world.storm.below(topics.len() as u64)).unwrap_or(0)];
    let partition = i32::try_from(world.storm.below(4)).unwrap_or(0);
    let gap = i64::try_from(1 + world.storm.below(12)).unwrap_or(1);
    world.trace.say(format_args!("blow   {topic}-{partition}: gap of {gap}, compaction"));
    world.log.gap(topic, partition, gap);
    for partition in 0..4 {
        world.log.compact("states", partition);
    }
}

fn heal(world: &World, slots: &[Slot]) {
    world.trace.say(format_args!("calm"));
    world.storm.calm();
    for slot in slots {
        slot.wanted.send_replace(Wanted::Up);
        if let Some(process) = &*slot.process.borrow() {
            world.log.reconnect(process);
        }
    }
}

/// Waits until all work is done.
async fn settle(world: &World) {
    let limit = SETTLES + Duration::from_secs(u64::from(world.scenario.pages_timeout_s) * 2);
    let end = tokio::time::Instant::now() + limit;
    loop {
        let missing = world.observed(|o| o.missing());
        if missing.is_empty() {
            return;
        }
        if tokio::time::Instant::now() >= end {
            let first: Vec<&str> = missing.iter().take(4).map(String::as_str).collect();
            let what = format!("{} never done: {}", missing.len(), first.join("; "));
            return world.trace.broken(Invariant::NoLoss, what);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A reader that sees only what is committed finds exactly what the observer saw, whatever was compacted.
async fn reread(world: &World) {
    let seen: Vec<(String, i32, Vec<i64>)> = world.observed(|o| o.visible());
    for (topic, partition, offsets) in seen {
        let Ok(mut reader) = world.log.reader(&topic, ReadFrom::Partition(partition)).await else { continue };
        let mut found = Vec::new();
        while let Ok(Read::Records { records, .. }) = reader.next().await {
            found.extend(records.iter().map(|r| r.offset));
        }
        let same =
            if topic == "states" { found.iter().all(|o| offsets.contains(o)) } else { found == offsets };
        if !same {
            world.trace.broken(Invariant::NoLoss, format!("{topic}-{partition}: {found:?} of {offsets:?}"));
        }
    }
}
