//! Groups: positions, handing over, taking over, fencing, back-pressure.

use crate::bench::{Bench, Seat, soon, to, together};
use docmill_runtime::transport::{CommitError, Event};
use futures::FutureExt;
use std::collections::BTreeSet;

/// A member that comes back goes on where it was.
pub async fn positions_and_metadata_are_found_again(bench: &Bench) {
    let topic = bench.topic("in", 2, &[]).await;
    bench.produce((0..6).map(|n| to(&topic, n % 2, &n.to_string())).collect()).await;
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.seen.len() == 6).await;
    let third = seat.seen.iter().filter(|(p, _)| *p == 1).nth(2).unwrap().1.offset;
    seat.commit(&[(1, third, "b64:AAEC")]).await.unwrap();
    soon(seat.consumer.close()).await;
    drop(seat.producer);

    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.seen.len() >= 4).await;
    assert_eq!(seat.owned[&1].offset, third);
    assert_eq!(seat.owned[&1].metadata, "b64:AAEC");
    assert_eq!(seat.owned[&0].metadata, "");
    let of = |partition| {
        let values = seat.seen.iter().filter(move |(p, _)| *p == partition);
        values.map(|(_, r)| crate::bench::text(r)).collect::<Vec<_>>()
    };
    assert_eq!((of(0), of(1)), (vec!["0".into(), "2".into(), "4".into()], vec!["5".to_owned()]));
}

fn all_of(seats: &[Seat]) -> BTreeSet<i32> {
    seats.iter().flat_map(|s| s.owned.keys().copied()).collect()
}

/// The heir of a partition begins exactly where its former owner committed last before it released.
pub async fn a_partition_is_handed_over_at_its_committed_position(bench: &Bench) {
    let topic = bench.topic("in", 4, &[]).await;
    let out = bench.topic("out", 1, &[]).await;
    bench.produce((0..40).map(|n| to(&topic, n % 4, &n.to_string())).collect()).await;
    let first = bench.join(&topic, "0").await;
    let mut seats = vec![first];
    together(&mut seats, |s| s[0].seen.len() == 40).await;
    seats.push(bench.join(&topic, "1").await);
    together(&mut seats, |s| !s[0].revoked.is_empty()).await;
    assert!(seats[1].owned.is_empty(), "nothing is handed over before it is released");
    // What was asked back may still be committed, with outputs.
    let revoked = seats[0].revoked.clone();
    let mut expected = Vec::new();
    for p in &revoked {
        let third = seats[0].seen.iter().filter(|(q, _)| q == p).nth(2).unwrap().1.offset;
        let metadata = format!("of {p}");
        seats[0].transact(vec![to(&out, 0, &metadata)], &[(*p, third, &metadata)]).await.unwrap();
        expected.push((*p, third, metadata));
    }
    seats[0].release();
    together(&mut seats, |s| {
        // The group may ask for more before it comes to rest.
        if !s[0].revoked.is_empty() {
            s[0].release();
        }
        s[1].owned.len() == 2 && s[0].owned.len() == 2 && s[1].seen.len() == 16
    })
    .await;
    assert_eq!(all_of(&seats), (0..4).collect());
    for (p, offset, metadata) in expected {
        let heir = &seats[1].owned[&p];
        assert_eq!((heir.offset, &heir.metadata), (offset, &metadata));
        let begun = seats[1].seen.iter().find(|(q, _)| *q == p).unwrap();
        assert_eq!(begun.1.offset, offset, "partition {p} begins at its position");
    }
    assert_eq!(bench.read(&out, docmill_runtime::transport::ReadFrom::Beginning).await.len(), revoked.len());
}

/// Partitions of a member that left find another owner, at their positions.
pub async fn a_member_takes_over_from_one_that_left(bench: &Bench) {
    let topic = bench.topic("in", 4, &[]).await;
    bench.produce((0..4).map(|p| to(&topic, p, "x")).collect()).await;
    let mut seats = vec![bench.join(&topic, "0").await, bench.join(&topic, "1").await];
    let settle = |s: &mut [Seat]| {
        s.iter_mut().filter(|s| !s.revoked.is_empty()).for_each(Seat::release);
        s.iter().all(|s| s.owned.len() == 2) && all_of(s).len() == 4
    };
    together(&mut seats, settle).await;
    let mut left = seats.remove(0);
    let (partition, offset) = left.owned.values().map(|a| (a.partition, a.offset)).next().unwrap();
    left.commit(&[(partition, offset + 1, "left")]).await.unwrap();
    soon(left.consumer.close()).await;
    drop(left.producer);
    seats.push(bench.join(&topic, "2").await);
    together(&mut seats, settle).await;
    let heir = seats.iter().find_map(|s| s.owned.get(&partition)).unwrap();
    assert_eq!((heir.offset, heir.metadata.as_str()), (offset + 1, "left"));
}

/// Whoever joins with a slot ends what its predecessor left, and the predecessor commits nothing more.
pub async fn a_dead_members_slot_is_taken_over(bench: &Bench) {
    let topic = bench.topic("in", 2, &[]).await;
    bench.produce(vec![to(&topic, 0, "0"), to(&topic, 1, "1")]).await;
    let mut zombie = bench.join(&topic, "0").await;
    zombie.until(|s| s.seen.len() == 2).await;
    zombie.commit(&[(0, 1, "zombie")]).await.unwrap();

    let mut heir = bench.join(&topic, "0").await;
    heir.until(|s| s.owned.len() == 2).await;
    assert_eq!((heir.owned[&0].offset, heir.owned[&0].metadata.as_str()), (1, "zombie"));
    let records = vec![to(&topic, 0, "from the dead")];
    let error = zombie.transact(records, &[(1, 1, "again")]).await.unwrap_err();
    assert!(matches!(error, CommitError::Fatal(_)), "{error}");
    heir.until(|s| s.seen.len() == 1).await;
    heir.commit(&[(1, 1, "heir")]).await.unwrap();
    let found = soon(bench.transport.committed(&bench.name("group"), &topic)).await.unwrap();
    let metadata: Vec<&str> = found.iter().map(|c| c.metadata.as_str()).collect();
    assert_eq!(metadata, ["zombie", "heir"]);
    // It learns of it, one way or the other.
    zombie.until(|s| s.error.is_some() || s.lost.len() == 2).await;
}

/// A member that dies while partitions are asked back from it, and comes back in its slot, leaves none without an owner.
pub async fn a_death_in_the_middle_of_a_handover_leaves_no_partition_alone(bench: &Bench) {
    let topic = bench.topic("in", 4, &[]).await;
    let mut seats = vec![bench.join(&topic, "0").await];
    together(&mut seats, |s| s[0].owned.len() == 4).await;
    seats.push(bench.join(&topic, "1").await);
    together(&mut seats, |s| !s[0].revoked.is_empty()).await;
    let _zombie = std::mem::replace(&mut seats[0], bench.join(&topic, "0").await);
    together(&mut seats, |s| {
        s.iter_mut().filter(|s| !s.revoked.is_empty()).for_each(Seat::release);
        all_of(s).len() == 4
    })
    .await;
}

/// Positions are a member's.
pub async fn a_member_that_left_commits_nothing(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.owned.len() == 1).await;
    soon(seat.consumer.close()).await;
    let offsets =
        vec![docmill_runtime::transport::OffsetCommit { partition: 0, offset: 1, metadata: String::new() }];
    let late = docmill_runtime::transport::Transaction { records: vec![to(&topic, 0, "late")], offsets };
    soon(seat.producer.commit(late)).await.unwrap_err();
    assert!(soon(bench.transport.committed(&bench.name("group"), &topic)).await.unwrap().is_empty());
    assert!(bench.read(&topic, docmill_runtime::transport::ReadFrom::Beginning).await.is_empty());
}

/// A slow member with little memory gets every record once.
pub async fn pause_and_resume_lose_and_double_nothing(bench: &Bench) {
    let topic = bench.topic("in", 2, &[]).await;
    let value = |n: i32| format!("{n:06}{}", "x".repeat(1000));
    for start in (0..4000).step_by(500) {
        bench.produce((start..start + 500).map(|n| to(&topic, n % 2, &value(n))).collect()).await;
    }
    let mut member = bench.member(&topic, "0");
    member.fetch_bytes = 64 << 10;
    let mut seat = bench.join_as(member).await;
    let mut batches = 0;
    soon(async {
        while seat.seen.len() < 4000 {
            let before = seat.seen.len();
            seat.step().await;
            if seat.seen.len() > before {
                batches += 1;
                let partition = seat.seen[before].0;
                seat.consumer.pause(&[partition]);
                if batches % 3 == 0 {
                    tokio::task::yield_now().await;
                }
                seat.consumer.resume(&[partition]);
            }
        }
    })
    .await;
    for partition in 0..2 {
        let got: Vec<String> = seat
            .seen
            .iter()
            .filter(|(p, _)| *p == partition)
            .map(|(_, r)| crate::bench::text(r)[..6].to_owned())
            .collect();
        let expected: Vec<String> =
            (0..4000).filter(|n| n % 2 == partition).map(|n| format!("{n:06}")).collect();
        assert!(got == expected, "partition {partition}: {} records of {}", got.len(), expected.len());
    }
}

/// Pausing one partition leaves the other flowing; what was paused comes after it is resumed.
pub async fn a_paused_partition_does_not_stop_the_others(bench: &Bench) {
    let topic = bench.topic("in", 2, &[]).await;
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.owned.len() == 2).await;
    seat.consumer.pause(&[0]);
    bench.produce((0..20).map(|n| to(&topic, n % 2, &n.to_string())).collect()).await;
    seat.until(|s| s.seen.len() >= 10).await;
    assert!(seat.seen.iter().all(|(p, _)| *p == 1), "records of a paused partition");
    seat.consumer.resume(&[0]);
    seat.until(|s| s.seen.len() >= 20).await;
    let zero: Vec<String> =
        seat.seen.iter().filter(|(p, _)| *p == 0).map(|(_, r)| crate::bench::text(r)).collect();
    assert_eq!(zero, (0..20).step_by(2).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// `next` may be dropped at any moment.
pub async fn an_event_is_not_lost_with_its_future(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    bench.produce((0..100).map(|n| to(&topic, 0, &n.to_string())).collect()).await;
    let mut seat = bench.join(&topic, "0").await;
    soon(async {
        let mut values = Vec::new();
        while values.len() < 100 {
            // Polled once and dropped, most of the time before it is ready.
            match seat.consumer.next().now_or_never() {
                Some(Ok(Event::Assigned(a))) => seat.consumer.resume(&[a[0].partition]),
                Some(Ok(Event::Records { records, .. })) => {
                    values.extend(records.iter().map(crate::bench::text));
                }
                Some(other) => panic!("{other:?}"),
                None => tokio::time::sleep(std::time::Duration::from_millis(2)).await,
            }
            // Where reading takes longer than one poll, dropping it every time would never end.
            if values.is_empty() {
                let event = tokio::time::timeout(std::time::Duration::from_millis(20), seat.consumer.next());
                match event.await {
                    Ok(Ok(Event::Assigned(a))) => seat.consumer.resume(&[a[0].partition]),
                    Ok(Ok(Event::Records { records, .. })) => {
                        values.extend(records.iter().map(crate::bench::text));
                    }
                    Ok(other) => panic!("{other:?}"),
                    Err(_) => {}
                }
            }
        }
        assert_eq!(values, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
    })
    .await;
}
