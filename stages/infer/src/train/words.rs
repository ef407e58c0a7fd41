//! Words of documents as lines of JSON: what training reads again and again without rendering a page twice.
//!
//! Owns the form of a line. Knows no field. Rule: a document is named by the SHA-256 of its bytes, so that a renamed
//! file is known again and a changed one is not.

use crate::extract::PageText;
use docmill_contracts::{TextSource, Word};
use serde::{Deserialize, Serialize};

/// Words of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentWords {
    /// File name.
    pub name: String,
    /// SHA-256 of the document.
    pub sha256: String,
    /// Pages that could be read.
    pub pages: Vec<PageText>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    name: String,
    sha256: String,
    pages: Vec<Page>,
}

#[derive(Serialize, Deserialize)]
struct Page {
    page_no: i32,
    width: f32,
    height: f32,
    source: TextSource,
    words: Vec<(String, [f32; 4], u32, f32)>,
}

/// A document's words as one line.
pub fn to_line(document: &DocumentWords) -> Result<String, serde_json::Error> {
    let tenth = |v: f32| (v * 100.0).round() / 100.0;
    let pages = document.pages.iter().map(|p| Page {
        page_no: p.page_no,
        width: p.width,
        height: p.height,
        source: p.source,
        words: p
            .words
            .iter()
            .map(|w| (w.text.clone(), w.bbox.map(tenth), w.line, tenth(w.confidence)))
            .collect(),
    });
    let line = Line { name: document.name.clone(), sha256: document.sha256.clone(), pages: pages.collect() };
    serde_json::to_string(&line)
}

/// A line back.
pub fn from_line(line: &str) -> Result<DocumentWords, serde_json::Error> {
    let line: Line = serde_json::from_str(line)?;
    let word = |(text, bbox, line, confidence)| Word { text, bbox, confidence, line };
    let pages = line.pages.into_iter().map(|p| PageText {
        page_no: p.page_no,
        width: p.width,
        height: p.height,
        source: p.source,
        words: p.words.into_iter().map(word).collect(),
    });
    Ok(DocumentWords { name: line.name, sha256: line.sha256, pages: pages.collect() })
}
