//! The pace of each tenant, by the generic cell rate algorithm.
//!
//! A tenant over its rate makes its own record wait: the attempt ends as transient, the runtime holds the record's
//! offset and no permit, and other tenants' records go on. Waiting inside the attempt instead would let one flood
//! hold every permit of the worker.

use crate::config::Config;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Tenants without limits of their own share one map; it is cleared of the idle ones each time so many have passed.
const CLEAN_EVERY: u32 = 4096;

type Keyed<C> = RateLimiter<
    String,
    HashMapStateStore<String>,
    C,
    governor::middleware::NoOpMiddleware<<C as Clock>::Instant>,
>;

/// The rate limiters of all tenants.
pub(crate) struct Limits<C: Clock = DefaultClock> {
    everybody: Option<Keyed<C>>,
    own: HashMap<String, Option<Keyed<C>>>,
    clock: C,
    passed: AtomicU32,
}

impl<C: Clock + Clone> Limits<C> {
    /// The limits of a configuration.
    pub(crate) fn new(config: &Config, clock: C) -> Self {
        let limiter = |rate: f64, burst: u32| {
            quota(rate, burst).map(|quota| Keyed::hashmap_with_clock(quota, clock.clone()))
        };
        let own = config
            .tenants
            .iter()
            .filter(|(_, t)| t.documents_per_second.is_some() || t.burst.is_some())
            .map(|(name, t)| {
                let rate = t.documents_per_second.unwrap_or(config.documents_per_second);
                (name.clone(), limiter(rate, t.burst.unwrap_or(config.burst)))
            })
            .collect();
        let everybody = limiter(config.documents_per_second, config.burst);
        Self { everybody, own, clock, passed: AtomicU32::new(0) }
    }

    /// Takes one document's share of the tenant's rate, or says when there will be one.
    pub(crate) fn take(&self, tenant: &str) -> Result<(), Duration> {
        let Some(limiter) = self.own.get(tenant).unwrap_or(&self.everybody) else {
            return Ok(());
        };
        if self.passed.fetch_add(1, Ordering::Relaxed) % CLEAN_EVERY == CLEAN_EVERY - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(&tenant.to_owned()).map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

fn quota(per_second: f64, burst: u32) -> Option<Quota> {
    if per_second <= 0.0 {
        return None;
    }
    let period = Duration::try_from_secs_f64(1.0 / per_second).ok()?;
    Some(Quota::with_period(period)?.allow_burst(NonZeroU32::new(burst)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TenantLimits;
    use governor::clock::FakeRelativeClock;

    #[test]
    fn a_tenant_over_its_rate_waits_and_no_other_does() {
        let clock = FakeRelativeClock::default();
        let own = TenantLimits { documents_per_second: Some(2.0), burst: Some(3), ..TenantLimits::default() };
        let config = Config { tenants: [("flood".to_owned(), own)].into(), ..Config::default() };
        let limits = Limits::new(&config, clock.clone());
        for _ in 0..3 {
            assert_eq!(limits.take("flood"), Ok(()));
        }
        assert_eq!(limits.take("flood"), Err(Duration::from_millis(500)));
        for _ in 0..1000 {
            assert_eq!(limits.take("calm"), Ok(()));
        }
        clock.advance(Duration::from_millis(500));
        assert_eq!(limits.take("flood"), Ok(()));
        assert!(limits.take("flood").is_err());
    }

    #[test]
    fn the_common_rate_holds_for_each_tenant_by_itself() {
        let clock = FakeRelativeClock::default();
        let config = Config { documents_per_second: 1.0, burst: 1, ..Config::default() };
        let limits = Limits::new(&config, clock.clone());
        for tenant in ["a", "b", "c"] {
            assert_eq!(limits.take(tenant), Ok(()));
            assert!(limits.take(tenant).is_err());
        }
        clock.advance(Duration::from_secs(1));
        assert_eq!(limits.take("b"), Ok(()));
    }

    #[test]
    fn idle_tenants_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let config = Config { documents_per_second: 1000.0, burst: 1, ..Config::default() };
        let limits = Limits::new(&config, clock.clone());
        for n in 0..CLEAN_EVERY * 2 {
            limits.take(&format!("tenant-{n}")).unwrap();
            clock.advance(Duration::from_millis(10));
        }
        assert!(limits.everybody.as_ref().unwrap().len() < 8);
    }
}
