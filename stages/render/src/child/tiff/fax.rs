//! What fax machines send: CCITT group 3 of one dimension, row after row behind a mark.

use fax::decoder::{DecodeStatus, Group3Decoder};
use std::convert::Infallible;

/// Eight white pixels.
const PAPER: u8 = u8::MAX;

/// How strips of rows are packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strips {
    pub(super) width: u16,
    /// The first bit of a byte is its lowest.
    pub(super) reversed: bool,
}

impl Strips {
    /// Adds the rows of a strip, a bit a pixel, white ones set, and each row from a byte of its own on; true where none is missing.
    pub(super) fn unpack(self, strip: &[u8], rows: usize, out: &mut Vec<u8>) -> bool {
        let row = usize::from(self.width).div_ceil(8);
        let end = out.len() + rows * row;
        let bytes =
            strip.iter().map(|b| Ok::<_, Infallible>(if self.reversed { b.reverse_bits() } else { *b }));
        let mut found = 0;
        if let Ok(mut decoder) = Group3Decoder::new(bytes) {
            while found < rows {
                let status = decoder.advance();
                let turns = decoder.transitions();
                // What comes behind the last row has none.
                if turns.is_empty() && status.is_err() {
                    break;
                }
                self.row(turns, out);
                found += 1;
                if !matches!(status, Ok(DecodeStatus::Incomplete)) {
                    break;
                }
            }
        }
        out.resize(end, PAPER);
        found == rows
    }

    /// A row from where its colour changes, white first.
    fn row(self, turns: &[u16], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + usize::from(self.width).div_ceil(8), PAPER);
        for black in turns.chunks(2) {
            let [from, rest @ ..] = black else { continue };
            let to = rest.first().copied().unwrap_or(self.width).min(self.width);
            for x in *from..to {
                if let Some(byte) = out.get_mut(start + usize::from(x / 8)) {
                    *byte ^= 0x80 >> (x % 8);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mark, 4 white and 4 black; mark, 8 white; and the mark of a third row, as bits.
    fn strip() -> Vec<u8> {
        let bits = "000000000001 1011 011 000000000001 10011 000000000001".replace(' ', "");
        let byte = |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (i, b)| byte | (b - b'0') << (7 - i));
        bits.as_bytes().chunks(8).map(byte).collect()
    }

    #[test]
    fn rows_come_out_as_they_were_sent() {
        let strips = Strips { width: 8, reversed: false };
        let mut out = Vec::new();
        assert!(strips.unpack(&strip(), 2, &mut out));
        assert_eq!(out, [0xf0, 0xff]);
        let reversed: Vec<u8> = strip().iter().map(|b| b.reverse_bits()).collect();
        let mut out = Vec::new();
        assert!(Strips { reversed: true, ..strips }.unpack(&reversed, 2, &mut out));
        assert_eq!(out, [0xf0, 0xff]);
    }

    #[test]
    fn rows_that_are_missing_are_said_to_be_and_are_paper() {
        let strips = Strips { width: 8, reversed: false };
        let mut out = Vec::new();
        assert!(!strips.unpack(&strip(), 4, &mut out));
        assert_eq!(out[2..], [0xff, 0xff]);
        assert!(!strips.unpack(&[], 1, &mut Vec::new()));
    }
}
