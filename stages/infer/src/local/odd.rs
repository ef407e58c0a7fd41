//! Days and amounts that are written in odd ways, or that OCR ran together.
//!
//! Owns forms that are no dates elsewhere: `20180428`, `05/01/201813:30`, `03/0272018`. Rule: a form is taken only where it
//! leaves no doubt that a day is meant.

use super::layout::{Layout, Segment};
use docmill_document::date::{self, Found};
use regex::Regex;
use std::sync::LazyLock;

static GLUED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(\d{2}[/.-]\d{2}[/.-]20\d{2})\d{1,2}:\d{2}").ok());
static COMPACT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(20[0-4]\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:\b|_)").ok());
static MISREAD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b([0-3]\d)(?:/([01]\d)7|7([01]\d)/)(20[0-4]\d)(?:\D|$)").ok());
static MISREAD_AMOUNT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:RM|\$)?(\d{1,4})([.-])(\d{2})([A-Za-z]{0,2})$").ok());

static SPACED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|\s)\d{1,3} \d{3} \d{3}(?:\s|$)").ok());

/// Days in odd forms. `scanned`: a slash may have become a seven.
pub(crate) fn dates(text: &str, scanned: bool) -> Vec<Found> {
    let mut found = Vec::new();
    if text.bytes().filter(u8::is_ascii_digit).count() < 8 {
        return found;
    }
    let mut add = |start: usize, end: usize, plain: &str| {
        let readings = date::readings(plain);
        if !readings.is_empty() {
            found.push(Found { start, end, readings });
        }
    };
    for hit in GLUED.iter().flat_map(|r| r.captures_iter(text)).filter_map(|c| c.get(1)) {
        add(hit.start(), hit.end(), hit.as_str());
    }
    for c in COMPACT.iter().flat_map(|r| r.captures_iter(text)) {
        if let Some(whole) = c.get(0) {
            add(whole.start(), whole.end(), &format!("{}-{}-{}", &c[1], &c[2], &c[3]));
        }
    }
    for c in MISREAD.iter().filter(|_| scanned).flat_map(|r| r.captures_iter(text)) {
        let (Some(whole), Some(year)) = (c.get(0), c.get(4)) else { continue };
        let month = c.get(2).or_else(|| c.get(3)).map_or("", |m| m.as_str());
        add(whole.start(), year.end(), &format!("{}/{month}/{}", &c[1], year.as_str()));
    }
    found
}

/// Whether thousands are written with spaces on a page: several amounts have two of them.
pub(crate) fn has_spaced_amounts(layout: &Layout) -> bool {
    let spaced = |s: &Segment| SPACED.as_ref().is_some_and(|r| r.is_match(&s.text));
    layout.segments.iter().filter(|s| spaced(s)).take(2).count() == 2
}

/// The digits of an amount of which OCR lost one of two spaces: `6032 000`, `4 572000`.
pub(crate) fn lost_space(word: &str, next: &str) -> Option<String> {
    let digits = |s: &str, n: std::ops::RangeInclusive<usize>| {
        n.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit()) && !s.starts_with('0')
    };
    let rest = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    let lost = digits(word, 4..=6) && rest(next, 3) || digits(word, 1..=3) && rest(next, 6);
    lost.then(|| format!("{word}{next}"))
}

/// Where an amount begins that stands at the end of a word: `ticket5.00`.
pub(crate) fn glued_amount(text: &str, start: usize, end: usize) -> Option<usize> {
    let word = text.get(start..end)?;
    let cents = word.len().checked_sub(3)?;
    let bytes = word.as_bytes();
    if !(bytes[cents] == b'.' && bytes[cents + 1..].iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let whole = bytes[..cents].iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let at = cents.checked_sub(whole).filter(|at| *at >= 2 && whole >= 1)?;
    bytes[..at].iter().all(u8::is_ascii_alphabetic).then_some(start + at)
}

/// An amount that OCR wrote with a hyphen for the point, or with a letter that stands behind it: `52-00`, `100.00C`.
pub(crate) fn misread_amount(word: &str) -> Option<String> {
    let c = MISREAD_AMOUNT.as_ref()?.captures(word)?;
    let letters = c.get(4).map_or("", |m| m.as_str());
    // With both it is a number of something.
    ((&c[2] == "-") == letters.is_empty()).then(|| format!("{}.{}", &c[1], &c[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_days_are_found() {
        let one = |text: &str, scanned| {
            dates(text, scanned).first().and_then(|f| f.readings.first()).map(|r| r.date.to_string())
        };
        assert_eq!(one("0934-000105/01/201813:30-R", false).as_deref(), Some("2018-01-05"));
        assert_eq!(one("No 05/01/201813:30", false).as_deref(), Some("2018-01-05"));
        assert_eq!(one("20180428/191204", false).as_deref(), Some("2018-04-28"));
        assert_eq!(one("03/0272018", true).as_deref(), Some("2018-02-03"));
        assert_eq!(one("03/0272018", false), None);
        assert_eq!(glued_amount("ticket5.00", 0, 10), Some(6));
        assert_eq!(glued_amount("5.00", 0, 4), None);
        assert_eq!(misread_amount("52-00").as_deref(), Some("52.00"));
        assert_eq!(misread_amount("100.00C").as_deref(), Some("100.00"));
        assert_eq!(lost_space("6032", "000").as_deref(), Some("6032000"));
        assert_eq!(lost_space("4", "572000").as_deref(), Some("4572000"));
        for (word, next) in [("6", "032"), ("0632", "000"), ("6032", "00"), ("6032,", "000"), ("4", "57200")]
        {
            assert_eq!(lost_space(word, next), None, "{word} {next}");
        }
        for none in ["52.00", "52-00C", "5-2018", "52-0", "A2-00"] {
            assert_eq!(misread_amount(none), None, "{none}");
        }
    }
}
