//! Watches the flow of claims: every claim that is done has its outcome and its place among the claimants, and whoever is
//! told of nobody was the first.
//!
//! Judges by what is visible alone: the claimants of a key before and after a transaction, and the claims that it did.

use super::Watch;
use super::positions::Done;
use crate::trace::{Invariant, Trace};
use docmill_contracts::{
    ClaimKind, ClaimState, Codec, Contract, DocumentClaimed, DocumentValidated, Problem, ResultStatus,
    headers,
};
use docmill_runtime::transport::Record;
use docmill_testkit::sim::Committed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const INPUT: &str = "claimed";
/// What docmill calls a duplicate.
const DUPLICATE: &str = "VALIDATE-0024";

/// A document and its revision.
type Id = (String, i32);

/// What was seen so far.
pub(super) struct Claims {
    codec: Codec,
    trace: Arc<Trace>,
    visible: BTreeMap<(String, i32), BTreeSet<i64>>,
    inputs: BTreeMap<(i32, i64), Record>,
    done: BTreeMap<i32, Done>,
    /// States by their key, as they are visible.
    states: BTreeMap<String, ClaimState>,
    /// Documents that ever claimed a key, and those that withdrew from it.
    claimed: BTreeMap<String, BTreeSet<String>>,
    withdrawn: BTreeMap<String, BTreeSet<String>>,
    expected: BTreeSet<Id>,
    results: BTreeSet<Id>,
    letters: BTreeSet<(i32, i64)>,
}

/// Records of a transaction that no input has claimed yet.
#[derive(Default)]
struct Pool {
    claimed: Vec<DocumentClaimed>,
    results: Vec<DocumentValidated>,
    states: BTreeSet<String>,
    letters: BTreeSet<(i32, i64)>,
}

impl Claims {
    pub(super) fn new(codec: Codec, trace: Arc<Trace>) -> Self {
        Self {
            codec,
            trace,
            visible: BTreeMap::new(),
            inputs: BTreeMap::new(),
            done: BTreeMap::new(),
            states: BTreeMap::new(),
            claimed: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            expected: BTreeSet::new(),
            results: BTreeSet::new(),
            letters: BTreeSet::new(),
        }
    }

    fn broken(&self, invariant: Invariant, what: impl Into<String>) {
        self.trace.broken(invariant, what);
    }

    fn read(&self, record: &Record) -> Option<DocumentClaimed> {
        self.codec.decode(record.value.as_deref()?).ok()
    }

    /// Sorts the records of a transaction, and takes its states over.
    fn pool(&mut self, c: &Committed) -> Pool {
        let mut pool = Pool::default();
        for (topic, partition, record) in &c.records {
            self.visible.entry((topic.clone(), *partition)).or_default().insert(record.offset);
            let value = record.value.as_deref().unwrap_or_default();
            match topic.as_str() {
                INPUT => {
                    self.inputs.insert((*partition, record.offset), record.clone());
                    pool.claimed.extend(self.read(record));
                }
                "results" => {
                    let Ok(validated) = self.codec.decode::<DocumentValidated>(value) else { continue };
                    let id = (validated.head.document_id.clone(), validated.head.revision);
                    if !self.results.insert(id.clone()) {
                        self.broken(
                            Invariant::NoDuplicate,
                            format!("result of {id:?} is visible a second time"),
                        );
                    }
                    pool.results.push(validated);
                }
                "states" => {
                    let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
                    match self.codec.decode::<ClaimState>(value) {
                        Ok(state) => drop(self.states.insert(key.clone(), state)),
                        Err(_) => drop(self.states.remove(&key)),
                    }
                    pool.states.insert(key);
                }
                _ => {
                    let number = |name| record.headers.text(name).and_then(|t| t.parse().ok());
                    let of = (number(headers::dlq::PARTITION), number(headers::dlq::OFFSET));
                    let of = (of.0.unwrap_or(-1), i64::from(of.1.unwrap_or(-1)));
                    if !self.letters.insert(of) {
                        self.broken(Invariant::NoDuplicate, format!("dead letter of {of:?} a second time"));
                    }
                    pool.letters.insert(of);
                }
            }
        }
        pool
    }

    /// Records that are done by the positions of a transaction, and were not.
    fn newly(&mut self, c: &Committed) -> Vec<(i32, i64)> {
        let mut newly = Vec::new();
        for position in &c.positions {
            let commit = &position.commit;
            let Some(now) = Done::parse(commit.offset, &commit.metadata) else {
                self.broken(Invariant::Bounded, format!("metadata {} is no bitmap", commit.metadata));
                continue;
            };
            let before = self.done.insert(commit.partition, now.clone()).unwrap_or_default();
            let of = self.inputs.range((commit.partition, i64::MIN)..=(commit.partition, i64::MAX));
            let new = of.map(|(place, _)| *place).filter(|(_, o)| now.has(*o) && !before.has(*o));
            newly.extend(new);
        }
        newly
    }

    /// A record that is done has its outputs.
    fn outputs(&self, input: &DocumentClaimed, pool: &mut Pool) -> Option<Problem> {
        let id = (input.head.document_id.clone(), input.head.revision);
        let missing = |what: &str| {
            let what =
                format!("{:?} of {id:?} at {} is done without {what}", input.claim.kind, input.claim.key);
            self.broken(Invariant::OffsetsAreOutputs, what);
        };
        let Some(before) = &input.result else { return None };
        let of = |d: &str, r: i32| (d, r) == (id.0.as_str(), id.1);
        let next = pool.claimed.iter().position(|c| {
            c.result.is_some()
                && of(&c.head.document_id, c.head.revision)
                && input.pending.first() == Some(&c.claim)
                && c.pending == input.pending[1..]
        });
        let ended = pool.results.iter().position(|v| of(&v.head.document_id, v.head.revision));
        let result = match (next, ended) {
            (Some(next), _) => pool.claimed.swap_remove(next).result?,
            (None, Some(ended)) => {
                let result = pool.results.swap_remove(ended).result;
                let rejected = result.status == ResultStatus::Rejected;
                if !input.pending.is_empty() && !rejected {
                    missing("its next step");
                }
                if id.1 == 1 {
                    let registers = |c: &DocumentClaimed| {
                        c.claim.kind == ClaimKind::Register && of(&c.head.document_id, c.head.revision)
                    };
                    match pool.claimed.iter().position(registers) {
                        Some(at) => drop(pool.claimed.swap_remove(at)),
                        None => missing("its claims being kept"),
                    }
                }
                result
            }
            (None, None) => {
                missing("an outcome");
                return None;
            }
        };
        result.problems.get(before.problems.len()).filter(|p| p.code == DUPLICATE).cloned()
    }

    /// What is given up ends as a letter, and its document fails if it waits for this.
    fn given_up(&self, place: (i32, i64), record: &Record, input: Option<&DocumentClaimed>, pool: &mut Pool) {
        let document = record.headers.text(headers::DOCUMENT_ID).unwrap_or_default().to_owned();
        let failed =
            pool.results.iter().position(|v| v.head.document_id == document && v.result.error.is_some());
        let waits = input.is_none_or(|i| i.result.is_some());
        match failed {
            Some(at) => drop(pool.results.swap_remove(at)),
            None if waits => {
                self.broken(Invariant::DeadLetter, format!("{document} at {place:?} has no outcome"));
            }
            None => {}
        }
        if !pool.letters.contains(&place) {
            self.broken(Invariant::DeadLetter, format!("{place:?} cannot be read and has no letter"));
        }
    }

    /// Whether what a claim was told fits those who are there.
    fn told(&self, input: &DocumentClaimed, told: Option<&Problem>) {
        let (key, mine) = (input.key(), input.head.document_id.as_str());
        let claimants = self.states.get(&key).map(|s| s.claimants.as_slice()).unwrap_or_default();
        let place = claimants.iter().position(|c| c.document_id == mine);
        let gone = |document: &str| self.withdrawn.get(&key).is_some_and(|w| w.contains(document));
        match told {
            None => {
                let Some(place) = place else {
                    if !gone(mine) {
                        let what = format!("{mine} has claimed {key}, and is not among its claimants");
                        self.broken(Invariant::OffsetsAreOutputs, what);
                    }
                    return;
                };
                // Where a later revision stands by now, its place says nothing of this one's.
                if claimants[place].revision != input.head.revision {
                    return;
                }
                let before = claimants[..place].iter().find(|c| c.party.name == input.claim.party.name);
                if let Some(before) = before {
                    let what = format!("{mine} claims {key} after {} and was not told", before.document_id);
                    self.broken(Invariant::OneFirst, what);
                }
            }
            Some(problem) => {
                let known = self.claimed.get(&key).into_iter().flatten();
                let other = known
                    .filter(|d| *d != mine)
                    .find(|d| problem.message.contains(&format!("document {d} ")));
                let there = other
                    .is_some_and(|other| gone(other) || claimants.iter().any(|c| c.document_id == *other));
                if !there {
                    let what = format!("{mine} at {key}: `{}`, but there is none such", problem.message);
                    self.broken(Invariant::OneFirst, what);
                }
            }
        }
    }

    /// Nobody goes from a key but who withdrew, and nobody overtakes another.
    fn kept(&self, key: &str, before: Option<&ClaimState>) {
        let Some(before) = before else { return };
        let after = self.states.get(key).map(|s| s.claimants.as_slice()).unwrap_or_default();
        let gone = |document: &str| self.withdrawn.get(key).is_some_and(|w| w.contains(document));
        let ids = |all: &[docmill_contracts::Claimant]| -> Vec<String> {
            all.iter().map(|c| c.document_id.clone()).filter(|d| !gone(d)).collect()
        };
        let (old, new) = (ids(&before.claimants), ids(after));
        if !new.starts_with(&old) {
            let what = format!("{key} was claimed by {old:?}, and is now by {new:?}");
            self.broken(Invariant::OffsetsAreOutputs, what);
        }
    }

    fn leftover(&self, pool: &Pool, keys: &BTreeSet<String>) {
        let asides = pool.claimed.iter().filter(|c| c.claim.kind != ClaimKind::Withdraw).map(Contract::key);
        let results = pool.results.iter().map(|v| format!("result of {}", v.head.document_id));
        let states = pool.states.iter().filter(|key| !keys.contains(*key)).cloned();
        if let Some(what) = asides.chain(results).chain(states).next() {
            self.broken(
                Invariant::OffsetsAreOutputs,
                format!("{what} is visible, but no record is done by it"),
            );
        }
    }
}

impl Watch for Claims {
    fn committed(&mut self, c: &Committed) {
        let before = self.states.clone();
        let mut pool = self.pool(c);
        let names: Vec<String> = c.records.iter().map(|(t, p, r)| format!("{t}-{p}@{}", r.offset)).collect();
        self.trace.say(format_args!("commit {} {}", c.producer, names.join(" ")));
        if c.producer.is_empty() {
            for (_, _, record) in &c.records {
                let text = |name| record.headers.text(name).unwrap_or_default().to_owned();
                let revision = text(headers::REVISION).parse().unwrap_or(0);
                self.expected.insert((text(headers::DOCUMENT_ID), revision));
            }
            return;
        }
        let newly = self.newly(c);
        let (mut done, mut keys): (Vec<DocumentClaimed>, BTreeSet<String>) = Default::default();
        for place in newly {
            let Some(record) = self.inputs.get(&place) else { continue };
            let input = self.read(record);
            if input.is_none() || pool.letters.contains(&place) {
                self.given_up(place, record, input.as_ref(), &mut pool);
                continue;
            }
            let Some(input) = input else { continue };
            let (key, document) = (input.key(), input.head.document_id.clone());
            match input.claim.kind {
                ClaimKind::Claim => {
                    // Under another name than before it is a claim like any other's: its place is the last.
                    let other = |name: &[i64]| name != input.claim.party.name.as_slice();
                    let known = before.get(&key).into_iter().flat_map(|s| &s.claimants);
                    let known = known.filter(|c| c.document_id == document).map(|c| &c.party);
                    let same = |d: &&DocumentClaimed| d.key() == key && d.head.document_id == document;
                    let now = done.iter().filter(same).map(|d| &d.claim.party);
                    if known.chain(now).any(|party| other(&party.name)) {
                        self.withdrawn.entry(key.clone()).or_default().insert(document.clone());
                    }
                    self.claimed.entry(key.clone()).or_default().insert(document);
                }
                ClaimKind::Withdraw => {
                    self.withdrawn.entry(key.clone()).or_default().insert(document);
                }
                ClaimKind::Revise | ClaimKind::Register => {}
            }
            keys.insert(key);
            done.push(input);
        }
        for input in &done {
            let told = self.outputs(input, &mut pool);
            if input.claim.kind == ClaimKind::Claim {
                self.told(input, told.as_ref());
            }
        }
        for key in &keys {
            self.kept(key, before.get(key));
        }
        self.leftover(&pool, &keys);
    }

    fn missing(&self) -> Vec<String> {
        let open = self.inputs.keys().filter(|(p, o)| !self.done.get(p).is_some_and(|d| d.has(*o)));
        let open = open.map(|(p, o)| format!("{INPUT}-{p}@{o}"));
        let due = self.expected.difference(&self.results).map(|(d, r)| format!("result of {d}.{r}"));
        open.chain(due).collect()
    }

    fn visible(&self) -> Vec<(String, i32, Vec<i64>)> {
        self.visible
            .iter()
            .map(|((topic, p), offsets)| (topic.clone(), *p, offsets.iter().copied().collect()))
            .collect()
    }
}
