//! The words of a page in reading order, and one string of their letters and digits that is searched.

use super::{Row, suspect};
use crate::extract::PageText;
use docmill_contracts::{TextSource, Word};
use docmill_document::{date, money};
use std::ops::Range;

/// Least height of a word that a person can see, in points.
const LEAST_HEIGHT: f32 = 2.0;
/// Most words of one page that are searched.
const MAX_WORDS: usize = 20_000;

/// One word.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) bbox: [f32; 4],
    confidence: f32,
    row: usize,
    /// True where it is meant for a language model.
    pub(super) suspect: bool,
}

impl Token {
    fn height(&self) -> f32 {
        (self.bbox[3] - self.bbox[1]).max(1.0)
    }
}

/// Words from one to another, with the bytes at which the first begins and the last ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    first: usize,
    start: usize,
    last: usize,
    end: usize,
    /// True where no part of a word is left over but marks.
    pub(super) whole: bool,
}

/// A page, ready to be searched.
#[derive(Debug)]
pub(super) struct PageIndex {
    pub(super) page_no: i32,
    pub(super) source: TextSource,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) tokens: Vec<Token>,
    rows: Vec<Range<usize>>,
    /// Letters and digits of all words, folded.
    stream: String,
    /// Word and byte within it, for each byte of the stream.
    owners: Vec<(u32, u32)>,
}

/// Lower-case letters without accents, and digits.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| fold_char(c, &mut out));
    out
}

fn fold_char(c: char, out: &mut String) {
    for c in c.to_lowercase() {
        match c {
            'ä' | 'á' | 'à' | 'â' | 'ã' | 'å' => out.push('a'),
            'ö' | 'ó' | 'ò' | 'ô' | 'õ' | 'ő' | 'ø' => out.push('o'),
            'ü' | 'ú' | 'ù' | 'û' | 'ű' => out.push('u'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'í' | 'î' | 'ï' | 'ì' => out.push('i'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            'ß' => out.push_str("ss"),
            'ﬁ' => out.push_str("fi"),
            'ﬂ' => out.push_str("fl"),
            c if c.is_alphanumeric() => out.push(c),
            _ => {}
        }
    }
}

pub(super) fn union(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

impl PageIndex {
    /// Indexes a page; also says how many words were left out because nobody can see them.
    pub(super) fn of(page: &PageText) -> (Self, usize) {
        let visible = |w: &&Word| {
            let b = w.bbox;
            b.iter().all(|v| v.is_finite())
                && b[3] - b[1] >= LEAST_HEIGHT
                && b[2] > 0.0
                && b[3] > 0.0
                && (page.width <= 0.0 || b[0] < page.width)
                && (page.height <= 0.0 || b[1] < page.height)
        };
        let some = page.words.iter().filter(|w| !w.text.is_empty());
        let hidden = some.clone().filter(|w| !visible(w)).count();
        let rows = rows(some.filter(visible).take(MAX_WORDS).collect());
        let mut index = Self {
            page_no: page.page_no,
            source: page.source,
            width: page.width,
            height: page.height,
            tokens: Vec::new(),
            rows: Vec::new(),
            stream: String::new(),
            owners: Vec::new(),
        };
        for (row, words) in rows.into_iter().enumerate() {
            let from = index.tokens.len();
            for word in words {
                index.push(word, row);
            }
            index.rows.push(from..index.tokens.len());
        }
        index.mark_suspects();
        (index, hidden)
    }

    fn push(&mut self, word: &Word, row: usize) {
        let no = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        for (at, c) in word.text.char_indices() {
            fold_char(c, &mut self.stream);
            self.owners.resize(self.stream.len(), (no, u32::try_from(at).unwrap_or(u32::MAX)));
        }
        let confidence = if word.confidence.is_finite() { word.confidence.clamp(0.0, 1.0) } else { 0.0 };
        self.tokens.push(Token { text: word.text.clone(), bbox: word.bbox, confidence, row, suspect: false });
    }

    /// Rows that speak to a language model, and what goes on from them.
    fn mark_suspects(&mut self) {
        let texts: Vec<String> = self.row_texts().collect();
        let mut goes_on = 0;
        for (no, text) in texts.iter().enumerate() {
            let range = self.rows[no].clone();
            if suspect::speaks_to_a_model(text) {
                goes_on = 3;
            } else if goes_on > 0 && self.follows(no) {
                goes_on -= 1;
            } else {
                goes_on = 0;
                continue;
            }
            self.tokens[range].iter_mut().for_each(|t| t.suspect = true);
        }
    }

    /// Whether a row is the next line of the paragraph of the row before.
    fn follows(&self, no: usize) -> bool {
        let head = |no: usize| self.tokens.get(self.rows.get(no)?.start);
        let (Some(above), Some(here)) = (no.checked_sub(1).and_then(head), head(no)) else { return false };
        let gap = here.bbox[1] - above.bbox[3];
        (here.bbox[0] - above.bbox[0]).abs() < 3.0 * above.height() && gap < 0.9 * above.height()
    }

    pub(super) fn row_texts(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|r| {
            let words: Vec<&str> = self.tokens[r.clone()].iter().map(|t| t.text.as_str()).collect();
            words.join(" ")
        })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let words =
            |r: &Range<usize>| self.tokens[r.clone()].iter().map(|t| (t.text.as_str(), t.bbox)).collect();
        self.rows.iter().map(move |r| Row { words: words(r) })
    }

    /// Where the folded text stands, at the borders of words or of numbers.
    pub(super) fn spans(&self, needle: &str, most: usize) -> Vec<Span> {
        let mut found = Vec::new();
        let mut from = 0;
        while !needle.is_empty() && found.len() < most {
            let Some(hit) = self.stream.get(from..).and_then(|s| s.find(needle)) else { break };
            let (start, end) = (from + hit, from + hit + needle.len());
            found.extend(self.span(start, end));
            from = start + self.stream[start..].chars().next().map_or(1, char::len_utf8);
        }
        found
    }

    fn span(&self, start: usize, end: usize) -> Option<Span> {
        if !self.border(start) || !self.border(end) {
            return None;
        }
        let (first, from) = *self.owners.get(start)?;
        let (last, to) = *self.owners.get(end.checked_sub(1)?)?;
        let (first, last) = (first as usize, last as usize);
        let tail = self.tokens.get(last)?.text.get(to as usize..)?;
        let end = to as usize + tail.chars().next().map_or(0, char::len_utf8);
        Some(self.widened(Span { first, start: from as usize, last, end, whole: false }))
    }

    /// Takes in the marks around: the words of a value end where letters and digits do.
    fn widened(&self, span: Span) -> Span {
        let bare = |text: &str| !text.chars().any(char::is_alphanumeric);
        let (head, tail) =
            (&self.tokens[span.first].text[..span.start], &self.tokens[span.last].text[span.end..]);
        let (left, right) = (bare(head), bare(tail));
        Span {
            start: if left { 0 } else { span.start },
            end: if right { self.tokens[span.last].text.len() } else { span.end },
            whole: left && right,
            ..span
        }
    }

    /// Whether a word, or a number within a word, begins or ends at this byte of the stream.
    fn border(&self, at: usize) -> bool {
        let (Some(before), Some(here)) =
            (at.checked_sub(1).and_then(|b| self.owners.get(b)), self.owners.get(at))
        else {
            return true;
        };
        if before.0 != here.0 {
            return true;
        }
        // One letter may be two bytes, or two letters: ß.
        if before.1 == here.1 {
            return false;
        }
        let text = &self.tokens[here.0 as usize].text;
        let Some(piece) = text.get(before.1 as usize..here.1 as usize) else { return false };
        let next = text[here.1 as usize..].chars().next();
        let mut chars = piece.chars();
        let (Some(a), Some(b)) = (chars.next(), next) else { return false };
        let between = chars.as_str();
        let digits = (a.is_ascii_digit(), b.is_ascii_digit());
        if between.is_empty() {
            return digits.0 != digits.1;
        }
        // `1,234.00` is one number, `1/234` are two.
        digits != (true, true) || !between.chars().all(|c| matches!(c, '.' | ',' | '\'' | '’' | '\u{a0}'))
    }

    /// An amount with its sign. None where it is only a part of a number: `234,00` of `1 234,00`.
    pub(super) fn with_signs(&self, span: &Span) -> Option<Span> {
        let mut span = *span;
        let close = |a: &Token, b: &Token| {
            a.row == b.row && b.bbox[0] - a.bbox[2] < 0.45 * a.height().min(b.height())
        };
        let digits = |t: &str| (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        let first = self.tokens.get(span.first)?;
        if let Some(before) = span.first.checked_sub(1).and_then(|i| self.tokens.get(i)) {
            let near = close(before, first);
            let group = first.text.get(span.start..)?.bytes().take_while(u8::is_ascii_digit).count() == 3;
            if near && group && span.start == 0 && digits(&before.text) {
                return None;
            }
            if near && span.start == 0 && matches!(before.text.as_str(), "-" | "−" | "–") {
                (span.first, span.start) = (span.first - 1, 0);
            }
        }
        let last = self.tokens.get(span.last)?;
        if let Some(after) = self.tokens.get(span.last + 1) {
            let group = after.text.bytes().take_while(u8::is_ascii_digit).count() == 3;
            let open = digits(&last.text) && after.text.get(3..4).is_none_or(|c| matches!(c, "." | ","));
            if close(last, after) && group && open {
                return None;
            }
        }
        // A currency that is written without a space belongs to the word: `5.00EUR`, `€5.00`.
        let all = Span { start: 0, end: self.tokens[span.last].text.len(), whole: true, ..span };
        if !span.whole && !money::readings(&self.text(&all)).is_empty() {
            span = all;
        }
        Some(span)
    }

    /// What stands there, with single spaces.
    pub(super) fn text(&self, span: &Span) -> String {
        let mut out = String::new();
        for (i, token) in self.tokens.iter().enumerate().take(span.last + 1).skip(span.first) {
            let from = if i == span.first { span.start } else { 0 };
            let to = if i == span.last { span.end } else { token.text.len() };
            if i > span.first {
                out.push(' ');
            }
            out.push_str(token.text.get(from..to).unwrap_or_default());
        }
        out
    }

    fn within(&self, span: &Span) -> &[Token] {
        self.tokens.get(span.first..=span.last).unwrap_or_default()
    }

    pub(super) fn place(&self, span: &Span) -> [f32; 4] {
        let boxes = self.within(span).iter().map(|t| t.bbox);
        boxes.reduce(union).unwrap_or_default()
    }

    /// Confidence of the least sure word.
    pub(super) fn confidence(&self, span: &Span) -> f64 {
        self.within(span).iter().map(|t| f64::from(t.confidence)).fold(1.0, f64::min)
    }

    pub(super) fn is_suspect(&self, span: &Span) -> bool {
        self.within(span).iter().any(|t| t.suspect)
    }

    /// Whether one of the labels stands on the same row or on the one above.
    pub(super) fn near(&self, span: &Span, labels: &[String]) -> bool {
        let Some(row) = self.tokens.get(span.first).map(|t| t.row) else { return false };
        let around = |r: &Range<usize>| {
            let words: String = self.tokens[r.clone()].iter().map(|t| t.text.as_str()).collect();
            let text = fold(&words);
            labels.iter().map(|l| fold(l)).any(|l| !l.is_empty() && text.contains(&l))
        };
        self.rows.get(row.saturating_sub(1)..=row).is_some_and(|rows| rows.iter().any(around))
    }

    /// Single words that pass.
    pub(super) fn words(&self, pass: impl Fn(&str) -> bool) -> Vec<Span> {
        let of =
            |(i, t): (usize, &Token)| Span { first: i, start: 0, last: i, end: t.text.len(), whole: true };
        self.tokens.iter().enumerate().filter(|(_, t)| pass(&t.text)).map(of).collect()
    }

    /// Dates whose readings pass.
    pub(super) fn dates(&self, pass: impl Fn(&[date::Reading]) -> bool) -> Vec<Span> {
        let mut spans = Vec::new();
        for (row, text) in self.rows.iter().zip(self.row_texts()) {
            for found in date::find(&text).into_iter().filter(|f| pass(&f.readings)) {
                spans.extend(self.in_row(row, found.start, found.end));
            }
        }
        spans
    }

    /// Numbers of up to three words that pass.
    pub(super) fn amounts(&self, pass: impl Fn(&str) -> bool) -> Vec<Span> {
        let mut spans = Vec::new();
        for row in &self.rows {
            for first in row.clone() {
                for last in first..row.end.min(first + 3) {
                    let end = self.tokens[last].text.len();
                    let span = Span { first, start: 0, last, end, whole: true };
                    let text = self.text(&span);
                    if text.chars().any(|c| c.is_ascii_digit()) && pass(&text) {
                        spans.push(span);
                    }
                }
            }
        }
        spans
    }

    /// The words of bytes `start..end` of a row's text.
    fn in_row(&self, row: &Range<usize>, start: usize, end: usize) -> Option<Span> {
        let mut at = 0;
        let (mut first, mut last) = (None, None);
        for i in row.clone() {
            let until = at + self.tokens[i].text.len();
            if start >= at && start < until {
                first = Some((i, start - at));
            }
            if end > at && end <= until {
                last = Some((i, end - at));
            }
            at = until + 1;
        }
        let ((first, start), (last, end)) = (first?, last?);
        Some(self.widened(Span { first, start, last, end, whole: false }))
    }

    /// Ways in which folded words stand on the page in pieces, each below the one before in its column, longest pieces first.
    pub(super) fn broken(&self, words: &[String]) -> Vec<Vec<Span>> {
        let mut ways = Vec::new();
        for (starts, rest) in self.pieces(words) {
            for start in starts {
                let mut way = vec![start];
                if self.goes_on(rest, &mut way) {
                    ways.push(way);
                    if ways.len() >= 4 {
                        return ways;
                    }
                }
            }
        }
        ways
    }

    /// Where the beginning of `words` stands, from the longest beginning to the shortest, and the words after it.
    fn pieces<'w>(&self, words: &'w [String]) -> impl Iterator<Item = (Vec<Span>, &'w [String])> {
        (1..=words.len()).rev().map(move |n| {
            let (head, rest) = words.split_at(n);
            (self.spans(&head.concat(), super::MAX_SPANS), rest)
        })
    }

    /// Takes the longest piece that goes on, each time.
    fn goes_on(&self, mut rest: &[String], way: &mut Vec<Span>) -> bool {
        while !rest.is_empty() {
            let Some(last) = way.last().filter(|_| way.len() < 8) else { return false };
            let at = self.place(last);
            let next = self.pieces(rest).find_map(|(spans, rest)| {
                Some((spans.into_iter().find(|s| below(at, self.place(s)))?, rest))
            });
            let Some((span, left)) = next else { return false };
            way.push(span);
            rest = left;
        }
        true
    }
}

/// Whether a place is the next line of the one before, in its column, or goes on beside it.
fn below(at: [f32; 4], place: [f32; 4]) -> bool {
    let height = (at[3] - at[1]).clamp(4.0, 40.0);
    let beside =
        (place[1] - at[1]).abs() < 0.5 * height && (-1.0..2.0 * height).contains(&(place[0] - at[2]));
    let under = place[1] > at[1] + 0.5 * height && place[1] - at[3] < 1.5 * height;
    let column = place[0] < at[2] + height && place[2] > at[0] - height;
    beside || (under && column)
}

/// Words by rows from top to bottom, each from left to right.
fn rows(mut words: Vec<&Word>) -> Vec<Vec<&Word>> {
    let middle = |w: &Word| f32::midpoint(w.bbox[1], w.bbox[3]);
    words.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
    let mut rows: Vec<(f32, f32, Vec<&Word>)> = Vec::new();
    for word in words {
        let (mid, height) = (middle(word), (word.bbox[3] - word.bbox[1]).max(1.0));
        let near = |(m, h, _): &&mut (f32, f32, Vec<&Word>)| (mid - *m).abs() < 0.45 * h.min(height).max(3.0);
        // Only the last few rows can be near: words come from the top down.
        match rows.iter_mut().rev().take(4).find(near) {
            Some((m, h, row)) => {
                let n = row.len() as f32;
                *m = (*m * n + mid) / (n + 1.0);
                *h = h.max(height);
                row.push(word);
            }
            None => rows.push((mid, height, vec![word])),
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter()
        .map(|(_, _, mut row)| {
            row.sort_by(|a, b| a.bbox[0].total_cmp(&b.bbox[0]));
            row
        })
        .collect()
}
