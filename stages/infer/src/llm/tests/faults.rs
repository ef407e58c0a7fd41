//! Answers that are none, and servers that fail.

use super::*;

async fn code(text: impl Into<String>) -> &'static str {
    of(text).await.unwrap_err().code().0
}

#[tokio::test]
async fn answers_that_are_none_have_clear_codes() {
    let good = answer(&[]).to_string();
    assert_eq!(code("Sure! Here is what I found in your invoice:").await, "INFER-0045");
    assert_eq!(code(format!("```json\n{good}\n```")).await, "INFER-0045");
    assert_eq!(code(&good[..good.len() - 9]).await, "INFER-0045");
    assert_eq!(code(good.replace("\"119,00\"", "NaN")).await, "INFER-0045");
    assert_eq!(code("[]").await, "INFER-0049");
    assert_eq!(code("{\"document_type\": \"invoice\"}").await, "INFER-0049");
    assert_eq!(code(good.replace("\"invoice\"", "\"spaceship\"")).await, "INFER-0049");
    assert_eq!(code(good.replacen("\"iban\"", "\"password\"", 1)).await, "INFER-0049");
    assert_eq!(code(good.replace("\"119,00\"", "{\"a\": 1}")).await, "INFER-0049");
    assert_eq!(code(good.replace("119,00", &"9".repeat(3_000))).await, "INFER-0047");
    let mut many = answer(&[]);
    many["line_items"] = Value::Array(vec![many["line_items"][0].clone(); 40]);
    assert_eq!(code(many.to_string()).await, "INFER-0047");
    assert_eq!(code(format!("{{\"document_type\": \"{}", "invoice and ".repeat(100))).await, "INFER-0047");
    let mut nothing = answer(&[]);
    nothing["line_items"] = json!([]);
    nothing["fields"].as_object_mut().unwrap().values_mut().for_each(|v| *v = Value::Null);
    assert_eq!(code(nothing.to_string()).await, "INFER-0050");
    assert_eq!(code(format!("{} from the document", prompt::TASK)).await, "INFER-0048");
}

#[tokio::test]
async fn an_answer_that_repeats_the_fence_is_refused() {
    let server = ScriptedServer::start(|seen: Seen| async move {
        let user = seen.body["messages"][1]["content"].as_str().unwrap().to_owned();
        let fence = user.lines().next().unwrap().to_owned();
        Reply::text(answer(&[("payment_ref", &fence)]).to_string())
    })
    .await;
    let error = read(&engine(&config(&server.url())), INVOICE).await.unwrap_err();
    assert_eq!(error.code().0, "INFER-0048");
}

#[tokio::test]
async fn cut_answers_are_errors_and_cost_what_they_cost() {
    let server = ScriptedServer::start(|_| async { Reply::Cut(answer(&[]).to_string()) }).await;
    let error = read(&engine(&config(&server.url())), INVOICE).await.unwrap_err();
    assert_eq!(error.code().0, "INFER-0046");
    let InferError::Llm { cost, .. } = error else { panic!("{error:?}") };
    assert_eq!((cost.tokens_in, cost.usd.as_str()), (11, "0.025"));
}

/// A reply without text for which the server counts 1000 tokens in and 100 out.
fn silent(message: &Value) -> impl Fn(Seen) -> std::future::Ready<Reply> + Clone + use<> {
    let body = json!({"model": "m", "choices": [{"finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100}});
    move |_| std::future::ready(Reply::Json(body.clone()))
}

#[tokio::test]
async fn an_answer_without_text_costs_what_it_costs_and_touches_the_budget() {
    for message in [json!({"content": ""}), json!({"content": null, "refusal": "no"}), Value::Null] {
        let server = ScriptedServer::start(silent(&message)).await;
        let mut config = config(&server.url());
        config.llm.max_output_tokens = 100;
        config.llm.budget_usd = 4.0;
        let engine = engine(&config);
        let error = read(&engine, INVOICE).await.unwrap_err();
        let InferError::Llm { cost, .. } = error else { panic!("{error:?}") };
        assert_eq!((cost.tokens_in, cost.tokens_out, cost.usd.as_str()), (1000, 100, "1.2"), "{message}");
        // 4 dollars less what is spent are too few for a call that may cost 3.
        let spent = engine.budgets.reserve("t", 0, 3_000_000).await.unwrap_err();
        assert!(matches!(spent, LlmError::Budget { spent_micro_usd: 1_200_000, .. }), "{message}: {spent}");
    }
}

#[tokio::test]
async fn what_the_first_server_charges_for_nothing_is_added_to_the_second_ones_answer() {
    let first = ScriptedServer::start(silent(&json!({"content": " "}))).await;
    let second = scripted(answer(&[]).to_string()).await;
    let mut config = config(&first.url());
    config.llm.cheap.providers.push(ProviderConfig { name: "b".into(), ..provider(&second.url(), "cheap") });
    let found = read(&engine(&config), INVOICE).await.unwrap();
    assert_eq!((found.cost.tokens_in, found.cost.tokens_out, found.cost.usd.as_str()), (1011, 107, "1.225"));
}

#[tokio::test]
async fn the_dear_model_takes_over_from_one_that_gives_nothing() {
    let (cheap, dear) = (scripted("no idea").await, scripted(answer(&[]).to_string()).await);
    let mut config = config(&cheap.url());
    config.llm.dear = remote(&dear.url(), "dear");
    let found = read(&engine(&config), INVOICE).await.unwrap();
    assert_eq!(found.fields["grand_total"].value, "119.00");
    assert!(found.problems.iter().any(|p| p.code == "INFER-0045" && p.severity == Severity::Warning));
    assert_eq!(found.cost.tokens_in, 22);
}

#[tokio::test]
async fn faults_of_servers_are_passed_on_with_their_codes() {
    let server = scripted(answer(&[]).to_string()).await;
    let proxy = FaultProxy::start(server.address()).await;
    let mut config = config(&proxy.url());
    config.llm.cheap.timeout_s = 0.3;
    config.llm.cheap.breaker.failures = 0;
    let engine = engine(&config);
    for (fault, want) in
        [(Fault::Close, "REMOTE-0001"), (Fault::Hang, "REMOTE-0002"), (Fault::Status(500), "REMOTE-0006")]
    {
        proxy.next([fault]);
        let error = read(&engine, INVOICE).await.unwrap_err();
        assert_eq!(error.code().0, want, "{error}");
        assert_eq!(error.class(), docmill_contracts::Class::Transient);
    }
    assert!(read(&engine, INVOICE).await.is_ok());
}

#[tokio::test]
async fn a_document_waits_no_longer_than_its_deadline() {
    let server = scripted(answer(&[]).to_string()).await;
    let proxy = FaultProxy::start(server.address()).await;
    proxy.always(Fault::Hang);
    let mut config = config(&proxy.url());
    config.llm.deadline_s = 1.0;
    let engine = engine(&config);
    let started = Instant::now();
    let error = read(&engine, INVOICE).await.unwrap_err();
    assert!(matches!(error.code().0, "INFER-0053" | "REMOTE-0002"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
}
