//! Agreement with the published cases of EN 16931, Peppol and XRechnung, and the speed of parsing and checking.
//!
//! A case is a line of a `cases.jsonl`: a file beside it, and rules with the outcome that their authors expect. It agrees
//! where every rule is known here and does what is expected of it; XML files that no case names are full examples.

mod archive;

use crate::{OpsError, ui};
use clap::Args;
use docmill_en16931::rules::{self, Finding, Set, Severity};
use docmill_en16931::{Document, invoice};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Flags of `docmill bench rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Folders or `.tar.xz` archives with a cases.jsonl.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Most disagreements that are listed.
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// How long the full examples are parsed and checked again for the speed, in seconds.
    #[arg(long, default_value_t = 3)]
    pub seconds: u64,
}

/// A line of cases.jsonl.
#[derive(Debug, Deserialize)]
struct Case {
    file: String,
    repo: String,
    source: String,
    expect: BTreeMap<String, Vec<Expected>>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    rule: String,
}

/// Checks and prints.
pub(super) fn run(args: &RulesArgs) -> Result<ExitCode, OpsError> {
    let mut files = BTreeMap::new();
    for path in &args.paths {
        archive::read(path, &mut files)?;
    }
    let known: HashSet<&str> =
        Set::ALL.iter().flat_map(|set| set.rules(false).chain(set.rules(true))).map(|rule| rule.id).collect();
    let mut tallies: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut disagreements = Vec::new();
    let mut used = HashSet::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with("cases.jsonl")) {
        let folder = name.strip_suffix("cases.jsonl").unwrap_or("");
        for (n, line) in bytes.split(|b| *b == b'\n').enumerate().filter(|(_, l)| !l.trim_ascii().is_empty())
        {
            let wrong = |e: serde_json::Error| OpsError::Usage(vec![format!("{name} line {}: {e}", n + 1)]);
            let case: Case = serde_json::from_slice(line).map_err(wrong)?;
            let path = format!("{folder}{}", case.file);
            let found = files.get(&path).map(|bytes| applied(bytes)).unwrap_or_default();
            let tally = tallies.entry(place(&case)).or_default();
            tally.1 += 1;
            let said: Vec<String> = case
                .expect
                .iter()
                .flat_map(|(outcome, rules)| rules.iter().map(move |rule| (outcome, rule)))
                .filter_map(|(outcome, rule)| disagreement(&rule.rule, outcome, &found, &known))
                .collect();
            if said.is_empty() {
                tally.0 += 1;
            } else {
                disagreements.push(format!("{}: {}", case.file, said.join("; ")));
            }
            used.insert(path);
        }
    }
    for (place, (agreed, all)) in &tallies {
        ui::say(format_args!("{place:<60} {agreed:>5} of {all:>5}"));
    }
    for line in disagreements.iter().take(args.limit) {
        ui::say(format_args!("  {line}"));
    }
    let examples: Vec<(&String, &Vec<u8>)> = files
        .iter()
        .filter(|(name, _)| name.to_ascii_lowercase().ends_with(".xml") && !used.contains(*name))
        .collect();
    full(&examples, args);
    let (agreed, all) = tallies.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let share = 100.0 * agreed as f64 / (all as f64).max(1.0);
    ui::say(format_args!("agreement {share:.1} % ({agreed} of {all})"));
    Ok(ExitCode::SUCCESS)
}

/// Repository and folder of a case.
fn place(case: &Case) -> String {
    let repo = case.repo.rsplit('/').next().unwrap_or(&case.repo);
    let folder = case.source.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{repo} {folder}")
}

/// Every rule that there is for the document, whatever it says that it follows: cases are fragments.
fn applied(bytes: &[u8]) -> Vec<Finding> {
    let Ok(document) = Document::parse(bytes) else { return Vec::new() };
    let invoice = invoice(&document);
    rules::check(&document, invoice.as_ref(), Set::of_root(document.root().name()))
}

fn disagreement(rule: &str, outcome: &str, found: &[Finding], known: &HashSet<&str>) -> Option<String> {
    if !known.contains(rule) {
        return Some(format!("{rule} is not known"));
    }
    let got = match found.iter().find(|f| f.rule.id == rule).map(|f| f.rule.severity) {
        None => "success",
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
    };
    (got != outcome).then(|| format!("{rule} is {got}, expected {outcome}"))
}

/// The full examples under the rules that they say they follow.
fn full(examples: &[(&String, &Vec<u8>)], args: &RulesArgs) {
    if examples.is_empty() {
        return;
    }
    let mut valid = 0;
    let mut bad = Vec::new();
    for (name, bytes) in examples {
        let errors = match checked(bytes) {
            Ok(findings) => ids(&findings),
            Err(error) => vec![error],
        };
        if errors.is_empty() {
            valid += 1;
        } else {
            bad.push(format!("{name}: {}", errors.join(" ")));
        }
    }
    ui::say(format_args!("full examples without an error: {valid} of {}", examples.len()));
    for line in bad.iter().take(args.limit) {
        ui::say(format_args!("  {line}"));
    }
    let (started, most) = (Instant::now(), Duration::from_secs(args.seconds.clamp(1, 600)));
    let (mut count, mut bytes_read) = (0_usize, 0_usize);
    while started.elapsed() < most {
        for (_, bytes) in examples {
            count += usize::from(std::hint::black_box(checked(bytes)).is_ok());
            bytes_read += bytes.len();
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    ui::say(format_args!(
        "parsed and checked on one thread: {:.0} documents/s, {:.1} MB/s",
        count as f64 / seconds,
        bytes_read as f64 / seconds / 1e6
    ));
}

fn checked(bytes: &[u8]) -> Result<Vec<Finding>, String> {
    let document = Document::parse(bytes).map_err(|e| e.to_string())?;
    let invoice = invoice(&document);
    Ok(rules::check(&document, invoice.as_ref(), &Set::of_document(&document)))
}

fn ids(findings: &[Finding]) -> Vec<String> {
    let errors = findings.iter().filter(|f| f.rule.severity == Severity::Error);
    errors.map(|f| f.rule.id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_agrees_where_its_rule_does_what_is_expected() {
        let known = HashSet::from(["BR-01", "BR-51"]);
        let found = applied(b"<Invoice><PaymentMeans><CardAccount><PrimaryAccountNumberID>12345678901</PrimaryAccountNumberID></CardAccount></PaymentMeans></Invoice>");
        let say = |rule, outcome| disagreement(rule, outcome, &found, &known);
        assert_eq!(say("BR-01", "error"), None);
        assert_eq!(say("BR-01", "success").unwrap(), "BR-01 is error, expected success");
        assert_eq!(say("BR-51", "warning"), None);
        assert_eq!(say("BR-51", "error").unwrap(), "BR-51 is warning, expected error");
        assert_eq!(say("BR-00", "success").unwrap(), "BR-00 is not known");
    }
}
