//! A process that outlives the command: started, waited for, stopped.

use crate::process::{self, Signal};
use crate::{OpsError, ui};
use std::fs::{self, File};
use std::future::Future;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for an answer after the start. After a crash Kafka reads its log first.
const START: Duration = Duration::from_secs(120);
/// Longest wait for an end by itself.
const STOP: Duration = Duration::from_secs(30);
/// Longest wait after a kill.
const KILL: Duration = Duration::from_secs(10);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// When a process ends that nobody stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It outlives this command.
    Apart,
    /// It is told to stop when this command ends, however that ends.
    Ours,
}

/// A process that was just started.
pub(super) struct Daemon {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it, with its output at the end of `log`.
    pub(super) fn start(
        name: &'static str,
        mut command: Command,
        log: PathBuf,
        life: Life,
    ) -> Result<Self, OpsError> {
        let failed = |e| OpsError::io("write", &log, e);
        let open = File::options().create(true).append(life == Life::Ours).write(true).open(&log);
        let out = open.map_err(failed)?;
        if life == Life::Apart {
            out.set_len(0).map_err(failed)?;
        }
        let err = out.try_clone().map_err(failed)?;
        // Signals of a terminal are for this command, which decides what becomes of the others.
        process::detach(&mut command);
        match life {
            Life::Apart => ui::tell(format_args!("starting {name} …")),
            Life::Ours => process::die_with_parent(&mut command),
        }
        let program = PathBuf::from(command.get_program());
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|e| OpsError::io("start", program, e))?;
        Ok(Self { name, child, log })
    }

    /// Process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it answers. One that does not is ended.
    pub(super) async fn wait_until<F: Future<Output = bool>>(
        mut self,
        answers: impl Fn() -> F,
    ) -> Result<(), OpsError> {
        let start = Instant::now();
        loop {
            let ended = self.child.try_wait().map_err(|e| OpsError::io("wait for", self.name, e))?;
            if ended.is_some() {
                return Err(OpsError::Died { name: self.name, reason: self.last_words(), log: self.log });
            }
            if answers().await {
                return Ok(());
            }
            if start.elapsed() > START {
                process::signal(self.pid(), Signal::Kill);
                let (reason, seconds) = (self.last_words(), START.as_secs());
                return Err(OpsError::NotReady { name: self.name, seconds, reason, log: self.log });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The line of its log that says most: the last error, else the last line.
    fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let telling = |l: &&str| l.contains("ERROR") || l.contains("FATAL") || l.contains("Exception");
        let line = text.lines().rfind(telling).or_else(|| text.lines().rfind(|l| !l.trim().is_empty()));
        line.unwrap_or("it said nothing").trim().chars().take(300).collect()
    }
}

/// Stops a process that an earlier call started. True when it had to be killed.
pub(super) async fn stop(name: &'static str, pid: u32, mark: &str) -> Result<bool, OpsError> {
    process::signal(pid, Signal::Term);
    if gone(pid, mark, STOP).await {
        return Ok(false);
    }
    process::signal(pid, Signal::Kill);
    if gone(pid, mark, KILL).await { Ok(true) } else { Err(OpsError::NotStopped { name, pid }) }
}

async fn gone(pid: u32, mark: &str, within: Duration) -> bool {
    let start = Instant::now();
    while process::lives(pid, mark) {
        if start.elapsed() > within {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}
