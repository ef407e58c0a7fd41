mod poison;
mod seeded;

use super::*;
use crate::transport::OffsetCommit;
use docmill_contracts::Class;
use rand::{Rng, seq::IndexedRandom};

fn limits() -> Limits {
    Limits {
        concurrency: 3,
        window_records: 16,
        window_bytes: 1 << 20,
        window_span: 32,
        attempt_timeout: Duration::from_secs(10),
        retry_deadline: Duration::from_secs(60),
        commit_interval: Duration::from_millis(100),
        commit_records: 8,
        commit_bytes: 1 << 20,
        drain: Duration::from_secs(3),
        breaker_window: 10,
        breaker_ratio: 0.5,
    }
}

type D = Driver<i64, i64>;
type Flight = (Vec<Entry<i64>>, Vec<OffsetCommit>);

fn driver() -> D {
    Driver::new(limits(), RetryPolicy::default(), 1)
}

fn item(offset: i64) -> Item<i64> {
    Item { offset, tenant: "t".into(), order: None, units: 1, bytes: 10, payload: offset }
}

fn assign(d: &mut D) -> Vec<Effect<i64, i64>> {
    d.on(Event::Assigned { partition: 0, offset: 0, metadata: String::new() }, 0)
}

fn tickets(effects: &[Effect<i64, i64>]) -> Vec<Ticket> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Start { ticket, .. } = e { Some(*ticket) } else { None })
        .collect()
}

fn done(ticket: Ticket) -> Event<i64, i64> {
    Event::Finished { ticket, outcome: Outcome::Done(ticket.offset), bytes: 1 }
}

fn failed(ticket: Ticket, class: Class) -> Event<i64, i64> {
    let error =
        ErrorInfo { code: "T-0001".into(), class, message: "m".into(), stage: "t".into(), page: None };
    Event::Finished { ticket, outcome: Outcome::Failed(error), bytes: 0 }
}

fn fetch(d: &mut D, offsets: std::ops::Range<i64>, now: i64) -> Vec<Effect<i64, i64>> {
    let items = offsets.map(item).collect();
    opened(d, Event::Fetched { partition: 0, items }, now)
}

/// Takes an event; where it opens the partition, that is committed.
fn opened(d: &mut D, event: Event<i64, i64>, now: i64) -> Vec<Effect<i64, i64>> {
    let mut effects = d.on(event, now);
    if matches!(&effects[..], [Effect::Commit { entries, .. }, ..] if entries.is_empty()) {
        effects.remove(0);
        effects.extend(d.on(Event::Committed, now));
    }
    effects
}

fn commit_of(effects: Vec<Effect<i64, i64>>) -> Option<Flight> {
    effects.into_iter().find_map(|e| {
        if let Effect::Commit { entries, offsets } = e { Some((entries, offsets)) } else { None }
    })
}

#[test]
fn a_slow_record_delays_neither_the_others_nor_their_commit() {
    let mut d = driver();
    assert!(matches!(assign(&mut d)[..], [Effect::Resume(_)]));
    let t = tickets(&fetch(&mut d, 0..3, 0));
    assert_eq!(t.len(), 3);
    let (entries, offsets) = commit_of(d.on(done(t[1]), 5)).unwrap();
    assert_eq!(entries[0].offset, Some(1));
    assert_eq!(offsets[0].offset, 0, "record 0 still runs");
    assert!(!offsets[0].metadata.is_empty(), "but the one after it is in the bitmap");
}

#[test]
fn a_lone_record_is_committed_at_once() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..1, 1000));
    let (entries, offsets) = commit_of(d.on(done(t[0]), 1001)).unwrap();
    assert_eq!((entries.len(), offsets[0].offset), (1, 1));
    d.on(Event::Committed, 1002);
    assert_eq!(d.window(), (0, 0));
}

#[test]
fn what_was_rolled_back_is_committed_again_without_running_again() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..1, 0));
    let (entries, _) = commit_of(d.on(done(t[0]), 1)).unwrap();
    assert!(tickets(&d.on(Event::Aborted(entries), 2)).is_empty());
    let at = d.wakes_at().unwrap();
    let (entries, offsets) = commit_of(d.on(Event::Tick, at)).unwrap();
    assert_eq!((entries[0].outputs, offsets[0].offset), (0, 1));
}

#[test]
fn commits_that_keep_failing_end_in_a_clear_stop() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..1, 0));
    let mut effects = d.on(done(t[0]), 1);
    let mut now = 1;
    loop {
        let Some((entries, _)) = commit_of(effects) else { panic!("no commit") };
        let after = d.on(Event::Aborted(entries), now);
        if let [Effect::Halt(why)] = &after[..] {
            assert!(matches!(**why, Halt::Commits { for_ms } if for_ms >= 120_000));
            break;
        }
        now = d.wakes_at().unwrap();
        effects = d.on(Event::Tick, now);
    }
}

#[test]
fn a_failing_record_sleeps_without_a_permit_and_then_dies() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..4, 0));
    let started = tickets(&d.on(failed(t[0], Class::Transient), 1));
    assert_eq!(started[0].offset, 3, "its permit is free");
    let mut now = 1;
    for ticket in [t[1], t[2], started[0]] {
        d.on(done(ticket), now);
    }
    let mut effects = d.on(Event::Committed, now);
    let (mut attempt, mut buried) = (1, None);
    while buried.is_none() {
        for ticket in tickets(&effects) {
            attempt += 1;
            assert_eq!((ticket.offset, ticket.attempt), (0, attempt));
            effects.extend(d.on(failed(ticket, Class::Transient), now));
        }
        buried = effects
            .iter()
            .find_map(|e| if let Effect::Bury { ticket, .. } = e { Some(*ticket) } else { None });
        effects = d.on(Event::Committed, now);
        now = d.wakes_at().unwrap_or(now);
        effects.extend(d.on(Event::Tick, now));
    }
    let buried = buried.unwrap();
    assert!(attempt > 3);
    let (_, offsets) = commit_of(d.on(done(buried), now + 200)).unwrap();
    assert_eq!(offsets[0].offset, 4);
}

#[test]
fn a_record_that_waits_its_turn_never_dies_of_it() {
    let mut d = driver();
    assign(&mut d);
    let mut ticket = tickets(&fetch(&mut d, 0..1, 0))[0];
    let mut now = 0;
    for _ in 0..1000 {
        let deferred = Event::Finished { ticket, outcome: Outcome::Deferred(5000), bytes: 0 };
        assert!(d.on(deferred, now).is_empty());
        now = d.wakes_at().unwrap();
        ticket = tickets(&d.on(Event::Tick, now))[0];
    }
    assert!(commit_of(d.on(done(ticket), now)).is_some());
}

#[test]
fn an_attempt_that_hangs_is_cancelled_and_its_late_result_dropped() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..1, 0));
    let effects = d.on(Event::Tick, d.wakes_at().unwrap());
    assert!(matches!(effects[0], Effect::Cancel(ticket) if ticket == t[0]));
    assert!(commit_of(d.on(done(t[0]), 10_001)).is_none());
    let again = tickets(&d.on(Event::Tick, d.wakes_at().unwrap()));
    assert_eq!(again[0].attempt, 2);
}

#[test]
fn a_revoked_partition_finishes_what_runs_and_starts_nothing() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..5, 0));
    let effects = d.on(Event::Revoked(vec![0]), 1);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Release(_))));
    for ticket in &t {
        assert!(tickets(&d.on(done(*ticket), 2)).is_empty());
    }
    let mut released = false;
    for _ in 0..3 {
        let effects = d.on(Event::Committed, 3);
        released |= effects.iter().any(|e| matches!(e, Effect::Release(p) if p == &[0]));
    }
    assert!(released);
    assert_eq!(d.window(), (0, 0));
}

#[test]
fn a_drain_ends_and_late_results_of_the_old_epoch_are_dropped() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..1, 0));
    d.on(Event::Revoked(vec![0]), 1);
    let mut effects = d.on(Event::Tick, 3001);
    assert!(matches!(effects[0], Effect::Cancel(ticket) if ticket == t[0]), "{effects:?}");
    let (entries, offsets) = commit_of(effects).unwrap();
    assert!(entries.is_empty() && offsets[0].metadata.is_empty(), "given back in order");
    effects = d.on(Event::Committed, 3001);
    assert!(effects.iter().any(|e| matches!(e, Effect::Release(_))), "{effects:?}");
    assign(&mut d);
    assert!(commit_of(d.on(done(t[0]), 3002)).is_none());
    assert_eq!(tickets(&fetch(&mut d, 0..1, 3003))[0].epoch, 2);
}

#[test]
fn order_is_kept_within_a_key_and_only_there() {
    let mut d = driver();
    assign(&mut d);
    let mut items: Vec<_> = (0..4).map(item).collect();
    for i in [0, 1, 3] {
        items[i].order = Some("k".into());
    }
    let started = tickets(&opened(&mut d, Event::Fetched { partition: 0, items }, 0));
    assert_eq!(started.iter().map(|t| t.offset).collect::<Vec<_>>(), [0, 2]);
    let next = tickets(&d.on(done(started[0]), 1));
    assert_eq!(next[0].offset, 1);
    assert_eq!(tickets(&d.on(done(next[0]), 2))[0].offset, 3);
}

#[test]
fn a_full_window_pauses_and_a_drained_one_resumes() {
    let mut d = driver();
    assign(&mut d);
    let effects = fetch(&mut d, 0..16, 0);
    assert!(effects.iter().any(|e| matches!(e, Effect::Pause(p) if p == &[0])));
    let mut resumed = false;
    let mut running = tickets(&effects);
    let mut now = 0;
    while !resumed {
        let mut next = Vec::new();
        for ticket in running {
            next.extend(tickets(&d.on(done(ticket), now)));
        }
        running = next;
        now += 100;
        next = Vec::new();
        for event in [Event::Tick, Event::Committed] {
            let effects = d.on(event, now);
            resumed |= effects.iter().any(|e| matches!(e, Effect::Resume(_)));
            next.extend(tickets(&effects));
        }
        running.extend(next);
    }
}

#[test]
fn metadata_of_another_version_stops_the_worker() {
    let mut d = driver();
    let effects = d.on(Event::Assigned { partition: 0, offset: 5, metadata: "v9.x".into() }, 0);
    assert!(matches!(&effects[..], [Effect::Halt(why)] if matches!(**why, Halt::Metadata(_))));
}

#[test]
fn a_drain_that_is_over_waits_for_its_commit_and_does_not_spin() {
    let mut d = driver();
    assign(&mut d);
    let t = tickets(&fetch(&mut d, 0..2, 0));
    assert!(commit_of(d.on(done(t[0]), 1)).is_some(), "in flight from here on");
    d.on(Event::Revoked(vec![0]), 2);
    let mut now = 2;
    for _ in 0..10 {
        let Some(at) = d.wakes_at() else { return };
        assert!(at > now, "asks to be woken at {at}, which was at {now} already");
        now = at;
        d.on(Event::Tick, now);
    }
    panic!("it never only waits for its commit");
}

#[test]
fn too_many_dead_letters_make_the_worker_rest_and_keep_its_records() {
    let mut d = driver();
    assign(&mut d);
    let mut running = tickets(&fetch(&mut d, 0..16, 0));
    let (mut buried, mut resting, mut now) = (0, false, 0);
    while !resting {
        let mut effects = Vec::new();
        for ticket in std::mem::take(&mut running) {
            effects.extend(d.on(failed(ticket, Class::Internal), now));
        }
        if effects.is_empty() {
            now = d.wakes_at().unwrap();
            effects = d.on(Event::Tick, now);
        }
        resting = effects.iter().any(|e| matches!(e, Effect::Breaker(Some(_))));
        for effect in &effects {
            if let Effect::Bury { ticket, .. } = effect {
                buried += 1;
                effects_of_bury(&mut d, *ticket, now, &mut running);
            }
        }
        running.extend(tickets(&effects));
    }
    assert_eq!(buried, 4, "the fifth of ten is kept");
    assert!(tickets(&d.on(Event::Tick, now + 20_000)).is_empty(), "it rests");
    let probe = tickets(&d.on(Event::Tick, now + 30_000));
    assert_eq!(probe.len(), 1, "one is tried");
    let effects = d.on(done(probe[0]), now + 30_001);
    assert!(matches!(effects[0], Effect::Breaker(None)));
    assert_eq!(tickets(&effects).len(), 3, "it works again");
}

fn effects_of_bury(d: &mut D, ticket: Ticket, now: i64, running: &mut Vec<Ticket>) {
    for event in [done(ticket), Event::Committed] {
        running.extend(tickets(&d.on(event, now)));
    }
}

#[test]
fn nothing_starts_beyond_the_span_however_much_was_fetched() {
    let mut d = Driver::new(Limits { window_records: 1000, ..limits() }, RetryPolicy::default(), 1);
    assign(&mut d);
    let mut started: VecDeque<Ticket> = tickets(&fetch(&mut d, 0..200, 0)).into();
    let slow = started.pop_front().unwrap();
    let mut highest = 0;
    let mut now = 0;
    while let Some(ticket) = started.pop_front() {
        highest = highest.max(ticket.offset);
        now += 200;
        for event in [done(ticket), Event::Committed] {
            started.extend(tickets(&d.on(event, now)));
        }
    }
    assert_eq!((slow.offset, highest), (0, 31), "the bitmap of a span of 32 says all that is done");
}
