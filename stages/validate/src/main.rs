//! The validate stage as a process.

fn main() {}
