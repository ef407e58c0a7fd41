//! What operators do, over a real Apache Kafka: dead letters, replay, cancel, status, trace.

#![allow(clippy::unwrap_used)]

use docmill_contracts::{content_sha256, derive_document_id};
use docmill_tests::{Ended, Kafka, kafka, program, results, run, workspace};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything that must come.
const LIMIT: Duration = Duration::from_secs(300);
const TENANT: &str = "acme";

/// Samples whose decoder gives them up.
const BROKEN: [&str; 2] = ["RENDER-0003", "RENDER-0004"];

/// `docmill up`, ended with the test.
struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().ok();
    }
}

struct World {
    kafka: &'static Kafka,
    dir: PathBuf,
}

impl World {
    fn docmill(&self, args: &[&str]) -> Ended {
        run(self.kafka.docmill(&self.dir.join("blobs")).args(args))
    }

    fn ok(&self, args: &[&str]) -> String {
        let ended = self.docmill(args);
        assert_eq!(ended.code, Some(0), "docmill {args:?}\n{}\n{}", ended.out, ended.err);
        ended.out
    }

    /// The JSON objects that a command prints, one a line.
    fn json(&self, args: &[&str]) -> Vec<Value> {
        self.ok(args).lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    fn up(&self) -> Up {
        let log = std::fs::File::options().create(true).append(true).open(self.dir.join("up.log")).unwrap();
        let mut up = self.kafka.docmill(&self.dir.join("blobs"));
        up.args(["up", "--no-build"]).stdout(Stdio::from(log.try_clone().unwrap())).stderr(Stdio::from(log));
        Up(up.spawn().unwrap())
    }

    /// Asks again and again until it is so; each question takes its time.
    fn until(&self, what: &str, mut so: impl FnMut() -> bool) {
        let end = Instant::now() + LIMIT;
        while !so() {
            let told = || std::fs::read_to_string(self.dir.join("up.log")).unwrap_or_default();
            assert!(Instant::now() < end, "not in time: {what}\n{}", told());
        }
    }

    /// Results so far, the last revision of each document.
    fn results(&self) -> Vec<(String, Value)> {
        let out = self.dir.join("out");
        self.ok(&["results", "--out", out.to_str().unwrap()]);
        results(&out)
    }

    fn revision_of(&self, document: &str) -> i64 {
        let found = self.results();
        let mine = found.iter().filter(|(_, r)| r["document_id"] == document);
        mine.map(|(_, r)| r["revision"].as_i64().unwrap()).max().unwrap_or(0)
    }
}

fn id_of(tenant: &str, file: &Path) -> String {
    let name = file.file_name().unwrap().to_str().unwrap();
    derive_document_id(tenant, name, &content_sha256(&std::fs::read(file).unwrap()))
}

#[test]
fn operators_see_repeat_and_stop_what_happens() {
    let Some(kafka) = kafka() else { return };
    assert!(program("docmill-render").is_file());
    let dir = tempfile::tempdir().unwrap();
    let world = World { kafka, dir: dir.path().to_owned() };
    world.ok(&["topology", "apply"]);
    let up = world.up();
    let samples = workspace().join("samples");
    let good = samples_good(&samples);
    world.ok(&["submit", "--tenant", TENANT, samples.to_str().unwrap()]);
    world.until("eight results", || world.results().len() >= 8);

    dead_letters(&world);
    replay(&world, &id_of(TENANT, &good));
    status(&world);
    trace(&world, &id_of(TENANT, &good));

    // Too late.
    let late = world.docmill(&["cancel", &id_of(TENANT, &good)]);
    assert_eq!(late.code, Some(1), "{}", late.err);
    assert!(late.out.contains("too late"), "{}", late.out);
    // In time: while no stage runs, the request is what they meet first.
    drop(up);
    world.ok(&["submit", "--tenant", "other", good.to_str().unwrap()]);
    let id = id_of("other", &good);
    world.ok(&["cancel", &id, "--wait", "0", "--reason", "a test"]);
    let up = world.up();
    world.until("the cancelled result", || {
        world.results().iter().any(|(_, r)| r["document_id"] == id.as_str() && r["status"] == "cancelled")
    });
    drop(up);
}

/// A sample that is accepted as it is.
fn samples_good(samples: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = std::fs::read_dir(samples).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let is =
        |p: &PathBuf| p.extension().is_some_and(|e| e == "pdf") && p.to_str().unwrap().contains("invoice");
    files.into_iter().find(is).unwrap()
}

fn dead_letters(world: &World) {
    let letters = world.json(&["dlq", "list", "--json"]);
    assert_eq!(letters.len(), 2, "{letters:?}");
    for letter in &letters {
        assert!(BROKEN.contains(&letter["code"].as_str().unwrap()), "{letter}");
        assert_eq!((&letter["worker"], &letter["tenant"]), (&"plan".into(), &TENANT.into()));
    }
    assert!(world.ok(&["dlq", "list", "--stage", "ocr"]).contains("no dead letters"));
    let place = letters[0]["letter"].as_str().unwrap();
    let shown = world.json(&["dlq", "show", place, "--json"]).remove(0);
    assert_eq!(shown["record"]["head"]["document_id"], letters[0]["document_id"]);
    let page = world.ok(&["dlq", "show", place]);
    assert!(page.contains("What to do"), "the page of the code is shown:\n{page}");

    assert!(world.ok(&["dlq", "redrive", "--dry-run"]).contains("2 letters would be sent back"));
    assert!(world.ok(&["dlq", "redrive"]).contains("2 letters sent back"));
    // They die again of the same, as letters of their own.
    world.until("two letters after two that were sent back", || {
        let letters = world.json(&["dlq", "list", "--json"]);
        assert!(letters.len() <= 2, "{letters:?}");
        letters.len() == 2 && letters.iter().all(|l| l["redriven_from"].is_string())
    });
    assert_eq!(world.json(&["dlq", "list", "--all", "--json"]).len(), 4);
}

fn replay(world: &World, document: &str) {
    let dry = world.ok(&["replay", "--status", "failed", "--status", "rejected", "--dry-run"]);
    assert!(dry.contains("2 documents would be processed again"), "{dry}");
    world.ok(&["replay", "--document", document]);
    world.until("revision 2", || world.revision_of(document) == 2);
    world.ok(&["replay", "--document", document, "--stage", "infer"]);
    world.until("revision 3", || world.revision_of(document) == 3);
    let results = world.results();
    let others = results.iter().filter(|(_, r)| r["document_id"] != document);
    assert!(others.clone().count() == 7 && others.clone().all(|(_, r)| r["revision"] == 1));
    assert!(!results.iter().any(|(_, r)| r["document_id"] == document && r["status"] == "failed"));
}

fn status(world: &World) {
    world.until("no lag", || {
        let look = world.json(&["status", "--json"]).remove(0);
        let workers = look["workers"].as_array().unwrap();
        assert_eq!(workers.len(), 9, "{look}");
        assert!(
            workers.iter().all(|w| w["exact"] == true && w["notes"].as_array().unwrap().is_empty()),
            "{look}"
        );
        workers.iter().all(|w| w["lag"] == 0)
    });
    let look = world.json(&["status", "--json"]).remove(0);
    assert_eq!(look["dead_letters"]["plan"], 2, "{look}");
    let documents = look["documents"].as_object().unwrap();
    assert_eq!(documents.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), 8, "{look}");
    assert!(documents.keys().all(|k| k.starts_with("done: ")), "{look}");
}

fn trace(world: &World, document: &str) {
    let records = world.json(&["trace", document, "--revision", "2", "--json"]);
    let kinds: Vec<&str> = records.iter().map(|r| r["record"].as_str().unwrap()).collect();
    let at = |kind| kinds.iter().position(|k| *k == kind).unwrap_or_else(|| panic!("no {kind} in {kinds:?}"));
    // A later revision first asks what the one before it claimed.
    let claimed: Vec<usize> = (0..kinds.len()).filter(|i| kinds[*i] == "DocumentClaimed").collect();
    assert_eq!(claimed.len(), 2, "{kinds:?}");
    let first = ["DocumentSubmitted", "DocumentAccepted", "DocumentAssembled", "DocumentExtracted"].map(at);
    let last = ["DocumentValidated", "DocumentResult"].map(at);
    let way = [&first[..], &claimed, &last].concat();
    for pair in way.windows(2) {
        let (from, to) = (&records[pair[0]], &records[pair[1]]);
        assert!(pair[0] < pair[1], "{kinds:?}");
        assert_eq!(to["source"], from["place"], "{to}");
        assert!(to["worker"].is_string() && to["attempt"] == 1, "{to}");
    }
    let result = &records[at("DocumentResult")];
    assert!(!result["engines"].as_array().unwrap().is_empty(), "{result}");
    assert_eq!(result["sha256"].as_str().unwrap().len(), 64);
    let first = world.ok(&["trace", document, "--revision", "1"]);
    assert!(first.contains("DocumentSubmitted") && first.contains("└ DocumentAccepted"), "{first}");
    let unknown = world.docmill(&["trace", "no-such-document"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("OPS-0032"), "{}", unknown.err);
}
