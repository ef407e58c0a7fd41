//! From the recogniser's class probabilities to characters.
//!
//! Owns greedy CTC decoding. Knows nothing of images and of words. Rule: whatever the probabilities, there are at most as many
//! characters as time steps.

use crate::dictionary::{Dictionary, is_east_asian};
use crate::model_file::MORE;

/// One decoded character.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Glyph {
    /// The character as the dictionary has it, in its half-width form.
    pub(crate) text: String,
    /// Its probability, 0..=1.
    pub(crate) probability: f32,
    /// Middle of its time steps, in steps from the left edge.
    pub(crate) at: f32,
    /// Greatest probability of a space between the character before it and this one, 0..=1.
    pub(crate) space: f32,
    /// The most probable character that looks like it, and its probability.
    pub(crate) rival: Option<(char, f32)>,
    /// The other characters that it might be, and their probabilities, the most probable first.
    pub(crate) others: Vec<(char, f32)>,
    /// Greatest probabilities of a full stop and of a comma between the character before it and this one, 0..=1.
    pub(crate) marks: [f32; 2],
}

/// Least probability of another character that is kept.
const OTHER: f32 = 0.005;
/// Most other characters that are kept.
const OTHERS: usize = 4;

impl Glyph {
    /// True for a space.
    pub(crate) fn is_space(&self) -> bool {
        self.text.chars().all(char::is_whitespace)
    }
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

/// What a model says of a line: a row a time step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    data: &'a [f32],
    /// Classes whose probabilities are in a row: the first ones of the dictionary.
    shown: usize,
    /// For a model that sums up, where each of its classes is in the dictionary: rows then end with the greatest probability and
    /// the class that has it.
    places: Option<&'a [usize]>,
}

impl<'a> Rows<'a> {
    /// Rows of all classes of a dictionary.
    pub(crate) fn of(data: &'a [f32], dictionary: &Dictionary) -> Self {
        Self { data, shown: dictionary.classes(), places: None }
    }

    /// Rows of a model that sums up.
    pub(crate) fn summed_up(data: &'a [f32], shown: usize, places: &'a [usize]) -> Self {
        Self { data, shown, places: Some(places) }
    }

    fn iter(&self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        self.data.chunks_exact(self.length())
    }

    fn length(&self) -> usize {
        self.shown + self.places.map_or(0, |_| MORE)
    }

    /// Probabilities of the classes that are shown.
    fn step(&self, step: usize) -> &'a [f32] {
        self.data.get(step * self.length()..).and_then(|rest| rest.get(..self.shown)).unwrap_or_default()
    }

    fn at(&self, step: usize, class: usize) -> f32 {
        self.step(step).get(class).copied().unwrap_or(0.0)
    }

    /// The best class of a row, and its probability.
    fn best(&self, row: &[f32]) -> (usize, f32) {
        match (self.places, row.get(self.shown..)) {
            // What is no class, as of a model that answers with no numbers, is the blank.
            (Some(places), Some(&[best, class])) => {
                (places.get(class as usize).copied().unwrap_or_default(), best)
            }
            _ => argmax(row),
        }
    }
}

/// Greedy decoding: the best class of each step, repeats merged, blanks dropped.
pub(crate) fn decode(rows: Rows<'_>, dictionary: &Dictionary) -> Decoded {
    let mut best: Vec<(usize, f32)> = rows.iter().map(|row| rows.best(row)).collect();
    let any = merge(&best, rows, dictionary);
    if !best.iter().any(|(class, _)| dictionary.is_east(*class)) {
        return Decoded { any, western: None };
    }
    for (row, best) in rows.iter().zip(&mut best).filter(|(_, best)| dictionary.is_east(best.0)) {
        let shown = row.iter().take(rows.shown).enumerate();
        let west = shown.filter(|(class, _)| !dictionary.is_east(*class));
        *best = west.fold((0, f32::MIN), |m, (class, p)| if *p > m.1 { (class, *p) } else { m });
    }
    Decoded { any, western: Some(merge(&best, rows, dictionary)) }
}

fn merge(best: &[(usize, f32)], rows: Rows<'_>, dictionary: &Dictionary) -> Vec<Glyph> {
    let at = |step: usize, class: usize| rows.at(step, class);
    let mut glyphs = Vec::new();
    let (mut from, mut space, mut marks) = (0, 0.0_f32, [0.0_f32; 2]);
    for run in best.chunk_by(|a, b| a.0 == b.0) {
        let (class, steps) = (run[0].0, from..from + run.len());
        from = steps.end;
        if class == 0 {
            for step in steps {
                space = space.max(at(step, dictionary.space()));
                marks =
                    [0, 1].map(|i| dictionary.marks()[i].map_or(0.0, |class| marks[i].max(at(step, class))));
            }
            continue;
        }
        let peak = steps.clone().max_by(|a, b| best[*a].1.total_cmp(&best[*b].1)).unwrap_or(steps.start);
        let rivals = dictionary.lookalikes(class).map(|rival| (rival, at(peak, rival)));
        let rival = rivals.max_by(|a, b| a.1.total_cmp(&b.1));
        glyphs.push(Glyph {
            text: narrow(dictionary.text(class)),
            probability: best[peak].1,
            at: steps.start as f32 + run.len() as f32 / 2.0,
            space,
            rival: rival.and_then(|(class, p)| Some((dictionary.text(class).chars().next()?, p))),
            others: others(rows.step(peak), (class, best[peak].1), dictionary),
            marks,
        });
        (space, marks) = (0.0, [0.0; 2]);
    }
    glyphs
}

/// The most probable characters of a step beside the best one, blank, space and East Asian ones left out.
fn others(row: &[f32], (best, p): (usize, f32), dictionary: &Dictionary) -> Vec<(char, f32)> {
    if p > 1.0 - OTHER {
        return Vec::new();
    }
    let is_other = |class: usize| {
        class != best && class != 0 && class != dictionary.space() && !dictionary.is_east(class)
    };
    let mut found: Vec<(char, f32)> = row
        .iter()
        .enumerate()
        .filter(|(class, p)| **p >= OTHER && is_other(*class))
        .filter_map(|(class, p)| Some((narrow(dictionary.text(class)).chars().next()?, *p)))
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(OTHERS);
    found
}

/// Full-width forms and the ideographic full stop as their ASCII characters, and the empty set and the logical or as the letters
/// that they are in business documents: parsers of amounts and dates know no others.
fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3002}' | '\u{ff61}' => '.',
        '\u{3001}' => ',',
        '\u{3000}' => ' ',
        '\u{2205}' => 'Ø',
        '\u{2228}' => 'V',
        c => c,
    };
    text.chars().map(narrow).collect()
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

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    fn dictionary() -> Dictionary {
        Dictionary::parse("a\r\n0\r\nc\r\nO\r\n\u{3000}\r\n€\r\n末\r\n家\r\n").unwrap()
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

    fn decoded(data: &[f32]) -> Decoded {
        let all = decode(Rows::of(data, &dictionary()), &dictionary());
        // A model that sums up gives the same.
        let (west, places, other) = dictionary().western_first();
        let rows = data.chunks_exact(dictionary().classes());
        let summed: Vec<f32> = rows
            .flat_map(|row| {
                let (class, best) = argmax(row);
                west.iter().map(|class| row[*class]).chain([best, class as f32]).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(decode(Rows::summed_up(&summed, west.len(), &places), &other), all);
        all
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        let (west, places, other) = dictionary().western_first();
        let data = vec![f32::NAN; 3 * (west.len() + MORE)];
        assert!(decode(Rows::summed_up(&data, west.len(), &places), &other).any.is_empty());
    }

    fn text(glyphs: &[Glyph]) -> String {
        glyphs.iter().map(|g| g.text.as_str()).collect()
    }

    #[test]
    fn repeats_merge_unless_a_blank_parts_them() {
        let glyphs = decoded(&steps(&[0, 1, 1, 0, 1, 3, 3, 0, 0, 6])).any;
        assert_eq!(text(&glyphs), "aac€");
        let at: Vec<f32> = glyphs.iter().map(|g| g.at).collect();
        assert_eq!(at, [2.0, 4.5, 6.0, 9.5]);
        assert!(glyphs.iter().all(|g| (g.probability - 0.9).abs() < 1e-6));
        assert!(decoded(&steps(&[0, 0, 0])).any.is_empty());
    }

    #[test]
    fn the_second_best_stands_for_east_asian_characters_where_it_is_asked_for() {
        let n = dictionary().classes();
        let mut data = steps(&[1, 7, 2, 8, 8]);
        data[n + 3] = 0.4; // 末 might be c, and the last two steps nothing at all
        data[3 * n] = 0.3;
        data[4 * n] = 0.3;
        let decoded = decoded(&data);
        assert_eq!(text(&decoded.any), "a末0家");
        assert_eq!(decoded.east_asian(), (2, 4));
        let western = decoded.western.unwrap();
        assert_eq!(text(&western), "ac0");
        assert!((western[1].probability - 0.4).abs() < 1e-6);
    }

    #[test]
    fn a_glyph_knows_its_rival_and_the_space_before_it() {
        let n = dictionary().classes();
        let mut data = steps(&[1, 0, 0, 2, 2]);
        (data[n + 9], data[2 * n + 9]) = (0.2, 0.3);
        (data[4 * n + 2], data[4 * n + 4]) = (0.95, 0.04);
        let glyphs = decoded(&data).any;
        assert_eq!((glyphs[0].space, glyphs[0].rival), (0.0, None));
        assert_eq!((glyphs[1].space, glyphs[1].rival), (0.3, Some(('O', 0.04))));
    }

    #[test]
    fn full_width_forms_become_ascii() {
        assert_eq!(narrow("：（１，５０）。"), ":(1,50).");
        assert_eq!(narrow("€ä末∅∨"), "€ä末ØV");
    }
}
