//! How good decisions and their probabilities are.
//!
//! Owns calibration error, reliability, and the share that can be accepted unseen. Rule: a threshold is set on other
//! examples than those it is measured on.

use serde::Serialize;

/// Something that is accepted or not: how sure it is, and how many of its decisions are right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Case {
    /// Stated probability; of several decisions the mean, which is the share of them that should be right.
    pub stated: f64,
    /// Decisions that are right.
    pub right: u32,
    /// All decisions of it.
    pub of: u32,
}

impl Case {
    /// One decision.
    pub fn one(stated: f64, right: bool) -> Self {
        Self { stated, right: u32::from(right), of: 1 }
    }

    /// Several that stand and fall together.
    pub fn all(decisions: &[Case]) -> Option<Self> {
        let stated = decisions.iter().map(|d| d.stated).sum::<f64>() / decisions.len() as f64;
        let sum = |f: fn(&Case) -> u32| decisions.iter().map(f).sum();
        (!decisions.is_empty()).then(|| Self { stated, right: sum(|d| d.right), of: sum(|d| d.of) })
    }
}

/// Decisions of about the same stated probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Number of decisions.
    pub n: u32,
    /// Mean stated probability.
    pub stated: f64,
    /// Share that was right.
    pub right: f64,
}

/// Bins of equal width over 0..=1; empty ones are left out.
pub fn reliability(cases: &[Case], bins: usize) -> Vec<Bin> {
    let mut sums = vec![(0_u32, 0.0, 0.0); bins.max(1)];
    for case in cases {
        let slot = ((case.stated * bins as f64) as usize).min(bins.saturating_sub(1));
        let (n, stated, hits) = &mut sums[slot];
        *n += case.of;
        *stated += case.stated * f64::from(case.of);
        *hits += f64::from(case.right);
    }
    let full = sums.into_iter().filter(|s| s.0 > 0);
    full.map(|(n, stated, hits)| Bin { n, stated: stated / f64::from(n), right: hits / f64::from(n) })
        .collect()
}

/// Expected calibration error over ten bins.
pub fn calibration_error(cases: &[Case]) -> f64 {
    let all: u32 = cases.iter().map(|c| c.of).sum();
    let all = f64::from(all.max(1));
    reliability(cases, 10).iter().map(|b| f64::from(b.n) / all * (b.stated - b.right).abs()).sum()
}

/// The lowest threshold at which the decisions of cases at or above it are right at least as often as `precision` says;
/// none where there is no such threshold.
pub fn threshold(cases: &[Case], precision: f64) -> Option<f64> {
    let mut sorted: Vec<Case> = cases.to_vec();
    sorted.sort_by(|a, b| b.stated.total_cmp(&a.stated));
    let (mut right, mut of, mut found) = (0_u32, 0_u32, None);
    for (i, case) in sorted.iter().enumerate() {
        right += case.right;
        of += case.of;
        let last_of_its_kind = sorted.get(i + 1).is_none_or(|next| next.stated < case.stated);
        if last_of_its_kind && f64::from(right) >= precision * f64::from(of) {
            found = Some(case.stated);
        }
    }
    found
}

/// What becomes of cases that are accepted unseen above a threshold that was set on others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StraightThrough {
    /// Share of the cases that is accepted.
    pub accepted: f64,
    /// Share of their decisions that is right.
    pub precision: f64,
    /// The threshold that all folds together ask for; none where there is none.
    pub least: Option<f64>,
}

/// How many cases there are, are accepted, and what of those is right.
#[derive(Default)]
struct Tally {
    all: usize,
    accepted: usize,
    right: u32,
    of: u32,
}

impl Tally {
    /// Accepts the cases of each fold by the threshold of the others.
    fn add(&mut self, folds: &[Vec<Case>], precision: f64) {
        for (i, fold) in folds.iter().enumerate() {
            let others = folds.iter().enumerate().filter(|(j, _)| *j != i);
            let others: Vec<Case> = others.flat_map(|(_, f)| f.iter().copied()).collect();
            self.all += fold.len();
            let Some(least) = threshold(&others, precision) else { continue };
            for case in fold.iter().filter(|c| c.stated >= least) {
                self.accepted += 1;
                self.right += case.right;
                self.of += case.of;
            }
        }
    }

    fn told(&self, least: Option<f64>) -> StraightThrough {
        StraightThrough {
            accepted: self.accepted as f64 / self.all.max(1) as f64,
            precision: if self.of == 0 { 1.0 } else { f64::from(self.right) / f64::from(self.of) },
            least,
        }
    }
}

/// The share of cases accepted at a precision; the threshold for each fold is set on the other folds.
pub fn straight_through(folds: &[Vec<Case>], precision: f64) -> StraightThrough {
    let mut tally = Tally::default();
    tally.add(folds, precision);
    tally.told(threshold(&folds.concat(), precision))
}

/// The same over groups of cases, each of which has a threshold of its own.
pub fn straight_through_each(groups: &[Vec<Vec<Case>>], precision: f64) -> StraightThrough {
    let mut tally = Tally::default();
    groups.iter().for_each(|folds| tally.add(folds, precision));
    tally.told(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_is_compared_with_what_is_right() {
        let fair: Vec<Case> = (0..100).map(|i| Case::one(0.75, i % 4 != 0)).collect();
        assert!(calibration_error(&fair) < 1e-9);
        let bold: Vec<Case> = (0..100).map(|i| Case::one(0.95, i % 4 != 0)).collect();
        assert!((calibration_error(&bold) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn a_threshold_holds_its_precision() {
        let list = [(0.9, true), (0.8, true), (0.7, false), (0.6, true), (0.5, true), (0.4, false)];
        let cases = list.map(|(p, right)| Case::one(p, right));
        assert_eq!(threshold(&cases, 1.0), Some(0.8));
        assert_eq!(threshold(&cases, 0.8), Some(0.5));
        assert_eq!(threshold(&[Case::one(0.9, false)], 0.5), None);
        // Equal probabilities are accepted together or not at all.
        assert_eq!(threshold(&[Case::one(0.9, true), Case::one(0.9, false)], 0.9), None);
    }

    #[test]
    fn a_document_is_as_sure_as_its_fields_are_on_average() {
        let all = Case::all(&[Case::one(0.9, true), Case::one(0.6, false)]).unwrap();
        assert_eq!((all.stated, all.right, all.of), (0.75, 1, 2));
        assert_eq!(Case::all(&[]), None);
    }

    #[test]
    fn each_group_has_a_threshold_of_its_own() {
        let good = || vec![Case::one(0.5, true); 9];
        let bad = || vec![Case::one(0.9, false); 3];
        let together = straight_through(&[[good(), bad()].concat(), [good(), bad()].concat()], 0.98);
        assert!(together.accepted.abs() < 1e-9, "{together:?}");
        let each = straight_through_each(&[vec![good(), good()], vec![bad(), bad()]], 0.98);
        assert!((each.accepted - 0.75).abs() < 1e-9 && (each.precision - 1.0).abs() < 1e-9, "{each:?}");
    }

    #[test]
    fn thresholds_come_from_other_folds() {
        let folds = vec![
            vec![Case::one(0.9, true), Case::one(0.3, false)],
            vec![Case::one(0.8, true), Case::one(0.2, true)],
        ];
        // The first fold's threshold is 0.2, the second one's 0.9.
        let found = straight_through(&folds, 1.0);
        assert!((found.accepted - 0.5).abs() < 1e-9 && (found.precision - 0.5).abs() < 1e-9, "{found:?}");
        assert_eq!(found.least, Some(0.8));
    }
}
