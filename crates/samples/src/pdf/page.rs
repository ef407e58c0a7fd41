//! What stands on a page. Positions are in points from the top left corner; text stands on its y.

use super::HEIGHT;
use super::metrics::{Font, width};

/// The content of one A4 page.
#[derive(Default)]
pub(crate) struct Page {
    content: Vec<u8>,
}

impl Page {
    /// The content stream.
    pub(crate) fn content(&self) -> &[u8] {
        &self.content
    }

    /// Text that begins at x.
    pub(crate) fn text(&mut self, x: f64, y: f64, font: Font, size: f64, text: &str) {
        let name = if font == Font::Bold { "F2" } else { "F1" };
        self.push(&format!("BT /{name} {size} Tf {x:.2} {:.2} Td (", HEIGHT - y));
        for c in text.chars() {
            let byte = win_ansi(c);
            if matches!(byte, b'(' | b')' | b'\\') {
                self.content.push(b'\\');
            }
            self.content.push(byte);
        }
        self.push(") Tj ET\n");
    }

    /// Text that ends at x.
    pub(crate) fn text_right(&mut self, x: f64, y: f64, font: Font, size: f64, text: &str) {
        self.text(x - width(text, font, size), y, font, size, text);
    }

    /// Colour of what follows, each part from 0 to 1.
    pub(crate) fn colour(&mut self, red: f64, green: f64, blue: f64) {
        self.push(&format!("{red:.2} {green:.2} {blue:.2} rg {red:.2} {green:.2} {blue:.2} RG\n"));
    }

    /// Black again.
    pub(crate) fn black(&mut self) {
        self.colour(0.0, 0.0, 0.0);
    }

    /// A filled box.
    pub(crate) fn fill(&mut self, x: f64, y: f64, w: f64, h: f64) {
        self.push(&format!("{x:.2} {:.2} {w:.2} {h:.2} re f\n", HEIGHT - y - h));
    }

    /// A horizontal line.
    pub(crate) fn rule(&mut self, x0: f64, x1: f64, y: f64, thickness: f64) {
        let y = HEIGHT - y;
        self.push(&format!("{thickness:.2} w {x0:.2} {y:.2} m {x1:.2} {y:.2} l S\n"));
    }

    fn push(&mut self, operators: &str) {
        self.content.extend(operators.bytes());
    }
}

fn win_ansi(c: char) -> u8 {
    match c {
        '€' => 0x80,
        '–' => 0x96,
        ' '..='~' | '\u{a0}'..='ÿ' => c as u8,
        _ => b'?',
    }
}
