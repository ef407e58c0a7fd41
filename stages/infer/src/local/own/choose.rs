//! What a tenant's own fields get, chosen together.
//!
//! Owns nothing but what fields of a schema have to do with each other. Rule: what stands once is the value of one field.

use super::super::candidate::{Candidate, Kind};
use super::super::fields::{Role, Want};
use super::super::joint::{Choice, Ranked};
use super::super::score::THRESHOLD;
use std::collections::{HashMap, HashSet};

/// Two fields that were given the same place: the one that fits worse takes its next.
pub(crate) fn apart(
    wants: &[Want],
    ranked: &[Ranked],
    candidates: &[Candidate],
    chosen: &mut HashMap<usize, Choice>,
) {
    let place = |i: usize| (candidates[i].page, candidates[i].segment, candidates[i].span);
    let own = |i: &usize| {
        let role = wants[*i].role;
        wants[*i].own.is_some()
            && matches!(
                role,
                Role::OwnDate
                    | Role::OwnAmount
                    | Role::OwnText
                    | Role::Number
                    | Role::SellerName
                    | Role::BuyerName
            )
    };
    let mut order: Vec<usize> = chosen.keys().copied().filter(own).collect();
    order.sort_by(|a, b| chosen[b].score.total_cmp(&chosen[a].score).then(a.cmp(b)));
    let mut taken = HashSet::new();
    for field in order {
        let choice = chosen[&field];
        if taken.insert(place(choice.candidate)) {
            continue;
        }
        let mut rest =
            ranked[field].list.iter().filter(|(i, s)| *s >= THRESHOLD && !taken.contains(&place(*i)));
        match rest.next() {
            Some(&(candidate, score)) => {
                let next = rest.next().map_or(0.0, |n| n.1);
                taken.insert(place(candidate));
                chosen.insert(field, Choice { candidate, score, margin: score - next });
            }
            None => {
                chosen.remove(&field);
            }
        }
    }
}

/// The only value of a list that stands in the document, wherever.
pub(crate) fn only(want: &Want, candidates: &[Candidate]) -> Option<usize> {
    if super::choices::is_flag(&want.allowed) {
        return None;
    }
    let said = |c: &&Candidate| {
        c.kind == Kind::Choice
            && c.ticked != Some(false)
            && want.allowed.contains(&c.value)
            && c.value.chars().filter(|ch| ch.is_alphabetic()).count() >= 3
    };
    let values: HashSet<&str> = candidates.iter().filter(said).map(|c| c.value.as_str()).collect();
    if values.len() == 1 { candidates.iter().position(|c| said(&c)) } else { None }
}
