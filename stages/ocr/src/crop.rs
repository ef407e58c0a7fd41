//! Lines cut out of the page, as the recogniser takes them.
//!
//! Owns crops by perspective and what of a box is margin. Knows nothing of text.

use crate::geometry::{Point, Quad};
use crate::pixels::Page;

/// Height of a line as the recogniser takes it, pixels.
pub(crate) const LINE_HEIGHT: usize = 48;

/// Part of a box's height in which its margins are looked for: not at its edges, where rules and other lines are.
const LOOKS: (f32, f32) = (0.18, 0.84);
/// How often, within it: a minus is a fifteenth of its box's height, and must not fall between two looks.
const LOOK_ROWS: usize = 24;
/// Least difference of light and dark of a box with text.
const LEAST_CONTRAST: f32 = 24.0;
/// Share of a box's contrast that a column of its text has at least.
const INK: f32 = 0.25;

/// Width of a line at [`LINE_HEIGHT`], pixels: a `share` of its natural one.
pub(crate) fn line_width(quad: &Quad, share: f32, most: usize) -> usize {
    let ratio = share * quad.width() / quad.height().max(1.0);
    ((ratio * LINE_HEIGHT as f32).ceil() as usize).clamp(8, most)
}

/// The box without the margins left and right of its ink, but `margin` of its height: nothing is read there, and the recogniser's
/// time is that of the box's width.
pub(crate) fn without_margins(page: &Page<'_>, quad: &Quad, margin: f32) -> Quad {
    let columns = (quad.width() / 2.0).ceil().clamp(4.0, 2000.0) as usize;
    let [a, b, c, d] = quad.0;
    let along = |p: Point, q: Point, t: f32| Point::new(p.x + (q.x - p.x) * t, p.y + (q.y - p.y) * t);
    let mut low = vec![f32::MAX; columns];
    let mut high = vec![f32::MIN; columns];
    for row in 0..LOOK_ROWS {
        let v = LOOKS.0 + (LOOKS.1 - LOOKS.0) * (row as f32 + 0.5) / LOOK_ROWS as f32;
        let (left, right) = (along(a, d, v), along(b, c, v));
        for (x, (low, high)) in low.iter_mut().zip(&mut high).enumerate() {
            let mut value = [0.0; 3];
            page.add(along(left, right, (x as f32 + 0.5) / columns as f32), &mut value);
            // Green alone: text of another colour differs in it as well, but for few.
            *low = low.min(value[1]);
            *high = high.max(value[1]);
        }
    }
    let contrast = high.iter().fold(f32::MIN, |m, v| m.max(*v)) - low.iter().fold(f32::MAX, |m, v| m.min(*v));
    let inked = |(low, high): (&f32, &f32)| high - low > INK * contrast;
    let ink: Vec<bool> = low.iter().zip(&high).map(inked).collect();
    let (Some(first), Some(last)) = (ink.iter().position(|i| *i), ink.iter().rposition(|i| *i)) else {
        return *quad;
    };
    if contrast < LEAST_CONTRAST {
        return *quad;
    }
    let margin = margin * quad.height() / quad.width().max(1.0);
    let from = (first as f32 / columns as f32 - margin).max(0.0);
    let to = ((last + 1) as f32 / columns as f32 + margin).min(1.0);
    quad.slice(from, to)
}

/// Appends a line cut out of the page as one normalised tensor 3 × [`LINE_HEIGHT`] × `width`; what is right of `own` is zero.
pub(crate) fn line_tensor(page: &Page<'_>, quad: &Quad, own: usize, width: usize, out: &mut Vec<f32>) {
    let start = out.len();
    out.resize(start + 3 * LINE_HEIGHT * width, 0.0);
    let out = &mut out[start..];
    let [a, b, _, d] = quad.0;
    let right = Point::new((b.x - a.x) / own as f32, (b.y - a.y) / own as f32);
    let down = Point::new((d.x - a.x) / LINE_HEIGHT as f32, (d.y - a.y) / LINE_HEIGHT as f32);
    // Where the line shrinks, several samples are averaged per pixel.
    let samples = |step: Point| (step.x.hypot(step.y).round() as usize).clamp(1, 4);
    let (nx, ny) = (samples(right), samples(down));
    let scale = 1.0 / ((nx * ny) as f32 * 127.5);
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
                out[c * plane + y * width + x] = rgb[2 - c] * scale - 1.0;
            }
        }
    }
}

impl Page<'_> {
    /// Adds the colour at a point, interpolated; the border goes on for ever.
    #[inline]
    fn add(&self, p: Point, rgb: &mut [f32; 3]) {
        let (right, bottom) = (self.width - 1, self.height - 1);
        let (x, y) = ((p.x - 0.5).clamp(0.0, right as f32), (p.y - 0.5).clamp(0.0, bottom as f32));
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let (x1, y1) = ((x0 + 1).min(right), (y0 + 1).min(bottom));
        let mix = |p00: u8, p10: u8, p01: u8, p11: u8| {
            let top = f32::from(p00) + fx * (f32::from(p10) - f32::from(p00));
            let low = f32::from(p01) + fx * (f32::from(p11) - f32::from(p01));
            top + fy * (low - top)
        };
        if self.is_grey {
            let (upper, lower) = (y0 * self.width, y1 * self.width);
            let raw = &self.raw;
            let grey = mix(raw[upper + x0], raw[upper + x1], raw[lower + x0], raw[lower + x1]);
            rgb.iter_mut().for_each(|v| *v += grey);
        } else {
            let at = |x: usize, y: usize| &self.raw[(y * self.width + x) * 3..][..3];
            let (p00, p10, p01, p11) = (at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1));
            for c in 0..3 {
                rgb[c] += mix(p00[c], p10[c], p01[c], p11[c]);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // values are exact by construction
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    #[test]
    fn a_line_is_cut_out_and_padded() {
        let image = RgbImage::from_fn(100, 100, |x, y| {
            let inside = (20..80).contains(&x) && (30..42).contains(&y);
            Rgb(if inside { [255, 255, 255] } else { [0, 0, 0] })
        });
        let quad = Quad([(20., 30.), (80., 30.), (80., 42.), (20., 42.)].map(|(x, y)| Point::new(x, y)));
        let (own, width) = (line_width(&quad, 1.0, 3200), 256);
        assert_eq!(own, 240);
        let mut tensor = Vec::new();
        line_tensor(&Page::of(&image), &quad, own, width, &mut tensor);
        assert_eq!(tensor.len(), 3 * 48 * 256);
        assert!((tensor[24 * 256 + 120] - 1.0).abs() < 1e-6);
        assert!(tensor[24 * 256 + 240..25 * 256].iter().all(|v| v.abs() < f32::EPSILON));
        // The same line, told as text that runs downwards, is 12 wide and 60 high.
        assert_eq!(line_width(&quad.turned(), 1.0, 3200), 10);
    }

    #[test]
    fn a_line_beyond_the_page_repeats_its_border() {
        let image = RgbImage::from_pixel(4, 4, Rgb([255, 255, 255]));
        let quad = Quad([(-9., -9.), (90., -9.), (90., 20.), (-9., 20.)].map(|(x, y)| Point::new(x, y)));
        let mut tensor = Vec::new();
        line_tensor(&Page::of(&image), &quad, 64, 64, &mut tensor);
        assert!(tensor.iter().all(|v| (v - 1.0).abs() < 1e-6));
    }

    #[test]
    fn margins_are_cut_off_up_to_the_ink() {
        let image = RgbImage::from_fn(300, 60, |x, y| {
            let ink = (100..200).contains(&x) && (20..40).contains(&y) && x % 4 < 2;
            Rgb([if ink { 20 } else { 240 }; 3])
        });
        let quad = Quad([(20., 15.), (280., 15.), (280., 45.), (20., 45.)].map(|(x, y)| Point::new(x, y)));
        let [x0, y0, x1, y1] = without_margins(&Page::of(&image), &quad, 0.2).bounds();
        assert!((x0 - 94.0).abs() < 3.0 && (x1 - 205.0).abs() < 3.0, "{x0} {x1}");
        assert_eq!((y0, y1), (15.0, 45.0));
        // A minus before it, two pixels high, belongs to the text.
        let minus = |top: u32| {
            let mut signed = image.clone();
            (top..top + 2).for_each(|y| (80..92).for_each(|x| signed.put_pixel(x, y, Rgb([20; 3]))));
            without_margins(&Page::of(&signed), &quad, 0.2).bounds()[0]
        };
        assert!((24..36).all(|top| (minus(top) - 74.0).abs() < 3.0));
        let blank = RgbImage::from_pixel(300, 60, Rgb([240; 3]));
        assert_eq!(without_margins(&Page::of(&blank), &quad, 0.2), quad);
    }
}
