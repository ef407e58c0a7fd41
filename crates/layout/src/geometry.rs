//! Rectangles of x0, y0, x1, y1, origin at the top left.

/// x0, y0, x1, y1.
pub(crate) type Rect = [f32; 4];

pub(crate) fn height(r: Rect) -> f32 {
    r[3] - r[1]
}

pub(crate) fn width(r: Rect) -> f32 {
    r[2] - r[0]
}

pub(crate) fn middle_x(r: Rect) -> f32 {
    f32::midpoint(r[0], r[2])
}

pub(crate) fn middle_y(r: Rect) -> f32 {
    f32::midpoint(r[1], r[3])
}

/// Length of the common part of two intervals, negative for a gap.
pub(crate) fn overlap(a0: f32, a1: f32, b0: f32, b1: f32) -> f32 {
    a1.min(b1) - a0.max(b0)
}

/// True where two rectangles stand on one line: they share half of the lower one's height.
pub(crate) fn beside(a: Rect, b: Rect) -> bool {
    overlap(a[1], a[3], b[1], b[3]) >= 0.5 * height(a).min(height(b)).max(0.01)
}

pub(crate) fn union(a: Rect, b: Rect) -> Rect {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// The smallest rectangle around all; nothing at the origin for none.
pub(crate) fn bounds(rects: impl IntoIterator<Item = Rect>) -> Rect {
    rects.into_iter().reduce(union).unwrap_or_default()
}

/// A rectangle that arithmetic can rely on, whatever an engine says.
pub(crate) fn sane(r: Rect) -> Rect {
    let v = r.map(|v| if v.is_finite() { v.clamp(-1e5, 1e5) } else { 0.0 });
    [v[0].min(v[2]), v[1].min(v[3]), v[0].max(v[2]), v[1].max(v[3])]
}

/// The value in the middle; `default` for none.
pub(crate) fn median(mut values: Vec<f32>, default: f32) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return default;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Merged intervals of those given, in order; gaps smaller than `least` are closed.
pub(crate) fn merged(mut intervals: Vec<[f32; 2]>, least: f32) -> Vec<[f32; 2]> {
    intervals.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut out: Vec<[f32; 2]> = Vec::new();
    for i in intervals {
        match out.last_mut() {
            Some(last) if i[0] - last[1] < least => last[1] = last[1].max(i[1]),
            _ => out.push(i),
        }
    }
    out
}
