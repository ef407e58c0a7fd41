//! Partitions that no member of a group owns, although nobody is about to take them.
//!
//! A cooperative rebalance takes partitions from one member first; that member joins again once it has given them up, and
//! only then do they find another owner. Where it dies in between and a static member with its name comes back within
//! the session time-out, the broker answers with the old assignment and no rebalance (KIP-345): what was given up would lie
//! there until somebody joins or leaves. So whoever joins looks for such partitions once, and has the group rebalance.

use crate::config::KafkaConfig;
use crate::error::{self, broken};
use crate::inbox::Inbox;
use docmill_runtime::transport::{Member, TransportError};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as C};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long one question to the brokers may take before it is asked again.
const ASK: Duration = Duration::from_secs(3);
/// Time between two questions, and longest poll.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a member may take to give up what is asked back from it.
const HANDOVER: Duration = Duration::from_secs(6);
/// How long a rebalance is waited for before the group is looked at again: a member that hangs leaves it after its session.
const REBALANCE: Duration = Duration::from_secs(20);
/// How long a group is looked for that is not to be seen, or rebalances all the time.
const PATIENCE: Duration = Duration::from_secs(120);
/// State of a group in which every member has its assignment.
const STABLE: &str = "Stable";

/// Looks, once, on a thread of its own; the group is that of `member`, its topic has `partitions`.
pub(crate) fn look(
    config: &KafkaConfig,
    member: &Member,
    partitions: i32,
    inbox: &Arc<Inbox>,
) -> Result<(), TransportError> {
    let passer_by = PasserBy { config: config.clone(), member: member.clone(), partitions };
    let inbox = Arc::clone(inbox);
    let work = move || {
        let group = passer_by.member.group.clone();
        if let Err(e) = passer_by.run(&|| inbox.lock().closing) {
            tracing::warn!(group, "whether every partition has an owner is not known: {e}");
        }
    };
    let thread = std::thread::Builder::new().name("kafka-orphans".into()).spawn(work);
    thread.map(drop).map_err(|e| broken("start a thread", e))
}

struct PasserBy {
    config: KafkaConfig,
    member: Member,
    partitions: i32,
}

impl PasserBy {
    /// Until every partition has an owner, or `closing`.
    fn run(&self, closing: &dyn Fn() -> bool) -> KafkaResult<()> {
        loop {
            // A dynamic member, so that joining and leaving are events for the group.
            let consumer: BaseConsumer<Joins> =
                self.config.passing(&self.member).create_with_context(Joins::default())?;
            let mut orphans = self.settled(&consumer, closing)?;
            if !orphans.is_empty() {
                // Most often their former owner is alive and just finishes what it has begun of them.
                let until = Instant::now() + HANDOVER;
                while Instant::now() < until && !closing() {
                    std::thread::sleep(PAUSE);
                }
                let still = self.settled(&consumer, closing)?;
                orphans.retain(|p| still.contains(p));
            }
            if orphans.is_empty() {
                return Ok(());
            }
            tracing::info!(group = self.member.group, ?orphans, "no member owns these: rebalance");
            self.pass(&consumer, closing)?;
        }
    }

    /// Partitions without an owner once the group is not at rebalancing; empty when `closing`.
    fn settled(
        &self,
        consumer: &BaseConsumer<Joins>,
        closing: &dyn Fn() -> bool,
    ) -> KafkaResult<BTreeSet<i32>> {
        let until = Instant::now() + PATIENCE;
        while !closing() {
            if Instant::now() > until {
                return Err(KafkaError::GroupListFetch(C::OperationTimedOut));
            }
            match self.orphans(consumer) {
                Ok(Some(orphans)) => return Ok(orphans),
                Ok(None) => {}
                // A broker that is away may be the one that knows the group.
                Err(e) if e.rdkafka_error_code().is_some_and(|c| error::passes(c) || c == C::Partial) => {}
                Err(e) => return Err(e),
            }
            std::thread::sleep(PAUSE);
        }
        Ok(BTreeSet::new())
    }

    /// Joins the group, and leaves it when it is dropped: each makes the group share out all partitions anew.
    fn pass(&self, consumer: &BaseConsumer<Joins>, closing: &dyn Fn() -> bool) -> KafkaResult<()> {
        consumer.subscribe(&[&self.member.topic])?;
        let until = Instant::now() + REBALANCE;
        while !consumer.context().0.load(Ordering::Acquire) && Instant::now() < until && !closing() {
            if let Some(Err(e)) = consumer.poll(PAUSE)
                && !e.rdkafka_error_code().is_some_and(error::passes)
            {
                return Err(e);
            }
        }
        Ok(())
    }

    /// Partitions without an owner; none where the group is at rebalancing.
    fn orphans(&self, consumer: &BaseConsumer<Joins>) -> KafkaResult<Option<BTreeSet<i32>>> {
        let found = consumer.client().fetch_group_list(Some(&self.member.group), ASK)?;
        let Some(group) = found.groups().iter().find(|g| g.name() == self.member.group) else {
            return Ok(None);
        };
        if group.state() != STABLE {
            return Ok(None);
        }
        let mut orphans: BTreeSet<i32> = (0..self.partitions).collect();
        for assignment in group.members().iter().filter_map(|m| m.assignment()) {
            let owned = assigned(assignment, &self.member.topic).ok_or(KafkaError::Canceled)?;
            orphans.retain(|p| !owned.contains(p));
        }
        Ok(Some(orphans))
    }
}

/// Whether it has been in the group.
#[derive(Default)]
struct Joins(AtomicBool);

impl ClientContext for Joins {}

impl ConsumerContext for Joins {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, err: RDKafkaRespErr, list: &mut TopicPartitionList) {
        // It takes nothing of what it is given.
        let nothing = TopicPartitionList::new();
        let answered = if err == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            consumer.incremental_assign(&nothing)
        } else {
            consumer.incremental_unassign(list)
        };
        if let Err(e) = answered {
            tracing::debug!("answer a rebalance: {e}");
        }
        self.0.store(true, Ordering::Release);
    }
}

/// Partitions of a topic in a member's assignment, in the consumer protocol's form: version, topics with their partitions,
/// and more that is of no interest.
fn assigned(bytes: &[u8], topic: &str) -> Option<BTreeSet<i32>> {
    let mut rest = bytes;
    if rest.is_empty() {
        return Some(BTreeSet::new());
    }
    let mut take = |n: usize| {
        let (taken, left) = rest.split_at_checked(n)?;
        rest = left;
        Some(taken)
    };
    take(2)?;
    let topics = i32::from_be_bytes(take(4)?.try_into().ok()?);
    let mut found = BTreeSet::new();
    for _ in 0..topics {
        let length = i16::from_be_bytes(take(2)?.try_into().ok()?);
        let name = take(usize::try_from(length).ok()?)?;
        let count = i32::from_be_bytes(take(4)?.try_into().ok()?);
        for _ in 0..count {
            let partition = i32::from_be_bytes(take(4)?.try_into().ok()?);
            if name == topic.as_bytes() {
                found.insert(partition);
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_and_a_torn_one_is_none() {
        let mut bytes = vec![0, 3, 0, 0, 0, 2];
        for (topic, partitions) in [("other", vec![7]), ("in", vec![0, 3])] {
            bytes.extend(i16::try_from(topic.len()).unwrap().to_be_bytes());
            bytes.extend(topic.as_bytes());
            bytes.extend(i32::try_from(partitions.len()).unwrap().to_be_bytes());
            partitions.iter().for_each(|p: &i32| bytes.extend(p.to_be_bytes()));
        }
        let whole = bytes.len();
        bytes.extend([0xff; 4]);
        assert_eq!(assigned(&bytes, "in"), Some(BTreeSet::from([0, 3])));
        assert_eq!(assigned(&bytes, "absent"), Some(BTreeSet::new()));
        assert_eq!(assigned(&[], "in"), Some(BTreeSet::new()));
        for end in 1..whole {
            assert_eq!(assigned(&bytes[..end], "in"), None, "{end} bytes");
        }
    }
}
