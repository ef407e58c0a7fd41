//! `docmill chaos`: real brokers, real stages, real kills, and the proof that nothing was lost or doubled.
//!
//! Owns a Kafka, a registry, the stages' processes and everything that is done to them, all in one folder of its own.
//! Rule: the seed decides documents and faults; what is left when it ends, is nothing.

mod brokers;
mod check;
mod documents;
mod fleet;
mod report;
mod rng;
mod schedule;
mod stand;
mod submit;
mod watch;

use crate::kafka::{Cluster, Life};
use crate::process::Signal;
use crate::{OpsError, ui};
use brokers::Brokers;
use check::{Evidence, Rule, Violation};
use clap::Args;
use documents::{Fate, Submission};
use fleet::{Fleet, Place};
use report::Report;
use schedule::{Fault, Planned};
use stand::Stand;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use watch::{Live, What};

/// The stages, by the names of their programs.
const STAGES: [&str; 6] = ["ingest", "render", "ocr", "infer", "validate", "sink"];
/// Processes of each stage, besides those that come and go.
const SLOTS: u16 = 2;
/// Time between two looks at everything.
const TICK: Duration = Duration::from_millis(25);
/// Longest wait for the last results after the last fault and the last submission.
const QUIET: Duration = Duration::from_secs(180);
/// Longest time without any result in that wait: longer than all that a process waits for before it gives up.
const STUCK: Duration = Duration::from_secs(75);
/// How long it must stay quiet after the last result: longer than sessions and transactions may live without their owner.
const SETTLE: Duration = Duration::from_secs(12);

/// Flags of `docmill chaos`.
#[derive(Debug, Clone, Args)]
pub struct ChaosArgs {
    /// Documents to submit, every tenth of them a second revision of another.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    documents: u32,
    /// Brokers: 1, or 3 of which one may be away.
    #[arg(long, default_value_t = 1, value_parser = crate::kafka::brokers)]
    brokers: u16,
    /// How long documents come and things break, in minutes.
    #[arg(long, default_value_t = 1.0, value_parser = minutes)]
    minutes: f64,
    /// Decides documents and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of the stages' programs [default: beside this one].
    #[arg(long, value_name = "DIR")]
    bin: Option<PathBuf>,
    /// Folder of brokers, blobs and logs, new or empty; removed at the end [default: one among temporary files].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Keep that folder. It is also kept when something is violated.
    #[arg(long)]
    keep: bool,
    /// Break nothing: the same documents in the same time.
    #[arg(long)]
    calm: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|m| (0.5..=1440.0).contains(m)).ok_or_else(|| "a number from 0.5 to 1440".into())
}

/// Runs it. Exit code 1 when anything is violated.
pub async fn run(args: ChaosArgs) -> Result<ExitCode, OpsError> {
    let programs = stand::programs(args.bin.clone())?;
    let dir = args
        .dir
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("docmill-chaos-{}", std::process::id())));
    let dir = std::path::absolute(&dir).map_err(|e| OpsError::io("find", dir, e))?;
    // It is removed at the end, with all that is in it.
    let is_new = match std::fs::read_dir(&dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(e) => e.kind() == std::io::ErrorKind::NotFound,
    };
    if !is_new {
        return Err(OpsError::Usage(vec![format!("{} is not empty: name a new folder", dir.display())]));
    }
    let (port, registry_port) = (stand::free_ports(2 * args.brokers)?, stand::free_ports(2)?);
    let cluster = Cluster { dir: dir.clone(), port, registry_port, size: args.brokers, life: Life::Ours };
    let asked = docmill_service::shutdown_signal().map_err(|e| OpsError::io("listen for", "signals", e))?;
    let result = {
        let mut interrupted = asked.clone();
        tokio::select! {
            result = disturb(&args, &cluster, programs) => result.map(Some),
            _ = interrupted.wait_for(|s| *s) => Ok(None),
        }
    };

    let stopped = crate::kafka::down(&dir).await;
    let Some(report) = result? else {
        ui::tell("interrupted");
        // What is left of it is nobody's loss.
        std::fs::remove_dir_all(&dir).ok();
        return Ok(ExitCode::FAILURE);
    };
    stopped?;
    report.lines().iter().for_each(ui::say);
    let good = report.violations.is_empty();
    if good && !args.keep {
        std::fs::remove_dir_all(&dir).map_err(|e| OpsError::io("remove", &dir, e))?;
    } else {
        ui::say(format_args!("brokers' data and all logs: {}", dir.display()));
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// From the start of the brokers to the verdict.
async fn disturb(args: &ChaosArgs, cluster: &Cluster, programs: PathBuf) -> Result<Report, OpsError> {
    let over = Duration::from_secs_f64(args.minutes * 60.0);
    let count = usize::try_from(args.documents).unwrap_or(usize::MAX);
    // The last documents come before the last fault.
    let submissions = Arc::new(documents::submissions(args.seed, count, over.mul_f64(0.9))?);
    let faults =
        if args.calm { Vec::new() } else { schedule::schedule(args.seed, over, args.brokers, STAGES.len()) };
    ui::tell(format_args!("{} broker(s), registry and topics …", args.brokers));
    let stand = Stand::up(cluster, programs).await?;
    let live = Live::default();
    for topic in stand.watched() {
        stand.watcher().follow(topic, live.clone()).await?;
    }
    let mut fleet = Fleet::new(stand.setup()?);
    for place in places() {
        fleet.start(place)?;
    }
    let start = Instant::now();
    let submitter = tokio::spawn(stand.submitter()?.run(Arc::clone(&submissions), start));
    let mut run = Run {
        start,
        fleet,
        brokers: Brokers::new(cluster.clone()),
        live: live.clone(),
        expected: submissions
            .iter()
            .filter(|s| s.fate != Fate::Undecodable)
            .map(|s| (s.document_id(), s.revision))
            .collect(),
        done: Vec::new(),
        told: start,
    };
    run.faults(faults.into(), over).await?;
    let replaced = run.submitted(submitter).await?;
    let quiet = run.quiet().await?;
    let took = start.elapsed();
    ui::tell("the undisturbed run, and waiting for what must not come …");
    let settled = Instant::now() + SETTLE;
    let expected = {
        let reference = stand.reference(&submissions);
        tokio::pin!(reference);
        loop {
            tokio::select! {
                expected = &mut reference => break expected?,
                () = tokio::time::sleep(TICK) => run.tick().await?,
            }
        }
    };
    while Instant::now() < settled {
        run.tick().await?;
        tokio::time::sleep(TICK).await;
    }
    run.fleet.stop().await?;
    verdict(args, &stand, run, &submissions, expected, (quiet, replaced, took)).await
}

/// Reads everything again, and compares.
async fn verdict(
    args: &ChaosArgs,
    stand: &Stand,
    run: Run,
    submissions: &[Submission],
    expected: BTreeMap<String, String>,
    (quiet, replaced, took): (bool, usize, Duration),
) -> Result<Report, OpsError> {
    let mut last = BTreeMap::new();
    for topic in stand.watched() {
        last.insert(topic.clone(), stand.watcher().read_all(&topic).await?);
    }
    let mut originals = BTreeMap::new();
    for topic in ["documents.submitted", "documents.accepted"] {
        originals.insert(topic.to_owned(), stand.watcher().originals(topic).await?);
    }
    let live = std::mem::take(&mut *run.live.lock());
    let evidence =
        Evidence { submissions, live: &live, last: &last, originals: &originals, expected: &expected };
    let mut violations = check::check(&evidence);
    let ends = &run.fleet.ends;
    violations.extend(ends.unclean.iter().map(|w| Violation { rule: Rule::Processes, what: w.clone() }));
    if !quiet {
        let what = format!("not all results came; gave up {:.0} s after the start", took.as_secs_f32());
        violations.push(Violation { rule: Rule::Processes, what });
    }
    let results = last.get(crate::results::TOPIC).map_or(&[][..], Vec::as_slice);
    let digest = check::digest(results.iter().filter_map(|s| match &s.what {
        What::Result(essence, _) => Some((s.document.as_str(), s.revision, essence.as_str())),
        What::Page(..) | What::Dead(_) | What::Other => None,
    }));
    let ids: Vec<_> = submissions
        .iter()
        .filter(|s| s.fate != Fate::Undecodable)
        .map(|s| (s.document_id(), s.revision, s.name.as_str()))
        .collect();
    let undisturbed = check::digest(ids.iter().filter_map(|(id, revision, name)| {
        expected.get(*name).map(|essence| (id.as_str(), *revision, essence.as_str()))
    }));
    Ok(Report {
        seed: args.seed,
        brokers: args.brokers,
        submitted: submissions.len(),
        results: results.len(),
        pages: last.get("pages.recognized").map_or(0, Vec::len),
        assembled: last.get("documents.assembled").map_or(0, Vec::len),
        dead_letters: last.iter().filter(|(t, _)| t.starts_with("dlq.")).map(|(_, r)| r.len()).sum(),
        faults: schedule::counts(run.done.iter()),
        restarts: ends.restarts,
        unprovoked: ends.unprovoked.clone(),
        stage_recoveries: ends.recoveries.clone(),
        broker_recoveries: run.brokers.recoveries.clone(),
        producers_replaced: replaced,
        took,
        stall: report::longest_gap(run.start, &live.results_at),
        digest,
        undisturbed,
        violations,
    })
}

fn places() -> Vec<Place> {
    STAGES.iter().flat_map(|stage| (0..SLOTS).map(|slot| (*stage, slot))).collect()
}

/// A run while it lasts.
struct Run {
    start: Instant,
    fleet: Fleet,
    brokers: Brokers,
    live: Live,
    /// Documents and revisions that must have a result.
    expected: BTreeSet<(String, i32)>,
    /// Faults that really happened.
    done: Vec<Fault>,
    told: Instant,
}

impl Run {
    /// Looks after processes and brokers, and says now and then how far it is.
    async fn tick(&mut self) -> Result<(), OpsError> {
        self.fleet.tick()?;
        self.brokers.tick().await?;
        if self.told.elapsed() > Duration::from_secs(10) {
            self.told = Instant::now();
            let results = self.live.lock().results_at.len();
            let at = self.start.elapsed().as_secs();
            ui::tell(format_args!("{at:>4} s  {results} of {} results", self.expected.len()));
        }
        Ok(())
    }

    /// Breaks what is to be broken, when it is to be broken.
    async fn faults(&mut self, mut planned: VecDeque<Planned>, over: Duration) -> Result<(), OpsError> {
        while self.start.elapsed() < over || !planned.is_empty() {
            while planned.front().is_some_and(|p| p.at <= self.start.elapsed()) {
                if let Some(p) = planned.pop_front() {
                    self.disturb(&p)?;
                }
            }
            self.tick().await?;
            tokio::time::sleep(TICK).await;
        }
        self.fleet.thaw();
        Ok(())
    }

    fn disturb(&mut self, p: &Planned) -> Result<(), OpsError> {
        let stage = STAGES.get(p.stage).copied().unwrap_or(STAGES[0]);
        let place = (stage, p.which);
        // Where that process is just ending or starting, the other one has its turn.
        let other = (stage, (p.which + 1) % SLOTS);
        let fleet = &mut self.fleet;
        let mut on = |hit: &mut dyn FnMut(&mut Fleet, Place) -> bool| {
            [place, other].into_iter().find(|p| hit(fleet, *p)).map(|(stage, slot)| format!("{stage}-{slot}"))
        };
        let on = match p.fault {
            Fault::Kill => on(&mut |fleet, place| fleet.end(place, Signal::Kill)),
            Fault::Terminate => on(&mut |fleet, place| fleet.end(place, Signal::Term)),
            Fault::Freeze => on(&mut |fleet, place| fleet.freeze(place, p.lasts)),
            Fault::ScaleUp => {
                fleet.start(place)?;
                Some(format!("{stage}-{}", p.which))
            }
            Fault::ScaleDown => fleet.retire(place).then(|| format!("{stage}-{}", p.which)),
            Fault::KillBroker | Fault::BounceBroker => {
                self.brokers.disturb(p.which, p.fault, p.lasts).then(|| format!("broker {}", p.which))
            }
        };
        let at = self.start.elapsed().as_secs_f32();
        ui::tell(format_args!("{at:>6.1} s  {}: {}", p.fault, on.as_deref().unwrap_or("not possible now")));
        if on.is_some() {
            self.done.push(p.fault);
        }
        Ok(())
    }

    /// Waits until everything has been submitted.
    async fn submitted(
        &mut self,
        submitter: tokio::task::JoinHandle<Result<usize, OpsError>>,
    ) -> Result<usize, OpsError> {
        while !submitter.is_finished() {
            self.tick().await?;
            tokio::time::sleep(TICK).await;
        }
        submitter.await?
    }

    /// Waits until every document has its result and everything runs. False when that takes too long.
    async fn quiet(&mut self) -> Result<bool, OpsError> {
        let begun = Instant::now();
        loop {
            let (complete, newest) = {
                let live = self.live.lock();
                let results = live.topics.get(crate::results::TOPIC).map_or(&[][..], Vec::as_slice);
                let complete = results.len() >= self.expected.len() && {
                    let there: BTreeSet<_> =
                        results.iter().map(|s| (s.document.clone(), s.revision)).collect();
                    self.expected.is_subset(&there)
                };
                (complete, live.results_at.last().copied().unwrap_or(begun).max(begun))
            };
            if complete && self.fleet.whole() && self.brokers.whole() {
                return Ok(true);
            }
            if begun.elapsed() > QUIET || newest.elapsed() > STUCK {
                return Ok(false);
            }
            self.tick().await?;
            tokio::time::sleep(TICK).await;
        }
    }
}
