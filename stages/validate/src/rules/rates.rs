//! VAT that was read from a page against the rates in use: the page's own rate is in no field, but its country's rates are known.
//!
//! Owns what share of the net total VAT may be. Rule: what lines of different rates could come to is not doubted; a rate that the
//! country never charges is.

use super::totals::tolerance;
use crate::Config;
use crate::error::code;
use crate::subject::{Subject, amount, differ, sum};
use docmill_contracts::{Problem, Severity};
use docmill_document::vat_rate::{self, Country};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// Nobody whose country is not known charges more, in hundredths of a per cent.
const IMPOSSIBLE: i64 = 3000;
/// Most sums of lines at different rates that are computed; where there are more, any amount can be one.
const MOST_SUMS: usize = 2000;

pub(super) fn check(subject: Subject, _: &Config) -> Vec<Problem> {
    doubtful(subject).into_iter().collect()
}

fn doubtful(subject: Subject) -> Option<Problem> {
    let page = ["net_total", "tax_total", "grand_total"].iter().all(|name| !subject.is_xml(name));
    if !page || !matches!(subject.kind(), "invoice" | "credit_note" | "receipt") {
        return None;
    }
    let (net, tax) = (subject.amount("net_total")?, subject.amount("tax_total")?);
    let gross = subject.amount("grand_total")?;
    let tolerance = tolerance(subject, "tax_total").max(Decimal::new(2, 2));
    // Where they do not add up, BR-CO-15 says so; a credit note may be written with or without signs.
    let adds_up = !differ(sum([net, tax])?, gross, tolerance);
    if !adds_up || net.is_zero() || tax.is_zero() || net.is_sign_negative() != tax.is_sign_negative() {
        return None;
    }
    let vat = Vat { net: net.abs(), tax: tax.abs(), tolerance };
    let countries = countries(subject);
    let (limit, whose) = match countries.as_slice() {
        [] => (IMPOSSIBLE, "any country".to_owned()),
        [one] => (one.highest(), one.code.to_owned()),
        many => (
            many.iter().map(|c| c.highest()).max().unwrap_or(IMPOSSIBLE),
            "a country of this currency".to_owned(),
        ),
    };
    // A seller within the Union may charge what the buyer's country does.
    let elsewhere = countries.iter().any(|c| c.is_of_union());
    let by_itself = |c: &&Country| c.rates.iter().any(|rate| vat.is_at(*rate));
    if countries.iter().any(by_itself)
        || (elsewhere && vat_rate::COUNTRIES.iter().filter(|c| c.is_of_union()).any(|c| by_itself(&c)))
    {
        return None;
    }
    let too_high = vat.is_above(limit);
    let lines = lines(subject, vat.net);
    let mixed = |c: &&Country| lines.as_ref().is_none_or(|lines| vat.is_mix(lines, c.rates));
    if !too_high && (countries.is_empty() || countries.iter().any(|c| !vat.is_above(c.highest()) && mixed(c)))
    {
        return None;
    }
    let share = (vat.tax.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(vat.net)?).round_dp(1);
    let (severity, why) = if too_high {
        (Severity::Error, format!("more than {whose} charges"))
    } else {
        (Severity::Warning, format!("no rate of {whose}, and lines of different rates do not come to it"))
    };
    let message = format!("tax_total {tax} is {share} % of net_total {net}: {why}");
    Some(subject.problem(code::VAT_RATE, severity, message, &["tax_total", "net_total"]))
}

/// Where the seller may be at home: as its VAT id says, else where the currency is that of the country.
fn countries(subject: Subject) -> Vec<&'static Country> {
    let by_id = subject.field("seller_vat_id").and_then(|field| vat_rate::of_vat_id(&field.value));
    let by_currency = || {
        let currency = subject.field("currency").map_or("", |field| field.value.as_str());
        vat_rate::of_currency(currency).filter(|c| c.code != "XI").collect()
    };
    by_id.map_or_else(by_currency, |country| vec![country])
}

/// The amounts of all lines, where they come to the net total: then nothing else is taxed.
fn lines(subject: Subject, net: Decimal) -> Option<Vec<Decimal>> {
    let rows = &subject.document.line_items;
    let found = subject.lines;
    let whole = found.count > 0 && found.count == rows.len() && found.with_total == found.count;
    let comes_to = found.sum.is_some_and(|sum| !differ(sum.abs(), net, tolerance(subject, "net_total")));
    (whole && comes_to).then(|| rows.iter().filter_map(|row| amount(row, "line_total")).collect())
}

/// The amounts of a document, without signs.
struct Vat {
    net: Decimal,
    tax: Decimal,
    tolerance: Decimal,
}

impl Vat {
    /// VAT of the whole net total at a rate, in hundredths of a per cent.
    fn at(&self, rate: i64) -> Option<Decimal> {
        self.net.checked_mul(Decimal::new(rate, 4))
    }

    fn is_at(&self, rate: i64) -> bool {
        self.at(rate).is_some_and(|want| !differ(want, self.tax, self.tolerance))
    }

    fn is_above(&self, rate: i64) -> bool {
        self.at(rate).and_then(|most| most.checked_add(self.tolerance)).is_some_and(|most| self.tax > most)
    }

    /// Whether lines come to that VAT, each at one of these rates or at none. A line that is below zero takes away.
    fn is_mix(&self, lines: &[Decimal], rates: &[i64]) -> bool {
        let mut sums = BTreeSet::from([Decimal::ZERO]);
        let turned = lines.iter().sum::<Decimal>().is_sign_negative();
        for line in lines {
            let line = if turned { -*line } else { *line };
            let taxes: Vec<Decimal> =
                [0].iter().chain(rates).filter_map(|rate| line.checked_mul(Decimal::new(*rate, 4))).collect();
            sums = sums.iter().flat_map(|sum| taxes.iter().filter_map(|tax| sum.checked_add(*tax))).collect();
            if sums.len() > MOST_SUMS {
                return true;
            }
        }
        sums.iter().any(|sum| !differ(*sum, self.tax, self.tolerance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::samples::{Found, Given, Sample, codes};
    use Severity::{Error, Warning};

    fn of(fields: Given, totals: [&str; 3], lines: &[&str]) -> Sample {
        let [net, tax, gross] = totals;
        let all = [("net_total", net), ("tax_total", tax), ("grand_total", gross)];
        let sample = Sample::new("invoice").fields(fields).fields(&all);
        lines.iter().fold(sample, |sample, line| sample.line(&[("line_total", line)]))
    }

    fn found(sample: &Sample) -> Vec<(String, Severity)> {
        let problems = check(sample.subject(), &Config::default());
        codes(&problems).into_iter().map(|(code, severity)| (code.to_owned(), severity)).collect()
    }

    const GB: Given = &[("seller_vat_id", "GB553091748"), ("currency", "GBP")];
    const EUR: Given = &[("currency", "EUR")];
    const DOUBTED: Found = &[("VALIDATE-0027", Warning)];
    const IMPOSSIBLE: Found = &[("VALIDATE-0027", Error)];

    #[test]
    fn vat_is_at_a_rate_of_the_sellers_country_or_at_a_mix_of_them() {
        let cases: &[(Given, [&str; 3], &[&str], Found)] = &[
            (GB, ["245.00", "49.00", "294.00"], &["125.00", "120.00"], &[]),
            (GB, ["245.00", "39.00", "284.00"], &["125.00", "120.00"], DOUBTED),
            // One line at 20 %, one at none.
            (GB, ["245.00", "25.00", "270.00"], &["125.00", "120.00"], &[]),
            // What else is taxed is not known.
            (GB, ["245.00", "39.00", "284.00"], &[], &[]),
            (GB, ["245.00", "39.00", "284.00"], &["125.00"], &[]),
            (GB, ["245.00", "60.00", "305.00"], &[], IMPOSSIBLE),
            (GB, ["100.00", "20.01", "120.01"], &["100.00"], &[]),
            (GB, ["245.00", "0.00", "245.00"], &["245.00"], &[]),
            // They do not add up: another rule says so.
            (GB, ["245.00", "39.00", "294.00"], &["125.00", "120.00"], &[]),
            (GB, ["-245.00", "-39.00", "-284.00"], &["-125.00", "-120.00"], DOUBTED),
            (GB, ["-20.00", "-4.00", "-24.00"], &["-25.00", "5.00"], &[]),
            (EUR, ["100.00", "25.50", "125.50"], &["100.00"], &[]),
            (EUR, ["100.00", "15.90", "115.90"], &["100.00"], DOUBTED),
            (EUR, ["100.00", "29.00", "129.00"], &["100.00"], IMPOSSIBLE),
            // A shop in Luxembourg that sells to Hungary.
            (&[("seller_vat_id", "LU26375245")], ["100.00", "27.00", "127.00"], &["100.00"], &[]),
            (&[("seller_vat_id", "CHE116281710")], ["100.00", "19.00", "119.00"], &["100.00"], IMPOSSIBLE),
            // Where rates are not known there is only what nobody charges.
            (&[("currency", "USD")], ["100.00", "8.88", "108.88"], &["100.00"], &[]),
            (&[("currency", "USD")], ["100.00", "31.00", "131.00"], &["100.00"], IMPOSSIBLE),
            (&[], ["100.00", "31.00", "131.00"], &[], IMPOSSIBLE),
            (&[("currency", "INR")], ["100.00", "40.00", "140.00"], &["100.00"], &[]),
        ];
        for (fields, totals, lines, want) in cases {
            let want: Vec<(String, Severity)> = want.iter().map(|(c, s)| ((*c).to_owned(), *s)).collect();
            assert_eq!(found(&of(fields, *totals, lines)), want, "{fields:?} {totals:?} {lines:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let sample = of(GB, ["245.00", "39.00", "284.00"], &["125.00", "120.00"]);
        let problems = check(sample.subject(), &Config::default());
        let want = "tax_total 39.00 is 15.9 % of net_total 245.00: no rate of GB, and lines of different rates do not come to it";
        assert_eq!((problems[0].message.as_str(), problems[0].page), (want, Some(1)));
    }

    #[test]
    fn e_invoices_and_documents_that_charge_nothing_are_left_alone() {
        let wrong = || of(GB, ["245.00", "60.00", "305.00"], &[]);
        assert_eq!(found(&wrong().engine("xml")), []);
        for (kind, doubted) in [("order", 0), ("statement", 0), ("receipt", 1), ("credit_note", 1)] {
            let mut sample = wrong();
            sample.0.kind.value = kind.into();
            assert_eq!(found(&sample).len(), doubted, "{kind}");
        }
    }

    #[test]
    fn many_lines_can_come_to_anything() {
        let lines = vec!["10.00"; 40];
        assert_eq!(found(&of(GB, ["400.00", "39.00", "439.00"], &lines)), []);
        let odd: Vec<String> = (0..40_i64).map(|n| Decimal::new(1000 + 37 * n * n, 2).to_string()).collect();
        let odd: Vec<&str> = odd.iter().map(String::as_str).collect();
        let net: Decimal = odd.iter().filter_map(|l| l.parse::<Decimal>().ok()).sum();
        let gross = (net + Decimal::new(3901, 2)).to_string();
        assert_eq!(found(&of(GB, [&net.to_string(), "39.01", &gross], &odd)), []);
    }
}
