//! What a model is worth on documents that it has not seen.
//!
//! Owns cross-validation and its report. Rule: confidences of a fold are calibrated on the other folds.

use super::fit::{Example, Settings, Task, train};
use super::truth::Alike;
use crate::local::decide::{Pick, decide};
use crate::local::model::Model;
use docmill_learn::measure::{Case, StraightThrough, calibration_error, straight_through};
use docmill_learn::{Folds, Platt};
use std::collections::BTreeMap;

/// A decision about one field of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Example.
    pub example: usize,
    /// Field.
    pub field: usize,
    /// Name of the scorer.
    pub scorer: String,
    /// Fold it was tested in.
    pub fold: usize,
    /// What was found.
    pub found: Option<String>,
    /// What calibration goes by.
    pub numbers: Vec<f64>,
    /// Whether it is right.
    pub right: bool,
    /// Whether the right value was among the candidates.
    pub possible: bool,
    /// Calibrated confidence.
    pub confidence: f64,
}

/// Figures of one field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldReport {
    /// Name.
    pub name: String,
    /// Examples with a value.
    pub n: usize,
    /// Share with the right value among the candidates.
    pub possible: f64,
    /// F1.
    pub f1: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Accepted at 95, 98 and 99 per cent precision.
    pub straight: [StraightThrough; 3],
}

/// Figures of a cross-validation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Each field.
    pub fields: Vec<FieldReport>,
    /// All fields together.
    pub all: FieldReport,
    /// Whole documents, by their least sure field.
    pub documents: [StraightThrough; 3],
    /// Every decision.
    pub outcomes: Vec<Outcome>,
}

/// Precisions at which acceptance is reported.
pub const PRECISIONS: [f64; 3] = [0.95, 0.98, 0.99];

/// Trains on all folds but one and tests on that one, in turn.
pub fn cross_validate(
    task: &Task,
    examples: &[Example],
    folds: &Folds,
    base: Option<&Model>,
    settings: Settings,
) -> Report {
    let mut outcomes = Vec::new();
    for fold in 0..folds.len() {
        let (mut train_on, mut test_on) = (Vec::new(), Vec::new());
        for (i, example) in examples.iter().enumerate() {
            if folds.of(i) == fold {
                test_on.push((i, example));
            } else {
                train_on.push(example);
            }
        }
        let model = train(task, &train_on, base, settings);
        for (i, example) in test_on {
            outcomes.extend(test(task, &model, i, example, fold));
        }
    }
    calibrate(&mut outcomes, folds.len());
    report(task, outcomes, folds.len())
}

/// Decides about an example and compares with its truth. Fields that the truth does not have are left out.
pub fn test(task: &Task, model: &Model, index: usize, example: &Example, fold: usize) -> Vec<Outcome> {
    let judged = example.work.judged(&task.wants, model);
    let decided = decide(&task.wants, &judged, &example.work.candidates);
    let mut outcomes = Vec::new();
    for (field, want) in task.wants.iter().enumerate() {
        let (Some(value), Some(judged)) = (example.truth.fields.get(&want.name), &judged[field]) else { continue };
        let value = Alike::of(want.role).key(value);
        let key = |pick: Pick| judged.all.iter().find(|s| s.pick == pick).map(|s| s.key.clone());
        let found = decided[field].as_ref().and_then(|d| key(d.pick));
        outcomes.push(Outcome {
            example: index,
            field,
            scorer: example.work.scorer_name(want),
            fold,
            right: found.as_deref() == Some(value.as_str()),
            possible: judged.all.iter().any(|s| s.key == value),
            numbers: decided[field].as_ref().map(crate::local::decide::Decided::numbers).unwrap_or_default(),
            found,
            confidence: 0.0,
        });
    }
    outcomes
}

/// Confidence of each decision by a calibration that was fitted on the other folds.
fn calibrate(outcomes: &mut [Outcome], folds: usize) {
    let mut scorers: Vec<String> = outcomes.iter().map(|o| o.scorer.clone()).collect();
    scorers.sort_unstable();
    scorers.dedup();
    for scorer in &scorers {
        for fold in 0..folds {
            let platt = platt(outcomes.iter().filter(|o| o.scorer == *scorer && o.fold != fold));
            let own = outcomes.iter_mut().filter(|o| o.scorer == *scorer && o.fold == fold);
            own.filter(|o| o.found.is_some()).for_each(|o| o.confidence = platt.probability(&o.numbers));
        }
    }
}

/// A calibration fitted to decisions.
pub fn platt<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Platt {
    let decisions: Vec<(Vec<f64>, bool)> =
        outcomes.filter(|o| o.found.is_some()).map(|o| (o.numbers.clone(), o.right)).collect();
    Platt::fit(&decisions, 0.1)
}

/// The calibrations of all scorers, from a report's decisions.
pub fn calibrations(report: &Report) -> BTreeMap<String, Platt> {
    let mut by_scorer: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in &report.outcomes {
        by_scorer.entry(outcome.scorer.clone()).or_default().push(outcome);
    }
    by_scorer.into_iter().map(|(name, own)| (name, platt(own.into_iter()))).collect()
}

fn report(task: &Task, outcomes: Vec<Outcome>, folds: usize) -> Report {
    let mut fields = Vec::new();
    for (i, want) in task.wants.iter().enumerate() {
        let own: Vec<&Outcome> = outcomes.iter().filter(|o| o.field == i).collect();
        if !own.is_empty() {
            fields.push(figures(&want.name, &own, folds));
        }
    }
    let everything: Vec<&Outcome> = outcomes.iter().collect();
    let all = figures("ALL", &everything, folds);
    let mut documents: BTreeMap<usize, (usize, Vec<Case>)> = BTreeMap::new();
    for o in &outcomes {
        let slot = documents.entry(o.example).or_insert((o.fold, Vec::new()));
        slot.1.push(Case::one(o.confidence, o.right));
    }
    let mut by_fold = vec![Vec::new(); folds];
    for (fold, cases) in documents.into_values() {
        by_fold[fold].extend(Case::all(&cases));
    }
    let documents = PRECISIONS.map(|p| straight_through(&by_fold, p));
    Report { fields, all, documents, outcomes }
}

fn figures(name: &str, own: &[&Outcome], folds: usize) -> FieldReport {
    let n = own.len();
    let share = |f: fn(&&&Outcome) -> bool| own.iter().filter(f).count() as f64;
    let (right, found) = (share(|o| o.right), share(|o| o.found.is_some()));
    let (precision, recall) = (right / found.max(1.0), right / n.max(1) as f64);
    let f1 = if right > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    let mut by_fold = vec![Vec::new(); folds];
    for o in own.iter().filter(|o| o.found.is_some()) {
        by_fold[o.fold].push(Case::one(o.confidence, o.right));
    }
    let all: Vec<Case> = by_fold.iter().flatten().copied().collect();
    FieldReport {
        name: name.to_owned(),
        n,
        possible: share(|o| o.possible) / n.max(1) as f64,
        f1,
        calibration_error: calibration_error(&all),
        straight: PRECISIONS.map(|p| straight_through(&by_fold, p)),
    }
}
