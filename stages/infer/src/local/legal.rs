//! Legal forms in the names of companies.
//!
//! Owns which words they are and how they are written: `GmbH`, `S.A.`, `s. r. o.`. Knows no place. Rule: what is also a word of its
//! own counts only with dots between its letters, or as the last word of a name.

use super::lexicon::plain;

/// Words that end the names of companies, in [`plain`] form.
const WORDS: &[&str] = &[
    "gmbh",
    "ag",
    "kg",
    "ug",
    "ohg",
    "mbh",
    "inc",
    "llc",
    "llp",
    "lp",
    "ltd",
    "limited",
    "corp",
    "corporation",
    "co",
    "company",
    "sarl",
    "sas",
    "sasu",
    "sa",
    "eurl",
    "kft",
    "bt",
    "zrt",
    "nyrt",
    "bv",
    "nv",
    "bhd",
    "plc",
    "spa",
    "srl",
    "se",
    "ek",
    "gbr",
    "pty",
    "pte",
    "pvt",
    "dac",
    "sl",
    "slu",
    "sro",
    "bvba",
    "vof",
    "kommanditgesellschaft",
    "aktiengesellschaft",
    "aktiebolag",
    "ltda",
    "lda",
    "unipessoal",
    "aps",
    "oyj",
    "doo",
    "partg",
    "mbb",
    "earl",
    "scea",
    "gaec",
    "selarl",
    "eirl",
    "scop",
    "ggmbh",
];

/// Forms that are words of their own where no dots stand between their letters.
const DOTTED: &[&str] = &["as", "ev", "zoo", "vos", "snc", "sc", "scs", "sca", "slp", "coop", "spk", "ks"];

/// Forms that are words of their own unless they end a name.
const LAST: &[&str] = &["ab", "as", "asa", "oy", "ev", "snc"];

/// Forms that may stand before a name: `EARL Moulin Vert`.
const FIRST: &[&str] = &["earl", "scea", "gaec", "sarl", "sas", "sasu", "eurl", "selarl", "sci", "snc", "sa"];

/// A name in [`plain`] form without the legal form before it.
pub(crate) fn without_first(name: &str) -> &str {
    name.split_once(' ').filter(|(first, _)| FIRST.contains(first)).map_or(name, |(_, rest)| rest)
}

/// Whether a word of a name in [`plain`] form is a legal form wherever it stands.
pub(crate) fn is_word(word: &str) -> bool {
    WORDS.contains(&word)
}

/// Whether a word as it is written is a legal form: `GmbH`, `S.L.`, `s.r.o.,`.
pub(crate) fn is_written(word: &str) -> bool {
    let joined = plain(word).replace(' ', "");
    is_word(&joined) || (DOTTED.contains(&joined.as_str()) && word.trim_matches(',').matches('.').count() > 1)
}

/// Whether a word of a name in [`plain`] form is that of a bank: `Volksbank`, `Crédit`.
pub(crate) fn is_bank(word: &str) -> bool {
    const WORDS: [&str; 9] =
        ["banque", "banca", "banco", "credit", "caisse", "caixa", "barclays", "hsbc", "raiffeisenkasse"];
    WORDS.contains(&word) || word.ends_with("bank") || word.ends_with("sparkasse")
}

/// Whether a name in [`plain`] form has a legal form.
pub(crate) fn has(name: &str) -> bool {
    let words: Vec<&str> = name.split(' ').collect();
    words.iter().any(|w| is_word(w))
        || words.len() > 1 && words.last().is_some_and(|w| LAST.contains(w))
        || letters(&words).any(|(_, joined)| is_joined(&joined))
}

/// A name in [`plain`] form without the legal form at its end.
pub(crate) fn stem(name: &str) -> &str {
    let mut stem = name;
    loop {
        let words: Vec<&str> = stem.split(' ').collect();
        let last = words.last().copied().unwrap_or_default();
        // `s r o`, of which none is the whole name.
        let run = letters(&words).last().filter(|(at, joined)| {
            *at > 0 && at + joined.chars().count() == words.len() && is_joined(joined)
        });
        let cut = match run {
            Some((at, joined)) => {
                let at = if joined == "zoo" && words[at - 1] == "sp" { at - 1 } else { at };
                words.len() - at
            }
            None if is_word(last) || LAST.contains(&last) || last == "haftungsbeschrankt" => 1,
            None => return stem,
        };
        if cut >= words.len() {
            return stem;
        }
        let kept = words[..words.len() - cut].iter().map(|w| w.len() + 1).sum::<usize>() - 1;
        stem = &stem[..kept];
    }
}

fn is_joined(letters: &str) -> bool {
    is_word(letters) || DOTTED.contains(&letters)
}

/// Runs of single letters: where each begins among the words, and the letters without spaces.
fn letters<'a>(words: &'a [&'a str]) -> impl Iterator<Item = (usize, String)> + 'a {
    let single = |w: &&str| w.chars().count() == 1 && w.chars().all(char::is_alphabetic);
    let mut at = 0;
    words.chunk_by(move |a, b| single(a) && single(b)).filter_map(move |run| {
        let from = at;
        at += run.len();
        (run.len() > 1).then(|| (from, run.concat()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_known_with_and_without_dots() {
        for name in [
            "Muster GmbH & Co. KG",
            "Suministros Ejemplo S.L.",
            "Vzorek s. r. o.",
            "Voorbeeld Techniek B.V.",
            "Przyklad Sp. z o.o.",
            "Exempel Bageri AB",
            "Muster e.K.",
        ] {
            assert!(has(&plain(name)), "{name}");
        }
        for other in ["Ab Werk geliefert", "Goods as agreed", "Zoo Handlung", "J. R. Muster", "AB"] {
            assert!(!has(&plain(other)), "{other}");
        }
        for word in ["GmbH", "S.L.", "s.r.o.,", "Ltd.", "a.s."] {
            assert!(is_written(word), "{word}");
        }
        for word in ["as", "zoo", "Muster", "U.S."] {
            assert!(!is_written(word), "{word}");
        }
    }

    #[test]
    fn banks_are_told_by_a_word() {
        assert!(["volksbank", "sparkasse", "banque", "bank"].iter().all(|w| is_bank(w)));
        assert!(["banker", "muster", "kasse"].iter().all(|w| !is_bank(w)));
        assert_eq!(without_first("earl moulin vert"), "moulin vert");
        assert_eq!(without_first("moulin vert sarl"), "moulin vert sarl");
    }

    #[test]
    fn a_stem_has_no_form_at_its_end() {
        for (name, rest) in [
            ("muster gmbh co kg", "muster"),
            ("suministros ejemplo s l", "suministros ejemplo"),
            ("vzorek s r o", "vzorek"),
            ("przyklad sp z o o", "przyklad"),
            ("exempel ab", "exempel"),
            ("kg", "kg"),
            ("j r muster", "j r muster"),
            ("s l", "s l"),
        ] {
            assert_eq!(stem(name), rest, "{name}");
        }
    }
}
