//! Pictures of pages as models look at them: 3 × height × width, each value from -1 to 1.
//!
//! Owns scaling and normalising, as LayoutLMv3's image processor does them (bilinear, mean and deviation 0.5). Rule: a page without
//! a picture gets what the settings say, and never a picture of another page.

use super::config::NoPicture;
use super::model::PictureSize;
use crate::extract::{PageImage, PageText};
use image::imageops::FilterType;
use image::{ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Largest picture that is decoded, in bytes of pixels.
const MAX_ALLOC: u64 = 512 << 20;

/// The pixels of a picture; none where it cannot be decoded.
pub(crate) fn pixels(picture: &PageImage, size: PictureSize) -> Option<Vec<f32>> {
    let mut reader = ImageReader::with_format(Cursor::new(&picture.png), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let rgb = reader.decode().ok()?.into_rgb8();
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    let small = image::imageops::resize(&rgb, width, height, FilterType::Triangle);
    let plane = size.width * size.height;
    let mut out = vec![0.0; 3 * plane];
    for (i, pixel) in small.pixels().enumerate() {
        for (c, value) in pixel.0.iter().enumerate() {
            out[c * plane + i] = f32::from(*value) / 127.5 - 1.0;
        }
    }
    Some(out)
}

/// What stands for the picture of a page that has none.
pub(crate) fn stand_in(page: &PageText, size: PictureSize, how: NoPicture) -> Option<Vec<f32>> {
    let plane = size.width * size.height;
    let mut out = vec![1.0; 3 * plane];
    match how {
        NoPicture::Refuse => return None,
        NoPicture::Blank => return Some(out),
        NoPicture::Words => {}
    }
    if page.width <= 0.0 || page.height <= 0.0 {
        return Some(out);
    }
    let scale = |v: f32, of: f32, to: usize| {
        if v.is_finite() { ((v / of * to as f32).max(0.0) as usize).min(to) } else { 0 }
    };
    for word in &page.words {
        let (x0, x1) =
            (scale(word.bbox[0], page.width, size.width), scale(word.bbox[2], page.width, size.width));
        let (y0, y1) =
            (scale(word.bbox[1], page.height, size.height), scale(word.bbox[3], page.height, size.height));
        // A word is at least a dot; letters cover about a third of their box.
        for y in y0..y1.max(y0 + 1).min(size.height) {
            for x in x0..x1.max(x0 + 1).min(size.width) {
                (0..3).for_each(|c| out[c * plane + y * size.width + x] = 0.3);
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_contracts::{TextSource, Word};

    const SIZE: PictureSize = PictureSize { height: 4, width: 2 };

    #[test]
    fn pictures_are_scaled_and_normalised() {
        let mut png = Vec::new();
        let black_over_white =
            image::RgbImage::from_fn(2, 4, |_, y| image::Rgb([if y < 2 { 0 } else { 255 }; 3]));
        black_over_white.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
        let picture = PageImage { png: png.into(), page_no: 1 };
        let found = pixels(&picture, SIZE).unwrap();
        assert_eq!(found[..8], [-1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(found.len(), 24);
        assert_eq!(pixels(&PageImage { png: "no png".into(), page_no: 1 }, SIZE), None);
    }

    #[test]
    fn words_are_drawn_where_there_is_no_picture() {
        let word = |bbox| Word { text: "w".into(), bbox, confidence: 1.0, line: 0 };
        let words = vec![word([0.0, 0.0, 50.0, 25.0]), word([f32::NAN, -9.0, 1e9, 1e9])];
        let page = PageText { page_no: 1, width: 100.0, height: 100.0, source: TextSource::TextLayer, words };
        let drawn =
            stand_in(&PageText { words: page.words[..1].to_vec(), ..page.clone() }, SIZE, NoPicture::Words);
        assert_eq!(drawn.unwrap()[..4], [0.3, 1.0, 1.0, 1.0]);
        assert!(stand_in(&page, SIZE, NoPicture::Words).is_some());
        assert_eq!(stand_in(&page, SIZE, NoPicture::Blank).unwrap(), [1.0; 24]);
        assert_eq!(stand_in(&page, SIZE, NoPicture::Refuse), None);
    }
}
