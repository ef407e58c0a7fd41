//! Where the columns of a run of rows are.

use super::grid::is_number;
use super::{COLUMN_GAP, Strip};
use crate::geometry::{bounds, merged, middle_x, overlap, sane};
use crate::segment::Segment;
use docmill_contracts::Word;

/// Columns: stretches between white space that (nearly) no row covers. The rows with the most segments say where; the others
/// (totals, names that reach over several) only add what stands beside all of them.
pub(super) fn columns(strips: &[Strip], words: &[Word], h: f32) -> Vec<[f32; 2]> {
    let most = strips.iter().map(|s| s.segments.len()).max().unwrap_or(0);
    let full = |s: &&Strip| s.segments.len() * 10 >= most * 7 && s.segments.len() > 1;
    let core: Vec<&Strip> = strips.iter().filter(full).collect();
    // A first row of names may reach over its columns.
    let named = core.len() > 2 && strips.first().is_some_and(|s| full(&s));
    let body = if named { &core[1..] } else { &core[..] };
    let mut found = cover(body, core.len() / 8, h);
    let others = strips.iter().filter(|s| s.segments.len() > 1).flat_map(|s| &s.segments);
    let beside =
        |s: &&Segment| found.iter().all(|c| overlap(c[0], c[1], s.bbox[0], s.bbox[2]) <= -COLUMN_GAP * h);
    let added = merged(others.filter(beside).map(|s| [s.bbox[0], s.bbox[2]]).collect(), COLUMN_GAP * h);
    found.extend(added);
    found.sort_by(|a, b| a[0].total_cmp(&b[0]));
    if named {
        found = found.into_iter().flat_map(|c| halves(c, core[0], body, words, h)).collect();
    }
    // The whole extent belongs to some column.
    let all = bounds(strips.iter().map(|s| s.bbox));
    if let Some(first) = found.first_mut() {
        first[0] = first[0].min(all[0]);
    }
    if let Some(last) = found.last_mut() {
        last[1] = last[1].max(all[2]);
    }
    found
}

/// Stretches that more than `most` rows cover, at least a column's gap apart.
fn cover(rows: &[&Strip], most: usize, h: f32) -> Vec<[f32; 2]> {
    let mut ends: Vec<(f32, i32)> = Vec::new();
    for s in rows.iter().flat_map(|r| &r.segments) {
        ends.push((s.bbox[0], 1));
        ends.push((s.bbox[2], -1));
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let (mut depth, mut out) = (0, Vec::<[f32; 2]>::new());
    let least = i32::try_from(most).unwrap_or(0);
    for (x, step) in ends {
        let before = depth;
        depth += step;
        if before <= least && depth > least {
            match out.last_mut() {
                Some(last) if x - last[1] < COLUMN_GAP * h => {}
                _ => out.push([x, x]),
            }
        }
        if before > least
            && depth <= least
            && let Some(last) = out.last_mut()
        {
            last[1] = x;
        }
    }
    out
}

/// A column whose rows all have a number on one side of a gap and a text on the other, under two names: `6 pcs` below
/// `Qty Unit`. The gap is too small to be seen in a single row.
fn halves(column: [f32; 2], names: &Strip, body: &[&Strip], words: &[Word], h: f32) -> Vec<[f32; 2]> {
    let of_row = |strip: &Strip| -> Vec<usize> {
        let all = strip.segments.iter().flat_map(|s| &s.words).map(|w| *w as usize);
        all.filter(|w| (column[0]..=column[1]).contains(&middle_x(sane(words[*w].bbox)))).collect()
    };
    let rows: Vec<Vec<usize>> = body.iter().map(|s| of_row(s)).filter(|r| !r.is_empty()).collect();
    let names = of_row(names);
    if rows.len() < 3 || names.len() < 2 || rows.iter().any(|r| r.len() > 4) {
        return vec![column];
    }
    let x = |w: &usize| [sane(words[*w].bbox)[0], sane(words[*w].bbox)[2]];
    let taken = merged(rows.iter().flatten().chain(&names).map(x).collect(), 0.15 * h);
    for gap in taken.windows(2) {
        let at = f32::midpoint(gap[0][1], gap[1][0]);
        let side = |row: &[usize], right: bool| -> Vec<usize> {
            row.iter().copied().filter(|w| (x(w)[0] > at) == right).collect()
        };
        let mostly = |right: bool, number: bool| {
            let fits = |r: &&Vec<usize>| {
                let own = side(r, right);
                !own.is_empty() && is_number(own.iter().map(|w| words[*w].text.as_str())) == number
            };
            rows.iter().filter(fits).count() * 5 >= rows.len() * 4
        };
        let named = !side(&names, false).is_empty() && !side(&names, true).is_empty();
        if named
            && ((mostly(false, true) && mostly(true, false)) || (mostly(false, false) && mostly(true, true)))
        {
            return vec![[column[0], gap[0][1]], [gap[1][0], column[1]]];
        }
    }
    vec![column]
}
