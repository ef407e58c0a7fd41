//! One value per field, chosen together: a period as a pair, totals that add up, two parties that are not the same.
//!
//! Owns relations between fields. Knows no label and no geometry. Rule: a relation that holds outweighs a slightly
//! better label.

use super::candidate::Candidate;
use super::fields::{Role, Want};
use super::score::THRESHOLD;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// Candidates of one field, best first.
#[derive(Debug, Clone, Default)]
pub struct Ranked {
    /// Index of the candidate, score.
    pub list: Vec<(usize, f32)>,
    /// Score of every candidate that was weighed, by index.
    pub all: HashMap<usize, f32>,
}

impl Ranked {
    /// Sorted; only the best occurrence of each value counts, at most 40 values.
    pub fn of(mut list: Vec<(usize, f32)>, candidates: &[Candidate]) -> Self {
        list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let all = list.iter().copied().collect();
        let mut seen = std::collections::HashSet::new();
        list.retain(|(i, _)| seen.insert(candidates[*i].value.as_str()));
        list.truncate(40);
        Self { list, all }
    }
}

/// A chosen value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Index of the candidate.
    pub candidate: usize,
    /// Its score.
    pub score: f32,
    /// By how much it beats the next other value.
    pub margin: f32,
}

/// Chooses for all fields; `ranked` is parallel to `wants`. `order`: an order's own number may be the buyer's order.
pub fn choose(
    wants: &[Want],
    ranked: &[Ranked],
    candidates: &[Candidate],
    order: bool,
) -> HashMap<usize, Choice> {
    let mut chosen = HashMap::new();
    let at = |role: Role| wants.iter().position(|w| w.role == role);
    for (i, _) in wants.iter().enumerate() {
        if let Some(choice) = best(&ranked[i], |_| true) {
            chosen.insert(i, choice);
        }
    }
    if let (Some(from), Some(to)) = (at(Role::PeriodFrom), at(Role::PeriodTo)) {
        chosen.remove(&from);
        chosen.remove(&to);
        if let Some((a, b)) = period(&ranked[from], &ranked[to], candidates, wants[from].own.is_none()) {
            chosen.insert(from, a);
            chosen.insert(to, b);
        }
    }
    totals(&at, ranked, candidates, &mut chosen);
    distinct(at(Role::SellerName), at(Role::BuyerName), ranked, candidates, &mut chosen);
    distinct(at(Role::SellerVat), at(Role::BuyerVat), ranked, candidates, &mut chosen);
    if !order {
        distinct(at(Role::Number), at(Role::PurchaseOrder), ranked, candidates, &mut chosen);
    }
    // A day by which to pay is not before the day of issue.
    if let (Some(issue), Some(due)) = (at(Role::IssueDate), at(Role::DueDate)) {
        let issued = chosen.get(&issue).and_then(|c| candidates[c.candidate].date);
        let early = |c: &Choice| candidates[c.candidate].date < issued;
        if issued.is_some() && chosen.get(&due).is_some_and(early) {
            chosen.remove(&due);
            if let Some(later) = best(&ranked[due], |i| candidates[i].date >= issued) {
                chosen.insert(due, later);
            }
        }
    }
    chosen
}

fn best(ranked: &Ranked, fits: impl Fn(usize) -> bool) -> Option<Choice> {
    let mut fitting = ranked.list.iter().filter(|(i, _)| fits(*i));
    let (candidate, score) = *fitting.next()?;
    let next = fitting.next().map_or(0.0, |n| n.1.max(0.0));
    (score >= THRESHOLD).then_some(Choice { candidate, score, margin: score - next })
}

/// The first and the last day of one period. `strict`: two days far from each other are no period.
fn period(from: &Ranked, to: &Ranked, candidates: &[Candidate], strict: bool) -> Option<(Choice, Choice)> {
    // Ranges as they are written, each with the label of its first day.
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for (i, first) in candidates.iter().enumerate().filter(|(_, c)| c.range == Some(true)) {
        let last = candidates.iter().enumerate().skip(i + 1).find(|(_, c)| c.range == Some(false));
        let Some((j, last)) = last.filter(|(_, c)| c.page == first.page && c.date >= first.date) else {
            continue;
        };
        let Some(score) = from.all.get(&i) else { continue };
        let tail = to.all.get(&j).copied().unwrap_or_default();
        pairs.push((score.max(0.5 * (score + tail)) + 0.2, i, if last.date.is_some() { j } else { i }));
    }
    for (i, a) in from.list.iter().take(12) {
        for (j, b) in to.list.iter().take(12) {
            let (first, last) = (&candidates[*i], &candidates[*j]);
            if first.date > last.date {
                continue;
            }
            let near = first.page == last.page && first.segment.abs_diff(last.segment) <= 2;
            if strict && (i == j || first.page != last.page || first.segment.abs_diff(last.segment) > 6) {
                continue;
            }
            let bonus = if near && i != j {
                0.06
            } else if i == j {
                -0.1
            } else {
                0.0
            };
            pairs.push(((a + b) / 2.0 + bonus, *i, *j));
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (score, i, j) = *pairs.first().filter(|f| f.0 >= THRESHOLD)?;
    let same = |p: &&(f32, usize, usize)| {
        candidates[p.1].date != candidates[i].date || candidates[p.2].date != candidates[j].date
    };
    let second = pairs.iter().find(same).map_or(0.0, |p| p.0);
    let choice = |candidate| Choice { candidate, score, margin: score - second };
    Some((choice(i), choice(j)))
}

/// Sum of scores; field, candidate and score of gross, net and tax.
type Triple = (f32, [(usize, usize, f32); 3]);

/// net + tax = gross.
fn totals(
    at: &impl Fn(Role) -> Option<usize>,
    ranked: &[Ranked],
    candidates: &[Candidate],
    chosen: &mut HashMap<usize, Choice>,
) {
    let (Some(net), Some(tax), Some(gross)) = (at(Role::Net), at(Role::Tax), at(Role::Gross)) else { return };
    let mut found: Option<Triple> = None;
    for (g, gs) in ranked[gross].list.iter().take(10) {
        for (n, ns) in ranked[net].list.iter().take(14) {
            let rest = candidates[*g].amount - candidates[*n].amount;
            let zero = rest.is_zero();
            if candidates[*g].amount.is_zero() || (zero && *ns < THRESHOLD) {
                continue;
            }
            for (t, ts) in ranked[tax].list.iter().take(14) {
                if candidates[*t].amount != rest || *gs + *ns + *ts < 0.9 {
                    continue;
                }
                if !likely_tax(rest, candidates[*n].amount) {
                    continue;
                }
                let mut sum = gs + ns + ts + if zero { 0.0 } else { 0.55 };
                if in_one_row([&candidates[*n], &candidates[*t], &candidates[*g]]) {
                    sum += ONE_ROW;
                }
                if found.is_none_or(|(best, _)| sum > best) {
                    found = Some((sum, [(gross, *g, *gs), (net, *n, *ns), (tax, *t, *ts)]));
                }
            }
        }
    }
    let alone: f32 = [gross, net, tax].iter().filter_map(|i| chosen.get(i)).map(|c| c.score).sum();
    if let Some((sum, values)) = found.filter(|(sum, _)| *sum > alone) {
        let margin = (sum - alone).min(0.5);
        for (want, candidate, score) in values {
            chosen.insert(want, Choice { candidate, score: score.max(0.6) + 0.25, margin: margin.max(0.15) });
        }
    }
}

/// What it adds to a sum of scores that net, tax and gross stand in one row, in this order.
const ONE_ROW: f32 = 0.3;

/// No country takes half of the net.
pub(super) fn likely_tax(tax: Decimal, net: Decimal) -> bool {
    net.is_zero() || tax.is_zero() || tax.abs() * Decimal::TWO <= net.abs()
}

/// The last row of a table of rates: side by side, at one height.
pub(super) fn in_one_row(all: [&Candidate; 3]) -> bool {
    all.windows(2).all(|pair| {
        let (a, b) = (pair[0], pair[1]);
        let height = (a.bbox[3] - a.bbox[1]).min(b.bbox[3] - b.bbox[1]);
        let common = a.bbox[3].min(b.bbox[3]) - a.bbox[1].max(b.bbox[1]);
        a.page == b.page && a.bbox[2] <= b.bbox[0] && common > 0.5 * height
    })
}

/// Two fields that cannot have the same value: the one that fits worse takes its next.
fn distinct(
    a: Option<usize>,
    b: Option<usize>,
    ranked: &[Ranked],
    candidates: &[Candidate],
    chosen: &mut HashMap<usize, Choice>,
) {
    let (Some(a), Some(b)) = (a, b) else { return };
    let (Some(x), Some(y)) = (chosen.get(&a).copied(), chosen.get(&b).copied()) else { return };
    let taken = candidates[x.candidate].value.clone();
    if taken != candidates[y.candidate].value {
        return;
    }
    let other = |i: usize| candidates[i].value != taken;
    let loser = if x.score + 0.3 * x.margin >= y.score + 0.3 * y.margin { b } else { a };
    match best(&ranked[loser], other) {
        Some(next) => chosen.insert(loser, next),
        None => chosen.remove(&loser),
    };
}
