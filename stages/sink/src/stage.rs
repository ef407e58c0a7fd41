//! The worker `sink`: results become public.

use crate::SinkError;
use docmill_contracts::{
    DocumentHead, DocumentResult, DocumentState, DocumentStatus, DocumentValidated, ErrorInfo, ResultStatus,
    Severity,
};
use docmill_runtime::{Cx, Outputs, Stage, Unreadable};
use std::time::Duration;

/// Puts results on their topic and tells that their documents are done.
pub struct Sink;

impl Stage for Sink {
    type In = DocumentValidated;
    type Err = SinkError;

    /// One document's revisions come out in the order in which they went in.
    const ORDERED: bool = true;

    async fn run(&self, input: &Self::In, cx: &Cx) -> Result<Outputs, Self::Err> {
        let mut result = input.result.clone();
        // A document that a stage ended early has no time of its end yet.
        if result.trace.finished_at == 0 {
            result.trace.finished_at = cx.now_ms;
        }
        count(&result);
        Ok(done(&input.head, result))
    }

    fn dead(&self, input: &Self::In, error: ErrorInfo) -> Outputs {
        let mut result =
            DocumentValidated::ended(&input.head, error, input.result.trace.stages.clone()).result;
        // There is no clock here; the submission is the one time that is known.
        result.trace.finished_at = input.result.trace.finished_at.max(input.head.submitted_at);
        done(&input.head, result)
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        let head = record.head();
        let result = DocumentValidated::ended(&head, record.error, Vec::new()).result;
        done(&head, result)
    }
}

/// Metrics of a result. A record that is run again is counted again.
fn count(result: &DocumentResult) {
    let status = match result.status {
        ResultStatus::Accepted => "accepted",
        ResultStatus::Review => "review",
        ResultStatus::Rejected => "rejected",
        ResultStatus::Failed => "failed",
        ResultStatus::Cancelled => "cancelled",
    };
    let took = u64::try_from(result.trace.finished_at - result.trace.submitted_at).ok();
    docmill_metrics::document(status, &result.kind.value, took.map(Duration::from_millis));
    for problem in &result.problems {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        docmill_metrics::problem(&problem.code, severity);
    }
}

fn done(head: &DocumentHead, result: DocumentResult) -> Outputs {
    let read = i32::try_from(result.pages.len()).unwrap_or(i32::MAX);
    let status = DocumentStatus {
        document_id: result.document_id.clone(),
        revision: result.revision,
        tenant: result.tenant.clone(),
        name: head.source.name.clone(),
        state: DocumentState::Done,
        pages_done: read,
        page_count: result.source.pages.unwrap_or(read),
        outcome: Some(result.status),
        at: result.trace.finished_at,
    };
    Outputs::one(result).and(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::samples::{head, result};
    use docmill_contracts::{AnyRecord, Class, ResultStatus};

    fn cx() -> Cx {
        Cx { worker: "sink", attempt: 1, now_ms: 1_800_000_000_000 }
    }

    #[tokio::test]
    async fn a_result_becomes_public_and_its_document_is_done() {
        let input = DocumentValidated { head: head("d1", 2), result: result("d1", 2) };
        let outputs = Sink.run(&input, &cx()).await.unwrap();
        let [AnyRecord::DocumentResult(public), AnyRecord::DocumentStatus(status)] = outputs.records() else {
            panic!("{outputs:?}")
        };
        assert_eq!(**public, input.result);
        assert_eq!((status.state, status.outcome), (DocumentState::Done, Some(ResultStatus::Accepted)));
        assert_eq!((status.page_count, status.at), (2, input.result.trace.finished_at));
    }

    #[tokio::test]
    async fn a_document_that_ended_early_ends_now() {
        let error = ErrorInfo {
            code: "INGEST-0001".into(),
            class: Class::Input,
            message: "empty".into(),
            stage: "ingest".into(),
            page: None,
        };
        let input = DocumentValidated::ended(&head("d1", 1), error.clone(), Vec::new());
        let outputs = Sink.run(&input, &cx()).await.unwrap();
        let AnyRecord::DocumentResult(public) = &outputs.records()[0] else { panic!("{outputs:?}") };
        assert_eq!((public.trace.finished_at, public.status), (1_800_000_000_000, ResultStatus::Rejected));
        let dead = Sink.dead(&input, ErrorInfo { class: Class::Internal, ..error });
        let AnyRecord::DocumentResult(public) = &dead.records()[0] else { panic!("{dead:?}") };
        assert_eq!(public.status, ResultStatus::Failed);
    }
}
