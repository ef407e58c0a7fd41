//! One stage's process: started, its lines passed on, stopped, started again.

use super::backoff::Backoff;
use crate::process::{self, Signal};
use crate::{OpsError, ui};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// Longest time to finish after being told to stop.
const GRACE: Duration = Duration::from_secs(15);
/// Longest time for the last lines of a process that has ended; a child of its own may hold them open.
const LAST_LINES: Duration = Duration::from_millis(500);
/// A longer line is passed on in pieces, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;
/// Exit code of a stage whose configuration is wrong: starting it again does not help.
const USAGE: i32 = 2;

/// A stage to be kept alive.
pub(super) struct Stage {
    /// Name of its program.
    pub(super) name: String,
    /// Path of its program.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
    /// Its variables, besides those of this process.
    pub(super) environment: Vec<(&'static str, OsString)>,
    /// What stands before each of its lines.
    pub(super) prefix: String,
}

impl Stage {
    /// Runs it, again and again, until told to stop. Fails when starting it again cannot help.
    pub(super) async fn keep_alive(self, mut stop: watch::Receiver<bool>) -> Result<(), OpsError> {
        let mut backoff = Backoff::default();
        loop {
            let started = Instant::now();
            let status = self.once(&mut stop).await?;
            if *stop.borrow() {
                return Ok(());
            }
            if status.code() == Some(USAGE) {
                return Err(OpsError::StageConfig { name: self.name });
            }
            let wait = backoff.after(started.elapsed());
            ui::tell(format_args!(
                "{} ended ({status}); starting it again in {:.1} s",
                self.name,
                wait.as_secs_f32()
            ));
            // An error means that nobody can tell any more: the same as being told.
            if timeout(wait, stop.wait_for(|s| *s)).await.is_ok() {
                return Ok(());
            }
        }
    }

    /// Runs it once.
    async fn once(&self, stop: &mut watch::Receiver<bool>) -> Result<ExitStatus, OpsError> {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).envs(self.environment.iter().map(|(k, v)| (k, v)));
        process::die_with_parent(&mut command);
        let mut child = Command::from(command)
            // Ctrl-C on the terminal is for this process, which then tells the stages.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| OpsError::io("start", &self.program, e))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let lines = async { tokio::join!(self.pass_on(out, false), self.pass_on(err, true)) };
        tokio::pin!(lines);
        let status = tokio::select! {
            status = end(&mut child, stop) => Some(status),
            _ = &mut lines => None,
        };
        let status = match status {
            None => end(&mut child, stop).await,
            Some(status) => {
                // Too late is no error: the lines of a child of the stage are not worth waiting for.
                timeout(LAST_LINES, lines).await.ok();
                status
            }
        };
        status.map_err(|e| OpsError::io("wait for", &self.program, e))
    }

    /// Passes its lines on, to where it wrote them.
    async fn pass_on(&self, from: Option<impl AsyncRead + Unpin>, errors: bool) {
        let Some(from) = from else { return };
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line).await.is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
            let shown = format!("{}{text}", self.prefix);
            if errors {
                ui::tell(shown);
            } else {
                ui::say(shown);
            }
            line.clear();
        }
    }
}

/// Waits for the end; when told to stop, asks for it, and after a while forces it.
async fn end(child: &mut Child, stop: &mut watch::Receiver<bool>) -> std::io::Result<ExitStatus> {
    tokio::select! {
        status = child.wait() => return status,
        _ = stop.wait_for(|s| *s) => {}
    }
    if let Some(pid) = child.id() {
        process::signal(pid, Signal::Term);
    }
    match timeout(GRACE, child.wait()).await {
        Ok(status) => status,
        Err(_too_long) => {
            child.start_kill()?;
            child.wait().await
        }
    }
}
