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
    /// Partition, next offset, stable end when the reader looked.
    parts: VecDeque<(i32, i64, i64)>,
    told: bool,
}

impl SimReader {
    pub(super) fn new(client: Client, topic: String, marks: &[Watermarks], from: &ReadFrom) -> Self {
        let start = |m: &Watermarks| match from {
            ReadFrom::Beginning | ReadFrom::Partition(_) => m.low,
            ReadFrom::End => m.high,
            ReadFrom::Offsets(o) => {
                o.iter().find(|(p, _)| *p == m.partition).map_or(m.low, |(_, o)| (*o).clamp(m.low, m.high))
            }
        };
        let parts = marks
            .iter()
            .filter(|m| !matches!(from, ReadFrom::Partition(p) if *p != m.partition))
            .map(|m| (m.partition, start(m), m.high))
            .collect();
        Self { client, topic, parts, told: false }
    }

    fn look(&mut self) -> Option<Read> {
        let client = self.client.clone();
        let mut state = client.shared().lock();
        for _ in 0..self.parts.len() {
            self.parts.rotate_left(1);
            let (partition, next, end) = self.parts.front_mut()?;
            let records =
                state.part(&self.topic, *partition).map(|p| p.fetch(*next, 1 << 20, usize::MAX, false));
            let records = records.unwrap_or_default();
            if let Some(last) = records.last() {
                *next = last.offset + 1;
                return Some(Read::Records { partition: *partition, records });
            }
            *next = (*next).max(*end);
        }
        (!std::mem::replace(&mut self.told, true)).then_some(Read::CaughtUp)
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
