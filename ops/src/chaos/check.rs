//! What must hold at the end, whatever went wrong meanwhile.
//!
//! Pure: recordings in, violations out. Rule: every check names the record it is about.

use super::documents::{Fate, Submission};
use super::submit::MARK;
use super::watch::{Recording, Seen, What};
use docmill_contracts::headers::dlq;
use docmill_runtime::transport::Record;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    /// Every document and revision has one result.
    OneResult,
    /// Results of a document come in the order of its revisions.
    RevisionOrder,
    /// Every page has one outcome.
    OnePage,
    /// Every document and revision is assembled once.
    OneAssembly,
    /// Every document and revision is validated once.
    OneValidation,
    /// Every dead letter is there once, as it was sent.
    DeadLetters,
    /// What a reader was handed is what is on the topic, and nothing else.
    NothingAborted,
    /// Results are those of an undisturbed run.
    SameResults,
    /// Of documents that claim the same, one alone is told of no other.
    OneFirst,
    /// Processes and readers end as they should.
    Processes,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneResult => "one result",
            Self::RevisionOrder => "order of revisions",
            Self::OnePage => "one outcome a page",
            Self::OneAssembly => "one assembly",
            Self::OneValidation => "one validation",
            Self::DeadLetters => "dead letters",
            Self::NothingAborted => "nothing aborted is visible",
            Self::SameResults => "results of an undisturbed run",
            Self::OneFirst => "one first of duplicates",
            Self::Processes => "processes",
        })
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) rule: Rule,
    pub(super) what: String,
}

/// Everything that the checks look at.
pub(super) struct Evidence<'a> {
    pub(super) submissions: &'a [Submission],
    /// What readers were handed while it happened.
    pub(super) live: &'a Recording,
    /// What is on the topics at the end.
    pub(super) last: &'a BTreeMap<String, Vec<Seen>>,
    /// Topics that dead letters come from, whole.
    pub(super) originals: &'a BTreeMap<String, BTreeMap<(i32, i64), Record>>,
    /// Results of the undisturbed run by file name; see [`super::watch::essence`].
    pub(super) expected: &'a BTreeMap<String, String>,
}

type Id = (String, i32);

/// All violations, by rule.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    let documents: BTreeMap<Id, &Submission> = evidence
        .submissions
        .iter()
        .filter(|s| s.fate != Fate::Undecodable)
        .map(|s| ((s.document_id(), s.revision), s))
        .collect();
    results(evidence, &documents, &mut found);
    duplicates(evidence, &mut found);
    pages(evidence, &documents, &mut found);
    once(evidence, "documents.validated", Rule::OneValidation, &documents, &mut found);
    dead_letters(evidence, &mut found);
    for (topic, last) in evidence.last {
        same_records(topic, evidence.live.topics.get(topic).map_or(&[], Vec::as_slice), last, &mut found);
    }
    for failure in &evidence.live.failures {
        found.add(Rule::Processes, failure);
    }
    found.0.sort_by_key(|v| v.rule);
    found.0
}

struct Found(Vec<Violation>);

impl Found {
    fn add(&mut self, rule: Rule, what: impl fmt::Display) {
        self.0.push(Violation { rule, what: what.to_string() });
    }
}

fn topic<'a>(evidence: &Evidence<'a>, name: &str) -> &'a [Seen] {
    evidence.last.get(name).map_or(&[], Vec::as_slice)
}

fn place(topic: &str, seen: &Seen) -> String {
    format!("{topic}-{}@{}", seen.partition, seen.offset)
}

fn by_id<'a>(records: &'a [Seen]) -> BTreeMap<Id, Vec<&'a Seen>> {
    let mut all: BTreeMap<Id, Vec<&'a Seen>> = BTreeMap::new();
    for seen in records {
        all.entry((seen.document.clone(), seen.revision)).or_default().push(seen);
    }
    all
}

/// `name`, tenant and revision of a document, for people.
fn told(documents: &BTreeMap<Id, &Submission>, id: &Id) -> String {
    documents.get(id).map_or_else(
        || format!("{} revision {}, which nobody submitted", id.0, id.1),
        |s| format!("{} of {} revision {}", s.name, s.tenant, s.revision),
    )
}

/// One record of the topic for each document and revision, and none of anything else.
fn once(
    evidence: &Evidence<'_>,
    name: &str,
    rule: Rule,
    documents: &BTreeMap<Id, &Submission>,
    found: &mut Found,
) {
    let all = by_id(topic(evidence, name));
    for (id, seen) in &all {
        if seen.len() > 1 || !documents.contains_key(id) {
            let places: Vec<_> = seen.iter().map(|s| place(name, s)).collect();
            found.add(
                rule,
                format_args!("{}: {} records: {}", told(documents, id), seen.len(), places.join(" ")),
            );
        }
    }
    for id in documents.keys().filter(|id| !all.contains_key(id)) {
        found.add(rule, format_args!("{}: none", told(documents, id)));
    }
}

fn results(evidence: &Evidence<'_>, documents: &BTreeMap<Id, &Submission>, found: &mut Found) {
    let name = crate::results::TOPIC;
    once(evidence, name, Rule::OneResult, documents, found);
    let mut last: BTreeMap<&str, &Seen> = BTreeMap::new();
    for seen in topic(evidence, name) {
        if let Some(before) = last.get(seen.document.as_str())
            && (before.revision > seen.revision || before.partition != seen.partition)
        {
            found.add(
                Rule::RevisionOrder,
                format_args!(
                    "{} ({}) comes after revision {} ({})",
                    told(documents, &(seen.document.clone(), seen.revision)),
                    place(name, seen),
                    before.revision,
                    place(name, before)
                ),
            );
        }
        last.insert(&seen.document, seen);
        let id = (seen.document.clone(), seen.revision);
        let expected = documents.get(&id).and_then(|s| evidence.expected.get(&s.name));
        if let (What::Result(has, _), Some(expected)) = (&seen.what, expected)
            && has != expected
        {
            found.add(
                Rule::SameResults,
                format_args!("{}: {}", told(documents, &id), difference(expected, has)),
            );
        }
    }
    for s in documents.values().filter(|s| !evidence.expected.contains_key(&s.name)) {
        found.add(Rule::SameResults, format_args!("the undisturbed run has no result of {}", s.name));
    }
}

/// A document whose number and total stand in another one is told of it, and of two at least one.
fn duplicates(evidence: &Evidence<'_>, found: &mut Found) {
    let mut untold: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for seen in topic(evidence, crate::results::TOPIC) {
        if let What::Result(_, Some(claimed)) = &seen.what
            && !claimed.told
        {
            untold.entry(&claimed.what).or_default().insert(&seen.document);
        }
    }
    for (what, documents) in untold.into_iter().filter(|(_, d)| d.len() > 1) {
        found.add(Rule::OneFirst, format_args!("{what}: {documents:?} were told of no other"));
    }
}

/// The first line that differs, both ways, shortened.
fn difference(expected: &str, has: &str) -> String {
    let short = |line: &str| line.chars().take(200).collect::<String>();
    expected
        .lines()
        .zip(has.lines())
        .find(|(a, b)| a != b)
        .map_or_else(|| "other length".into(), |(a, b)| format!("expected {} but has {}", short(a), short(b)))
}

fn pages(evidence: &Evidence<'_>, documents: &BTreeMap<Id, &Submission>, found: &mut Found) {
    let (pages, assembled) = ("pages.recognized", "documents.assembled");
    let assemblies = by_id(topic(evidence, assembled));
    for (id, seen) in by_id(topic(evidence, pages)) {
        let mut numbers: BTreeMap<i32, Vec<&Seen>> = BTreeMap::new();
        let mut counts = BTreeSet::new();
        for s in seen {
            if let What::Page(number, count) = s.what {
                numbers.entry(number).or_default().push(s);
                counts.insert(count);
            }
        }
        let of = counts.last().copied().unwrap_or(0);
        if counts.len() != 1 {
            found.add(Rule::OnePage, format_args!("{}: page counts {counts:?}", told(documents, &id)));
        }
        for number in 1..=of {
            let there = numbers.get(&number).map_or(0, Vec::len);
            if there != 1 {
                let at: Vec<_> =
                    numbers.get(&number).into_iter().flatten().map(|s| place(pages, s)).collect();
                let at = at.join(" ");
                found.add(
                    Rule::OnePage,
                    format_args!("{} page {number} of {of}: {there} outcomes {at}", told(documents, &id)),
                );
            }
        }
        if !assemblies.contains_key(&id) {
            found.add(Rule::OneAssembly, format_args!("{}: pages, but no assembly", told(documents, &id)));
        }
    }
    for (id, seen) in assemblies.iter().filter(|(id, seen)| seen.len() > 1 || !documents.contains_key(*id)) {
        let places: Vec<_> = seen.iter().map(|s| place(assembled, s)).collect();
        found.add(Rule::OneAssembly, format_args!("{}: {}", told(documents, id), places.join(" ")));
    }
}

fn dead_letters(evidence: &Evidence<'_>, found: &mut Found) {
    // What is expected, by topic and name.
    let mut expected: BTreeSet<(&str, String)> = BTreeSet::new();
    for s in evidence.submissions {
        match s.fate {
            Fate::Result => {}
            Fate::DeadInRender => {
                expected.insert(("dlq.render", format!("{} {}", s.document_id(), s.revision)));
            }
            Fate::Undecodable => {
                expected.insert(("dlq.ingest", s.mark.clone()));
            }
        }
    }
    let mut there = BTreeSet::new();
    for (topic, records) in evidence.last.iter().filter(|(t, _)| t.starts_with("dlq.")) {
        for seen in records {
            let What::Dead(letter) = &seen.what else { continue };
            let text = |name| letter.headers.text(name).unwrap_or_default();
            let name = match topic.as_str() {
                "dlq.ingest" => text(MARK).to_owned(),
                _ => format!("{} {}", seen.document, seen.revision),
            };
            let about =
                || format!("{} of {name}, {} {}", place(topic, seen), text(dlq::CODE), text(dlq::MESSAGE));
            if !there.insert((topic.clone(), name.clone())) {
                found.add(Rule::DeadLetters, format_args!("twice: {}", about()));
            } else if !expected.contains(&(topic.as_str(), name.clone())) {
                found.add(Rule::DeadLetters, format_args!("not expected: {}", about()));
            }
            if let Err(why) = as_it_was(letter, evidence.originals) {
                found.add(Rule::DeadLetters, format_args!("{why}: {}", about()));
            }
        }
    }
    for (topic, name) in expected.iter().filter(|(t, n)| !there.contains(&((*t).to_owned(), n.clone()))) {
        found.add(Rule::DeadLetters, format_args!("{topic} has none of {name}"));
    }
}

/// Whether key, value and headers are those of the record it says it was.
fn as_it_was(
    letter: &Record,
    originals: &BTreeMap<String, BTreeMap<(i32, i64), Record>>,
) -> Result<(), &'static str> {
    let number = |name| letter.headers.text(name).and_then(|t| t.parse::<i64>().ok());
    let topic = letter.headers.text(dlq::TOPIC).ok_or("does not say from which topic")?;
    let partition = number(dlq::PARTITION).ok_or("does not say from which partition")?;
    let offset = number(dlq::OFFSET).ok_or("does not say from which offset")?;
    let partition = i32::try_from(partition).map_err(|_| "names a partition that cannot be")?;
    let original = originals
        .get(topic)
        .and_then(|t| t.get(&(partition, offset)))
        .ok_or("there is no record where it says it comes from")?;
    let kept: Vec<_> = letter.headers.iter().take(original.headers.iter().count()).collect();
    match () {
        () if original.key != letter.key => Err("another key than the original"),
        () if original.value != letter.value => Err("another value than the original"),
        () if kept != original.headers.iter().collect::<Vec<_>>() => Err("other headers than the original"),
        () => Ok(()),
    }
}

/// The same records at the same places, in the same order within each partition.
fn same_records(topic: &str, live: &[Seen], last: &[Seen], found: &mut Found) {
    let of = |all: &[Seen]| -> BTreeMap<(i32, i64), [u8; 32]> {
        all.iter().map(|s| ((s.partition, s.offset), s.print)).collect()
    };
    let (was, is) = (of(live), of(last));
    for (at, print) in &was {
        match is.get(at) {
            Some(now) if now == print => {}
            Some(_) => found.add(Rule::NothingAborted, format_args!("{topic}-{}@{} changed", at.0, at.1)),
            None => found.add(
                Rule::NothingAborted,
                format_args!("{topic}-{}@{} was seen, but is not there", at.0, at.1),
            ),
        }
    }
    for at in is.keys().filter(|at| !was.contains_key(*at)) {
        found.add(Rule::NothingAborted, format_args!("{topic}-{}@{} was never seen", at.0, at.1));
    }
    if was.len() != live.len() {
        found.add(Rule::NothingAborted, format_args!("{topic}: a place was handed out twice"));
    }
}

/// A digest of results in no order: of (document, revision, essence).
pub(super) fn digest<'a>(results: impl Iterator<Item = (&'a str, i32, &'a str)>) -> String {
    let lines: BTreeSet<String> = results.map(|(id, revision, e)| format!("{id} {revision} {e}")).collect();
    let mut hash = Sha256::new();
    lines.iter().for_each(|l| hash.update(l.as_bytes()));
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests;
