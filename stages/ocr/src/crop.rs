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
    // Green alone: text of another colour differs in it as well, but for few.
    let contrasts = if page.is_grey { contrasts::<1>(page, quad, 0) } else { contrasts::<3>(page, quad, 1) };
    let (low, high) = contrasts.iter().fold((f32::MAX, f32::MIN), |(l, h), c| (l.min(c.0), h.max(c.1)));
    let contrast = high - low;
    let is_inked = |(low, high): &(f32, f32)| high - low > INK * contrast;
    let (first, last) = (contrasts.iter().position(is_inked), contrasts.iter().rposition(is_inked));
    let (Some(first), Some(last)) = (first, last) else { return *quad };
    if contrast < LEAST_CONTRAST {
        return *quad;
    }
    let columns = contrasts.len() as f32;
    let margin = margin * quad.height() / quad.width().max(1.0);
    let from = (first as f32 / columns - margin).max(0.0);
    let to = ((last + 1) as f32 / columns + margin).min(1.0);
    quad.slice(from, to)
}

/// Least and greatest value of one channel, column by column of a box.
fn contrasts<const C: usize>(page: &Page<'_>, quad: &Quad, channel: usize) -> Vec<(f32, f32)> {
    let columns = (quad.width() / 2.0).ceil().clamp(4.0, 2000.0) as usize;
    let [a, b, c, d] = quad.0;
    let along = |p: Point, q: Point, t: f32| Point::new(p.x + (q.x - p.x) * t, p.y + (q.y - p.y) * t);
    let mut found = vec![(f32::MAX, f32::MIN); columns];
    let mut colours = vec![[0.0; C]; columns];
    for row in 0..LOOK_ROWS {
        let v = LOOKS.0 + (LOOKS.1 - LOOKS.0) * (row as f32 + 0.5) / LOOK_ROWS as f32;
        let (left, right) = (along(a, d, v), along(b, c, v));
        let n = columns as f32;
        let step = Point::new((right.x - left.x) / n, (right.y - left.y) / n);
        colours.fill([0.0; C]);
        page.add_row(left.plus(step, 0.5), step, &mut colours);
        for ((low, high), colour) in found.iter_mut().zip(&colours) {
            let value = colour[channel];
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
    }
    found
}

/// Appends a line cut out of the page as one normalised tensor 3 × [`LINE_HEIGHT`] × `width`; what is right of `own` is zero.
pub(crate) fn line_tensor(page: &Page<'_>, quad: &Quad, own: usize, width: usize, out: &mut Vec<f32>) {
    let start = out.len();
    out.resize(start + 3 * LINE_HEIGHT * width, 0.0);
    let out = &mut out[start..];
    if page.is_grey {
        fill::<1>(page, quad, own, width, out);
        let (grey, others) = out.split_at_mut(LINE_HEIGHT * width);
        others.chunks_exact_mut(grey.len()).for_each(|plane| plane.copy_from_slice(grey));
    } else {
        fill::<3>(page, quad, own, width, out);
    }
}

/// Makes the strokes of a line's tensor thicker by `pixels` on every side, so that gaps in them close.
pub(crate) fn thicken(line: &mut [f32], own: usize, width: usize, pixels: usize) {
    if pixels == 0 {
        return;
    }
    // Ink is what there is less of.
    let mut sorted: Vec<f32> = line.chunks_exact(width).flat_map(|row| &row[..own]).copied().collect();
    let middle = sorted.len() / 2;
    let is_light = sorted.select_nth_unstable_by(middle, f32::total_cmp).1.is_sign_positive();
    let ink = if is_light { f32::min } else { f32::max };
    for plane in line.chunks_exact_mut(LINE_HEIGHT * width) {
        for _ in 0..pixels {
            let before = plane.to_vec();
            for y in 0..LINE_HEIGHT {
                let rows = y.saturating_sub(1)..=(y + 1).min(LINE_HEIGHT - 1);
                for x in 0..own {
                    let columns = x.saturating_sub(1)..=(x + 1).min(own - 1);
                    let around = rows.clone().flat_map(|row| &before[row * width..][columns.clone()]);
                    plane[y * width + x] = around.copied().fold(before[y * width + x], ink);
                }
            }
        }
    }
}

/// Fills as many planes as the page has channels, the last channel first.
fn fill<const C: usize>(page: &Page<'_>, quad: &Quad, own: usize, width: usize, out: &mut [f32]) {
    let [a, b, _, d] = quad.0;
    let right = Point::new((b.x - a.x) / own as f32, (b.y - a.y) / own as f32);
    let down = Point::new((d.x - a.x) / LINE_HEIGHT as f32, (d.y - a.y) / LINE_HEIGHT as f32);
    // Where the line shrinks, several samples are averaged per pixel.
    let samples = |step: Point| (step.x.hypot(step.y).round() as usize).clamp(1, 4);
    let (nx, ny) = (samples(right), samples(down));
    let scale = 1.0 / ((nx * ny) as f32 * 127.5);
    let plane = LINE_HEIGHT * width;
    let mut colours = vec![[0.0_f32; C]; own];
    for y in 0..LINE_HEIGHT {
        colours.fill([0.0; C]);
        for sy in 0..ny {
            let v = y as f32 + (sy as f32 + 0.5) / ny as f32;
            for sx in 0..nx {
                let u = (sx as f32 + 0.5) / nx as f32;
                page.add_row(a.plus(down, v).plus(right, u), right, &mut colours);
            }
        }
        for c in 0..C {
            let row = &mut out[c * plane + y * width..][..own];
            for (value, colour) in row.iter_mut().zip(&colours) {
                *value = colour[C - 1 - c] * scale - 1.0;
            }
        }
    }
}

impl Page<'_> {
    /// Adds the colours at points in a row, a `step` from one to the next, interpolated; the border goes on for ever. `C`: the
    /// page's channels.
    fn add_row<const C: usize>(&self, from: Point, step: Point, colours: &mut [[f32; C]]) {
        let (right, bottom) = ((self.width - 1) as f32, (self.height - 1) as f32);
        let (x, y) = (from.x - 0.5, from.y - 0.5);
        let n = colours.len() as f32;
        let is_inside = |x: f32, y: f32| x > 1.0 && y > 1.0 && x < right - 1.0 && y < bottom - 1.0;
        let pixels = self.raw.as_chunks::<C>().0;
        if is_inside(x, y) && is_inside(x + n * step.x, y + n * step.y) {
            for (i, colour) in (0_u16..).zip(colours.iter_mut()) {
                let (x, y) = (x + step.x * f32::from(i), y + step.y * f32::from(i));
                // Whole and broken parts of what is not negative.
                let (x0, y0) = (x as i32, y as i32);
                let place = y0 as usize * self.width + x0 as usize;
                let (Some([p00, p10]), Some([p01, p11])) =
                    (pixels.get(place..place + 2), pixels.get(place + self.width..place + self.width + 2))
                else {
                    continue;
                };
                mix(colour, [p00, p10, p01, p11], (x - x0 as f32, y - y0 as f32));
            }
            return;
        }
        for (i, colour) in colours.iter_mut().enumerate() {
            let x = (x + step.x * i as f32).clamp(0.0, right);
            let y = (y + step.y * i as f32).clamp(0.0, bottom);
            let (x0, y0) = (x as usize, y as usize);
            let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
            let at = |x: usize, y: usize| &pixels[y * self.width + x];
            mix(colour, [at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1)], (x - x0 as f32, y - y0 as f32));
        }
    }
}

/// Adds what lies between four pixels, the upper ones first.
fn mix<const C: usize>(colour: &mut [f32; C], pixels: [&[u8; C]; 4], (fx, fy): (f32, f32)) {
    for (c, value) in colour.iter_mut().enumerate() {
        let [p00, p10, p01, p11] = pixels.map(|p| f32::from(p[c]));
        let upper = p00 + fx * (p10 - p00);
        let lower = p01 + fx * (p11 - p01);
        *value += upper + fy * (lower - upper);
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
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

    /// Between pixels whose values grow evenly, so does what is read; beyond the border it stays.
    #[test]
    fn rows_are_interpolated_inside_of_the_page_and_at_its_border() {
        let value = |x: f32, y: f32| 2.0 * x.clamp(0.0, 39.0) + 3.0 * y.clamp(0.0, 39.0);
        let of = |x: u32, y: u32| (2 * x + 3 * y) as u8;
        let grey = RgbImage::from_fn(40, 40, |x, y| Rgb([of(x, y); 3]));
        let colour = RgbImage::from_fn(40, 40, |x, y| Rgb([of(x, y), 7, of(x, y) / 2]));
        for (from, step) in
            [((9.3, 8.7), (0.7, 0.31)), ((-2.0, 5.5), (1.9, 1.1)), ((30.0, 39.9), (0.5, -0.9))]
        {
            let (from, step) = (Point::new(from.0, from.1), Point::new(step.0, step.1));
            let (mut greys, mut colours) = ([[1.0]; 25], [[1.0; 3]; 25]);
            Page::of(&grey).add_row(from, step, &mut greys);
            Page::of(&colour).add_row(from, step, &mut colours);
            for i in 0..25 {
                let at = from.plus(step, i as f32);
                let expected = 1.0 + value(at.x - 0.5, at.y - 0.5);
                assert!((greys[i][0] - expected).abs() < 1e-3, "{i}: {} {expected}", greys[i][0]);
                assert!((colours[i][0] - expected).abs() < 1e-3 && (colours[i][1] - 8.0).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn strokes_are_made_thicker_on_light_and_on_dark_paper() {
        for (paper, ink) in [(1.0, -1.0), (-1.0, 1.0)] {
            let (own, width) = (20, 24);
            let mut line = vec![0.0; 3 * LINE_HEIGHT * width];
            line.chunks_exact_mut(width).for_each(|row| row[..own].fill(paper));
            // A stroke with a gap of two pixels, in every plane.
            let at = |plane: usize, y: usize, x: usize| (plane * LINE_HEIGHT + y) * width + x;
            (0..3).for_each(|p| [5, 6, 9, 10].into_iter().for_each(|x| line[at(p, 10, x)] = ink));
            let before = line.clone();
            thicken(&mut line, own, width, 0);
            assert_eq!(line, before);
            thicken(&mut line, own, width, 1);
            for p in 0..3 {
                assert!((4..=11).all(|x| (9..=11).all(|y| line[at(p, y, x)] == ink)));
                assert_eq!(
                    (line[at(p, 10, 3)], line[at(p, 12, 7)], line[at(p, 10, 22)]),
                    (paper, paper, 0.0)
                );
            }
        }
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
