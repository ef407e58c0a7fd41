//! Finding a Java that is new enough.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A Java of at least that version on this host: JAVA_HOME, the PATH, the usual folders.
pub(crate) fn find(least: u32) -> Option<PathBuf> {
    candidates().into_iter().find(|java| version(java).is_some_and(|v| v >= least))
}

fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(home) = env::var_os("JAVA_HOME") {
        found.push(Path::new(&home).join("bin/java"));
    }
    if let Some(path) = env::var_os("PATH") {
        found.extend(env::split_paths(&path).map(|p| p.join("java")));
    }
    for parent in ["/usr/lib/jvm", "/opt"] {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        let mut below: Vec<_> = entries.flatten().map(|e| e.path().join("bin/java")).collect();
        below.sort();
        found.extend(below);
    }
    found.retain(|p| p.is_file());
    found
}

/// Major version of a Java.
pub(crate) fn version(java: &Path) -> Option<u32> {
    let said = Command::new(java)
        .args(["-XshowSettings:properties", "-version"])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    // Properties go to stderr.
    parse_version(&String::from_utf8_lossy(&said.stderr))
}

fn parse_version(properties: &str) -> Option<u32> {
    let line = properties.lines().find_map(|l| l.trim().strip_prefix("java.specification.version = "))?;
    // Before 9 it was 1.8.
    line.trim().split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        let said = "Property settings:\n    java.home = /x\n    java.specification.version = 17\n";
        assert_eq!(parse_version(said), Some(17));
        assert_eq!(parse_version("    java.specification.version = 1.8\n"), Some(1));
        assert_eq!(parse_version("no"), None);
    }
}
