//! Labels of a model, and the entities that labelled words make up.
//!
//! Owns the reading of `config.json` and the BIO schemes. Knows no page. Rule: words belong to one entity while their labels say
//! so; how sure an entity is is how sure its words are on average.

use super::LayoutLmError;
use super::batch::Scores;
use serde_json::Value;
use std::path::Path;

/// Labels of the outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) ner: Vec<String>,
    pub(crate) table: Option<Vec<String>>,
    pub(crate) cell: Option<Vec<String>>,
}

/// Most labels of one output.
const MAX_LABELS: usize = 10_000;

impl Labels {
    /// Reads `id2label`, and `table_labels` and `cell_labels` where there are such outputs.
    pub(crate) fn load(path: &Path) -> Result<Self, LayoutLmError> {
        let wrong = |reason| LayoutLmError::Labels { path: path.to_owned(), reason };
        let size = std::fs::metadata(path).map_err(|_| wrong("the file cannot be read"))?.len();
        if size > 4 << 20 {
            return Err(wrong("the file has more than 4 MiB"));
        }
        let bytes = std::fs::read(path).map_err(|_| wrong("the file cannot be read"))?;
        let root: Value = serde_json::from_slice(&bytes).map_err(|_| wrong("the file is no JSON"))?;
        let list = |value: &Value| -> Option<Vec<String>> {
            let texts = value.as_array()?.iter().map(|v| v.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().filter(|l| !l.is_empty() && l.len() <= MAX_LABELS)
        };
        let ner = by_id(&root["id2label"]).or_else(|| list(&root)).filter(|l| l.len() <= MAX_LABELS);
        let ner = ner.ok_or_else(|| wrong("`id2label` is no map from 0, 1, … to texts"))?;
        let optional = |name: &str| match &root[name] {
            Value::Null => Ok(None),
            value => list(value)
                .map(Some)
                .ok_or_else(|| wrong("`table_labels` and `cell_labels` are lists of texts")),
        };
        Ok(Self { ner, table: optional("table_labels")?, cell: optional("cell_labels")? })
    }
}

fn by_id(map: &Value) -> Option<Vec<String>> {
    let map = map.as_object().filter(|m| !m.is_empty())?;
    (0..map.len()).map(|i| map.get(&i.to_string())?.as_str().map(str::to_owned)).collect()
}

/// The likeliest label of a token, and how likely it is.
pub(crate) fn best(scores: &[f32]) -> Option<(usize, f64)> {
    let (index, top) = scores.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let sum: f64 = scores.iter().map(|s| f64::from(s - top).exp()).sum();
    Some((index, 1.0 / sum))
}

/// The label of one word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Labelled {
    pub(crate) label: usize,
    pub(crate) confidence: f64,
}

/// Words under one label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entity {
    /// Without its B- or I-.
    pub(crate) label: String,
    /// Words of the page, in order.
    pub(crate) words: std::ops::Range<usize>,
    pub(crate) confidence: f64,
}

/// Label of each word, from the token that speaks for it.
pub(crate) fn of_words(speakers: &[Option<(usize, usize)>], windows: &[&Scores]) -> Vec<Option<Labelled>> {
    let label = |s: &Option<(usize, usize)>| {
        let (window, token) = (*s)?;
        let (label, confidence) = best(windows.get(window)?.token(token))?;
        Some(Labelled { label, confidence })
    };
    speakers.iter().map(label).collect()
}

/// Entities of a page's words. Understands BIO, IOB, BIOES and BILOU, and labels without a prefix.
pub(crate) fn entities(words: &[Option<Labelled>], names: &[String]) -> Vec<Entity> {
    let mut out: Vec<Entity> = Vec::new();
    let mut open = false;
    for (at, word) in words.iter().enumerate() {
        let name = word.as_ref().and_then(|w| names.get(w.label)).map(String::as_str);
        let (Some(word), Some(name)) = (word, name.filter(|n| !n.eq_ignore_ascii_case("o"))) else {
            open = false;
            continue;
        };
        let (prefix, label) = split(name);
        let goes_on = open
            && !matches!(prefix, Some('B' | 'S' | 'U'))
            && out.last().is_some_and(|e| e.label == label && e.words.end == at);
        match out.last_mut().filter(|_| goes_on) {
            Some(entity) => {
                let n = entity.words.len() as f64;
                entity.confidence = (entity.confidence * n + word.confidence) / (n + 1.0);
                entity.words.end = at + 1;
            }
            None => {
                out.push(Entity { label: label.to_owned(), words: at..at + 1, confidence: word.confidence });
            }
        }
        open = !matches!(prefix, Some('E' | 'L' | 'S' | 'U'));
    }
    out
}

/// The prefix of a label, and the rest.
fn split(name: &str) -> (Option<char>, &str) {
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(p @ ('B' | 'I' | 'E' | 'S' | 'L' | 'U')), Some('-' | '_')) => (Some(p), chars.as_str()),
        _ => (None, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(labels: &[&str]) -> Vec<(String, std::ops::Range<usize>)> {
        let mut names: Vec<String> = labels.iter().map(|l| (*l).to_owned()).collect();
        names.sort();
        names.dedup();
        let word = |l: &&str| {
            let label = names.iter().position(|n| n == l).unwrap();
            Some(Labelled { label, confidence: 0.5 })
        };
        let words: Vec<_> = labels.iter().map(word).collect();
        entities(&words, &names).into_iter().map(|e| (e.label, e.words)).collect()
    }

    #[test]
    fn words_are_joined_as_their_labels_say() {
        let e = |label: &str, words| (label.to_owned(), words);
        assert_eq!(found(&["B-X", "I-X", "O", "I-X"]), [e("X", 0..2), e("X", 3..4)]);
        assert_eq!(found(&["B-X", "B-X", "I-Y"]), [e("X", 0..1), e("X", 1..2), e("Y", 2..3)]);
        assert_eq!(found(&["B-X", "E-X", "I-X", "S-X"]), [e("X", 0..2), e("X", 2..3), e("X", 3..4)]);
        assert_eq!(found(&["TOTAL", "TOTAL", "O"]), [e("TOTAL", 0..2)]);
    }

    #[test]
    fn probabilities_sum_to_one() {
        let (index, p) = best(&[0.0, 1.0, 0.0]).unwrap();
        assert!(index == 1 && (p - 1.0_f64.exp() / (1.0_f64.exp() + 2.0)).abs() < 1e-6);
        assert_eq!(best(&[]), None);
        // Large logits do not overflow.
        assert_eq!(best(&[1000.0, -1000.0]), Some((0, 1.0)));
    }
}
