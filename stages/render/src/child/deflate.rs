//! Compression of what rows of a page differ by: runs of nothing, and single bytes.
//!
//! Owns the format (RFC 1950 and 1951). Knows no pixels. Rule: one block with codes that were fitted once, to painted pages, scans
//! and photographs: nothing is counted or looked up again.

use simd_adler32::Adler32;

/// Symbols: bytes, the end, lengths of runs.
const SYMBOLS: usize = 286;
const END: usize = 256;
/// Longest run of one symbol.
const LONGEST: usize = 258;
/// Runs that are shorter cost less byte by byte.
const SHORTEST: usize = 5;

/// Bits of each symbol's code.
#[rustfmt::skip]
const BITS: [u8; SYMBOLS] = [
    4, 5, 5, 6, 6, 7, 7, 7, 7, 8, 7, 7, 8, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 9, 8, 9, 9, 9, 8, 9,
    9, 9, 9, 9, 9, 9, 8, 9, 8, 9, 9, 9, 8, 9, 9, 9, 8, 9, 9, 9, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    9, 9, 9, 9, 9, 9, 8, 9, 9, 9, 9, 10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8, 9, 9, 10, 9, 9, 9, 9, 9, 10, 9,
    9, 9, 9, 8, 9, 9, 8, 9, 10, 9, 9, 9, 10, 9, 9, 10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 10, 9, 9, 9, 9,
    9, 9, 9, 9, 9, 9, 10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 10, 9, 10, 9, 9, 10, 9, 9, 9, 9, 9, 9, 8, 9, 9, 9,
    9, 9, 9, 10, 10, 9, 9, 10, 9, 9, 8, 9, 9, 9, 9, 10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8, 9, 9, 9, 9, 9, 8, 9, 9, 9, 8, 8, 9, 9, 9, 9, 9,
    9, 8, 9, 8, 8, 9, 8, 8, 8, 8, 8, 8, 9, 8, 8, 8, 8, 7, 8, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 5, 4,
    12, 12, 10, 8, 10, 10, 8, 11, 11, 9, 9, 11, 10, 10, 10, 11, 11, 10, 10, 11, 10, 10, 10, 10, 11, 10, 11, 10, 11, 5,
];

/// What is written for something, and how many bits of it.
#[derive(Debug, Clone, Copy)]
struct Code {
    bits: u32,
    count: u32,
}

const SYMBOL: [Code; SYMBOLS] = codes();
/// Of runs of so many zeros after a zero, the distance (one byte back, which is code 0) included.
const RUN: [Code; LONGEST + 1] = runs();

const fn codes() -> [Code; SYMBOLS] {
    let mut codes = [Code { bits: 0, count: 0 }; SYMBOLS];
    let (mut next, mut count) = (0_u32, 1_u32);
    while count <= 15 {
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if BITS[symbol] as u32 == count {
                codes[symbol] = Code { bits: next.reverse_bits() >> (32 - count), count };
                next += 1;
            }
            symbol += 1;
        }
        next <<= 1;
        count += 1;
    }
    codes
}

const fn runs() -> [Code; LONGEST + 1] {
    let mut runs = [Code { bits: 0, count: 0 }; LONGEST + 1];
    // Eight lengths have a symbol each, then four symbols each of one extra bit and more; the longest has its own.
    let (mut symbol, mut length) = (257, 3);
    while symbol < SYMBOLS - 1 {
        let extra = if symbol < 265 { 0 } else { (symbol - 261) as u32 / 4 };
        let mut rest = 0;
        while rest < 1 << extra && length < LONGEST {
            let Code { bits, count } = SYMBOL[symbol];
            runs[length] = Code { bits: bits | rest << count, count: count + extra + 1 };
            (rest, length) = (rest + 1, length + 1);
        }
        symbol += 1;
    }
    let Code { bits, count } = SYMBOL[SYMBOLS - 1];
    runs[LONGEST] = Code { bits, count: count + 1 };
    runs
}

/// A stream that is being written.
pub(super) struct Deflate<'a> {
    bytes: &'a mut Vec<u8>,
    /// Where a piece is written before its length is known, kept between pieces.
    scratch: Vec<u8>,
    bits: u64,
    /// Below 8.
    count: u32,
    sum: Adler32,
}

/// Bits on their way to bytes. Rule: codes of at most 56 bits together between two calls of [`Bits::settle`].
struct Bits<'a> {
    to: &'a mut [u8],
    at: usize,
    bits: u64,
    count: u32,
}

impl Bits<'_> {
    fn put(&mut self, code: Code) {
        self.bits |= u64::from(code.bits) << self.count;
        self.count += code.count;
    }

    /// Writes what is whole bytes, by way of eight, of which the next ones are written over the last.
    fn settle(&mut self) {
        if let Some(to) = self.to.get_mut(self.at..self.at + 8) {
            to.copy_from_slice(&self.bits.to_le_bytes());
        }
        self.at += self.count as usize / 8;
        self.bits >>= self.count & !7;
        self.count &= 7;
    }

    fn run(&mut self, length: usize) {
        self.put(SYMBOL[0]);
        let mut rest = length - 1;
        while rest > LONGEST + 2 || rest == LONGEST {
            self.put(RUN[LONGEST]);
            self.settle();
            rest -= LONGEST;
        }
        // What is left must not be shorter than the shortest run that can be written, which is 3.
        if rest > LONGEST {
            self.put(RUN[rest - 3]);
            rest = 3;
        }
        if rest >= 3 {
            self.put(RUN[rest]);
        } else {
            (0..rest).for_each(|_| self.put(SYMBOL[0]));
        }
        self.settle();
    }
}

impl<'a> Deflate<'a> {
    /// A stream at the end of `bytes`.
    pub(super) fn new(bytes: &'a mut Vec<u8>) -> Self {
        bytes.extend([0x78, 0x01]);
        let mut stream = Self { bytes, scratch: Vec::new(), bits: 0, count: 0, sum: Adler32::new() };
        stream.with_bits(SYMBOLS, |to| {
            let mut put = |bits, count| {
                to.put(Code { bits, count });
                to.settle();
            };
            // The last block, with codes of its own; all symbols, one distance, lengths of all nineteen kinds.
            put(1, 1);
            put(2, 2);
            put(29, 5);
            put(0, 5);
            put(15, 4);
            // Repetitions are not used; lengths of codes are written in four bits each.
            (0..19).for_each(|i| put(if i < 3 { 0 } else { 4 }, 3));
            for bits in BITS.into_iter().chain([1]) {
                put(u32::from(bits).reverse_bits() >> 28, 4);
            }
        });
        stream
    }

    /// Lets `write` put what becomes of `length` bytes.
    fn with_bits(&mut self, length: usize, write: impl FnOnce(&mut Bits<'_>)) {
        // No code is longer than two bytes for each byte that it stands for.
        let room = length * 2 + 64;
        if self.scratch.len() < room {
            self.scratch.resize(room, 0);
        }
        let mut to = Bits { to: &mut self.scratch, at: 0, bits: self.bits, count: self.count };
        write(&mut to);
        let Bits { at, bits, count, .. } = to;
        (self.bits, self.count) = (bits, count);
        self.bytes.extend_from_slice(self.scratch.get(..at).unwrap_or_default());
    }

    /// Adds bytes.
    pub(super) fn write(&mut self, data: &[u8]) {
        self.sum.write(data);
        self.with_bits(data.len(), |to| {
            let mut rest = data;
            while let Some(first) = rest.first() {
                let taken = match rest.first_chunk::<4>() {
                    Some(four) if has_no_zero(*four) => {
                        four.iter().for_each(|byte| to.put(SYMBOL[usize::from(*byte)]));
                        to.settle();
                        4
                    }
                    _ if *first == 0 => {
                        let run = zeros(rest);
                        if run >= SHORTEST {
                            to.run(run);
                        } else {
                            (0..run).for_each(|_| to.put(SYMBOL[0]));
                            to.settle();
                        }
                        run
                    }
                    _ => {
                        to.put(SYMBOL[usize::from(*first)]);
                        to.settle();
                        1
                    }
                };
                rest = rest.get(taken..).unwrap_or_default();
            }
        });
    }

    /// Ends the stream.
    pub(super) fn finish(mut self) {
        self.with_bits(8, |to| {
            to.put(SYMBOL[END]);
            to.count = to.count.next_multiple_of(8);
            to.settle();
        });
        self.bytes.extend(self.sum.finish().to_be_bytes());
    }
}

fn has_no_zero(four: [u8; 4]) -> bool {
    let word = u32::from_le_bytes(four);
    word.wrapping_sub(0x0101_0101) & !word & 0x8080_8080 == 0
}

/// Zeros that bytes begin with.
fn zeros(bytes: &[u8]) -> usize {
    const STEP: usize = 32;
    // Most runs are short.
    if let Some(eight) =
        bytes.first_chunk().map(|eight| u64::from_le_bytes(*eight)).filter(|eight| *eight != 0)
    {
        return eight.trailing_zeros() as usize / 8;
    }
    let whole = bytes.as_chunks::<STEP>().0.iter().take_while(|chunk| **chunk == [0; STEP]).count() * STEP;
    whole + bytes.get(whole..).unwrap_or_default().iter().take_while(|byte| **byte == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::inflate::decompress_to_vec_zlib;

    fn packed(pieces: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut stream = Deflate::new(&mut out);
        pieces.iter().for_each(|piece| stream.write(piece));
        stream.finish();
        out
    }

    #[test]
    fn codes_are_complete() {
        assert_eq!(BITS.iter().map(|bits| 1_u32 << (15 - bits)).sum::<u32>(), 1 << 15);
        assert!(RUN[3..].iter().all(|code| code.count > 0 && code.count <= 18));
    }

    #[test]
    fn runs_of_every_length_come_back() {
        for length in (0..1200).chain([5000, 100_000]) {
            for around in [&[][..], &[7], &[0, 9, 0, 0]] {
                let bytes = [around, &vec![0; length], around].concat();
                assert_eq!(decompress_to_vec_zlib(&packed(&[&bytes])).unwrap(), bytes, "{length}");
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_come_back_whatever_the_pieces_are() {
        let mut next = 1_u32;
        let mut bytes = Vec::new();
        while bytes.len() < 200_000 {
            next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match next >> 29 {
                0 => bytes.extend(vec![0; (next >> 8) as usize % 700]),
                1 => bytes.extend([0, 0, 0]),
                _ => bytes.push((next >> 16) as u8),
            }
        }
        let (a, b) = bytes.split_at(77_777);
        assert!(decompress_to_vec_zlib(&packed(&[a, &[], b])).unwrap() == bytes);
        assert!(decompress_to_vec_zlib(&packed(&[&bytes])).unwrap() == bytes);
        assert!(decompress_to_vec_zlib(&packed(&[])).unwrap().is_empty());
    }
}
