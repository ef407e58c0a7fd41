//! Layout of a page from its words with boxes, and the lines drawn on it: lines, blocks, tables, reading order; as values, JSON and Markdown.
//!
//! Owns what belongs together on a page and in which order it is read. Does no I/O and knows no field, no engine and no PDF.
//! Rule: every word of the page stands in exactly one line of exactly one block, and the layout is the same for the same
//! words in whatever order they come. The shape is documented in docs/layout.md.

mod block;
mod document;
mod geometry;
mod markdown;
mod model;
mod order;
mod ruled;
mod segment;
mod table;

pub use document::{DocumentLayout, Writer};
pub use markdown::markdown;
pub use model::{Block, Cell, Kind, Line, PageLayout, Row, Table};

use docmill_contracts::{Rule, Word};

/// The layout of one upright page of `width` x `height` points, with the lines that are drawn on it. `page` counts from 1.
pub fn page_layout(page: i32, width: f32, height: f32, words: &[Word], rules: &[Rule]) -> PageLayout {
    let segments = segment::segments(words);
    let mut blocks = Vec::new();
    for part in order::parts(ruled::find(segments.upright, words, rules), words) {
        match part {
            order::Part::Table(table) => blocks.push(Block::of_table(table)),
            order::Part::Text(lines) => blocks.extend(block::paragraphs(lines, words)),
        }
    }
    block::classify(&mut blocks);
    // Turned text stands apart from the flow: after it, in the order of its place.
    blocks.extend(segments.turned.into_iter().map(|s| block::turned(&s, words)));
    PageLayout { page, width, height, blocks }
}

#[cfg(test)]
mod tests;
