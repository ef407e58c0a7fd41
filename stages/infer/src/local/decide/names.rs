//! The full form of a name that was chosen short.
//!
//! Owns which of two readings is the whole name. Knows no place. Rule: a name is whole with its legal form; what is much less like the
//! field's value than the short form is somebody else's.

use super::{Decided, Judged};
use crate::local::legal;

/// By how much the score of the full form may be below that of the short one.
const BELOW: f32 = 5.0;
/// Most words that come before the legal form.
const WORDS: usize = 3;

/// Puts `Muster & Söhne GmbH` in the place of `Muster`, where the page has both.
pub(super) fn fuller(judged: &Judged, chosen: &mut Option<Decided>) {
    let Some(decided) = chosen else { return };
    let Some(short) = judged.all.iter().find(|s| s.pick == decided.pick) else { return };
    let whole = legal::has(&short.key);
    let fits = |key: &str| {
        // `EARL Moulin Vert`, whatever follows.
        let bare = legal::without_first(key);
        if bare.len() < key.len() && !whole {
            let rest = bare.strip_prefix(short.key.as_str());
            return rest.is_some_and(|r| {
                r.split_whitespace().count() <= WORDS && !r.contains(|c: char| c.is_ascii_digit())
            }) && short.key.len() >= 3;
        }
        let Some(rest) = key.strip_prefix(short.key.as_str()).and_then(|r| r.strip_prefix(' ')) else {
            return false;
        };
        let stem = legal::stem(key);
        let more = stem.get(short.key.len()..).unwrap_or_default().split_whitespace().count();
        stem.len() < key.len()
            && if whole { more == 0 } else { more <= WORDS }
            && !rest.contains(|c: char| c.is_ascii_digit())
            && short.key.len() >= 3
    };
    if let Some(full) = judged.all.iter().find(|s| s.score > short.score - BELOW && fits(&s.key)) {
        decided.pick = full.pick;
    }
}

/// Judges a name together with its other forms: a brand, the name without its legal form and the whole name are no rivals, and say
/// together how much speaks for their party.
pub(super) fn together(judged: &Judged, chosen: &mut Option<Decided>) {
    let Some(decided) = chosen else { return };
    let Some(own) = judged.all.iter().find(|s| s.pick == decided.pick) else { return };
    let (mut ours, mut others) = (f32::MIN, judged.none);
    let (mut sum, mut rest) = (0.0_f32, (judged.none - own.score).exp());
    // No value is more than a little above the chosen one: see `fuller`.
    for value in judged.values() {
        let weight = (value.score - own.score).exp();
        if is_one_party(&own.key, &value.key) {
            (ours, sum) = (ours.max(value.score), sum + weight);
        } else {
            (others, rest) = (others.max(value.score), rest + weight);
        }
    }
    decided.margin = ours - others;
    decided.over_none = ours - judged.none;
    decided.share = sum / (sum + rest);
}

/// Whether one name begins with the other, their legal forms aside.
fn is_one_party(a: &str, b: &str) -> bool {
    let bare = |name| legal::stem(legal::without_first(name));
    let (a, b) = (bare(a), bare(b));
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let rest = long.strip_prefix(short);
    short.len() >= 3 && rest.is_some_and(|r| r.is_empty() || r.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::decide::{Pick, Scored};

    fn chosen(values: &[(&str, f32)]) -> String {
        let all: Vec<Scored> = values
            .iter()
            .enumerate()
            .map(|(i, (key, score))| Scored {
                pick: Pick::Candidate(i),
                key: (*key).to_owned(),
                score: *score,
            })
            .collect();
        let judged = Judged::of(all, -2.0);
        let mut best = judged.best(|_| true);
        fuller(&judged, &mut best);
        let pick = best.unwrap().pick;
        judged.all.iter().find(|s| s.pick == pick).unwrap().key.clone()
    }

    #[test]
    fn forms_of_one_name_are_no_rivals() {
        let scored = |i, key: &str, score| Scored { pick: Pick::Candidate(i), key: key.to_owned(), score };
        let all =
            vec![scored(0, "muster", 3.0), scored(1, "muster sohne gmbh", 2.9), scored(2, "kunde ag", 0.0)];
        let judged = Judged::of(all, -2.0);
        let mut best = judged.best(|_| true);
        assert!(best.as_ref().unwrap().margin < 0.2);
        together(&judged, &mut best);
        let best = best.unwrap();
        assert!(best.margin > 2.9 && best.over_none > 4.9 && best.share > 0.95, "{best:?}");
        assert!(is_one_party("earl mas bleu", "mas bleu sarl") && !is_one_party("muster", "musterfrau gmbh"));
    }

    #[test]
    fn the_whole_name_has_its_legal_form() {
        assert_eq!(chosen(&[("muster", 3.0), ("muster sohne gmbh", 1.0)]), "muster sohne gmbh");
        assert_eq!(
            chosen(&[("muster handels ug", 3.0), ("muster handels ug haftungsbeschrankt", 1.0)]),
            "muster handels ug haftungsbeschrankt"
        );
        assert_eq!(chosen(&[("muster", 3.0), ("muster gmbh", -4.0)]), "muster", "too unlike");
        assert_eq!(chosen(&[("muster gmbh", 3.0), ("muster gmbh handel ag", 1.0)]), "muster gmbh");
        assert_eq!(chosen(&[("muster", 3.0), ("muster ecke 12 gmbh", 1.0)]), "muster");
        assert_eq!(chosen(&[("muster", 3.0), ("kunde ag", 1.0)]), "muster");
        assert_eq!(
            chosen(&[("moulin vert", 3.0), ("earl moulin vert dupont", 1.0)]),
            "earl moulin vert dupont"
        );
        assert_eq!(chosen(&[("moulin vert", 3.0), ("earl mas bleu", 1.0)]), "moulin vert");
    }
}
