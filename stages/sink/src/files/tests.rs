use super::*;
use crate::files::samples::result;
use docmill_blobs::Blobs;
use docmill_contracts::public::row_line;
use docmill_contracts::{Artifact, Class, Classify, DocumentPart, Field, Fields};
use proptest::prelude::*;

fn lines(folder: &Path) -> Vec<(String, i32)> {
    std::fs::read_to_string(folder.join(RESULTS))
        .unwrap()
        .lines()
        .map(|line| {
            let found: serde_json::Value = serde_json::from_str(line).unwrap();
            let number = found["revision"].as_i64().unwrap();
            (found["document_id"].as_str().unwrap().to_owned(), i32::try_from(number).unwrap())
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

/// A result whose table has more rows than its record, and one of whose parts has too.
async fn long(blobs: &Blobs, id: &str) -> (DocumentResult, Vec<Fields>) {
    let mut result = result(id, 1);
    let row = |n: usize| {
        let mut row = result.line_items[0].clone();
        row.insert(
            "article_no".to_owned(),
            Field { value: format!("{n}\n\"x\""), ..row["line_total"].clone() },
        );
        row
    };
    let rows: Vec<Fields> = (0..300).map(row).collect();
    let text: String = rows.iter().map(row_line).collect();
    let blob = blobs.put(text.into()).await.unwrap();
    let part = DocumentPart {
        first_page: 1,
        last_page: 2,
        kind: result.kind.clone(),
        fields: result.fields.clone(),
        line_items: rows[..2].to_vec(),
        vat_breakdown: Vec::new(),
    };
    result.line_items = rows[..3].to_vec();
    result.artifacts = vec![Artifact::rows(0, blob.clone()), Artifact::rows(2, blob)];
    result.parts = vec![part.clone(), part];
    (result, rows)
}

/// The same result as if its record had room for everything.
fn whole(mut result: DocumentResult, rows: &[Fields]) -> serde_json::Value {
    result.line_items = rows.to_vec();
    result.parts[1].line_items = rows.to_vec();
    crate::json::to_json(&result)
}

#[tokio::test]
async fn rows_that_a_record_has_no_room_for_are_joined_from_their_file() {
    let (folder, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let blobs = Blobs::local(store.path()).unwrap();
    let (one, rows) = long(&blobs, "long").await;
    let mut sink = FileSink::open(folder.path()).unwrap();
    let results = [(0, 0, one.clone()), (0, 1, result("short", 1))];
    write_artifacts(folder.path(), &blobs, &results).await.unwrap();
    sink.append(&results).unwrap();
    let text = std::fs::read_to_string(folder.path().join(RESULTS)).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line, whole(one.clone(), &rows));
    assert_eq!(line.to_string(), text.lines().next().unwrap(), "as compact as without a file");
    assert_eq!(document(folder.path(), "long"), line);
    assert_eq!(document(folder.path(), "short"), crate::json::to_json(&results[1].2));
    assert!(!folder.path().join(".docmill-rows").exists(), "nothing waits any more");
    // What does not have a file is laid out as ever, and rows stand one on a line.
    let read =
        |id: &str| std::fs::read_to_string(folder.path().join(format!("documents/{id}.json"))).unwrap();
    assert_eq!(read("short"), format!("{:#}\n", crate::json::to_json(&results[1].2)));
    assert!(read("long").contains("\n  \"line_items\": [\n    {\"description\":"), "{}", read("long"));
    // Positions and lines go together.
    drop(sink);
    let mut sink = FileSink::open(folder.path()).unwrap();
    assert_eq!(sink.positions(), [(0, 2)]);
    sink.finish().unwrap();
    assert_eq!(lines(folder.path()).len(), 2);
}

#[tokio::test]
async fn rows_that_are_nowhere_are_told_in_the_result() {
    let (folder, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let blobs = Blobs::local(store.path()).unwrap();
    let (one, _) = long(&blobs, "long").await;
    std::fs::remove_dir_all(store.path().join("sha256")).unwrap();
    let mut sink = FileSink::open(folder.path()).unwrap();
    let results = [(0, 0, one)];
    write_artifacts(folder.path(), &blobs, &results).await.unwrap();
    sink.append(&results).unwrap();
    let found = document(folder.path(), "long");
    assert_eq!(found["line_items"].as_array().unwrap().len(), 3);
    let codes: Vec<&str> =
        found["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["BR-CO-15", "SINK-0009", "SINK-0009"]);
    assert_eq!(found, crate::json::without_rows(&results[0].2));
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
