//! What every transport must do. One async function per case; [`conformance!`](crate::conformance) makes them tests.
//!
//! Rule: a case knows nothing but the traits, uses names of its own, and waits for events, never for time to pass.

pub mod admin;
pub mod groups;
pub mod records;
pub mod transactions;

/// The cases as tests of a transport: `conformance!(make)`, where `fn make() -> Option<Bench>` returns none where
/// the transport cannot be had; the test then passes, and `make` says why.
#[macro_export]
macro_rules! conformance {
    ($make:path) => {
        $crate::conformance!(@ $make;
            records: records_come_back_as_they_were_in_order,
            records: keys_lie_where_kafka_puts_them,
            records: tombstones_come_back_as_such,
            records: a_compacted_topic_keeps_the_last_of_a_key,
            records: readers_begin_where_they_are_told,
            records: a_reader_catches_up_with_an_empty_topic,
            records: a_reader_catches_up_behind_an_aborted_tail,
            records: a_reader_follows_what_comes_later,
            transactions: a_transaction_is_visible_as_a_whole_or_not_at_all,
            transactions: aborted_records_are_hidden,
            transactions: metadata_of_4096_bytes_survives_and_more_is_refused,
            transactions: a_record_that_is_too_large_is_refused,
            transactions: an_unknown_topic_is_named,
            transactions: a_second_producer_of_the_same_id_fences_the_first,
            transactions: an_empty_transaction_is_nothing,
            transactions: large_records_and_many_of_them_survive,
            groups: positions_and_metadata_are_found_again,
            groups: a_partition_is_handed_over_at_its_committed_position,
            groups: a_member_takes_over_from_one_that_left,
            groups: a_dead_members_slot_is_taken_over,
            groups: a_death_in_the_middle_of_a_handover_leaves_no_partition_alone,
            groups: a_member_that_left_commits_nothing,
            groups: pause_and_resume_lose_and_double_nothing,
            groups: a_paused_partition_does_not_stop_the_others,
            groups: an_event_is_not_lost_with_its_future,
            admin: topics_are_created_described_raised_and_never_lowered,
            admin: watermarks_and_positions_are_told,
        );
    };
    (@ $make:path; $($module:ident: $case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(bench) = $make() {
                    $crate::conformance::$module::$case(&bench).await;
                }
            }
        )*
    };
}
