//! Where models run: a CPU core, or a GPU where this build and the machine have one.
//!
//! Owns the choice and its fallback. Knows nothing of text. Rule: a GPU that cannot be used is a warning and a CPU, never a page
//! that is not read.

use ort::environment::Environment;
use ort::ep::ExecutionProviderDispatch;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What runs the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// One core a page.
    #[default]
    Cpu,
    /// An NVIDIA GPU by CUDA and cuDNN; needs a build with the feature `cuda`, and ONNX Runtime for GPUs in
    /// `DOCMILL_ONNXRUNTIME`.
    Cuda,
    /// An NVIDIA GPU by TensorRT, what it cannot run by CUDA; needs a build with the feature `tensorrt`.
    Tensorrt,
}

/// Where models run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// What runs the models: cpu, cuda or tensorrt. What is not there is replaced by the CPU, with a warning.
    pub provider: Provider,
    /// Number of the GPU.
    pub id: i32,
    /// Memory of the GPU by which lines are put into batches, MiB: as many as a sixteenth of it allows. No session takes more than
    /// the whole, but each has its own: on an H100 all together took more than twice that. 0 = no limit.
    pub memory_mib: u32,
    /// Half precision on TensorRT.
    pub fp16: bool,
    /// Sets of models on the GPU, shared by the pages that are read at once: these wait for each other only where they need the same
    /// model for lines of the same width. 0 = one for each page.
    #[serde(alias = "pages")]
    pub sets: u32,
}

impl Default for Device {
    fn default() -> Self {
        Self { provider: Provider::Cpu, id: 0, memory_mib: 4096, fp16: true, sets: 1 }
    }
}

/// Code of the warning that models run on the CPU in place of a GPU.
const NO_GPU: &str = "OCR-0031";

/// Each width of lines has a session whose memory stays with it, in either recogniser: one of so many has a share of the whole.
const SHAPES: usize = 16;

/// Bytes of the recogniser's layers per pixel of its input, with room to spare.
const LINE_BYTES: usize = 2048;

/// Sides of the detector's picture on a GPU are multiples of this, pixels.
const CANVAS: usize = 320;

/// Most lines that a GPU reads at once.
const MOST_LINES: usize = 32;

impl Device {
    /// How many sets of models are loaded for so many pages that are read at once.
    pub(crate) fn sets(&self, threads: usize) -> usize {
        let most = match self.provider {
            Provider::Cpu => 0,
            Provider::Cuda | Provider::Tensorrt => self.sets as usize,
        };
        if most == 0 { threads.max(1) } else { threads.clamp(1, most) }
    }

    /// Lines of `width` times `height` pixels that are read at once. A CPU core reads them no faster together.
    pub(crate) fn batch(&self, width: usize, height: usize) -> usize {
        let memory = match self.memory_mib {
            0 => usize::MAX,
            mib => mib.clamp(256, 1 << 20) as usize * (1 << 20) / SHAPES,
        };
        match self.provider {
            Provider::Cpu => 1,
            Provider::Cuda | Provider::Tensorrt => {
                (memory / (width * height * LINE_BYTES)).clamp(1, MOST_LINES)
            }
        }
    }

    /// Width of line images for a line's own: few different ones, as each new shape costs a GPU a search for its best kernels.
    pub(crate) fn bucket(&self, own: usize, step: usize) -> usize {
        match self.provider {
            Provider::Cpu => own.next_multiple_of(step),
            Provider::Cuda | Provider::Tensorrt => {
                let coarse = [64, 128, 192, 256, 320, 480, 640, 960, 1280, 1920, 2560];
                coarse.into_iter().find(|w| *w >= own).unwrap_or_else(|| own.next_multiple_of(640))
            }
        }
    }

    /// Lines that are in a batch of `n`, empty ones included: on a GPU as many as there may be, so that the shape is that of all
    /// batches of this width.
    pub(crate) fn filled(&self, n: usize, batch: usize) -> usize {
        match self.provider {
            Provider::Cpu => n,
            Provider::Cuda | Provider::Tensorrt => batch.max(n),
        }
    }

    /// Sides of the detector's picture for those that a page needs: few different ones on a GPU.
    pub(crate) fn canvas(&self, width: usize, height: usize) -> (usize, usize) {
        match self.provider {
            Provider::Cpu => (width, height),
            Provider::Cuda | Provider::Tensorrt => {
                (width.next_multiple_of(CANVAS), height.next_multiple_of(CANVAS))
            }
        }
    }

    /// This device where `model` can be loaded onto it; else the CPU, with one warning, so that lines also get the CPU's widths and
    /// batches.
    pub(crate) fn or_cpu(self, environment: &Environment, model: &[u8]) -> Self {
        if self.provider == Provider::Cpu {
            return self;
        }
        let providers = self.providers();
        if providers.is_empty() {
            tracing::warn!(
                code = NO_GPU, provider = ?self.provider,
                "this build has no support for the GPU: models run on the CPU"
            );
        } else {
            match build(environment, &providers).and_then(|mut builder| builder.commit_from_memory(model)) {
                Ok(_) => return self,
                Err(error) => self.warn(&error),
            }
        }
        Self { provider: Provider::Cpu, ..self }
    }

    fn warn(&self, error: &ort::Error) {
        tracing::warn!(
            code = NO_GPU, provider = ?self.provider, error = %one_line(error),
            "the GPU cannot be used: models run on the CPU"
        );
    }

    /// A session of a model file on this device.
    pub(crate) fn open(&self, environment: &Environment, path: &Path) -> ort::Result<Session> {
        self.session(environment, |mut builder| builder.commit_from_file(path))
    }

    /// A session of a model in memory on this device.
    pub(crate) fn open_memory(&self, environment: &Environment, model: &[u8]) -> ort::Result<Session> {
        self.session(environment, |mut builder| builder.commit_from_memory(model))
    }

    fn session(
        &self,
        environment: &Environment,
        commit: impl Fn(SessionBuilder) -> ort::Result<Session>,
    ) -> ort::Result<Session> {
        let providers = self.providers();
        if !providers.is_empty() {
            match build(environment, &providers).and_then(&commit) {
                Ok(session) => return Ok(session),
                // A GPU may be there and have no room for one more model.
                Err(error) => self.warn(&error),
            }
        }
        commit(build(environment, &[])?)
    }

    /// The execution providers that this build has for the device, best first; none for the CPU.
    #[cfg(not(any(feature = "cuda", feature = "tensorrt")))]
    #[allow(clippy::unused_self, reason = "as it is with a GPU")]
    fn providers(&self) -> Vec<ExecutionProviderDispatch> {
        Vec::new()
    }

    /// The execution providers that this build has for the device, best first; none for the CPU.
    #[cfg(any(feature = "cuda", feature = "tensorrt"))]
    fn providers(&self) -> Vec<ExecutionProviderDispatch> {
        let mut found = Vec::new();
        #[cfg(feature = "tensorrt")]
        if self.provider == Provider::Tensorrt {
            let provider = ort::ep::TensorRT::default()
                .with_device_id(self.id)
                .with_fp16(self.fp16)
                .with_max_workspace_size(self.memory_bytes());
            found.push(provider.build().error_on_failure());
        }
        #[cfg(feature = "cuda")]
        if self.provider != Provider::Cpu {
            // The default search tries every kernel for every new shape: seconds a page.
            let provider = ort::ep::CUDA::default()
                .with_device_id(self.id)
                .with_conv_algorithm_search(ort::ep::cuda::ConvAlgorithmSearch::Heuristic)
                // A session sees one shape: no more than that takes, where powers of two are the default.
                .with_arena_extend_strategy(ort::ep::ArenaExtendStrategy::SameAsRequested)
                .with_memory_limit(self.memory_bytes());
            found.push(provider.build().error_on_failure());
        }
        found
    }

    #[cfg(any(feature = "cuda", feature = "tensorrt"))]
    fn memory_bytes(&self) -> usize {
        if self.memory_mib == 0 { usize::MAX } else { self.memory_mib as usize * (1 << 20) }
    }
}

fn build(environment: &Environment, providers: &[ExecutionProviderDispatch]) -> ort::Result<SessionBuilder> {
    // Shapes vary from page to page: memory patterns would be kept per shape, for ever. A page uses one core, so there is
    // nobody to spin for.
    let builder = Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_flush_to_zero()?
        // Detector and recognisers run one after the other, in the same memory.
        .with_env_allocators()?
        .with_memory_pattern(false)?;
    Ok(if providers.is_empty() { builder } else { builder.with_execution_providers(providers)? })
}

fn one_line(error: &ort::Error) -> String {
    error.to_string().lines().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_sees_few_widths_and_reads_as_many_lines_as_its_memory_allows() {
        let gpu = Device { provider: Provider::Cuda, memory_mib: 4096, ..Device::default() };
        assert_eq!((gpu.sets(16), gpu.sets(1), Device { sets: 0, ..gpu.clone() }.sets(16)), (1, 1, 16));
        let widths: std::collections::BTreeSet<usize> = (1..3200).map(|own| gpu.bucket(own, 16)).collect();
        assert_eq!(widths.len(), 12);
        assert!((1..3200).all(|own| gpu.bucket(own, 16) >= own));
        assert_eq!((gpu.batch(64, 48), gpu.batch(320, 48), gpu.batch(2560, 48)), (32, 8, 1));
        assert_eq!((gpu.filled(3, 32), Device::default().filled(3, 32)), (32, 3));
        assert_eq!((gpu.canvas(704, 992), Device::default().canvas(704, 992)), ((960, 1280), (704, 992)));
        assert_eq!(Device { memory_mib: 0, ..gpu.clone() }.batch(2560, 48), 32, "no limit");
        let small = Device { memory_mib: 1, ..gpu };
        assert_eq!((small.batch(2560, 48), Device::default().batch(64, 48)), (1, 1));
        assert_eq!(Device::default().bucket(65, 16), 80);
    }
}
