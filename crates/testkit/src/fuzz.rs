//! Bytes that no decoder expects, without a fuzzer: seeds, cut, swapped, doubled and flipped at random, the same every time.
//!
//! The targets in `fuzz/` run the same functions under libFuzzer; this runs them with every `cargo test`.

use std::time::{Duration, Instant};

/// Variable that makes a run go on for so many seconds, instead of its usual number of rounds.
pub const SECONDS: &str = "DOCMILL_FUZZ_SECONDS";

/// Gives `target` each seed, and then so many of what can be made of them. A panic of the target is a finding; the input
/// is in its message.
pub fn smoke(seeds: &[Vec<u8>], rounds: u32, target: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    let seconds = std::env::var(SECONDS).ok().and_then(|s| s.parse().ok()).map(Duration::from_secs);
    let since = Instant::now();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let try_one = |input: &[u8]| {
        let outcome = std::panic::catch_unwind(|| target(input));
        assert!(outcome.is_ok(), "panics on {} bytes: {input:02x?}", input.len());
    };
    seeds.iter().for_each(|seed| try_one(seed));
    let mut round = 0_u64;
    while seconds.map_or(round < u64::from(rounds), |s| since.elapsed() < s) {
        round += 1;
        let Some(seed) = seeds.get(dice.below(seeds.len())) else { return };
        let mut input = seed.clone();
        for _ in 0..=dice.below(6) {
            dice.change(&mut input, seeds);
        }
        try_one(&input);
    }
    eprintln!("{round} inputs made of {} seeds in {:.1} s", seeds.len(), since.elapsed().as_secs_f64());
}

/// xorshift64*: good enough, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let to = at + self.below(input.len() + 1 - at).min(64);
        match self.below(9) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..to)),
            2 => {
                let part = input.get(at..to).unwrap_or_default().to_vec();
                input.splice(at..at, part);
            }
            3 => {
                let other = seeds.get(self.below(seeds.len())).cloned().unwrap_or_default();
                let from = self.below(other.len() + 1);
                input.splice(at..to, other.into_iter().skip(from).take(64));
            }
            4 => {
                // Lengths and counts that nobody expects.
                let odd = [0_u32, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff][self.below(8)];
                let bytes = if self.next() & 1 == 0 { odd.to_le_bytes() } else { odd.to_be_bytes() };
                let width = [1, 2, 4][self.below(3)];
                for (slot, byte) in input.iter_mut().skip(at).zip(bytes.into_iter().take(width)) {
                    *slot = byte;
                }
            }
            5 => {
                let byte = self.next() as u8;
                input.insert(at, byte);
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_is_found_and_shown() {
        let finds = std::panic::catch_unwind(|| {
            smoke(&[b"abcd".to_vec()], 10_000, |input| assert!(input.len() != 3, "three"));
        });
        assert!(finds.is_err());
    }
}
