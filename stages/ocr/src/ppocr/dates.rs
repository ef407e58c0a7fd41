//! Dates of which one character is none: `03/0:/2018`, where the print has gaps.
//!
//! Owns what such a line looks like and what of a second reading counts. Knows nothing of images. Rule: one character is replaced, and
//! only where a reading with thicker strokes has a date there that is the same in all others.

use super::assemble::Reading;
use crate::ctc::Glyph;

/// How dates are written: digits, and separators that are the same. Numbers without a year of four digits are too many other things.
const SHAPES: [&[u8]; 2] = [b"dd/dd/dddd", b"dddd/dd/dd"];
/// Greatest probability of a character that was only seen in another picture of its line.
const MOST: f32 = 0.5;

/// A date with a gap: the index of its first glyph, that of the character that is no digit, and its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    from: usize,
    at: usize,
    shape: &'static [u8],
}

/// The gap in a line's date; none where there is no such date.
pub(super) fn gap(reading: &Reading) -> Option<Gap> {
    let glyphs = &reading.decoded.any;
    if reading.decoded.western.is_some() {
        return None;
    }
    SHAPES.iter().find_map(|shape| {
        (0..(glyphs.len() + 1).saturating_sub(shape.len())).find_map(|from| {
            let odd = odd(glyphs, from, shape)?;
            let [at] = odd.as_slice() else { return None };
            // Look-alikes are settled by their neighbours.
            let is_digit_like = glyphs[*at].rival.is_some_and(|(c, _)| c.is_ascii_digit());
            (!is_digit_like).then_some(Gap { from, at: *at, shape })
        })
    })
}

/// Glyphs of a date at `from` that are no digits though they should be; none where no date stands there.
fn odd(glyphs: &[Glyph], from: usize, shape: &[u8]) -> Option<Vec<usize>> {
    let to = from + shape.len();
    let date = glyphs.get(from..to)?;
    // A space between a word and its date gets lost easily.
    let joins = |g: &Glyph| first(g).is_ascii_digit();
    if from.checked_sub(1).is_some_and(|i| joins(&glyphs[i])) || glyphs.get(to).is_some_and(joins) {
        return None;
    }
    let mut separators = date.iter().zip(shape).filter(|(_, s)| **s == b'/').map(|(g, _)| first(g));
    let separator = separators.next()?;
    if !matches!(separator, '/' | '-' | '.') || !separators.all(|s| s == separator) {
        return None;
    }
    let is_odd = |(g, s): (&Glyph, &u8)| *s == b'd' && !first(g).is_ascii_digit();
    Some((from..to).zip(date.iter().zip(shape)).filter(|(_, pair)| is_odd(*pair)).map(|(i, _)| i).collect())
}

/// Fills the gap by what readings with thicker strokes have there, where those that have a date agree.
pub(super) fn fill(reading: &mut Reading, gap: Gap, thicker: &[Reading]) {
    let found: Vec<Glyph> = thicker.iter().filter_map(|other| seen(reading, gap, other)).collect();
    let Some(digit) = found.iter().max_by(|a, b| a.probability.total_cmp(&b.probability)) else { return };
    if found.iter().any(|other| other.text != digit.text) {
        return;
    }
    let glyph = &mut reading.decoded.any[gap.at];
    glyph.text.clone_from(&digit.text);
    glyph.probability = digit.probability.min(MOST);
    (glyph.rival, glyph.others) = (None, Vec::new());
}

/// The digit that another reading has in the gap of a date that is the same otherwise.
fn seen(reading: &Reading, gap: Gap, other: &Reading) -> Option<Glyph> {
    let date = reading.decoded.any.get(gap.from..gap.from + gap.shape.len())?;
    let glyphs = &other.decoded.any;
    let at = gap.at - gap.from;
    let is_same = |from: &usize| {
        let there = &glyphs[*from..*from + date.len()];
        let same = |(i, (a, b)): (usize, (&Glyph, &Glyph))| i == at || a.text == b.text;
        odd(glyphs, *from, gap.shape).is_some_and(|odd| odd.is_empty())
            && there.iter().zip(date).enumerate().all(same)
            && is_possible(there, gap.shape)
    };
    let from = (0..(glyphs.len() + 1).saturating_sub(date.len())).find(is_same)?;
    Some(glyphs[from + at].clone())
}

/// Whether one of the two short numbers may be a month, and the other a day.
fn is_possible(date: &[Glyph], shape: &[u8]) -> bool {
    let text: String = date.iter().map(first).collect();
    let parts: Vec<u32> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| part.len() == 2)
        .filter_map(|part| part.parse().ok())
        .collect();
    let [a, b] = parts.as_slice() else { return false };
    let of = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
    // The year first, month and day follow.
    of(*a, *b) || (shape[2] == b'/' && of(*b, *a))
}

fn first(glyph: &Glyph) -> char {
    glyph.text.chars().next().unwrap_or(' ')
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;
    use crate::ctc::Decoded;
    use crate::geometry::{Point, Quad};

    fn line(text: &str) -> Reading {
        let glyph = |c: char| Glyph { text: c.into(), probability: 0.75, ..Glyph::default() };
        let any = text.chars().map(glyph).collect();
        Reading {
            quad: Quad([Point::new(0.0, 0.0); 4]),
            decoded: Decoded { any, western: None },
            steps: 1.0,
            is_thorough: false,
        }
    }

    fn filled(text: &str, thicker: &[&str]) -> String {
        let mut reading = line(text);
        let others: Vec<Reading> = thicker.iter().map(|t| line(t)).collect();
        if let Some(gap) = gap(&reading) {
            fill(&mut reading, gap, &others);
        }
        reading.decoded.any.iter().map(|g| g.text.as_str()).collect()
    }

    #[test]
    fn one_character_is_filled_in_where_all_others_agree() {
        assert_eq!(filled("Date 03/0:/2018", &["Date03/02/2018"]), "Date 03/02/2018");
        assert_eq!(filled("03/0:/2018", &["03/0:2/2018", "x 03/02/2018"]), "03/02/2018");
        assert_eq!(filled("2018-?1-30", &["2018-01-30"]), "2018-01-30");
        // Another year, readings that differ, no month, no date.
        for (text, thicker) in [
            ("03/0:/2018", &["03/02/2010"][..]),
            ("03/0:/2018", &["03/02/2018", "03/03/2018"]),
            ("33/0:/2018", &["33/02/2018"]),
            ("2018-:3-11", &["2018-13-11"]),
            ("03/0:/2018", &["03/0:/2018"]),
            ("0:/0:/2018", &["03/02/2018"]),
            ("03/02/2018", &["04/02/2018"]),
        ] {
            assert_eq!(filled(text, thicker), text);
        }
    }

    #[test]
    fn what_is_no_date_is_not_looked_at() {
        for text in ["03/0:/20181", "703/0:/2018", "03/0:-2018", "03:02:2018", "1:/2", "", "03/0:/201"] {
            assert_eq!(gap(&line(text)), None, "{text}");
        }
        let mut alike = line("03/0O/2018");
        alike.decoded.any[4].rival = Some(('0', 0.1));
        assert_eq!(gap(&alike), None);
        alike.decoded.any[4].rival = None;
        assert!(gap(&alike).is_some());
    }

    #[test]
    fn what_was_filled_in_is_not_sure() {
        let mut reading = line("03/0:/2018");
        let gap = gap(&reading).unwrap();
        fill(&mut reading, gap, &[line("03/02/2018")]);
        assert_eq!(reading.decoded.any[4].probability, MOST);
    }
}
