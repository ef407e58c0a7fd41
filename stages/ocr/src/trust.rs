//! Whether a text layer says what the page shows, found out by looking up a sample of its words.
//!
//! Pure. Rule: words with digits are looked up first, since amounts and numbers are what a forger changes; a sample is
//! spread over the page and the same every time.

use docmill_contracts::Word;

/// Most words with digits that are looked up, and most others.
const NUMBERS: usize = 25;
const OTHERS: usize = 15;
/// Fewest letters and digits of a word that is looked up.
const SHORTEST: usize = 3;
/// Least share of the words looked up that have to be found.
const ENOUGH: f32 = 0.8;

/// What came of the look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Words looked up.
    pub(crate) sampled: usize,
    /// Those that OCR reads at their place.
    pub(crate) found: usize,
}

impl Agreement {
    /// True where the text layer can stand for its page.
    pub(crate) fn holds(self) -> bool {
        self.found as f32 >= ENOUGH * self.sampled as f32
    }
}

/// Looks up words of a text layer among those that OCR reads on the same page.
pub(crate) fn compare(layer: &[Word], read: &[Word]) -> Agreement {
    let (mut numbers, mut others) = (Vec::new(), Vec::new());
    for word in layer {
        let text = folded(&word.text);
        if text.len() >= SHORTEST {
            let list =
                if word.text.contains(|c: char| c.is_ascii_digit()) { &mut numbers } else { &mut others };
            list.push((word, text));
        }
    }
    let sample = spread(&numbers, NUMBERS).chain(spread(&others, OTHERS));
    let mut agreement = Agreement { sampled: 0, found: 0 };
    for (word, text) in sample {
        agreement.sampled += 1;
        agreement.found += usize::from(is_there(word, text, read));
    }
    agreement
}

/// At most `most` of a list, evenly spread.
fn spread<T>(list: &[T], most: usize) -> impl Iterator<Item = &T> {
    let count = list.len().min(most);
    (0..count).filter_map(move |i| list.get(i * list.len() / count))
}

/// True where OCR reads `text`, or nearly that, at the place of `word`.
fn is_there(word: &Word, text: &[char], read: &[Word]) -> bool {
    let [x0, y0, x1, y1] = word.bbox;
    let margin = (y1 - y0).min(x1 - x0).max(1.0) * 0.6;
    let near = |w: &&Word| {
        let [a0, b0, a1, b1] = w.bbox;
        a0 < x1 + margin && a1 > x0 - margin && b0 < y1 + margin && b1 > y0 - margin
    };
    let mut there: Vec<&Word> = read.iter().filter(near).collect();
    there.sort_by(|a, b| a.line.cmp(&b.line).then(a.bbox[0].total_cmp(&b.bbox[0])));
    let there: Vec<char> = there.iter().flat_map(|w| folded(&w.text)).collect();
    distance(text, &there) <= text.len().div_ceil(6)
}

/// Letters and digits alone, without case, and without what OCR cannot tell apart.
fn folded(text: &str) -> Vec<char> {
    let plain = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    plain
        .map(|c| match c {
            'o' => '0',
            'l' | 'i' => '1',
            c => c,
        })
        .collect()
}

/// Fewest changes that make `wanted` a part of `text`.
fn distance(wanted: &[char], text: &[char]) -> usize {
    // Ends anywhere, starts anywhere: the first row costs nothing.
    let mut row = vec![0; text.len() + 1];
    for (i, a) in wanted.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in text.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.into_iter().min().unwrap_or(wanted.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lines: &[&str], shift: f32) -> Vec<Word> {
        let mut words = Vec::new();
        for (line, text) in lines.iter().enumerate() {
            let mut x = 10.0 + shift;
            for word in text.split(' ') {
                let (y, end) = (20.0 * line as f32 + shift, x + 6.0 * word.len() as f32);
                let bbox = [x, y, end, y + 10.0];
                words.push(Word { text: word.into(), bbox, confidence: 1.0, line: line as u32 });
                x = end + 5.0;
            }
        }
        words
    }

    const SHOWN: [&str; 3] =
        ["Invoice 4711 dated 03.05.2024", "IBAN DE02120300000000202051", "Total 1,234.56 EUR"];

    #[test]
    fn a_layer_that_says_what_is_shown_holds_with_the_errors_that_ocr_makes() {
        let read = page(
            &["lnvoice 4711 dated 03.05.2O24", "IBAN DEO21203000OOO00202051", "Total 1.234,56 EUR"],
            1.5,
        );
        let agreement = compare(&page(&SHOWN, 0.0), &read);
        assert_eq!(agreement, Agreement { sampled: 9, found: 9 });
        assert!(agreement.holds());
    }

    #[test]
    fn a_layer_that_says_something_else_does_not() {
        let lies = ["Invoice 9922 dated 17.11.2023", "IBAN GB33BUKB20201555555555", "Total 8,907.11 EUR"];
        assert!(!compare(&page(&lies, 0.0), &page(&SHOWN, 0.0)).holds());
        assert!(!compare(&page(&SHOWN, 0.0), &[]).holds(), "nothing of it is shown");
        let elsewhere = compare(&page(&SHOWN, 0.0), &page(&SHOWN, 300.0));
        assert_eq!(elsewhere.found, 0, "the place counts");
    }

    #[test]
    fn nothing_to_look_up_is_no_lie() {
        assert!(compare(&page(&["a b c"], 0.0), &[]).holds());
        assert_eq!(spread(&[1, 2, 3, 4, 5, 6], 3).copied().collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!(distance(&['a', 'b'], &['x', 'a', 'b', 'y']), 0);
        assert_eq!(distance(&['a', 'b'], &[]), 2);
    }
}
