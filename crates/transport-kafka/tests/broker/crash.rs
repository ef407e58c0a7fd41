//! What a killed process leaves open, its successor ends.

use docmill_runtime::transport::ReadFrom;
use docmill_testkit::Bench;
use docmill_testkit::bench::{soon, text, to};
use docmill_transport_kafka::{Kafka, KafkaConfig};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_transaction_ends_when_its_slot_is_taken() {
    let Some(kafka) = docmill_tests::kafka() else { return };
    let servers = kafka.servers.clone();
    let config = KafkaConfig {
        bootstrap_servers: servers.clone(),
        client_id: "crash".into(),
        ..KafkaConfig::default()
    };
    let log = Arc::new(Kafka::new(config).unwrap());
    let bench = Bench::new(log, ());
    let topic = bench.topic("in", 1, &[]).await;
    let killed: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &servers)
        .set("transactional.id", format!("{}.0", bench.name("group")))
        .set("transaction.timeout.ms", "60000")
        .create()
        .unwrap();
    let at_work = killed.clone();
    tokio::task::spawn_blocking(move || {
        at_work.init_transactions(Duration::from_secs(20)).unwrap();
        at_work.begin_transaction().unwrap();
    })
    .await
    .unwrap();
    let record = FutureRecord::<(), str>::to(&topic).partition(0).payload("never committed");
    killed.send(record, Duration::from_secs(5)).await.unwrap();

    let started = Instant::now();
    let mut seat = bench.join(&topic, "0").await;
    seat.until(|s| s.owned.len() == 1).await;
    seat.transact(vec![to(&topic, 0, "heir")], &[(0, 0, "m")]).await.unwrap();
    seat.until(|s| s.seen.len() == 1).await;
    assert_eq!(seat.values(), ["heir"]);
    let read = soon(bench.read(&topic, ReadFrom::Beginning)).await;
    assert_eq!(read.iter().map(|(_, r)| text(r)).collect::<Vec<_>>(), ["heir"]);
    // The transaction's own timeout is a minute.
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}
