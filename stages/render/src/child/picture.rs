//! A page as PNG: painted by PDFium, or decoded from an image.

use super::png::{Layout, Look, Rows};
use image::{GrayImage, RgbImage, imageops};

/// A page as PNG, grey where it has no colour.
pub(crate) struct Picture {
    /// Dots per inch, both ways.
    pub(crate) dpi: f32,
    size: (u32, u32),
    png: Vec<u8>,
    /// All pixels are white; said of painted pages only.
    pub(crate) is_blank: bool,
}

enum Pixels {
    Gray(GrayImage),
    Rgb(RgbImage),
}

/// A picture from PDFium's rows of blue, green, red, each `stride` bytes long; grey where every pixel is.
pub(crate) fn from_bgr(bytes: &[u8], stride: usize, size: (u32, u32), dpi: f32) -> Option<Picture> {
    let rows = Rows { bytes, stride, size };
    let (layout, is_blank) = match rows.look()? {
        Look::Blank => (Layout::GrayBgr, true),
        Look::Gray => (Layout::GrayBgr, false),
        Look::Colour => (Layout::Bgr, false),
    };
    Some(Picture { dpi, size, png: rows.png(layout)?, is_blank })
}

impl Picture {
    /// A picture of a decoded image whose resolution is `dpi` across and down, with square pixels and no side longer than
    /// `max_side`; none where it is too large for a PNG.
    pub(crate) fn of(pixels: image::DynamicImage, dpi: (f32, f32), max_side: u32) -> Option<Self> {
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
        Some(Self { dpi: target * shrink, size: (w, h), png: pixels.png()?, is_blank: false })
    }

    /// Width and height in points.
    pub(crate) fn points(&self) -> (f32, f32) {
        let (w, h) = self.size;
        (w as f32 * 72.0 / self.dpi, h as f32 * 72.0 / self.dpi)
    }

    /// The file.
    pub(crate) fn png(&self) -> &[u8] {
        &self.png
    }
}

impl Pixels {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Gray(i) => i.dimensions(),
            Self::Rgb(i) => i.dimensions(),
        }
    }

    fn png(&self) -> Option<Vec<u8>> {
        let (layout, bytes, channels) = match self {
            Self::Gray(i) => (Layout::Gray, i.as_raw(), 1),
            Self::Rgb(i) => (Layout::Rgb, i.as_raw(), 3),
        };
        let size = self.size();
        Rows { bytes, stride: size.0 as usize * channels, size }.png(layout)
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
    fn a_painted_page_is_grey_where_it_is_and_keeps_its_colours_where_not() {
        let decoded = |picture: &Picture| {
            image::load_from_memory_with_format(picture.png(), image::ImageFormat::Png).unwrap()
        };
        // 20 pixels a row, rows 4 bytes longer than their pixels.
        let mut rows = vec![255_u8; 64 * 2];
        rows[57..60].fill(7);
        let gray = from_bgr(&rows, 64, (20, 2), 72.0).unwrap();
        let image = decoded(&gray);
        assert_eq!((image.color(), gray.is_blank), (image::ColorType::L8, false));
        let image = image.into_luma8();
        assert_eq!([(18, 0), (19, 0), (19, 1)].map(|(x, y)| image.get_pixel(x, y).0[0]), [255, 7, 255]);
        rows[64..67].copy_from_slice(&[1, 2, 3]);
        let image = decoded(&from_bgr(&rows, 64, (20, 2), 72.0).unwrap());
        assert_eq!(image.color(), image::ColorType::Rgb8);
        let image = image.into_rgb8();
        assert_eq!((image.get_pixel(0, 1).0, image.get_pixel(19, 0).0), ([3, 2, 1], [7, 7, 7]));
        assert!(from_bgr(&rows[..100], 64, (20, 2), 72.0).is_none(), "rows are missing");
        assert!(from_bgr(&[255; 12], 12, (4, 1), 72.0).unwrap().is_blank);
    }
}
