//! What paths are drawn of.

use super::Object;

/// From the space of an object to that around it: a, b, c, d, e, f as PDF has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::child) struct Matrix(pub(in crate::child) [f32; 6]);

impl Matrix {
    pub(in crate::child) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// Where a point comes to lie.
    pub(in crate::child) fn point(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [a, b, c, d, e, f] = self.0;
        [a * x + c * y + e, b * x + d * y + f]
    }

    /// This one, and then `outer`.
    pub(in crate::child) fn then(&self, outer: &Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let [o, p, q, r, ..] = outer.0;
        let [x, y] = outer.point([e, f]);
        Self([a * o + b * q, a * p + b * r, c * o + d * q, c * p + d * r, x, y])
    }

    /// The rectangle around a rectangle, wherever it comes to lie.
    pub(in crate::child) fn rect(&self, [l, b, r, t]: super::Rect) -> super::Rect {
        let around = |[l, b, r, t]: super::Rect, [x, y]: [f32; 2]| [l.min(x), b.min(y), r.max(x), t.max(y)];
        let [x, y] = self.point([l, b]);
        [[r, b], [l, t], [r, t]].into_iter().map(|p| self.point(p)).fold([x, y, x, y], around)
    }

    /// By how much it enlarges.
    pub(in crate::child) fn scale(&self) -> f32 {
        let [a, b, c, d, ..] = self.0;
        (a * d - b * c).abs().sqrt()
    }
}

/// A part of a path, and where it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::child) enum Part {
    /// A new beginning.
    Move([f32; 2]),
    /// A straight line from where the last part ended.
    Line([f32; 2]),
    /// A curve.
    Curve([f32; 2]),
    /// A straight line back to the beginning.
    Close,
}

impl Object<'_> {
    /// From its space to that of the page, or of the form that it is in.
    pub(in crate::child) fn matrix(self) -> Option<Matrix> {
        // SAFETY: plain numbers, for which zero is a value; the object lives as long as the page, and the call writes the
        // numbers and nothing else.
        unsafe {
            let mut m = std::mem::zeroed();
            let known = self.library.0.FPDFPageObj_GetMatrix(self.handle.cast(), &raw mut m);
            (known != 0).then_some(Matrix([m.a, m.b, m.c, m.d, m.e, m.f]))
        }
    }

    /// Whether the inside of a path is painted, and its outline.
    pub(in crate::child) fn draw_mode(self) -> (bool, bool) {
        let (mut fill, mut stroke) = (0, 0);
        // SAFETY: the object lives as long as the page; the two numbers are written and nothing else.
        let known = unsafe {
            self.library.0.FPDFPath_GetDrawMode(self.handle.cast(), &raw mut fill, &raw mut stroke)
        };
        (known != 0 && fill != 0, known != 0 && stroke != 0)
    }

    /// Red, green, blue and opacity of its outline.
    pub(in crate::child) fn stroke(self) -> Option<[u8; 4]> {
        let [mut r, mut g, mut b, mut a] = [0; 4];
        // SAFETY: the object lives as long as the page; the four numbers are written and nothing else.
        let known = unsafe {
            let object = self.handle.cast();
            let library = &self.library.0;
            library.FPDFPageObj_GetStrokeColor(object, &raw mut r, &raw mut g, &raw mut b, &raw mut a)
        };
        (known != 0).then(|| [r, g, b, a].map(|v| u8::try_from(v).unwrap_or(u8::MAX)))
    }

    /// Width of its outline, in its own space.
    pub(in crate::child) fn stroke_width(self) -> f32 {
        let mut width = 0.0;
        // SAFETY: the object lives as long as the page; the number is written and nothing else.
        let known = unsafe { self.library.0.FPDFPageObj_GetStrokeWidth(self.handle.cast(), &raw mut width) };
        if known != 0 { width } else { 0.0 }
    }

    /// How many parts a path has.
    pub(in crate::child) fn parts(self) -> u32 {
        // SAFETY: the object lives as long as the page.
        u32::try_from(unsafe { self.library.0.FPDFPath_CountSegments(self.handle.cast()) }).unwrap_or(0)
    }

    /// The first `most` parts of a path, in its own space, as long as `take` wants more.
    pub(in crate::child) fn each_part(self, most: u32, mut take: impl FnMut(Part) -> bool) {
        const LINE: i32 = 0;
        const CURVE: i32 = 1;
        const MOVE: i32 = 2;
        let library = &self.library.0;
        for index in 0..i32::try_from(most.min(self.parts())).unwrap_or(0) {
            let (mut x, mut y) = (0.0, 0.0);
            // SAFETY: the object lives as long as the page, and so do its parts; an index out of range gives none, which the
            // calls refuse; only the two numbers are written.
            let (kind, known, closes) = unsafe {
                let part = library.FPDFPath_GetPathSegment(self.handle.cast(), index);
                let known = library.FPDFPathSegment_GetPoint(part, &raw mut x, &raw mut y) != 0;
                (library.FPDFPathSegment_GetType(part), known, library.FPDFPathSegment_GetClose(part) != 0)
            };
            let part = match kind {
                LINE if known => Part::Line([x, y]),
                CURVE if known => Part::Curve([x, y]),
                MOVE if known => Part::Move([x, y]),
                _ => return,
            };
            if !take(part) || (closes && !take(Part::Close)) {
                return;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn matrices_follow_each_other_and_turn_rectangles() {
        let turn = Matrix([0.0, 1.0, -1.0, 0.0, 100.0, 0.0]);
        let enlarge = Matrix([2.0, 0.0, 0.0, 2.0, 5.0, 7.0]);
        let both = turn.then(&enlarge);
        assert_eq!(both.point([3.0, 4.0]), enlarge.point(turn.point([3.0, 4.0])));
        assert_eq!(both.scale(), 2.0);
        assert_eq!(turn.rect([0.0, 0.0, 10.0, 2.0]), [98.0, 0.0, 100.0, 10.0]);
        assert_eq!(Matrix::IDENTITY.then(&turn), turn);
    }
}
