//! Check digits and forms of identifiers.
//!
//! The arithmetic is that of the authorities that issue them; the schemes are those of ISO/IEC 6523 and of Peppol.

use crate::Node;

/// Whether an identifier of a scheme, without space around it, has the form.
pub(super) fn of(n: Node<'_>, scheme: &str, form: fn(&str) -> bool) -> bool {
    n.attribute("schemeID") != Some(scheme) || form(n.trimmed())
}

/// The same with the text as it stands.
pub(super) fn of_text(n: Node<'_>, scheme: &str, form: fn(&str) -> bool) -> bool {
    n.attribute("schemeID") != Some(scheme) || form(n.text())
}

/// Its digits, where it is nothing else.
pub(super) fn digits(text: &str) -> Option<Vec<u32>> {
    if text.is_empty() {
        return None;
    }
    text.chars().map(|c| c.to_digit(10)).collect()
}

pub(super) fn has_digits(text: &str, count: usize) -> bool {
    digits(text).is_some_and(|d| d.len() == count)
}

/// Global location number, or another GS1 key: weights 3 and 1 from the right.
pub(super) fn gln(text: &str) -> bool {
    let Some(digits) = digits(text) else { return false };
    let Some((check, body)) = digits.split_last() else { return false };
    let sum: u32 = body.iter().rev().enumerate().map(|(n, d)| if n % 2 == 0 { d * 3 } else { *d }).sum();
    (10 - sum % 10) % 10 == *check
}

/// Norwegian organisation number: modulo 11 with weights 2 to 7 from the right.
pub(super) fn mod_11(text: &str) -> bool {
    let Some(digits) = digits(text) else { return false };
    let Some((check, body)) = digits.split_last() else { return false };
    let weights = (2..=7).cycle();
    let sum: u32 = body.iter().rev().zip(weights).map(|(d, w): (&u32, u32)| d * w).sum();
    digits.iter().any(|d| *d > 0) && 11 - sum % 11 == *check
}

/// Belgian enterprise number: 97 less the first eight digits modulo 97.
pub(super) fn belgian(text: &str) -> bool {
    let part = |range| text.get(range).and_then(|t: &str| t.parse::<u32>().ok());
    matches!((part(0..8), part(8..10)), (Some(body), Some(check)) if 97 - body % 97 == check)
}

/// Danish CVR number: eight digits, with or without `DK`.
pub(super) fn danish(text: &str) -> bool {
    has_digits(text.strip_prefix("DK").unwrap_or(text), 8)
}

/// Swedish organisation number and others: Luhn.
pub(super) fn luhn(text: &str) -> bool {
    let Some(digits) = digits(text) else { return false };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, d)| if n % 2 == 0 { *d } else { d * 2 / 10 + d * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

/// Australian business number: modulo 89, the first digit less one.
pub(super) fn abn(text: &str) -> bool {
    const WEIGHTS: [i64; 11] = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
    let Some(digits) = digits(text) else { return false };
    let less_one = |(n, d): (usize, &u32)| i64::from(*d) - i64::from(n == 0);
    let sum: i64 = digits.iter().enumerate().map(less_one).zip(WEIGHTS).map(|(d, w)| d * w).sum();
    digits.len() == 11 && sum % 89 == 0
}

/// Italian office code: six letters or digits.
pub(super) fn codice_ipa(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Italian tax code: eleven digits, or sixteen characters of which some are digits.
pub(super) fn codice_fiscale(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        11 => digits(text).is_some(),
        16 => bytes.iter().enumerate().all(|(n, b)| match n {
            6 | 7 | 9 | 10 | 14 => b.is_ascii_digit(),
            11..=13 => true,
            _ => b.is_ascii_alphabetic(),
        }),
        _ => false,
    }
}

/// Italian VAT number: Luhn over eleven digits; numbers of other countries are not looked at.
pub(super) fn partita_iva(text: &str) -> bool {
    let italian = text.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("IT"));
    !italian || text.get(2..).is_some_and(|id| has_digits(id, 11) && luhn(id))
}

/// Dutch VAT number: NL, nine digits, B, two digits.
pub(super) fn dutch_vat(text: &str) -> bool {
    text.len() == 14
        && text.strip_prefix("NL").is_some_and(|rest| {
            rest.bytes().enumerate().all(|(n, b)| if n == 9 { b == b'B' } else { b.is_ascii_digit() })
        })
}

/// Greek tax number: powers of two, modulo 11, modulo 10.
pub(super) fn greek_tin(text: &str) -> bool {
    let Some(digits) = digits(text).filter(|d| d.len() == 9) else { return false };
    let sum: u32 = digits.iter().take(8).enumerate().map(|(n, d)| d << (8 - n)).sum();
    digits.get(8).is_some_and(|check| sum % 11 % 10 == *check)
}

/// IBAN, spaces aside: form and modulo 97.
pub(super) fn iban(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let form = plain.len() >= 4
        && plain.len() <= 34
        && plain.bytes().enumerate().all(|(n, b)| match n {
            0 | 1 => b.is_ascii_uppercase(),
            2 | 3 => b.is_ascii_digit(),
            _ => b.is_ascii_alphanumeric(),
        });
    let (head, tail) = plain.split_at(if form { 4 } else { 0 });
    let add = |rest: u32, b: u8| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        _ => (rest * 100 + u32::from(b.to_ascii_uppercase().saturating_sub(55))) % 97,
    };
    form && tail.bytes().chain(head.bytes()).fold(0, add) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_authorities() {
        type Case = (fn(&str) -> bool, &'static str, &'static str);
        let cases: &[Case] = &[
            (gln, "7300010000001", "7300010000002"),
            (mod_11, "991825827", "991825828"),
            (belgian, "0739484052", "0739484053"),
            (luhn, "5567321707", "5567321708"),
            (abn, "51824753556", "51824753557"),
            (partita_iva, "IT00743110157", "IT00743110158"),
            (greek_tin, "094259216", "094259217"),
            (iban, "DE75 5121 0800 1245 1261 99", "DE75 5121 0800 1245 1261 98"),
            (dutch_vat, "NL123456789B01", "NL123456789C01"),
            (codice_fiscale, "RSSMRA80A01H501U", "RSSMRAX0A01H501U"),
            (codice_ipa, "UFRXS3", "UFRXS"),
            (danish, "DK12345678", "DK1234567"),
        ];
        for (check, good, bad) in cases {
            assert!(check(good) && !check(bad) && !check("IT"), "{good} {bad}");
        }
        assert!(partita_iva("DE1") && !iban("de75512108001245126199"));
    }
}
