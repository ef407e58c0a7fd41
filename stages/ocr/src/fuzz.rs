//! What fuzzers call: models' answers made of any bytes.
//!
//! A model file is trusted by its hash, its answers are not: a page can bring out any numbers, and no numbers at all.

use crate::amounts::decimal_marks;
use crate::context::settle;
use crate::ctc::{self, Rows};
use crate::db::{DbConfig, MAX_BOXES, ProbabilityMap, text_boxes};
use crate::dictionary::Dictionary;
use crate::level::{join, level};
use crate::order::reading_order;
use crate::spelling::correct;
use crate::words::words;

/// Values of any kind: the first bytes as they are, NaN and infinities included, the others between 0 and 1.
fn values(bytes: &[u8]) -> Vec<f32> {
    let (raw, rest) = bytes.split_at(bytes.len().min(64));
    let raw = raw.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
    raw.chain(rest.iter().map(|b| f32::from(*b) / 255.0)).collect()
}

/// Boxes out of a probability map, and their order. The first byte is the map's width.
pub fn db(bytes: &[u8]) {
    let Some((width, rest)) = bytes.split_first() else { return };
    let data = values(rest);
    let width = usize::from(*width);
    let height = data.len().checked_div(width).unwrap_or(0);
    let boxes = text_boxes(ProbabilityMap { data: &data, width, height }, &DbConfig::default());
    assert!(boxes.len() <= MAX_BOXES);
    let mut quads: Vec<_> = boxes.iter().map(|b| b.quad).collect();
    let finite = |q: &crate::Quad| q.0.iter().all(|p| p.x.is_finite() && p.y.is_finite());
    assert!(quads.iter().all(finite), "{quads:?}");
    let lines = reading_order(&quads);
    let mut all = lines.concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..quads.len()), "a box is lost or doubled");
    let (joined, lines) = join(&quads, &lines);
    quads = joined;
    level(&mut quads, &lines);
    assert!(quads.iter().all(finite), "{quads:?}");
}

/// Characters and words out of class probabilities.
pub fn ctc(bytes: &[u8]) {
    let Ok(dictionary) = Dictionary::parse("0\n1\nO\nl\nI\na\nc\nC\n.\n,\n\"\n:\n末\n€\n$") else {
        return;
    };
    let data = values(bytes);
    let steps = data.len() / dictionary.classes();
    let decoded = ctc::decode(Rows::of(&data, &dictionary), &dictionary);
    let mut lines: Vec<_> = std::iter::once(decoded.any).chain(decoded.western).collect();
    for line in &mut lines {
        assert!(line.len() <= steps);
        settle(line);
        correct(line);
    }
    decimal_marks(&mut lines);
    for line in &lines {
        for word in words(line, steps as f32, false) {
            assert!(!word.text.is_empty() && !word.text.contains(char::is_whitespace), "{word:?}");
            assert!((0.0..=1.0).contains(&word.evidence.confidence()), "{word:?}");
            assert!((0.0..=1.0).contains(&word.from) && (0.0..=1.0).contains(&word.to), "{word:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use docmill_testkit::fuzz::smoke;

    #[test]
    fn any_probability_map_gives_bounded_finite_boxes() {
        let stripes: Vec<u8> = (0..3000_u32).map(|i| if i / 60 % 6 < 3 { 230 } else { 10 }).collect();
        let blobs: Vec<u8> = (0..3000_u32).map(|i| ((i * i) % 251) as u8).collect();
        let seed = |width: u8, body: &[u8]| [&[width], &[0; 64][..], body].concat();
        let seeds = [seed(60, &stripes), seed(50, &blobs), seed(1, &stripes), seed(255, &blobs), vec![0; 80]];
        smoke(&seeds, 3000, super::db);
    }

    #[test]
    fn any_class_probabilities_give_words_of_a_line() {
        let line = |class: fn(usize) -> usize| {
            let step = |i: usize| (0..17).map(move |c| if c == class(i) { 220 } else { 3 });
            [&[0; 64][..], &(0..40).flat_map(step).collect::<Vec<u8>>()].concat()
        };
        let seeds = [line(|i| i % 17), line(|i| i * 7 % 13), line(|_| 16), line(|i| i % 2), vec![255; 200]];
        smoke(&seeds, 3000, super::ctc);
    }
}
