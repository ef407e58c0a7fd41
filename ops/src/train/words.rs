//! Words of the documents in a folder: read once by the stages themselves, kept beside the model.
//!
//! Owns the cache. Knows nothing of fields. Rule: documents pass through the same stages as in `docmill run`, sandbox
//! and OCR included, so that a model learns from the words that it will see.

use crate::inputs::Input;
use crate::run::{self, Local};
use crate::{OpsError, submission};
use docmill_contracts::{Codec, DocumentAssembled, PackedWords, Page};
use docmill_infer::extract::PageText;
use docmill_infer::train::words::{DocumentWords, from_line, to_line};
use docmill_runtime::transport::{Read, ReadFrom};
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::Path;

/// The words of files, by file name as [`Input::name`] has it. A file that cannot be read is missing in it.
pub(crate) async fn of_files(
    files: Vec<Input>,
    cache: &Path,
    config: Option<&Path>,
) -> Result<BTreeMap<String, DocumentWords>, OpsError> {
    let mut hashes = Vec::new();
    for input in &files {
        hashes.push(submission::hash(input)?.sha256);
    }
    let path = cache.join("words.jsonl");
    let mut known: HashMap<String, DocumentWords> = HashMap::new();
    if let Ok(text) = std::fs::read_to_string(&path) {
        // A line that was cut off by a kill is read again from its document.
        known.extend(text.lines().filter_map(|l| from_line(l).ok()).map(|d| (d.sha256.clone(), d)));
    }
    let missing: Vec<Input> = files
        .iter()
        .zip(&hashes)
        .filter(|(_, sha)| !known.contains_key(*sha))
        .map(|(input, _)| input.clone())
        .collect();
    if !missing.is_empty() {
        std::fs::create_dir_all(cache).map_err(|e| OpsError::io("create", cache, e))?;
        let fresh = through_the_stages(missing, cache, config).await?;
        let failed = |e| OpsError::io("write", &path, e);
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        // The log of the folder also has what was read before.
        for document in fresh.into_iter().filter(|d| !known.contains_key(&d.sha256)).collect::<Vec<_>>() {
            if let Ok(line) = to_line(&document) {
                writeln!(file, "{line}").map_err(failed)?;
            }
            known.insert(document.sha256.clone(), document);
        }
    }
    let named = files.iter().zip(&hashes).filter_map(|(input, sha)| {
        let mut document = known.get(sha)?.clone();
        document.name.clone_from(&input.name);
        Some((input.name.clone(), document))
    });
    Ok(named.collect())
}

async fn through_the_stages(
    files: Vec<Input>,
    cache: &Path,
    config: Option<&Path>,
) -> Result<Vec<DocumentWords>, OpsError> {
    let local = run::words(files, cache, config).await?;
    let mut latest: BTreeMap<String, DocumentAssembled> = BTreeMap::new();
    let mut reader = local.transport().reader("documents.assembled", ReadFrom::Beginning).await?;
    while let Read::Records { records, .. } = reader.next().await? {
        for value in records.into_iter().filter_map(|r| r.value) {
            let assembled: DocumentAssembled = local.codec().decode(&value)?;
            latest.insert(assembled.head.content_sha256.clone(), assembled);
        }
    }
    let mut documents = Vec::new();
    for (sha256, assembled) in latest {
        let mut pages = Vec::new();
        for page in assembled.pages.iter().filter(|p| p.error.is_none()) {
            pages.push(text(page, &local).await?);
        }
        documents.push(DocumentWords { name: assembled.head.source.name, sha256, pages });
    }
    Ok(documents)
}

async fn text(page: &Page, local: &Local) -> Result<PageText, OpsError> {
    let packed = match (&page.words, &page.words_blob) {
        (Some(words), _) => words.clone(),
        (None, Some(blob)) => Codec::words_from_blob(&local.blobs().get(blob).await?)?,
        (None, None) => PackedWords::default(),
    };
    let words = packed.unpack().map_err(|source| {
        OpsError::Part(Box::new(docmill_infer::InferError::Words { page: page.page_no, source }))
    })?;
    Ok(PageText {
        page_no: page.page_no,
        width: page.width,
        height: page.height,
        source: page.text_source,
        words,
    })
}
