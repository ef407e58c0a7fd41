//! A tenant's own categories, from descriptions or examples.
//!
//! Owns the form of a category set and the choice among its categories. Knows no document type. Rule: a word counts the
//! more the fewer categories have it; a document that shares no word with any category has none.

use super::layout::Layout;
use super::lexicon::plain;
use docmill_contracts::{Class, Classify, Code};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Largest category set, bytes.
pub const MAX_BYTES: i64 = 4 * 1024 * 1024;
/// Most categories of a set.
const MAX_CATEGORIES: usize = 500;

/// Categories to choose from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CategorySet {
    /// Its name.
    pub name: String,
    categories: Vec<Category>,
}

#[derive(Debug, Clone, PartialEq)]
struct Category {
    name: String,
    /// Weight of each word, in plain form.
    words: BTreeMap<String, f64>,
}

/// Why a category set cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CategoriesError {
    /// Not in the form of a category set.
    #[error(
        "category set: line {line}, column {column}: expected {{\"name\", \"categories\": [{{\"name\", \"description\", \"examples\"}}]}}"
    )]
    Form {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// None or too many categories, or one without a name.
    #[error("category set: {count} categories with a name; 1 to {MAX_CATEGORIES} are read")]
    Count {
        /// How many there are.
        count: usize,
    },
    /// More bytes than are read.
    #[error("category set of {bytes} bytes exceeds the limit of {MAX_BYTES} bytes")]
    TooLarge {
        /// Its length.
        bytes: i64,
    },
}

impl Classify for CategoriesError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn code(&self) -> Code {
        Code("INFER-0033")
    }
}

#[derive(Deserialize)]
struct SetForm {
    #[serde(default)]
    name: String,
    categories: Vec<CategoryForm>,
}

#[derive(Deserialize)]
struct CategoryForm {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    examples: Vec<String>,
}

/// A choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Name of the category.
    pub name: String,
    /// Its share of what speaks for any category, 0..=1.
    pub share: f64,
    /// The words that spoke for it.
    pub words: Vec<String>,
}

impl CategorySet {
    /// Reads a set.
    pub fn parse(bytes: &[u8]) -> Result<Self, CategoriesError> {
        let form: SetForm = serde_json::from_slice(bytes)
            .map_err(|e| CategoriesError::Form { line: e.line(), column: e.column() })?;
        let mut read: Vec<(String, BTreeMap<String, f64>)> = Vec::new();
        for category in form.categories {
            if category.name.trim().is_empty() {
                continue;
            }
            let mut words: BTreeMap<String, f64> = BTreeMap::new();
            // The name says most, an example as a whole as much as the description.
            let mut add = |text: &str, weight: f64| {
                for word in telling(text) {
                    let slot = words.entry(word).or_default();
                    *slot = (*slot + weight).min(4.0);
                }
            };
            add(&category.name, 2.0);
            add(&category.description, 1.0);
            category.examples.iter().for_each(|e| add(e, 1.0));
            read.push((category.name, words));
        }
        if read.is_empty() || read.len() > MAX_CATEGORIES {
            return Err(CategoriesError::Count { count: read.len() });
        }
        let mut spread: BTreeMap<String, usize> = BTreeMap::new();
        for word in read.iter().flat_map(|(_, words)| words.keys()) {
            *spread.entry(word.clone()).or_default() += 1;
        }
        let all = read.len() as f64;
        let rare = |word: &str| (1.0 + all / spread.get(word).copied().unwrap_or(1) as f64).ln();
        let categories = read.into_iter().map(|(name, words)| {
            let words = words.into_iter().map(|(word, weight)| {
                let weight = weight * rare(&word);
                (word, weight)
            });
            Category { name, words: words.collect() }
        });
        Ok(Self { name: form.name, categories: categories.collect() })
    }

    /// The category of a document by the words of its first pages.
    pub fn choose(&self, pages: &[Layout]) -> Option<Chosen> {
        let mut found: BTreeSet<String> = BTreeSet::new();
        for segment in pages.iter().take(3).flat_map(|p| &p.segments) {
            found.extend(telling(&segment.text));
        }
        let mut scores: Vec<(f64, &Category)> = self
            .categories
            .iter()
            .map(|c| {
                let shared: f64 = c.words.iter().filter(|(w, _)| found.contains(*w)).map(|(_, v)| v).sum();
                // A long description is no advantage.
                let size: f64 = c.words.values().map(|v| v * v).sum::<f64>().sqrt();
                (shared / size.max(1.0), c)
            })
            .collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (best, category) = scores.first().filter(|s| s.0 > 0.0)?;
        let sum: f64 = scores.iter().map(|s| s.0).sum();
        let mut words: Vec<(&String, f64)> =
            category.words.iter().filter(|(w, _)| found.contains(*w)).map(|(w, v)| (w, *v)).collect();
        words.sort_by(|a, b| b.1.total_cmp(&a.1));
        let words = words.into_iter().take(4).map(|(w, _)| w.clone()).collect();
        Some(Chosen { name: category.name.clone(), share: best / sum, words })
    }
}

/// Words of at least four letters; a plural and its singular are one.
fn telling(text: &str) -> impl Iterator<Item = String> {
    let plain = plain(text);
    let words: Vec<String> = plain
        .split(' ')
        .filter(|w| w.len() >= 4 && !w.contains(|c: char| c.is_ascii_digit()))
        .map(|w| w.strip_suffix('s').filter(|s| s.len() >= 4).unwrap_or(w).to_owned())
        .collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::PageText;
    use docmill_contracts::{TextSource, Word};

    const SET: &str = r#"{"name": "costs", "categories": [
        {"name": "Energy", "description": "electricity, gas and heating", "examples": ["Stadtwerke electricity invoice kWh"]},
        {"name": "Office", "description": "paper, toner and furniture"}]}"#;

    fn page(text: &str) -> Layout {
        let words = text.split(' ').enumerate().map(|(i, w)| {
            let x = 40.0 * i as f32;
            Word { text: w.into(), bbox: [x, 10.0, x + 30.0, 20.0], confidence: 1.0, line: 0 }
        });
        Layout::of(&PageText {
            page_no: 1,
            width: 595.0,
            height: 842.0,
            source: TextSource::TextLayer,
            words: words.collect(),
        })
    }

    #[test]
    fn a_document_gets_the_category_whose_words_it_has() {
        let set = CategorySet::parse(SET.as_bytes()).unwrap();
        let chosen = set.choose(&[page("Invoice for papers and toner")]).unwrap();
        assert_eq!((chosen.name.as_str(), chosen.words.len()), ("Office", 2));
        assert_eq!(set.choose(&[page("Electricity 340 kWh")]).unwrap().name, "Energy");
        assert_eq!(set.choose(&[page("Hello world")]), None);
    }

    #[test]
    fn what_is_no_category_set_is_refused() {
        let error = |json: &str| CategorySet::parse(json.as_bytes()).unwrap_err();
        assert!(matches!(error("{"), CategoriesError::Form { line: 1, .. }));
        assert_eq!(error(r#"{"categories": []}"#), CategoriesError::Count { count: 0 });
        assert_eq!(error(r#"{"categories": [{"name": " "}]}"#), CategoriesError::Count { count: 0 });
    }
}
