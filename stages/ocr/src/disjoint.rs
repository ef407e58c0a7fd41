//! Sets of things that belong together, as a list in which each names another one of its set.
//!
//! Knows nothing of what they are. Rule: the one that names itself stands for its set.

/// The one that stands for the set of `at`. The way to it is shortened.
pub(crate) fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}
