//! From a line's characters to its words.
//!
//! Owns where a line is cut, and what a character is that only its neighbours tell. Knows nothing of images. Rule: words hold no
//! white space, and come from left to right.

use crate::ctc::Glyph;
use crate::engine::Evidence;

/// Probability of a space above which a gap that is wide for its line parts two words, although the recogniser saw none.
const LIKELY_SPACE: f32 = 0.2;
/// How wide such a gap is at least, as a multiple of the line's median distance of characters.
const WIDE_GAP: f32 = 1.25;

/// What stands for "number" before one.
const SIGNS: [&str; 2] = ["no", "nr"];
/// Fewest digits of such a number.
const DIGITS: usize = 3;

/// A word of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WordSpan {
    /// Its text, without white space.
    pub(crate) text: String,
    /// What its confidence rests on.
    pub(crate) evidence: Evidence,
    /// Left edge as a fraction of the line's width.
    pub(crate) from: f32,
    /// Right edge as a fraction of the line's width.
    pub(crate) to: f32,
}

/// Cuts a line at its spaces. `steps`: time steps that the line's own width takes (padding excluded).
///
/// A character's steps are near its middle, so an inner edge is half a character beyond the word's last middle,
/// and never beyond the middle of the gap.
pub(crate) fn words(glyphs: &[Glyph], steps: f32, is_thorough: bool) -> Vec<WordSpan> {
    let steps = steps.max(1.0);
    let advance = advance(glyphs);
    let half = advance / 2.0;
    let mut spans = Vec::new();
    let parts: Vec<&[Glyph]> = glyphs
        .split(Glyph::is_space)
        .flat_map(|part| part.chunk_by(move |a, b| !wide_gap(a, b, advance)))
        .flat_map(label_and_value)
        .flat_map(number_and_its_sign)
        .filter(|part| !part.is_empty())
        .collect();
    for (i, part) in parts.iter().enumerate() {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let before = i.checked_sub(1).and_then(|i| parts[i].last());
        let after = parts.get(i + 1).and_then(|p| p.first());
        let from = before.map_or(0.0, |b| (first.at - half).max(f32::midpoint(b.at, first.at)));
        let to = after.map_or(steps, |a| (last.at + half).min(f32::midpoint(last.at, a.at)));
        spans.push(WordSpan {
            text: part.iter().map(|g| g.text.as_str()).collect(),
            evidence: Evidence::of(part, is_thorough),
            from: (from / steps).clamp(0.0, 1.0),
            to: (to / steps).clamp(0.0, 1.0),
        });
    }
    spans
}

/// True where two neighbours are of two words: the recogniser thought of a space, and there is room for one.
fn wide_gap(a: &Glyph, b: &Glyph, advance: f32) -> bool {
    b.space > LIKELY_SPACE && b.at - a.at > WIDE_GAP * advance
}

/// A label and its value are two words also where the narrow space after the colon was not seen: `Date:17.03.2026`,
/// but not `8:13` or `https://`.
fn label_and_value(part: &[Glyph]) -> [&[Glyph]; 2] {
    let is = |g: &Glyph, f: fn(char) -> bool| g.text.chars().all(f);
    let colon = part
        .windows(3)
        .position(|w| is(&w[0], char::is_alphabetic) && w[1].text == ":" && is(&w[2], char::is_alphanumeric));
    let (label, value) = part.split_at(colon.map_or(part.len(), |i| i + 2));
    [label, value]
}

/// A number and its sign are two words also where the narrow space after the full stop was not seen: `Inv.No.55121`, but not
/// `v1.2` or `no.1`.
fn number_and_its_sign(part: &[Glyph]) -> [&[Glyph]; 2] {
    let is = |g: &Glyph, f: fn(char) -> bool| g.text.chars().all(f);
    let cut = (3..part.len()).find(|i| {
        let (before, number) = part.split_at(*i);
        let [rest @ .., first, second, stop] = before else { return false };
        let sign = format!("{}{}", first.text, second.text).to_lowercase();
        let alone = rest.last().is_none_or(|g| !is(g, char::is_alphanumeric));
        let digits = number.iter().take_while(|g| is(g, |c| c.is_ascii_digit())).count();
        alone && stop.text == "." && SIGNS.contains(&sign.as_str()) && digits >= DIGITS
    });
    let (sign, number) = part.split_at(cut.unwrap_or(part.len()));
    [sign, number]
}

/// Median distance of neighbouring characters, in steps.
fn advance(glyphs: &[Glyph]) -> f32 {
    let mut distances: Vec<f32> = glyphs.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() / 2).map_or(2.0, |d| *d)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    /// Characters one step apart.
    fn glyphs(text: &str) -> Vec<Glyph> {
        let glyph = |(i, c): (usize, char)| Glyph {
            text: c.into(),
            probability: 1.0,
            at: i as f32,
            ..Glyph::default()
        };
        text.chars().enumerate().map(glyph).collect()
    }

    fn cut(glyphs: &[Glyph]) -> Vec<String> {
        words(glyphs, 40.0, false).into_iter().map(|s| s.text).collect()
    }

    #[test]
    fn a_line_is_cut_at_its_spaces_by_time_steps() {
        // Middles at 1.5, 3.5, 7.5 and 9.5; the space at 5.5.
        let mut line = glyphs("ab cd");
        line.iter_mut().for_each(|g| g.at = g.at * 2.0 + 1.5);
        let spans = words(&line, 10.0, false);
        assert_eq!(spans.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["ab", "cd"]);
        assert!((spans[0].from, spans[1].to) == (0.0, 1.0));
        assert!((spans[0].to - 0.45).abs() < 1e-6, "{spans:?}");
        assert!((spans[1].from - 0.65).abs() < 1e-6, "{spans:?}");
    }

    #[test]
    fn a_label_and_its_value_are_two_words() {
        assert_eq!(cut(&glyphs("Date:17.03.2026 8:13")), ["Date:", "17.03.2026", "8:13"]);
        assert_eq!(cut(&glyphs("https://a.b No: 7 :a b:")), ["https://a.b", "No:", "7", ":a", "b:"]);
        let spans = words(&glyphs("ab:12"), 5.0, false);
        assert_eq!((spans[0].to, spans[1].from), (0.5, 0.5));
    }

    #[test]
    fn a_number_and_its_sign_are_two_words() {
        assert_eq!(cut(&glyphs("Inv.No.55121 NR.2025-4711")), ["Inv.No.", "55121", "NR.", "2025-4711"]);
        assert_eq!(cut(&glyphs("no.1 ano.123 v1.234 No. 7")), ["no.1", "ano.123", "v1.234", "No.", "7"]);
    }

    #[test]
    fn leading_trailing_and_double_spaces_make_no_words() {
        assert_eq!(cut(&glyphs(" a  b ")), ["a", "b"]);
        assert!(words(&[], 4.0, false).is_empty());
    }

    #[test]
    fn a_wide_gap_that_might_be_a_space_is_one() {
        let mut line = glyphs("SDNBHD");
        line[3..].iter_mut().for_each(|g| g.at += 1.0);
        assert_eq!(cut(&line), ["SDNBHD"]);
        line[3].space = 0.4;
        assert_eq!(cut(&line), ["SDN", "BHD"]);
        line[3..].iter_mut().for_each(|g| g.at -= 1.0);
        assert_eq!(cut(&line), ["SDNBHD"]);
    }
}
