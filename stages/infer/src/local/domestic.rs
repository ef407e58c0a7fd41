//! VAT ids and account numbers as they are written at home: without a country's letters, after a label that says what
//! they are.
//!
//! Owns which labels and which shapes. Knows no field. Rule: a number is one only by its label; a bare number is none, but a
//! GSTIN.

use super::layout::{Layout, Segment};
use super::lexicon::plain;

/// Words of labels of VAT ids, in [`plain`] form.
const VAT: [&str; 28] = [
    "abn",
    "adoszam",
    "adoszama",
    "btw",
    "cif",
    "contribuinte",
    "cuit",
    "cvr",
    "dic",
    "gstin",
    "iva",
    "moms",
    "momsreg",
    "mva",
    "mwst",
    "nif",
    "nip",
    "nipc",
    "piva",
    "tva",
    "uid",
    "ust",
    "ustid",
    "ustidno",
    "vat",
    "vatid",
    "vatno",
    "vatreg",
];
/// Words of labels of accounts, in [`plain`] form.
const ACCOUNT: [&str; 12] = [
    "bankszamlaszam",
    "szamlaszam",
    "bankszamla",
    "konta",
    "rachunku",
    "uctu",
    "cuenta",
    "konto",
    "account",
    "acct",
    "kontonummer",
    "rekening",
];
/// Words of a label after the one that names it.
const REST: [&str; 12] =
    ["no", "id", "reg", "registration", "identification", "ident", "code", "nummer", "szam", "de", "i", "v"];

/// What a number is, by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// A VAT id.
    Vat,
    /// A number of an account.
    Account,
}

/// Numbers in a segment: what each is, and its bytes.
pub(super) fn find(layout: &Layout, index: usize) -> Vec<(Number, usize, usize)> {
    let segment = &layout.segments[index];
    let starts: Vec<usize> = segment.words.iter().map(|w| w.0).collect();
    let mut found: Vec<(Number, usize, usize)> = Vec::new();
    let mut i = 0;
    while i < starts.len() {
        let start = after_colon(segment, &starts, i);
        let mut hit = None;
        let word = end_of(segment, &starts, i + 1).map_or("", |end| &segment.text[start..end]);
        if is_gstin(word) {
            hit = Some((Number::Vat, start, start + word.len(), 1));
        } else if segment.text[start..].starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase()) {
            let said = || label(layout, index, start);
            // The longest first: groups belong together.
            for size in (1..=4).rev() {
                let Some(end) = end_of(segment, &starts, i + size) else { continue };
                let text = segment.text[start..end].trim_end_matches([',', '.', ';', ':']);
                if let Some(number) = shape(text).filter(|shape| said() == Some(*shape)) {
                    hit = Some((number, start, start + text.len(), size));
                    break;
                }
            }
        }
        i += match hit {
            Some((number, start, end, size)) => {
                found.push((number, start, end));
                size
            }
            None => 1,
        };
    }
    found
}

/// Where the word `i` begins, or what follows a label that is glued to it.
fn after_colon(segment: &Segment, starts: &[usize], i: usize) -> usize {
    let end = starts.get(i + 1).copied().unwrap_or(segment.text.len());
    segment.text[starts[i]..end].rfind(':').map_or(starts[i], |at| starts[i] + at + 1)
}

/// Where the word before `i` ends.
fn end_of(segment: &Segment, starts: &[usize], i: usize) -> Option<usize> {
    match i.cmp(&starts.len()) {
        std::cmp::Ordering::Less => Some(starts[i] - 1),
        std::cmp::Ordering::Equal => Some(segment.text.len()),
        std::cmp::Ordering::Greater => None,
    }
}

/// What a text can be by its shape: 8 to 12 digits for a VAT id, with at most two letters; 16 and more for an account.
fn shape(text: &str) -> Option<Number> {
    let count = |is: fn(&char) -> bool| text.chars().filter(is).count();
    let (digits, letters) = (count(char::is_ascii_digit), count(char::is_ascii_alphabetic));
    if digits + letters + count(|c| matches!(c, ' ' | '-' | '.' | '/')) != text.chars().count() {
        return None;
    }
    // An amount or a date has a mark before its last two digits, or three groups that are short.
    let bytes = text.as_bytes();
    if bytes.len() > 3 && bytes[bytes.len() - 3] == b'.' {
        return None;
    }
    match digits {
        // Two letters at the front are a country's: such numbers are known without a label.
        8..=12 if letters <= 2 && !begins_with_letters(text) => Some(Number::Vat),
        16..=26 if letters == 0 && text.contains(['-', ' ']) => Some(Number::Account),
        _ => None,
    }
}

/// An Indian GSTIN, which nothing else looks like: state, PAN, number, `Z`, check character.
fn is_gstin(text: &str) -> bool {
    text.len() == 15
        && text.bytes().enumerate().all(|(i, b)| match i {
            0 | 1 | 7..=10 => b.is_ascii_digit(),
            2..=6 | 11 => b.is_ascii_uppercase(),
            13 => b == b'Z',
            _ => b.is_ascii_digit() || b.is_ascii_uppercase(),
        })
}

fn begins_with_letters(text: &str) -> bool {
    text.chars().take(2).filter(char::is_ascii_alphabetic).count() == 2
}

/// Whether the label before a byte of a segment is one of VAT ids.
pub(super) fn says_vat(layout: &Layout, index: usize, start: usize) -> bool {
    label(layout, index, start) == Some(Number::Vat)
}

/// What the label before a place says: in its segment, to the left of it, or right above.
fn label(layout: &Layout, index: usize, start: usize) -> Option<Number> {
    let segment = &layout.segments[index];
    let before = plain(&segment.text[..start]);
    if !before.is_empty() {
        return says(&before);
    }
    let place = segment.place(start, segment.text.len());
    let left = layout.left_of(place).next().and_then(|s| says(&s.plain));
    left.or_else(|| {
        let height = segment.height();
        layout.above(place).next().filter(|s| place[1] - s.bbox[3] < height).and_then(|s| says(&s.plain))
    })
}

/// What the last words of a label name.
fn says(label: &str) -> Option<Number> {
    // `tax` alone is an amount's.
    const TAX: [&str; 4] = ["tax identifier", "tax id", "tax id no", "tax identification no"];
    if TAX.iter().any(|t| label.strip_suffix(t).is_some_and(|rest| rest.is_empty() || rest.ends_with(' '))) {
        return Some(Number::Vat);
    }
    let words = label.rsplit(' ').take(4);
    for word in words {
        if VAT.contains(&word) {
            return Some(Number::Vat);
        }
        if ACCOUNT.contains(&word) {
            return Some(Number::Account);
        }
        if !REST.contains(&word) {
            return None;
        }
    }
    None
}

/// A British postcode: `LS4 2AZ`, `EC1A 1BB`.
pub(crate) fn is_british_postcode(text: &str) -> bool {
    let Some((area, rest)) = text.trim_end_matches([',', '.']).split_once(' ') else { return false };
    let letters = area.bytes().take_while(u8::is_ascii_uppercase).count();
    let district = area.as_bytes().get(letters..).unwrap_or_default();
    let of_district = match district {
        [a] => a.is_ascii_digit(),
        [a, b] => a.is_ascii_digit() && (b.is_ascii_digit() || b.is_ascii_uppercase()),
        _ => false,
    };
    let of_unit = matches!(rest.as_bytes(), [a, b, c] if a.is_ascii_digit() && b.is_ascii_uppercase() && c.is_ascii_uppercase());
    (1..=2).contains(&letters) && of_district && of_unit
}

/// Whether a text ends with one: the last line of an address.
pub(crate) fn ends_with_postcode(text: &str) -> bool {
    let mut last: Vec<String> = text.rsplit(' ').take(2).map(str::to_uppercase).collect();
    last.reverse();
    last.len() == 2 && text.matches(' ').count() > 1 && is_british_postcode(&last.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::PageText;
    use docmill_contracts::{TextSource, Word};

    /// Lines of words, 6 points a letter, 15 points a line; `|` is a wide gap.
    fn page(lines: &[&str]) -> Layout {
        let mut words = Vec::new();
        for (line, text) in lines.iter().enumerate() {
            let (y, mut x) = (15.0 * line as f32 + 20.0, 20.0);
            for word in text.split(' ') {
                let width = 6.0 * word.chars().count() as f32;
                if word != "|" {
                    let bbox = [x, y, x + width, y + 10.0];
                    let line = u32::try_from(line).unwrap();
                    words.push(Word { text: word.into(), bbox, confidence: 1.0, line });
                }
                x += if word == "|" { 60.0 } else { width + 3.0 };
            }
        }
        let page = PageText { page_no: 1, width: 600.0, height: 800.0, source: TextSource::TextLayer, words };
        Layout::of(&page)
    }

    fn all(lines: &[&str]) -> Vec<(Number, String)> {
        let layout = page(lines);
        let each = |i: usize| {
            let text = layout.segments[i].text.clone();
            find(&layout, i).into_iter().map(move |(number, a, b)| (number, text[a..b].to_owned()))
        };
        (0..layout.segments.len()).flat_map(each).collect()
    }

    #[test]
    fn a_number_is_what_its_label_says() {
        let vat = |text: &str| vec![(Number::Vat, text.to_owned())];
        for (lines, want) in [
            (&["Adószám: 99999999-2-41"][..], vat("99999999-2-41")),
            (&["VAT Reg. No. 123 4567 89"], vat("123 4567 89")),
            (&["NIF: B12345678 Madrid"], vat("B12345678")),
            (&["P.IVA 01234567890"], vat("01234567890")),
            (&["NIP | 521-00-88-391"], vat("521-00-88-391")),
            (
                &["Bankszámlaszám:", "12345678-12345678-12345678"],
                vec![(Number::Account, "12345678-12345678-12345678".to_owned())],
            ),
            (&["Tel. 0123 456 789"], vec![]),
            (&["Order 12345678"], vec![]),
            (&["VAT 19 % 1234567.89"], vec![]),
            (&["VAT total of this invoice 12345678"], vec![]),
            // With its country it is known without this.
            (&["VAT No. DE136695976"], vec![]),
            (&["Tax Identifier:", "75-1234567"], vat("75-1234567")),
            (&["Sales tax 12345678"], vec![]),
            (&["CUIT: 30-68731043-4"], vat("30-68731043-4")),
            // Nothing else looks like a GSTIN.
            (&["27AACCL0525B1Z6"], vat("27AACCL0525B1Z6")),
            (&["27AACCL0525B1X6"], vec![]),
        ] {
            assert_eq!(all(lines), want, "{lines:?}");
        }
    }
}
