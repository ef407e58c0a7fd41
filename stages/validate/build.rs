//! Puts the names of the pages of docs/errors into the stage: docmill's own codes, so that settings which name another are refused.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../docs/errors");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut codes = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "md") && name != "README" {
            codes.push(name.to_owned());
        }
    }
    codes.sort();
    let mut table = String::from("&[\n");
    for code in &codes {
        writeln!(table, "    {code:?},")?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("codes.rs"), table)?;
    Ok(())
}
