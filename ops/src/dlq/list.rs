//! `docmill dlq list`.

use super::{Letter, Letters, ListArgs, letters};
use crate::desk::Desk;
use crate::{OpsError, columns, time, ui};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

pub(super) async fn run(args: ListArgs) -> Result<ExitCode, OpsError> {
    let desk = Desk::open(&args.log, "docmill-dlq").await?;
    let found = letters(&desk, &args.filter).await?;
    let mut shown: Vec<&Letter> =
        if args.all { found.letters.iter().collect() } else { found.open().collect() };
    let counts = counts(&shown);
    let total = shown.len();
    shown.sort_by_key(|l| std::cmp::Reverse(l.at));
    shown.truncate(args.limit);
    if args.json {
        shown.iter().for_each(|l| ui::say(to_json(l, &found)));
        return Ok(ExitCode::SUCCESS);
    }
    if total == 0 {
        ui::say("no dead letters");
    } else {
        let rows: Vec<[String; 9]> = shown.iter().map(|l| row(l, &found)).collect();
        let head = ["time", "letter", "worker", "code", "class", "tries", "document", "tenant", "message"];
        ui::say(columns::render(head, &rows));
        if total > shown.len() {
            ui::say(format_args!("… and {} more; --limit shows more of them", total - shown.len()));
        }
        ui::say("");
        let rows: Vec<[String; 3]> =
            counts.into_iter().map(|((stage, code), n)| [stage, code, n.to_string()]).collect();
        ui::say(columns::render(["worker", "code", "letters"], &rows));
    }
    let sent_back = found.letters.iter().filter(|l| found.redriven.contains(&l.place)).count();
    if sent_back > 0 && !args.all {
        ui::say(format_args!("{sent_back} letters more were sent back; --all shows them"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Letters per worker and code.
pub(super) fn counts(letters: &[&Letter]) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for l in letters {
        *counts.entry((l.worker.clone(), l.code.clone())).or_default() += 1;
    }
    counts
}

fn row(letter: &Letter, found: &Letters) -> [String; 9] {
    let l = letter.clone();
    let message = match (&l.redriven_from, found.redriven.contains(&l.place)) {
        (_, true) => format!("(sent back) {}", l.message),
        (Some(from), false) => format!("(again, after {from}) {}", l.message),
        (None, false) => l.message,
    };
    [
        time::show(l.at),
        l.place.to_string(),
        l.worker,
        l.code,
        l.class,
        l.attempts,
        l.document,
        l.tenant,
        message,
    ]
}

pub(super) fn to_json(l: &Letter, found: &Letters) -> Value {
    json!({
        "letter": l.place.to_string(),
        "at": time::show(l.at),
        "worker": l.worker,
        "code": l.code,
        "class": l.class,
        "message": l.message,
        "document_id": l.document,
        "tenant": l.tenant,
        "origin": l.origin.as_ref().map(ToString::to_string),
        "attempts": l.attempts.parse::<u32>().ok(),
        "redriven": found.redriven.contains(&l.place),
        "redriven_from": l.redriven_from,
    })
}
