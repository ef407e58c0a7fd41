//! The whole of the tax where a page states it by rates only.
//!
//! Owns which amounts make it up. Rule: only amounts that stand on the page as taxes, and that come to what gross and net
//! differ by, are added up; nothing is computed from a rate.

use super::answer::local;
use super::candidate::Kind;
use super::fields::{Role, Want};
use super::layout::union;
use super::lexicon::Concept;
use super::work::Work;
use docmill_contracts::Fields;
use rust_decimal::Decimal;

/// Most rates of one document.
const MOST: usize = 4;
/// Confidence of a sum that gross and net prove.
const CONFIDENCE: f64 = 0.85;

impl Work {
    /// Puts the sum of the taxes in the place of one of them.
    pub(crate) fn whole_tax(&self, wants: &[Want], fields: &mut Fields) {
        let name = |role: Role| wants.iter().find(|w| w.role == role && w.own.is_none()).map(|w| &w.name);
        let (Some(net), Some(tax), Some(gross)) = (name(Role::Net), name(Role::Tax), name(Role::Gross))
        else {
            return;
        };
        let amount = |name: &String| fields.get(name).and_then(|f| f.value.parse::<Decimal>().ok());
        let (Some(net), Some(gross)) = (amount(net), amount(gross)) else { return };
        let Some(missing) = gross.checked_sub(net).filter(|m| !m.is_zero()) else { return };
        if amount(tax).is_some_and(|t| (t - missing).abs() <= Decimal::new(2, 2)) {
            return;
        }
        let taxes: Vec<usize> = (0..self.candidates.len())
            .filter(|i| {
                let (c, f) = (&self.candidates[*i], &self.features[*i]);
                let said = f.of(Concept::Tax) > 0.3 && f.of(Concept::Net) < 0.8 && f.of(Concept::Gross) < 0.8;
                c.kind == Kind::Amount && c.monetary && said && !c.amount.is_zero() && self.ends_rate(*i)
            })
            .collect();
        let sum = |run: &[usize]| {
            run.iter().fold(Decimal::ZERO, |sum, i| sum.saturating_add(self.candidates[*i].amount.abs()))
        };
        let runs = (2..=MOST).flat_map(|n| taxes.windows(n));
        let found = runs.into_iter().find(|run| {
            let page = self.candidates[run[0]].page;
            sum(run) == missing.abs() && run.iter().all(|i| self.candidates[*i].page == page)
        });
        let Some(run) = found else { return };
        let parts: Vec<_> = run.iter().map(|i| &self.candidates[*i]).collect();
        let raw: Vec<&str> = parts.iter().map(|c| c.raw.as_str()).collect();
        let place = parts.iter().skip(1).fold(parts[0].bbox, |all, c| union(all, c.bbox));
        let page = self.pages[parts[0].page].page_no;
        fields.insert(tax.clone(), local(missing.to_string(), raw.join(" + "), CONFIDENCE, page, place));
    }

    /// Whether an amount is the last one of a line that has a rate: of `MwSt 19 % aus 100,00 | 19,00` the tax.
    fn ends_rate(&self, i: usize) -> bool {
        let own = &self.candidates[i];
        let page = &self.pages[own.page];
        let line = page.segments[own.segment].line;
        let rate = page.segments.iter().any(|s| s.line == line && s.text.contains('%'));
        let last = !self.candidates.iter().any(|c| {
            let amount = c.kind == Kind::Amount && c.monetary && c.page == own.page;
            amount && c.bbox[0] > own.bbox[2] && page.segments[c.segment].line == line
        });
        rate && last
    }
}
