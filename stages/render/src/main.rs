//! The render stage as a process.

fn main() {}
