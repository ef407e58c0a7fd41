//! What goes wrong, and when: the same for the same seed.
//!
//! Owns the times. Knows no process. Rule: at most one broker is away at any time, so that three of them never lose
//! their majority, and every fault is over when the run ends.

use super::rng::Rng;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Longest time until a broker that was away answers again, with room.
const BROKER_BACK: u64 = 30_000;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// kill -9 of a stage's process.
    Kill,
    /// SIGTERM to a stage's process.
    Terminate,
    /// SIGSTOP of a stage's process, for longer than the group waits for it; then SIGCONT.
    Freeze,
    /// A third process of a stage.
    ScaleUp,
    /// The third process is told to stop, and does not come back.
    ScaleDown,
    /// kill -9 of a broker, started again after a while.
    KillBroker,
    /// SIGTERM to a broker, started again when it has ended.
    BounceBroker,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "kill -9 of a stage",
            Self::Terminate => "SIGTERM to a stage",
            Self::Freeze => "SIGSTOP past the session time-out",
            Self::ScaleUp => "scale up",
            Self::ScaleDown => "scale down",
            Self::KillBroker => "kill -9 of a broker",
            Self::BounceBroker => "clean bounce of a broker",
        })
    }
}

/// A fault at its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    /// Since the start.
    pub(super) at: Duration,
    pub(super) fault: Fault,
    /// Which stage, where it concerns one.
    pub(super) stage: usize,
    /// Which of its processes, or which broker (from 1).
    pub(super) which: u16,
    /// How long it lasts, where it lasts.
    pub(super) lasts: Duration,
}

/// All faults of a run of `over`, in order of time.
pub(super) fn schedule(seed: u64, over: Duration, brokers: u16, stages: usize) -> Vec<Planned> {
    let mut rng = Rng::new(seed ^ 0x000f_a017);
    let total = u64::try_from(over.as_millis()).unwrap_or(u64::MAX).max(30_000);
    let seconds = total / 1000;
    let mut all = Vec::new();
    let mut add = |fault, count: u64, reserve: u64, lasts: std::ops::Range<u64>| {
        let (first, last) = (1000, total.saturating_sub(reserve).max(2000));
        for i in 0..count {
            // Spread evenly, each somewhere in its share of the time; the first half of it where faults must not meet.
            let share = (last - first) / count.max(1);
            let room = if matches!(fault, Fault::KillBroker) { share / 2 } else { share };
            let at = first + share * i + rng.below(room);
            let stage = usize::try_from(rng.below(stages as u64)).unwrap_or(0);
            let of = if matches!(fault, Fault::KillBroker) { u64::from(brokers) } else { 2 };
            let which = u16::try_from(rng.below(of)).unwrap_or(0);
            let fault = match fault {
                Fault::KillBroker if rng.below(2) == 0 => Fault::BounceBroker,
                other => other,
            };
            let which =
                if matches!(fault, Fault::KillBroker | Fault::BounceBroker) { which + 1 } else { which };
            let lasts = Duration::from_millis(rng.between(lasts.start, lasts.end));
            all.push(Planned { at: Duration::from_millis(at), fault, stage, which, lasts });
        }
    };
    add(Fault::Kill, (seconds / 5).max(12), 1000, 0..1);
    add(Fault::Terminate, (seconds / 20).max(2), 1000, 0..1);
    add(Fault::Freeze, (seconds / 50).max(1), 18_000, 12_000..16_000);
    add(Fault::ScaleUp, (seconds / 50).max(1), 15_000, 8_000..14_000);
    let broker_faults = if brokers > 1 { (seconds / 50).max(1) } else { (seconds / 150).max(1) };
    add(Fault::KillBroker, broker_faults, BROKER_BACK.min(total / 2), 500..5000);
    // Every third process goes again.
    let downs: Vec<Planned> = all
        .iter()
        .filter(|p| p.fault == Fault::ScaleUp)
        .map(|p| Planned {
            at: p.at + p.lasts,
            fault: Fault::ScaleDown,
            stage: p.stage,
            which: 2,
            lasts: Duration::ZERO,
        })
        .collect();
    for up in all.iter_mut().filter(|p| p.fault == Fault::ScaleUp) {
        up.which = 2;
    }
    all.extend(downs);
    all.sort_by_key(|p| (p.at, p.fault));
    all
}

/// How many of each.
pub(super) fn counts<'a>(faults: impl Iterator<Item = &'a Fault>) -> BTreeMap<Fault, usize> {
    let mut counts = BTreeMap::new();
    for fault in faults {
        *counts.entry(*fault).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_faults_and_another_seed_others() {
        let of = |seed| schedule(seed, Duration::from_secs(300), 3, 6);
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    #[test]
    fn a_run_of_a_minute_has_ten_kills_and_every_kind() {
        for seed in 0..50 {
            let all = schedule(seed, Duration::from_secs(60), 1, 6);
            let counts = counts(all.iter().map(|p| &p.fault));
            assert!(counts[&Fault::Kill] >= 10, "{counts:?}");
            assert!(counts[&Fault::Freeze] >= 1 && counts[&Fault::ScaleUp] == counts[&Fault::ScaleDown]);
            assert!(counts.contains_key(&Fault::KillBroker) || counts.contains_key(&Fault::BounceBroker));
            assert!(all.iter().all(|p| p.at + p.lasts < Duration::from_secs(61)), "{all:?}");
            assert!(all.iter().all(|p| p.stage < 6 && p.which < 3));
        }
    }

    #[test]
    fn brokers_are_away_one_at_a_time() {
        for seed in 0..50 {
            let all = schedule(seed, Duration::from_secs(300), 3, 6);
            let brokers: Vec<_> =
                all.iter().filter(|p| matches!(p.fault, Fault::KillBroker | Fault::BounceBroker)).collect();
            assert!(brokers.len() >= 6 && brokers.iter().all(|p| (1..=3).contains(&p.which)));
            for pair in brokers.windows(2) {
                assert!(pair[1].at >= pair[0].at + Duration::from_secs(20), "{pair:?}");
            }
        }
    }
}
