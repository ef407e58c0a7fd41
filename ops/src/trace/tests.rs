use super::*;
use crate::desk::Place;
use crate::desk::samples::{accepted, assembled, desk, letter, out, result, submitted};
use docmill_contracts::{AnyRecord, DocumentHead, GatherState, ResultStatus, headers};
use docmill_runtime::transport::OutRecord;
use docmill_testkit::SimLog;
use std::sync::Arc;

fn args(document: &str, tenant: Option<&str>) -> TraceArgs {
    TraceArgs {
        log: LogArgs::default(),
        document: document.into(),
        tenant: tenant.map(Into::into),
        revision: None,
        json: false,
    }
}

/// A record that a worker made of another.
fn made(desk: &Desk, record: impl Into<AnyRecord>, worker: &str, source: &str) -> OutRecord {
    let mut out = out(desk, record);
    out.headers.push(headers::WORKER, worker);
    out.headers.push(headers::ATTEMPT, "2");
    out.headers.push(headers::SOURCE, source);
    out
}

fn place_of(log: &SimLog, topic: &str) -> String {
    let (partition, record) = log.records(topic).pop().unwrap();
    format!("{topic}/{partition}/{}", record.offset)
}

fn state(head: DocumentHead) -> GatherState {
    GatherState {
        head: Some(head),
        page_count: 1,
        revision: 1,
        closed: true,
        opened_at: 0,
        pages: Vec::new(),
    }
}

#[tokio::test]
async fn records_follow_what_they_were_made_from_whatever_their_times() {
    let (log, desk) = desk().await;
    // Written in an order that times alone would show wrongly.
    log.produce(vec![out(&desk, submitted("a", "d", 1))]).unwrap();
    let submitted_at = place_of(&log, "documents.submitted");
    let first: Place = submitted_at.parse().unwrap();
    let accepted_at = Place {
        topic: Arc::from("documents.accepted"),
        partition: docmill_runtime::partitioner::partition(b"a/d", 4),
        offset: 0,
    };
    let done = result("a", "d", 1, ResultStatus::Accepted, "invoice", "1.0");
    log.produce(vec![made(&desk, done, "sink", &accepted_at.to_string())]).unwrap();
    log.produce(vec![
        made(&desk, accepted("a", "d", 1), "ingest", &first.to_string()),
        made(&desk, assembled("a", "d", 1), "plan", &accepted_at.to_string()),
        OutRecord { key: Some("a/d/1".into()), ..out(&desk, state(crate::desk::samples::head("a", "d", 1))) },
        out(&desk, submitted("a", "other", 1)),
    ])
    .unwrap();
    let trace = trace(&desk, &args("d", None)).await.unwrap();
    let told: Vec<(usize, &str)> = trace.iter().map(|(d, e)| (*d, e.kind.as_str())).collect();
    assert_eq!(
        told,
        [
            (0, "DocumentSubmitted"),
            (1, "DocumentAccepted"),
            (2, "DocumentResult"),
            (2, "DocumentAssembled"),
            (0, "GatherState")
        ]
    );
    let (_, assembled) = &trace[3];
    assert_eq!((assembled.worker.as_deref(), assembled.attempt.as_deref()), (Some("plan"), Some("2")));
    assert!(assembled.engines.contains("pdfium 8125"), "{:?}", assembled.engines);
    assert_eq!(assembled.blobs.values().next().map(String::as_str), Some("original"));
    assert_eq!(assembled.sha256.len(), 64);
    assert_eq!(trace[2].1.status.as_deref(), Some("accepted"));
    assert!(row(1, &trace[1].1)[1].starts_with("└ "));
}

#[tokio::test]
async fn a_dead_letter_stands_below_its_record_and_what_came_of_it_below_the_letter() {
    let (log, desk) = desk().await;
    log.produce(vec![out(&desk, accepted("a", "d", 1))]).unwrap();
    let from: Place = place_of(&log, "documents.accepted").parse().unwrap();
    log.produce(vec![letter("dlq.render", "plan", "RENDER-0003", &from, out(&desk, accepted("a", "d", 1)))])
        .unwrap();
    let args = TraceArgs { ..args("d", None) };
    let redrive = crate::dlq::RedriveArgs {
        log: LogArgs::default(),
        filter: crate::dlq::Filter::default(),
        dry_run: false,
        rate: None,
        to: None,
        raw: false,
    };
    crate::dlq::redriven(&desk, &redrive).await.unwrap();
    let trace = trace(&desk, &args).await.unwrap();
    let told: Vec<(usize, &str, bool)> =
        trace.iter().map(|(d, e)| (*d, e.kind.as_str(), e.sent_back)).collect();
    assert_eq!(
        told,
        [(0, "DocumentAccepted", false), (1, "dead letter", true), (2, "DocumentAccepted", false)]
    );
    assert_eq!(trace[1].1.errors, ["RENDER-0003: cannot"]);
}

#[tokio::test]
async fn tenants_are_told_apart_and_revisions_chosen() {
    let (log, desk) = desk().await;
    log.produce(vec![
        out(&desk, submitted("a", "d", 1)),
        out(&desk, submitted("b", "d", 1)),
        out(&desk, submitted("b", "d", 2)),
    ])
    .unwrap();
    let error = trace(&desk, &args("d", None)).await.unwrap_err();
    assert!(matches!(error, OpsError::SeveralTenants { .. }), "{error}");
    assert_eq!(trace(&desk, &args("d", Some("a"))).await.unwrap().len(), 1);
    let second = TraceArgs { revision: Some(2), ..args("d", Some("b")) };
    assert_eq!(trace(&desk, &second).await.unwrap().len(), 1);
    let error = trace(&desk, &args("x", None)).await.unwrap_err();
    assert!(matches!(error, OpsError::UnknownDocument { .. }), "{error}");
}
