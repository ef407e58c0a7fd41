//! Rectangles that may be rotated: convex hull, smallest enclosing rectangle, growth.
//!
//! Owns plane geometry. Knows nothing of images. Rule: a quad's corners run clockwise from the top left one, as text is read.

/// A point in pixels; x to the right, y down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

impl Point {
    /// The point at x, y.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    fn minus(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }

    /// `self` moved by `step` times `along`.
    pub(crate) fn plus(self, along: Self, step: f32) -> Self {
        Self::new(self.x + along.x * step, self.y + along.y * step)
    }

    fn cross(self, other: Self) -> f32 {
        self.x * other.y - self.y * other.x
    }

    fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    /// Distance to another point.
    pub fn distance(self, other: Self) -> f32 {
        let d = self.minus(other);
        d.x.hypot(d.y)
    }
}

/// A rectangle, rotated or not: top left, top right, bottom right, bottom left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quad(pub [Point; 4]);

impl Quad {
    /// Length of the top side.
    pub fn width(&self) -> f32 {
        self.0[0].distance(self.0[1])
    }

    /// Length of the left side.
    pub fn height(&self) -> f32 {
        self.0[0].distance(self.0[3])
    }

    /// Where the diagonals meet.
    pub fn center(&self) -> Point {
        let [a, _, c, _] = self.0;
        Point::new(f32::midpoint(a.x, c.x), f32::midpoint(a.y, c.y))
    }

    /// Slope of the top side in radians, clockwise positive.
    pub fn angle(&self) -> f32 {
        let d = self.0[1].minus(self.0[0]);
        d.y.atan2(d.x)
    }

    /// x0, y0, x1, y1 of the upright rectangle around it.
    pub fn bounds(&self) -> [f32; 4] {
        self.0.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |[x0, y0, x1, y1], p| {
            [x0.min(p.x), y0.min(p.y), x1.max(p.x), y1.max(p.y)]
        })
    }

    /// The slice between two fractions of the top side.
    #[must_use]
    pub fn slice(&self, from: f32, to: f32) -> Self {
        let [a, b, c, d] = self.0;
        let (top, bottom) = (b.minus(a), c.minus(d));
        Self([a.plus(top, from), a.plus(top, to), d.plus(bottom, to), d.plus(bottom, from)])
    }

    /// Every side moved outwards by `distance`, as DB grows its shrunken text kernels.
    #[must_use]
    pub fn grown(&self, distance: f32) -> Self {
        let [a, b, c, d] = self.0;
        let (w, h) = (self.width().max(1e-6), self.height().max(1e-6));
        let right = Point::new((b.x - a.x) / w, (b.y - a.y) / w);
        let down = Point::new((d.x - a.x) / h, (d.y - a.y) / h);
        let moved = |p: Point, x: f32, y: f32| p.plus(right, x * distance).plus(down, y * distance);
        Self([moved(a, -1.0, -1.0), moved(b, 1.0, -1.0), moved(c, 1.0, 1.0), moved(d, -1.0, 1.0)])
    }

    /// Every point through `f`.
    #[must_use]
    pub fn map(&self, f: impl FnMut(Point) -> Point) -> Self {
        Self(self.0.map(f))
    }

    /// The same rectangle for text that runs downwards: its right side becomes the top.
    #[must_use]
    pub fn turned(&self) -> Self {
        let [a, b, c, d] = self.0;
        Self([b, c, d, a])
    }

    /// Four corners of a rectangle in any order round it, put in order.
    fn ordered(mut corners: [Point; 4]) -> Self {
        corners.sort_by(|p, q| p.x.total_cmp(&q.x));
        let [l0, l1, r0, r1] = corners;
        let (tl, bl) = if l0.y <= l1.y { (l0, l1) } else { (l1, l0) };
        let (tr, br) = if r0.y <= r1.y { (r0, r1) } else { (r1, r0) };
        Self([tl, tr, br, bl])
    }
}

/// The convex hull, counter-clockwise in a plane whose y points up; collinear points are left out. Sorts `points`.
pub(crate) fn convex_hull(points: &mut Vec<Point>) -> Vec<Point> {
    points.sort_by(|p, q| p.x.total_cmp(&q.x).then(p.y.total_cmp(&q.y)));
    points.dedup();
    if points.len() < 3 {
        return points.clone();
    }
    let mut hull: Vec<Point> = Vec::with_capacity(32);
    let chain = |hull: &mut Vec<Point>, base: usize, p: Point| {
        while hull.len() >= base + 2 {
            let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
            if b.minus(a).cross(p.minus(a)) > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(p);
    };
    for p in points.iter() {
        chain(&mut hull, 0, *p);
    }
    hull.pop();
    let base = hull.len();
    for p in points.iter().rev() {
        chain(&mut hull, base, *p);
    }
    hull.pop();
    hull
}

/// The rectangle of least area around a convex hull. One of its sides lies on a side of the hull, so each is tried.
pub(crate) fn min_area_rect(hull: &[Point]) -> Option<Quad> {
    let first = *hull.first()?;
    let mut best: Option<(f32, Quad)> = None;
    for (i, a) in hull.iter().enumerate() {
        let b = hull.get(i + 1).copied().unwrap_or(first);
        let length = a.distance(b);
        if length < 1e-6 {
            continue;
        }
        let u = Point::new((b.x - a.x) / length, (b.y - a.y) / length);
        let v = Point::new(-u.y, u.x);
        let (mut u0, mut u1, mut v0, mut v1) = (f32::MAX, f32::MIN, f32::MAX, f32::MIN);
        for p in hull {
            let d = p.minus(*a);
            let (s, t) = (d.dot(u), d.dot(v));
            (u0, u1, v0, v1) = (u0.min(s), u1.max(s), v0.min(t), v1.max(t));
        }
        let area = (u1 - u0) * (v1 - v0);
        if best.as_ref().is_none_or(|(least, _)| area < *least) {
            let corner = |s: f32, t: f32| a.plus(u, s).plus(v, t);
            let corners = [corner(u0, v0), corner(u1, v0), corner(u1, v1), corner(u0, v1)];
            best = Some((area, Quad::ordered(corners)));
        }
    }
    match best {
        Some((_, quad)) => Some(quad),
        None => Some(Quad([first; 4])),
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn the_hull_leaves_out_inner_and_collinear_points() {
        let mut points = [(0., 0.), (4., 0.), (2., 0.), (4., 3.), (0., 3.), (1., 1.), (2., 2.)]
            .map(|(x, y)| Point::new(x, y))
            .to_vec();
        let hull = convex_hull(&mut points);
        assert_eq!(hull.len(), 4);
        let quad = min_area_rect(&hull).unwrap();
        assert_eq!(quad.bounds(), [0.0, 0.0, 4.0, 3.0]);
        assert_eq!(quad.0[0], Point::new(0.0, 0.0));
        assert_eq!(quad.0[2], Point::new(4.0, 3.0));
    }

    #[test]
    fn a_line_or_a_point_has_a_flat_rectangle() {
        let line = min_area_rect(&convex_hull(&mut vec![Point::new(0., 0.), Point::new(5., 0.)])).unwrap();
        assert!(line.width().max(line.height()) > 4.9 && line.width().min(line.height()) < 0.1);
        assert!(min_area_rect(&[Point::new(1., 1.)]).unwrap().width() < 0.1);
        assert!(min_area_rect(&[]).is_none());
    }

    #[test]
    fn growth_moves_every_side_by_the_distance() {
        let quad = Quad([(2., 2.), (6., 2.), (6., 4.), (2., 4.)].map(|(x, y)| Point::new(x, y)));
        assert_eq!(quad.grown(1.0).bounds(), [1.0, 1.0, 7.0, 5.0]);
        assert_eq!(quad.slice(0.25, 0.5).bounds(), [3.0, 2.0, 4.0, 4.0]);
        assert_eq!(quad.turned().0[0], Point::new(6.0, 2.0));
    }
}
