//! Identifiers: check digits of IBANs, VAT ids and GLNs, forms of BICs, codes of currencies.

use crate::Config;
use crate::error::code;
use crate::subject::Subject;
use docmill_contracts::{Problem, Severity};
use docmill_document::iban::{self, IbanCheck};
use docmill_document::vat_id::{self, VatCheck};
use docmill_document::{currency, gln};

pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    let vat = ["seller_vat_id", "buyer_vat_id"].map(|name| vat_number(subject, name));
    let named = |end: &'static str| subject.document.fields.keys().filter(move |name| name.ends_with(end));
    [account(subject), bank(subject), money(subject)]
        .into_iter()
        .chain(vat)
        .chain(named("_gln").map(|name| place(subject, name)))
        .chain(named("_siren").map(|name| company(subject, name, 9)))
        .chain(named("_siret").map(|name| company(subject, name, 14)))
        .flatten()
        .collect()
}

fn account(subject: Subject) -> Option<Problem> {
    let value = &subject.field("iban")?.value;
    let (severity, why) = match iban::check(value) {
        IbanCheck::Valid => return None,
        IbanCheck::WrongCheckDigits => (Severity::Error, "has wrong check digits".to_owned()),
        IbanCheck::WrongLength { expected, found } => {
            (Severity::Error, format!("has {found} characters, IBANs of its country have {expected}"))
        }
        // The field (BT-84) may hold an account number of a country without IBAN.
        IbanCheck::UnknownCountry => (Severity::Warning, "is of a country without IBAN".to_owned()),
        IbanCheck::WrongFormat => (Severity::Warning, "does not have the form of an IBAN".to_owned()),
    };
    let message = format!("iban `{}` {why}", shown(value));
    Some(subject.problem(code::IBAN, severity, message, &["iban"]))
}

fn bank(subject: Subject) -> Option<Problem> {
    let value = &subject.field("bic")?.value;
    (!iban::bic_is_well_formed(value)).then(|| {
        let message = format!("bic `{}` does not have the form of a BIC", shown(value));
        subject.problem(code::BIC, Severity::Warning, message, &["bic"])
    })
}

fn money(subject: Subject) -> Option<Problem> {
    let value = &subject.field("currency")?.value;
    if currency::is_current(value) {
        return None;
    }
    let (severity, why) = if currency::is_historic(value) {
        (Severity::Warning, "is no longer in force")
    } else {
        (Severity::Error, "is not a code of ISO 4217")
    };
    let message = format!("currency `{}` {why}", shown(value));
    Some(subject.problem("BR-CL-04", severity, message, &["currency"]))
}

fn vat_number(subject: Subject, name: &str) -> Option<Problem> {
    let value = &subject.field(name)?.value;
    let (code, severity, why) = match vat_id::check(value) {
        VatCheck::Valid => return None,
        VatCheck::WrongCheckDigit => (code::VAT_CHECK_DIGIT, Severity::Error, "has a wrong check digit"),
        VatCheck::WrongFormat => {
            (code::VAT_FORMAT, Severity::Error, "does not have the form of its country's")
        }
        VatCheck::UnknownCountry => {
            let id = vat_id::normalize(value);
            if id.bytes().take(2).filter(u8::is_ascii_uppercase).count() == 2 {
                return None;
            }
            let severity = if subject.is_xml(name) { Severity::Error } else { Severity::Warning };
            ("BR-CO-09", severity, "does not begin with a country code")
        }
    };
    Some(subject.problem(code, severity, format!("{name} `{}` {why}", shown(value)), &[name]))
}

fn place(subject: Subject, name: &str) -> Option<Problem> {
    let value = &subject.field(name)?.value;
    (!gln::is_valid(value)).then(|| {
        let message =
            format!("{name} `{}` is not a GLN of 13 digits with a fitting check digit", shown(value));
        subject.problem(code::GLN, Severity::Error, message, &[name])
    })
}

/// French company (SIREN) and establishment (SIRET) numbers: so many digits, the last by Luhn.
fn company(subject: Subject, name: &str, length: usize) -> Option<Problem> {
    let value = &subject.field(name)?.value;
    let digits: Vec<u32> =
        value.chars().filter(|c| !c.is_whitespace()).filter_map(|c| c.to_digit(10)).collect();
    let only = value.chars().all(|c| c.is_ascii_digit() || c.is_whitespace());
    // La Poste's establishments (SIREN 356000000) have digits that add up to a multiple of five instead.
    let post = length == 14 && digits.starts_with(&[3, 5, 6, 0, 0, 0, 0, 0, 0]);
    let fits = if post { digits.iter().sum::<u32>().is_multiple_of(5) } else { luhn(&digits) };
    (!only || digits.len() != length || !fits).then(|| {
        let message = format!(
            "{name} `{}` is not a number of {length} digits with a fitting check digit",
            shown(value)
        );
        subject.problem(code::COMPANY_NUMBER, Severity::Error, message, &[name])
    })
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |(n, d): (usize, &u32)| if n % 2 == 0 { *d } else { d * 2 / 10 + d * 2 % 10 };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

fn shown(value: &str) -> String {
    value.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Sample, codes};
    use Severity::{Error, Warning};

    #[test]
    fn identifiers_are_checked_by_their_own_digits() {
        for (name, value, want) in [
            ("iban", "DE89 3704 0044 0532 0130 00", &[][..]),
            ("iban", "DE89370400440532013001", &[("VALIDATE-0011", Error)]),
            ("iban", "DE8937040044053201300", &[("VALIDATE-0011", Error)]),
            ("iban", "0532013000", &[("VALIDATE-0011", Warning)]),
            ("bic", "DEUTDEFF", &[]),
            ("bic", "DEUT", &[("VALIDATE-0012", Warning)]),
            ("currency", "EUR", &[]),
            ("currency", "DEM", &[("BR-CL-04", Warning)]),
            ("currency", "€", &[("BR-CL-04", Error)]),
            ("seller_vat_id", "DE136695976", &[]),
            ("seller_vat_id", "DE136695977", &[("VALIDATE-0013", Error)]),
            ("buyer_vat_id", "DE13669597", &[("VALIDATE-0014", Error)]),
            ("buyer_vat_id", "136695976", &[("BR-CO-09", Warning)]),
            ("buyer_vat_id", "US-ABC", &[]),
            ("seller_gln", "4000001123452", &[]),
            ("seller_gln", "4000001123453", &[("VALIDATE-0017", Error)]),
            ("seller_siren", "732 829 320", &[]),
            ("seller_siren", "732829321", &[("VALIDATE-0022", Error)]),
            ("seller_siret", "73282932000074", &[]),
            ("seller_siret", "35600000049837", &[]),
            ("seller_siret", "7328293200007", &[("VALIDATE-0022", Error)]),
        ] {
            let sample = Sample::new("invoice").fields(&[(name, value)]);
            assert_eq!(codes(&check(sample.subject(), &Config::default())), want, "{name} {value}");
        }
    }
}
