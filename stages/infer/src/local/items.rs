//! Which candidates stand in rows of the item table.
//!
//! Owns nothing but that. Knows no field. Rule: the table is read as for the line items, so that a number of an article is none of the
//! document, however many rows there are.

use super::candidate::Candidate;
use super::layout::Layout;
use super::lexicon::Lexicon;
use super::table::Reader;

/// Most rows that are looked at.
const MOST: usize = 10_000;
/// By so much of its height a row may be left above or below.
const EDGE: f32 = 0.25;

/// Parallel to the candidates.
pub fn find(pages: &[Layout], candidates: &[Candidate], kind: &str, lexicon: &Lexicon) -> Vec<bool> {
    let mut reader = Reader::new(lexicon, MOST).of_kind(kind);
    pages.iter().for_each(|page| reader.feed(page));
    let mut bands: Vec<Vec<(f32, f32)>> = vec![Vec::new(); pages.len()];
    for row in reader.take_rows() {
        let Some(page) = pages.iter().position(|p| p.page_no == row.page_no) else { continue };
        let boxes = || row.cells.values().map(|cell| cell.bbox);
        let top = boxes().map(|b| b[1]).fold(f32::MAX, f32::min);
        let bottom = boxes().map(|b| b[3]).fold(f32::MIN, f32::max);
        bands[page].push((top, bottom));
    }
    // A description may reach into the next row's first line: the order of the ends is then not that of the tops.
    bands.iter_mut().for_each(|page| page.sort_by(|a, b| a.0.total_cmp(&b.0)));
    candidates
        .iter()
        .map(|c| {
            let (top, bottom) = (c.bbox[1], c.bbox[3]);
            let middle = f32::midpoint(top, bottom);
            let slack = EDGE * (bottom - top);
            let page = &bands[c.page];
            let begun = page.partition_point(|band| band.0 - slack <= middle);
            page[..begun].iter().rev().take(4).any(|band| middle <= band.1 + slack)
        })
        .collect()
}
