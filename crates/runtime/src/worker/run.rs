//! The loop around the driver: events in, effects out.

#![allow(
    clippy::disallowed_methods,
    reason = "the shell around the driver waits, so that the driver need not"
)]

use super::emit::Emitter;
use super::record::{Delivery, Done, Finished, decode};
use super::{RunError, WorkerEnv, join};
use crate::driver::{Driver, Effect, Entry, Event, Halt, Item, Ticket};
use crate::retry::RetryPolicy;
use crate::telemetry::Clock;
use crate::transport::{
    self, CommitError, Consumer, OffsetCommit, OutRecord, Producer, Record, Transaction, TransportError,
};
use docmill_contracts::{Class, Classify, Contract, ErrorInfo, headers};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What runs records: tasks of a stage, or states of a gather.
pub(super) trait Engine: Send {
    type In: Contract;
    fn units(&self, input: &Self::In) -> u32;
    fn order(&self, input: &Self::In) -> Option<Arc<str>>;
    /// Begins an attempt; returns it finished, or sends it to `done` later.
    fn begin(
        &mut self,
        ticket: Ticket,
        delivery: Arc<Delivery<Self::In>>,
        emitter: &Arc<Emitter>,
        now_ms: i64,
        done: &Done,
    ) -> Option<Finished>;
    fn ended(&mut self, ticket: Ticket);
    fn cancel(&mut self, ticket: Ticket);
    /// The outcome of a record that was given up.
    fn dead(
        &mut self,
        ticket: Ticket,
        delivery: &Delivery<Self::In>,
        error: &ErrorInfo,
        emitter: &Emitter,
        now_ms: i64,
    ) -> Result<Vec<OutRecord>, ErrorInfo>;
    fn restore(
        &mut self,
        partition: i32,
        emitter: &Emitter,
    ) -> impl Future<Output = Result<(), RunError>> + Send;
    fn drop_partition(&mut self, partition: i32);
    fn expires_at(&self) -> Option<i64>;
    /// Records of what expired, by partition.
    fn expire(&mut self, emitter: &Emitter, now_ms: i64) -> Result<Vec<(i32, Vec<OutRecord>)>, RunError>;
}

type Payload<E> = Arc<Delivery<<E as Engine>::In>>;
/// The producer comes back from its task, with what it was given and how that ended.
type Ended = (Box<dyn Producer>, Vec<Entry<Vec<OutRecord>>>, Result<(), CommitError>);
type Commit = JoinHandle<Ended>;

struct Loop<E: Engine> {
    worker: &'static str,
    env: WorkerEnv,
    engine: E,
    input: String,
    emitter: Arc<Emitter>,
    driver: Driver<Payload<E>, Vec<OutRecord>>,
    clock: Clock,
    consumer: Box<dyn Consumer>,
    producer: Option<Box<dyn Producer>>,
    commit: Option<Commit>,
    done: Done,
    last_abort: Option<String>,
    /// Since when the log could not be read.
    unreachable_since_ms: Option<i64>,
    /// A transaction with results was committed: one that only opens a partition is no progress.
    committed: bool,
    stopped: bool,
}

/// Times that a worker joins anew after losing its producer, with nothing committed in between, before it gives up.
const REBUILDS: u32 = 5;
/// Wait before it joins anew, times the tries so far.
const REST: Duration = Duration::from_millis(100);

/// Runs a worker until it is told to stop or cannot go on.
///
/// A producer whose transaction has no known end is of no use: the worker then begins anew from what is committed, as a
/// restarted process would. Its consumer says when another process has taken its place; that ends it.
pub(super) async fn run<E: Engine>(
    worker: &'static str,
    env: WorkerEnv,
    engine: impl Fn(&WorkerEnv) -> E + Send,
) -> Result<(), RunError> {
    let spec = env.topology.workers.get(worker).cloned().ok_or(RunError::UnknownWorker(worker))?;
    let mut rebuilds = 0;
    loop {
        let Some((consumer, producer)) = join::join(worker, &env, &spec).await? else { return Ok(()) };
        let clock = env.clock;
        let retry = RetryPolicy { deadline: spec.limits.retry_deadline, ..RetryPolicy::default() };
        let seed = clock.now_ms().unsigned_abs();
        let (done, finished) = mpsc::channel(spec.limits.concurrency.max(16));
        let mut this = Loop {
            worker,
            input: spec.input.clone(),
            engine: engine(&env),
            emitter: Arc::new(Emitter::new(worker, &env, &spec)),
            driver: Driver::new(spec.limits.clone(), retry, seed),
            clock,
            consumer,
            producer: Some(producer),
            commit: None,
            done,
            last_abort: None,
            unreachable_since_ms: None,
            committed: false,
            stopped: false,
            env: env.clone(),
        };
        let result = this.work(finished, env.stop.clone()).await;
        rebuilds = if this.committed { 1 } else { rebuilds + 1 };
        this.consumer.close().await;
        match result {
            Err(RunError::Commit { source, .. }) if rebuilds <= REBUILDS && *env.stop.borrow() => {
                // It was told to stop, and has: whoever has the slot next ends the transaction and goes on from there.
                tracing::warn!(worker, "{source}; stopped, what was under way is its successor's");
                return Ok(());
            }
            Err(RunError::Commit { source, .. }) if rebuilds <= REBUILDS => {
                tracing::warn!(worker, "{source}; the worker begins anew from what is committed");
                let mut stop = env.stop.clone();
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|s| *s) => {}
                    () = tokio::time::sleep(REST * rebuilds) => {}
                }
            }
            result => return result,
        }
    }
}

enum Next {
    Stop,
    Finished(Finished),
    Committed(Box<Ended>),
    Log(Result<transport::Event, TransportError>),
    Tick,
}

impl<E: Engine> Loop<E> {
    async fn work(
        &mut self,
        mut finished: mpsc::Receiver<Finished>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), RunError> {
        let mut stopping = false;
        while !self.stopped {
            let wakes = [self.driver.wakes_at(), self.engine.expires_at()].into_iter().flatten().min();
            let wake = wakes.map_or_else(
                || tokio::time::Instant::now() + Duration::from_secs(60),
                |at| self.clock.instant(at),
            );
            // In a fixed order, so that a simulation always runs the same. Nobody starves: what comes first is bounded by
            // the attempts that run, and every event lets the driver look at its deadlines.
            let next = tokio::select! {
                biased;
                _ = stop.wait_for(|s| *s), if !stopping => Next::Stop,
                Some(f) = finished.recv() => Next::Finished(f),
                r = joined(&mut self.commit) => Next::Committed(Box::new(r)),
                event = self.consumer.next() => Next::Log(event),
                () = tokio::time::sleep_until(wake) => Next::Tick,
            };
            match next {
                Next::Stop => {
                    stopping = true;
                    self.on(Event::Stop).await?;
                }
                Next::Finished(f) => self.finished(f).await?,
                Next::Committed(result) => self.committed(*result).await?,
                Next::Log(Ok(event)) => {
                    self.unreachable_since_ms = None;
                    self.log_event(event).await?;
                }
                Next::Log(Err(source)) => self.unreachable(source).await?,
                Next::Tick => {
                    let now = self.clock.now_ms();
                    for (partition, outputs) in self.engine.expire(&self.emitter, now)? {
                        let bytes = outputs.iter().map(OutRecord::size).sum();
                        self.on(Event::Emitted { partition, outputs, bytes }).await?;
                    }
                    self.on(Event::Tick).await?;
                }
            }
        }
        Ok(())
    }

    async fn finished(&mut self, f: Finished) -> Result<(), RunError> {
        self.engine.ended(f.ticket);
        self.on(Event::Finished { ticket: f.ticket, outcome: f.outcome, bytes: f.bytes }).await
    }

    async fn committed(&mut self, (producer, entries, result): Ended) -> Result<(), RunError> {
        self.producer = Some(producer);
        match result {
            Ok(()) => {
                self.committed |= !entries.is_empty();
                self.on(Event::Committed).await
            }
            Err(CommitError::Aborted(source)) => {
                tracing::warn!(worker = self.worker, code = %source.code(), "transaction rolled back: {source}");
                self.last_abort = Some(source.to_string());
                self.on(Event::Aborted(entries)).await
            }
            Err(source @ CommitError::Fatal(_)) => Err(RunError::Commit { worker: self.worker, source }),
        }
    }

    async fn unreachable(&mut self, source: TransportError) -> Result<(), RunError> {
        let now = self.clock.now_ms();
        let since = *self.unreachable_since_ms.get_or_insert(now);
        let patience = i64::try_from(self.env.patience.as_millis()).unwrap_or(i64::MAX);
        if source.class() != Class::Transient || now - since > patience {
            return Err(RunError::Log { worker: self.worker, source });
        }
        tracing::warn!(worker = self.worker, code = %source.code(), "{source}; trying again");
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.on(Event::Tick).await
    }

    async fn log_event(&mut self, event: transport::Event) -> Result<(), RunError> {
        match event {
            transport::Event::Assigned(partitions) => {
                for p in partitions {
                    self.check(&p)?;
                    tracing::info!(
                        worker = self.worker,
                        partition = p.partition,
                        offset = p.offset,
                        "assigned"
                    );
                    self.restore(p.partition).await?;
                    self.on(Event::Assigned {
                        partition: p.partition,
                        offset: p.offset,
                        metadata: p.metadata,
                    })
                    .await?;
                }
                Ok(())
            }
            transport::Event::Revoked(partitions) => {
                tracing::info!(worker = self.worker, ?partitions, "revoked");
                self.on(Event::Revoked(partitions)).await
            }
            transport::Event::Lost(partitions) => {
                tracing::warn!(worker = self.worker, ?partitions, "lost");
                partitions.iter().for_each(|p| self.engine.drop_partition(*p));
                self.on(Event::Lost(partitions)).await
            }
            transport::Event::Records { partition, records } => {
                let mut items = Vec::with_capacity(records.len());
                for record in records {
                    items.push(self.item(partition, record).await);
                }
                self.on(Event::Fetched { partition, items }).await
            }
        }
    }

    /// Restores a partition's states; a log that cannot be reached is waited for.
    async fn restore(&mut self, partition: i32) -> Result<(), RunError> {
        let since = self.clock.now_ms();
        let patience = i64::try_from(self.env.patience.as_millis()).unwrap_or(i64::MAX);
        loop {
            match self.engine.restore(partition, &self.emitter).await {
                Err(error @ RunError::Log { .. })
                    if error.class() == Class::Transient && self.clock.now_ms() - since < patience =>
                {
                    tracing::warn!(worker = self.worker, code = %error.code(), "{error}; trying again");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                result => return result,
            }
        }
    }

    /// A position that does not exist is never taken for another one.
    fn check(&self, p: &transport::Assigned) -> Result<(), RunError> {
        if (p.low..=p.high).contains(&p.offset) {
            return Ok(());
        }
        let (topic, partition) = (self.input.clone(), p.partition);
        let detail = format!(
            "position {} of partition {partition} was committed, but its records begin at {} and end before {}",
            p.offset, p.low, p.high
        );
        Err(RunError::Log { worker: self.worker, source: TransportError::DataLoss { topic, detail } })
    }

    async fn item(&mut self, partition: i32, record: Record) -> Item<Payload<E>> {
        let value = record.value.clone().unwrap_or_default();
        let input = decode::<E::In>(self.emitter.codec(), &*self.env.schemas, &value).await;
        let (tenant, units, order) = match &input {
            Ok(input) => (input.tenant(), self.engine.units(input), self.engine.order(input)),
            Err(_) => (record.headers.text(headers::TENANT).unwrap_or_default(), 1, None),
        };
        Item {
            offset: record.offset,
            tenant: Arc::from(tenant),
            order,
            units,
            bytes: record.size(),
            payload: Arc::new(Delivery { partition, record, input }),
        }
    }

    /// Hands an event to the driver and carries out what it says, until it says no more.
    async fn on(&mut self, event: Event<Payload<E>, Vec<OutRecord>>) -> Result<(), RunError> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.driver.on(event, self.clock.now_ms()) {
                if let Some(finished) = self.carry_out(effect).await? {
                    events.push_back(Event::Finished {
                        ticket: finished.ticket,
                        outcome: finished.outcome,
                        bytes: finished.bytes,
                    });
                }
            }
        }
        docmill_metrics::window(self.worker, self.driver.window().0);
        Ok(())
    }

    async fn carry_out(
        &mut self,
        effect: Effect<Payload<E>, Vec<OutRecord>>,
    ) -> Result<Option<Finished>, RunError> {
        match effect {
            Effect::Start { ticket, payload } => {
                let delivery = self.decoded(payload).await;
                return Ok(self.engine.begin(
                    ticket,
                    delivery,
                    &self.emitter,
                    self.clock.now_ms(),
                    &self.done,
                ));
            }
            Effect::Cancel(ticket) => self.engine.cancel(ticket),
            Effect::Bury { ticket, payload, error, first_seen_ms } => {
                return Ok(Some(self.bury(ticket, &payload, &error, first_seen_ms)));
            }
            Effect::Commit { entries, offsets } => self.start_commit(entries, offsets),
            Effect::Breaker(Some(error)) => tracing::error!(
                worker = self.worker,
                code = "RUNTIME-0017",
                "too many records were given up, the last for {}: {}; no more are for a while",
                error.code,
                error.message
            ),
            Effect::Breaker(None) => tracing::info!(worker = self.worker, "records succeed again"),
            Effect::Pause(partitions) => self.consumer.pause(&partitions),
            Effect::Resume(partitions) => self.consumer.resume(&partitions),
            Effect::Release(partitions) => {
                partitions.iter().for_each(|p| self.engine.drop_partition(*p));
                self.consumer.release(&partitions);
            }
            Effect::Stopped => self.stopped = true,
            Effect::Halt(halt) => return Err(self.halted(*halt)),
        }
        Ok(None)
    }

    fn halted(&mut self, halt: Halt) -> RunError {
        RunError::halted(self.worker, halt, self.last_abort.take())
    }

    /// A record whose schema could not be fetched when it came is decoded again with each attempt.
    async fn decoded(&mut self, payload: Payload<E>) -> Payload<E> {
        match &payload.input {
            Err(e) if e.class == Class::Transient => {
                let value = payload.record.value.clone().unwrap_or_default();
                let input = decode::<E::In>(self.emitter.codec(), &*self.env.schemas, &value).await;
                Arc::new(Delivery { partition: payload.partition, record: payload.record.clone(), input })
            }
            Ok(_) | Err(_) => payload,
        }
    }

    fn bury(
        &mut self,
        ticket: Ticket,
        payload: &Payload<E>,
        error: &ErrorInfo,
        first_seen_ms: i64,
    ) -> Finished {
        let (worker, code, partition, offset, attempts) =
            (self.worker, error.code.as_str(), ticket.partition, ticket.offset, ticket.attempt);
        match error.class {
            // The input is at fault: an ordinary outcome.
            Class::Input => {
                tracing::info!(worker, code, partition, offset, attempts, "dead letter: {}", error.message);
            }
            Class::Transient | Class::Internal | Class::Fatal => {
                tracing::error!(worker, code, partition, offset, attempts, "dead letter: {}", error.message);
            }
        }
        docmill_metrics::dead_letter(worker, code);
        let mut records = vec![self.emitter.dead_letter(
            payload.partition,
            &payload.record,
            error,
            ticket.attempt,
            first_seen_ms,
        )];
        let now_ms = self.clock.now_ms();
        match self.engine.dead(ticket, payload, error, &self.emitter, now_ms) {
            Ok(outcome) => records.extend(outcome),
            Err(e) => {
                tracing::error!(worker, code = e.code, "outcome of a dead letter: {}", e.message);
            }
        }
        Finished::of(ticket, Ok(records))
    }

    fn start_commit(&mut self, entries: Vec<Entry<Vec<OutRecord>>>, offsets: Vec<OffsetCommit>) {
        let Some(mut producer) = self.producer.take() else { return };
        let records = records_of(&entries, self.emitter.changelog());
        self.consumer.before_commit();
        let worker = self.worker;
        self.commit = Some(tokio::spawn(async move {
            let started = tokio::time::Instant::now();
            let result = producer.commit(Transaction { records, offsets }).await;
            let outcome = match &result {
                Ok(()) => "ok",
                Err(CommitError::Aborted(_)) => "aborted",
                Err(CommitError::Fatal(_)) => "fatal",
            };
            let done = entries.iter().filter(|e| e.offset.is_some()).count();
            docmill_metrics::commit(worker, outcome, done, started.elapsed());
            (producer, entries, result)
        }));
    }
}

/// The records of a transaction; of a key's states in the changelog only the last.
fn records_of(entries: &[Entry<Vec<OutRecord>>], changelog: Option<&Arc<str>>) -> Vec<OutRecord> {
    let all = || entries.iter().flat_map(|e| &e.outputs);
    let Some(changelog) = changelog else { return all().cloned().collect() };
    let mut seen = HashSet::new();
    let mut records: Vec<OutRecord> = entries
        .iter()
        .rev()
        .flat_map(|e| e.outputs.iter().rev())
        .filter(|r| r.topic != *changelog || seen.insert((r.partition, r.key.clone())))
        .cloned()
        .collect();
    records.reverse();
    records
}

/// The commit in flight; waits for ever when there is none.
async fn joined(commit: &mut Option<Commit>) -> Ended {
    match commit {
        None => std::future::pending().await,
        Some(task) => match task.await {
            Ok(result) => {
                *commit = None;
                result
            }
            // The task neither panics nor is aborted while the loop lives, but for a bug in a transport.
            Err(e) => std::panic::resume_unwind(e.into_panic()),
        },
    }
}
