//! How long to wait before a process that died is started again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);
/// A process that ran this long had no trouble starting.
const HEALTHY: Duration = Duration::from_secs(60);

/// Doubling waits, each shortened by chance, so that stages that died together do not come back together.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after a process ended that had run for `ran`.
    pub(super) fn after(&mut self, ran: Duration) -> Duration {
        if ran >= HEALTHY {
            self.failures = 0;
        }
        let full = FIRST.saturating_mul(1 << self.failures.min(20)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let chance = RandomState::new().build_hasher().finish();
        full.mul_f64(0.5 + 0.5 * (chance as f64 / u64::MAX as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_start_anew_after_a_long_run() {
        let mut backoff = Backoff::default();
        for full in [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            let wait = backoff.after(Duration::ZERO).as_millis();
            assert!((full / 2..=full).contains(&wait), "{wait} of {full}");
        }
        assert!(backoff.after(HEALTHY) <= FIRST);
    }
}
