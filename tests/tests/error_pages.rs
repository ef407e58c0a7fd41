//! Every error code of the sources has a page in docs/errors, and every page has a code.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Packages whose literals nobody meets: numbers of sample documents, and faults that the simulation makes up.
const NOT_SEARCHED: [&str; 2] = ["crates/samples", "crates/sim"];

#[test]
fn every_error_code_has_a_page_and_every_page_a_code() {
    let root = root();
    let mut codes: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in ["crates", "stages", "ops"] {
        for file in sources(&root.join(folder)) {
            let name = file.strip_prefix(&root).unwrap().to_path_buf();
            if NOT_SEARCHED.iter().any(|skipped| name.starts_with(skipped)) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            for code in codes_of(&text) {
                codes.entry(code).or_insert_with(|| name.clone());
            }
        }
    }
    assert!(codes.len() > 10, "the search finds only {codes:?}");

    let pages: BTreeSet<String> = std::fs::read_dir(root.join("docs/errors"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|stem| stem != "README")
        .collect();

    let mut mistakes = Vec::new();
    for (code, file) in &codes {
        if !pages.contains(code) {
            mistakes.push(format!("{code} ({}) has no page docs/errors/{code}.md", file.display()));
        }
    }
    for page in &pages {
        if !codes.contains_key(page) {
            mistakes.push(format!("docs/errors/{page}.md is about a code that no source has"));
        }
        let text = std::fs::read_to_string(root.join(format!("docs/errors/{page}.md"))).unwrap();
        let title = text.lines().next().unwrap_or_default();
        if !title.starts_with(&format!("# {page}")) {
            mistakes.push(format!("docs/errors/{page}.md does not begin with `# {page}`"));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn the_search_sees_codes_and_nothing_else() {
    let text = r#"
        Self::Full => "LOG-0003", // "OLD-0001" in a comment counts: it is quoted like a code
        let rule = "BR-CO-15"; let date = "2025-0001"; let number = "see LOG-0004"; let short = "LOG-004";
        #[cfg(test)]
        mod tests { const X: &str = "TEST-0001"; }
    "#;
    assert_eq!(codes_of(text), ["LOG-0003", "OLD-0001"]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Rust files below a folder that are no tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !matches!(name, "tests" | "target" | "examples") {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    files
}

/// String literals that are a code and nothing else, before the tests of the file.
fn codes_of(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut codes: Vec<String> = text.split('"').filter(|piece| is_code(piece)).map(str::to_owned).collect();
    codes.dedup();
    codes
}

/// Two to ten capital letters, a dash, four digits.
fn is_code(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        (2..=10).contains(&area.len())
            && area.bytes().all(|b| b.is_ascii_uppercase())
            && number.len() == 4
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}
