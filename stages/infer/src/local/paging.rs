//! How pages count themselves: `Page 2 of 3`, `Seite 2/3`.
//!
//! Owns those words. Knows no document. Rule: a count has both numbers.

use regex::Regex;
use std::sync::LazyLock;

static COUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const PAGE: &str =
        "page|seite|blatt|oldal|página|pagina|pág\\.?|pag\\.?|strona|str\\.|side|sida|sivu|strana";
    const OF: &str = "of|von|sur|de|di|van|z|af|av|/";
    Regex::new(&format!(r"(?i)\b(?:{PAGE})\s*(?:no\.?|nr\.?)?\s*:?\s*(\d{{1,4}})\s*(?:{OF})\s*(\d{{1,4}})\b"))
        .ok()
});

/// A page's number and how many there are.
pub(super) fn count(text: &str) -> Option<(u32, u32)> {
    let found = COUNT.as_ref()?.captures(text)?;
    Some((found[1].parse().ok()?, found[2].parse().ok()?))
}

/// Where in a text pages are counted, in bytes.
pub(super) fn spans(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let found = COUNT.as_ref().filter(|_| text.contains(|c: char| c.is_ascii_digit()));
    found.into_iter().flat_map(move |regex| regex.find_iter(text)).map(|m| (m.start(), m.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_both_numbers() {
        for (text, count_) in [
            ("Order date: 3 May 2025 Page 1 of 1000", Some((1, 1000))),
            ("Seite: 2/3", Some((2, 3))),
            ("Pág. 4 de 12", Some((4, 12))),
            ("Page 2", None),
            ("Outside 3 of 4", None),
        ] {
            assert_eq!(count(text), count_, "{text}");
            assert_eq!(spans(text).count(), usize::from(count_.is_some()), "{text}");
        }
    }
}
