use super::*;
use crate::desk::samples::{desk, head, out};
use docmill_contracts::ClaimState;
use docmill_runtime::transport::{OutRecord, Transport};

fn state(id: &str, closed: bool) -> GatherState {
    let head = Some(head("a", id, 1));
    GatherState { head, page_count: 2, revision: 1, closed, opened_at: 0, pages: Vec::new() }
}

/// The topics as they are, and a topology that wants twice as many partitions.
async fn raise(desk: &Desk) -> (Topology, Vec<TopicSpec>) {
    let names: Vec<String> = desk.topology.topics.keys().cloned().collect();
    let mut topology = desk.topology.clone();
    topology.topics.values_mut().for_each(|t| t.partitions *= 2);
    (topology, desk.log.describe(&names).await.unwrap())
}

#[tokio::test]
async fn partitions_are_not_raised_under_open_documents() {
    let (log, mut desk) = desk().await;
    let (topology, found) = raise(&desk).await;
    let raise = raised(&topology, &found).unwrap();
    let topics: Vec<&str> = raise.iter().map(|r| r.topic.as_str()).collect();
    let gathered = ["documents.claimed", "duplicates.claims", "pages.recognized", "gather.pages"];
    assert_eq!(topics, gathered, "and no topic that nobody gathers over");
    desk.topology = topology;

    log.produce(vec![out(&desk, state("closed", true)), out(&desk, state("d", false))]).unwrap();
    let error = refuse(&desk, &raise, &found).await.unwrap_err();
    assert!(matches!(error, OpsError::OpenStates { open: 1, unread: 0, has: 4, wanted: 8, .. }), "{error}");
    log.produce(vec![out(&desk, state("d", true))]).unwrap();
    refuse(&desk, &raise, &found).await.unwrap();
    // Pages that the worker has not read are an open document too.
    log.produce(vec![OutRecord {
        topic: "pages.recognized".into(),
        partition: Some(0),
        key: None,
        value: None,
        headers: docmill_contracts::Headers::new(),
    }])
    .unwrap();
    let error = refuse(&desk, &raise, &found).await.unwrap_err();
    assert!(matches!(error, OpsError::OpenStates { open: 0, unread: 1, .. }), "{error}");
}

#[tokio::test]
async fn what_was_claimed_is_open_for_as_long_as_it_is_remembered() {
    let (log, mut desk) = desk().await;
    let (topology, found) = raise(&desk).await;
    let raise = raised(&topology, &found).unwrap();
    desk.topology = topology;
    let state = ClaimState { tenant: "a".into(), key: "number/1".into(), ..ClaimState::default() };
    log.produce(vec![out(&desk, state)]).unwrap();
    let error = refuse(&desk, &raise, &found).await.unwrap_err();
    assert!(
        matches!(&error, OpsError::OpenStates { open: 1, worker, .. } if worker == "duplicates"),
        "{error}"
    );
}

#[tokio::test]
async fn input_and_changelog_must_have_as_many_partitions() {
    let (log, desk) = desk().await;
    let (_, mut found) = raise(&desk).await;
    assert_eq!(raised(&desk.topology, &found).unwrap(), []);
    for topic in &mut found {
        if topic.name == "gather.pages" {
            topic.partitions = 6;
            log.apply(std::slice::from_ref(topic)).await.unwrap();
        }
    }
    let error = raised(&desk.topology, &found).unwrap_err();
    assert!(matches!(error, OpsError::UnlikePartitions { changelog_partitions: 6, .. }), "{error}");
    // A topology that raises both to the same mends it.
    let (wider, _) = raise(&desk).await;
    assert_eq!(raised(&wider, &found).unwrap().len(), 4);
}
