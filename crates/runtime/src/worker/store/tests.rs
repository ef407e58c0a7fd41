//! Both kinds of store keep the same.

use super::{File, Memory, Store};
use docmill_contracts::{ClaimState, Codec, SchemaCatalog};
use proptest::prelude::*;
use std::sync::Arc;

#[derive(Debug, Clone)]
enum Action {
    Put(u8, i64),
    Take(u8),
    Expire(i64),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        (0..8_u8, 0..50_i64).prop_map(|(key, at)| Action::Put(key, at)),
        (0..8_u8).prop_map(Action::Take),
        (0..50_i64).prop_map(Action::Expire),
    ];
    prop::collection::vec(action, 0..40)
}

fn stores() -> [Store<ClaimState>; 2] {
    let codec = Codec::new(Arc::new(SchemaCatalog::built_in().unwrap()));
    [Store::Memory(Memory::new()), Store::File(File::new().unwrap(), codec)]
}

fn state(key: &str, touched_at: i64) -> ClaimState {
    ClaimState { tenant: "t".into(), key: key.to_owned(), touched_at, ..ClaimState::default() }
}

/// What a store says to some actions, and what is left in it.
fn play(mut store: Store<ClaimState>, actions: &[Action]) -> Vec<String> {
    let mut said = Vec::new();
    for action in actions {
        match action {
            Action::Put(key, at) => {
                let key = format!("key {key}");
                let before = store.take(&key).unwrap();
                store.put(key.clone(), state(&key, *at), *at).unwrap();
                said.push(format!("{before:?}"));
            }
            Action::Take(key) => said.push(format!("{:?}", store.take(&format!("key {key}")).unwrap())),
            Action::Expire(now) => {
                // Whoever asks only when he is told to misses nothing.
                let asked = store.expires_at().is_some_and(|at| at <= *now);
                let mut expired = Vec::new();
                while let Some(key) = store.expired(*now).unwrap() {
                    assert!(asked);
                    expired.push(store.take(&key).unwrap().unwrap());
                }
                said.push(format!("{expired:?}"));
                assert!(store.expires_at().is_none_or(|at| at > *now));
            }
        }
    }
    for key in 0..8 {
        said.push(format!("{:?}", store.any(|s| s.key == format!("key {key}")).unwrap()));
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_keeps_what_memory_keeps(actions in actions()) {
        let [memory, file] = stores();
        prop_assert_eq!(play(memory, &actions), play(file, &actions));
    }
}
