//! Values that a person reads on the page: are they in the text that docmill reads?

use super::reading::Reading;
use crate::{OpsError, ui};
use clap::Args;
use docmill_contracts::ProcessingOptions;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `docmill bench truth`.
#[derive(Debug, Args)]
pub struct TruthArgs {
    /// Folders with `MANIFEST.tsv`, `pdf/` and `truth/`.
    #[arg(required = true, value_name = "FOLDERS")]
    pub folders: Vec<PathBuf>,
    /// Look at scans, of which the manifest's notes say `scanned=yes`, instead of all others.
    #[arg(long)]
    pub scanned: bool,
}

/// Counts and prints; exit code 1 where a value is missing from a page that was read from its text layer.
pub(super) async fn run(args: TruthArgs) -> Result<ExitCode, OpsError> {
    let reading = Reading::new("bench-truth")?;
    let (mut documents, mut empty, mut found, mut total, mut for_ocr) = (0, 0, 0, 0, 0);
    let mut missing = Vec::new();
    for folder in &args.folders {
        for file in listed(folder, args.scanned)? {
            let truth =
                folder.join("truth").join(file.file_stem().unwrap_or_default()).with_extension("json");
            let values = values(&truth)?;
            let head = reading.head(&folder.join(&file), ProcessingOptions::default()).await?;
            let read = reading.read(head).await?;
            let mut text = String::new();
            let mut ocr = 0;
            for page in &read.pages {
                match reading.text(page).await? {
                    Some(words) => text += &words,
                    None if page.image.is_some() => ocr += 1,
                    None => {}
                }
                text.push('\n');
            }
            let text = squeezed(&text);
            documents += 1;
            for_ocr += ocr;
            empty += usize::from(text.is_empty());
            for (name, value) in values {
                total += 1;
                if text.contains(&squeezed(&value)) {
                    found += 1;
                } else {
                    missing.push(format!("{}: {name} ({ocr} pages are for OCR)", file.display()));
                }
            }
        }
    }
    missing.iter().for_each(ui::say);
    ui::say(format_args!(
        "{documents} documents, {empty} without text, {for_ocr} pages for OCR: {found} of {total} values are in the text"
    ));
    Ok(if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Files of a manifest, by whether they are scans.
fn listed(folder: &Path, scanned: bool) -> Result<Vec<PathBuf>, OpsError> {
    let path = folder.join("MANIFEST.tsv");
    let text = std::fs::read_to_string(&path).map_err(|e| OpsError::io("read", &path, e))?;
    Ok(text
        .lines()
        .skip(1)
        .filter(|line| line.contains("scanned=yes") == scanned)
        .filter_map(|line| Some(PathBuf::from(line.split('\t').next()?)))
        .collect())
}

/// Values by name, as they stand on the page; none where there is no truth.
fn values(path: &Path) -> Result<Vec<(String, String)>, OpsError> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(Vec::new()) };
    let truth: Value =
        serde_json::from_str(&text).map_err(|e| OpsError::Usage(vec![format!("{}: {e}", path.display())]))?;
    let text = |v: &Value| v.as_str().filter(|s| !s.is_empty()).map(str::to_owned);
    if let Some(raw) = truth.get("fields_raw").and_then(Value::as_object) {
        return Ok(raw.iter().filter_map(|(name, v)| Some((name.clone(), text(v)?))).collect());
    }
    let visible = |name: &str| truth.pointer(&format!("/visible_on_page/{name}")).and_then(Value::as_bool);
    let names = ["invoice_number", "seller_name", "buyer_name"].into_iter();
    let shown = names.filter(|name| visible(name) == Some(true));
    Ok(shown.filter_map(|name| Some((name.to_owned(), text(truth.get(name)?)?))).collect())
}

/// Without white space and case.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_that_can_be_seen() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text| {
            let path = folder.path().join("a.json");
            std::fs::write(&path, text).unwrap();
            values(&path).unwrap()
        };
        assert_eq!(write(r#"{"fields_raw":{"a":"1","b":"","c":null}}"#), [("a".to_owned(), "1".to_owned())]);
        let visible = r#"{"invoice_number":"7","seller_name":"S","visible_on_page":{"invoice_number":true}}"#;
        assert_eq!(write(visible), [("invoice_number".to_owned(), "7".to_owned())]);
        assert_eq!(squeezed("A b\nC"), "abc");
    }
}
