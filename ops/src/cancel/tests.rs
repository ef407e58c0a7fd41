use super::*;
use crate::desk::samples::{desk, out, result, submitted};

fn args(document: &str, tenant: Option<&str>, wait: u64) -> CancelArgs {
    CancelArgs {
        log: LogArgs::default(),
        document: document.into(),
        tenant: tenant.map(Into::into),
        reason: Some("asked for".into()),
        wait,
    }
}

#[tokio::test]
async fn the_request_is_written_and_its_result_waited_for() {
    let (log, desk) = desk().await;
    log.produce(vec![out(&desk, submitted("a", "d", 1))]).unwrap();
    let stage = async {
        // What the stages do: the request comes, the document ends.
        let mut reader = desk.log.reader("documents.control", ReadFrom::Beginning).await.unwrap();
        let record = loop {
            if let Read::Records { mut records, .. } = reader.next().await.unwrap() {
                break records.remove(0);
            }
        };
        let control: DocumentControl = desk.codec.decode(record.value.as_ref().unwrap()).unwrap();
        assert_eq!((control.document_id.as_str(), control.tenant.as_str()), ("d", "a"));
        assert_eq!((control.action, control.reason.as_deref()), (ControlAction::Cancel, Some("asked for")));
        let other = out(&desk, result("b", "d", 1, ResultStatus::Accepted, "other", "1"));
        let mine = out(&desk, result("a", "d", 1, ResultStatus::Cancelled, "other", "1"));
        log.produce(vec![other, mine]).unwrap();
    };
    let args = args("d", None, 60);
    let (done, ()) = tokio::join!(cancel(&desk, &args), stage);
    assert_eq!(done.unwrap().1, Outcome::Cancelled);
}

#[tokio::test]
async fn a_document_that_has_ended_is_left_alone() {
    let (log, desk) = desk().await;
    log.produce(vec![
        out(&desk, submitted("a", "d", 1)),
        out(&desk, result("a", "d", 1, ResultStatus::Review, "other", "1")),
    ])
    .unwrap();
    let (_, outcome) = cancel(&desk, &args("d", None, 60)).await.unwrap();
    assert_eq!(outcome, Outcome::TooLate(ResultStatus::Review));
    assert!(log.records("documents.control").is_empty());
    // Its second revision is another matter.
    log.produce(vec![out(&desk, submitted("a", "d", 2))]).unwrap();
    assert_eq!(cancel(&desk, &args("d", None, 0)).await.unwrap().1, Outcome::Asked);
    assert_eq!(log.records("documents.control").len(), 1);
}

#[tokio::test]
async fn a_document_is_named_by_tenant_where_two_have_it() {
    let (log, desk) = desk().await;
    log.produce(vec![out(&desk, submitted("a", "d", 1)), out(&desk, submitted("b", "d", 1))]).unwrap();
    let error = cancel(&desk, &args("d", None, 0)).await.unwrap_err();
    assert!(error.to_string().contains("tenants a, b"), "{error}");
    assert_eq!(cancel(&desk, &args("d", Some("b"), 0)).await.unwrap().0, Name::new("b", "d"));
    let error = cancel(&desk, &args("x", None, 0)).await.unwrap_err();
    assert!(matches!(error, OpsError::UnknownDocument { .. }), "{error}");
}
