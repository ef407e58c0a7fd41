//! Fetching wheels by name and version through the host's own pip, configured as it is.
//!
//! Must not know any index: mirrors, proxies and credentials are pip's.

use crate::catalog::Package;
use crate::{AssetError, command};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Python that the wheels are chosen for: they are only unpacked, so it need not be the host's.
const PYTHON: [&str; 10] = [
    "--python-version",
    "3.12",
    "--implementation",
    "cp",
    "--abi",
    "cp312",
    "--abi",
    "abi3",
    "--abi",
    "none",
];

/// A pip that answers, as program and first arguments.
fn find(what: &'static str, var: &'static str) -> Result<Vec<String>, AssetError> {
    let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let candidates = match env::var("DOCMILL_PIP") {
        Ok(own) if !own.trim().is_empty() => vec![words(&own)],
        _ => ["python3 -m pip", "python -m pip", "pip3"].into_iter().map(words).collect(),
    };
    let tried = candidates.iter().map(|c| format!("`{}`", c.join(" "))).collect::<Vec<_>>().join(", ");
    candidates
        .into_iter()
        .find(|c| pip(c).is_some_and(|mut p| command::answers(p.arg("--version"))))
        .ok_or(AssetError::NoPip { what, tried, var })
}

fn pip(words: &[String]) -> Option<Command> {
    let (program, args) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(args);
    Some(command)
}

/// Downloads one wheel into `folder` and returns its path.
pub(crate) fn download(
    package: &Package,
    what: &'static str,
    var: &'static str,
    folder: &Path,
) -> Result<PathBuf, AssetError> {
    let words = find(what, var)?;
    let arch = env::consts::ARCH;
    let name = format!("{} {}", package.name, package.version);
    let mut pip = pip(&words).ok_or(AssetError::NoPip { what, tried: String::new(), var })?;
    pip.args(["download", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(["--no-deps", "--only-binary=:all:"])
        .args(PYTHON);
    for libc in ["manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014"] {
        pip.arg("--platform").arg(format!("{libc}_{arch}"));
    }
    pip.arg("--dest").arg(folder).arg(format!("{}=={}", package.name, package.version));
    // Nothing is installed, so a rule against installing outside of a virtual environment does not apply.
    pip.env("PIP_REQUIRE_VIRTUALENV", "0");
    command::fetch(&mut pip, "pip", &name, &folder.join("pip.log"))?;
    let failed = |e| AssetError::io("read", folder, e);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "whl") {
            return Ok(path);
        }
    }
    Err(AssetError::Fetch { what: name, tool: "pip", reason: "it left no wheel".into() })
}
