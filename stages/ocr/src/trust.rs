//! Whether a text layer says what the page shows, found out by looking up its words among those that OCR reads.
//!
//! Pure. Rules: every number is looked up, since amounts and numbers are what a forger changes, and it is there digit by digit or
//! not at all; of other words there is a sample, spread over the page and the same every time, in which OCR may err.

mod digits;

use docmill_contracts::Word;

/// Most words with digits that are looked up, and most others.
const NUMBERS: usize = 400;
const OTHERS: usize = 15;
/// Fewest letters and digits of a word that is looked up.
const SHORTEST: usize = 3;
/// Least share of the words looked up that have to be found.
const ENOUGH: f32 = 0.8;
/// Least confidence of OCR in a number that stands against the one of the text layer.
const SURE: f32 = 0.75;
/// Least part of the smaller of two boxes, across and down, that lies in the other where both are of the same text.
const ACROSS: f32 = 0.3;
const DOWN: f32 = 0.5;

/// Fewest digits of a number that OCR can be sure of, and of one whose end may be cut off.
const LEAST_DIGITS: usize = 2;
const LONG_NUMBER: usize = 8;
/// How far beside its place a number may be read, as a multiple of its height, and as how many words.
const BESIDE: f32 = 3.0;
const MOST_BESIDE: usize = 8;

/// What came of the look-up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Agreement {
    /// Words looked up.
    pub(crate) sampled: usize,
    /// Those that OCR reads at their place.
    pub(crate) found: usize,
    /// Numbers for which OCR surely reads others.
    pub(crate) doubts: Vec<Doubt>,
}

/// A number of the text layer for which OCR reads another one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Doubt {
    /// What the text layer says.
    pub(crate) says: String,
    /// What OCR reads.
    pub(crate) shows: String,
    /// Where.
    pub(crate) bbox: [f32; 4],
}

impl Agreement {
    /// True where the text layer can stand for its page.
    pub(crate) fn holds(&self) -> bool {
        self.doubts.is_empty() && self.is_most()
    }

    /// True where OCR finds most of the words, whatever it reads for others.
    pub(crate) fn is_most(&self) -> bool {
        self.found as f32 >= ENOUGH * self.sampled as f32
    }
}

/// Looks up words of a text layer among those that OCR reads on the same page.
pub(crate) fn compare(layer: &[Word], read: &[Word]) -> Agreement {
    let groups = Groups::of(layer, read);
    let has_digits = |word: &Word| word.text.contains(|c: char| c.is_ascii_digit());
    let (numbers, others): (Vec<usize>, Vec<usize>) =
        (0..layer.len()).partition(|i| layer.get(*i).is_some_and(has_digits));
    let mut agreement = Agreement { sampled: 0, found: 0, doubts: Vec::new() };
    let mut doubted = vec![false; groups.count()];
    for index in spread(&numbers, NUMBERS) {
        let Some(word) = layer.get(*index) else { continue };
        let text = folded(&word.text);
        let group = groups.group(*index);
        let (says, shows) = (joined(layer, groups.layer(group)), joined(read, groups.read(group)));
        let bbox = around(groups.layer(group).iter().filter_map(|i| layer.get(*i)));
        let is_there = if digits::are_same(&says, &shows) {
            text.is_empty() || !groups.read(group).is_empty()
        } else if is_beside(&says, bbox, read) {
            true
        } else {
            let is_sure = |i: &usize| read.get(*i).is_some_and(|w| w.confidence >= SURE);
            let is_new = |doubted: &mut [bool]| {
                doubted.get_mut(group).is_some_and(|doubted| !std::mem::replace(doubted, true))
            };
            let is_other = shows.contains(|c: char| c.is_ascii_digit());
            let is_sure = is_other && groups.read(group).iter().all(is_sure);
            if is_sure && is_another(layer, groups.layer(group), &shows) && is_new(&mut doubted) {
                agreement.doubts.push(Doubt { says, shows, bbox });
            }
            is_other && is_nearly_there(word, &text, read)
        };
        if text.len() >= SHORTEST {
            agreement.sampled += 1;
            agreement.found += usize::from(is_there);
        }
    }
    let others: Vec<(&Word, Vec<char>)> = others
        .iter()
        .filter_map(|i| layer.get(*i))
        .map(|word| (word, folded(&word.text)))
        .filter(|(_, text)| text.len() >= SHORTEST)
        .collect();
    for (word, text) in spread(&others, OTHERS) {
        agreement.sampled += 1;
        agreement.found += usize::from(is_nearly_there(word, text, read));
    }
    agreement
}

/// The doubts that a second reading shares: it reads the same number as the first, which is not that of the text layer.
pub(crate) fn shared(first: Vec<Doubt>, layer: &[Word], again: &[Word]) -> Vec<Doubt> {
    let second = compare(layer, again).doubts;
    let same = |doubt: &Doubt| {
        second.iter().any(|other| {
            let [a, b] = [&doubt.shows, &other.shows].map(|s| digits::of(s));
            overlap(doubt.bbox, other.bbox) && (a.contains(&b) || b.contains(&a))
        })
    };
    first.into_iter().filter(same).collect()
}

/// At most `most` of a list, evenly spread.
pub(crate) fn spread<T>(list: &[T], most: usize) -> impl Iterator<Item = &T> {
    let count = list.len().min(most);
    (0..count).filter_map(move |i| list.get(i * list.len() / count))
}

/// Words of the text layer and of OCR that lie on each other, directly or by others: what both say of one place.
struct Groups {
    of_layer: Vec<usize>,
    members: Vec<[Vec<usize>; 2]>,
}

impl Groups {
    fn of(layer: &[Word], read: &[Word]) -> Self {
        let mut parent: Vec<usize> = (0..layer.len() + read.len()).collect();
        for (i, word) in layer.iter().enumerate() {
            for (j, other) in read.iter().enumerate() {
                if overlap(word.bbox, other.bbox) {
                    let (a, b) = (root(&mut parent, i), root(&mut parent, layer.len() + j));
                    parent[a] = b;
                }
            }
        }
        let mut numbers = vec![usize::MAX; parent.len()];
        let (mut of_layer, mut members) = (Vec::with_capacity(layer.len()), Vec::<[Vec<usize>; 2]>::new());
        for i in 0..parent.len() {
            let root = root(&mut parent, i);
            if numbers[root] == usize::MAX {
                numbers[root] = members.len();
                members.push([Vec::new(), Vec::new()]);
            }
            let group = numbers[root];
            if let Some(j) = i.checked_sub(layer.len()) {
                members[group][1].push(j);
            } else {
                of_layer.push(group);
                members[group][0].push(i);
            }
        }
        Self { of_layer, members }
    }

    fn count(&self) -> usize {
        self.members.len()
    }

    fn group(&self, layer: usize) -> usize {
        self.of_layer.get(layer).copied().unwrap_or(0)
    }

    fn layer(&self, group: usize) -> &[usize] {
        self.members.get(group).map_or(&[], |[layer, _]| layer)
    }

    fn read(&self, group: usize) -> &[usize] {
        self.members.get(group).map_or(&[], |[_, read]| read)
    }
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

/// True where two boxes are of the same text.
fn overlap([a0, b0, a1, b1]: [f32; 4], [c0, d0, c1, d1]: [f32; 4]) -> bool {
    let part =
        |a0: f32, a1: f32, b0: f32, b1: f32| (a1.min(b1) - a0.max(b0)) / (a1 - a0).min(b1 - b0).max(0.1);
    part(b0, b1, d0, d1) >= DOWN && part(a0, a1, c0, c1) >= ACROSS
}

fn around<'a>(words: impl Iterator<Item = &'a Word>) -> [f32; 4] {
    let first = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    words.fold(first, |[a, b, c, d], w| {
        let [x0, y0, x1, y1] = w.bbox;
        [a.min(x0), b.min(y0), c.max(x1), d.max(y1)]
    })
}

/// True where what is read can only be another number than these words: no part of them, and no print over print.
fn is_another(layer: &[Word], indices: &[usize], shows: &str) -> bool {
    let words: Vec<&Word> = indices.iter().filter_map(|i| layer.get(*i)).collect();
    let says = digits::of(&words.iter().map(|w| w.text.as_str()).collect::<String>());
    if says.len() < LEAST_DIGITS {
        return false;
    }
    // The end of a long number is cut off by its cell.
    let read = digits::of(shows);
    if read.len() >= LONG_NUMBER && says.starts_with(&read) {
        return false;
    }
    let on = |a: &Word, b: &Word| overlap(a.bbox, b.bbox);
    if words.iter().enumerate().any(|(i, a)| words.iter().skip(i + 1).any(|b| on(a, b))) {
        return false;
    }
    // Some of its words were not read.
    let in_order = ordered(words);
    !(0..in_order.len()).any(|from| {
        (from + 1..=in_order.len()).any(|to| {
            let part: Vec<&str> = in_order.iter().take(to).skip(from).map(|w| w.text.as_str()).collect();
            digits::are_same(&part.join(" "), shows)
        })
    })
}

/// True where OCR reads a number as words of their own a little before or behind its place: in the layer of a scan, words stand
/// where a font of other widths puts them.
fn is_beside(says: &str, [x0, y0, x1, y1]: [f32; 4], read: &[Word]) -> bool {
    let reach = BESIDE * (y1 - y0);
    let near = |w: &&Word| {
        let [a, b, c, d] = w.bbox;
        let shared = (d.min(y1) - b.max(y0)) / (d - b).min(y1 - y0).max(0.1);
        shared >= DOWN && a < x1 + reach && c > x0 - reach
    };
    let mut near: Vec<&Word> = read.iter().filter(near).collect();
    near.sort_by(|a, b| a.bbox[0].total_cmp(&b.bbox[0]));
    (0..near.len()).any(|from| {
        let rest = near.get(from..).unwrap_or_default();
        (1..=rest.len().min(MOST_BESIDE)).any(|n| {
            let words: Vec<&str> = rest.iter().take(n).map(|w| w.text.as_str()).collect();
            digits::are_same(says, &words.join(" "))
        })
    })
}

/// Words in the order in which they are read, with spaces.
fn joined(words: &[Word], indices: &[usize]) -> String {
    let words = ordered(indices.iter().filter_map(|i| words.get(*i)).collect());
    words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Words from left to right, line by line: a line is what lies side by side, as text layers number their lines by how they were drawn.
fn ordered(mut words: Vec<&Word>) -> Vec<&Word> {
    words.sort_by(|a, b| a.bbox[1].total_cmp(&b.bbox[1]));
    let mut lines: Vec<(f32, Vec<&Word>)> = Vec::new();
    for word in words {
        let middle = f32::midpoint(word.bbox[1], word.bbox[3]);
        match lines.last_mut() {
            Some((bottom, line)) if middle < *bottom => line.push(word),
            Some(_) | None => lines.push((word.bbox[3], vec![word])),
        }
    }
    lines.iter_mut().for_each(|(_, line)| line.sort_by(|a, b| a.bbox[0].total_cmp(&b.bbox[0])));
    lines.into_iter().flat_map(|(_, line)| line).collect()
}

/// True where OCR reads `text`, or nearly that, at the place of `word`.
fn is_nearly_there(word: &Word, text: &[char], read: &[Word]) -> bool {
    let [x0, y0, x1, y1] = word.bbox;
    let margin = (y1 - y0).min(x1 - x0).max(1.0) * 0.6;
    let near = |w: &&Word| {
        let [a0, b0, a1, b1] = w.bbox;
        a0 < x1 + margin && a1 > x0 - margin && b0 < y1 + margin && b1 > y0 - margin
    };
    let mut there: Vec<&Word> = read.iter().filter(near).collect();
    there.sort_by(|a, b| a.line.cmp(&b.line).then(a.bbox[0].total_cmp(&b.bbox[0])));
    let there: Vec<char> = there.iter().flat_map(|w| folded(&w.text)).collect();
    distance(text, &there) <= text.len().div_ceil(6)
}

/// Letters and digits alone, without case, and without what OCR cannot tell apart.
fn folded(text: &str) -> Vec<char> {
    let plain = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    plain
        .map(|c| match c {
            'o' => '0',
            'l' | 'i' => '1',
            c => c,
        })
        .collect()
}

/// Fewest changes that make `wanted` a part of `text`.
fn distance(wanted: &[char], text: &[char]) -> usize {
    // Ends anywhere, starts anywhere: the first row costs nothing.
    let mut row = vec![0; text.len() + 1];
    for (i, a) in wanted.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in text.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.into_iter().min().unwrap_or(wanted.len())
}

#[cfg(test)]
mod tests;
