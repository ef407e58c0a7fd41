//! Where things are on the page as it is read: points from its top left.

use crate::child::pdfium::{Page, Rect};

/// The visible part of a page in PDF's own coordinates, and how it is turned to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Upright {
    left: f32,
    bottom: f32,
    right: f32,
    top: f32,
    /// Quarter turns clockwise.
    turns: u8,
}

impl Upright {
    /// As the page says that it is shown; none where it has no size.
    pub(super) fn of(page: &Page<'_>) -> Option<Self> {
        let (width, height) = page.size();
        if !(width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0) {
            return None;
        }
        let turns = page.turns();
        // Where PDFium does not say, the page starts at 0 0 and is as large as it is shown.
        let (w, h) = if turns.is_multiple_of(2) { (width, height) } else { (height, width) };
        let (left, bottom) = page.bounds().map_or((0.0, 0.0), |[l, b, ..]| (l, b));
        Some(Self { left, bottom, right: left + w, top: bottom + h, turns })
    }

    /// The same page, turned so that text whose baseline runs `turns` quarters anticlockwise is upright.
    pub(super) fn turned(self, turns: u8) -> Self {
        Self { turns: turns % 4, ..self }
    }

    /// Quarter turns clockwise.
    pub(super) fn turns(&self) -> u8 {
        self.turns
    }

    /// Width and height in points.
    pub(super) fn size(&self) -> (f32, f32) {
        let (w, h) = (self.right - self.left, self.top - self.bottom);
        if self.turns.is_multiple_of(2) { (w, h) } else { (h, w) }
    }

    /// A rectangle as x0, y0, x1, y1 from the top left of the page as it is read.
    pub(super) fn map(&self, [l, b, r, t]: Rect) -> [f32; 4] {
        let (l, r) = (l.min(r), l.max(r));
        let (b, t) = (b.min(t), b.max(t));
        match self.turns {
            1 => [b - self.bottom, l - self.left, t - self.bottom, r - self.left],
            2 => [self.right - r, b - self.bottom, self.right - l, t - self.bottom],
            3 => [self.top - t, self.right - r, self.top - b, self.right - l],
            _ => [l - self.left, self.top - t, r - self.left, self.top - b],
        }
    }
}
