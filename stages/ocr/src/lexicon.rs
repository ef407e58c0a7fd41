//! Words that are known.
//!
//! Owns the lists and look-ups in them. Knows nothing of probabilities. Rule: what is not listed is not wrong, only unknown: most
//! names are not.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words of four letters and more.
const ENGLISH: &str = include_str!("../words/english.txt");
/// Words of business documents in several languages, short ones too.
const BUSINESS: &str = include_str!("../words/business.txt");

struct Lexicon {
    words: HashSet<&'static str>,
    /// Two words that are printed as one, and where the second begins, in characters.
    pairs: HashMap<String, usize>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let business = BUSINESS.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace);
    let (pairs, single): (Vec<&str>, Vec<&str>) = business.partition(|w| w.contains('+'));
    let words = ENGLISH.split_whitespace().chain(single).collect();
    let pairs = pairs.into_iter().filter_map(|pair| {
        let (a, b) = pair.split_once('+')?;
        Some((format!("{a}{b}"), a.chars().count()))
    });
    Lexicon { words, pairs: pairs.collect() }
});

/// True for a word of the lists, in lower case.
pub(crate) fn knows(word: &str) -> bool {
    LEXICON.words.contains(word)
}

/// Where the second word begins, in characters, of two that are often printed without their space.
pub(crate) fn pair(word: &str) -> Option<usize> {
    LEXICON.pairs.get(word).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_both_lists_are_known_and_pairs_have_their_place() {
        for word in ["adjustment", "invoice", "rechnung", "sdn", "geschäftsführer", "jalan"] {
            assert!(knows(word), "{word}");
        }
        for word in ["adjustrnent", "", "#", "Invoice", "sdn+bhd", "qwerty"] {
            assert!(!knows(word), "{word}");
        }
        assert_eq!((pair("sdnbhd"), pair("invoice")), (Some(3), None));
    }
}
