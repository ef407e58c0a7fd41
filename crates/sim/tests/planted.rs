//! Faults that are planted around the log are each found within a thousand seeds, by the invariants named here.

use docmill_sim::{Flow, Invariant, Plant, Simulator, quiet_panics};

/// `first`: where to begin, so that what is rare is found at once.
fn found(flow: Flow, plant: Plant, first: u64, by: &[Invariant]) {
    quiet_panics();
    let mut finding = None;
    for seeds in [first..1000, 0..first] {
        Simulator::of(flow).many(seeds, 1, Some(plant), &mut |outcome| {
            finding = finding.take().or(outcome.broken.map(|broken| (outcome.seed, broken)));
            finding.is_none()
        });
        if finding.is_some() {
            break;
        }
    }
    match finding {
        None => panic!("{plant:?} was not found in 1000 seeds"),
        Some((seed, broken)) => assert!(by.contains(&broken.invariant), "{plant:?}: seed {seed}: {broken}"),
    }
}

macro_rules! planted {
    ($flow:ident: $($name:ident: $plant:ident from $first:literal, $($by:ident)|+;)*) => {
        $(#[test] fn $name() { found(Flow::$flow, Plant::$plant, $first, &[$(Invariant::$by),+]); })*
    };
}

planted! { Pages:
    positions_before_records: OffsetsFirst from 0, OffsetsAreOutputs;
    records_before_positions: RecordsFirst from 0, OffsetsAreOutputs;
    a_lost_bitmap: LostBitmap from 0, OffsetsAreOutputs;
    a_shifted_bitmap: ShiftedBitmap from 0, OffsetsAreOutputs;
    the_highest_offset_for_the_frontier: HighestOffset from 0, OffsetsAreOutputs;
    a_changelog_that_is_not_written: NoChangelog from 0, OffsetsAreOutputs;
    a_changelog_that_is_not_read: EmptyChangelog from 0, OffsetsAreOutputs | OneAssembly;
    a_changelog_that_is_not_read_to_its_end: HastyChangelog from 685, OffsetsAreOutputs | OneAssembly;
    positions_of_partitions_given_back: EarlyRelease from 0, Epoch | OffsetsAreOutputs;
    positions_of_partitions_lost: UnheardLoss from 0, Epoch | OffsetsAreOutputs;
    positions_under_a_later_generation: LateGeneration from 0, Epoch | OffsetsAreOutputs | NoDuplicate | OnePage;
    a_rollback_reported_as_committed: AbortIsCommit from 0, OffsetsAreOutputs;
    an_unknown_outcome_reported_as_rolled_back: UnknownIsAbort from 0, NoDuplicate | OnePage | OneAssembly | OffsetsAreOutputs;
    uncommitted_records_are_read: ReadUncommitted from 0, OffsetsAreOutputs | NoLoss | NoDuplicate | Order;
    positions_that_may_still_change: UnstablePositions from 0, OffsetsAreOutputs | NoDuplicate | OnePage;
    an_output_that_is_lost: LostRecord from 0, OffsetsAreOutputs;
    dead_letters_without_their_headers: BareDeadLetters from 0, DeadLetter;
}

planted! { Claims:
    claims_that_are_not_written: NoChangelog from 0, OffsetsAreOutputs;
    claims_that_are_not_read: EmptyChangelog from 0, OffsetsAreOutputs | OneFirst;
    claims_that_are_not_read_to_their_end: HastyChangelog from 0, OffsetsAreOutputs | OneFirst;
    claims_without_their_positions: RecordsFirst from 0, OffsetsAreOutputs | NoDuplicate;
    claims_of_partitions_lost: UnheardLoss from 0, OffsetsAreOutputs | OneFirst | NoDuplicate;
    claims_rolled_back_and_reported_as_committed: AbortIsCommit from 0, OffsetsAreOutputs | NoLoss;
}
