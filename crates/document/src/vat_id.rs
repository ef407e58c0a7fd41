//! VAT identification numbers of the European Union, Northern Ireland, Great Britain, Switzerland and Norway.
//!
//! Owns formats and check digits as the tax offices publish them. Does not ask any register whether a number is in use.

mod countries;

/// What a check of a VAT id gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VatCheck {
    /// Format and check digits fit.
    Valid,
    /// The format fits, the check digits do not: a character is wrong.
    WrongCheckDigit,
    /// Not the format of its country.
    WrongFormat,
    /// It does not begin with the prefix of a country whose rules are known.
    UnknownCountry,
}

/// The VAT id as registers write it: upper case, without white space, points, hyphens and slashes.
pub fn normalize(id: &str) -> String {
    id.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/' | ',' | ':' | '\u{2010}'..='\u{2015}'))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Checks a VAT id with its country prefix, whether or not it is normalised.
pub fn check(id: &str) -> VatCheck {
    let id = normalize(id);
    let Some((prefix, rest)) = id.split_at_checked(2) else { return VatCheck::UnknownCountry };
    if !rest.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || matches!(b, b'+' | b'*')) {
        return if countries::is_known(prefix) { VatCheck::WrongFormat } else { VatCheck::UnknownCountry };
    }
    countries::check(prefix, rest)
}

/// Whether it begins with the prefix of a country whose rules are known.
pub fn has_known_prefix(id: &str) -> bool {
    normalize(id).get(..2).is_some_and(countries::is_known)
}

#[cfg(test)]
mod tests;
