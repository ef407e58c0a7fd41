//! ONNX Runtime: one environment per process, execution devices, sessions.
//!
//! Owns the loading of the library and the opening of models. Knows no model and no stage. Rule: the process has one
//! environment, because ONNX Runtime allows one; whoever asks first decides which library it is.

mod error;

pub use error::OnnxError;
pub use ort;

use ort::AsPointer as _;
use ort::environment::Environment;
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo};
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The environment, kept for the life of the process.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// The process's environment. The first caller's library is the one that is used.
pub fn environment(library: &Path) -> Result<Environment, OnnxError> {
    let mut slot = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = slot.as_ref() {
        return Ok(environment.clone());
    }
    let failed = |message: String| OnnxError::Library {
        path: library.to_owned(),
        message: message.lines().collect::<Vec<_>>().join(" "),
    };
    let builder = ort::init_from(library).map_err(|e| failed(e.to_string()))?;
    let environment =
        builder.with_name("docmill").with_telemetry(false).build().map_err(|e| failed(e.to_string()))?;
    share_memory(&environment);
    Ok(slot.insert(environment).clone())
}

/// Gives the environment one arena for the CPU, which sessions take with `with_env_allocators`: memory grows to what the hungriest
/// model needs, not to the sum of what each needs once. Without it, sessions have arenas of their own.
#[allow(unsafe_code, reason = "a call of ONNX Runtime that ort has not")]
fn share_memory(environment: &Environment) {
    let Ok(place) =
        MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Arena, ort::memory::MemoryType::Default)
    else {
        return;
    };
    let api = ort::api();
    // SAFETY: both pointers are of live objects; the environment copies what it needs of `place`, and no arena settings mean the
    // default ones. A status that is not null is an error of this call, and is released once.
    unsafe {
        let status =
            (api.CreateAndRegisterAllocator)(environment.ptr().cast_mut(), place.ptr(), std::ptr::null());
        if !status.0.is_null() {
            (api.ReleaseStatus)(status.0);
        }
    }
}

/// Where a model runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU by CUDA. Needs a build with the feature `cuda` and ONNX Runtime's GPU library.
    Cuda,
    /// An NVIDIA GPU by TensorRT, with CUDA for what it cannot do. Needs a build with the feature `tensorrt`.
    TensorRt,
}

impl Device {
    /// As it is written in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
        }
    }
}

/// How a session runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Where.
    pub device: Device,
    /// Which of several GPUs, from 0.
    pub device_id: i32,
    /// Threads of one run on the processor.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { device: Device::Cpu, device_id: 0, threads: 1 }
    }
}

/// Opens a model. A device that is not there is an error, never a silent run on the processor.
pub fn open(environment: &Environment, path: &Path, options: &Options) -> Result<Session, OnnxError> {
    let builder = on_device(environment, options)?;
    let session = |mut b: SessionBuilder| b.commit_from_file(path);
    session(builder).map_err(|source| OnnxError::Model { path: path.to_owned(), source })
}

fn on_device(environment: &Environment, options: &Options) -> Result<SessionBuilder, OnnxError> {
    let failed = |source| OnnxError::Device { device: options.device.name(), source };
    let builder = plain(environment, options.threads).map_err(failed)?;
    match options.device {
        Device::Cpu => Ok(builder),
        #[cfg(feature = "cuda")]
        Device::Cuda => {
            builder.with_execution_providers([cuda(options.device_id)]).map_err(|e| failed(e.into()))
        }
        #[cfg(feature = "tensorrt")]
        Device::TensorRt => {
            let first = ort::ep::TensorRT::default().with_device_id(options.device_id).with_fp16(true);
            builder
                .with_execution_providers([first.build().error_on_failure(), cuda(options.device_id)])
                .map_err(|e| failed(e.into()))
        }
        #[cfg(not(all(feature = "cuda", feature = "tensorrt")))]
        other => Err(OnnxError::NotBuilt { device: other.name() }),
    }
}

fn plain(environment: &Environment, threads: usize) -> ort::Result<SessionBuilder> {
    // Shapes vary from run to run: memory patterns would be kept per shape, for ever.
    Ok(Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .with_intra_threads(threads.max(1))?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?)
}

#[cfg(feature = "cuda")]
fn cuda(device_id: i32) -> ort::ep::ExecutionProviderDispatch {
    // The exhaustive search of convolutions is repeated for every new shape.
    ort::ep::CUDA::default()
        .with_device_id(device_id)
        .with_conv_algorithm_search(ort::ep::cuda::ConvAlgorithmSearch::Heuristic)
        .build()
        .error_on_failure()
}
