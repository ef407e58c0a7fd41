//! One partition: records with offsets, some of them of open transactions.

use docmill_runtime::transport::{OutRecord, Record};
use std::collections::{BTreeMap, BTreeSet};

/// A transaction's number; rises.
pub(super) type Txn = u64;

#[derive(Default)]
pub(super) struct Partition {
    pub(super) low: i64,
    pub(super) next: i64,
    /// Records with the transaction that they belong to while it is open. Aborted ones are gone.
    records: Vec<(Option<Txn>, Record)>,
    /// First offset of each open transaction.
    open: BTreeMap<Txn, i64>,
}

impl Partition {
    pub(super) fn append(&mut self, txn: Option<Txn>, record: &OutRecord, now_ms: i64) {
        if let Some(txn) = txn {
            self.open.entry(txn).or_insert(self.next);
        }
        let record = Record {
            offset: self.next,
            timestamp_ms: now_ms,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.clone(),
        };
        self.records.push((txn, record));
        self.next += 1;
    }

    /// Ends a transaction with its marker; returns what became visible by it.
    pub(super) fn end(&mut self, txn: Txn, committed: bool) -> Vec<Record> {
        let Some(first) = self.open.remove(&txn) else { return Vec::new() };
        let begin = self.records.partition_point(|(_, r)| r.offset < first);
        let mut visible = Vec::new();
        if committed {
            for (of, record) in self.records.iter_mut().skip(begin).filter(|(of, _)| *of == Some(txn)) {
                *of = None;
                visible.push(record.clone());
            }
        } else {
            self.records.retain(|(of, _)| *of != Some(txn));
        }
        self.next += 1;
        visible
    }

    /// The last stable offset: where the first open transaction begins.
    pub(super) fn stable(&self) -> i64 {
        self.open.values().min().copied().unwrap_or(self.next)
    }

    pub(super) fn visible(&self) -> Vec<Record> {
        let stable = self.stable();
        self.records.iter().map(|(_, r)| r).filter(|r| r.offset < stable).cloned().collect()
    }

    /// Records from an offset on, about as many bytes as asked for.
    pub(super) fn fetch(&self, from: i64, bytes: usize, count: usize, uncommitted: bool) -> Vec<Record> {
        let stable = if uncommitted { self.next } else { self.stable() };
        let begin = self.records.partition_point(|(_, r)| r.offset < from);
        let mut size = 0;
        let fits = |r: &&Record| {
            let room = size < bytes;
            size += r.size();
            room
        };
        let stable = self.records.iter().skip(begin).map(|(_, r)| r).take_while(|r| r.offset < stable);
        stable.take(count).take_while(fits).cloned().collect()
    }

    /// Removes stable records that a later stable one of the same key replaces.
    pub(super) fn compact(&mut self) {
        let stable = self.stable();
        let mut seen = BTreeSet::new();
        let mut kept: Vec<(Option<Txn>, Record)> = Vec::with_capacity(self.records.len());
        for (of, record) in self.records.drain(..).rev() {
            if record.offset >= stable || record.key.as_ref().is_none_or(|key| seen.insert(key.clone())) {
                kept.push((of, record));
            }
        }
        kept.reverse();
        self.records = kept;
    }
}
