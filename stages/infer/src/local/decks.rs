//! Item tables whose rows and header have two lines with columns of their own, as ERP systems print them: number and name
//! over quantity, price and amount.
//!
//! Owns which lines belong together. Knows no column's reader. Rule: a page is folded, the lower line put to the right of
//! the upper one beyond the page's edge, so that who reads tables sees rows of one line; places are those on the page.

use super::heads::{self, Named};
use super::layout::{Box4, Layout, Segment};
use super::table::Column;
use docmill_document::money;
use std::collections::HashMap;

/// Lines of text that may stand between the two of a row.
const BETWEEN: usize = 4;

/// A page whose rows have one line each.
pub(crate) struct Folded {
    pub(crate) layout: Layout,
    shift: f32,
}

/// The two lines of a header.
struct Decks {
    /// Where what names a row stands in its upper line, from left to right.
    upper: Vec<(f32, f32)>,
    /// Where the name is in it.
    text: (f32, f32),
    /// Where the amount is in its lower line.
    amount: (f32, f32),
}

impl Folded {
    /// None where no header of a page has two lines of different columns with rows below it.
    pub(crate) fn of(layout: &Layout) -> Option<Self> {
        let (line, decks) = (0..layout.lines.len()).find_map(|l| Some((l, Decks::of(layout, l)?)))?;
        let mut below = decks.rows(layout, line + 2);
        if below.is_empty() {
            return None;
        }
        below.insert(line, line + 1);
        let shift = layout.width + 100.0;
        let lowers: std::collections::HashSet<usize> = below.values().copied().collect();
        let mut folded = Layout { segments: Vec::new(), lines: Vec::new(), ..*layout };
        for own in (0..layout.lines.len()).filter(|l| !lowers.contains(l)) {
            let from = folded.segments.len();
            let of = |line: usize| layout.segments[layout.lines[line].clone()].iter().cloned();
            folded.segments.extend(of(own));
            if let Some(lower) = below.get(&own) {
                folded.segments.extend(of(*lower).map(|segment| moved(segment, shift)));
            }
            let line = folded.lines.len();
            folded.segments[from..].iter_mut().for_each(|s| s.line = line);
            folded.lines.push(from..folded.segments.len());
        }
        Some(Self { layout: folded, shift })
    }

    /// Where a place on the folded page is on the page as it is.
    pub(crate) fn place(&self, bbox: Box4) -> Box4 {
        if bbox[0] < self.shift {
            bbox
        } else {
            [bbox[0] - self.shift, bbox[1], bbox[2] - self.shift, bbox[3]]
        }
    }
}

impl Decks {
    /// The header whose upper line this is.
    fn of(layout: &Layout, line: usize) -> Option<Self> {
        let (first, second) = (layout.lines.get(line)?.clone(), layout.lines.get(line + 1)?.clone());
        let (above, below) = (layout.segments.get(first.clone())?, layout.segments.get(second.clone())?);
        let near = below.first()?.bbox[1] - above.first()?.bbox[3] < 1.2 * above.first()?.height();
        let numbers = |s: &Segment| s.text.contains(|c: char| c.is_ascii_digit());
        if !near || above.iter().chain(below).any(numbers) {
            return None;
        }
        let (upper, lower) = (heads::cells_of(layout, line), heads::cells_of(layout, line + 1));
        let place = |cells: &[Named], column| cells.iter().find(|c| c.0 == Some(column)).map(|c| (c.1, c.2));
        let text = place(&upper, Column::Description)?;
        let amount = place(&lower, Column::LineTotal)?;
        let measured = [Column::Quantity, Column::UnitPrice].iter().any(|c| place(&lower, *c).is_some());
        let priced = [Column::LineTotal, Column::UnitPrice].iter().any(|c| place(&upper, *c).is_some());
        // Two lines of one header name a column together; of two rows' worth, one column stands below another.
        let named = |cells: &[Named]| cells.iter().filter(|c| c.0.is_some()).copied().collect::<Vec<_>>();
        let (known, others) = (named(&upper), named(&lower));
        let crossed = known.iter().any(|a| others.iter().any(|b| a.0 != b.0 && a.1 < b.2 && b.1 < a.2));
        let several = upper.len() >= 2 && others.len() >= 2;
        (measured && !priced && crossed && several && place(&lower, Column::Description).is_none())
            .then(|| Self { upper: upper.iter().map(|c| (c.1, c.2)).collect(), text, amount })
    }

    /// The rows below the header: upper line, and its lower one.
    fn rows(&self, layout: &Layout, from: usize) -> HashMap<usize, usize> {
        let mut rows = HashMap::new();
        let mut named: Option<usize> = None;
        for line in from..layout.lines.len() {
            let segments = &layout.segments[layout.lines[line].clone()];
            if self.is_lower(segments) {
                if let Some(upper) = named.take().filter(|n| line - n <= BETWEEN) {
                    rows.insert(upper, line);
                }
            } else if self.is_upper(segments) {
                named = Some(line);
            }
        }
        rows
    }

    /// A number below the first column, and a text below that of names.
    fn is_upper(&self, segments: &[Segment]) -> bool {
        let words = || segments.iter().flat_map(|s| s.read().zip(&s.words).map(|((t, _), (_, b))| (t, *b)));
        let number = |text: &str| text.contains(|c: char| c.is_ascii_digit());
        let first = words().next().is_some_and(|(text, b)| {
            let begins = self.upper.first().is_some_and(|c| *c != self.text && overlaps(*c, &b));
            begins && number(text)
        });
        first && words().any(|(text, b)| text.contains(char::is_alphabetic) && b[2] > self.text.0)
    }

    /// An amount below that of the header, and another number before it.
    fn is_lower(&self, segments: &[Segment]) -> bool {
        let words = segments.iter().flat_map(|s| s.read().zip(&s.words).map(|((t, _), (_, b))| (t, *b)));
        let numbers: Vec<Box4> = words.filter(|(t, _)| money::parse(t).is_some()).map(|(_, b)| b).collect();
        let wide = (self.amount.0 - 30.0, self.amount.1 + 30.0);
        numbers.len() >= 2
            && numbers.last().is_some_and(|b| overlaps(wide, b))
            && numbers[0][2] < self.amount.0 - 30.0
    }
}

fn overlaps(column: (f32, f32), bbox: &Box4) -> bool {
    bbox[0] < column.1 && bbox[2] > column.0
}

fn moved(mut segment: Segment, right: f32) -> Segment {
    let by = |bbox: &mut Box4| {
        bbox[0] += right;
        bbox[2] += right;
    };
    by(&mut segment.bbox);
    segment.words.iter_mut().for_each(|w| by(&mut w.1));
    segment
}

#[cfg(test)]
mod tests {
    use super::Folded;
    use crate::local::lexicon::Lexicon;
    use crate::local::table::{Column, Reader};
    use crate::local::tests::drawn;

    /// A header of two lines, rows of two lines, and texts between them.
    const ORDER: [(f32, f32, &str); 13] = [
        (40.0, 100.0, "Pos."),
        (80.0, 100.0, "Material"),
        (180.0, 100.0, "Bezeichnung"),
        (80.0, 112.0, "Menge"),
        (180.0, 112.0, "Preis"),
        (300.0, 112.0, "Wert"),
        (40.0, 130.0, "00010"),
        (80.0, 130.0, "914-M8X20"),
        (180.0, 130.0, "Gewindestift verzinkt"),
        (180.0, 142.0, "blau passiviert"),
        (80.0, 154.0, "20 ST"),
        (180.0, 154.0, "1,50"),
        (300.0, 154.0, "30,00"),
    ];

    #[test]
    fn rows_of_two_lines_are_one_row_each_and_keep_their_places() {
        let second = [
            (40.0, 170.0, "00020"),
            (80.0, 170.0, "ISO8752-6X40"),
            (180.0, 170.0, "Spannhülse"),
            (80.0, 182.0, "4 ST"),
            (180.0, 182.0, "2,00"),
            (300.0, 182.0, "8,00"),
            (80.0, 200.0, "Summe Positionen"),
            (300.0, 200.0, "38,00"),
        ];
        let lexicon = Lexicon::new(&[]);
        let mut reader = Reader::new(&lexicon, 10);
        reader.feed(&drawn(&[&ORDER[..], &second].concat()));
        let rows = reader.take_rows();
        let of = |column| rows.iter().map(|r| r.cells[&column].value.as_str()).collect::<Vec<_>>();
        assert_eq!(of(Column::Description), ["Gewindestift verzinkt", "Spannhülse"]);
        assert_eq!(of(Column::ArticleNo), ["914-M8X20", "ISO8752-6X40"]);
        assert_eq!(of(Column::Quantity), ["20", "4"]);
        assert_eq!(of(Column::UnitPrice), ["1.50", "2.00"]);
        assert_eq!(of(Column::LineTotal), ["30.00", "8.00"]);
        let place = rows[1].cells[&Column::LineTotal].bbox;
        let near = place.iter().zip([300.0, 182.0, 320.0, 192.0]).all(|(a, b)| (a - b).abs() < 0.1);
        assert!(near, "{place:?}");
    }

    #[test]
    fn a_header_of_two_lines_over_the_same_columns_is_left_alone() {
        let lines = [
            (40.0, 100.0, "Description"),
            (180.0, 100.0, "Quantity"),
            (300.0, 100.0, "Unit"),
            (400.0, 100.0, "Line"),
            (300.0, 112.0, "price"),
            (400.0, 112.0, "total"),
            (40.0, 130.0, "7 Bolts"),
            (180.0, 130.0, "4"),
            (300.0, 130.0, "2.00"),
            (400.0, 130.0, "8.00"),
        ];
        assert!(Folded::of(&drawn(&lines)).is_none());
        // Without a row there is nothing to fold.
        assert!(Folded::of(&drawn(&ORDER[..6])).is_none());
    }
}
