//! Whole-system tests, on the embedded log and on Apache Kafka.
