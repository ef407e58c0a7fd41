//! Rules of a page: the straight lines that are drawn on it, between columns and rows of tables and elsewhere.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most rules of a page. What has more is a drawing; the shortest are left out.
pub const MAX_RULES: usize = 2000;
/// Parts of a point that places are counted in.
const PARTS: f32 = 8.0;
/// Bytes of one rule.
const SIZE: usize = 8;

/// A straight line that is drawn on a page, nearly level or nearly upright, in points of the upright page, origin at the
/// top left. It runs from left to right, or from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Where it begins: x, y.
    pub from: [f32; 2],
    /// Where it ends: x, y.
    pub to: [f32; 2],
}

impl Rule {
    /// The rule between two points, whichever comes first.
    pub fn between(a: [f32; 2], b: [f32; 2]) -> Self {
        let level = (b[0] - a[0]).abs() >= (b[1] - a[1]).abs();
        let along = usize::from(!level);
        if a[along] <= b[along] { Self { from: a, to: b } } else { Self { from: b, to: a } }
    }

    /// True where it runs from left to right.
    pub fn is_level(&self) -> bool {
        (self.to[0] - self.from[0]).abs() >= (self.to[1] - self.from[1]).abs()
    }

    /// How far it reaches along the way that it runs.
    pub fn length(&self) -> f32 {
        (self.to[0] - self.from[0]).abs().max((self.to[1] - self.from[1]).abs())
    }

    /// Where it is across the way that it runs, at a place along it; beyond its ends as at the nearer one.
    pub fn at(&self, place: f32) -> f32 {
        let along = usize::from(!self.is_level());
        let (from, to, length) =
            (self.from[1 - along], self.to[1 - along], self.to[along] - self.from[along]);
        if length > 0.0 {
            from + (to - from) * ((place - self.from[along]) / length).clamp(0.0, 1.0)
        } else {
            from
        }
    }

    /// Rules that are at most `off` beside each other and at most `gap` apart are one.
    pub fn joined(rules: impl IntoIterator<Item = Self>, off: f32, gap: f32) -> Vec<Self> {
        let turned = |r: Self| Self { from: [r.from[1], r.from[0]], to: [r.to[1], r.to[0]] };
        let (level, upright): (Vec<Self>, Vec<Self>) = rules.into_iter().partition(Self::is_level);
        let mut all = joined(level, off, gap);
        all.extend(joined(upright.into_iter().map(turned).collect(), off, gap).into_iter().map(turned));
        all
    }
}

/// The same for level ones.
fn joined(mut rules: Vec<Rule>, off: f32, gap: f32) -> Vec<Rule> {
    rules.sort_by(|a, b| a.from[0].total_cmp(&b.from[0]).then(a.from[1].total_cmp(&b.from[1])));
    let band = |y: f32| (y / off).floor() as i32;
    let mut out: Vec<Rule> = Vec::new();
    // Those that may go on, by the height of their right end.
    let mut open: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for rule in rules {
        let [x, y] = rule.from;
        let mut best: Option<(f32, usize)> = None;
        for at in band(y) - 1..=band(y) + 1 {
            let Some(list) = open.get_mut(&at) else { continue };
            // Rules come from left to right: what ends before this one is closed for good.
            list.retain(|i| out[*i].to[0] + gap >= x);
            for i in list.iter().copied() {
                let apart = (out[i].at(x) - y).abs();
                if apart <= off && best.is_none_or(|b| (apart, i) < b) {
                    best = Some((apart, i));
                }
            }
        }
        match best {
            Some((_, i)) if rule.to[0] <= out[i].to[0] => {}
            Some((_, i)) => {
                if let Some(list) = open.get_mut(&band(out[i].to[1])) {
                    list.retain(|other| *other != i);
                }
                out[i].to = rule.to;
                open.entry(band(rule.to[1])).or_default().push(i);
            }
            None => {
                open.entry(band(rule.to[1])).or_default().push(out.len());
                out.push(rule);
            }
        }
    }
    out
}

/// Rules of a page, eight bytes each: x and y of both ends as little-endian u16, in eighths of a point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackedRules(#[serde(with = "apache_avro::serde::bytes")] Vec<u8>);

impl PackedRules {
    /// Packs rules, the longest [`MAX_RULES`] of them. What lies beyond 8191 points is moved there.
    pub fn pack(rules: &[Rule]) -> Self {
        let mut longest: Vec<&Rule> = rules.iter().collect();
        if longest.len() > MAX_RULES {
            longest.sort_by(|a, b| b.length().total_cmp(&a.length()));
            longest.truncate(MAX_RULES);
        }
        let mut bytes = Vec::with_capacity(longest.len() * SIZE);
        for v in longest.iter().flat_map(|r| [r.from[0], r.from[1], r.to[0], r.to[1]]) {
            // From a float that is too small, too large or none, `as` makes the nearest number.
            bytes.extend_from_slice(&((v * PARTS).round() as u16).to_le_bytes());
        }
        Self(bytes)
    }

    /// The rules again.
    pub fn unpack(&self) -> Vec<Rule> {
        let v = |b: [u8; 2]| f32::from(u16::from_le_bytes(b)) / PARTS;
        let (all, _) = self.0.as_chunks::<SIZE>();
        let rule = |[a, b, c, d, e, f, g, h]: &[u8; SIZE]| {
            Rule::between([v([*a, *b]), v([*c, *d])], [v([*e, *f]), v([*g, *h])])
        };
        all.iter().take(MAX_RULES).map(rule).collect()
    }

    /// Bytes that say no more than [`MAX_RULES`] whole rules; none otherwise.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let whole = bytes.len().is_multiple_of(SIZE) && bytes.len() <= MAX_RULES * SIZE;
        whole.then(|| Self(bytes.to_vec()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// True for none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(ends in proptest::collection::vec(any::<[u16; 4]>(), 0..40)) {
            let rule = |e: &[u16; 4]| {
                let [a, b, c, d] = e.map(|v| f32::from(v) / 8.0);
                Rule::between([a, b], [c, d])
            };
            let rules: Vec<Rule> = ends.iter().map(rule).collect();
            let packed = PackedRules::pack(&rules);
            prop_assert_eq!(packed.unpack(), rules);
            prop_assert_eq!(PackedRules::from_bytes(packed.as_bytes()), Some(packed));
        }
    }

    #[test]
    fn rules_run_to_the_right_or_down() {
        let level = Rule::between([90.0, 10.5], [10.0, 10.0]);
        assert_eq!((level.from, level.is_level(), level.length()), ([10.0, 10.0], true, 80.0));
        assert_eq!(Rule::between([10.0, 90.0], [10.0, 20.0]).from, [10.0, 20.0]);
    }

    #[test]
    fn what_touches_on_one_line_is_joined_and_what_is_beside_it_is_not() {
        let level = |x0: f32, x1: f32, y: f32| Rule::between([x0, y], [x1, y]);
        let turned = |r: Rule| Rule::between([r.from[1], r.from[0]], [r.to[1], r.to[0]]);
        let pieces = [
            level(50.0, 90.0, 100.0),
            level(10.0, 50.5, 100.4),
            level(90.0, 91.0, 100.0),
            level(20.0, 30.0, 100.0),
            level(10.0, 91.0, 104.0),
            level(96.0, 120.0, 100.0),
        ];
        let joined = Rule::joined(pieces.into_iter().chain(pieces.map(turned)), 1.5, 2.0);
        let x = |r: &Rule| (r.from[0], r.to[0]);
        assert_eq!(
            joined[..3].iter().map(x).collect::<Vec<_>>(),
            [(10.0, 91.0), (10.0, 91.0), (96.0, 120.0)]
        );
        assert_eq!(joined[3..].to_vec(), joined[..3].iter().copied().map(turned).collect::<Vec<_>>());
        let slanted = [([10.0, 100.0], [60.0, 101.0]), ([61.0, 101.0], [110.0, 102.0])];
        let joined = Rule::joined(slanted.map(|(a, b)| Rule::between(a, b)), 1.5, 2.0);
        assert_eq!(joined, [Rule::between([10.0, 100.0], [110.0, 102.0])]);
        assert_eq!((joined[0].at(60.0), joined[0].at(0.0), joined[0].at(500.0)), (101.0, 100.0, 102.0));
    }

    #[test]
    fn the_longest_are_kept_and_odd_places_are_moved_to_the_page() {
        let rule = |length: f32| Rule::between([0.0, 5.0], [length, 5.0]);
        let mut many = vec![rule(1.0); MAX_RULES + 5];
        many.push(rule(70.0));
        let kept = PackedRules::pack(&many).unpack();
        assert_eq!((kept.len(), kept[0]), (MAX_RULES, rule(70.0)));
        let odd = [Rule { from: [f32::NAN, -3.0], to: [1e9, 2.0] }];
        assert_eq!(PackedRules::pack(&odd).unpack()[0].to, [8191.875, 2.0]);
        assert_eq!(PackedRules::from_bytes(&[0; 9]), None);
        assert_eq!(PackedRules::from_bytes(&[0; 8 * (MAX_RULES + 1)]), None);
    }
}
