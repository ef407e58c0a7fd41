//! What stands by a name: mail, telephone, tax id, account; and whether the name stands at both edges of the paper.
//!
//! Owns looking around a name. Knows no field and weighs nothing. Rule: who issues a paper tells how to reach and to pay them, and what
//! stands at its edges is the paper's own.

use super::candidate::{Candidate, Kind};
use super::layout::Layout;
use super::legal;
use super::lexicon::plain;
use super::parties;
use std::collections::HashSet;

/// What stands by a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contacts {
    /// A mail address or a web site.
    pub mail: bool,
    /// A telephone number.
    pub phone: bool,
    /// A tax id.
    pub tax: bool,
    /// An account.
    pub bank: bool,
    /// The name, with or without its legal form, stands near the upper edge.
    pub head: bool,
    /// It stands near the lower edge.
    pub foot: bool,
    /// The line below can only be the rest of the name.
    pub unfinished: bool,
}

/// Lines from the name on that are looked at.
const LINES: usize = 9;
/// Longest name that is looked for, in bytes.
const LONGEST: usize = 80;
/// Shares of the height of a page that are its edges.
const EDGES: (f32, f32) = (0.16, 0.84);

/// Parallel to the candidates; nothing is said of those that are no names or not on the first page.
pub fn find(pages: &[Layout], candidates: &[Candidate]) -> Vec<Contacts> {
    let Some(first) = pages.first() else { return vec![Contacts::default(); candidates.len()] };
    let of = |kind: Kind| -> HashSet<usize> {
        candidates.iter().filter(|c| c.kind == kind && c.page == 0).map(|c| c.segment).collect()
    };
    let (taxes, banks) = (of(Kind::Vat), of(Kind::Iban));
    let edge = |inside: fn(f32) -> bool| -> String {
        let pages = [pages.first(), pages.last().filter(|_| pages.len() > 1)].into_iter().flatten();
        let texts = pages.flat_map(|p| p.segments.iter().filter(move |s| inside(s.bbox[1] / p.height.max(1.0))));
        let texts: Vec<&str> = texts.map(|s| s.plain.as_str()).collect();
        format!(" {} ", texts.join("  "))
    };
    let (head, foot) = (edge(|y| y < EDGES.0), edge(|y| y > EDGES.1));
    let mut blocks: std::collections::HashMap<usize, Contacts> = std::collections::HashMap::new();
    candidates
        .iter()
        .map(|c| {
            if c.kind != Kind::Name || c.page != 0 || c.value.len() > LONGEST {
                return Contacts::default();
            }
            let around = *blocks.entry(c.segment).or_insert_with(|| around(first, c.segment, &taxes, &banks));
            let name = plain(&c.value);
            let part = format!(" {} ", legal::stem(&name));
            let long = part.len() >= 5;
            Contacts {
                head: long && head.contains(&part),
                foot: long && foot.contains(&part),
                unfinished: is_unfinished(first, c),
                ..around
            }
        })
        .collect()
}

fn around(layout: &Layout, segment: usize, taxes: &HashSet<usize>, banks: &HashSet<usize>) -> Contacts {
    let mut found = Contacts::default();
    for i in layout.block(segment, LINES).into_iter().skip(1) {
        let text = &layout.segments[i].text;
        found.mail |= parties::is_address_of_web(text);
        found.phone |= is_telephone(text);
        found.tax |= taxes.contains(&i);
        found.bank |= banks.contains(&i);
    }
    found
}

/// `Tel. +49 30 1234567`, `(231) 555-0117`.
pub(super) fn is_telephone(text: &str) -> bool {
    const WORDS: [&str; 9] =
        ["tel", "telefon", "telephone", "phone", "fon", "fax", "mobile", "mobil", "telefono"];
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let signs = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '(' | ')' | '-' | '/' | '.');
    let bare = (9..=15).contains(&digits) && text.chars().all(signs) || {
        let american = text.trim();
        (10..=11).contains(&digits) && american.starts_with('(') && american.chars().all(signs)
    };
    bare || digits >= 6 && plain(text).split(' ').any(|w| WORDS.contains(&w))
}

/// Whether a name ends where its line does, and the line below it can only be its rest: `& Söhne GmbH`, `GmbH & Co. KG`.
fn is_unfinished(layout: &Layout, name: &Candidate) -> bool {
    let own = &layout.segments[name.segment];
    let whole = name.span.1 >= own.text.trim_end().len() && name.raw.len() <= own.text.len();
    let below = layout.segments.iter().skip(name.segment + 1).take(40).find(|s| {
        let height = own.height();
        s.line > own.line
            && (s.bbox[0] - own.bbox[0]).abs() < 0.5 * height
            && s.bbox[1] - own.bbox[3] < 0.9 * height
    });
    whole && !legal::has(&plain(&name.value)) && below.is_some_and(|s| super::candidate::is_rest_of_name(&s.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::PageText;
    use crate::local::candidate;
    use docmill_contracts::{TextSource, Word};

    fn contacts(name: &str, lines: &[(f32, f32, &str)]) -> Contacts {
        let mut words = Vec::new();
        for (line, (x, y, text)) in lines.iter().enumerate() {
            let mut at = *x;
            for word in text.split(' ') {
                let wide = 5.0 * word.chars().count() as f32;
                let bbox = [at, *y, at + wide, y + 10.0];
                words.push(Word { text: word.into(), bbox, confidence: 1.0, line: line as u32 });
                at += wide + 3.0;
            }
        }
        let source = TextSource::TextLayer;
        let page = Layout::of(&PageText { page_no: 1, width: 595.0, height: 842.0, source, words });
        let all = candidate::find(&page, 0);
        let at = all.iter().position(|c| c.kind == Kind::Name && c.value == name).expect("a candidate");
        find(&[page], &all)[at]
    }

    #[test]
    fn what_stands_by_a_name_is_seen() {
        let lines = [
            (50.0, 40.0, "Muster GmbH"),
            (50.0, 53.0, "Ecke 12"),
            (50.0, 66.0, "12345 Stadt"),
            (50.0, 79.0, "Tel. 030 1234567"),
            (50.0, 92.0, "info@muster.example"),
            (50.0, 200.0, "Kunde & Partner"),
            (50.0, 213.0, "Hafenweg 8"),
            (50.0, 226.0, "48155 Hafen"),
            (50.0, 810.0, "Muster · Ecke 12 · 12345 Stadt"),
        ];
        let own = contacts("Muster GmbH", &lines);
        assert!(own.mail && own.phone && !own.tax && !own.bank && own.head && own.foot, "{own:?}");
        assert_eq!(contacts("Kunde & Partner", &lines), Contacts::default());
    }

    #[test]
    fn a_name_that_goes_on_is_unfinished() {
        let lines = [(50.0, 200.0, "Hafen Projekte"), (50.0, 213.0, "GmbH & Co. KG"), (50.0, 226.0, "Kai 1")];
        assert!(contacts("Hafen Projekte", &lines).unfinished);
        assert!(!contacts("Hafen Projekte GmbH & Co. KG", &lines).unfinished);
        let other = [(50.0, 200.0, "Hafen Projekte"), (50.0, 213.0, "Kai 1")];
        assert!(!contacts("Hafen Projekte", &other).unfinished);
    }

    #[test]
    fn numbers_of_telephones_are_told_from_others() {
        for text in ["(231) 555-0117", "Tel. 030 1234567", "+49 30 1234567"] {
            assert!(is_telephone(text), "{text}");
        }
        for text in ["12345 Stadt", "Ecke 12", "2026-11-28", "Phone"] {
            assert!(!is_telephone(text), "{text}");
        }
    }
}
