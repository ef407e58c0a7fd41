//! What OCR misread in names and addresses, put right where there is no doubt.
//!
//! Owns which words are usual there. Knows no field. Rule: only a word that is no usual word, and that is one usual word but
//! for letters that look alike, is changed; what stands on the page stays beside the value as its raw text.

use std::collections::HashSet;
use std::sync::LazyLock;

static USUAL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("spelling.txt").lines().filter(|l| !l.starts_with('#')).flat_map(|l| l.split(' ')).collect()
});

/// A text with its words put right.
pub(super) fn corrected(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        out.push_str(&one(&word));
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

fn one(word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let digits = word.chars().count() - letters;
    if digits >= 3 && letters <= 2 && digits + letters == 5 {
        // A postcode: `4030o`.
        let fixed: Option<String> = word.chars().map(digit).collect();
        return fixed.unwrap_or_else(|| word.to_owned());
    }
    let count = letters + digits;
    if digits > 1 || count < 3 {
        return word.to_owned();
    }
    let lower: String = word.chars().map(latin).flat_map(char::to_lowercase).collect();
    if USUAL.contains(lower.as_str()) {
        return if lower.len() == word.len() { word.to_owned() } else { cased(&lower, word) };
    }
    let mut alike = USUAL.iter().filter(|usual| looks_like(&lower, usual));
    match (alike.next(), alike.next()) {
        (Some(usual), None) => cased(usual, word),
        _ => word.to_owned(),
    }
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

    #[test]
    fn usual_words_are_put_right_and_others_left() {
        assert_eq!(corrected("4030o śHAH ALAM, SETANGOR."), "40300 SHAH ALAM, SELANGOR.");
        assert_eq!(corrected("AMANO MALAYSIA SON BHD"), "AMANO MALAYSIA SDN BHD");
        assert_eq!(corrected("Kakiku Motors, 12 Jalan 3/9"), "Kakiku Motors, 12 Jalan 3/9");
        assert_eq!(corrected("NO. 14 A1B2C3"), "NO. 14 A1B2C3");
        assert_eq!(corrected("Gardenia Stores, Alaf Point Care"), "Gardenia Stores, Alaf Point Care");
    }
}
