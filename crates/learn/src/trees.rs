//! Gradient-boosted trees over dense features, trained on the same choices as [`crate::Linear`].
//!
//! Owns growing and evaluating. Rule: features are cut into at most 32 bins once; a tree is grown greedily, and ties go to
//! the lower feature, so that the same examples give the same forest.

use crate::rows::Choices;
use serde::{Deserialize, Serialize};

const BINS: usize = 32;

/// How a forest is grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeSettings {
    /// Trees.
    pub trees: usize,
    /// Splits from the root to a leaf at most.
    pub depth: usize,
    /// Share of each tree's answer that is added.
    pub rate: f64,
    /// Pull of leaves towards zero.
    pub l2: f64,
    /// Features in fewer choices than this are no columns.
    pub least: usize,
}

impl Default for TreeSettings {
    fn default() -> Self {
        Self { trees: 60, depth: 4, rate: 0.15, l2: 3.0, least: 5 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Node {
    /// Column, or none for a leaf.
    column: Option<u32>,
    /// Values up to this go to the left.
    at: f32,
    /// Answer of a leaf.
    answer: f32,
    /// Index of the left child; the right one follows it.
    left: u32,
}

/// Trees whose answers are added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    /// Names of the features that are columns, ascending.
    names: Vec<u32>,
    trees: Vec<Vec<Node>>,
}

struct Binned {
    names: Vec<u32>,
    cuts: Vec<Vec<f32>>,
    /// Bin of each row, column by column.
    bins: Vec<Vec<u8>>,
}

impl Forest {
    /// Grows a forest; every feature name that occurs in enough choices is a column, absent means zero.
    pub fn train(mut choices: Choices, settings: TreeSettings) -> Self {
        let names = choices.compact(settings.least);
        let binned = bin(&choices, names);
        let rows = choices.rows();
        let mut scores = vec![0.0_f64; rows];
        let mut trees = Vec::new();
        let (mut gradient, mut curve) = (vec![0.0; rows], vec![0.0; rows]);
        for _ in 0..settings.trees {
            gradients(&choices, &scores, &mut gradient, &mut curve);
            let tree = grow(&binned, &gradient, &curve, settings);
            for (row, score) in scores.iter_mut().enumerate() {
                *score += f64::from(walk(&tree, |column| value_of(&binned, column, row)));
            }
            trees.push(tree);
        }
        Self { names: binned.names, trees }
    }

    /// Score of a candidate.
    pub fn score(&self, row: &[(u32, f32)]) -> f32 {
        let mut dense = vec![0.0_f32; self.names.len()];
        for (name, value) in row {
            if let Ok(i) = self.names.binary_search(name) {
                dense[i] += value;
            }
        }
        self.trees.iter().map(|t| walk(t, |c| dense.get(c).copied().unwrap_or_default())).sum()
    }
}

fn walk(tree: &[Node], value: impl Fn(usize) -> f32) -> f32 {
    let mut at = 0;
    while let Some(node) = tree.get(at) {
        let Some(column) = node.column else { return node.answer };
        at = node.left as usize + usize::from(value(column as usize) > node.at);
    }
    0.0
}

fn value_of(binned: &Binned, column: usize, row: usize) -> f32 {
    let bin = usize::from(binned.bins[column][row]);
    // Any value of the bin: its upper cut, or something above the last one.
    binned.cuts[column].get(bin).copied().unwrap_or(f32::MAX)
}

fn bin(choices: &Choices, names: Vec<u32>) -> Binned {
    let rows = choices.rows();
    let mut columns = vec![vec![0.0_f32; rows]; names.len()];
    (0..rows).for_each(|row| {
        for (feature, value) in choices.row(row) {
            columns[feature as usize][row] += value;
        }
    });
    let mut cuts = Vec::new();
    let mut bins = Vec::new();
    for column in &columns {
        let mut sorted = column.clone();
        sorted.sort_by(f32::total_cmp);
        sorted.dedup();
        let step = (sorted.len() as f32 / BINS as f32).max(1.0);
        let mut own: Vec<f32> = Vec::new();
        let mut i = step;
        while (i as usize) < sorted.len() {
            own.push(f32::midpoint(sorted[i as usize - 1], sorted[i as usize]));
            i += step;
        }
        bins.push(column.iter().map(|v| own.partition_point(|c| c < v) as u8).collect());
        cuts.push(own);
    }
    Binned { names, cuts, bins }
}

fn gradients(choices: &Choices, scores: &[f64], gradient: &mut [f64], curve: &mut [f64]) {
    for i in 0..choices.len() {
        let (rows, weight) = choices.choice(i);
        let weight = f64::from(weight);
        let top = rows.clone().map(|r| scores[r]).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = rows.clone().map(|r| (scores[r] - top).exp()).sum();
        let good: f64 = rows.clone().filter(|r| choices.is_right(*r)).map(|r| (scores[r] - top).exp()).sum();
        for row in rows {
            let part = (scores[row] - top).exp();
            let (p, q) = (part / sum, if choices.is_right(row) { part / good.max(1e-12) } else { 0.0 });
            gradient[row] = weight * (p - q);
            curve[row] = weight * (p * (1.0 - p)).max(1e-4);
        }
    }
}

fn grow(binned: &Binned, gradient: &[f64], curve: &[f64], settings: TreeSettings) -> Vec<Node> {
    let leaf = |rows: &[u32]| {
        let g: f64 = rows.iter().map(|r| gradient[*r as usize]).sum();
        let h: f64 = rows.iter().map(|r| curve[*r as usize]).sum();
        Node { column: None, at: 0.0, answer: (-settings.rate * g / (h + settings.l2)) as f32, left: 0 }
    };
    let all: Vec<u32> = (0..gradient.len()).filter_map(|r| u32::try_from(r).ok()).collect();
    let mut tree = vec![leaf(&all)];
    let mut open = vec![(0_usize, all, 0_usize)];
    while let Some((at, rows, depth)) = open.pop() {
        if depth == settings.depth {
            continue;
        }
        let Some((column, bin)) = best_split(binned, gradient, curve, &rows, settings.l2) else { continue };
        let side = |r: &u32| usize::from(binned.bins[column][*r as usize]) > bin;
        let (right, left): (Vec<u32>, Vec<u32>) = rows.into_iter().partition(side);
        let child = tree.len();
        tree[at] = Node {
            column: u32::try_from(column).ok(),
            at: binned.cuts[column][bin],
            answer: 0.0,
            left: u32::try_from(child).unwrap_or(0),
        };
        tree.push(leaf(&left));
        tree.push(leaf(&right));
        open.push((child, left, depth + 1));
        open.push((child + 1, right, depth + 1));
    }
    tree
}

fn best_split(
    binned: &Binned,
    gradient: &[f64],
    curve: &[f64],
    rows: &[u32],
    l2: f64,
) -> Option<(usize, usize)> {
    let (mut g_all, mut h_all) = (0.0, 0.0);
    for r in rows {
        g_all += gradient[*r as usize];
        h_all += curve[*r as usize];
    }
    let value = |g: f64, h: f64| g * g / (h + l2);
    let mut best: Option<(f64, usize, usize)> = None;
    for (column, bins) in binned.bins.iter().enumerate() {
        let cuts = binned.cuts[column].len();
        if cuts == 0 {
            continue;
        }
        let mut sums = [(0.0, 0.0); BINS + 1];
        for r in rows {
            let slot = &mut sums[usize::from(bins[*r as usize])];
            slot.0 += gradient[*r as usize];
            slot.1 += curve[*r as usize];
        }
        let (mut g, mut h) = (0.0, 0.0);
        for (bin, (dg, dh)) in sums.iter().enumerate().take(cuts) {
            g += dg;
            h += dh;
            if h < 0.5 || h_all - h < 0.5 {
                continue;
            }
            let gain = value(g, h) + value(g_all - g, h_all - h) - value(g_all, h_all);
            if gain > 1e-3 && best.is_none_or(|(b, ..)| gain > b + 1e-12) {
                best = Some((gain, column, bin));
            }
        }
    }
    best.map(|(_, column, bin)| (column, bin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_learns_what_no_line_can_separate() {
        let mut choices = Choices::default();
        for i in 0..60 {
            // The first feature is seldom 1: where both values are as frequent, no first split has any gain.
            let (a, b) = (f32::from(u8::from(i % 4 == 0)), (i / 4 % 2) as f32);
            // Right is the candidate whose two features differ.
            let rows = vec![vec![(1, a), (2, b)], vec![(1, a), (2, 1.0 - b)]];
            let differ = (a - b).abs() > 0.5;
            choices.push(&rows, &[differ, !differ], 1.0);
        }
        let forest = Forest::train(choices, TreeSettings::default());
        assert!(forest.score(&[(1, 1.0)]) > forest.score(&[(1, 1.0), (2, 1.0)]));
        assert!(forest.score(&[(2, 1.0)]) > forest.score(&[]));
    }
}
