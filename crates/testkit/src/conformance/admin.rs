//! Topics and offsets, asked for and changed.

use crate::bench::{Bench, soon, spec, to};
use docmill_runtime::transport::{OffsetCommit, TopicSpec, Watermarks};

fn setting<'a>(topic: &'a TopicSpec, name: &str) -> Option<&'a str> {
    topic.config.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// What is applied is what is described; partitions only rise; applying twice changes nothing.
pub async fn topics_are_created_described_raised_and_never_lowered(bench: &Bench) {
    let log = &bench.transport;
    let (a, b) = (bench.name("a"), bench.name("b"));
    let first = [
        spec(&a, 2, &[("retention.ms", "3600000"), ("max.message.bytes", "2000000")]),
        spec(&b, 1, &[("cleanup.policy", "compact")]),
    ];
    soon(log.apply(&first)).await.unwrap();
    soon(log.apply(&first)).await.unwrap();
    bench.produce(vec![to(&a, 1, "kept")]).await;
    let names = [a.clone(), b.clone(), bench.name("c")];
    let found = soon(log.describe(&names)).await.unwrap();
    assert_eq!(
        found.iter().map(|t| (&t.name, t.partitions, t.replication)).collect::<Vec<_>>(),
        [(&a, 2, 1), (&b, 1, 1)]
    );
    assert_eq!(setting(&found[0], "retention.ms"), Some("3600000"));
    assert_eq!(setting(&found[1], "cleanup.policy"), Some("compact"));

    let raised = [spec(&a, 5, &[("retention.ms", "7200000"), ("max.message.bytes", "2000000")])];
    soon(log.apply(&raised)).await.unwrap();
    let found = soon(log.describe(std::slice::from_ref(&a))).await.unwrap();
    assert_eq!(found[0].partitions, 5);
    assert_eq!(setting(&found[0], "retention.ms"), Some("7200000"));
    assert_eq!(setting(&found[0], "max.message.bytes"), Some("2000000"));
    bench.produce(vec![to(&a, 4, "new")]).await;
    assert_eq!(bench.read(&a, docmill_runtime::transport::ReadFrom::Beginning).await.len(), 2);

    let error = soon(log.apply(&[spec(&b, 7, &[]), spec(&a, 3, &[])])).await.unwrap_err().to_string();
    assert!(error.contains(&a), "{error}");
    let found = soon(log.describe(&[a, b])).await.unwrap();
    assert_eq!(found.iter().map(|t| t.partitions).collect::<Vec<_>>(), [5, 1], "refused as a whole");
}

/// First and last offsets; positions of a group, and none of an unknown one.
pub async fn watermarks_and_positions_are_told(bench: &Bench) {
    let topic = bench.topic("in", 2, &[]).await;
    let marks = soon(bench.transport.watermarks(&topic)).await.unwrap();
    let empty = |partition| Watermarks { partition, low: 0, high: 0 };
    assert_eq!(marks, [empty(0), empty(1)]);
    bench.produce((0..3).map(|n| to(&topic, 1, &n.to_string())).collect()).await;
    let marks = soon(bench.transport.watermarks(&topic)).await.unwrap();
    assert_eq!(marks[0], empty(0));
    // A transaction's marker has an offset of its own on Kafka.
    assert!(marks[1].low == 0 && (3..=4).contains(&marks[1].high), "{marks:?}");

    let group = bench.name("group");
    assert!(soon(bench.transport.committed(&group, &topic)).await.unwrap().is_empty());
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.seen.len() == 3).await;
    seat.commit(&[(1, 2, "m")]).await.unwrap();
    let expected = vec![OffsetCommit { partition: 1, offset: 2, metadata: "m".into() }];
    assert_eq!(soon(bench.transport.committed(&group, &topic)).await.unwrap(), expected);
}
