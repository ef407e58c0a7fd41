use super::*;
use crate::chaos::documents::submissions;
use crate::chaos::watch::Claimed;
use bytes::Bytes;
use docmill_contracts::Headers;
use std::sync::OnceLock;
use std::time::Duration;

/// A run in which nothing went wrong, to be spoilt.
struct World {
    submissions: Vec<Submission>,
    topics: BTreeMap<String, Vec<Seen>>,
    originals: BTreeMap<String, BTreeMap<(i32, i64), Record>>,
    expected: BTreeMap<String, String>,
}

fn seen(offset: i64, document: &str, revision: i32, what: What) -> Seen {
    let print = [u8::try_from(offset % 250).unwrap(); 32];
    Seen { partition: 0, offset, print, document: document.into(), revision, what }
}

fn dead(offset: i64, document: &str, revision: i32, original: &Record, topic: &str) -> Seen {
    let mut headers: Headers = original.headers.iter().map(|(n, v)| (n.to_owned(), v.to_vec())).collect();
    headers.push(dlq::TOPIC, topic);
    headers.push(dlq::PARTITION, "0");
    headers.push(dlq::OFFSET, original.offset.to_string());
    let letter = Record { offset, headers, ..original.clone() };
    seen(offset, document, revision, What::Dead(Box::new(letter)))
}

fn world() -> World {
    // Pictures take their time without optimisation: made once.
    static ONCE: OnceLock<Vec<Submission>> = OnceLock::new();
    let submissions = ONCE.get_or_init(|| submissions(1, 200, Duration::from_secs(10)).unwrap()).clone();
    let names = [
        "results",
        "pages.recognized",
        "documents.assembled",
        "documents.validated",
        "dlq.ingest",
        "dlq.render",
    ];
    let mut topics: BTreeMap<String, Vec<Seen>> =
        names.iter().map(|n| ((*n).to_owned(), Vec::new())).collect();
    let mut originals: BTreeMap<String, BTreeMap<(i32, i64), Record>> = BTreeMap::new();
    let mut expected = BTreeMap::new();
    for (place, s) in submissions.iter().enumerate() {
        let offset = i64::try_from(place).unwrap();
        let id = s.document_id();
        let original = Record {
            offset,
            timestamp_ms: 0,
            key: Some(Bytes::from(s.mark.clone())),
            value: Some(s.bytes.clone()),
            headers: Headers::new().with(MARK, s.mark.as_str()),
        };
        let mut put = |topic: &str, seen| topics.get_mut(topic).unwrap().push(seen);
        match s.fate {
            Fate::Undecodable => put("dlq.ingest", dead(offset, &id, 0, &original, "documents.submitted")),
            Fate::DeadInRender => {
                put("dlq.render", dead(offset, &id, s.revision, &original, "documents.accepted"));
            }
            Fate::Result => {}
        }
        for topic in ["documents.submitted", "documents.accepted"] {
            originals.entry(topic.into()).or_default().insert((0, offset), original.clone());
        }
        if s.fate == Fate::Undecodable {
            continue;
        }
        let essence = format!("essence of {}", s.name);
        expected.insert(s.name.clone(), essence.clone());
        let claimed = Some(Claimed { what: format!("number {}", place % 50), told: place >= 50 });
        put("results", seen(offset, &id, s.revision, What::Result(essence, claimed)));
        put("documents.validated", seen(offset, &id, s.revision, What::Other));
        if s.name.ends_with("order.pdf") {
            put("pages.recognized", seen(2 * offset, &id, s.revision, What::Page(1, 2)));
            put("pages.recognized", seen(2 * offset + 1, &id, s.revision, What::Page(2, 2)));
            put("documents.assembled", seen(offset, &id, s.revision, What::Other));
        }
    }
    World { submissions, topics, originals, expected }
}

impl World {
    fn topic(&mut self, name: &str) -> &mut Vec<Seen> {
        self.topics.get_mut(name).unwrap()
    }

    /// The rules that are broken, when readers were handed what is there.
    fn broken(&self) -> BTreeSet<Rule> {
        self.broken_with(self.topics.clone())
    }

    fn broken_with(&self, live: BTreeMap<String, Vec<Seen>>) -> BTreeSet<Rule> {
        let live = Recording { topics: live, ..Recording::default() };
        let evidence = Evidence {
            submissions: &self.submissions,
            live: &live,
            last: &self.topics,
            originals: &self.originals,
            expected: &self.expected,
        };
        check(&evidence).iter().map(|v| v.rule).collect()
    }
}

#[test]
fn a_clean_run_has_no_violation() {
    assert_eq!(world().broken(), BTreeSet::new());
}

#[test]
fn lost_and_doubled_records_are_found() {
    for (topic, rule) in [
        ("results", Rule::OneResult),
        ("documents.validated", Rule::OneValidation),
        ("documents.assembled", Rule::OneAssembly),
        ("pages.recognized", Rule::OnePage),
        ("dlq.ingest", Rule::DeadLetters),
        ("dlq.render", Rule::DeadLetters),
    ] {
        let mut lost = world();
        lost.topic(topic).remove(0);
        assert_eq!(lost.broken(), [rule].into(), "lost from {topic}");
        let mut doubled = world();
        let again = Seen { offset: 100_000, ..doubled.topic(topic)[0].clone() };
        doubled.topic(topic).push(again);
        let broken = doubled.broken();
        assert!(broken.contains(&rule), "doubled on {topic}: {broken:?}");
    }
}

#[test]
fn a_revision_that_is_overtaken_is_found() {
    let mut world = world();
    let second = world.topic("results").iter().position(|s| s.revision == 2).unwrap();
    let id = world.topic("results")[second].document.clone();
    let first = world.topic("results").iter().position(|s| s.revision == 1 && s.document == id).unwrap();
    world.topic("results").swap(first, second);
    assert_eq!(world.broken(), [Rule::RevisionOrder].into());
}

#[test]
fn another_result_and_a_changed_dead_letter_are_found() {
    let mut other = world();
    other.topic("results")[0].what = What::Result("status=\"failed\"".into(), None);
    assert_eq!(other.broken(), [Rule::SameResults].into());
    let mut changed = world();
    let What::Dead(letter) = &mut changed.topic("dlq.render")[0].what else { panic!() };
    letter.value = Some(Bytes::from_static(b"x"));
    assert_eq!(changed.broken(), [Rule::DeadLetters].into());
}

#[test]
fn two_firsts_of_the_same_are_found() {
    let mut world = world();
    let results = world.topic("results");
    let What::Result(_, Some(claimed)) = &mut results[100].what else { panic!() };
    claimed.told = false;
    assert_eq!(world.broken(), [Rule::OneFirst].into());
}

#[test]
fn a_record_that_was_seen_and_taken_back_is_found() {
    let world = world();
    let mut live = world.topics.clone();
    let extra = Seen { offset: 100_000, ..live["results"][0].clone() };
    live.get_mut("results").unwrap().push(extra);
    assert_eq!(world.broken_with(live), [Rule::NothingAborted].into());
    let mut missed = world.topics.clone();
    missed.get_mut("results").unwrap().pop();
    assert_eq!(world.broken_with(missed), [Rule::NothingAborted].into());
}
