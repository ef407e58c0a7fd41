//! True lines of an image, and how many of their words were found.

use crate::OpsError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The true lines of an image.
pub(super) struct Truth {
    lines: Vec<Line>,
}

struct Line {
    /// x0, y0, x1, y1 in pixels.
    bounds: [f32; 4],
    words: Vec<String>,
}

impl Truth {
    /// Of an image; none where the folder has none. A list of `{quad, text}`, or `{segs, M}` of the OCR bench: strings with boxes on
    /// the upright page, and the matrix to the image.
    pub(super) fn of(folder: &Path, image: &str) -> Result<Option<Self>, OpsError> {
        let path = folder.join(image).with_extension("json");
        if !path.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(|e| OpsError::io("read", &path, e))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|e| OpsError::Usage(vec![format!("{}: {e}", path.display())]))?;
        Ok(Some(Self { lines: lines(&value) }))
    }

    /// True where a word is one of the true words whose line its middle is in; none where there is no line.
    pub(super) fn has(&self, word: &str, [x0, y0, x1, y1]: [f32; 4]) -> Option<bool> {
        let (x, y) = (f32::midpoint(x0, x1), f32::midpoint(y0, y1));
        let slack = (y1 - y0) / 4.0;
        let within = |l: &&Line| {
            let [left, top, right, bottom] = l.bounds;
            x >= left - slack && x <= right + slack && y >= top - slack && y <= bottom + slack
        };
        let mut near = self.lines.iter().filter(within).peekable();
        near.peek()?;
        let plain = plain(word);
        Some(near.any(|l| l.words.contains(&plain)))
    }
}

fn lines(value: &Value) -> Vec<Line> {
    let number = |v: &Value| v.as_f64().unwrap_or(0.0) as f32;
    if let Some(lines) = value.as_array() {
        let quads = lines.iter().map(|line| {
            let quad: Vec<f32> = line["quad"].as_array().into_iter().flatten().map(number).collect();
            let (points, _) = quad.as_chunks::<2>();
            (points.to_vec(), line["text"].as_str().unwrap_or_default())
        });
        return quads.map(|(points, text)| line(&points, text)).collect();
    }
    let matrix = |r: usize, c: usize| number(&value["M"][r][c]);
    let segments = value["segs"].as_array().into_iter().flatten().map(|seg| {
        let at = |x: &str, y: &str| {
            let (x, y) = (number(&seg[x]), number(&seg[y]));
            [0, 1].map(|r| matrix(r, 0) * x + matrix(r, 1) * y + matrix(r, 2))
        };
        let points = [at("x0", "y0"), at("x1", "y0"), at("x1", "y1"), at("x0", "y1")];
        line(&points, seg["text"].as_str().unwrap_or_default())
    });
    segments.collect()
}

fn line(points: &[[f32; 2]], text: &str) -> Line {
    let bounds = points.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |b, [x, y]| {
        [b[0].min(*x), b[1].min(*y), b[2].max(*x), b[3].max(*y)]
    });
    Line { bounds, words: text.split_whitespace().map(plain).collect() }
}

/// A word as it is compared: capitals and kinds of quotes and dashes make no difference, as the truth of the receipts is in capitals.
fn plain(word: &str) -> String {
    let same = |c: char| match c {
        '„' | '“' | '”' => '"',
        '‚' | '‘' | '’' => '\'',
        '–' | '—' | '−' => '-',
        c => c,
    };
    word.chars().map(same).flat_map(char::to_lowercase).collect()
}

/// Words counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) truth: usize,
    found: usize,
    hits: usize,
}

impl Count {
    /// Adds an image: words are matched as often as they stand in both.
    pub(super) fn add<'a>(&mut self, truth: &Truth, lines: impl Iterator<Item = &'a str>) {
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        for word in truth.lines.iter().flat_map(|l| &l.words) {
            *open.entry(word).or_default() += 1;
            self.truth += 1;
        }
        for word in lines.flat_map(str::split_whitespace).map(plain) {
            self.found += 1;
            if let Some(left) = open.get_mut(word.as_str()).filter(|left| **left > 0) {
                *left -= 1;
                self.hits += 1;
            }
        }
    }

    pub(super) fn recall(self) -> f64 {
        self.hits as f64 / self.truth.max(1) as f64
    }

    pub(super) fn precision(self) -> f64 {
        self.hits as f64 / self.found.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_counted_once_each_and_found_where_they_stand() {
        let truth = Truth {
            lines: lines(&json!([
                {"quad": [0, 0, 100, 0, 100, 20, 0, 20], "text": "SDN BHD"},
                {"quad": [0, 40, 100, 40, 100, 60, 0, 60], "text": "TOTAL 5.00"},
            ])),
        };
        let mut count = Count::default();
        count.add(&truth, ["Sdn bhd bhd", "total5.00"].into_iter());
        assert_eq!(count, Count { truth: 4, found: 4, hits: 2 });
        assert_eq!(truth.has("Total", [10., 42., 40., 58.]), Some(true));
        assert_eq!(truth.has("Total", [10., 2., 40., 18.]), Some(false));
        assert_eq!(truth.has("Total", [10., 200., 40., 218.]), None);
    }

    #[test]
    fn the_bench_s_own_truth_is_moved_into_the_image() {
        let found = lines(
            &json!({"M": [[1, 0, 5], [0, 1, 7]], "segs": [{"x0": 1, "y0": 2, "x1": 3, "y1": 4, "text": "a"}]}),
        );
        assert!(found[0].bounds.iter().zip([6., 9., 8., 11.]).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
