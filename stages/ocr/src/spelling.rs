//! Words that were misread by a character or a space.
//!
//! Owns which readings make a known word of an unknown one. Knows nothing of images. Rule: a character is replaced only by one that
//! the recogniser itself thought possible, and only where that makes a known word; unknown words stay as they were read.

use crate::ctc::Glyph;
use crate::lexicon;
use std::ops::Range;

/// Least probability of a character that replaces another in a word of six letters and more, of four or five, and of fewer.
const LONG: f32 = 0.005;
const MIDDLE: f32 = 0.015;
const BRIEF: f32 = 0.05;
/// Least product of the probabilities of two characters that are both replaced.
const BOTH: f32 = 0.002;
/// Greatest probability of a character that is left out of a word of six letters and more.
const SUPERFLUOUS: f32 = 0.85;
/// Greatest probability of a space within a word one part of which is known.
const DOUBTFUL_SPACE: f32 = 0.8;
/// Least probability of a space between two known words.
const SPACE: f32 = 0.02;
/// Least probability of a space beside one known word.
const SPACE_BESIDE: f32 = 0.1;
/// Most characters of a word that is looked at.
const LONGEST: usize = 24;

/// Another character for that at a place of a word, and its probability.
type Change = (usize, char, f32);

/// Makes known words of unknown ones where the recogniser's second thoughts allow.
pub(crate) fn correct(glyphs: &mut Vec<Glyph>) {
    join(glyphs);
    // From the end, as words may become shorter.
    for word in words(glyphs).into_iter().rev() {
        if !substitute(&mut glyphs[word.clone()])
            && let Some(at) = superfluous(&glyphs[word.clone()])
        {
            glyphs.remove(word.start + at);
        }
    }
    split(glyphs);
}

fn letter(glyph: &Glyph) -> Option<char> {
    let mut chars = glyph.text.chars();
    chars.next().filter(|c| c.is_alphabetic() && chars.next().is_none())
}

fn lower(glyphs: &[Glyph]) -> String {
    glyphs.iter().flat_map(|g| g.text.chars()).flat_map(char::to_lowercase).collect()
}

/// Runs of characters that are letters, or might be.
fn words(glyphs: &[Glyph]) -> Vec<Range<usize>> {
    let looks_like_one =
        |g: &Glyph| is_digit(g) || matches!(g.text.as_str(), "!" | "|" | "[" | "]" | "$" | "@");
    let might_be = |g: &Glyph| {
        letter(g).is_some() || looks_like_one(g) && g.others.iter().any(|(c, _)| c.is_alphabetic())
    };
    runs(glyphs, |g| !g.is_space() && might_be(g))
}

fn runs(glyphs: &[Glyph], within: impl Fn(&Glyph) -> bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (i, _) in glyphs.iter().enumerate().filter(|(_, g)| within(g)) {
        match found.last_mut() {
            Some(run) if run.end == i => run.end = i + 1,
            Some(_) | None => found.push(i..i + 1),
        }
    }
    found
}

/// The character without which an unknown word is known, and of which the recogniser was not sure.
fn superfluous(word: &[Glyph]) -> Option<usize> {
    if !(7..=LONGEST).contains(&word.len()) || lexicon::knows(&lower(word)) {
        return None;
    }
    let known = |at: &usize| lexicon::knows(&(lower(&word[..*at]) + &lower(&word[*at + 1..])));
    let unsure = (0..word.len()).filter(|at| word[*at].probability < SUPERFLUOUS).filter(known);
    unsure.min_by(|a, b| word[*a].probability.total_cmp(&word[*b].probability))
}

/// One or two characters of a word replaced, where that makes it known; false where nothing does.
fn substitute(word: &mut [Glyph]) -> bool {
    let letters = word.iter().filter(|g| letter(g).is_some()).count();
    if word.len() < 2 || word.len() > LONGEST || letters * 5 < word.len() * 3 {
        return false;
    }
    let text = lower(word);
    if lexicon::knows(&text) || lexicon::pair(&text).is_some() {
        return false;
    }
    let least = match word.len() {
        0..4 => BRIEF,
        4..6 => MIDDLE,
        _ => LONG,
    };
    let options: Vec<Change> = word
        .iter()
        .enumerate()
        .flat_map(|(i, g)| g.others.iter().map(move |(c, p)| (i, *c, *p)))
        .filter(|(_, c, p)| c.is_alphabetic() && *p >= least)
        .collect();
    let with = |changes: &[Change]| {
        let chars = word.iter().enumerate().flat_map(|(i, g)| {
            let change = changes.iter().find(|(at, ..)| *at == i).map(|(_, c, _)| *c);
            change.into_iter().chain(g.text.chars().filter(move |_| change.is_none()))
        });
        let text: String = chars.flat_map(char::to_lowercase).collect();
        lexicon::knows(&text) || lexicon::pair(&text).is_some()
    };
    let mut best: Option<(f32, Vec<Change>)> = None;
    let mut offer = |p: f32, changes: &[Change]| {
        if best.as_ref().is_none_or(|(q, _)| p > *q) && with(changes) {
            best = Some((p, changes.to_vec()));
        }
    };
    for (n, a) in options.iter().enumerate() {
        offer(a.2, &[*a]);
        for b in options[n + 1..].iter().filter(|b| b.0 != a.0 && word.len() >= 5 && a.2 * b.2 >= BOTH) {
            offer(a.2 * b.2, &[*a, *b]);
        }
    }
    let Some((_, changes)) = best else { return false };
    for (i, c, p) in changes {
        let by = in_case_of_others(word, i, c);
        word[i].text = by.into();
        word[i].probability = (word[i].probability + p).min(1.0);
        word[i].rival = None;
    }
    true
}

/// The letter in capitals where the others of its word are, and small where it follows small ones.
fn in_case_of_others(word: &[Glyph], i: usize, c: char) -> char {
    let others = || word.iter().enumerate().filter(|(j, _)| *j != i).filter_map(|(_, g)| letter(g));
    let changed = if others().all(char::is_uppercase) {
        c.to_uppercase().next()
    } else if i > 0 && others().skip(1).all(char::is_lowercase) {
        c.to_lowercase().next()
    } else {
        None
    };
    changed.unwrap_or(c)
}

/// Takes spaces out of words: `Adjus tment`.
fn join(glyphs: &mut Vec<Glyph>) {
    let mut i = 1;
    while i + 1 < glyphs.len() {
        if glyphs[i].is_space() && is_within_word(glyphs, i) {
            glyphs.remove(i);
        } else {
            i += 1;
        }
    }
}

fn is_within_word(glyphs: &[Glyph], space: usize) -> bool {
    let before = glyphs[..space].iter().rev().take_while(|g| letter(g).is_some()).count();
    let after = glyphs[space + 1..].iter().take_while(|g| letter(g).is_some()).count();
    let ends = |i: Option<usize>| i.and_then(|i| glyphs.get(i)).is_none_or(|g| !is_digit(g));
    let (from, to) = (space - before, space + 1 + after);
    if before == 0 || after == 0 || before + after < 4 || !ends(from.checked_sub(1)) || !ends(Some(to)) {
        return false;
    }
    let (a, b) = (lower(&glyphs[from..space]), lower(&glyphs[space + 1..to]));
    let known = (lexicon::knows(&a), lexicon::knows(&b));
    let may = match known {
        (true, true) => false,
        (false, false) => true,
        // No sentence has a short word beside a torn one.
        (true, false) if before < 4 => true,
        (false, true) if after < 4 => true,
        _ => glyphs[space].probability < DOUBTFUL_SPACE,
    };
    may && lexicon::knows(&(a + &b))
}

fn is_digit(glyph: &Glyph) -> bool {
    glyph.text.chars().all(|c| c.is_ascii_digit())
}

/// Puts spaces where two words became one: `GSTID`, `47500SUBANG`.
fn split(glyphs: &mut Vec<Glyph>) {
    let mut cuts = Vec::new();
    for word in runs(glyphs, |g| letter(g).is_some()) {
        if let Some(at) = cut(&glyphs[word.clone()]) {
            cuts.push(word.start + at);
        }
        let known = || word.len() >= 4 && lexicon::knows(&lower(&glyphs[word.clone()]));
        let before = &glyphs[..word.start];
        let parted = before.last().is_some_and(is_digit) && known() || ends_sentence(before);
        if glyphs[word.start].space >= SPACE && parted {
            cuts.push(word.start);
        }
    }
    cuts.sort_unstable();
    for at in cuts.into_iter().rev() {
        let probability = glyphs[at].space.max(0.5);
        let between = f32::midpoint(glyphs[at - 1].at, glyphs[at].at);
        glyphs.insert(at, Glyph { text: " ".into(), probability, at: between, ..Glyph::default() });
    }
}

/// True for a line that ends with a known word and a mark of punctuation after it.
fn ends_sentence(glyphs: &[Glyph]) -> bool {
    let Some((mark, words)) = glyphs.split_last() else { return false };
    let letters = words.iter().rev().take_while(|g| letter(g).is_some()).count();
    let word = &words[words.len() - letters..];
    matches!(mark.text.as_str(), "." | "," | ";" | ":") && letters >= 4 && lexicon::knows(&lower(word))
}

/// Where an unknown word becomes two known ones.
fn cut(word: &[Glyph]) -> Option<usize> {
    let text = lower(word);
    if word.len() < 4 || word.len() > 2 * LONGEST || lexicon::knows(&text) {
        return None;
    }
    if let Some(at) = lexicon::pair(&text) {
        return Some(at);
    }
    let known = |part: &[Glyph]| lexicon::knows(&lower(part));
    let fits = |at: usize| {
        let (a, b) = word.split_at(at);
        let (left, right) = (known(a), known(b));
        let space = word[at].space;
        left && right && space >= SPACE || (left && at >= 4 || right && b.len() >= 4) && space >= SPACE_BESIDE
    };
    (2..word.len() - 1).filter(|at| fits(*at)).max_by(|a, b| word[*a].space.total_cmp(&word[*b].space))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters; `(xy…)` after one are those it might be as well, each with the probability `p`; `_` before one is a space that
    /// was thought of there.
    fn glyphs(text: &str, p: f32) -> Vec<Glyph> {
        let mut out: Vec<Glyph> = Vec::new();
        let (mut inside, mut space) = (false, 0.0);
        for c in text.chars() {
            match c {
                '(' => inside = true,
                ')' => inside = false,
                '_' => space = p,
                c if inside => out.last_mut().unwrap().others.push((c, p)),
                c => {
                    let at = out.len() as f32;
                    out.push(Glyph { text: c.into(), probability: 0.7, at, space, ..Glyph::default() });
                    space = 0.0;
                }
            }
        }
        out
    }

    fn corrected(text: &str, p: f32) -> String {
        let mut line = glyphs(text, p);
        correct(&mut line);
        line.iter().map(|g| g.text.as_str()).collect()
    }

    #[test]
    fn second_thoughts_make_known_words_of_unknown_ones() {
        for (line, is) in [
            ("Jalau(n) 5", "Jalan 5"),
            ("BAKERT(il)ES", "BAKERIES"),
            ("Simi1(l)ar", "Similar"),
            ("Invo(o)1(i)c(c)o(e)", "Invoice"),
            ("SO(D)N BHD", "SDN BHD"),
            ("Kuala Lunpur", "Kuala Lunpur"),
            ("Xylau(n)", "Xylau"),
            ("Form(n)", "Form"),
            ("Grounid Gerounds", "Ground Grounds"),
            ("A1(I)2B", "A12B"),
        ] {
            assert_eq!(corrected(line, 0.2), is, "{line}");
        }
        assert_eq!(corrected("Jalau(n)", 0.005), "Jalau", "too little");
    }

    #[test]
    fn spaces_leave_words_and_part_them() {
        assert_eq!(corrected("Adjus tment Note JAL AN", 0.2), "Adjustment Note JALAN");
        assert_eq!(corrected("per mission in voice", 0.2), "per mission in voice");
        assert_eq!(corrected("GSTID: SDNBHD", 0.0), "GST ID: SDN BHD");
        assert_eq!(corrected("HEAD_OFFICE 47500_SUBANG", 0.05), "HEAD OFFICE 47500 SUBANG");
        assert_eq!(
            corrected("over the floor,_Jalan www.floor.com", 0.05),
            "over the floor, Jalan www.floor.com"
        );
        assert_eq!(corrected("HEADOFFICE MacDonald 400GM", 0.05), "HEADOFFICE MacDonald 400GM");
    }
}
