//! What librdkafka says, as the runtime judges it.

use docmill_runtime::transport::TransportError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as C};
use std::error::Error;
use std::time::Duration;
use thiserror::Error;

/// Settings that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("these may not be set: {}", .0.join(", "))]
    Refused(Vec<String>),
    #[error("bootstrap_servers is empty")]
    NoServers,
}

/// What this crate finds wrong by itself.
#[derive(Debug, Error)]
pub(crate) enum Found {
    #[error("the client's thread ended")]
    ThreadEnded,
    #[error("an earlier transaction was left open")]
    LeftOpen,
    #[error("the client has not answered for {0} s")]
    NoAnswer(u64),
    #[error("the member has left its group")]
    NotAMember,
    #[error("partitions were lost since it was collected")]
    Stale,
    #[error("partitions cannot be lowered from {has} to {wanted}")]
    FewerPartitions { has: i32, wanted: i32 },
    #[error("{0}")]
    Admin(C),
    #[error("it is still open")]
    StillOpen,
    #[error("no leader was elected within {0} s")]
    NoLeader(u64),
}

pub(crate) fn broken(
    what: impl Into<String>,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> TransportError {
    TransportError::Broken { what: what.into(), source: source.into() }
}

/// Codes that pass by themselves.
pub(crate) fn passes(code: C) -> bool {
    matches!(
        code,
        C::BrokerTransportFailure
            | C::Resolve
            | C::MessageTimedOut
            | C::AllBrokersDown
            | C::OperationTimedOut
            | C::TimedOutQueue
            | C::WaitingForCoordinator
            | C::Retry
            | C::QueueFull
            | C::LeaderNotAvailable
            | C::NotLeaderForPartition
            | C::RequestTimedOut
            | C::BrokerNotAvailable
            | C::ReplicaNotAvailable
            | C::NetworkException
            | C::CoordinatorLoadInProgress
            | C::CoordinatorNotAvailable
            | C::NotCoordinator
            | C::NotEnoughReplicas
            | C::NotEnoughReplicasAfterAppend
            | C::RebalanceInProgress
            | C::NotController
            | C::KafkaStorageError
            | C::ConcurrentTransactions
            | C::UnstableOffsetCommit
            | C::ThrottlingQuotaExceeded
            | C::EligibleLeadersNotAvailable
            | C::OffsetNotAvailable
            // A question to a broker that was taken out of the cluster's list meanwhile.
            | C::DestroyBroker
    )
}

/// A member or producer with the same name is alive.
pub(crate) fn fenced(code: C) -> bool {
    matches!(
        code,
        C::Fenced
            | C::ProducerFenced
            | C::InvalidProducerEpoch
            | C::FencedInstanceId
            | C::TransactionCoordinatorFenced
    )
}

/// The code of an error; rdkafka leaves out those of an administrator's questions.
pub(crate) fn code(error: &KafkaError) -> Option<C> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// `what` was tried, and this came of it.
pub(crate) fn transport(what: impl Into<String>, error: KafkaError) -> TransportError {
    match code(&error) {
        Some(code) if passes(code) => {
            TransportError::Unavailable { what: what.into(), source: Box::new(error) }
        }
        Some(_) | None => broken(what, error),
    }
}

/// The same of an answer to an administrator.
pub(crate) fn admin(what: impl Into<String>, code: C) -> TransportError {
    if passes(code) {
        TransportError::Unavailable { what: what.into(), source: Box::new(Found::Admin(code)) }
    } else {
        broken(what, Found::Admin(code))
    }
}

/// Runs what blocks on a thread of its own: unlike tokio's, it does not hold up the end of the process.
pub(crate) async fn blocking<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TransportError> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || drop(tell.send(work())))
        .map_err(|e| broken("start a thread", e))?;
    told.await.map_err(|_| broken(name, Found::ThreadEnded))
}

/// The same with a limit of our own: there are calls of librdkafka that do not keep theirs when a coordinator goes away.
/// What was begun is left to itself then, with the client that it holds.
pub(crate) async fn bounded<T: Send + 'static>(
    name: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TransportError> {
    match tokio::time::timeout(limit, blocking(name, work)).await {
        Ok(ended) => ended,
        Err(_too_long) => {
            tracing::warn!(
                call = name,
                seconds = limit.as_secs(),
                "librdkafka does not answer; its client is given up"
            );
            let source = Box::new(Found::NoAnswer(limit.as_secs()));
            Err(TransportError::Unavailable { what: name.to_owned(), source })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_contracts::{Class, Classify};

    #[tokio::test]
    async fn a_call_that_never_returns_is_given_up() {
        let (hold, held) = std::sync::mpsc::sync_channel::<()>(0);
        let given_up = bounded("kafka-commit", Duration::from_millis(20), move || held.recv()).await;
        assert_eq!(given_up.unwrap_err().class(), Class::Transient);
        drop(hold);
        assert_eq!(bounded("kafka-commit", Duration::from_secs(60), || 7).await.unwrap(), 7);
    }

    #[test]
    fn brokers_that_do_not_answer_are_waited_for_and_refusals_are_not() {
        let of = |code| transport("read topic x", KafkaError::MetadataFetch(code)).class();
        assert_eq!((of(C::AllBrokersDown), of(C::OperationTimedOut)), (Class::Transient, Class::Transient));
        assert_eq!((of(C::TopicAuthorizationFailed), of(C::InvalidConfig)), (Class::Fatal, Class::Fatal));
        let asked = |code| transport("ask for topic settings", KafkaError::AdminOp(code)).class();
        assert_eq!((asked(C::OperationTimedOut), asked(C::InvalidConfig)), (Class::Transient, Class::Fatal));
        assert_eq!(of(C::DestroyBroker), Class::Transient);
    }
}
