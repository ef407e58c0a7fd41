//! What the syntax bindings of EN 16931 leave of UBL and CII, as tables: an element or an attribute that is not used, or
//! used at most so often. A line is `id, severity, path of the element, what, argument`, separated by tabs.

use super::{Check, Rule, Severity};
use crate::Node;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What a line of the table asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row {
    /// No element at that path.
    None(&'static str),
    /// At most so many elements at that path.
    Most(usize, &'static str),
    /// Exactly so many elements at that path.
    Exactly(usize, &'static str),
    /// An element at that path.
    Some(&'static str),
    /// No such attribute.
    NoAttribute(&'static str),
    /// No such attribute anywhere inside.
    NoAttributeInside(&'static str),
}

impl Row {
    fn of(what: &'static str, argument: &'static str) -> Option<Self> {
        Some(match what {
            "none" => Self::None(argument),
            "some" => Self::Some(argument),
            "no-attribute" => Self::NoAttribute(argument),
            "no-attribute-inside" => Self::NoAttributeInside(argument),
            _ => match what.strip_prefix("most") {
                Some(n) => Self::Most(n.parse().ok()?, argument),
                None => Self::Exactly(what.strip_prefix("exactly")?.parse().ok()?, argument),
            },
        })
    }

    pub(super) fn holds(self, node: Node<'_>) -> bool {
        match self {
            Self::None(path) => !node.has(path),
            Self::Some(path) => node.has(path),
            Self::Most(n, path) => node.count(path) <= n,
            Self::Exactly(n, path) => node.count(path) == n,
            Self::NoAttribute(name) => node.attribute(name).is_none(),
            Self::NoAttributeInside(name) => {
                node.attribute(name).is_none() && node.descendants().all(|n| n.attribute(name).is_none())
            }
        }
    }

    fn text(self, place: &str) -> String {
        let place = place.rsplit('/').find(|step| !step.is_empty() && *step != "*").unwrap_or("the document");
        match self {
            Self::None(path) => format!("{path} is not used in {place}."),
            Self::Some(path) => format!("{place} has {path}."),
            Self::Most(n, path) => format!("{place} has at most {n} {path}."),
            Self::Exactly(n, path) => format!("{place} has exactly {n} {path}."),
            Self::NoAttribute(name) => format!("The attribute {name} is not used on {place}."),
            Self::NoAttributeInside(name) => format!("The attribute {name} is not used."),
        }
    }
}

/// Restrictions of UBL.
pub(super) static UBL: LazyLock<Vec<Rule>> = LazyLock::new(|| read(include_str!("syntax/ubl.tsv")));
/// Restrictions of CII.
pub(super) static CII: LazyLock<Vec<Rule>> = LazyLock::new(|| read(include_str!("syntax/cii.tsv")));

fn read(table: &'static str) -> Vec<Rule> {
    table.lines().filter_map(rule).collect()
}

fn rule(line: &'static str) -> Option<Rule> {
    let mut columns = line.split('\t');
    let id = columns.next().filter(|id| !id.is_empty() && !id.starts_with('#'))?;
    let severity = if columns.next()? == "error" { Severity::Error } else { Severity::Warning };
    let (path, what, argument) = (columns.next()?, columns.next()?, columns.next()?);
    let row = Row::of(what, argument)?;
    Some(Rule { id, severity, text: Cow::Owned(row.text(path)), check: Check::Row(path, row) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_a_rule() {
        for (table, rules) in
            [(include_str!("syntax/ubl.tsv"), &*UBL), (include_str!("syntax/cii.tsv"), &*CII)]
        {
            assert_eq!(table.lines().filter(|l| !l.starts_with('#')).count(), rules.len());
        }
    }
}
