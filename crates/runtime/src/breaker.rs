//! A circuit breaker on dead letters: a bad deploy must not drain a topic into its dead letter queue.
//!
//! Counts how the last records ended. Once too many of them were given up for reasons that are not the input's, nothing
//! more is given up: the stage rests, tries one record after a while, and goes on when one succeeds.

use std::collections::VecDeque;

/// First rest; doubles with each record that fails after it.
const REST_MS: i64 = 30_000;
/// Longest rest.
const MAX_REST_MS: i64 = 600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open {
        until_ms: i64,
        rest_ms: i64,
    },
    /// One record at a time, until one succeeds.
    HalfOpen {
        rest_ms: i64,
    },
}

/// What is done with a record that has to be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// It becomes a dead letter.
    Yes,
    /// It is kept and tried again at this time, milliseconds since 1970 UTC.
    NotNow {
        /// When.
        until_ms: i64,
        /// This record opened the breaker.
        opened: bool,
    },
}

/// The breaker of one worker.
#[derive(Debug, Clone)]
pub struct Breaker {
    window: usize,
    most: usize,
    /// Whether each of the last records was given up.
    recent: VecDeque<bool>,
    state: State,
}

impl Breaker {
    /// Opens when `ratio` (0..=1) of the last `window` records were given up; never where the window is 0.
    pub fn new(window: usize, ratio: f64) -> Self {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "the window is small and the ratio at most 1"
        )]
        let most = (window as f64 * ratio.clamp(0.0, 1.0)).ceil() as usize;
        Self { window, most: most.max(1), recent: VecDeque::new(), state: State::Closed }
    }

    /// A record has to be given up.
    pub fn give_up(&mut self, now_ms: i64) -> GiveUp {
        match self.state {
            State::Closed => {
                self.count(true);
                if self.window == 0 || self.recent.iter().filter(|dead| **dead).count() < self.most {
                    return GiveUp::Yes;
                }
                self.open(now_ms, REST_MS, true)
            }
            State::Open { until_ms, .. } if now_ms < until_ms => GiveUp::NotNow { until_ms, opened: false },
            State::Open { rest_ms, .. } | State::HalfOpen { rest_ms } => {
                self.open(now_ms, (rest_ms * 2).min(MAX_REST_MS), false)
            }
        }
    }

    fn open(&mut self, now_ms: i64, rest_ms: i64, opened: bool) -> GiveUp {
        let until_ms = now_ms + rest_ms;
        self.state = State::Open { until_ms, rest_ms };
        GiveUp::NotNow { until_ms, opened }
    }

    /// A record succeeded, or its input was at fault: the stage works. True when that closed the breaker.
    pub fn worked(&mut self) -> bool {
        match self.state {
            State::Closed => {
                self.count(false);
                false
            }
            // An attempt that began before the rest says nothing about what comes after it.
            State::Open { .. } => false,
            State::HalfOpen { .. } => {
                self.recent.clear();
                self.state = State::Closed;
                true
            }
        }
    }

    fn count(&mut self, dead: bool) {
        self.recent.push_back(dead);
        while self.recent.len() > self.window {
            self.recent.pop_front();
        }
    }

    /// Whether another attempt may start beside `running` ones.
    pub fn allows(&mut self, running: usize, now_ms: i64) -> bool {
        if let State::Open { until_ms, rest_ms } = self.state
            && now_ms >= until_ms
        {
            self.state = State::HalfOpen { rest_ms };
        }
        match self.state {
            State::Closed => true,
            State::Open { .. } => false,
            State::HalfOpen { .. } => running == 0,
        }
    }

    /// When the rest ends, milliseconds since 1970 UTC.
    pub fn wakes_at(&self) -> Option<i64> {
        match self.state {
            State::Open { until_ms, .. } => Some(until_ms),
            State::Closed | State::HalfOpen { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_the_ratio_rests_longer_each_time_and_closes_when_one_succeeds() {
        let mut b = Breaker::new(10, 0.5);
        for _ in 0..20 {
            b.worked();
        }
        for _ in 0..4 {
            assert_eq!(b.give_up(0), GiveUp::Yes);
        }
        assert_eq!(b.give_up(0), GiveUp::NotNow { until_ms: 30_000, opened: true });
        assert!(!b.allows(0, 29_999));
        assert!(!b.worked(), "an attempt from before");
        assert_eq!(b.give_up(10), GiveUp::NotNow { until_ms: 30_000, opened: false });
        assert!(b.allows(0, 30_000) && !b.allows(1, 30_000), "one at a time");
        assert_eq!(b.give_up(30_001), GiveUp::NotNow { until_ms: 90_001, opened: false });
        assert!(b.allows(0, 90_001));
        assert!(b.worked());
        assert!(b.allows(100, 90_002));
        assert_eq!(b.give_up(90_003), GiveUp::Yes, "counting begins anew");
    }

    #[test]
    fn without_a_window_it_never_opens() {
        let mut b = Breaker::new(0, 0.5);
        for _ in 0..1000 {
            assert_eq!(b.give_up(0), GiveUp::Yes);
        }
    }
}
