//! Text in the images of a page that has text of its own.
//!
//! Owns the suspicion that an image shows text which no text layer has: a scan that was put under a letter, a letterhead. Rule: a
//! suspicion costs no more than one look at a page of which images are a good part; what it really is, OCR finds out.

use super::ink::View;
use super::look::{CELLS, Seen};
use super::upright::Upright;
use crate::child::pdfium::Page;
use crate::child::words::Found;

/// Least share of a page that images without words cover.
const LEAST: f32 = 0.15;
/// Fewest cells that look like text.
const TEXTS: usize = 12;
/// Least share of the pixels of such a cell that are paper, and how far from the paper's brightness they are.
const PAPER: f32 = 0.5;
const EVEN: u8 = 24;
/// Fewest edges across in such a cell, as a share of its pixels, and in a row of it that counts; the least difference of one.
const EDGES: f32 = 0.03;
const ROW: usize = 3;
const EDGE: u8 = 50;
/// Levels of brightness among which that of the paper is looked for.
const LEVELS: usize = 16;

/// True where images seem to show text beside these words.
pub(super) fn have_text(page: &Page<'_>, upright: &Upright, seen: &Seen<'_>, words: &[Found]) -> bool {
    let mut rows = *seen.rows();
    let free = |rows: &[u32; CELLS]| rows.iter().map(|row| row.count_ones()).sum::<u32>();
    let enough = |rows: &[u32; CELLS]| free(rows) as f32 >= LEAST * (CELLS * CELLS) as f32;
    if !enough(&rows) {
        return false;
    }
    for found in words {
        Seen::clear(&mut rows, upright, found.word.bbox);
    }
    if !enough(&rows) {
        return false;
    }
    let Some(painted) = View::whole(page, upright).paint() else { return false };
    let (width, height) = upright.size();
    let (w, h) = (width / CELLS as f32, height / CELLS as f32);
    let cells = rows.iter().enumerate().flat_map(|(y, row)| {
        (0..CELLS).filter(move |x| row >> x & 1 == 1).map(move |x| {
            let (x, y) = (x as f32 * w, y as f32 * h);
            [x, y, x + w, y + h]
        })
    });
    cells.filter(|cell| is_text(&painted.brightness(*cell))).take(TEXTS).count() == TEXTS
}

/// True where rows of pixels look like print on paper.
fn is_text(rows: &[Vec<u8>]) -> bool {
    let mut levels = [0_usize; LEVELS];
    let pixels = || rows.iter().flatten();
    for pixel in pixels() {
        if let Some(level) = levels.get_mut(usize::from(*pixel) * LEVELS / 256) {
            *level += 1;
        }
    }
    let Some((most, _)) = levels.iter().enumerate().max_by_key(|(_, n)| **n) else { return false };
    let paper = (most * 256 / LEVELS + 128 / LEVELS) as u8;
    let even = pixels().filter(|p| p.abs_diff(paper) <= EVEN).count();
    let all = pixels().count();
    let edges = |row: &Vec<u8>| row.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) >= EDGE).count();
    all > 0
        && even as f32 >= PAPER * all as f32
        && rows.iter().map(edges).filter(|n| *n >= ROW).sum::<usize>() as f32 >= EDGES * all as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_is_told_from_pictures_and_paper() {
        let cell = |pixel: &dyn Fn(usize, usize) -> u8| -> Vec<Vec<u8>> {
            (0..36).map(|y| (0..26).map(|x| pixel(x, y)).collect()).collect()
        };
        let stroke = |x: usize, y: usize| (10..18).contains(&y) && x % 5 < 2;
        assert!(is_text(&cell(&|x, y| if stroke(x, y) { 30 } else { 240 })));
        assert!(is_text(&cell(&|x, y| if stroke(x, y) { 230 } else { 60 })), "white on blue");
        assert!(!is_text(&cell(&|_, _| 250)), "paper");
        assert!(!is_text(&cell(&|x, y| (x * 9 + y * 5) as u8)), "a shade");
        assert!(!is_text(&cell(&|x, y| ((x * 7919 + y * 104_729) % 251) as u8)), "foliage");
        assert!(!is_text(&cell(&|x, _| if x < 13 { 30 } else { 240 })), "one edge");
        assert!(!is_text(&[]));
    }
}
