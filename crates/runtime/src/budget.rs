//! How much may be in the window: records and bytes, with hysteresis, so that fetching does not flutter.

/// A budget of records and bytes.
#[derive(Debug, Clone)]
pub struct Budget {
    records: usize,
    bytes: usize,
    max_records: usize,
    max_bytes: usize,
    full: bool,
}

impl Budget {
    /// An empty window with these limits.
    pub fn new(max_records: usize, max_bytes: usize) -> Self {
        Self { records: 0, bytes: 0, max_records, max_bytes, full: false }
    }

    /// A record came.
    pub fn take(&mut self, bytes: usize) {
        self.records += 1;
        self.bytes += bytes;
        self.full |= self.records >= self.max_records || self.bytes >= self.max_bytes;
    }

    /// A record was committed or dropped.
    pub fn give(&mut self, bytes: usize) {
        debug_assert!(self.records > 0 && self.bytes >= bytes, "more given back than taken");
        self.records = self.records.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.records * 4 <= self.max_records * 3 && self.bytes <= self.max_bytes / 4 * 3 {
            self.full = false;
        }
    }

    /// True from the moment a limit is reached until three quarters of both are left.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Records and bytes in the window.
    pub fn used(&self) -> (usize, usize) {
        (self.records, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn full_until_a_quarter_is_free_again() {
        let mut b = Budget::new(4, 1000);
        for _ in 0..4 {
            b.take(10);
        }
        assert!(b.is_full());
        b.give(10);
        assert!(!b.is_full());
        b.take(980);
        assert!(b.is_full());
        b.give(10);
        assert!(b.is_full(), "bytes are still above three quarters");
    }

    proptest! {
        #[test]
        fn returns_to_zero_after_any_schedule(sizes in proptest::collection::vec(0usize..5000, 0..200), seed: u64) {
            let mut b = Budget::new(16, 20_000);
            let (mut held, mut seed) = (Vec::new(), seed);
            for size in sizes {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if seed >> 63 == 0 || held.is_empty() {
                    b.take(size);
                    held.push(size);
                } else {
                    b.give(held.swap_remove((seed >> 33) as usize % held.len()));
                }
            }
            for size in held.drain(..) {
                b.give(size);
            }
            prop_assert_eq!(b.used(), (0, 0));
            prop_assert!(!b.is_full());
        }
    }
}
