//! What is remembered for long, and is more than memory holds: values by key, each with a deadline, in a file.
//!
//! Owns the file: SQLite makes it without a name, writes it when its cache is full, and it is gone with the connection or the
//! process. Knows nothing of what values mean. Rule: such a file is never read by another process; what lasts lies elsewhere.

use rusqlite::{Connection, OptionalExtension, params};
use thiserror::Error;

/// What of a file SQLite keeps in memory.
const CACHE_KIB: i32 = 128;

/// A file that cannot be made, read or written, for example because the disk is full.
#[derive(Debug, Error)]
#[error("the file of states, which lies in the folder for temporary files, cannot be used: {0}")]
pub struct FileError(#[from] rusqlite::Error);

/// Values by key, with deadlines.
#[derive(Debug)]
pub struct File {
    db: Connection,
    /// No deadline is before.
    earliest: Option<i64>,
}

impl File {
    /// An empty one.
    pub fn new() -> Result<Self, FileError> {
        let db = Connection::open("")?;
        db.execute_batch(&format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{CACHE_KIB};
             CREATE TABLE states (key TEXT PRIMARY KEY, deadline INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
             CREATE INDEX deadlines ON states (deadline);"
        ))?;
        Ok(Self { db, earliest: None })
    }

    /// The value of a key, which is no longer kept.
    pub fn take(&mut self, key: &str) -> Result<Option<Vec<u8>>, FileError> {
        let mut taken = self.db.prepare_cached("DELETE FROM states WHERE key = ?1 RETURNING value")?;
        Ok(taken.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Keeps a value, in place of another of its key.
    pub fn put(&mut self, key: &str, deadline: i64, value: &[u8]) -> Result<(), FileError> {
        let mut put = self
            .db
            .prepare_cached("INSERT OR REPLACE INTO states (key, deadline, value) VALUES (?1, ?2, ?3)")?;
        put.execute(params![key, deadline, value])?;
        self.earliest = Some(self.earliest.map_or(deadline, |earliest| earliest.min(deadline)));
        Ok(())
    }

    /// When to ask for [`File::due`]: not after the first deadline, and before it where that value was taken since.
    pub fn earliest(&self) -> Option<i64> {
        self.earliest
    }

    /// The key with the first deadline, if that is not after `now`.
    pub fn due(&mut self, now: i64) -> Result<Option<String>, FileError> {
        let mut first =
            self.db.prepare_cached("SELECT deadline, key FROM states ORDER BY deadline, key LIMIT 1")?;
        let first: Option<(i64, String)> =
            first.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        self.earliest = first.as_ref().map(|(deadline, _)| *deadline);
        Ok(first.filter(|(deadline, _)| *deadline <= now).map(|(_, key)| key))
    }

    /// Shows each value to `see`, in any order, until it returns false.
    pub fn each(&self, mut see: impl FnMut(&[u8]) -> bool) -> Result<(), FileError> {
        let mut all = self.db.prepare_cached("SELECT value FROM states")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            if !see(row.get_ref(0)?.as_blob().unwrap_or_default()) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More than the cache holds, so that it is written and read again.
    #[test]
    fn a_file_holds_more_than_its_cache() {
        let mut file = File::new().unwrap();
        let key = |n: i64| format!("document/{n:08}");
        for n in 0..3_000 {
            file.put(&key(n), n, &vec![n as u8; 500]).unwrap();
        }
        for n in [0, 7, 1_500, 2_999] {
            assert_eq!(file.take(&key(n)).unwrap(), Some(vec![n as u8; 500]));
            assert_eq!(file.take(&key(n)).unwrap(), None);
        }
        assert_eq!((file.earliest(), file.due(2).unwrap()), (Some(0), Some(key(1))));
        assert_eq!((file.due(0).unwrap(), file.earliest()), (None, Some(1)));
        let mut seen = 0;
        file.each(|_| {
            seen += 1;
            seen < 100
        })
        .unwrap();
        assert_eq!(seen, 100);
    }

    #[test]
    fn a_full_disk_is_an_error_that_says_where() {
        let mut file = File::new().unwrap();
        file.db.pragma_update(None, "max_page_count", 20).unwrap();
        let error = (0..1000).find_map(|n| file.put(&n.to_string(), n, &[0; 500]).err()).unwrap();
        let said = error.to_string();
        assert!(said.contains("folder for temporary files") && said.contains("full"), "{said}");
    }

    #[test]
    fn the_last_value_and_deadline_of_a_key_count() {
        let mut file = File::new().unwrap();
        file.put("a", 5, b"one").unwrap();
        file.put("a", 9, b"two").unwrap();
        assert_eq!((file.due(5).unwrap(), file.earliest()), (None, Some(9)));
        assert_eq!(file.take("a").unwrap(), Some(b"two".to_vec()));
        assert_eq!((file.due(9).unwrap(), file.earliest()), (None, None));
    }
}
