//! Candidates for a tenant's fields that no document of commerce has: names in sentences, numbers in brackets.
//!
//! Owns what is only looked for where a schema asks. Rule: better one candidate too many; labels decide.

use super::super::candidate::{Candidate, Kind};
use super::super::layout::{Layout, Segment};
use super::{Form, Profile};
use docmill_document::money;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// A line with so many words is one of a text.
const LINE: usize = 6;
/// Most of them on a page, about.
const MOST: usize = 600;

/// More candidates of a page, by what its fields ask for.
pub(crate) fn candidates(
    layout: &Layout,
    page: usize,
    profiles: &[Profile],
    known: &[Candidate],
) -> Vec<Candidate> {
    let asked = |forms: &[Form]| profiles.iter().any(|p| forms.contains(&p.form));
    let amounts = known.iter().filter(|c| c.kind == Kind::Amount && c.page == page);
    let mut taken: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
    for c in amounts {
        taken.entry(c.segment).or_default().push(c.span);
    }
    let mut found = Vec::new();
    for (index, segment) in layout.segments.iter().enumerate() {
        if found.len() >= MOST {
            break;
        }
        let mut put = |kind, value: String, span: (usize, usize), amount| {
            found.push(Candidate { amount, ..Candidate::new(kind, value, (page, index), segment, span) });
        };
        if asked(&[Form::Party, Form::Text]) && segment.words.len() >= LINE {
            for (start, end) in names(segment) {
                put(Kind::Name, segment.text[start..end].to_owned(), (start, end), Decimal::ZERO);
            }
        }
        if asked(&[Form::Party, Form::Text]) {
            for (start, end) in shorter(&segment.text) {
                put(Kind::Name, segment.text[start..end].trim().to_owned(), (start, end), Decimal::ZERO);
            }
        }
        if asked(&[Form::Id])
            && let Some((start, end)) = code(&segment.text)
        {
            put(Kind::Id, segment.text[start..end].to_owned(), (start, end), Decimal::ZERO);
        }
        if asked(&[Form::Number, Form::Count]) {
            for (start, end, amount) in numbers(segment) {
                let overlaps = |(a, b): &(usize, usize)| *a < end && *b > start;
                if !taken.get(&index).is_some_and(|spans| spans.iter().any(overlaps)) {
                    put(Kind::Amount, amount.to_string(), (start, end), amount);
                }
            }
        }
    }
    found
}

/// Words with capital letters in a row, two at least: `between The Whitcombe Estate (the "Landlord")`.
fn names(segment: &Segment) -> Vec<(usize, usize)> {
    const JOINTS: [&str; 12] = ["&", "of", "and", "und", "de", "du", "la", "van", "von", "der", "et", "y"];
    const ENDS: [char; 4] = [',', '.', ';', ':'];
    let text = segment.text.as_str();
    let starts: Vec<usize> = segment.words.iter().map(|w| w.0).collect();
    let word = |i: usize| {
        let end = starts.get(i + 1).map_or(text.len(), |next| next.saturating_sub(1));
        (starts[i], end, text.get(starts[i]..end).unwrap_or_default())
    };
    let capital =
        |w: &str| w.chars().next().is_some_and(char::is_uppercase) && w.chars().any(char::is_alphabetic);
    let mut found = Vec::new();
    let mut at = 0;
    while at < starts.len() {
        let (start, mut end, first) = word(at);
        if !capital(first) || first.contains(|c: char| c.is_ascii_digit()) {
            at += 1;
            continue;
        }
        let mut count = 1;
        let mut next = at + 1;
        let mut closed = first.ends_with(ENDS) && !is_short(first);
        while !closed && next < starts.len() {
            let (_, word_end, said) = word(next);
            let joined = JOINTS.contains(&said) && next + 1 < starts.len() && capital(word(next + 1).2);
            if !joined && !capital(said) {
                break;
            }
            // `Muster Medical, Inc.`
            let form = said.ends_with(',')
                && next + 1 < starts.len()
                && super::super::legal::has(&super::super::lexicon::plain(word(next + 1).2));
            closed = said.ends_with(ENDS) && !is_short(said) && !form;
            end = word_end;
            count += usize::from(!joined);
            next += 1;
        }
        if count >= 2 {
            let trimmed = text[start..end].trim_end_matches([';', ':']);
            let keeps = is_short(trimmed.rsplit(' ').next().unwrap_or_default());
            let trimmed = if keeps { trimmed } else { trimmed.trim_end_matches([',', '.']) };
            found.push((start, start + trimmed.len()));
        }
        at = next.max(at + 1);
    }
    found
}

/// `Inc.`, `Ltd.`, `J.`: the stop belongs to the word. After a comma, a form of company goes on: `Muster, Inc.`
fn is_short(word: &str) -> bool {
    word.ends_with('.') && word.chars().filter(|c| c.is_alphabetic()).count() <= 4
}

/// Where the value begins behind a label: `Cause: hail`, `DOSSIER ....... 044-118830`.
fn behind_label(text: &str) -> usize {
    let colon = text.find(": ").map(|at| at + 2);
    let dots =
        || text.find("...").map(|at| text.len() - text[at..].trim_start_matches(['.', ' ', ':']).len());
    colon.or_else(dots).filter(|at| *at < 48).unwrap_or(0)
}

/// Values that end before their segment does: `Cause: hail. Roof inspected on …`, `Muster AG, Hauptstr. 1`, `Muster (Köln)`.
fn shorter(text: &str) -> Vec<(usize, usize)> {
    let start = behind_label(text);
    let rest = text.get(start..).unwrap_or_default();
    // What begins small is in the middle of a sentence, but behind a label.
    if start == 0 && rest.starts_with(char::is_lowercase) {
        return Vec::new();
    }
    let sentence = rest.match_indices(". ").map(|(at, _)| at).find(|at| {
        // No abbreviation ends in the middle of a value.
        let word = rest[..*at].rsplit(' ').next().unwrap_or_default();
        word.len() > 3 && rest[at + 2..].starts_with(char::is_uppercase)
    });
    let comma = rest.find(", ").filter(|at| rest[at + 2..].contains(|c: char| c.is_ascii_digit()));
    let bracket = rest.find(" (");
    let whole = (start > 0).then_some(rest.len());
    let ends = [sentence, comma, bracket, whole].into_iter().flatten().filter(|end| *end >= 3);
    let worded = |end: &usize| rest[..*end].chars().filter(|c| c.is_alphabetic()).count() >= 3;
    ends.filter(worded).map(|end| (start, start + end)).collect()
}

/// A number that is the whole of a cell, in groups of capital letters and digits: `KP22 HJD`, `9004 1187 26`.
fn code(text: &str) -> Option<(usize, usize)> {
    const LONGEST: (usize, usize) = (28, 6);
    let start = behind_label(text);
    let value = text.get(start..)?.trim_end();
    let value = value.split(" / ").next().unwrap_or(value);
    let words: Vec<&str> = value.split(' ').collect();
    let sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '/' | '.');
    let fits = (2..=LONGEST.1).contains(&words.len())
        && value.len() <= LONGEST.0
        && words.iter().all(|w| !w.is_empty() && w.chars().all(sign))
        && value.contains(|c: char| c.is_ascii_digit());
    fits.then_some((start, start + value.len()))
}

/// Numbers that are no amounts: in brackets, per cent, before a unit.
fn numbers(segment: &Segment) -> Vec<(usize, usize, Decimal)> {
    let text = segment.text.as_str();
    let mut found = Vec::new();
    for (at, _) in &segment.words {
        let word = text.get(*at..).and_then(|t| t.split(' ').next()).unwrap_or_default();
        let begin = word.find(|c: char| c.is_ascii_digit() || c == '-').unwrap_or(word.len());
        let rest = &word[begin..];
        if !word[..begin].chars().all(|c| matches!(c, '(' | '<' | '>' | '~' | '±')) {
            continue;
        }
        let length = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '\'')))
            .unwrap_or(rest.len());
        let number = rest[..length].trim_end_matches(['.', ',', '-']);
        // Behind it a unit may stand, but no more digits.
        let unit = !rest[length..].contains(|c: char| c.is_ascii_digit());
        if number.contains(|c: char| c.is_ascii_digit())
            && unit
            && let Some(amount) = money::parse(number)
        {
            found.push((at + begin, at + begin + number.len(), amount.value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::tests::drawn;

    #[test]
    fn names_stand_in_sentences() {
        let line =
            "made on May 2 between The Whitcombe Estate (the \"Landlord\") and Muster & Sons Ltd. as tenant";
        let page = drawn(&[(20.0, 100.0, line)]);
        let text = page.segments[0].text.clone();
        let found: Vec<&str> = names(&page.segments[0]).into_iter().map(|(a, b)| &text[a..b]).collect();
        assert_eq!(found, ["The Whitcombe Estate", "Muster & Sons Ltd."]);
    }

    #[test]
    fn numbers_may_stand_in_brackets_and_before_units() {
        let page = drawn(&[(20.0, 100.0, "(22,3 ± 0,5) °C at 5.37% and 18452m³ of GH-4")]);
        let found: Vec<String> = numbers(&page.segments[0]).into_iter().map(|b| b.2.to_string()).collect();
        assert_eq!(found, ["22.3", "0.5", "5.37", "18452"]);
    }

    #[test]
    fn values_end_where_something_else_begins() {
        let text = "Cause: swallowed foreign object. Surgery at Muster Hospital";
        let found: Vec<&str> = shorter(text).into_iter().map(|(a, b)| &text[a..b]).collect();
        assert_eq!(
            found,
            ["swallowed foreign object", "swallowed foreign object. Surgery at Muster Hospital"]
        );
        assert_eq!(code("KP22 HJD"), Some((0, 8)));
        assert_eq!(code("Rego: 1QX 7MB"), Some((6, 13)));
        assert_eq!(code("PO Box 12"), None);
    }
}
