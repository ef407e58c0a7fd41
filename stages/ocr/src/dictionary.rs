//! The characters that a recogniser knows.
//!
//! Owns classes and their texts. Knows nothing of probabilities. Rule: class 0 is the blank, 1..=N are the dictionary's
//! lines, N + 1 is the space.

use crate::OcrError;

/// Most entries of a dictionary.
const MAX_ENTRIES: usize = 100_000;

/// Characters that look alike in print, so that only their neighbours tell which one it is.
const LOOKALIKES: [&str; 15] =
    ["0Oo", "1lI|i", "5Ss", "8B", "2Zz", "6G", "cC", "vV", "wW", "xX", "uU", "pP", "kK", "yY", "·.,"];

/// The characters that the recogniser knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dictionary {
    entries: Vec<Box<str>>,
    /// True for classes of East Asian scripts, which recognisers trained on Chinese see in smudged Latin text.
    east_asian: Vec<bool>,
    /// Per group of [`LOOKALIKES`], its classes.
    lookalikes: Vec<Vec<usize>>,
    /// The classes of full stop and comma.
    marks: [Option<usize>; 2],
    space: usize,
}

impl Dictionary {
    /// One character per line; lines end with LF or CRLF. A line may hold a white-space character that is not the
    /// ASCII space, so that nothing but the line end is trimmed.
    pub(crate) fn parse(text: &str) -> Result<Self, OcrError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut entries: Vec<Box<str>> = vec!["".into()];
        entries.extend(text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).into()));
        entries.push(" ".into());
        if !(10..MAX_ENTRIES).contains(&entries.len()) {
            return Err(OcrError::Dictionary { entries: entries.len() });
        }
        Ok(Self::of(entries))
    }

    fn of(entries: Vec<Box<str>>) -> Self {
        let east_asian = entries.iter().map(|e| e.chars().any(is_east_asian)).collect();
        let class = |c: char| entries.iter().position(|e| e.chars().eq([c]));
        let lookalikes = LOOKALIKES.iter().map(|group| group.chars().filter_map(class).collect()).collect();
        let marks = ['.', ','].map(class);
        let space = entries.iter().rposition(|e| &**e == " ").unwrap_or_default();
        Self { entries, east_asian, lookalikes, marks, space }
    }

    /// The classes of no East Asian script, and the dictionary of them alone.
    pub(crate) fn western(&self) -> (Vec<usize>, Self) {
        let keep: Vec<usize> = (0..self.entries.len()).filter(|class| !self.is_east(*class)).collect();
        let entries = keep.iter().map(|class| self.entries[*class].clone()).collect();
        (keep, Self::of(entries))
    }

    /// The classes in another order, those of no East Asian script first: these, where each class went, and the
    /// dictionary in this order.
    pub(crate) fn western_first(&self) -> (Vec<usize>, Vec<usize>, Self) {
        let all = 0..self.entries.len();
        let (west, east): (Vec<usize>, Vec<usize>) = all.partition(|class| !self.is_east(*class));
        let mut places = vec![0; self.entries.len()];
        let mut entries = Vec::with_capacity(places.len());
        for (place, class) in west.iter().chain(&east).enumerate() {
            places[*class] = place;
            entries.push(self.entries[*class].clone());
        }
        (west, places, Self::of(entries))
    }

    /// Number of classes, with blank and space.
    pub(crate) fn classes(&self) -> usize {
        self.entries.len()
    }

    /// The class of the space.
    pub(crate) fn space(&self) -> usize {
        self.space
    }

    /// The classes of full stop and comma.
    pub(crate) fn marks(&self) -> [Option<usize>; 2] {
        self.marks
    }

    /// What a class stands for.
    pub(crate) fn text(&self, class: usize) -> &str {
        self.entries.get(class).map_or("", |e| e)
    }

    /// True where a class is of an East Asian script.
    pub(crate) fn is_east(&self, class: usize) -> bool {
        self.east_asian.get(class).copied().unwrap_or(false)
    }

    /// Other classes that look like this one in print.
    pub(crate) fn lookalikes(&self, class: usize) -> impl Iterator<Item = usize> + '_ {
        let group = self.lookalikes.iter().find(|g| g.contains(&class));
        group.into_iter().flatten().copied().filter(move |c| *c != class)
    }
}

/// Kana, Han, Hangul and their neighbours; not the full-width forms, which are read as ASCII.
pub(crate) fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fff}' | '\u{3003}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_has_a_blank_first_a_space_last_and_no_line_ends() {
        let d = Dictionary::parse("a\r\nb\r\nc\r\nd\r\n\u{3000}\r\n€\r\n末\r\n家\r\n").unwrap();
        assert_eq!((d.classes(), d.space()), (10, 9));
        assert_eq!((d.text(0), d.text(1), d.text(5), d.text(6), d.text(9)), ("", "a", "\u{3000}", "€", " "));
        assert!(d.is_east(7) && !d.is_east(6) && !d.is_east(99));
        let (keep, western) = d.western();
        assert_eq!((keep, western.text(6), western.space()), (vec![0, 1, 2, 3, 4, 5, 6, 9], "€", 7));
        let (west, places, other) = d.western_first();
        assert_eq!((west.len(), other.classes(), other.space()), (8, 10, 7));
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 8, 9, 7]);
        assert!((0..10).all(|class| other.text(places[class]) == d.text(class)));
        assert!(Dictionary::parse("a\nb").is_err());
    }

    #[test]
    fn lookalikes_are_those_the_dictionary_has() {
        let d = Dictionary::parse("0\n1\nO\nl\na\nb\nc\nd\n").unwrap();
        assert_eq!(d.lookalikes(1).collect::<Vec<_>>(), [3]);
        assert_eq!(d.lookalikes(4).collect::<Vec<_>>(), [2]);
        assert_eq!(d.lookalikes(5).count(), 0);
    }
}
