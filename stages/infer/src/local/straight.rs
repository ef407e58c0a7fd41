//! Pages that were scanned askew: their lines made level again, for those who read whole rows.
//!
//! Owns the slope of a page. Knows no field. Rule: a row of a table is as wide as the page, where half a degree is more than
//! half a line; a label and its value stand near to each other. So only tables are read from level lines, and the places
//! in a result are always those on the page.

use super::layout::{Box4, Layout};
use crate::extract::PageText;
use docmill_contracts::{TextSource, Word};

/// Steeper pages were turned before they were read.
const STEEPEST: f32 = 0.06;
/// Slopes below this one put no word into another line.
const LEVEL: f32 = 0.0015;
/// Fewer neighbours say nothing of a slope.
const FEWEST: usize = 10;
/// Lines that are measured reach over this share of the page.
const WIDE: f32 = 0.3;

/// Pages that were photographed askew are read from level lines altogether from this slope on.
const ASKEW: f32 = 0.01;
/// Most words of a page that was photographed.
const MOST: usize = 800;
/// So much better lines have to be than they are on the page.
const BETTER: f32 = 1.2;

/// Lays out a page. The lines of one that was photographed askew are made level first: its labels and values stand on lines as wide
/// as the page.
pub(crate) fn laid_out(page: &PageText) -> Layout {
    let layout = Layout::of(page);
    match by_lines(&layout).filter(|slope| slope.abs() >= ASKEW) {
        Some(slope) => Layout { slope, ..levelled(&layout, slope) },
        None => layout,
    }
}

/// Where a place on a page that was made level is on the page as it is.
pub(crate) fn on_page(slope: f32, bbox: Box4) -> Box4 {
    if slope == 0.0 { bbox } else { Straight::back(slope, bbox) }
}

/// The slope at which words stand in the clearest lines, for pages of words that OCR read.
fn by_lines(layout: &Layout) -> Option<f32> {
    const STEPS: i16 = 24;
    const STEP: f32 = 0.0025;
    let words: Vec<Box4> = layout.segments.iter().flat_map(|s| s.words.iter().map(|w| w.1)).collect();
    if layout.source != TextSource::Ocr || words.len() < FEWEST || words.len() > MOST {
        return None;
    }
    let mut heights: Vec<f32> = words.iter().map(|b| b[3] - b[1]).collect();
    heights.sort_by(f32::total_cmp);
    let reach = 0.25 * heights[heights.len() / 2].max(2.0);
    let clear = |slope: f32| {
        let mut ys: Vec<f32> = words.iter().map(middle).map(|(x, y)| y - slope * x).collect();
        ys.sort_by(f32::total_cmp);
        let near = |(i, y): (usize, &f32)| -> f32 {
            ys[i + 1..].iter().map(|z| z - y).take_while(|d| *d < reach).map(|d| 1.0 - d / reach).sum()
        };
        ys.iter().enumerate().map(near).sum::<f32>()
    };
    let level = clear(0.0);
    let slopes = (-STEPS..=STEPS).map(|n| f32::from(n) * STEP);
    let best =
        slopes.map(|s| (clear(s), s)).reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    let finer = [-0.5, 0.5].map(|part| best.1 + part * STEP).map(|s| (clear(s), s));
    let best = finer.into_iter().fold(best, |best, next| if next.0 > best.0 { next } else { best });
    (best.0 > BETTER * level).then_some(best.1)
}

/// A page with level lines.
pub(crate) struct Straight {
    pub(crate) layout: Layout,
    /// Points down per point to the right.
    slope: f32,
}

impl Straight {
    /// None where the lines of a page are level.
    pub(crate) fn of(layout: &Layout) -> Option<Self> {
        let rough = between_neighbours(layout)?;
        let first = levelled(layout, rough);
        // Neighbours are near to each other, so that their slope is rough; whole lines are exact.
        let slope = rough + along_lines(&first);
        (slope.abs() >= LEVEL).then(|| Self { layout: levelled(layout, slope), slope })
    }

    /// Where a place on the level page is on the page as it is.
    pub(crate) fn place(&self, bbox: Box4) -> Box4 {
        Self::back(self.slope, bbox)
    }

    fn back(slope: f32, bbox: Box4) -> Box4 {
        let half = slope.abs() * (bbox[2] - bbox[0]) / 2.0;
        let [x0, y0, x1, y1] = turned(bbox, slope);
        [x0, y0 - half, x1, y1 + half]
    }
}

/// A page laid out as if its lines had no slope.
fn levelled(layout: &Layout, slope: f32) -> Layout {
    let words = layout.segments.iter().flat_map(|segment| {
        segment.read().zip(&segment.words).map(|((text, sure), (_, bbox))| Word {
            text: text.to_owned(),
            bbox: turned(*bbox, -slope),
            confidence: sure,
            line: 0,
        })
    });
    Layout::of(&PageText {
        page_no: layout.page_no,
        width: layout.width,
        height: layout.height,
        source: layout.source,
        words: words.collect(),
    })
}

/// A word where it is when the page is turned by a small angle: words do not turn, their middles do.
fn turned(bbox: Box4, slope: f32) -> Box4 {
    let (x, y) = middle(&bbox);
    let (right, down) = (-slope * y, slope * x);
    [bbox[0] + right, bbox[1] + down, bbox[2] + right, bbox[3] + down]
}

/// Middle of a place.
fn middle(bbox: &Box4) -> (f32, f32) {
    (f32::midpoint(bbox[0], bbox[2]), f32::midpoint(bbox[1], bbox[3]))
}

/// The slope that most words have to the next one; none where most stand level, as on all pages that were never paper.
fn between_neighbours(layout: &Layout) -> Option<f32> {
    let pairs = layout.segments.iter().flat_map(|s| s.words.windows(2));
    let mut slopes: Vec<f32> = pairs
        .filter_map(|pair| {
            let ((x0, y0), (x1, y1)) = (middle(&pair[0].1), middle(&pair[1].1));
            (x1 - x0 > 4.0).then(|| (y1 - y0) / (x1 - x0))
        })
        .collect();
    let exact = slopes.iter().filter(|s| s.abs() < 0.001).count();
    if slopes.len() < FEWEST || 2 * exact > slopes.len() {
        return None;
    }
    slopes.sort_by(f32::total_cmp);
    Some(slopes[slopes.len() / 2]).filter(|s| s.abs() < STEEPEST)
}

/// The slope that is left in lines over a good part of the page.
fn along_lines(layout: &Layout) -> f32 {
    let mut slopes: Vec<f32> = Vec::new();
    for line in &layout.lines {
        let points: Vec<(f32, f32)> =
            layout.segments[line.clone()].iter().flat_map(|s| &s.words).map(|w| middle(&w.1)).collect();
        let count = points.len() as f32;
        let span = points.last().map_or(0.0, |l| l.0) - points.first().map_or(0.0, |f| f.0);
        if points.len() < 3 || span < WIDE * layout.width {
            continue;
        }
        let (x, y) = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / count, sum.1 + p.1 / count));
        let (up, down) = points
            .iter()
            .fold((0.0, 0.0), |sum, p| (sum.0 + (p.0 - x) * (p.1 - y), sum.1 + (p.0 - x) * (p.0 - x)));
        slopes.push(up / down.max(1.0));
    }
    slopes.sort_by(f32::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{Straight, laid_out, on_page};
    use crate::extract::PageText;
    use crate::local::layout::Layout;
    use docmill_contracts::{TextSource, Word};

    /// Lines of words in the given columns, at a slope.
    fn page(slope: f32) -> Layout {
        let word = |row: usize, column: usize| {
            let (x, y) = (40.0 + 44.0 * column as f32, 100.0 + 15.0 * row as f32);
            let down = slope * (x + 20.0);
            Word {
                text: format!("word{column}"),
                bbox: [x, y + down, x + 40.0, y + 10.0 + down],
                confidence: 1.0,
                line: 0,
            }
        };
        let words = (0..12).flat_map(|row| (0..8).map(move |column| word(row, column))).collect();
        let source = TextSource::Ocr;
        Layout::of(&PageText { page_no: 1, width: 595.0, height: 842.0, source, words })
    }

    #[test]
    fn a_page_askew_has_its_rows_again() {
        for slope in [-0.03, -0.02, 0.02, 0.03] {
            let askew = page(slope);
            let straight = Straight::of(&askew).unwrap();
            let words = |line: &std::ops::Range<usize>| {
                straight.layout.segments[line.clone()].iter().map(|s| s.words.len()).sum::<usize>()
            };
            let counts: Vec<usize> = straight.layout.lines.iter().map(words).collect();
            assert_eq!(counts, [8; 12], "{slope}");
            let word = straight.layout.segments[0].words[0].1;
            let place = straight.place(word);
            let on_page = askew
                .segments
                .iter()
                .flat_map(|s| &s.words)
                .any(|w| w.1.iter().zip(place).all(|(a, b)| (a - b).abs() < 1.0));
            assert!(on_page, "{slope}: {place:?}");
        }
    }

    #[test]
    fn a_slip_askew_has_its_labels_and_values_on_one_line() {
        let slip = |slope: f32| {
            let word = |text: String, x: f32, y: f32| Word {
                bbox: [x, y + slope * (x + 15.0), x + 30.0, y + 12.0 + slope * (x + 15.0)],
                text,
                confidence: 1.0,
                line: 0,
            };
            let row = |n: usize| {
                let y = 40.0 + 15.0 * n as f32;
                [word(format!("Item{n}"), 20.0, y), word(format!("{n}.50"), 230.0, y)]
            };
            let words = (0..8).flat_map(row).collect();
            laid_out(&PageText { page_no: 1, width: 280.0, height: 600.0, source: TextSource::Ocr, words })
        };
        for slope in [-0.045, 0.03, 0.05] {
            let page = slip(slope);
            assert!((page.slope - slope).abs() < 0.004, "{slope}: {}", page.slope);
            assert_eq!(page.lines.iter().map(ExactSizeIterator::len).collect::<Vec<_>>(), [2; 8], "{slope}");
            let value = page.segments[1].words[0].1;
            let place = on_page(page.slope, value);
            assert!((f32::midpoint(place[1], place[3]) - (46.0 + slope * 245.0)).abs() < 2.0, "{place:?}");
        }
        assert!(slip(0.0).slope.abs() < 0.001);
    }

    #[test]
    fn a_level_page_is_left_alone() {
        assert!(Straight::of(&page(0.0)).is_none());
        assert!(Straight::of(&page(0.0005)).is_none());
    }
}
