//! Engine `local`: fields from words by candidates, labels, geometry and relations; no model, no network.
//!
//! Owns the order of the steps. Knows no blob and no topic. Steps: words → lines and segments ([`layout`]) → typed
//! candidates ([`candidate`]) → features ([`features`]) → a score per field, by rules ([`score`]) or by a trained model
//! ([`describe`], [`model`]) → one value per field, chosen together ([`joint`], [`decide`]). Rule: what the rules say is
//! a feature of the trained scorers, so that few examples never make it worse.

mod answer;
pub mod blocks;
pub mod candidate;
pub mod decide;
pub mod describe;
pub mod features;
pub mod fields;
mod heads;
pub mod joint;
pub mod kind;
pub mod layout;
pub mod lexicon;
pub mod model;
mod odd;
pub mod parties;
pub mod relations;
pub mod score;
mod spelling;
pub mod table;
#[cfg(test)]
mod tests;
pub mod work;

use crate::config::Config;
use crate::error::InferError;
use crate::extract::{ENGINE_LOCAL, Extraction, Extractor, Pages, Wanted};
use layout::Layout;
use lexicon::Lexicon;
use model::Model;
use work::Work;

/// Version of the rules.
pub const MODEL_VERSION: &str = "rules-1";

/// Reads words with hand-written rules.
pub struct LocalExtractor {
    header_pages: usize,
    closing_pages: usize,
    max_line_items: usize,
    built_in: Lexicon,
    /// The built-in model; none where there is none in this build.
    trained: Option<Model>,
}

impl LocalExtractor {
    /// With the settings of the stage.
    pub fn new(config: &Config) -> Self {
        Self {
            header_pages: usize::from(config.header_pages).max(1),
            closing_pages: usize::from(config.closing_pages),
            max_line_items: config.max_line_items as usize,
            built_in: Lexicon::new(&[]),
            trained: Model::built_in(),
        }
    }

    /// The built-in scorers, for the fields of the built-in business document.
    fn model(&self, wanted: &Wanted) -> Option<&Model> {
        self.trained.as_ref().filter(|_| wanted.schema.is_none())
    }
}

impl LocalExtractor {
    /// Why a document reads as it does: the type, and the best candidates of each field with their scores.
    pub fn explain(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<String, InferError> {
        let (wants, labels) = match &wanted.schema {
            Some(schema) => fields::of_schema(schema),
            None => (fields::built_in(), Vec::new()),
        };
        let lexicon = Lexicon::new(&labels);
        let kept: Result<Vec<Layout>, InferError> =
            (0..pages.len().min(self.header_pages)).map(|i| Ok(Layout::of(&pages.page(i)?))).collect();
        Ok(Work::of(kept?, &lexicon, None, false, None).explain(&wants))
    }
}

impl Extractor for LocalExtractor {
    fn engine(&self) -> &'static str {
        ENGINE_LOCAL
    }

    fn version(&self) -> &'static str {
        MODEL_VERSION
    }

    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        let own;
        let (wants, lexicon) = match &wanted.schema {
            Some(schema) => {
                let (wants, labels) = fields::of_schema(schema);
                own = Lexicon::new(&labels);
                (wants, &own)
            }
            None => (fields::built_in(), &self.built_in),
        };
        // The pages between the first and the last ones are only read for rows of the item table, and dropped.
        let count = pages.len();
        let mut kept = Vec::new();
        let mut table = table::Reader::new(&self.built_in, self.max_line_items);
        for index in 0..count {
            let keep = index < self.header_pages || index + self.closing_pages >= count;
            let layout = Layout::of(&pages.page(index)?);
            if wanted.schema.is_none() {
                table.feed(&layout);
            }
            if keep {
                kept.push(layout);
            }
        }
        let model = wanted.model.as_deref().or(self.model(wanted));
        let kinds = self.trained.as_ref().and_then(|m| m.kinds.get(model::KINDS));
        let hint = wanted.type_hint.as_deref();
        let work = Work::of(kept, lexicon, hint, model.is_some(), kinds);
        let version = model.map_or(MODEL_VERSION, |m| m.version.as_str());
        let mut out = Extraction::of_engine(ENGINE_LOCAL, version);
        out.kind = work.kind.clone();
        // A document of no known kind has no fields of a business document.
        if wanted.schema.is_some() || out.kind.value != "other" {
            out.fields = work.fields(&wants, model);
            out.line_items = table.into_rows().into_iter().map(answer::line_item).collect();
            if out.kind.value == "credit_note" {
                answer::credited(&mut out.line_items);
            }
        }
        Ok(out)
    }
}
