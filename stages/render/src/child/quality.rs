//! Whether a text layer stands for its page: pure judgement over what was counted on it.

use super::words::Amount;
use crate::protocol::{Rules, Why};
use docmill_contracts::Word;

/// What was counted on a page.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Page {
    /// The text that counts: what can be seen, and what lies behind an image.
    pub(super) amount: Amount,
    /// Characters of it that lie behind an image: the work of a scanner.
    pub(super) behind: u32,
    /// Share of its characters in words that look like words or numbers, 0..=1.
    pub(super) clean: f32,
    /// Share of glyphs that stand for no character, 0..=1.
    pub(super) garbage: f32,
    /// Share of the page that images cover, 0..=1.
    pub(super) images: f32,
    /// There is something beside text.
    pub(super) graphics: bool,
}

/// What is to be done with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Text,
    Empty,
    Ocr,
}

/// What is to be done with a page, and why.
pub(super) fn judge(page: &Page, rules: &Rules) -> (Verdict, Why) {
    let Page { amount, .. } = *page;
    let legible = amount.ratio() >= rules.min_alpha_ratio;
    if page.garbage > rules.max_garbage_ratio {
        (Verdict::Ocr, Why::Garbage { share: page.garbage })
    } else if page.behind * 2 > amount.characters || page.images >= rules.scan_coverage {
        scan(page, legible, rules)
    } else if amount.characters >= rules.min_characters && legible {
        (Verdict::Text, Why::Plain)
    } else {
        match (amount.characters, page.graphics) {
            (0, false) => (Verdict::Empty, Why::Plain),
            // Little text and nothing else: that is all there is.
            (_, false) if legible => (Verdict::Text, Why::Plain),
            (_, false) => (Verdict::Ocr, Why::NotLanguage { share: amount.ratio() }),
            (0, true) => (Verdict::Ocr, Why::NoText),
            (characters, true) => (Verdict::Ocr, Why::LittleText { characters }),
        }
    }
}

/// A page that is an image, whoever put text on it.
fn scan(page: &Page, legible: bool, rules: &Rules) -> (Verdict, Why) {
    let characters = page.amount.characters;
    let scanners = page.behind * 2 > characters;
    if characters < rules.min_characters.max(rules.scan_min_characters) || !legible {
        return (Verdict::Ocr, if characters == 0 { Why::NoText } else { Why::LittleText { characters } });
    }
    match (scanners, page.clean >= rules.scan_min_clean) {
        (true, true) => (Verdict::Text, Why::ScannerGood { clean: page.clean }),
        (true, false) => (Verdict::Ocr, Why::ScannerPoor { clean: page.clean }),
        (false, _) => (Verdict::Text, Why::OverImage { images: page.images }),
    }
}

/// Share of characters in words that look like words or numbers, 0..=1; 1 where there are none.
pub(super) fn clean<'a>(words: impl IntoIterator<Item = &'a Word>) -> f32 {
    let (mut all, mut good) = (0_u32, 0_u32);
    for word in words {
        let length = u32::try_from(word.text.chars().count()).unwrap_or(u32::MAX);
        all = all.saturating_add(length);
        if is_clean(&word.text) {
            good = good.saturating_add(length);
        }
    }
    if all == 0 { 1.0 } else { good as f32 / all as f32 }
}

/// A word, a name, a number, a code; not what bad recognition makes of them: case that jumps, signs inside of words.
fn is_clean(word: &str) -> bool {
    let core = word.trim_matches(|c: char| c.is_ascii_punctuation() || "€£§°–—‘’“”„«»•·…®©™".contains(c));
    if core.is_empty() {
        // A dash, a slash, an amount's sign; rows of signs are rules drawn with them.
        let mut signs = word.chars();
        let first = signs.next();
        return !word.contains(['|', '~', '^', '`', '\\', '\u{fffd}', '¢', '¥'])
            && signs.all(|c| Some(c) == first);
    }
    core.split(|c: char| {
        matches!(c, '-' | '/' | '.' | ',' | ':' | '\'' | '’' | '&' | '@' | '_' | '+' | '%' | '#' | '(' | ')')
    })
    .all(is_clean_part)
}

fn is_clean_part(part: &str) -> bool {
    let mut letters = part.chars().filter(|c| c.is_alphabetic());
    let letter_count = part.chars().filter(|c| c.is_alphabetic()).count();
    let digits = part.chars().filter(char::is_ascii_digit).count();
    if letter_count + digits < part.chars().count() {
        return false;
    }
    if letter_count == 0 || part.chars().all(|c| !c.is_lowercase()) {
        return true;
    }
    if digits > 0 {
        // 10am, 1st, A4: one change between letters and digits.
        let kinds: Vec<bool> = part.chars().map(char::is_alphabetic).collect();
        return kinds.windows(2).filter(|w| w[0] != w[1]).count() <= 1;
    }
    letters.next();
    let upper = letters.filter(|c| c.is_uppercase()).count();
    // One capital inside of a name (McDonald, eMail), no more.
    upper <= 1 && (letter_count > 3 || upper == 0)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;
    use crate::Config;
    use crate::protocol::Trust;

    fn words(text: &str) -> Vec<Word> {
        let word = |text: &str| Word { text: text.into(), bbox: [0.0; 4], confidence: 1.0, line: 0 };
        text.split_whitespace().map(word).collect()
    }

    fn page(text: &str) -> Page {
        let words = words(text);
        Page { amount: Amount::of(&words), clean: clean(&words), ..Page::default() }
    }

    fn rules() -> Rules {
        Rules::of(&Config::default(), Trust::Trusted)
    }

    const TEXT: &str =
        "Invoice No. 2024-0815 of 12.03.2024 to McDonald's GmbH & Co. KG, Net 30 days: $1,234.50 (19 % VAT)";
    const NOISE: &str =
        "lnv0ice N~. 2O24-O8l5 0f l2.O3.2O24 tO McD0naId's Gm8H ¢ C0. KG| Nct 3O d4ys: $l,234.5O (l9 %";

    #[test]
    fn bad_recognition_is_told_from_good() {
        assert!(clean(&words(TEXT)) > 0.98, "{}", clean(&words(TEXT)));
        assert!(clean(&words(NOISE)) < 0.6, "{}", clean(&words(NOISE)));
        assert_eq!(clean(&words("")), 1.0);
        assert_eq!(clean(&words("....... ---- / - 10am A4 eMail WXYZ-TV")), 1.0);
    }

    #[test]
    fn a_scanners_layer_is_kept_or_read_again_by_its_quality() {
        let scan = |text: &str| {
            let page = page(&format!("{text} ").repeat(4));
            Page { behind: page.amount.characters, images: 0.98, graphics: true, ..page }
        };
        assert!(matches!(judge(&scan(TEXT), &rules()), (Verdict::Text, Why::ScannerGood { .. })));
        assert!(matches!(judge(&scan(NOISE), &rules()), (Verdict::Ocr, Why::ScannerPoor { .. })));
        let none = Page { images: 1.0, graphics: true, ..Page::default() };
        assert_eq!(judge(&none, &rules()), (Verdict::Ocr, Why::NoText));
        let letterhead = Page { behind: 0, ..scan(TEXT) };
        assert_eq!(judge(&letterhead, &rules()), (Verdict::Text, Why::OverImage { images: 0.98 }));
    }

    #[test]
    fn little_text_is_enough_where_there_is_nothing_else() {
        assert_eq!(judge(&page(TEXT), &rules()), (Verdict::Text, Why::Plain));
        assert_eq!(judge(&page("Page 4"), &rules()), (Verdict::Text, Why::Plain));
        let drawn = Page { graphics: true, ..page("Page 4") };
        assert_eq!(judge(&drawn, &rules()), (Verdict::Ocr, Why::LittleText { characters: 5 }));
        assert_eq!(judge(&Page::default(), &rules()), (Verdict::Empty, Why::Plain));
    }

    #[test]
    fn glyphs_that_stand_for_nothing_lead_to_ocr() {
        let garbage = Page { garbage: 0.6, ..page(TEXT) };
        assert_eq!(judge(&garbage, &rules()), (Verdict::Ocr, Why::Garbage { share: 0.6 }));
    }
}
