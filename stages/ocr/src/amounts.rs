//! Decimal marks of amounts, told by the page's other amounts.
//!
//! Owns what an amount looks like. Knows nothing of images. Rule: a mark is changed or added only where nearly all amounts of the
//! page have that mark, and where the recogniser thought of it, or of a gap.

use crate::context::{Kind, POSSIBLE, kind, replace};
use crate::ctc::Glyph;

/// Amounts with a mark that a page has at least, before others are judged by them.
const ENOUGH: usize = 4;
/// Least probability of a mark that was not read.
const MARK: f32 = 0.02;
/// Least probability of a space where a mark was not read.
const GAP: f32 = 0.1;
/// How wide the place of a mark is at most, as a multiple of the distance of the digits after it: more is a gap of two columns.
const WIDEST: f32 = 2.2;

fn is_digit(glyph: &Glyph) -> bool {
    kind(glyph) == Kind::Digit
}

/// The mark before the last two digits of an amount, where a word is one.
fn decimal_mark(word: &[Glyph]) -> Option<usize> {
    let word = match word {
        [head @ .., last] if matches!(last.text.as_str(), "-" | "€" | "$" | "%") => head,
        word => word,
    };
    let at = word.len().checked_sub(3)?;
    let digits = |g: &[Glyph]| !g.is_empty() && g.iter().all(is_digit);
    let is_mark = matches!(word[at].text.as_str(), "." | ",");
    // One group of digits before it at least; what has two marks already, as a date, is no amount.
    let marks = word.iter().filter(|g| matches!(g.text.as_str(), "." | ",")).count();
    let grouped = marks == 1 || at >= 4 && matches!(word[at - 4].text.as_str(), "." | ",");
    let before = at.checked_sub(1).is_some_and(|i| is_digit(&word[i]));
    (is_mark && before && grouped && digits(&word[at + 1..])).then_some(at)
}

/// Makes the decimal marks of a page alike, and reads those that were lost.
pub(crate) fn decimal_marks(lines: &mut [Vec<Glyph>]) {
    let (mut commas, mut stops) = (0_usize, 0_usize);
    for word in lines.iter().flat_map(|line| line.split(Glyph::is_space)) {
        match decimal_mark(word).map(|i| word[i].text.as_str()) {
            Some(",") => commas += 1,
            Some(_) => stops += 1,
            None => {}
        }
    }
    let (usual, other) = match (commas, stops) {
        (c, s) if c >= ENOUGH && c >= 4 * s => (',', "."),
        (c, s) if s >= ENOUGH && s >= 4 * c => ('.', ","),
        _ => return,
    };
    for line in lines {
        for word in line.split_mut(Glyph::is_space) {
            let Some(mark) = decimal_mark(word).map(|i| &mut word[i]).filter(|g| g.text == other) else {
                continue;
            };
            if let Some((rival, p)) = mark.rival.filter(|(c, p)| *c == usual && *p >= POSSIBLE) {
                replace(mark, rival, p);
            }
        }
        if let Some((at, p)) = lost(line, usual) {
            let middle = f32::midpoint(line[at - 1].at, line[at].at);
            if line[at].is_space() {
                line.remove(at);
            }
            let mark = Glyph { text: usual.into(), probability: p, at: middle, ..Glyph::default() };
            line.insert(at, mark);
        }
    }
}

/// Where the mark of an amount is missing that a line consists of, and how probable it is: `0 00`, `RM 795`.
fn lost(line: &[Glyph], usual: char) -> Option<(usize, f32)> {
    let end = line.iter().rposition(|g| !g.is_space())? + 1;
    let last = end.checked_sub(2)?;
    if !line[last..end].iter().all(is_digit) {
        return None;
    }
    let has_space = last.checked_sub(1).is_some_and(|i| line[i].is_space());
    let whole = last - usize::from(has_space);
    let before = line[..whole].iter().rev().take_while(|g| is_digit(g)).count();
    // At most a currency and a sign before it.
    let prefix = &line[..whole - before];
    let is_sign = |g: &Glyph| {
        g.is_space() || matches!(kind(g), Kind::Upper) || matches!(g.text.as_str(), "-" | "$" | "€" | "£")
    };
    let is_padded = before > 1 && line[whole - before].text == "0";
    if !(1..=4).contains(&before) || is_padded || prefix.len() > 4 || !prefix.iter().all(is_sign) {
        return None;
    }
    let gap = line[last].at - line[whole - 1].at;
    let pitch = line[last + 1].at - line[last].at;
    let mark = line[last].marks[usize::from(usual == ',')];
    let space = line[last].space.max(if has_space { line[whole].probability } else { 0.0 });
    let was_thought_of = mark >= MARK || space >= GAP;
    (was_thought_of && gap <= WIDEST * pitch).then_some((last - usize::from(has_space), mark.max(0.5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters; `0|O` is a 0 that might be an O.
    fn glyphs(text: &str, p: f32) -> Vec<Glyph> {
        let mut out: Vec<Glyph> = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c == '|' {
                let rival = chars.next().map(|c| (c, p));
                out.last_mut().unwrap().rival = rival;
            } else {
                let at = out.len() as f32;
                out.push(Glyph { text: c.into(), probability: 0.6, at, ..Glyph::default() });
            }
        }
        out
    }

    fn text(glyphs: &[Glyph]) -> String {
        glyphs.iter().map(|g| g.text.as_str()).collect()
    }

    #[test]
    fn amounts_of_one_page_have_one_decimal_mark() {
        let page = |odd: &str, p| {
            let mut lines: Vec<Vec<Glyph>> =
                ["1.234,50 7,00", "33,10 €", "1,20", odd].map(|l| glyphs(l, p)).into();
            decimal_marks(&mut lines);
            text(&lines[3])
        };
        assert_eq!(page("939.|,94", 0.1), "939,94");
        assert_eq!(page("939.|,94", 0.001), "939.94");
        assert_eq!(page("17.03.|,26 1.|,250", 0.1), "17.03.26 1.250");
        let mut few = vec![glyphs("1,20 3.|,40", 0.1)];
        decimal_marks(&mut few);
        assert_eq!(text(&few[0]), "1,20 3.40");
    }

    #[test]
    fn a_mark_that_was_lost_is_read_where_there_is_a_place_for_it() {
        let page = |odd: Vec<Glyph>| {
            let mut lines = vec![glyphs("1.20 3.40", 0.0), glyphs("5.00 7.20", 0.0), odd];
            decimal_marks(&mut lines);
            text(&lines[2])
        };
        assert_eq!(page(glyphs("12 50", 0.0)), "12.50");
        assert_eq!(page(glyphs("RM 7 95", 0.0)), "RM 7.95");
        assert_eq!(page(glyphs("795", 0.0)), "795", "no gap was seen");
        let mut thought_of = glyphs("795", 0.0);
        thought_of[1].marks[0] = 0.03;
        assert_eq!(page(thought_of.clone()), "7.95");
        thought_of[1].at += 1.5;
        thought_of[2].at += 1.5;
        assert_eq!(page(thought_of), "795", "two columns");
        assert_eq!(page(glyphs("10 May 12 50", 0.0)), "10 May 12 50");
        assert_eq!(page(glyphs("VE05 14", 0.0)), "VE05 14");
        assert_eq!(page(glyphs("03 55 42", 0.0)), "03 55 42");
    }
}
