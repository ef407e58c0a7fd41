//! Widths of the standard Helvetica fonts, in thousandths of the size (Adobe Core 14 AFM files).

/// A font of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Font {
    /// Helvetica.
    Regular,
    /// Helvetica-Bold.
    Bold,
}

#[rustfmt::skip]
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

#[rustfmt::skip]
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

/// Width of a text in points.
pub(crate) fn width(text: &str, font: Font, size: f64) -> f64 {
    let total: u32 = text.chars().map(|c| u32::from(glyph(c, font))).sum();
    f64::from(total) * size / 1000.0
}

fn glyph(c: char, font: Font) -> u16 {
    let table = if font == Font::Bold { &BOLD } else { &REGULAR };
    let at = |c: char| table[usize::from(c as u8 - b' ')];
    match c {
        ' '..='~' => at(c),
        'ä' => at('a'),
        'ö' => at('o'),
        'ü' => at('u'),
        'Ä' => at('A'),
        'Ö' => at('O'),
        'Ü' => at('U'),
        'é' => at('e'),
        'ß' => 611,
        // The euro, the pound, the dash and everything else that the samples use are as wide as a digit.
        _ => 556,
    }
}
