//! Markdown of a page whose words stand in a file, one a line: text, x0, y0, x1, y1, separated by tabs.
#![allow(clippy::print_stdout)]

use docmill_contracts::Word;

fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let word = |line: &str| {
        let mut parts = line.split('\t');
        let text = parts.next()?.to_owned();
        let mut bbox = [0.0; 4];
        for v in &mut bbox {
            *v = parts.next()?.parse().ok()?;
        }
        Some(Word { text, bbox, confidence: 1.0, line: 0 })
    };
    let words: Vec<Word> = text.lines().filter_map(word).collect();
    print!("{}", docmill_layout::markdown(&docmill_layout::page_layout(1, 612.0, 792.0, &words, &[])));
}
