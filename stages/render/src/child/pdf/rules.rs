//! Straight lines that are drawn on a page: what stands between the cells of a table, among others.
//!
//! Owns which paths are rules: level and upright strokes, filled rectangles so thin that they look like strokes, and the
//! edges of others. Knows no table. Rule: it costs little. Paths that cannot be rules are left after two or three calls, and
//! no page makes it look at more than so many parts of paths.

use super::upright::Upright;
use crate::child::pdfium::{Matrix, Object, Part};
use docmill_contracts::{PackedRules, Rule};

/// Most parts of paths of a page that are looked at.
const MAX_PARTS: u32 = 20_000;
/// Most pieces of rules that are kept, before they are joined.
const MAX_PIECES: usize = 8000;
/// Most curves of a path that may hold rules: a rounded box has four, of three parts each.
const MAX_CURVES: u32 = 16;
/// Most parts of a filled path that is a rule as a whole.
const FEW_PARTS: u32 = 8;
/// Most corners of a filled shape whose edges count.
const MAX_CORNERS: usize = 10;
/// Shortest piece, and shortest rule, in points.
const LEAST_PIECE: f32 = 3.0;
const LEAST: f32 = 8.0;
/// Greatest thickness of a rule in points. What is thicker is an area with edges.
const THICK: f32 = 4.0;
/// How far a rule may run askew, of its length.
const ASKEW: f32 = 0.01;
/// How far pieces of one rule are beside each other, and apart, in points.
const OFF: f32 = 1.5;
const GAP: f32 = 2.0;
/// Darkest part of a colour that looks like the paper.
const PAPER: u8 = 250;
/// Least opacity that can be seen.
const FAINT: u8 = 13;

/// Rules of a page on their way.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pieces: Vec<Rule>,
    parts: u32,
}

/// How a path is drawn.
#[derive(Clone, Copy)]
struct Drawn {
    filled: bool,
    stroked: bool,
    /// Width of its outline in points.
    width: f32,
    /// What is not cut off.
    clip: [f32; 4],
}

impl Rules {
    /// Looks at a path; `outer` leads from what it is in to the page.
    pub(super) fn take(&mut self, path: Object<'_>, outer: &Matrix, upright: &Upright) {
        if self.pieces.len() >= MAX_PIECES || self.parts >= MAX_PARTS {
            return;
        }
        let (filled, stroked) = path.draw_mode();
        let Some(bounds) = path.bounds().filter(|_| filled || stroked) else { return };
        let around = upright.map(outer.rect(bounds));
        let (width, height) = upright.size();
        let on_page = around[0] < width && around[1] < height && around[2] > 0.0 && around[3] > 0.0;
        let (long, thin) = sides(around);
        if !on_page || long < LEAST_PIECE {
            return;
        }
        let count = path.parts();
        self.parts = self.parts.saturating_add(count.min(MAX_PARTS));
        let seen =
            |colour: Option<[u8; 4]>| colour.is_none_or(|[r, g, b, a]| a >= FAINT && r.min(g).min(b) < PAPER);
        let filled = filled && seen(path.fill());
        let stroked = stroked && seen(path.stroke());
        if !filled && !stroked {
            return;
        }
        let mut clip = [0.0, 0.0, width, height];
        if let Some((path, _)) = path.clip() {
            clip = common(clip, upright.map(outer.rect(path)));
        }
        // The bounds of strokes reach beyond their ends.
        if !stroked && thin <= THICK && count <= FEW_PARTS {
            self.push(middle(around), clip);
            return;
        }
        let Some(matrix) = path.matrix().map(|m| m.then(outer)) else { return };
        let width = if stroked { path.stroke_width() * matrix.scale() } else { 0.0 };
        let drawn = Drawn { filled, stroked, width, clip };
        let (mut shape, mut curves) = (Shape::default(), 0);
        path.each_part(MAX_PARTS, |part| {
            let place = |p| {
                let [x, y] = matrix.point(p);
                let [x, y, ..] = upright.map([x, y, x, y]);
                [x, y]
            };
            match part {
                Part::Move(to) => {
                    self.shape(&shape, drawn);
                    shape.begin(place(to));
                }
                Part::Line(to) => shape.push(place(to), true),
                Part::Curve(to) => {
                    curves += 1;
                    shape.push(place(to), false);
                }
                Part::Close => shape.closed = true,
            }
            curves <= MAX_CURVES && self.pieces.len() < MAX_PIECES
        });
        if curves <= MAX_CURVES {
            self.shape(&shape, drawn);
        }
    }

    /// The rules of one connected part of a path.
    fn shape(&mut self, shape: &Shape, drawn: Drawn) {
        let Some(first) = shape.points.first() else { return };
        let around = shape.points.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |[a, b, c, d], p| {
            [a.min(p.0[0]), b.min(p.0[1]), c.max(p.0[0]), d.max(p.0[1])]
        });
        let (long, thin) = sides(around);
        if long < LEAST_PIECE || (!drawn.stroked && shape.points.len() > MAX_CORNERS) {
            return;
        }
        if thin <= THICK {
            // Its two long sides are one rule; a thick outline makes it an area.
            self.edge(middle(around), drawn);
            return;
        }
        for pair in shape.points.windows(2).filter(|pair| pair[1].1) {
            self.edge(Rule::between(pair[0].0, pair[1].0), drawn);
        }
        if shape.closed || drawn.filled {
            let last = shape.points.last().unwrap_or(first);
            self.edge(Rule::between(last.0, first.0), drawn);
        }
    }

    fn edge(&mut self, rule: Rule, drawn: Drawn) {
        if !drawn.stroked || drawn.width <= THICK {
            self.push(rule, drawn.clip);
            return;
        }
        let across = usize::from(rule.is_level());
        for off in [-0.5, 0.5] {
            let mut edge = rule;
            edge.from[across] += off * drawn.width;
            edge.to[across] += off * drawn.width;
            self.push(edge, drawn.clip);
        }
    }

    fn push(&mut self, rule: Rule, clip: [f32; 4]) {
        let [x0, y0, x1, y1] = clip;
        let inside = |[x, y]: [f32; 2]| [x.clamp(x0, x1), y.clamp(y0, y1)];
        let askew = (rule.to[0] - rule.from[0]).abs().min((rule.to[1] - rule.from[1]).abs());
        if !(x0 <= x1 && y0 <= y1) || askew > ASKEW * rule.length() {
            return;
        }
        // What lies beside the clip altogether would come to lie on its edge.
        let across = usize::from(rule.is_level());
        let beside = (rule.from[across] - inside(rule.from)[across]).abs() > OFF;
        let rule = Rule { from: inside(rule.from), to: inside(rule.to) };
        let finite = rule.from.iter().chain(&rule.to).all(|v| v.is_finite());
        if !beside && finite && rule.length() >= LEAST_PIECE && self.pieces.len() < MAX_PIECES {
            self.pieces.push(rule);
        }
    }

    /// The rules, each once.
    pub(super) fn finish(&mut self) -> PackedRules {
        let mut rules = Rule::joined(std::mem::take(&mut self.pieces), OFF, GAP);
        rules.retain(|r| r.length() >= LEAST);
        PackedRules::pack(&rules)
    }
}

/// A connected part of a path: its points, and whether a straight line leads to each.
#[derive(Debug, Default)]
struct Shape {
    points: Vec<([f32; 2], bool)>,
    closed: bool,
}

impl Shape {
    fn begin(&mut self, at: [f32; 2]) {
        self.points.clear();
        self.points.push((at, false));
        self.closed = false;
    }

    fn push(&mut self, to: [f32; 2], straight: bool) {
        self.points.push((to, straight));
    }
}

/// The longer and the shorter side of a rectangle.
fn sides([x0, y0, x1, y1]: [f32; 4]) -> (f32, f32) {
    let (w, h) = (x1 - x0, y1 - y0);
    (w.max(h), w.min(h))
}

/// The line down the middle of a rectangle that is long and thin.
fn middle([x0, y0, x1, y1]: [f32; 4]) -> Rule {
    if x1 - x0 >= y1 - y0 {
        let y = f32::midpoint(y0, y1);
        Rule::between([x0, y], [x1, y])
    } else {
        let x = f32::midpoint(x0, x1);
        Rule::between([x, y0], [x, y1])
    }
}

fn common(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]
}
