//! Whether a JPEG is there to its end: its decoder fills what is missing with grey, and says nothing.

/// True where the image of a JPEG has an end, wherever it is and whatever follows.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    while let Some((found, marker)) = next_marker(bytes, at) {
        at = found + 2;
        match marker {
            END => return true,
            // Beginnings, and marks without a length.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let length = bytes.get(at..at + 2).map_or(0, |l| usize::from(l[0]) << 8 | usize::from(l[1]));
                at += length;
                if marker == SCAN {
                    at = scan_end(bytes, at);
                }
            }
        }
    }
    false
}

/// Where the next marker is, and which.
fn next_marker(bytes: &[u8], from: usize) -> Option<(usize, u8)> {
    let rest = bytes.get(from..)?;
    let at = rest.windows(2).position(|w| w[0] == 0xff && !matches!(w[1], 0 | 0xff))?;
    Some((from + at, *rest.get(at + 1)?))
}

/// Where the pixels of a scan end: at a marker that is none of those between them.
fn scan_end(bytes: &[u8], mut from: usize) -> usize {
    while let Some((at, marker)) = next_marker(bytes, from) {
        if !matches!(marker, 0xd0..=0xd7) {
            return at;
        }
        from = at + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_found_where_it_is_one_of_the_image() {
        // A thumbnail with an end of its own, a scan with a stuffed byte and a restart, the end, and something behind it.
        let start = b"\xff\xd8\xff\xe1\x00\x06\xff\xd8\xff\xd9".as_slice();
        let scan = b"\xff\xda\x00\x04\x01\x02abc\xff\x00d\xff\xd3ef".as_slice();
        let whole = [start, scan, b"\xff\xd9more"].concat();
        assert!(is_whole(&whole));
        assert!(
            is_whole(&[start, scan, scan, b"\xff\xff\xd9"].concat()),
            "a second scan, and a filled marker"
        );
        assert!(!is_whole(&[start, scan].concat()), "the end of the thumbnail is not that of the image");
        assert!(!is_whole(start) && !is_whole(b"\xff\xd8") && !is_whole(b""));
    }
}
