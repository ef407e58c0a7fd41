//! From the recogniser's class probabilities to text, and from a line to its words.
//!
//! Owns the dictionary and greedy CTC decoding. Knows nothing of images. Rule: class 0 is the blank, 1..=N are the
//! dictionary's lines, N + 1 is the space.

use crate::OcrError;

/// Most entries of a dictionary.
const MAX_ENTRIES: usize = 100_000;

/// The characters that the recogniser knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dictionary {
    entries: Vec<Box<str>>,
    /// True for classes of East Asian scripts, which recognisers trained on Chinese see in smudged Latin text.
    east_asian: Vec<bool>,
}

impl Dictionary {
    /// One character per line; lines end with LF or CRLF. A line may hold a white-space character that is not the
    /// ASCII space, so that nothing but the line end is trimmed.
    pub(crate) fn parse(text: &str) -> Result<Self, OcrError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut entries: Vec<Box<str>> = vec!["".into()];
        entries.extend(text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).into()));
        entries.push(" ".into());
        if !(10..MAX_ENTRIES).contains(&entries.len()) {
            return Err(OcrError::Dictionary { entries: entries.len() });
        }
        let east_asian = entries.iter().map(|e| e.chars().any(is_east_asian)).collect();
        Ok(Self { entries, east_asian })
    }

    /// Number of classes, with blank and space.
    pub(crate) fn classes(&self) -> usize {
        self.entries.len()
    }

    fn text(&self, class: usize) -> &str {
        self.entries.get(class).map_or("", |e| e)
    }
}

/// One decoded character.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    /// The character as the dictionary has it.
    pub(crate) text: String,
    /// Its probability, 0..=1.
    pub(crate) probability: f32,
    /// Middle of its time steps, in steps from the left edge.
    pub(crate) at: f32,
}

/// A line, decoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Decoded {
    /// With every class of the dictionary.
    pub(crate) any: Vec<Glyph>,
    /// Without East Asian scripts; none where it is the same.
    pub(crate) western: Option<Vec<Glyph>>,
}

impl Decoded {
    /// Number of East Asian characters, and of all.
    pub(crate) fn east_asian(&self) -> (usize, usize) {
        let east = self.any.iter().filter(|g| g.text.chars().any(is_east_asian)).count();
        (east, self.any.len())
    }
}

/// Greedy decoding: the best class of each step, repeats merged, blanks dropped. `probabilities`: steps times classes.
pub(crate) fn decode(probabilities: &[f32], dictionary: &Dictionary) -> Decoded {
    let rows = probabilities.chunks_exact(dictionary.classes());
    let mut best: Vec<(usize, f32)> = rows.clone().map(argmax).collect();
    let any = merge(&best, dictionary);
    let is_east = |class: usize| dictionary.east_asian.get(class).copied().unwrap_or(false);
    if !best.iter().any(|(class, _)| is_east(*class)) {
        return Decoded { any, western: None };
    }
    for (row, best) in rows.zip(&mut best).filter(|(_, best)| is_east(best.0)) {
        let west = row.iter().enumerate().filter(|(class, _)| !is_east(*class));
        *best = west.fold((0, f32::MIN), |m, (class, p)| if *p > m.1 { (class, *p) } else { m });
    }
    Decoded { any, western: Some(merge(&best, dictionary)) }
}

fn merge(best: &[(usize, f32)], dictionary: &Dictionary) -> Vec<Glyph> {
    let mut glyphs = Vec::new();
    let mut from = 0;
    for run in best.chunk_by(|a, b| a.0 == b.0) {
        let class = run[0].0;
        if class != 0 {
            let probability = run.iter().map(|(_, p)| *p).fold(0.0, f32::max);
            let at = from as f32 + run.len() as f32 / 2.0;
            glyphs.push(Glyph { text: narrow(dictionary.text(class)), probability, at });
        }
        from += run.len();
    }
    glyphs
}

/// Full-width forms and the ideographic full stop as their ASCII characters: parsers of amounts and dates know no others.
fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3002}' | '\u{ff61}' => '.',
        '\u{3001}' => ',',
        '\u{3000}' => ' ',
        c => c,
    };
    text.chars().map(narrow).collect()
}

/// Kana, Han, Hangul and their neighbours; not the full-width forms, which [`narrow`] turns into ASCII.
fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fff}' | '\u{3003}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}')
}

/// Index and value of the greatest element. Sixteen lanes, so that the compiler uses vector instructions.
fn argmax(row: &[f32]) -> (usize, f32) {
    let (chunks, rest) = row.as_chunks::<16>();
    let mut lanes = [f32::MIN; 16];
    for chunk in chunks {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane = if *v > *lane { *v } else { *lane };
        }
    }
    let best = lanes.iter().chain(rest).fold(f32::MIN, |m, v| if *v > m { *v } else { m });
    (row.iter().position(|v| *v >= best).unwrap_or(0), best)
}

/// A word of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WordSpan {
    /// Its text, without white space.
    pub(crate) text: String,
    /// Mean probability of its characters.
    pub(crate) confidence: f32,
    /// Left edge as a fraction of the line's width.
    pub(crate) from: f32,
    /// Right edge as a fraction of the line's width.
    pub(crate) to: f32,
}

/// Cuts a line at its spaces. `steps`: time steps that the line's own width takes (padding excluded).
///
/// A character's steps are near its middle, so an inner edge is half a character beyond the word's last middle,
/// and never beyond the middle of the gap.
pub(crate) fn words(glyphs: &[Glyph], steps: f32) -> Vec<WordSpan> {
    let steps = steps.max(1.0);
    let half = half_advance(glyphs);
    let mut spans = Vec::new();
    let is_space = |g: &Glyph| g.text.chars().all(char::is_whitespace);
    let parts: Vec<&[Glyph]> =
        glyphs.split(is_space).flat_map(label_and_value).filter(|part| !part.is_empty()).collect();
    for (i, part) in parts.iter().enumerate() {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let before = i.checked_sub(1).and_then(|i| parts[i].last());
        let after = parts.get(i + 1).and_then(|p| p.first());
        let from = before.map_or(0.0, |b| (first.at - half).max(f32::midpoint(b.at, first.at)));
        let to = after.map_or(steps, |a| (last.at + half).min(f32::midpoint(last.at, a.at)));
        spans.push(WordSpan {
            text: part.iter().map(|g| g.text.as_str()).collect(),
            confidence: part.iter().map(|g| g.probability).sum::<f32>() / part.len() as f32,
            from: (from / steps).clamp(0.0, 1.0),
            to: (to / steps).clamp(0.0, 1.0),
        });
    }
    spans
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

/// Half the median distance of neighbouring characters, in steps.
fn half_advance(glyphs: &[Glyph]) -> f32 {
    let mut distances: Vec<f32> = glyphs.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() / 2).map_or(1.0, |d| d / 2.0)
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // values are exact by construction
mod tests {
    use super::*;

    fn dictionary() -> Dictionary {
        Dictionary::parse("a\r\nb\r\nc\r\nd\r\n\u{3000}\r\n€\r\n末\r\n家\r\n").unwrap()
    }

    /// One row per class given.
    fn steps(classes: &[usize]) -> Vec<f32> {
        let n = dictionary().classes();
        let mut data = vec![0.01; classes.len() * n];
        for (i, class) in classes.iter().enumerate() {
            data[i * n + class] = 0.9;
        }
        data
    }

    fn text(glyphs: &[Glyph]) -> String {
        glyphs.iter().map(|g| g.text.as_str()).collect()
    }

    #[test]
    fn the_dictionary_has_a_blank_first_a_space_last_and_no_line_ends() {
        let d = dictionary();
        assert_eq!(d.classes(), 10);
        assert_eq!((d.text(0), d.text(1), d.text(5), d.text(6), d.text(9)), ("", "a", "\u{3000}", "€", " "));
        assert!(Dictionary::parse("a\nb").is_err());
    }

    #[test]
    fn repeats_merge_unless_a_blank_parts_them() {
        let glyphs = decode(&steps(&[0, 1, 1, 0, 1, 2, 2, 0, 0, 6]), &dictionary()).any;
        assert_eq!(text(&glyphs), "aab€");
        let at: Vec<f32> = glyphs.iter().map(|g| g.at).collect();
        assert_eq!(at, [2.0, 4.5, 6.0, 9.5]);
        assert!(glyphs.iter().all(|g| (g.probability - 0.9).abs() < 1e-6));
        assert!(decode(&steps(&[0, 0, 0]), &dictionary()).any.is_empty());
    }

    #[test]
    fn the_second_best_stands_for_east_asian_characters_where_it_is_asked_for() {
        let n = dictionary().classes();
        let mut data = steps(&[1, 7, 2, 8, 8]);
        data[n + 3] = 0.4; // 末 might be c, and the last two steps nothing at all
        data[3 * n] = 0.3;
        data[4 * n] = 0.3;
        let decoded = decode(&data, &dictionary());
        assert_eq!(text(&decoded.any), "a末b家");
        assert_eq!(decoded.east_asian(), (2, 4));
        let western = decoded.western.unwrap();
        assert_eq!(text(&western), "acb");
        assert!((western[1].probability - 0.4).abs() < 1e-6);
    }

    #[test]
    fn full_width_forms_become_ascii() {
        assert_eq!(narrow("：（１，５０）。"), ":(1,50).");
        assert_eq!(narrow("€ä末"), "€ä末");
    }

    #[test]
    fn a_line_is_cut_at_its_spaces_by_time_steps() {
        // a b _ c : middles at 1, 3, 5, 7 and on to 9; the space at 5.
        let glyphs = decode(&steps(&[0, 1, 0, 2, 0, 9, 0, 3, 0, 4]), &dictionary()).any;
        let spans = words(&glyphs, 10.0);
        assert_eq!(spans.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["ab", "cd"]);
        assert!((spans[0].from, spans[1].to) == (0.0, 1.0));
        assert!((spans[0].to - 0.45).abs() < 1e-6, "{spans:?}");
        assert!((spans[1].from - 0.65).abs() < 1e-6, "{spans:?}");
    }

    #[test]
    fn a_label_and_its_value_are_two_words() {
        let glyphs = |text: &str| {
            let glyph = |(i, c): (usize, char)| Glyph { text: c.into(), probability: 1.0, at: i as f32 };
            text.chars().enumerate().map(glyph).collect::<Vec<_>>()
        };
        let cut = |text: &str| words(&glyphs(text), 40.0).into_iter().map(|s| s.text).collect::<Vec<_>>();
        assert_eq!(cut("Date:17.03.2026 8:13"), ["Date:", "17.03.2026", "8:13"]);
        assert_eq!(cut("https://a.b No: 7 :a b:"), ["https://a.b", "No:", "7", ":a", "b:"]);
        let spans = words(&glyphs("ab:12"), 5.0);
        assert_eq!((spans[0].to, spans[1].from), (0.5, 0.5));
    }

    #[test]
    fn leading_trailing_and_double_spaces_make_no_words() {
        let glyphs = decode(&steps(&[9, 0, 9, 1, 9, 0, 9, 2, 9]), &dictionary()).any;
        assert_eq!(words(&glyphs, 9.0).iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(words(&[], 4.0).is_empty());
    }
}
