//! A real server in a process of its own, alone and behind a proxy with faults. Its model is far too small to read a
//! document: what is shown is that the protocol holds, and that nothing it makes up gets through.

use super::*;
use crate::schema::Schema;
use docmill_assets::Assets;
use docmill_testkit::llm::RealServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_server_answers_in_the_shape_and_makes_nothing_true() {
    let started = tokio::task::spawn_blocking(|| RealServer::start(&Assets::new(None))).await.unwrap();
    let Some(server) = started else { return };
    let proxy = FaultProxy::start(server.address()).await;
    let mut config = config(&proxy.url());
    config.llm.cheap.attempts = 2;
    config.llm.max_output_tokens = 120;
    let engine = engine(&config);
    let schema = br#"{"properties": {"number": {"type": "string", "title": "Rechnung Nr."}, "total": {"type": "number"}}}"#;
    let wanted = Wanted { schema: Some(Schema::parse(schema).unwrap()), ..Wanted::default() };
    // The first attempt meets a server that fails; the second one is answered.
    proxy.next([Fault::Status(503)]);
    match read_pages(&engine, vec![page(INVOICE)], wanted).await {
        Ok(found) => {
            assert!(found.fields.keys().all(|k| ["number", "total"].contains(&k.as_str())));
            for (name, field) in &found.fields {
                let marked = errors(&found).iter().any(|(code, f)| *code == "INFER-0040" && f.contains(name));
                assert!(field.page.is_some() || marked, "{name}: {field:?}");
            }
            assert!(found.cost.tokens_in > 100 && found.cost.tokens_out > 0, "{:?}", found.cost);
        }
        // The server holds to the schema, so that only these are left.
        Err(error) => {
            assert!(["INFER-0046", "INFER-0047", "INFER-0050"].contains(&error.code().0), "{error}");
        }
    }
    assert_eq!(proxy.requests(), 2);
}
