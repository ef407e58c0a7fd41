//! Sheets that words are set on.
//!
//! Owns the widths of letters. Rule: what is set has the box that a text layer would give it.

use crate::extract::PageText;
use docmill_contracts::{TextSource, Word};

/// Pages being filled.
pub(crate) struct Canvas {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pages: Vec<Vec<Word>>,
    /// The page that is written on.
    at: usize,
    line: u32,
    /// Width of letters by their height: wide and narrow fonts.
    wide: f32,
    /// Height of boxes by that of letters.
    tall: f32,
}

impl Canvas {
    pub(crate) fn new(width: f32, height: f32, wide: f32, tall: f32) -> Self {
        Self { width, height, pages: vec![Vec::new()], at: 0, line: 0, wide, tall }
    }

    pub(crate) fn next_page(&mut self) {
        self.at = self.pages.len();
        self.pages.push(Vec::new());
        self.line = 0;
    }

    /// How many pages there are.
    pub(crate) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Goes on on that page, below or above what stands there.
    pub(crate) fn turn_to(&mut self, page: usize) {
        self.at = page;
        let last = |words: &Vec<Word>| words.iter().map(|w| w.line).max();
        self.line = self.pages.get(page).and_then(last).unwrap_or(0);
    }

    /// Width of a text.
    pub(crate) fn measure(&self, size: f32, text: &str) -> f32 {
        text.chars().map(|c| self.letter(c)).sum::<f32>() * size
    }

    fn letter(&self, c: char) -> f32 {
        self.wide
            * match c {
                'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '\'' | '|' | 'I' | '!' => 0.27,
                'f' | 't' | 'r' | ' ' | '-' | '(' | ')' | '/' => 0.33,
                'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.86,
                c if c.is_uppercase() => 0.68,
                _ => 0.55,
            }
    }

    /// Sets a text with its left edge at `x` and its top at `y`; returns its right edge.
    pub(crate) fn left(&mut self, x: f32, y: f32, size: f32, text: &str) -> f32 {
        let mut at = x;
        let space = self.letter(' ') * size;
        self.line += 1;
        for word in text.split_whitespace() {
            let width = self.measure(size, word);
            let bbox = [at, y, at + width, y + size * self.tall];
            let line = self.line;
            if let Some(page) = self.pages.get_mut(self.at) {
                page.push(Word { text: word.to_owned(), bbox, confidence: 1.0, line });
            }
            at += width + space;
        }
        at - space
    }

    /// Sets a text with its right edge at `x`.
    pub(crate) fn right(&mut self, x: f32, y: f32, size: f32, text: &str) {
        let width = self.measure(size, text);
        self.left(x - width, y, size, text);
    }

    /// Sets a text around `x`.
    pub(crate) fn centre(&mut self, x: f32, y: f32, size: f32, text: &str) {
        let width = self.measure(size, text);
        self.left(x - width / 2.0, y, size, text);
    }

    pub(crate) fn into_pages(self) -> Vec<PageText> {
        let (width, height) = (self.width, self.height);
        let page = |(i, words)| PageText {
            page_no: i32::try_from(i).unwrap_or(0) + 1,
            width,
            height,
            source: TextSource::TextLayer,
            words,
        };
        self.pages.into_iter().enumerate().map(page).collect()
    }
}
