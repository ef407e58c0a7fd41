//! The text layer of a page as words.

use super::upright::Upright;
use crate::child::pdfium::{Object, Text};
use crate::child::words::{Found, Glyph, Words, is_identical};
use crate::protocol::{Fault, MAX_CHARACTERS};

/// Fewest characters whose direction turns a page.
const TURNING: usize = 20;

/// The text layer of a page.
pub(super) struct Layer {
    pub(super) words: Vec<Found>,
    glyphs: u32,
    garbage: u32,
}

impl Layer {
    /// Reads it.
    pub(super) fn read(text: &Text<'_>, upright: &Upright) -> Result<Self, Fault> {
        let len = text.len();
        if u32::try_from(len).is_ok_and(|n| n > MAX_CHARACTERS) {
            return Err(Fault::TooMuchText);
        }
        let mut words = Words::default();
        let (mut glyphs, mut garbage) = (0, 0);
        let mut high = None;
        let mut last: Option<Glyph> = None;
        for at in 0..len {
            let unit = text.unit(at);
            // Characters beyond U+FFFF come as two halves.
            let c = match (unit, high.take()) {
                (0xd800..=0xdbff, _) => {
                    high = Some(unit);
                    continue;
                }
                (0xdc00..=0xdfff, Some(first)) => {
                    char::from_u32(0x10000 + ((first - 0xd800) << 10) + (unit - 0xdc00))
                }
                _ => char::from_u32(unit),
            };
            if c.is_some_and(char::is_whitespace) {
                words.space();
                continue;
            }
            glyphs += 1;
            let Some(c) = c else {
                garbage += 1;
                continue;
            };
            if is_garbage(c) || text.is_unmapped(at) {
                garbage += 1;
            }
            if let Some(place) = text.place(at) {
                let bbox = upright.map(place);
                let glyph = Glyph { c, bbox, at };
                if bbox.iter().all(|v| v.is_finite()) && !last.is_some_and(|l| is_again(text, l, glyph)) {
                    words.push(glyph);
                }
                last = Some(glyph);
            }
        }
        Ok(Self { words: words.finish(), glyphs, garbage })
    }

    /// Share of glyphs that stand for no character, 0..=1.
    pub(super) fn garbage(&self) -> f32 {
        if self.glyphs == 0 { 0.0 } else { self.garbage as f32 / self.glyphs as f32 }
    }

    /// Quarter turns anticlockwise in which nearly all of the text runs on the page as it is stored.
    pub(super) fn turns(&self, text: &Text<'_>) -> Option<u8> {
        let mut characters = [0_usize; 4];
        let mut slanted = 0_usize;
        for found in &self.words {
            let length = found.word.text.len();
            // A sign alone may stand across its line.
            if length > 1 {
                let to = text.turns(found.at).and_then(|t| characters.get_mut(usize::from(t)));
                *to.unwrap_or(&mut slanted) += length;
            }
        }
        let all: usize = characters.iter().sum::<usize>() + slanted;
        let (turns, most) = characters.iter().enumerate().max_by_key(|(_, n)| **n)?;
        (all >= TURNING && most * 10 >= all * 8).then_some(turns as u8)
    }
}

/// True where a character was drawn a second time on itself: the letters of one ligature are of one object.
fn is_again(text: &Text<'_>, last: Glyph, glyph: Glyph) -> bool {
    let object = |at| text.object(at).map(Object::id);
    last.c == glyph.c && is_identical(last.bbox, glyph.bbox) && object(last.at) != object(glyph.at)
}

/// Characters that fonts use for glyphs of which nobody knows what they are.
fn is_garbage(c: char) -> bool {
    matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
        || (c.is_control() && c != '\u{2}')
}
