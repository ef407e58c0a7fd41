//! Dates: real days, in an order that can be, read in one way only.

use crate::Config;
use crate::error::code;
use crate::subject::{Subject, day};
use docmill_contracts::{Field, Problem, Severity};
use jiff::{Timestamp, ToSpan, civil::Date, tz::Offset};

const DATES: &[&str] = &["issue_date", "due_date", "delivery_date", "period_from", "period_to"];
/// Documents older than this are likely misread, in years.
const OLD_YEARS: i32 = 30;
/// How much less likely the other order of day and month may be and still make a date ambiguous.
const AMBIGUOUS_WITHIN: f64 = 0.25;

pub(super) fn check(subject: Subject, config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    for &name in DATES {
        let Some(field) = subject.field(name) else { continue };
        match day(&field.value) {
            None => {
                let shown: String = field.value.chars().take(40).collect();
                let message = format!("{name} `{shown}` is not a day as in 2026-01-31");
                problems.push(subject.problem(code::NOT_A_DATE, Severity::Error, message, &[name]));
            }
            Some(date) => problems.extend(ambiguous(subject, name, field, date)),
        }
    }
    problems.extend(issue(subject, config));
    problems.extend(order(subject));
    problems
}

/// `03/04/2026` is the third of April or the fourth of March: both were read, neither is clearly right.
fn ambiguous(subject: Subject, name: &str, field: &Field, date: Date) -> Option<Problem> {
    let swapped = Date::new(date.year(), date.day(), date.month()).ok().filter(|other| *other != date)?;
    let other = field
        .other_readings
        .iter()
        .filter(|reading| reading.confidence >= field.confidence - AMBIGUOUS_WITHIN)
        .find(|reading| day(&reading.value) == Some(swapped))?;
    let raw = field.raw.as_deref().or(other.raw.as_deref()).unwrap_or(&field.value);
    let message = format!("{name} `{raw}` may be {date} or {swapped}");
    Some(subject.problem(code::AMBIGUOUS_DATE, Severity::Error, message, &[name]))
}

fn issue(subject: Subject, config: &Config) -> Option<Problem> {
    let issue = subject.day("issue_date")?;
    let submitted = Timestamp::from_millisecond(subject.document.head.submitted_at).ok()?;
    let submitted = Offset::UTC.to_datetime(submitted).date();
    let latest = submitted.checked_add(config.max_days_ahead.days()).unwrap_or(Date::MAX);
    let earliest = submitted.checked_sub(OLD_YEARS.years()).unwrap_or(Date::MIN);
    let (severity, what) = match issue {
        issue if issue > latest => (Severity::Error, "in the future"),
        issue if issue < earliest => (Severity::Warning, "long ago"),
        _ => return None,
    };
    let message = format!("issue_date {issue} is {what}: submitted on {submitted}");
    Some(subject.problem(code::UNLIKELY_DATE, severity, message, &["issue_date"]))
}

fn order(subject: Subject) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let (Some(issue), Some(due)) = (subject.day("issue_date"), subject.day("due_date"))
        && due < issue
    {
        let message = format!("due_date {due} is before issue_date {issue}");
        let fields = ["due_date", "issue_date"];
        problems.push(subject.problem(code::DUE_BEFORE_ISSUE, Severity::Error, message, &fields));
    }
    if let (Some(from), Some(to)) = (subject.day("period_from"), subject.day("period_to"))
        && to < from
    {
        let message = format!("period_to {to} is before period_from {from}");
        problems.push(subject.problem("BR-29", Severity::Error, message, &["period_to", "period_from"]));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Found, Given, Sample, codes};
    use Severity::{Error, Warning};

    #[test]
    fn dates_are_days_in_an_order_that_can_be() {
        // Samples are submitted on 2026-07-01.
        let cases: &[(Given, Found)] = &[
            (&[("issue_date", "2026-06-30"), ("due_date", "2026-06-30")], &[]),
            (&[("issue_date", "2026-06-30"), ("due_date", "2026-06-29")], &[("VALIDATE-0008", Error)]),
            (&[("issue_date", "2026-08-01")], &[]),
            (&[("issue_date", "2026-08-02")], &[("VALIDATE-0009", Error)]),
            (&[("issue_date", "1996-06-30")], &[("VALIDATE-0009", Warning)]),
            (&[("issue_date", "2026-02-29")], &[("VALIDATE-0007", Error)]),
            (&[("delivery_date", "30.06.2026")], &[("VALIDATE-0007", Error)]),
            (&[("period_from", "2026-06-01"), ("period_to", "2026-06-01")], &[]),
            (&[("period_from", "2026-06-02"), ("period_to", "2026-06-01")], &[("BR-29", Error)]),
        ];
        for (fields, want) in cases {
            let sample = Sample::new("invoice").fields(fields);
            assert_eq!(codes(&check(sample.subject(), &Config::default())), *want, "{fields:?}");
        }
    }

    #[test]
    fn a_date_that_can_be_read_in_two_ways_is_told() {
        let found = |confidence, other: &str| {
            let mut sample = Sample::new("invoice").fields(&[("issue_date", "2026-04-03")]);
            sample.other_reading("issue_date", other, confidence);
            check(sample.subject(), &Config::default())
        };
        let problems = found(0.8, "2026-03-04");
        assert_eq!(codes(&problems), [("VALIDATE-0010", Error)]);
        assert_eq!(problems[0].message, "issue_date `2026-04-03` may be 2026-04-03 or 2026-03-04");
        assert_eq!(codes(&found(0.5, "2026-03-04")), [], "much less likely");
        assert_eq!(codes(&found(0.9, "2026-03-05")), [], "another date");
    }
}
