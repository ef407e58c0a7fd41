use super::*;
use docmill_contracts::public::row_of_line;
use docmill_contracts::{DocumentPart, DocumentType, Field};

fn row(text: &str) -> Fields {
    let field = Field {
        value: text.into(),
        raw: None,
        confidence: 1.0,
        page: Some(1),
        bbox: None,
        engine: "local".into(),
        model_version: "1".into(),
        other_readings: Vec::new(),
    };
    Fields::from([("description".to_owned(), field)])
}

fn numbered(count: usize) -> Vec<Fields> {
    (0..count).map(|n| row(&format!("row {n:06}"))).collect()
}

fn part(line_items: Vec<Fields>) -> DocumentPart {
    DocumentPart {
        first_page: 1,
        last_page: 1,
        kind: DocumentType::unknown(),
        fields: Fields::new(),
        line_items,
        vat_breakdown: Vec::new(),
    }
}

fn store() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    (folder, blobs)
}

async fn in_file(blobs: &Blobs, file: &Artifact) -> Vec<Fields> {
    let (mut reader, mut rows) = (blobs.reader(&file.blob).await.unwrap(), Vec::new());
    while let Some(line) = reader.next_line().await.unwrap() {
        rows.push(row_of_line(line).unwrap());
    }
    rows
}

#[tokio::test]
async fn tables_that_fit_stay_in_their_record() {
    let (_folder, blobs) = store();
    let mut found = Extraction::of_engine("local", "1");
    (found.line_items, found.parts) = (numbered(100), vec![part(numbered(3))]);
    let before = found.clone();
    assert_eq!(spill(&blobs, &mut found).await.unwrap(), []);
    assert_eq!(found, before);
}

#[tokio::test]
async fn tables_that_do_not_fit_are_in_files_with_every_row() {
    let (_folder, blobs) = store();
    let mut found = Extraction::of_engine("local", "1");
    // The second part fits, the third does not.
    let rows = [numbered(300), numbered(20), numbered(150)];
    found.line_items.clone_from(&rows[0]);
    found.parts = rows[1..].iter().cloned().map(part).collect();
    let files = spill_beyond(&blobs, &mut found, 160 * size(&rows[0][0])).await.unwrap();
    assert_eq!(files.iter().map(|f| f.format.as_str()).collect::<Vec<_>>(), ["line_items", "line_items/2"]);
    assert_eq!(found.line_items, rows[0][..FIRST.0]);
    assert_eq!(found.parts[0].line_items, rows[1]);
    assert_eq!(found.parts[1].line_items, rows[2][..40], "what is left of the record is filled");
    assert_eq!(in_file(&blobs, &files[0]).await, rows[0]);
    assert_eq!(in_file(&blobs, &files[1]).await, rows[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_rows_of_a_long_table_are_held_and_all_are_in_its_file() {
    let (_folder, blobs) = store();
    for (count, long) in [(KEPT, false), (KEPT + 1, true), (3 * KEPT, true)] {
        let all = numbered(count);
        let (rows, store, runtime) = (all.clone(), blobs.clone(), Handle::current());
        let work = move || {
            let mut found = Rows::default();
            let writer = || Some(RowWriter::new(&store, runtime.clone()));
            rows.into_iter().try_for_each(|row| found.push(row, &writer)).unwrap();
            found.finish().unwrap()
        };
        let (kept, table) = tokio::task::spawn_blocking(work).await.unwrap();
        assert_eq!(kept, all[..KEPT]);
        assert_eq!(table.as_ref().map(|t| t.rows), long.then_some(count));
        let mut found = Extraction::of_engine("local", "1");
        (found.line_items, found.long_table) = (kept, table);
        let files = spill(&blobs, &mut found).await.unwrap();
        assert_eq!((files.len(), found.long_table.is_none()), (usize::from(long), true));
        if let Some(file) = files.first() {
            assert_eq!(found.line_items, all[..FIRST.0]);
            assert_eq!(in_file(&blobs, file).await, all);
        }
    }
}

#[test]
fn without_a_file_all_rows_are_held() {
    let mut found = Rows::default();
    numbered(2 * KEPT).into_iter().try_for_each(|row| found.push(row, &|| None)).unwrap();
    assert_eq!(found.finish().unwrap(), (numbered(2 * KEPT), None));
}

/// The estimate is never below what Avro takes.
#[test]
fn the_size_of_a_row_is_not_underestimated() {
    let one = row("Schreibtischstuhl, blau, mit Armlehnen");
    let mut datum = Vec::new();
    for (name, field) in &one {
        datum.extend(name.bytes().chain(field.value.bytes()));
        datum.extend(field.engine.bytes().chain(field.model_version.bytes()));
    }
    // Per field: confidence 8, box 4 x 8, and at most 4 bytes of length for each of five texts and two blocks.
    assert!(size(&one) >= datum.len() + one.len() * (8 + 32 + 5 + 2 + 10));
}
