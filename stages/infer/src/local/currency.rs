//! The currency of a document.
//!
//! Owns which one it is. Rule: what stands beside amounts comes first; `$` is that of the country whose tax numbers and states the page
//! names, and the confidence says that it was inferred.

use super::answer::local;
use super::candidate::{Candidate, Kind};
use super::fields::{Role, Want};
use super::layout::{Box4, Layout, Segment};
use super::work::Work;
use docmill_contracts::{Fields, Reading};
use std::collections::HashMap;

/// A country whose sign is that of another: ISO 4217, words of its tax offices and companies, its states as addresses write them before
/// a postcode of so many digits (0: letters and digits in turn).
struct Country {
    code: &'static str,
    words: &'static [&'static str],
    states: &'static str,
    postcode: usize,
}

/// Countries of dollars besides the United States.
const DOLLARS: [Country; 4] = [
    Country { code: "AUD", words: &["abn", "acn"], states: " NSW VIC QLD TAS ACT WA SA NT ", postcode: 4 },
    Country {
        code: "CAD",
        words: &["hst", "qst", "tvq", "tps", "gst hst", "canada"],
        states: " ON QC BC AB SK MB NS NB NL PE YT NT NU ",
        postcode: 0,
    },
    Country { code: "NZD", words: &["nzbn", "new zealand"], states: "", postcode: 4 },
    Country { code: "SGD", words: &["uen", "singapore"], states: "", postcode: 6 },
];

/// Reads `396.413` as some hundred where the document is in a currency of thousandths (dinars, rials): elsewhere it is
/// some hundred thousand.
pub(crate) fn thousandths(pages: &[Layout], candidates: &mut [Candidate]) {
    let of = |code: &str| docmill_document::currency::minor_digits(code) == 3;
    let beside = candidates.iter().any(|c| c.currency.is_some_and(of));
    let codes = || pages.iter().flat_map(|p| &p.segments).flat_map(Segment::read);
    let said = |(word, _): (&str, f32)| {
        let word = word.trim_matches(['(', ')', '[', ']', ',', ';']);
        word.len() == 3 && docmill_document::money::currency(word).is_some_and(of)
    };
    if !beside && !codes().any(said) {
        return;
    }
    for c in candidates.iter_mut().filter(|c| c.kind == Kind::Amount) {
        let number = c.raw.trim_matches(|ch: char| !ch.is_ascii_digit());
        let cut = number.rsplit_once(['.', ',']).filter(|(whole, rest)| {
            rest.len() == 3
                && rest.bytes().all(|b| b.is_ascii_digit())
                && whole.bytes().all(|b| b.is_ascii_digit())
        });
        if let Some((whole, rest)) = cut
            && let Ok(amount) = format!("{whole}.{rest}").parse::<rust_decimal::Decimal>()
        {
            c.amount = if c.amount.is_sign_negative() { -amount } else { amount };
            c.value = c.amount.to_string();
            c.monetary = true;
        }
    }
}

/// Words of a country whose amounts often have a sign of letters that stands for several currencies, or none.
const LETTERS: [(&str, &[&str], &[&str]); 2] = [
    ("INR", &["gstin", "cgst", "sgst", "igst"], &["Rs", "Rs.", "₹"]),
    ("ZAR", &["pty", "south africa"], &["R"]),
];

impl Work {
    /// The currency that stands beside the total, else the one that stands most often.
    pub(crate) fn currency(&self, wants: &[Want], fields: &mut Fields) {
        let Some(want) = wants.iter().find(|w| w.role == Role::Currency) else { return };
        let mut counts: HashMap<&'static str, (usize, usize)> = HashMap::new();
        for (i, c) in self.candidates.iter().enumerate() {
            // `80 Ft Road` is a length.
            let length = c.currency == Some("HUF") && c.amount.abs() < rust_decimal::Decimal::ONE_HUNDRED;
            if let Some(code) = c.currency.filter(|_| !length) {
                let slot = counts.entry(code).or_insert((0, i));
                slot.0 += 1;
            }
        }
        // A code that stands alone, beside a label or in a table's header.
        let mut alone: HashMap<&'static str, (usize, i32, Box4)> = HashMap::new();
        for page in &self.pages {
            for segment in &page.segments {
                for (word, place) in words(segment) {
                    let word = word.trim_matches(|c| matches!(c, '(' | ')' | '[' | ']' | ',' | ';'));
                    let code = word.len() >= 2 && (word.len() == 3 || !word.is_ascii());
                    if let Some(code) = docmill_document::money::currency(word).filter(|_| code) {
                        alone.entry(code).or_insert((0, page.page_no, place)).0 += 1;
                    }
                }
            }
        }
        let best = counts.iter().max_by_key(|(code, (n, _))| (*n, *code));
        let single = alone.iter().max_by_key(|(code, (n, ..))| (*n, **code));
        let mut sign = None;
        let (value, raw, confidence, page, place) = match (best, single) {
            (Some((code, (n, i))), _) => {
                let c = &self.candidates[*i];
                let confidence = if *n > 2 { 0.9 } else { 0.75 };
                let page = self.pages[c.page].page_no;
                let dollars = *code == "USD" && !alone.contains_key("USD");
                match dollars.then(|| self.dollar()).flatten() {
                    Some(other) => {
                        sign = Some(*code);
                        (other, c.raw.clone(), 0.7, page, c.bbox)
                    }
                    None => (*code, c.raw.clone(), confidence, page, c.bbox),
                }
            }
            (None, Some((code, (_, page, place)))) => (*code, (*code).to_owned(), 0.8, *page, *place),
            (None, None) => match self.letters() {
                Some((code, raw, page, place)) => (code, raw, 0.6, page, place),
                None => return,
            },
        };
        let mut field = local(value.to_owned(), raw, confidence, page, place);
        // What the sign alone says stays beside what the country says.
        field.other_readings.extend(sign.map(|code| Reading {
            value: code.to_owned(),
            raw: field.raw.clone(),
            confidence: 0.3,
            page: field.page,
            bbox: field.bbox.clone(),
            engine: field.engine.clone(),
            model_version: field.model_version.clone(),
        }));
        fields.insert(want.name.clone(), field);
    }

    /// Whose dollars they are, where the page names another country than the United States.
    fn dollar(&self) -> Option<&'static str> {
        let points = |country: &Country| {
            let said = self.pages.iter().flat_map(|p| &p.segments).map(|s| {
                let padded = format!(" {} ", s.plain);
                let words = country.words.iter().filter(|w| padded.contains(&format!(" {w} "))).count();
                2 * words + usize::from(is_address(country, &s.text))
            });
            said.sum::<usize>()
        };
        let best = DOLLARS.iter().map(|c| (points(c), c.code)).max_by_key(|(n, _)| *n)?;
        (best.0 >= 2).then_some(best.1)
    }

    /// A currency whose sign is of letters that mean others elsewhere: `R 23 525.38`.
    fn letters(&self) -> Option<(&'static str, String, i32, Box4)> {
        LETTERS.iter().find_map(|(code, hints, signs)| {
            let hinted = |s: &Segment| {
                let padded = format!(" {} ", s.plain);
                hints.iter().any(|h| padded.contains(&format!(" {h} ")))
            };
            if !self.pages.iter().any(|p: &Layout| p.segments.iter().any(hinted)) {
                return None;
            }
            self.pages.iter().find_map(|page| {
                let mut all = page.segments.iter().flat_map(|s| {
                    words(s)
                        .zip(words(s).skip(1))
                        .map(|((sign, place), (number, _))| (sign, place, number))
                        .collect::<Vec<_>>()
                });
                let found = all.find(|(sign, _, number)| {
                    signs.contains(&sign.as_str()) && number.starts_with(|c: char| c.is_ascii_digit())
                });
                found.map(|(sign, place, _)| (*code, sign, page.page_no, place))
            })
        })
    }
}

/// Words of a segment with their places.
fn words(segment: &Segment) -> impl Iterator<Item = (String, Box4)> {
    segment.words.iter().map(|(at, place)| {
        let word = segment.text.get(*at..).and_then(|t| t.split(' ').next()).unwrap_or_default();
        (word.to_owned(), *place)
    })
}

/// `Figtree NSW 2525`, `Toronto ON M5V 2T6`.
fn is_address(country: &Country, text: &str) -> bool {
    let words: Vec<&str> = text.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    words.windows(2).any(|pair| {
        let state = pair[0].len() >= 2 && country.states.contains(&format!(" {} ", pair[0]));
        let code = pair[1];
        let fits = if country.postcode == 0 {
            let b = code.as_bytes();
            matches!(b.len(), 3 | 6)
                && b[0].is_ascii_uppercase()
                && b[1].is_ascii_digit()
                && b[2].is_ascii_uppercase()
        } else {
            code.len() == country.postcode && code.bytes().all(|b| b.is_ascii_digit())
        };
        state && fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_the_country() {
        assert!(is_address(&DOLLARS[0], "Figtree NSW 2525"));
        assert!(is_address(&DOLLARS[1], "Toronto, ON M5V 2T6"));
        assert!(!is_address(&DOLLARS[1], "Toledo, OH 43604"));
        assert!(!is_address(&DOLLARS[0], "Seattle WA 98101"), "a state of the other country has five digits");
    }
}
