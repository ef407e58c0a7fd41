//! Seeds that failed once, each by what was wrong. They must hold, whatever else changes.

use docmill_sim::{Simulator, quiet_panics};

fn holds(seed: u64) {
    quiet_panics();
    let outcome = Simulator::new().run(seed, None, false);
    assert_eq!(outcome.broken, None, "docmill-sim --seeds {seed}..{} --trace", seed + 1);
}

macro_rules! seeds {
    ($($name:ident: $seed:expr;)*) => { $(#[test] fn $name() { holds($seed); })* };
}

seeds! {
    // The driver asked to be woken for a drain that was over while its last commit was in flight: a loop without an end.
    a_drain_that_is_over_waits_for_its_commit_without_spinning: 16;
    a_drain_that_is_over_waits_for_its_commit_without_spinning_in_a_group_of_two: 22;
    // A commit that the driver had decided on went out under the generation of the membership after the loss.
    a_commit_from_before_a_loss_is_refused_after_it: 199;
    // The changelog was read to the last stable offset, before states that were committed behind an open transaction.
    a_changelog_is_read_to_its_end_behind_a_dead_members_transaction: 489;
    a_changelog_is_read_to_its_end_behind_a_lost_producers_transaction: 743;
    a_changelog_is_read_to_its_end_after_a_rebalance: 847;
    // The only page of a document, dead-lettered after five deaths at gather, had no state whose deadline would end it.
    a_page_that_gather_gives_up_ends_its_document: 273;
    // States were given up after processes died for other reasons.
    a_page_that_gather_was_not_given_is_given_up_in_time: 66;
}
