//! From characters to lines and words of a page.

use crate::amounts;
use crate::context;
use crate::ctc::{Decoded, Glyph};
use crate::engine::{Recognized, TextLine};
use crate::geometry::Quad;
use crate::spelling;
use crate::words::words;
use docmill_contracts::Word;

/// Text of one crop.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// Its box, the text along the top side.
    pub(crate) quad: Quad,
    pub(super) decoded: Decoded,
    /// Time steps that the line's own width takes.
    pub(super) steps: f32,
    /// Read by the thorough recogniser.
    pub(super) is_thorough: bool,
}

impl Reading {
    fn glyphs(&self, western: bool) -> &[Glyph] {
        match &self.decoded.western {
            Some(glyphs) if western => glyphs,
            Some(_) | None => &self.decoded.any,
        }
    }

    /// Number of characters.
    pub(crate) fn length(&self) -> usize {
        self.decoded.any.len()
    }

    /// Mean probability of its characters, 0..=1.
    pub(crate) fn score(&self) -> f32 {
        score(&self.decoded.any)
    }
}

/// Mean probability of characters, 0..=1.
fn score(glyphs: &[Glyph]) -> f32 {
    glyphs.iter().map(|g| g.probability).sum::<f32>() / glyphs.len().max(1) as f32
}

/// True where East Asian characters are so few that they are smudged Latin ones: less than a fifth of the page.
fn is_western(readings: &[Reading]) -> bool {
    let sum =
        |(a, b): (usize, usize), r: &Reading| (a + r.decoded.east_asian().0, b + r.decoded.east_asian().1);
    let (east, all) = readings.iter().fold((0, 0), sum);
    east * 5 < all
}

/// Lines and words of readings in order; lines below `least` in score are dropped. `page`: its pixels across and down.
pub(super) fn assemble(readings: &[Reading], least: f32, dpi: f32, page: (u32, u32)) -> Recognized {
    let western = is_western(readings);
    let mut texts: Vec<Vec<Glyph>> = readings.iter().map(|r| r.glyphs(western).to_vec()).collect();
    for text in &mut texts {
        context::settle(text);
        spelling::correct(text);
    }
    amounts::decimal_marks(&mut texts);
    let points = if dpi > 0.0 { 72.0 / dpi } else { 1.0 };
    let (right, bottom) = (page.0 as f32, page.1 as f32);
    let mut out = Recognized::default();
    let (mut sum, mut characters) = (0.0, 0.0);
    for (reading, glyphs) in readings.iter().zip(&texts) {
        let spans = words(glyphs, reading.steps, reading.is_thorough);
        let score = score(glyphs);
        if spans.is_empty() || score < least {
            continue;
        }
        let line = out.lines.len() as u32;
        let text = spans.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(" ");
        for span in spans {
            let [x0, y0, x1, y1] = reading.quad.slice(span.from, span.to).bounds();
            let n = span.text.chars().count() as f64;
            let confidence = span.evidence.confidence();
            sum += f64::from(confidence) * n;
            out.evidence.push(span.evidence);
            characters += n;
            out.words.push(Word {
                text: span.text,
                bbox: [
                    x0.clamp(0.0, right) * points,
                    y0.clamp(0.0, bottom) * points,
                    x1.clamp(0.0, right) * points,
                    y1.clamp(0.0, bottom) * points,
                ],
                confidence,
                line,
            });
        }
        out.lines.push(TextLine { quad: reading.quad, text, score });
    }
    out.confidence = (characters > 0.0).then(|| (sum / characters).clamp(0.0, 1.0));
    out
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;
    use crate::geometry::Point;

    #[test]
    fn words_are_in_points_and_numbered_by_line() {
        let glyph =
            |(text, at): (&str, f32)| Glyph { text: text.into(), probability: 0.8, at, ..Glyph::default() };
        let line = |y: f32, steps, glyphs: &[(&str, f32)]| Reading {
            quad: Quad(
                [(100., y), (300., y), (300., y + 20.), (100., y + 20.)].map(|(x, y)| Point::new(x, y)),
            ),
            decoded: Decoded { any: glyphs.iter().copied().map(glyph).collect(), western: None },
            steps,
            is_thorough: false,
        };
        let readings = [
            line(50.0, 10.0, &[("a", 1.0), (" ", 5.0), ("b", 9.0)]),
            line(90.0, 2.0, &[(" ", 1.0)]),
            line(90.0, 2.0, &[("c", 1.0)]),
        ];
        let page = assemble(&readings, 0.5, 144.0, (290, 400));
        let text: Vec<_> = page.words.iter().map(|w| (w.text.as_str(), w.line)).collect();
        assert_eq!(text, [("a", 0), ("b", 0), ("c", 1)]);
        assert_eq!(page.words[0].bbox, [50.0, 25.0, 80.0, 35.0]);
        assert_eq!(page.words[2].bbox, [50.0, 45.0, 145.0, 55.0]);
        assert_eq!(page.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), ["a b", "c"]);
        assert_eq!(assemble(&[], 0.5, 200.0, (1, 1)).confidence, None);
        assert!(assemble(&readings, 0.9, 144.0, (290, 400)).lines.is_empty());
    }
}
