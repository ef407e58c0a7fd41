//! Documents for tests.

use crate::lines::Lines;
use crate::subject::Subject;
use docmill_contracts::{
    BlobRef, Cost, DocumentExtracted, DocumentHead, DocumentType, Field, Fields, PageSummary, Problem,
    ProcessingOptions, Reading, Severity, Source, TextSource,
};

/// 2026-07-01T12:00:00Z in milliseconds.
const SUBMITTED: i64 = 1_782_907_200_000;

/// Fields by name and value.
pub(crate) type Given = &'static [(&'static str, &'static str)];
/// Problems by code.
pub(crate) type Found = &'static [(&'static str, Severity)];

/// A document that grows field by field.
pub(crate) struct Sample(pub(crate) DocumentExtracted);

impl Sample {
    pub(crate) fn new(kind: &str) -> Self {
        let original = BlobRef::of(b"bytes");
        let head = DocumentHead {
            document_id: "d1".into(),
            revision: 1,
            tenant: "default".into(),
            content_sha256: original.sha256.clone(),
            source: Source {
                name: "a.pdf".into(),
                media_type: "application/pdf".into(),
                bytes: 5,
                pages: None,
            },
            options: ProcessingOptions::default(),
            original,
            embedded_xml: None,
            config_version: None,
            submitted_at: SUBMITTED,
        };
        let page = PageSummary {
            page: 1,
            width: 595.0,
            height: 842.0,
            text_source: TextSource::TextLayer,
            engine: "pdfium".into(),
            confidence: Some(1.0),
            error: None,
            text_reason: None,
        };
        Self(DocumentExtracted {
            head,
            kind: DocumentType { value: kind.into(), confidence: 0.95, reason: None, category: None },
            fields: Fields::new(),
            line_items: Vec::new(),
            vat_breakdown: Vec::new(),
            problems: Vec::new(),
            pages: vec![page],
            error: None,
            stages: Vec::new(),
            cost: Cost::default(),
            parts: Vec::new(),
            artifacts: Vec::new(),
            layout_novelty: None,
        })
    }

    pub(crate) fn fields(mut self, fields: &[(&str, &str)]) -> Self {
        self.0.fields.extend(row(fields));
        self
    }

    pub(crate) fn line(mut self, fields: &[(&str, &str)]) -> Self {
        self.0.line_items.push(row(fields));
        self
    }

    pub(crate) fn vat(mut self, fields: &[(&str, &str)]) -> Self {
        self.0.vat_breakdown.push(row(fields));
        self
    }

    /// Says that another engine read everything so far.
    pub(crate) fn engine(mut self, engine: &str) -> Self {
        let rows = self.0.line_items.iter_mut().chain(&mut self.0.vat_breakdown);
        for field in rows.chain([&mut self.0.fields]).flat_map(Fields::values_mut) {
            field.engine = engine.into();
        }
        self
    }

    pub(crate) fn confidence(&mut self, name: &str, confidence: f64) {
        self.0.fields.get_mut(name).unwrap().confidence = confidence;
    }

    pub(crate) fn other_reading(&mut self, name: &str, value: &str, confidence: f64) {
        self.0.fields.get_mut(name).unwrap().other_readings.push(Reading {
            value: value.into(),
            raw: None,
            confidence,
            page: None,
            bbox: None,
            engine: "local".into(),
            model_version: "1".into(),
        });
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        let mut lines = Lines::new(&self.0.fields);
        self.0.line_items.iter().for_each(|row| lines.add(row));
        // Tests are short.
        Subject { document: &self.0, lines: Box::leak(Box::new(lines)) }
    }

    /// An invoice that every rule is content with.
    pub(crate) fn good_invoice() -> Self {
        Self::new("invoice")
            .fields(&[
                ("invoice_number", "103767"),
                ("issue_date", "2026-06-17"),
                ("due_date", "2026-07-03"),
                ("seller_name", "CRONUS DE"),
                ("seller_vat_id", "DE136695976"),
                ("buyer_name", "Adatum Corporation"),
                ("currency", "EUR"),
                ("line_total", "573"),
                ("net_total", "573"),
                ("tax_total", "108.87"),
                ("grand_total", "681.87"),
                ("due_payable", "681.87"),
                ("iban", "DE89370400440532013000"),
            ])
            .line(&[("quantity", "3"), ("unit_price", "191"), ("line_total", "573"), ("vat_rate", "19")])
            .vat(&[("taxable_amount", "573"), ("vat_rate", "19"), ("tax_amount", "108.87")])
    }
}

fn row(fields: &[(&str, &str)]) -> Fields {
    fields.iter().map(|(name, value)| ((*name).to_owned(), field(value))).collect()
}

fn field(value: &str) -> Field {
    Field {
        value: value.into(),
        raw: None,
        confidence: 0.95,
        page: Some(1),
        bbox: None,
        engine: "local".into(),
        model_version: "1".into(),
        other_readings: Vec::new(),
    }
}

pub(crate) fn codes(problems: &[Problem]) -> Vec<(&str, Severity)> {
    problems.iter().map(|problem| (problem.code.as_str(), problem.severity)).collect()
}
