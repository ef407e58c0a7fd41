//! Pages by the engine that read them, from the results.

use crate::OpsError;
use crate::desk::{Desk, Name};
use docmill_contracts::{DocumentResult, PageSummary, RecordKind, TextSource};
use docmill_runtime::transport::ReadFrom;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// Pages of the last revision of each document, by engine.
#[derive(Debug, Default)]
pub(crate) struct Engines(HashMap<u64, (i32, BTreeMap<String, usize>)>);

impl Engines {
    fn learn(&mut self, result: &DocumentResult) {
        let mut hash = DefaultHasher::new();
        Name::new(&result.tenant, &result.document_id).hash(&mut hash);
        let entry = self.0.entry(hash.finish()).or_default();
        if result.revision >= entry.0 {
            let mut pages = BTreeMap::new();
            for page in &result.pages {
                *pages.entry(engine(page)).or_default() += 1;
            }
            *entry = (result.revision, pages);
        }
    }

    /// Pages by engine: `ppocr`, `remote`, `text layer`, …
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (engine, pages) in self.0.values().flat_map(|(_, pages)| pages) {
            *counts.entry(engine.clone()).or_default() += pages;
        }
        counts
    }
}

fn engine(page: &PageSummary) -> String {
    match (&page.error, page.text_source) {
        (Some(_), _) => "not read".to_owned(),
        (None, TextSource::TextLayer) => "text layer".to_owned(),
        (None, TextSource::Ocr) => page.engine.clone(),
        (None, TextSource::None) => "empty".to_owned(),
    }
}

pub(crate) async fn read(desk: &Desk) -> Result<Engines, OpsError> {
    let mut engines = Engines::default();
    let Some(topic) = desk.topic_of(RecordKind::DocumentResult) else { return Ok(engines) };
    let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
    while let Some((_, records)) = scan.next().await? {
        for value in records.into_iter().filter_map(|r| r.value) {
            if let Some(result) = desk.read::<DocumentResult>(&value).await? {
                engines.learn(&result);
            }
        }
    }
    Ok(engines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::samples::result;
    use docmill_contracts::ResultStatus;

    fn page(text_source: TextSource, engine: &str) -> PageSummary {
        PageSummary {
            page: 1,
            width: 1.0,
            height: 1.0,
            text_source,
            engine: engine.to_owned(),
            confidence: None,
            error: None,
            text_reason: None,
        }
    }

    #[test]
    fn the_last_revision_of_a_document_counts() {
        let mut engines = Engines::default();
        for (id, revision, pages) in [
            ("a", 1, vec![page(TextSource::Ocr, "ppocr"), page(TextSource::TextLayer, "pdfium")]),
            ("a", 2, vec![page(TextSource::Ocr, "remote"), page(TextSource::TextLayer, "pdfium")]),
            ("a", 1, vec![page(TextSource::Ocr, "ppocr")]),
            ("b", 1, vec![page(TextSource::Ocr, "ppocr"), page(TextSource::None, "")]),
        ] {
            let result = result("t", id, revision, ResultStatus::Accepted, "invoice", "1");
            engines.learn(&DocumentResult { pages, ..result });
        }
        let counts: Vec<(String, usize)> = engines.counts().into_iter().collect();
        let expected = [("empty", 1), ("ppocr", 1), ("remote", 1), ("text layer", 1)];
        assert_eq!(counts, expected.map(|(engine, n)| (engine.to_owned(), n)));
    }
}
