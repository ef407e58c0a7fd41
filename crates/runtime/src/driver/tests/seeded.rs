//! Many schedules, each from its seed.

use super::*;

/// I7: while two tenants both have work in the window, what is started for them differs by no more than a round of the
/// fair queue and its largest record, however much one of them floods, and whatever fails, sleeps or is rolled back.
#[test]
fn a_flood_of_one_tenant_takes_nothing_of_the_others_share() {
    for seed in 0..300 {
        let mut rng = SmallRng::seed_from_u64(seed);
        let (flood, calm): (Arc<str>, Arc<str>) = ("flood".into(), "calm".into());
        let mut d = Driver::new(
            Limits { window_records: 1000, window_span: 1000, ..limits() },
            RetryPolicy::default(),
            seed,
        );
        assign(&mut d);
        let calm_from = rng.random_range(50..150i64);
        let items: Vec<Item<i64>> = (0..200)
            .map(|offset| {
                let tenant = if offset < calm_from { &flood } else { &calm };
                Item { tenant: Arc::clone(tenant), units: rng.random_range(1..=20), ..item(offset) }
            })
            .collect();
        let units: Vec<i64> = items.iter().map(|i| i64::from(i.units)).collect();
        let mut running: Vec<Ticket> = tickets(&opened(&mut d, Event::Fetched { partition: 0, items }, 0));
        let (mut spent, mut left) = ([0i64; 2], [calm_from, 200 - calm_from]);
        let mut now = 0;
        let mut fresh = running.clone();
        while left[0] > 0 && left[1] > 0 {
            for ticket in fresh.drain(..) {
                let who = usize::from(ticket.offset >= calm_from);
                spent[who] += units[usize::try_from(ticket.offset).unwrap()];
                left[who] -= i64::from(ticket.attempt == 1);
            }
            assert!(
                (spent[0] - spent[1]).abs() <= 2 * (20 + 4) + 20,
                "seed {seed}: {spent:?}, left {left:?}"
            );
            let ticket = running.swap_remove(rng.random_range(0..running.len()));
            let event = if rng.random_bool(0.1) { failed(ticket, Class::Transient) } else { done(ticket) };
            let mut effects = d.on(event, now);
            now += 10;
            loop {
                fresh.extend(tickets(&effects));
                let Some((entries, _)) = commit_of(effects) else { break };
                now += 100;
                effects =
                    d.on(if rng.random_bool(0.9) { Event::Committed } else { Event::Aborted(entries) }, now);
            }
            if running.is_empty() && fresh.is_empty() {
                now = d.wakes_at().unwrap();
                fresh.extend(tickets(&d.on(Event::Tick, now)));
            }
            running.extend(&fresh);
        }
    }
}

/// A log with gaps, and drivers that crash, lose partitions, have commits rolled back and attempts fail or hang:
/// whatever happens, each record's output becomes visible exactly once.
#[test]
fn every_record_becomes_visible_exactly_once_whatever_happens() {
    for seed in 0..500 {
        exactly_once(seed);
    }
}

fn exactly_once(seed: u64) {
    let mut rng = SmallRng::seed_from_u64(seed);
    let log: Vec<i64> = (0..90i64).filter(|_| rng.random_bool(0.8)).collect();
    let (mut visible, mut committed) = (BTreeMap::<i64, u32>::new(), (0i64, String::new()));
    let mut now = 0i64;
    let mut d = driver();
    let (mut position, mut paused) = start(&mut d, &committed, &log, now);
    let (mut running, mut flight): (Vec<Ticket>, Option<Flight>) = (vec![], None);
    for step in 0.. {
        assert!(step < 20_000, "seed {seed}: no end; visible {} of {}", visible.len(), log.len());
        if visible.len() == log.len() && flight.is_none() {
            break;
        }
        let calm = step > 5000;
        let action = rng.random_range(0..100);
        let event = match action {
            0..=29 if !paused && position < log.len() => {
                let n = rng.random_range(1..=5).min(log.len() - position);
                let items = log[position..position + n].iter().copied().map(item).collect();
                position += n;
                Event::Fetched { partition: 0, items }
            }
            30..=64 if !running.is_empty() => {
                let ticket = running.swap_remove(rng.random_range(0..running.len()));
                let class = *[Class::Transient, Class::Internal, Class::Input].choose(&mut rng).unwrap();
                if !calm && rng.random_bool(0.2) { failed(ticket, class) } else { done(ticket) }
            }
            65..=84 if flight.is_some() => {
                let (entries, offsets) = flight.take().unwrap();
                if calm || rng.random_bool(0.7) {
                    for entry in &entries {
                        *visible.entry(entry.offset.unwrap()).or_default() += 1;
                    }
                    committed = (offsets[0].offset, offsets[0].metadata.clone());
                    Event::Committed
                } else {
                    Event::Aborted(entries)
                }
            }
            85 if !calm => {
                // A crash: everything in memory is gone; a transaction in flight is rolled back by the log.
                d = Driver::new(limits(), RetryPolicy::default(), seed);
                (running, flight) = (vec![], None);
                (position, paused) = start(&mut d, &committed, &log, now);
                continue;
            }
            86 if !calm && flight.is_none() => {
                d.on(Event::Lost(vec![0]), now);
                (position, paused) = start(&mut d, &committed, &log, now);
                continue;
            }
            87 if !calm => Event::Revoked(vec![0]),
            _ => {
                now += rng.random_range(1..400);
                Event::Tick
            }
        };
        for effect in d.on(event, now) {
            match effect {
                Effect::Start { ticket, .. } | Effect::Bury { ticket, .. } => running.push(ticket),
                Effect::Commit { entries, offsets } => {
                    assert!(flight.is_none(), "seed {seed}: two transactions at once");
                    assert!(entries.len() <= 2 * limits().commit_records);
                    assert_eq!(offsets.len(), 1);
                    assert!(offsets[0].metadata.len() <= crate::transport::MAX_METADATA_BYTES);
                    flight = Some((entries, offsets));
                }
                Effect::Pause(_) => paused = true,
                Effect::Resume(_) => paused = false,
                Effect::Release(_) => {
                    assert!(flight.is_none(), "seed {seed}: released under a commit");
                    (position, paused) = start(&mut d, &committed, &log, now);
                }
                // A late result of a cancelled attempt may still come: the ticket stays in `running`.
                Effect::Cancel(_) | Effect::Breaker(_) => {}
                Effect::Stopped | Effect::Halt(_) => panic!("seed {seed}: {effect:?}"),
            }
        }
        assert!(d.running() <= limits().concurrency);
        assert!(d.window().0 <= limits().window_records + 5);
    }
    assert!(visible.values().all(|n| *n == 1), "seed {seed}: {visible:?}");
    assert_eq!(visible.keys().copied().collect::<Vec<_>>(), log, "seed {seed}");
}

fn start(d: &mut D, committed: &(i64, String), log: &[i64], now: i64) -> (usize, bool) {
    let effects =
        d.on(Event::Assigned { partition: 0, offset: committed.0, metadata: committed.1.clone() }, now);
    let resumed = effects.iter().any(|e| matches!(e, Effect::Resume(_)));
    (log.iter().position(|o| *o >= committed.0).unwrap_or(log.len()), !resumed)
}
