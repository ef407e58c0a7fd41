//! Watches every transaction in the moment it becomes visible, and says which invariant it breaks.
//!
//! Knows nothing of the runtime but the format of the commit metadata. For every position that is committed it looks
//! which records are done by it that were not, and finds the outputs of exactly those among the transaction's records.

mod claims;
mod identity;
mod positions;

use crate::flow::{Flow, RANGE};
use crate::scenario::Scenario;
use crate::trace::{Invariant, Trace};
use docmill_contracts::{Codec, DocumentAssembled, GatherState, Page, headers};
use docmill_runtime::PART_MARK;
use docmill_runtime::transport::Record;
use docmill_testkit::sim::{Committed, Position};
use identity::{Identity, identify};
use positions::Done;
pub use positions::bits;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Watches what becomes visible of a flow.
pub trait Watch: Send {
    /// A transaction became visible.
    fn committed(&mut self, c: &Committed);

    /// What is still to come; empty once all is done.
    fn missing(&self) -> Vec<String>;

    /// Every record that became visible, by topic and partition.
    fn visible(&self) -> Vec<(String, i32, Vec<i64>)>;
}

/// Who watches the flow of a scenario.
pub fn of(scenario: &Scenario, codec: &Codec, trace: &Arc<Trace>) -> Box<dyn Watch> {
    let (codec, trace) = (codec.clone(), Arc::clone(trace));
    match scenario.flow {
        Flow::Pages => Box::new(Observer::new(codec, trace, scenario.span, scenario.fetch)),
        Flow::Claims => Box::new(claims::Claims::new(codec, trace)),
    }
}

/// Workers by their group, with their input topic.
const GROUPS: [(&str, &str); 4] = [
    ("docmill.plan", "accepted"),
    ("docmill.page", "planned"),
    ("docmill.gather", "recognized"),
    ("docmill.finish", "assembled"),
];

/// What was seen so far.
pub struct Observer {
    codec: Codec,
    trace: Arc<Trace>,
    span: usize,
    fetch: usize,
    /// Every visible record, by topic, partition and offset.
    inputs: BTreeMap<(String, i32), BTreeMap<i64, (Identity, Record)>>,
    /// Offsets that each group has done, by its input.
    done: BTreeMap<(String, i32), Done>,
    /// Everything that may be visible only once.
    seen: BTreeSet<Identity>,
    /// Pages that gather has done, of each revision.
    gathered: BTreeMap<(String, i32), BTreeSet<i32>>,
    /// Those of them that the transaction in hand did.
    just: BTreeSet<(String, i32, i32)>,
    /// Revisions of each document, as they were assembled and not finished yet.
    line: BTreeMap<String, VecDeque<i32>>,
    results: BTreeSet<(String, i32)>,
    expected: BTreeSet<(String, i32)>,
}

/// Code of the error of a page that gather gave up.
const NEVER_ARRIVED: &str = "INFER-0001";

/// What is visible of a state.
struct Kept {
    /// Offset of its last record.
    latest: i64,
    open: bool,
    /// A mark that its document was assembled.
    closed: bool,
    pages: BTreeSet<i32>,
}

/// Outputs of a transaction that no input has claimed yet.
type Pool = Vec<(Identity, i32, Record)>;

impl Observer {
    /// Has seen nothing.
    pub fn new(codec: Codec, trace: Arc<Trace>, span: usize, fetch: usize) -> Self {
        Self {
            codec,
            trace,
            span,
            fetch,
            inputs: BTreeMap::new(),
            done: BTreeMap::new(),
            seen: BTreeSet::new(),
            gathered: BTreeMap::new(),
            just: BTreeSet::new(),
            line: BTreeMap::new(),
            results: BTreeSet::new(),
            expected: BTreeSet::new(),
        }
    }

    fn broken(&self, invariant: Invariant, what: impl Into<String>) {
        self.trace.broken(invariant, what);
    }

    /// I2, I5, I6: what may be visible once is visible once.
    fn unique(&mut self, identity: &Identity) {
        let invariant = match identity {
            Identity::Page { .. } => Invariant::OnePage,
            Identity::Assembled { .. } => Invariant::OneAssembly,
            Identity::Planned { .. } | Identity::Result { .. } | Identity::DeadLetter { .. } => {
                Invariant::NoDuplicate
            }
            Identity::Accepted { .. } | Identity::State { .. } | Identity::Other => return,
        };
        if !self.seen.insert(identity.clone()) {
            self.broken(invariant, format!("{identity} is visible a second time"));
        }
    }

    /// The ordered stage keeps the order of each document's revisions.
    fn follow(&mut self, identity: &Identity) {
        match identity {
            Identity::Assembled { document, revision } => {
                self.line.entry(document.clone()).or_default().push_back(*revision);
            }
            Identity::Result { document, revision } => {
                self.results.insert((document.clone(), *revision));
                let first = self.line.get_mut(document).and_then(VecDeque::pop_front);
                if first != Some(*revision) {
                    self.broken(Invariant::Order, format!("{identity} before that of revision {first:?}"));
                }
            }
            _ => {}
        }
    }

    /// Takes a position; returns the records that are done by it and were not.
    fn position(&mut self, group: &str, input: &str, position: &Position) -> Vec<(i32, i64)> {
        let commit = &position.commit;
        let at = (input.to_owned(), commit.partition);
        let name = format!("{group} {input}-{} position {}", commit.partition, commit.offset);
        if !position.owned {
            self.broken(
                Invariant::Epoch,
                format!("{name}: committed by a member that does not own the partition"),
            );
        }
        if commit.metadata.len() > 4096 {
            self.broken(Invariant::Bounded, format!("{name}: metadata of {} bytes", commit.metadata.len()));
        }
        let Some(now) = Done::parse(commit.offset, &commit.metadata) else {
            self.broken(Invariant::Bounded, format!("{name}: metadata {} is no bitmap", commit.metadata));
            return Vec::new();
        };
        let before = self.done.insert(at.clone(), now.clone()).unwrap_or_default();
        let empty = BTreeMap::new();
        let records = self.inputs.get(&at).unwrap_or(&empty);
        let beyond = |o: i64| o >= commit.offset + i64::try_from(self.span).unwrap_or(i64::MAX);
        let wide = records.keys().filter(|o| beyond(**o) && now.has(**o)).count();
        let back = records.keys().find(|o| before.has(**o) && !now.has(**o)).copied();
        let newly: Vec<(i32, i64)> = records
            .keys()
            .filter(|o| now.has(**o) && !before.has(**o))
            .map(|o| (commit.partition, *o))
            .collect();
        if wide > 2 * self.fetch + 8 {
            self.broken(
                Invariant::Bounded,
                format!("{name}: {wide} records beyond the span of {}", self.span),
            );
        }
        if let Some(offset) = back {
            self.broken(
                Invariant::OffsetsAreOutputs,
                format!("{name}: offset {offset} was done and is not any more"),
            );
        }
        newly
    }

    /// I8: what belongs to a partition comes from its owner.
    fn epochs(&self, c: &Committed, pool: &Pool) {
        for (identity, partition, _) in pool {
            if matches!(identity, Identity::State { .. })
                && !c.owned.contains(partition)
                && !c.positions.iter().any(|p| p.commit.partition == *partition)
            {
                let what =
                    format!("{identity} of partition {partition} by {}, which does not own it", c.producer);
                self.broken(Invariant::Epoch, what);
            }
        }
    }

    /// Finds the outputs of a record that is done now.
    fn claim(&mut self, input: &str, partition: i32, offset: i64, pool: &mut Pool) {
        let Some((identity, record)) =
            self.inputs.get(&(input.to_owned(), partition)).and_then(|i| i.get(&offset))
        else {
            return;
        };
        let (identity, record) = (identity.clone(), record.clone());
        let mut take = |wanted: &Identity| {
            let at = pool.iter().position(|(found, ..)| found == wanted);
            at.map(|at| pool.swap_remove(at))
        };
        let letter = Identity::DeadLetter { topic: input.to_owned(), partition, offset };
        let dead = take(&letter);
        if let Some((_, _, letter)) = &dead {
            self.letter(&record, letter);
        }
        let is_dead = dead.is_some();
        let mut missing = Vec::new();
        let mut need = |wanted: Identity| {
            if take(&wanted).is_none() {
                missing.push(wanted.to_string());
            }
        };
        match &identity {
            Identity::Accepted { document, revision, pages } => {
                let (document, revision) = (document.clone(), *revision);
                if is_dead {
                    need(Identity::Assembled { document, revision });
                } else {
                    for first in (1..=*pages).step_by(usize::try_from(RANGE).unwrap_or(1)) {
                        let last = (first + RANGE - 1).min(*pages);
                        need(Identity::Planned { document: document.clone(), revision, first, last });
                    }
                }
            }
            Identity::Planned { document, revision, first, last } => {
                for page in *first..=*last {
                    let found =
                        take(&Identity::Page { document: document.clone(), revision: *revision, page });
                    if found.is_none() && !is_dead {
                        missing.push(format!("page {page}"));
                    }
                }
            }
            Identity::Page { document, revision, page } => {
                // What is given up at gather is a failed page to it.
                let first = self.gathered.entry((document.clone(), *revision)).or_default().insert(*page);
                if first {
                    self.just.insert((document.clone(), *revision, *page));
                }
                // A page of a document that is closed, or that is there already, changes nothing.
                let state = Identity::State { document: document.clone(), revision: *revision };
                let written = pool.iter().any(|(found, p, _)| *found == state && *p == partition);
                let stands = |kept: Kept| kept.closed || kept.pages.contains(page);
                if !written && !self.kept(&state, partition).is_some_and(stands) {
                    missing.push(state.to_string());
                }
            }
            Identity::Assembled { document, revision } => {
                need(Identity::Result { document: document.clone(), revision: *revision });
            }
            Identity::Other if !is_dead => missing.push("dead letter".to_owned()),
            _ => {}
        }
        if !missing.is_empty() {
            let what =
                format!("{input}-{partition}@{offset} {identity} is done without {}", missing.join(", "));
            self.broken(Invariant::OffsetsAreOutputs, what);
        }
    }

    /// A dead letter carries all of its record.
    fn letter(&self, record: &Record, letter: &Record) {
        let original: Vec<_> = record.headers.iter().collect();
        let carried: Vec<_> = letter.headers.iter().take(original.len()).collect();
        let code = letter.headers.text(headers::dlq::CODE).unwrap_or_default();
        if (&record.key, &record.value) != (&letter.key, &letter.value)
            || original != carried
            || code.is_empty()
        {
            self.broken(
                Invariant::DeadLetter,
                format!("dead letter of offset {} is not what it was", record.offset),
            );
        }
    }

    /// What nobody claimed: outputs without an input, but for what expired states emit.
    fn leftover(&mut self, c: &Committed, newly: &[(i32, i64)], pool: Pool) {
        let gather = c.group.as_deref() == Some("docmill.gather");
        for (identity, partition, record) in pool {
            match &identity {
                Identity::Other => {}
                Identity::State { .. } if gather => self.state(&identity, partition, &record),
                Identity::Assembled { .. } if gather => self.assembled(&identity, &record),
                _ => self.broken(
                    Invariant::OffsetsAreOutputs,
                    format!("{identity} is visible, but no record is done by it ({newly:?})"),
                ),
            }
        }
    }

    /// The last parts of a state hold the pages that are done, no more and no fewer.
    fn state(&self, identity: &Identity, partition: i32, record: &Record) {
        let Identity::State { document, revision } = identity else { return };
        let Some(kept) = self.kept(identity, partition).filter(|k| k.latest == record.offset) else { return };
        let pages = self.gathered.get(&(document.clone(), *revision)).cloned().unwrap_or_default();
        if kept.open && kept.pages != pages {
            let what = format!("{identity} has the pages {:?}, but {pages:?} are done", kept.pages);
            self.broken(Invariant::OffsetsAreOutputs, what);
        }
    }

    /// No page that was done before is told to have never arrived. One that is done by the same transaction may have come
    /// right after its document was given up.
    fn assembled(&self, identity: &Identity, record: &Record) {
        let Identity::Assembled { document, revision } = identity else { return };
        let value = record.value.as_deref().unwrap_or_default();
        let Ok(assembled) = self.codec.decode::<DocumentAssembled>(value) else { return };
        let Some(done) = self.gathered.get(&(document.clone(), *revision)) else { return };
        let given_up = |p: &&Page| p.error.as_ref().is_some_and(|e| e.code == NEVER_ARRIVED);
        let before = |no: &i32| done.contains(no) && !self.just.contains(&(document.clone(), *revision, *no));
        let lost = assembled.pages.iter().filter(given_up).map(|p| p.page_no).find(before);
        if let Some(page) = lost {
            let what = format!("{identity} says that page {page} never arrived, but it is done");
            self.broken(Invariant::OffsetsAreOutputs, what);
        }
    }

    /// What the visible parts of a state make together; none where there never was one.
    fn kept(&self, identity: &Identity, partition: i32) -> Option<Kept> {
        let states = self.inputs.get(&("states".to_owned(), partition))?;
        let mut parts: BTreeMap<&[u8], &Record> = BTreeMap::new();
        let mut latest = None;
        for (offset, (_, part)) in states.iter().filter(|(_, (i, _))| i == identity) {
            latest = Some(*offset);
            parts.insert(part.key.as_deref().unwrap_or_default(), part);
        }
        let read = |part: &Record| self.codec.decode::<GatherState>(part.value.as_ref()?).ok();
        let is_head = |key: &[u8]| !key.contains(&(PART_MARK as u8));
        let head = parts.iter().find(|(key, _)| is_head(key)).and_then(|(_, part)| read(part));
        let pages = parts.values().filter_map(|part| read(part)).flat_map(|s| s.pages).map(|p| p.page_no);
        Some(Kept {
            latest: latest?,
            open: head.as_ref().is_some_and(|h| !h.closed),
            closed: head.is_some_and(|h| h.closed),
            pages: pages.collect(),
        })
    }
}

impl Watch for Observer {
    fn committed(&mut self, c: &Committed) {
        let mut pool = Pool::new();
        let mut names = Vec::new();
        for (topic, partition, record) in &c.records {
            let identity = identify(&self.codec, topic, record);
            names.push(format!("{topic}-{partition}@{}={identity}", record.offset));
            self.unique(&identity);
            self.follow(&identity);
            let slot = self.inputs.entry((topic.clone(), *partition)).or_default();
            slot.insert(record.offset, (identity.clone(), record.clone()));
            pool.push((identity, *partition, record.clone()));
        }
        let positions: Vec<String> = c
            .positions
            .iter()
            .map(|p| format!("{}:{}[{}]", p.commit.partition, p.commit.offset, p.commit.metadata))
            .collect();
        self.trace.say(format_args!("commit {} {} <- {}", c.producer, positions.join(" "), names.join(" ")));
        if c.producer.is_empty() {
            for (identity, ..) in pool {
                if let Identity::Accepted { document, revision, .. } = identity {
                    self.expected.insert((document, revision));
                }
            }
            return;
        }
        let Some((group, input)) = c.group.as_ref().and_then(|g| GROUPS.iter().find(|(n, _)| n == g)) else {
            return;
        };
        let mut newly = Vec::new();
        for position in &c.positions {
            newly.extend(self.position(group, input, position));
        }
        self.epochs(c, &pool);
        self.just.clear();
        for (partition, offset) in &newly {
            self.claim(input, *partition, *offset, &mut pool);
        }
        self.leftover(c, &newly, pool);
    }

    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (group, input) in GROUPS {
            for ((_, partition), records) in self.inputs.iter().filter(|((topic, _), _)| topic == input) {
                let done = self.done.get(&(input.to_owned(), *partition));
                let open = records.iter().filter(|(o, _)| !done.is_some_and(|d| d.has(**o)));
                missing.extend(open.map(|(o, (i, _))| format!("{group}: {input}-{partition}@{o} {i}")));
            }
        }
        let due = self.expected.iter().filter(|wanted| !self.results.contains(*wanted));
        missing.extend(due.map(|(d, r)| format!("result of {d}.{r}")));
        missing
    }

    fn visible(&self) -> Vec<(String, i32, Vec<i64>)> {
        let all = self.inputs.iter();
        all.map(|((topic, p), records)| (topic.clone(), *p, records.keys().copied().collect())).collect()
    }
}
