//! The infer stage as a process.

fn main() {}
