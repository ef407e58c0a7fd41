//! Odd, broken and hostile PDFs through the render stage: each ends in time, and what others open is opened, or refused
//! with a reason.

use super::reading::{Read, Reading};
use crate::{OpsError, columns, ui};
use clap::Args;
use docmill_contracts::{Class, ProcessingOptions};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Flags of `docmill bench robustness`.
#[derive(Debug, Args)]
pub struct RobustnessArgs {
    /// Folder with `MANIFEST.tsv`, whose columns `file`, `opens_in_poppler` and `encrypted` are read, and the files.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// List every document that ended otherwise than poppler would have it.
    #[arg(long)]
    pub list: bool,
}

/// A line of the manifest.
struct Entry {
    file: PathBuf,
    name: String,
    poppler: String,
}

/// Measures and prints; exit code 1 where the stage itself failed, or was confused.
pub(super) async fn run(args: RobustnessArgs) -> Result<ExitCode, OpsError> {
    let entries = manifest(&args)?;
    let reading = Reading::new("bench-robustness")?;
    let mut classes: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut times = Vec::with_capacity(entries.len());
    let (mut differing, mut faults) = (Vec::new(), 0);
    for entry in &entries {
        let head = reading.head(&args.folder.join(&entry.file), ProcessingOptions::default()).await?;
        let read = reading.read(head).await?;
        let (class, opened) = class(&read);
        faults += usize::from(errors(&read).any(|e| e.class != Class::Input));
        if opened != (entry.poppler == "yes") {
            let why = errors(&read).next().map(|e| format!("{} {}", e.code, e.message)).unwrap_or_default();
            differing.push([entry.name.clone(), entry.poppler.clone(), class.clone(), why]);
        }
        times.push((read.took, entry.name.clone()));
        *classes.entry((class, entry.poppler.clone())).or_default() += 1;
    }
    let rows: Vec<[String; 3]> =
        classes.into_iter().map(|((class, poppler), n)| [class, poppler, n.to_string()]).collect();
    ui::say(columns::render(["docmill", "opens in poppler", "documents"], &rows));
    if args.list && !differing.is_empty() {
        ui::say(columns::render(["document", "poppler", "docmill", "why"], &differing));
    }
    times.sort();
    let at = |share: f64| {
        let index = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len()) - 1;
        times.get(index).map_or(Duration::ZERO, |(t, _)| *t).as_secs_f64() * 1000.0
    };
    let slowest = times.last().map_or("", |(_, name)| name.as_str());
    ui::say(format_args!(
        "{} documents; ms a document: p50 {:.1}, p95 {:.1}, p99 {:.1}, slowest {:.1} ({slowest}); {} differ from poppler; \
         {faults} faults of the stage",
        entries.len(),
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0),
        differing.len(),
    ));
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn errors(read: &Read) -> impl Iterator<Item = &docmill_contracts::ErrorInfo> {
    read.refused.iter().chain(read.pages.iter().filter_map(|p| p.error.as_ref()))
}

/// What became of a document, and whether anything of it can be read.
fn class(read: &Read) -> (String, bool) {
    if let Some(error) = &read.refused {
        return (format!("refused, {}", error.code), false);
    }
    let failed: Vec<&str> =
        read.pages.iter().filter_map(|p| p.error.as_ref()).map(|e| e.code.as_str()).collect();
    match failed.first() {
        None => ("read".to_owned(), true),
        Some(code) if failed.len() == read.pages.len() => (format!("no page can be read, {code}"), false),
        Some(code) => (format!("some pages cannot be read, {code}"), true),
    }
}

fn manifest(args: &RobustnessArgs) -> Result<Vec<Entry>, OpsError> {
    let path = args.folder.join("MANIFEST.tsv");
    let text = std::fs::read_to_string(&path).map_err(|e| OpsError::io("read", &path, e))?;
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| {
        let missing = || OpsError::Usage(vec![format!("{} has no column `{name}`", path.display())]);
        heads.iter().position(|h| *h == name).ok_or_else(missing)
    };
    let (file, poppler, encrypted) = (column("file")?, column("opens_in_poppler")?, column("encrypted")?);
    let name = heads.iter().position(|h| *h == "name").unwrap_or(file);
    Ok(lines
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let cell = |i: usize| cells.get(i).copied().unwrap_or_default().to_owned();
            let encrypted = if cell(encrypted) == "yes" { " (encrypted)" } else { "" };
            (!cell(file).is_empty()).then(|| Entry {
                file: cell(file).into(),
                name: cell(name) + encrypted,
                poppler: cell(poppler),
            })
        })
        .collect())
}
