//! The transport on a real Apache Kafka, which the test starts and stops: the conformance suite, and what a killed
//! process leaves behind.

#![allow(clippy::unwrap_used)]

mod crash;

use docmill_testkit::Bench;
use docmill_transport_kafka::{Kafka, KafkaConfig};
use std::sync::Arc;

fn make() -> Option<Bench> {
    let bootstrap_servers = docmill_tests::kafka()?.servers.clone();
    let config = KafkaConfig { bootstrap_servers, client_id: "conformance".into(), ..KafkaConfig::default() };
    Some(Bench::new(Arc::new(Kafka::new(config).unwrap()), ()))
}

docmill_testkit::conformance!(make);
