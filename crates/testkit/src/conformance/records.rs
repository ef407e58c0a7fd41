//! Records: order, partitions, tombstones, compaction, readers.

use crate::bench::{Bench, keyed, soon, text, to};
use bytes::Bytes;
use docmill_contracts::Headers;
use docmill_runtime::transport::{OutRecord, Read, ReadFrom, Transaction};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Key, value, headers with their order and repeats, and the order of records; timestamps and offsets rise.
pub async fn records_come_back_as_they_were_in_order(bench: &Bench) {
    let topic = bench.topic("in", 1, &[]).await;
    let headers = Headers::new().with("a", "1").with("b", vec![0, 255]).with("a", "2").with("empty", "");
    let sent: Vec<OutRecord> = (0..300)
        .map(|n| OutRecord {
            topic: Arc::from(topic.as_str()),
            partition: Some(0),
            key: (n % 3 != 0).then(|| Bytes::from(format!("key {n}"))),
            value: Some(if n == 7 { Bytes::new() } else { Bytes::from(format!("value {n}")) }),
            headers: if n % 2 == 0 { headers.clone() } else { Headers::new() },
        })
        .collect();
    for part in sent.chunks(100) {
        bench.produce(part.to_vec()).await;
    }
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.seen.len() >= 300).await;
    assert_eq!(seat.seen.len(), 300);
    for ((partition, got), sent) in seat.seen.iter().zip(&sent) {
        assert_eq!(
            (*partition, &got.key, &got.value, &got.headers),
            (0, &sent.key, &sent.value, &sent.headers)
        );
        assert!(got.timestamp_ms > 1_600_000_000_000, "timestamp {}", got.timestamp_ms);
    }
    for pair in seat.seen.windows(2) {
        assert!(pair[0].1.offset < pair[1].1.offset);
        assert!(pair[0].1.timestamp_ms <= pair[1].1.timestamp_ms);
    }
}

/// The partition of a key is murmur2's, as Kafka's Java client has it.
pub async fn keys_lie_where_kafka_puts_them(bench: &Bench) {
    // Hashes of Kafka's own UtilsTest.
    let hashes: [(&str, i32); 6] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ];
    let partitions = 7;
    let topic = bench.topic("keys", partitions, &[]).await;
    bench.produce(hashes.iter().map(|(key, _)| keyed(&topic, key, Some(key))).collect()).await;
    let found: BTreeMap<String, i32> = bench
        .read(&topic, ReadFrom::Beginning)
        .await
        .into_iter()
        .map(|(partition, r)| (text(&r), partition))
        .collect();
    for (key, hash) in hashes {
        assert_eq!(found.get(key), Some(&((hash & 0x7fff_ffff) % partitions)), "{key}");
    }
}

/// No value is not an empty value.
pub async fn tombstones_come_back_as_such(bench: &Bench) {
    let topic = bench.topic("tombs", 1, &[]).await;
    bench.produce(vec![keyed(&topic, "k", Some("")), keyed(&topic, "k", None)]).await;
    let read = bench.read(&topic, ReadFrom::Beginning).await;
    let values: Vec<Option<Bytes>> = read.into_iter().map(|(_, r)| r.value).collect();
    assert_eq!(values, [Some(Bytes::new()), None]);
}

/// Older records of a key may go; the last stays.
pub async fn a_compacted_topic_keeps_the_last_of_a_key(bench: &Bench) {
    let topic = bench.topic("compacted", 2, &[("cleanup.policy", "compact")]).await;
    for n in 0..5 {
        let value = n.to_string();
        bench.produce(vec![keyed(&topic, "a", Some(&value)), keyed(&topic, "b", Some(&value))]).await;
    }
    bench.produce(vec![keyed(&topic, "b", None)]).await;
    let mut last = BTreeMap::new();
    for (_, r) in bench.read(&topic, ReadFrom::Beginning).await {
        last.insert(r.key.clone().unwrap(), r.value);
    }
    let expected = [(Bytes::from("a"), Some(Bytes::from("4"))), (Bytes::from("b"), None)];
    assert_eq!(last, BTreeMap::from(expected));
}

/// From the beginning, one partition, the end, and given offsets.
pub async fn readers_begin_where_they_are_told(bench: &Bench) {
    let topic = bench.topic("in", 2, &[]).await;
    bench.produce(vec![to(&topic, 0, "a"), to(&topic, 1, "x"), to(&topic, 0, "b"), to(&topic, 1, "y")]).await;
    let sorted = |read: Vec<(i32, docmill_runtime::transport::Record)>| {
        let mut values: Vec<String> = read.iter().map(|(p, r)| format!("{p}{}", text(r))).collect();
        values.sort();
        values
    };
    let all = bench.read(&topic, ReadFrom::Beginning).await;
    let second = all.iter().find(|(p, r)| *p == 1 && text(r) == "y").unwrap().1.offset;
    assert_eq!(sorted(all), ["0a", "0b", "1x", "1y"]);
    assert_eq!(sorted(bench.read(&topic, ReadFrom::Partition(1)).await), ["1x", "1y"]);
    assert_eq!(sorted(bench.read(&topic, ReadFrom::End).await), Vec::<String>::new());
    let offsets = ReadFrom::Offsets(vec![(1, second)]);
    assert_eq!(sorted(bench.read(&topic, offsets).await), ["0a", "0b", "1y"]);
    let beyond = ReadFrom::Offsets(vec![(0, 1000), (1, 1000)]);
    assert_eq!(sorted(bench.read(&topic, beyond).await), Vec::<String>::new());
}

/// There is nothing to wait for in a topic without records.
pub async fn a_reader_catches_up_with_an_empty_topic(bench: &Bench) {
    let topic = bench.topic("empty", 3, &[]).await;
    assert!(bench.read(&topic, ReadFrom::Beginning).await.is_empty());
}

/// Aborted records and transaction markers at the end of a partition hold nobody up.
pub async fn a_reader_catches_up_behind_an_aborted_tail(bench: &Bench) {
    let topic = bench.topic("tail", 1, &[]).await;
    bench.produce(vec![to(&topic, 0, "seen")]).await;
    let mut producer = bench.producer().await;
    let records = vec![to(&topic, 0, "hidden"), to(&topic, 99, "nowhere")];
    soon(producer.commit(Transaction { records, offsets: Vec::new() })).await.unwrap_err();
    let read = bench.read(&topic, ReadFrom::Beginning).await;
    assert_eq!(read.iter().map(|(_, r)| text(r)).collect::<Vec<_>>(), ["seen"]);
}

/// After it has caught up, a reader gets what is committed later, and says so no second time.
pub async fn a_reader_follows_what_comes_later(bench: &Bench) {
    let topic = bench.topic("later", 1, &[]).await;
    let mut reader = soon(bench.transport.reader(&topic, ReadFrom::End)).await.unwrap();
    assert_eq!(soon(reader.next()).await.unwrap(), Read::CaughtUp);
    for n in 0..3 {
        let value = n.to_string();
        bench.produce(vec![to(&topic, 0, &value)]).await;
        match soon(reader.next()).await.unwrap() {
            Read::Records { partition: 0, records } => {
                assert_eq!(records.iter().map(text).collect::<Vec<_>>(), [value]);
            }
            other => panic!("{other:?}"),
        }
    }
}
