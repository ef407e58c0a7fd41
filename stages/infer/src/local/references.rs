//! Order references that are no numbers: `tel. Fr. Muster`, `verbal/Sam`, `Lager 3`.
//!
//! Owns what may be one. Knows no weight. Rule: only a label that surely asks for the customer's order, and a few words right by it.

use super::candidate::{Candidate, Kind};
use super::features::Features;
use super::layout::{Layout, Segment};
use super::lexicon::{CONCEPTS, Concept, plain};
use super::titles;

/// How surely a label has to ask for the customer's order.
const SURE: f32 = 0.88;
/// What is a label as surely as this is none: `tel. Fr. Muster` begins with a word of labels, too.
const LABEL: f32 = 0.7;
/// Longest reference in letters and in words.
const LONGEST: (usize, usize) = (30, 4);

/// The text beside or below such a label; none where it is a number, a day, an amount or a label itself.
pub(super) fn spoken(pages: &[Layout], candidates: &[Candidate], features: &[Features]) -> Option<usize> {
    let others = |c: &Candidate| {
        candidates.iter().any(|o| {
            matches!(o.kind, Kind::Date | Kind::Amount | Kind::Vat | Kind::Iban)
                && (o.page, o.segment) == (c.page, c.segment)
                && o.span.0 >= c.span.0
                && (o.kind != Kind::Amount || o.monetary)
        })
    };
    let fits = |(c, f): (&Candidate, &Features)| {
        let said = f.of(Concept::PurchaseOrder);
        let top = f.label.iter().take(CONCEPTS).all(|s| *s <= said);
        let (letters, words) = (c.value.chars().count(), c.value.split(' ').count());
        let segment = &pages[c.page].segments[c.segment];
        c.kind == Kind::Name
            && c.page == 0
            && said > SURE
            && top
            && f.labelness < LABEL
            && (3..=LONGEST.0).contains(&letters)
            && words <= LONGEST.1
            && !c.value.ends_with([':', '.'])
            && c.span.1 >= segment.text.trim_end().len()
            && c.raw.len() <= segment.text.len()
            && !titles::is_title(&c.value)
            && !others(c)
    };
    let found = candidates.iter().zip(features).enumerate().filter(|(_, pair)| fits(*pair));
    let best = found.max_by(|(i, a), (j, b)| {
        let said = |f: &Features| f.of(Concept::PurchaseOrder);
        said(a.1).total_cmp(&said(b.1)).then(j.cmp(i))
    });
    best.map(|(i, _)| i)
}

/// Whether a number may be that of an order by where it stands: not in a telephone number, nor in an address.
pub(super) fn may_be(segment: &Segment, c: &Candidate) -> bool {
    !is_in_box(segment, c) && !is_telephone(&segment.text)
}

/// Whether a number is that of a box at the post: `P.O. Box 5518` is no P.O.
fn is_in_box(segment: &Segment, c: &Candidate) -> bool {
    const BOXES: [&str; 4] = ["box", "postfach", "apartado", "pmb"];
    let before = plain(segment.text.get(..c.span.0).unwrap_or_default());
    let value = plain(&c.value);
    before.rsplit(' ').next().is_some_and(|w| BOXES.contains(&w))
        || value.split(' ').next().is_some_and(|w| BOXES.contains(&w))
}

/// `Tel. +49 30 1234567`, `(231) 555-0117`.
fn is_telephone(text: &str) -> bool {
    const WORDS: [&str; 9] =
        ["tel", "telefon", "telephone", "phone", "fon", "fax", "mobile", "mobil", "telefono"];
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let bare = digits >= 9 && text.trim().starts_with(['+', '(']) && !text.contains(char::is_alphabetic);
    bare || digits >= 6 && plain(text).split(' ').any(|w| WORDS.contains(&w))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::lexicon::Lexicon;
    use crate::local::tests::drawn as page;
    use crate::local::{candidate, features};

    fn found(lines: &[(f32, f32, &str)]) -> Option<String> {
        let pages = [page(lines)];
        let all = candidate::find(&pages[0], 0);
        let measured = features::measure(&pages, &all, &Lexicon::new(&[]));
        spoken(&pages, &all, &measured).map(|i| all[i].value.clone())
    }

    #[test]
    fn a_reference_may_be_a_few_words_beside_or_below_its_label() {
        assert_eq!(
            found(&[(50.0, 100.0, "Ihre Bestellung:"), (150.0, 100.0, "tel. Fr. Muster")]).as_deref(),
            Some("tel. Fr. Muster")
        );
        assert_eq!(
            found(&[(50.0, 100.0, "P.O. NUMBER"), (50.0, 114.0, "verbal/Sam")]).as_deref(),
            Some("verbal/Sam")
        );
        assert_eq!(found(&[(50.0, 100.0, "Ihre Bestellung:"), (150.0, 100.0, "12.03.2026")]), None);
        assert_eq!(found(&[(50.0, 100.0, "Kunde:"), (150.0, 100.0, "Fr. Muster")]), None);
    }

    #[test]
    fn the_number_of_a_box_or_a_telephone_is_no_order() {
        let boxed = page(&[(50.0, 100.0, "P.O. Box 55180")]);
        let all = candidate::find(&boxed, 0);
        let ids: Vec<&Candidate> = all.iter().filter(|c| c.kind == Kind::Id).collect();
        assert!(!ids.is_empty() && ids.iter().all(|c| !may_be(&boxed.segments[0], c)), "{ids:?}");
        let order = page(&[(50.0, 100.0, "P.O. 55180")]);
        let all = candidate::find(&order, 0);
        assert!(all.iter().any(|c| c.kind == Kind::Id && may_be(&order.segments[0], c)));
    }

    #[test]
    fn numbers_of_telephones_are_told_from_others() {
        for text in ["(231) 555-0117", "Tel. 030 1234567", "+49 30 1234567"] {
            assert!(is_telephone(text), "{text}");
        }
        for text in ["12345 Stadt", "4500018860", "2026-11-28", "Phone"] {
            assert!(!is_telephone(text), "{text}");
        }
    }
}
