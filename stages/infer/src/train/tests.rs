use super::*;
use crate::extract::{Extractor, Wanted};
use crate::local::LocalExtractor;
use crate::local::fields::Role;
use crate::local::model::Model;
use docmill_learn::Folds;
use std::sync::Arc;

fn small() -> (Task, Vec<Example>, Settings) {
    let mut task = Task::built_in();
    task.wants.retain(|w| matches!(w.role, Role::Number | Role::IssueDate | Role::Gross | Role::BuyerName));
    let settings = Settings { steps: 15, rows: 60, ..Settings::default() };
    let made = (0..30).map(synth::document).filter(|m| m.truth.kind.as_deref() == Some("invoice"));
    let examples = made.map(|m| Example::of(m.truth, &m.pages, &task, settings)).collect();
    (task, examples, settings)
}

#[test]
fn what_is_learned_is_right_on_documents_that_were_not_seen() {
    let (task, examples, settings) = small();
    let names: Vec<&str> = examples.iter().map(|e| e.truth.group.as_str()).collect();
    let folds = Folds::grouped(&names, 2);
    let report = cross_validate(&task, &examples, &folds, None, settings);
    assert!(report.all.n >= 40 && report.all.f1 > 0.8, "{:?}", report.all);
    assert!(report.outcomes.iter().all(|o| o.found.is_none() || (0.0..=1.0).contains(&o.confidence)));
}

#[test]
fn a_field_whose_values_stand_nowhere_is_reported_and_nothing_at_all_is_noticed() {
    let (mut task, _, settings) = small();
    task.wants.retain(|w| matches!(w.role, Role::IssueDate | Role::Gross));
    let made = (0..30).map(synth::document).filter(|m| m.truth.kind.as_deref() == Some("invoice"));
    let mut examples: Vec<Example> = made
        .map(|m| {
            let mut truth = m.truth;
            truth.fields.insert("issue_date".into(), "1901-01-01".into());
            Example::of(truth, &m.pages, &task, settings)
        })
        .collect();
    assert!(is_anything_findable(&task, &examples));
    let names: Vec<&str> = examples.iter().map(|e| e.truth.group.as_str()).collect();
    let folds = Folds::grouped(&names, 2);
    let report = cross_validate(&task, &examples, &folds, None, settings);
    let date = report.fields.iter().find(|f| f.name == "issue_date").unwrap();
    assert_eq!(date.n, examples.len());
    assert!(date.possible < 1e-9 && date.f1 < 1e-9, "{date:?}");
    assert!(report.fields.iter().any(|f| f.name == "grand_total" && f.f1 > 0.5));
    for example in &mut examples {
        example.truth.fields.remove("grand_total");
    }
    assert!(!is_anything_findable(&task, &examples));
}

#[test]
fn the_same_examples_give_the_same_model_and_it_reads_a_document() {
    let (task, examples, settings) = small();
    let all: Vec<&Example> = examples.iter().collect();
    let bytes = train(&task, &all, None, settings).to_bytes().unwrap();
    assert_eq!(bytes, train(&task, &all, None, settings).to_bytes().unwrap());
    let model = Arc::new(Model::from_bytes(&bytes).unwrap());
    let made = (30..90).map(synth::document).find(|m| m.truth.kind.as_deref() == Some("invoice")).unwrap();
    let local = LocalExtractor::new(&crate::Config::default());
    let wanted = Wanted { model: Some(Arc::clone(&model)), ..Wanted::default() };
    let found = local.extract(&mut made.pages.clone(), &wanted).unwrap();
    assert_eq!(found.version, model.version);
    assert!(found.layout_novelty.is_some());
    let date = &found.fields["issue_date"];
    assert_eq!(
        (date.value.as_str(), &date.model_version),
        (made.truth.fields["issue_date"].as_str(), &model.version)
    );
}

#[test]
fn what_a_document_does_not_have_is_not_found() {
    let model = Arc::new(Model::built_in().unwrap());
    let local = LocalExtractor::new(&crate::Config::default());
    let wanted = Wanted { model: Some(model), ..Wanted::default() };
    // Seeds that the built-in model has not learned from.
    let slips = (1000..1040).map(synth::document).filter(|m| m.truth.kind.as_deref() == Some("receipt"));
    let (mut all, mut told) = (0, Vec::new());
    for made in slips {
        let found = local.extract(&mut made.pages.clone(), &wanted).unwrap();
        all += made.truth.absent.len();
        told.extend(found.fields.into_keys().filter(|name| made.truth.absent.contains(name)));
    }
    assert!(all >= 20 && told.len() * 50 <= all, "{} of {all}: {told:?}", told.len());
}

#[test]
fn the_built_in_model_is_sound_and_small() {
    let model = Model::built_in().unwrap();
    for field in [
        "invoice_number",
        "issue_date",
        "grand_total",
        "seller_name",
        "seller_name@slip",
        "seller_address@slip",
    ] {
        assert!(model.scorer(field).is_some_and(|s| !s.platt.weights.is_empty()), "{field}");
    }
    assert!(model.to_bytes().unwrap().len() < 1_000_000);
}

#[test]
fn words_survive_their_line() {
    let made = synth::document(3);
    let document = words::DocumentWords { name: "a.pdf".into(), sha256: "00".into(), pages: made.pages };
    let read = words::from_line(&words::to_line(&document).unwrap()).unwrap();
    assert_eq!((read.name, read.pages.len()), ("a.pdf".to_owned(), document.pages.len()));
    assert_eq!(read.pages[0].words.len(), document.pages[0].words.len());
}
