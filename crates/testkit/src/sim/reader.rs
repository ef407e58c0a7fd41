//! Readers outside any group.

use super::client::Client;
use super::state::Life;
use docmill_runtime::transport::{Read, ReadFrom, Reader, TransportError, Watermarks};
use futures::FutureExt;
use futures::future::{BoxFuture, pending};
use std::collections::VecDeque;
use std::pin::pin;

pub(super) struct SimReader {
    client: Client,
    topic: String,
    /// Partition, next offset, and where it ended when the reader looked, open transactions included.
    parts: VecDeque<(i32, i64, i64)>,
    told: bool,
}

impl SimReader {
    pub(super) fn new(
        client: Client,
        topic: String,
        marks: &[Watermarks],
        ends: &[i64],
        from: &ReadFrom,
    ) -> Self {
        let start = |m: &Watermarks| match from {
            ReadFrom::Beginning | ReadFrom::Partition(_) => m.low,
            ReadFrom::End => m.high,
            ReadFrom::Offsets(o) => {
                o.iter().find(|(p, _)| *p == m.partition).map_or(m.low, |(_, o)| (*o).clamp(m.low, m.high))
            }
        };
        let parts = marks
            .iter()
            .zip(ends)
            .filter(|(m, _)| !matches!(from, ReadFrom::Partition(p) if *p != m.partition))
            .map(|(m, end)| (m.partition, start(m), *end))
            .collect();
        Self { client, topic, parts, told: false }
    }

    fn look(&mut self) -> Option<Read> {
        let client = self.client.clone();
        let mut state = client.shared().lock();
        let mut caught_up = true;
        for _ in 0..self.parts.len() {
            self.parts.rotate_left(1);
            let Some((partition, next, end)) = self.parts.front_mut() else { continue };
            let Some(part) = state.part(&self.topic, *partition) else { continue };
            let records = part.fetch(*next, 1 << 20, usize::MAX, false);
            if let Some(last) = records.last() {
                *next = last.offset + 1;
                return Some(Read::Records { partition: *partition, records });
            }
            caught_up &= part.stable() >= *end;
        }
        (caught_up && !std::mem::replace(&mut self.told, true)).then_some(Read::CaughtUp)
    }
}

impl Reader for SimReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Read, TransportError>> {
        async move {
            let notify = self.client.shared().notify(&self.topic);
            loop {
                let mut changed = pin!(notify.notified());
                changed.as_mut().enable();
                match self.client.life() {
                    Life::Dead => return pending().await,
                    Life::CutOff { .. } => {
                        changed.await;
                        continue;
                    }
                    Life::Alive => {}
                }
                if let Some(read) = self.look() {
                    return Ok(read);
                }
                changed.await;
            }
        }
        .boxed()
    }
}
