//! Learning to choose: which of some candidates is the right one, and how sure that is.
//!
//! Owns scorers, their training, calibration and measures. Knows nothing of documents: a candidate is a list of features.
//! Rule: the same examples give the same weights, bit by bit, on every run.

pub mod calibrate;
pub mod folds;
mod lbfgs;
pub mod linear;
pub mod measure;
pub mod rows;
pub mod trees;

pub use calibrate::Platt;
pub use folds::Folds;
pub use linear::Linear;
pub use rows::{Choices, Row};
pub use trees::{Forest, TreeSettings};

/// A hash of bytes that is the same on every machine and in every version: names of features, order of groups.
pub fn rows_hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(hash)
}

/// Spreads the bits of a number.
pub fn mix(mut x: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}
