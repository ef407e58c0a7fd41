//! What a model is worth on documents that it has not seen.
//!
//! Owns cross-validation and its report. Rule: confidences of a fold are calibrated on the other folds.

use super::fit::{Example, Settings, Task, labelled, train};
use super::truth::Alike;
use crate::local::decide::Pick;
use crate::local::fields::{Role, Want};
use crate::local::legal;
use crate::local::model::{KINDS, Model};
use docmill_learn::linear::LinearSettings;
use docmill_learn::measure::{
    Case, StraightThrough, calibration_error, straight_through, straight_through_each,
};
use docmill_learn::{Choices, Folds, Forest, Linear, Platt, TreeSettings};
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
    /// Whether it is right but for what the truth leaves off: the legal form of a name, which calibration does not take for an error.
    pub fair: bool,
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
    /// How new the layout of each tested example was to its scorers, and how many of its fields were right.
    pub novelty: Vec<(f64, Case)>,
    /// Type found for each example, and whether it is right.
    pub types: Vec<(usize, String, bool)>,
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
    let (mut outcomes, mut types, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for fold in 0..folds.len() {
        let (mut train_on, mut test_on) = (Vec::new(), Vec::new());
        for (i, example) in examples.iter().enumerate() {
            if folds.of(i) == fold && !example.teaches_only {
                test_on.push((i, example));
            } else {
                train_on.push(example);
            }
        }
        let model = train(task, &train_on, base, settings);
        for (i, example) in test_on {
            if let (Some(kinds), Some(kind)) = (model.kinds.get(KINDS), &example.truth.kind) {
                let best =
                    example.kinds.iter().max_by(|a, b| kinds.score(&a.1).total_cmp(&kinds.score(&b.1)));
                let found = best.map_or("", |b| b.0);
                types.push((i, found.to_owned(), found == kind));
            }
            let tested = test(task, &model, i, example, fold);
            let cases: Vec<Case> = tested.iter().map(|o| Case::one(0.0, o.right)).collect();
            new.extend(example.work.novelty(&model.layouts).zip(Case::all(&cases)));
            outcomes.extend(tested);
        }
    }
    calibrate(&mut outcomes, folds.len());
    let mut report = report(task, outcomes, folds.len());
    report.fields.extend(unlearned(task, examples, &report.fields));
    let place = |f: &FieldReport| task.wants.iter().position(|want| want.name == f.name);
    report.fields.sort_by_key(place);
    Report { types, novelty: new, ..report }
}

/// Fields that examples have and nothing was learned of, since their values do not stand on the pages or too few examples have one.
fn unlearned(task: &Task, examples: &[Example], learned: &[FieldReport]) -> Vec<FieldReport> {
    let mut fields = Vec::new();
    // A currency is read by rules alone.
    let scored = |want: &Want| want.role != Role::Currency;
    for (field, want) in task.wants.iter().enumerate().filter(|(_, want)| scored(want)) {
        let real = examples.iter().filter(|e| !e.teaches_only);
        let findable: Vec<bool> = real.filter_map(|e| e.is_findable(task, field)).collect();
        if findable.is_empty() || learned.iter().any(|f| f.name == want.name) {
            continue;
        }
        let possible = findable.iter().filter(|f| **f).count() as f64 / findable.len() as f64;
        fields.push(FieldReport {
            name: want.name.clone(),
            n: findable.len(),
            possible,
            ..FieldReport::default()
        });
    }
    fields
}

/// Decides about an example and compares with its truth. Fields that the truth does not have are left out.
pub fn test(task: &Task, model: &Model, index: usize, example: &Example, fold: usize) -> Vec<Outcome> {
    let judged = example.work.judged(&task.wants, model);
    let decided = example.work.decided(&task.wants, &judged, &model.layouts);
    let mut outcomes = Vec::new();
    for (field, want) in task.wants.iter().enumerate() {
        let (Some(value), Some(judged)) = (example.truth.fields.get(&want.name), &judged[field]) else {
            continue;
        };
        let value = Alike::of(want.role).key(value);
        let key = |pick: Pick| judged.all.iter().find(|s| s.pick == pick).map(|s| s.key.clone());
        let found = decided[field].as_ref().and_then(|d| key(d.pick));
        outcomes.push(Outcome {
            example: index,
            field,
            scorer: example.work.scorer_name(want),
            fold,
            right: found.as_deref() == Some(value.as_str()),
            fair: found.as_deref().is_some_and(|f| is_fair(want, f, &value)),
            possible: judged.all.iter().any(|s| s.key == value),
            numbers: decided[field].as_ref().map(crate::local::decide::Decided::numbers).unwrap_or_default(),
            found,
            confidence: 0.0,
        });
    }
    outcomes
}

/// Whether a value is right, or has the legal form that a name has on the page and not in the truth. Of a tenant's own fields the truth is
/// what the tenant wants.
fn is_fair(want: &Want, found: &str, value: &str) -> bool {
    let is_name = want.own.is_none() && matches!(want.role, Role::SellerName | Role::BuyerName);
    found == value || (is_name && legal::stem(found) == value)
}

/// Confidence of each decision by a calibration that was fitted on the other folds.
fn calibrate(outcomes: &mut [Outcome], folds: usize) {
    let mut scorers: Vec<String> = outcomes.iter().map(|o| o.scorer.clone()).collect();
    scorers.sort_unstable();
    scorers.dedup();
    for fold in 0..folds {
        let all = platt(outcomes.iter().filter(|o| o.fold != fold), None);
        for scorer in &scorers {
            let others = outcomes.iter().filter(|o| o.scorer == *scorer && o.fold != fold);
            let platt = platt(others, Some(&all));
            let own = outcomes.iter_mut().filter(|o| o.scorer == *scorer && o.fold == fold);
            own.filter(|o| o.found.is_some()).for_each(|o| o.confidence = platt.probability(&o.numbers));
        }
    }
}

/// A calibration fitted to decisions. What fields have in common is learned from `all` of them together, since one field
/// has few wrong decisions to learn from.
pub fn platt<'a>(outcomes: impl Iterator<Item = &'a Outcome>, all: Option<&Platt>) -> Platt {
    let decisions: Vec<(Vec<f64>, bool)> =
        outcomes.filter(|o| o.found.is_some()).map(|o| (o.numbers.clone(), o.fair)).collect();
    match all {
        Some(all) => Platt::fit_from(&decisions, all, 2.0),
        None => Platt::fit(&decisions, 0.1),
    }
}

/// The calibrations of all scorers, from a report's decisions.
pub fn calibrations(report: &Report) -> BTreeMap<String, Platt> {
    let mut by_scorer: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in &report.outcomes {
        by_scorer.entry(outcome.scorer.clone()).or_default().push(outcome);
    }
    let all = platt(report.outcomes.iter(), None);
    by_scorer.into_iter().map(|(name, own)| (name, platt(own.into_iter(), Some(&all)))).collect()
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
    let mut all = figures("ALL", &everything, folds);
    // A threshold for each field, as validate has them.
    let groups: Vec<Vec<Vec<Case>>> = (0..task.wants.len())
        .map(|i| by_fold(&outcomes.iter().filter(|o| o.field == i).collect::<Vec<_>>(), folds))
        .collect();
    all.straight = PRECISIONS.map(|p| straight_through_each(&groups, p));
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
    Report { fields, all, documents, outcomes, novelty: Vec::new(), types: Vec::new() }
}

/// Decisions as cases, fold by fold.
fn by_fold(own: &[&Outcome], folds: usize) -> Vec<Vec<Case>> {
    let mut by_fold = vec![Vec::new(); folds];
    for o in own.iter().filter(|o| o.found.is_some()) {
        by_fold[o.fold].push(Case::one(o.confidence, o.right));
    }
    by_fold
}

fn figures(name: &str, own: &[&Outcome], folds: usize) -> FieldReport {
    let n = own.len();
    let share = |f: fn(&&&Outcome) -> bool| own.iter().filter(f).count() as f64;
    let (right, found) = (share(|o| o.right), share(|o| o.found.is_some()));
    let (precision, recall) = (right / found.max(1.0), right / n.max(1) as f64);
    let f1 = if right > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    let by_fold = by_fold(own, folds);
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

/// How often the best candidate is right, field by field, by three kinds of scorers on the same folds: logistic
/// regression, boosted trees, and the mean of both. Fields are looked at alone.
pub fn compare_families(
    task: &Task,
    examples: &[Example],
    folds: &Folds,
    settings: Settings,
) -> Vec<(String, usize, [f64; 3])> {
    let mut out = Vec::new();
    let trees = TreeSettings { least: 25, ..TreeSettings::default() };
    let linear = LinearSettings { l2: settings.l2, least: 2, steps: settings.steps };
    for (field, want) in task.wants.iter().enumerate() {
        let (mut n, mut right) = (0, [0.0; 3]);
        for fold in 0..folds.len() {
            let mut choices = Choices::default();
            for (i, example) in examples.iter().enumerate() {
                if (folds.of(i) != fold || example.teaches_only)
                    && example.truth.fields.contains_key(&want.name)
                    && let Some(labels) = labelled(example, task, field)
                {
                    let rows = &example.asked[field].rows;
                    choices.push(rows, &labels[..rows.len()], example.weight);
                }
            }
            if choices.len() < 5 {
                continue;
            }
            let (a, b) = (Linear::train(choices.clone(), None, linear), Forest::train(choices, trees));
            for (i, example) in examples.iter().enumerate() {
                let Some(value) = example.truth.fields.get(&want.name) else { continue };
                if folds.of(i) != fold || example.teaches_only {
                    continue;
                }
                n += 1;
                let asked = &example.asked[field];
                let key = Alike::of(want.role);
                let scores: Vec<[f32; 3]> = asked
                    .rows
                    .iter()
                    .map(|row| {
                        let (x, y) = (a.score(row), b.score(row));
                        [x, y, x + y]
                    })
                    .collect();
                for family in 0..3 {
                    let best =
                        (0..scores.len()).max_by(|i, j| scores[*i][family].total_cmp(&scores[*j][family]));
                    let hit = best.is_some_and(|i| key.key(&asked.values[i]) == key.key(value));
                    right[family] += f64::from(u8::from(hit));
                }
            }
        }
        if n > 0 {
            out.push((want.name.clone(), n, right.map(|r| r / n as f64)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::fields;

    #[test]
    fn a_legal_form_that_only_the_page_has_is_no_error_of_calibration() {
        let wants = fields::built_in();
        let of = |role: Role| wants.iter().find(|w| w.role == role).unwrap();
        let (seller, buyer) = (of(Role::SellerName), of(Role::BuyerName));
        assert!(is_fair(seller, "muster sarl", "muster") && is_fair(buyer, "muster", "muster"));
        assert!(!is_fair(seller, "muster", "muster sarl"), "it was cut off");
        assert!(
            !is_fair(seller, "kunde", "muster") && !is_fair(of(Role::SellerAddress), "weg 1 ag", "weg 1")
        );
        let own = Want { own: Some(0), ..seller.clone() };
        assert!(!is_fair(&own, "muster sarl", "muster"));
    }
}
