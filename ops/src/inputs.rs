//! The files a command is given: folders are walked, every mistake is reported at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Endings of the files that are taken from a folder. A file that is named itself is always taken.
const ENDINGS: [&str; 9] = ["pdf", "png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "xml"];

/// A file to be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What its document is called: the file name, or the path within the folder that was named.
    pub(crate) name: String,
    /// Length in bytes.
    pub(crate) bytes: u64,
}

/// Files found, and how many were passed over in folders for their ending.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    pub(crate) files: Vec<Input>,
    pub(crate) passed_over: usize,
}

/// Finds all files, ordered by name. Fails with one line for each path that cannot be read.
pub(crate) fn collect(paths: &[PathBuf], ignore: Option<&Path>) -> Result<Inputs, Vec<String>> {
    let (mut inputs, mut mistakes) = (Inputs::default(), Vec::new());
    let ignore = ignore.and_then(|p| p.canonicalize().ok());
    for path in paths {
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() => walk(path, path, ignore.as_deref(), &mut inputs, &mut mistakes),
            Ok(_) => add(path, file_name(path), &mut inputs, &mut mistakes),
            Err(e) => mistakes.push(format!("{}: {e}", path.display())),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut seen = BTreeSet::new();
    inputs.files.retain(|i| seen.insert(i.path.canonicalize().unwrap_or_else(|_| i.path.clone())));
    Ok(inputs)
}

fn walk(folder: &Path, root: &Path, ignore: Option<&Path>, inputs: &mut Inputs, mistakes: &mut Vec<String>) {
    if ignore.is_some() && folder.canonicalize().ok().as_deref() == ignore {
        return;
    }
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return mistakes.push(format!("{}: {e}", folder.display())),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        if file_name(&path).starts_with('.') {
            continue;
        }
        // Links to folders are not followed: they may lead in circles.
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            walk(&path, root, ignore, inputs, mistakes);
        } else if has_known_ending(&path) {
            let within = path.strip_prefix(root).unwrap_or(&path);
            add(&path, within.to_string_lossy().into_owned(), inputs, mistakes);
        } else {
            inputs.passed_over += 1;
        }
    }
}

fn add(path: &Path, name: String, inputs: &mut Inputs, mistakes: &mut Vec<String>) {
    match std::fs::File::open(path).and_then(|f| f.metadata()) {
        Ok(meta) if meta.is_file() => {
            inputs.files.push(Input { path: path.to_owned(), name, bytes: meta.len() });
        }
        Ok(_) => mistakes.push(format!("{}: not a file", path.display())),
        Err(e) => mistakes.push(format!("{}: {e}", path.display())),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn has_known_ending(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|e| ENDINGS.contains(&e.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_and_all_mistakes_are_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("b/.hidden")).unwrap();
        for name in ["z.PDF", "b/a.png", "b/notes.txt", "b/.hidden/x.pdf"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let found = collect(&[dir.path().to_owned(), dir.path().join("z.PDF")], None).unwrap();
        assert_eq!(found.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["b/a.png", "z.PDF"]);
        assert_eq!(found.passed_over, 1);
        let named = collect(&[dir.path().join("b/notes.txt")], None).unwrap();
        assert_eq!(named.files[0].name, "notes.txt");
        let mistakes = collect(&[dir.path().join("no"), dir.path().join("neither")], None).unwrap_err();
        assert_eq!(mistakes.len(), 2);
    }
}
