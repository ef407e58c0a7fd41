//! `docmill run --formats markdown,layout` on the samples with a text layer: the files stand beside the results.

#![allow(clippy::unwrap_used)]

use docmill_tests::{docmill, results, run, workspace};
use serde_json::Value;

/// Markdown of the samples as it is meant to be. `DOCMILL_BLESS=1` writes it anew, to be looked at before it is committed.
#[test]
fn markdown_and_layout_of_the_samples_are_as_they_should_be() {
    let (dir, samples) = (tempfile::tempdir().unwrap(), workspace().join("samples"));
    let names = ["invoice-en.pdf", "invoice-de-facturx.pdf"];
    let mut command = docmill();
    command.args(["run", "--formats", "json,markdown,layout", "--out"]).arg(dir.path());
    let ended = run(command.args(names.map(|n| samples.join(n))));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let found = results(dir.path());
    assert_eq!(found.len(), names.len());
    for (name, result) in &found {
        let id = result["document_id"].as_str().unwrap();
        let file =
            |end: &str| std::fs::read_to_string(dir.path().join(format!("documents/{id}.{end}"))).unwrap();
        let (markdown, layout) = (file("md"), file("layout.json"));
        for (format, text) in [("layout", &layout), ("markdown", &markdown)] {
            let artifact =
                result["artifacts"].as_array().unwrap().iter().find(|a| a["format"] == format).unwrap();
            assert_eq!(artifact["bytes"], text.len(), "{name}: {artifact}");
        }

        let golden = workspace().join(format!("tests/golden/{}.md", name.trim_end_matches(".pdf")));
        if std::env::var("DOCMILL_BLESS").is_ok_and(|v| v == "1") {
            std::fs::write(&golden, &markdown).unwrap();
        }
        assert_eq!(markdown, std::fs::read_to_string(&golden).unwrap(), "{name}");

        let layout: Value = serde_json::from_str(&layout).unwrap();
        let pages = layout["pages"].as_array().unwrap();
        assert_eq!(pages.len(), result["pages"].as_array().unwrap().len());
        for page in pages {
            // Every word of the page, each once.
            let mut words: Vec<u64> = Vec::new();
            collect(page, &mut words);
            words.sort_unstable();
            assert_eq!(words, (0..words.len() as u64).collect::<Vec<_>>(), "{name}");
        }
    }
}

/// The places of words in all lines below.
fn collect(value: &Value, words: &mut Vec<u64>) {
    match value {
        Value::Object(map) => {
            if let Some(own) = map.get("words").and_then(Value::as_array) {
                words.extend(own.iter().filter_map(Value::as_u64));
            }
            map.values().for_each(|v| collect(v, words));
        }
        Value::Array(all) => all.iter().for_each(|v| collect(v, words)),
        _ => {}
    }
}
