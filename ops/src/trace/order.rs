//! The causal order of records: by what each was made from, then by time.

use super::Entry;
use crate::desk::Place;
use std::collections::HashMap;

/// Depth first from the records that nothing is known to have made; each with its depth.
pub(super) fn causal(entries: Vec<Entry>) -> Vec<(usize, Entry)> {
    let places: HashMap<&Place, usize> = entries.iter().enumerate().map(|(i, e)| (&e.place, i)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); entries.len()];
    let mut roots = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        match entry.source.as_ref().and_then(|s| places.get(s)) {
            Some(parent) if *parent != i => children[*parent].push(i),
            _ => roots.push(i),
        }
    }
    let key = |i: &usize| {
        let e = &entries[*i];
        // Records of one transaction have one time, about: the flow decides between them.
        (e.at, e.step, e.place.clone())
    };
    roots.sort_by_key(key);
    children.iter_mut().for_each(|c| c.sort_by_key(key));
    let mut order = Vec::with_capacity(entries.len());
    let mut seen = vec![false; entries.len()];
    let mut stack: Vec<(usize, usize)> = roots.iter().rev().map(|i| (0, *i)).collect();
    while let Some((depth, i)) = stack.pop() {
        if std::mem::replace(&mut seen[i], true) {
            continue;
        }
        order.push((depth, i));
        stack.extend(children[i].iter().rev().map(|c| (depth + 1, *c)));
    }
    // Headers that name each other in a ring are no reason to hide records.
    let mut rest: Vec<usize> = (0..entries.len()).filter(|i| !seen[*i]).collect();
    rest.sort_by_key(key);
    order.extend(rest.into_iter().map(|i| (0, i)));
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    order.into_iter().filter_map(|(depth, i)| Some((depth, entries[i].take()?))).collect()
}
