use super::*;
use proptest::prelude::*;

/// Numbers that tax offices and companies publish as examples or on their own pages.
const VALID: &[&str] = &[
    "ATU13585627",
    "ATU 1358 5627",
    "BE0428759497",
    "BE 0428.759.497",
    "BE428759497",
    "BG175074752",
    "BG7523169263",
    "CHE-107.787.577 IVA",
    "CHE107787577",
    "CY10259033P",
    "CZ25123891",
    "CZ7103192745",
    "CZ640903926",
    "DE136695976",
    "DE 136,695 976",
    "DK13585628",
    "EE100931558",
    "EE100594102",
    "EL094259216",
    "GR094259216",
    "ES54362315K",
    "ESX2482300W",
    "ESX5253868R",
    "ESM1234567L",
    "ESJ99216582",
    "ESB58378431",
    "ESB64717838",
    "FI20774740",
    "FR40303265045",
    "FR23334175221",
    "FRK7399859412",
    "FR83404833048",
    "GB980780684",
    "GB100190874",
    "GBGD001",
    "GBHA500",
    "XI110305878",
    "HR33392005961",
    "HU12892312",
    "IE6433435F",
    "IE6433435OA",
    "IE8D79739I",
    "IT00743110157",
    "LT119511515",
    "LT100001919017",
    "LT100004801610",
    "LU15027442",
    "LV40003521600",
    "LV16117519997",
    "MT11679112",
    "NL004495445B01",
    "NL123456789B13",
    "NO995525828MVA",
    "PL8567346215",
    "PT501964843",
    "RO18547290",
    "SE123456789701",
    "SI50223054",
    "SK2022749619",
];

#[test]
fn published_numbers_are_valid() {
    for id in VALID {
        assert_eq!(check(id), VatCheck::Valid, "{id}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (id, want) in [
        ("DE777777777", VatCheck::WrongCheckDigit),
        ("DE136695967", VatCheck::WrongCheckDigit),
        ("DE13669597", VatCheck::WrongFormat),
        ("DE036695976", VatCheck::WrongFormat),
        ("DE13669597O", VatCheck::WrongFormat),
        ("DEÄ36695976", VatCheck::WrongFormat),
        ("AT13585627", VatCheck::WrongFormat),
        ("ATU13585626", VatCheck::WrongCheckDigit),
        ("FR84323140391", VatCheck::WrongCheckDigit),
        ("NL123456789B12", VatCheck::WrongCheckDigit),
        ("US123456789", VatCheck::UnknownCountry),
        ("136695976", VatCheck::UnknownCountry),
        ("", VatCheck::UnknownCountry),
        ("üü1", VatCheck::UnknownCountry),
    ] {
        assert_eq!(check(id), want, "{id}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn no_number_breaks_it(country in 0..VALID.len(), rest in "[0-9A-Z+*]{0,13}") {
        check(&format!("{}{rest}", &VALID[country][..2]));
    }
}
