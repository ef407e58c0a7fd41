//! Transactions: all or nothing, limits, fencing.

use crate::bench::{Bench, soon, text, to};
use bytes::Bytes;
use docmill_runtime::transport::{
    CommitError, MAX_METADATA_BYTES, OffsetCommit, ReadFrom, Transaction, TransportError,
};

async fn values(bench: &Bench, topic: &str) -> Vec<String> {
    bench.read(topic, ReadFrom::Beginning).await.iter().map(|(_, r)| text(r)).collect()
}

/// Records of several topics and positions are committed together; of one that fails, nothing remains.
pub async fn a_transaction_is_visible_as_a_whole_or_not_at_all(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    let (a, b) = (bench.topic("a", 1, &[]).await, bench.topic("b", 1, &[]).await);
    bench.produce(vec![to(&topic, 0, "1"), to(&topic, 0, "2")]).await;
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.seen.len() == 2).await;
    let (first, second) = (seat.seen[0].1.offset, seat.seen[1].1.offset);
    seat.transact(vec![to(&a, 0, "1"), to(&b, 0, "1")], &[(0, first + 1, "m")]).await.unwrap();
    let group = bench.name("group");
    let position = |offset: i64, m: &str| vec![OffsetCommit { partition: 0, offset, metadata: m.into() }];
    assert_eq!(soon(bench.transport.committed(&group, &topic)).await.unwrap(), position(first + 1, "m"));

    // There is no partition 99.
    let records = vec![to(&a, 0, "2"), to(&b, 99, "2")];
    let error = seat.transact(records, &[(0, second + 1, "lost")]).await.unwrap_err();
    assert!(matches!(error, CommitError::Aborted(_)), "{error}");
    assert_eq!(soon(bench.transport.committed(&group, &topic)).await.unwrap(), position(first + 1, "m"));
    assert_eq!((values(bench, &a).await, values(bench, &b).await), (vec!["1".into()], vec!["1".into()]));

    // The producer goes on.
    seat.transact(vec![to(&a, 0, "2"), to(&b, 0, "2")], &[(0, second + 1, "")]).await.unwrap();
    assert_eq!(soon(bench.transport.committed(&group, &topic)).await.unwrap(), position(second + 1, ""));
    assert_eq!(values(bench, &a).await, ["1", "2"]);
}

/// Neither members nor readers see records of a transaction that was rolled back.
pub async fn aborted_records_are_hidden(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    let mut producer = bench.producer().await;
    let good = |v: &str| Transaction { records: vec![to(&topic, 0, v)], offsets: Vec::new() };
    soon(producer.commit(good("1"))).await.unwrap();
    let bad = Transaction { records: vec![to(&topic, 0, "no"), to(&topic, 99, "no")], offsets: Vec::new() };
    assert!(matches!(soon(producer.commit(bad)).await, Err(CommitError::Aborted(_))));
    soon(producer.commit(good("2"))).await.unwrap();
    assert_eq!(values(bench, &topic).await, ["1", "2"]);
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.seen.len() >= 2).await;
    assert_eq!(seat.values(), ["1", "2"]);
}

/// The limit is Kafka's default.
pub async fn metadata_of_4096_bytes_survives_and_more_is_refused(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    bench.produce(vec![to(&topic, 0, "1")]).await;
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.owned.len() == 1).await;
    let metadata: String = (0..MAX_METADATA_BYTES).map(|n| char::from(b'A' + (n % 57) as u8)).collect();
    seat.commit(&[(0, 1, &metadata)]).await.unwrap();
    let found = soon(bench.transport.committed(&bench.name("group"), &topic)).await.unwrap();
    assert_eq!(found[0].metadata, metadata);
    let error = seat.commit(&[(0, 1, &format!("{metadata}x"))]).await.unwrap_err();
    assert!(matches!(error, CommitError::Aborted(_)), "{error}");
    seat.commit(&[(0, 1, "short")]).await.unwrap();
}

/// The topic's own limit holds, the error names it, and the producer goes on.
pub async fn a_record_that_is_too_large_is_refused(bench: &Bench) {
    let topic = bench.topic("small", 1, &[("max.message.bytes", "10000")]).await;
    let mut producer = bench.producer().await;
    let records = vec![to(&topic, 0, "fits"), to(&topic, 0, &"x".repeat(20_000))];
    match soon(producer.commit(Transaction { records, offsets: Vec::new() })).await {
        Err(CommitError::Aborted(TransportError::TooLarge { topic: named, bytes, limit: 10_000 })) => {
            assert_eq!(named, topic);
            assert!(bytes >= 20_000);
        }
        other => panic!("{other:?}"),
    }
    let records = vec![to(&topic, 0, "fits")];
    soon(producer.commit(Transaction { records, offsets: Vec::new() })).await.unwrap();
    assert_eq!(values(bench, &topic).await, ["fits"]);
}

/// Whoever meets it: a member, a reader, a producer.
pub async fn an_unknown_topic_is_named(bench: &Bench) {
    let topic = bench.name("nowhere");
    let is_named = |e: &TransportError| matches!(e, TransportError::UnknownTopic { topic: t } if *t == topic);
    let error = soon(bench.transport.join(bench.member(&topic, "0"))).await.err().unwrap();
    assert!(is_named(&error), "{error}");
    let error = soon(bench.transport.reader(&topic, ReadFrom::Beginning)).await.err().unwrap();
    assert!(is_named(&error), "{error}");
    let error = soon(bench.transport.watermarks(&topic)).await.err().unwrap();
    assert!(is_named(&error), "{error}");
    let mut producer = bench.producer().await;
    let records = vec![to(&topic, 0, "1")];
    match soon(producer.commit(Transaction { records, offsets: Vec::new() })).await {
        Err(CommitError::Aborted(error)) => assert!(is_named(&error), "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(soon(bench.transport.describe(&[topic])).await.unwrap().is_empty());
}

/// Ids are unique among the living.
pub async fn a_second_producer_of_the_same_id_fences_the_first(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    let id = bench.name("producer");
    let commit = |v: &str| Transaction { records: vec![to(&topic, 0, v)], offsets: Vec::new() };
    let mut first = soon(bench.transport.producer(&id)).await.unwrap();
    soon(first.commit(commit("1"))).await.unwrap();
    let mut second = soon(bench.transport.producer(&id)).await.unwrap();
    assert!(matches!(soon(first.commit(commit("zombie"))).await, Err(CommitError::Fatal(_))));
    soon(second.commit(commit("2"))).await.unwrap();
    assert!(matches!(soon(first.commit(commit("zombie"))).await, Err(CommitError::Fatal(_))));
    assert_eq!(values(bench, &topic).await, ["1", "2"]);
}

/// Nothing to commit is no error.
pub async fn an_empty_transaction_is_nothing(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    soon(bench.producer().await.commit(Transaction::default())).await.unwrap();
    assert!(values(bench, &topic).await.is_empty());
}

/// Page records reach megabytes; a transaction may hold thousands of small ones.
pub async fn large_records_and_many_of_them_survive(bench: &Bench) {
    let topic = bench.topic("large", 1, &[("max.message.bytes", "4194304")]).await;
    // Bytes that no compression shortens.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = |len: usize| -> Bytes {
        (0..len)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            })
            .collect()
    };
    let large = noise(4_000_000);
    let mut records = vec![to(&topic, 0, "")];
    records[0].value = Some(large.clone());
    records.extend((0..3000).map(|n| to(&topic, 0, &n.to_string())));
    bench.produce(records).await;
    let read = bench.read(&topic, ReadFrom::Beginning).await;
    assert_eq!(read.len(), 3001);
    assert!(read[0].1.value.as_ref() == Some(&large), "the large record came back changed");
    assert!(read[1..].iter().enumerate().all(|(n, (_, r))| text(r) == n.to_string()));
}
