//! Running pip, Maven and Java, with a deadline.

use crate::AssetError;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that a package client may take.
const DEADLINE: Duration = Duration::from_mins(30);

/// Whether the program runs and says yes.
pub(crate) fn answers(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a package client to its end; what it says goes to `log`. The error is the most telling line of it.
pub(crate) fn fetch(
    command: &mut Command,
    tool: &'static str,
    what: &str,
    log: &Path,
) -> Result<(), AssetError> {
    let failed = |e: io::Error| AssetError::io("run", tool, e);
    let out = File::create(log).map_err(|e| AssetError::io("write", log, e))?;
    let err = out.try_clone().map_err(failed)?;
    let mut child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().map_err(failed)?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if start.elapsed() > DEADLINE {
            child.kill().map_err(failed)?;
            break child.wait().map_err(failed)?;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if status.success() {
        return Ok(());
    }
    let said = fs::read(log).map_err(|e| AssetError::io("read", log, e))?;
    let said = String::from_utf8_lossy(&said);
    if said.contains("No space left on device") {
        return Err(AssetError::NoSpace { path: log.parent().unwrap_or(log).to_owned() });
    }
    Err(AssetError::Fetch { what: what.to_owned(), tool, reason: reason(&said) })
}

/// The line that a person needs: a network failure if there was one, else the first error.
fn reason(said: &str) -> String {
    const NETWORK: [&str; 8] = [
        "Temporary failure in name resolution",
        "Name or service not known",
        "Unknown host",
        "Network is unreachable",
        "Connection refused",
        "CERTIFICATE_VERIFY_FAILED",
        "timed out",
        "connection broken",
    ];
    if let Some(why) = NETWORK.iter().find(|n| said.contains(**n)) {
        return format!("the network is missing, or the package index cannot be reached ({why})");
    }
    let line = said
        .lines()
        .find(|l| l.starts_with("ERROR") || l.starts_with("[ERROR]"))
        .or_else(|| said.lines().rfind(|l| !l.trim().is_empty()))
        .unwrap_or("it said nothing");
    let line = line.trim_start_matches("[ERROR]").trim_start_matches("ERROR:").trim();
    // One line of bounded length, whatever a package index writes.
    line.chars().filter(|c| !c.is_control()).take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_network_is_named_before_pips_last_line() {
        let said = "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError: [Errno -3] \
                    Temporary failure in name resolution': /simple/onnxruntime/\nERROR: No matching distribution found";
        assert!(reason(said).starts_with("the network is missing"), "{}", reason(said));
    }

    #[test]
    fn the_first_error_line_is_the_reason() {
        let said = "[INFO] a\n[ERROR] Failed to read artifact x\n[ERROR] To see the full stack trace\n";
        assert_eq!(reason(said), "Failed to read artifact x");
        assert_eq!(reason(""), "it said nothing");
    }
}
