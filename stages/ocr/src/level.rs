//! Boxes made better by the others of their line.
//!
//! Owns two corrections of the detector: a long word is cut in two here and there; and a word of low letters alone gets a low box,
//! enlarged by which its letters look like capitals (`cs` and `CS`). Knows nothing of images. Rule: a box only grows, and never
//! into another line's.

use crate::geometry::{Point, Quad};
use crate::order::skew;

/// Boxes wider than this many heights are left alone: among many letters some are high.
const SHORT: f32 = 4.0;
/// Boxes of at least this share of their neighbour's height are left alone.
const LOW: f32 = 0.9;
/// Boxes of less than this share of their neighbour's height are of another print.
const OTHER_PRINT: f32 = 0.45;

/// Boxes of one line that touch are one: the detector cuts long words here and there. Keeps the order of lines and within them.
pub(crate) fn join(quads: &[Quad], lines: &[Vec<usize>]) -> (Vec<Quad>, Vec<Vec<usize>>) {
    let (mut joined, mut order): (Vec<Quad>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    for line in lines {
        let start = joined.len();
        for i in line {
            let next = quads[*i];
            match joined[start..].last_mut().and_then(|last| Some((touching(last, &next)?, last))) {
                Some((both, last)) => *last = both,
                None => joined.push(next),
            }
        }
        order.push((start..joined.len()).collect());
    }
    (joined, order)
}

/// The box round two that touch, the second to the right of the first; none where they do not, or are not of one print.
fn touching(a: &Quad, b: &Quad) -> Option<Quad> {
    let (h, other) = (a.height(), b.height());
    let is_flat = |q: &Quad| q.height() < 1.5 * q.width();
    if !is_flat(a)
        || !is_flat(b)
        || h > other * 1.25
        || other > h * 1.25
        || (a.angle() - b.angle()).abs() > 0.05
    {
        return None;
    }
    // Along and across the first box.
    let (sin, cos) = a.angle().sin_cos();
    let place = |p: Point| {
        let (x, y) = (p.x - a.0[0].x, p.y - a.0[0].y);
        (x * cos + y * sin, y * cos - x * sin)
    };
    let across = (place(b.center()).1 - place(a.center()).1).abs();
    let gap = place(b.0[0]).0 - place(a.0[1]).0;
    let ends = place(b.0[1]).0 > place(a.0[1]).0;
    (ends && across < 0.2 * h && gap < 0.0 && gap > -2.0 * h).then(|| Quad([a.0[0], b.0[1], b.0[2], a.0[3]]))
}

/// Lets boxes reach further along their line, by a `share` of their height but at most to the middle of the gap to the next box: the
/// detector cuts first and last characters. What is blank of it is cut off again before it is read.
pub(crate) fn reach(quads: &mut [Quad], lines: &[Vec<usize>], share: f32) {
    let old = quads.to_vec();
    for line in lines {
        for (n, i) in line.iter().enumerate() {
            let own = &old[*i];
            let (w, h) = (own.width(), own.height());
            if h > w || w < 1.0 {
                continue;
            }
            let gap = |other: Option<&usize>| {
                other.map_or(f32::MAX, |j| {
                    let between = own.center().distance(old[*j].center());
                    ((between - f32::midpoint(w, old[*j].width())) / 2.0).max(0.0)
                })
            };
            let left = (share * h).min(gap(n.checked_sub(1).and_then(|n| line.get(n))));
            let right = (share * h).min(gap(line.get(n + 1)));
            quads[*i] = own.slice(-left / w, 1.0 + right / w);
        }
    }
}

/// Lets short boxes grow to the height of the nearest higher box of their line.
pub(crate) fn level(quads: &mut [Quad], lines: &[Vec<usize>]) {
    let angle = skew(quads);
    let (sin, cos) = angle.sin_cos();
    let down = Point::new(-sin, cos);
    let old = quads.to_vec();
    for line in lines {
        for i in line {
            let own = old[*i];
            if let Some(grown) = grown(&own, down, line.iter().filter(|j| *j != i).map(|j| &old[*j]))
                && !line_of_others(&old, line, &own, &grown)
            {
                quads[*i] = grown;
            }
        }
    }
}

/// The box between its own and its neighbour's upper and lower edge; none where it need not grow.
fn grown<'a>(own: &Quad, down: Point, others: impl Iterator<Item = &'a Quad>) -> Option<Quad> {
    let (w, h) = (own.width(), own.height());
    if w > SHORT * h || h > 1.5 * w {
        return None;
    }
    let center = own.center();
    let lies = |q: &&Quad| q.width() > q.height() && h < LOW * q.height() && h > OTHER_PRINT * q.height();
    let near = others.filter(lies).min_by(|a, b| {
        let distance = |q: &Quad| q.center().distance(center) - q.width() / 2.0;
        distance(a).total_cmp(&distance(b))
    })?;
    let there = near.center();
    let offset = (there.x - center.x) * down.x + (there.y - center.y) * down.y;
    let top = (offset - near.height() / 2.0 + h / 2.0).min(0.0);
    let bottom = (offset + near.height() / 2.0 - h / 2.0).max(0.0);
    let [a, b, c, d] = own.0;
    Some(Quad([a.plus(down, top), b.plus(down, top), c.plus(down, bottom), d.plus(down, bottom)]))
}

/// True where a box of another line is in the way.
fn line_of_others(quads: &[Quad], line: &[usize], own: &Quad, grown: &Quad) -> bool {
    let [x0, y0, x1, y1] = grown.bounds();
    let [_, own_top, _, own_bottom] = own.bounds();
    let in_way = |q: &Quad| {
        let [left, top, right, bottom] = q.bounds();
        let beside = right <= x0 || left >= x1;
        let above = bottom <= y0 + 1.0 || (top < own_top && bottom <= own_top && bottom - y0 < 2.0);
        let below = top >= y1 - 1.0 || (bottom > own_bottom && top >= own_bottom && y1 - top < 2.0);
        !(beside || above || below)
    };
    quads.iter().enumerate().any(|(i, q)| !line.contains(&i) && in_way(q))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::reading_order;

    fn quad(x: f32, y: f32, w: f32, h: f32) -> Quad {
        Quad([(x, y), (x + w, y), (x + w, y + h), (x, y + h)].map(|(x, y)| Point::new(x, y)))
    }

    fn leveled(mut quads: Vec<Quad>) -> Vec<[f32; 4]> {
        let lines = reading_order(&quads);
        level(&mut quads, &lines);
        quads.iter().map(Quad::bounds).collect()
    }

    #[test]
    fn boxes_that_touch_are_one_and_others_are_not() {
        let quads = [
            quad(0., 0., 100., 20.),
            quad(98., 1., 60., 20.),
            quad(162., 0., 40., 20.),
            quad(200., 0., 90., 40.),
        ];
        let (joined, order) = join(&quads, &[vec![0, 1, 2], vec![3]]);
        let bounds: Vec<_> = joined.iter().map(Quad::bounds).collect();
        assert_eq!(bounds, [[0., 0., 158., 21.], [162., 0., 202., 20.], [200., 0., 290., 40.]]);
        assert_eq!(order, [vec![0, 1], vec![2]]);
    }

    #[test]
    fn a_low_word_gets_the_height_of_its_line() {
        let found = leveled(vec![quad(10., 100., 200., 30.), quad(300., 112., 30., 18.)]);
        assert_eq!(found, [[10., 100., 210., 130.], [300., 100., 330., 130.]]);
    }

    #[test]
    fn boxes_reach_further_but_not_into_the_next_one() {
        let mut quads =
            vec![quad(50., 100., 200., 20.), quad(254., 100., 60., 20.), quad(400., 90., 10., 30.)];
        let line = vec![(0..3).collect::<Vec<_>>()];
        reach(&mut quads, &line, 0.25);
        let found: Vec<_> = quads.iter().map(|q| [q.bounds()[0], q.bounds()[2]].map(f32::round)).collect();
        assert_eq!(found, [[45., 252.], [252., 319.], [400., 410.]]);
    }

    #[test]
    fn long_words_other_prints_and_words_between_lines_stay() {
        let long = vec![quad(10., 100., 200., 30.), quad(300., 112., 90., 18.)];
        assert_eq!(leveled(long.clone()), long.iter().map(Quad::bounds).collect::<Vec<_>>());
        let other = vec![quad(10., 100., 400., 60.), quad(500., 120., 30., 20.)];
        assert_eq!(leveled(other.clone()), other.iter().map(Quad::bounds).collect::<Vec<_>>());
        let between =
            vec![quad(10., 100., 200., 30.), quad(300., 112., 30., 18.), quad(290., 90., 100., 15.)];
        assert_eq!(leveled(between.clone()), between.iter().map(Quad::bounds).collect::<Vec<_>>());
    }
}
