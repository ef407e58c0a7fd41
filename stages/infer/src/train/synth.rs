//! Pages that never were: business documents made up as words with places, to learn from.
//!
//! Owns layouts, labels and noise. Knows no scorer. Rule: one seed, one document; layouts and labels vary so widely that
//! nothing but what documents have in common can be learned from them.

mod canvas;
mod invoice;
mod slip;
mod speech;

use super::truth::Truth;
use crate::extract::PageText;
use docmill_contracts::TextSource;
use docmill_learn::mix;

/// A made-up document with its truth.
pub struct Made {
    /// What is right.
    pub truth: Truth,
    /// Pages.
    pub pages: Vec<PageText>,
}

/// Chance that is the same on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5eed))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }

    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.roll() % (high - low + 1).max(1).unsigned_abs()).cast_signed()
    }

    /// True in `percent` of all cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list.get(self.below(list.len())).copied().unwrap_or("")
    }

    /// A digit string.
    pub(crate) fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + (self.roll() % 10) as u8)).collect()
    }
}

/// The document of that number: an invoice, credit note or order in 78 of 100, else a slip.
pub fn document(seed: u64) -> Made {
    let mut dice = Dice::new(seed);
    let (mut truth, mut pages) =
        if dice.chance(78) { invoice::make(&mut dice) } else { slip::make(&mut dice) };
    truth.name = format!("synthetic-{seed}");
    truth.group = truth.name.clone();
    let scanned = truth.kind.as_deref() == Some("receipt") || dice.chance(25);
    if scanned {
        for page in &mut pages {
            blur(page, &mut dice);
        }
    }
    Made { truth, pages }
}

/// What a scanner and OCR do to a page: boxes shake, words melt, letters are misread.
fn blur(page: &mut PageText, dice: &mut Dice) {
    page.source = TextSource::Ocr;
    let slope = dice.between(-6, 6) as f32 / 1000.0;
    for word in &mut page.words {
        for (i, v) in word.bbox.iter_mut().enumerate() {
            *v += dice.between(-6, 6) as f32 / 10.0 * if i % 2 == 0 { 1.0 } else { 0.6 };
        }
        let lift = slope * word.bbox[0];
        word.bbox[1] += lift;
        word.bbox[3] += lift;
        word.confidence = 0.8 + dice.below(20) as f32 / 100.0;
        // Only words without digits: a truth that no page shows teaches nothing.
        if dice.chance(2) && !word.text.contains(|c: char| c.is_ascii_digit()) {
            let from = ['o', 'l', 'e', 'i', 'u', 'n', 'B', 'S'];
            let to = ['0', '1', 'c', 'l', 'v', 'r', '8', '5'];
            let k = dice.below(from.len());
            word.text = word.text.replacen(from[k], &to[k].to_string(), 1);
        }
    }
    page.words
        .retain(|w| !(w.text.len() == 1 && w.text.chars().all(|c| !c.is_alphanumeric()) && dice.chance(30)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_document_and_its_truth_stands_on_the_page() {
        for seed in 0..60 {
            let (a, b) = (document(seed), document(seed));
            assert_eq!((&a.truth, &a.pages), (&b.truth, &b.pages));
            assert!(a.truth.fields.len() > 3 && a.pages[0].words.len() > 20, "{seed}");
            for page in &a.pages {
                for word in &page.words {
                    assert!(
                        word.bbox.iter().all(|v| v.is_finite()) && word.bbox[0] < word.bbox[2],
                        "{word:?}"
                    );
                    assert!(!word.text.contains(char::is_whitespace) && !word.text.is_empty());
                }
            }
        }
    }
}
