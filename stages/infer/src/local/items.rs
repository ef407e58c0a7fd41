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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::candidate::{self, Kind};
    use crate::local::tests::drawn;

    #[test]
    fn numbers_of_articles_stand_in_rows_and_that_of_the_document_does_not() {
        let columns = [40.0, 140.0, 300.0, 380.0, 480.0];
        let mut lines = vec![(40.0, 60.0, "Order number: PO-4711")];
        for (row, texts) in [
            ["Article", "Description", "Quantity", "Unit price", "Line total"],
            ["MED-10037", "Syringe", "2", "10.00", "20.00"],
            ["MED-10074", "Bandage", "3", "10.00", "30.00"],
        ]
        .iter()
        .enumerate()
        {
            lines.extend(columns.iter().zip(texts).map(|(x, text)| (*x, 120.0 + 16.0 * row as f32, *text)));
        }
        let page = drawn(&lines);
        let all: Vec<_> = candidate::find(&page, 0).into_iter().filter(|c| c.kind == Kind::Id).collect();
        let rows = find(&[page], &all, "order", &Lexicon::new(&[]));
        let of = |value: &str| all.iter().zip(&rows).find(|(c, _)| c.value == value).map(|(_, row)| *row);
        assert_eq!([of("PO-4711"), of("MED-10037"), of("MED-10074")], [Some(false), Some(true), Some(true)]);
    }
}
