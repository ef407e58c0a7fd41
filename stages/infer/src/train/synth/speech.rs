//! What stands on made-up documents: labels, names, goods, and how numbers and days are written.
//!
//! Owns the vocabulary in English, German and French. Rule: labels are those in general use; names are of nobody.

use super::Dice;
use crate::local::kind;
use crate::local::lexicon::{self, Concept};
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
    /// In any language that there are phrases of, so that what a label says is learned rather than its words.
    foreign: bool,
}

/// What the words for something say.
const CONCEPTS: &[(&str, Concept)] = &[
    ("number", Concept::InvoiceNo),
    ("credit_number", Concept::InvoiceNo),
    ("order_number", Concept::OrderNo),
    ("date", Concept::IssueDate),
    ("order_date", Concept::IssueDate),
    ("due", Concept::DueDate),
    ("delivery", Concept::DeliveryDate),
    ("period", Concept::Period),
    ("po", Concept::PurchaseOrder),
    ("seller", Concept::Seller),
    ("buyer", Concept::Buyer),
    ("shipto", Concept::OtherParty),
    ("vat", Concept::VatId),
    ("iban", Concept::Iban),
    ("bic", Concept::Bic),
    ("net", Concept::Net),
    ("tax", Concept::Tax),
    ("gross", Concept::Gross),
    ("payable", Concept::Due),
    ("other", Concept::OtherNo),
    ("customer", Concept::OtherNo),
    ("other_date", Concept::OtherDate),
    ("paid", Concept::OtherAmount),
];

impl Labels {
    pub(crate) fn of(tongue: Tongue, foreign: bool) -> Self {
        let lines = match tongue {
            Tongue::English => include_str!("en.txt"),
            Tongue::German => include_str!("de.txt"),
            Tongue::French => include_str!("fr.txt"),
        };
        Self { lines, foreign }
    }

    /// One of the words for something.
    pub(crate) fn word(&self, name: &str, dice: &mut Dice) -> &'static str {
        if self.foreign {
            let concept = CONCEPTS.iter().find(|(n, _)| *n == name);
            let phrases = concept.map(|(_, c)| lexicon::phrases(*c)).unwrap_or_default();
            let phrases = if phrases.is_empty() { kind::titles(name).to_vec() } else { phrases };
            if !phrases.is_empty() {
                return dice.pick(&phrases);
            }
        }
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
            labels: Labels::of(tongue, dice.chance(25)),
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
    /// Somebody who works there.
    pub(crate) person: String,
    /// As it is written below an address.
    pub(crate) country: &'static str,
    /// The name without its legal form.
    stem: String,
}

impl Party {
    /// What it calls itself in large letters, and its web site.
    pub(crate) fn brand(&self, style: &Style, dice: &mut Dice) -> (String, String) {
        let first = self.stem.split(' ').next().unwrap_or_default();
        let brand = match dice.below(4) {
            0 => first.to_owned(),
            3 => style.labels.word("brand", dice).to_owned(),
            _ => self.stem.clone(),
        };
        let spelled = self.stem.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
        let letters: String = spelled.chars().filter(char::is_ascii_alphanumeric).collect();
        let short: String = first.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        let end = match style.tongue {
            Tongue::English if style.currency == "GBP" => "co.uk",
            Tongue::English => "com",
            Tongue::German => "de",
            Tongue::French => "fr",
        };
        let site = if dice.chance(60) || short.len() < 4 { letters } else { short };
        (brand, format!("{site}.{end}"))
    }

    /// Where it is written to.
    pub(crate) fn email(&self) -> String {
        let first = self.stem.split(' ').next().unwrap_or_default().to_lowercase();
        let letters: String = first.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("info@{letters}.example")
    }

    pub(crate) fn any(style: &Style, dice: &mut Dice) -> Self {
        let own = |name: &str, dice: &mut Dice| style.labels.word(name, dice);
        let surname = own("surname", dice);
        let legal = own("legal", dice);
        let person = format!("{} {}", own("forename", dice), own("surname", dice));
        let (stem, formed) = match dice.below(10) {
            8 => (format!("{} {surname}", own("house", dice)), dice.chance(20)),
            9 => (own("public", dice).replace('*', own("town", dice)), false),
            0 => (format!("{surname} {}", own("trade", dice)), true),
            1 => (format!("{surname} & {}", own("surname", dice)), true),
            2 => (format!("{} {surname}", own("forename", dice)), false),
            3 => (format!("{} {}", own("brand", dice), own("trade", dice)), true),
            4 => (own("brand", dice).to_owned(), true),
            5 => (format!("{} {}", own("trade", dice), own("town", dice)), true),
            6 => (
                format!("{} {} & {}", own("brand", dice), own("trade", dice), own("trade", dice)),
                dice.chance(60),
            ),
            _ => (surname.to_owned(), true),
        };
        let name = if formed { format!("{stem} {legal}") } else { stem.clone() };
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
        let land = match (style.tongue, country) {
            (_, "GB") => "United Kingdom",
            (_, "US") => "USA",
            (_, "CH") => "Schweiz",
            (Tongue::French, _) => "France",
            _ => "Deutschland",
        };
        Self { name, street, city, town, vat, iban, bic, phone, person, country: land, stem }
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
