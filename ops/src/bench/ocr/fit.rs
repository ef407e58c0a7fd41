//! Constants of the words' confidence: logistic regression on words that are known to be right or wrong.

use super::truth::Truth;
use crate::ui;
use docmill_ocr::{Evidence, FEATURES, Recognized};

/// Parts that the images are divided into: each is judged with constants of the others.
const FOLDS: usize = 5;
/// Pull towards zero, so that few words do not give wild constants.
const RIDGE: f64 = 1.0;
/// Steps of Newton's method; it is there after about seven.
const STEPS: usize = 25;

type Row = [f64; FEATURES];

/// A word: what its confidence rests on, and whether it is right.
pub(super) struct Sample {
    features: Row,
    is_right: bool,
    now: f64,
}

/// The words of an image that stand where the truth has a line.
pub(super) fn samples(read: &Recognized, truth: &Truth) -> Vec<Sample> {
    let pair = |(word, evidence): (&docmill_contracts::Word, &Evidence)| {
        let is_right = truth.has(&word.text, word.bbox)?;
        let features = evidence.features().map(f64::from);
        Some(Sample { features, is_right, now: f64::from(word.confidence) })
    };
    read.words.iter().zip(&read.evidence).filter_map(pair).collect()
}

/// Fits, and prints constants and errors.
pub(super) fn print(images: &[Vec<Sample>]) {
    let all: Vec<&Sample> = images.iter().flatten().collect();
    let right = all.iter().filter(|s| s.is_right).count();
    ui::say(format_args!("{} words where the truth has a line, {right} of them right", all.len()));
    ui::say(format_args!("constants: {:.4?}", fit(&all)));
    let now: Vec<(f64, bool)> = all.iter().map(|s| (s.now, s.is_right)).collect();
    ui::say(format_args!("calibration error of this build's constants: {:.4}", error(&now)));
    let mut left_out = Vec::new();
    for fold in 0..FOLDS {
        let part = |own: bool| images.iter().enumerate().filter(move |(i, _)| (i % FOLDS == fold) == own);
        let others: Vec<&Sample> = part(false).flat_map(|(_, s)| s).collect();
        let constants = fit(&others);
        let judged = part(true).flat_map(|(_, s)| s);
        left_out.extend(judged.map(|s| (probability(&constants, &s.features), s.is_right)));
    }
    ui::say(format_args!("calibration error on images left out: {:.4}", error(&left_out)));
    for (from, to) in
        [(0.0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 0.99), (0.99, 1.01)]
    {
        let bin: Vec<_> = left_out.iter().filter(|(p, _)| (from..to).contains(p)).collect();
        let n = bin.len().max(1) as f64;
        let said = bin.iter().map(|(p, _)| p).sum::<f64>() / n;
        let was = bin.iter().filter(|(_, right)| *right).count() as f64 / n;
        ui::say(format_args!("  said {said:.3}: right {was:.3} of {} words", bin.len()));
    }
}

fn probability(constants: &Row, features: &Row) -> f64 {
    let sum: f64 = constants.iter().zip(features).map(|(a, b)| a * b).sum();
    1.0 / (1.0 + (-sum).exp())
}

/// Newton's method on the logistic likelihood.
#[allow(clippy::needless_range_loop, reason = "indices of a matrix")]
fn fit(samples: &[&Sample]) -> Row {
    let mut constants = [0.0; FEATURES];
    for _ in 0..STEPS {
        let mut slope = constants.map(|c| -RIDGE * c);
        let mut curve = [[0.0; FEATURES]; FEATURES];
        (0..FEATURES).for_each(|i| curve[i][i] = RIDGE);
        for sample in samples {
            let p = probability(&constants, &sample.features);
            let miss = f64::from(u8::from(sample.is_right)) - p;
            for i in 0..FEATURES {
                slope[i] += miss * sample.features[i];
                let weight = p * (1.0 - p) * sample.features[i];
                curve[i].iter_mut().zip(&sample.features).for_each(|(c, f)| *c += weight * f);
            }
        }
        let step = solve(curve, slope);
        constants.iter_mut().zip(step).for_each(|(c, s)| *c += s);
    }
    constants
}

/// Gauss's elimination; the ridge makes every pivot positive.
#[allow(clippy::needless_range_loop, reason = "indices of a matrix")]
fn solve(mut a: [[f64; FEATURES]; FEATURES], mut b: Row) -> Row {
    for i in 0..FEATURES {
        for j in i + 1..FEATURES {
            let factor = a[j][i] / a[i][i];
            let pivot = a[i];
            a[j].iter_mut().zip(pivot).skip(i).for_each(|(to, from)| *to -= factor * from);
            b[j] -= factor * b[i];
        }
    }
    for i in (0..FEATURES).rev() {
        for j in i + 1..FEATURES {
            b[i] -= a[i][j] * b[j];
        }
        b[i] /= a[i][i];
    }
    b
}

/// Expected calibration error over ten bins of as many words each.
fn error(said: &[(f64, bool)]) -> f64 {
    let mut said = said.to_vec();
    said.sort_by(|a, b| a.0.total_cmp(&b.0));
    let size = said.len().div_ceil(10).max(1);
    let gap = |bin: &[(f64, bool)]| {
        let p: f64 = bin.iter().map(|(p, _)| p).sum();
        let right = bin.iter().filter(|(_, right)| *right).count() as f64;
        (p - right).abs()
    };
    said.chunks(size).map(gap).sum::<f64>() / said.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_that_made_the_samples_are_found_again() {
        let truth = [0.5, 1.5, -0.7, 0.0, 0.0];
        let mut samples = Vec::new();
        for i in 0..4000 {
            let at = |k: usize| f64::from((i * k % 101) as u32) / 25.0 - 2.0;
            let features = [1.0, at(7), at(13), 0.0, 0.0];
            let is_right = f64::from((i * 37 % 1000) as u32) / 1000.0 < probability(&truth, &features);
            samples.push(Sample { features, is_right, now: 0.0 });
        }
        let found = fit(&samples.iter().collect::<Vec<_>>());
        assert!(found.iter().zip(truth).all(|(a, b)| (a - b).abs() < 0.15), "{found:?}");
        let said: Vec<_> = samples.iter().map(|s| (probability(&found, &s.features), s.is_right)).collect();
        assert!(error(&said) < 0.02);
        assert!(error(&[(1.0, false), (1.0, false)]) > 0.99);
    }
}
