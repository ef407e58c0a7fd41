//! What happens after a failed attempt. The only place that maps an error class to a verdict.

use docmill_contracts::Class;
use rand::Rng;
use std::time::Duration;

/// How attempts are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait after the first failure; doubles with each.
    pub base: Duration,
    /// Longest wait.
    pub max: Duration,
    /// From the first attempt to giving up on transient errors.
    pub deadline: Duration,
    /// Attempts that an internal error gets.
    pub internal_attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(100),
            max: Duration::from_secs(15),
            deadline: Duration::from_secs(300),
            internal_attempts: 2,
        }
    }
}

/// What to do with a record whose attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try again at this time, milliseconds since 1970 UTC. The offset is held, no permit is.
    Retry {
        /// When.
        at_ms: i64,
    },
    /// Dead letter and outcome.
    Reject,
    /// Stop the worker and commit nothing of it.
    Halt,
}

impl RetryPolicy {
    /// The verdict after attempt number `attempts` (from 1) failed with `class`.
    pub fn verdict(
        &self,
        class: Class,
        attempts: u32,
        first_seen_ms: i64,
        now_ms: i64,
        rng: &mut impl Rng,
    ) -> Verdict {
        match class {
            Class::Input => Verdict::Reject,
            Class::Fatal => Verdict::Halt,
            Class::Internal if attempts >= self.internal_attempts => Verdict::Reject,
            Class::Internal | Class::Transient => {
                let at_ms = now_ms + self.wait(attempts, rng);
                let deadline = first_seen_ms.saturating_add(millis(self.deadline));
                if at_ms > deadline { Verdict::Reject } else { Verdict::Retry { at_ms } }
            }
        }
    }

    /// Full jitter between half and the whole of the doubled wait, so that a herd spreads.
    pub fn wait(&self, attempts: u32, rng: &mut impl Rng) -> i64 {
        let doubled = millis(self.base).saturating_mul(1 << attempts.saturating_sub(1).min(20));
        let whole = doubled.min(millis(self.max)).max(2);
        rng.random_range(whole / 2..=whole)
    }
}

fn millis(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::SmallRng};

    #[test]
    fn each_class_has_its_verdict() {
        let (p, mut rng) = (RetryPolicy::default(), SmallRng::seed_from_u64(1));
        assert_eq!(p.verdict(Class::Input, 1, 0, 0, &mut rng), Verdict::Reject);
        assert_eq!(p.verdict(Class::Fatal, 1, 0, 0, &mut rng), Verdict::Halt);
        assert!(matches!(p.verdict(Class::Internal, 1, 0, 0, &mut rng), Verdict::Retry { .. }));
        assert_eq!(p.verdict(Class::Internal, 2, 0, 0, &mut rng), Verdict::Reject);
        assert!(matches!(p.verdict(Class::Transient, 30, 0, 0, &mut rng), Verdict::Retry { .. }));
        assert_eq!(p.verdict(Class::Transient, 3, 0, 300_000, &mut rng), Verdict::Reject);
    }

    proptest! {
        #[test]
        fn waits_grow_to_the_limit_and_never_pass_it(attempts in 1u32..200, seed: u64) {
            let (p, mut rng) = (RetryPolicy::default(), SmallRng::seed_from_u64(seed));
            let wait = p.wait(attempts, &mut rng);
            prop_assert!((50..=15_000).contains(&wait), "{wait}");
        }
    }
}
