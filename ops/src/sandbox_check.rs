//! `docmill sandbox-check`: what a decoder on this machine could still do to it.

use crate::{OpsError, columns, ui};
use docmill_sandbox::{Outcome, Support, self_test};
use std::process::ExitCode;

/// Tries everything that a decoder must not be able to do, in a child confined as decoders are. Exit code 1 where
/// something was not stopped.
pub async fn run() -> Result<ExitCode, OpsError> {
    let program = std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?;
    let Support { landlock, seccomp } = Support::of_this_kernel();
    let version = landlock.map_or_else(|| "missing".to_owned(), |v| format!("version {v}"));
    ui::say(format_args!("landlock: {version}; seccomp: {}", if seccomp { "there" } else { "missing" }));
    let tried = self_test(program).await.map_err(|e| OpsError::Part(Box::new(e)))?;
    let rows: Vec<[String; 3]> = tried
        .iter()
        .map(|t| {
            let (stopped, how) = match &t.outcome {
                Outcome::Refused(how) => ("stopped", how.clone()),
                Outcome::Ended(how) => ("stopped", format!("it was ended: {how}")),
                Outcome::TimedOut => ("stopped", "it was killed when its time was over".to_owned()),
                Outcome::Done => ("NOT STOPPED", String::new()),
            };
            [t.what.to_owned(), stopped.to_owned(), how]
        })
        .collect();
    ui::say(columns::render(["attempt", "", "how"], &rows));
    let all = tried.iter().all(|t| t.outcome != Outcome::Done);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
