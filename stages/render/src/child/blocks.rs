//! A document of which only parts are in memory.
//!
//! Owns which parts those are. Knows nothing of PDF, nor where the bytes come from. Rule: however long a document is, no more than
//! [`KEPT`] blocks of it are held.

/// Bytes that are fetched at once where less is asked for.
const BLOCK: u64 = 32 * 1024;
/// Blocks that are kept: the tables at a document's end are looked into again and again.
const KEPT: usize = 16;
/// Most bytes that are fetched at once.
const MOST: u64 = 1024 * 1024;

/// Fetches bytes from an offset on, as many as there is room for; false where they cannot be had.
type Fetch<'a> = dyn FnMut(u64, &mut [u8]) -> bool + 'a;

/// Parts of a document of a known length.
pub(super) struct Blocks<'a> {
    length: u64,
    fetch: Box<Fetch<'a>>,
    kept: Vec<Block>,
    /// Rises with each use of a block.
    clock: u64,
}

struct Block {
    start: u64,
    used: u64,
    bytes: Vec<u8>,
}

impl<'a> Blocks<'a> {
    /// A document of `length` bytes, which `fetch` brings.
    pub(super) fn new(length: u64, fetch: impl FnMut(u64, &mut [u8]) -> bool + 'a) -> Self {
        Self { length, fetch: Box::new(fetch), kept: Vec::new(), clock: 0 }
    }

    /// Bytes of the document.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Fills `to` with the bytes from `offset` on; false where there are not as many, or they cannot be had.
    pub(super) fn read(&mut self, mut offset: u64, mut to: &mut [u8]) -> bool {
        if offset.checked_add(to.len() as u64).is_none_or(|end| end > self.length) {
            return false;
        }
        while !to.is_empty() {
            let wanted = to.len() as u64;
            // What is long is not asked for twice: images and fonts.
            let taken = if offset.is_multiple_of(BLOCK) && wanted >= BLOCK && !self.has(offset) {
                let taken = wanted.min(MOST) / BLOCK * BLOCK;
                let (now, _) = to.split_at_mut(taken as usize);
                if !(self.fetch)(offset, now) {
                    return false;
                }
                taken
            } else {
                let start = offset / BLOCK * BLOCK;
                let Some(block) = self.block(start) else { return false };
                let rest = block.get((offset - start) as usize..).unwrap_or_default();
                let taken = rest.len().min(to.len());
                to[..taken].copy_from_slice(&rest[..taken]);
                taken as u64
            };
            if taken == 0 {
                return false;
            }
            offset += taken;
            to = to.split_at_mut(taken as usize).1;
        }
        true
    }

    fn has(&self, start: u64) -> bool {
        self.kept.iter().any(|block| block.start == start)
    }

    /// The block that begins at `start`, in the place of the one that was not used for longest.
    fn block(&mut self, start: u64) -> Option<&[u8]> {
        self.clock += 1;
        let at = match self.kept.iter().position(|block| block.start == start) {
            Some(at) => at,
            None => self.bring(start)?,
        };
        let block = self.kept.get_mut(at)?;
        block.used = self.clock;
        Some(&block.bytes)
    }

    fn bring(&mut self, start: u64) -> Option<usize> {
        let length = BLOCK.min(self.length.checked_sub(start)?) as usize;
        let at = if self.kept.len() < KEPT {
            self.kept.push(Block { start, used: 0, bytes: Vec::new() });
            self.kept.len() - 1
        } else {
            let oldest = self.kept.iter().enumerate().min_by_key(|(_, block)| block.used);
            oldest.map(|(at, _)| at)?
        };
        let block = self.kept.get_mut(at)?;
        block.bytes.resize(length, 0);
        if (self.fetch)(start, &mut block.bytes) {
            block.start = start;
            Some(at)
        } else {
            self.kept.swap_remove(at);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn whatever_is_asked_for_is_what_is_there_and_little_is_kept() {
        let whole: Vec<u8> =
            (0..5_000_003_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let fetched = RefCell::new(Vec::new());
        let mut blocks = Blocks::new(whole.len() as u64, |offset, to| {
            fetched.borrow_mut().push((offset, to.len()));
            to.copy_from_slice(&whole[offset as usize..][..to.len()]);
            true
        });
        let mut next = 1_u64;
        for _ in 0..3000 {
            next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let offset = (next >> 33) % whole.len() as u64;
            let room = whole.len() as u64 - offset;
            let length = [1, 512, 70_000, 2_500_000][(next >> 20) as usize % 4].min(room);
            let mut found = vec![0; length as usize];
            assert!(blocks.read(offset, &mut found));
            assert!(found == whole[offset as usize..][..length as usize], "{offset} {length}");
        }
        assert!(blocks.kept.len() <= KEPT && blocks.kept.iter().all(|b| b.bytes.len() as u64 <= BLOCK));
        // The end, twice: it is fetched once.
        let end = whole.len() as u64 - 100;
        let mut found = [0; 100];
        assert!(blocks.read(end, &mut found));
        let before = fetched.borrow().len();
        assert!(blocks.read(end, &mut found) && found == whole[end as usize..]);
        assert_eq!(fetched.borrow().len(), before);
        assert!(fetched.borrow().iter().all(|(_, length)| *length as u64 <= MOST));
        assert!(!blocks.read(end + 1, &mut found) && !blocks.read(u64::MAX, &mut found));
    }

    #[test]
    fn what_cannot_be_fetched_is_asked_for_again() {
        let works = RefCell::new(false);
        let mut blocks = Blocks::new(100, |_, to| {
            to.fill(7);
            *works.borrow()
        });
        let mut found = [0; 10];
        assert!(!blocks.read(0, &mut found));
        *works.borrow_mut() = true;
        assert!(blocks.read(90, &mut found) && found == [7; 10]);
    }
}
