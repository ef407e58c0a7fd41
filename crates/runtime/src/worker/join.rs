//! How a worker joins its group.

#![allow(
    clippy::disallowed_methods,
    reason = "the shell around the driver waits, so that the driver need not"
)]

use super::{RunError, WorkerEnv};
use crate::topology::Worker as Spec;
use crate::transport::{Joined, Member};
use docmill_contracts::{Class, Classify};
use std::time::Duration;

/// Joins the group, waiting for a log that cannot be reached; none when told to stop meanwhile.
pub(super) async fn join(
    worker: &'static str,
    env: &WorkerEnv,
    spec: &Spec,
) -> Result<Option<Joined>, RunError> {
    let member = Member {
        group: spec.group.clone(),
        topic: spec.input.clone(),
        slot: env.slot.clone(),
        transaction_timeout: Duration::from_secs(10),
        session_timeout: Duration::from_secs(10),
        fetch_bytes: 8 << 20,
    };
    let (clock, mut stop) = (env.clock, env.stop.clone());
    let started_ms = clock.now_ms();
    let mut wait = Duration::from_millis(200);
    loop {
        if *stop.borrow() {
            return Ok(None);
        }
        match env.transport.join(member.clone()).await {
            Ok(halves) => return Ok(Some(halves)),
            Err(source) => {
                let waited = clock.now_ms() - started_ms;
                if source.class() != Class::Transient
                    || waited > i64::try_from(env.patience.as_millis()).unwrap_or(i64::MAX)
                {
                    return Err(RunError::Log { worker, source });
                }
                tracing::warn!(worker, code = %source.code(), "{source}; trying again");
            }
        }
        tokio::select! {
            biased;
            () = tokio::time::sleep(wait) => {}
            changed = stop.changed() => if changed.is_err() { return Ok(None) },
        }
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}
