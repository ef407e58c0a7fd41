//! Brokers that go and come back, beside everything else.

use super::schedule::Fault;
use crate::OpsError;
use crate::kafka::Cluster;
use crate::process::Signal;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Longest wait for a clean end; as long for an answer after a start.
const WAIT: Duration = Duration::from_secs(120);

/// The brokers of a run.
pub(super) struct Brokers {
    cluster: Cluster,
    /// The one that is away: how long it took to come back.
    away: Option<JoinHandle<Result<Duration, OpsError>>>,
    /// From the fault until all brokers answered again.
    pub(super) recoveries: Vec<Duration>,
}

impl Brokers {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self { cluster, away: None, recoveries: Vec::new() }
    }

    /// Ends a broker and starts it again after `away`. False where one is away already.
    pub(super) fn disturb(&mut self, id: u16, fault: Fault, away: Duration) -> bool {
        if self.away.is_some() {
            return false;
        }
        let cluster = self.cluster.clone();
        self.away = Some(tokio::spawn(async move {
            let start = Instant::now();
            let signal = if fault == Fault::KillBroker { Signal::Kill } else { Signal::Term };
            cluster.signal(id, signal)?;
            while cluster.lives(id)? {
                if start.elapsed() > WAIT {
                    return Err(OpsError::NotStopped { name: "Apache Kafka", pid: 0 });
                }
                tokio::time::sleep(LOOK).await;
            }
            if fault == Fault::KillBroker {
                tokio::time::sleep(away).await;
            }
            cluster.start(id).await?;
            let started = Instant::now();
            while !cluster.answers(id).await {
                if started.elapsed() > WAIT || !cluster.lives(id)? {
                    return Err(OpsError::NotReady {
                        name: "Apache Kafka",
                        seconds: started.elapsed().as_secs(),
                        reason: "it did not come back".into(),
                        log: cluster.dir.clone(),
                    });
                }
                tokio::time::sleep(LOOK).await;
            }
            Ok(start.elapsed())
        }));
        true
    }

    /// Notes one that is back.
    pub(super) async fn tick(&mut self) -> Result<(), OpsError> {
        if self.away.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(task) = self.away.take()
        {
            self.recoveries.push(task.await??);
        }
        Ok(())
    }

    /// Whether all are there.
    pub(super) fn whole(&self) -> bool {
        self.away.is_none()
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        // Nothing is started any more.
        if let Some(away) = &self.away {
            away.abort();
        }
    }
}
