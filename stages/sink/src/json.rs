//! A result as JSON for people and programs outside: times as RFC 3339, numbers as short as they are, keys in the
//! order in which the documentation has them. The Avro record stays as it is.

use docmill_contracts::public::{ROW_ORDER, fields, number};
use docmill_contracts::{
    Artifact, Class, Cost, DocumentPart, DocumentResult, DocumentType, ErrorInfo, Fields, PageSummary,
    ResultStatus, Severity, TextSource,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Names of fields in the order in which they are written; others follow in alphabetical order.
const FIELD_ORDER: &[&str] = &[
    "invoice_number",
    "issue_date",
    "due_date",
    "delivery_date",
    "purchase_order_ref",
    "contract_ref",
    "seller_name",
    "seller_address",
    "seller_vat_id",
    "seller_tax_no",
    "buyer_name",
    "buyer_address",
    "buyer_vat_id",
    "currency",
    "line_total",
    "net_total",
    "tax_total",
    "grand_total",
    "prepaid",
    "due_payable",
    "iban",
    "bic",
    "payment_ref",
    "period_from",
    "period_to",
];
/// The public JSON of a result, as `results.jsonl`, the API and webhooks have it.
pub fn to_json(result: &DocumentResult) -> Value {
    let trace = &result.trace;
    let stages: Vec<Value> = trace
        .stages
        .iter()
        .map(|s| json!({"stage": s.stage, "ms": s.ms, "engine": s.engine, "version": s.version}))
        .collect();
    let problems: Vec<Value> = result
        .problems
        .iter()
        .map(|p| {
            json!({"code": p.code, "severity": severity(p.severity), "message": p.message, "fields": p.fields, "page": p.page})
        })
        .collect();
    json!({
        "document_id": result.document_id,
        "revision": result.revision,
        "tenant": result.tenant,
        "content_sha256": result.content_sha256,
        "source": {
            "name": result.source.name,
            "media_type": result.source.media_type,
            "bytes": result.source.bytes,
            "pages": result.source.pages,
        },
        "status": status(result.status),
        "type": document_type(&result.kind),
        "fields": fields(&result.fields, FIELD_ORDER),
        "line_items": rows(&result.line_items),
        "vat_breakdown": rows(&result.vat_breakdown),
        "parts": result.parts.iter().map(part).collect::<Vec<_>>(),
        "layout_novelty": result.layout_novelty.map(number),
        "problems": problems,
        "pages": result.pages.iter().map(page).collect::<Vec<_>>(),
        "artifacts": result.artifacts.iter().map(artifact).collect::<Vec<_>>(),
        "error": result.error.as_ref().map(error),
        "trace": {
            "submitted_at": time(trace.submitted_at),
            "finished_at": time(trace.finished_at),
            "stages": stages,
            "cost": cost(&trace.cost),
        },
    })
}

/// As [`to_json`], where the rows of long tables are not at hand: a problem says so.
pub fn without_rows(result: &DocumentResult) -> Value {
    let mut value = to_json(result);
    long_tables(result).for_each(|(_, artifact)| tell_missing(&mut value, artifact));
    value
}

/// The tables of a result that are too long for its record: the part, 0 for the whole document, and the file of rows.
pub(crate) fn long_tables(result: &DocumentResult) -> impl Iterator<Item = (usize, &Artifact)> {
    (0..=result.parts.len()).filter_map(|part| {
        let format = Artifact::rows_format(part);
        Some((part, result.artifacts.iter().find(|a| a.format == format)?))
    })
}

/// Adds the problem that rows of a table are missing.
pub(crate) fn tell_missing(result: &mut Value, file: &Artifact) {
    let Some(problems) = result.get_mut("problems").and_then(Value::as_array_mut) else { return };
    problems.push(json!({
        "code": "SINK-0009",
        "severity": "error",
        "message": format!("line_items has the first rows only: file {} is not at hand", file.blob.sha256),
        "fields": ["line_items"],
        "page": null,
    }));
}

/// A time as RFC 3339 in UTC with milliseconds; none for one that no calendar has.
fn time(ms: i64) -> Option<String> {
    let at = Timestamp::from_millisecond(ms).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

fn rows(rows: &[Fields]) -> Vec<Value> {
    rows.iter().map(|row| fields(row, ROW_ORDER)).collect()
}

fn document_type(kind: &DocumentType) -> Value {
    json!({
        "value": kind.value,
        "confidence": number(kind.confidence),
        "reason": kind.reason,
        "category": kind.category,
    })
}

fn part(part: &DocumentPart) -> Value {
    json!({
        "first_page": part.first_page,
        "last_page": part.last_page,
        "type": document_type(&part.kind),
        "fields": fields(&part.fields, FIELD_ORDER),
        "line_items": rows(&part.line_items),
        "vat_breakdown": rows(&part.vat_breakdown),
    })
}

fn artifact(artifact: &Artifact) -> Value {
    json!({
        "format": artifact.format,
        "media_type": artifact.media_type,
        "sha256": artifact.blob.sha256,
        "bytes": artifact.blob.bytes,
    })
}

fn page(page: &PageSummary) -> Value {
    json!({
        "page": page.page,
        "width": short(page.width),
        "height": short(page.height),
        "text_source": text_source(page.text_source),
        "text_reason": page.text_reason,
        "engine": page.engine,
        "confidence": page.confidence.map(number),
        "error": page.error.as_ref().map(error),
    })
}

fn error(error: &ErrorInfo) -> Value {
    json!({
        "code": error.code,
        "class": class(error.class),
        "message": error.message,
        "stage": error.stage,
        "page": error.page,
    })
}

fn cost(cost: &Cost) -> Value {
    let usd = cost.usd.parse::<f64>().ok().filter(|usd| usd.is_finite()).unwrap_or(0.0);
    json!({"tokens_in": cost.tokens_in, "tokens_out": cost.tokens_out, "usd": number(usd)})
}

/// A number of single precision with the digits that it has, not those of its double.
fn short(value: f32) -> Value {
    value.to_string().parse().map_or(Value::Null, number)
}

fn status(status: ResultStatus) -> &'static str {
    match status {
        ResultStatus::Accepted => "accepted",
        ResultStatus::Review => "review",
        ResultStatus::Rejected => "rejected",
        ResultStatus::Failed => "failed",
        ResultStatus::Cancelled => "cancelled",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn text_source(source: TextSource) -> &'static str {
    match source {
        TextSource::None => "none",
        TextSource::TextLayer => "text_layer",
        TextSource::Ocr => "ocr",
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Input => "input",
        Class::Transient => "transient",
        Class::Internal => "internal",
        Class::Fatal => "fatal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::samples::result;

    #[test]
    fn the_json_is_the_documented_one() {
        let text = serde_json::to_string_pretty(&to_json(&result("d1", 1))).unwrap();
        assert_eq!(text, include_str!("json/golden.json").trim_end());
    }

    #[test]
    fn numbers_are_as_short_as_they_are() {
        for (value, want) in
            [(number(0.98), "0.98"), (number(1.0), "1"), (short(595.276), "595.276"), (short(842.0), "842")]
        {
            assert_eq!(value.to_string(), want);
        }
        assert_eq!(number(f64::NAN), Value::Null);
        assert_eq!(time(i64::MAX), None);
    }
}
