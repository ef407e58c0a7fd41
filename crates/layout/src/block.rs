//! From the lines of one column to paragraphs, headings and items of lists.

use crate::geometry::{Rect, height, median, union};
use crate::model::{Block, Kind, Line};
use crate::segment::{Segment, is_bullet, line, lines};
use docmill_contracts::Word;

/// White space between two lines that ends a paragraph, in line heights.
const PARAGRAPH_GAP: f32 = 0.75;
/// Ratio of heights that ends a paragraph.
const SAME_SIZE: f32 = 1.25;
/// Least sizes of headings against running text, the first level's first.
const HEADINGS: [f32; 3] = [1.75, 1.4, 1.18];
/// Most lines and most words of a heading.
const HEADING_LINES: usize = 3;
const HEADING_WORDS: usize = 16;

/// The lines of segments, from top to bottom.
fn rows(segments: Vec<Segment>, words: &[Word]) -> Vec<Line> {
    let texts = segments.into_iter().map(|s| (s.bbox, s.words)).collect();
    let mut lines: Vec<Line> = lines(texts).into_iter().map(|(_, at)| line(at, words)).collect();
    lines.sort_by(|a, b| {
        (a.bbox[1] + a.bbox[3]).total_cmp(&(b.bbox[1] + b.bbox[3])).then(a.bbox[0].total_cmp(&b.bbox[0]))
    });
    lines
}

/// Size of a line's letters: that of the words in the middle, so that one tall sign counts for nothing.
fn size(line: &Line, words: &[Word]) -> f32 {
    let heights = line.words.iter().map(|i| height(crate::geometry::sane(words[*i as usize].bbox)));
    median(heights.collect(), 1.0).max(0.1)
}

/// Blocks of one column.
pub(crate) fn paragraphs(segments: Vec<Segment>, words: &[Word]) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut last: Option<(f32, Rect)> = None;
    for line in rows(segments, words) {
        let (own, item) = (size(&line, words), begins_item(&line, words));
        let goes_on = last.is_some_and(|(before, bbox)| {
            let ratio = own.max(before) / own.min(before);
            let gap = line.bbox[1] - bbox[3];
            // Letters without ascenders make a line look lower than it is.
            ratio <= SAME_SIZE.max(1.0 + 4.0 / before.max(own))
                && gap <= PARAGRAPH_GAP * before.max(own)
                && !item
        });
        last = Some((own, line.bbox));
        match out.last_mut() {
            Some(block) if goes_on => {
                block.bbox = union(block.bbox, line.bbox);
                block.lines.push(line);
            }
            _ => {
                let kind = if item { Kind::ListItem } else { Kind::Paragraph };
                out.push(Block::of_lines(kind, vec![line]));
            }
        }
    }
    out
}

/// True where a line begins with a bullet, or with a number like `3.` or `b)` and more behind it.
fn begins_item(line: &Line, words: &[Word]) -> bool {
    let Some(first) = line.words.first() else { return false };
    let text = words[*first as usize].text.as_str();
    line.words.len() > 1 && (is_bullet(text) || is_enumerator(text))
}

/// `1.` `12)` `(3)` `a)`
fn is_enumerator(text: &str) -> bool {
    let inner = text.trim_start_matches('(');
    let Some(body) = inner.strip_suffix(['.', ')']) else { return false };
    let digits = !body.is_empty() && body.len() <= 2 && body.bytes().all(|b| b.is_ascii_digit());
    let letter = body.len() == 1 && body.bytes().all(|b| b.is_ascii_lowercase()) && text.ends_with(')');
    digits || letter
}

/// Tells headings from running text by their size.
pub(crate) fn classify(blocks: &mut [Block]) {
    let of_line = |l: &Line| std::iter::repeat_n(height(l.bbox), l.words.len());
    // Running text is what most words are set in, tables included.
    let body = median(blocks.iter().flat_map(Block::all_lines).flat_map(of_line).collect(), 10.0).max(0.1);
    for block in blocks.iter_mut().filter(|b| b.kind == Kind::Paragraph) {
        let own = median(block.lines.iter().map(|l| height(l.bbox)).collect(), body);
        let count: usize = block.lines.iter().map(|l| l.words.len()).sum();
        let wordy =
            block.lines.iter().flat_map(|l| l.text.chars()).filter(|c| c.is_alphabetic()).count() >= 2;
        if block.lines.len() <= HEADING_LINES && count <= HEADING_WORDS && wordy {
            let level =
                HEADINGS.iter().zip(1..).find(|(least, _)| own >= body * **least).map(|(_, level)| level);
            if let Some(level) = level {
                (block.kind, block.level) = (Kind::Heading, Some(level));
            }
        }
    }
}

/// A block of text that runs up or down. Its words stay as they come, from top to bottom.
pub(crate) fn turned(segment: &Segment, words: &[Word]) -> Block {
    let text = segment.words.iter().map(|i| words[*i as usize].text.as_str()).collect::<Vec<_>>().join(" ");
    let line = Line { bbox: segment.bbox, text, words: segment.words.clone() };
    Block::of_lines(Kind::Turned, vec![line])
}
