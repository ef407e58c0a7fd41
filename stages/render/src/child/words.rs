//! From glyphs to words: pure geometry over what PDFium says of each character.

use docmill_contracts::Word;
use std::collections::HashMap;

/// One character and its box in upright points: x0, y0, x1, y1, origin at the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) c: char,
    pub(crate) bbox: [f32; 4],
    /// Its index in the text layer.
    pub(crate) at: i32,
}

/// A word, and the indices of its first and last character in the text layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) word: Word,
    pub(crate) at: i32,
    pub(crate) end: i32,
}

/// What PDFium puts for a hyphen at the end of a line whose word goes on in the next one.
const LINE_END_HYPHEN: char = '\u{2}';
const SOFT_HYPHEN: char = '\u{ad}';

/// A gap wider than this share of the glyph height ends a word, where no white space does.
const GAP: f32 = 0.5;

/// What is drawn twice, to look bold or to have a shadow, lies on itself by at least this share both ways.
const SAME_PLACE: f32 = 0.7;

/// Gathers glyphs, in the order of the text layer, into words and lines.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<Found>,
    text: String,
    glyphs: u32,
    at: i32,
    end: i32,
    bbox: [f32; 4],
    last: Option<Glyph>,
    line: u32,
}

impl Words {
    /// Takes the next character.
    pub(crate) fn push(&mut self, glyph: Glyph) {
        match glyph.c {
            LINE_END_HYPHEN => {
                self.add(Glyph { c: '-', ..glyph });
                self.end();
            }
            // Stands for a place where the word may be broken; it was broken there only where the word ends here.
            SOFT_HYPHEN => self.text.push(SOFT_HYPHEN),
            c if c.is_whitespace() => self.end(),
            c if is_noise(c) => {}
            _ => self.add(glyph),
        }
    }

    /// White space that has no place.
    pub(crate) fn space(&mut self) {
        self.end();
    }

    /// The words, as often as they were drawn.
    pub(crate) fn finish(mut self) -> Vec<Found> {
        self.end();
        self.words
    }

    fn add(&mut self, glyph: Glyph) {
        let Glyph { c, bbox, at } = glyph;
        if let Some(last) = self.last {
            // Letters of one ligature have one place, to the last bit.
            if last.c == c && !is_identical(last.bbox, bbox) && same_place(last.bbox, bbox) {
                self.end = at;
                return;
            }
            if !adjacent(last.bbox, bbox) {
                self.end();
            }
        }
        if self.glyphs == 0 {
            (self.at, self.bbox) = (at, bbox);
        } else {
            self.bbox = union(self.bbox, bbox);
        }
        self.end = at;
        self.last = Some(glyph);
        self.glyphs += 1;
        match ligature(c) {
            Some(letters) => self.text.push_str(letters),
            None => self.text.push(c),
        }
    }

    fn end(&mut self) {
        let mut text = std::mem::take(&mut self.text);
        let glyphs = std::mem::take(&mut self.glyphs);
        self.last = None;
        if glyphs == 0 {
            return;
        }
        if text.contains(SOFT_HYPHEN) {
            let broken = text.ends_with(SOFT_HYPHEN);
            text.retain(|c| c != SOFT_HYPHEN);
            if broken {
                text.push('-');
            }
        }
        if let Some(before) = self.words.last()
            && !same_line(before.word.bbox, self.bbox)
        {
            self.line += 1;
        }
        let word = Word { text, bbox: self.bbox, confidence: 1.0, line: self.line };
        self.words.push(Found { word, at: self.at, end: self.end });
    }
}

/// Words by what they say, so that one that lies on another of them is found.
#[derive(Debug, Default)]
pub(crate) struct Places(HashMap<String, Vec<[f32; 4]>>);

impl Places {
    /// Most places of one word that are compared.
    const MOST: usize = 64;

    /// True where a word that says the same lies there already.
    pub(crate) fn has(&self, word: &Word) -> bool {
        let places = self.0.get(&word.text).map_or(&[][..], Vec::as_slice);
        places.iter().rev().take(Self::MOST).any(|place| same_place(*place, word.bbox))
    }

    /// Takes a word; false where one that says the same lies there already.
    pub(crate) fn take(&mut self, word: &Word) -> bool {
        if self.has(word) {
            return false;
        }
        match self.0.get_mut(&word.text) {
            Some(places) => places.push(word.bbox),
            None => drop(self.0.insert(word.text.clone(), vec![word.bbox])),
        }
        true
    }
}

/// True where two boxes are the same to the last bit.
pub(crate) fn is_identical(a: [f32; 4], b: [f32; 4]) -> bool {
    a.map(f32::to_bits) == b.map(f32::to_bits)
}

/// True where one box lies on the other.
fn same_place(a: [f32; 4], b: [f32; 4]) -> bool {
    let (wide, tall) = (width(a).max(width(b)), height(a).max(height(b)));
    let (along, across) = (overlap(a[0], a[2], b[0], b[2]), overlap(a[1], a[3], b[1], b[3]));
    along > 0.0 && across > 0.0 && along >= SAME_PLACE * wide && across >= SAME_PLACE * tall
}

fn width(b: [f32; 4]) -> f32 {
    b[2] - b[0]
}

fn height(b: [f32; 4]) -> f32 {
    b[3] - b[1]
}

fn union(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// Length of the common part, negative for a gap.
fn overlap(a0: f32, a1: f32, b0: f32, b1: f32) -> f32 {
    a1.min(b1) - a0.max(b0)
}

/// True where two glyphs can be neighbours in one word, in whatever direction the text runs.
fn adjacent(a: [f32; 4], b: [f32; 4]) -> bool {
    let across = overlap(a[1], a[3], b[1], b[3]);
    let along = overlap(a[0], a[2], b[0], b[2]);
    let (tall, wide) = (height(a).min(height(b)), width(a).min(width(b)));
    if across >= 0.4 * tall {
        // Side by side. A glyph that lies far back over its predecessors belongs to something else.
        -along <= GAP * height(a).max(height(b)) && b[0] >= a[0] - height(a).max(width(a) * 2.0)
    } else if along >= 0.4 * wide {
        -across <= GAP * width(a).max(width(b))
    } else {
        // Slanted text.
        across >= -0.1 * tall && along >= -0.1 * wide
    }
}

/// True where a word goes on in the line of the one before.
fn same_line(a: [f32; 4], b: [f32; 4]) -> bool {
    let across = overlap(a[1], a[3], b[1], b[3]);
    if across >= 0.5 * height(a).min(height(b)) && b[0] >= a[0] {
        return true;
    }
    // Text that runs up or down.
    let upright = |w: [f32; 4]| height(w) > 1.5 * width(w);
    upright(a) && upright(b) && overlap(a[0], a[2], b[0], b[2]) >= 0.5 * width(a).min(width(b))
}

/// Characters that say nothing about the text.
fn is_noise(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}')
        || (u32::from(c) & 0xfffe) == 0xfffe
}

fn ligature(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{fb05}' | '\u{fb06}' => "st",
        _ => return None,
    })
}

/// How much text there is, and how much of it looks like language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Characters of the words; a run of one sign counts once (leaders, rules).
    pub(crate) characters: u32,
    /// Letters and digits among them.
    pub(crate) alphanumeric: u32,
}

impl Amount {
    pub(crate) fn of<'a>(words: impl IntoIterator<Item = &'a Word>) -> Self {
        let mut amount = Self::default();
        let mut last = None;
        for c in words.into_iter().flat_map(|w| w.text.chars()) {
            if c.is_alphanumeric() {
                amount.alphanumeric += 1;
                amount.characters += 1;
            } else if last != Some(c) {
                amount.characters += 1;
            }
            last = Some(c);
        }
        amount
    }

    /// Share of letters and digits, 0..=1.
    pub(crate) fn ratio(self) -> f32 {
        self.alphanumeric as f32 / self.characters.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Glyphs of 5 x 10 points in a row.
    fn row(text: &str, x: f32, y: f32) -> Vec<Glyph> {
        let at = |i: usize| x + 5.0 * i as f32;
        text.chars()
            .enumerate()
            .map(|(i, c)| Glyph { c, bbox: [at(i), y, at(i) + 5.0, y + 10.0], at: 0 })
            .collect()
    }

    fn texts(glyphs: impl IntoIterator<Item = Glyph>) -> Vec<(String, u32)> {
        let mut words = Words::default();
        glyphs.into_iter().for_each(|g| words.push(g));
        let mut places = Places::default();
        let words = words.finish().into_iter().filter(|f| places.take(&f.word));
        words.map(|f| (f.word.text, f.word.line)).collect()
    }

    fn expect(list: &[(&str, u32)]) -> Vec<(String, u32)> {
        list.iter().map(|(t, l)| ((*t).to_owned(), *l)).collect()
    }

    #[test]
    fn words_end_at_white_space_at_wide_gaps_and_at_line_ends() {
        let glyphs = [row("Net 1", 10.0, 0.0), row("VAT", 60.0, 0.0), row("Sum", 10.0, 12.0)].concat();
        assert_eq!(texts(glyphs), expect(&[("Net", 0), ("1", 0), ("VAT", 0), ("Sum", 1)]));
    }

    #[test]
    fn hyphens_at_line_ends_end_the_word_and_soft_ones_inside_vanish() {
        let glyphs = [row("Rech\u{2}", 100.0, 0.0), row("nung", 10.0, 10.0), row("a\u{ad}b", 60.0, 10.0)];
        assert_eq!(texts(glyphs.concat()), expect(&[("Rech-", 0), ("nung", 1), ("ab", 1)]));
        assert_eq!(texts(row("ab\u{ad}", 0.0, 0.0)), expect(&[("ab-", 0)]));
    }

    #[test]
    fn ligatures_become_letters_and_noise_is_dropped() {
        assert_eq!(texts(row("e\u{fb03}\u{0}z\u{200b}\u{ffff}", 0.0, 0.0)), expect(&[("effiz", 0)]));
    }

    #[test]
    fn text_that_runs_downwards_stays_together() {
        let glyphs = "abc".chars().zip([0.0, 5.0, 10.0]);
        let glyphs = glyphs.map(|(c, y)| Glyph { c, bbox: [0.0, y, 10.0, y + 5.0], at: 0 });
        assert_eq!(texts(glyphs), expect(&[("abc", 0)]));
    }

    #[test]
    fn what_is_drawn_twice_is_read_once() {
        let twice =
            |a: Vec<Glyph>, b: Vec<Glyph>| a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect::<Vec<_>>();
        assert_eq!(texts(twice(row("Total", 10.0, 0.0), row("Total", 10.3, 0.2))), expect(&[("Total", 0)]));
        let mut ligature = row("Mie", 10.0, 0.0);
        let t = Glyph { c: 't', bbox: ligature[1].bbox, at: 0 };
        ligature.splice(2..2, [t, t]);
        assert_eq!(texts(ligature), expect(&[("Mitte", 0)]), "two letters of one glyph");
        let again = [row("Sum 11", 10.0, 0.0), row("Sum 11", 10.4, 0.4)].concat();
        assert_eq!(texts(again), expect(&[("Sum", 0), ("11", 0)]));
        let below = [row("Sum", 10.0, 0.0), row("Sum", 10.0, 12.0)].concat();
        assert_eq!(texts(below).len(), 2, "the same word in another place stays");
    }

    #[test]
    fn leaders_do_not_make_text_look_like_garbage() {
        let word = |text: &str| Word { text: text.into(), bbox: [0.0; 4], confidence: 1.0, line: 0 };
        let amount = Amount::of(&[word("Total"), word("................"), word("7")]);
        assert_eq!(amount, Amount { characters: 7, alphanumeric: 6 });
        assert!(Amount::of(&[word("\u{fffd}\u{e001}\u{e002}")]).ratio() < 0.1);
    }
}
