//! Files in the cache: sums, stamps, locks, and moving into place in one step.

use crate::AssetError;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// SHA-256 of a file in lower-case hex.
pub(crate) fn sha256(path: &Path) -> Result<String, AssetError> {
    let failed = |e| AssetError::io("read", path, e);
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 17];
    loop {
        let n = file.read(&mut buffer).map_err(failed)?;
        if n == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(buffer.get(..n).unwrap_or_default());
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _infallible = write!(out, "{b:02x}");
        out
    })
}

/// Fails unless the file has the sum.
pub(crate) fn verify(path: &Path, expected: &str) -> Result<(), AssetError> {
    let found = sha256(path)?;
    if found == expected {
        Ok(())
    } else {
        Err(AssetError::WrongSum { file: path.to_owned(), expected: expected.to_owned(), found })
    }
}

/// Fails unless the file has the sum; does not read it again while size and time of change are those of the last look.
pub(crate) fn verify_stamped(path: &Path, expected: &str) -> Result<(), AssetError> {
    let meta = fs::metadata(path).map_err(|e| AssetError::io("read", path, e))?;
    let stamp_path = with_ending(path, ".verified");
    let stamp = format!("{expected} {} {}.{:09}\n", meta.size(), meta.mtime(), meta.mtime_nsec());
    if fs::read_to_string(&stamp_path).is_ok_and(|s| s == stamp) {
        return Ok(());
    }
    verify(path, expected)?;
    // A folder that cannot be written to is verified anew each time.
    if let Err(e) = fs::write(&stamp_path, stamp) {
        tracing::debug!(error = %e, path = %stamp_path.display(), "cannot keep a stamp");
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Sums as `sha256sum` writes them: path → sum.
pub(crate) fn parse_sums(text: &'static str) -> HashMap<&'static str, &'static str> {
    text.lines().filter_map(|l| l.split_once("  ")).map(|(sum, name)| (name, sum)).collect()
}

/// Fails unless the folder has every file of the list, each with its sum. Other files are not looked at.
pub(crate) fn verify_folder(what: &'static str, folder: &Path, sums: &'static str) -> Result<(), AssetError> {
    for (name, sum) in parse_sums(sums) {
        let file = folder.join(name);
        if !file.is_file() {
            return Err(AssetError::Incomplete { what, file: name.to_owned() });
        }
        verify(&file, sum)?;
    }
    Ok(())
}

/// A folder to build something in, beside the place it will be moved to. Gone when dropped.
pub(crate) struct Workshop {
    path: PathBuf,
    _lock: File,
}

impl Workshop {
    /// Waits for other processes that fetch the same, then makes an empty folder in the cache.
    pub(crate) fn open(cache: &Path, name: &str) -> Result<Self, AssetError> {
        fs::create_dir_all(cache).map_err(|e| AssetError::io("create folder", cache, e))?;
        let lock_path = cache.join(format!(".{name}.lock"));
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|e| AssetError::io("open", &lock_path, e))?;
        lock.lock().map_err(|e| AssetError::io("lock", &lock_path, e))?;
        // Under the lock, so what is left here was left by a process that was killed.
        let path = cache.join(format!(".{name}.tmp"));
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|e| AssetError::io("remove", &path, e))?;
        }
        fs::create_dir(&path).map_err(|e| AssetError::io("create folder", &path, e))?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.path) {
            tracing::debug!(error = %e, path = %self.path.display(), "cannot remove temporary folder");
        }
    }
}

/// Moves a finished file to its place, whatever is there.
pub(crate) fn put_file(from: &Path, to: &Path) -> Result<(), AssetError> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|e| AssetError::io("create folder", parent, e))?;
    }
    // The bytes first, so that a power cut leaves no name without content.
    let file = File::open(from).map_err(|e| AssetError::io("read", from, e))?;
    file.sync_all().map_err(|e| AssetError::io("write", from, e))?;
    fs::rename(from, to).map_err(|e| AssetError::io("write", to, e))
}

/// Moves a finished folder to its place; what was there is removed.
pub(crate) fn put_folder(from: &Path, to: &Path) -> Result<(), AssetError> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(|e| AssetError::io("remove", to, e))?;
    }
    fs::rename(from, to).map_err(|e| AssetError::io("write", to, e))
}
