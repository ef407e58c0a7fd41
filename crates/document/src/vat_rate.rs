//! Rates of value added tax, and of taxes on goods and services that work like it.
//!
//! Owns which country charges which, today or since about 2009, since old documents are read as well. Rule: a rate that a part of a
//! country charges (islands, provinces) is its own; zero is every country's and stands in no list.

/// A country that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// As its VAT ids begin, else its code of ISO 3166.
    pub code: &'static str,
    /// Code of ISO 4217.
    pub currency: &'static str,
    /// Rates in hundredths of a per cent, in no order.
    pub rates: &'static [i64],
}

impl Country {
    /// The highest rate, in hundredths of a per cent.
    pub fn highest(&self) -> i64 {
        self.rates.iter().copied().max().unwrap_or_default()
    }

    /// Whether it belongs to the European Union, in which a seller may charge the rates of the country that it sells to.
    pub fn is_of_union(&self) -> bool {
        UNION.contains(&self.code)
    }
}

const UNION: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

const fn country(code: &'static str, currency: &'static str, rates: &'static [i64]) -> Country {
    Country { code, currency, rates }
}

/// All of them.
pub const COUNTRIES: &[Country] = &[
    country("AT", "EUR", &[2000, 1000, 1300, 1900, 500, 490]),
    country("BE", "EUR", &[2100, 1200, 600]),
    country("BG", "BGN", &[2000, 900]),
    country("CY", "EUR", &[1900, 900, 500, 300, 1500, 1700, 1800, 800]),
    country("CZ", "CZK", &[2100, 1200, 1500, 1000, 2000, 1900, 1400]),
    country("DE", "EUR", &[1900, 700, 1600, 500]),
    country("DK", "DKK", &[2500]),
    country("EE", "EUR", &[2400, 2200, 2000, 1300, 900, 500]),
    country("EL", "EUR", &[2400, 1300, 600, 2300, 2100, 1900, 1700, 1600, 1100, 900, 400]),
    // With the surcharge that retailers pay, and the Canary Islands.
    country(
        "ES",
        "EUR",
        &[2100, 1000, 400, 500, 200, 750, 1800, 1600, 800, 700, 2620, 1140, 450, 300, 950, 1350, 1500],
    ),
    country("FI", "EUR", &[2550, 1350, 1400, 1000, 2400, 2300, 2200, 1300, 900, 1200, 800]),
    // With Corsica and the overseas departments.
    country("FR", "EUR", &[2000, 1000, 550, 210, 1960, 700, 850, 1300, 90, 105, 175]),
    country("HR", "EUR", &[2500, 1300, 500, 2300, 2200, 1000]),
    country("HU", "HUF", &[2700, 1800, 500, 2500, 2000]),
    country("IE", "EUR", &[2300, 1350, 900, 480, 2100, 2150, 520]),
    country("IT", "EUR", &[2200, 1000, 500, 400, 2000, 2100]),
    country("LT", "EUR", &[2100, 1200, 900, 500, 1900]),
    country("LU", "EUR", &[1700, 1400, 800, 300, 1600, 1300, 700, 1500, 1200, 600]),
    country("LV", "EUR", &[2100, 1200, 500, 2200, 1000]),
    country("MT", "EUR", &[1800, 1200, 700, 500]),
    country("NL", "EUR", &[2100, 900, 600, 1900]),
    country("PL", "PLN", &[2300, 800, 500, 2200, 700, 300, 400]),
    // With Madeira and the Azores.
    country("PT", "EUR", &[2300, 1300, 600, 2200, 1200, 500, 1800, 900, 400, 1600, 1500, 2100, 2000, 800]),
    country("RO", "RON", &[2100, 1100, 1900, 900, 500, 2400]),
    country("SE", "SEK", &[2500, 1200, 600]),
    country("SI", "EUR", &[2200, 950, 500, 2000, 850]),
    country("SK", "EUR", &[2300, 1900, 500, 2000, 1000]),
    country("GB", "GBP", &[2000, 500, 1750, 1500, 1250]),
    country("XI", "GBP", &[2000, 500, 1750, 1500, 1250]),
    country("CH", "CHF", &[810, 260, 380, 770, 250, 370, 800, 760, 240, 360]),
    country("IS", "ISK", &[2400, 1100, 2550, 700]),
    country("NO", "NOK", &[2500, 1500, 1200, 1111, 1400, 800, 1300, 600]),
    country("AU", "AUD", &[1000]),
    country("NZ", "NZD", &[1500, 1250]),
    // Half of a rate is the Union's, the other half the state's.
    country("IN", "INR", &[1800, 500, 1200, 2800, 4000, 300, 25, 150, 250, 600, 900, 1400, 2000, 100]),
    country("ZA", "ZAR", &[1500, 1400]),
    // Of Canada, of its provinces, and both together.
    country("CA", "CAD", &[500, 1300, 1500, 1400, 1498, 1200, 1100, 998, 1000, 700, 600, 800, 950, 850, 750]),
];

/// The country of a VAT id's prefix.
pub fn of_vat_id(id: &str) -> Option<&'static Country> {
    let id = crate::vat_id::normalize(id);
    let prefix = match id.get(..2)? {
        "GR" => "EL",
        prefix => prefix,
    };
    COUNTRIES.iter().find(|country| country.code == prefix)
}

/// The countries whose currency it is.
pub fn of_currency(code: &str) -> impl Iterator<Item = &'static Country> {
    COUNTRIES.iter().filter(move |country| country.currency == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_vat_ids_country_or_of_the_currencys() {
        let code = |id: &str| of_vat_id(id).map(|c| c.code);
        assert_eq!(code("de 136695976"), Some("DE"));
        assert_eq!(code("GR123456789"), Some("EL"));
        assert_eq!(code("CHE-116.281.710 MWST"), Some("CH"));
        assert_eq!((code("US12"), code("1"), code("")), (None, None, None));
        let of = |currency: &str| of_currency(currency).map(|c| c.code).collect::<Vec<_>>();
        assert_eq!((of("CHF"), of("USD").len()), (vec!["CH"], 0));
        assert!(of("EUR").len() > 15);
        assert_eq!((COUNTRIES[5].highest(), COUNTRIES[5].is_of_union()), (1900, true));
    }

    #[test]
    fn every_rate_is_one() {
        for country in COUNTRIES {
            assert!(country.rates.iter().all(|r| (1..=4000).contains(r)), "{}", country.code);
            assert!(crate::currency::is_current(country.currency) || country.currency == "BGN");
        }
        assert!(UNION.iter().all(|code| COUNTRIES.iter().any(|c| c.code == *code)));
    }
}
