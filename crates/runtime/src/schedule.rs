//! Who is next: deficit round robin over tenants, so that a flood of one delays nobody else inside the window.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Units a tenant may spend per round: about one page of work times this.
const QUANTUM: u64 = 4;

#[derive(Debug)]
struct Queue<T> {
    items: VecDeque<(u64, T)>,
    deficit: u64,
}

/// A fair queue.
#[derive(Debug)]
pub struct Fair<T> {
    queues: BTreeMap<Arc<str>, Queue<T>>,
    round: VecDeque<Arc<str>>,
    len: usize,
}

impl<T> Default for Fair<T> {
    fn default() -> Self {
        Self { queues: BTreeMap::new(), round: VecDeque::new(), len: 0 }
    }
}

impl<T> Fair<T> {
    /// Queues work of a tenant behind what it already has waiting. A cost of 0 counts as 1.
    pub fn push(&mut self, tenant: &Arc<str>, cost: u32, item: T) {
        self.queue(tenant).items.push_back((u64::from(cost.max(1)), item));
        self.len += 1;
    }

    /// Puts work in front of what the tenant has waiting.
    pub fn push_front(&mut self, tenant: &Arc<str>, cost: u32, item: T) {
        self.queue(tenant).items.push_front((u64::from(cost.max(1)), item));
        self.len += 1;
    }

    fn queue(&mut self, tenant: &Arc<str>) -> &mut Queue<T> {
        if !self.queues.contains_key(tenant) {
            self.round.push_back(Arc::clone(tenant));
        }
        self.queues
            .entry(Arc::clone(tenant))
            .or_insert_with(|| Queue { items: VecDeque::new(), deficit: QUANTUM })
    }

    /// The next piece of work.
    pub fn pop(&mut self) -> Option<T> {
        loop {
            let tenant = self.round.front()?;
            let Some(queue) = self.queues.get_mut(tenant) else {
                self.round.pop_front();
                continue;
            };
            match queue.items.front() {
                Some((cost, _)) if *cost <= queue.deficit => {
                    let (cost, item) = queue.items.pop_front()?;
                    queue.deficit -= cost;
                    self.len -= 1;
                    if queue.items.is_empty() {
                        self.forget_first();
                    }
                    return Some(item);
                }
                Some(_) => {
                    queue.deficit += QUANTUM;
                    self.round.rotate_left(1);
                }
                None => self.forget_first(),
            }
        }
    }

    /// Drops work, for example of a partition that is gone; returns what was dropped.
    pub fn remove_if(&mut self, mut gone: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut removed = Vec::new();
        for queue in self.queues.values_mut() {
            for (cost, item) in std::mem::take(&mut queue.items) {
                if gone(&item) { removed.push(item) } else { queue.items.push_back((cost, item)) }
            }
        }
        self.len -= removed.len();
        removed
    }

    /// Pieces of work that wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn forget_first(&mut self) {
        if let Some(tenant) = self.round.pop_front() {
            self.queues.remove(&tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// While two tenants both have work waiting, their shares differ by no more than a round and the largest cost.
        #[test]
        fn shares_hold_under_a_flood(
            flood in proptest::collection::vec(1u32..20, 50..200),
            calm in proptest::collection::vec(1u32..20, 5..50),
        ) {
            let (a, b): (Arc<str>, Arc<str>) = ("flood".into(), "calm".into());
            let mut fair = Fair::default();
            for cost in &flood { fair.push(&a, *cost, (true, *cost)); }
            for cost in &calm { fair.push(&b, *cost, (false, *cost)); }
            let (mut spent, mut left) = ([0i64; 2], [flood.len(), calm.len()]);
            while left[0] > 0 && left[1] > 0 {
                let (is_flood, cost) = fair.pop().unwrap();
                let who = usize::from(!is_flood);
                spent[who] += i64::from(cost);
                left[who] -= 1;
                prop_assert!((spent[0] - spent[1]).abs() <= 2 * (20 + i64::try_from(QUANTUM).unwrap()), "{:?}", spent);
            }
            let mut rest = 0;
            while fair.pop().is_some() { rest += 1; }
            prop_assert_eq!(rest, left[0] + left[1]);
            prop_assert!(fair.is_empty());
        }
    }

    #[test]
    fn one_tenants_work_keeps_its_order() {
        let t: Arc<str> = "t".into();
        let mut fair = Fair::default();
        for i in 0..10 {
            fair.push(&t, 7, i);
        }
        assert_eq!(fair.remove_if(|i| i % 2 == 1), [1, 3, 5, 7, 9]);
        fair.push_front(&t, 1, 100);
        assert_eq!(std::iter::from_fn(|| fair.pop()).collect::<Vec<_>>(), [100, 0, 2, 4, 6, 8]);
        assert_eq!(fair.len(), 0);
    }
}
