//! The head of a slip: the seller's name and, below it, the address.
//!
//! Owns how runs of lines stand to each other. Knows no word. Rule: a name does not stand in or below its address, and the
//! fewer lines between the two, the likelier they belong together.

use super::super::blocks::Block;
use super::{Decided, Judged, NEARLY, Pick, Scored};

/// Most runs of each that are paired.
const MOST: usize = 14;
/// What a name right above the address is worth.
const BESIDE: f32 = 0.6;
/// What each line between the two takes off, up to three.
const BETWEEN: f32 = 0.25;
/// What a name in or below the address takes off.
const WRONG_WAY: f32 = 2.5;

/// A name and an address.
struct Pair<'a> {
    score: f32,
    name: &'a Scored,
    address: &'a Scored,
    related: bool,
}

/// The name and the address that fit together best; none where there is likely no address, or neither is a run of lines.
pub(super) fn decide(name: &Judged, address: &Judged, blocks: &[Block]) -> Option<(Decided, Decided)> {
    let (names, addresses) = (name.values(), address.values());
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for n in names.iter().take(MOST) {
        for a in addresses.iter().take(MOST) {
            let bonus = relation(block(n, blocks)?, block(a, blocks)?);
            let related = bonus > 0.0;
            pairs.push(Pair { score: n.score + a.score + bonus, name: n, address: a, related });
        }
    }
    pairs.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = pairs.first()?;
    let over = (best.name.score - name.none, best.address.score - address.none);
    if over.0 <= NEARLY || over.1 <= NEARLY {
        return None;
    }
    let decided = |over_none: f32, pick: Pick, other: &dyn Fn(&Pair<'_>) -> bool| {
        let next = pairs.iter().find(|p| other(p)).map_or(f32::MIN, |p| p.score);
        let margin = (best.score - next).min(over_none);
        let share = 1.0 / (1.0 + (-margin).exp());
        Decided { pick, margin, over_none, share, related: best.related, read: 1.0, novelty: 0.0 }
    };
    Some((
        decided(over.0, best.name.pick, &|p| p.name.key != best.name.key),
        decided(over.1, best.address.pick, &|p| p.address.key != best.address.key),
    ))
}

fn block<'a>(scored: &Scored, blocks: &'a [Block]) -> Option<&'a Block> {
    match scored.pick {
        Pick::Block(i) => blocks.get(i),
        Pick::Candidate(_) => None,
    }
}

fn relation(name: &Block, address: &Block) -> f32 {
    match address.span.0.checked_sub(name.span.1 + 1) {
        Some(between) => BESIDE - BETWEEN * between.min(3) as f32,
        None => -WRONG_WAY,
    }
}
