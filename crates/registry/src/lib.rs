//! Schema ids from a Confluent-compatible registry or from the schemas folder.
