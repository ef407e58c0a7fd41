//! Pages of a document, one at a time: what stands at the head and foot of every page is told by comparing neighbours.

use crate::geometry::{height, overlap};
use crate::markdown;
use crate::model::{Block, Kind, PageLayout};
use serde::Serialize;
use std::collections::HashSet;

/// The share of a page at its top and at its foot in which headers and footers stand.
const MARGIN: f32 = 0.12;
/// Most lines of a header or footer.
const MOST_LINES: usize = 4;

/// Takes pages in order and gives them on one page later, when both neighbours are known. Holds two pages, whatever the
/// length of the document.
#[derive(Debug, Default)]
pub struct DocumentLayout {
    /// What stood in the margins of the page before the one that waits.
    before: HashSet<String>,
    waiting: Option<PageLayout>,
}

impl DocumentLayout {
    /// Takes the next page; gives the one before it, finished.
    pub fn push(&mut self, page: PageLayout) -> Option<PageLayout> {
        let next = margins(&page);
        let finished = self.waiting.take().map(|p| self.finish(p, &next));
        self.waiting = Some(page);
        finished
    }

    /// The last page.
    pub fn end(&mut self) -> Option<PageLayout> {
        let last = self.waiting.take()?;
        Some(self.finish(last, &HashSet::new()))
    }

    fn finish(&mut self, mut page: PageLayout, next: &HashSet<String>) -> PageLayout {
        let own = margins(&page);
        let height = page.height;
        let places: Vec<[f32; 4]> = page.blocks.iter().map(|b| b.bbox).collect();
        for block in &mut page.blocks {
            let Some((key, kind)) = marginal(block, height) else { continue };
            let repeated = self.before.contains(&key) || next.contains(&key);
            // A number in a row of others is none of the page.
            let beside =
                || places.iter().filter(|p| overlap(p[1], p[3], block.bbox[1], block.bbox[3]) > 0.0).count();
            if repeated || (kind == Kind::Footer && is_page_number(&block.text()) && beside() <= 3) {
                (block.kind, block.level) = (kind, None);
            }
        }
        self.before = own;
        page
    }
}

/// What stands in the margins of a page, without its numbers.
fn margins(page: &PageLayout) -> HashSet<String> {
    page.blocks.iter().filter_map(|b| marginal(b, page.height)).map(|(key, _)| key).collect()
}

/// The text of a block in a margin without numbers and with its place, and what it would be.
fn marginal(block: &Block, page_height: f32) -> Option<(String, Kind)> {
    if block.table.is_some() || block.kind == Kind::Turned || block.lines.len() > MOST_LINES {
        return None;
    }
    let kind = if block.bbox[3] <= page_height * MARGIN {
        Kind::Header
    } else if block.bbox[1] >= page_height * (1.0 - MARGIN) {
        Kind::Footer
    } else {
        return None;
    };
    let text: String = block.text().chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
    let mut key = String::with_capacity(text.len() + 8);
    // However many digits a number has.
    for c in text.chars().filter(|c| !c.is_control()) {
        if c != '#' || !key.ends_with('#') {
            key.push(c);
        }
    }
    let place = (block.bbox[1] / height(block.bbox).max(6.0) / 2.0).round();
    Some((format!("{place} {key}"), kind))
}

/// `3`, `- 3 -`, `3/7`, `Page 3 of 7`: a number or two, and hardly a word.
fn is_page_number(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    words.len() <= 5
        && (1..=8).contains(&digits)
        && letters <= 12
        && !text.contains(['.', ',', '€', '$', '%', '@'])
}

/// Writes the layout of a document page by page, as JSON or as Markdown.
#[derive(Debug)]
pub struct Writer {
    format: Format,
    pages: u32,
    /// Headers and footers of the page before, which are not said again.
    said: HashSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Markdown,
}

impl Writer {
    /// Layout as JSON.
    pub fn json() -> Self {
        Self { format: Format::Json, pages: 0, said: HashSet::new() }
    }

    /// Markdown.
    pub fn markdown() -> Self {
        Self { format: Format::Markdown, pages: 0, said: HashSet::new() }
    }

    /// A page's part of the file.
    pub fn page(&mut self, page: &PageLayout) -> String {
        self.pages += 1;
        match self.format {
            Format::Json => {
                let head = if self.pages == 1 { JSON_HEAD } else { ",\n" };
                // Serialising plain values to text cannot fail.
                format!("{head}{}", serde_json::to_string(page).unwrap_or_default())
            }
            Format::Markdown => {
                let mut out = self.page_break(page.page);
                let margins = margins(page);
                let said = std::mem::replace(&mut self.said, margins);
                markdown::page(page, &|b| is_said(b, page.height, &said), &mut out);
                out
            }
        }
    }

    /// The part of a page that could not be read, with the reason.
    pub fn failed_page(&mut self, page: i32, reason: &str) -> String {
        self.pages += 1;
        match self.format {
            Format::Json => {
                #[derive(Serialize)]
                struct Failed<'a> {
                    page: i32,
                    error: &'a str,
                }
                let head = if self.pages == 1 { JSON_HEAD } else { ",\n" };
                format!(
                    "{head}{}",
                    serde_json::to_string(&Failed { page, error: reason }).unwrap_or_default()
                )
            }
            Format::Markdown => {
                let comment = reason.replace("--", "- -");
                format!("{}<!-- page {page} could not be read: {comment} -->\n", self.page_break(page))
            }
        }
    }

    /// The end of the file.
    pub fn end(&mut self) -> String {
        match (self.format, self.pages) {
            (Format::Json, 0) => format!("{JSON_HEAD}{JSON_END}"),
            (Format::Json, _) => JSON_END.to_owned(),
            (Format::Markdown, _) => String::new(),
        }
    }

    /// Between pages; a file of one page needs none.
    fn page_break(&self, page: i32) -> String {
        if self.pages > 1 { format!("\n<!-- page {page} -->\n\n") } else { String::new() }
    }
}

const JSON_HEAD: &str = "{\"layout\":1,\"unit\":\"pt\",\"pages\":[\n";
const JSON_END: &str = "\n]}\n";

/// True for a header or footer that the page before had as well.
fn is_said(block: &Block, page_height: f32, said: &HashSet<String>) -> bool {
    matches!(block.kind, Kind::Header | Kind::Footer)
        && marginal(block, page_height).is_some_and(|(key, _)| said.contains(&key))
}
