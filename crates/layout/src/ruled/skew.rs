//! How far a scanned page is askew, by its rules.

use crate::geometry::{Rect, median, middle_x, middle_y};
use docmill_contracts::Rule;

/// Shortest rule that says anything, points.
const LEAST: f32 = 40.0;
/// Less is none.
const NONE: f32 = 0.0005;

/// By how much level rules fall to the right, per point; upright ones go to the left as much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Skew(f32);

impl Skew {
    /// That of most rules.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let long = rules.iter().filter(|r| r.length() >= LEAST);
        let slope = |r: &Rule| {
            let (x, y) = (r.to[0] - r.from[0], r.to[1] - r.from[1]);
            if r.is_level() { y / x } else { -x / y }
        };
        let slope = median(long.map(slope).filter(|s| s.abs() < 0.1).collect(), 0.0);
        Self(if slope.abs() < NONE { 0.0 } else { slope })
    }

    /// Where a point would be if the page was not askew.
    pub(super) fn point(self, [x, y]: [f32; 2]) -> [f32; 2] {
        [x + self.0 * y, y - self.0 * x]
    }

    /// The same for a rectangle, by its middle.
    pub(super) fn upright(self, r: Rect) -> Rect {
        let (x, y) = (middle_x(r), middle_y(r));
        moved(r, self.0 * y, -self.0 * x)
    }

    /// A rectangle of the page that is not askew on the page as it is.
    pub(super) fn back(self, r: Rect) -> Rect {
        let (x, y) = (middle_x(r), middle_y(r));
        moved(r, -self.0 * y, self.0 * x)
    }
}

fn moved(r: Rect, x: f32, y: f32) -> Rect {
    [r[0] + x, r[1] + y, r[2] + x, r[3] + y]
}
