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
    }
}
