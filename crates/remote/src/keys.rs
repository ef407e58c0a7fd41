//! The keys of one provider: they take turns, and rest where the server says so.

use docmill_contracts::Secret;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZero;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug)]
struct Slot {
    /// None: the server asks for none.
    key: Option<Secret>,
    rests_until: Option<Instant>,
    /// Status with which the server refused the key, while it rests for that.
    denied: Option<u16>,
    limiter: Option<DefaultDirectRateLimiter>,
}

#[derive(Debug)]
pub(crate) struct Keys {
    slots: Vec<Slot>,
    next: usize,
}

/// What is there to call with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// This key.
    Key { slot: usize, key: Option<Secret> },
    /// Nothing before that time has passed; the status where all keys are refused.
    Wait { wait: Duration, denied: Option<u16> },
}

impl Keys {
    /// A provider without keys has one slot for its calls.
    pub(crate) fn new(keys: Vec<Secret>, requests_per_minute: u32) -> Self {
        let limiter = || NonZero::new(requests_per_minute).map(|n| RateLimiter::direct(Quota::per_minute(n)));
        let slot = |key| Slot { key, rests_until: None, denied: None, limiter: limiter() };
        let mut slots: Vec<Slot> = keys.into_iter().map(|k| slot(Some(k))).collect();
        if slots.is_empty() {
            slots.push(slot(None));
        }
        Self { slots, next: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The next key in turn that may be used now.
    pub(crate) fn pick(&mut self, now: Instant) -> Pick {
        let (n, mut wait) = (self.slots.len(), Duration::MAX);
        for at in (0..n).map(|i| (self.next + i) % n) {
            let slot = &mut self.slots[at];
            if let Some(until) = slot.rests_until {
                if now < until {
                    wait = wait.min(until - now);
                    continue;
                }
                (slot.rests_until, slot.denied) = (None, None);
            }
            if let Some(limiter) = &slot.limiter
                && let Err(until) = limiter.check()
            {
                let ready = until.wait_time_from(DefaultClock::default().now());
                wait = wait.min(ready.max(Duration::from_millis(1)));
                continue;
            }
            self.next = (at + 1) % n;
            return Pick::Key { slot: at, key: slot.key.clone() };
        }
        let denied = self.slots.iter().map(|s| s.denied).collect::<Option<Vec<u16>>>();
        Pick::Wait { wait, denied: denied.and_then(|d| d.first().copied()) }
    }

    /// The server wants no calls with this key until then.
    pub(crate) fn rest(&mut self, slot: usize, until: Instant, denied: Option<u16>) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.rests_until = slot.rests_until.max(Some(until));
            slot.denied = denied;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(n: usize, per_minute: u32) -> Keys {
        Keys::new((0..n).map(|i| Secret::new(format!("k{i}"))).collect(), per_minute)
    }

    fn slot(pick: &Pick) -> usize {
        match pick {
            Pick::Key { slot, .. } => *slot,
            Pick::Wait { .. } => panic!("{pick:?}"),
        }
    }

    #[test]
    fn keys_take_turns_and_those_at_rest_are_left_out() {
        let (mut keys, now, s) = (keys(3, 0), Instant::now(), Duration::from_secs);
        let turns: Vec<usize> = (0..4).map(|_| slot(&keys.pick(now))).collect();
        assert_eq!(turns, [0, 1, 2, 0]);
        keys.rest(1, now + s(9), None);
        assert_eq!((slot(&keys.pick(now)), slot(&keys.pick(now))), (2, 0));
        keys.rest(0, now + s(5), Some(401));
        keys.rest(2, now + s(7), None);
        assert_eq!(keys.pick(now), Pick::Wait { wait: s(5), denied: None });
        assert_eq!(slot(&keys.pick(now + s(5))), 0);
    }

    #[test]
    fn all_keys_refused_is_told_apart_from_all_keys_busy() {
        let (mut keys, now) = (keys(2, 0), Instant::now());
        let until = now + Duration::from_secs(600);
        keys.rest(0, until, Some(401));
        keys.rest(1, until, Some(403));
        assert!(matches!(keys.pick(now), Pick::Wait { denied: Some(401), .. }));
    }

    #[test]
    fn each_key_has_its_own_limit_and_no_key_is_one_slot() {
        let (mut keys, now) = (keys(2, 2), Instant::now());
        assert!((0..4).all(|_| matches!(keys.pick(now), Pick::Key { .. })));
        let Pick::Wait { wait, denied: None } = keys.pick(now) else { panic!() };
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        let mut none = Keys::new(Vec::new(), 0);
        assert_eq!((none.len(), none.pick(now)), (1, Pick::Key { slot: 0, key: None }));
    }
}
