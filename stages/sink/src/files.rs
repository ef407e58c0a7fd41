//! Result files: `results.jsonl`, one line a result, and `documents/ID.json`.
//!
//! Exactly once by position: after each batch the length of `results.jsonl` and the next offset of every partition are
//! written in one atomically replaced file. What a crash left beyond that length is cut off and read again.
//! Rule: the positions never say more than what is safely in the files.

mod artifacts;
mod atomic;
mod follow;
mod lines;
mod rows;
#[cfg(test)]
pub(crate) mod samples;

pub use artifacts::write_artifacts;
pub use follow::{ResultLog, run_files};

use crate::SinkError;
use atomic::{remove, replace, sync_folder, write_synced, write_with};
use docmill_contracts::{DocumentResult, content_sha256};
use lines::{copy_lines, last_lines, there};
use rows::{Text, Waiting};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Name of the file with one line a result.
pub const RESULTS: &str = "results.jsonl";
/// Name of the folder with one file a document.
pub const DOCUMENTS: &str = "documents";
/// Name of the file of positions.
pub const POSITIONS: &str = ".docmill-positions.json";

const LOCK: &str = ".docmill-lock";
const REWRITTEN: &str = ".results.jsonl.new";
/// Most results that are made durable together.
const BATCH: usize = 256;
/// Longest document id that is a file name as it is, in bytes.
const MAX_ID_BYTES: usize = 120;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Positions {
    /// Bytes of `results.jsonl` that count.
    length: u64,
    /// Next offset of the results topic by partition.
    next: BTreeMap<i32, i64>,
    /// Set while `results.jsonl` is being replaced: its length then.
    rewrite: Option<u64>,
}

/// A folder of result files. One process at a time holds it.
#[derive(Debug)]
pub struct FileSink {
    folder: PathBuf,
    results: File,
    positions: Positions,
    waiting: Waiting,
    _lock: File,
}

impl FileSink {
    /// Opens a folder, which is created, and brings it back to the last consistent state.
    pub fn open(folder: &Path) -> Result<Self, SinkError> {
        let documents = folder.join(DOCUMENTS);
        std::fs::create_dir_all(&documents).map_err(|e| SinkError::io("create", &documents, e))?;
        let lock = lock(folder)?;
        let path = folder.join(RESULTS);
        let positions = read_positions(folder)?;
        let found = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        let mut positions = match positions {
            None if found > 0 => {
                return Err(SinkError::Foreign { path: path.display().to_string(), positions: POSITIONS });
            }
            None => Positions::default(),
            Some(positions) => positions,
        };
        let rewritten = folder.join(REWRITTEN);
        // Was the replacement of results.jsonl begun? The new file is gone exactly when it took the old one's place.
        if let Some(length) = positions.rewrite.take()
            && !rewritten.exists()
        {
            positions.length = length;
        }
        remove(&rewritten)?;
        if found < positions.length {
            let (path, expected) = (path.display().to_string(), positions.length);
            return Err(SinkError::Shortened { path, found, expected });
        }
        let results = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| SinkError::io("open", &path, e))?;
        results.set_len(positions.length).map_err(|e| SinkError::io("cut", &path, e))?;
        let waiting = Waiting::of(folder);
        waiting.clear()?;
        let sink = Self { folder: folder.to_owned(), results, positions, waiting, _lock: lock };
        sink.keep(&sink.positions)?;
        Ok(sink)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Next offset to read of every partition that was read before, for a reader of the results topic.
    pub fn positions(&self) -> Vec<(i32, i64)> {
        self.positions.next.iter().map(|(&partition, &offset)| (partition, offset)).collect()
    }

    /// Adds results with the partition and offset of their records. Those that were added before are passed over.
    ///
    /// When it fails, what it had not made durable counts as never added: call it again with the same results.
    pub fn append(&mut self, results: &[(i32, i64, DocumentResult)]) -> Result<(), SinkError> {
        results.chunks(BATCH).try_for_each(|batch| self.append_batch(batch))?;
        self.waiting.clear()
    }

    fn append_batch(&mut self, batch: &[(i32, i64, DocumentResult)]) -> Result<(), SinkError> {
        let mut positions = self.positions.clone();
        let mut new = Vec::with_capacity(batch.len());
        for (partition, offset, result) in batch {
            let next = positions.next.entry(*partition).or_insert(0);
            if *offset >= *next {
                *next = offset + 1;
                new.push(result);
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        self.write_documents(&new)?;
        positions.length += self.write_lines(&new)?;
        self.keep(&positions)?;
        self.positions = positions;
        Ok(())
    }

    /// Adds lines behind those that count; the number of bytes.
    fn write_lines(&mut self, results: &[&DocumentResult]) -> Result<u64, SinkError> {
        let path = self.folder.join(RESULTS);
        let failed = |e| SinkError::io("write", &path, e);
        // A failed attempt may have left a part of a line.
        self.results.set_len(self.positions.length).map_err(failed)?;
        self.results.seek(SeekFrom::Start(self.positions.length)).map_err(failed)?;
        let mut out = BufWriter::new(&self.results);
        for result in results {
            Text::of(result, &self.waiting).write_line(&mut out).map_err(failed)?;
        }
        out.flush().map_err(failed)?;
        drop(out);
        self.results.sync_data().map_err(failed)?;
        let end = self.results.stream_position().map_err(failed)?;
        Ok(end - self.positions.length)
    }

    /// Ends a run: `results.jsonl` then has each document once, with its last revision.
    pub fn finish(&mut self) -> Result<(), SinkError> {
        let path = self.folder.join(RESULTS);
        let (lines, last) = last_lines(&path)?;
        if last.len() as u64 == lines {
            return Ok(());
        }
        let rewritten = self.folder.join(REWRITTEN);
        let length = copy_lines(&path, &rewritten, &last)?;
        self.keep(&Positions { rewrite: Some(length), ..self.positions.clone() })?;
        replace(&rewritten, &path)?;
        sync_folder(&self.folder)?;
        self.results =
            OpenOptions::new().write(true).open(&path).map_err(|e| SinkError::io("open", &path, e))?;
        self.positions.length = length;
        self.keep(&self.positions)
    }

    fn write_documents(&self, results: &[&DocumentResult]) -> Result<(), SinkError> {
        let folder = self.folder.join(DOCUMENTS);
        let mut newest: HashMap<&str, &DocumentResult> = HashMap::new();
        for result in results {
            let best = newest.entry(&result.document_id).or_insert(result);
            if result.revision >= best.revision {
                *best = result;
            }
        }
        let mut written = Vec::with_capacity(newest.len());
        for (id, result) in newest {
            let path = folder.join(format!("{}.json", file_name(id)));
            if there(&path) <= Some(result.revision) {
                let temporary = folder.join(format!(".{}.tmp", file_name(id)));
                let text = Text::of(result, &self.waiting);
                written.push((write_with(&temporary, |out| text.write_pretty(out))?, temporary, path));
            }
        }
        // All are written before the first is waited for: the disk then takes them together.
        for (file, temporary, path) in written {
            file.sync_data().map_err(|e| SinkError::io("write", &temporary, e))?;
            replace(&temporary, &path)?;
        }
        sync_folder(&folder)
    }

    fn keep(&self, positions: &Positions) -> Result<(), SinkError> {
        let path = self.folder.join(POSITIONS);
        let temporary = self.folder.join(".docmill-positions.tmp");
        let text = serde_json::to_vec(positions)
            .map_err(|source| SinkError::Damaged { path: path.display().to_string(), source })?;
        write_synced(&temporary, &text)?;
        replace(&temporary, &path)?;
        sync_folder(&self.folder)
    }
}

/// A document id as a file name: as it is where it is harmless, else with a part of its hash, so that two never meet.
pub fn file_name(document_id: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !document_id.is_empty()
        && document_id.len() <= MAX_ID_BYTES
        && !document_id.starts_with('.')
        // `x.layout` would have the file of the layout of `x`.
        && !document_id.ends_with(".layout")
        && document_id.chars().all(harmless)
    {
        return document_id.to_owned();
    }
    let mut name: String = document_id
        .chars()
        .map(|c| if harmless(c) && c != '.' { c } else { '_' })
        .take(MAX_ID_BYTES - 20)
        .collect();
    name.push('-');
    name.extend(content_sha256(document_id.as_bytes()).chars().take(16));
    name
}

fn lock(folder: &Path) -> Result<File, SinkError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
    let file = file.map_err(|e| SinkError::io("open", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SinkError::InUse { path: folder.display().to_string() }),
        Err(TryLockError::Error(e)) => Err(SinkError::io("lock", &path, e)),
    }
}

fn read_positions(folder: &Path) -> Result<Option<Positions>, SinkError> {
    let path = folder.join(POSITIONS);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| SinkError::Damaged { path: path.display().to_string(), source }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(SinkError::io("read", &path, e)),
    }
}

#[cfg(test)]
mod tests;
