//! What OCR misread in names and addresses, put right where there is no doubt.
//!
//! Owns which words are usual there. Knows no field. Rule: only a word that was not read surely, that is no usual word, and
//! that is one usual word but for letters that look alike, is changed; what was read stays beside the value as its raw text.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

static USUAL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("spelling.txt").lines().filter(|l| !l.starts_with('#')).flat_map(|l| l.split(' ')).collect()
});

/// A word read more surely than this is left as it is.
const SURE: f32 = 0.95;

/// Of a word read less surely than this, any one letter may be wrong.
const HARDLY: f32 = 0.8;

/// Words that were not read surely, by their runs of letters and digits.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubts(HashMap<String, f32>);

impl Doubts {
    /// Adds words with how surely each was read.
    pub(super) fn extend<'a>(&mut self, words: impl Iterator<Item = (&'a str, f32)>) {
        for (word, sure) in words.filter(|(_, sure)| *sure < SURE) {
            for token in tokens(word) {
                let least = self.0.entry(token).or_insert(sure);
                *least = least.min(sure);
            }
        }
    }

    /// Everything is in doubt.
    #[cfg(test)]
    fn all(text: &str) -> Self {
        let mut doubts = Self::default();
        doubts.extend(text.split(' ').map(|w| (w, 0.5)));
        doubts
    }

    fn of(&self, token: &str) -> Option<f32> {
        self.0.get(token).copied()
    }
}

/// A text with the words that are in doubt put right.
pub(super) fn corrected(text: &str, doubts: &Doubts) -> String {
    let tokens = tokens(text);
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < tokens.len() {
        let token = &tokens[i];
        // `SUL TAN`, `L.ot`: one word that was read as two.
        if let (Some(gap), Some(next)) = (tokens.get(i + 1), tokens.get(i + 2))
            && matches!(gap.as_str(), " " | ".")
            && (doubts.of(token).is_some() || doubts.of(next).is_some())
            && let Some(whole) = one_of_two(token, next)
        {
            out.push_str(&whole);
            i += 3;
            continue;
        }
        // `No.l`, `Lot I`: a number after a word that asks for one.
        let before = i.checked_sub(2).map(|b| tokens[b].to_lowercase());
        let doubt = doubts.of(token);
        if matches!(token.as_str(), "l" | "I" | "i")
            && doubt.is_some()
            && before.is_some_and(|b| matches!(b.as_str(), "no" | "lot"))
        {
            out.push('1');
        } else {
            out.push_str(&doubt.map_or_else(|| token.clone(), |sure| one(token, sure < HARDLY)));
        }
        i += 1;
    }
    out
}

/// The usual word that two words are together, neither of which is one.
fn one_of_two(first: &str, second: &str) -> Option<String> {
    if !is_word(first) || !is_word(second) || is_usual(first) || is_usual(second) {
        return None;
    }
    let whole = format!("{first}{second}");
    // `I.ot`: a stroke alone may be an `L`.
    let other = matches!(first, "I" | "i" | "l").then(|| format!("L{second}"));
    [Some(whole), other].into_iter().flatten().find(|w| is_usual(w))
}

/// Runs of letters and digits, and what stands between them, in turn. A `!` or `|` inside a word is a letter that was misread.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut inside = None;
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let letter = |j: Option<usize>| j.and_then(|j| chars.get(j)).is_some_and(|c| c.is_alphabetic());
        let stroke = matches!(c, '!' | '|') && letter(i.checked_sub(1));
        let (c, part) = if stroke { ('i', true) } else { (*c, c.is_alphanumeric()) };
        match tokens.last_mut().filter(|_| inside == Some(part)) {
            Some(token) => token.push(c),
            None => tokens.push(c.into()),
        }
        inside = Some(part);
    }
    tokens
}

fn is_word(token: &str) -> bool {
    token.chars().all(char::is_alphabetic)
}

fn is_usual(word: &str) -> bool {
    USUAL.contains(word.to_lowercase().as_str())
}

fn one(word: &str, hardly: bool) -> String {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if digits >= 3 && letters <= 2 && digits + letters == 5 {
        // A postcode: `4030o`.
        let fixed: Option<String> = word.chars().map(digit).collect();
        return fixed.unwrap_or_else(|| word.to_owned());
    }
    if matches!(word, "Nol" | "NOl" | "nol") {
        return format!("{}1", &word[..2]);
    }
    let count = letters + digits;
    if digits > 1 || count < 3 {
        return word.to_owned();
    }
    let lower: String = word.chars().map(latin).flat_map(char::to_lowercase).collect();
    if USUAL.contains(lower.as_str()) {
        return if lower.len() == word.len() { word.to_owned() } else { cased(&lower, word) };
    }
    // `HANDELSDN`: a legal form that was read as part of the name before it.
    if let Some(name) = lower.strip_suffix("sdn").filter(|n| n.len() >= 3 && n.len() + 3 == word.len()) {
        return format!("{} {}", &word[..name.len()], &word[name.len()..]);
    }
    let mut alike = USUAL.iter().filter(|usual| looks_like(&lower, usual));
    match (alike.next(), alike.next()) {
        (Some(usual), None) => cased(usual, word),
        (Some(_), Some(_)) => word.to_owned(),
        _ => {
            let other = melted(&lower).or_else(|| if hardly { one_letter_off(&lower) } else { None });
            other.map_or_else(|| word.to_owned(), |usual| cased(usual, word))
        }
    }
}

/// The usual word that a word is but for one letter read as two, or one that is too much: `petalinci`, `grounid`.
fn melted(word: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 8] = [
        ("ci", "g"),
        ("rn", "m"),
        ("ii", "u"),
        ("li", "h"),
        ("cl", "d"),
        ("vv", "w"),
        ("nn", "m"),
        ("lj", "u"),
    ];
    if word.len() < 5 || !word.is_ascii() {
        return None;
    }
    let pairs = PAIRS.iter().flat_map(|(two, one)| {
        word.match_indices(two).map(move |(at, _)| format!("{}{one}{}", &word[..at], &word[at + 2..]))
    });
    // A letter too much beside a usual word of at least five letters.
    let less = (1..word.len() - 1)
        .filter(|_| word.len() > 5)
        .map(|at| format!("{}{}", &word[..at], &word[at + 1..]));
    let mut found: Vec<&str> = pairs.chain(less).filter_map(|w| USUAL.get(w.as_str()).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found.first().copied().filter(|_| found.len() == 1)
}

/// The one usual word that differs in one letter.
fn one_letter_off(word: &str) -> Option<&'static str> {
    let off = |usual: &&&str| {
        usual.len() == word.len() && usual.bytes().zip(word.bytes()).filter(|(a, b)| a != b).count() == 1
    };
    if word.len() < 5 || !word.is_ascii() {
        return None;
    }
    let mut found = USUAL.iter().filter(off);
    found.next().copied().filter(|_| found.next().is_none())
}

fn digit(c: char) -> Option<char> {
    Some(match c {
        '0'..='9' => c,
        'o' | 'O' | 'D' | 'Q' => '0',
        'l' | 'I' | 'i' => '1',
        'S' | 's' => '5',
        'B' => '8',
        'Z' | 'z' => '2',
        _ => return None,
    })
}

/// Letters with strokes and dots that tiny models see on worn print.
fn latin(c: char) -> char {
    match c {
        'ā' | 'ă' | 'ą' => 'a',
        'ł' | 'ļ' | 'ľ' => 'l',
        'ś' | 'š' | 'ş' => 's',
        'ć' | 'č' => 'c',
        'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ī' | 'į' | 'ı' => 'i',
        'ń' | 'ň' | 'ņ' => 'n',
        'ū' | 'ů' => 'u',
        'Ś' | 'Š' | 'Ş' => 'S',
        'Ł' => 'L',
        'Ā' | 'Ă' | 'Ą' => 'A',
        other => other,
    }
}

/// Whether a word may be another one misread: the same length, and only letters changed that look alike.
fn looks_like(word: &str, usual: &str) -> bool {
    #[rustfmt::skip]
    const PAIRS: [(char, char); 28] = [
        ('o', 'd'), ('0', 'o'), ('1', 'l'), ('i', 'l'), ('8', 'b'), ('e', 'b'), ('i', 'h'), ('5', 's'), ('0', 'd'),
        ('m', 'n'), ('r', 'n'), ('u', 'n'), ('t', 'l'), ('e', 'c'), ('f', 't'), ('i', 't'), ('g', 'q'), ('v', 'y'),
        ('h', 'n'), ('h', 'b'), ('m', 'w'), ('c', 'o'), ('1', 'i'), ('l', 'f'), ('f', 'e'), ('e', 'r'), ('v', 'u'),
        ('h', 'm'),
    ];
    let count = word.chars().count();
    if count != usual.len() {
        return false;
    }
    let changed: Vec<(char, char)> = word.chars().zip(usual.chars()).filter(|(x, y)| x != y).collect();
    changed.len() <= if count >= 6 { 2 } else { 1 }
        && changed.iter().all(|(x, y)| PAIRS.contains(&(*x, *y)) || PAIRS.contains(&(*y, *x)))
}

/// A word in the case of another.
fn cased(word: &str, like: &str) -> String {
    let upper = like.chars().filter(|c| c.is_uppercase()).count();
    let lower = like.chars().filter(|c| c.is_lowercase()).count();
    if upper > lower {
        word.to_uppercase()
    } else if like.chars().next().is_some_and(char::is_uppercase) {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        corrected(text, &Doubts::all(text))
    }

    #[test]
    fn usual_words_are_put_right_and_others_left() {
        assert_eq!(read("4030o śHAH ALAM, SETANGOR."), "40300 SHAH ALAM, SELANGOR.");
        assert_eq!(read("AMANO MALAYSIA SON BHD"), "AMANO MALAYSIA SDN BHD");
        assert_eq!(read("Kakiku Motors, 12 Jalan 3/9"), "Kakiku Motors, 12 Jalan 3/9");
        assert_eq!(read("NO. 14 A1B2C3"), "NO. 14 A1B2C3");
        assert_eq!(read("Gardenia Stores, Alaf Point Care"), "Gardenia Stores, Alaf Point Care");
        assert_eq!(read("JALAN SUL TAN, L.ot 3, No.l Petalinci"), "JALAN SULTAN, Lot 3, No.1 Petaling");
        assert_eq!(read("I.ot 3"), "Lot 3");
        assert_eq!(
            read("Grounid Fleor, Sr! Gaya, IKANO HANDELSDN BHD"),
            "Ground Floor, Sri Gaya, IKANO HANDEL SDN BHD"
        );
    }

    #[test]
    fn what_was_read_surely_is_left() {
        let mut doubts = Doubts::default();
        doubts.extend([("SETANGOR", 0.99), ("Kenara", 0.5)].into_iter());
        assert_eq!(corrected("SETANGOR Kenara", &doubts), "SETANGOR Menara");
    }
}
