//! ONNX Runtime: one environment per process, sessions of one thread each.
//!
//! Owns loading and running of models. Knows nothing of text. Rule: a page uses one core, so that as many pages run at
//! once as there are cores, and none waits for another's threads.

use crate::OcrError;
use crate::device::{Device, Provider};
use crate::shapes::{Shape, Shapes};
use docmill_onnx::OnnxError;
use ort::environment::Environment;
use ort::session::{RunOptions, Session};
use ort::value::TensorRef;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The process's environment. The first caller's library is the one that is used.
pub fn environment(library: &Path) -> Result<Environment, OcrError> {
    docmill_onnx::environment(library).map_err(|error| match error {
        OnnxError::Library { path, message } => OcrError::Library { path, message },
        other => OcrError::Library { path: library.to_owned(), message: other.to_string() },
    })
}

/// One model, ready to run on the caller's thread.
///
/// On a GPU each shape of input has a session of its own: cuDNN plans its kernels anew whenever the shape is another than the
/// one before, which takes seconds a page. Threads share the model there, and wait only for another's run of the same shape, and
/// while a session is made for a new one.
#[derive(Debug)]
pub(crate) struct Model {
    name: &'static str,
    source: Source,
    device: Device,
    environment: Environment,
    sessions: Mutex<Shapes<Arc<Mutex<Session>>>>,
    trim: Option<Mutex<Trim>>,
}

/// Where a model comes from; the path of one in memory is for errors.
#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Memory(PathBuf, Arc<[u8]>),
}

impl Source {
    fn session(&self, environment: &Environment, device: &Device) -> Result<Session, OcrError> {
        let (path, session) = match self {
            Self::File(path) => (path, device.open(environment, path)),
            Self::Memory(path, bytes) => (path, device.open_memory(environment, bytes)),
        };
        session.map_err(|source| OcrError::Model { path: path.clone(), source })
    }
}

/// Gives memory back now and then. The arena that models run in keeps all that it ever took, and pages of other shapes leave
/// gaps in it: with every page it is a little larger.
struct Trim {
    options: RunOptions,
    every: u32,
    runs: u32,
}

impl std::fmt::Debug for Trim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trim").field("every", &self.every).field("runs", &self.runs).finish_non_exhaustive()
    }
}

impl Trim {
    fn is_due(&mut self) -> bool {
        self.runs = (self.runs + 1) % self.every;
        self.runs == 0
    }
}

impl Model {
    /// Loads a model file onto a device.
    pub(crate) fn load(
        environment: &Environment,
        name: &'static str,
        path: &Path,
        device: &Device,
    ) -> Result<Self, OcrError> {
        Self::of(environment, name, Source::File(path.to_owned()), device)
    }

    /// Loads a model from memory onto a device. `path` is for errors.
    pub(crate) fn from_memory(
        environment: &Environment,
        name: &'static str,
        (path, bytes): (&Path, &Arc<[u8]>),
        device: &Device,
    ) -> Result<Self, OcrError> {
        Self::of(environment, name, Source::Memory(path.to_owned(), Arc::clone(bytes)), device)
    }

    fn of(
        environment: &Environment,
        name: &'static str,
        source: Source,
        device: &Device,
    ) -> Result<Self, OcrError> {
        let mut sessions = Shapes::default();
        let mut source = source;
        if device.provider == Provider::Cpu {
            sessions.of([0; 3], || source.session(environment, device).map(shared))?;
            // It needs no second session, and not the bytes of the first.
            if let Source::Memory(path, _) = source {
                source = Source::File(path);
            }
        }
        let (environment, device) = (environment.clone(), device.clone());
        Ok(Self { name, source, device, environment, sessions: Mutex::new(sessions), trim: None })
    }

    /// The same, which after each `every` runs gives back to the system what no running model needs. Where that cannot be, it does
    /// without.
    pub(crate) fn trimming(self, every: u32) -> Self {
        let options = || -> ort::Result<RunOptions> {
            let mut options = RunOptions::new()?;
            options.set("memory.enable_memory_arena_shrinkage", "cpu:0")?;
            Ok(options)
        };
        let trim = options().ok().map(|options| Trim { options, every: every.max(1), runs: 0 });
        Self { trim: trim.map(Mutex::new), ..self }
    }

    /// An entry of the model's own metadata.
    pub(crate) fn metadata(&self, key: &str) -> Option<String> {
        let session = Arc::clone(lock(&self.sessions).any()?);
        let session = lock(&session);
        session.metadata().ok()?.custom(key)
    }

    /// Runs `n` images, each 3 × height × width, and gives the first answer to `read` with its shape.
    pub(crate) fn run<T>(
        &self,
        tensor: &[f32],
        [n, height, width]: Shape,
        read: impl FnOnce(&[i64], &[f32]) -> Result<T, OcrError>,
    ) -> Result<T, OcrError> {
        let model = self.name;
        let failed = |source| OcrError::Inference { model, width, height, source };
        let input = TensorRef::from_array_view(([n, 3, height, width], tensor)).map_err(failed)?;
        let inputs = ort::inputs![input];
        let is_shared = self.device.provider != Provider::Cpu;
        let shape = if is_shared { [n, height, width] } else { [0; 3] };
        let make = || self.source.session(&self.environment, &self.device).map(shared);
        let session = Arc::clone(lock(&self.sessions).of(shape, make)?);
        let mut session = lock(&session);
        let mut trim = self.trim.as_ref().map(lock);
        let is_due = trim.as_mut().is_some_and(|trim| trim.is_due());
        let outputs = match trim.as_ref() {
            Some(trim) if is_due => session.run_with_options(inputs, &trim.options),
            Some(_) | None => session.run(inputs),
        };
        let outputs = outputs.map_err(failed)?;
        let (shape, data) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        if !is_shared {
            return read(shape, data);
        }
        // Nobody waits while the answer is read.
        let (shape, data) = (shape.to_vec(), data.to_vec());
        drop(outputs);
        drop(session);
        read(&shape, &data)
    }
}

fn shared(session: Session) -> Arc<Mutex<Session>> {
    Arc::new(Mutex::new(session))
}

/// Things that are lent to one thread at a time; a thread waits while all are lent.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    free: Mutex<Vec<T>>,
    returned: Condvar,
}

impl<T> Pool<T> {
    /// A pool of these.
    pub(crate) fn new(items: Vec<T>) -> Self {
        Self { free: Mutex::new(items), returned: Condvar::new() }
    }

    /// Lends one to `work`. What panics does not come back in a bad state: models keep none between runs.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut free = lock(&self.free);
        let item = loop {
            match free.pop() {
                Some(item) => break item,
                None => free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(free);
        let mut loan = Loan { pool: self, item: Some(item) };
        match loan.item.as_mut() {
            Some(item) => work(item),
            None => unreachable!("a loan holds its item until it is dropped"),
        }
    }
}

struct Loan<'a, T> {
    pool: &'a Pool<T>,
    item: Option<T>,
}

impl<T> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            lock(&self.pool.free).push(item);
            self.pool.returned.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lent_comes_back_also_after_a_panic() {
        let pool = Pool::new(vec![7]);
        let caught =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.with(|_| panic!("broken"))));
        assert!(caught.is_err());
        assert_eq!(pool.with(|v| *v), 7);
    }

    #[test]
    fn two_threads_share_one_item() {
        let pool = Pool::new(vec![0]);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..100).for_each(|_| pool.with(|v| *v += 1)));
            }
        });
        assert_eq!(pool.with(|v| *v), 200);
    }
}
