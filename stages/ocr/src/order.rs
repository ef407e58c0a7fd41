//! Reading order: lines from top to bottom, boxes within a line from left to right.

use crate::geometry::{Point, Quad};

/// Indices of `quads` in reading order, line by line. Boxes whose middles are less than half a box height apart, seen along the
/// page's skew, are on one line.
pub(crate) fn reading_order(quads: &[Quad]) -> Vec<Vec<usize>> {
    let (sin, cos) = skew(quads).sin_cos();
    let middle: Vec<Point> = quads
        .iter()
        .map(|q| {
            let c = q.center();
            Point::new(c.x * cos + c.y * sin, c.y * cos - c.x * sin)
        })
        .collect();
    let height = |i: usize| quads[i].height().min(quads[i].width());
    let mut by_y: Vec<usize> = (0..quads.len()).collect();
    by_y.sort_by(|a, b| middle[*a].y.total_cmp(&middle[*b].y));
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for i in by_y {
        let near = |line: &Vec<usize>| {
            let y = line.iter().map(|j| middle[*j].y).sum::<f32>() / line.len() as f32;
            let least = line.iter().map(|j| height(*j)).fold(height(i), f32::min);
            (middle[i].y - y).abs() < least / 2.0
        };
        // Only the last lines can be near: boxes come from top to bottom.
        match lines.iter().rposition(near) {
            Some(line) if line + 3 >= lines.len() => lines[line].push(i),
            Some(_) | None => lines.push(vec![i]),
        }
    }
    for line in &mut lines {
        line.sort_by(|a, b| middle[*a].x.total_cmp(&middle[*b].x));
    }
    lines
}

/// Median slope of the boxes that are wide enough to have one, radians.
pub(crate) fn skew(quads: &[Quad]) -> f32 {
    let mut angles: Vec<f32> =
        quads.iter().filter(|q| q.width() > 3.0 * q.height()).map(Quad::angle).collect();
    angles.sort_by(f32::total_cmp);
    let median = angles.get(angles.len() / 2).copied().unwrap_or(0.0);
    if median.abs() < 0.5 { median } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quad(x: f32, y: f32, w: f32, h: f32, angle: f32) -> Quad {
        let (s, c) = angle.sin_cos();
        Quad(
            [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
                .map(|(x, y)| Point::new(x * c - y * s, x * s + y * c)),
        )
    }

    #[test]
    fn lines_come_from_top_to_bottom_and_boxes_from_left_to_right() {
        let quads = [
            quad(300., 52., 90., 20., 0.),
            quad(10., 90., 90., 20., 0.),
            quad(10., 50., 90., 20., 0.),
            quad(150., 48., 90., 22., 0.),
            quad(10., 10., 200., 24., 0.),
        ];
        assert_eq!(reading_order(&quads), [vec![4], vec![2, 3, 0], vec![1]]);
        assert!(reading_order(&[]).is_empty());
    }

    #[test]
    fn a_skewed_page_is_read_along_its_lines() {
        for angle in [0.04, -0.04] {
            let mut quads = Vec::new();
            for row in 0..6 {
                for column in 0..4 {
                    quads.push(quad(column as f32 * 300., 100. + row as f32 * 30., 120., 20., angle));
                }
            }
            assert_eq!(reading_order(&quads).concat(), (0..24).collect::<Vec<_>>(), "at {angle}");
        }
    }
}
