//! Development tool: cross-validates on words that were read before.
//!
//! `cross_validate WORDS.jsonl TRUTH.jsonl [--schema FILE] [--groups FILE.tsv] [--folds N] [--l2 X] [--wrong N]`

#![allow(clippy::print_stdout)] // a command-line tool

use docmill_infer::schema::Schema;
use docmill_infer::train::truth::Truth;
use docmill_infer::train::words::DocumentWords;
use docmill_infer::train::{
    Example, FieldReport, Settings, Task, compare_families, cross_validate, train, truth, words,
};
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
    let truths: Result<Vec<Truth>, _> =
        std::fs::read_to_string(&args[2])?.lines().map(truth::from_line).collect();
    let mut settings = Settings::default();
    if let Some(l2) = after("--l2") {
        settings.l2 = l2.parse()?;
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
    for path in args.iter().zip(args.iter().skip(1)).filter(|(a, _)| *a == "--teach").map(|(_, p)| p) {
        for truth in std::fs::read_to_string(path)?.lines().map(truth::from_line) {
            let truth = truth?;
            let Some(document) = documents.get(&base(&truth.name)) else { continue };
            let mut example = Example::of(truth, &document.pages, &task, settings);
            example.teaches_only = true;
            examples.push(example);
        }
    }
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
    let made: u64 = after("--synthetic").map_or(Ok(0), |f| f.parse())?;
    for seed in 0..made {
        let mut example = Example::made_up(seed, &task, settings);
        // Times the usual weight of its kind.
        example.weight *= after("--weight").map_or(Ok(1.0), |f| f.parse::<f32>())?;
        examples.push(example);
    }
    println!("{} examples, {pages} pages read in {:?}", examples.len(), started.elapsed());
    let folds: usize = after("--folds").map_or(Ok(10), |f| f.parse())?;
    let names: Vec<&str> = examples.iter().map(|e| e.truth.group.as_str()).collect();
    let folds = Folds::grouped(&names, folds);
    if let Some(out) = after("--out") {
        let all: Vec<&Example> = examples.iter().collect();
        let mut model = train(&task, &all, None, settings);
        let report = cross_validate(&task, &examples, &folds, None, settings);
        for (name, platt) in docmill_infer::train::cross::calibrations(&report) {
            if let Some(scorer) = model.scorers.get_mut(&name) {
                scorer.platt = platt;
            }
        }
        let bytes = model.to_bytes()?;
        println!("{} bytes", bytes.len());
        std::fs::write(out, bytes)?;
    }
    if args.iter().any(|a| a == "--compare") {
        for (name, n, [a, b, c]) in compare_families(&task, &examples, &folds, settings) {
            println!("{name:20} n {n:4} linear {a:.4} trees {b:.4} both {c:.4}");
        }
        return Ok(());
    }
    let started = std::time::Instant::now();
    let report = cross_validate(&task, &examples, &folds, None, settings);
    println!("{} folds in {:?}", folds.len(), started.elapsed());
    for f in report.fields.iter().chain([&report.all]) {
        line(f);
    }
    for (p, s) in docmill_infer::train::cross::PRECISIONS.iter().zip(&report.documents) {
        println!("documents at {p}: {:.3} accepted, precision {:.3}", s.accepted, s.precision);
    }
    let right = report.types.iter().filter(|t| t.2).count();
    println!("type {} of {} right", right, report.types.len());
    for (i, found, _) in report.types.iter().filter(|t| !t.2) {
        println!("  type of {}: {:?}, found {found}", examples[*i].truth.name, examples[*i].truth.kind);
    }
    if let Some(path) = after("--dump") {
        let lines: Vec<String> = report
            .outcomes
            .iter()
            .map(|o| {
                let name = &examples[o.example].truth.name;
                let found = o.found.is_some();
                format!(
                    "{name}\t{}\t{}\t{}\t{}\t{:?}\t{found}",
                    o.scorer, o.fold, o.confidence, o.right, o.numbers
                )
            })
            .collect();
        std::fs::write(path, lines.join("\n"))?;
    }
    let most: usize = after("--wrong").map_or(Ok(0), |w| w.parse())?;
    for o in report.outcomes.iter().filter(|o| !o.right).take(most) {
        let (example, want) = (&examples[o.example], &task.wants[o.field]);
        println!(
            "{} {} want {:?} got {:?} possible {} confidence {:.2} {:.1?}",
            example.truth.name,
            want.name,
            example.truth.fields[&want.name],
            o.found,
            o.possible,
            o.confidence,
            o.numbers
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
