use super::*;
use crate::rules::samples::Sample;
use crate::{Validate, outcome};
use docmill_blobs::Blobs;
use docmill_contracts::{AnyRecord, Class, DocumentExtracted, DocumentHead, DocumentPart, DocumentResult};
use docmill_runtime::{Cx, Stage};
use std::collections::{HashMap, VecDeque};

/// validate, and the worker behind it with its states.
struct Bench {
    validate: Validate,
    duplicates: Duplicates,
    states: HashMap<String, ClaimState>,
    now_ms: i64,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(config: &str) -> Self {
        let config: Config = serde_json::from_str(config).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            duplicates: Duplicates::new(&config),
            validate: Validate::new(config, Blobs::local(folder.path()).unwrap()).unwrap(),
            states: HashMap::new(),
            now_ms: 1_000_000,
            _folder: folder,
        }
    }

    fn step(&mut self, record: &DocumentClaimed) -> Vec<AnyRecord> {
        let key = self.duplicates.key(record);
        let step = self.duplicates.apply(self.states.remove(&key), record, self.now_ms);
        if let Some(state) = step.state {
            assert_eq!((state.key(), self.duplicates.awaits(&state)), (key.clone(), Some(key.clone())));
            self.states.insert(key, state);
        }
        step.outputs.into_records()
    }

    /// The results that a document comes to.
    async fn results(&mut self, document: &DocumentExtracted) -> Vec<DocumentResult> {
        let cx = Cx { worker: "validate", attempt: 1, now_ms: self.now_ms };
        let outputs = self.validate.run(document, &cx).await.unwrap();
        let (mut queue, mut results) = (VecDeque::from(outputs.into_records()), Vec::new());
        while let Some(record) = queue.pop_front() {
            match record {
                AnyRecord::DocumentClaimed(record) => queue.extend(self.step(&record)),
                AnyRecord::DocumentValidated(validated) => results.push(validated.result),
                other => panic!("{other:?}"),
            }
        }
        results
    }

    async fn result(&mut self, document: &DocumentExtracted) -> DocumentResult {
        let mut results = self.results(document).await;
        assert_eq!(results.len(), 1);
        results.pop().unwrap()
    }

    /// The document that this one is told to be a duplicate of.
    async fn told(&mut self, document: &DocumentExtracted) -> Option<String> {
        let result = self.result(document).await;
        let found = result.problems.iter().find(|p| p.code == code::DUPLICATE)?;
        assert_eq!(result.status, ResultStatus::Review);
        let (_, other) = found.message.split_once("document ").unwrap();
        other.split(' ').next().map(str::to_owned)
    }
}

fn document(id: &str, revision: i32) -> DocumentExtracted {
    let mut sample = Sample::good_invoice();
    sample.0.head = DocumentHead { document_id: id.into(), revision, ..sample.0.head };
    sample.0
}

fn with(id: &str, revision: i32, fields: &[(&str, &str)]) -> DocumentExtracted {
    let mut document = document(id, revision);
    document.fields = Sample(document.clone()).fields(fields).0.fields;
    document
}

#[tokio::test]
async fn each_but_the_first_is_told_of_the_first_however_often_it_comes() {
    let mut bench = Bench::new("{}");
    assert_eq!(bench.told(&document("a", 1)).await, None);
    assert_eq!(bench.told(&document("b", 1)).await.as_deref(), Some("a"));
    assert_eq!(bench.told(&document("c", 1)).await.as_deref(), Some("a"));
    // Replayed, and processed again.
    assert_eq!(bench.told(&document("a", 1)).await, None);
    assert_eq!(bench.told(&document("a", 2)).await, None);
    assert_eq!(bench.told(&document("b", 2)).await.as_deref(), Some("a"));
    let mut of_another_tenant = document("d", 1);
    of_another_tenant.head.tenant = "other".into();
    assert_eq!(bench.told(&of_another_tenant).await, None);
}

#[tokio::test]
async fn sellers_are_the_same_by_vat_id_or_by_name() {
    for (fields, same) in [
        (&[("seller_name", "Somebody else")][..], true),
        (&[("seller_name", "Cronus DE GmbH & Co. KG"), ("seller_vat_id", "")], true),
        (&[("seller_name", "CRONUS"), ("seller_vat_id", "")], true),
        (&[("seller_name", "Fabrikam"), ("seller_vat_id", "")], false),
        (&[("invoice_number", "10-3767")], true),
        (&[("invoice_number", "103768")], false),
        (&[("grand_total", "681.870")], true),
        (&[("grand_total", "681.88"), ("due_payable", "681.88")], false),
        (&[("currency", "USD")], false),
        (&[("seller_name", "GmbH"), ("seller_vat_id", " ")], false),
    ] {
        let mut bench = Bench::new("{}");
        assert_eq!(bench.told(&document("a", 1)).await, None);
        assert_eq!(bench.told(&with("b", 1, fields)).await.is_some(), same, "{fields:?}");
    }
}

#[tokio::test]
async fn a_revision_gives_up_what_it_does_not_claim_any_more() {
    let mut bench = Bench::new("{}");
    let other = [("invoice_number", "103768")];
    assert_eq!(bench.told(&document("a", 1)).await, None);
    assert_eq!(bench.told(&document("b", 1)).await.as_deref(), Some("a"));
    // It was misread at first.
    assert_eq!(bench.told(&with("a", 2, &other)).await, None);
    assert_eq!(bench.told(&document("b", 2)).await, None);
    assert_eq!(bench.told(&document("c", 1)).await.as_deref(), Some("b"));
    assert_eq!(bench.told(&with("d", 1, &other)).await.as_deref(), Some("a"));
    // An earlier revision that comes late changes nothing.
    bench.result(&document("a", 1)).await;
    assert_eq!(bench.told(&document("b", 3)).await, None);
    // One that claims nothing gives up all.
    let mut nothing = document("a", 3);
    nothing.fields.remove("invoice_number");
    assert_eq!(bench.told(&nothing).await, None);
    assert_eq!(bench.told(&with("d", 2, &other)).await, None);
}

#[tokio::test]
async fn tenants_may_tolerate_reject_or_not_look() {
    let mut bench = Bench::new(
        r#"{"tenants": {"tolerant": {"tolerate_codes": ["VALIDATE-0024"]}, "strict": {"reject_codes": ["VALIDATE-0024"]},
            "blind": {"find_duplicates": false}}}"#,
    );
    let of = |id: &str, tenant: &str| {
        let mut document = document(id, 1);
        document.head.tenant = tenant.into();
        document
    };
    for (tenant, status, codes) in [
        ("tolerant", ResultStatus::Accepted, vec![code::DUPLICATE]),
        ("strict", ResultStatus::Rejected, vec![code::DUPLICATE, code::REJECTED]),
        ("blind", ResultStatus::Accepted, vec![]),
    ] {
        assert_eq!(bench.result(&of("a", tenant)).await.status, ResultStatus::Accepted);
        let second = bench.result(&of("b", tenant)).await;
        let found: Vec<&str> = second.problems.iter().map(|p| p.code.as_str()).collect();
        assert_eq!((second.status, found), (status, codes), "{tenant}");
    }
    // What is rejected claims nothing: the key is the first one's alone.
    let strict = bench.states.values().find(|s| s.tenant == "strict" && !s.claimants.is_empty()).unwrap();
    assert_eq!(strict.claimants.len(), 1);
}

fn packet(id: &str, numbers: &[&str]) -> DocumentExtracted {
    let mut packet = document(id, 1);
    for (number, page) in numbers.iter().zip(1..) {
        let part = with("part", 1, &[("invoice_number", number)]);
        packet.parts.push(DocumentPart {
            first_page: page,
            last_page: page,
            kind: part.kind,
            fields: part.fields,
            line_items: Vec::new(),
            vat_breakdown: Vec::new(),
        });
    }
    packet
}

#[tokio::test]
async fn documents_of_one_file_are_compared_one_by_one() {
    let mut bench = Bench::new("{}");
    assert_eq!(bench.told(&with("a", 1, &[("invoice_number", "7")])).await, None);
    let result = bench.result(&packet("b", &["5", "6", "7", "5"])).await;
    // Each of them is told that it has no lines, besides.
    let problems: Vec<_> = result.problems.iter().filter(|p| p.code != "BR-16").collect();
    let told: Vec<_> = problems.iter().map(|p| (p.code.as_str(), p.page)).collect();
    assert_eq!(told, [(code::DUPLICATE, Some(4)), (code::DUPLICATE, Some(3))]);
    assert!(problems[0].message.contains("page 1 of this file"), "{}", problems[0].message);
    assert_eq!(bench.told(&with("c", 1, &[("invoice_number", "6")])).await.as_deref(), Some("b"));
    let numbers: Vec<String> = (100..400).map(|n| n.to_string()).collect();
    let many = bench.result(&packet("d", &numbers.iter().map(String::as_str).collect::<Vec<_>>())).await;
    assert!(many.problems.iter().any(|p| p.code == code::NOT_ALL_COMPARED && p.page == Some(257)));
}

#[tokio::test]
async fn what_is_given_up_has_its_one_outcome_and_claims_nothing() {
    let mut bench = Bench::new("{}");
    let error = ErrorInfo {
        code: "RUNTIME-0005".into(),
        class: Class::Internal,
        message: "m".into(),
        stage: "duplicates".into(),
        page: None,
    };
    let result = bench.result(&document("a", 1)).await;
    let outputs = ask(
        DocumentValidated { head: document("b", 1).head, result },
        claimed(&document("b", 1)).claims,
        ResultStatus::Review,
        Vec::new(),
    );
    let Some(AnyRecord::DocumentClaimed(record)) = outputs.into_records().pop() else { panic!("no claim") };
    let states = bench.states.clone();
    let failed = bench.duplicates.failed(&record, error.clone());
    let ended = bench.step(&failed);
    assert!(
        matches!(&ended[..], [AnyRecord::DocumentValidated(v)] if v.result.status == ResultStatus::Failed)
    );
    // A step that nobody waits for has no outcome.
    let aside = aside(&record, ClaimKind::Withdraw, record.claim.key.clone());
    assert_eq!(aside.document_id(), "");
    let failed = bench.duplicates.failed(&aside, error.clone());
    assert!(bench.step(&failed).is_empty());
    let step = bench.duplicates.give_up(None, Some(&aside), error.clone(), 0);
    assert_eq!(step, Step { state: None, outputs: Outputs::none() });
    let unreadable = Unreadable { document_id: "b".into(), revision: 1, tenant: "default".into(), error };
    let unreadable = bench.duplicates.unreadable(unreadable).unwrap();
    assert_eq!(bench.step(&unreadable).len(), 1);
    assert_eq!(bench.states, states);
}

#[tokio::test]
async fn nobody_is_remembered_for_ever_and_no_key_grows_without_bound() {
    let mut bench = Bench::new(r#"{"duplicates_within_days": 30}"#);
    for n in 0..MOST_CLAIMANTS + 20 {
        let name = format!("seller{n}");
        let id = format!("d{n}");
        let fields = [("seller_name", name.as_str()), ("seller_vat_id", "")];
        assert_eq!(bench.told(&with(&id, 1, &fields)).await, None);
    }
    let state = bench.states.values().find(|s| !s.claimants.is_empty()).unwrap().clone();
    assert_eq!((state.claimants.len(), state.claimants[0].document_id.as_str()), (MOST_CLAIMANTS, "d20"));
    let at = bench.duplicates.expires_at(&state);
    assert_eq!(at, bench.now_ms + 30 * 86_400_000);
    assert_eq!(bench.duplicates.expire(state.clone(), at), Step { state: None, outputs: Outputs::none() });
    assert!(bench.duplicates.changes(Some(&state), Some(&state), None).is_empty());
    assert_eq!(bench.duplicates.changes(Some(&state), None, None).len(), 1);
}

#[test]
fn nothing_of_a_document_can_be_read_from_what_is_kept_of_it() {
    let claimed = claimed(&document("a", 1));
    let text = serde_json::to_string(&claimed.claims).unwrap();
    for value in ["103767", "CRONUS", "cronus", "DE136695976", "681"] {
        assert!(!text.contains(value), "{value}: {text}");
    }
    let subject = Sample::good_invoice();
    let config = Config::default();
    let (status, why) = outcome::of_duplicate(subject.subject(), &[], &config);
    assert_eq!((status, why), (ResultStatus::Review, None));
}
