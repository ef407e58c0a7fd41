//! Gives the words of a remote answer their places: by the local engine's words where these say the same or stand between
//! words that do, else by estimate.
//!
//! Owns what becomes of the differences between two readings. Rule: a word without a counterpart is never taken for
//! certain; what the local engine was certain of and the answer lacks is kept.

use super::answer::AnswerLine;
use docmill_contracts::Word;
use std::collections::HashMap;

/// Local confidence from which on a word counts as certain.
const CERTAIN: f32 = 0.9;
/// Confidence of a word that the local engine read otherwise.
const OTHERWISE: f32 = 0.85;
/// Highest confidence of a word whose place is an estimate.
const ESTIMATED: f32 = 0.5;
/// How much of a doubt remains where two engines say the same.
const DOUBT: f32 = 0.25;

/// Both readings as one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Aligned {
    /// In the order of the local lines.
    pub(super) words: Vec<Word>,
    /// Words whose place is an estimate.
    pub(super) estimated: usize,
    /// Share of the characters of certain local words that the answer holds, 0..=1; 1 where none is certain.
    pub(super) agreement: f64,
}

/// One word of the answer on its way.
#[derive(Debug, Clone)]
struct Token<'a> {
    text: &'a str,
    line: usize,
    /// Its local counterpart.
    local: Option<usize>,
    placed: Option<Placed>,
}

#[derive(Debug, Clone, Copy)]
struct Placed {
    bbox: [f32; 4],
    confidence: f32,
    /// Place in the order of the page: local line, and between two of them.
    order: f32,
    estimated: bool,
}

/// Letters and digits in small letters; the signs themselves where there are none.
fn key(text: &str) -> String {
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if plain.is_empty() { text.to_owned() } else { plain }
}

/// Aligns an answer with the local reading of a page of `size` points.
pub(super) fn align(answer: &[AnswerLine], local: &[Word], size: (f32, f32)) -> Aligned {
    let lines = answer.iter().enumerate();
    let mut tokens: Vec<Token<'_>> = lines
        .flat_map(|(line, l)| l.words.iter().map(move |text| Token { text, line, local: None, placed: None }))
        .collect();
    let mut used = vec![false; local.len()];
    match_equal(&mut tokens, local, &mut used);
    let certain = |i: &usize| local[*i].confidence >= CERTAIN;
    let characters = |only_used: bool| -> usize {
        let counted = (0..local.len()).filter(certain).filter(|i| !only_used || used[*i]);
        counted.map(|i| local[i].text.chars().count()).sum()
    };
    let all = characters(false);
    let agreement = if all == 0 { 1.0 } else { characters(true) as f64 / all as f64 };
    for token in &mut tokens {
        token.placed = token.local.map(|i| {
            let w = &local[i];
            let same = w.text == token.text;
            let confidence =
                if same { 1.0 - (1.0 - w.confidence) * DOUBT } else { w.confidence.max(OTHERWISE) };
            Placed { bbox: w.bbox, confidence, order: w.line as f32, estimated: false }
        });
    }
    place_between(&mut tokens, local, &mut used);
    estimate(&mut tokens, answer, local, size);
    let (words, estimated) = finish(&tokens, local, &used);
    Aligned { words, estimated, agreement }
}

/// Pairs words that say the same, each with the one nearest behind the pair before it: the answer may have another order.
fn match_equal(tokens: &mut [Token<'_>], local: &[Word], used: &mut [bool]) {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, w) in local.iter().enumerate() {
        places.entry(key(&w.text)).or_default().push(i);
    }
    // Words that occur once in both are sure; the others follow them.
    let mut counts: HashMap<String, usize> = HashMap::new();
    tokens.iter().for_each(|t| *counts.entry(key(t.text)).or_default() += 1);
    for token in tokens.iter_mut() {
        let key = key(token.text);
        if let (Some(1), Some([only])) = (counts.get(&key), places.get(&key).map(Vec::as_slice)) {
            token.local = Some(*only);
            used[*only] = true;
        }
    }
    let mut expected = 0;
    for token in tokens.iter_mut() {
        if token.local.is_none() {
            let candidates =
                places.get(&key(token.text)).into_iter().flatten().copied().filter(|i| !used[*i]);
            // Backwards is further than forwards.
            let off = |i: &usize| if *i >= expected { 2 * (i - expected) } else { 3 * (expected - i) };
            token.local = candidates.min_by_key(off);
            if let Some(i) = token.local {
                used[i] = true;
            }
        }
        if let Some(i) = token.local {
            expected = i + 1;
        }
    }
}

/// Words between two that have their places take those of the local words between these: the same text, read otherwise.
fn place_between(tokens: &mut [Token<'_>], local: &[Word], used: &mut [bool]) {
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].local.is_some() {
            at += 1;
            continue;
        }
        let end = (at..tokens.len()).find(|i| tokens[*i].local.is_some()).unwrap_or(tokens.len());
        let before = at.checked_sub(1).and_then(|i| tokens[i].local);
        let after = tokens.get(end).and_then(|t| t.local);
        let range = match (before, after) {
            (Some(b), Some(a)) if b < a => b + 1..a,
            (Some(b), _) => b + 1..local.len().min(b + 1 + 2 * (end - at)),
            (None, Some(a)) => a.saturating_sub(2 * (end - at))..a,
            (None, None) => 0..0,
        };
        let free: Vec<usize> = range.filter(|i| !used[*i]).collect();
        share(&mut tokens[at..end], &free, local, used);
        at = end;
    }
}

/// Shares local words among as many words of the answer as resemble them, in order.
fn share(tokens: &mut [Token<'_>], free: &[usize], local: &[Word], used: &mut [bool]) {
    let mut next = 0;
    for token in tokens.iter_mut() {
        // The most similar of the next few.
        let near = free.get(next..free.len().min(next + 4)).unwrap_or_default();
        let scored = near.iter().enumerate().map(|(n, i)| (similarity(token.text, &local[*i].text), n, *i));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((_, n, i)) = best.filter(|(score, ..)| *score >= 0.4) {
            used[i] = true;
            next += n + 1;
            token.local = Some(i);
            token.placed = Some(Placed {
                bbox: local[i].bbox,
                confidence: OTHERWISE,
                order: local[i].line as f32,
                estimated: false,
            });
        }
    }
}

/// 1 for the same text, 0 for nothing in common: one less the share of characters that have to be changed.
fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    1.0 - row[b.len()] as f64 / a.len().max(b.len()).max(1) as f64
}

/// Places for the rest: within the model's own box, else beside the nearest word of the same line, else between the lines.
fn estimate(tokens: &mut [Token<'_>], answer: &[AnswerLine], local: &[Word], size: (f32, f32)) {
    let typical = {
        let mut heights: Vec<f32> = local.iter().map(|w| w.bbox[3] - w.bbox[1]).collect();
        heights.sort_by(f32::total_cmp);
        heights.get(heights.len() / 2).copied().filter(|h| *h > 0.0).unwrap_or(size.1 / 70.0)
    };
    for at in 0..tokens.len() {
        if tokens[at].placed.is_some() {
            continue;
        }
        let (line, width) = (tokens[at].line, tokens[at].text.chars().count() as f32 * 0.5 * typical);
        let before = at.checked_sub(1).and_then(|i| tokens[i].placed.map(|p| (tokens[i].line, p)));
        let after = tokens[at..].iter().find_map(|t| t.placed.map(|p| (t.line, p)));
        let (bbox, order) = match (before, after, answer[line].region) {
            (Some((l, p)), _, _) if l == line => (
                [p.bbox[2] + 0.3 * typical, p.bbox[1], p.bbox[2] + 0.3 * typical + width, p.bbox[3]],
                p.order,
            ),
            (_, Some((l, p)), _) if l == line => {
                // Others of the line may stand between.
                let between: usize = tokens[at..]
                    .iter()
                    .take_while(|t| t.placed.is_none())
                    .map(|t| t.text.chars().count() + 1)
                    .sum();
                let x = p.bbox[0] - between as f32 * 0.5 * typical;
                ([x, p.bbox[1], x + width, p.bbox[3]], p.order)
            }
            (before, after, Some(r)) => {
                // Lines of one block share its box, from top to bottom.
                let same = |l: &AnswerLine| l.region == answer[line].region;
                let first = answer[..line].iter().rev().take_while(|l| same(l)).count();
                let lines = first + answer[line..].iter().take_while(|l| same(l)).count();
                let share = (r[3] - r[1]) * size.1 / lines.max(1) as f32;
                let (x, y) = (r[0] * size.0, r[1] * size.1 + share * first as f32);
                let order = before.map(|(_, p)| p.order + 0.5).or(after.map(|(_, p)| p.order - 0.5));
                ([x, y, x + width, y + share.min(1.5 * typical)], order.unwrap_or(line as f32))
            }
            (Some((_, p)), _, None) => {
                let y = p.bbox[3] + 0.3 * typical;
                (
                    [p.bbox[0].min(size.0 * 0.1), y, p.bbox[0].min(size.0 * 0.1) + width, y + typical],
                    p.order + 0.5,
                )
            }
            (None, Some((_, p)), None) => {
                let y = p.bbox[1] - 1.3 * typical;
                ([p.bbox[0], y, p.bbox[0] + width, y + typical], p.order - 0.5)
            }
            (None, None, None) => {
                let y = size.1 * (line as f32 + 0.5) / (answer.len() + 1) as f32;
                ([size.0 * 0.1, y, size.0 * 0.1 + width, y + typical], line as f32)
            }
        };
        let clamp = |v: f32, most: f32| v.clamp(0.0, most);
        let [x0, y0, x1, y1] = bbox;
        let bbox = [clamp(x0, size.0), clamp(y0, size.1), clamp(x1, size.0), clamp(y1, size.1)];
        tokens[at].placed = Some(Placed { bbox, confidence: ESTIMATED, order, estimated: true });
    }
}

/// All words in the order of the page, with lines counted anew.
fn finish(tokens: &[Token<'_>], local: &[Word], used: &[bool]) -> (Vec<Word>, usize) {
    let remote = tokens.iter().filter_map(|t| t.placed.map(|p| (p, t.text.to_owned())));
    let kept = local.iter().zip(used).filter(|(w, used)| !**used && w.confidence >= CERTAIN);
    let kept = kept.map(|(w, _)| {
        let placed =
            Placed { bbox: w.bbox, confidence: w.confidence, order: w.line as f32, estimated: false };
        (placed, w.text.clone())
    });
    let mut all: Vec<(Placed, String)> = remote.chain(kept).collect();
    all.sort_by(|(a, _), (b, _)| a.order.total_cmp(&b.order).then(a.bbox[0].total_cmp(&b.bbox[0])));
    let (mut line, mut last) = (0, None);
    let estimated = all.iter().filter(|(p, _)| p.estimated).count();
    let words = all.into_iter().map(|(p, text)| {
        if last.is_some_and(|order: f32| (order - p.order).abs() > 0.25) {
            line += 1;
        }
        last = Some(p.order);
        Word { text, bbox: p.bbox, confidence: p.confidence.clamp(0.0, 1.0), line }
    });
    (words.collect(), estimated)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests;
