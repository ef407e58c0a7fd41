//! Decimals as XML Schema writes them, and the rounding of the business rules.

use rust_decimal::Decimal;

/// An `xs:decimal`; none for anything else, exponents included.
pub fn parse(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let plain = plain
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().filter(|b| *b == b'.').count() < 2;
    if !plain {
        return None;
    }
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}

/// To a whole number, halves towards positive infinity, as `round` of XPath does.
pub fn round(value: Decimal) -> Decimal {
    value.checked_add(Decimal::new(5, 1)).map_or(value, |v| v.floor())
}

/// To two decimals, halves towards positive infinity.
pub fn round2(value: Decimal) -> Decimal {
    value.checked_mul(Decimal::ONE_HUNDRED).map_or(value, |v| round(v) / Decimal::ONE_HUNDRED)
}

/// The sum; none where it is too large for a decimal.
pub fn sum(values: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    values.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decimals_of_xml_schema_are_numbers() {
        for (text, want) in
            [("1.50", "1.50"), (" +7 ", "7"), ("-.5", "-0.5"), ("0", "0"), ("10.", "10"), ("-0.00", "0.00")]
        {
            assert_eq!(parse(text), Some(want.parse().unwrap()), "{text}");
        }
        for text in ["", "-", ".", "1,5", "1e3", "1_0", "1 0", "--1", "1.2.3", "٣", "NaN"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn halves_are_rounded_up() {
        let d = |text: &str| parse(text).unwrap();
        for (value, want) in [("2.5", "3"), ("-2.5", "-2"), ("2.4999", "2"), ("-2.51", "-3")] {
            assert_eq!(round(d(value)), d(want), "{value}");
        }
        assert_eq!(round2(d("1.005")), d("1.01"));
        assert_eq!(round2(Decimal::MAX), Decimal::MAX);
        assert_eq!(sum([Decimal::MAX, Decimal::ONE]), None);
    }
}
