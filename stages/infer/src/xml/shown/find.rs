//! Looks for values among the words of pages, whatever separators, groups and marks they are printed with.

use crate::extract::{Extraction, PageText};
use crate::xml::Known;
use docmill_contracts::Word;
use docmill_document::{date, iban, money, vat_id};
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Most words that one value is printed as.
const MOST_WORDS: usize = 12;
/// Share of a name's words that must be on the pages for it to be shown.
const NAME_SHARE: f64 = 0.6;

/// Totals, and what their parts are called in the breakdown by rates.
const PARTS: &[(&str, &str)] = &[("net_total", "taxable_amount"), ("tax_total", "tax_amount")];

/// Most parts of a total that are looked for.
const MOST_PARTS: usize = 8;
/// Most accounts that are looked for.
const MOST_ACCOUNTS: usize = 32;

/// How a value is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Amount,
    Day,
    Id,
    Name,
}

/// A value that is looked for.
#[derive(Debug)]
enum Target {
    Amount(Decimal),
    Day(Date),
    /// Letters and digits, in capitals.
    Text(String),
}

/// What the pages show of an e-invoice's values.
#[derive(Debug)]
pub(super) struct Seen {
    targets: Vec<(&'static str, Target)>,
    places: BTreeMap<&'static str, (i32, [f32; 4])>,
    /// Words of names, and whether they are shown.
    names: BTreeMap<&'static str, BTreeMap<String, bool>>,
    /// Amounts of a total's parts, whose sum it is, and whether they are shown.
    parts: BTreeMap<&'static str, Vec<(Decimal, bool)>>,
    /// Accounts of the e-invoice, and whether they are shown.
    wanted_accounts: BTreeMap<String, bool>,
    /// Valid IBANs on the pages.
    pub(super) accounts: BTreeSet<(String, i32)>,
    /// Valid VAT ids on the pages.
    pub(super) vat_ids: BTreeSet<(String, i32)>,
    /// Words on the pages.
    pub(super) words: usize,
}

impl Seen {
    pub(super) fn new(xml: &Extraction, known: &Known, fields: &[(&'static str, Kind)]) -> Self {
        let mut names = BTreeMap::new();
        let mut targets = Vec::new();
        for (name, kind) in fields {
            let Some(field) = xml.fields.get(*name) else { continue };
            let target = match kind {
                Kind::Amount => field.value.parse().ok().map(|v: Decimal| Target::Amount(v.abs())),
                Kind::Day => field.value.parse().ok().map(Target::Day),
                Kind::Id | Kind::Name => Some(Target::Text(compact(&field.value))).filter(Target::is_there),
            };
            if *kind == Kind::Name {
                names.insert(*name, name_words(&field.value).into_iter().map(|w| (w, false)).collect());
            }
            targets.extend(target.map(|t| (*name, t)));
        }
        let parts = PARTS.iter().filter_map(|(total, part)| {
            let whole: Decimal = xml.fields.get(*total)?.value.parse().ok()?;
            let amounts = xml.vat_breakdown.iter().filter_map(|row| row.get(*part)?.value.parse().ok());
            let amounts: Vec<Decimal> =
                amounts.filter(|v: &Decimal| !v.is_zero()).take(MOST_PARTS + 1).collect();
            let sum = amounts.iter().try_fold(Decimal::ZERO, |sum, v| sum.checked_add(*v));
            let fits = (2..=MOST_PARTS).contains(&amounts.len()) && sum == Some(whole);
            fits.then(|| (*total, amounts.iter().map(|v| (v.abs(), false)).collect()))
        });
        let accounts =
            known.accounts.iter().map(|a| compact(a)).filter(|a| !a.is_empty()).take(MOST_ACCOUNTS);
        Self {
            targets,
            places: BTreeMap::new(),
            names,
            parts: parts.collect(),
            wanted_accounts: accounts.map(|account| (account, false)).collect(),
            accounts: BTreeSet::new(),
            vat_ids: BTreeSet::new(),
            words: 0,
        }
    }

    /// Where a value is shown first.
    pub(super) fn place(&self, name: &str) -> Option<(i32, [f32; 4])> {
        self.places.get(name).copied()
    }

    /// Whether enough of the words of a name are shown.
    pub(super) fn name_is_shown(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|words| {
            let shown = words.values().filter(|shown| **shown).count();
            !words.is_empty() && shown as f64 >= NAME_SHARE * words.len() as f64
        })
    }

    /// Whether a total is shown by its parts, all of them: the VAT of each rate, and no sum.
    pub(super) fn is_shown_in_parts(&self, name: &str) -> bool {
        self.parts.get(name).is_some_and(|parts| parts.iter().all(|(_, shown)| *shown))
    }

    /// Whether an account of the e-invoice is shown; given as letters and digits alone.
    pub(super) fn account_is_shown(&self, account: &str) -> bool {
        self.wanted_accounts.get(account) == Some(&true) || self.accounts.iter().any(|(a, _)| a == account)
    }

    /// Looks at a page.
    pub(super) fn page(&mut self, page: &PageText) {
        self.words += page.words.len();
        let plain: Vec<String> = page.words.iter().map(|w| compact(&w.text)).collect();
        for known in self.names.values_mut() {
            for (word, shown) in known {
                *shown |= plain
                    .iter()
                    .any(|p| p == word || (word.chars().count() > 4 && p.contains(word.as_str())));
            }
        }
        for (name, target) in &self.targets {
            if self.places.contains_key(name) {
                continue;
            }
            let hit = (0..plain.len()).find_map(|at| target.at(at, &page.words, &plain).map(|n| (at, n)));
            if let Some((at, n)) = hit {
                self.places
                    .insert(name, (page.page_no, around(page.words.get(at..at + n).unwrap_or_default())));
            }
        }
        for (amount, shown) in self.parts.values_mut().flatten().filter(|(_, shown)| !*shown) {
            let target = Target::Amount(*amount);
            *shown = (0..plain.len()).any(|at| target.at(at, &page.words, &plain).is_some());
        }
        for (wanted, shown) in self.wanted_accounts.iter_mut().filter(|(_, shown)| !**shown) {
            *shown = (0..plain.len()).any(|at| text_at(wanted, at, &plain).is_some());
        }
        for at in 0..plain.len() {
            if let Some(account) = account(&plain, at) {
                self.accounts.insert((account, page.page_no));
            }
            let id = plain.get(at).map_or("", String::as_str);
            if id.len() >= 8 && vat_id::check(id) == vat_id::VatCheck::Valid {
                self.vat_ids.insert((id.to_owned(), page.page_no));
            }
        }
    }
}

impl Target {
    fn is_there(&self) -> bool {
        !matches!(self, Self::Text(text) if text.is_empty())
    }

    /// How many words from `at` on are the value; none where they are not.
    fn at(&self, at: usize, words: &[Word], plain: &[String]) -> Option<usize> {
        match self {
            Self::Amount(value) => (1..=3).find(|n| {
                let text = joined(words, at, *n, " ");
                money::readings(&text).iter().any(|r| r.value.abs() == *value)
                    || (*n == 1 && number_at_end(&text).is_some_and(|v| v == *value))
            }),
            Self::Day(day) => (1..=4).find(|n| {
                let text = joined(words, at, *n, " ");
                date::readings(&text).iter().any(|r| r.date == *day)
                    || date::find(&text).iter().any(|f| f.readings.iter().any(|r| r.date == *day))
            }),
            Self::Text(wanted) => text_at(wanted, at, plain),
        }
    }
}

/// Words from `at` on whose letters and digits are the wanted ones; within one word also with something around them.
fn text_at(wanted: &str, at: usize, plain: &[String]) -> Option<usize> {
    let first = plain.get(at)?;
    if first == wanted || (wanted.len() >= 4 && first.contains(wanted)) {
        return Some(1);
    }
    if first.is_empty() {
        return None;
    }
    // The value may begin inside of the first word, behind a label.
    let start = (0..first.len()).filter(|i| first.is_char_boundary(*i)).find(|i| {
        first.get(*i..).is_some_and(|tail| wanted.starts_with(tail) && (*i == 0 || tail.len() >= 3))
    })?;
    let mut left = wanted.get(first.len() - start..)?;
    let mut used = 1;
    for word in plain.get(at + 1..)?.iter().take(MOST_WORDS) {
        if left.is_empty() {
            break;
        }
        match left.strip_prefix(word.as_str()) {
            Some(rest) => left = rest,
            None if word.starts_with(left) => left = "",
            None => return None,
        }
        used += 1;
    }
    left.is_empty().then_some(used)
}

pub(super) fn joined(words: &[Word], at: usize, count: usize, between: &str) -> String {
    let texts: Vec<&str> =
        words.get(at..at + count).unwrap_or_default().iter().map(|w| w.text.as_str()).collect();
    texts.join(between)
}

/// `EUR:12,50`, `Summe=12,50`: the amount behind the last letter or colon.
pub(super) fn number_at_end(text: &str) -> Option<Decimal> {
    let at = text.rfind(|c: char| c.is_alphabetic() || matches!(c, ':' | '=' | '€' | '$' | '£'))?;
    let tail = text.get(at..)?.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '-');
    money::parse(tail).map(|a| a.value.abs())
}

/// A valid IBAN that begins with the word at `at`.
fn account(plain: &[String], at: usize) -> Option<String> {
    let first = plain.get(at)?;
    let first = first.strip_prefix("IBAN").unwrap_or(first);
    let head = first.as_bytes();
    let begins = head.len() >= 2 && head.iter().take(2).all(u8::is_ascii_uppercase);
    if !begins || !head.iter().skip(2).take(2).all(u8::is_ascii_digit) || !first.is_ascii() {
        return None;
    }
    let mut text = first.to_owned();
    for word in std::iter::once("").chain(plain.get(at + 1..)?.iter().map(String::as_str).take(9)) {
        text.push_str(word);
        if text.len() > 40 || !text.is_ascii() {
            return None;
        }
        let valid = (15..=text.len().min(34)).find_map(|n| text.get(..n).filter(|t| iban::is_valid(t)));
        if let Some(valid) = valid {
            return Some(valid.to_owned());
        }
    }
    None
}

/// Letters and digits alone, in capitals.
pub(super) fn compact(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The words of a name that tell it from others.
fn name_words(name: &str) -> BTreeSet<String> {
    const FORMS: &[&str] = &[
        "GMBH", "AG", "KG", "SE", "UG", "OHG", "CO", "LTD", "LIMITED", "INC", "LLC", "SA", "SAS", "SARL",
        "BV", "EK", "UND", "AND", "ET",
    ];
    let words: BTreeSet<String> = name
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '/' | ',' | '&'))
        .map(compact)
        .filter(|w| w.chars().count() >= 2 && !FORMS.contains(&w.as_str()))
        .collect();
    if words.is_empty() { std::iter::once(compact(name)).filter(|w| !w.is_empty()).collect() } else { words }
}

pub(super) fn share_words(a: &str, b: &str) -> bool {
    let (a, b) = (name_words(a), name_words(b));
    a.intersection(&b).next().is_some()
        || a.iter().any(|x| {
            b.iter().any(|y| x.len() > 4 && y.len() > 4 && (x.contains(y.as_str()) || y.contains(x.as_str())))
        })
}

pub(super) fn is_zero(value: &str) -> bool {
    value.parse::<Decimal>().is_ok_and(|v| v.is_zero())
}

/// The same number, or the same letters and digits.
pub(super) fn same(a: &str, b: &str) -> bool {
    match (a.parse::<Decimal>(), b.parse::<Decimal>()) {
        (Ok(a), Ok(b)) => a.abs() == b.abs(),
        _ => compact(a) == compact(b),
    }
}

fn around(words: &[Word]) -> [f32; 4] {
    let start = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
    words.iter().fold(start, |[x0, y0, x1, y1], w| {
        let [a, b, c, d] = w.bbox;
        [x0.min(a), y0.min(b), x1.max(c), y1.max(d)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_across_words_and_behind_labels() {
        let find = |wanted: &str, words: &str| {
            let plain: Vec<String> = words.split(' ').map(compact).collect();
            (0..plain.len()).find_map(|at| text_at(&compact(wanted), at, &plain).map(|n| (at, n)))
        };
        assert_eq!(find("103767", "Nr. 103767 vom"), Some((1, 1)));
        assert_eq!(find("103767", "Rechnung-Nr.:103767"), Some((0, 1)));
        assert_eq!(find("RE-2026-17", "RE 2026 / 17 x"), Some((0, 4)));
        assert_eq!(find("DE89 3704 0044", "IBAN:DE89 3704 0044 BIC"), Some((0, 3)));
        assert_eq!(find("103767", "103768 10376"), None);
        assert_eq!(find("17", "2017 17"), Some((1, 1)));
    }

    #[test]
    fn accounts_on_a_page_are_those_whose_check_digits_fit() {
        let find = |words: &str| {
            let plain: Vec<String> = words.split(' ').map(compact).collect();
            (0..plain.len()).filter_map(|at| account(&plain, at)).collect::<Vec<_>>()
        };
        assert_eq!(find("IBAN: DE89 3704 0044 0532 0130 00 BIC"), ["DE89370400440532013000"]);
        assert_eq!(find("IBAN:DE89370400440532013000"), ["DE89370400440532013000"]);
        assert_eq!(find("DE89 3704 0044 0532 0130 01"), Vec::<String>::new());
    }

    #[test]
    fn names_are_compared_by_the_words_that_tell_them_apart() {
        assert!(share_words("Müller GmbH & Co. KG", "MÜLLER"));
        assert!(!share_words("Müller GmbH", "Maier GmbH"));
        assert!(same("119.00", "-119") && !same("119.00", "119.10") && same("RE-17", "re 17"));
    }
}
