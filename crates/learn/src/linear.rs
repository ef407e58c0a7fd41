//! Conditional logistic regression: the probability that a candidate is the one, among the others of its choice.
//!
//! Owns the weights and their training. Rule: weights are pulled towards those of a base model, zero where there is none,
//! so that few examples change little and many examples decide.

use crate::lbfgs::minimise;
use crate::rows::Choices;
use serde::{Deserialize, Serialize};

/// Weights by feature, in ascending order of the names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Names of the features.
    pub names: Vec<u32>,
    /// Their weights.
    pub weights: Vec<f32>,
}

/// How a scorer is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearSettings {
    /// Pull towards the base.
    pub l2: f64,
    /// Features in fewer choices than this are left out.
    pub least: usize,
    /// Most steps of the search.
    pub steps: usize,
}

impl Default for LinearSettings {
    fn default() -> Self {
        Self { l2: 1.0, least: 2, steps: 80 }
    }
}

impl Linear {
    /// Learns from choices, starting at `base`.
    pub fn train(mut choices: Choices, base: Option<&Linear>, settings: LinearSettings) -> Self {
        let names = choices.compact(settings.least);
        let start: Vec<f64> = names.iter().map(|n| base.map_or(0.0, |b| f64::from(b.weight(*n)))).collect();
        let mut weights = start.clone();
        let mut scores = vec![0.0_f64; choices.rows()];
        minimise(&mut weights, settings.steps, |w, gradient| {
            let mut loss = 0.0;
            for ((g, w), s) in gradient.iter_mut().zip(w).zip(&start) {
                let off = w - s;
                *g = settings.l2 * off;
                loss += 0.5 * settings.l2 * off * off;
            }
            for i in 0..choices.len() {
                let (rows, weight) = choices.choice(i);
                let weight = f64::from(weight);
                let (mut all, mut right) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
                for row in rows.clone() {
                    let score: f64 = choices.row(row).map(|(f, v)| w[f as usize] * f64::from(v)).sum();
                    scores[row] = score;
                    all = all.max(score);
                    if choices.is_right(row) {
                        right = right.max(score);
                    }
                }
                let sum: f64 = rows.clone().map(|r| (scores[r] - all).exp()).sum();
                let good: f64 =
                    rows.clone().filter(|r| choices.is_right(*r)).map(|r| (scores[r] - right).exp()).sum();
                loss += weight * (all + sum.ln() - right - good.ln());
                for row in rows {
                    let p = (scores[row] - all).exp() / sum;
                    let q = if choices.is_right(row) { (scores[row] - right).exp() / good } else { 0.0 };
                    let pull = weight * (p - q);
                    if pull.abs() > 1e-9 {
                        for (f, v) in choices.row(row) {
                            gradient[f as usize] += pull * f64::from(v);
                        }
                    }
                }
            }
            loss
        });
        let mut trained: Vec<(u32, f32)> = names.iter().zip(&weights).map(|(n, w)| (*n, *w as f32)).collect();
        // What the base knows and the examples do not show stays.
        if let Some(base) = base {
            let more = base.names.iter().zip(&base.weights).filter(|(n, _)| names.binary_search(n).is_err());
            trained.extend(more.map(|(n, w)| (*n, *w)));
            trained.sort_unstable_by_key(|(n, _)| *n);
        }
        trained.retain(|(_, w)| w.abs() > 5e-3 && w.is_finite());
        Self { names: trained.iter().map(|t| t.0).collect(), weights: trained.iter().map(|t| t.1).collect() }
    }

    /// Weight of a feature.
    pub fn weight(&self, name: u32) -> f32 {
        match self.names.binary_search(&name) {
            Ok(i) => self.weights.get(i).copied().unwrap_or_default(),
            Err(_) => 0.0,
        }
    }

    /// Score of a candidate: a logit among those of its choice.
    pub fn score(&self, row: &[(u32, f32)]) -> f32 {
        row.iter().map(|(name, value)| self.weight(*name) * value).sum()
    }

    /// Whether it can be used: as many weights as names, all finite, names ascending.
    pub fn is_sound(&self) -> bool {
        self.names.len() == self.weights.len()
            && self.weights.iter().all(|w| w.is_finite())
            && self.names.is_sorted_by(|a, b| a < b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(n: u32) -> Choices {
        let mut choices = Choices::default();
        for i in 0..n {
            // Feature 7 marks the right one; feature 100 + i is noise of its own.
            let rows = vec![vec![(3, 1.0), (100 + i, 1.0)], vec![(7, 1.0), (3, 1.0)], vec![(9, 0.5)]];
            choices.push(&rows, &[false, true, false], 1.0);
        }
        choices
    }

    #[test]
    fn it_learns_what_marks_the_right_one() {
        let model = Linear::train(choices(20), None, LinearSettings::default());
        assert!(model.is_sound());
        assert!(model.weight(7) > 1.0 && model.weight(9) < 0.0);
        assert_eq!(model.names, [3, 7, 9], "what stands in one choice alone is left out");
        assert!(model.score(&[(7, 1.0)]) > model.score(&[(9, 1.0)]));
    }

    #[test]
    fn the_same_examples_give_the_same_weights() {
        let train = || Linear::train(choices(20), None, LinearSettings::default());
        assert_eq!(train(), train());
    }

    #[test]
    fn a_base_stays_where_examples_say_nothing() {
        let base = Linear { names: vec![7, 50], weights: vec![2.0, -1.5] };
        let model = Linear::train(choices(1), Some(&base), LinearSettings { least: 1, ..Default::default() });
        assert!((model.weight(50) + 1.5).abs() < 1e-6);
        assert!(model.weight(7) > 2.0);
    }
}
