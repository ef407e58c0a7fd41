//! docs/config.md has every field with its default, as the processes print them.

#![allow(clippy::unwrap_used)]

use docmill_tests::{program, workspace};
use serde_json::Value;
use std::process::Command;

fn fields(prefix: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                fields(&path, value, found);
            }
        }
        Value::Null => found.push((prefix.to_owned(), "none".to_owned())),
        other => found.push((prefix.to_owned(), other.to_string())),
    }
}

#[test]
fn the_configuration_page_is_true() {
    let page = std::fs::read_to_string(workspace().join("docs/config.md")).unwrap();
    let mut all = 0;
    for stage in ["ingest", "render", "ocr", "infer", "validate", "sink"] {
        let printed = Command::new(program(&format!("docmill-{stage}")))
            .arg("--print-config")
            .env_clear()
            .output()
            .unwrap();
        let mut config: Value = serde_json::from_slice(&printed.stdout).unwrap();
        let own = config.as_object_mut().unwrap().remove("stage").unwrap();
        config.as_object_mut().unwrap().remove("stages");
        let mut found = Vec::new();
        fields("", &config, &mut found);
        fields("stages", &own, &mut found);
        for (path, default) in found {
            let row = format!("| `{path}` | `");
            let line = page.lines().find(|l| l.starts_with(&row));
            assert!(line.is_some(), "docs/config.md lacks {path}");
            // The folder of blobs depends on the user's home.
            let same = path == "blobs.folder" || line.unwrap().starts_with(&format!("{row}{default}` |"));
            assert!(same, "docs/config.md has another default than {default} for {path}");
            all += 1;
        }
    }
    assert!(all > 90, "{all}");
}
