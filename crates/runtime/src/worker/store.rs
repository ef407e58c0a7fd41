//! Where the states of a gather's partitions lie: in memory, or in a file.
//!
//! States that are open for seconds are in memory as they are. Those that are kept for months are more than memory holds: they
//! lie in a file of their own a partition ([`docmill_states`]), as they stand in the changelog, which is what lasts.

use crate::stage::Gather;
use docmill_contracts::{Class, Codec, CodecError, Contract, ErrorInfo};
use docmill_states::{File, FileError};
use std::collections::{BTreeSet, HashMap};
use thiserror::Error;

/// When what failed at its deadline is asked again: not before the process starts anew.
pub(super) const NEVER: i64 = i64::MAX;

/// A file of states that cannot be used. The process ends: the changelog has what it needs to begin anew.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file cannot be made, read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A state that does not fit its schema.
    #[error("a state cannot be kept in its file: {0}")]
    Codec(#[from] CodecError),
}

impl StoreError {
    /// As the outcome of a record: it ends the worker.
    pub(super) fn info(&self, worker: &str) -> ErrorInfo {
        ErrorInfo {
            code: super::STATES_CODE.to_owned(),
            class: Class::Fatal,
            message: self.to_string(),
            stage: worker.to_owned(),
            page: None,
        }
    }
}

/// The states of one partition, and when they expire.
pub(super) enum Store<S> {
    Memory(Memory<S>),
    File(File, Codec),
}

impl<S: Contract> Store<S> {
    /// An empty one, as the gather wants it.
    pub(super) fn of<G: Gather<State = S>>(gather: &G, codec: &Codec) -> Result<Self, StoreError> {
        Ok(if gather.keeps_long() {
            Self::File(File::new()?, codec.clone())
        } else {
            Self::Memory(Memory::new())
        })
    }

    /// The state of a key, which is no longer kept.
    pub(super) fn take(&mut self, key: &str) -> Result<Option<S>, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.take(key)),
            Self::File(file, codec) => Ok(file.take(key)?.map(|value| codec.decode(&value)).transpose()?),
        }
    }

    /// Keeps the state of a key that has none.
    pub(super) fn put(&mut self, key: String, state: S, expires_at: i64) -> Result<(), StoreError> {
        match self {
            Self::Memory(memory) => memory.put(key, state, expires_at),
            Self::File(file, codec) => file.put(&key, expires_at, &codec.encode(&state)?)?,
        }
        Ok(())
    }

    /// When to ask for [`Store::expired`]: not after the first state expires.
    pub(super) fn expires_at(&self) -> Option<i64> {
        match self {
            Self::Memory(memory) => memory.expiries.first().map(|(at, _)| *at),
            Self::File(file, _) => file.earliest(),
        }
    }

    /// The key whose state expires first, if it does until `now_ms`.
    pub(super) fn expired(&mut self, now_ms: i64) -> Result<Option<String>, StoreError> {
        match self {
            Self::Memory(memory) => {
                Ok(memory.expiries.first().filter(|(at, _)| *at <= now_ms).map(|(_, key)| key.clone()))
            }
            Self::File(file, _) => Ok(file.due(now_ms)?),
        }
    }

    /// Whether a state is `such`.
    pub(super) fn any(&self, such: impl Fn(&S) -> bool) -> Result<bool, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.states.values().any(|(state, _)| such(state))),
            Self::File(file, codec) => {
                let mut found = Ok(false);
                file.each(|value| {
                    found = codec.decode(value).map(|state| such(&state));
                    matches!(found, Ok(false))
                })?;
                Ok(found?)
            }
        }
    }
}

/// States as they are.
pub(super) struct Memory<S> {
    states: HashMap<String, (S, i64)>,
    expiries: BTreeSet<(i64, String)>,
}

impl<S> Memory<S> {
    fn new() -> Self {
        Self { states: HashMap::new(), expiries: BTreeSet::new() }
    }

    fn take(&mut self, key: &str) -> Option<S> {
        let (key, (state, at)) = self.states.remove_entry(key)?;
        self.expiries.remove(&(at, key));
        Some(state)
    }

    fn put(&mut self, key: String, state: S, expires_at: i64) {
        self.expiries.insert((expires_at, key.clone()));
        self.states.insert(key, (state, expires_at));
    }
}

#[cfg(test)]
mod tests;
