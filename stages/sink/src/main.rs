//! The sink stage as a process.

fn main() {}
