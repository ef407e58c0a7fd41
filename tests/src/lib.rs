//! What whole-system tests share: the programs, a real Kafka of their own, results.
//!
//! Owns how programs are found and started. Everything runs on loopback and ends with the test process.

mod kafka;
mod programs;

pub use kafka::{Kafka, kafka};
pub use programs::{Ended, docmill, program, run, workspace};

use std::collections::BTreeMap;
use std::path::Path;

/// Results of a `results.jsonl` by file name, in the order of their lines.
pub fn results(folder: &Path) -> Vec<(String, serde_json::Value)> {
    let text = std::fs::read_to_string(folder.join("results.jsonl")).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .map(|r| (r["source"]["name"].as_str().unwrap_or_default().to_owned(), r))
        .collect()
}

/// Status and field values of each result: what must be the same on every transport.
pub fn essence(
    results: &[(String, serde_json::Value)],
) -> BTreeMap<String, (String, BTreeMap<String, String>)> {
    results
        .iter()
        .map(|(name, r)| {
            let fields = r["fields"].as_object().into_iter().flatten();
            let values = fields.map(|(k, f)| (k.clone(), f["value"].as_str().unwrap_or_default().to_owned()));
            (name.clone(), (r["status"].as_str().unwrap_or_default().to_owned(), values.collect()))
        })
        .collect()
}
