//! Who may depend on what: the layers of docs/ARCHITECTURE.md, held by the manifests.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

/// A dependency and the only packages that may name it.
const ONLY: [(&str, &[&str]); 3] = [
    ("rdkafka", &["crates/transport-kafka"]),
    ("rusqlite", &["crates/transport-embedded", "crates/states"]),
    ("pdfium-render", &["stages/render", "crates/sandbox"]),
];

/// A package and what it must never depend on.
const NEVER: [(&str, &[&str]); 3] = [
    ("crates/contracts", &["tokio", "reqwest", "object_store", "docmill-runtime"]),
    ("crates/document", &["tokio", "reqwest", "object_store", "docmill-runtime", "docmill-contracts"]),
    (
        "crates/runtime",
        &[
            "reqwest",
            "object_store",
            "docmill-transport-kafka",
            "docmill-transport-embedded",
            "docmill-service",
        ],
    ),
];

#[test]
fn packages_depend_only_on_what_their_layer_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut mistakes = Vec::new();
    for folder in ["crates", "stages"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let package = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            let dependencies = dependencies(&path.join("Cargo.toml"));
            for (name, owners) in ONLY {
                if dependencies.contains(name) && !owners.contains(&package.as_str()) {
                    mistakes.push(format!("{package} names {name}, which only {owners:?} may"));
                }
            }
            for (_, banned) in NEVER.iter().filter(|(p, _)| *p == package) {
                for name in banned.iter().filter(|name| dependencies.contains(**name)) {
                    mistakes.push(format!("{package} must not depend on {name}"));
                }
            }
            if folder == "stages" {
                for name in ["docmill-transport-kafka", "docmill-transport-embedded"] {
                    if dependencies.contains(name) {
                        mistakes.push(format!("{package} is a stage and must not know {name}"));
                    }
                }
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

/// Names of the normal dependencies of a manifest.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).unwrap();
    let value: toml::Table = text.parse().unwrap();
    value["dependencies"].as_table().unwrap().keys().cloned().collect()
}
