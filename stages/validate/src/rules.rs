//! The rules, each in a module of its own. A rule says what is wrong; what follows from it is decided elsewhere.
//!
//! Where EN 16931 or Peppol have an id for a rule, that is its code.

mod confidence;
mod dates;
pub(crate) mod decimals;
mod identifiers;
mod rates;
mod required;
pub(crate) mod rows;
#[cfg(test)]
pub(crate) mod samples;
mod signs;
mod totals;
mod vat;

pub(crate) use confidence::{page_problems, weak, weak_together};
pub(crate) use required::required_fields;

use crate::Config;
use crate::subject::Subject;
use docmill_contracts::Problem;

/// A rule.
type Rule = fn(Subject, &Config) -> Vec<Problem>;

/// All rules for business documents, in the order in which their problems stand in the result.
const RULES: &[Rule] = &[
    required::check,
    decimals::numbers,
    totals::check,
    vat::check,
    rates::check,
    |subject, _| subject.lines.wrong.clone(),
    decimals::check,
    signs::check,
    dates::check,
    identifiers::check,
    confidence::check,
];

/// Most problems that one rule reports: a table of a thousand wrong lines is one trouble, not a thousand.
pub(crate) const MOST_PER_RULE: usize = 25;

/// What is wrong with a business document.
pub(crate) fn check(subject: Subject, config: &Config) -> Vec<Problem> {
    let of = |rule: &Rule| {
        let mut problems = rule(subject, config);
        problems.truncate(MOST_PER_RULE);
        problems
    };
    RULES.iter().flat_map(of).collect()
}
