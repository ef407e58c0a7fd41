//! From the words of a page to windows of tokens, and back from the tokens' labels to the words'.
//!
//! Owns the cutting into windows that overlap, and which window speaks for a word. Knows no model. Rules: a word is never
//! torn between its window and the next; of two windows that hold a word, the one speaks in which it stands farther from the ends.

use super::bpe::Bpe;
use crate::extract::PageText;

/// Tokens of one run, with the boxes of their words in thousandths of the page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) ids: Vec<i64>,
    pub(crate) boxes: Vec<[i64; 4]>,
    /// Word of each token that is a word's first; none for ends and for other tokens.
    pub(crate) words: Vec<Option<usize>>,
}

/// Most words of a page that are read.
const MAX_WORDS: usize = 20_000;

/// The windows of a page.
pub(crate) fn windows(page: &PageText, bpe: &Bpe, size: usize, stride: usize) -> Vec<Window> {
    let room = size.saturating_sub(2).max(1);
    let words: Vec<(Vec<u32>, [i64; 4])> = page
        .words
        .iter()
        .take(MAX_WORDS)
        .map(|w| {
            let mut ids = bpe.word(&w.text);
            // A word of more tokens than a window holds is cut; its first token speaks for it.
            ids.truncate(room);
            (ids, thousandths(w.bbox, page.width, page.height))
        })
        .collect();
    let mut out = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let mut window = Window { ids: vec![i64::from(bpe.start)], boxes: vec![[0; 4]], words: vec![None] };
        let mut until = from;
        while let Some((ids, place)) =
            words.get(until).filter(|(ids, _)| window.ids.len() - 1 + ids.len() <= room)
        {
            for (i, id) in ids.iter().enumerate() {
                window.ids.push(i64::from(*id));
                window.boxes.push(*place);
                window.words.push((i == 0).then_some(until));
            }
            until += 1;
        }
        window.ids.push(i64::from(bpe.end));
        window.boxes.push([0; 4]);
        window.words.push(None);
        out.push(window);
        if until >= words.len() {
            break;
        }
        // The next window begins where the last `stride` tokens of this one do.
        let mut shared = 0;
        let mut next = until;
        while next > from + 1 {
            let tokens = words.get(next - 1).map_or(0, |(ids, _)| ids.len());
            if shared + tokens > stride {
                break;
            }
            shared += tokens;
            next -= 1;
        }
        from = next;
    }
    out
}

/// A box in thousandths of the page, in order and within it, as the model was trained on.
fn thousandths(bbox: [f32; 4], width: f32, height: f32) -> [i64; 4] {
    let part = |v: f32, of: f32| {
        if of > 0.0 && v.is_finite() { (v / of * 1000.0).clamp(0.0, 1000.0) as i64 } else { 0 }
    };
    let [x0, y0, x1, y1] =
        [part(bbox[0], width), part(bbox[1], height), part(bbox[2], width), part(bbox[3], height)];
    [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)]
}

/// Which window speaks for each word: window and token, by word.
pub(crate) fn speakers(windows: &[Window], words: usize) -> Vec<Option<(usize, usize)>> {
    let mut best: Vec<Option<(usize, usize, usize)>> = vec![None; words];
    for (w, window) in windows.iter().enumerate() {
        for (t, word) in window.words.iter().enumerate() {
            let Some(slot) = word.and_then(|word| best.get_mut(word)) else { continue };
            let margin = t.min(window.ids.len() - 1 - t);
            if slot.is_none_or(|(_, _, m)| margin > m) {
                *slot = Some((w, t, margin));
            }
        }
    }
    best.into_iter().map(|b| b.map(|(w, t, _)| (w, t))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_ordered_and_within_the_page() {
        assert_eq!(thousandths([59.6, 84.3, 119.1, 168.5], 595.0, 842.0), [100, 100, 200, 200]);
        assert_eq!(thousandths([700.0, -5.0, f32::NAN, 900.0], 595.0, 842.0), [0, 0, 1000, 1000]);
    }

    #[test]
    fn the_window_speaks_in_which_a_word_stands_farther_from_the_ends() {
        let window = |words: std::ops::Range<usize>| {
            let n = words.len() + 2;
            let mut all = vec![None];
            all.extend(words.map(Some));
            all.push(None);
            Window { ids: vec![0; n], boxes: vec![[0; 4]; n], words: all }
        };
        let speakers = speakers(&[window(0..6), window(3..9)], 9);
        let windows: Vec<usize> = speakers.into_iter().map(|s| s.unwrap().0).collect();
        assert_eq!(windows, [0, 0, 0, 0, 0, 1, 1, 1, 1]);
    }
}
