//! Several documents in one file: where each begins.
//!
//! Owns the signs of a first page. Knows no field. Rule: a file is split only where a page says so twice over: it counts
//! itself as the first of its document after a last one, or it has a title and another number than the page before.

use super::candidate::{Candidate, Kind};
use super::features::Features;
use super::layout::Layout;
use super::lexicon::Concept;
use super::{heads, kind, paging};
use std::collections::BTreeSet;

/// Labels of a document's own number.
const NUMBERS: [Concept; 2] = [Concept::InvoiceNo, Concept::OrderNo];

/// What a page says about its place in its document.
#[derive(Debug, Default)]
struct Sign {
    /// `page 2 of 3`
    counted: Option<(u32, u32)>,
    titled: bool,
    /// What it calls itself in large letters.
    kind: Option<&'static str>,
    numbers: BTreeSet<String>,
}

/// Indices of the pages that begin a document; only the first one where the file is one document.
pub fn starts(pages: &[Layout], candidates: &[Candidate], features: &[Features]) -> Vec<usize> {
    if pages.len() < 2 {
        return vec![0];
    }
    let signs: Vec<Sign> = (0..pages.len()).map(|i| sign(pages, candidates, features, i)).collect();
    let mut starts = vec![0];
    for i in 1..signs.len() {
        let (before, here) = (&signs[i - 1], &signs[i]);
        // Blank backs and pages of terms have no number: the last one that was told counts.
        let last = starts.last().copied().unwrap_or_default();
        let numbered = (last..i).rev().map(|p| &signs[p].numbers).find(|n| !n.is_empty());
        let counted = match (before.counted, here.counted) {
            (Some((n, of)), Some((1, _))) => n == of,
            _ => false,
        };
        let other = !here.numbers.is_empty() && numbered.is_some_and(|n| n.is_disjoint(&here.numbers));
        // A delivery note behind its invoice may name the invoice's number, but is called something else.
        let kinds = (last..i).rev().find_map(|p| signs[p].kind);
        let another = here.kind.is_some() && kinds.is_some() && here.kind != kinds;
        let goes_on = matches!(here.counted, Some((n, _)) if n > 1);
        if !goes_on && ((counted && (here.titled || other)) || (here.titled && other) || another) {
            starts.push(i);
        }
    }
    starts
}

fn sign(pages: &[Layout], candidates: &[Candidate], features: &[Features], page: usize) -> Sign {
    let layout = &pages[page];
    let hit = layout.segments.iter().find_map(|s| paging::count(&s.text));
    // What stands in and below the table of items is about what was ordered before, not about this document.
    let items = (0..layout.lines.len()).find(|l| heads::find(layout, *l).is_some());
    let top = layout.before(items.unwrap_or(layout.lines.len()));
    let numbered = |c: &Candidate, f: &Features| {
        c.page == page
            && c.segment < top.segments.len()
            && c.kind == Kind::Id
            && NUMBERS.iter().any(|n| f.of(*n) > 0.9)
    };
    let numbers = candidates.iter().zip(features).filter(|(c, f)| numbered(c, f));
    Sign {
        counted: hit,
        titled: kind::is_titled(&top),
        kind: kind::headline(&top),
        numbers: numbers.map(|(c, _)| c.value.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::PageText;
    use crate::local::lexicon::Lexicon;
    use crate::local::work::Work;
    use docmill_contracts::{TextSource, Word};

    fn page(lines: &[&str]) -> Layout {
        let mut words = Vec::new();
        for (n, line) in lines.iter().enumerate() {
            let (mut x, y) = (40.0, 60.0 + 20.0 * n as f32);
            for word in line.split(' ') {
                let width = 6.0 * word.len() as f32;
                let bbox = [x, y, x + width, y + 10.0];
                words.push(Word { text: word.into(), bbox, confidence: 1.0, line: n as u32 });
                x += width + 3.0;
            }
        }
        Layout::of(&PageText {
            page_no: 1,
            width: 595.0,
            height: 842.0,
            source: TextSource::TextLayer,
            words,
        })
    }

    fn found(pages: &[&[&str]]) -> Vec<usize> {
        let pages = pages.iter().map(|p| page(p)).collect();
        let work = Work::of(pages, &Lexicon::new(&[]), None, false, None);
        starts(&work.pages, &work.candidates, &work.features)
    }

    #[test]
    fn a_file_is_split_where_pages_say_so_and_nowhere_else() {
        let first = ["INVOICE", "Invoice No.: 4711", "Page 1 of 2"];
        let second = ["Invoice No.: 4711", "Page 2 of 2"];
        let other = ["INVOICE", "Invoice No.: 4712", "Page 1 of 1"];
        assert_eq!(found(&[&first, &second, &other]), [0, 2]);
        assert_eq!(found(&[&first, &second]), [0]);
        assert_eq!(found(&[&["INVOICE", "Invoice No.: 1234"], &["INVOICE", "Invoice No.: 1234"]]), [0]);
        assert_eq!(found(&[&["INVOICE", "Invoice No.: 1234"], &["INVOICE", "Invoice No.: 5678"]]), [0, 1]);
        assert_eq!(found(&[]), [0]);
        let terms = ["Terms of sale", "All goods remain ours until they are paid."];
        let one = ["INVOICE", "Invoice No.: 1234"];
        assert_eq!(found(&[&one, &terms, &["INVOICE", "Invoice No.: 5678"]]), [0, 2]);
        assert_eq!(found(&[&one, &[], &["INVOICE", "Invoice No.: 5678"]]), [0, 2]);
        assert_eq!(found(&[&one, &terms, &["INVOICE", "Invoice No.: 1234"]]), [0]);
        assert_eq!(found(&[&one, &["DELIVERY NOTE", "for invoice no. 1234"]]), [0, 1]);
        assert_eq!(found(&[&one, &["Delivery note 55 for invoice no. 1234"]]), [0]);
    }
}
