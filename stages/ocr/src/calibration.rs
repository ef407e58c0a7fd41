//! From a recogniser's probabilities to the probability that a word is right.
//!
//! Owns the constants and what they are multiplied with. Knows nothing of images. Rule: the constants come from
//! `docmill bench ocr --fit`, on pages whose words are known.

use crate::ctc::Glyph;
use crate::engine::Evidence;

/// Number of features of a word.
pub const FEATURES: usize = 5;

/// One for each feature: fitted on the 82 photographed receipts and the 20 pages of the OCR bench together, 14 473 words.
const CONSTANTS: [f32; FEATURES] = [1.3378, 0.0706, 0.4191, -0.3922, -1.0836];

/// How far from 0 and 1 a recogniser's probability is taken to be at least.
const DOUBT: f32 = 1e-4;

impl Evidence {
    /// What the characters of a word say.
    pub(crate) fn of(glyphs: &[Glyph], is_thorough: bool) -> Self {
        let sum: f32 = glyphs.iter().map(|g| g.probability).sum();
        Self {
            least: glyphs.iter().map(|g| g.probability).fold(1.0, f32::min),
            mean: sum / glyphs.len().max(1) as f32,
            characters: u32::try_from(glyphs.len()).unwrap_or(u32::MAX),
            is_thorough,
        }
    }

    /// One, log odds of the least and of the mean probability, logarithm of the length, which recogniser.
    pub fn features(&self) -> [f32; FEATURES] {
        let odds = |p: f32| {
            let p = if p.is_nan() { DOUBT } else { p.clamp(DOUBT, 1.0 - DOUBT) };
            (p / (1.0 - p)).ln()
        };
        let length = (self.characters.max(1) as f32).ln();
        [1.0, odds(self.least), odds(self.mean), length, f32::from(u8::from(self.is_thorough))]
    }

    /// Probability that the word is right, 0..=1.
    pub fn confidence(&self) -> f32 {
        let sum: f32 = self.features().iter().zip(CONSTANTS).map(|(a, b)| a * b).sum();
        1.0 / (1.0 + (-sum).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_characters_make_sure_words_and_any_numbers_a_probability() {
        let word = |p: &[f32]| {
            let glyph = |p: &f32| Glyph { text: "a".into(), probability: *p, ..Glyph::default() };
            Evidence::of(&p.iter().map(glyph).collect::<Vec<_>>(), false).confidence()
        };
        assert!(word(&[0.999, 0.999, 0.999]) > word(&[0.999, 0.6, 0.999]));
        assert!(word(&[0.999, 0.6, 0.999]) > word(&[0.3, 0.3, 0.3]));
        for p in [f32::NAN, f32::INFINITY, -5.0, 0.0, 1.0] {
            assert!((0.0..=1.0).contains(&word(&[p, 0.5])), "{p}");
        }
        assert!((0.0..=1.0).contains(&word(&[])));
    }
}
