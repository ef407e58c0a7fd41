//! Entry points for fuzzers: what reads bytes of the other side.

use crate::{Limits, frame};

/// Reads bytes as frames, and those of a greeting as limits.
pub fn frames(bytes: &[u8]) {
    const LIMIT: u32 = 64 * 1024;
    let mut rest = bytes;
    while let Ok(Some((kind, payload))) = frame::read(&mut rest, LIMIT) {
        assert!(payload.len() <= LIMIT as usize, "a frame is never larger than its limit");
        if let Some((limits, rest)) = Limits::from_wire(&payload) {
            let again = [limits.to_wire().as_slice(), rest].concat();
            assert_eq!(again, payload, "limits are what they were read from");
        }
        let mut written = Vec::new();
        if frame::write(&mut written, kind, &[&payload], LIMIT).is_ok() {
            assert!(
                bytes.windows(written.len().max(1)).any(|w| w == written),
                "frames are what they were read from"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Kind;

    #[test]
    fn odd_frames_do_no_harm() {
        let frames_of = |list: &[(Kind, &[u8])]| {
            let mut out = Vec::new();
            for (kind, payload) in list {
                frame::write(&mut out, *kind, &[payload], 1 << 20).unwrap();
            }
            out
        };
        let hello = [Limits::default().to_wire().as_slice(), b"/lib"].concat();
        let seeds = [
            frames_of(&[(Kind::Hello, &hello), (Kind::Request, b"request")]),
            frames_of(&[
                (Kind::Ready, b""),
                (Kind::Part, b"part"),
                (Kind::Part, &[7; 100]),
                (Kind::End, b""),
            ]),
            frames_of(&[(Kind::Unfit, b"reason"), (Kind::Unconfined, b"landlock")]),
        ];
        docmill_testkit::fuzz::smoke(&seeds, 50_000, frames);
    }
}
