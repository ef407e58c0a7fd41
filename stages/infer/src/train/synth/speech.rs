//! What stands on made-up documents: labels, names, goods, and how numbers and days are written.
//!
//! Owns the vocabulary in English, German and French. Rule: labels are those in general use; names are of nobody.

use super::Dice;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// Languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    English,
    German,
    French,
}

/// Labels in one language, `|` between alternatives.
pub(crate) struct Labels {
    lines: &'static str,
}

impl Labels {
    pub(crate) fn of(tongue: Tongue) -> Self {
        Self {
            lines: match tongue {
                Tongue::English => include_str!("en.txt"),
                Tongue::German => include_str!("de.txt"),
                Tongue::French => include_str!("fr.txt"),
            },
        }
    }

    /// One of the words for something.
    pub(crate) fn word(&self, name: &str, dice: &mut Dice) -> &'static str {
        let line = self.lines.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' ')).unwrap_or("");
        let all: Vec<&str> = line.split('|').map(str::trim).collect();
        dice.pick(&all)
    }
}

/// How a document writes numbers and days.
pub(crate) struct Style {
    pub(crate) tongue: Tongue,
    pub(crate) labels: Labels,
    pub(crate) currency: &'static str,
    sign: &'static str,
    group: &'static str,
    mark: char,
    sign_first: bool,
    day: usize,
}

impl Style {
    pub(crate) fn any(dice: &mut Dice) -> Self {
        let tongue = match dice.below(10) {
            0..=3 => Tongue::English,
            4..=7 => Tongue::German,
            _ => Tongue::French,
        };
        let (currency, symbol) = match tongue {
            Tongue::English => [("USD", "$"), ("GBP", "£"), ("EUR", "€"), ("USD", "$")][dice.below(4)],
            Tongue::German => [("EUR", "€"), ("EUR", "€"), ("CHF", "CHF")][dice.below(3)],
            Tongue::French => ("EUR", "€"),
        };
        let (group, mark) = match tongue {
            Tongue::English => (",", '.'),
            Tongue::German if currency == "CHF" => ("'", '.'),
            Tongue::German => (".", ','),
            Tongue::French => ([" ", "\u{a0}", ""][dice.below(3)], ','),
        };
        let sign = [symbol, currency, ""][dice.below(3)];
        Self {
            labels: Labels::of(tongue),
            tongue,
            currency,
            sign,
            group: if dice.chance(12) { "" } else { group },
            mark,
            sign_first: tongue == Tongue::English || dice.chance(15),
            day: dice.below(6),
        }
    }

    /// An amount with its currency, as the document writes them.
    pub(crate) fn money(&self, value: Decimal) -> String {
        let plain = self.number(value, 2);
        match (self.sign, self.sign_first) {
            ("", _) => plain,
            (sign, true) if sign.len() < 3 => format!("{sign}{plain}"),
            (sign, true) => format!("{sign} {plain}"),
            (sign, false) => format!("{plain} {sign}"),
        }
    }

    pub(crate) fn number(&self, value: Decimal, places: usize) -> String {
        let text = format!("{:.places$}", value.abs());
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let mut grouped = String::new();
        for (i, c) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                grouped.push_str(self.group);
            }
            grouped.push(c);
        }
        let minus = if value.is_sign_negative() && !value.is_zero() { "-" } else { "" };
        if rest.is_empty() {
            format!("{minus}{grouped}")
        } else {
            format!("{minus}{grouped}{}{rest}", self.mark)
        }
    }

    pub(crate) fn date(&self, date: Date) -> String {
        let (y, m, d) = (date.year(), date.month(), date.day());
        let month = usize::try_from(m - 1).unwrap_or(0);
        match (self.tongue, self.day) {
            (Tongue::English, 0 | 1) if self.currency == "USD" => format!("{m:02}/{d:02}/{y}"),
            (Tongue::English, 2) => format!("{} {d}, {y}", MONTHS_EN[month]),
            (Tongue::English, 3) => format!("{d} {} {y}", &MONTHS_EN[month][..3]),
            (Tongue::German, 0..=3) => format!("{d:02}.{m:02}.{y}"),
            (Tongue::German, 4) => format!("{d}. {} {y}", MONTHS_DE[month]),
            (Tongue::English, 0 | 1) | (Tongue::French, 0..=3) => format!("{d:02}/{m:02}/{y}"),
            (Tongue::French, 4) => format!("{d} {} {y}", MONTHS_FR[month]),
            _ => format!("{y}-{m:02}-{d:02}"),
        }
    }
}

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// A party.
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) street: String,
    pub(crate) city: String,
    pub(crate) town: &'static str,
    pub(crate) vat: String,
    pub(crate) iban: String,
    pub(crate) bic: String,
    pub(crate) phone: String,
}

impl Party {
    pub(crate) fn any(style: &Style, dice: &mut Dice) -> Self {
        let own = |name: &str, dice: &mut Dice| style.labels.word(name, dice);
        let surname = own("surname", dice);
        let legal = own("legal", dice);
        let name = match dice.below(6) {
            0 => format!("{surname} {} {legal}", own("trade", dice)),
            1 => format!("{surname} & {} {legal}", own("surname", dice)),
            2 => format!("{} {surname}", own("forename", dice)),
            3 => format!("{} {} {legal}", own("brand", dice), own("trade", dice)),
            4 => format!("{} {legal}", own("brand", dice)),
            _ => format!("{surname} {legal}"),
        };
        let house = dice.between(1, 180);
        let street = match style.tongue {
            Tongue::German => format!("{} {house}", own("street", dice)),
            Tongue::English | Tongue::French => format!("{house} {}", own("street", dice)),
        };
        let town = own("town", dice);
        let (country, city, bank) = match (style.tongue, style.currency) {
            (Tongue::English, "GBP") => (
                "GB",
                format!(
                    "{town} {}{} {}AB",
                    ["NW", "SE", "M"][dice.below(3)],
                    dice.between(1, 20),
                    dice.between(1, 9)
                ),
                18,
            ),
            (Tongue::English, _) => {
                ("US", format!("{town}, {} {}", ["TX", "NY", "CA", "OH"][dice.below(4)], dice.digits(5)), 0)
            }
            (Tongue::German, "CHF") => ("CH", format!("{}{} {town}", dice.between(1, 9), dice.digits(3)), 17),
            (Tongue::German, _) => ("DE", format!("{}{} {town}", dice.between(1, 9), dice.digits(4)), 18),
            (Tongue::French, _) => ("FR", format!("{}{} {town}", dice.between(1, 9), dice.digits(4)), 23),
        };
        let vat = match country {
            "FR" => format!("FR{}", dice.digits(11)),
            "CH" => format!("CHE{}", dice.digits(9)),
            "US" => String::new(),
            other => format!("{other}{}{}", dice.between(1, 9), dice.digits(8)),
        };
        let iban =
            if bank > 0 && country != "GB" { iban(country, &dice.digits(bank)) } else { String::new() };
        let bic = format!(
            "{}{}XXX",
            ["COBA", "DEUT", "GENO", "BNPA", "SOGE", "UBSW"][dice.below(6)],
            match country {
                "US" => "US33",
                "GB" => "GB2L",
                "FR" => "FRPP",
                "CH" => "CHZH",
                _ => "DEFF",
            }
        );
        let phone = format!("+{} {} {}", dice.between(1, 49), dice.digits(3), dice.digits(7));
        Self { name, street, city, town, vat, iban, bic, phone }
    }

    /// The street without the number of the house.
    pub(crate) fn road(&self) -> &str {
        self.street.trim_matches(|c: char| c.is_ascii_digit() || c == ' ')
    }
}

/// An IBAN with its check digits.
fn iban(country: &str, account: &str) -> String {
    let number = |text: &str| -> u32 {
        text.chars().fold(0, |rest, c| match c.to_digit(36) {
            Some(v) if v < 10 => (rest * 10 + v) % 97,
            Some(v) => (rest * 100 + v) % 97,
            None => rest,
        })
    };
    let check = 98 - number(&format!("{account}{country}00"));
    format!("{country}{check:02}{account}")
}

/// In groups of four, as people write it.
pub(crate) fn spaced(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
