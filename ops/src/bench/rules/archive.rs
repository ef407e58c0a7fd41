//! Files of folders and of `.tar.xz` archives, in memory and bounded.

use crate::OpsError;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Largest file that is kept, in bytes.
const MAX_FILE: u64 = 32 * 1024 * 1024;
/// Largest sum of all files, in bytes.
const MAX_ALL: u64 = 1024 * 1024 * 1024;
/// Most files.
const MAX_FILES: usize = 200_000;
/// Deepest folder.
const MAX_DEPTH: usize = 16;

/// Adds the XML files and the cases.jsonl at a path, by name.
pub(super) fn read(path: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), OpsError> {
    let about = |e: std::io::Error| OpsError::io("read", path, e);
    if path.is_dir() {
        return folder(path, &path.display().to_string(), 0, files);
    }
    let file = std::fs::File::open(path).map_err(about)?;
    let plain = lzma_rust2::XzReader::new(std::io::BufReader::new(file), true);
    let mut archive = tar::Archive::new(plain.take(MAX_ALL));
    for entry in archive.entries().map_err(about)? {
        let entry = entry.map_err(about)?;
        let name = entry.path().map_err(about)?.display().to_string();
        if entry.header().entry_type().is_file() && wanted(&name) {
            add(format!("{}:{name}", path.display()), entry, files, path)?;
        }
    }
    Ok(())
}

fn folder(
    path: &Path,
    name: &str,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), OpsError> {
    if depth > MAX_DEPTH {
        return Err(OpsError::Usage(vec![format!("{name} is nested more than {MAX_DEPTH} folders deep")]));
    }
    for entry in std::fs::read_dir(path).map_err(|e| OpsError::io("read", path, e))? {
        let entry = entry.map_err(|e| OpsError::io("read", path, e))?;
        let kind = entry.file_type().map_err(|e| OpsError::io("read", entry.path(), e))?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            folder(&entry.path(), &name, depth + 1, files)?;
        } else if kind.is_file() && wanted(&name) {
            let file =
                std::fs::File::open(entry.path()).map_err(|e| OpsError::io("read", entry.path(), e))?;
            add(name, file, files, path)?;
        }
    }
    Ok(())
}

fn wanted(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case("xml"))
        || name.ends_with("cases.jsonl")
}

fn add(
    name: String,
    from: impl Read,
    files: &mut BTreeMap<String, Vec<u8>>,
    path: &Path,
) -> Result<(), OpsError> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| OpsError::io("read", path, e))?;
    let all: u64 = files.values().map(|f| f.len() as u64).sum::<u64>() + bytes.len() as u64;
    if bytes.len() as u64 > MAX_FILE || all > MAX_ALL || files.len() >= MAX_FILES {
        let limits = format!("{MAX_FILE} bytes a file, {MAX_ALL} bytes and {MAX_FILES} files in all");
        return Err(OpsError::Usage(vec![format!("{name} goes beyond the limits of {limits}")]));
    }
    files.insert(name, bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_with_the_files_inside() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("cases")).unwrap();
        for (name, text) in [("cases.jsonl", "{}"), ("cases/a.xml", "<a/>"), ("cases/readme.txt", "x")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut files = BTreeMap::new();
        read(folder.path(), &mut files).unwrap();
        let names: Vec<&str> = files.keys().map(|n| n.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["cases.jsonl", "a.xml"]);
    }

    #[test]
    fn what_is_no_archive_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"not xz").unwrap();
        assert!(read(file.path(), &mut BTreeMap::new()).is_err());
    }
}
