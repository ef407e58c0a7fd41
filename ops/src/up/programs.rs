//! Where the stages' programs are: beside this one. In a build folder of cargo they are built when they are missing or
//! older than this program.

use crate::{OpsError, ui};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio::process::Command;

/// The folder that has `docmill-<stage>` for every stage.
pub(super) async fn folder(stages: &[String], may_build: bool) -> Result<PathBuf, OpsError> {
    let this = std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?;
    let folder = this.parent().unwrap_or(Path::new(".")).to_owned();
    let names: Vec<_> = stages.iter().map(|s| format!("docmill-{s}")).collect();
    let missing = || names.iter().find(|n| !folder.join(n).is_file());
    let since = changed(&this);
    let stale = names.iter().any(|n| changed(&folder.join(n)) < since);
    if let Some(root) = workspace(&folder).filter(|_| may_build && stale) {
        let built = build(root, &folder).await;
        // Old programs are better than none.
        if missing().is_some() {
            built?;
        } else if let Err(e) = built {
            ui::tell(format_args!("docmill: {e}; going on with the programs as they are"));
        }
    }
    match missing() {
        None => Ok(folder),
        Some(name) => Err(OpsError::NoProgram { name: name.clone(), beside: folder }),
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|m| m.modified()).ok()
}

/// The workspace this program was built from, where `folder` is its build folder.
fn workspace(folder: &Path) -> Option<&'static Path> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let built_here = folder.join(".fingerprint").is_dir() && folder.join("deps").is_dir();
    (built_here && root.join("Cargo.toml").is_file()).then_some(root)
}

async fn build(root: &Path, folder: &Path) -> Result<(), OpsError> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--workspace", "--bins"]).current_dir(root);
    match folder.file_name().and_then(|n| n.to_str()) {
        Some("debug") | None => {}
        Some("release") => {
            cargo.arg("--release");
        }
        Some(profile) => {
            cargo.args(["--profile", profile]);
        }
    }
    if let Some(target) = folder.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    ui::tell("building the stages …");
    let status = cargo.status().await.map_err(|e| OpsError::io("start", "cargo", e))?;
    if status.success() { Ok(()) } else { Err(OpsError::Build) }
}
