//! Every metric of docmill: its name, labels and meaning, in one place.
//!
//! Owns names. Knows no exporter: without one that is installed in the process, all of this does nothing. Rule: no label tells a
//! document, a tenant or a person, and each has few values, all of docmill's own choosing or configured.

#![allow(clippy::disallowed_macros, reason = "the one place that names metrics")]

use std::time::Duration;

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows while the process lives.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Values in buckets.
    Histogram,
}

/// A metric as it is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name, with its unit.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($id:ident $kind:ident $name:literal $labels:expr, $help:literal;)*) => {
        $(const $id: &str = $name;)*
        /// All of them, in the order of the flow.
        pub const ALL: &[Metric] = &[$(Metric { name: $name, kind: Kind::$kind, labels: &$labels, help: $help },)*];
    };
}

metrics! {
    ATTEMPTS Counter "docmill_attempts_total" ["worker", "outcome"], "Attempts at records: ok, waits (put back), input, transient, internal, fatal.";
    ATTEMPT_SECONDS Histogram "docmill_attempt_seconds" ["worker"], "Time of an attempt.";
    COMMITS Counter "docmill_commits_total" ["worker", "outcome"], "Transactions: ok, aborted, fatal.";
    COMMITTED Counter "docmill_committed_records_total" ["worker"], "Input records whose outputs are committed.";
    COMMIT_SECONDS Histogram "docmill_commit_seconds" ["worker"], "Time of a transaction.";
    WINDOW Gauge "docmill_window_records" ["worker"], "Input records that were fetched and are not committed.";
    DEAD_LETTERS Counter "docmill_dead_letters_total" ["worker", "code"], "Records that were given up, by the code of their error.";
    PAGES Counter "docmill_ocr_pages_total" ["engine", "mode", "outcome"], "Pages that OCR was asked to read: read, or failed (engine none).";
    PAGE_SECONDS Histogram "docmill_ocr_page_seconds" ["engine"], "Time from a page's image to its words.";
    REMOTE_PAGES Counter "docmill_ocr_remote_pages_total" ["outcome"], "Pages that the local engine was unsure of: taken (the remote reading), refused (not believed), failed (no server answered; the local reading stands).";
    MODEL_CALLS Counter "docmill_model_calls_total" ["outcome"], "Calls of language models: ok, or failed.";
    MODEL_CALLS_ACTIVE Gauge "docmill_model_calls_active" [], "Calls of language models under way.";
    MODEL_CALL_SECONDS Histogram "docmill_model_call_seconds" [], "Time of a call of a language model, retries included.";
    MODEL_TOKENS Counter "docmill_model_tokens_total" ["provider", "direction"], "Tokens: in, out.";
    MODEL_COST Counter "docmill_model_cost_microusd_total" ["provider"], "What calls cost, in millionths of a US dollar.";
    DOCUMENTS Counter "docmill_documents_total" ["status", "type"], "Results, by status and document type.";
    DOCUMENT_SECONDS Histogram "docmill_document_seconds" [], "Time from submission to result.";
    PROBLEMS Counter "docmill_problems_total" ["code", "severity"], "Problems in results, by rule.";
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// Describes all metrics to the exporter of the process.
pub fn describe() {
    for m in ALL {
        match m.kind {
            Kind::Counter => metrics::describe_counter!(m.name, m.help),
            Kind::Gauge => metrics::describe_gauge!(m.name, m.help),
            Kind::Histogram => metrics::describe_histogram!(m.name, m.help),
        }
    }
}

/// An attempt ended: `ok`, `waits`, or the class of its error.
pub fn attempt(worker: &'static str, outcome: &'static str, time: Duration) {
    metrics::counter!(ATTEMPTS, "worker" => worker, "outcome" => outcome).increment(1);
    metrics::histogram!(ATTEMPT_SECONDS, "worker" => worker).record(seconds(time));
}

/// A transaction ended: `ok`, `aborted` or `fatal`, with so many input records.
pub fn commit(worker: &'static str, outcome: &'static str, records: usize, time: Duration) {
    metrics::counter!(COMMITS, "worker" => worker, "outcome" => outcome).increment(1);
    metrics::histogram!(COMMIT_SECONDS, "worker" => worker).record(seconds(time));
    if outcome == "ok" {
        metrics::counter!(COMMITTED, "worker" => worker).increment(records as u64);
    }
}

/// So many records are in the window.
#[allow(clippy::cast_precision_loss, reason = "a window has some thousand records")]
pub fn window(worker: &'static str, records: usize) {
    metrics::gauge!(WINDOW, "worker" => worker).set(records as f64);
}

/// A record was given up.
pub fn dead_letter(worker: &'static str, code: &str) {
    metrics::counter!(DEAD_LETTERS, "worker" => worker, "code" => code.to_owned()).increment(1);
}

/// A page was read by an engine, or could not be.
pub fn page(engine: &str, mode: &'static str, read: bool, time: Duration) {
    let outcome = if read { "read" } else { "failed" };
    metrics::counter!(PAGES, "engine" => engine.to_owned(), "mode" => mode, "outcome" => outcome)
        .increment(1);
    metrics::histogram!(PAGE_SECONDS, "engine" => engine.to_owned()).record(seconds(time));
}

/// A page that was worth a remote reading: `taken`, `refused`, `failed`.
pub fn remote_page(outcome: &'static str) {
    metrics::counter!(REMOTE_PAGES, "outcome" => outcome).increment(1);
}

/// A call of a language model, counted as under way until it is dropped.
#[derive(Debug)]
pub struct ModelCall(());

impl ModelCall {
    /// It begins.
    #[must_use]
    pub fn begin() -> Self {
        metrics::gauge!(MODEL_CALLS_ACTIVE).increment(1.0);
        Self(())
    }
}

impl Drop for ModelCall {
    fn drop(&mut self) {
        metrics::gauge!(MODEL_CALLS_ACTIVE).decrement(1.0);
    }
}

/// A call of a language model ended.
pub fn model_call(answered: bool, time: Duration) {
    let outcome = if answered { "ok" } else { "failed" };
    metrics::counter!(MODEL_CALLS, "outcome" => outcome).increment(1);
    metrics::histogram!(MODEL_CALL_SECONDS).record(seconds(time));
}

/// What an answer used.
pub fn model_usage(provider: &str, tokens_in: u64, tokens_out: u64, micro_usd: u64) {
    let tokens = |direction: &'static str, n| {
        metrics::counter!(MODEL_TOKENS, "provider" => provider.to_owned(), "direction" => direction)
            .increment(n);
    };
    tokens("in", tokens_in);
    tokens("out", tokens_out);
    metrics::counter!(MODEL_COST, "provider" => provider.to_owned()).increment(micro_usd);
}

/// A document has its result.
pub fn document(status: &'static str, kind: &str, time: Option<Duration>) {
    metrics::counter!(DOCUMENTS, "status" => status, "type" => kind.to_owned()).increment(1);
    if let Some(time) = time {
        metrics::histogram!(DOCUMENT_SECONDS).record(seconds(time));
    }
}

/// A result has a problem.
pub fn problem(code: &str, severity: &'static str) {
    metrics::counter!(PROBLEMS, "code" => code.to_owned(), "severity" => severity).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    /// Every function once.
    fn all() {
        let time = Duration::from_millis(1500);
        describe();
        attempt("ocr", "ok", time);
        commit("ocr", "ok", 3, time);
        window("ocr", 7);
        dead_letter("ocr", "OCR-0001");
        page("pp-ocr", "balanced", true, time);
        remote_page("taken");
        let _call = ModelCall::begin();
        model_call(true, time);
        model_usage("local", 10, 20, 30);
        document("accepted", "invoice", Some(time));
        problem("BR-CO-15", "error");
    }

    #[test]
    fn what_is_exported_is_what_is_listed() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, all);
        let text = handle.render();
        let found: BTreeSet<&str> =
            text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let listed: BTreeSet<&str> = ALL.iter().map(|m| m.name).collect();
        assert_eq!(found, listed);
        for m in ALL {
            let line = text.lines().find(|l| l.starts_with(m.name)).unwrap();
            for label in m.labels {
                assert!(line.contains(&format!("{label}=\"")), "{}: {line} lacks {label}", m.name);
            }
        }
        assert!(text.contains(r#"docmill_committed_records_total{worker="ocr"} 3"#), "{text}");
    }

    /// docs/metrics.md has the list; `DOCMILL_BLESS=1` writes it.
    #[test]
    fn the_page_of_metrics_is_true() {
        let mut table = "| metric | kind | labels | what it says |\n|---|---|---|---|\n".to_owned();
        for m in ALL {
            let kind = format!("{:?}", m.kind).to_lowercase();
            writeln!(table, "| `{}` | {kind} | {} | {} |", m.name, m.labels.join(", "), m.help).unwrap();
        }
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = page.split_once("| metric |").unwrap();
        let tail = rest.find("\n\n").map_or("", |at| &rest[at + 1..]);
        let want = format!("{head}{table}{tail}");
        if std::env::var_os("DOCMILL_BLESS").is_some() {
            std::fs::write(&path, &want).unwrap();
        }
        assert_eq!(page, want);
    }
}
