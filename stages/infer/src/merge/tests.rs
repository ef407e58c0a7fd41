use super::*;
use proptest::prelude::*;

fn field(engine: &str, value: &str, confidence: f64, page: Option<i32>) -> Field {
    Field {
        value: value.to_owned(),
        raw: None,
        confidence,
        page,
        bbox: None,
        engine: engine.to_owned(),
        model_version: "1".to_owned(),
        other_readings: Vec::new(),
    }
}

fn found(engine: &str, fields: &[(&str, &str, f64)]) -> Extraction {
    let mut out = Extraction::of_engine(engine, "1");
    out.kind = DocumentType { value: "invoice".into(), confidence: 0.8, reason: None, category: None };
    let with =
        |(name, value, sure): &(&str, &str, f64)| ((*name).to_owned(), field(engine, value, *sure, Some(1)));
    out.fields = fields.iter().map(with).collect();
    out
}

fn near(field: &Field, confidence: f64) -> bool {
    (field.confidence - confidence).abs() < 1e-9
}

fn merged(a: Extraction, b: Extraction) -> Extraction {
    merge(vec![a, b], &Wanted::default())
}

#[test]
fn agreement_raises_and_disagreement_lowers() {
    let local = found("local", &[("grand_total", "119.00", 0.8), ("issue_date", "2026-01-31", 0.7)]);
    let llm = found(
        "llm",
        &[("grand_total", "119.0", 0.7), ("issue_date", "2026-02-01", 0.8), ("iban", "X1", 0.6)],
    );
    let both = merged(local, llm);
    let total = &both.fields["grand_total"];
    assert!(
        (total.confidence - 0.94).abs() < 1e-9 && total.engine == "local" && total.other_readings.is_empty()
    );
    let date = &both.fields["issue_date"];
    assert_eq!((date.value.as_str(), date.engine.as_str()), ("2026-02-01", "llm"));
    assert!((date.confidence - 0.8 * 0.65).abs() < 1e-9);
    assert_eq!(date.other_readings[0].value, "2026-01-31");
    assert_eq!(both.problems[0].message, "issue_date: llm reads `2026-02-01`, local reads `2026-01-31`");
    assert_eq!(
        (both.problems[0].code.as_str(), both.problems[0].severity),
        ("INFER-0056", Severity::Warning)
    );
    assert!(near(&both.fields["iban"], 0.6));
    assert_eq!((both.engine.as_str(), both.version.as_str()), ("local+llm", "1+1"));
    assert!((both.kind.confidence - 0.96).abs() < 1e-9);
}

#[test]
fn a_value_without_a_place_never_wins_and_its_problem_is_settled() {
    let mut llm = found("llm", &[]);
    llm.fields.insert("grand_total".into(), field("llm", "911.00", 0.9, None));
    llm.fields.insert("iban".into(), field("llm", "X1", 0.9, None));
    for name in ["grand_total", "iban"] {
        llm.problems.push(Problem {
            code: "INFER-0040".into(),
            severity: Severity::Error,
            message: String::new(),
            fields: vec![name.into()],
            page: None,
        });
    }
    let local = found("local", &[("grand_total", "119.00", 0.3)]);
    for both in [merged(llm.clone(), local.clone()), merged(local, llm)] {
        assert_eq!(both.fields["grand_total"].value, "119.00");
        let severity = |name: &str| both.problems.iter().find(|p| p.fields == [name]).unwrap().severity;
        assert_eq!((severity("grand_total"), severity("iban")), (Severity::Warning, Severity::Error));
    }
}

#[test]
fn saying_it_twice_does_not_put_it_on_the_page() {
    let ghost = || {
        let mut llm = found("llm", &[]);
        llm.fields.insert("iban".into(), field("llm", "X1", 0.05, None));
        llm
    };
    assert!(near(&merged(ghost(), ghost()).fields["iban"], 0.05));
}

#[test]
fn the_table_that_adds_up_is_taken() {
    let row = |engine: &str, total: &str| {
        Fields::from([("line_total".to_owned(), field(engine, total, 0.5, Some(1)))])
    };
    let mut local = found("local", &[("net_total", "30.00", 0.8)]);
    local.line_items = vec![row("local", "10.00")];
    let mut llm = found("llm", &[("net_total", "30.00", 0.8)]);
    llm.line_items = vec![row("llm", "10.00"), row("llm", "20.00")];
    assert_eq!(merged(local.clone(), llm.clone()).line_items.len(), 2);
    local.line_items.push(row("local", "25.00"));
    let both = merged(local, llm);
    assert!(near(&both.line_items[0]["line_total"], 0.75));
    assert_eq!(both.line_items[1]["line_total"].other_readings[0].value, "20.00");
}

#[test]
fn a_document_is_weak_where_a_field_that_it_needs_is() {
    let all = [("invoice_number", "1", 0.9), ("issue_date", "2026-01-31", 0.9), ("seller_name", "S", 0.9)];
    let mut invoice = found("local", &all);
    let wanted = Wanted::default();
    assert!(is_weak(&invoice, &wanted, 0.85), "no total");
    invoice.fields.insert("grand_total".into(), field("local", "1", 0.9, Some(1)));
    invoice.fields.insert("currency".into(), field("local", "EUR", 0.9, Some(1)));
    assert!(!is_weak(&invoice, &wanted, 0.85) && is_weak(&invoice, &wanted, 0.95));
    invoice.fields.get_mut("currency").unwrap().confidence = f64::NAN;
    assert!(is_weak(&invoice, &wanted, 0.85));
}

#[test]
fn costs_are_added_exactly() {
    let cost = |usd: &str| Cost { tokens_in: 1, tokens_out: 2, usd: usd.into() };
    let sum = sum(&cost("0.1"), &cost("0.200"));
    assert_eq!(sum, Cost { tokens_in: 2, tokens_out: 4, usd: "0.3".into() });
}

proptest! {
    #[test]
    fn confidences_stay_probabilities(a in 0.0..=1.0f64, b in 0.0..=1.0f64, same in any::<bool>()) {
        let value = if same { "5.00" } else { "6.00" };
        let both = merged(found("local", &[("grand_total", "5.00", a)]), found("llm", &[("grand_total", value, b)]));
        let sure = both.fields["grand_total"].confidence;
        prop_assert!((0.0..=1.0).contains(&sure));
        let fits = if same { sure + 0.001 >= a.max(b) } else { sure <= a.max(b) + 0.001 };
        prop_assert!(fits);
    }

    #[test]
    fn a_value_is_never_lost(a in "[0-9]{1,3}", b in "[0-9]{1,3}") {
        let both = merged(found("local", &[("iban", &a, 0.5)]), found("llm", &[("iban", &b, 0.5)]));
        let field = &both.fields["iban"];
        let said: Vec<&str> = field.other_readings.iter().map(|r| r.value.as_str()).chain([field.value.as_str()]).collect();
        prop_assert!(said.contains(&a.as_str()) && said.contains(&b.as_str()));
    }
}
