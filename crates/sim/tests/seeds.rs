//! A thousand seeds hold, and a seed is always the same.

#![allow(clippy::unwrap_used)]

use docmill_sim::{Flow, Simulator, quiet_panics};

/// `least`: events that there must be.
fn a_thousand_hold(flow: Flow, least: u64) {
    quiet_panics();
    let simulator = Simulator::of(flow);
    let (mut failed, mut events) = (Vec::new(), 0);
    simulator.many(0..1000, 0, None, &mut |outcome| {
        events += outcome.events;
        if let Some(broken) = &outcome.broken {
            failed.push(format!(
                "docmill-sim --seeds {0}..{1} --trace ({flow:?})   # {broken}",
                outcome.seed,
                outcome.seed + 1
            ));
        }
        true
    });
    assert!(failed.is_empty(), "{} seeds failed:\n{}", failed.len(), failed.join("\n"));
    assert!(events > least, "only {events} events: the runs have become empty");
}

#[test]
fn a_thousand_seeds_hold() {
    a_thousand_hold(Flow::Pages, 300_000);
}

#[test]
fn a_thousand_seeds_of_claims_hold() {
    a_thousand_hold(Flow::Claims, 50_000);
}

#[test]
fn a_seed_gives_the_same_trace_each_time() {
    quiet_panics();
    let simulator = Simulator::new();
    for seed in [3, 16, 22, 66, 199, 489] {
        let (first, second) = (simulator.run(seed, None, true), simulator.run(seed, None, true));
        let difference = first.trace.iter().zip(&second.trace).find(|(a, b)| a != b);
        assert_eq!(difference, None, "seed {seed}");
        assert_eq!(first, second, "seed {seed}");
        assert!(first.events > 50, "seed {seed}: {} events", first.events);
    }
}
