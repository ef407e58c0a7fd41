//! Files that a result names: `documents/ID.md` and `documents/ID.layout.json` beside `documents/ID.json`, and the rows that
//! its record has no room for.
//!
//! Rule: they are there before the result is, and belong to the newest revision that was asked for.

use super::atomic::{remove, replace, write_synced};
use super::{DOCUMENTS, Waiting, file_name, there};
use crate::SinkError;
use docmill_blobs::{BlobError, Blobs};
use docmill_contracts::{BlobRef, DocumentResult, FORMAT_LAYOUT, FORMAT_MARKDOWN};
use std::path::{Path, PathBuf};

/// Ends of file names by format.
const ENDS: [(&str, &str); 2] = [(FORMAT_MARKDOWN, "md"), (FORMAT_LAYOUT, "layout.json")];

/// Writes the files of these results, and lays their rows ready, in a folder that a [`super::FileSink`] holds. To be called before the results are
/// appended; calling it again with the same results changes nothing.
pub async fn write_artifacts(
    folder: &Path,
    blobs: &Blobs,
    results: &[(i32, i64, DocumentResult)],
) -> Result<(), SinkError> {
    let documents = folder.join(DOCUMENTS);
    let waiting = Waiting::of(folder);
    for (at, (_, _, result)) in results.iter().enumerate() {
        waiting.fetch(blobs, result).await?;
        let later = results[at + 1..]
            .iter()
            .any(|(_, _, r)| r.document_id == result.document_id && r.revision >= result.revision);
        let name = file_name(&result.document_id);
        if later || there(&documents.join(format!("{name}.json"))) > Some(result.revision) {
            continue;
        }
        for (format, end) in ENDS {
            let path = documents.join(format!("{name}.{end}"));
            match result.artifacts.iter().find(|a| a.format == format) {
                // One of an earlier revision would be taken for this one's.
                None => remove(&path)?,
                Some(artifact) => one(blobs, &artifact.blob, path, &result.document_id).await?,
            }
        }
    }
    Ok(())
}

async fn one(blobs: &Blobs, blob: &BlobRef, path: PathBuf, document_id: &str) -> Result<(), SinkError> {
    let bytes = match blobs.get(blob).await {
        Ok(bytes) => bytes,
        // The result counts; its files may have been removed from the store, or the store be another one.
        Err(error @ (BlobError::Missing { .. } | BlobError::Name { .. } | BlobError::TooLarge { .. })) => {
            tracing::warn!(document_id, %error, "file of a result is not written");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let work = move || {
        let mut temporary = path.clone().into_os_string();
        temporary.push(".tmp");
        write_synced(Path::new(&temporary), &bytes)?;
        replace(Path::new(&temporary), &path)
    };
    tokio::task::spawn_blocking(work).await.map_err(|source| SinkError::Writer { source })?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{FileSink, samples::result};
    use docmill_contracts::Artifact;

    fn with(id: &str, revision: i32, files: &[(&str, &BlobRef)]) -> (i32, i64, DocumentResult) {
        let artifacts = files.iter().map(|(format, blob)| Artifact {
            format: (*format).to_owned(),
            media_type: "text/markdown".to_owned(),
            blob: (*blob).clone(),
        });
        let artifacts = artifacts.collect();
        (0, i64::from(revision), DocumentResult { artifacts, ..result(id, revision) })
    }

    #[tokio::test]
    async fn files_stand_beside_their_result_and_follow_its_revisions() {
        let (folder, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let blobs = Blobs::local(store.path()).unwrap();
        let (one, two) = (blobs.put("# 1".into()).await.unwrap(), blobs.put("# 2".into()).await.unwrap());
        let mut sink = FileSink::open(folder.path()).unwrap();
        let md = folder.path().join("documents/d.md");
        let read = || std::fs::read_to_string(&md).ok();
        let layout = folder.path().join("documents/d.layout.json");
        for (results, markdown, has_layout) in [
            (vec![with("d", 2, &[("markdown", &two), ("layout", &one)])], Some("# 2"), true),
            // An older revision that comes late.
            (vec![with("d", 1, &[("markdown", &one)])], Some("# 2"), true),
            (
                vec![with("d", 3, &[("markdown", &two)]), with("d", 4, &[("markdown", &one)])],
                Some("# 1"),
                false,
            ),
            // Gone from the store: the result counts all the same.
            (vec![with("d", 5, &[("markdown", &BlobRef::of(b"gone"))])], Some("# 1"), false),
            (vec![with("d", 6, &[])], None, false),
        ] {
            write_artifacts(folder.path(), &blobs, &results).await.unwrap();
            sink.append(&results).unwrap();
            assert_eq!(
                (read().as_deref(), layout.exists()),
                (markdown, has_layout),
                "{:?}",
                results[0].2.revision
            );
        }
    }
}
