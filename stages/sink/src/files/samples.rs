//! Results for tests.

use docmill_contracts::{
    BlobRef, Class, Cost, DocumentHead, DocumentResult, DocumentType, ErrorInfo, Field, Fields, PageSummary,
    Problem, ProcessingOptions, Reading, ResultStatus, Severity, Source, StageTrace, TextSource, Trace,
};

fn source() -> Source {
    Source {
        name: "invoice-17.pdf".into(),
        media_type: "application/pdf".into(),
        bytes: 48_123,
        pages: Some(2),
    }
}

pub(crate) fn head(id: &str, revision: i32) -> DocumentHead {
    let original = BlobRef::of(b"bytes");
    DocumentHead {
        document_id: id.into(),
        revision,
        tenant: "default".into(),
        content_sha256: original.sha256.clone(),
        source: source(),
        options: ProcessingOptions::default(),
        original,
        embedded_xml: None,
        config_version: None,
        submitted_at: 1_700_000_000_000,
    }
}

pub(crate) fn field(value: &str) -> Field {
    Field {
        value: value.into(),
        raw: Some(format!("Nr. {value}")),
        confidence: 0.97,
        page: Some(1),
        bbox: Some(vec![412.0, 96.123_456, 470.5, 108.0]),
        engine: "local".into(),
        model_version: "1".into(),
        other_readings: Vec::new(),
    }
}

pub(crate) fn result(id: &str, revision: i32) -> DocumentResult {
    let reading = Reading {
        value: "103768".into(),
        raw: None,
        confidence: 1.0,
        page: None,
        bbox: None,
        engine: "xml".into(),
        model_version: "EN 16931".into(),
    };
    let number = Field { other_readings: vec![reading], ..field("103767") };
    let summary = |page, error: Option<ErrorInfo>| PageSummary {
        page,
        width: 595.276,
        height: 842.0,
        text_source: if error.is_some() { TextSource::None } else { TextSource::TextLayer },
        engine: "pdfium".into(),
        confidence: error.is_none().then_some(0.99),
        error,
        text_reason: None,
    };
    let broken = ErrorInfo {
        code: "RENDER-0002".into(),
        class: Class::Input,
        message: "page 2 of invoice-17.pdf is broken".into(),
        stage: "render".into(),
        page: Some(2),
    };
    let head = head(id, revision);
    let fields = |pairs: &[(&str, Field)]| -> Fields {
        pairs.iter().map(|(name, field)| ((*name).to_owned(), field.clone())).collect()
    };
    DocumentResult {
        document_id: head.document_id,
        revision,
        tenant: head.tenant,
        content_sha256: head.content_sha256,
        source: head.source,
        status: ResultStatus::Accepted,
        kind: DocumentType {
            value: "invoice".into(),
            confidence: 0.98,
            reason: Some("title \"Rechnung\"".into()),
            category: None,
        },
        fields: fields(&[
            ("a_field_of_their_own", field("x")),
            ("grand_total", field("681.87")),
            ("invoice_number", number),
        ]),
        line_items: vec![fields(&[
            ("line_total", field("573")),
            ("description", field("Schreibtischstuhl, \"blau\"")),
        ])],
        vat_breakdown: Vec::new(),
        problems: vec![Problem {
            code: "BR-CO-15".into(),
            severity: Severity::Warning,
            message: "573 + 108.87 is not 681.88".into(),
            fields: vec!["grand_total".into()],
            page: Some(1),
        }],
        pages: vec![summary(1, None), summary(2, Some(broken))],
        error: None,
        trace: Trace {
            submitted_at: 1_700_000_000_000,
            finished_at: 1_700_000_001_234,
            stages: vec![StageTrace {
                stage: "render".into(),
                ms: 12,
                engine: "pdfium".into(),
                version: "8125".into(),
            }],
            cost: Cost { tokens_in: 10, tokens_out: 5, usd: "0.0125".into() },
        },
        parts: Vec::new(),
        artifacts: Vec::new(),
        layout_novelty: None,
    }
}
