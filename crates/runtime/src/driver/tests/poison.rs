//! Records that end processes.

use super::*;

/// Processes that end whenever they begin record `poison`, run until it is given up. `before`: records that each process
/// finishes and commits beside it before it ends. Returns how many processes ended.
fn processes_until_buried(poison: i64, before: usize) -> u32 {
    let (mut committed, mut visible) = ((0i64, String::new()), Vec::new());
    for deaths in 0..30 {
        let mut d = driver();
        let mut events = VecDeque::new();
        let (offset, metadata) = committed.clone();
        d.on(Event::Assigned { partition: 0, offset, metadata }, 0);
        events.push_back(Event::Fetched { partition: 0, items: (offset..12).map(item).collect() });
        let (mut finished, mut dies) = (0, false);
        while let Some(event) = events.pop_front() {
            for effect in d.on(event, 0) {
                match effect {
                    Effect::Start { ticket, .. } if ticket.offset == poison => dies = true,
                    Effect::Start { ticket, .. } if !dies || finished < before => {
                        finished += 1;
                        events.push_back(done(ticket));
                    }
                    Effect::Bury { ticket, error, .. } => {
                        assert_eq!((ticket.offset, error.code.as_str()), (poison, "RUNTIME-0016"));
                        events.push_back(done(ticket));
                        visible.push(poison);
                    }
                    Effect::Commit { entries, offsets } => {
                        visible.extend(entries.iter().filter_map(|e| e.offset).filter(|o| *o != poison));
                        committed = (offsets[0].offset, offsets[0].metadata.clone());
                        events.push_back(Event::Committed);
                    }
                    _ => {}
                }
            }
            if dies && d.solo.is_some() {
                assert_eq!(d.running(), 1, "it runs alone");
                break;
            }
            if dies && finished >= before {
                break;
            }
        }
        if visible.contains(&poison) && committed.0 == 12 {
            visible.sort_unstable();
            assert_eq!(visible, (0..12).collect::<Vec<_>>());
            return deaths;
        }
    }
    panic!("record {poison} was never given up; committed {committed:?}");
}

#[test]
fn a_record_that_ends_processes_is_found_run_alone_and_given_up() {
    for poison in [0, 1, 5, 11] {
        for before in [0, 1, 3] {
            let deaths = processes_until_buried(poison, before);
            assert!((5..=12).contains(&deaths), "{deaths} processes for record {poison}, {before} beside it");
        }
    }
}

#[test]
fn a_record_in_work_when_a_process_is_told_to_stop_is_under_no_suspicion() {
    let mut d = driver();
    assign(&mut d);
    fetch(&mut d, 0..3, 0);
    d.on(Event::Stop, 1);
    let (_, offsets) = commit_of(d.on(Event::Tick, d.wakes_at().unwrap())).unwrap();
    assert_eq!((offsets[0].offset, offsets[0].metadata.as_str()), (0, ""));
    assert!(matches!(
        d.on(Event::Committed, 3001)[..],
        [Effect::Cancel(_) | Effect::Release(_), .., Effect::Stopped]
    ));
}
