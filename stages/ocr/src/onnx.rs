//! ONNX Runtime: one environment per process, sessions of one thread each.
//!
//! Owns loading and running of models. Knows nothing of text. Rule: a page uses one core, so that as many pages run at
//! once as there are cores, and none waits for another's threads.

use crate::OcrError;
use docmill_assets::{Asset, Assets};
use ort::environment::Environment;
use ort::session::{Session, builder::GraphOptimizationLevel};
use ort::value::TensorRef;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The environment, kept for the life of the process: ONNX Runtime allows one.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// The process's environment. The first caller's library is the one that is used.
pub fn environment(library: &Path) -> Result<Environment, OcrError> {
    let mut slot = lock(&ENVIRONMENT);
    if let Some(environment) = slot.as_ref() {
        return Ok(environment.clone());
    }
    let failed = |message: String| OcrError::Library {
        path: library.to_owned(),
        message: message.lines().collect::<Vec<_>>().join(" "),
    };
    let builder = ort::init_from(library).map_err(|e| failed(e.to_string()))?;
    let environment =
        builder.with_name("docmill").with_telemetry(false).build().map_err(|e| failed(e.to_string()))?;
    Ok(slot.insert(environment).clone())
}

/// One model, ready to run on the caller's thread.
#[derive(Debug)]
pub(crate) struct Model {
    name: &'static str,
    session: Session,
}

impl Model {
    /// Loads a model file.
    pub(crate) fn load(environment: &Environment, name: &'static str, path: &Path) -> Result<Self, OcrError> {
        let session =
            open(environment, path).map_err(|source| OcrError::Model { path: path.to_owned(), source })?;
        Ok(Self { name, session })
    }

    /// Runs one image, 3 × height × width, and gives the first answer to `read` with its shape.
    pub(crate) fn run<T>(
        &mut self,
        tensor: &[f32],
        width: usize,
        height: usize,
        read: impl FnOnce(&[i64], &[f32]) -> Result<T, OcrError>,
    ) -> Result<T, OcrError> {
        let model = self.name;
        let failed = |source| OcrError::Inference { model, width, height, source };
        let input = TensorRef::from_array_view(([1, 3, height, width], tensor)).map_err(failed)?;
        let outputs = self.session.run(ort::inputs![input]).map_err(failed)?;
        let (shape, data) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        read(shape, data)
    }
}

fn open(environment: &Environment, path: &Path) -> ort::Result<Session> {
    // Shapes vary from page to page: memory patterns would be kept per shape, for ever.
    Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?
        .commit_from_file(path)
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

/// Files of an engine.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// ONNX Runtime's shared library.
    pub library: PathBuf,
    /// Text detector (DB).
    pub detector: PathBuf,
    /// Text recogniser (CTC).
    pub recognizer: PathBuf,
    /// The recogniser's characters, one per line.
    pub dictionary: PathBuf,
}

impl ModelFiles {
    /// PP-OCR v6 tiny, fetched where it is not there. Blocks.
    pub fn fetch(assets: &Assets) -> Result<Self, OcrError> {
        Ok(Self {
            library: assets.ensure(Asset::OnnxRuntime)?,
            detector: assets.ensure(Asset::OcrTinyDetector)?,
            recognizer: assets.ensure(Asset::OcrTinyRecognizer)?,
            dictionary: assets.ensure(Asset::OcrTinyDictionary)?,
        })
    }
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
