//! Files that are there whole or not at all.

use crate::SinkError;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a file as `fill` says; it may not be on the disk yet.
pub(super) fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<File, SinkError> {
    let write = || -> io::Result<File> {
        let mut out = BufWriter::new(File::create(path)?);
        fill(&mut out)?;
        Ok(out.into_inner()?)
    };
    write().map_err(|e| SinkError::io("write", path, e))
}

/// Writes a file and waits until it is on the disk.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), SinkError> {
    write_with(path, |out| out.write_all(bytes))?.sync_all().map_err(|e| SinkError::io("write", path, e))
}

/// Puts one file in another's place.
pub(super) fn replace(from: &Path, to: &Path) -> Result<(), SinkError> {
    std::fs::rename(from, to).map_err(|e| SinkError::io("replace", to, e))
}

/// Waits until the names in a folder are on the disk.
pub(super) fn sync_folder(folder: &Path) -> Result<(), SinkError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| SinkError::io("sync", folder, e))
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), SinkError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(SinkError::io("remove", path, e)),
        Ok(()) | Err(_) => Ok(()),
    }
}
