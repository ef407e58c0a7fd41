//! What follows from the problems of a document: accepted, for a person to review, or rejected.
//!
//! Rule: a document is accepted where no problem of severity error is left; the problems are the reasons.

use crate::Config;
use crate::error::code;
use crate::subject::Subject;
use docmill_contracts::{Problem, ResultStatus, Severity};

/// Values of a language model that do not stand on the pages, or only where a document speaks to one: nobody can have them
/// tolerated.
const UNFOUNDED: [&str; 2] = ["INFER-0040", "INFER-0041"];

/// The outcome, and the problem that says why where it is a rejection.
pub(crate) fn of(subject: Subject, problems: &[Problem], config: &Config) -> (ResultStatus, Option<Problem>) {
    let errors = || problems.iter().filter(|p| p.severity == Severity::Error);
    let names = |codes: &[String], problem: &Problem| codes.contains(&problem.code);
    if let Some(problem) = problems.iter().find(|p| names(&config.reject_codes, p)) {
        let message = format!("rejected because of {}", problem.code);
        return (
            ResultStatus::Rejected,
            Some(subject.problem(code::REJECTED, Severity::Error, message, &[])),
        );
    }
    let hopeless = errors().filter(|p| p.code == code::CONFIDENCE).flat_map(|p| &p.fields).find(|name| {
        subject.field(name).is_some_and(|f| f.confidence.is_nan() || f.confidence < config.reject_confidence)
    });
    if let Some(name) = hopeless.filter(|_| config.reject_confidence > 0.0) {
        let message =
            format!("rejected because {name} is below the confidence of {:.2}", config.reject_confidence);
        return (
            ResultStatus::Rejected,
            Some(subject.problem(code::REJECTED, Severity::Error, message, &[name])),
        );
    }
    let never = |p: &Problem| UNFOUNDED.contains(&p.code.as_str());
    let left = errors().any(|p| never(p) || !names(&config.tolerate_codes, p));
    (if left { ResultStatus::Review } else { ResultStatus::Accepted }, None)
}

/// The outcome if another document turns out to have been there before, and why where it is a rejection.
pub(crate) fn of_duplicate(
    subject: Subject,
    problems: &[Problem],
    config: &Config,
) -> (ResultStatus, Option<Problem>) {
    let duplicate = subject.problem(code::DUPLICATE, Severity::Error, String::new(), &[]);
    let all: Vec<Problem> = problems.iter().cloned().chain([duplicate]).collect();
    of(subject, &all, config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::Sample;

    fn problem(code: &str, severity: Severity) -> Problem {
        Problem {
            code: code.into(),
            severity,
            message: "m".into(),
            fields: vec!["grand_total".into()],
            page: None,
        }
    }

    #[test]
    fn errors_want_a_review_unless_the_tenant_says_otherwise() {
        let mut sample = Sample::new("invoice").fields(&[("grand_total", "1")]);
        sample.confidence("grand_total", 0.3);
        let config = |text: &str| -> Config { serde_json::from_str(text).unwrap() };
        let cases = [
            ("{}", vec![problem("A", Severity::Warning)], ResultStatus::Accepted),
            ("{}", vec![problem("A", Severity::Error)], ResultStatus::Review),
            (r#"{"tolerate_codes": ["A"]}"#, vec![problem("A", Severity::Error)], ResultStatus::Accepted),
            (
                r#"{"tolerate_codes": ["A"]}"#,
                vec![problem("A", Severity::Error), problem("B", Severity::Error)],
                ResultStatus::Review,
            ),
            (
                r#"{"tolerate_codes": ["INFER-0040"]}"#,
                vec![problem("INFER-0040", Severity::Error)],
                ResultStatus::Review,
            ),
            (r#"{"reject_codes": ["A"]}"#, vec![problem("A", Severity::Warning)], ResultStatus::Rejected),
            (
                r#"{"reject_confidence": 0.4}"#,
                vec![problem("VALIDATE-0003", Severity::Error)],
                ResultStatus::Rejected,
            ),
            (
                r#"{"reject_confidence": 0.2}"#,
                vec![problem("VALIDATE-0003", Severity::Error)],
                ResultStatus::Review,
            ),
        ];
        for (text, problems, want) in cases {
            let (status, why) = of(sample.subject(), &problems, &config(text));
            assert_eq!((status, why.is_some()), (want, want == ResultStatus::Rejected), "{text}");
        }
    }
}
