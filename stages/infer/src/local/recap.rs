//! Tables of VAT rates, told by arithmetic alone: in each row net, tax and gross stand side by side, and the last row is the sum of
//! those above it.
//!
//! Owns which row of a document that is. Knows no label and no language. Rule: one row that adds up may be chance or a line item;
//! rows that add up to another one are not.

use super::candidate::{Candidate, Kind};
use super::joint::likely_tax;
use super::layout::Layout;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Most amounts of a line that is looked at: no table of rates has more columns.
const MOST_AMOUNTS: usize = 12;
/// How far apart right edges of one column are at most, points.
const COLUMN: f32 = 12.0;
/// Least gross of a row without cents and currency.
const LEAST_BARE: Decimal = Decimal::ONE_THOUSAND;
/// Most rows above a sum that are added up.
const MOST_ROWS: usize = 60;

/// Net, tax and gross that stand in one row in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Recap {
    /// Index of each candidate.
    pub at: [usize; 3],
    /// The amounts.
    pub amounts: [Decimal; 3],
    /// How many rows right above it add up to it; one may be a single rate, or a line and its own sum; 0 for a row that only adds up
    /// in itself.
    pub rows: usize,
    page: usize,
    top: f32,
    /// Right edge of the last column.
    right: f32,
    currency: Option<&'static str>,
}

/// All rows of a document that add up, from top to bottom.
pub fn find(pages: &[Layout], candidates: &[Candidate]) -> Vec<Recap> {
    let mut lines: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    let amounts =
        candidates.iter().enumerate().filter(|(_, c)| c.kind == Kind::Amount && !c.amount.is_zero());
    for (i, c) in amounts {
        let line = lines.entry((c.page, pages[c.page].segments[c.segment].line)).or_default();
        if line.len() < MOST_AMOUNTS {
            line.push(i);
        }
    }
    let mut found: Vec<Recap> = lines.into_values().filter_map(|line| row(line, candidates)).collect();
    found.sort_by(|a, b| a.page.cmp(&b.page).then(a.top.total_cmp(&b.top)));
    for i in 0..found.len() {
        found[i].rows = added(&found[..i], &found[i]);
    }
    // What is the same on several days is to be paid in parts.
    let dated: BTreeSet<(usize, usize)> = candidates
        .iter()
        .filter(|c| c.kind == Kind::Date)
        .map(|c| (c.page, pages[c.page].segments[c.segment].line))
        .collect();
    let is_dated = |r: &Recap| {
        let c = &candidates[r.at[0]];
        dated.contains(&(c.page, pages[c.page].segments[c.segment].line))
    };
    let mut parts: BTreeMap<[Decimal; 3], usize> = BTreeMap::new();
    for part in found.iter().filter(|r| r.rows < 2 && is_dated(r)) {
        *parts.entry(part.amounts).or_default() += 1;
    }
    found.retain(|r| r.rows > 1 || !is_dated(r) || parts.get(&r.amounts).is_none_or(|n| *n < 2));
    // Three whole numbers are often a count.
    found
        .retain(|r| r.at.iter().any(|i| candidates[*i].monetary) || r.rows > 0 && r.amounts[2] >= LEAST_BARE);
    found
}

/// The row of a line that adds up, that with the largest gross.
fn row(mut line: Vec<usize>, candidates: &[Candidate]) -> Option<Recap> {
    line.sort_by(|a, b| candidates[*a].bbox[0].total_cmp(&candidates[*b].bbox[0]));
    let mut best: Option<[usize; 3]> = None;
    for (i, net) in line.iter().enumerate() {
        for (j, tax) in line.iter().enumerate().skip(i + 1) {
            let (net_amount, tax_amount) = (candidates[*net].amount, candidates[*tax].amount);
            let sum = net_amount + tax_amount;
            if !likely_tax(tax_amount, net_amount) {
                continue;
            }
            // Each stands right of the one before: candidates may overlap, as a number and its parts.
            let after = |k: &usize, before: usize| candidates[*k].bbox[0] >= candidates[before].bbox[2];
            if !after(tax, *net) {
                continue;
            }
            let there = line[j + 1..].iter().find(|k| candidates[**k].amount == sum && after(k, *tax));
            let Some(gross) = there else { continue };
            if best.is_none_or(|b| sum.abs() > candidates[b[2]].amount.abs()) {
                best = Some([*net, *tax, *gross]);
            }
        }
    }
    let at = best?;
    let [net, tax, gross] = at.map(|i| &candidates[i]);
    Some(Recap {
        at,
        amounts: [net.amount, tax.amount, gross.amount],
        rows: 0,
        page: gross.page,
        top: gross.bbox[1],
        right: gross.bbox[2],
        currency: [gross, net, tax].iter().find_map(|c| c.currency),
    })
}

/// How many of the rows above, the nearest first, add up to one; those of another currency or place are passed over.
fn added(above: &[Recap], sum: &Recap) -> usize {
    let same_currency = |r: &&Recap| match (r.currency, sum.currency) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    let below = |r: &&Recap| (r.right - sum.right).abs() < COLUMN;
    let mut total = [Decimal::ZERO; 3];
    let of_page = above.iter().rev().take_while(|r| r.page == sum.page);
    let rows = of_page.filter(below).filter(same_currency).take(MOST_ROWS);
    for (n, row) in rows.enumerate() {
        for (t, amount) in total.iter_mut().zip(row.amounts) {
            *t += amount;
        }
        if total == sum.amounts {
            return n + 1;
        }
    }
    0
}

/// The row that is the sum of the document: rows that add up to it say most, then that its gross stands there more than once, then
/// how much it is.
pub fn sum<'a>(recaps: &'a [Recap], candidates: &[Candidate]) -> Option<&'a Recap> {
    let mut times: BTreeMap<Decimal, usize> = recaps.iter().map(|r| (r.amounts[2], 0)).collect();
    for c in candidates.iter().filter(|c| c.kind == Kind::Amount) {
        if let Some(n) = times.get_mut(&c.amount) {
            *n += 1;
        }
    }
    recaps.iter().max_by_key(|r| (r.rows.min(2), times.get(&r.amounts[2]), r.amounts[2].abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::PageText;
    use crate::local::candidate;
    use docmill_contracts::{TextSource, Word};

    /// Rows of columns whose right edges are 100 points apart, all right-aligned.
    fn recaps(lines: &[&str]) -> Vec<Recap> {
        let mut words = Vec::new();
        for (n, line) in lines.iter().enumerate() {
            let y = 100.0 + 14.0 * n as f32;
            for (column, cell) in line.split('|').enumerate() {
                let mut x = 100.0 + 100.0 * column as f32;
                for word in cell.split(' ').filter(|w| !w.is_empty()).rev() {
                    let width = 4.5 * word.chars().count() as f32;
                    let bbox = [x - width, y, x, y + 10.0];
                    words.push(Word { text: word.to_owned(), bbox, confidence: 1.0, line: n as u32 });
                    x -= width + 2.5;
                }
            }
        }
        let page = PageText { page_no: 1, width: 595.0, height: 842.0, source: TextSource::TextLayer, words };
        let pages = [Layout::of(&page)];
        find(&pages, &candidate::find(&pages[0], 0))
    }

    fn rows(lines: &[&str]) -> Vec<(String, usize)> {
        recaps(lines).iter().map(|r| (r.amounts[2].to_string(), r.rows)).collect()
    }

    #[test]
    fn the_sum_of_a_table_of_rates_is_told_by_arithmetic() {
        let lines = ["x|100.00|19.00|119.00", "y|200.00|14.00|214.00", "z|300.00|33.00|333.00"];
        assert_eq!(rows(&lines), [("119.00".into(), 0), ("214.00".into(), 0), ("333.00".into(), 2)]);
        // Another currency between them, a line that is none of the table, columns elsewhere.
        let lines = [
            "x|100.00 EUR|19.00 EUR|119.00 EUR",
            "|36 500.00 Ft|6 935.00 Ft|43 435.00 Ft",
            "y|200.00 EUR|14.00 EUR|214.00 EUR",
            "and so on|7.00",
            "z|300.00 EUR|33.00 EUR|333.00 EUR",
        ];
        assert_eq!(rows(&lines).last(), Some(&("333.00".into(), 2)));
        let lines = ["|100.00|19.00|119.00", "200.00|14.00|214.00", "|300.00|33.00|333.00"];
        assert_eq!(rows(&lines).last(), Some(&("333.00".into(), 0)));
    }

    #[test]
    fn what_is_the_same_on_several_days_is_to_be_paid_in_parts() {
        let lines = ["15.02.2025|78.15|14.85|93.00", "15.03.2025|78.15|14.85|93.00"];
        assert_eq!(rows(&lines), []);
        // One day alone may be that of the only rate.
        assert_eq!(rows(&lines[..1]), [("93.00".into(), 0)]);
        let lines = ["x|78.15|14.85|93.00", "y|78.15|14.85|93.00"];
        assert_eq!(rows(&lines).len(), 2);
    }

    #[test]
    fn one_rate_and_its_sum_count_as_one_row() {
        let lines = ["27 %|3 600 000|972 000|4 572 000", "S|3 600 000|972 000|4 572 000"];
        assert_eq!(rows(&lines), [("4572000".into(), 1)], "the row above has no cents and no rows");
        assert_eq!(rows(&["a|2|1|3", "b|2|1|3"]), [], "counts");
    }

    #[test]
    fn what_no_tax_could_be_is_no_row() {
        assert_eq!(rows(&["x|100.00|300.00|400.00"]), []);
        assert_eq!(rows(&["x|100.00|119.00|19.00"]), [], "not in this order");
        // More digits than decimals have room to add.
        let long = "70000000000000000000000000000";
        assert_eq!(rows(&[&format!("x|{long}|{long}|{long}"), &format!("x|{long}.00|{long}|1")]), []);
    }
}
