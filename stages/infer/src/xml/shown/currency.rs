//! The currency of an e-invoice and that of the amounts on its pages.
//!
//! Rule: pages contradict only where they show amounts in another currency and nowhere that of the e-invoice, by its code
//! or by any sign that may mean it. Pages without a currency, and those with several, contradict nothing.

use super::problem;
use crate::extract::{Extraction, PageText};
use docmill_contracts::{Problem, Severity, Word};
use docmill_document::money;

/// The pages show another currency.
const CODE: &str = "INFER-0147";

/// Codes of currencies and what else may stand for them, in capitals.
const SIGNS: &[(&str, &[&str])] = &[
    ("EUR", &["€", "EURO", "EUROS"]),
    ("USD", &["$", "DOLLAR", "DOLLARS"]),
    ("GBP", &["£", "POUND", "POUNDS"]),
    ("CHF", &["SFR", "FR", "FRANKEN", "FRANCS"]),
    ("SEK", &["KR", "KRONOR"]),
    ("NOK", &["KR", "KRONER"]),
    ("DKK", &["KR", "KRONER"]),
    ("ISK", &["KR", "KRÓNUR"]),
    ("PLN", &["ZŁ", "ZL", "ZŁOTY"]),
    ("CZK", &["KČ", "KC"]),
    ("HUF", &["FT", "FORINT"]),
    ("RON", &["LEI", "LEU"]),
    ("BGN", &["ЛВ", "LV"]),
    ("JPY", &["¥", "円", "YEN"]),
    ("CNY", &["¥", "元", "RMB", "YUAN"]),
    ("TRY", &["₺", "TL"]),
    ("INR", &["₹", "RS"]),
    ("RUB", &["₽"]),
    ("UAH", &["₴"]),
    ("ILS", &["₪"]),
    ("KRW", &["₩"]),
    ("MYR", &["RM"]),
    ("ZAR", &["R"]),
    ("BRL", &["R$"]),
];

/// Currencies whose codes and signs are no words of any language: beside an amount they mean nothing else.
const CERTAIN: &[&str] = &["EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "JPY"];
/// Signs that are as certain.
const CERTAIN_SIGNS: &[(&str, &str)] =
    &[("€", "EUR"), ("$", "USD"), ("£", "GBP"), ("¥", "JPY"), ("ZŁ", "PLN"), ("KČ", "CZK")];

/// What the pages show of currencies.
#[derive(Debug)]
pub(super) struct Currencies {
    /// That of the e-invoice; empty where it names none.
    own: String,
    own_is_shown: bool,
    /// The first other one that stands beside an amount, with its page.
    other: Option<(&'static str, i32)>,
}

impl Currencies {
    pub(super) fn new(xml: &Extraction) -> Self {
        let own = xml.fields.get("currency").map_or(String::new(), |f| f.value.trim().to_uppercase());
        Self { own, own_is_shown: false, other: None }
    }

    /// Looks at a page.
    pub(super) fn page(&mut self, page: &PageText) {
        if self.own.is_empty() || self.own_is_shown {
            return;
        }
        for (at, word) in page.words.iter().enumerate() {
            for token in tokens(&word.text) {
                if self.is_own(&token) {
                    self.own_is_shown = true;
                    return;
                }
                if self.other.is_none()
                    && let Some(code) = certain(&token)
                    && is_beside_amount(&page.words, at)
                {
                    self.other = Some((code, page.page_no));
                }
            }
        }
    }

    pub(super) fn problem(&self) -> Option<Problem> {
        let (code, page) = self.other.filter(|_| !self.own_is_shown)?;
        let message = format!("the pages show amounts in {code}, the e-invoice is in {}", self.own);
        Some(problem(CODE, Severity::Error, message, &["currency"], Some(page)))
    }

    /// Whether a token stands for the e-invoice's currency, or may.
    fn is_own(&self, token: &str) -> bool {
        // There are thirty dollars, and pesos have the same sign.
        let dollar = token.contains('$') && !matches!(self.own.as_str(), "EUR" | "GBP" | "CHF" | "JPY");
        let signs = SIGNS.iter().find(|(code, _)| *code == self.own).map_or(&[][..], |(_, signs)| *signs);
        token == self.own || dollar || signs.contains(&token)
    }
}

/// Runs of letters, and signs of currencies, of a word in capitals.
fn tokens(word: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for c in word.chars() {
        let sign = matches!(c, '€' | '$' | '£' | '¥' | '₺' | '₹' | '₽' | '₴' | '₪' | '₩');
        if !sign && !c.is_alphabetic() {
            goes_on = false;
            continue;
        }
        match found.last_mut().filter(|_| goes_on && !sign) {
            Some(last) => last.extend(c.to_uppercase()),
            None => found.push(c.to_uppercase().collect()),
        }
        goes_on = !sign;
    }
    found
}

fn certain(token: &str) -> Option<&'static str> {
    let code = CERTAIN.iter().find(|code| **code == token).copied();
    code.or_else(|| CERTAIN_SIGNS.iter().find(|(sign, _)| *sign == token).map(|(_, code)| *code))
}

/// Whether an amount with cents stands in a word, or before or behind it on its line.
fn is_beside_amount(words: &[Word], at: usize) -> bool {
    let Some(word) = words.get(at) else { return false };
    let with_cents = |w: &Word| {
        let text = w.text.trim_matches(|c: char| !c.is_ascii_digit());
        money::parse(text).is_some_and(|amount| amount.decimal_mark.is_some())
    };
    let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|i| words.get(i));
    with_cents(word) || beside.filter(|w| w.line == word.line).any(with_cents)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HONEST, compared_xml, invoice};
    use super::*;

    fn codes(currency: &str, text: &str) -> Vec<String> {
        let (mut xml, known) = invoice();
        xml.fields.get_mut("currency").unwrap().value = currency.to_owned();
        compared_xml(xml, &known, text).into_iter().map(|(code, _)| code).collect()
    }

    #[test]
    fn amounts_in_another_currency_alone_are_a_contradiction() {
        let euros = HONEST.replace("119,00 EUR", "119,00€");
        for text in [HONEST, &euros, &HONEST.replace("EUR", "€")] {
            assert_eq!(codes("EUR", text), Vec::<String>::new());
            assert_eq!(codes("USD", text), ["INFER-0147"]);
            assert_eq!(codes("GBP", text), ["INFER-0147"]);
        }
    }

    #[test]
    fn pages_with_no_currency_or_with_both_contradict_nothing() {
        assert_eq!(codes("USD", &HONEST.replace(" EUR", "")), Vec::<String>::new());
        assert_eq!(codes("USD", &format!("{HONEST} | that is 130.00 $")), Vec::<String>::new());
        assert_eq!(codes("CHF", &format!("{HONEST} | alle Preise in sFr.")), Vec::<String>::new());
        let others = HONEST.replace("EUR", "$");
        assert_eq!(codes("CAD", &others), Vec::<String>::new(), "a dollar is a dollar");
        assert_eq!(codes("EUR", &others), ["INFER-0147"]);
    }

    #[test]
    fn a_currency_that_is_beside_no_amount_says_nothing() {
        let text = HONEST.replace(" EUR", "");
        assert_eq!(
            codes("CHF", &format!("{text} | Konto in EUR bei der Bank | EUR 1 Palette")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn words_are_split_into_codes_and_signs() {
        assert_eq!(tokens("(EUR/Stk.)"), ["EUR", "STK"]);
        assert_eq!(tokens("12,50€"), ["€"]);
        assert_eq!(tokens("US$5"), ["US", "$"]);
        assert_eq!(tokens("12.00"), Vec::<String>::new());
    }
}
