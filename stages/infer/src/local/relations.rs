//! How amounts of one document relate: sums, change, rounding.
//!
//! Owns arithmetic between candidates. Knows no place. Rule: what was paid less the change is the total, whatever the
//! labels say.

use super::candidate::{Candidate, Kind};
use super::features::Features;
use super::layout::Layout;
use super::lexicon::Concept;
use super::recap::{self, Recap};
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Most distinct amounts that are related to each other.
const MOST: usize = 120;

/// What was given less what was returned: on slips it says more than any label.
const PAID: u64 = 21;
/// What was given, where less was to be paid.
const GIVEN: u64 = 22;
/// Rounded to what can be paid in coins.
const ROUNDED: u64 = 6;
/// What it was before.
const UNROUNDED: u64 = 7;
/// Net, tax and gross that stand in one row.
const ROW: [u64; 3] = [25, 26, 27];

/// How much a relation can say.
pub(super) fn weight(relation: u64) -> f32 {
    match relation {
        PAID | GIVEN => 8.0,
        ROUNDED | UNROUNDED => 3.0,
        row if ROW.contains(&row) => 3.0,
        _ => 1.0,
    }
}

/// Relations of the amounts of a document, as features for a trained scorer.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    by_amount: BTreeMap<Decimal, Vec<u64>>,
    sums: BTreeSet<(usize, usize, usize)>,
    paid: BTreeSet<Decimal>,
    given: BTreeSet<Decimal>,
    row: BTreeMap<Decimal, u64>,
}

impl Relations {
    /// Compares all amounts with each other.
    pub fn of_all(
        pages: &[Layout],
        candidates: &[Candidate],
        features: &[Features],
        recaps: &[Recap],
    ) -> Self {
        let mut all: BTreeMap<Decimal, (f32, f32)> = BTreeMap::new();
        for (c, f) in candidates.iter().zip(features).filter(|(c, _)| c.kind == Kind::Amount && c.monetary) {
            let slot = all.entry(c.amount).or_default();
            slot.0 = slot.0.max(f.of(Concept::Gross)).max(0.9 * f.of(Concept::Due));
            slot.1 = slot.1.max(f.of(Concept::Tax));
        }
        let sums = column_sums(candidates);
        // The largest say most, where there are too many.
        let amounts: Vec<Decimal> =
            all.keys().rev().copied().filter(|a| a.is_sign_positive() && !a.is_zero()).take(MOST).collect();
        let by_amount = amounts.iter().map(|a| (*a, relations(*a, &amounts, &all))).collect();
        let (paid, given) = paid(pages, candidates);
        let row = recap::sum(recaps, candidates);
        let row = row.map(|r| r.amounts.into_iter().zip(ROW).collect()).unwrap_or_default();
        Self { by_amount, sums, paid, given, row }
    }

    /// Relations of a candidate, each a number.
    pub fn of(&self, c: &Candidate) -> impl Iterator<Item = u64> + '_ {
        let sum = self.sums.contains(&(c.page, c.segment, c.span.0)).then_some(20);
        let paid = self.paid.contains(&c.amount).then_some(PAID);
        let given = self.given.contains(&c.amount).then_some(GIVEN);
        let row = self.row.get(&c.amount).copied();
        let found = self.by_amount.get(&c.amount).into_iter().flatten().copied();
        found.chain(sum).chain(paid).chain(given).chain(row)
    }
}

fn relations(a: Decimal, amounts: &[Decimal], all: &BTreeMap<Decimal, (f32, f32)>) -> Vec<u64> {
    let mut found = BTreeSet::new();
    let rounding = Decimal::new(4, 2);
    let even = |v: Decimal| (v % Decimal::new(5, 2)).is_zero();
    for b in amounts.iter().copied().filter(|b| *b != a) {
        if b < a {
            if let Some((_, tax)) = all.get(&(a - b)).filter(|_| b >= a - b) {
                found.insert(if *tax > 0.5 { 2 } else { 1 });
            }
            let ratio = a / b;
            for (rate, number) in [(119, 10), (120, 10), (107, 11), (106, 11), (110, 10), (105, 11)] {
                if (ratio - Decimal::new(rate, 2)).abs() < Decimal::new(2, 4) {
                    found.insert(number);
                }
            }
        } else if all.contains_key(&(b - a)) {
            let rest = b - a;
            found.insert(match a.cmp(&rest) {
                std::cmp::Ordering::Equal => 3,
                std::cmp::Ordering::Greater => 4,
                std::cmp::Ordering::Less => 5,
            });
            if all.get(&rest).is_some_and(|r| r.1 > 0.5) {
                found.insert(8);
            }
        }
        if (a - b).abs() <= rounding {
            found.insert(if even(a) && !even(b) {
                ROUNDED
            } else if even(b) && !even(a) {
                UNROUNDED
            } else {
                9
            });
        }
    }
    let gross = all.get(&a).map_or(0.0, |l| l.0);
    if gross > 0.5 && amounts.iter().find(|b| all.get(*b).is_some_and(|l| l.0 > 0.5)) == Some(&a) {
        found.insert(12);
    }
    found.into_iter().collect()
}

/// Words for what a customer gets back, in [`plain`](super::lexicon::plain) form.
const CHANGE: [&str; 10] = [
    "change",
    "changes",
    "ruckgeld",
    "wechselgeld",
    "zuruck",
    "rendu",
    "monnaie",
    "baki",
    "visszajaro",
    "rendre",
];

/// What was given less what was returned, where both stand one below the other and the difference stands there, too; and
/// what was given.
fn paid(pages: &[Layout], candidates: &[Candidate]) -> (BTreeSet<Decimal>, BTreeSet<Decimal>) {
    let mut amounts: Vec<&Candidate> = candidates
        .iter()
        .filter(|c| c.kind == Kind::Amount && c.monetary && !c.amount.is_sign_negative())
        .collect();
    amounts.sort_by(|a, b| (a.page, a.bbox[1]).partial_cmp(&(b.page, b.bbox[1])).unwrap_or(Ordering::Equal));
    let all: BTreeSet<Decimal> = amounts.iter().map(|c| c.amount).collect();
    let (mut paid, mut all_given) = (BTreeSet::new(), BTreeSet::new());
    for (i, back) in amounts.iter().enumerate() {
        let layout = &pages[back.page];
        let line = layout.lines.get(layout.segments[back.segment].line).cloned().unwrap_or(0..0);
        let mut words = layout.segments[line].iter().flat_map(|s| s.plain.split(' '));
        if !words.any(|w| CHANGE.contains(&w)) {
            continue;
        }
        let given = amounts[..i].iter().rev().find(|c| c.page == back.page && c.amount >= back.amount);
        let Some((given, rest)) = given.map(|g| (g.amount, g.amount - back.amount)) else { continue };
        if !rest.is_zero() && all.contains(&rest) {
            paid.insert(rest);
            all_given.extend((rest != given).then_some(given));
        }
    }
    // What was the total of one payment may be what was given for another.
    all_given.retain(|given| !paid.contains(given));
    (paid, all_given)
}

/// Amounts that are the sum of at least two amounts right above them in their column: page, segment, first byte.
fn column_sums(candidates: &[Candidate]) -> BTreeSet<(usize, usize, usize)> {
    let mut sums = BTreeSet::new();
    let mut columns: BTreeMap<(usize, i32), Vec<&Candidate>> = BTreeMap::new();
    for c in candidates.iter().filter(|c| c.kind == Kind::Amount && c.monetary) {
        // Right edges within three points, in either of two rasters.
        for shift in [0.0, 3.0] {
            let column = ((c.bbox[2] + shift) / 6.0) as i32 * 2 + i32::from(shift > 0.0);
            columns.entry((c.page, column)).or_default().push(c);
        }
    }
    for column in columns.values_mut() {
        column.sort_by(|a, b| a.bbox[1].total_cmp(&b.bbox[1]));
        for (i, c) in column.iter().enumerate() {
            let mut sum = Decimal::ZERO;
            for (n, above) in column[..i].iter().rev().take(80).enumerate() {
                sum += above.amount;
                if n >= 1 && sum == c.amount && !c.amount.is_zero() {
                    sums.insert((c.page, c.segment, c.span.0));
                    break;
                }
            }
        }
    }
    sums
}

/// What relations add to the score of each amount as the total of a receipt.
pub fn receipt_total(candidates: &[Candidate], features: &[Features]) -> BTreeMap<Decimal, f32> {
    let mut gross: BTreeMap<Decimal, f32> = BTreeMap::new();
    let (mut taxes, mut all) = (BTreeSet::new(), BTreeSet::new());
    let mut paid: BTreeSet<Decimal> = BTreeSet::new();
    for (c, f) in candidates.iter().zip(features).filter(|(c, _)| c.kind == Kind::Amount && c.monetary) {
        let slot = gross.entry(c.amount).or_default();
        *slot = slot.max(f.of(Concept::Gross)).max(0.9 * f.of(Concept::Due));
        if f.of(Concept::Tax) > 0.5 {
            taxes.insert(c.amount);
        }
        if f.of(Concept::OtherAmount) > 0.6 {
            paid.insert(c.amount);
        }
        all.insert(c.amount);
        if all.len() > MOST {
            return BTreeMap::new();
        }
    }
    let rounding = Decimal::new(4, 2);
    let five = Decimal::new(5, 2);
    let mut bonus = BTreeMap::new();
    for total in all.iter().filter(|t| t.is_sign_positive() && !t.is_zero()) {
        let mut add = 0.0_f32;
        let positive = |a: &&Decimal| a.is_sign_positive() && !a.is_zero();
        // Cash less change.
        if paid.iter().filter(positive).any(|change| paid.contains(&(total + change)) && change != total) {
            add += 0.25;
        }
        // Net and tax, and the other way round.
        if taxes.iter().filter(positive).any(|t| t < total && all.contains(&(total - t)) && total - t > *t) {
            add += 0.12;
        }
        if taxes
            .iter()
            .filter(positive)
            .any(|t| t < total && gross.get(&(total + t)).is_some_and(|g| *g > 0.5))
        {
            add -= 0.2;
        }
        // Rounded to what can be paid in coins.
        let near = |other: &&Decimal| *other != total && (*other - total).abs() <= rounding;
        if let Some(other) = all.iter().find(|o| near(o) && gross.get(*o).is_some_and(|g| *g > 0.5)) {
            let even = |a: &Decimal| (a % five).is_zero();
            if even(total) && !even(other) {
                add += 0.2;
            }
        }
        bonus.insert(*total, add);
    }
    bonus
}
