//! What of a page is blank, so that the detector need not look at it.
//!
//! Owns the plan: which rows and columns of the detector's picture are kept. Knows nothing of text. Rule: what is left out is even
//! paper, with even paper around it, so that no text is near a cut.

use std::ops::Range;

/// Side of the cells that are looked at, pixels of the detector's picture.
const CELL: usize = 8;
/// Blank cells that are kept around what is not blank.
const MARGIN: usize = 3;
/// By how much a pixel differs from its cell's mean at least, as a multiple of the paper's own deviation.
const NOISE: f32 = 5.0;
/// The least and the most that is asked for, in deviations of the normalised picture: about 6 and 24 of 255.
const CONTRAST: [f32; 2] = [0.105, 0.42];
/// Part of the cells that are paper on nearly every page.
const PAPER: usize = 4;
/// Pixels of a cell that differ at least; fewer are noise.
const PIXELS: usize = 3;
/// Sides of the picture are multiples of this.
const STEP: usize = 32;

/// Rows of the picture that are kept, as they come in the smaller one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Kept rows, from top to bottom.
    bands: Vec<Range<usize>>,
    /// First kept column.
    left: usize,
    /// Kept columns.
    pub(crate) width: usize,
    /// Kept rows, those that fill up to a whole step included.
    pub(crate) height: usize,
}

/// What there is to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Even paper alone.
    Nothing,
    /// So much of the picture that a smaller one would save little.
    All,
    /// A part.
    Part(Plan),
}

impl Kept {
    /// What to look at of a normalised picture of three planes.
    pub(crate) fn of(picture: &[f32], width: usize, height: usize) -> Self {
        let (columns, rows) = ink(picture, width, height);
        let (Some(first), Some(last)) = (columns.iter().position(|c| *c), columns.iter().rposition(|c| *c))
        else {
            return Self::Nothing;
        };
        let left = first.saturating_sub(MARGIN) * CELL / STEP * STEP;
        let right = ((last + 1 + MARGIN) * CELL).next_multiple_of(STEP).min(width);
        let mut bands: Vec<Range<usize>> = Vec::new();
        for (row, _) in rows.iter().enumerate().filter(|(_, ink)| **ink) {
            let from = row.saturating_sub(MARGIN) * CELL;
            let to = ((row + 1 + MARGIN) * CELL).min(height);
            match bands.last_mut() {
                Some(band) if from <= band.end => band.end = to,
                Some(_) | None => bands.push(from..to),
            }
        }
        let kept: usize = bands.iter().map(ExactSizeIterator::len).sum();
        let plan = Plan { bands, left, width: right - left, height: kept.next_multiple_of(STEP) };
        if plan.width * plan.height * 10 < width * height * 9 { Self::Part(plan) } else { Self::All }
    }
}

impl Plan {
    /// The kept part of a picture.
    pub(crate) fn cut(&self, picture: &[f32], width: usize, out: &mut Vec<f32>) {
        out.clear();
        out.reserve(3 * self.width * self.height);
        for plane in picture.chunks_exact(picture.len() / 3) {
            let row = |y: usize| &plane[y * width + self.left..][..self.width];
            let kept = self.bands.iter().flat_map(Clone::clone);
            // The last row is blank, and fills what is left of the last step.
            let fill = self.bands.last().map_or(0, |b| b.end - 1);
            for y in kept.chain(std::iter::repeat(fill)).take(self.height) {
                out.extend_from_slice(row(y));
            }
        }
    }

    /// By how much a row of the smaller picture is moved to the right and down in the whole one.
    pub(crate) fn shift(&self, y: f32) -> (f32, f32) {
        let mut top = 0;
        for band in &self.bands {
            if y < (top + band.len()) as f32 {
                return (self.left as f32, (band.start - top) as f32);
            }
            top += band.len();
        }
        let down = self.bands.last().map_or(0, |b| b.end - top);
        (self.left as f32, down as f32)
    }
}

/// Columns and rows of cells that hold something.
fn ink(picture: &[f32], width: usize, height: usize) -> (Vec<bool>, Vec<bool>) {
    let (across, down) = (width / CELL, height / CELL);
    let (mut columns, mut rows) = (vec![false; across], vec![false; down]);
    let plane = width * height;
    let contrast = contrast(picture.get(plane..2 * plane).unwrap_or_default(), width);
    let mut sums = vec![0.0_f32; width];
    // How many pixels of a column of eight are darker than their cell, and how many lighter.
    let mut counts = vec![[0_u8; 2]; width];
    for c in 0..3 {
        for (r, ink) in rows.iter_mut().enumerate() {
            let lines = &picture[c * plane + r * CELL * width..][..CELL * width];
            sums.fill(0.0);
            for line in lines.chunks_exact(width) {
                sums.iter_mut().zip(line).for_each(|(sum, v)| *sum += v);
            }
            for cell in sums.chunks_exact_mut(CELL) {
                let mean = cell.iter().sum::<f32>() / (CELL * CELL) as f32;
                cell.fill(mean);
            }
            counts.fill([0; 2]);
            for line in lines.chunks_exact(width) {
                for ([darker, lighter], (v, mean)) in counts.iter_mut().zip(line.iter().zip(&sums)) {
                    *darker += u8::from(mean - v > contrast);
                    *lighter += u8::from(v - mean > contrast);
                }
            }
            for (column, cell) in columns.iter_mut().zip(counts.chunks_exact(CELL)) {
                if differing(cell) >= PIXELS {
                    (*column, *ink) = (true, true);
                }
            }
        }
    }
    (columns, rows)
}

/// Pixels of a cell that differ from it. Where most do, in one way, they are the paper that a speck has set apart from the mean.
fn differing(cell: &[[u8; 2]]) -> usize {
    let sum = |side: usize| cell.iter().map(|counts| usize::from(counts[side])).sum::<usize>();
    let (darker, lighter) = (sum(0), sum(1));
    let most = CELL * CELL / 2;
    match (darker > most, lighter > most) {
        (true, _) => lighter,
        (_, true) => darker,
        (false, false) => darker + lighter,
    }
}

/// What makes a difference on the paper of a plane: faint print on clean paper is print, and what noise does is not.
fn contrast(plane: &[f32], width: usize) -> f32 {
    let [least, most] = CONTRAST;
    let mut variances = Vec::with_capacity(plane.len() / (CELL * CELL));
    let mut sums = vec![[0.0_f32; 2]; width / CELL];
    for lines in plane.chunks_exact(CELL * width.max(1)) {
        sums.fill([0.0; 2]);
        for line in lines.chunks_exact(width) {
            for (sum, cell) in sums.iter_mut().zip(line.as_chunks::<CELL>().0) {
                sum[0] += cell.iter().sum::<f32>();
                sum[1] += cell.iter().map(|v| v * v).sum::<f32>();
            }
        }
        let n = (CELL * CELL) as f32;
        variances.extend(sums.iter().map(|[sum, squares]| squares / n - (sum / n) * (sum / n)));
    }
    let place = variances.len() / PAPER;
    if place >= variances.len() {
        return most;
    }
    let (_, paper, _) = variances.select_nth_unstable_by(place, f32::total_cmp);
    (NOISE * paper.max(0.0).sqrt()).clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// White, with black stripes in the rectangles of columns and rows.
    fn picture(width: usize, height: usize, dark: &[(Range<usize>, Range<usize>)]) -> Vec<f32> {
        let mut out = vec![2.0; 3 * width * height];
        for (columns, rows) in dark {
            for y in rows.clone() {
                for x in columns.clone().step_by(2) {
                    (0..3).for_each(|c| out[c * width * height + y * width + x] = -2.0);
                }
            }
        }
        out
    }

    fn part(picture: &[f32], width: usize, height: usize) -> Plan {
        match Kept::of(picture, width, height) {
            Kept::Part(plan) => plan,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn margins_and_gaps_are_left_out_and_rows_find_their_way_back() {
        let page = picture(640, 960, &[(200..300, 100..110), (220..310, 701..712)]);
        let plan = part(&page, 640, 960);
        assert_eq!((plan.left, plan.width, plan.height), (160, 192, 128));
        assert_eq!(plan.bands, [72..136, 672..736]);
        let mut cut = Vec::new();
        plan.cut(&page, 640, &mut cut);
        assert_eq!(cut.len(), 3 * 192 * 128);
        let dark = (0..128).filter(|y| cut[y * 192 + 60..][..8].iter().any(|v| *v < 0.0));
        let back: Vec<usize> = dark.map(|y| (y as f32 + plan.shift(y as f32 + 0.5).1) as usize).collect();
        assert_eq!(back, (100..110).chain(701..712).collect::<Vec<_>>());
        assert!((plan.shift(500.0).0 - 160.0).abs() < 1e-6);
    }

    #[test]
    fn a_full_page_is_kept_and_an_empty_one_is_not() {
        let full = picture(320, 320, &[(0..320, 0..320)]);
        assert_eq!(Kept::of(&full, 320, 320), Kept::All);
        assert_eq!(Kept::of(&picture(320, 320, &[]), 320, 320), Kept::Nothing);
    }

    #[test]
    fn noise_is_no_ink_and_faint_text_is() {
        let mut page = picture(640, 960, &[]);
        // Two pixels of every cell.
        for y in (0..960).step_by(8) {
            for x in (0..640).step_by(8) {
                let speck =
                    |plane: usize| plane * 640 * 960 + y * 640 + x..plane * 640 * 960 + y * 640 + x + 2;
                (0..3).for_each(|plane| page[speck(plane)].fill(-2.0));
            }
        }
        assert_eq!(Kept::of(&page, 640, 960), Kept::Nothing);
        let mut few = picture(640, 960, &[]);
        few[203 * 640 + 304..203 * 640 + 306].fill(-2.0);
        assert_eq!(Kept::of(&few, 640, 960), Kept::Nothing, "two specks on clean paper");
        page[203 * 640 + 308..203 * 640 + 312].fill(1.4);
        assert_eq!(part(&page, 640, 960).bands, vec![176..232; 1]);
    }

    /// Paper whose brightness varies by so much, from a fixed sequence.
    fn noisy(deviation: f32) -> Vec<f32> {
        let mut page = picture(640, 960, &[]);
        let mut state = 1_u32;
        for v in &mut page {
            // The sum of four is nearly normal; its deviation is 0.577.
            let sum: f32 = (0..4)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / (1 << 24) as f32 - 0.5
                })
                .sum();
            *v += sum / 0.577 * deviation;
        }
        page
    }

    #[test]
    fn what_is_faint_is_measured_by_the_noise_of_its_paper() {
        let faint = |page: &mut Vec<f32>| {
            for y in 400..410 {
                page[y * 640 + 300..y * 640 + 340].iter_mut().step_by(2).for_each(|v| *v -= 0.3);
            }
        };
        let mut clean = picture(640, 960, &[]);
        faint(&mut clean);
        assert_eq!(part(&clean, 640, 960).bands, vec![376..440; 1], "17 of 255 on even paper");
        let mut page = noisy(0.035);
        assert_eq!(Kept::of(&page, 640, 960), Kept::Nothing, "2 of 255 are noise");
        faint(&mut page);
        assert_eq!(part(&page, 640, 960).bands, vec![376..440; 1], "print that stands out from noise");
        assert_eq!(Kept::of(&noisy(0.08), 640, 960), Kept::Nothing, "a poor scan of nothing");
    }
}
