//! `docmill chaos` as it is in every run of the tests: a minute of faults on a Kafka of its own.

#![allow(clippy::unwrap_used)]

use docmill_tests::{docmill, program, run};

/// The number behind the line that begins with `name`.
fn number(report: &str, name: &str) -> usize {
    let line = report.lines().find(|l| l.trim_start().starts_with(name));
    let last = line.and_then(|l| l.split_whitespace().last()).and_then(|n| n.parse().ok());
    last.unwrap_or_else(|| panic!("no number behind `{name}` in\n{report}"))
}

#[allow(clippy::print_stderr)]
fn skipped(why: &str) {
    eprintln!("SKIPPED: this test needs a real Kafka, which could not be started: {why}");
}

#[test]
fn a_minute_of_faults_loses_doubles_and_changes_nothing() {
    assert!(program("docmill-render").is_file(), "the programs stand beside docmill");
    let dir = std::env::temp_dir().join(format!("docmill-tests-chaos-{}", std::process::id()));
    let arguments =
        ["chaos", "--documents", "300", "--minutes", "1", "--brokers", "1", "--seed", "1", "--dir"];
    let ended = run(docmill().args(arguments).arg(&dir));
    // What is fetched is not there, and cannot be fetched here.
    if ended.code == Some(1) && ended.err.contains("[ASSET-") {
        assert!(std::env::var_os("DOCMILL_REQUIRE_KAFKA").is_none(), "no Kafka: {}", ended.err);
        std::fs::remove_dir_all(&dir).ok();
        return skipped(&ended.err);
    }
    let report = format!("{}\n{}", ended.out, ended.err);
    assert_eq!(ended.code, Some(0), "{report}");
    assert!(number(&ended.out, "kill -9 of a stage") >= 10, "{report}");
    for fault in ["SIGTERM to a stage", "SIGSTOP past the session time-out", "scale up", "scale down"] {
        assert!(number(&ended.out, fault) >= 1, "{report}");
    }
    assert!(number(&ended.out, "restarts") >= 10, "{report}");
    // One result for each submission but the records that are no documents; those are dead letters.
    let (submitted, results) = (number(&ended.out, "submitted"), number(&ended.out, "results"));
    assert!(submitted == 300 && results < 300 && results > 280, "{report}");
    assert!(number(&ended.out, "dead letters") >= submitted - results, "{report}");
    assert!(!dir.exists(), "what a clean run leaves is nothing");
}
