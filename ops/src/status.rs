//! `docmill status`: how far every worker is, told by the log alone.
//!
//! Owns the reading of positions and what follows from them. No process is asked. Rule: what was not read is marked as
//! an estimate, never told as a fact.

mod documents;
mod engines;
pub(crate) mod worker;

use crate::desk::{Desk, LogArgs};
use crate::{OpsError, columns, time, ui};
use clap::Args;
use documents::Documents;
use engines::Engines;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use worker::WorkerState;

/// Flags of `docmill status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Again and again, with records per second.
    #[arg(long)]
    pub watch: bool,
    /// Seconds between two looks.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub every: u64,
    /// Also how many pages each engine read, which takes a look at every result.
    #[arg(long)]
    pub engines: bool,
    /// As one JSON object a look.
    #[arg(long)]
    pub json: bool,
}

/// One look.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) workers: Vec<WorkerState>,
    pub(crate) documents: Documents,
    /// Dead letters that were not sent back, per worker.
    pub(crate) dead: BTreeMap<String, usize>,
    /// Where it was asked for.
    engines: Option<Engines>,
    at: Instant,
}

/// Looks, and says what it sees.
pub async fn run(args: StatusArgs) -> Result<ExitCode, OpsError> {
    let desk = Desk::open(&args.log, "docmill-status").await?;
    let mut stop = docmill_service::shutdown_signal()
        .map_err(|e| OpsError::io("watch signals of", "this process", e))?;
    let mut before: Option<Look> = None;
    loop {
        let mut now = look(&desk).await?;
        if args.engines {
            now.engines = Some(engines::read(&desk).await?);
        }
        if args.json {
            ui::say(to_json(&now, before.as_ref(), desk.clock.now_ms()));
        } else {
            if before.is_some() {
                ui::say("");
            }
            say(&now, before.as_ref(), desk.clock.now_ms());
        }
        if !args.watch {
            return Ok(ExitCode::SUCCESS);
        }
        before = Some(now);
        tokio::select! {
            _ = stop.wait_for(|s| *s) => return Ok(ExitCode::SUCCESS),
            () = tokio::time::sleep(Duration::from_secs(args.every)) => {}
        }
    }
}

/// Reads positions, records behind them, dead letters and progress.
pub(crate) async fn look(desk: &Desk) -> Result<Look, OpsError> {
    let mut workers = Vec::new();
    for spec in desk.topology.workers.values() {
        workers.push(worker::state(desk, spec).await?);
    }
    // In the order of the flow, which is that of their inputs.
    workers.sort_by_key(|w| flow(desk, &w.name));
    let letters = crate::dlq::letters(desk, &crate::dlq::Filter::default()).await?;
    let mut dead = BTreeMap::new();
    for letter in letters.open() {
        *dead.entry(letter.worker.clone()).or_default() += 1;
    }
    Ok(Look { workers, documents: documents::read(desk).await?, dead, engines: None, at: Instant::now() })
}

/// How many workers a record has passed at most before it comes to this one.
fn flow(desk: &Desk, name: &str) -> (usize, String) {
    fn depth(desk: &Desk, name: &str, limit: usize) -> usize {
        let Some(worker) = desk.topology.workers.get(name).filter(|_| limit > 0) else { return 0 };
        let before = desk
            .topology
            .workers
            .values()
            .filter(|w| w.name != name && w.outputs.values().any(|topic| *topic == worker.input));
        before.map(|w| depth(desk, &w.name, limit - 1) + 1).max().unwrap_or(0)
    }
    (depth(desk, name, desk.topology.workers.len()), name.to_owned())
}

/// Records a second since the look before.
fn rate(now: &Look, before: Option<&Look>, worker: &WorkerState) -> Option<f64> {
    let before = before?;
    let was = before.workers.iter().find(|w| w.name == worker.name)?;
    let seconds = now.at.duration_since(before.at).as_secs_f64();
    Some((worker.done - was.done).max(0) as f64 / seconds.max(0.001))
}

fn say(now: &Look, before: Option<&Look>, now_ms: i64) {
    let head =
        ["worker", "group", "lag", "span", "in flight", "oldest", "records/s", "dead letters", "notes"];
    let rows: Vec<[String; 9]> = now
        .workers
        .iter()
        .map(|w| {
            let about = if w.exact { "" } else { "~" };
            [
                w.name.clone(),
                w.group.clone(),
                format!("{about}{}", w.lag),
                w.span.to_string(),
                w.in_flight.to_string(),
                w.oldest.map_or_else(String::new, |at| time::age(now_ms - at)),
                rate(now, before, w).map_or_else(String::new, |r| format!("{r:.1}")),
                now.dead.get(&w.name).map_or_else(String::new, ToString::to_string),
                w.notes.join("; "),
            ]
        })
        .collect();
    ui::say(columns::render(head, &rows));
    ui::say("");
    let rows: Vec<[String; 2]> =
        now.documents.counts().into_iter().map(|(what, n)| [what, n.to_string()]).collect();
    ui::say(columns::render(["documents", "number"], &rows));
    if let Some(engines) = &now.engines {
        let rows: Vec<[String; 2]> = engines.counts().into_iter().map(|(e, n)| [e, n.to_string()]).collect();
        ui::say("");
        ui::say(columns::render(["pages read by", "number"], &rows));
    }
}

fn to_json(now: &Look, before: Option<&Look>, now_ms: i64) -> serde_json::Value {
    let workers: Vec<_> = now
        .workers
        .iter()
        .map(|w| {
            json!({
                "worker": w.name, "group": w.group, "input": w.input, "lag": w.lag, "exact": w.exact, "span": w.span,
                "in_flight": w.in_flight, "oldest_age_ms": w.oldest.map(|at| (now_ms - at).max(0)),
                "records_per_second": rate(now, before, w),
                "dead_letters": now.dead.get(&w.name).copied().unwrap_or(0), "notes": w.notes,
            })
        })
        .collect();
    let engines = now.engines.as_ref().map(Engines::counts);
    json!({
        "at": time::show(now_ms), "workers": workers, "documents": now.documents.counts(), "dead_letters": now.dead,
        "engines": engines,
    })
}

#[cfg(test)]
mod tests;
