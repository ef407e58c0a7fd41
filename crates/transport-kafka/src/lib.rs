//! The runtime's transport over Apache Kafka; the only crate that names rdkafka.
