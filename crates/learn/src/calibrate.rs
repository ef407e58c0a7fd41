//! From scores to probabilities.
//!
//! Owns Platt's method on a few numbers that say how sure a scorer is. Rule: it is fitted on decisions that the scorer made
//! about examples it was not trained on.

use crate::lbfgs::minimise;
use serde::{Deserialize, Serialize};

/// Probability that a decision is right, from what is known about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    /// Weight of each number; the last one stands alone.
    pub weights: Vec<f64>,
}

impl Platt {
    /// Fits to decisions: the numbers known of each, and whether it was right.
    pub fn fit(decisions: &[(Vec<f64>, bool)], l2: f64) -> Self {
        let width = decisions.first().map_or(0, |d| d.0.len());
        Self::fit_weights(decisions, &vec![0.0; width], None, l2)
    }

    /// Fits to few decisions, beginning with what is known from many of another kind: `l2` pulls towards that.
    pub fn fit_from(decisions: &[(Vec<f64>, bool)], base: &Self, l2: f64) -> Self {
        match base.weights.split_last() {
            Some((alone, weights)) => Self::fit_weights(decisions, weights, Some(*alone), l2),
            None => Self::fit(decisions, l2),
        }
    }

    fn fit_weights(decisions: &[(Vec<f64>, bool)], base: &[f64], alone: Option<f64>, l2: f64) -> Self {
        let width = base.len();
        let mut weights = base.to_vec();
        weights.push(alone.unwrap_or(0.0));
        // One right and one wrong decision that were not seen keep probabilities away from 0 and 1.
        let right = decisions.iter().filter(|d| d.1).count() as f64;
        let wrong = decisions.len() as f64 - right;
        let (high, low) = ((right + 1.0) / (right + 2.0), 1.0 / (wrong + 2.0));
        minimise(&mut weights, 100, |w, gradient| {
            let mut loss = 0.0;
            gradient.fill(0.0);
            for (i, w) in w.iter().enumerate().take(width) {
                let away = w - base[i];
                loss += 0.5 * l2 * away * away;
                gradient[i] = l2 * away;
            }
            if let Some(alone) = alone {
                let away = w[width] - alone;
                loss += 0.5 * l2 * away * away;
                gradient[width] = l2 * away;
            }
            for (numbers, is_right) in decisions {
                let z = dot(w, numbers);
                let p = logistic(z).clamp(1e-9, 1.0 - 1e-9);
                let target = if *is_right { high } else { low };
                loss -= target * p.ln() + (1.0 - target) * (1.0 - p).ln();
                let pull = p - target;
                for (g, n) in gradient.iter_mut().zip(numbers.iter().chain([&1.0])) {
                    *g += pull * n;
                }
            }
            loss
        });
        Self { weights }
    }

    /// Probability that a decision is right, never quite 0 or 1.
    pub fn probability(&self, numbers: &[f64]) -> f64 {
        if self.weights.len() != numbers.len() + 1 {
            return 0.5;
        }
        logistic(dot(&self.weights, numbers)).clamp(0.005, 0.995)
    }

    /// Whether it can be used.
    pub fn is_sound(&self) -> bool {
        self.weights.iter().all(|w| w.is_finite())
    }
}

fn dot(weights: &[f64], numbers: &[f64]) -> f64 {
    weights.iter().zip(numbers.iter().chain([&1.0])).map(|(w, n)| w * n).sum()
}

/// The logistic function.
pub fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_what_happens() {
        // At margin m the decision is right with probability logistic(2 m - 1).
        let mut state = 7_u64;
        let mut decisions = Vec::new();
        for i in 0..4000_u64 {
            let margin = (i % 40) as f64 / 10.0 - 1.0;
            state = crate::mix(state.wrapping_add(i));
            let chance = (state >> 11) as f64 / (1_u64 << 53) as f64;
            decisions.push((vec![margin], chance < logistic(2.0 * margin - 1.0)));
        }
        let platt = Platt::fit(&decisions, 1e-3);
        for margin in [-0.5, 0.5, 1.5] {
            let expected = logistic(2.0 * margin - 1.0);
            assert!((platt.probability(&[margin]) - expected).abs() < 0.05);
        }
    }

    #[test]
    fn few_decisions_that_are_all_right_make_nothing_certain() {
        let platt = Platt::fit(&[(vec![3.0], true), (vec![2.0], true)], 0.01);
        assert!(platt.probability(&[3.0]) < 0.95);
    }
}
