//! How unlike the layouts that a model was trained on a document is.
//!
//! Owns what makes a layout: which words without digits stand where on the first page. Knows no field. Rule: names and
//! amounts differ in every document of a layout, labels and their places do not.

use super::layout::Layout;
use docmill_learn::rows_hash;

/// Most words of a layout.
const WORDS: usize = 96;

/// The words of a page with their places on a coarse raster, as ascending hashes.
pub fn signature(page: &Layout) -> Vec<u32> {
    let mut words = Vec::new();
    for segment in &page.segments {
        if segment.plain.contains(|c: char| c.is_ascii_digit()) || segment.plain.split(' ').count() > 4 {
            continue;
        }
        let column = (8.0 * segment.bbox[0] / page.width) as u64;
        for word in segment.plain.split(' ').filter(|w| w.len() >= 3) {
            words.push((rows_hash(word.as_bytes()) ^ column.wrapping_mul(0x9e37_79b9)) as u32);
        }
    }
    words.sort_unstable();
    words.dedup();
    // The lowest hashes: the same choice for every document of a layout.
    words.truncate(WORDS);
    words
}

/// 0 for a layout that is known, 1 for one that has nothing in common with any; none where nothing is known.
pub fn novelty(own: &[u32], known: &[Vec<u32>]) -> Option<f64> {
    let nearest = known
        .iter()
        .filter(|k| !k.is_empty())
        .map(|k| common(own, k))
        .fold(None, |best, share| Some(best.map_or(share, |b: f64| b.max(share))))?;
    Some(((1.0 - nearest) * 1000.0).round() / 1000.0)
}

/// Share of the smaller set that is in both.
fn common(a: &[u32], b: &[u32]) -> f64 {
    let shared = a.iter().filter(|w| b.binary_search(w).is_ok()).count();
    shared as f64 / a.len().min(b.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_layout_is_not_new_and_another_one_is() {
        let known = vec![vec![1, 2, 3, 4], vec![10, 20, 30]];
        assert_eq!(novelty(&[1, 2, 3, 4], &known), Some(0.0));
        assert_eq!(novelty(&[1, 2, 77, 78], &known), Some(0.5));
        assert_eq!(novelty(&[5, 6], &known), Some(1.0));
        assert_eq!(novelty(&[5, 6], &[]), None);
    }
}
