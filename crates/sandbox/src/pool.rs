//! The pool: children kept warm, one call each at a time.

use crate::process::Process;
use crate::{Limits, SandboxError, Supply};
use bytes::Bytes;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How a pool starts and replaces its children.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// Program that is started with [`crate::CHILD_ARGUMENT`] and `kind`.
    pub program: PathBuf,
    /// Which handler the child runs.
    pub kind: &'static str,
    /// What the handler is opened with.
    pub init: Bytes,
    /// Children at once, at least 1.
    pub children: usize,
    /// What each may use.
    pub limits: Limits,
    /// Calls after which a child is replaced.
    pub max_calls: u32,
    /// Resident memory in bytes over which a child is replaced after a call.
    pub max_resident_bytes: u64,
    /// Longest start.
    pub start_timeout: Duration,
}

impl PoolConfig {
    /// The usual settings for `program` as child `kind`.
    pub fn new(program: PathBuf, kind: &'static str, init: impl Into<Bytes>) -> Self {
        Self {
            program,
            kind,
            init: init.into(),
            children: 1,
            limits: Limits::default(),
            max_calls: 500,
            max_resident_bytes: 512 * 1024 * 1024,
            start_timeout: Duration::from_secs(15),
        }
    }
}

/// Children of one kind. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: PoolConfig,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Process>>,
}

impl Pool {
    /// A pool; its children start with the first calls.
    pub fn new(config: PoolConfig) -> Self {
        let permits = Arc::new(Semaphore::new(config.children.max(1)));
        Self(Arc::new(Shared { config, permits, idle: Mutex::new(Vec::new()) }))
    }

    /// Sends a request, whose bytes are `parts` in a row, to the next free child. `limit`: longest wait for one part.
    ///
    /// Where an earlier call's child dies before it sends anything, a fresh one gets the request, once: the death may
    /// have been its predecessor's.
    pub async fn call(&self, parts: Vec<Bytes>, limit: Duration) -> Result<Call, SandboxError> {
        self.call_about(parts, None, limit).await
    }

    /// The same about a document of which the child asks for the parts that it needs.
    pub async fn call_about(
        &self,
        parts: Vec<Bytes>,
        supply: Option<Supply>,
        limit: Duration,
    ) -> Result<Call, SandboxError> {
        let bytes = parts.iter().map(|p| p.len() as u64).sum();
        let most = u64::from(self.0.config.limits.frame_bytes);
        if bytes > most {
            return Err(SandboxError::TooLarge { bytes, limit: most });
        }
        let Ok(permit) = Arc::clone(&self.0.permits).acquire_owned().await else {
            unreachable!("the semaphore is never closed");
        };
        let process = self.ready().await?;
        let mut call = Call {
            shared: Arc::clone(&self.0),
            process: Some(process),
            again: Some(parts),
            supply,
            limit,
            _permit: permit,
        };
        call.begin().await?;
        Ok(call)
    }

    /// Sends a request and gathers the whole reply.
    pub async fn call_all(&self, parts: Vec<Bytes>, limit: Duration) -> Result<Vec<Bytes>, SandboxError> {
        let mut call = self.call(parts, limit).await?;
        let mut reply = Vec::new();
        while let Some(part) = call.next().await? {
            reply.push(part);
        }
        Ok(reply)
    }

    /// Starts one child where none is idle, so that the first call need not; also finds out whether it can work.
    pub async fn warm(&self) -> Result<(), SandboxError> {
        let process = self.ready().await?;
        self.0.put_back(process);
        Ok(())
    }

    async fn ready(&self) -> Result<Process, SandboxError> {
        while let Some(mut process) = self.0.take_idle() {
            if process.is_alive() {
                return Ok(process);
            }
        }
        Process::start(&self.0.config).await
    }
}

impl Shared {
    fn take_idle(&self) -> Option<Process> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a child for the next call, or lets it go where it has served its time.
    fn put_back(&self, process: Process) {
        let worn = match process.usage() {
            Some((resident, cpu)) => {
                resident > self.config.max_resident_bytes || cpu > self.config.limits.cpu_seconds / 2
            }
            None => true,
        };
        if worn || process.calls() >= self.config.max_calls {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.config.children.max(1) {
            idle.push(process);
        }
    }
}

/// A request that is being answered. Dropping it before its end kills the child.
#[derive(Debug)]
pub struct Call {
    shared: Arc<Shared>,
    process: Option<Process>,
    /// The request, as long as it may be sent again.
    again: Option<Vec<Bytes>>,
    supply: Option<Supply>,
    limit: Duration,
    _permit: OwnedSemaphorePermit,
}

impl Call {
    /// Changes the longest wait for each of the parts to come.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// The next part of the reply; none at its end. After an error there is nothing more.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SandboxError> {
        let part = loop {
            let Some(process) = &mut self.process else { return Ok(None) };
            match process.next(self.limit, self.supply.as_ref()).await {
                Ok(part) => break part,
                Err(error) => {
                    self.retry(error).await?;
                    self.begin().await?;
                }
            }
        };
        self.again = None;
        if part.is_none()
            && let Some(process) = self.process.take()
        {
            self.shared.put_back(process);
        }
        Ok(part)
    }

    /// Sends the request, to a fresh child where the first one is dead.
    async fn begin(&mut self) -> Result<(), SandboxError> {
        loop {
            let (Some(process), Some(parts)) = (&mut self.process, &self.again) else { return Ok(()) };
            match process.request(parts, self.limit).await {
                Ok(()) => return Ok(()),
                Err(error) => self.retry(error).await?,
            }
        }
    }

    /// A fresh child, where `error` may be its predecessors' doing; else the error.
    async fn retry(&mut self, error: SandboxError) -> Result<(), SandboxError> {
        let Some(process) = self.process.take() else { return Err(error) };
        let died = matches!(error, SandboxError::Died { .. } | SandboxError::Protocol { .. });
        if !died || process.calls() < 2 || self.again.is_none() {
            return Err(error);
        }
        drop(process);
        tracing::debug!(%error, "a sandboxed child died; its request goes to a fresh one");
        self.process = Some(Process::start(&self.shared.config).await?);
        Ok(())
    }
}
