//! `docmill-sim`: runs seeds on as many threads as there are processors, and prints the trace of those that fail.

#![allow(clippy::print_stdout, reason = "it is what a person reads")]

use clap::Parser;
use docmill_sim::{Flow, Outcome, Plant, Simulator};
use std::ops::Range;
use std::process::ExitCode;

/// Simulates the workers under seeded faults and checks what becomes visible. See the documentation of the crate.
#[derive(Debug, Parser)]
struct Args {
    /// Seeds, the last one not included.
    #[arg(long, default_value = "0..1000", value_parser = range)]
    seeds: Range<u64>,
    /// Prints every event of every seed.
    #[arg(long)]
    trace: bool,
    /// Plants a fault and stops at the first seed that finds it.
    #[arg(long, value_enum)]
    fault: Option<Plant>,
    /// The workers that are simulated.
    #[arg(long, value_enum, default_value_t)]
    flow: Flow,
    /// Threads; 0: as many as there are processors.
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("`{text}` is no range of seeds such as 0..1000");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let range = from.parse().map_err(|_| wrong())?..to.parse().map_err(|_| wrong())?;
    if range.is_empty() { Err(wrong()) } else { Ok(range) }
}

/// Events that are shown of a seed that failed, where not all are asked for.
const LAST: usize = 60;

fn show(outcome: &Outcome, flow: Flow, all: bool) {
    let skip = if all { 0 } else { outcome.trace.len().saturating_sub(LAST) };
    outcome.trace.iter().skip(skip).for_each(|line| println!("{line}"));
    let (seed, events, ms) = (outcome.seed, outcome.events, outcome.simulated_ms);
    match &outcome.broken {
        Some(broken) => {
            println!("seed {seed} FAILED after {events} events, {ms} ms simulated: {broken}");
            let flow = if flow == Flow::Claims { " --flow claims" } else { "" };
            println!("all of it: docmill-sim --seeds {seed}..{} --trace{flow}", seed + 1);
        }
        None => {
            println!("seed {seed} holds: {events} events, {ms} ms simulated, digest {:016x}", outcome.digest);
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    docmill_sim::quiet_panics();
    let simulator = Simulator::of(args.flow);
    let started = std::time::Instant::now();
    let (mut ended, mut failed, mut simulated_ms) = (0_u64, Vec::new(), 0);
    simulator.many(args.seeds.clone(), args.threads, args.fault, &mut |outcome| {
        ended += 1;
        simulated_ms += outcome.simulated_ms;
        let broke = outcome.broken.is_some();
        if broke || args.trace {
            show(&simulator.run(outcome.seed, args.fault, true), args.flow, args.trace);
        }
        if broke {
            failed.push(outcome.seed);
        }
        if ended.is_multiple_of(100) {
            println!("{ended} of {} seeds, {} failed", args.seeds.end - args.seeds.start, failed.len());
        }
        !(broke && args.fault.is_some())
    });
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{ended} seeds, {} failed {failed:?}, {} hours simulated in {seconds:.1} s",
        failed.len(),
        simulated_ms / 3_600_000
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
