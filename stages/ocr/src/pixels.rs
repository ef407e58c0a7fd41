//! Pixels into tensors: the page for the detector, a line for the recogniser.
//!
//! Owns resampling and normalisation. Knows nothing of models beyond what they were trained with: planes in the order
//! blue, green, red. Rule: tensors are sized by the caller's limits, never by the image alone.

use crate::geometry::{Point, Quad};
use image::RgbImage;

/// Height of a line as the recogniser takes it, pixels.
pub(crate) const LINE_HEIGHT: usize = 48;

/// Mean and deviation per plane as PaddleOCR's detectors were trained: blue, green, red with ImageNet's first, second
/// and third value.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Size of the detector's input for an image: at most `max_pixels` in area and `max_side` in length, at least
/// `min_short` for the short side where the limits allow, sides multiples of 32.
pub(crate) fn detector_size(
    width: u32,
    height: u32,
    max_pixels: u32,
    max_side: u32,
    min_short: u32,
) -> (usize, usize) {
    let (w, h) = (width.max(1) as f32, height.max(1) as f32);
    let limit = (max_pixels as f32 / (w * h)).sqrt().min(max_side as f32 / w.max(h));
    let scale = (min_short as f32 / w.min(h)).max(1.0).min(limit);
    let side = |v: f32| (((v * scale / 32.0).round() as usize) * 32).max(32);
    (side(w), side(h))
}

/// The page as one normalised tensor, 3 × height × width.
pub(crate) fn detector_tensor(image: &RgbImage, width: usize, height: usize, out: &mut Vec<f32>) {
    let columns = Taps::new(image.width() as usize, width);
    let rows = Taps::new(image.height() as usize, height);
    let stride = image.width() as usize * 3;
    let raw = image.as_raw();
    let plane = width * height;
    out.clear();
    out.resize(3 * plane, 0.0);
    let mut column = vec![0.0_f32; stride];
    let scale: [f32; 3] = std::array::from_fn(|c| 1.0 / (255.0 * DEVIATION[c]));
    let shift: [f32; 3] = std::array::from_fn(|c| -MEAN[c] / DEVIATION[c]);
    for y in 0..height {
        // Rows first: whole rows are summed, which the compiler turns into vector instructions.
        column.fill(0.0);
        for (row, weight) in rows.of(y) {
            for (sum, v) in column.iter_mut().zip(&raw[row * stride..(row + 1) * stride]) {
                *sum += weight * f32::from(*v);
            }
        }
        for x in 0..width {
            let mut rgb = [0.0_f32; 3];
            for (column_x, weight) in columns.of(x) {
                for (sum, v) in rgb.iter_mut().zip(&column[column_x * 3..column_x * 3 + 3]) {
                    *sum += weight * v;
                }
            }
            for c in 0..3 {
                out[c * plane + y * width + x] = rgb[2 - c] * scale[c] + shift[c];
            }
        }
    }
}

/// For each target pixel, the source pixels it is made of: linear interpolation when growing, the covered area when
/// shrinking.
struct Taps {
    start: Vec<usize>,
    weights: Vec<f32>,
    per: usize,
}

impl Taps {
    fn new(from: usize, to: usize) -> Self {
        let scale = from as f32 / to as f32;
        let radius = if scale > 1.0 { scale / 2.0 + 0.5 } else { 1.0 };
        let per = (2.0 * radius).ceil() as usize + 1;
        let per = per.min(from);
        let mut taps = Self { start: Vec::with_capacity(to), weights: Vec::with_capacity(to * per), per };
        for i in 0..to {
            let center = (i as f32 + 0.5) * scale - 0.5;
            let start = ((center - radius).ceil().max(0.0) as usize).min(from - per);
            taps.start.push(start);
            let weight = |j: usize| {
                let d = (j as f32 - center).abs();
                // A box of the covered width with linear ends; a triangle when growing.
                if scale > 1.0 { (radius - d).clamp(0.0, 1.0) } else { (1.0 - d).max(0.0) }
            };
            let sum: f32 = (start..start + per).map(weight).sum();
            taps.weights.extend((start..start + per).map(|j| weight(j) / sum.max(1e-6)));
        }
        taps
    }

    fn of(&self, i: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let weights = &self.weights[i * self.per..(i + 1) * self.per];
        weights.iter().enumerate().filter(|(_, w)| **w > 0.0).map(move |(k, w)| (self.start[i] + k, *w))
    }
}

/// Width of a line at [`LINE_HEIGHT`], pixels.
pub(crate) fn line_width(quad: &Quad, most: usize) -> usize {
    let ratio = quad.width() / quad.height().max(1.0);
    ((ratio * LINE_HEIGHT as f32).ceil() as usize).clamp(8, most)
}

/// Appends a line cut out of the page as one normalised tensor 3 × [`LINE_HEIGHT`] × `width`; what is right of `own` is zero.
pub(crate) fn line_tensor(image: &RgbImage, quad: &Quad, own: usize, width: usize, out: &mut Vec<f32>) {
    let start = out.len();
    out.resize(start + 3 * LINE_HEIGHT * width, 0.0);
    let out = &mut out[start..];
    let [a, b, _, d] = quad.0;
    let right = Point::new((b.x - a.x) / own as f32, (b.y - a.y) / own as f32);
    let down = Point::new((d.x - a.x) / LINE_HEIGHT as f32, (d.y - a.y) / LINE_HEIGHT as f32);
    // Where the line shrinks, several samples are averaged per pixel.
    let samples = |step: Point| (step.x.hypot(step.y).round() as usize).clamp(1, 4);
    let (nx, ny) = (samples(right), samples(down));
    let share = 1.0 / (nx * ny) as f32;
    let page = Page::of(image);
    let plane = LINE_HEIGHT * width;
    for y in 0..LINE_HEIGHT {
        for x in 0..own {
            let mut rgb = [0.0_f32; 3];
            for sy in 0..ny {
                let v = y as f32 + (sy as f32 + 0.5) / ny as f32;
                for sx in 0..nx {
                    let u = x as f32 + (sx as f32 + 0.5) / nx as f32;
                    page.add(a.plus(right, u).plus(down, v), &mut rgb);
                }
            }
            for c in 0..3 {
                out[c * plane + y * width + x] = rgb[2 - c] * share / 127.5 - 1.0;
            }
        }
    }
}

struct Page<'a> {
    raw: &'a [u8],
    width: usize,
    right: f32,
    bottom: f32,
}

impl<'a> Page<'a> {
    fn of(image: &'a RgbImage) -> Self {
        let (w, h) = image.dimensions();
        Self { raw: image.as_raw(), width: w as usize, right: w as f32 - 1.0, bottom: h as f32 - 1.0 }
    }

    /// Adds the colour at a point, interpolated; the border goes on for ever.
    fn add(&self, p: Point, rgb: &mut [f32; 3]) {
        let (x, y) = ((p.x - 0.5).clamp(0.0, self.right), (p.y - 0.5).clamp(0.0, self.bottom));
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let (x1, y1) = ((x0 + 1).min(self.right as usize), (y0 + 1).min(self.bottom as usize));
        let at = |x: usize, y: usize| &self.raw[(y * self.width + x) * 3..][..3];
        let (p00, p10, p01, p11) = (at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1));
        for c in 0..3 {
            let top = f32::from(p00[c]) + fx * (f32::from(p10[c]) - f32::from(p00[c]));
            let low = f32::from(p01[c]) + fx * (f32::from(p11[c]) - f32::from(p01[c]));
            rgb[c] += top + fy * (low - top);
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // values are exact by construction
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn detector_sizes_are_multiples_of_32_within_the_limits() {
        let size = |w, h| detector_size(w, h, 1600 * 1132, 4000, 480);
        assert_eq!(size(1654, 2339), (1120, 1600));
        assert_eq!(size(800, 1000), (800, 992));
        assert_eq!(size(1, 1), (480, 480));
        assert_eq!(size(100_000, 10), (4000, 32));
        let (w, h) = size(400, 6000);
        assert!(h <= 4000 && w >= 256, "{w} x {h}");
        for (w, h) in [(1, 60_000), (5000, 5000), (333, 77), (u32::MAX, u32::MAX)] {
            let (dw, dh) = size(w, h);
            assert!(dw % 32 == 0 && dh % 32 == 0 && dw * dh < 2_000_000, "{dw} x {dh}");
        }
    }

    #[test]
    fn a_plain_image_is_a_plain_tensor_in_blue_green_red() {
        let image = RgbImage::from_pixel(70, 90, Rgb([255, 0, 127]));
        for (w, h) in [(32, 32), (128, 160)] {
            let mut tensor = vec![7.0; 5];
            detector_tensor(&image, w, h, &mut tensor);
            assert_eq!(tensor.len(), 3 * w * h);
            for (plane, value) in [(0, 127.0_f32), (1, 0.0), (2, 255.0)] {
                let expected = (value / 255.0 - MEAN[plane]) / DEVIATION[plane];
                let values = &tensor[plane * w * h..(plane + 1) * w * h];
                assert!(values.iter().all(|v| (v - expected).abs() < 1e-3));
            }
        }
    }

    #[test]
    fn shrinking_averages_and_growing_interpolates() {
        let stripes = RgbImage::from_fn(64, 64, |x, _| Rgb([if x % 2 == 0 { 0 } else { 200 }; 3]));
        let mut tensor = Vec::new();
        detector_tensor(&stripes, 32, 32, &mut tensor);
        let grey = (100.0 / 255.0 - MEAN[0]) / DEVIATION[0];
        // A pixel covers two stripes and half-weights of their neighbours at its soft ends.
        assert!(tensor[..1024].iter().skip(1).take(30).all(|v| (v - grey).abs() < 0.05));
        let taps = Taps::new(10, 20);
        let sums: Vec<f32> = (0..20).map(|i| taps.of(i).map(|(_, w)| w).sum()).collect();
        assert!(sums.iter().all(|s| (s - 1.0).abs() < 1e-5));
    }

    #[test]
    fn a_line_is_cut_out_and_padded() {
        let image = RgbImage::from_fn(100, 100, |x, y| {
            let inside = (20..80).contains(&x) && (30..42).contains(&y);
            Rgb(if inside { [255, 255, 255] } else { [0, 0, 0] })
        });
        let quad = Quad([(20., 30.), (80., 30.), (80., 42.), (20., 42.)].map(|(x, y)| Point::new(x, y)));
        let (own, width) = (line_width(&quad, 3200), 256);
        assert_eq!(own, 240);
        let mut tensor = Vec::new();
        line_tensor(&image, &quad, own, width, &mut tensor);
        assert_eq!(tensor.len(), 3 * 48 * 256);
        assert!((tensor[24 * 256 + 120] - 1.0).abs() < 1e-6);
        assert!(tensor[24 * 256 + 240..25 * 256].iter().all(|v| v.abs() < f32::EPSILON));
        // The same line, told as text that runs downwards, is 12 wide and 60 high.
        assert_eq!(line_width(&quad.turned(), 3200), 10);
    }

    #[test]
    fn a_line_beyond_the_page_repeats_its_border() {
        let image = RgbImage::from_pixel(4, 4, Rgb([255, 255, 255]));
        let quad = Quad([(-9., -9.), (90., -9.), (90., 20.), (-9., 20.)].map(|(x, y)| Point::new(x, y)));
        let mut tensor = Vec::new();
        line_tensor(&image, &quad, 64, 64, &mut tensor);
        assert!(tensor.iter().all(|v| (v - 1.0).abs() < 1e-6));
    }
}
