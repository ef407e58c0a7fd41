//! Amounts of money as they stand on pages, and every way they can be read.
//!
//! Owns grouping, decimal marks, signs and currency signs. Knows no field and no page. Rule: `1.234` is both a thousand
//! and a little more than one; both are given, the likelier first, and the caller decides by what else is known.

use rust_decimal::Decimal;

/// One way to read an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// The value; never rounded.
    pub value: Decimal,
    /// ISO 4217 code, where a code or an unambiguous sign stands beside the number (`$` gives `USD`).
    pub currency: Option<&'static str>,
    /// The decimal mark: `.` or `,`; none for a whole number.
    pub decimal_mark: Option<char>,
    /// True where groups of three digits are set apart.
    pub grouped: bool,
}

/// Longest text that is looked at, in characters.
const MAX_CHARS: usize = 48;
/// Amounts are smaller than this, either way: what has more digits is a reference or a bar code, and sums of thousands of amounts stay
/// far from where decimals end.
const LIMIT: Decimal = Decimal::from_parts(0xA4C6_8000, 0x0003_8D7E, 0, false, 0); // 10^15

/// Signs and codes of currencies, longest first where one begins another.
const CURRENCIES: &[(&str, &str)] = &[
    ("US$", "USD"),
    ("AU$", "AUD"),
    ("CA$", "CAD"),
    ("NZ$", "NZD"),
    ("HK$", "HKD"),
    ("NT$", "TWD"),
    ("MX$", "MXN"),
    ("R$", "BRL"),
    ("S$", "SGD"),
    ("A$", "AUD"),
    ("C$", "CAD"),
    ("EUR", "EUR"),
    ("EURO", "EUR"),
    ("USD", "USD"),
    ("GBP", "GBP"),
    ("CHF", "CHF"),
    ("SFR", "CHF"),
    ("HUF", "HUF"),
    ("FT", "HUF"),
    ("PLN", "PLN"),
    ("ZŁ", "PLN"),
    ("CZK", "CZK"),
    ("KČ", "CZK"),
    ("RON", "RON"),
    ("LEI", "RON"),
    ("SEK", "SEK"),
    ("NOK", "NOK"),
    ("DKK", "DKK"),
    ("MYR", "MYR"),
    ("RM", "MYR"),
    ("SGD", "SGD"),
    ("AUD", "AUD"),
    ("CAD", "CAD"),
    ("NZD", "NZD"),
    ("JPY", "JPY"),
    ("CNY", "CNY"),
    ("INR", "INR"),
    ("€", "EUR"),
    ("$", "USD"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("₺", "TRY"),
    ("₩", "KRW"),
    ("฿", "THB"),
    ("₪", "ILS"),
    ("₴", "UAH"),
    ("₽", "RUB"),
    ("DHS", "AED"),
];

/// Codes that stand beside amounts in capitals only; those that are words as well (`ALL`, `TOP`, `CUP`) are left out.
const CODES: &[&str] = &[
    "AED", "AMD", "ARS", "AZN", "BAM", "BDT", "BGN", "BHD", "BRL", "BYN", "CLP", "COP", "CRC", "DOP", "DZD",
    "EGP", "GEL", "GHS", "HKD", "IDR", "ILS", "IQD", "ISK", "JOD", "KES", "KRW", "KWD", "KZT", "LBP", "LKR",
    "LYD", "MAD", "MDL", "MKD", "MXN", "NGN", "NPR", "OMR", "PHP", "PKR", "PYG", "QAR", "RSD", "RUB", "SAR",
    "THB", "TND", "TRY", "TWD", "TZS", "UAH", "UGX", "UYU", "UZS", "VND", "ZAR",
];

/// The ISO 4217 code of a currency sign or code such as `€`, `EUR` or `Ft.`.
pub fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim().trim_end_matches(['.', ':']);
    // `try` is a word.
    if let Some(code) = CODES.iter().find(|code| **code == text && text != "TRY") {
        return Some(code);
    }
    let text = text.to_uppercase();
    CURRENCIES.iter().find(|(sign, _)| *sign == text).map(|(_, code)| *code)
}

/// Every way to read `text` as one amount, the likeliest first; empty where it is none.
///
/// Understands `1.234,56`, `1,234.56`, `1'234.56`, `1 234,56`, `(12.00)`, `12.00-`, `-12`, `12.00 CR`, `€ 5`, `5,- EUR`.
pub fn readings(text: &str) -> Vec<Amount> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_CHARS || !text.contains(|c: char| c.is_ascii_digit()) {
        return Vec::new();
    }
    let Some((core, negative, currency)) = strip(text) else { return Vec::new() };
    let Some(parts) = split(&core) else { return Vec::new() };
    let mut found = interpret(&parts);
    found.retain(|amount| amount.value < LIMIT);
    for amount in &mut found {
        amount.currency = currency;
        if negative {
            amount.value.set_sign_negative(!amount.value.is_zero());
        }
    }
    found
}

/// The likeliest reading; see [`readings`].
pub fn parse(text: &str) -> Option<Amount> {
    readings(text).into_iter().next()
}

/// Takes signs and currency off: the digits with their separators, whether it is negative, and the currency.
fn strip(text: &str) -> Option<(String, bool, Option<&'static str>)> {
    let mut rest = text;
    let (mut negative, mut currency) = (false, None);
    // `R1,876.40`: rands, where there are cents; else it is a number of something.
    if let Some(r) = rest.strip_prefix('R').filter(|r| r.starts_with(|c: char| c.is_ascii_digit()))
        && matches!(r.as_bytes(), [.., b'.' | b',', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
    {
        (rest, currency) = (r, Some("ZAR"));
    }
    if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        negative = true;
        rest = inner.trim();
    }
    // Signs and codes may stand in any order around the number: `-€ 5`, `€ -5`, `5 € CR`.
    loop {
        let before = rest;
        rest = rest.trim();
        if let Some(r) = rest.strip_prefix(['-', '−', '–']).filter(|_| !negative) {
            (negative, rest) = (true, r);
        }
        rest = rest.strip_prefix('+').unwrap_or(rest);
        if let Some(r) =
            rest.strip_suffix(",-").or_else(|| rest.strip_suffix(".-")).or_else(|| rest.strip_suffix(",–"))
        {
            rest = r;
        }
        if let Some(r) = rest.strip_suffix(['-', '−']).filter(|_| !negative) {
            (negative, rest) = (true, r);
        }
        rest = rest.strip_suffix('*').unwrap_or(rest);
        let upper = rest.to_uppercase();
        if upper.len() == rest.len() {
            if let Some(r) = upper.strip_suffix("CR").filter(|_| !negative) {
                (negative, rest) = (true, &rest[..r.len()]);
            } else if let Some(r) = upper.strip_suffix("DR") {
                rest = &rest[..r.len()];
            } else if currency.is_none() {
                let edge = |c: Option<char>| c.is_some_and(|c| !c.is_alphabetic());
                // `12 ft` is a length.
                let feet = rest.trim_end_matches('.').ends_with("ft");
                for (sign, code) in CURRENCIES.iter().filter(|(_, code)| !(feet && *code == "HUF")) {
                    if let Some(r) =
                        upper.strip_prefix(sign).filter(|r| edge(r.trim_start_matches('.').chars().next()))
                    {
                        rest = &rest[rest.len() - r.len()..];
                        if sign.ends_with(char::is_alphabetic) {
                            rest = rest.strip_prefix('.').unwrap_or(rest);
                        }
                        currency = Some(*code);
                        break;
                    }
                    let bare = upper.trim_end_matches('.');
                    if let Some(r) = bare.strip_suffix(sign).filter(|r| edge(r.chars().next_back())) {
                        rest = &rest[..r.len()];
                        currency = Some(*code);
                        break;
                    }
                }
            }
        }
        if currency.is_none()
            && let Some((code, r)) = coded(rest)
        {
            (currency, rest) = (Some(code), r);
        }
        if rest == before {
            break;
        }
    }
    let legal = |c: char| c.is_ascii_digit() || separator(c).is_some();
    let ends = rest.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',')
        && rest.ends_with(|c: char| c.is_ascii_digit());
    (ends && rest.chars().all(legal)).then(|| (rest.to_owned(), negative, currency))
}

/// A number with one of [`CODES`] before or behind it: the code, and the number.
fn coded(text: &str) -> Option<(&'static str, &str)> {
    CODES.iter().find_map(|code| {
        let before = text.strip_prefix(code).filter(|r| !r.starts_with(char::is_alphabetic));
        let behind = || text.strip_suffix(code).filter(|r| !r.ends_with(char::is_alphabetic));
        before.or_else(behind).map(|rest| (*code, rest))
    })
}

fn separator(c: char) -> Option<char> {
    match c {
        '.' | ',' => Some(c),
        '\'' | '’' | '`' => Some('\''),
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => Some(' '),
        _ => None,
    }
}

/// Digit groups with the separator before each; the first has none.
fn split(core: &str) -> Option<Vec<(Option<char>, String)>> {
    let mut parts: Vec<(Option<char>, String)> = vec![(None, String::new())];
    for c in core.chars() {
        if let Some(mark) = separator(c) {
            parts.push((Some(mark), String::new()));
        } else {
            parts.last_mut()?.1.push(c);
        }
    }
    // `.50` has an empty first group; no other may be empty.
    let whole = parts.iter().skip(1).all(|(_, digits)| !digits.is_empty());
    let leading = parts.first()?.1.is_empty();
    (whole && (!leading || parts.len() == 2)).then_some(parts)
}

fn interpret(parts: &[(Option<char>, String)]) -> Vec<Amount> {
    let make = |whole: &[(Option<char>, String)], fraction: Option<(char, &str)>| -> Option<Amount> {
        let mut digits: String = whole.iter().map(|(_, d)| d.as_str()).collect();
        if digits.is_empty() {
            digits.push('0');
        }
        let text = fraction.map_or_else(|| digits.clone(), |(_, f)| format!("{digits}.{f}"));
        let value = text.parse::<Decimal>().ok()?;
        let grouped = whole.len() > 1;
        Some(Amount { value, currency: None, decimal_mark: fraction.map(|(m, _)| m), grouped })
    };
    let Some(((last_mark, last), head)) = parts.split_last() else { return Vec::new() };
    let Some(mark) = last_mark else { return make(parts, None).into_iter().collect() };
    let decimal = matches!(mark, '.' | ',') && grouping(head, Some(*mark));
    let decimal = if decimal { make(head, Some((*mark, last))) } else { None };
    let whole = if grouping(parts, None) { make(parts, None) } else { None };
    // A single group of three after a point or comma: a thousand is likelier than a thousandth, unless a nought leads.
    whole.into_iter().chain(decimal).collect()
}

/// Whether these are digit groups of a whole number: one mark throughout, that is not `other`, and groups of three
/// (or of two before the last, as in India).
fn grouping(parts: &[(Option<char>, String)], other: Option<char>) -> bool {
    let Some(((_, first), rest)) = parts.split_first() else { return false };
    let Some(((mark, last), middle)) = rest.split_last() else { return true };
    if *mark == other || first.is_empty() || first.len() > 3 || first.starts_with('0') || last.len() != 3 {
        return false;
    }
    let threes = middle.iter().all(|(_, d)| d.len() == 3);
    let twos = *mark == Some(',') && first.len() <= 2 && middle.iter().all(|(_, d)| d.len() == 2);
    middle.iter().all(|(m, _)| m == mark) && (threes || twos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<String> {
        readings(text).iter().map(|a| a.value.to_string()).collect()
    }

    #[test]
    fn what_has_too_many_digits_is_no_amount() {
        assert_eq!(
            parse("999999999999999.99").map(|a| a.value.to_string()).as_deref(),
            Some("999999999999999.99")
        );
        for text in ["1000000000000000", "-1.000.000.000.000.000,00", "70000000000000000000000000000"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_as_they_stand_on_pages() {
        for (text, expected) in [
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1'234.56", "1234.56"),
            ("1 234,56", "1234.56"),
            ("1\u{a0}234\u{202f}567,8", "1234567.8"),
            ("12,34,567.00", "1234567.00"),
            ("(12.00)", "-12.00"),
            ("($1,200.00)", "-1200.00"),
            ("12.00-", "-12.00"),
            ("12.00 CR", "-12.00"),
            ("-€ 5", "-5"),
            ("€ -5,10", "-5.10"),
            ("5,- EUR", "5"),
            ("Fr. 5.00".trim_start_matches("Fr. "), "5.00"),
            ("$.50", "0.50"),
            ("0.125", "0.125"),
            ("RM9.00", "9.00"),
            ("3 300 Ft", "3300"),
            ("1234567", "1234567"),
            ("681,87*", "681.87"),
            ("0,00", "0.00"),
        ] {
            assert_eq!(values(text), [expected], "{text}");
        }
    }

    #[test]
    fn both_readings_of_an_ambiguous_amount_are_given() {
        assert_eq!(values("1.234"), ["1234", "1.234"]);
        assert_eq!(values("1,234"), ["1234", "1.234"]);
        assert_eq!(values("1.234.567"), ["1234567"]);
    }

    #[test]
    fn what_is_no_amount_has_no_reading() {
        for text in ["", "abc", "1.2.3", "12:30", "1,23,4", "01.02.2020", "5%", "12 34", "--5", "A12", "1..2"]
        {
            assert_eq!(values(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_currency_beside_the_number_is_kept() {
        assert_eq!(parse("EUR 5,00").unwrap().currency, Some("EUR"));
        assert_eq!(parse("5,00 €").unwrap().currency, Some("EUR"));
        assert_eq!(parse("US$5.00").unwrap().currency, Some("USD"));
        assert_eq!(parse("5.00").unwrap().currency, None);
        for (text, code) in [
            ("AED 3,360.30", "AED"),
            ("3.360,30 TRY", "TRY"),
            ("R$ 5,00", "BRL"),
            ("HK$5.00", "HKD"),
            ("₺5,00", "TRY"),
        ] {
            assert_eq!(parse(text).unwrap().currency, Some(code), "{text}");
        }
        assert!(parse("try 5").is_none() && parse("TOP 10").is_none());
        assert_eq!((currency("KWD"), currency("kwd"), currency("try")), (Some("KWD"), None, None));
        assert_eq!(parse("5 Ft").unwrap().currency, Some("HUF"));
        assert_eq!(
            parse("R1,876.40").map(|a| (a.value.to_string(), a.currency)),
            Some(("1876.40".to_owned(), Some("ZAR")))
        );
        assert_eq!(parse("R1876"), None, "a number of something");
        assert_eq!(parse("12 ft"), None);
        assert_eq!(currency("Ft."), Some("HUF"));
    }

    fn group(digits: &str, mark: &str) -> String {
        let groups: Vec<String> =
            digits.as_bytes().rchunks(3).rev().map(|g| String::from_utf8_lossy(g).into_owned()).collect();
        groups.join(mark)
    }

    proptest! {
        #[test]
        fn what_is_written_in_any_house_style_is_read(cents in -9_999_999_999i64..9_999_999_999, style in 0usize..6) {
            let value = Decimal::new(cents, 2);
            let (thousands, point) = [(".", ","), (",", "."), ("'", "."), (" ", ","), ("", ","), ("", ".")][style];
            let text = value.abs().to_string();
            let (whole, fraction) = text.split_once('.').unwrap();
            let sign = if cents < 0 { "-" } else { "" };
            let written = format!("{sign}{}{point}{fraction}", group(whole, thousands));
            let read = readings(&written);
            prop_assert_eq!(read.len(), 1, "{}", written);
            prop_assert_eq!(read[0].value, value, "{}", written);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,30}") {
            let _ = readings(&text);
        }
    }
}
