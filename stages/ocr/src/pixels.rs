//! The page as pixels, and as the detector's picture.
//!
//! Owns resampling and normalisation of whole pages. Knows nothing of models beyond what they were trained with: planes in the
//! order blue, green, red. Rule: tensors are sized by the caller's limits, never by the image alone.

use image::RgbImage;
use std::borrow::Cow;

/// Mean and deviation per plane as PaddleOCR's detectors were trained: blue, green, red with ImageNet's first, second
/// and third value.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// A page's pixels, row by row: red, green and blue, or their common value where the whole page is grey, as most scans are.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) raw: Cow<'a, [u8]>,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) is_grey: bool,
}

impl<'a> Page<'a> {
    /// The pixels of an image.
    pub(crate) fn of(image: &'a RgbImage) -> Self {
        let raw = image.as_raw();
        let is_grey_row = |row: &[u8]| {
            let differs = row.chunks_exact(3).fold(0, |d, p| d | (p[0] ^ p[1]) | (p[1] ^ p[2]));
            differs == 0
        };
        let (width, height) = (image.width() as usize, image.height() as usize);
        let is_grey = raw.chunks_exact((3 * width).max(1)).all(is_grey_row);
        let raw = if is_grey {
            Cow::Owned(raw.chunks_exact(3).map(|p| p[1]).collect())
        } else {
            Cow::Borrowed(raw.as_slice())
        };
        Self { raw, width, height, is_grey }
    }

    /// Values of a pixel.
    pub(crate) fn channels(&self) -> usize {
        if self.is_grey { 1 } else { 3 }
    }
}

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
pub(crate) fn detector_tensor(page: &Page<'_>, width: usize, height: usize, out: &mut Vec<f32>) {
    let n = page.channels();
    let columns = Taps::new(page.width, width);
    let rows = Taps::new(page.height, height);
    let stride = page.width * n;
    let plane = width * height;
    out.clear();
    out.resize(3 * plane, 0.0);
    let mut sums = vec![0.0_f32; stride];
    let scale: [f32; 3] = std::array::from_fn(|c| 1.0 / (255.0 * DEVIATION[c]));
    let shift: [f32; 3] = std::array::from_fn(|c| -MEAN[c] / DEVIATION[c]);
    for y in 0..height {
        // Rows first: whole rows are summed, which the compiler turns into vector instructions.
        sums.fill(0.0);
        for (row, weight) in rows.of(y) {
            for (sum, v) in sums.iter_mut().zip(&page.raw[row * stride..(row + 1) * stride]) {
                *sum += weight * f32::from(*v);
            }
        }
        for x in 0..width {
            let mut values = [0.0_f32; 3];
            if page.is_grey {
                let grey: f32 = columns.of(x).map(|(column, weight)| weight * sums[column]).sum();
                values = [grey; 3];
            } else {
                for (column, weight) in columns.of(x) {
                    for (sum, v) in values.iter_mut().zip(&sums[column * 3..column * 3 + 3]) {
                        *sum += weight * v;
                    }
                }
            }
            for c in 0..3 {
                out[c * plane + y * width + x] = values[2 - c] * scale[c] + shift[c];
            }
        }
    }
}

/// A tensor of 3 × height × width with more of its own paper at the right and at the bottom; none where it has these sides already.
pub(crate) fn on_canvas(
    tensor: &[f32],
    (width, height): (usize, usize),
    (across, down): (usize, usize),
) -> Option<Vec<f32>> {
    if (across, down) == (width, height) || width == 0 || height == 0 {
        return None;
    }
    let mut out = vec![0.0; 3 * across * down];
    for (plane, wider) in tensor.chunks_exact(width * height).zip(out.chunks_exact_mut(across * down)) {
        let paper = plane.iter().copied().fold(f32::MIN, f32::max);
        wider.fill(paper);
        for (row, wide) in plane.chunks_exact(width).zip(wider.chunks_exact_mut(across)) {
            wide[..width].copy_from_slice(row);
        }
    }
    Some(out)
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

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_larger_canvas_goes_on_as_paper() {
        let tensor = [[0.0, 1.0, 2.0, 3.0], [4.0, 4.0, 5.0, 4.0], [6.0; 4]].concat();
        assert_eq!(on_canvas(&tensor, (2, 2), (2, 2)), None);
        let planes = [
            [0.0, 1.0, 3.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0],
            [4.0, 4.0, 5.0, 5.0, 4.0, 5.0, 5.0, 5.0, 5.0],
            [6.0; 9],
        ];
        assert_eq!(on_canvas(&tensor, (2, 2), (3, 3)), Some(planes.concat()));
    }

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
            detector_tensor(&Page::of(&image), w, h, &mut tensor);
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
        detector_tensor(&Page::of(&stripes), 32, 32, &mut tensor);
        let grey = (100.0 / 255.0 - MEAN[0]) / DEVIATION[0];
        // A pixel covers two stripes and half-weights of their neighbours at its soft ends.
        assert!(tensor[..1024].iter().skip(1).take(30).all(|v| (v - grey).abs() < 0.05));
        let taps = Taps::new(10, 20);
        let sums: Vec<f32> = (0..20).map(|i| taps.of(i).map(|(_, w)| w).sum()).collect();
        assert!(sums.iter().all(|s| (s - 1.0).abs() < 1e-5));
    }

    #[test]
    fn a_grey_page_gives_the_same_tensor_as_its_three_equal_channels() {
        let mut image = RgbImage::from_fn(90, 70, |x, y| Rgb([(x * y % 251) as u8; 3]));
        assert!(Page::of(&image).is_grey);
        let (mut grey, mut colour) = (Vec::new(), Vec::new());
        detector_tensor(&Page::of(&image), 64, 64, &mut grey);
        image.put_pixel(0, 0, Rgb([0, 0, 1]));
        assert!(!Page::of(&image).is_grey);
        detector_tensor(&Page::of(&image), 64, 64, &mut colour);
        let far = grey.iter().zip(&colour).filter(|(a, b)| (**a - **b).abs() > 1e-4).count();
        assert!(far <= 4, "{far}");
    }
}
