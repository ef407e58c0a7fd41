//! Pixels to PNG, as fast as pages allow: most of a page is paper.
//!
//! Owns the way from rows to bytes. Knows no page. Rule: what equals the row above it is found a vector at a time and touched no
//! more; colours are put in order only where something changes.

use super::deflate::Deflate;

/// Bytes of sixteen pixels of three colours.
const CHUNK: usize = 48;

/// Each row is what it differs by from the one above it.
const UP: u8 = 2;

/// What the bytes of a row are, and what becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Grey, a byte a pixel.
    Gray,
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red, to be colours.
    Bgr,
    /// Blue, green, red, all alike, to be grey.
    GrayBgr,
}

impl Layout {
    /// Bytes of a pixel as it is given, and in the file.
    fn bytes(self) -> (usize, usize) {
        match self {
            Self::Gray => (1, 1),
            Self::Rgb | Self::Bgr => (3, 3),
            Self::GrayBgr => (3, 1),
        }
    }
}

/// Rows of pixels, each `stride` bytes after the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) stride: usize,
    /// Width and height in pixels.
    pub(super) size: (u32, u32),
}

impl<'a> Rows<'a> {
    /// The first `len` bytes of each; none for one that is missing.
    fn each(self, len: usize) -> impl Iterator<Item = Option<&'a [u8]>> {
        (0..self.size.1 as usize).map(move |y| self.bytes.get(y * self.stride..)?.get(..len))
    }

    /// What blue, green and red show: nothing, shades of grey, or colours; none where rows are missing.
    pub(super) fn look(self) -> Option<Look> {
        let mut look = Look::Blank;
        for row in self.each(self.size.0 as usize * 3) {
            let row = row?;
            if look == Look::Blank && row.iter().fold(u8::MAX, |all, v| all & v) != u8::MAX {
                look = Look::Gray;
            }
            if look == Look::Gray && has_colour(row) {
                return Some(Look::Colour);
            }
        }
        Some(look)
    }

    /// As a PNG file; none where rows are missing.
    pub(super) fn png(self, layout: Layout) -> Option<Vec<u8>> {
        let (width, height) = self.size;
        let (given, kept) = layout.bytes();
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = [0; 13];
        header[..4].copy_from_slice(&width.to_be_bytes());
        header[4..8].copy_from_slice(&height.to_be_bytes());
        // Eight bits a channel, grey or colours.
        header[8..10].copy_from_slice(&[8, if kept == 1 { 0 } else { 2 }]);
        chunk(&mut out, *b"IHDR", |out| out.extend(header))?;
        chunk(&mut out, *b"IDAT", |out| {
            let mut line = vec![0; 1 + width as usize * kept];
            let white = vec![0; width as usize * given];
            let mut above = white.as_slice();
            let mut packed = Deflate::new(out);
            for row in self.each(width as usize * given) {
                let row = row?;
                let (filter, to) = line.split_first_mut()?;
                *filter = UP;
                differences(layout, row, above, to);
                packed.write(&line);
                above = row;
            }
            packed.finish();
            Some(())
        })??;
        chunk(&mut out, *b"IEND", |_| ())?;
        Some(out)
    }
}

/// What a painted page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// White.
    Blank,
    Gray,
    Colour,
}

/// True where the channels of some pixel differ. A byte is compared with the next one wherever both are of one pixel.
fn has_colour(row: &[u8]) -> bool {
    const WITHIN: [u8; CHUNK] = {
        let mut within = [u8::MAX; CHUNK];
        let mut i = 2;
        while i < CHUNK {
            within[i] = 0;
            i += 3;
        }
        within
    };
    let next = row.get(1..).unwrap_or_default();
    let mut differ = [0; CHUNK];
    let mut seen = 0;
    for (a, b) in row.as_chunks::<CHUNK>().0.iter().zip(next.as_chunks::<CHUNK>().0) {
        for i in 0..CHUNK {
            differ[i] |= (a[i] ^ b[i]) & WITHIN[i];
        }
        seen += CHUNK;
    }
    let rest = row.get(seen..).unwrap_or_default().as_chunks::<3>().0;
    differ != [0; CHUNK] || rest.iter().any(|[b, g, r]| b != g || b != r)
}

/// What a row differs by from the one above it.
fn differences(layout: Layout, row: &[u8], above: &[u8], to: &mut [u8]) {
    if row == above {
        return to.fill(0);
    }
    match layout {
        Layout::Gray | Layout::Rgb => {
            for ((to, now), above) in to.iter_mut().zip(row).zip(above) {
                *to = now.wrapping_sub(*above);
            }
        }
        Layout::Bgr => in_chunks(row, above, to, |to: &mut [u8; 3], [b, g, r]| *to = [*r, *g, *b]),
        Layout::GrayBgr => in_chunks(row, above, to, |to: &mut [u8; 1], [b, ..]| *to = [*b]),
    }
}

/// The differences, pixel by pixel put in order by `put`, but for sixteen pixels in which there are none.
fn in_chunks<const N: usize>(row: &[u8], above: &[u8], to: &mut [u8], put: impl Fn(&mut [u8; N], &[u8; 3])) {
    let (chunks, rest) = row.as_chunks::<CHUNK>();
    let (chunks_above, rest_above) = above.as_chunks::<CHUNK>();
    let (to, rest_to) = to.split_at_mut(chunks.len() * CHUNK / 3 * N);
    for ((now, above), to) in chunks.iter().zip(chunks_above).zip(to.chunks_exact_mut(CHUNK / 3 * N)) {
        let (mut by, mut any) = ([0; CHUNK], 0);
        for i in 0..CHUNK {
            by[i] = now[i].wrapping_sub(above[i]);
            any |= by[i];
        }
        if any == 0 {
            to.fill(0);
            continue;
        }
        to.as_chunks_mut::<N>().0.iter_mut().zip(by.as_chunks::<3>().0).for_each(|(to, by)| put(to, by));
    }
    let mut by = [0; CHUNK];
    by.iter_mut().zip(rest).zip(rest_above).for_each(|((by, now), above)| *by = now.wrapping_sub(*above));
    rest_to.as_chunks_mut::<N>().0.iter_mut().zip(by.as_chunks::<3>().0).for_each(|(to, by)| put(to, by));
}

/// A chunk of a PNG file: its length, its kind, what `write` adds, and a checksum of both; none where it is too long.
fn chunk<T>(out: &mut Vec<u8>, kind: [u8; 4], write: impl FnOnce(&mut Vec<u8>) -> T) -> Option<T> {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(kind);
    let written = write(out);
    let length = u32::try_from(out.len() - start - 8).ok().filter(|length| *length < 1 << 31)?;
    let sum = crc32fast::hash(out.get(start + 4..)?);
    out.get_mut(start..start + 4)?.copy_from_slice(&length.to_be_bytes());
    out.extend(sum.to_be_bytes());
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that look like a page: paper, ink in places, a colour where one is asked for.
    fn pixels(stride: usize, (width, height): (u32, u32), colour: bool) -> Vec<u8> {
        let mut bytes = vec![255; stride * height as usize];
        for (y, row) in bytes.chunks_mut(stride).enumerate() {
            for x in 0..width as usize {
                let ink = x * 7 + y * y * 13;
                if ink % 11 < 3 && x > 5 && y != 3 {
                    row[x * 3..x * 3 + 3].fill((ink % 251) as u8);
                    row[x * 3] = if colour { 9 } else { row[x * 3] };
                }
            }
        }
        bytes
    }

    fn decoded(png: &[u8]) -> image::DynamicImage {
        image::load_from_memory_with_format(png, image::ImageFormat::Png).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again_by_another_decoder() {
        for width in [1, 2, 15, 16, 17, 31, 32, 33, 100] {
            let (size, stride) = ((width, 9), width as usize * 3 + 5);
            let colours = pixels(stride, size, true);
            let rows = Rows { bytes: &colours, stride, size };
            for (layout, order) in [(Layout::Bgr, [2, 1, 0]), (Layout::Rgb, [0, 1, 2])] {
                let image = decoded(&rows.png(layout).unwrap());
                assert_eq!(image.color(), image::ColorType::Rgb8);
                for (x, y, pixel) in image.into_rgb8().enumerate_pixels() {
                    let at = y as usize * stride + x as usize * 3;
                    assert_eq!(pixel.0, order.map(|i| colours[at + i]), "{layout:?} {width} {x} {y}");
                }
            }
            let grays = pixels(stride, size, false);
            for (layout, step) in [(Layout::GrayBgr, 3), (Layout::Gray, 1)] {
                let rows = Rows { bytes: &grays, stride, size };
                let image = decoded(&rows.png(layout).unwrap());
                assert_eq!(image.color(), image::ColorType::L8);
                for (x, y, pixel) in image.into_luma8().enumerate_pixels() {
                    let at = y as usize * stride + x as usize * step;
                    assert_eq!(pixel.0, [grays[at]], "{layout:?} {width} {x} {y}");
                }
            }
        }
    }

    #[test]
    fn a_colour_is_seen_wherever_it_is() {
        for width in [1, 16, 17, 33] {
            let size = (width, 2);
            let stride = width as usize * 3;
            let look = |bytes: &[u8]| Rows { bytes, stride, size }.look();
            let mut bytes = vec![255; stride * 2];
            assert_eq!(look(&bytes), Some(Look::Blank));
            for at in 0..bytes.len() {
                bytes[at] = 254;
                assert_eq!(look(&bytes), Some(Look::Colour), "{width} {at}");
                let pixel = at / 3 * 3;
                bytes[pixel..pixel + 3].fill(0);
                assert_eq!(look(&bytes), Some(Look::Gray), "{width} {at}");
                bytes[pixel..pixel + 3].fill(255);
            }
            assert_eq!(look(&bytes[1..]), None, "a row is cut off");
            assert_eq!(Rows { bytes: &bytes[1..], stride, size }.png(Layout::Bgr), None);
        }
    }
}
