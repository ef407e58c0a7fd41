use super::*;
use crate::files::samples::result;
use docmill_contracts::{Class, Classify};
use proptest::prelude::*;

fn lines(folder: &Path) -> Vec<(String, i32)> {
    std::fs::read_to_string(folder.join(RESULTS))
        .unwrap()
        .lines()
        .map(|line| {
            let found: Identity = serde_json::from_str(line).unwrap();
            (found.document_id, found.revision)
        })
        .collect()
}

fn document(folder: &Path, id: &str) -> serde_json::Value {
    let path = folder.join(DOCUMENTS).join(format!("{}.json", file_name(id)));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn batch(ids: &[(i64, &str, i32)]) -> Vec<(i32, i64, DocumentResult)> {
    ids.iter().map(|(offset, id, revision)| (0, *offset, result(id, *revision))).collect()
}

#[test]
fn results_are_appended_once_and_positions_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = FileSink::open(folder.path()).unwrap();
    assert_eq!(sink.positions(), []);
    sink.append(&batch(&[(3, "a", 1), (7, "b", 1)])).unwrap();
    sink.append(&batch(&[(7, "b", 1), (8, "c", 1)])).unwrap();
    sink.append(&[(2, 0, result("d", 1))]).unwrap();
    drop(sink);
    let mut sink = FileSink::open(folder.path()).unwrap();
    assert_eq!(sink.positions(), [(0, 9), (2, 1)]);
    sink.append(&batch(&[(3, "a", 1), (8, "c", 1)])).unwrap();
    sink.finish().unwrap();
    assert_eq!(lines(folder.path()).iter().map(|l| l.0.as_str()).collect::<String>(), "abcd");
    assert_eq!(document(folder.path(), "c")["fields"]["invoice_number"]["value"], "103767");
    assert_eq!(std::fs::read_dir(folder.path().join(DOCUMENTS)).unwrap().count(), 4);
}

#[test]
fn what_a_crash_left_beyond_the_positions_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = FileSink::open(folder.path()).unwrap();
    sink.append(&batch(&[(0, "a", 1)])).unwrap();
    drop(sink);
    let mut file = OpenOptions::new().append(true).open(folder.path().join(RESULTS)).unwrap();
    file.write_all(br#"{"document_id": "torn"#).unwrap();
    let mut sink = FileSink::open(folder.path()).unwrap();
    sink.append(&batch(&[(1, "b", 1)])).unwrap();
    assert_eq!(lines(folder.path()), [("a".to_owned(), 1), ("b".to_owned(), 1)]);
}

#[test]
fn in_the_end_each_document_stands_there_once_with_its_last_revision() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = FileSink::open(folder.path()).unwrap();
    sink.append(&batch(&[(0, "a", 1), (1, "b", 1), (2, "a", 3), (3, "a", 2)])).unwrap();
    sink.append(&batch(&[(4, "c", 1), (5, "b", 1)])).unwrap();
    assert_eq!(lines(folder.path()).len(), 6);
    sink.finish().unwrap();
    let want = [("a".to_owned(), 3), ("c".to_owned(), 1), ("b".to_owned(), 1)];
    assert_eq!(lines(folder.path()), want);
    assert_eq!(document(folder.path(), "a")["revision"], 3);
    sink.append(&batch(&[(6, "d", 1)])).unwrap();
    sink.append(&batch(&[(7, "a", 2)])).unwrap();
    sink.finish().unwrap();
    assert_eq!(lines(folder.path())[..3], want);
    assert_eq!(lines(folder.path()).len(), 4);
    assert_eq!(document(folder.path(), "a")["revision"], 3, "an older revision changes nothing");
    drop(sink);
    assert_eq!(FileSink::open(folder.path()).unwrap().positions(), [(0, 8)]);
}

#[test]
fn a_crash_while_the_file_is_replaced_leaves_the_old_or_the_new_one() {
    let ready = || {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = FileSink::open(folder.path()).unwrap();
        sink.append(&batch(&[(0, "a", 1), (1, "a", 2)])).unwrap();
        let path = folder.path().join(RESULTS);
        let (_, last) = last_lines(&path).unwrap();
        let length = copy_lines(&path, &folder.path().join(REWRITTEN), &last).unwrap();
        (folder, sink, length)
    };
    // Before the positions say so.
    let (folder, sink, _) = ready();
    drop(sink);
    FileSink::open(folder.path()).unwrap();
    assert_eq!(lines(folder.path()).len(), 2);
    // After that, before the new file is in place.
    let (folder, sink, length) = ready();
    sink.keep(&Positions { rewrite: Some(length), ..sink.positions.clone() }).unwrap();
    drop(sink);
    FileSink::open(folder.path()).unwrap();
    assert_eq!(lines(folder.path()).len(), 2);
    // With the new file in place.
    let (folder, sink, length) = ready();
    sink.keep(&Positions { rewrite: Some(length), ..sink.positions.clone() }).unwrap();
    replace(&folder.path().join(REWRITTEN), &folder.path().join(RESULTS)).unwrap();
    drop(sink);
    let mut sink = FileSink::open(folder.path()).unwrap();
    sink.append(&batch(&[(2, "b", 1)])).unwrap();
    assert_eq!(lines(folder.path()), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
}

#[test]
fn files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(RESULTS), "mine").unwrap();
    let error = FileSink::open(folder.path()).unwrap_err();
    assert_eq!((error.code().0, error.class()), ("SINK-0004", Class::Fatal));
    assert_eq!(std::fs::read(folder.path().join(RESULTS)).unwrap(), b"mine");
}

#[test]
fn one_process_at_a_time_holds_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let sink = FileSink::open(folder.path()).unwrap();
    assert_eq!(FileSink::open(folder.path()).unwrap_err().code().0, "SINK-0003");
    drop(sink);
    FileSink::open(folder.path()).unwrap();
}

#[test]
fn a_results_file_that_lost_its_end_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = FileSink::open(folder.path()).unwrap();
    sink.append(&batch(&[(0, "a", 1)])).unwrap();
    drop(sink);
    OpenOptions::new().write(true).open(folder.path().join(RESULTS)).unwrap().set_len(10).unwrap();
    assert_eq!(FileSink::open(folder.path()).unwrap_err().code().0, "SINK-0005");
    std::fs::write(folder.path().join(POSITIONS), "{").unwrap();
    assert_eq!(FileSink::open(folder.path()).unwrap_err().code().0, "SINK-0006");
}

#[test]
fn a_full_disk_is_waited_for() {
    let error = SinkError::io("write", Path::new("x"), std::io::ErrorKind::StorageFull.into());
    assert_eq!((error.code().0, error.class()), ("SINK-0001", Class::Transient));
    // A device that is always full, where there is one: the append fails, and succeeds once there is space.
    let folder = tempfile::tempdir().unwrap();
    let mut sink = FileSink::open(folder.path()).unwrap();
    let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else { return };
    let space = std::mem::replace(&mut sink.results, full);
    assert!(sink.append(&batch(&[(0, "a", 1)])).is_err());
    assert_eq!(sink.positions(), []);
    sink.results = space;
    sink.append(&batch(&[(0, "a", 1)])).unwrap();
    assert_eq!(lines(folder.path()), [("a".to_owned(), 1)]);
}

#[test]
fn ids_are_harmless_file_names() {
    assert_eq!(file_name("0f3a-b_C.1"), "0f3a-b_C.1");
    for id in ["", "..", ".hidden", "../../etc/passwd", "a/b", "a\\b", "ü", "a b", &"x".repeat(300), "a\u{0}"]
    {
        let name = file_name(id);
        assert!(name.len() < 150 && !name.contains(['/', '\\', '\0']) && !name.starts_with('.'), "{name}");
    }
    assert_ne!(file_name("a/b"), file_name("a\\b"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn whatever_is_killed_when_each_result_is_there_once(
        revisions in proptest::collection::vec((0..4_u8, 1..4_i32), 1..12),
        crash_after in 0..12_usize,
        torn in 0..40_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<_> = revisions.iter().zip(0..).map(|((id, revision), offset)| {
            (0, offset, result(&format!("doc{id}"), *revision))
        }).collect();
        let mut sink = FileSink::open(folder.path()).unwrap();
        for one in all.iter().take(crash_after) {
            sink.append(std::slice::from_ref(one)).unwrap();
        }
        drop(sink);
        let mut file = OpenOptions::new().append(true).open(folder.path().join(RESULTS)).unwrap();
        file.write_all(&vec![b'x'; torn]).unwrap();
        let mut sink = FileSink::open(folder.path()).unwrap();
        let from = usize::try_from(sink.positions().first().map_or(0, |p| p.1)).unwrap();
        sink.append(&all[from..]).unwrap();
        prop_assert_eq!(lines(folder.path()).len(), all.len());
        sink.finish().unwrap();
        let mut want: BTreeMap<String, i32> = BTreeMap::new();
        for (id, revision) in &revisions {
            let best = want.entry(format!("doc{id}")).or_default();
            *best = (*best).max(*revision);
        }
        let mut got = lines(folder.path());
        got.sort();
        prop_assert_eq!(got, want.into_iter().collect::<Vec<_>>());
    }
}
