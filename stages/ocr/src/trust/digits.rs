//! Whether two texts have the same digits, as far as OCR can tell.
//!
//! Pure. Rule: letters and signs do not matter, but a letter may be what OCR makes of a digit, and the other way round.

/// Longest texts that are compared, in characters; the ends of others are as they may be.
const MOST: usize = 400;

/// The digits of a text, with letters that look like them left out.
pub(super) fn of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// True where both texts have the same digits in the same order.
pub(super) fn are_same(a: &str, b: &str) -> bool {
    let signs = |text: &str| text.chars().filter_map(Sign::of).take(MOST).collect::<Vec<_>>();
    let (a, b) = (signs(a), signs(b));
    // Which beginnings of `b` have the same digits as what there was of `a` so far.
    let mut row = vec![false; b.len() + 1];
    let skipped = |row: &mut [bool]| {
        for (j, sign) in b.iter().enumerate() {
            row[j + 1] |= row[j] && sign.may_be_nothing;
        }
    };
    row[0] = true;
    skipped(&mut row);
    for sign in &a {
        let mut next: Vec<bool> = row.iter().map(|r| *r && sign.may_be_nothing).collect();
        for (j, other) in b.iter().enumerate() {
            next[j + 1] |= row[j] && sign.digit == other.digit;
        }
        skipped(&mut next);
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

/// A character that is a digit, or may be one.
#[derive(Debug, Clone, Copy)]
struct Sign {
    digit: char,
    /// It is no digit, but looks like one.
    may_be_nothing: bool,
}

impl Sign {
    fn of(c: char) -> Option<Self> {
        let like = match c {
            'O' | 'o' | 'D' | 'Q' | 'U' => '0',
            'l' | 'I' | 'i' | '|' | '!' | '¹' | 'J' | 'j' | 't' => '1',
            'Z' | 'z' | '²' => '2',
            '³' => '3',
            'A' => '4',
            'S' | 's' | '$' => '5',
            'G' | 'b' => '6',
            'T' => '7',
            'B' => '8',
            'g' | 'q' => '9',
            c if c.is_ascii_digit() => return Some(Self { digit: c, may_be_nothing: false }),
            _ => return None,
        };
        Some(Self { digit: like, may_be_nothing: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_compared_and_what_ocr_confuses_is_not() {
        for (a, b) in [
            ("1,234.56 EUR", "1.234,56EUR"),
            ("DE02 1203 0000", "DEO2I203O000"),
            ("$100", "S100"),
            ("$100", "100"),
            ("Order 88B", "0rder 888"),
            ("5 m²", "5m2"),
            ("", ""),
            ("no digits", "at all"),
        ] {
            assert!(are_same(a, b) && are_same(b, a), "{a} {b}");
        }
    }

    #[test]
    fn a_digit_more_less_or_another_is_not_the_same() {
        for (a, b) in
            [("73.78", "9973.78"), ("110.00", "10.00"), ("4711", "4771"), ("12", "21"), ("7", ""), ("7", "x")]
        {
            assert!(!are_same(a, b) && !are_same(b, a), "{a} {b}");
        }
        assert_eq!(of("DE02 1203"), "021203");
    }
}
