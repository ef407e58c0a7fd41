//! Bank account and bank identifiers: IBAN (ISO 13616) and BIC (ISO 9362).

/// Lengths of the IBAN by country, as in the IBAN registry.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// What a check of an IBAN gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IbanCheck {
    /// Length and check digits fit.
    Valid,
    /// The check digits do not fit the rest: a digit is wrong.
    WrongCheckDigits,
    /// Not as long as the IBANs of its country.
    WrongLength {
        /// Characters an IBAN of this country has.
        expected: usize,
        /// Characters it has.
        found: usize,
    },
    /// Not two letters, two digits, then letters and digits.
    WrongFormat,
    /// The country has no IBAN.
    UnknownCountry,
}

/// The IBAN in its electronic form: upper case, without white space, points, hyphens and a leading `IBAN`.
pub fn normalize(iban: &str) -> String {
    let plain: String = iban
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | ':' | '\u{2010}'..='\u{2015}'))
        .flat_map(char::to_uppercase)
        .collect();
    plain.strip_prefix("IBAN").map_or(plain.clone(), str::to_owned)
}

/// Checks an IBAN, whether or not it is in its electronic form.
pub fn check(iban: &str) -> IbanCheck {
    let iban = normalize(iban);
    let bytes = iban.as_bytes();
    let Some((&[a, b, c, d], rest)) = bytes.split_first_chunk::<4>() else {
        return IbanCheck::WrongFormat;
    };
    let country = [a, b];
    if !country.iter().all(u8::is_ascii_uppercase)
        || ![c, d].iter().all(u8::is_ascii_digit)
        || !rest.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    {
        return IbanCheck::WrongFormat;
    }
    let Some((_, expected)) = LENGTHS.iter().find(|(code, _)| code.as_bytes() == country) else {
        return IbanCheck::UnknownCountry;
    };
    if bytes.len() != *expected {
        return IbanCheck::WrongLength { expected: *expected, found: bytes.len() };
    }
    // Check digits 00, 01 and 99 pass the arithmetic beside 97, 98 and 02, but are never issued.
    if (c, d) == (b'0', b'0') || (c, d) == (b'0', b'1') || (c, d) == (b'9', b'9') {
        return IbanCheck::WrongCheckDigits;
    }
    match mod_97(rest.iter().chain(&[a, b, c, d])) {
        1 => IbanCheck::Valid,
        _ => IbanCheck::WrongCheckDigits,
    }
}

/// Whether it is an IBAN whose length and check digits fit.
pub fn is_valid(iban: &str) -> bool {
    check(iban) == IbanCheck::Valid
}

/// Whether it has the form of a BIC: four letters, a country, two letters or digits, and perhaps three more for the branch.
pub fn bic_is_well_formed(bic: &str) -> bool {
    let bic: Vec<u8> =
        bic.bytes().filter(|b| !b.is_ascii_whitespace()).map(|b| b.to_ascii_uppercase()).collect();
    let letters = |range| {
        bic.get::<std::ops::Range<usize>>(range).is_some_and(|s| s.iter().all(u8::is_ascii_uppercase))
    };
    matches!(bic.len(), 8 | 11)
        && bic.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && letters(0..6)
}

/// Remainder by 97 of the number that digits and letters (A = 10 … Z = 35) make, as in ISO 7064.
pub(crate) fn mod_97<'a>(characters: impl Iterator<Item = &'a u8>) -> u32 {
    characters.fold(0, |sum, &byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        b'A'..=b'Z' => (sum * 100 + u32::from(byte - b'A') + 10) % 97,
        _ => sum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Examples of the IBAN registry.
    const EXAMPLES: &[&str] = &[
        "AD12 0001 2030 2003 5910 0100",
        "AE07 0331 2345 6789 0123 456",
        "AT61 1904 3002 3457 3201",
        "BE68 5390 0754 7034",
        "BG80 BNBG 9661 1020 3456 78",
        "BR18 0036 0305 0000 1000 9795 493C 1",
        "CH93 0076 2011 6238 5295 7",
        "CY17 0020 0128 0000 0012 0052 7600",
        "CZ65 0800 0000 1920 0014 5399",
        "DE89 3704 0044 0532 0130 00",
        "DK50 0040 0440 1162 43",
        "EE38 2200 2210 2014 5685",
        "ES91 2100 0418 4502 0005 1332",
        "FI21 1234 5600 0007 85",
        "FR14 2004 1010 0505 0001 3M02 606",
        "GB29 NWBK 6016 1331 9268 19",
        "GR16 0110 1250 0000 0001 2300 695",
        "HR12 1001 0051 8630 0016 0",
        "HU42 1177 3016 1111 1018 0000 0000",
        "IE29 AIBK 9311 5212 3456 78",
        "IS14 0159 2600 7654 5510 7303 39",
        "IT60 X054 2811 1010 0000 0123 456",
        "LI21 0881 0000 2324 013A A",
        "LT12 1000 0111 0100 1000",
        "LU28 0019 4006 4475 0000",
        "LV80 BANK 0000 4351 9500 1",
        "MC58 1122 2000 0101 2345 6789 030",
        "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
        "NL91 ABNA 0417 1643 00",
        "NO93 8601 1117 947",
        "PL61 1090 1014 0000 0712 1981 2874",
        "PT50 0002 0123 1234 5678 9015 4",
        "RO49 AAAA 1B31 0075 9384 0000",
        "RS35 2600 0560 1001 6113 79",
        "SE45 5000 0000 0583 9825 7466",
        "SI56 2633 0001 2039 086",
        "SK31 1200 0000 1987 4263 7541",
        "SM86 U032 2509 8000 0000 0270 100",
        "TR33 0006 1005 1978 6457 8413 26",
    ];

    #[test]
    fn the_examples_of_the_registry_are_valid() {
        for iban in EXAMPLES {
            assert_eq!(check(iban), IbanCheck::Valid, "{iban}");
        }
        assert!(is_valid("IBAN: de89-3704-0044-0532-0130-00"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (iban, want) in [
            ("DE89 3704 0044 0532 0130 01", IbanCheck::WrongCheckDigits),
            ("DE67 1004 8392 7221 8882 73", IbanCheck::WrongCheckDigits),
            ("DE89 3704 0044 0532 0130 0", IbanCheck::WrongLength { expected: 22, found: 21 }),
            ("US89 3704 0044 0532 0130 00", IbanCheck::UnknownCountry),
            ("D989 3704 0044 0532 0130 00", IbanCheck::WrongFormat),
            ("DE8O 3704 0044 0532 0130 00", IbanCheck::WrongFormat),
            ("DE89 3704 0044 0532 0130 0ü", IbanCheck::WrongFormat),
            ("", IbanCheck::WrongFormat),
        ] {
            assert_eq!(check(iban), want, "{iban}");
        }
    }

    #[test]
    fn bics_have_eight_or_eleven_characters() {
        for bic in ["DEUTDEFF", "DEUTDEFF500", "bnpafrpp xxx", "CHASUS33"] {
            assert!(bic_is_well_formed(bic), "{bic}");
        }
        for bic in ["", "DEUTDEF", "DEUTDEFF5", "D3UTDEFF", "DEUT2EFF", "DEUTDEF-"] {
            assert!(!bic_is_well_formed(bic), "{bic}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_noticed(which in 0..EXAMPLES.len(), at in 4_usize..20, by in 1_u8..10) {
            let mut iban = normalize(EXAMPLES[which]).into_bytes();
            let at = at.min(iban.len() - 1);
            if iban[at].is_ascii_digit() {
                iban[at] = b'0' + (iban[at] - b'0' + by) % 10;
                prop_assert_eq!(check(&String::from_utf8(iban).unwrap()), IbanCheck::WrongCheckDigits);
            }
        }

        #[test]
        fn no_text_breaks_it(text in any::<String>()) {
            check(&text);
            bic_is_well_formed(&text);
        }
    }
}
