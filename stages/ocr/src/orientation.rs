//! Which way up a page is.
//!
//! Owns the question when to ask, the model's answer, and coordinates of turned pages. Knows nothing of records. Rule: a page is
//! turned only where it reads better afterwards.

use crate::engine::Recognized;
use crate::geometry::{Point, Quad};
use crate::onnx::Model;
use crate::pixels::Page;
use crate::ppocr::Reading;
use crate::{OcrError, pixels};
use image::{RgbImage, imageops};

/// Side of the model's input, pixels.
const SIDE: usize = 224;
/// Short side of the page that the inputs are cut from, pixels.
const SHORT: usize = 256;
/// Longest side of it.
const LONG: usize = 1024;

/// True where a page reads as if it was not upright: few characters are sure, or most of the text runs downwards.
pub(crate) fn is_doubtful(readings: &[Reading], least: f32) -> bool {
    let (mut sum, mut all) = (0.0, 0.0);
    for reading in readings {
        let n = reading.length() as f32;
        sum += reading.score() * n;
        all += n;
    }
    all > 0.0 && (sum < least * all || is_turned(readings))
}

/// True where most of the text was read as it lies: downwards, upwards or upside down.
pub(crate) fn is_turned(readings: &[Reading]) -> bool {
    let (mut all, mut turned) = (0, 0);
    for reading in readings {
        all += reading.length();
        // Boxes are given as they were read: of text that runs downwards, the top side is not the upper one.
        if reading.quad.angle().abs() > std::f32::consts::FRAC_PI_4 {
            turned += reading.length();
        }
    }
    turned * 2 > all
}

/// Degrees by which the page has to be turned clockwise to be upright: 0, 90, 180 or 270.
pub(crate) fn turn(model: &Model, page: &Page<'_>) -> Result<u16, OcrError> {
    let (w, h) = (page.width as f32, page.height as f32);
    let scale = SHORT as f32 / w.min(h);
    let side = |v: f32| ((v * scale).round() as usize).clamp(SHORT, LONG);
    let (width, height) = (side(w), side(h));
    let mut picture = Vec::new();
    pixels::detector_tensor(page, width, height, &mut picture);
    // The ends and the middle of the long side: a receipt may be blank in parts.
    let mut tensor = Vec::with_capacity(3 * 3 * SIDE * SIDE);
    for part in 0..3 {
        let (left, top) = ((width - SIDE) * part / 2, (height - SIDE) * part / 2);
        for plane in picture.chunks_exact(width * height) {
            (top..top + SIDE).for_each(|y| tensor.extend_from_slice(&plane[y * width + left..][..SIDE]));
        }
    }
    model.run(&tensor, [3, SIDE, SIDE], |shape, data| {
        if !matches!(shape, [3, 4]) {
            let expected = "3 x 4".to_owned();
            return Err(OcrError::Shape { model: "page orientation", shape: shape.to_vec(), expected });
        }
        let total = |class: usize| data.iter().skip(class).step_by(4).sum::<f32>();
        let best = (0..4).max_by(|a, b| total(*a).total_cmp(&total(*b))).unwrap_or(0);
        // Classes say by how many quarters the page was turned.
        Ok([0, 270, 180, 90][best])
    })
}

/// The image turned clockwise; none for no turn.
pub(crate) fn turned(image: &RgbImage, turn: u16) -> Option<RgbImage> {
    match turn {
        90 => Some(imageops::rotate90(image)),
        180 => Some(imageops::rotate180(image)),
        270 => Some(imageops::rotate270(image)),
        _ => None,
    }
}

/// A box of the turned page in the page as it was given, which is `size` pixels wide and high.
pub(crate) fn back(quad: &Quad, turn: u16, size: (u32, u32)) -> Quad {
    let (w, h) = (size.0 as f32, size.1 as f32);
    quad.map(|p| match turn {
        90 => Point::new(p.y, h - p.x),
        180 => Point::new(w - p.x, h - p.y),
        270 => Point::new(w - p.y, p.x),
        _ => p,
    })
}

/// How much was read, and how surely.
pub(crate) fn worth(read: &Recognized) -> f32 {
    read.words.iter().map(|w| w.text.chars().count() as f32 * w.confidence * w.confidence).sum()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_turned_pages_come_back_to_where_they_were() {
        let mut page = RgbImage::new(30, 20);
        page.put_pixel(4, 7, image::Rgb([255; 3]));
        for turn in [90, 180, 270] {
            let other = turned(&page, turn).unwrap();
            let (x, y, _) = other.enumerate_pixels().find(|(_, _, p)| p.0[0] == 255).unwrap();
            let at = |dx: f32, dy: f32| Point::new(x as f32 + dx, y as f32 + dy);
            let quad = Quad([at(0., 0.), at(1., 0.), at(1., 1.), at(0., 1.)]);
            assert_eq!(back(&quad, turn, page.dimensions()).bounds(), [4., 7., 5., 8.], "at {turn}");
        }
        assert_eq!(turned(&page, 0), None);
    }
}
