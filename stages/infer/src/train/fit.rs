//! From examples to scorers.
//!
//! Owns which rows are right, which are left out, and how many there are of each. Rule: where no candidate has the true
//! value, as when OCR misread it, the nearest one teaches in its place.

use crate::extract::PageText;
use crate::local::fields::{self, Want};
use crate::local::lexicon::Lexicon;
use crate::local::model::{KINDS, Model, Scorer};
use crate::local::straight::laid_out;
use crate::local::work::{Asked, Work};
use crate::schema::Schema;
use crate::train::truth::{Alike, Truth};
use docmill_learn::linear::LinearSettings;
use docmill_learn::{Choices, Linear, Row};
use std::collections::BTreeMap;

/// Most layouts that a model keeps.
const LAYOUTS: usize = 500;

/// How much examples count and how a scorer is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Pull of weights towards the base.
    pub l2: f64,
    /// Most rows of a field in a document.
    pub rows: usize,
    /// Most steps of training.
    pub steps: usize,
    /// Pages at the beginning and at the end that are read.
    pub pages: (usize, usize),
}

impl Default for Settings {
    fn default() -> Self {
        Self { l2: 1.0, rows: 160, steps: 60, pages: (12, 4) }
    }
}

impl Settings {
    /// For a tenant's own fields, whose labels vary little, or for the business document, whose labels vary widely.
    pub fn of(own_fields: bool) -> Self {
        Self { l2: if own_fields { 1.0 } else { 0.5 }, ..Self::default() }
    }
}

/// What is trained for: fields, and their labels.
pub struct Task {
    /// Title of the schema.
    pub title: String,
    /// Fields.
    pub wants: Vec<Want>,
    /// Labels.
    pub lexicon: Lexicon,
}

impl Task {
    /// A tenant's fields.
    pub fn of_schema(schema: &Schema) -> Self {
        let (wants, lexicon) = fields::of_schema(schema);
        Self { title: schema.title.clone(), wants, lexicon }
    }

    /// The fields of the built-in business document.
    pub fn built_in() -> Self {
        Self { title: "business document".into(), wants: fields::built_in(), lexicon: Lexicon::new(&[]) }
    }
}

/// An example, ready for training.
pub struct Example {
    /// What is right.
    pub truth: Truth,
    /// The document.
    pub work: Work,
    /// Rows by scorer, cut down.
    pub asked: Vec<Asked>,
    /// Weight.
    pub weight: f32,
    /// It is never tested on.
    pub teaches_only: bool,
    /// Types, each with what is known for it.
    pub kinds: Vec<(&'static str, Row)>,
}

impl Example {
    /// Reads a document.
    pub fn of(truth: Truth, pages: &[PageText], task: &Task, settings: Settings) -> Self {
        let (first, last) = settings.pages;
        let count = pages.len();
        let kept = pages.iter().enumerate().filter(|(i, _)| *i < first || i + last >= count);
        let layouts = kept.map(|(_, p)| laid_out(p)).collect();
        let work = Work::of(layouts, &task.lexicon, None, true, None);
        let asked = task
            .wants
            .iter()
            .map(|want| {
                let key = Alike::of(want.role);
                let right = truth.fields.get(&want.name).map(|v| key.key(v));
                thinned(work.asked(want), settings.rows, |v| right.as_deref() == Some(key.key(v).as_str()))
            })
            .collect();
        let kinds = work.kind_rows();
        Self { truth, work, asked, weight: 1.0, teaches_only: false, kinds }
    }
}

impl Example {
    /// Whether the true value of a field is among what can be read of it; none where its truth has no such field.
    pub fn is_findable(&self, task: &Task, field: usize) -> Option<bool> {
        let (want, asked) = (task.wants.get(field)?, self.asked.get(field)?);
        let alike = Alike::of(want.role);
        let value = alike.key(self.truth.fields.get(&want.name)?);
        Some(asked.values.iter().any(|v| alike.key(v) == value))
    }
}

/// Whether any real example has a field whose value stands on its pages.
pub fn is_anything_findable(task: &Task, examples: &[Example]) -> bool {
    let mut real = examples.iter().filter(|e| !e.teaches_only);
    real.any(|e| (0..task.wants.len()).any(|field| e.is_findable(task, field) == Some(true)))
}

/// Weight of a made-up document beside a real one. Layouts of sheets have more to be made up than real examples show; slips less.
const SHEET: f32 = 0.07;
const SLIP: f32 = 0.02;

impl Example {
    /// A made-up business document; it counts less than a real one, and only teaches.
    pub fn made_up(seed: u64, task: &Task, settings: Settings) -> Self {
        let made = super::synth::document(seed);
        let example = Self::of(made.truth, &made.pages, task, settings);
        let slip = example.truth.kind.as_deref() == Some("receipt");
        Self { weight: if slip { SLIP } else { SHEET }, teaches_only: true, ..example }
    }
}

/// Keeps the right rows, those that the rules like best, and some of the rest.
fn thinned(asked: Asked, most: usize, right: impl Fn(&str) -> bool) -> Asked {
    if asked.rows.len() <= most {
        return asked;
    }
    let mut order: Vec<usize> = (0..asked.rows.len()).collect();
    order.sort_by(|a, b| asked.rules[*b].total_cmp(&asked.rules[*a]).then(a.cmp(b)));
    let (liked, rest) = order.split_at(most * 2 / 3);
    let every = (rest.len() / (most / 3).max(1)).max(1);
    let mut kept: Vec<usize> = liked.to_vec();
    kept.extend(
        rest.iter().enumerate().filter(|(n, i)| n % every == 0 || right(&asked.values[**i])).map(|r| *r.1),
    );
    kept.sort_unstable();
    let mut thin = Asked::default();
    for i in kept {
        thin.picks.push(asked.picks[i]);
        thin.values.push(asked.values[i].clone());
        thin.rows.push(asked.rows[i].clone());
        thin.rules.push(asked.rules[i]);
    }
    thin
}

/// Which rows of a field are right in an example; none where that is not known. The last one stands for "none of them".
pub(crate) fn labelled(example: &Example, task: &Task, field: usize) -> Option<Vec<bool>> {
    let (want, asked) = (&task.wants[field], &example.asked[field]);
    let alike = Alike::of(want.role);
    let Some(value) = example.truth.fields.get(&want.name) else {
        let mut none = vec![false; asked.rows.len()];
        none.push(true);
        return Some(none);
    };
    let value = alike.key(value);
    let keys: Vec<String> = asked.values.iter().map(|v| alike.key(v)).collect();
    let mut right: Vec<bool> = keys.iter().map(|k| *k == value).collect();
    if !right.contains(&true) {
        let least = match alike {
            Alike::Name => 0.8,
            Alike::Ident if value.len() >= 6 => 0.82,
            _ => return None,
        };
        let near: Vec<f32> = keys.iter().map(|k| Alike::similarity(k, &value)).collect();
        let best = near.iter().copied().fold(0.0, f32::max);
        if best < least {
            return None;
        }
        right = near.iter().map(|n| *n >= best - 1e-6).collect();
    }
    right.push(false);
    Some(right)
}

/// Trains the scorers of all fields on some examples; `base` is where weights begin.
pub fn train(task: &Task, examples: &[&Example], base: Option<&Model>, settings: Settings) -> Model {
    let mut model = Model {
        title: task.title.clone(),
        examples: u32::try_from(examples.len()).unwrap_or(u32::MAX),
        ..Model::default()
    };
    for (field, want) in task.wants.iter().enumerate() {
        let mut choices: BTreeMap<String, (Choices, usize)> = BTreeMap::new();
        for example in examples {
            let absent = !example.truth.fields.contains_key(&want.name);
            // A truth that does not tell a field says nothing about it.
            if absent && !example.truth.absent.contains(&want.name) {
                continue;
            }
            let Some(right) = labelled(example, task, field) else { continue };
            let mut rows: Vec<Row> = example.asked[field].rows.clone();
            rows.push(example.work.none_row());
            let (own, valued) = choices.entry(example.work.scorer_name(want)).or_default();
            own.push(&rows, &right, example.weight);
            *valued += usize::from(!absent);
        }
        for (name, (choices, valued)) in choices {
            // A field that hardly any example has is better left to rules.
            if valued < 3 {
                continue;
            }
            let base = base.and_then(|b| b.scorer(&name)).map(|s| &s.linear);
            let linear = LinearSettings { l2: settings.l2, least: 2, steps: settings.steps };
            let scorer = Scorer { linear: Linear::train(choices, base, linear), ..Scorer::default() };
            model.scorers.insert(name, scorer);
        }
    }
    let real = examples.iter().filter(|e| !e.teaches_only);
    model.layouts = real.map(|e| e.work.signature()).collect();
    model.layouts.sort_unstable();
    model.layouts.dedup();
    model.layouts.truncate(LAYOUTS);
    if let Some(kinds) = train_kinds(examples, settings) {
        model.kinds.insert(KINDS.to_owned(), kinds);
    }
    model
}

/// Trains the scorer of document types; none where examples have only one type.
pub fn train_kinds(examples: &[&Example], settings: Settings) -> Option<Linear> {
    let mut choices = Choices::default();
    let mut seen: BTreeMap<&str, f32> = BTreeMap::new();
    for example in examples {
        if let Some(kind) = example.truth.kind.as_deref() {
            *seen.entry(kind).or_default() += example.weight;
        }
    }
    // A type of which there are many examples is not for that reason likelier elsewhere.
    let mean = seen.values().sum::<f32>() / seen.len().max(1) as f32;
    for example in examples {
        let Some(kind) = example.truth.kind.as_deref() else { continue };
        let often = seen.get(kind).copied().unwrap_or(mean).max(1e-3);
        let rows: Vec<Row> = example.kinds.iter().map(|k| k.1.clone()).collect();
        let right: Vec<bool> = example.kinds.iter().map(|k| k.0 == kind).collect();
        choices.push(&rows, &right, example.weight * (mean / often).sqrt().clamp(0.4, 2.5));
    }
    let linear = LinearSettings { l2: settings.l2, least: 3, steps: settings.steps };
    (seen.len() > 1).then(|| Linear::train(choices, None, linear))
}
