//! One child as its parent sees it.

use crate::frame::{self, Kind};
use crate::{CHILD_ARGUMENT, PoolConfig, SandboxError, Supply};
use bytes::Bytes;
use std::os::fd::AsRawFd;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    frame_bytes: u32,
    calls: u32,
}

/// Lets a pipe hold more at once, so that a document takes fewer turns; where the system refuses, it goes on as it is.
#[allow(unsafe_code, reason = "a system call that std has not")]
fn widen(pipe: &impl AsRawFd) {
    // SAFETY: the descriptor is open, and this operation takes an integer.
    unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, 1024 * 1024) };
}

/// How reading or writing failed.
enum Broken {
    Pipe,
    Supply(std::io::Error),
    Protocol(&'static str),
}

impl Process {
    /// Starts a child and waits until it is ready.
    pub(crate) async fn start(config: &PoolConfig) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Start { program: config.program.clone(), source };
        let mut child = Command::new(&config.program)
            .args([CHILD_ARGUMENT, config.kind])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for the parent, which drains.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(std::io::ErrorKind::BrokenPipe.into()));
        };
        widen(&to);
        widen(&from);
        let mut process = Self { child, to, from, frame_bytes: config.limits.frame_bytes, calls: 0 };
        match timeout(config.start_timeout, process.greet(config)).await {
            Ok(result) => result.map(|()| process),
            Err(_) => Err(SandboxError::StartTimedOut { kind: config.kind, limit: config.start_timeout }),
        }
    }

    async fn greet(&mut self, config: &PoolConfig) -> Result<(), SandboxError> {
        let unfit = |reason: String| SandboxError::Init { kind: config.kind, reason };
        let mut hello = config.limits.to_wire().to_vec();
        hello.extend_from_slice(&config.init);
        // Where the pipe is broken, the exit status says more than the pipe does.
        let said = match self.write(Kind::Hello, &[Bytes::from(hello)]).await {
            Ok(()) => self.read().await,
            Err(broken) => Err(broken),
        };
        match said {
            Ok((Kind::Ready, _)) => Ok(()),
            Ok((Kind::Unfit, reason)) => Err(unfit(String::from_utf8_lossy(&reason).into_owned())),
            Ok((Kind::Unconfined, missing)) => {
                Err(SandboxError::Unconfined { missing: String::from_utf8_lossy(&missing).into_owned() })
            }
            Ok(_) => Err(unfit("it sent an unexpected frame".into())),
            Err(Broken::Protocol(what)) => Err(unfit(what.into())),
            Err(Broken::Supply(source)) => Err(SandboxError::Supply { source }),
            Err(Broken::Pipe) => Err(unfit(format!("it ended at once ({})", self.ended().await))),
        }
    }

    /// Calls it has begun to serve.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// True as long as it runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a request.
    pub(crate) async fn request(&mut self, parts: &[Bytes], limit: Duration) -> Result<(), SandboxError> {
        self.calls += 1;
        let outcome = timeout(limit, self.write(Kind::Request, parts)).await;
        self.judge(outcome, limit).await
    }

    /// The next part of the reply; none at its end. Until then, questions for parts of the document are answered from `supply`.
    pub(crate) async fn next(
        &mut self,
        limit: Duration,
        supply: Option<&Supply>,
    ) -> Result<Option<Bytes>, SandboxError> {
        let outcome = timeout(limit, self.said(supply)).await;
        match self.judge(outcome, limit).await? {
            (Kind::Part, payload) => Ok(Some(payload.into())),
            (Kind::End, _) => Ok(None),
            (
                Kind::Hello
                | Kind::Request
                | Kind::Ready
                | Kind::Unfit
                | Kind::Unconfined
                | Kind::Want
                | Kind::Given,
                _,
            ) => Err(SandboxError::Protocol { what: "frame out of place" }),
        }
    }

    async fn judge<T>(
        &mut self,
        outcome: Result<Result<T, Broken>, tokio::time::error::Elapsed>,
        limit: Duration,
    ) -> Result<T, SandboxError> {
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Broken::Protocol(what))) => Err(SandboxError::Protocol { what }),
            Ok(Err(Broken::Supply(source))) => Err(SandboxError::Supply { source }),
            Ok(Err(Broken::Pipe)) => Err(SandboxError::Died { how: self.ended().await }),
            Err(_) => Err(SandboxError::TimedOut { limit }),
        }
    }

    async fn write(&mut self, kind: Kind, parts: &[Bytes]) -> Result<(), Broken> {
        let len = parts.iter().map(Bytes::len).sum();
        let head = frame::header(kind, len, self.frame_bytes).ok_or(Broken::Protocol("request too large"))?;
        self.to.write_all(&head).await.map_err(|_| Broken::Pipe)?;
        for part in parts {
            self.to.write_all(part).await.map_err(|_| Broken::Pipe)?;
        }
        self.to.flush().await.map_err(|_| Broken::Pipe)
    }

    /// The next frame that is no question.
    async fn said(&mut self, supply: Option<&Supply>) -> Result<(Kind, Vec<u8>), Broken> {
        loop {
            let (kind, payload) = self.read().await?;
            if kind != Kind::Want {
                return Ok((kind, payload));
            }
            let supply = supply.ok_or(Broken::Protocol("asked for a document that it was sent"))?;
            let range = supply.range(&payload).map_err(Broken::Protocol)?;
            let bytes = supply.read(range).await.map_err(Broken::Supply)?;
            self.write(Kind::Given, &[bytes.into()]).await?;
        }
    }

    async fn read(&mut self) -> Result<(Kind, Vec<u8>), Broken> {
        let mut head = [0; frame::HEADER];
        self.from.read_exact(&mut head).await.map_err(|_| Broken::Pipe)?;
        let (kind, len) = frame::parse(head, self.frame_bytes).map_err(Broken::Protocol)?;
        // Grows as bytes come: a child that only claims much gets no memory for it.
        let mut payload = Vec::with_capacity(len.min(1024 * 1024));
        let got =
            (&mut self.from).take(len as u64).read_to_end(&mut payload).await.map_err(|_| Broken::Pipe)?;
        if got < len { Err(Broken::Pipe) } else { Ok((kind, payload)) }
    }

    /// How it ended; it is killed where it has not.
    async fn ended(&mut self) -> String {
        // A child whose pipe is closed is about to end by itself; its own status is worth a moment.
        match timeout(Duration::from_millis(500), self.child.wait()).await {
            Ok(status) => status.map_or_else(|e| e.to_string(), |s| s.to_string()),
            Err(_) => "it closed its pipe".into(),
        }
    }

    /// Resident memory in bytes and processor time in seconds; none where the system does not say.
    pub(crate) fn usage(&self) -> Option<(u64, u64)> {
        let pid = self.child.id()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
        let kib: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the command's name in parentheses: state is the first field, user and system time are 12th and 13th.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let user: u64 = fields.next()?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        // Linux counts these in hundredths of a second, whatever the kernel's own tick is.
        Some((kib * 1024, (user + system) / 100))
    }
}
