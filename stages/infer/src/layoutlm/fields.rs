//! From entities to fields and rows.

use super::Read;
use super::config::LayoutLmConfig;
use super::labels::Entity;
use crate::extract::{ENGINE_LAYOUTLM, Extraction, PageText, Wanted};
use crate::ground::Ground;
use crate::llm::form::{Asked, Form};
use docmill_contracts::{DocumentType, Field, Fields, Problem, Reading, Severity, Word};

/// Code of words that cannot be read as what their label says.
const UNREADABLE: &str = "INFER-0072";
/// Most confidence of a value.
const MOST: f64 = 0.98;
/// Most readings that are kept beside a value.
const MAX_OTHERS: usize = 5;

pub(super) struct Settings<'a> {
    pub(super) config: &'a LayoutLmConfig,
    pub(super) version: &'a str,
    pub(super) max_rows: usize,
}

/// A value with its place.
struct Value {
    name: String,
    field: Field,
}

/// What the pages' entities come to.
pub(super) fn extraction(
    read: &[Read],
    ground: &Ground,
    wanted: &Wanted,
    settings: &Settings<'_>,
) -> Extraction {
    let mut out = Extraction::of_engine(ENGINE_LAYOUTLM, settings.version);
    if let Some(hint) = &wanted.type_hint {
        let reason = Some("as the submitter said".to_owned());
        out.kind = DocumentType { value: hint.clone(), confidence: 0.5, reason, category: None };
    }
    let form = Form::of(wanted, true);
    let maker = Maker { ground, settings };
    let mut rows = Rows { rows: Vec::new(), last: None };
    for page in read {
        for entity in &page.entities {
            let label = entity.label.as_str();
            if let Some(asked) = column(&form, settings.config, label) {
                if page.cells.is_empty() {
                    rows.add(maker.value(asked, entity, &page.page, &mut out.problems), &page.page, entity);
                }
                continue;
            }
            let name = settings.config.fields.get(label).cloned().unwrap_or_else(|| label.to_lowercase());
            let Some(asked) = form.fields.iter().find(|f| f.name == name) else { continue };
            if let Some(value) = maker.value(asked, entity, &page.page, &mut out.problems) {
                keep(&mut out.fields, value);
            }
        }
        for entity in &page.cells {
            let Some(asked) = form.columns.iter().find(|c| c.name == named(settings.config, &entity.label))
            else {
                continue;
            };
            rows.add(maker.value(asked, entity, &page.page, &mut out.problems), &page.page, entity);
        }
    }
    out.line_items = rows.rows;
    if out.line_items.len() > settings.max_rows {
        out.line_items.truncate(settings.max_rows);
        out.problems.push(crate::rows::left_out(settings.max_rows));
    }
    out
}

fn named(config: &LayoutLmConfig, label: &str) -> String {
    config.columns.get(label).cloned().unwrap_or_else(|| label.to_lowercase())
}

/// The column of an entity that is a cell: by the settings, or as ITEM.QUANTITY, LINE_ITEM-QUANTITY.
fn column<'f>(form: &'f Form, config: &LayoutLmConfig, label: &str) -> Option<&'f Asked> {
    let lower = label.to_lowercase();
    let name = match config.columns.get(label) {
        Some(name) => name.as_str(),
        None => ["line_item.", "line_item_", "line_item-", "item.", "item_", "item-"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix))?,
    };
    form.columns.iter().find(|c| c.name == name)
}

struct Maker<'a> {
    ground: &'a Ground,
    settings: &'a Settings<'a>,
}

impl Maker<'_> {
    fn value(
        &self,
        asked: &Asked,
        entity: &Entity,
        page: &PageText,
        problems: &mut Vec<Problem>,
    ) -> Option<Value> {
        let words = page.words.get(entity.words.clone())?;
        let read = words.iter().map(|w| f64::from(w.confidence)).fold(1.0, f64::min);
        let confidence = (entity.confidence * read).clamp(0.0, MOST);
        if confidence.is_nan() || confidence < self.settings.config.least_confidence {
            return None;
        }
        let raw = words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        let Some((value, others)) = self.ground.interpret(asked.sort(), &raw) else {
            let message = format!("{}: the labelled words cannot be read as such", asked.name);
            problems.push(Problem {
                code: UNREADABLE.to_owned(),
                severity: Severity::Warning,
                message,
                fields: vec![asked.name.clone()],
                page: Some(page.page_no),
            });
            return None;
        };
        let confidence = rounded(if others.is_empty() { confidence } else { confidence * 0.85 });
        let bbox = Some(place(words));
        let other = |value| Reading {
            value,
            raw: Some(raw.clone()),
            confidence: rounded(confidence * 0.3),
            page: Some(page.page_no),
            bbox: bbox.clone(),
            engine: ENGINE_LAYOUTLM.to_owned(),
            model_version: self.settings.version.to_owned(),
        };
        let field = Field {
            value,
            other_readings: others.into_iter().map(other).collect(),
            raw: Some(raw.clone()),
            confidence,
            page: Some(page.page_no),
            bbox: bbox.clone(),
            engine: ENGINE_LAYOUTLM.to_owned(),
            model_version: self.settings.version.to_owned(),
        };
        Some(Value { name: asked.name.clone(), field })
    }
}

/// Keeps the surer of two values; the other stays beside it.
fn keep(fields: &mut Fields, value: Value) {
    let Some(known) = fields.get_mut(&value.name) else {
        fields.insert(value.name, value.field);
        return;
    };
    let mut other = value.field;
    if other.confidence > known.confidence {
        std::mem::swap(known, &mut other);
        known.other_readings.append(&mut other.other_readings);
    }
    if other.value != known.value && known.other_readings.len() < MAX_OTHERS {
        known.other_readings.push(Reading {
            value: other.value,
            raw: other.raw,
            confidence: other.confidence,
            page: other.page,
            bbox: other.bbox,
            engine: other.engine,
            model_version: other.model_version,
        });
    }
}

/// Rows of the item table, in the order of the page.
struct Rows {
    rows: Vec<Fields>,
    /// Page of the last cell, and the middle of its first line.
    last: Option<(i32, f32)>,
}

impl Rows {
    /// A cell begins a row where its column is taken, where the page turns, or where it stands lower than a line below the row.
    fn add(&mut self, value: Option<Value>, page: &PageText, entity: &Entity) {
        let (Some(value), Some(word)) = (value, page.words.get(entity.words.start)) else { return };
        let (middle, height) =
            (f32::midpoint(word.bbox[1], word.bbox[3]), (word.bbox[3] - word.bbox[1]).clamp(4.0, 40.0));
        let near = self.last.is_some_and(|(no, y)| no == page.page_no && (middle - y).abs() < 1.2 * height);
        if let Some(row) = self.rows.last_mut().filter(|row| near && !row.contains_key(&value.name)) {
            row.insert(value.name, value.field);
        } else {
            self.rows.push(Fields::from([(value.name, value.field)]));
            self.last = Some((page.page_no, middle));
        }
    }
}

fn place(words: &[Word]) -> Vec<f64> {
    let both = |a: [f32; 4], b: [f32; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
    let bbox = words.iter().map(|w| w.bbox).reduce(both).unwrap_or_default();
    bbox.iter().map(|v| (f64::from(*v) * 10.0).round() / 10.0).collect()
}

fn rounded(confidence: f64) -> f64 {
    (confidence * 1000.0).round() / 1000.0
}
