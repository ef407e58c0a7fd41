//! Resolution that an image file claims, and whether it is worth believing.

/// Dots per inch where an image says nothing credible.
const ASSUMED: f32 = 200.0;
/// Longest side of a page in points that is believed, 50 inches.
const LONGEST: f32 = 3600.0;
const METRE_PER_INCH: f32 = 0.0254;

/// Dots per inch, across and down, that a JPEG, PNG or BMP claims.
pub(crate) fn claimed(media_type: &str, bytes: &[u8]) -> Option<(f32, f32)> {
    match media_type {
        "image/jpeg" => jpeg(bytes),
        "image/png" => png(bytes),
        "image/bmp" => bmp(bytes),
        _ => None,
    }
}

/// The claim, where it is one that a scanner could make of a page of so many pixels, else 200 both ways.
pub(crate) fn credible(claim: Option<(f32, f32)>, width: u32, height: u32) -> (f32, f32) {
    let good = |(x, y): &(f32, f32)| {
        let sane = |v: f32| (50.0..=1200.0).contains(&v);
        let longest = (width as f32 / x).max(height as f32 / y) * 72.0;
        // Fax lines are at most 2.1 times as far apart as fax dots.
        sane(*x) && sane(*y) && (x / y).max(y / x) < 2.5 && longest <= LONGEST
    };
    claim.filter(good).unwrap_or((ASSUMED, ASSUMED))
}

fn jpeg(bytes: &[u8]) -> Option<(f32, f32)> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, hi, lo, ..] = rest else { return None };
        let len = usize::from(u16::from_be_bytes([*hi, *lo]));
        let segment = rest.get(4..2 + len)?;
        if *marker == 0xe0
            && let Some([_, _, unit, x1, x0, y1, y0, ..]) = segment.strip_prefix(b"JFIF\0")
        {
            let inch = match unit {
                1 => 1.0,
                2 => 2.54,
                _ => return None,
            };
            let density = |hi: u8, lo: u8| f32::from(u16::from_be_bytes([hi, lo])) * inch;
            return Some((density(*x1, *x0), density(*y1, *y0)));
        }
        if !(0xe0..=0xef).contains(marker) && *marker != 0xfe {
            return None;
        }
        rest = rest.get(2 + len..)?;
    }
}

fn png(bytes: &[u8]) -> Option<(f32, f32)> {
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    loop {
        let (len, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        match kind {
            b"pHYs" => {
                let (x, after) = after.split_first_chunk::<4>()?;
                let (y, after) = after.split_first_chunk::<4>()?;
                let inch = |v: [u8; 4]| u32::from_be_bytes(v) as f32 * METRE_PER_INCH;
                return (after.first() == Some(&1)).then(|| (inch(*x), inch(*y)));
            }
            b"IDAT" | b"IEND" => return None,
            _ => rest = after.get(len.checked_add(4)?..)?,
        }
    }
}

fn bmp(bytes: &[u8]) -> Option<(f32, f32)> {
    bytes.strip_prefix(b"BM")?;
    let per_metre = |at: usize| {
        let v = bytes.get(at..at + 4)?.first_chunk::<4>()?;
        Some(i32::from_le_bytes(*v) as f32 * METRE_PER_INCH)
    };
    Some((per_metre(38)?, per_metre(42)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_where_the_formats_keep_them() {
        let jfif = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\x01\x01\x2c\x01\x2c\0\0\xff\xdb";
        assert_eq!(jpeg(jfif), Some((300.0, 300.0)));
        let mut phys = b"\x89PNG\r\n\x1a\n\0\0\0\x00abcdCRC.\0\0\0\x09pHYs".to_vec();
        phys.extend(11811u32.to_be_bytes());
        phys.extend(11811u32.to_be_bytes());
        phys.push(1);
        assert!(png(&phys).is_some_and(|(x, _)| (x - 300.0).abs() < 0.1));
        assert_eq!(jpeg(b"\xff\xd8\xff\xe0\xff"), None);
        assert_eq!(png(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffabcd"), None);
    }

    #[test]
    fn an_incredible_claim_gives_the_assumed_resolution() {
        assert_eq!(credible(Some((300.0, 300.0)), 2480, 3508), (300.0, 300.0));
        assert_eq!(credible(Some((72.0, 72.0)), 4000, 3000), (200.0, 200.0), "a camera's 72 means nothing");
        assert_eq!(credible(Some((1.0, 1.0)), 100, 100), (200.0, 200.0));
        assert_eq!(credible(Some((f32::NAN, 300.0)), 100, 100), (200.0, 200.0));
        assert_eq!(credible(Some((204.0, 98.0)), 1728, 1145), (204.0, 98.0));
    }
}
