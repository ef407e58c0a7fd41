//! Boxes and text drawn over a page, to be looked at.

use docmill_ocr::{Point, TextLine};
use font8x8::legacy::{BASIC_LEGACY, LATIN_LEGACY};
use image::{Rgb, RgbImage};

/// Side of a character's bitmap.
const CELL: usize = 8;

/// The page, paler, with a box round every line and its text above, green where it is sure and red where it is not.
pub(super) fn draw(page: &RgbImage, lines: &[TextLine]) -> RgbImage {
    let mut out = page.clone();
    for value in out.iter_mut() {
        *value = 128 + *value / 2;
    }
    for line in lines {
        let colour = colour(line.score);
        for (i, from) in line.quad.0.iter().enumerate() {
            stroke(&mut out, *from, line.quad.0[(i + 1) % 4], colour);
        }
        write(&mut out, line, colour);
    }
    out
}

/// From red at 0.5 to green at 1.
fn colour(score: f32) -> Rgb<u8> {
    let sure = ((score - 0.5) * 2.0).clamp(0.0, 1.0).powi(4);
    Rgb([(200.0 * (1.0 - sure)) as u8, (130.0 * sure) as u8, 30])
}

fn dot(out: &mut RgbImage, x: f32, y: f32, colour: Rgb<u8>) {
    if x >= 0.0 && y >= 0.0 && (x as u32) < out.width() && (y as u32) < out.height() {
        out.put_pixel(x as u32, y as u32, colour);
    }
}

fn stroke(out: &mut RgbImage, from: Point, to: Point, colour: Rgb<u8>) {
    let steps = from.distance(to).ceil().clamp(1.0, 20_000.0);
    for i in 0..=steps as u32 {
        let t = i as f32 / steps;
        dot(out, from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t, colour);
    }
}

/// The text along the box's top side, above it, as wide as the box where it is long.
fn write(out: &mut RgbImage, line: &TextLine, colour: Rgb<u8>) {
    let quad = &line.quad;
    let n = line.text.chars().count().max(1) as f32;
    let (w, h) = (quad.width(), quad.height());
    // Half as high as the box, narrower where the text is long, but legible.
    let size = (h * 0.45).clamp(8.0, 24.0);
    let advance = (w / n).clamp(5.0, size);
    let unit = |from: Point, to: Point, length: f32| {
        Point::new((to.x - from.x) / length.max(1.0), (to.y - from.y) / length.max(1.0))
    };
    let [a, b, _, d] = quad.0;
    let (right, down) = (unit(a, b, w), unit(a, d, h));
    let at = |u: f32, v: f32| Point::new(a.x + right.x * u + down.x * v, a.y + right.y * u + down.y * v);
    for (i, c) in line.text.chars().enumerate() {
        let Some(bitmap) = bitmap(c) else { continue };
        let (width, height) = ((advance.ceil() as usize).max(1), (size.ceil() as usize).max(1));
        for y in 0..height {
            for x in 0..width {
                let (column, row) = (x * CELL / width, y * CELL / height);
                if bitmap[row] >> column & 1 == 1 {
                    let p = at(i as f32 * advance + x as f32, y as f32 - size - 1.0);
                    dot(out, p.x, p.y, colour);
                }
            }
        }
    }
}

/// A character of ASCII or Latin-1; a question mark for others.
fn bitmap(c: char) -> Option<[u8; CELL]> {
    let code = match c {
        '€' => u32::from('E'),
        '„' | '“' | '”' => u32::from('"'),
        '‚' | '‘' | '’' => u32::from('\''),
        '–' | '—' => u32::from('-'),
        c => u32::from(c),
    };
    let code = usize::try_from(code).ok()?;
    match code {
        0..128 => BASIC_LEGACY.get(code).copied(),
        160..256 => LATIN_LEGACY.get(code - 160).copied(),
        _ => BASIC_LEGACY.get(usize::from(b'?')).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_ocr::Quad;

    #[test]
    fn boxes_and_text_are_drawn_and_nothing_beyond_the_page() {
        let page = RgbImage::from_pixel(120, 80, Rgb([255; 3]));
        let quad = |x: f32, y: f32| {
            Quad([(x, y), (x + 80., y), (x + 80., y + 20.), (x, y + 20.)].map(|(x, y)| Point::new(x, y)))
        };
        let line = |x, y, score| TextLine { quad: quad(x, y), text: "Größe €".into(), score };
        let out = draw(&page, &[line(20., 40., 1.0), line(-60., -10., 0.5), line(1e6, 1e6, 0.9)]);
        assert_eq!(out.get_pixel(20, 40), &Rgb([0, 130, 30]));
        assert!(out.enumerate_pixels().any(|(_, y, p)| y < 39 && y > 28 && p.0 == [0, 130, 30]));
        assert_eq!(out.get_pixel(110, 70), &Rgb([255; 3]));
    }
}
