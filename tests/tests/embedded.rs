//! `docmill run` on the samples, as a newcomer uses it.

#![allow(clippy::unwrap_used)]

use docmill_tests::{docmill, essence, results, run, workspace};
use std::collections::BTreeSet;
use std::path::Path;

fn run_samples(out: &Path, more: &[&str]) -> docmill_tests::Ended {
    run(docmill().arg("run").arg("--out").arg(out).args(more).arg(workspace().join("samples")))
}

#[test]
fn the_samples_become_results_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = run_samples(dir.path(), &[]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    let found = results(dir.path());
    let values = essence(&found);
    assert_eq!(found.len(), 8, "{}", first.out);
    let field = |file: &str, name: &str| values[file].1.get(name).cloned().unwrap_or_default();
    assert_eq!(field("invoice-de-facturx.pdf", "invoice_number"), "RE-2025-0318");
    assert_eq!(field("invoice-de-facturx.pdf", "grand_total"), "9297.41");
    assert_eq!(field("invoice-en.pdf", "invoice_number"), "HF-20417");
    assert_eq!(field("invoice-en.pdf", "issue_date"), "2025-03-12");
    assert_eq!(field("invoice-ubl.xml", "seller_name"), "Atelier Lumen SRL");
    assert_eq!(field("order-12-pages.pdf", "grand_total"), "745071.89");
    assert_eq!(field("order-12-pages.pdf", "issue_date"), "2025-02-03");
    assert_eq!(field("order-12-pages.pdf", "delivery_date"), "2025-02-24");
    assert_eq!(field("receipt-scan.png", "grand_total"), "29.20");
    assert_eq!(field("invoice-scan-2-pages.tiff", "grand_total"), "10088.45");
    for (file, code) in [("encrypted.pdf", "RENDER-0003"), ("truncated.pdf", "RENDER-0004")] {
        let result = &found.iter().find(|(name, _)| name == file).unwrap().1;
        assert_eq!(
            (&result["status"], &result["error"]["code"]),
            (&"rejected".into(), &code.into()),
            "{result}"
        );
        assert!(result["error"]["message"].as_str().unwrap().contains(file));
    }
    assert!(first.out.contains("HF-20417") && first.out.contains("results.jsonl"), "{}", first.out);

    let before = std::fs::read(dir.path().join("results.jsonl")).unwrap();
    let second = run_samples(dir.path(), &[]);
    assert_eq!(second.code, Some(0), "{}", second.err);
    assert_eq!(std::fs::read(dir.path().join("results.jsonl")).unwrap(), before, "nothing is done twice");

    let again = run_samples(dir.path(), &["--again"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    let redone = results(dir.path());
    assert_eq!(redone.len(), 8, "one line a document");
    assert!(redone.iter().all(|(_, r)| r["revision"] == 2));
    assert_eq!(essence(&redone), values, "the same input gives the same values");
}

/// Killed with -9 after each new result: the next run goes on, and no result is lost or doubled.
#[test]
fn a_killed_run_is_continued_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let lines = || results(dir.path()).len();
    for _ in 0..3 {
        let had = lines();
        let mut child = docmill()
            .arg("run")
            .arg("--out")
            .arg(dir.path())
            .arg(workspace().join("samples"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while lines() == had && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = run_samples(dir.path(), &[]);
    assert_eq!(last.code, Some(0), "{}", last.err);
    let found = results(dir.path());
    assert_eq!(found.iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len(), 8);
    assert_eq!(found.len(), 8, "no line is doubled");
    assert!(found.iter().all(|(_, r)| r["revision"] == 1));
}

#[test]
fn wrong_usage_is_told_at_once_with_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let wrong = run(docmill().arg("run").arg("--out").arg(&out).args(["no-such.pdf", "nor-this.pdf"]));
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("no-such.pdf") && wrong.err.contains("nor-this.pdf"), "{}", wrong.err);
    assert!(!out.exists(), "nothing was done");
    assert_eq!(run(docmill().args(["run", "--nonsense", "x"])).code, Some(2));
    std::fs::write(dir.path().join("docmill.toml"), "[stages.render]\ndip = 1\n").unwrap();
    let config = dir.path().join("docmill.toml");
    let wrong = run(docmill().arg("run").arg("--out").arg(&out).arg("--config").arg(config).arg("samples"));
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
    assert!(wrong.err.contains("dip"), "{}", wrong.err);
}

#[test]
fn a_schema_gives_the_fields_it_names() {
    let dir = tempfile::tempdir().unwrap();
    let schema = dir.path().join("s.json");
    std::fs::write(
        &schema,
        r#"{"type":"object","title":"Invoice","properties":{"number":{"type":"string","title":"Invoice number"},
            "due":{"type":"string","format":"date","title":"Due date"}},"required":["number"]}"#,
    )
    .unwrap();
    let out = dir.path().join("out");
    let done = run(docmill()
        .arg("run")
        .arg("--out")
        .arg(&out)
        .arg("--schema")
        .arg(&schema)
        .arg(workspace().join("samples/invoice-en.pdf")));
    assert_eq!(done.code, Some(0), "{}", done.err);
    let fields = &essence(&results(&out))["invoice-en.pdf"].1;
    assert_eq!(fields.get("number").map(String::as_str), Some("HF-20417"), "{fields:?}");
    assert!(fields.keys().all(|k| k == "number" || k == "due"), "{fields:?}");
}
