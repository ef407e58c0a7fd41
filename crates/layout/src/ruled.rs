//! Tables with drawn lines: nets of level and upright rules, and the words in their meshes.
//!
//! Owns which nets are tables. Knows nothing of what the words mean. Rule: a table has text in two columns and two rows at
//! least, so that a frame around a page, a line below a heading and a box around an address are none; every word is taken
//! by at most one table.

mod cells;
mod net;
mod skew;

use crate::geometry::{middle_x, middle_y};
use crate::model::Table;
use crate::segment::{Segment, by_place};
use docmill_contracts::{Rule, Word};
use net::Grid;
use skew::Skew;

/// What the rules of a page make of it.
#[derive(Debug, Default)]
pub(crate) struct Ruled {
    /// What is left, and a stand-in for each table; sorted by place.
    pub(crate) segments: Vec<Segment>,
    /// The tables; [`Segment::table`] is the place in this list.
    pub(crate) tables: Vec<Table>,
    /// The level rules of the page.
    pub(crate) levels: Vec<Rule>,
}

/// The tables among upright segments.
pub(crate) fn find(segments: Vec<Segment>, words: &[Word], rules: &[Rule]) -> Ruled {
    let levels: Vec<Rule> = rules.iter().copied().filter(Rule::is_level).collect();
    let mut ruled = Ruled { segments, tables: Vec::new(), levels };
    let skew = Skew::of(rules);
    let mut grids: Vec<Grid> = net::nets(rules, skew).iter().filter_map(Grid::of).collect();
    // What lies in a cell of something larger comes first.
    grids.sort_by(|a, b| a.area().total_cmp(&b.area()));
    for grid in grids {
        let inner = |s: &Segment| {
            let at = skew.upright(s.bbox);
            s.table.is_some() && grid.holds(middle_x(at), middle_y(at))
        };
        if ruled.segments.iter().any(inner) {
            continue;
        }
        if let Some(table) = cells::table(&grid, &ruled.segments, words, skew) {
            ruled.take(table, words);
        }
    }
    ruled
}

impl Ruled {
    /// Puts a table in the place of its words.
    fn take(&mut self, table: Table, words: &[Word]) {
        let mut taken = vec![false; words.len()];
        let lines = table.rows.iter().flat_map(|r| &r.cells).flat_map(|c| &c.lines);
        lines.flat_map(|l| &l.words).for_each(|w| taken[*w as usize] = true);
        for segment in &mut self.segments {
            let before = segment.words.len();
            segment.words.retain(|w| !taken[*w as usize]);
            if segment.words.len() < before {
                segment.bbox = Segment::around(&segment.words, words);
            }
        }
        self.segments.retain(|s| s.table.is_some() || !s.words.is_empty());
        let bbox = crate::geometry::bounds(table.rows.iter().map(|r| r.bbox));
        let table_at = u32::try_from(self.tables.len()).ok();
        self.segments.push(Segment { bbox, words: Vec::new(), table: table_at });
        self.segments.sort_by(by_place);
        self.tables.push(table);
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests;
