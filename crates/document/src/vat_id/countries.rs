//! The rules of each country. `rest`: what follows the prefix; ASCII digits, upper-case letters, `+` and `*` only.

use super::VatCheck::{self, UnknownCountry, Valid, WrongCheckDigit, WrongFormat};
use crate::iban::mod_97;

const PREFIXES: &[&str] = &[
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GB", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
];

pub(super) fn is_known(prefix: &str) -> bool {
    PREFIXES.contains(&prefix)
}

pub(super) fn check(prefix: &str, rest: &str) -> VatCheck {
    let fits = match prefix {
        "AT" => austria(rest),
        "BE" => belgium(rest),
        "BG" => bulgaria(rest),
        "CH" => switzerland(rest),
        "CY" => cyprus(rest),
        "CZ" => czechia(rest),
        "DE" => numeric(rest, 9).filter(|d| d[0] != 0).map(|d| iso_7064_11_10(&d)),
        "DK" => numeric(rest, 8)
            .filter(|d| d[0] != 0)
            .map(|d| sum(&d, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)),
        "EE" => numeric(rest, 9).map(|d| sum(&d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)),
        "EL" | "GR" => numeric(rest, 9).map(|d| sum(&d, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == d[8]),
        "ES" => spain(rest),
        "FI" => numeric(rest, 8).map(|d| sum(&d, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11)),
        "FR" => france(rest),
        "GB" | "XI" => united_kingdom(rest),
        "HR" => numeric(rest, 11).map(|d| iso_7064_11_10(&d)),
        "HU" => numeric(rest, 8).map(|d| sum(&d, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)),
        "IE" => ireland(rest),
        // Digits 8 to 10 are the province.
        "IT" => numeric(rest, 11)
            .filter(|d| value(&d[..7]) > 0 && matches!(value(&d[7..10]), 1..=110 | 120 | 121 | 888 | 999))
            .map(|d| luhn(&d)),
        "LT" => lithuania(rest),
        "LU" => numeric(rest, 8).map(|d| value(&d[..6]) % 89 == value(&d[6..])),
        "LV" => latvia(rest),
        "MT" => numeric(rest, 8)
            .filter(|d| d[0] != 0)
            .map(|d| sum(&d, &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37)),
        "NL" => netherlands(rest),
        "NO" => norway(rest),
        "PL" => numeric(rest, 10).map(|d| sum(&d, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9]),
        "PT" => numeric(rest, 9)
            .filter(|d| d[0] != 0)
            .map(|d| (11 - sum(&d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == d[8]),
        "RO" => romania(rest),
        "SE" => numeric(rest, 12).filter(|d| value(&d[10..]) > 0).map(|d| luhn(&d[..10])),
        "SI" => slovenia(rest),
        "SK" => slovakia(rest),
        _ => return UnknownCountry,
    };
    match fits {
        Some(true) => Valid,
        Some(false) => WrongCheckDigit,
        None => WrongFormat,
    }
}

/// The digits, where there are exactly so many and nothing else.
fn numeric(text: &str, length: usize) -> Option<Vec<u64>> {
    let digits: Option<Vec<u64>> = text.chars().map(|c| c.to_digit(10).map(u64::from)).collect();
    digits.filter(|d| d.len() == length)
}

/// The number that digits make.
fn value(digits: &[u64]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + digit)
}

/// Sum of digits times weights; digits beyond the weights count nothing.
fn sum(digits: &[u64], weights: &[u64]) -> u64 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn luhn_sum(digits: &[u64]) -> u64 {
    let doubled = |digit: u64| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    digits.iter().rev().enumerate().map(|(i, &d)| if i % 2 == 0 { d } else { doubled(d) }).sum()
}

fn luhn(digits: &[u64]) -> bool {
    luhn_sum(digits).is_multiple_of(10)
}

/// ISO 7064 MOD 11,10.
fn iso_7064_11_10(digits: &[u64]) -> bool {
    let Some((last, rest)) = digits.split_last() else { return false };
    let product = rest.iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + last) % 10 == 1
}

fn austria(rest: &str) -> Option<bool> {
    let d = numeric(rest.strip_prefix('U')?, 8)?;
    Some((luhn_sum(&d[..7]) + d[7] + 4).is_multiple_of(10))
}

fn belgium(rest: &str) -> Option<bool> {
    // The numbers of nine digits that old paper shows are the same with a zero before them.
    let d = numeric(rest, 10).or_else(|| numeric(&format!("0{rest}"), 10)).filter(|d| d[0] <= 1)?;
    Some(value(&d[..8]) > 0 && 97 - value(&d[..8]) % 97 == value(&d[8..]))
}

fn bulgaria(rest: &str) -> Option<bool> {
    if let Some(d) = numeric(rest, 9) {
        let first = sum(&d, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
        let check = if first == 10 { sum(&d, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 } else { first };
        return Some(check % 10 == d[8]);
    }
    let d = numeric(rest, 10)?;
    let born = matches!(value(&d[2..4]) % 20, 1..=12) && (1..=31).contains(&value(&d[4..6]));
    let citizen = born && sum(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == d[9];
    let foreigner = sum(&d, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == d[9];
    let other = (11 - sum(&d, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == d[9];
    Some(citizen || foreigner || other)
}

fn switzerland(rest: &str) -> Option<bool> {
    let rest = rest.strip_prefix('E')?;
    let rest = ["MWST", "TVA", "IVA", "TPV"].iter().find_map(|end| rest.strip_suffix(end)).unwrap_or(rest);
    let d = numeric(rest, 9)?;
    Some((11 - sum(&d, &[5, 4, 3, 2, 7, 6, 5, 4]) % 11) % 11 == d[8])
}

fn cyprus(rest: &str) -> Option<bool> {
    const ODD: [u64; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let (digits, letter) = rest.split_at_checked(8)?;
    let d = numeric(digits, 8).filter(|_| !digits.starts_with("12"))?;
    let [letter @ b'A'..=b'Z'] = letter.as_bytes() else { return None };
    let translate = |(i, &digit): (usize, &u64)| {
        if i % 2 == 0 { ODD.get(digit as usize).copied().unwrap_or(0) } else { digit }
    };
    Some(d.iter().enumerate().map(translate).sum::<u64>() % 26 == u64::from(letter - b'A'))
}

fn czechia(rest: &str) -> Option<bool> {
    const WEIGHTS: [u64; 7] = [8, 7, 6, 5, 4, 3, 2];
    if let Some(d) = numeric(rest, 8) {
        let check = (11 - sum(&d[..7], &WEIGHTS) % 11) % 11;
        return (d[0] != 9).then(|| (if check == 0 { 1 } else { check }) % 10 == d[7]);
    }
    if let Some(d) = numeric(rest, 9) {
        // A person without a birth number begins with 6; the birth numbers of nine digits, until 1953, have no check digit.
        let check = sum(&d[1..8], &WEIGHTS) % 11;
        return match d[0] {
            6 => Some((check + 8) % 10 == d[8]),
            _ => (!(54..80).contains(&value(&d[..2])) && is_birth_date(&d)).then_some(true),
        };
    }
    is_birth_number(&numeric(rest, 10)?)
}

/// Whether a Czech birth number begins with a day: two digits each of year, month (plus 20, 50 or 70) and day.
fn is_birth_date(d: &[u64]) -> bool {
    let (month, day) = (value(&d[2..4]), value(&d[4..6]));
    matches!(month % 50 % 20, 1..=12) && (1..=31).contains(&day)
}

/// A Czech or Slovak birth number of ten digits.
fn is_birth_number(d: &[u64]) -> Option<bool> {
    is_birth_date(d).then(|| value(&d[..9]) % 11 % 10 == d[9])
}

fn slovakia(rest: &str) -> Option<bool> {
    let d = numeric(rest, 10)?;
    if is_birth_number(&d) == Some(true) {
        return Some(true);
    }
    (d[0] != 0 && matches!(d[2], 2..=4 | 7..=9)).then(|| value(&d).is_multiple_of(11))
}

fn spain(rest: &str) -> Option<bool> {
    const NIF: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let (first, last) = (*rest.as_bytes().first()?, *rest.as_bytes().get(8)?);
    let middle = numeric(rest.get(1..8)?, 7).filter(|_| rest.len() == 9)?;
    let letter = |number: u64| NIF.get((number % 23) as usize) == Some(&last);
    match first {
        b'0'..=b'9' if last.is_ascii_uppercase() => {
            Some(letter(u64::from(first - b'0') * 10_000_000 + value(&middle)))
        }
        b'X' | b'Y' | b'Z' if last.is_ascii_uppercase() => {
            Some(letter(u64::from(first - b'X') * 10_000_000 + value(&middle)))
        }
        b'K' | b'L' | b'M' if last.is_ascii_uppercase() => Some(letter(value(&middle))),
        b'A'..=b'H' | b'J' | b'N' | b'P'..=b'S' | b'U' | b'V' | b'W' => {
            let mut digits = middle;
            digits.push(0);
            let check = (10 - luhn_sum(&digits) % 10) % 10;
            let as_digit = u64::from(last) == u64::from(b'0') + check;
            let as_letter = b"JABCDEFGHI".get(check as usize) == Some(&last);
            Some(as_digit || as_letter)
        }
        _ => None,
    }
}

fn france(rest: &str) -> Option<bool> {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let (key, siren) = rest.split_at_checked(2)?;
    let d = numeric(siren, 9)?;
    let place = |b: &u8| ALPHABET.iter().position(|a| a == b).map(|p| p as u64);
    let [first, second] = key.as_bytes() else { return None };
    let (a, b) = (place(first)?, place(second)?);
    // Companies of Monaco begin with 000 and have no check digit of their own.
    if !siren.starts_with("000") && !luhn(&d) {
        return Some(false);
    }
    Some(match (first.is_ascii_digit(), second.is_ascii_digit()) {
        (true, true) => (value(&d) * 100 + 12) % 97 == a * 10 + b,
        (starts_with_digit, _) => {
            let check = if starts_with_digit { a * 24 + b - 10 } else { (a * 34 + b).saturating_sub(100) };
            (value(&d) + 1 + check / 11) % 11 == check % 11
        }
    })
}

fn united_kingdom(rest: &str) -> Option<bool> {
    if let Some(office) = rest.strip_prefix("GD") {
        return numeric(office, 3).map(|d| value(&d) < 500);
    }
    if let Some(hospital) = rest.strip_prefix("HA") {
        return numeric(hospital, 3).map(|d| value(&d) >= 500);
    }
    // Twelve digits: a branch, its number last.
    let d = numeric(rest, 9).or_else(|| numeric(rest, 12))?;
    let rest = (sum(&d, &[8, 7, 6, 5, 4, 3, 2]) + value(&d[7..9])) % 97;
    Some(rest == 0 || (value(&d[..3]) >= 100 && (rest == 42 || rest == 55)))
}

fn ireland(rest: &str) -> Option<bool> {
    const ALPHABET: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let bytes = rest.as_bytes();
    let place = |b: u8| ALPHABET.iter().position(|&a| a == b).map(|p| p as u64);
    let fits = |digits: &[u64], extra: u64, letter: u8| {
        let check = (sum(digits, &[8, 7, 6, 5, 4, 3, 2]) + 9 * extra) % 23;
        place(letter) == Some(check)
    };
    if let Some(d) = rest.get(..7).and_then(|digits| numeric(digits, 7)) {
        return match bytes.get(7..)? {
            [letter @ b'A'..=b'W'] => Some(fits(&d, 0, *letter)),
            [letter @ b'A'..=b'W', second @ b'A'..=b'W'] => Some(fits(&d, place(*second)?, *letter)),
            _ => None,
        };
    }
    // The old form: the second character is a letter or a sign, and the first digit comes last.
    match bytes {
        [first @ b'0'..=b'9', b'A'..=b'Z' | b'+' | b'*', middle @ .., letter @ b'A'..=b'W'] => {
            let mut d = numeric(std::str::from_utf8(middle).ok()?, 5)?;
            d.insert(0, 0);
            d.push(u64::from(first - b'0'));
            Some(fits(&d, 0, *letter))
        }
        _ => None,
    }
}

fn lithuania(rest: &str) -> Option<bool> {
    let d = numeric(rest, 9).filter(|d| d[7] == 1).or_else(|| numeric(rest, 12).filter(|d| d[10] == 1))?;
    let (last, digits) = d.split_last()?;
    let weights = |from: u64| (0..digits.len() as u64).map(|i| (i + from) % 9 + 1).collect::<Vec<_>>();
    let first = sum(digits, &weights(0)) % 11;
    let check = if first == 10 { sum(digits, &weights(2)) % 11 % 10 } else { first };
    Some(check == *last)
}

fn latvia(rest: &str) -> Option<bool> {
    let d = numeric(rest, 11)?;
    if d[0] > 3 {
        return Some(sum(&d, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3);
    }
    // A person: born on a day, or with a number from 32 on, which tells nothing and has no check digit.
    if value(&d[..2]) >= 32 {
        return Some(true);
    }
    let birthday = (1..=31).contains(&value(&d[..2])) && (1..=12).contains(&value(&d[2..4]));
    birthday.then(|| (1 + sum(&d, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10 == d[10])
}

fn netherlands(rest: &str) -> Option<bool> {
    let (number, suffix) = rest.split_once('B')?;
    let (d, suffix) = (numeric(number, 9)?, numeric(suffix, 2)?);
    if value(&d) == 0 || value(&suffix) == 0 {
        return None;
    }
    // Of companies the number itself has a check digit; of sole traders the whole id has, since 2020.
    let weighted = sum(&d, &[9, 8, 7, 6, 5, 4, 3, 2]);
    let company = weighted % 11 == d[8];
    Some(company || mod_97(b"NL".iter().chain(rest.as_bytes())) == 1)
}

fn norway(rest: &str) -> Option<bool> {
    let d = numeric(rest.strip_suffix("MVA").unwrap_or(rest), 9)?;
    Some((11 - sum(&d, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == d[8])
}

fn romania(rest: &str) -> Option<bool> {
    if !(2..=10).contains(&rest.len()) || rest.starts_with('0') {
        return None;
    }
    let d = numeric(&format!("{rest:0>10}"), 10)?;
    Some(sum(&d, &[7, 5, 3, 2, 1, 7, 5, 3, 2]) * 10 % 11 % 10 == d[9])
}

fn slovenia(rest: &str) -> Option<bool> {
    let d = numeric(rest, 8).filter(|d| d[0] != 0)?;
    // 10 is written 0; numbers whose check digit would be 11 are not issued.
    let check = 11 - sum(&d, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    Some((if check == 10 { 0 } else { check }) == d[7])
}
