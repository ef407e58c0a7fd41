//! A circuit breaker for one server; told the time by its caller.

use crate::BreakerConfig;
use std::time::Duration;
use tokio::time::Instant;

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// No call goes through.
    Open,
    /// One call at a time goes through, to see.
    HalfOpen,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        rest: Duration,
    },
    /// A probe is on its way until then; after that another may go: the call may have been given up.
    HalfOpen {
        probe_until: Instant,
        rest: Duration,
    },
}

#[derive(Debug)]
pub(crate) struct Breaker {
    config: BreakerConfig,
    /// How long a probe may take.
    patience: Duration,
    state: State,
}

impl Breaker {
    pub(crate) fn new(config: BreakerConfig, patience: Duration) -> Self {
        Self { config, patience, state: State::Closed { failures: 0 } }
    }

    fn rest(seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(Duration::from_secs(86_400))
            .min(Duration::from_secs(86_400))
    }

    /// Lets a call through, or says how long none goes.
    pub(crate) fn allow(&mut self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until, rest } if now >= until => {
                self.state = State::HalfOpen { probe_until: now + self.patience, rest };
                Ok(())
            }
            State::HalfOpen { probe_until, rest } if now >= probe_until => {
                self.state = State::HalfOpen { probe_until: now + self.patience, rest };
                Ok(())
            }
            State::Open { until, .. } => Err(until - now),
            State::HalfOpen { probe_until, .. } => Err(probe_until - now),
        }
    }

    /// How long no call goes through; none where one does.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { until: at, .. } | State::HalfOpen { probe_until: at, .. } => {
                at.checked_duration_since(now)
            }
        }
    }

    /// True where the next call would go through.
    pub(crate) fn would_allow(&self, now: Instant) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until: at, .. } | State::HalfOpen { probe_until: at, .. } => now >= at,
        }
    }

    /// The server answered. True where that closes the breaker.
    pub(crate) fn worked(&mut self) -> bool {
        let closes = matches!(self.state, State::HalfOpen { .. });
        // An answer to a call from before it opened says nothing about now.
        if !matches!(self.state, State::Open { .. }) {
            self.state = State::Closed { failures: 0 };
        }
        closes
    }

    /// The server failed. The rest, where that opens the breaker.
    pub(crate) fn failed(&mut self, now: Instant) -> Option<Duration> {
        let (first, longest) = (Self::rest(self.config.rest_s), Self::rest(self.config.longest_rest_s));
        let rest = match self.state {
            State::Open { .. } => return None,
            State::HalfOpen { rest, .. } => (rest * 2).min(longest.max(first)),
            State::Closed { failures } => {
                let failures = failures.saturating_add(1);
                self.state = State::Closed { failures };
                if self.config.failures == 0 || failures < self.config.failures {
                    return None;
                }
                first
            }
        };
        self.state = State::Open { until: now + rest, rest };
        Some(rest)
    }

    pub(crate) fn state(&self, now: Instant) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until, .. } if now < until => BreakerState::Open,
            State::Open { .. } | State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_rests_longer_each_time_and_closes_with_an_answer() {
        let config = BreakerConfig { failures: 3, rest_s: 10.0, longest_rest_s: 30.0 };
        let (mut b, t) = (Breaker::new(config, s(5)), Instant::now());
        assert_eq!(
            (b.failed(t), b.failed(t), b.worked(), b.failed(t), b.failed(t)),
            (None, None, false, None, None)
        );
        assert_eq!(b.failed(t), Some(s(10)));
        assert_eq!((b.allow(t + s(4)), b.failed(t), b.worked()), (Err(s(6)), None, false));
        assert!(!b.would_allow(t + s(9)) && b.would_allow(t + s(10)));
        assert_eq!(b.allow(t + s(10)), Ok(()));
        assert_eq!(b.allow(t + s(11)), Err(s(4)), "one at a time");
        assert_eq!(b.allow(t + s(15)), Ok(()), "the probe was given up");
        assert_eq!(b.failed(t + s(16)), Some(s(20)));
        assert_eq!(b.allow(t + s(36)), Ok(()));
        assert_eq!(b.failed(t + s(36)), Some(s(30)), "the longest");
        assert_eq!(b.allow(t + s(66)), Ok(()));
        assert!(b.worked());
        assert_eq!(b.state(t + s(66)), BreakerState::Closed);
        assert_eq!(b.failed(t + s(67)), None, "counting begins anew");
    }

    #[test]
    fn without_a_number_it_never_opens() {
        let (mut b, t) =
            (Breaker::new(BreakerConfig { failures: 0, ..Default::default() }, s(5)), Instant::now());
        assert!((0..100).all(|_| b.failed(t).is_none()));
        assert_eq!(b.allow(t), Ok(()));
    }
}
