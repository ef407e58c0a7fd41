//! Windows of many documents in one run of the model.
//!
//! Owns the thread that runs the model, the size of batches, and how long anybody waits. Knows no ONNX. Rules: a batch is what
//! waits when the model is free, so nobody waits for company; where memory does not suffice batches are halved, for good; a
//! window that nobody waits for any more is not run.

use super::LayoutLmError;
use super::window::Window;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Windows that may wait; whoever brings more waits until there is room.
const QUEUE: usize = 1024;

/// Numbers of one output for one window: tokens × labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Scores {
    pub(crate) labels: usize,
    pub(crate) values: Vec<f32>,
}

impl Scores {
    /// The scores of one token.
    pub(crate) fn token(&self, index: usize) -> &[f32] {
        let from = index * self.labels;
        self.values.get(from..from + self.labels).unwrap_or_default()
    }
}

/// What a model says about one window.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Logits {
    pub(crate) ner: Scores,
    pub(crate) table: Option<Scores>,
    pub(crate) cell: Option<Scores>,
}

impl Logits {
    fn are_numbers(&self) -> bool {
        let all = [Some(&self.ner), self.table.as_ref(), self.cell.as_ref()];
        all.into_iter().flatten().flat_map(|s| &s.values).all(|v| v.is_finite())
    }
}

/// One window with the picture of its page.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) window: Window,
    /// 3 × height × width; none for models that look at no page.
    pub(crate) pixels: Option<Arc<Vec<f32>>>,
}

/// Why a run gave nothing.
#[derive(Debug, Clone)]
pub(crate) enum RunError {
    /// Memory does not suffice.
    Memory(String),
    /// It was stopped.
    Stopped,
    /// Something else.
    Failed(String),
    /// An output is of another shape.
    Shape { output: &'static str, shape: Vec<i64>, expected: String },
}

/// A model that runs batches.
pub(crate) trait Forward: Send + 'static {
    /// Runs a batch; the answers are in its order.
    fn run(&mut self, batch: &[Input]) -> Result<Vec<Logits>, RunError>;

    /// Ends the run that is under way, from another thread.
    fn stopper(&self) -> Arc<dyn Fn() + Send + Sync>;
}

struct Job {
    id: u64,
    input: Input,
    given_up: Arc<AtomicBool>,
    reply: mpsc::SyncSender<Result<Logits, RunError>>,
}

/// The model's thread. It ends when this is dropped.
pub(crate) struct Batcher {
    jobs: mpsc::SyncSender<Job>,
    running: Arc<Mutex<HashSet<u64>>>,
    stop: Arc<dyn Fn() + Send + Sync>,
    next: AtomicU64,
    timeout: Duration,
}

impl Batcher {
    pub(crate) fn new(model: impl Forward, max_batch: usize, timeout: Duration) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::sync_channel(QUEUE);
        let running = Arc::new(Mutex::new(HashSet::new()));
        let stop = model.stopper();
        let worker = Worker { model, inbox, running: Arc::clone(&running), max_batch: max_batch.max(1) };
        std::thread::Builder::new().name("layoutlm".into()).spawn(move || worker.work())?;
        Ok(Self { jobs, running, stop, next: AtomicU64::new(0), timeout })
    }

    /// Runs windows; each may wait as long as the time-out says.
    pub(crate) fn run(&self, inputs: Vec<Input>) -> Result<Vec<Logits>, LayoutLmError> {
        let waiting: Vec<_> = inputs.into_iter().map(|input| self.submit(input)).collect::<Result<_, _>>()?;
        let mut out = Vec::with_capacity(waiting.len());
        let mut failed = None;
        for (id, given_up, reply) in waiting {
            if failed.is_some() {
                // What the rest says is of no use any more.
                given_up.store(true, Ordering::Relaxed);
                continue;
            }
            match reply.recv_timeout(self.timeout) {
                Ok(Ok(logits)) if logits.are_numbers() => out.push(logits),
                Ok(Ok(_)) => failed = Some(LayoutLmError::NotANumber),
                Ok(Err(error)) => failed = Some(self.error(error)),
                Err(RecvTimeoutError::Timeout) => {
                    given_up.store(true, Ordering::Relaxed);
                    if lock(&self.running).contains(&id) {
                        (self.stop)();
                    }
                    failed = Some(LayoutLmError::Timeout { waited: self.timeout });
                }
                Err(RecvTimeoutError::Disconnected) => failed = Some(LayoutLmError::Gone),
            }
        }
        failed.map_or(Ok(out), Err)
    }

    #[expect(clippy::type_complexity, reason = "used once, just above")]
    fn submit(
        &self,
        input: Input,
    ) -> Result<(u64, Arc<AtomicBool>, mpsc::Receiver<Result<Logits, RunError>>), LayoutLmError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = mpsc::sync_channel(1);
        let given_up = Arc::new(AtomicBool::new(false));
        let job = Job { id, input, given_up: Arc::clone(&given_up), reply };
        self.jobs.send(job).map_err(|_| LayoutLmError::Gone)?;
        Ok((id, given_up, answer))
    }

    fn error(&self, error: RunError) -> LayoutLmError {
        match error {
            RunError::Memory(message) => LayoutLmError::Memory { message },
            RunError::Stopped => LayoutLmError::Timeout { waited: self.timeout },
            RunError::Failed(message) => LayoutLmError::Run { message },
            RunError::Shape { output, shape, expected } => LayoutLmError::Shape { output, shape, expected },
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker<F> {
    model: F,
    inbox: mpsc::Receiver<Job>,
    running: Arc<Mutex<HashSet<u64>>>,
    max_batch: usize,
}

impl<F: Forward> Worker<F> {
    fn work(mut self) {
        while let Ok(first) = self.inbox.recv() {
            let mut batch = vec![first];
            while batch.len() < self.max_batch {
                let Ok(job) = self.inbox.try_recv() else { break };
                batch.push(job);
            }
            batch.retain(|job| !job.given_up.load(Ordering::Relaxed));
            self.run(batch);
        }
    }

    fn run(&mut self, mut batch: Vec<Job>) {
        while !batch.is_empty() {
            let rest = batch.split_off(batch.len().min(self.max_batch));
            lock(&self.running).extend(batch.iter().map(|job| job.id));
            let inputs: Vec<Input> = batch.iter().map(|job| job.input.clone()).collect();
            let answer = self.model.run(&inputs);
            lock(&self.running).clear();
            match answer {
                Err(RunError::Memory(message)) if batch.len() > 1 => {
                    self.max_batch = (batch.len() / 2).max(1);
                    tracing::warn!(
                        max_batch = self.max_batch,
                        "memory does not suffice for the batch: {message}"
                    );
                    batch.extend(rest);
                    continue;
                }
                Ok(all) if all.len() == batch.len() => {
                    for (job, logits) in batch.iter().zip(all) {
                        // Nobody may be waiting any more.
                        job.reply.send(Ok(logits)).ok();
                    }
                }
                Ok(_) => reply(&batch, &RunError::Failed("it answers for another number of windows".into())),
                Err(error) => reply(&batch, &error),
            }
            batch = rest;
        }
    }
}

fn reply(batch: &[Job], error: &RunError) {
    for job in batch {
        job.reply.send(Err(error.clone())).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Condvar;

    /// A model that holds at most `room` windows, and waits where it is told to.
    struct Scripted {
        room: usize,
        sizes: Arc<Mutex<Vec<usize>>>,
        hang: bool,
        stopped: Arc<(Mutex<bool>, Condvar)>,
        value: f32,
    }

    impl Forward for Scripted {
        fn run(&mut self, batch: &[Input]) -> Result<Vec<Logits>, RunError> {
            lock(&self.sizes).push(batch.len());
            if self.hang {
                let (flag, bell) = &*self.stopped;
                let mut stopped = lock(flag);
                while !*stopped {
                    stopped = bell.wait(stopped).unwrap();
                }
                *stopped = false;
                return Err(RunError::Stopped);
            }
            if batch.len() > self.room {
                return Err(RunError::Memory("Failed to allocate memory".into()));
            }
            let of = |input: &Input| Logits {
                ner: Scores { labels: 1, values: vec![self.value + input.window.ids[0] as f32] },
                ..Logits::default()
            };
            Ok(batch.iter().map(of).collect())
        }

        fn stopper(&self) -> Arc<dyn Fn() + Send + Sync> {
            let stopped = Arc::clone(&self.stopped);
            Arc::new(move || {
                *lock(&stopped.0) = true;
                stopped.1.notify_all();
            })
        }
    }

    fn scripted(room: usize) -> Scripted {
        Scripted { room, sizes: Arc::default(), hang: false, stopped: Arc::default(), value: 0.0 }
    }

    fn inputs(n: i64) -> Vec<Input> {
        let window = |id| Window { ids: vec![id], boxes: vec![[0; 4]], words: vec![None] };
        (0..n).map(|id| Input { window: window(id), pixels: None }).collect()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn batches_are_halved_where_memory_does_not_suffice_and_answers_keep_their_order() {
        let model = scripted(3);
        let sizes = Arc::clone(&model.sizes);
        let batcher = Batcher::new(model, 16, LONG).unwrap();
        for _ in 0..2 {
            let found = batcher.run(inputs(20)).unwrap();
            let ids: Vec<f32> = found.iter().map(|l| l.ner.values[0]).collect();
            assert_eq!(ids, (0..20).map(|i| i as f32).collect::<Vec<_>>());
        }
        let sizes = lock(&sizes).clone();
        let last_too_big = sizes.iter().rposition(|s| *s > 3).unwrap_or(0);
        // Each halving is remembered: only the first few runs are too large.
        assert!(last_too_big < 4 && sizes.iter().all(|s| *s <= 16), "{sizes:?}");
    }

    #[test]
    fn a_single_window_that_is_too_large_is_an_error() {
        let batcher = Batcher::new(scripted(0), 4, LONG).unwrap();
        assert!(matches!(batcher.run(inputs(2)), Err(LayoutLmError::Memory { .. })));
    }

    #[test]
    fn numbers_that_are_none_are_an_error() {
        let batcher = Batcher::new(Scripted { value: f32::NAN, ..scripted(4) }, 4, LONG).unwrap();
        assert!(matches!(batcher.run(inputs(1)), Err(LayoutLmError::NotANumber)));
    }

    #[test]
    fn a_run_that_takes_too_long_is_stopped_and_the_next_one_is_served() {
        let model = Scripted { hang: true, ..scripted(4) };
        let sizes = Arc::clone(&model.sizes);
        let batcher = Batcher::new(model, 4, Duration::from_millis(20)).unwrap();
        for _ in 0..2 {
            assert!(matches!(batcher.run(inputs(1)), Err(LayoutLmError::Timeout { .. })));
        }
        drop(batcher);
        assert!(!lock(&sizes).is_empty());
    }
}
