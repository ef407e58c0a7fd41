//! How sure the engines were, and pages that could not be read.

use super::required_fields;
use crate::Config;
use crate::error::code;
use crate::subject::Subject;
use docmill_contracts::{DocumentExtracted, Problem, Severity};

pub(super) fn check(subject: Subject, config: &Config) -> Vec<Problem> {
    let required: Vec<&str> = required_fields(subject.kind()).collect();
    let named = config.field_confidence.keys().map(String::as_str).filter(|name| !required.contains(name));
    let mut problems = weak(subject, config, required.iter().copied().chain(named));
    problems.extend(weak_together(subject, config, &required));
    let kind = &subject.document.kind;
    // A confidence that is no number is none.
    if kind.confidence.is_nan() || kind.confidence < config.accept_type_confidence {
        let (sure, least) = (kind.confidence, config.accept_type_confidence);
        let message = format!("type {} has confidence {sure:.2}, below {least:.2}", kind.value);
        problems.push(subject.problem(code::TYPE_CONFIDENCE, Severity::Error, message, &[]));
    }
    problems.extend(page_problems(subject.document));
    problems
}

/// Fields among `names` that are there, but not surely enough to be accepted unseen.
pub(crate) fn weak<'n>(
    subject: Subject,
    config: &Config,
    names: impl IntoIterator<Item = &'n str>,
) -> Vec<Problem> {
    names
        .into_iter()
        .filter_map(|name| Some((name, subject.field(name)?.confidence, config.least(name))))
        .filter(|(_, sure, least)| sure.is_nan() || sure < least)
        .map(|(name, sure, least)| {
            let message = format!("{name} has confidence {sure:.2}, below {least:.2}");
            subject.problem(code::CONFIDENCE, Severity::Error, message, &[name])
        })
        .collect()
}

/// The fields `names` where they are not sure enough on average for the document to be accepted unseen.
pub(crate) fn weak_together(subject: Subject, config: &Config, names: &[&str]) -> Option<Problem> {
    let least = config.accept_document_confidence;
    let sum: f64 = names.iter().filter_map(|name| subject.field(name)).map(|f| f.confidence).sum();
    let sure = sum / names.len() as f64;
    // A confidence that is no number is none.
    let weak = least > 0.0 && !names.is_empty() && (sure.is_nan() || sure < least);
    weak.then(|| {
        let message =
            format!("the fields that are required have a mean confidence of {sure:.3}, below {least:.3}");
        subject.problem(code::DOCUMENT_CONFIDENCE, Severity::Error, message, names)
    })
}

/// Pages that could not be read: what stands there is not in the values.
pub(crate) fn page_problems(document: &DocumentExtracted) -> Vec<Problem> {
    let of = |page: &docmill_contracts::PageSummary| {
        let error = page.error.as_ref()?;
        let message = format!("page {} could not be read: {} ({})", page.page, error.message, error.code);
        let code = code::PAGE.to_owned();
        Some(Problem { code, severity: Severity::Error, message, fields: Vec::new(), page: Some(page.page) })
    };
    document.pages.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Sample, codes};
    use Severity::Error;

    #[test]
    fn only_required_fields_must_be_sure() {
        let mut sample = Sample::new("receipt").fields(&[("grand_total", "1"), ("iban", "x")]);
        sample.confidence("iban", 0.1);
        assert_eq!(codes(&check(sample.subject(), &Config::default())), []);
        sample.confidence("grand_total", 0.849);
        let problems = check(sample.subject(), &Config::default());
        assert_eq!(codes(&problems), [("VALIDATE-0003", Error)]);
        assert_eq!(problems[0].message, "grand_total has confidence 0.85, below 0.85");
        let config = Config { accept_confidence: 0.8, accept_type_confidence: 0.96, ..Config::default() };
        assert_eq!(codes(&check(sample.subject(), &config)), [("VALIDATE-0004", Error)]);
        sample.confidence("grand_total", f64::NAN);
        assert_eq!(codes(&check(sample.subject(), &Config::default())), [("VALIDATE-0003", Error)]);
    }

    #[test]
    fn a_document_may_be_asked_to_be_sure_on_average() {
        let mut sample = Sample::new("other").fields(&[("a", "1"), ("b", "2")]);
        sample.confidence("a", 0.99);
        sample.confidence("b", 0.95);
        let config = |least| Config { accept_document_confidence: least, ..Config::default() };
        let weak = |names: &[&str], least| weak_together(sample.subject(), &config(least), names);
        assert_eq!(weak(&["a", "b"], 0.97), None);
        let problem = weak(&["a", "b"], 0.98).unwrap();
        assert_eq!((problem.code.as_str(), problem.fields.len()), ("VALIDATE-0026", 2));
        assert_eq!(
            problem.message,
            "the fields that are required have a mean confidence of 0.970, below 0.980"
        );
        // One that is not there was not found.
        assert_eq!(weak(&["a", "b", "c"], 0.65).map(|p| p.code), Some("VALIDATE-0026".into()));
        assert_eq!((weak(&[], 0.9), weak(&["c"], 0.0)), (None, None));
    }
}
