//! Worker `plan`: how many pages a document has, and whether it can be read at once.

use crate::client::{Client, ENGINE, ENGINE_VERSION};
use crate::{RenderError, STAGE};
use docmill_contracts::{
    DocumentAccepted, DocumentAssembled, DocumentHead, DocumentState, DocumentStatus, DocumentValidated,
    EmbeddedFile, ErrorInfo, PagesPlanned, StageTrace,
};
use docmill_runtime::{Cx, Outputs, Stage, Unreadable};
use std::sync::Arc;
use std::time::Instant;

/// The stage of worker `plan`.
#[derive(Debug)]
pub struct PlanStage(pub(crate) Arc<Client>);

impl Stage for PlanStage {
    type In = DocumentAccepted;
    type Err = RenderError;

    /// One document's revisions come out in the order in which they went in.
    const ORDERED: bool = true;

    async fn run(&self, input: &DocumentAccepted, cx: &Cx) -> Result<Outputs, RenderError> {
        let since = Instant::now();
        let mut head = input.head.clone();
        match head.source.media_type.as_str() {
            "application/xml" | "text/xml" => return Ok(invoice_alone(head, since, cx)),
            "application/pdf" | "image/png" | "image/jpeg" | "image/tiff" | "image/webp" | "image/bmp" => {}
            other => {
                let media_type = other.chars().take(80).collect();
                return Err(RenderError::MediaType { name: head.source.name.clone(), media_type });
            }
        }
        let document = self.0.document(&head, false).await?;
        let plan = self.0.plan(&head, &document).await?;
        let pages = i32::try_from(plan.pages).unwrap_or(i32::MAX);
        head.source.pages = Some(pages);
        if let Some((name, xml)) = plan.xml {
            head.embedded_xml = Some(EmbeddedFile { name, blob: self.0.blobs.put(xml).await? });
        }
        if let Some(read) = plan.read {
            let status = status(&head, DocumentState::Inferring, pages, pages, cx);
            let stages = vec![trace(since)];
            return Ok(Outputs::one(DocumentAssembled { head, pages: read, error: None, stages }).and(status));
        }
        let mut outputs = Outputs::one(status(&head, DocumentState::Rendering, 0, pages, cx));
        let step = i32::try_from(self.0.config.range_pages).unwrap_or(32).max(1);
        let mut first_page = 1;
        while first_page <= pages {
            let last_page = pages.min(first_page + step - 1);
            outputs.push(PagesPlanned { head: head.clone(), page_count: pages, first_page, last_page });
            first_page = last_page + 1;
        }
        Ok(outputs)
    }

    fn dead(&self, input: &DocumentAccepted, error: ErrorInfo) -> Outputs {
        Outputs::one(DocumentValidated::ended(&input.head, error, Vec::new()))
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        Outputs::one(DocumentValidated::ended(&record.head(), record.error, Vec::new()))
    }
}

/// An e-invoice that came by itself has no pages.
fn invoice_alone(mut head: DocumentHead, since: Instant, cx: &Cx) -> Outputs {
    let (name, blob) = (head.source.name.clone(), head.original.clone());
    head.embedded_xml = Some(EmbeddedFile { name, blob });
    head.source.pages = Some(0);
    let status = status(&head, DocumentState::Inferring, 0, 0, cx);
    let trace = StageTrace { engine: String::new(), version: String::new(), ..trace(since) };
    Outputs::one(DocumentAssembled { head, pages: Vec::new(), error: None, stages: vec![trace] }).and(status)
}

fn trace(since: Instant) -> StageTrace {
    StageTrace {
        stage: STAGE.into(),
        ms: i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX),
        engine: ENGINE.into(),
        version: ENGINE_VERSION.into(),
    }
}

fn status(head: &DocumentHead, state: DocumentState, done: i32, pages: i32, cx: &Cx) -> DocumentStatus {
    DocumentStatus {
        document_id: head.document_id.clone(),
        revision: head.revision,
        tenant: head.tenant.clone(),
        name: head.source.name.clone(),
        state,
        pages_done: done,
        page_count: pages,
        outcome: None,
        at: cx.now_ms,
    }
}
