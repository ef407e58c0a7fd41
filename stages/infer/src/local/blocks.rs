//! Names and addresses of slips as runs of whole lines.
//!
//! Owns which runs there are and what is known of their lines. Knows no weight. Rule: a run is described by the lines in
//! it, its first and last line, and the lines around it, so that a scorer learns where a name or an address begins and ends.

use super::describe::{Sheet, masked};
use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::plain;
use super::spelling::Doubts;
use super::{legal, parties, spelling};
use docmill_contracts::TextSource;
use docmill_document::money;
use docmill_learn::{Row, rows_hash};

/// Lines at the top of a page that are looked at.
const LINES: usize = 16;
/// Lines of the longest run.
const MOST: usize = 6;

/// A word of one or two letters that was read less surely than this may be none.
const HARDLY: f32 = 0.8;

/// A run of lines.
#[derive(Debug, Clone)]
pub struct Block {
    /// The lines, joined; misread words put right.
    pub value: String,
    /// The lines as they were read.
    pub raw: String,
    /// Its place.
    pub bbox: Box4,
    /// Its first and last line among those at the top of the page.
    pub span: (usize, usize),
    /// Features.
    pub row: Row,
}

struct Line {
    text: String,
    bbox: Box4,
    keys: Vec<u64>,
}

/// All runs of lines at the top of a page.
pub fn find(page: &Layout) -> Vec<Block> {
    let lines = lines(page);
    let mut doubts = Doubts::default();
    for range in page.lines.iter().take(LINES + 4) {
        page.segments[range.clone()].iter().for_each(|s| doubts.extend(s.read()));
    }
    let mut blocks = Vec::new();
    for first in 0..lines.len() {
        if first > 0 && goes_on(&lines[first].text) {
            continue;
        }
        for last in first..lines.len().min(first + MOST) {
            // From here on it is about what was sold.
            if sold(&lines[last].text) {
                break;
            }
            let part = &lines[first..=last];
            let texts: Vec<String> = part
                .iter()
                .map(|l| super::candidate::clean_name(&l.text))
                .filter(|t| !t.is_empty())
                .collect();
            let value = texts.join(if texts.len() <= 2 { " " } else { ", " });
            if value.is_empty() || value.len() > 300 {
                continue;
            }
            let raw = value.clone();
            let value =
                if page.source == TextSource::Ocr { spelling::corrected(&value, &doubts) } else { value };
            let bbox = part.iter().fold(part[0].bbox, |b, l| union(b, l.bbox));
            let row = describe(&lines, first, last);
            blocks.push(Block { value, raw, bbox, span: (first, last), row });
        }
    }
    blocks
}

fn lines(page: &Layout) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let heights: Vec<f32> = page.segments.iter().map(super::layout::Segment::height).collect();
    let mut sorted = heights.clone();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(10.0).max(1.0);
    for range in page.lines.iter().take(LINES + 4) {
        let segments = &page.segments[range.clone()];
        let mut texts: Vec<&str> = segments.iter().map(|s| s.text.as_str()).collect();
        if page.source == TextSource::Ocr
            && let Some((first, rest)) = segments.split_first()
        {
            texts[0] = without_specks(first, !rest.is_empty());
        }
        texts.retain(|t| !t.is_empty());
        let text = texts.join(" ");
        if text.chars().filter(|c| c.is_alphanumeric()).count() < 2 {
            continue;
        }
        let Some(first) = segments.first() else { continue };
        let bbox = segments.iter().fold(first.bbox, |b, s| union(b, s.bbox));
        let gap = lines.last().map_or(9.0, |l| (bbox[1] - l.bbox[3]) / usual);
        let mut line =
            Line { text: before_telephone(after_address(&text)).to_owned(), bbox, keys: Vec::new() };
        describe_line(&mut line, lines.len(), gap, (bbox[3] - bbox[1]) / usual, page.width);
        lines.push(line);
        if lines.len() == LINES {
            break;
        }
    }
    lines
}

/// Whether a line can only be the rest of a name that begins above it: `(SEMENYIH) SDN BHD`, `STATIONERY SDN. BHD`.
fn goes_on(text: &str) -> bool {
    let plain = plain(text);
    let mut words = plain.split(' ').filter(|w| !w.is_empty());
    let form = |w: &str| legal::is_word(w) || matches!(w, "sdn" | "m");
    let formed = plain.split(' ').any(form);
    formed && (text.starts_with('(') || words.all(|w| form(w) || parties::TRADE.contains(&w)))
}

/// A segment at the beginning of a line without the edge of a logo or of the paper that was read as a word: `s Lot 3`.
fn without_specks(segment: &Segment, more: bool) -> &str {
    let speck = |(word, sure): &(&str, f32)| {
        *sure < HARDLY && word.chars().count() <= 2 && word.chars().all(char::is_lowercase)
    };
    let count = segment.read().take_while(speck).count();
    match segment.words.get(count) {
        Some((at, _)) => &segment.text[*at..],
        None if more => "",
        None => &segment.text,
    }
}

/// `HO ADD: LOT 11995`: what is after the label.
fn after_address(text: &str) -> &str {
    let Some(at) = text.find(':').filter(|at| *at <= 16) else { return text };
    let label = plain(&text[..at]);
    match label.rsplit(' ').next() {
        Some("add" | "addr" | "address" | "adresse" | "anschrift" | "alamat") => text[at + 1..].trim_start(),
        _ => text,
    }
}

/// `81100 JOHOR TEL: 07-1234567`: what is before the number.
fn before_telephone(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let cut = [" tel", " fax", " phone", " hp:", " h/p"].iter().filter_map(|w| lower.find(w)).min();
    match cut.filter(|at| *at > 8 && text[*at..].contains(|c: char| c.is_ascii_digit())) {
        Some(at) => text.get(..at).unwrap_or(text).trim_end_matches([' ', ',', '/', '-']),
        None => text,
    }
}

/// What ends with an amount was sold.
fn sold(text: &str) -> bool {
    let cents = |w: &str| money::parse(w).is_some_and(|a| a.decimal_mark.is_some() && a.value.scale() == 2);
    text.rsplit(' ').take(2).any(cents)
}

fn describe_line(line: &mut Line, index: usize, gap: f32, size: f32, width: f32) {
    let text = &line.text;
    let plain = plain(text);
    let words: Vec<&str> = plain.split(' ').filter(|w| !w.is_empty()).collect();
    let mut keys = Vec::new();
    let mut key = |space: u64, value: u64| keys.push(docmill_learn::mix(space << 40 ^ value));
    for word in &words {
        key(1, rows_hash(masked(word).as_bytes()));
    }
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        key(2, rows_hash(masked(first).as_bytes()));
        key(3, rows_hash(masked(last).as_bytes()));
        // No name begins with what it trades in or its legal form: the line above is part of it.
        let goes_on = |w: &str| parties::TRADE.contains(&w) || legal::is_word(w) || w == "sdn";
        key(22, u64::from(goes_on(first)) + 2 * u64::from(words.len() > 1));
    }
    let count = |f: fn(&char) -> bool| text.chars().filter(f).count();
    let (digits, letters) = (count(char::is_ascii_digit), count(|c| c.is_alphabetic()));
    key(4, digits.min(12) as u64);
    key(5, (letters / 4).min(10) as u64);
    key(6, words.len().min(10) as u64);
    key(7, count(|c| *c == ',').min(4) as u64);
    let has = |f: bool| u64::from(f);
    key(8, has(parties::has_postcode(text)));
    key(9, has(legal::has(&plain)));
    key(10, has(words.iter().any(|w| parties::TRADE.contains(w))));
    key(11, has(parties::stops(text)));
    key(12, has(digits >= 7 && letters < 4));
    key(13, has(text.contains(':')) + 2 * has(text.contains('@')) + 4 * has(text.contains('(')));
    key(14, has(text.ends_with(',')) + 2 * has(text.ends_with('.')) + 4 * has(text.ends_with(')')));
    key(15, has(text.chars().any(char::is_lowercase)));
    key(
        16,
        if gap < 0.3 {
            0
        } else if gap < 0.8 {
            1
        } else if gap < 1.6 {
            2
        } else {
            3
        },
    );
    key(
        17,
        if size < 0.85 {
            0
        } else if size < 1.15 {
            1
        } else if size < 1.5 {
            2
        } else {
            3
        },
    );
    key(18, index.min(12) as u64);
    key(19, has(parties::bare_registration(text)));
    key(20, (10.0 * (line.bbox[2] - line.bbox[0]) / width) as u64);
    key(21, has(digits > 0) * 2 + has(letters > 0));
    key(23, has(sold(text)));
    // `PREPAY CHIT NUMBER 29721`: a label and its value.
    let label = words.iter().any(|w| *w == "no" || super::lexicon::is_label_word(w));
    let long = words.last().is_some_and(|w| w.len() >= 4 && w.bytes().all(|b| b.is_ascii_digit()));
    key(24, has(label) + 2 * has(long));
    line.keys = keys;
}

/// How much a run's lines are set alike, and how much they differ from the lines around them.
fn joins(sheet: &mut Sheet, lines: &[Line], first: usize, last: usize) {
    let height = |l: &Line| (l.bbox[3] - l.bbox[1]).max(1.0);
    let middle = |l: &Line| f32::midpoint(l.bbox[0], l.bbox[2]);
    let shout = |l: &Line| !l.text.chars().any(char::is_lowercase);
    let mut pair = |space: &str, above: &Line, below: &Line| {
        let (a, b) = (height(above), height(below));
        sheet.step(space, b / a, &[0.7, 0.87, 1.15, 1.4]);
        sheet.step(
            &format!("{space} gap"),
            (below.bbox[1] - above.bbox[3]) / a.max(b),
            &[0.2, 0.5, 0.9, 1.6],
        );
        let (left, centre) =
            ((above.bbox[0] - below.bbox[0]).abs() < 0.7 * a, (middle(above) - middle(below)).abs() < a);
        sheet.flag(&format!("{space} edge"), u64::from(left) * 2 + u64::from(centre));
        sheet.flag(&format!("{space} case"), u64::from(shout(above)) * 2 + u64::from(shout(below)));
        let short = above.text.len() as f32 / below.text.len().max(1) as f32;
        sheet.step(&format!("{space} length"), short, &[0.5, 0.8, 1.25, 2.0]);
        sheet.flag(&format!("{space} opens"), u64::from(below.text.starts_with('(')));
    };
    if let Some(above) = first.checked_sub(1).and_then(|i| lines.get(i)) {
        pair("join above", above, &lines[first]);
    }
    for i in first..last {
        pair("join in", &lines[i], &lines[i + 1]);
    }
    if let Some(below) = lines.get(last + 1) {
        pair("join below", &lines[last], below);
    }
}

fn describe(lines: &[Line], first: usize, last: usize) -> Row {
    let mut sheet = Sheet::new();
    for line in &lines[first..=last] {
        for key in &line.keys {
            sheet.put("in", *key, 0.6);
        }
    }
    let mut edge = |space: &str, line: Option<&Line>| match line {
        Some(line) => line.keys.iter().for_each(|k| sheet.put(space, *k, 0.6)),
        None => sheet.flag(space, 0),
    };
    edge("first", lines.get(first));
    edge("last", lines.get(last));
    edge("before", first.checked_sub(1).and_then(|i| lines.get(i)));
    edge("next", lines.get(last + 1));
    joins(&mut sheet, lines, first, last);
    let n = last + 1 - first;
    sheet.flag("lines", n as u64);
    sheet.flag("start", first.min(10) as u64);
    let postcodes = lines[first..=last].iter().filter(|l| parties::has_postcode(&l.text)).count();
    sheet.flag("postcodes", postcodes.min(3) as u64);
    let legal = |l: &&Line| legal::has(&plain(&l.text));
    sheet.flag("legals", lines[first..=last].iter().filter(legal).count().min(3) as u64);
    sheet.flag("legal before", lines[..first].iter().filter(legal).count().min(2) as u64);
    sheet.flag("stops inside", lines[first..=last].iter().filter(|l| parties::stops(&l.text)).count() as u64);
    sheet.into_row()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_begin_with_their_rest_and_runs_end_where_goods_begin() {
        let rest = ["(SEMENYIH) SDN BHD", "STATIONERY SDN. BHD", "SDN BHD", "Trading Co Ltd"];
        assert!(rest.iter().all(|line| goes_on(line)), "{:?}", rest.map(goes_on));
        let begins = ["WESTERN EASTERN", "HOTEL SERI MALAYSIA SDN BHD", "(Filiale Nord)", "Restaurant Adler"];
        assert!(!begins.iter().any(|line| goes_on(line)), "{:?}", begins.map(goes_on));
        assert!(sold("22241 WS CUT SCISSORS 18.00") && sold("Kaffee 2,80 A"));
        assert!(!sold("NO 2 JALAN BAYU 4, 81200") && !sold("LOT 1851-A & 1851-B"));
    }
}
