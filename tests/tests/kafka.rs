//! The six stages as six processes over a real Apache Kafka and a real schema registry.

#![allow(clippy::unwrap_used)]

use docmill_contracts::headers;
use docmill_runtime::transport::{Read, ReadFrom, Transport};
use docmill_tests::{docmill, essence, kafka, program, results, run, workspace};
use docmill_transport_kafka::{Kafka, KafkaConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for all results of a test.
const LIMIT: Duration = Duration::from_secs(300);

/// `docmill up`, ended with the test.
struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        terminate(self.0.id());
        self.0.wait().ok();
    }
}

fn terminate(pid: u32) {
    assert!(Command::new("kill").arg(pid.to_string()).status().unwrap().success());
}

/// Kills a stage's process below `docmill up` with -9.
fn kill_stage(up: u32, stage: &str) {
    let name = format!("docmill-{stage}");
    let killed = Command::new("pkill").args(["-9", "-P", &up.to_string(), "-f", &name]).status().unwrap();
    assert!(killed.success(), "no {name} to kill");
}

fn results_of(command: &mut Command, out: &Path) -> usize {
    let ended = run(command.arg("results").arg("--out").arg(out));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    results(out).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn six_processes_give_the_results_of_one_and_survive_kill_9() {
    let Some(kafka) = kafka() else { return };
    // The programs stand beside docmill.
    assert!(program("docmill-render").is_file());
    let dir = tempfile::tempdir().unwrap();
    let blobs = dir.path().join("blobs");

    let applied = run(kafka.docmill(&blobs).args(["topology", "apply"]));
    assert_eq!(applied.code, Some(0), "{}", applied.err);
    assert_eq!(run(kafka.docmill(&blobs).args(["topology", "check"])).code, Some(0));

    let log = std::fs::File::create(dir.path().join("up.log")).unwrap();
    let up = Up(kafka
        .docmill(&blobs)
        .args(["up", "--no-build"])
        .stdout(Stdio::from(log.try_clone().unwrap()))
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap());
    let samples = workspace().join("samples");
    let submit = |tenant: &str| {
        let ended = run(kafka.docmill(&blobs).args(["submit", "--tenant", tenant]).arg(&samples));
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    };
    let out = dir.path().join("out");
    let until = Instant::now() + LIMIT;
    let wait_for = |count: usize| {
        loop {
            let have = results_of(&mut kafka.docmill(&blobs), &out);
            if have >= count {
                return;
            }
            let told = || std::fs::read_to_string(dir.path().join("up.log")).unwrap_or_default();
            assert!(Instant::now() < until, "{have} of {count} results\n{}", told());
        }
    };
    submit("first");
    wait_for(8);
    // Work is in flight when the stages die: what they had is done by their successors, once.
    for tenant in ["a", "b", "c", "d"] {
        submit(tenant);
    }
    kill_stage(up.0.id(), "render");
    wait_for(12);
    kill_stage(up.0.id(), "infer");
    wait_for(40);

    let local = dir.path().join("local");
    assert_eq!(run(docmill().arg("run").arg("--out").arg(&local).arg(&samples)).code, Some(0));
    let expected = essence(&results(&local));
    let found = results(&out);
    assert_eq!(found.len(), 40, "each document of each tenant once");
    let mut by_tenant: BTreeMap<String, Vec<(String, serde_json::Value)>> = BTreeMap::new();
    for (name, result) in found {
        by_tenant.entry(result["tenant"].as_str().unwrap().to_owned()).or_default().push((name, result));
    }
    assert_eq!(by_tenant.len(), 5);
    for (tenant, found) in by_tenant {
        assert_eq!(essence(&found), expected, "tenant {tenant}");
    }
    exactly_one_result_and_dead_letters_with_their_reasons(&kafka.servers).await;
}

/// On the topics themselves, read_committed: one result a document, and every dead letter says where it came from.
async fn exactly_one_result_and_dead_letters_with_their_reasons(servers: &str) {
    let log = Kafka::new(KafkaConfig {
        bootstrap_servers: servers.to_owned(),
        client_id: "test".into(),
        settings: BTreeMap::new(),
    })
    .unwrap();
    let mut keys = BTreeSet::new();
    let mut reader = log.reader("results", ReadFrom::Beginning).await.unwrap();
    while let Read::Records { records, .. } = reader.next().await.unwrap() {
        for record in records {
            assert!(keys.insert(record.key.unwrap()), "a result is there twice");
            assert!(record.headers.text(headers::TRACEPARENT).unwrap().starts_with("00-"));
        }
    }
    assert_eq!(keys.len(), 40);
    let mut reader = log.reader("dlq.render", ReadFrom::Beginning).await.unwrap();
    let mut dead = Vec::new();
    while let Read::Records { records, .. } = reader.next().await.unwrap() {
        dead.extend(records);
    }
    assert_eq!(dead.len(), 10, "two broken documents of each tenant");
    for record in dead {
        let header = |name| record.headers.text(name).unwrap_or_default().to_owned();
        assert!(["RENDER-0003", "RENDER-0004"].contains(&header(headers::dlq::CODE).as_str()));
        assert_eq!(header(headers::dlq::TOPIC), "documents.accepted");
        assert_eq!(
            (header(headers::dlq::STAGE), header(headers::dlq::CLASS)),
            ("plan".into(), "input".into())
        );
        assert!(header(headers::dlq::OFFSET).parse::<i64>().is_ok());
        assert!(header(headers::dlq::FIRST_SEEN).parse::<i64>().is_ok());
        assert_eq!(header(headers::CONTENT_TYPE), headers::AVRO, "the original headers are kept");
        assert!(record.value.is_some());
    }
}
