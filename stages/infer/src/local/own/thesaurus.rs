//! Words of business documents that mean the same: `consignor` and `shipper`, `Kaution` and `security deposit`.
//!
//! Owns meanings. Knows no field and no page. Rule: general vocabulary only; what one supplier alone says belongs in a schema's
//! `x-aliases`.

use super::super::lexicon::{is_label_word, plain};
use std::collections::HashMap;
use std::sync::LazyLock;

const LINES: &str = include_str!("thesaurus.txt");

/// Words that say nothing.
const SILENT: &[&str] = &[
    "of", "the", "and", "or", "for", "in", "on", "at", "with", "an", "a", "der", "die", "das", "den", "dem",
    "des", "und", "oder", "fur", "im", "am", "zu", "zum", "zur", "le", "la", "les", "du", "de", "d", "l",
    "et", "ou", "un", "une", "el", "los", "las", "y", "del", "della", "di", "e", "il", "lo", "een", "het",
    "en", "van", "te", "is", "was", "be", "been", "as", "are", "auf", "an", "bei", "aus", "mit", "beim",
    "vom", "sur", "chez", "con", "op", "mg", "l", "ml", "dh", "us", "cm", "mm", "ppm", "hpa", "mmol", "pct",
    "has", "have", "which", "that", "who", "whose", "it", "its", "s", "if", "any", "also", "may", "par",
];

/// Words of a place in time or space: they count less than what they stand beside.
const SMALL: &[&str] = &[
    "from", "to", "by", "until", "till", "von", "ab", "bis", "thru", "through", "per", "each", "desde",
    "hasta", "vanaf", "dal",
];

/// A piece of a label: a word or a phrase with its meanings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// In plain form.
    pub(crate) text: String,
    /// Meanings, by number.
    pub(crate) senses: Vec<u16>,
    /// How much it tells, 0..=1.
    pub(crate) weight: f32,
}

impl Unit {
    /// Whether two mean the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.text == other.text
            || self.senses.iter().any(|s| other.senses.contains(s))
            || is_inflected(&self.text, &other.text)
    }
}

/// `insertion` and `insertions`: one begins with the other, four letters at least.
fn is_inflected(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.len() >= 4 && !short.contains(' ') && long.starts_with(short) && long.len() - short.len() <= 3
}

struct Thesaurus {
    /// Whether a meaning tells fields apart, and whether it is somebody.
    senses: Vec<(bool, bool)>,
    /// Meanings of phrases by their words.
    phrases: HashMap<String, Vec<u16>>,
    /// Most words of a phrase that begins with that word.
    longest: HashMap<String, usize>,
}

static THESAURUS: LazyLock<Thesaurus> = LazyLock::new(|| {
    let mut all = Thesaurus { senses: Vec::new(), phrases: HashMap::new(), longest: HashMap::new() };
    for line in lines() {
        let (rest, common) = line.strip_prefix('~').map_or((line, false), |rest| (rest, true));
        let (rest, somebody) = rest.strip_prefix('=').map_or((rest, false), |rest| (rest, true));
        let sense = u16::try_from(all.senses.len()).unwrap_or(u16::MAX);
        all.senses.push((!common, somebody));
        for phrase in rest.split(" | ").map(plain).filter(|p| !p.is_empty()) {
            let count = phrase.split(' ').count();
            if let Some(first) = phrase.split(' ').next() {
                let longest = all.longest.entry(first.to_owned()).or_default();
                *longest = count.max(*longest);
            }
            let senses = all.phrases.entry(phrase).or_default();
            if !senses.contains(&sense) {
                senses.push(sense);
            }
        }
    }
    all
});

/// Takes a label in plain form apart; numbers and silent words are left out.
pub(crate) fn units(label: &str) -> Vec<Unit> {
    let all = &*THESAURUS;
    let words: Vec<&str> = label.split(' ').filter(|w| !w.is_empty()).collect();
    let mut units = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let most = all.longest.get(words[at]).copied().unwrap_or(1).min(words.len() - at);
        let known = (1..=most).rev().find_map(|n| {
            let phrase = words[at..at + n].join(" ");
            all.phrases.get(&phrase).map(|senses| (n, phrase, senses))
        });
        let known = known.or_else(|| inflected(all, words[at]).map(|(base, senses)| (1, base, senses)));
        if let Some((n, text, senses)) = known {
            // `of` alone says nothing, though phrases begin with it.
            if n > 1 || !SILENT.contains(&words[at]) {
                units.push(unit(all, text, senses.clone()));
            }
            at += n;
            continue;
        }
        let word = words[at];
        at += 1;
        if SILENT.contains(&word) || word.bytes().all(|b| b.is_ascii_digit()) || word.len() < 2 {
            continue;
        }
        match split(all, word) {
            Some(parts) => units.extend(parts),
            None => units.push(Unit { text: word.to_owned(), senses: Vec::new(), weight: 1.0 }),
        }
    }
    units
}

/// A word that is known with another ending: `calibrations`, `commencement`, `gemieteten`.
fn inflected<'a>(all: &'a Thesaurus, word: &str) -> Option<(String, &'a Vec<u16>)> {
    const ENDS: [&str; 11] = ["s", "es", "n", "en", "e", "er", "ed", "d", "ing", "ment", "ung"];
    const LEAST: usize = 5;
    if SILENT.contains(&word) {
        return None;
    }
    let ended = ENDS.iter().find_map(|end| {
        let base = word.strip_suffix(end).filter(|b| b.len() >= LEAST)?;
        all.phrases.get(base).map(|senses| (base.to_owned(), senses))
    });
    // Where there are no umlauts: `ZAEHLER`.
    let spelled = || {
        let bare = word.replace("ae", "a").replace("oe", "o").replace("ue", "u");
        if bare.len() == word.len() {
            return None;
        }
        let senses = all.phrases.get(&bare)?;
        Some((bare, senses))
    };
    ended.or_else(spelled)
}

fn unit(all: &Thesaurus, text: String, senses: Vec<u16>) -> Unit {
    let telling = senses.iter().any(|s| all.senses.get(usize::from(*s)).is_some_and(|s| s.0));
    let weight = if !telling {
        0.35
    } else if SMALL.contains(&text.as_str()) {
        0.6
    } else {
        1.0
    };
    Unit { text, senses, weight }
}

/// A German compound of two words that are known: `Eintrittsdatum`, `Bruttomiete`.
fn split(all: &Thesaurus, word: &str) -> Option<Vec<Unit>> {
    const LEAST: usize = 3;
    if !word.is_ascii() || word.len() < 2 * LEAST + 1 {
        return None;
    }
    let known = |part: &str| all.phrases.get(part).map(|senses| unit(all, part.to_owned(), senses.clone()));
    (LEAST..=word.len() - LEAST).rev().find_map(|at| {
        let (front, back) = word.split_at(at);
        let back = known(back)?;
        let bare =
            ["", "s", "es", "n", "en"].iter().find_map(|joint| front.strip_suffix(joint).and_then(known));
        Some(vec![bare?, back])
    })
}

/// A German compound that ends with a word that is known: `Arbeitslosenversicherung`.
fn ends_known(all: &Thesaurus, word: &str) -> bool {
    const LEAST: usize = 6;
    word.is_ascii() && (3..word.len().saturating_sub(LEAST)).any(|at| all.phrases.contains_key(&word[at..]))
}

/// What cannot be said of the same value.
const OPPOSITES: [(&str, &str); 26] = [
    ("new", "old"),
    ("start", "end"),
    ("net", "gross"),
    ("next", "old"),
    ("sender", "receiver"),
    ("seller", "buyer"),
    ("landlord", "tenant"),
    ("insurer", "insured"),
    ("arrival", "departure"),
    ("entry", "exit"),
    ("lender", "borrower"),
    ("employer", "employee"),
    ("month", "year"),
    ("pickup", "deliver"),
    ("birth", "entry"),
    ("opening balance", "closing balance"),
    ("money in", "money out"),
    ("old reading", "new reading"),
    ("port of loading", "port of discharge"),
    ("admitted", "discharged"),
    ("grantor", "grantee"),
    ("plaintiff", "defendant"),
    ("first weight", "second weight"),
    ("place of receipt", "place of delivery"),
    ("country of dispatch", "country of destination"),
    ("refund", "due"),
];

/// Whether one word says the opposite of another.
pub(crate) fn opposed(a: &Unit, b: &Unit) -> bool {
    static PAIRS: LazyLock<Vec<(u16, u16)>> = LazyLock::new(|| {
        let number = |word: &str| sense(word).unwrap_or(u16::MAX);
        OPPOSITES.iter().map(|(a, b)| (number(a), number(b))).collect()
    });
    let has = |unit: &Unit, sense: u16| unit.senses.contains(&sense);
    PAIRS.iter().any(|(x, y)| has(a, *x) && has(b, *y) || has(a, *y) && has(b, *x)) && !a.same(b)
}

/// Whether a text in plain form consists of words that labels are made of.
pub(crate) fn is_vocabulary(text: &str) -> bool {
    let all = &*THESAURUS;
    let words: Vec<&str> = text.split(' ').filter(|w| !w.is_empty()).collect();
    let mut at = 0;
    let mut telling = false;
    while at < words.len() {
        let word = words[at];
        let most = all.longest.get(word).copied().unwrap_or(1).min(words.len() - at);
        let known = (1..=most).rev().find(|n| all.phrases.contains_key(&words[at..at + n].join(" ")));
        match known {
            Some(n) => {
                telling = true;
                at += n;
            }
            None if is_label_word(word)
                || inflected(all, word).is_some()
                || split(all, word).is_some()
                || words.len() == 1 && ends_known(all, word) =>
            {
                telling = true;
                at += 1;
            }
            None if SILENT.contains(&word) => at += 1,
            None => return false,
        }
    }
    telling
}

/// Whether a unit names somebody: a person, a company.
pub(crate) fn is_somebody(unit: &Unit) -> bool {
    unit.senses.iter().any(|s| THESAURUS.senses.get(usize::from(*s)).is_some_and(|s| s.1))
}

/// Whether a unit has the meaning of which that word is the first.
pub(crate) fn means(unit: &Unit, word: &str) -> bool {
    static FIRST: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
        lines().enumerate().filter_map(|(i, l)| Some((first(l)?, u16::try_from(i).ok()?))).collect()
    });
    debug_assert!(FIRST.contains_key(word), "no meaning begins with `{word}`");
    FIRST.get(word).is_some_and(|sense| unit.senses.contains(sense))
}

fn sense(word: &str) -> Option<u16> {
    lines().position(|l| first(l) == Some(word)).and_then(|i| u16::try_from(i).ok())
}

fn lines() -> impl Iterator<Item = &'static str> {
    LINES.lines().filter(|l| !l.is_empty() && !l.starts_with("# "))
}

fn first(line: &'static str) -> Option<&'static str> {
    line.trim_start_matches(['~', '=']).split(" | ").next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_is_the_same() {
        let same = |a: &str, b: &str| {
            let (a, b) = (units(&plain(a)), units(&plain(b)));
            a.iter().any(|a| b.iter().any(|b| a.same(b)))
        };
        assert!(same("Consignor", "Shipper"));
        assert!(same("Kaution", "Security deposit"));
        assert!(same("S/N", "Serial number"));
        assert!(same("# Pkgs", "Number of packages"));
        assert!(same("Eintrittsdatum", "Entry date"));
        assert!(!same("Consignor", "Consignee"));
    }

    #[test]
    fn what_is_said_to_be_opposed_has_meanings() {
        for (a, b) in OPPOSITES {
            assert!(sense(a).is_some() && sense(b).is_some(), "{a} {b}");
        }
        let unit = |text: &str| units(&plain(text)).remove(0);
        assert!(opposed(&unit("Lessor"), &unit("Mieter")) && !opposed(&unit("Lessor"), &unit("Vermieter")));
    }

    #[test]
    fn labels_are_vocabulary_and_names_are_none() {
        for label in ["Geburtsdatum", "Krankenkasse", "POLICY EFF", "Carrier", "Date of issue", "Serial No."]
        {
            assert!(is_vocabulary(&plain(label)), "{label}");
        }
        for name in ["Falken BKK", "Sprout & Spoon Cafe LLC", "Miriam Holzapfel", "", "12"] {
            assert!(!is_vocabulary(&plain(name)), "{name}");
        }
    }
}
