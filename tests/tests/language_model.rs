//! `docmill run` with a language model on the route: what it makes up is never accepted, and what it cost is in the result.

#![allow(clippy::unwrap_used)]

use docmill_testkit::llm::{Reply, ScriptedServer};
use docmill_tests::{docmill, results, run, workspace};
use serde_json::{Value, json};
use std::path::Path;

/// Runs a sample with that configuration.
async fn read(folder: &Path, toml: String) -> Value {
    let config = folder.join("docmill.toml");
    std::fs::write(&config, toml).unwrap();
    let (out, sample) = (folder.join("out"), workspace().join("samples/invoice-en.pdf"));
    let command =
        move || run(docmill().arg("run").arg("--config").arg(config).arg("--out").arg(&out).arg(sample));
    let ended = tokio::task::spawn_blocking(command).await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    results(&folder.join("out")).remove(0).1
}

fn codes(result: &Value) -> Vec<&str> {
    result["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect()
}

const ROUTE: &str = "[[stages.infer.router.routes]]\nengines = ['local', 'llm']\nall = true\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_a_model_makes_up_is_never_accepted() {
    for (said, made_up) in [("HF-20417", false), ("HF-99999", true)] {
        let fields = json!({"invoice_number": "HF-20417", "contract_ref": said});
        let text = json!({"document_type": "invoice", "fields": fields, "line_items": []}).to_string();
        let server = ScriptedServer::start(move |_| {
            let text = text.clone();
            async move { Reply::Text(text) }
        })
        .await;
        let provider = format!(
            "[[stages.infer.llm.cheap.providers]]\nurl = '{}'\nmodel = 'm'\nusd_per_million_tokens_in = 1000.0\n",
            server.url()
        );
        let folder = tempfile::tempdir().unwrap();
        let result = read(folder.path(), format!("{provider}{ROUTE}")).await;
        assert_eq!(server.seen().len(), 1);
        assert_eq!(codes(&result).contains(&"INFER-0040"), made_up, "{result}");
        let field = &result["fields"]["contract_ref"];
        assert_eq!((&field["value"], field["page"].is_null()), (&json!(said), made_up));
        if made_up {
            assert_eq!(result["status"], "review");
        }
        let trace = &result["trace"];
        assert_eq!((&trace["cost"]["tokens_in"], &trace["cost"]["usd"]), (&json!(11), &json!(0.011)));
        let engines = trace["stages"].as_array().unwrap().iter().map(|s| s["engine"].as_str().unwrap());
        assert!(engines.clone().any(|e| e == "local+llm"), "{trace}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_route_nothing_is_asked() {
    let server = ScriptedServer::saying("{}").await;
    let folder = tempfile::tempdir().unwrap();
    let provider = format!("[[stages.infer.llm.cheap.providers]]\nurl = '{}'\nmodel = 'm'\n", server.url());
    let result = read(folder.path(), provider).await;
    assert_eq!(result["fields"]["invoice_number"]["value"], "HF-20417");
    assert!(server.seen().is_empty());
}
