//! From a recogniser's probabilities to the probability that a word is right.
//!
//! Owns the constants. Knows nothing of images.

use crate::ctc::Glyph;

/// Probability that a word is right, 0..=1.
pub(crate) fn word(glyphs: &[Glyph]) -> f32 {
    let mean = glyphs.iter().map(|g| g.probability).sum::<f32>() / glyphs.len().max(1) as f32;
    // NaN becomes 0.
    mean.max(0.0).min(1.0)
}
