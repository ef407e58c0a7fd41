//! Attempts of a stage: one task each.

use super::RunError;
use super::emit::{Emitter, Origin};
use super::record::{Delivery, Done, Finished};
use super::run::Engine;
use super::{Gate, WorkerEnv};
use crate::driver::Ticket;
use crate::stage::{Cx, Outputs, Stage, Unreadable};
use crate::transport::OutRecord;
use docmill_contracts::{Class, Classify, Contract, ErrorInfo};
use futures::FutureExt;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::task::AbortHandle;
use tracing::Instrument;

/// Runs a stage's attempts as tasks.
pub(super) struct Attempts<S: Stage> {
    worker: &'static str,
    stage: Arc<S>,
    env: WorkerEnv,
    running: HashMap<Ticket, AbortHandle>,
}

impl<S: Stage> Attempts<S> {
    pub(super) fn new(worker: &'static str, stage: Arc<S>, env: &WorkerEnv) -> Self {
        Self { worker, stage, env: env.clone(), running: HashMap::new() }
    }
}

impl<S: Stage> Drop for Attempts<S> {
    fn drop(&mut self) {
        self.running.values().for_each(AbortHandle::abort);
    }
}

impl<S: Stage> Engine for Attempts<S> {
    type In = S::In;

    fn units(&self, input: &S::In) -> u32 {
        self.stage.cost(input).units
    }

    fn order(&self, input: &S::In) -> Option<Arc<str>> {
        S::ORDERED.then(|| Arc::from(input.key()))
    }

    fn begin(
        &mut self,
        ticket: Ticket,
        delivery: Arc<Delivery<S::In>>,
        emitter: &Arc<Emitter>,
        now_ms: i64,
        done: &Done,
    ) -> Option<Finished> {
        let cx = Cx { worker: self.worker, attempt: ticket.attempt, now_ms };
        let (span, traceparent) = self.env.telemetry.attempt(&delivery.about(self.worker, ticket));
        let (stage, emitter, done) = (Arc::clone(&self.stage), Arc::clone(emitter), done.clone());
        let gate = Arc::clone(&self.env.gate);
        let (worker, clock) = (self.worker, self.env.clock);
        let task = tokio::spawn(
            async move {
                let origin = Origin::of(ticket, &traceparent);
                let started = clock.now_ms();
                let attempt = AssertUnwindSafe(run(&*stage, &delivery, &cx, &emitter, &origin, &*gate));
                let ended = attempt
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|panic| Err(Failure::Failed(panicked(worker, panic.as_ref()))));
                let how = match &ended {
                    Ok(_) => "ok",
                    Err(Failure::Waits(_)) => "waits",
                    Err(Failure::Failed(error)) => outcome(Some(error)),
                };
                docmill_metrics::attempt(worker, how, clock.since(started));
                let finished = match ended {
                    Ok(records) => Finished::of(ticket, Ok(records)),
                    Err(Failure::Waits(wait_ms)) => Finished::deferred(ticket, wait_ms),
                    Err(Failure::Failed(error)) => {
                        tracing::debug!(code = error.code, class = ?error.class, "{}", error.message);
                        Finished::of(ticket, Err(error))
                    }
                };
                // The receiver is gone only when the worker is.
                done.send(finished).await.ok();
            }
            .instrument(span),
        );
        self.running.insert(ticket, task.abort_handle());
        None
    }

    fn ended(&mut self, ticket: Ticket) {
        self.running.remove(&ticket);
    }

    fn cancel(&mut self, ticket: Ticket) {
        if let Some(task) = self.running.remove(&ticket) {
            task.abort();
        }
    }

    fn dead(
        &mut self,
        ticket: Ticket,
        delivery: &Delivery<S::In>,
        error: &ErrorInfo,
        emitter: &Emitter,
        _now_ms: i64,
    ) -> Result<Vec<OutRecord>, ErrorInfo> {
        let outputs = catch_unwind(AssertUnwindSafe(|| match &delivery.input {
            Ok(input) => self.stage.dead(input, error.clone()),
            Err(_) => Unreadable::of(&delivery.record.headers, error)
                .map_or_else(Outputs::none, |record| self.stage.unreadable(record)),
        }))
        .map_err(|panic| panicked(self.worker, panic.as_ref()))?;
        let (_, traceparent) = self.env.telemetry.attempt(&delivery.about(self.worker, ticket));
        emitter.records(&outputs, &Origin::of(ticket, &traceparent))
    }

    async fn restore(&mut self, _partition: i32, _emitter: &Emitter) -> Result<(), RunError> {
        Ok(())
    }

    fn drop_partition(&mut self, _partition: i32) {}

    fn expires_at(&self) -> Option<i64> {
        None
    }

    fn expire(&mut self, _emitter: &Emitter, _now_ms: i64) -> Result<Vec<(i32, Vec<OutRecord>)>, RunError> {
        Ok(Vec::new())
    }
}

async fn run<S: Stage>(
    stage: &S,
    delivery: &Delivery<S::In>,
    cx: &Cx,
    emitter: &Emitter,
    origin: &Origin<'_>,
    gate: &dyn Gate,
) -> Result<Vec<OutRecord>, Failure> {
    let input = delivery.input.as_ref().map_err(|e| Failure::Failed(e.clone()))?;
    let working = stage.run(input, cx);
    tokio::pin!(working);
    let outcome = loop {
        // Before the question, so that nothing is missed between the two.
        let changed = gate.changed();
        if let Some(error) = gate.refuses(&delivery.record.headers) {
            return emitter.records(&stage.dead(input, error), origin).map_err(Failure::Failed);
        }
        tokio::select! {
            outcome = &mut working => break outcome,
            () = changed => {}
        }
    };
    match outcome {
        Ok(outputs) => emitter.records(&outputs, origin).map_err(Failure::Failed),
        Err(error) => Err(match error.wait_ms() {
            Some(wait_ms) => Failure::Waits(wait_ms),
            None => Failure::Failed(ErrorInfo::of(&error, cx.worker, None)),
        }),
    }
}

/// How an attempt ended, for metrics.
pub(super) fn outcome(error: Option<&ErrorInfo>) -> &'static str {
    match error.map(|e| e.class) {
        None => "ok",
        Some(Class::Input) => "input",
        Some(Class::Transient) => "transient",
        Some(Class::Internal) => "internal",
        Some(Class::Fatal) => "fatal",
    }
}

enum Failure {
    Failed(ErrorInfo),
    Waits(u64),
}

pub(super) fn panicked(worker: &str, panic: &(dyn std::any::Any + Send)) -> ErrorInfo {
    let what =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ErrorInfo {
        code: "RUNTIME-0004".into(),
        class: docmill_contracts::Class::Internal,
        message: format!("worker {worker} panicked: {}", what.unwrap_or("no message")),
        stage: worker.into(),
        page: None,
    }
}
