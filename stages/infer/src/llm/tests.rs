use super::*;
use crate::extract::PageText;
use docmill_contracts::{TextSource, Word};
use docmill_remote::ProviderConfig;
use docmill_testkit::llm::{Fault, FaultProxy, Reply, ScriptedServer, Seen};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

mod faults;
mod injection;
mod real;

const INVOICE: &[&str] = &[
    "Muster GmbH",
    "Hauptstr. 5, 10115 Berlin",
    "Rechnung Nr. RE-4711",
    "Datum: 31.01.2026",
    "Pos Artikel @300 Menge @400 Preis @500 Betrag",
    "1 Widget blau @300 2 @400 25,00 @500 50,00",
    "2 Schraube @300 10 @400 5,00 @500 50,00",
    "Netto @500 100,00",
    "MwSt 19 % @500 19,00",
    "Gesamtbetrag EUR @500 119,00",
    "IBAN DE89 3704 0044 0532 0130 00",
];

/// Lines of a page; `@300` is a place from the left.
fn page(lines: &[&str]) -> PageText {
    let mut words = Vec::new();
    for (row, line) in lines.iter().enumerate() {
        let mut x = 40.0;
        for word in line.split(' ').filter(|w| !w.is_empty()) {
            if let Some(at) = word.strip_prefix('@').and_then(|at| at.parse().ok()) {
                x = at;
                continue;
            }
            let (y, width) = (40.0 + 14.0 * row as f32, 5.0 * word.chars().count() as f32);
            let bbox = [x, y, x + width, y + 10.0];
            words.push(Word { text: word.to_owned(), bbox, confidence: 1.0, line: row as u32 });
            x += width + 3.0;
        }
    }
    PageText { page_no: 1, width: 595.0, height: 842.0, source: TextSource::TextLayer, words }
}

/// An honest answer about [`INVOICE`], with changes.
fn answer(changes: &[(&str, &str)]) -> Value {
    let form = Form::of(&Wanted::default(), true);
    let mut fields: serde_json::Map<String, Value> =
        form.fields.iter().map(|f| (f.name.clone(), Value::Null)).collect();
    let said = [
        ("seller_name", "Muster GmbH"),
        ("seller_address", "Hauptstr. 5, 10115 Berlin"),
        ("invoice_number", "RE-4711"),
        ("issue_date", "31.01.2026"),
        ("currency", "EUR"),
        ("net_total", "100,00"),
        ("tax_total", "19,00"),
        ("grand_total", "119,00"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
    ];
    for (name, value) in said.iter().chain(changes) {
        fields.insert((*name).to_owned(), Value::from(*value));
    }
    let row = |d: &str, q: &str, p: &str, t: &str| {
        json!({"description": d, "article_no": null, "quantity": q, "unit": null, "unit_price": p, "vat_rate": null,
            "line_total": t})
    };
    let rows = [row("Widget blau", "2", "25,00", "50,00"), row("Schraube", "10", "5,00", "50,00")];
    json!({"document_type": "invoice", "fields": fields, "line_items": rows})
}

fn provider(url: &str, model: &str) -> ProviderConfig {
    ProviderConfig {
        url: url.to_owned(),
        model: model.to_owned(),
        usd_per_million_tokens_in: 1_000.0,
        usd_per_million_tokens_out: 2_000.0,
        ..ProviderConfig::default()
    }
}

fn remote(url: &str, model: &str) -> RemoteConfig {
    RemoteConfig {
        providers: vec![provider(url, model)],
        attempts: 1,
        backoff_ms: 1,
        ..RemoteConfig::default()
    }
}

fn config(cheap: &str) -> crate::Config {
    let llm = LlmConfig { cheap: remote(cheap, "cheap"), ..LlmConfig::default() };
    crate::Config { llm, ..crate::Config::default() }
}

fn engine(config: &crate::Config) -> Arc<LlmExtractor> {
    Arc::new(LlmExtractor::new(config, None, "0").unwrap().unwrap())
}

async fn read(engine: &Arc<LlmExtractor>, lines: &[&str]) -> Result<Extraction, InferError> {
    read_pages(engine, vec![page(lines)], Wanted { tenant: "t".into(), ..Wanted::default() }).await
}

async fn read_pages(
    engine: &Arc<LlmExtractor>,
    mut pages: Vec<PageText>,
    wanted: Wanted,
) -> Result<Extraction, InferError> {
    let engine = Arc::clone(engine);
    tokio::task::spawn_blocking(move || engine.extract(&mut pages, &wanted)).await.unwrap()
}

async fn scripted(text: impl Into<String>) -> ScriptedServer {
    let text = text.into();
    ScriptedServer::start(move |_| {
        let text = text.clone();
        async move { Reply::Text(text) }
    })
    .await
}

/// What comes of a scripted answer about an invoice.
async fn of(text: impl Into<String>) -> Result<Extraction, InferError> {
    let server = scripted(text).await;
    read(&engine(&config(&server.url())), INVOICE).await
}

fn errors(found: &Extraction) -> Vec<(&str, &[String])> {
    let errors = found.problems.iter().filter(|p| p.severity == Severity::Error);
    errors.map(|p| (p.code.as_str(), p.fields.as_slice())).collect()
}

#[tokio::test]
async fn an_honest_answer_becomes_fields_with_their_places() {
    let server = scripted(answer(&[]).to_string()).await;
    let found = read(&engine(&config(&server.url())), INVOICE).await.unwrap();
    assert_eq!(errors(&found), []);
    let total = &found.fields["grand_total"];
    assert_eq!((total.value.as_str(), total.raw.as_deref(), total.page), ("119.00", Some("119,00"), Some(1)));
    assert_eq!(total.bbox.as_deref(), Some(&[500.0, 166.0, 530.0, 176.0][..]));
    assert_eq!(found.fields["issue_date"].value, "2026-01-31");
    assert_eq!(found.fields["iban"].value, "DE89370400440532013000");
    assert_eq!(found.fields["seller_address"].value, "Hauptstr. 5, 10115 Berlin");
    assert_eq!(found.kind.value, "invoice");
    let second = &found.line_items[1];
    assert_eq!((second["quantity"].value.as_str(), second["line_total"].value.as_str()), ("10", "50.00"));
    let top = second["line_total"].bbox.as_ref().unwrap()[1];
    assert!((top - 124.0).abs() < 0.1, "the one of its own row");
    assert_eq!((found.cost.tokens_in, found.cost.tokens_out, found.cost.usd.as_str()), (11, 7, "0.025"));
    // The server tells no probabilities: the model's word alone is not enough to be accepted unseen.
    assert!(total.confidence < 0.85 && total.confidence > 0.5);
    assert!(found.version.starts_with("cheap@prompt-1."));
}

#[tokio::test]
async fn the_request_has_the_schema_and_the_document_between_its_fences() {
    let server = scripted(answer(&[]).to_string()).await;
    read(&engine(&config(&server.url())), INVOICE).await.unwrap();
    let seen: &Seen = &server.seen()[0];
    let body = &seen.body;
    assert_eq!(
        (&body["temperature"], &body["logprobs"], &body["stream"]),
        (&json!(0.0), &json!(true), &json!(false))
    );
    let schema = &body["response_format"]["json_schema"];
    assert_eq!((&schema["strict"], &schema["schema"]["additionalProperties"]), (&json!(true), &json!(false)));
    let user = body["messages"][1]["content"].as_str().unwrap();
    let lines: Vec<&str> = user.lines().collect();
    let fence = lines[0];
    assert!(fence.starts_with("DOCUMENT-") && fence.len() == 41);
    assert_eq!(lines.iter().filter(|l| **l == fence).count(), 2);
    assert!(body["messages"][0]["content"].as_str().unwrap().contains(fence));
    assert!(lines.contains(&"1.3: Rechnung Nr. RE-4711"));
    let row = lines.iter().find(|l| l.contains("Widget")).unwrap();
    assert!(row.contains("blau   "), "columns stay apart: {row}");
}

#[tokio::test]
async fn probabilities_of_tokens_become_confidences() {
    let text = answer(&[]).to_string();
    // One token for each character, all certain but those of the number.
    let at = text.find("RE-4711").unwrap();
    let tokens: Vec<Value> = text
        .char_indices()
        .map(|(i, c)| {
            let logprob = if (at..at + 7).contains(&i) { -0.1 } else { 0.0 };
            json!({"token": c.to_string(), "logprob": logprob})
        })
        .collect();
    let body = json!({"model": "m", "choices": [{"finish_reason": "stop", "message": {"content": text},
        "logprobs": {"content": tokens}}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    let server = ScriptedServer::start(move |_| {
        let body = body.clone();
        async move { Reply::Json(body) }
    })
    .await;
    let found = read(&engine(&config(&server.url())), INVOICE).await.unwrap();
    let sure = |name: &str| found.fields[name].confidence;
    assert!((sure("invoice_number") - 0.97 * (-0.7_f64).exp()).abs() < 0.002, "{}", sure("invoice_number"));
    assert!((sure("grand_total") - 0.97).abs() < 1e-9);
}

#[tokio::test]
async fn a_value_that_is_not_on_the_page_is_marked_and_an_error() {
    let text = answer(&[("grand_total", "911,00"), ("due_date", "2026-02-28"), ("buyer_name", "Nobody Ltd")]);
    let found = of(text.to_string()).await.unwrap();
    for name in ["grand_total", "due_date", "buyer_name"] {
        let field = &found.fields[name];
        assert!(field.page.is_none() && field.raw.is_none() && field.confidence < 0.1, "{name}");
        assert!(errors(&found).contains(&("INFER-0040", &[name.to_owned()][..])), "{name}");
    }
    assert_eq!(found.fields["grand_total"].value, "911.00");
    assert!(found.fields["net_total"].page.is_some());
}

#[tokio::test]
async fn cells_of_another_row_do_not_count() {
    let mut text = answer(&[]);
    text["line_items"][0]["unit_price"] = json!("5,00");
    let found = of(text.to_string()).await.unwrap();
    assert_eq!(errors(&found), [("INFER-0040", &["line_items".to_owned()][..])]);
    assert!(found.line_items[0]["unit_price"].page.is_none());
}

#[tokio::test]
async fn the_dear_model_is_asked_where_the_cheap_one_is_unsure() {
    let cheap = scripted(answer(&[("grand_total", "911,00")]).to_string()).await;
    let dear = scripted(answer(&[]).to_string()).await;
    let mut config = config(&cheap.url());
    config.llm.dear = remote(&dear.url(), "dear");
    config.llm.dear_below = 0.5;
    let found = read(&engine(&config), INVOICE).await.unwrap();
    assert_eq!((cheap.seen().len(), dear.seen().len()), (1, 1));
    let total = &found.fields["grand_total"];
    assert_eq!((total.value.as_str(), total.other_readings[0].value.as_str()), ("119.00", "911.00"));
    assert!(errors(&found).is_empty(), "a value of the page was chosen: {:?}", found.problems);
    assert_eq!(found.cost.tokens_in, 22);
    // Sure enough: the dear one is not asked.
    let sure = scripted(answer(&[]).to_string()).await;
    config.llm.cheap = remote(&sure.url(), "cheap");
    read(&engine(&config), INVOICE).await.unwrap();
    assert_eq!(dear.seen().len(), 1);
}

#[tokio::test]
async fn a_tenants_budget_holds_and_is_its_own() {
    let server = scripted(answer(&[]).to_string()).await;
    let mut config = config(&server.url());
    config.llm.max_output_tokens = 100;
    config.llm.budget_usd = 4.0;
    config.llm.budgets_usd = BTreeMap::from([("poor".to_owned(), 0.001)]);
    let engine = engine(&config);
    assert!(read(&engine, INVOICE).await.is_ok());
    let wanted = Wanted { tenant: "poor".into(), ..Wanted::default() };
    let error = read_pages(&engine, vec![page(INVOICE)], wanted).await.unwrap_err();
    assert_eq!((error.code().0, error.class()), ("INFER-0052", docmill_contracts::Class::Transient));
    assert_eq!(server.seen().len(), 1, "nothing was sent");
}

#[tokio::test]
async fn long_documents_lose_their_middle_and_say_so() {
    let server = scripted(answer(&[]).to_string()).await;
    let mut config = config(&server.url());
    config.llm.max_input_chars = 1_000;
    let filler: Vec<String> = (0..40).map(|i| format!("filler line {i} of the middle page")).collect();
    let filler: Vec<&str> = filler.iter().map(String::as_str).collect();
    let pages = [page(INVOICE), page(&filler), page(&["last page"])];
    let pages = pages.into_iter().zip(1..).map(|(p, no)| PageText { page_no: no, ..p }).collect();
    let found = read_pages(&engine(&config), pages, Wanted::default()).await.unwrap();
    let problem = found.problems.iter().find(|p| p.code == "INFER-0044").unwrap();
    assert_eq!(problem.page, Some(2));
    let sent = server.seen()[0].text();
    assert!(sent.contains("RE-4711") && sent.contains("3.1: last page") && !sent.contains("filler"));
}

#[tokio::test]
async fn pictures_are_shown_where_there_are_some_and_allowed() {
    struct Scan(PageText);
    impl Pages for Scan {
        fn len(&self) -> usize {
            1
        }
        fn page(&mut self, _: usize) -> Result<PageText, InferError> {
            Ok(self.0.clone())
        }
        fn image(&mut self, _: usize) -> Result<Option<PageImage>, InferError> {
            Ok(Some(PageImage { png: "png".into(), page_no: 1 }))
        }
    }
    let server = scripted(answer(&[]).to_string()).await;
    let mut config = config(&server.url());
    config.llm.input = Input::Images;
    assert!(LlmExtractor::new(&config, None, "0").is_err(), "no provider takes pictures");
    config.llm.cheap.providers[0].vision = true;
    let engine = engine(&config);
    for (withhold_images, pictures) in [(false, 1), (true, 0)] {
        let (engine, wanted) = (Arc::clone(&engine), Wanted { withhold_images, ..Wanted::default() });
        let read = move || engine.extract(&mut Scan(page(INVOICE)), &wanted);
        let found = tokio::task::spawn_blocking(read).await.unwrap().unwrap();
        assert_eq!(found.fields["grand_total"].value, "119.00");
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.images().len(), pictures);
        assert_eq!(seen.text().contains("RE-4711"), withhold_images);
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let wrong = |change: fn(&mut LlmConfig)| {
        let mut config = config("http://127.0.0.1:1/v1");
        change(&mut config.llm);
        LlmExtractor::new(&config, None, "0").err().map(|e| e.code().0)
    };
    assert_eq!(wrong(|_| ()), None);
    assert_eq!(wrong(|c| c.dear_below = 2.0), Some("INFER-0054"));
    assert_eq!(wrong(|c| c.deadline_s = 0.0), Some("INFER-0054"));
    assert_eq!(wrong(|c| c.max_concurrent = 0), Some("INFER-0054"));
    assert_eq!(wrong(|c| c.budget_usd = -1.0), Some("INFER-0054"));
    assert_eq!(wrong(|c| c.dear = std::mem::take(&mut c.cheap)), Some("INFER-0054"));
    assert_eq!(wrong(|c| c.cheap.providers[0].url = "x".into()), Some("REMOTE-0012"));
    assert!(LlmExtractor::new(&crate::Config::default(), None, "0").unwrap().is_none());
}
