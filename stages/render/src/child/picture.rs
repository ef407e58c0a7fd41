//! Pixels on their way to PNG.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, GrayImage, ImageEncoder, RgbImage, imageops};

/// A page as pixels, grey where it has no colour.
pub(crate) struct Picture {
    /// Dots per inch, both ways.
    pub(crate) dpi: f32,
    pixels: Pixels,
}

enum Pixels {
    Gray(GrayImage),
    Rgb(RgbImage),
}

/// A picture from PDFium's rows of blue, green, red, each `stride` bytes long; grey where every pixel is.
pub(crate) fn from_bgr(rows: &[u8], stride: usize, (width, height): (u32, u32), dpi: f32) -> Option<Picture> {
    let (w, h) = (width as usize, height as usize);
    let row = |y: usize| rows.get(y * stride..)?.get(..w * 3);
    let mut gray = Vec::with_capacity(w * h);
    for y in 0..h {
        if !gray_row(row(y)?, &mut gray) {
            let mut rgb = Vec::with_capacity(w * h * 3);
            for y in 0..h {
                rgb.extend(row(y)?.as_chunks::<3>().0.iter().flat_map(|[b, g, r]| [*r, *g, *b]));
            }
            return Some(Picture { dpi, pixels: Pixels::Rgb(RgbImage::from_raw(width, height, rgb)?) });
        }
    }
    Some(Picture { dpi, pixels: Pixels::Gray(GrayImage::from_raw(width, height, gray)?) })
}

/// Adds a row of grey pixels; false where one has a colour.
fn gray_row(row: &[u8], to: &mut Vec<u8>) -> bool {
    let start = to.len();
    to.resize(start + row.len() / 3, 255);
    let (chunks, rest) = row.as_chunks::<48>();
    let (grays, last) = to[start..].as_chunks_mut::<16>();
    let mut colour = 0;
    // Most of a page is paper, which is told from ink sixteen pixels at a time.
    for (chunk, gray) in chunks.iter().zip(grays).filter(|(chunk, _)| **chunk != [255; 48]) {
        for ([b, g, r], gray) in chunk.as_chunks::<3>().0.iter().zip(gray) {
            *gray = *b;
            colour |= (b ^ g) | (b ^ r);
        }
    }
    for ([b, g, r], gray) in rest.as_chunks::<3>().0.iter().zip(last) {
        *gray = *b;
        colour |= (b ^ g) | (b ^ r);
    }
    colour == 0
}

impl Picture {
    /// A picture of a decoded image whose resolution is `dpi` across and down, with square pixels and no side longer than
    /// `max_side`.
    pub(crate) fn of(pixels: image::DynamicImage, dpi: (f32, f32), max_side: u32) -> Self {
        let pixels = if pixels.color().has_color() {
            Pixels::Rgb(over_white(pixels))
        } else {
            Pixels::Gray(over_white_gray(pixels))
        };
        let (width, height) = pixels.size();
        // Fax machines scan twice as finely across as down.
        let target = dpi.0.max(dpi.1);
        let (w, h) = (width as f32 * target / dpi.0, height as f32 * target / dpi.1);
        let shrink = (max_side as f32 / w.max(h)).min(1.0);
        let side = |v: f32| ((v * shrink).round() as u32).clamp(1, max_side);
        let (w, h) = (side(w), side(h));
        let pixels = if (w, h) == (width, height) { pixels } else { pixels.resized(w, h) };
        Self { dpi: target * shrink, pixels }
    }

    /// Width and height in points.
    pub(crate) fn points(&self) -> (f32, f32) {
        let (w, h) = self.pixels.size();
        (w as f32 * 72.0 / self.dpi, h as f32 * 72.0 / self.dpi)
    }

    /// True where all pixels are white.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(&self.pixels, Pixels::Gray(i) if i.as_raw().iter().all(|v| *v == 255))
    }

    /// The picture as PNG, quickly rather than small.
    pub(crate) fn png(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Up);
        let (bytes, color) = match &self.pixels {
            Pixels::Gray(i) => (i.as_raw(), ExtendedColorType::L8),
            Pixels::Rgb(i) => (i.as_raw(), ExtendedColorType::Rgb8),
        };
        let (w, h) = self.pixels.size();
        encoder.write_image(bytes, w, h, color).ok()?;
        Some(out)
    }
}

impl Pixels {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Gray(i) => i.dimensions(),
            Self::Rgb(i) => i.dimensions(),
        }
    }

    fn resized(self, w: u32, h: u32) -> Self {
        let filter = imageops::FilterType::Triangle;
        match self {
            Self::Gray(i) => Self::Gray(imageops::resize(&i, w, h, filter)),
            Self::Rgb(i) => Self::Rgb(imageops::resize(&i, w, h, filter)),
        }
    }
}

/// Paper is white where an image is transparent.
fn over_white(image: image::DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    let (w, h) = rgba.dimensions();
    let mut out = Vec::with_capacity(rgba.as_raw().len() / 4 * 3);
    for [r, g, b, a] in rgba.as_raw().as_chunks::<4>().0 {
        out.extend([r, g, b].map(|c| blend(*c, *a)));
    }
    RgbImage::from_raw(w, h, out).unwrap_or_default()
}

fn over_white_gray(image: image::DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let la = image.into_luma_alpha8();
    let (w, h) = la.dimensions();
    let out = la.as_raw().as_chunks::<2>().0.iter().map(|[l, a]| blend(*l, *a)).collect();
    GrayImage::from_raw(w, h, out).unwrap_or_default()
}

fn blend(color: u8, alpha: u8) -> u8 {
    let (c, a) = (u32::from(color), u32::from(alpha));
    ((c * a + 255 * (255 - a) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_grey_where_they_are_and_keep_their_colours_where_not() {
        // 20 pixels a row, rows 4 bytes longer than their pixels.
        let mut rows = vec![255_u8; 64 * 2];
        rows[57..60].fill(7);
        let gray = from_bgr(&rows, 64, (20, 2), 72.0).unwrap();
        let Pixels::Gray(image) = &gray.pixels else { panic!("no colour there") };
        assert_eq!(
            (image.get_pixel(18, 0).0, image.get_pixel(19, 0).0, image.get_pixel(19, 1).0),
            ([255], [7], [255])
        );
        assert!(!gray.is_blank());
        rows[64..67].copy_from_slice(&[1, 2, 3]);
        let Pixels::Rgb(image) = from_bgr(&rows, 64, (20, 2), 72.0).unwrap().pixels else {
            panic!("colour there")
        };
        assert_eq!((image.get_pixel(0, 1).0, image.get_pixel(19, 0).0), ([3, 2, 1], [7, 7, 7]));
        assert!(from_bgr(&rows[..100], 64, (20, 2), 72.0).is_none(), "rows are missing");
        assert!(from_bgr(&[255; 12], 12, (4, 1), 72.0).unwrap().is_blank());
    }
}
