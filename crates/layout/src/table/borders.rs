//! Level rules between the rows of a table that has no upright ones.

use super::Strip;
use super::grid::{Draft, Shape, is_number};
use crate::geometry::{bounds, middle_y, overlap};
use docmill_contracts::{Rule, Word};

/// Share of a table's width that a rule between two rows has at least.
const WIDE: f32 = 0.6;
/// How far the ends of the rules of one table may be apart, points.
const EVEN: f32 = 6.0;
/// Most lines of a row without numbers.
const MOST_LINES: usize = 6;
/// Fewest rules between rows that say where all rows end.
const LEAST: usize = 2;

/// Where rules are drawn between the lines of a table.
#[derive(Debug)]
pub(super) struct Borders {
    /// Before which lines.
    pub(super) before: Vec<bool>,
    /// Whether these rules all begin and end at the same places.
    pub(super) even: bool,
}

impl Borders {
    pub(super) fn of(strips: &[Strip], levels: &[Rule]) -> Self {
        let all = bounds(strips.iter().map(|s| s.bbox));
        let width = all[2] - all[0];
        let x = f32::midpoint(all[0], all[2]);
        let wide = |r: &&Rule| overlap(r.from[0], r.to[0], all[0], all[2]) >= WIDE * width;
        let inside = levels.iter().filter(wide).filter(|r| (all[1]..=all[3]).contains(&r.at(x)));
        let mut inside: Vec<&Rule> = inside.collect();
        inside.sort_by(|a, b| a.at(x).total_cmp(&b.at(x)));
        let mut before = vec![false; strips.len()];
        for (at, pair) in before.iter_mut().skip(1).zip(strips.windows(2)) {
            let (above, below) = (middle_y(pair[0].bbox), middle_y(pair[1].bbox));
            let next = inside.partition_point(|r| r.at(x) < above);
            *at = inside.get(next).is_some_and(|r| r.at(x) <= below);
        }
        let ends = |of: fn(&Rule) -> f32| {
            let range = inside.iter().fold((f32::MAX, f32::MIN), |(a, b), r| (a.min(of(r)), b.max(of(r))));
            range.1 - range.0
        };
        let even = !inside.is_empty() && ends(|r| r.from[0]) <= EVEN && ends(|r| r.to[0]) <= EVEN;
        Self { before, even }
    }

    /// The rows between rules; none where rules do not divide all rows. Of one row, only one line has a number in a column
    /// of numbers.
    pub(super) fn bands(&self, drafts: &[Draft], shape: &Shape, words: &[Word]) -> Option<Vec<Draft>> {
        if self.before.iter().filter(|b| **b).count() < LEAST {
            return None;
        }
        let anchors: Vec<usize> = (0..shape.numeric.len()).filter(|c| shape.numeric[*c]).collect();
        let mut rows: Vec<Draft> = Vec::new();
        let (mut seen, mut lines) = (vec![false; shape.numeric.len()], 0);
        for (draft, border) in drafts.iter().zip(&self.before) {
            let begins = *border || rows.is_empty();
            if begins {
                seen.fill(false);
                lines = 0;
            }
            lines += 1;
            // Sums and rates that stand below each other are rows, whatever is drawn around them.
            let number = |c: usize| draft.has(c) && is_number(draft.text(c, words));
            let twice = anchors.iter().any(|c| number(*c) && std::mem::replace(&mut seen[*c], true));
            if twice || (anchors.is_empty() && lines > MOST_LINES) {
                return None;
            }
            match rows.last_mut() {
                Some(last) if !begins => last.append(draft.clone()),
                _ => rows.push(draft.clone()),
            }
        }
        Some(rows)
    }
}
