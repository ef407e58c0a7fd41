//! The ingest stage as a process.

fn main() {}
