//! Faults that are planted around the log are each found within a thousand seeds, by the invariants named here.

use docmill_sim::{Invariant, Plant, Simulator, quiet_panics};

fn found(plant: Plant, by: &[Invariant]) {
    quiet_panics();
    let mut finding = None;
    Simulator::new().many(0..1000, 1, Some(plant), &mut |outcome| {
        finding = outcome.broken.map(|broken| (outcome.seed, broken));
        finding.is_none()
    });
    match finding {
        None => panic!("{plant:?} was not found in 1000 seeds"),
        Some((seed, broken)) => assert!(by.contains(&broken.invariant), "{plant:?}: seed {seed}: {broken}"),
    }
}

macro_rules! planted {
    ($($name:ident: $plant:ident, $($by:ident)|+;)*) => {
        $(#[test] fn $name() { found(Plant::$plant, &[$(Invariant::$by),+]); })*
    };
}

planted! {
    positions_before_records: OffsetsFirst, OffsetsAreOutputs;
    records_before_positions: RecordsFirst, OffsetsAreOutputs;
    a_lost_bitmap: LostBitmap, OffsetsAreOutputs;
    a_shifted_bitmap: ShiftedBitmap, OffsetsAreOutputs;
    the_highest_offset_for_the_frontier: HighestOffset, OffsetsAreOutputs;
    a_changelog_that_is_not_written: NoChangelog, OffsetsAreOutputs;
    a_changelog_that_is_not_read: EmptyChangelog, OffsetsAreOutputs | OneAssembly;
    a_changelog_that_is_not_read_to_its_end: HastyChangelog, OffsetsAreOutputs | OneAssembly;
    positions_of_partitions_given_back: EarlyRelease, Epoch | OffsetsAreOutputs;
    positions_of_partitions_lost: UnheardLoss, Epoch | OffsetsAreOutputs;
    positions_under_a_later_generation: LateGeneration, Epoch | OffsetsAreOutputs | NoDuplicate | OnePage;
    a_rollback_reported_as_committed: AbortIsCommit, OffsetsAreOutputs;
    an_unknown_outcome_reported_as_rolled_back: UnknownIsAbort, NoDuplicate | OnePage | OneAssembly | OffsetsAreOutputs;
    uncommitted_records_are_read: ReadUncommitted, OffsetsAreOutputs | NoLoss | NoDuplicate | Order;
    positions_that_may_still_change: UnstablePositions, OffsetsAreOutputs | NoDuplicate | OnePage;
    an_output_that_is_lost: LostRecord, OffsetsAreOutputs;
    dead_letters_without_their_headers: BareDeadLetters, DeadLetter;
}
