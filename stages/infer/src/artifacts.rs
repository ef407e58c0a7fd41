//! Files made from a document besides its result: its layout as JSON and as Markdown.
//!
//! Owns nothing of the layout itself. Rule: pages come one at a time, so that a document of a thousand pages takes no more
//! memory than one of ten; a document for which no file was asked for costs nothing.

use crate::InferError;
use docmill_blobs::{BlobWriter, Blobs};
use docmill_contracts::{
    Artifact, Codec, FORMAT_LAYOUT, FORMAT_MARKDOWN, Page, Problem, Rule, Severity, Word,
};
use docmill_layout::{DocumentLayout, PageLayout, Writer, page_layout};

/// Files, and formats that nobody knows.
pub(crate) type Made = (Vec<Artifact>, Vec<Problem>);

/// One file on its way.
struct File {
    format: &'static str,
    media_type: &'static str,
    writer: Writer,
    blob: BlobWriter,
}

/// The files that `formats` ask for.
pub(crate) async fn make(blobs: &Blobs, formats: &[String], pages: &[Page]) -> Result<Made, InferError> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for format in formats {
        let (format, media_type, writer) = match format.as_str() {
            FORMAT_LAYOUT => (FORMAT_LAYOUT, "application/json", Writer::json()),
            FORMAT_MARKDOWN => (FORMAT_MARKDOWN, "text/markdown; charset=utf-8", Writer::markdown()),
            other => {
                problems.push(unknown(other));
                continue;
            }
        };
        files.push(File { format, media_type, writer, blob: blobs.writer() });
    }
    if files.is_empty() || pages.is_empty() {
        return Ok((Vec::new(), problems));
    }
    let mut document = DocumentLayout::default();
    for page in pages {
        if let Some(error) = &page.error {
            finished(&mut files, document.end()).await?;
            for file in &mut files {
                let part = file.writer.failed_page(page.page_no, &error.code);
                file.blob.write(part.as_bytes()).await?;
            }
            continue;
        }
        let (words, rules) = words(blobs, page).await?;
        let (no, width, height) = (page.page_no, page.width, page.height);
        let work = move || page_layout(no, width, height, &words, &rules);
        let layout = tokio::task::spawn_blocking(work).await?;
        finished(&mut files, document.push(layout)).await?;
    }
    finished(&mut files, document.end()).await?;
    let mut made = Vec::with_capacity(files.len());
    for File { format, media_type, mut writer, mut blob } in files {
        blob.write(writer.end().as_bytes()).await?;
        let blob = blob.finish().await?;
        made.push(Artifact { format: format.to_owned(), media_type: media_type.to_owned(), blob });
    }
    Ok((made, problems))
}

async fn finished(files: &mut [File], page: Option<PageLayout>) -> Result<(), InferError> {
    let Some(page) = page else { return Ok(()) };
    for file in files {
        let part = file.writer.page(&page);
        file.blob.write(part.as_bytes()).await?;
    }
    Ok(())
}

/// The words of a page, and the lines drawn on it.
async fn words(blobs: &Blobs, page: &Page) -> Result<(Vec<Word>, Vec<Rule>), InferError> {
    let no = page.page_no;
    let (packed, rules) = match (&page.words, &page.words_blob) {
        (Some(words), _) => (words.clone(), page.rules.clone()),
        (None, Some(blob)) => {
            let bytes = blobs.get(blob).await?;
            Codec::page_from_blob(&bytes).map_err(|source| InferError::Codec { page: no, source })?
        }
        (None, None) => Default::default(),
    };
    let words = packed.unpack().map_err(|source| InferError::Words { page: no, source })?;
    Ok((words, rules.unpack()))
}

fn unknown(format: &str) -> Problem {
    let format: String = format.chars().take(40).collect();
    Problem {
        code: "INFER-0020".to_owned(),
        severity: Severity::Warning,
        message: format!("format `{format}` is unknown: known are {FORMAT_LAYOUT} and {FORMAT_MARKDOWN}"),
        fields: Vec::new(),
        page: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_contracts::{Class, ErrorInfo, PackedRules, PackedWords};

    fn page(page_no: i32, text: &str) -> Page {
        let word = |(i, t): (usize, &str)| {
            let x = 40.0 + 35.0 * i as f32;
            Word { text: t.into(), bbox: [x, 40.0, x + 32.0, 50.0], confidence: 1.0, line: 0 }
        };
        let words: Vec<Word> = text.split(' ').enumerate().map(word).collect();
        Page {
            page_no,
            width: 595.0,
            height: 842.0,
            words: Some(PackedWords::pack(&words)),
            ..Page::default()
        }
    }

    async fn text(blobs: &Blobs, artifact: &Artifact) -> String {
        String::from_utf8(blobs.get(&artifact.blob).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn each_format_is_a_blob_with_every_page_also_those_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let error = ErrorInfo {
            code: "RENDER-0001".into(),
            class: Class::Input,
            message: "x".into(),
            stage: "render".into(),
            page: Some(2),
        };
        let mut third = page(3, "last page");
        let packed = Codec::words_to_blob(&third.words.take().unwrap(), &PackedRules::default()).unwrap();
        third.words_blob = Some(blobs.put(packed.into()).await.unwrap());
        let pages = [page(1, "first page"), Page { error: Some(error), ..page(2, "no") }, third];
        let formats = ["layout", "markdown", "docx"].map(str::to_owned);
        let (made, problems) = make(&blobs, &formats, &pages).await.unwrap();
        assert_eq!(made.iter().map(|a| a.format.as_str()).collect::<Vec<_>>(), ["layout", "markdown"]);
        let layout: serde_json::Value = serde_json::from_str(&text(&blobs, &made[0]).await).unwrap();
        assert_eq!(layout["pages"][1], serde_json::json!({"page": 2, "error": "RENDER-0001"}));
        assert_eq!(layout["pages"][2]["blocks"][0]["lines"][0]["text"], "last page");
        assert_eq!(
            text(&blobs, &made[1]).await,
            "first page\n\n<!-- page 2 -->\n\n<!-- page 2 could not be read: RENDER-0001 -->\n\n<!-- page 3 -->\n\nlast page\n"
        );
        assert_eq!((problems.len(), problems[0].code.as_str()), (1, "INFER-0020"));
        assert_eq!(make(&blobs, &[], &pages).await.unwrap(), (Vec::new(), Vec::new()));
    }
}
