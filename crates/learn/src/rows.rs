//! Choices to learn from: candidates as sparse rows of features.
//!
//! Owns the layout in memory. Rule: rows of one choice lie together, so that a pass over all is one pass over memory.

use std::ops::Range;

/// Features of one candidate: name (a hash) and value. A name that occurs twice counts twice.
pub type Row = Vec<(u32, f32)>;

/// Choices, each among some candidates of which one or more are right.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    index: Vec<u32>,
    value: Vec<f32>,
    /// Where each row begins in `index`; one more than there are rows.
    starts: Vec<usize>,
    right: Vec<bool>,
    choices: Vec<(Range<usize>, f32)>,
}

impl Choices {
    /// Adds a choice; one without a right candidate teaches nothing and is left out.
    pub fn push(&mut self, rows: &[Row], right: &[bool], weight: f32) {
        if !right.iter().any(|r| *r) || rows.len() < 2 || weight <= 0.0 {
            return;
        }
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        let first = self.right.len();
        for (row, right) in rows.iter().zip(right) {
            for (index, value) in row.iter().filter(|(_, v)| v.is_finite()) {
                self.index.push(*index);
                self.value.push(*value);
            }
            self.starts.push(self.index.len());
            self.right.push(*right);
        }
        self.choices.push((first..self.right.len(), weight));
    }

    /// Number of choices.
    pub fn len(&self) -> usize {
        self.choices.len()
    }

    /// True where there is nothing to learn from.
    pub fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }

    /// Rows of a choice, and its weight.
    pub(crate) fn choice(&self, i: usize) -> (Range<usize>, f32) {
        self.choices.get(i).cloned().unwrap_or((0..0, 0.0))
    }

    /// Whether a row is right.
    pub(crate) fn is_right(&self, row: usize) -> bool {
        self.right.get(row).copied().unwrap_or(false)
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.right.len()
    }

    /// Features of a row.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(a), Some(b)) => *a..*b,
            _ => 0..0,
        };
        self.index[range.clone()].iter().copied().zip(self.value[range].iter().copied())
    }

    /// Names that occur in at least `least` choices, in ascending order; the rows then name features by their place among
    /// them, and lose the others.
    pub(crate) fn compact(&mut self, least: usize) -> Vec<u32> {
        let mut seen: Vec<(u32, u32)> = Vec::with_capacity(self.index.len());
        for (i, (rows, _)) in self.choices.iter().enumerate() {
            let choice = u32::try_from(i).unwrap_or(u32::MAX);
            let range = self.starts[rows.start]..self.starts[rows.end];
            seen.extend(self.index[range].iter().map(|f| (*f, choice)));
        }
        seen.sort_unstable();
        seen.dedup();
        let mut names = Vec::new();
        for run in seen.chunk_by(|a, b| a.0 == b.0) {
            if run.len() >= least {
                names.push(run[0].0);
            }
        }
        let (mut index, mut value, mut starts) = (Vec::new(), Vec::new(), vec![0]);
        for row in 0..self.rows() {
            for (name, v) in self.row(row) {
                if let Ok(place) = names.binary_search(&name) {
                    index.push(u32::try_from(place).unwrap_or(u32::MAX));
                    value.push(v);
                }
            }
            starts.push(index.len());
        }
        (self.index, self.value, self.starts) = (index, value, starts);
        names
    }
}
