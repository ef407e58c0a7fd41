//! The programs under test, built once by the cargo that runs the tests.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Path of a program of the workspace, built if it is not up to date.
pub fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).join(name)
}

/// Builds all programs with the very settings of the tests, so that nothing but linking is left to do.
fn build() -> PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    let Some(profile) = this.parent().and_then(Path::parent) else {
        panic!("{} is not in a build folder", this.display())
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--workspace", "--bins", "--tests", "--quiet"]).current_dir(workspace());
    if profile.file_name() == Some(OsStr::new("release")) {
        cargo.arg("--release");
    }
    if let Some(target) = profile.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    match cargo.status() {
        Ok(status) if status.success() => profile.to_owned(),
        Ok(status) => panic!("building the programs: {status}"),
        Err(e) => panic!("building the programs: {e}"),
    }
}

/// The docmill command, with nothing of the caller's configuration.
pub fn docmill() -> Command {
    let mut command = Command::new(program("docmill"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("DOCMILL__") || text.starts_with("OTEL_") {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null()).current_dir(workspace());
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ended {
    match command.output() {
        Ok(output) => Ended {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        },
        Err(e) => panic!("{command:?}: {e}"),
    }
}
