//! Numbers of GS1: GLN (parties and places) and GTIN (articles), with their check digit.

/// Whether it is a Global Location Number: 13 digits of which the last one checks the others.
pub fn is_valid(gln: &str) -> bool {
    gln.len() == 13 && gs1_check(gln)
}

/// Whether it is a Global Trade Item Number of 8, 12, 13 or 14 digits (EAN, UPC) whose last digit checks the others.
pub fn gtin_is_valid(gtin: &str) -> bool {
    matches!(gtin.len(), 8 | 12 | 13 | 14) && gs1_check(gtin)
}

/// From the right, digits weigh 1 and 3 in turn; the sum is a multiple of ten.
fn gs1_check(digits: &str) -> bool {
    let weigh = |(place, byte): (usize, u8)| {
        byte.is_ascii_digit().then(|| u32::from(byte - b'0') * if place.is_multiple_of(2) { 1 } else { 3 })
    };
    let sum: Option<u32> = digits.bytes().rev().enumerate().map(weigh).sum();
    sum.is_some_and(|sum| sum.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_checks_the_others() {
        assert!(is_valid("4000001123452") && is_valid("7300010000001"));
        assert!(!is_valid("4000001123453") && !is_valid("400000112345") && !is_valid("40000O1123452"));
        assert!(
            gtin_is_valid("73513537") && gtin_is_valid("036000291452") && gtin_is_valid("10614141000415")
        );
        assert!(!gtin_is_valid("73513538") && !gtin_is_valid("7351353"));
    }
}
