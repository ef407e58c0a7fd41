//! One value per field from trained scores, chosen together.
//!
//! Owns what fields have to do with each other. Knows no label and no geometry. Rule: a relation adds to a score, it never
//! overrules; how sure a value is, is by how much the best reading with it beats the best one without.

mod head;
mod names;

use super::blocks::Block;
use super::candidate::Candidate;
use super::fields::{Role, Want};
use super::joint::{in_one_row, likely_tax};
use super::recap::Recap;
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};

/// What a value was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pick {
    /// A candidate.
    Candidate(usize),
    /// A run of lines.
    Block(usize),
}

/// A possible value with its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// What it was read from.
    pub pick: Pick,
    /// Value in the form in which values are compared.
    pub key: String,
    /// Logit.
    pub score: f32,
}

/// All possible values of a field, best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// Every occurrence.
    pub all: Vec<Scored>,
    /// Score of there being none.
    pub none: f32,
}

/// A chosen value.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What it was read from.
    pub pick: Pick,
    /// By how much it beats the next other value, or none.
    pub margin: f32,
    /// By how much it beats none.
    pub over_none: f32,
    /// Its share of probability among all values.
    pub share: f32,
    /// Whether a relation with other fields speaks for it.
    pub related: bool,
    /// How surely its words were read, 0..=1.
    pub read: f32,
    /// How unlike the layouts that its scorer knows the document's is, 0..=1.
    pub novelty: f64,
}

impl Decided {
    /// The numbers that calibration goes by.
    pub fn numbers(&self) -> Vec<f64> {
        let logit = |p: f32| {
            let p = f64::from(p).clamp(1e-4, 0.9999);
            (p / (1.0 - p)).ln()
        };
        vec![
            f64::from(self.margin.clamp(-3.0, 8.0)),
            f64::from(self.over_none.clamp(-3.0, 8.0)),
            logit(self.share).clamp(-4.0, 8.0),
            f64::from(u8::from(self.related)),
            logit(self.read).clamp(-3.0, 4.0),
            3.0 * self.novelty.clamp(0.0, 1.0),
        ]
    }
}

/// Values that share the probability: the hundreds that a long table has are not each a little likely, however little they differ.
const RIVALS: usize = 16;

impl Judged {
    /// Sorted, best first.
    pub fn of(mut all: Vec<Scored>, none: f32) -> Self {
        all.retain(|s| s.score.is_finite());
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self { all, none }
    }

    /// The best occurrence of each value, best first.
    fn values(&self) -> Vec<&Scored> {
        let mut seen = std::collections::HashSet::new();
        self.all.iter().filter(|s| seen.insert(s.key.as_str())).collect()
    }

    /// The best value, if it beats none or comes close, among those that `fits`.
    fn best(&self, fits: impl Fn(&Scored) -> bool) -> Option<Decided> {
        let values = self.values();
        let (at, top) = values.iter().enumerate().find(|(_, s)| fits(s))?;
        let next =
            values.iter().enumerate().filter(|(i, s)| *i != at && fits(s)).map(|(_, s)| s.score).next();
        let next = next.map_or(self.none, |n| n.max(self.none));
        let best = values.first().map_or(top.score, |f| f.score).max(self.none);
        let some = values.iter().take(RIVALS).map(|s| (s.score - best).exp()).sum::<f32>();
        let sum = some + (self.none - best).exp();
        Some(Decided {
            pick: top.pick,
            margin: top.score - next,
            over_none: top.score - self.none,
            share: (top.score - best).exp() / sum,
            related: false,
            read: 1.0,
            novelty: 0.0,
        })
        .filter(|d| d.over_none > NEARLY)
    }
}

/// A value that is a little less likely than none is still told, with little confidence.
const NEARLY: f32 = -1.5;

/// Chooses for all fields; `judged` is parallel to `wants`, none where a field has no scorer. `slip`: it is a receipt.
pub fn decide(
    wants: &[Want],
    judged: &[Option<Judged>],
    candidates: &[Candidate],
    blocks: &[Block],
    recaps: &[Recap],
    slip: bool,
) -> Vec<Option<Decided>> {
    let mut chosen: Vec<Option<Decided>> =
        judged.iter().map(|j| j.as_ref().and_then(|j| j.best(|_| true))).collect();
    let at = |role: Role| {
        let i = wants.iter().position(|w| w.role == role)?;
        Some((i, judged.get(i)?.as_ref()?))
    };
    if let (Some((f, from)), Some((t, to))) = (at(Role::PeriodFrom), at(Role::PeriodTo))
        && let Some((a, b)) = period(from, to, candidates)
    {
        chosen[f] = Some(a);
        chosen[t] = Some(b);
    }
    if let (Some((n, name)), Some((a, address))) = (at(Role::SellerName), at(Role::SellerAddress))
        && let Some((name, address)) = head::decide(name, address, blocks)
    {
        chosen[n] = Some(name);
        chosen[a] = Some(address);
    }
    // On a slip what is given less the change is the total, too: sums say less there.
    if !slip {
        totals(&at, candidates, recaps, &mut chosen);
    }
    if let (Some((g, _)), Some((d, due))) = (at(Role::Gross), at(Role::Due))
        && let Some(Pick::Candidate(c)) = chosen[g].as_ref().map(|c| c.pick)
    {
        // Nothing said otherwise, the whole is to be paid.
        let whole = candidates[c].amount;
        let mut judged = due.clone();
        for scored in &mut judged.all {
            if candidate(scored).is_some_and(|i| candidates[i].amount == whole) {
                scored.score += 2.0;
            }
        }
        chosen[d] = Judged::of(judged.all, judged.none).best(|_| true);
    }
    for role in [Role::SellerName, Role::BuyerName] {
        if let Some((i, judged)) = at(role).filter(|_| !slip) {
            names::fuller(judged, &mut chosen[i]);
            // What a tenant calls a name, the tenant's examples say.
            if wants[i].own.is_none() {
                names::together(judged, &mut chosen[i]);
            }
        }
    }
    for (a, b) in [(Role::SellerName, Role::BuyerName), (Role::SellerVat, Role::BuyerVat)] {
        if let (Some(a), Some(b)) = (at(a), at(b)) {
            distinct(a, b, &mut chosen);
        }
    }
    if let (Some((i, _)), Some((d, due))) = (at(Role::IssueDate), at(Role::DueDate)) {
        let day = |choice: &Option<Decided>| match choice.as_ref().map(|c| c.pick) {
            Some(Pick::Candidate(c)) => candidates.get(c).and_then(|c| c.date),
            _ => None,
        };
        let issued = day(&chosen[i]);
        if issued.is_some() && day(&chosen[d]).is_some_and(|due| Some(due) < issued) {
            let later = |s: &Scored| matches!(s.pick, Pick::Candidate(c) if candidates[c].date >= issued);
            chosen[d] = due.best(later);
        }
    }
    chosen
}

fn candidate(scored: &Scored) -> Option<usize> {
    match scored.pick {
        Pick::Candidate(i) => Some(i),
        Pick::Block(_) => None,
    }
}

/// Score, first and last day, and whether they stand together.
type Pair = (f32, usize, usize, bool);

/// The first and the last day of one period: two days of one expression or line, the first not after the last.
fn period(from: &Judged, to: &Judged, candidates: &[Candidate]) -> Option<(Decided, Decided)> {
    let score_of = |judged: &Judged| -> HashMap<usize, f32> {
        judged.all.iter().filter_map(|s| Some((candidate(s)?, s.score))).collect()
    };
    let (first_scores, last_scores) = (score_of(from), score_of(to));
    let mut pairs: Vec<Pair> = Vec::new();
    for (i, first) in candidates.iter().enumerate().filter(|(_, c)| c.range == Some(true)) {
        let last = candidates.iter().enumerate().skip(i + 1).find(|(_, c)| c.range == Some(false));
        let Some((j, _)) = last.filter(|(_, c)| c.page == first.page && c.date >= first.date) else {
            continue;
        };
        if let (Some(a), Some(b)) = (first_scores.get(&i), last_scores.get(&j)) {
            pairs.push((a + b + 2.0, i, j, true));
        }
    }
    for a in from.all.iter().take(20) {
        for b in to.all.iter().take(20) {
            let (Some(i), Some(j)) = (candidate(a), candidate(b)) else { continue };
            let (first, last) = (&candidates[i], &candidates[j]);
            if first.date > last.date {
                continue;
            }
            let height = (first.bbox[3] - first.bbox[1]).max(1.0);
            let beside = first.page == last.page && (first.bbox[1] - last.bbox[1]).abs() < 0.5 * height;
            let below = first.page == last.page
                && (first.bbox[0] - last.bbox[0]).abs() < height
                && last.bbox[1] > first.bbox[1]
                && last.bbox[1] - first.bbox[1] < 3.0 * height;
            let bonus = if i == j {
                -1.5
            } else if beside && last.bbox[0] > first.bbox[0] {
                1.2
            } else if below {
                0.8
            } else {
                0.0
            };
            pairs.push((a.score + b.score + bonus, i, j, bonus > 0.0));
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (score, i, j, related) = *pairs.first()?;
    let none = from.none + to.none;
    let decided = |pick: usize, other: &dyn Fn(&Pair) -> bool| {
        let next = pairs.iter().find(|p| other(p)).map_or(none, |p| p.0.max(none));
        let margin = score - next;
        Decided {
            pick: Pick::Candidate(pick),
            margin,
            over_none: 0.5 * (score - none),
            share: 1.0 / (1.0 + (-margin).exp()),
            related,
            read: 1.0,
            novelty: 0.0,
        }
    };
    let a = decided(i, &|p| candidates[p.1].date != candidates[i].date);
    let b = decided(j, &|p| candidates[p.2].date != candidates[j].date);
    (a.over_none > NEARLY).then_some((a, b))
}

/// What it adds to a sum of scores that net and tax are the gross.
const HOLDS: f32 = 3.0;
/// What it adds to a sum of scores that net, tax and gross stand in one row, and what each row above adds that they are the sum of,
/// two at most.
const ONE_ROW: f32 = 4.5;
const ADDED: f32 = 3.0;
/// By how much the score of a larger amount has to exceed that of a row's gross to make it a sum of some items alone.
const PART: f32 = 3.0;

/// net + tax = gross.
fn totals<'a>(
    at: &impl Fn(Role) -> Option<(usize, &'a Judged)>,
    candidates: &[Candidate],
    recaps: &[Recap],
    chosen: &mut [Option<Decided>],
) {
    let (Some((n, net)), Some((t, tax)), Some((g, gross))) = (at(Role::Net), at(Role::Tax), at(Role::Gross))
    else {
        return;
    };
    // The best ones, and those of rows that others add up to, however they are labelled.
    let values = |judged: &'a Judged, column: usize| -> Vec<(usize, f32)> {
        let sums: HashSet<Decimal> =
            recaps.iter().filter(|r| r.rows > 0).map(|r| r.amounts[column]).collect();
        let sum = |s: &&Scored| candidate(s).is_some_and(|i| sums.contains(&candidates[i].amount));
        let values = judged.values();
        let (best, rest) = values.split_at(values.len().min(14));
        let taken = best.iter().copied().chain(rest.iter().copied().filter(|s| sum(s)).take(6));
        taken.filter_map(|s| Some((candidate(s)?, s.score))).collect()
    };
    let (nets, mut taxes, grosses) = (values(net, 0), values(tax, 1), values(gross, 2));
    if !grosses.iter().any(|(c, _)| nets.iter().any(|(a, _)| holds_with(&taxes, *a, *c, candidates))) {
        // What lies between the best of the two is the tax, however it is labelled: of several rates, or in another language.
        for scored in tax.values() {
            let Some(i) = candidate(scored) else { continue };
            let between = |a: usize, c: usize| holds_with(&[(i, 0.0)], a, c, candidates);
            if nets.iter().take(3).any(|a| grosses.iter().take(3).any(|c| between(a.0, c.0))) {
                taxes.push((i, scored.score));
            }
        }
    }
    // What is much less like the total than a larger amount is a part of it.
    let part = |gross: Decimal, score: f32| {
        grosses.iter().any(|(i, s)| *s > score + PART && candidates[*i].amount.abs() > gross.abs())
    };
    let mut rows: HashMap<[Decimal; 3], usize> = HashMap::new();
    for recap in recaps {
        let most = rows.entry(recap.amounts).or_default();
        *most = recap.rows.max(*most);
    }
    let mut triples: Vec<(f32, [usize; 3], bool)> = Vec::new();
    for (a, a_score) in &nets {
        for (b, b_score) in &taxes {
            for (c, c_score) in &grosses {
                let (x, y, z) = (candidates[*a].amount, candidates[*b].amount, candidates[*c].amount);
                let holds = x + y == z && !z.is_zero() && likely_tax(y, x);
                let recap = rows.get(&[x, y, z]).copied().filter(|_| holds);
                let row = recap.is_some() || holds && in_one_row([*a, *b, *c].map(|i| &candidates[i]));
                let bonus = match (holds, y.is_zero()) {
                    (true, false) if row && !part(z, *c_score) => {
                        ONE_ROW + ADDED * recap.unwrap_or_default().min(2) as f32
                    }
                    (true, false) => HOLDS,
                    (true, true) => 1.0,
                    (false, _) => 0.0,
                };
                triples.push((a_score + b_score + c_score + bonus, [*a, *b, *c], holds));
            }
        }
    }
    triples.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let Some((score, picks, true)) = triples.first().copied() else { return };
    let none = net.none + tax.none + gross.none;
    // Where one of the three is likely not there at all, each stands alone.
    if score < none - 1.0 {
        return;
    }
    for (k, field) in [n, t, g].into_iter().enumerate() {
        let value = candidates[picks[k]].amount;
        let next = triples.iter().find(|t| candidates[t.1[k]].amount != value).map_or(none, |t| t.0);
        let margin = score - next;
        let alone = chosen[field].as_ref().map_or(0.0, |c| c.over_none);
        chosen[field] = Some(Decided {
            pick: Pick::Candidate(picks[k]),
            margin,
            over_none: alone.max((score - none) / 3.0),
            share: 1.0 / (1.0 + (-margin).exp()),
            related: true,
            read: 1.0,
            novelty: 0.0,
        });
    }
}

/// Whether one of the taxes, and not none, makes that net that gross.
fn holds_with(taxes: &[(usize, f32)], net: usize, gross: usize, candidates: &[Candidate]) -> bool {
    let (x, z) = (candidates[net].amount, candidates[gross].amount);
    taxes.iter().any(|(t, _)| {
        let y = candidates[*t].amount;
        !y.is_zero() && !z.is_zero() && x + y == z && likely_tax(y, x)
    })
}

/// Two fields that cannot have the same value: the one that is less sure takes its next.
fn distinct(
    (a, judged_a): (usize, &Judged),
    (b, judged_b): (usize, &Judged),
    chosen: &mut [Option<Decided>],
) {
    let key = |judged: &Judged, choice: &Option<Decided>| {
        let pick = choice.as_ref()?.pick;
        judged.all.iter().find(|s| s.pick == pick).map(|s| s.key.clone())
    };
    let (Some(x), Some(y)) = (key(judged_a, &chosen[a]), key(judged_b, &chosen[b])) else { return };
    if x != y {
        return;
    }
    let margin = |c: &Option<Decided>| c.as_ref().map_or(f32::MIN, |c| c.margin);
    let (loser, judged) =
        if margin(&chosen[a]) >= margin(&chosen[b]) { (b, judged_b) } else { (a, judged_a) };
    chosen[loser] = judged.best(|s| s.key != x);
}
