//! Rules sorted by what they look at, so that a document is walked once a set.

use super::{Check, Rule, Set};
use crate::Node;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The rules of some sets, by what they look at.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) invoice: Vec<&'static Rule>,
    /// By the last name of the path.
    pub(super) nodes: HashMap<&'static str, Vec<(Path, &'static Rule)>>,
    /// By the end of the last name.
    pub(super) suffixes: Vec<(&'static str, Path, &'static Rule)>,
    pub(super) root: Vec<&'static Rule>,
    pub(super) any: Vec<&'static Rule>,
}

/// Where an element has to stand: the names above it, from the inside out.
#[derive(Debug, Clone)]
pub(super) struct Path {
    above: Vec<&'static str>,
    absolute: bool,
}

impl Path {
    fn of(path: &'static str) -> (&'static str, Self) {
        let (absolute, path) = match path.strip_prefix("//") {
            Some(rest) => (false, rest),
            None => path.strip_prefix('/').map_or((false, path), |rest| (true, rest)),
        };
        let mut steps: Vec<&'static str> = path.split('/').collect();
        let last = steps.pop().unwrap_or("");
        steps.reverse();
        (last, Self { above: steps, absolute })
    }

    pub(super) fn holds(&self, node: Node<'_>) -> bool {
        let mut at = node;
        for step in &self.above {
            match at.parent() {
                Some(parent) if *step == "*" || parent.name() == *step => at = parent,
                _ => return false,
            }
        }
        !self.absolute || at.parent().is_none()
    }
}

impl Plan {
    fn of(set: Set, cii: bool) -> Self {
        let mut plan = Self::default();
        for rule in set.rules(cii) {
            let (Check::Node(path, _) | Check::Row(path, _)) = rule.check else {
                plan.invoice.push(rule);
                continue;
            };
            for one in path.split('|') {
                let (last, path) = Path::of(one);
                if last == "**" {
                    plan.any.push(rule);
                } else if last == "*" || last.is_empty() {
                    plan.root.push(rule);
                } else if let Some(end) = last.strip_prefix('*') {
                    plan.suffixes.push((end, path, rule));
                } else {
                    plan.nodes.entry(last).or_default().push((path, rule));
                }
            }
        }
        plan
    }
}

type Plans = LazyLock<HashMap<(Set, bool), Plan>>;

pub(super) static PLANS: Plans = LazyLock::new(|| {
    let both = |set| [(set, false), (set, true)];
    Set::ALL.into_iter().flat_map(both).map(|(set, cii)| ((set, cii), Plan::of(set, cii))).collect()
});
