//! How good decisions and their probabilities are.
//!
//! Owns calibration error, reliability, and the share that can be accepted unseen. Rule: a threshold is set on other
//! examples than those it is measured on.

use serde::Serialize;

/// A decision: its stated probability, and whether it was right.
pub type Decision = (f64, bool);

/// Decisions of about the same stated probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Number of decisions.
    pub n: usize,
    /// Mean stated probability.
    pub stated: f64,
    /// Share that was right.
    pub right: f64,
}

/// Bins of equal width over 0..=1; empty ones are left out.
pub fn reliability(decisions: &[Decision], bins: usize) -> Vec<Bin> {
    let mut sums = vec![(0_usize, 0.0, 0.0); bins.max(1)];
    for (p, right) in decisions {
        let slot = ((p * bins as f64) as usize).min(bins.saturating_sub(1));
        let (n, stated, hits) = &mut sums[slot];
        *n += 1;
        *stated += p;
        *hits += f64::from(u8::from(*right));
    }
    let full = sums.into_iter().filter(|s| s.0 > 0);
    full.map(|(n, stated, hits)| Bin { n, stated: stated / n as f64, right: hits / n as f64 }).collect()
}

/// Expected calibration error over ten bins.
pub fn calibration_error(decisions: &[Decision]) -> f64 {
    let all = decisions.len().max(1) as f64;
    reliability(decisions, 10).iter().map(|b| b.n as f64 / all * (b.stated - b.right).abs()).sum()
}

/// The lowest threshold at which decisions at or above it are right at least as often as `precision` says; none where
/// there is no such threshold.
pub fn threshold(decisions: &[Decision], precision: f64) -> Option<f64> {
    let mut sorted: Vec<Decision> = decisions.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut found) = (0_usize, None);
    for (i, (p, is_right)) in sorted.iter().enumerate() {
        right += usize::from(*is_right);
        let last_of_its_kind = sorted.get(i + 1).is_none_or(|next| next.0 < *p);
        if last_of_its_kind && right as f64 >= precision * (i + 1) as f64 {
            found = Some(*p);
        }
    }
    found
}

/// What becomes of examples that are accepted unseen above a threshold that was set on others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StraightThrough {
    /// Share accepted.
    pub accepted: f64,
    /// Share of the accepted ones that is right.
    pub precision: f64,
}

/// The share of examples accepted at a precision; the threshold for each fold is set on the other folds.
pub fn straight_through(folds: &[Vec<Decision>], precision: f64) -> StraightThrough {
    let (mut all, mut accepted, mut right) = (0_usize, 0_usize, 0_usize);
    for (i, fold) in folds.iter().enumerate() {
        let others: Vec<Decision> =
            folds.iter().enumerate().filter(|(j, _)| *j != i).flat_map(|(_, f)| f.iter().copied()).collect();
        all += fold.len();
        let Some(least) = threshold(&others, precision) else { continue };
        for (p, is_right) in fold {
            if *p >= least {
                accepted += 1;
                right += usize::from(*is_right);
            }
        }
    }
    StraightThrough {
        accepted: accepted as f64 / all.max(1) as f64,
        precision: if accepted == 0 { 1.0 } else { right as f64 / accepted as f64 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_is_compared_with_what_is_right() {
        let fair: Vec<Decision> = (0..100).map(|i| (0.75, i % 4 != 0)).collect();
        assert!(calibration_error(&fair) < 1e-9);
        let bold: Vec<Decision> = (0..100).map(|i| (0.95, i % 4 != 0)).collect();
        assert!((calibration_error(&bold) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn a_threshold_holds_its_precision() {
        let decisions = [(0.9, true), (0.8, true), (0.7, false), (0.6, true), (0.5, true), (0.4, false)];
        assert_eq!(threshold(&decisions, 1.0), Some(0.8));
        assert_eq!(threshold(&decisions, 0.8), Some(0.5));
        assert_eq!(threshold(&[(0.9, false)], 0.5), None);
        // Equal probabilities are accepted together or not at all.
        assert_eq!(threshold(&[(0.9, true), (0.9, false)], 0.9), None);
    }

    #[test]
    fn thresholds_come_from_other_folds() {
        let folds = vec![vec![(0.9, true), (0.3, false)], vec![(0.8, true), (0.2, true)]];
        let found = straight_through(&folds, 1.0);
        assert!((found.accepted - 0.75).abs() < 1e-9 || (found.accepted - 0.5).abs() < 1e-9, "{found:?}");
    }
}
