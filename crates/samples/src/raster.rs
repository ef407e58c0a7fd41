//! A scan: grey pixels, drawn with a bitmap font, then made a little worse as scanners do. Whole-number arithmetic only.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

const PAPER: u8 = 246;
const INK: u8 = 38;

/// Size of the letters.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    /// 24 pixels high.
    Small,
    /// 32 pixels high.
    Large,
}

impl Size {
    fn raster(self) -> RasterHeight {
        match self {
            Self::Small => RasterHeight::Size24,
            Self::Large => RasterHeight::Size32,
        }
    }
}

/// A page of grey pixels, row by row.
pub(crate) struct Canvas {
    /// Pixels.
    pub(crate) width: usize,
    /// Pixels.
    pub(crate) height: usize,
    /// 0 is black.
    pub(crate) pixels: Vec<u8>,
}

impl Canvas {
    /// Empty paper.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![PAPER; width * height] }
    }

    /// Text whose upper left corner is at x, y.
    pub(crate) fn text(&mut self, x: usize, y: usize, size: Size, bold: bool, text: &str) {
        let weight = if bold { FontWeight::Bold } else { FontWeight::Regular };
        let advance = get_raster_width(weight, size.raster());
        for (i, c) in text.chars().enumerate() {
            let Some(glyph) = get_raster(c, weight, size.raster()) else { continue };
            for (row, cells) in glyph.rows().enumerate() {
                for (column, ink) in cells.iter().enumerate() {
                    self.darken(x + i * advance + column, y + row, *ink);
                }
            }
        }
    }

    /// Text that ends at x.
    pub(crate) fn text_right(&mut self, x: usize, y: usize, size: Size, bold: bool, text: &str) {
        self.text(x - text_width(size, text), y, size, bold, text);
    }

    /// A horizontal line.
    pub(crate) fn rule(&mut self, x0: usize, x1: usize, y: usize, thickness: usize) {
        for y in y..y + thickness {
            for x in x0..x1 {
                self.darken(x, y, 200);
            }
        }
    }

    fn darken(&mut self, x: usize, y: usize, ink: u8) {
        if x < self.width && y < self.height {
            let pixel = &mut self.pixels[y * self.width + x];
            let range = u32::from(PAPER - INK);
            *pixel = (*pixel).min(PAPER - (u32::from(ink) * range / 255) as u8);
        }
    }

    /// Tilts the page: it goes down by one pixel every `run` pixels to the right, and to the left as it goes down.
    #[must_use]
    pub(crate) fn tilted(self, run: usize) -> Self {
        let mut out = Self::new(self.width, self.height);
        let one = 256_i64;
        for y in 0..self.height {
            for x in 0..self.width {
                // Source position in 1/256 pixel, turned about the centre.
                let (dx, dy) = (x as i64 - self.width as i64 / 2, y as i64 - self.height as i64 / 2);
                let sx = x as i64 * one + dy * one / run as i64;
                let sy = y as i64 * one - dx * one / run as i64;
                out.pixels[y * self.width + x] = self.between(sx, sy);
            }
        }
        out
    }

    /// The pixel at a position in 1/256 pixel, between its four neighbours.
    fn between(&self, sx: i64, sy: i64) -> u8 {
        let at = |x: i64, y: i64| {
            let inside = (0..self.width as i64).contains(&x) && (0..self.height as i64).contains(&y);
            i64::from(if inside { self.pixels[y as usize * self.width + x as usize] } else { PAPER })
        };
        let (x, y) = (sx.div_euclid(256), sy.div_euclid(256));
        let (fx, fy) = (sx.rem_euclid(256), sy.rem_euclid(256));
        let upper = at(x, y) * (256 - fx) + at(x + 1, y) * fx;
        let lower = at(x, y + 1) * (256 - fx) + at(x + 1, y + 1) * fx;
        ((upper * (256 - fy) + lower * fy) / 65_536) as u8
    }

    /// Dust: about one pixel in `one_in` gets a little darker.
    #[must_use]
    pub(crate) fn dusty(mut self, one_in: u64, seed: u64) -> Self {
        let mut state = seed;
        for pixel in &mut self.pixels {
            // Xorshift, 64 bit (Marsaglia).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if state.is_multiple_of(one_in) {
                *pixel = pixel.saturating_sub(24 + (state >> 40) as u8 % 64);
            }
        }
        self
    }
}

/// Pixels that a text takes.
pub(crate) fn text_width(size: Size, text: &str) -> usize {
    text.chars().count() * get_raster_width(FontWeight::Regular, size.raster())
}
