//! The log in memory passes the conformance suite, and fails when it is told to.

#![allow(clippy::unwrap_used)]

use docmill_runtime::transport::{CommitError, ReadFrom};
use docmill_testkit::bench::{text, to};
use docmill_testkit::{Bench, Fault, SimLog};
use std::sync::Arc;

#[allow(clippy::unnecessary_wraps)]
fn make() -> Option<Bench> {
    Some(Bench::new(Arc::new(SimLog::new()), ()))
}

docmill_testkit::conformance!(make);

fn bench() -> (SimLog, Bench) {
    let log = SimLog::new();
    (log.clone(), Bench::new(Arc::new(log), ()))
}

#[tokio::test]
async fn faults_come_in_order_and_say_what_they_leave() {
    let (log, bench) = bench();
    let topic = bench.topic("in", 1, &[]).await;
    let group = bench.name("group");
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.owned.len() == 1).await;
    let id = format!("{group}.0");
    log.fail_next(&id, Fault::Aborted);
    log.fail_next(&id, Fault::CommittedButLost);
    let again = |v: &str| vec![to(&topic, 0, v)];
    assert!(matches!(seat.transact(again("a"), &[(0, 1, "")]).await, Err(CommitError::Aborted(_))));
    assert!(log.records(&topic).is_empty());
    assert!(matches!(seat.transact(again("b"), &[(0, 2, "")]).await, Err(CommitError::Fatal(_))));
    assert!(matches!(seat.transact(again("c"), &[(0, 3, "")]).await, Err(CommitError::Fatal(_))));
    let read = bench.read(&topic, ReadFrom::Beginning).await;
    assert_eq!(read.iter().map(|(_, r)| (r.offset, text(r))).collect::<Vec<_>>(), [(2, "b".to_owned())]);
    let heir = {
        let mut heir = bench.join(&topic, "0").await;
        heir.until(|s| s.owned.len() == 1).await;
        heir
    };
    assert_eq!(heir.owned[&0].offset, 2);
}

#[tokio::test]
async fn partitions_are_revoked_and_lost_on_demand() {
    let (log, bench) = bench();
    let topic = bench.topic("in", 2, &[]).await;
    let group = bench.name("group");
    log.produce(vec![to(&topic, 0, "0"), to(&topic, 1, "1")]).unwrap();
    log.gap(&topic, 0, 3);
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.seen.len() == 2).await;
    log.revoke(&group, "0", &[0]);
    seat.until(|s| s.revoked == [0]).await;
    seat.commit(&[(0, 1, "kept")]).await.unwrap();
    seat.release();
    seat.until(|s| s.owned.get(&0).is_some_and(|a| a.offset == 1 && a.metadata == "kept")).await;
    log.lose(&group, "0", &[1]);
    seat.until(|s| s.lost == [1]).await;
    seat.until(|s| s.seen.len() == 3).await;
    assert_eq!(seat.values(), ["0", "1", "1"], "what was lost is read again");
}
