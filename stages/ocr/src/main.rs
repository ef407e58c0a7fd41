//! The ocr stage as a process.

fn main() {}
