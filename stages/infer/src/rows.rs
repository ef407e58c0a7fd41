//! Rows of item tables that are too many for memory and for records.
//!
//! A document of a thousand pages can have more rows than memory should hold or than the log takes in one record. Rule:
//! nothing is left out: of a table that is too long the record has the first rows, and a file among its artifacts has all
//! of them, written before the record is.

use crate::error::InferError;
use crate::extract::Extraction;
use docmill_blobs::{BlobWriter, Blobs};
use docmill_contracts::public::row_line;
use docmill_contracts::{Artifact, BlobRef, Fields, Problem, Severity};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

/// Most rows of a table that are held in memory.
const KEPT: usize = 1000;
/// Most bytes of rows in a record: a quarter of what its topic takes.
const RECORD_BYTES: usize = 1024 * 1024;
/// Of a table that has a file, so many rows stand in the record, in at most so many bytes.
const FIRST: (usize, usize) = (100, 64 * 1024);
/// Bytes of lines that are put together before they are written.
const LINES_BYTES: usize = 64 * 1024;

/// A table that is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongTable {
    /// All its rows, one line of JSON each.
    pub blob: BlobRef,
    /// How many there are.
    pub rows: usize,
}

/// Writes the file of a table, on a thread for blocking work.
#[derive(Debug)]
pub struct RowWriter {
    blob: BlobWriter,
    runtime: Handle,
    lines: String,
}

impl RowWriter {
    /// A file in that store.
    pub fn new(blobs: &Blobs, runtime: Handle) -> Self {
        Self { blob: blobs.writer(), runtime, lines: String::new() }
    }

    fn write(&mut self, row: &Fields) -> Result<(), InferError> {
        self.lines.push_str(&row_line(row));
        if self.lines.len() >= LINES_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), InferError> {
        self.runtime.block_on(self.blob.write(self.lines.as_bytes()))?;
        self.lines.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<BlobRef, InferError> {
        self.flush()?;
        Ok(self.runtime.block_on(self.blob.finish())?)
    }
}

/// Rows as an engine finds them: the first ones are kept, and all go to a file once there are more.
#[derive(Debug, Default)]
pub struct Rows {
    kept: Vec<Fields>,
    file: Option<RowWriter>,
    count: usize,
}

impl Rows {
    /// Adds a row; `writer` begins a file, or says that there is none and that all rows are to be kept.
    pub fn push(&mut self, row: Fields, writer: &dyn Fn() -> Option<RowWriter>) -> Result<(), InferError> {
        self.count += 1;
        if self.file.is_none() && self.count > KEPT {
            self.file = writer();
            if let Some(file) = &mut self.file {
                self.kept.iter().try_for_each(|row| file.write(row))?;
            }
        }
        if let Some(file) = &mut self.file {
            return file.write(&row);
        }
        self.kept.push(row);
        Ok(())
    }

    /// The rows that are kept, and the file where they are not all.
    pub fn finish(self) -> Result<(Vec<Fields>, Option<LongTable>), InferError> {
        let rows = self.count;
        let table = self.file.map(|file| Ok::<_, InferError>(LongTable { blob: file.finish()?, rows }));
        Ok((self.kept, table.transpose()?))
    }
}

/// Makes the tables of an extraction fit into a record: the files of those that are too long.
pub(crate) async fn spill(blobs: &Blobs, found: &mut Extraction) -> Result<Vec<Artifact>, InferError> {
    spill_beyond(blobs, found, RECORD_BYTES).await
}

async fn spill_beyond(
    blobs: &Blobs,
    found: &mut Extraction,
    limit: usize,
) -> Result<Vec<Artifact>, InferError> {
    let (mut left, mut files) = (limit, Vec::new());
    let long = found.long_table.take();
    let parts = found.parts.iter_mut().map(|part| &mut part.line_items);
    for (part, rows) in std::iter::once(&mut found.line_items).chain(parts).enumerate() {
        let file = long.as_ref().filter(|_| part == 0);
        let bytes: usize = rows.iter().map(size).sum();
        if file.is_none() && bytes <= left {
            left -= bytes;
            continue;
        }
        let blob = match file {
            Some(file) => file.blob.clone(),
            None => written(blobs, rows).await?,
        };
        files.push(Artifact::rows(part, blob));
        let mut room = FIRST.1.min(left);
        let fits = rows.iter().take(FIRST.0).take_while(|row| {
            let rest = room.checked_sub(size(row));
            room = rest.unwrap_or(0);
            rest.is_some()
        });
        let first = fits.count();
        rows.truncate(first);
        // What the rows took that were cut off is no longer needed.
        rows.shrink_to_fit();
        left -= rows.iter().map(size).sum::<usize>();
    }
    Ok(files)
}

async fn written(blobs: &Blobs, rows: &[Fields]) -> Result<BlobRef, InferError> {
    let mut blob = blobs.writer();
    for row in rows {
        blob.write(row_line(row).as_bytes()).await?;
    }
    Ok(blob.finish().await?)
}

/// A table that has more rows than the operator lets it have is no complete one.
pub(crate) fn left_out(most: usize) -> Problem {
    Problem {
        code: "INFER-0011".to_owned(),
        severity: Severity::Error,
        message: format!("line items beyond the first {most} are left out: max_line_items is {most}"),
        fields: vec!["line_items".to_owned()],
        page: None,
    }
}

/// Bytes of a row in a record, rounded up: lengths and numbers take a few each.
fn size(row: &Fields) -> usize {
    let text = |t: Option<&String>| t.map_or(2, |t| t.len() + 4);
    row.iter()
        .map(|(name, f)| {
            let others = f.other_readings.iter();
            let others: usize = others
                .map(|r| r.value.len() + text(r.raw.as_ref()) + r.engine.len() + r.model_version.len() + 64)
                .sum();
            name.len()
                + f.value.len()
                + text(f.raw.as_ref())
                + f.engine.len()
                + f.model_version.len()
                + others
                + 64
        })
        .sum()
}

#[cfg(test)]
mod tests;
