//! Text boxes out of the detector's probability map (Differentiable Binarization, Liao et al. 2020).
//!
//! Owns binarisation, connected components, box score and growth. Knows nothing of models. Rule: at most
//! [`MAX_BOXES`] boxes come out, whatever the map.

use crate::disjoint::root;
use crate::geometry::{Point, Quad, convex_hull, min_area_rect};
use serde::{Deserialize, Serialize};

/// Most boxes of one page.
pub const MAX_BOXES: usize = 3000;

/// How the map becomes boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DbConfig {
    /// Probability above which a pixel is text, 0..=1.
    pub pixel_threshold: f32,
    /// Mean probability within a box below which it is dropped, 0..=1.
    pub box_threshold: f32,
    /// How far a box grows: its area times this, over its perimeter, in map pixels (ratio).
    pub unclip_ratio: f32,
    /// Least short side of a box before growth, map pixels.
    pub min_side: f32,
}

impl Default for DbConfig {
    fn default() -> Self {
        Self { pixel_threshold: 0.2, box_threshold: 0.4, unclip_ratio: 1.5, min_side: 2.0 }
    }
}

/// A map of text probabilities, row by row.
#[derive(Debug, Clone, Copy)]
pub struct ProbabilityMap<'a> {
    /// Width times height values, 0..=1.
    pub data: &'a [f32],
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A box in map pixels, pixel centres at whole numbers plus a half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextBox {
    /// Its corners.
    pub quad: Quad,
    /// Mean probability within it before growth.
    pub score: f32,
}

/// The text boxes of a map, in no particular order.
pub fn text_boxes(map: ProbabilityMap<'_>, config: &DbConfig) -> Vec<TextBox> {
    let mut boxes = Vec::new();
    for mut edge in components(map, config.pixel_threshold) {
        if boxes.len() == MAX_BOXES {
            break;
        }
        let hull = convex_hull(&mut edge);
        let Some(quad) = min_area_rect(&hull) else { continue };
        let (w, h) = (quad.width(), quad.height());
        if w.min(h) < config.min_side {
            continue;
        }
        let score = mean_within(map, &quad);
        if score < config.box_threshold {
            continue;
        }
        let distance = w * h * config.unclip_ratio / (2.0 * (w + h));
        boxes.push(TextBox { quad: quad.grown(distance), score });
    }
    boxes
}

/// A run of text pixels in one row: columns `from..to`.
struct Run {
    row: usize,
    from: usize,
    to: usize,
}

/// For each 8-connected component of text pixels: the corners of its runs, which hold its convex hull.
fn components(map: ProbabilityMap<'_>, threshold: f32) -> Vec<Vec<Point>> {
    let mut runs: Vec<Run> = Vec::new();
    let mut parent: Vec<usize> = Vec::new();
    let mut above = 0..0;
    if map.width == 0 {
        return Vec::new();
    }
    for (row, line) in map.data.chunks_exact(map.width).take(map.height).enumerate() {
        let start = runs.len();
        let mut x = 0;
        while let Some(skip) = line[x..].iter().position(|p| *p > threshold) {
            let from = x + skip;
            let to = line[from..].iter().position(|p| *p <= threshold).map_or(line.len(), |n| from + n);
            parent.push(runs.len());
            runs.push(Run { row, from, to });
            x = to;
        }
        // Two pointers over the runs of this row and the row above.
        let (mut i, mut j) = (above.start, start);
        while i < above.end && j < runs.len() {
            if runs[i].from <= runs[j].to && runs[j].from <= runs[i].to {
                union(&mut parent, i, j);
            }
            if runs[i].to < runs[j].to {
                i += 1;
            } else {
                j += 1;
            }
        }
        above = start..runs.len();
    }
    let mut slot = vec![usize::MAX; runs.len()];
    let mut found: Vec<Vec<Point>> = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let set = root(&mut parent, i);
        if slot[set] == usize::MAX {
            slot[set] = found.len();
            found.push(Vec::new());
        }
        let y = run.row as f32;
        found[slot[set]].extend([
            Point::new(run.from as f32, y),
            Point::new(run.from as f32, y + 1.0),
            Point::new(run.to as f32, y),
            Point::new(run.to as f32, y + 1.0),
        ]);
    }
    found
}

fn union(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b)] = a.min(b);
}

/// Mean of the pixels whose centres are within the quad.
fn mean_within(map: ProbabilityMap<'_>, quad: &Quad) -> f32 {
    let [_, y0, _, y1] = quad.bounds();
    let rows = (y0.floor().max(0.0) as usize)..(y1.ceil().max(0.0) as usize).min(map.height);
    let (mut sum, mut n) = (0.0_f64, 0_usize);
    for row in rows {
        let y = row as f32 + 0.5;
        let (mut left, mut right) = (f32::MAX, f32::MIN);
        for (i, a) in quad.0.iter().enumerate() {
            let b = quad.0[(i + 1) % 4];
            if (a.y <= y) != (b.y <= y) {
                let x = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
                (left, right) = (left.min(x), right.max(x));
            }
        }
        if left > right {
            continue;
        }
        let from = (left - 0.5).ceil().max(0.0) as usize;
        let to = ((right - 0.5).floor() + 1.0).clamp(0.0, map.width as f32) as usize;
        if from < to {
            let line = &map.data[row * map.width + from..row * map.width + to];
            sum += f64::from(line.iter().sum::<f32>());
            n += line.len();
        }
    }
    if n == 0 { 0.0 } else { (sum / n as f64) as f32 }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    /// A map with rectangles of probability `p`, each given by centre, size and angle in radians.
    fn draw(width: usize, height: usize, rects: &[(f32, f32, f32, f32, f32, f32)]) -> Vec<f32> {
        let mut data = vec![0.02; width * height];
        for (i, value) in data.iter_mut().enumerate() {
            let (x, y) = ((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
            for (cx, cy, w, h, angle, p) in rects {
                let (s, c) = angle.sin_cos();
                let (dx, dy) = (x - cx, y - cy);
                if (dx * c + dy * s).abs() <= w / 2.0 && (dy * c - dx * s).abs() <= h / 2.0 {
                    *value = *p;
                }
            }
        }
        data
    }

    fn found(rects: &[(f32, f32, f32, f32, f32, f32)], config: &DbConfig) -> Vec<TextBox> {
        let data = draw(320, 200, rects);
        text_boxes(ProbabilityMap { data: &data, width: 320, height: 200 }, config)
    }

    #[test]
    fn an_upright_rectangle_is_found_with_its_corners() {
        let config = DbConfig { unclip_ratio: 0.0, ..DbConfig::default() };
        let boxes = found(&[(100.0, 50.0, 80.0, 12.0, 0.0, 0.9)], &config);
        assert_eq!(boxes.len(), 1);
        assert_eq!(boxes[0].quad.bounds(), [60.0, 44.0, 140.0, 56.0]);
        assert!((boxes[0].score - 0.9).abs() < 1e-3);
    }

    #[test]
    fn rotated_rectangles_are_found_with_their_corners() {
        let config = DbConfig { unclip_ratio: 0.0, ..DbConfig::default() };
        for angle in [-0.5_f32, -0.05, 0.03, 0.2, 0.6] {
            let boxes = found(&[(160.0, 100.0, 120.0, 16.0, angle, 0.8)], &config);
            assert_eq!(boxes.len(), 1, "at {angle}");
            let (s, c) = angle.sin_cos();
            let corner = |u: f32, v: f32| Point::new(160.0 + u * c - v * s, 100.0 + u * s + v * c);
            let expected = [corner(-60., -8.), corner(60., -8.), corner(60., 8.), corner(-60., 8.)];
            for (got, want) in boxes[0].quad.0.iter().zip(expected) {
                assert!(got.distance(want) < 2.5, "{got:?} is not {want:?} at {angle}");
            }
            assert!((boxes[0].quad.angle() - angle).abs() < 0.02);
        }
    }

    #[test]
    fn growth_follows_area_over_perimeter() {
        let config = DbConfig { unclip_ratio: 1.5, ..DbConfig::default() };
        let boxes = found(&[(100.0, 100.0, 80.0, 20.0, 0.0, 0.9)], &config);
        let distance = 80.0 * 20.0 * 1.5 / 200.0;
        assert_eq!(
            boxes[0].quad.bounds(),
            [60.0 - distance, 90.0 - distance, 140.0 + distance, 110.0 + distance]
        );
    }

    #[test]
    fn what_is_faint_or_tiny_is_no_text() {
        let config = DbConfig { box_threshold: 0.6, ..DbConfig::default() };
        assert!(found(&[(50.0, 50.0, 40.0, 10.0, 0.0, 0.45)], &config).is_empty());
        assert!(found(&[(50.0, 50.5, 40.0, 1.0, 0.0, 0.9)], &config).is_empty());
        assert!(text_boxes(ProbabilityMap { data: &[], width: 0, height: 0 }, &config).is_empty());
    }

    #[test]
    fn pixels_that_touch_at_a_corner_are_one_component_and_others_are_not() {
        let config = DbConfig::default();
        let apart = [(50.0, 50.0, 40.0, 10.0, 0.0, 0.9), (50.0, 62.0, 40.0, 10.0, 0.0, 0.9)];
        assert_eq!(found(&apart, &config).len(), 2);
        let touching = [(50.0, 50.0, 40.0, 10.0, 0.0, 0.9), (90.0, 60.0, 40.0, 10.0, 0.0, 0.9)];
        assert_eq!(components_of(&touching), 1);
        let u_shape = [
            (50.0, 50.0, 10.0, 60.0, 0.0, 0.9),
            (90.0, 50.0, 10.0, 60.0, 0.0, 0.9),
            (70.0, 76.0, 50.0, 8.0, 0.0, 0.9),
        ];
        assert_eq!(components_of(&u_shape), 1);
    }

    fn components_of(rects: &[(f32, f32, f32, f32, f32, f32)]) -> usize {
        let data = draw(320, 200, rects);
        components(ProbabilityMap { data: &data, width: 320, height: 200 }, 0.3).len()
    }
}
