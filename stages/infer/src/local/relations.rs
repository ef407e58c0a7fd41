//! How amounts of one document relate: sums, change, rounding.
//!
//! Owns arithmetic between candidates. Knows no place. Rule: what was paid less the change is the total, whatever the
//! labels say.

use super::candidate::{Candidate, Kind};
use super::features::Features;
use super::lexicon::Concept;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Most distinct amounts that are related to each other.
const MOST: usize = 120;

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
