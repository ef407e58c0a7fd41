//! Transactional producers: each step of a transaction is a call of its own, between which anything may happen.

use super::client::{Client, Op, Turn};
use super::member::{SharedSeat, Stamp};
use super::state::Position;
use super::{Fault, State, broken};
use docmill_runtime::transport::{CommitError, Producer, Transaction, TransportError};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) struct SimProducer {
    client: Client,
    id: String,
    epoch: u64,
    timeout: Duration,
    member: Option<SharedSeat>,
    lost: bool,
}

impl SimProducer {
    pub(super) fn new(
        client: Client,
        id: String,
        epoch: u64,
        timeout: Duration,
        member: Option<SharedSeat>,
    ) -> Self {
        Self { client, id, epoch, timeout, member, lost: false }
    }

    fn broke(&self) -> TransportError {
        broken(format!("commit a transaction of {}", self.id), "a fault that the test asked for")
    }

    fn fenced(&self) -> TransportError {
        TransportError::Fenced { group: self.id.clone(), slot: String::new() }
    }

    fn fatal(&mut self, source: TransportError) -> CommitError {
        let mut state = self.client.shared().lock();
        if state.careless && state.is_current(&self.id, self.epoch) {
            self.epoch = state.init(&self.id);
            self.client.shared().wake(state);
            return CommitError::Aborted(source);
        }
        drop(state);
        self.lost = true;
        CommitError::Fatal(source)
    }

    /// Takes effect if this producer is still the one of its id.
    fn act<T>(&mut self, act: impl FnOnce(&mut State, &str) -> T) -> Result<T, CommitError> {
        let client = self.client.clone();
        let mut state = client.shared().lock();
        if !state.is_current(&self.id, self.epoch) {
            drop(state);
            let fenced = self.fenced();
            return Err(self.fatal(fenced));
        }
        let done = act(&mut state, &self.id);
        client.shared().wake(state);
        Ok(done)
    }

    /// One step. None where the transaction goes on.
    async fn step(&mut self, op: Op) -> Result<Option<Turn>, CommitError> {
        loop {
            match self.client.turn(op, &self.id).await {
                Turn::Go | Turn::After(_) | Turn::Crash | Turn::CutOff(_) => return Ok(None),
                // Kafka's client waits for its broker within a transaction.
                Turn::Refuse => tokio::time::sleep(Duration::from_millis(100)).await,
                turn @ (Turn::Abort | Turn::Lose { .. }) => return Ok(Some(turn)),
            }
        }
    }

    /// Rolls back and says why, or loses the producer where the answer is lost.
    fn undo(&mut self, turn: Turn, why: TransportError) -> CommitError {
        if matches!(turn, Turn::Lose { .. }) {
            return self.fatal(why);
        }
        match self.act(|state, id| state.end(id, false, None)) {
            Ok(()) => CommitError::Aborted(why),
            Err(e) => e,
        }
    }

    async fn run(&mut self, transaction: &Transaction) -> Result<(), CommitError> {
        if self.lost {
            return Err(CommitError::Fatal(self.fenced()));
        }
        if transaction.records.is_empty() && transaction.offsets.is_empty() {
            return Ok(());
        }
        // What the consumer half was when it was asked; else what it is now.
        let (seat, generation) = match self.member.as_ref().map(SharedSeat::stamp) {
            None => (None, None),
            Some(Stamp { seat, generation: Some(generation) }) => (Some(seat), Some(generation)),
            Some(Stamp { seat, generation: None }) => {
                let state = self.client.shared().lock();
                let now = state.groups.get(&seat.group).and_then(|g| g.generation(&seat));
                drop(state);
                (Some(seat), now)
            }
        };
        if let Some(turn) = self.step(Op::Begin).await? {
            let why = self.broke();
            return Err(if turn == Turn::Abort { CommitError::Aborted(why) } else { self.fatal(why) });
        }
        let checked = self.act(|state, _| state.check(transaction))?;
        checked.map_err(CommitError::Aborted)?;
        if seat.is_none() && !transaction.offsets.is_empty() {
            return Err(CommitError::Aborted(broken("commit positions", "not a member")));
        }
        let fault =
            self.act(|state, id| state.faults.get_mut(id).and_then(std::collections::VecDeque::pop_front))?;
        let timeout = self.timeout;
        self.act(|state, id| state.begin(id, timeout))?;
        let (first, second) = transaction.records.split_at(transaction.records.len() / 2);
        for records in [first, second] {
            if let Some(turn) = self.step(Op::Send).await? {
                let why = self.broke();
                return Err(self.undo(turn, why));
            }
            self.act(|state, id| state.append(id, records))?;
        }
        if let (Some(seat), false) = (&seat, transaction.offsets.is_empty()) {
            if let Some(turn) = self.step(Op::Offsets).await? {
                let why = self.broke();
                return Err(self.undo(turn, why));
            }
            let taken = self.act(|state, id| {
                let Some(group) = state.groups.get(&seat.group) else { return false };
                if !generation.is_some_and(|g| group.accepts(seat, g)) {
                    return false;
                }
                let owned = group.owned(seat);
                let position = |c: &docmill_runtime::transport::OffsetCommit| Position {
                    commit: c.clone(),
                    owned: owned.contains(&c.partition),
                };
                let positions = transaction.offsets.iter().map(position).collect();
                state.hand_in(id, &seat.group, &seat.topic, positions);
                true
            })?;
            if !taken {
                let why = broken("commit positions", "the member's generation is stale");
                return Err(self.undo(Turn::Abort, why));
            }
        }
        let turn = match fault {
            Some(Fault::Aborted) => Some(Turn::Abort),
            Some(Fault::Fatal) => Some(Turn::Lose { done: false }),
            Some(Fault::CommittedButLost) => Some(Turn::Lose { done: true }),
            None => self.step(Op::End).await?,
        };
        match turn {
            Some(Turn::Lose { done: true }) => {
                self.commit_now(seat.as_ref())?;
                let why = self.broke();
                Err(self.fatal(why))
            }
            Some(turn) => {
                let why = self.broke();
                Err(self.undo(turn, why))
            }
            None => {
                self.commit_now(seat.as_ref())?;
                match self.step(Op::Ended).await? {
                    Some(Turn::Lose { .. } | Turn::Abort) => {
                        let why = self.broke();
                        Err(self.fatal(why))
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn commit_now(&mut self, seat: Option<&super::group::Seat>) -> Result<(), CommitError> {
        self.act(|state, id| {
            let owned = |s: &super::group::Seat| {
                state.groups.get(&s.group).map_or_else(BTreeSet::new, |g| g.owned(s))
            };
            let member = seat.map(|s| (s.group.clone(), owned(s)));
            state.end(id, true, member);
        })
    }
}

impl Producer for SimProducer {
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>> {
        async move { self.run(&transaction).await }.boxed()
    }
}
