//! The file: who may open it, what becomes of it when it is full, broken, or its process dies.

use docmill_runtime::transport::{CommitError, ReadFrom, Transaction, Transport, TransportError};
use docmill_testkit::Bench;
use docmill_testkit::bench::{soon, text, to};
use docmill_transport_embedded::Embedded;
use std::sync::Arc;

#[tokio::test]
async fn a_log_is_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let first = Embedded::open(&path).unwrap();
    let error = Embedded::open(&path).unwrap_err();
    assert!(error.to_string().contains("log.sqlite"), "{error}");
    drop(first);
}

#[tokio::test]
async fn a_file_that_is_no_log_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    std::fs::write(&path, vec![7_u8; 8192]).unwrap();
    let error = Embedded::open(&path).unwrap_err();
    assert!(matches!(&error, TransportError::Broken { .. }), "{error}");
    assert!(error.to_string().contains("log.sqlite"), "{error}");
}

#[tokio::test]
async fn what_was_committed_is_there_after_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let bench = Bench::new(Arc::new(Embedded::open(&path).unwrap()), ());
    let topic = bench.topic("in", 1, &[]).await;
    bench.produce(vec![to(&topic, 0, "kept")]).await;
    // As a copy taken while the log is open: what a crash would leave.
    let copy = folder.path().join("copy.sqlite");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(folder.path().join("log.sqlite-wal"), folder.path().join("copy.sqlite-wal")).unwrap();
    let again = Bench::new(Arc::new(Embedded::open(&copy).unwrap()), ());
    let read = again.read(&topic, ReadFrom::Beginning).await;
    assert_eq!(read.iter().map(|(_, r)| text(r)).collect::<Vec<_>>(), ["kept"]);
}

#[tokio::test]
async fn a_full_log_refuses_and_goes_on_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let log = Embedded::open_bounded(&path, Some(2 << 20)).unwrap();
    let bench = Bench::new(Arc::new(log.clone()), ());
    let topic = bench.topic("in", 1, &[]).await;
    let mut producer = bench.producer().await;
    let value = "x".repeat(100_000);
    let mut commit = async || {
        let records = vec![to(&topic, 0, &value), to(&topic, 0, &value)];
        soon(producer.commit(Transaction { records, offsets: Vec::new() })).await
    };
    let mut kept = 0;
    let error = loop {
        match commit().await {
            Ok(()) => kept += 2,
            Err(e) => break e,
        }
        assert!(kept < 40, "the file grows beyond its limit");
    };
    assert!(matches!(error, CommitError::Aborted(TransportError::Full { .. })), "{error}");
    assert_eq!(bench.read(&topic, ReadFrom::Beginning).await.len(), kept);
    assert!(matches!(commit().await, Err(CommitError::Aborted(TransportError::Full { .. }))));
    assert_eq!(log.trim(&topic, 0, 10).await.unwrap(), 10);
    let marks = log.watermarks(&topic).await.unwrap();
    assert_eq!((marks[0].low, marks[0].high), (10, i64::try_from(kept).unwrap()));
    commit().await.unwrap();
    assert_eq!(bench.read(&topic, ReadFrom::Beginning).await.len(), kept - 10 + 2);
}
