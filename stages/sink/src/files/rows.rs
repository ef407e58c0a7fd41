//! Rows of tables that are too long for records, on their way from the blob store into result files.
//!
//! Owns where they wait. Rule: rows are never held; they are fetched into a file, checked against their hash there, and
//! copied from it.

use super::atomic::replace;
use crate::SinkError;
use crate::json::{long_tables, tell_missing, to_json};
use docmill_blobs::{BlobError, BlobReader, Blobs};
use docmill_contracts::{Artifact, DocumentResult};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Folder beside the results in which rows wait.
const WAITING: &str = ".docmill-rows";

/// Where rows wait that were fetched for a folder of results.
#[derive(Debug, Clone)]
pub(super) struct Waiting(PathBuf);

impl Waiting {
    pub(super) fn of(folder: &Path) -> Self {
        Self(folder.join(WAITING))
    }

    /// Fetches the rows of a result, where it has a table that is too long for its record.
    pub(super) async fn fetch(&self, blobs: &Blobs, result: &DocumentResult) -> Result<(), SinkError> {
        for (_, artifact) in long_tables(result) {
            let path = self.file(artifact);
            if path.exists() {
                continue;
            }
            std::fs::create_dir_all(&self.0).map_err(|e| SinkError::io("create", &self.0, e))?;
            let part = path.with_extension("part");
            match one(blobs, artifact, &part).await {
                Ok(()) => replace(&part, &path)?,
                // The result counts, and says itself that rows are missing.
                Err(SinkError::Blob(error @ (BlobError::Missing { .. } | BlobError::Name { .. }))) => {
                    tracing::warn!(document_id = result.document_id, %error, "rows of a result are not written");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Forgets the rows that wait: they were written, or nobody knows any more what for they were fetched.
    pub(super) fn clear(&self) -> Result<(), SinkError> {
        match std::fs::remove_dir_all(&self.0) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(SinkError::io("remove", &self.0, e)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn file(&self, artifact: &Artifact) -> PathBuf {
        // A hash that is none is refused by the store, and must not name a file elsewhere.
        let harmless = artifact.blob.sha256.chars().filter(char::is_ascii_hexdigit);
        self.0.join(harmless.collect::<String>())
    }
}

async fn one(blobs: &Blobs, artifact: &Artifact, path: &Path) -> Result<(), SinkError> {
    let mut reader: BlobReader = blobs.reader(&artifact.blob).await?;
    let mut file = File::create(path).map_err(|e| SinkError::io("write", path, e))?;
    while let Some(piece) = reader.next().await? {
        // Pieces are small, and the file is in the page cache: a thread for each would cost more than it waits.
        file.write_all(&piece).map_err(|e| SinkError::io("write", path, e))?;
    }
    Ok(())
}

/// A result as JSON, its long tables with all their rows.
pub(super) struct Text {
    object: Map<String, Value>,
    /// Files of rows, by part.
    files: Vec<(usize, PathBuf)>,
}

impl Text {
    pub(super) fn of(result: &DocumentResult, waiting: &Waiting) -> Self {
        let mut value = to_json(result);
        let mut files = Vec::new();
        for (part, artifact) in long_tables(result) {
            let path = waiting.file(artifact);
            if path.exists() {
                files.push((part, path));
            } else {
                tell_missing(&mut value, artifact);
            }
        }
        let object = match value {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        Self { object, files }
    }

    /// On one line, with its line feed.
    pub(super) fn write_line(&self, out: &mut impl Write) -> io::Result<()> {
        self.write(out, None)
    }

    /// For people.
    pub(super) fn write_pretty(&self, out: &mut impl Write) -> io::Result<()> {
        self.write(out, Some(1))
    }

    fn write(&self, out: &mut impl Write, depth: Option<usize>) -> io::Result<()> {
        self.object(out, &self.object, 0, depth)?;
        out.write_all(b"\n")
    }

    /// An object that may have a long table: the document, or a part of it.
    fn object(
        &self,
        out: &mut impl Write,
        object: &Map<String, Value>,
        part: usize,
        depth: Option<usize>,
    ) -> io::Result<()> {
        let mut before = "{";
        for (key, value) in object {
            out.write_all(before.as_bytes())?;
            before = ",";
            line_feed(out, depth)?;
            serde_json::to_writer(&mut *out, key)?;
            out.write_all(if depth.is_some() { b": " } else { b":" })?;
            let file = self.files.iter().find(|(of, _)| *of == part && key == "line_items");
            match (file, value) {
                (Some((_, path)), _) => rows(out, path, depth)?,
                (None, Value::Array(parts)) if key == "parts" && !parts.is_empty() => {
                    let depth = depth.map(|d| d + 1);
                    for (number, value) in (1..).zip(parts) {
                        out.write_all(if number == 1 { b"[" } else { b"," })?;
                        line_feed(out, depth)?;
                        match value {
                            Value::Object(part) => self.object(out, part, number, depth.map(|d| d + 1))?,
                            other => plain(out, other, depth)?,
                        }
                    }
                    line_feed(out, depth.map(|d| d - 1))?;
                    out.write_all(b"]")?;
                }
                (None, value) => plain(out, value, depth)?,
            }
        }
        line_feed(out, depth.map(|d| d - 1))?;
        out.write_all(b"}")
    }
}

/// The rows of a file as an array, one on each line where lines are wanted.
fn rows(out: &mut impl Write, path: &Path, depth: Option<usize>) -> io::Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    let (mut line, mut before) = (Vec::new(), b"[");
    while file.read_until(b'\n', &mut line)? > 0 {
        out.write_all(before)?;
        before = b",";
        line_feed(out, depth.map(|d| d + 1))?;
        out.write_all(line.trim_ascii_end())?;
        line.clear();
    }
    if before == b"[" {
        out.write_all(b"[")?;
    }
    line_feed(out, depth)?;
    out.write_all(b"]")
}

fn plain(out: &mut impl Write, value: &Value, depth: Option<usize>) -> io::Result<()> {
    let Some(depth) = depth else { return Ok(serde_json::to_writer(out, value)?) };
    // Line feeds in texts are escaped: each one is between values.
    let text = format!("{value:#}").replace('\n', &format!("\n{}", "  ".repeat(depth)));
    out.write_all(text.as_bytes())
}

fn line_feed(out: &mut impl Write, depth: Option<usize>) -> io::Result<()> {
    match depth {
        Some(depth) => write!(out, "\n{}", "  ".repeat(depth)),
        None => Ok(()),
    }
}
