//! Which examples are trained on and which are tested on.
//!
//! Owns grouped cross-validation. Rule: examples of one group are never on both sides.

use std::collections::BTreeMap;

/// Examples divided into folds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    of: Vec<usize>,
    count: usize,
}

impl Folds {
    /// At most `most` folds of about equal size; `groups` names the group of each example. Deterministic.
    pub fn grouped<S: AsRef<str>>(groups: &[S], most: usize) -> Self {
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, group) in groups.iter().enumerate() {
            members.entry(group.as_ref()).or_default().push(i);
        }
        let count = members.len().min(most.max(2)).max(1);
        // Large groups first, each to the smallest fold; ties by a hash, so that order of names plays no role.
        let mut order: Vec<(&str, Vec<usize>)> = members.into_iter().collect();
        order.sort_by_key(|(name, m)| (std::cmp::Reverse(m.len()), crate::rows_hash(name.as_bytes())));
        let mut sizes = vec![0; count];
        let mut of = vec![0; groups.len()];
        for (_, members) in order {
            let fold = (0..count).min_by_key(|f| sizes[*f]).unwrap_or(0);
            sizes[fold] += members.len();
            for i in members {
                of[i] = fold;
            }
        }
        Self { of, count }
    }

    /// Number of folds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True where there is no fold to test on.
    pub fn is_empty(&self) -> bool {
        self.count < 2
    }

    /// The fold that an example is tested in.
    pub fn of(&self, example: usize) -> usize {
        self.of.get(example).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_in_one_fold_and_folds_are_even() {
        let groups: Vec<String> = (0..100).map(|i| format!("g{}", i / 3)).collect();
        let folds = Folds::grouped(&groups, 5);
        let mut sizes = vec![0; folds.len()];
        for i in 0..100 {
            assert_eq!(folds.of(i), folds.of(i / 3 * 3));
            sizes[folds.of(i)] += 1;
        }
        assert!(sizes.iter().all(|s| (17..=23).contains(s)), "{sizes:?}");
    }
}
