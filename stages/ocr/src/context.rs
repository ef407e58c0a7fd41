//! What a character is that only its neighbours tell: `0` or `O`, `1` or `l`, `c` or `C`.
//!
//! Owns rules of print that hold for any document. Knows nothing of images and of what words mean. Rule: a character is replaced
//! only by one that looks like it and that the recogniser itself thought possible.

use crate::ctc::Glyph;

/// Least probability of a character that replaces one of another kind (`0` by `O`).
pub(crate) const POSSIBLE: f32 = 0.002;
/// Least probability of a character that replaces one of the same kind (`c` by `C`).
const LIKELY: f32 = 0.02;

/// Kind of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Digit,
    Lower,
    Upper,
    Other,
}

pub(crate) fn kind(glyph: &Glyph) -> Kind {
    glyph.text.chars().next().map_or(Kind::Other, kind_of)
}

fn kind_of(c: char) -> Kind {
    if c.is_ascii_digit() {
        Kind::Digit
    } else if c.is_lowercase() {
        Kind::Lower
    } else if c.is_uppercase() {
        Kind::Upper
    } else {
        Kind::Other
    }
}

/// Replaces characters of a line that do not fit among their neighbours by those they look like.
pub(crate) fn settle(glyphs: &mut Vec<Glyph>) {
    for i in 0..glyphs.len() {
        let Some((rival, p)) = glyphs[i].rival else { continue };
        if p >= POSSIBLE && starts_with_capital_i(glyphs, i, rival) {
            replace(&mut glyphs[i], rival, p);
            continue;
        }
        let of_number = is_zero_of_number(glyphs, i, (rival, p)) || is_one_of_number(glyphs, i, rival);
        if p >= POSSIBLE && of_number {
            replace(&mut glyphs[i], rival, p);
            continue;
        }
        if p >= POSSIBLE && is_of_id(glyphs, i, rival) {
            replace(&mut glyphs[i], 'I', p);
            continue;
        }
        let (own, other) = (kind(&glyphs[i]), kind_of(rival));
        let before = neighbour(glyphs[..i].iter().rev());
        let after = neighbour(glyphs[i + 1..].iter());
        let least = if (own == Kind::Digit) == (other == Kind::Digit) { LIKELY } else { POSSIBLE };
        // MwSt. is no word of capitals with one that was missed.
        let is_mixed = own == Kind::Lower && other == Kind::Upper && others_are_lower(glyphs, i);
        if p >= least && !is_mixed && fits_better(own, other, before, after) {
            replace(&mut glyphs[i], rival, p);
        }
    }
    opening_quotes(glyphs);
}

/// An `l` before a consonant at the start of a word is the capital of Invoice, Item or IBAN: no word of Latin script starts so,
/// but with `ll`.
fn starts_with_capital_i(glyphs: &[Glyph], i: usize, rival: char) -> bool {
    let starts = i.checked_sub(1).is_none_or(|b| kind(&glyphs[b]) == Kind::Other);
    let next = glyphs.get(i + 1).and_then(|g| g.text.chars().next()).unwrap_or(' ');
    let consonant = next.is_alphabetic() && !"aeiouyäöüáàâéèêëíîïóôúùûl".contains(next.to_ascii_lowercase());
    glyphs[i].text == "l" && rival == 'I' && starts && consonant
}

/// An `O` at the end of a number, or before the decimal mark of an amount, is a zero: `29O,`, `RMO.65`.
fn is_zero_of_number(glyphs: &[Glyph], i: usize, (rival, p): (char, f32)) -> bool {
    if rival != '0' || !matches!(glyphs[i].text.as_str(), "O" | "o") {
        return false;
    }
    let digit = |i: usize| glyphs.get(i).is_some_and(|g| kind(g) == Kind::Digit);
    let mark = glyphs.get(i + 1).is_some_and(|g| matches!(g.text.as_str(), "." | ","));
    let of_amount = mark && digit(i + 2) && digit(i + 3) && !digit(i + 4);
    let digits = glyphs[..i].iter().rev().take_while(|g| kind(g) == Kind::Digit).count();
    let begins = i.checked_sub(digits + 1).is_none_or(|b| kind(&glyphs[b]) == Kind::Other);
    let ends = glyphs.get(i + 1).is_none_or(|g| kind(g) == Kind::Other);
    of_amount || digits >= 2 && begins && ends && p >= LIKELY
}

/// `1D` is no number, but `ID`.
fn is_of_id(glyphs: &[Glyph], i: usize, rival: char) -> bool {
    let is_d = glyphs.get(i + 1).is_some_and(|g| g.text == "D");
    let ends = glyphs.get(i + 2).is_none_or(|g| kind(g) == Kind::Other);
    let begins = i.checked_sub(1).is_none_or(|b| matches!(kind(&glyphs[b]), Kind::Other | Kind::Upper));
    "lI|i".contains(rival) && glyphs[i].text == "1" && is_d && begins && ends
}

/// What looks like a one after `No.` is one.
fn is_one_of_number(glyphs: &[Glyph], i: usize, rival: char) -> bool {
    let is = |back: usize, text: &str| {
        i.checked_sub(back).is_some_and(|b| glyphs[b].text.eq_ignore_ascii_case(text))
    };
    let alone = glyphs.get(i + 1).is_none_or(|g| kind(g) == Kind::Other);
    let after_no = |back: usize| is(back, "o") && is(back + 1, "n");
    let starts = |back: usize| i.checked_sub(back).is_none_or(|b| kind(&glyphs[b]) == Kind::Other);
    let is_number = is(1, ".") && after_no(2) && starts(4) || after_no(1) && starts(3);
    rival == '1' && alone && is_number && matches!(glyphs[i].text.as_str(), "l" | "I" | "|")
}

/// True where another letter of the word is in lower case.
fn others_are_lower(glyphs: &[Glyph], i: usize) -> bool {
    let (before, after) = (glyphs[..i].iter().rev(), glyphs[i + 1..].iter());
    let word = |g: &&Glyph| !g.is_space();
    before.take_while(word).chain(after.take_while(word)).any(|g| kind(g) == Kind::Lower)
}

pub(crate) fn replace(glyph: &mut Glyph, by: char, p: f32) {
    glyph.text = by.into();
    // Both readings were of one shape; the neighbours told which.
    glyph.probability = (glyph.probability + p).min(1.0);
    glyph.rival = None;
}

/// Kind of the nearest letter or digit of the same word, full stops of abbreviations passed over.
fn neighbour<'a>(mut glyphs: impl Iterator<Item = &'a Glyph>) -> Option<Kind> {
    let first = glyphs.next()?;
    let next = if first.text == "." { glyphs.next()? } else { first };
    Some(kind(next)).filter(|k| *k != Kind::Other)
}

/// True where a character of kind `other` fits between its neighbours and one of kind `own` does not.
fn fits_better(own: Kind, other: Kind, before: Option<Kind>, after: Option<Kind>) -> bool {
    let letters = |k: Option<Kind>| matches!(k, Some(Kind::Lower | Kind::Upper));
    match (own, other) {
        // Between letters, or before lower-case ones: no digit. Codes as A0 and B12C keep theirs.
        (Kind::Digit, Kind::Lower) => before == Some(Kind::Lower) && (letters(after) || after.is_none()),
        (Kind::Digit, Kind::Upper) => {
            before == Some(Kind::Upper) && after == Some(Kind::Upper)
                || before.is_none() && after == Some(Kind::Lower)
        }
        (Kind::Lower | Kind::Upper, Kind::Digit) => before == Some(Kind::Digit) && after == Some(Kind::Digit),
        (Kind::Upper, Kind::Lower) => before == Some(Kind::Lower) && after != Some(Kind::Digit),
        (Kind::Lower, Kind::Upper) => before == Some(Kind::Upper) && after == Some(Kind::Upper),
        _ => false,
    }
}

/// One or two commas before a word, with a closing quotation mark further on, are a low opening one. Two commas alone are one too.
fn opening_quotes(glyphs: &mut Vec<Glyph>) {
    let is = |g: Option<&Glyph>, marks: &[&str]| g.is_some_and(|g| marks.contains(&g.text.as_str()));
    let mut i = 0;
    while i < glyphs.len() {
        let commas = glyphs[i..].iter().take_while(|g| g.text == ",").count();
        let starts = i == 0 || glyphs[i - 1].is_space();
        let word = glyphs.get(i + commas).is_some_and(|g| g.text.chars().all(char::is_alphabetic));
        let closed = glyphs[i..].iter().any(|g| is(Some(g), &["\"", "“", "”"]));
        if word && closed && (commas == 2 || commas == 1 && starts) {
            glyphs[i].text = "„".into();
            if commas == 2 {
                glyphs.remove(i + 1);
            }
            if !starts {
                let space =
                    Glyph { text: " ".into(), probability: 0.5, at: glyphs[i].at, ..Glyph::default() };
                glyphs.insert(i, space);
            }
        }
        i += commas.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters; `0|O` is a 0 that might be an O.
    fn glyphs(text: &str, p: f32) -> Vec<Glyph> {
        let mut out: Vec<Glyph> = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c == '|' {
                let rival = chars.next().map(|c| (c, p));
                out.last_mut().unwrap().rival = rival;
            } else {
                out.push(Glyph {
                    text: c.into(),
                    probability: 0.6,
                    at: out.len() as f32,
                    ..Glyph::default()
                });
            }
        }
        out
    }

    fn text(glyphs: &[Glyph]) -> String {
        glyphs.iter().map(|g| g.text.as_str()).collect()
    }

    fn settled(line: &str, p: f32) -> String {
        let mut line = glyphs(line, p);
        settle(&mut line);
        text(&line)
    }

    #[test]
    fn neighbours_tell_letters_from_digits_and_capitals_from_others() {
        for (line, is) in [
            ("STATI0|ON", "STATION"),
            ("K0|oln", "K0ln"),
            ("Gr0|oßer", "Großer"),
            ("0|Oxygen", "Oxygen"),
            ("S.a.r.1|l.", "S.a.r.l."),
            ("Int1|l. 1|l", "Intl. 1"),
            ("A1|lbert", "A1bert"),
            ("B1|l2", "B12"),
            ("2O|06", "206"),
            ("pC|cS|s", "pcs"),
            ("AccO|ount", "Account"),
            ("N.v|V.X", "N.V.X"),
            ("Mw|WSt.", "MwSt."),
            ("A0|O B0|O 0|O5", "A0 B0 05"),
            ("29O|0, 4380O|0 RMO|0.65 NO. l|15", "290, 43800 RM0.65 NO. l5"),
            ("A2O|0 2O|0 No.l|1, no.l|1, Nol|1. Canol|1", "A2O 2O No.1, no.1, No1. Canol"),
            ("GST 1|ID: GST1|ID: 21|ID 1|IDE", "GST ID: GSTID: 21D 1DE"),
            ("l|Invoice (l|Incl l|IBAN l|Iarge l|Il", "Invoice (Incl IBAN large ll"),
        ] {
            assert_eq!(settled(line, 0.1), is, "{line}");
        }
    }

    #[test]
    fn what_the_recogniser_thought_impossible_is_not_written() {
        assert_eq!(settled("STATI0|ON", 0.001), "STATI0N");
        assert_eq!(settled("AccO|ount", 0.01), "AccOunt");
    }

    #[test]
    fn low_opening_quotes_are_no_commas() {
        assert_eq!(settled(",Ergo Plus\", x", 0.0), "„Ergo Plus\", x");
        assert_eq!(settled("Gasthof,,Zur Post\"", 0.0), "Gasthof „Zur Post\"");
        assert_eq!(settled("a, b ,c", 0.0), "a, b ,c");
    }
}
