//! Nets: rules that touch each other; and grids: the meshes of a net.

use super::skew::Skew;
use crate::geometry::{Rect, overlap};
use docmill_contracts::Rule;

/// How far the ends of rules that touch may be apart, points.
const TOUCH: f32 = 3.0;
/// Rules this close to each other are one border of a column or row, points.
const SAME: f32 = 3.0;
/// Share of a mesh's side that is drawn at least where there is a wall.
const WALL: f32 = 0.5;
/// Most columns, rows and meshes. More is a drawing.
const MAX_COLUMNS: usize = 64;
const MAX_ROWS: usize = 1000;
const MAX_MESHES: usize = 20_000;

/// A rule of a page that is not askew.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    /// Its place across the way that it runs.
    at: f32,
    from: f32,
    to: f32,
}

/// Rules that touch each other.
#[derive(Debug, Default)]
pub(super) struct Net {
    levels: Vec<Line>,
    uprights: Vec<Line>,
}

/// The nets of a page.
pub(super) fn nets(rules: &[Rule], skew: Skew) -> Vec<Net> {
    let line = |r: &Rule| {
        let (a, b) = (skew.point(r.from), skew.point(r.to));
        let (along, across) = if r.is_level() { (0, 1) } else { (1, 0) };
        Line { at: f32::midpoint(a[across], b[across]), from: a[along], to: b[along] }
    };
    let of = |level: bool| -> Vec<Line> {
        let mut lines: Vec<Line> = rules.iter().filter(|r| r.is_level() == level).map(line).collect();
        let key = |l: &Line| [l.at, l.from, l.to];
        lines.sort_by(|a, b| {
            let order = key(a).into_iter().zip(key(b)).map(|(a, b)| a.total_cmp(&b));
            order.into_iter().find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        lines
    };
    let (levels, uprights) = (of(true), of(false));
    // Level rules come first in the list of parents.
    let mut parents: Vec<usize> = (0..levels.len() + uprights.len()).collect();
    for (u, upright) in uprights.iter().enumerate() {
        let first = levels.partition_point(|l| l.at < upright.from - TOUCH);
        let beside = levels.iter().enumerate().skip(first).take_while(|(_, l)| l.at <= upright.to + TOUCH);
        for (l, _) in beside.filter(|(_, l)| l.from - TOUCH <= upright.at && upright.at <= l.to + TOUCH) {
            unite(&mut parents, l, levels.len() + u);
        }
    }
    let mut nets: Vec<Net> = parents.iter().map(|_| Net::default()).collect();
    for (i, line) in levels.iter().chain(&uprights).enumerate() {
        let net = &mut nets[root(&mut parents, i)];
        if i < levels.len() { net.levels.push(*line) } else { net.uprights.push(*line) }
    }
    nets.retain(|n| n.levels.len() > 1 && !n.uprights.is_empty());
    nets
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

fn unite(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    // The first one stands for all, whatever the order of the rules.
    parents[a.max(b)] = a.min(b);
}

/// A mesh of a grid, or several without a wall between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// The columns and rows of a net, and its cells.
#[derive(Debug)]
pub(super) struct Grid {
    /// Borders of the columns, from left to right, and of the rows, from top to bottom.
    pub(super) xs: Vec<f32>,
    pub(super) ys: Vec<f32>,
    pub(super) regions: Vec<Region>,
    /// The region of each mesh, row by row.
    meshes: Vec<usize>,
}

impl Grid {
    /// That of a net with two columns and two rows or more.
    pub(super) fn of(net: &Net) -> Option<Self> {
        let (xs, ys) = (borders(&net.uprights, &net.levels), borders(&net.levels, &net.uprights));
        let (columns, rows) = (xs.len().checked_sub(1)?, ys.len().checked_sub(1)?);
        let bounded = columns <= MAX_COLUMNS && rows <= MAX_ROWS && columns * rows <= MAX_MESHES;
        if columns < 2 || rows < 2 || !bounded {
            return None;
        }
        let mut parents: Vec<usize> = (0..columns * rows).collect();
        let across = walls(&net.uprights, &xs, &ys);
        let along = walls(&net.levels, &ys, &xs);
        for row in 0..rows {
            for column in 0..columns {
                let at = row * columns + column;
                if column > 0 && !across[(column - 1) * rows + row] {
                    unite(&mut parents, at - 1, at);
                }
                if row > 0 && !along[(row - 1) * columns + column] {
                    unite(&mut parents, at - columns, at);
                }
            }
        }
        let roots: Vec<usize> = (0..parents.len()).map(|i| root(&mut parents, i)).collect();
        Some(Self::cells(xs, ys, &roots))
    }

    /// The cells of meshes that hang together; what is no rectangle is cut into its rows.
    fn cells(xs: Vec<f32>, ys: Vec<f32>, roots: &[usize]) -> Self {
        let columns = xs.len() - 1;
        // First and last row and column, and number of meshes.
        let mut extents: Vec<Option<[usize; 5]>> = vec![None; roots.len()];
        for (i, root) in roots.iter().enumerate() {
            let (row, column) = (i / columns, i % columns);
            let e = extents[*root].get_or_insert([row, row, column, column, 0]);
            *e = [e[0].min(row), e[1].max(row), e[2].min(column), e[3].max(column), e[4] + 1];
        }
        let is_whole = |root: usize| {
            extents[root]
                .is_some_and(|[top, bottom, left, right, n]| (bottom - top + 1) * (right - left + 1) == n)
        };
        let (mut regions, mut meshes) = (Vec::<Region>::new(), vec![usize::MAX; roots.len()]);
        for (i, root) in roots.iter().enumerate() {
            let (row, column) = (i / columns, i % columns);
            let before = i.checked_sub(1).filter(|b| column > 0 && roots[*b] == *root);
            let above = i.checked_sub(columns).filter(|a| roots[*a] == *root && is_whole(*root));
            if let Some(known) = before.or(above) {
                let region = meshes[known];
                meshes[i] = region;
                let r = &mut regions[region];
                r.rows = r.rows.max(row + 1 - r.row);
                r.columns = r.columns.max(column + 1 - r.column);
            } else {
                meshes[i] = regions.len();
                regions.push(Region { row, column, rows: 1, columns: 1 });
            }
        }
        Self { xs, ys, regions, meshes }
    }

    pub(super) fn columns(&self) -> usize {
        self.xs.len() - 1
    }

    pub(super) fn rows(&self) -> usize {
        self.ys.len() - 1
    }

    pub(super) fn area(&self) -> f32 {
        let side = |v: &[f32]| v.last().zip(v.first()).map_or(0.0, |(b, a)| b - a);
        side(&self.xs) * side(&self.ys)
    }

    pub(super) fn holds(&self, x: f32, y: f32) -> bool {
        self.region(x, y).is_some()
    }

    /// The cell at a place.
    pub(super) fn region(&self, x: f32, y: f32) -> Option<usize> {
        let within = |v: &[f32], at: f32| {
            let before = v.partition_point(|border| *border <= at);
            (before > 0 && before < v.len()).then(|| before - 1)
        };
        let (column, row) = (within(&self.xs, x)?, within(&self.ys, y)?);
        self.meshes.get(row * self.columns() + column).copied()
    }

    /// The rectangle of rows and columns, both from and to the one behind the last.
    pub(super) fn rect(&self, rows: [usize; 2], columns: [usize; 2]) -> Rect {
        [self.xs[columns[0]], self.ys[rows[0]], self.xs[columns[1]], self.ys[rows[1]]]
    }
}

/// Where columns begin and end, by the lines between them; and where the rows do that have no line at their end.
fn borders(lines: &[Line], others: &[Line]) -> Vec<f32> {
    let mut out: Vec<f32> = Vec::new();
    let mut group: Vec<f32> = Vec::new();
    let mean = |group: &[f32]| group.iter().sum::<f32>() / group.len().max(1) as f32;
    // Lines come by their place.
    for line in lines {
        if group.first().is_some_and(|first| line.at - first > SAME) {
            out.push(mean(&group));
            group.clear();
        }
        group.push(line.at);
    }
    out.push(mean(&group));
    let from = others.iter().map(|l| l.from).fold(f32::MAX, f32::min);
    let to = others.iter().map(|l| l.to).fold(f32::MIN, f32::max);
    if from < out[0] - 2.0 * SAME {
        out.insert(0, from);
    }
    if to > out[out.len() - 1] + 2.0 * SAME {
        out.push(to);
    }
    out
}

/// For each inner border, and each stretch between two of the `ends`, whether there is a wall.
fn walls(lines: &[Line], borders: &[f32], ends: &[f32]) -> Vec<bool> {
    let (inner, stretches) = (borders.len().saturating_sub(2), ends.len() - 1);
    let mut drawn = vec![0.0_f32; inner * stretches];
    for line in lines {
        let off = |i: &usize| (borders[*i] - line.at).abs();
        let Some(border) = (0..borders.len()).min_by(|a, b| off(a).total_cmp(&off(b))) else { continue };
        if border == 0 || border > inner {
            continue;
        }
        let first = ends.partition_point(|e| *e <= line.from).saturating_sub(1);
        for at in first..stretches {
            if ends[at] >= line.to {
                break;
            }
            drawn[(border - 1) * stretches + at] +=
                overlap(line.from, line.to, ends[at], ends[at + 1]).max(0.0);
        }
    }
    let length = |i: usize| ends[i % stretches + 1] - ends[i % stretches];
    drawn.iter().enumerate().map(|(i, d)| *d >= WALL * length(i)).collect()
}
