//! The lines of an e-invoice among the amounts on its pages.
//!
//! Pages print what lines cost in many ways: net or gross, before or after a discount, or by price and quantity alone; some
//! print sums of several lines, or no lines at all. Rule: a line that is shown in none of these ways is an error only where
//! the pages show at least as many other lines as they miss, and the words are those of a text layer: a number that OCR misread is no
//! contradiction. Time is linear in the words of the pages.

use super::find::{joined, number_at_end};
use super::problem;
use crate::extract::{Extraction, PageText};
use docmill_contracts::{Fields, Problem, Severity, TextSource, Word};
use docmill_document::money;
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{HashMap, HashSet};

/// The pages do not show lines.
const CODE: &str = "INFER-0149";

/// Most lines that are looked for.
const MOST_LINES: usize = 50_000;
/// Most lines that a message names.
const MOST_NAMED: usize = 3;
/// Words before and behind a price among which its quantity is looked for.
const NEAR: usize = 24;

/// A line that is looked for.
#[derive(Debug)]
struct Line {
    /// What a message calls it.
    name: String,
    total: Decimal,
    /// Any of them shows the line.
    amounts: Vec<Decimal>,
    /// So does its price in one row with its quantity.
    pair: Option<(Decimal, Decimal)>,
}

/// The lines, and what the pages show of them.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Vec<Line>,
    amounts: HashMap<Decimal, bool>,
    pairs: HashMap<(Decimal, Decimal), bool>,
    prices: HashSet<Decimal>,
    all_text_layer: bool,
}

impl Lines {
    pub(super) fn new(xml: &Extraction) -> Self {
        let rows = xml.line_items.iter().take(MOST_LINES).enumerate();
        let lines: Vec<Line> = rows.filter_map(|(n, row)| line(n, row)).collect();
        let pairs = lines.iter().filter_map(|l| l.pair);
        Self {
            amounts: lines.iter().flat_map(|l| &l.amounts).map(|a| (*a, false)).collect(),
            prices: pairs.clone().map(|(price, _)| price).collect(),
            pairs: pairs.map(|pair| (pair, false)).collect(),
            lines,
            all_text_layer: true,
        }
    }

    /// True where nothing is looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Looks at a page.
    pub(super) fn page(&mut self, page: &PageText) {
        if self.is_empty() {
            return;
        }
        self.all_text_layer &= page.words.is_empty() || page.source == TextSource::TextLayer;
        for at in 0..page.words.len() {
            for value in values(&page.words, at) {
                if let Some(shown) = self.amounts.get_mut(&value) {
                    *shown = true;
                }
                if self.prices.contains(&value) {
                    self.price(value, &page.words, at);
                }
            }
        }
    }

    /// A price on a page: with which quantities it stands in one row.
    fn price(&mut self, price: Decimal, words: &[Word], at: usize) {
        let middle = |w: &Word| f32::midpoint(w.bbox[1], w.bbox[3]);
        let Some(word) = words.get(at) else { return };
        let reach = (word.bbox[3] - word.bbox[1]).max(1.0) / 2.0;
        for near in at.saturating_sub(NEAR)..(at + NEAR).min(words.len()) {
            let beside = words.get(near).is_some_and(|w| (middle(w) - middle(word)).abs() <= reach);
            if near == at || !beside {
                continue;
            }
            for quantity in values(words, near) {
                if let Some(shown) = self.pairs.get_mut(&(price, quantity)) {
                    *shown = true;
                }
            }
        }
    }

    pub(super) fn problem(&self) -> Option<Problem> {
        let shown = |line: &&Line| {
            line.amounts.iter().any(|a| self.amounts.get(a) == Some(&true))
                || line.pair.is_some_and(|pair| self.pairs.get(&pair) == Some(&true))
        };
        let missing: Vec<&Line> = self.lines.iter().filter(|line| !shown(line)).collect();
        if missing.is_empty() {
            return None;
        }
        let found = self.lines.len() - missing.len();
        let contradicted = found >= missing.len() && self.all_text_layer;
        let severity = if contradicted { Severity::Error } else { Severity::Warning };
        let named: Vec<String> =
            missing.iter().take(MOST_NAMED).map(|l| format!("{} of {}", l.name, l.total)).collect();
        let message = format!(
            "{} of {} lines of the e-invoice are not shown on the pages: {}",
            missing.len(),
            self.lines.len(),
            named.join(", ")
        );
        Some(problem(CODE, severity, message, &["line_items"], None))
    }
}

fn line(index: usize, row: &Fields) -> Option<Line> {
    let number = |name: &str| row.get(name)?.value.parse::<Decimal>().ok();
    let total = number("line_total").filter(|t| !t.is_zero())?;
    let (price, quantity) = (number("unit_price"), number("quantity"));
    let basis = number("price_basis").filter(|b| !b.is_zero()).unwrap_or(Decimal::ONE);
    let before = price.zip(quantity).and_then(|(p, q)| p.checked_mul(q)?.checked_div(basis));
    let rate = number("vat_rate").filter(|r| !r.is_zero());
    let mut amounts = Vec::new();
    for net in [Some(total), before].into_iter().flatten() {
        let gross = rate.and_then(|r| {
            let factor = r.checked_div(Decimal::ONE_HUNDRED)?.checked_add(Decimal::ONE)?;
            net.checked_mul(factor)
        });
        amounts.extend([Some(net), gross].into_iter().flatten().map(cents));
    }
    amounts.push(total.abs());
    let pair =
        price.zip(quantity).map(|(p, q)| (p.abs(), q.abs())).filter(|(p, q)| !p.is_zero() && !q.is_zero());
    let id = row.get("line_id").map_or_else(|| (index + 1).to_string(), |f| f.value.clone());
    let name = format!("line {}", id.chars().take(20).collect::<String>());
    Some(Line { name, total, amounts, pair })
}

fn cents(value: Decimal) -> Decimal {
    value.abs().round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// What may be read as a number from a word on, in up to three words.
fn values(words: &[Word], at: usize) -> Vec<Decimal> {
    let digits = |i: usize| words.get(i).is_some_and(|w| w.text.contains(|c: char| c.is_ascii_digit()));
    if !digits(at) {
        return Vec::new();
    }
    let count = (1..=3).take_while(|n| digits(at + n - 1)).last().unwrap_or(1);
    let mut found: Vec<Decimal> = Vec::new();
    for n in 1..=count {
        let text = joined(words, at, n, " ");
        found.extend(money::readings(&text).iter().map(|r| r.value.abs()));
        if n == 1 {
            found.extend(number_at_end(&text));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::page;
    use super::*;
    use crate::xml;

    /// Lines of quantity, price and total, at 19 %.
    fn invoice(lines: &[(&str, &str, &str)]) -> Extraction {
        let lines: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(n, (quantity, price, total))| {
                format!(
                    "<InvoiceLine><ID>{}</ID><InvoicedQuantity>{quantity}</InvoicedQuantity>\
                    <LineExtensionAmount>{total}</LineExtensionAmount><Item><ClassifiedTaxCategory><ID>S</ID>\
                    <Percent>19</Percent></ClassifiedTaxCategory></Item><Price><PriceAmount>{price}</PriceAmount></Price></InvoiceLine>",
                    n + 1
                )
            })
            .collect();
        xml::extract(format!("<Invoice><ID>1</ID>{}</Invoice>", lines.concat()).as_bytes()).unwrap()
    }

    fn severity(xml: &Extraction, text: &str) -> Option<Severity> {
        let mut lines = Lines::new(xml);
        lines.page(&page(text));
        lines.problem().map(|p| p.severity)
    }

    const THREE: &[(&str, &str, &str)] =
        &[("4", "649.00", "2596.00"), ("2", "120.00", "240.00"), ("10", "5.90", "59.00")];

    #[test]
    fn lines_that_the_page_shows_in_any_way_are_no_problem() {
        let xml = invoice(THREE);
        let net = "Tisch 4 649,00 2.596,00 | Stuhl 2 120,00 240,00 | Kleber 10 5,90 59,00";
        assert_eq!(severity(&xml, net), None);
        let gross = "Tisch 4 3.089,24 € | Stuhl 2 285,60 € | Kleber 10 70,21 €";
        assert_eq!(severity(&xml, gross), None);
        let prices = "Tisch 4 Stk. 649,00 | Stuhl 2 Stk. 120,00 | Kleber 10 Stk. 5,90";
        assert_eq!(severity(&xml, prices), None);
        assert_eq!(severity(&invoice(&[]), "nothing at all"), None);
        assert_eq!(severity(&invoice(&[("1", "0", "0.00")]), "a free line"), None);
    }

    #[test]
    fn a_line_that_is_another_one_on_the_page_is_an_error_beside_others_that_are_shown() {
        let page_has = "Tisch 4 649,00 2.596,00 | Stuhl 2 120,00 240,00 | Kleber 10 5,90 59,00";
        let tampered = invoice(&[("3", "949.00", "2847.00"), THREE[1], THREE[2]]);
        assert_eq!(severity(&tampered, page_has), Some(Severity::Error));
        // The same price for fewer pieces.
        let fewer = invoice(&[("3", "649.00", "1947.00"), THREE[1], THREE[2]]);
        assert_eq!(severity(&fewer, page_has), Some(Severity::Error));
        let mut lines = Lines::new(&tampered);
        lines.page(&page(page_has));
        let message = lines.problem().unwrap().message;
        assert_eq!(message, "1 of 3 lines of the e-invoice are not shown on the pages: line 1 of 2847.00");
    }

    #[test]
    fn pages_that_show_few_lines_or_were_read_by_ocr_are_only_a_warning() {
        let xml = invoice(THREE);
        assert_eq!(severity(&xml, "Laut Liste 2.895,00"), Some(Severity::Warning));
        assert_eq!(severity(&xml, "Stuhl 240,00 | Rest 2.655,00"), Some(Severity::Warning));
        let mut lines = Lines::new(&xml);
        let text = "Tisch 4 649,00 2.596,00 | Stuhl 2 120,00 240,00 | Kleber 10 5,9O 59,0O";
        lines.page(&PageText { source: TextSource::Ocr, ..page(text) });
        assert_eq!(lines.problem().map(|p| p.severity), Some(Severity::Warning));
    }

    #[test]
    fn thousands_of_lines_on_pages_full_of_numbers_take_no_time() {
        let many: Vec<(String, String)> =
            (1..=5000).map(|n| (n.to_string(), format!("{}.00", n * 3))).collect();
        let rows: Vec<(&str, &str, &str)> =
            many.iter().map(|(q, t)| (q.as_str(), "3.00", t.as_str())).collect();
        let xml = invoice(&rows);
        let text: Vec<String> = many.iter().map(|(q, t)| format!("Teil {q} 3.00 {t}")).collect();
        let since = std::time::Instant::now();
        assert_eq!(severity(&xml, &text.join(" | ")), None);
        assert!(since.elapsed().as_secs() < 20, "{:?}", since.elapsed());
    }
}
