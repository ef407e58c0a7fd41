//! Words of a page as lines and segments.
//!
//! Owns geometry: what stands beside and above what. Knows no field. Rule: a segment is what a reader takes in at once,
//! words on one line with no more than word space between them; a gap wider than that separates columns.

use super::lexicon::plain;
use crate::extract::PageText;
use docmill_contracts::{TextSource, Word};
use std::borrow::Cow;

/// x0, y0, x1, y1 in points of the upright page.
pub type Box4 = [f32; 4];

/// Most words of one page that are looked at.
const MAX_WORDS: usize = 20_000;

/// Most words of one segment: what is compared with all before it on its line stays bounded.
const MAX_SEGMENT: usize = 120;

/// Words that stand together on one line.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Line, from 0 at the top.
    pub line: usize,
    /// Words joined by single spaces.
    pub text: String,
    /// [`plain`] form of the text.
    pub plain: String,
    /// Place on the page.
    pub bbox: Box4,
    /// Last words of the plain form; see [`tail`].
    pub tail: String,
    /// Where each word begins in `text`, and its place.
    pub words: Vec<(usize, Box4)>,
    /// Plain form of each word.
    plains: Vec<String>,
    /// How surely each word was read, 0..=1.
    sure: Vec<f32>,
}

impl Segment {
    /// Height of the letters in points.
    pub fn height(&self) -> f32 {
        (self.bbox[3] - self.bbox[1]).max(1.0)
    }

    /// Its words with how surely each was read, 0..=1.
    pub fn read(&self) -> impl Iterator<Item = (&str, f32)> {
        let ends = self.words.iter().skip(1).map(|w| w.0).chain([self.text.len()]);
        let texts = self.words.iter().zip(ends).map(|(w, end)| self.text.get(w.0..end).unwrap_or("").trim());
        texts.zip(self.sure.iter().copied())
    }

    /// The place of the bytes `start..end` of the text, by whole words.
    pub fn place(&self, start: usize, end: usize) -> Box4 {
        let mut place: Option<Box4> = None;
        for (i, (at, bbox)) in self.words.iter().enumerate() {
            let until = self.words.get(i + 1).map_or(self.text.len(), |next| next.0);
            if *at < end && until > start {
                place = Some(place.map_or(*bbox, |p| union(p, *bbox)));
            }
        }
        place.unwrap_or(self.bbox)
    }

    /// The plain form of the words whose places overlap `x0..x1`.
    pub fn plain_within(&self, x0: f32, x1: f32) -> Cow<'_, str> {
        let overlaps = |bbox: &Box4| bbox[2] > x0 && bbox[0] < x1;
        if self.words.iter().all(|(_, bbox)| overlaps(bbox)) {
            return Cow::Borrowed(&self.plain);
        }
        let words = self.words.iter().zip(&self.plains);
        Cow::Owned(joined(words.filter(|((_, bbox), _)| overlaps(bbox)).map(|(_, plain)| plain)))
    }
}

fn joined<'a>(words: impl Iterator<Item = &'a String>) -> String {
    let mut out = String::new();
    for word in words.filter(|w| !w.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A page as segments in reading order.
#[derive(Debug, Clone)]
pub struct Layout {
    /// From 1.
    pub page_no: i32,
    /// Points.
    pub width: f32,
    /// Points.
    pub height: f32,
    /// Where the words come from.
    pub source: TextSource,
    /// From top to bottom, each line from left to right.
    pub segments: Vec<Segment>,
    /// Segments of each line.
    pub lines: Vec<std::ops::Range<usize>>,
    /// Points down per point to the right of the lines as they are on the page: here they are level.
    pub slope: f32,
}

impl Layout {
    /// Lays out the words of a page.
    pub fn of(page: &PageText) -> Self {
        let sane = |w: &&Word| w.bbox.iter().all(|v| v.is_finite()) && !w.text.is_empty();
        let mended =
            if page.source == TextSource::Ocr { mended(&page.words) } else { Cow::Borrowed(&page.words[..]) };
        let mut words: Vec<&Word> = mended.iter().filter(sane).take(MAX_WORDS).collect();
        words.sort_by(|a, b| (a.bbox[1] + a.bbox[3]).total_cmp(&(b.bbox[1] + b.bbox[3])));
        let mut rows: Vec<(f32, f32, Vec<&Word>)> = Vec::new();
        for word in words {
            let (middle, height) =
                (f32::midpoint(word.bbox[1], word.bbox[3]), (word.bbox[3] - word.bbox[1]).max(1.0));
            // Only the last few rows can be near: words come from the top down.
            let near = rows
                .iter_mut()
                .rev()
                .take(4)
                .find(|(m, h, _)| (middle - *m).abs() < 0.45 * h.min(height).max(3.0));
            match near {
                Some((m, h, row)) => {
                    let n = row.len() as f32;
                    *m = (*m * n + middle) / (n + 1.0);
                    *h = h.max(height);
                    row.push(word);
                }
                None => rows.push((middle, height, vec![word])),
            }
        }
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut layout = Self {
            page_no: page.page_no,
            width: page.width.max(1.0),
            height: page.height.max(1.0),
            source: page.source,
            segments: Vec::new(),
            lines: Vec::new(),
            slope: 0.0,
        };
        for (line, (_, _, mut row)) in rows.into_iter().enumerate() {
            row.sort_by(|a, b| a.bbox[0].total_cmp(&b.bbox[0]));
            let from = layout.segments.len();
            let mut start = 0;
            for i in 1..=row.len() {
                let long = i - start >= MAX_SEGMENT;
                if i == row.len() || long || apart(row[i - 1], row[i], layout.source) {
                    layout.segments.push(segment(line, &row[start..i]));
                    start = i;
                }
            }
            layout.lines.push(from..layout.segments.len());
        }
        layout
    }

    /// How surely all words in a place were read, 0..=1; a text layer is taken at its word.
    pub fn surely_read(&self, place: Box4) -> f32 {
        if self.source != TextSource::Ocr {
            return 1.0;
        }
        let inside = |b: &Box4| {
            let (x, y) = (f32::midpoint(b[0], b[2]), f32::midpoint(b[1], b[3]));
            (place[0]..=place[2]).contains(&x) && (place[1]..=place[3]).contains(&y)
        };
        let near = self.segments.iter().filter(|s| s.bbox[1] <= place[3] && s.bbox[3] >= place[1]);
        let words = near.flat_map(|s| s.words.iter().zip(&s.sure));
        words.filter(|((_, bbox), _)| inside(bbox)).map(|(_, sure)| sure).product()
    }

    /// The part of the page above a line.
    #[must_use]
    pub fn before(&self, line: usize) -> Self {
        let lines = self.lines[..line.min(self.lines.len())].to_vec();
        let end = lines.last().map_or(0, |l| l.end);
        Self { segments: self.segments[..end].to_vec(), lines, ..*self }
    }

    /// The segments to the left of a place on the same height, nearest first.
    pub fn left_of(&self, place: Box4) -> impl Iterator<Item = &Segment> {
        let mut found: Vec<&Segment> = self
            .segments
            .iter()
            .filter(|s| {
                s.bbox[2] <= place[0] + 1.5 && overlap(s.bbox[1], s.bbox[3], place[1], place[3]) > 0.5
            })
            .collect();
        found.sort_by(|a, b| b.bbox[2].total_cmp(&a.bbox[2]));
        found.into_iter()
    }

    /// The segments above a place that overlap it from left to right, nearest first. What stands below a label may be
    /// indented.
    pub fn above(&self, place: Box4) -> impl Iterator<Item = &Segment> {
        let height = (place[3] - place[1]).max(1.0);
        let mut found: Vec<&Segment> = self
            .segments
            .iter()
            .enumerate()
            .filter(|(i, s)| {
                s.bbox[3] <= place[1] + 0.4 * height
                    && s.bbox[0] < place[2]
                    && (s.bbox[2] > place[0] || self.reaches(*i) > place[0])
            })
            .map(|(_, s)| s)
            .collect();
        found.sort_by(|a, b| b.bbox[3].total_cmp(&a.bbox[3]));
        found.into_iter()
    }

    /// How far to the right a label reaches over what stands indented below it: not over what stands beside it.
    fn reaches(&self, index: usize) -> f32 {
        let segment = &self.segments[index];
        let right = segment.bbox[2] + 3.0 * segment.height();
        let beside = self.segments.get(index + 1).filter(|s| s.line == segment.line);
        let free = beside.is_none_or(|s| s.bbox[0] > right);
        if free && segment.text.ends_with(':') { right } else { segment.bbox[2] }
    }

    /// The lines of text that begin at `first` and go on below it in the same column: at most `most`.
    pub fn block(&self, first: usize, most: usize) -> Vec<usize> {
        let mut block = vec![first];
        let mut last = &self.segments[first];
        while block.len() < most {
            let next = self.segments.iter().enumerate().skip(first + 1).filter(|(_, s)| {
                let gap = s.bbox[1] - last.bbox[3];
                let height = last.height().max(s.height());
                let aligned = (s.bbox[0] - last.bbox[0]).abs() < 0.8 * height
                    || ((s.bbox[0] + s.bbox[2]) - (last.bbox[0] + last.bbox[2])).abs() < 1.6 * height
                    || (s.bbox[2] - last.bbox[2]).abs() < 0.4 * height;
                s.line > last.line && gap > -0.4 * height && gap < 1.1 * height && aligned
            });
            match next.min_by(|a, b| a.1.bbox[1].total_cmp(&b.1.bbox[1])) {
                Some((i, segment)) => {
                    block.push(i);
                    last = segment;
                }
                None => break,
            }
        }
        block
    }
}

/// A text layer gives boxes as high as the font, OCR as high as the letters.
/// The words with amounts together that were read in two parts: `91,` and `50`, nearer to each other than words are.
fn mended(words: &[Word]) -> Cow<'_, [Word]> {
    let parted = |a: &Word, b: &Word| {
        let height = (a.bbox[3] - a.bbox[1]).min(b.bbox[3] - b.bbox[1]);
        let gap = b.bbox[0] - a.bbox[2];
        let (mut front, mut back) = (a.text.chars().rev(), b.text.chars());
        a.line == b.line
            && (-0.5 * height..0.3 * height).contains(&gap)
            && matches!(front.next(), Some(',' | '.'))
            && front.next().is_some_and(|c| c.is_ascii_digit())
            && back.by_ref().take(2).filter(char::is_ascii_digit).count() == 2
            && !back.any(|c| c.is_ascii_digit())
    };
    if !words.windows(2).any(|pair| parted(&pair[0], &pair[1])) {
        return Cow::Borrowed(words);
    }
    let mut all: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        match all.last_mut().filter(|last| parted(last, word)) {
            Some(last) => {
                last.text.push_str(&word.text);
                last.bbox = union(last.bbox, word.bbox);
                last.confidence = last.confidence.min(word.confidence);
            }
            None => all.push(word.clone()),
        }
    }
    Cow::Owned(all)
}

fn apart(a: &Word, b: &Word, source: TextSource) -> bool {
    let wide = if source == TextSource::Ocr { 0.85 } else { 0.6 };
    let height = (a.bbox[3] - a.bbox[1]).min(b.bbox[3] - b.bbox[1]).clamp(4.0, 40.0);
    // In a monospaced font a space is as wide as a letter.
    let letters = |w: &Word| (w.bbox[2] - w.bbox[0]) / w.text.chars().count().max(1) as f32;
    let letter = letters(a).min(letters(b));
    b.bbox[0] - a.bbox[2] > (wide * height).max(1.3 * letter)
}

fn segment(line: usize, words: &[&Word]) -> Segment {
    let mut text = String::new();
    let mut places = Vec::with_capacity(words.len());
    let mut bbox: Option<Box4> = None;
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        places.push((text.len(), word.bbox));
        text.push_str(&word.text);
        bbox = Some(bbox.map_or(word.bbox, |b| union(b, word.bbox)));
    }
    // Words are plain each for itself, so that the plain form of some of them costs no more than joining.
    let plains: Vec<String> = words.iter().map(|w| plain(&w.text)).collect();
    let plain = joined(plains.iter());
    let tail = tail(&plain).into_owned();
    let sure = words.iter().map(|w| w.confidence.clamp(0.0, 1.0)).collect();
    Segment { line, plain, tail, text, bbox: bbox.unwrap_or_default(), words: places, plains, sure }
}

/// The last words of a plain text, at most six; those with digits say nothing, where there are others.
pub fn tail(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        let start = text.rmatch_indices(' ').nth(5).map_or(0, |(at, _)| at + 1);
        return Cow::Borrowed(text.get(start..).unwrap_or(text));
    }
    let worded = |w: &&str| !w.bytes().any(|b| b.is_ascii_digit());
    let mut words: Vec<&str> = text.split(' ').filter(worded).collect();
    if words.is_empty() {
        words = text.split(' ').collect();
    }
    Cow::Owned(words[words.len().saturating_sub(6)..].join(" "))
}

/// The smallest box around two.
pub fn union(a: Box4, b: Box4) -> Box4 {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// Share of the shorter interval that two intervals have in common.
fn overlap(a0: f32, a1: f32, b0: f32, b1: f32) -> f32 {
    (a1.min(b1) - a0.max(b0)) / (a1 - a0).min(b1 - b0).max(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_read_in_two_parts_is_one() {
        let word = |text: &str, x0: f32, x1: f32| Word {
            text: text.into(),
            bbox: [x0, 10.0, x1, 26.0],
            confidence: 0.9,
            line: 3,
        };
        let words = [
            word("91,", 10.0, 38.0),
            word("50", 41.0, 59.0),
            word("12,", 90.0, 110.0),
            word("50", 120.0, 138.0),
        ];
        let texts: Vec<String> = mended(&words).iter().map(|w| w.text.clone()).collect();
        assert_eq!(texts, ["91,50", "12,", "50"]);
        assert!(matches!(mended(&words[2..]), Cow::Borrowed(_)));
    }

    #[test]
    fn a_line_of_thousands_of_words_is_many_segments() {
        let word = |i: u16| {
            let x = f32::from(i);
            Word { text: "word".into(), bbox: [x, 10.0, x + 0.9, 20.0], confidence: 1.0, line: 0 }
        };
        let words: Vec<Word> = (0..500).map(word).collect();
        let page = PageText { page_no: 1, width: 595.0, height: 842.0, source: TextSource::TextLayer, words };
        let layout = Layout::of(&page);
        assert_eq!(layout.lines.len(), 1);
        assert!(layout.segments.iter().all(|s| s.words.len() <= MAX_SEGMENT));
        assert_eq!(layout.segments.iter().map(|s| s.words.len()).sum::<usize>(), 500);
    }
}
