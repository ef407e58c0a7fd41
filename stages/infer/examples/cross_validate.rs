//! Development tool: cross-validates on words that were read before.
//!
//! `cross_validate WORDS.jsonl TRUTH.jsonl [--schema FILE] [--groups FILE.tsv] [--folds N] [--l2 X] [--wrong N]`

#![allow(clippy::print_stdout)] // a command-line tool

use docmill_infer::schema::Schema;
use docmill_infer::train::truth::Truth;
use docmill_infer::train::words::DocumentWords;
use docmill_infer::train::{Example, FieldReport, Settings, Task, cross_validate, truth, words};
use docmill_learn::Folds;
use std::collections::{BTreeMap, HashMap};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let after = |flag: &str| args.iter().position(|a| a == flag).and_then(|i| args.get(i + 1));
    let task = match after("--schema") {
        Some(path) => Task::of_schema(&Schema::parse(&std::fs::read(path)?)?),
        None => Task::built_in(),
    };
    let mut documents: HashMap<String, DocumentWords> = HashMap::new();
    for line in std::fs::read_to_string(&args[1])?.lines() {
        let document = words::from_line(line)?;
        documents.insert(base(&document.name), document);
    }
    let truths: Result<Vec<Truth>, _> = std::fs::read_to_string(&args[2])?.lines().map(truth::from_line).collect();
    let mut settings = Settings::default();
    if let Some(l2) = after("--l2") {
        settings.l2 = l2.parse()?;
    }
    if let Some(absent) = after("--absent") {
        settings.absent = absent.parse()?;
    }
    let groups: BTreeMap<String, String> = match after("--groups") {
        Some(path) => std::fs::read_to_string(path)?
            .lines()
            .filter_map(|l| l.split_once('\t'))
            .map(|(file, group)| (base(file), group.to_owned()))
            .collect(),
        None => BTreeMap::new(),
    };
    let started = std::time::Instant::now();
    let mut examples = Vec::new();
    let mut pages = 0;
    for mut truth in truths? {
        let Some(document) = documents.get(&base(&truth.name)) else {
            println!("no words of {}", truth.name);
            continue;
        };
        pages += document.pages.len();
        if let Some(group) = groups.get(&base(&truth.name)) {
            truth.group.clone_from(group);
        }
        examples.push(Example::of(truth, &document.pages, &task, settings));
    }
    println!("{} examples, {pages} pages read in {:?}", examples.len(), started.elapsed());
    let folds: usize = after("--folds").map_or(Ok(10), |f| f.parse())?;
    let names: Vec<&str> = examples.iter().map(|e| e.truth.group.as_str()).collect();
    let folds = Folds::grouped(&names, folds);
    let started = std::time::Instant::now();
    let report = cross_validate(&task, &examples, &folds, None, settings);
    println!("{} folds in {:?}", folds.len(), started.elapsed());
    for f in report.fields.iter().chain([&report.all]) {
        line(f);
    }
    for (p, s) in docmill_infer::train::cross::PRECISIONS.iter().zip(&report.documents) {
        println!("documents at {p}: {:.3} accepted, precision {:.3}", s.accepted, s.precision);
    }
    let most: usize = after("--wrong").map_or(Ok(0), |w| w.parse())?;
    for o in report.outcomes.iter().filter(|o| !o.right).take(most) {
        let (example, want) = (&examples[o.example], &task.wants[o.field]);
        println!(
            "{} {} want {:?} got {:?} possible {} confidence {:.2} {:.1?}",
            example.truth.name, want.name, example.truth.fields[&want.name], o.found, o.possible, o.confidence, o.numbers
        );
    }
    Ok(())
}

fn line(f: &FieldReport) {
    let [a, b, c] = f.straight.map(|s| format!("{:.2}/{:.3}", s.accepted, s.precision));
    println!(
        "{:20} n {:4} possible {:.3} F1 {:.4} ECE {:.3} accepted/precision at 95 {a} 98 {b} 99 {c}",
        f.name, f.n, f.possible, f.f1, f.calibration_error
    );
}

fn base(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}
