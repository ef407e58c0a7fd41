//! Apache Kafka passes the conformance suite. Needs a broker: `DOCMILL_TEST_KAFKA=host:port`.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use docmill_testkit::Bench;
use docmill_transport_kafka::{Kafka, KafkaConfig};
use std::sync::Arc;

fn make() -> Option<Bench> {
    let Ok(bootstrap_servers) = std::env::var("DOCMILL_TEST_KAFKA") else {
        assert!(
            std::env::var("DOCMILL_REQUIRE_KAFKA").is_err(),
            "DOCMILL_REQUIRE_KAFKA is set, but DOCMILL_TEST_KAFKA names no broker"
        );
        eprintln!(
            "SKIPPED: no Apache Kafka: set DOCMILL_TEST_KAFKA=host:port (`docmill kafka up` starts one)"
        );
        return None;
    };
    let config = KafkaConfig { bootstrap_servers, client_id: "conformance".into(), ..KafkaConfig::default() };
    Some(Bench::new(Arc::new(Kafka::new(config).unwrap()), ()))
}

docmill_testkit::conformance!(make);
