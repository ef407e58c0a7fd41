//! The file's tables, and what is asked of them.

use docmill_contracts::Headers;
use docmill_runtime::transport::{OffsetCommit, Record, TopicSpec, TransportError, Watermarks};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::path::Path;
use std::time::Duration;

/// Version of the tables; a file of another version is refused.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS topics (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL, replication INTEGER NOT NULL, config TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS partitions (
        topic INTEGER NOT NULL, partition INTEGER NOT NULL, low INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS records (
        topic INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, timestamp INTEGER NOT NULL,
        key BLOB, value BLOB, headers BLOB NOT NULL, PRIMARY KEY (topic, partition, offset)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS latest (
        topic INTEGER NOT NULL, partition INTEGER NOT NULL, key BLOB NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (topic, partition, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS positions (
        grp TEXT NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, metadata TEXT NOT NULL,
        PRIMARY KEY (grp, topic, partition)) WITHOUT ROWID;";

/// Pages of the file that the writer keeps in memory, KiB. Records are appended, so that the ends of the tables and their inner
/// pages are all that is asked for again: a larger cache fills with what was written, and memory grows with the log.
const WRITER_CACHE_KIB: i32 = 256;
/// The same for each reader. There are many, and what they read was just written: it is in the system's cache.
const READER_CACHE_KIB: i32 = 64;

/// Opens the file for writing, making its tables where it is new.
pub(crate) fn open_writer(path: &Path, max_bytes: Option<u64>) -> Result<Connection, TransportError> {
    let failed = |e| error(path, "open", e);
    let db = Connection::open(path).map_err(failed)?;
    db.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    db.pragma_update(None, "journal_size_limit", 64 << 20).map_err(failed)?;
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB).map_err(failed)?;
    keep_plans(&db).map_err(failed)?;
    let version: i64 = db.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(failed)?;
    if version != 0 && version != VERSION {
        let what = format!("open {}", path.display());
        let source = format!("its format is version {version}, this build knows {VERSION}").into();
        return Err(TransportError::Broken { what, source });
    }
    db.execute_batch(TABLES).map_err(failed)?;
    db.pragma_update(None, "user_version", VERSION).map_err(failed)?;
    if let Some(max) = max_bytes {
        let page: i64 = db.pragma_query_value(None, "page_size", |r| r.get(0)).map_err(failed)?;
        let pages = i64::try_from(max).unwrap_or(i64::MAX) / page.max(1);
        db.pragma_update(None, "max_page_count", pages.clamp(64, 1 << 30)).map_err(failed)?;
    }
    Ok(db)
}

/// Plans that do not look at bound values: else SQLite (built with STAT4) compiles a cached statement anew whenever a
/// value is bound to it, which costs more than most of our queries.
fn keep_plans(db: &Connection) -> Sql<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens the file for reading beside the writer.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, TransportError> {
    let failed = |e| error(path, "open", e);
    let db = Connection::open(path).map_err(failed)?;
    db.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
    db.pragma_update(None, "query_only", true).map_err(failed)?;
    db.pragma_update(None, "cache_size", -READER_CACHE_KIB).map_err(failed)?;
    keep_plans(&db).map_err(failed)?;
    Ok(db)
}

/// What SQLite says, as the runtime judges it.
pub(crate) fn error(path: &Path, what: &str, source: rusqlite::Error) -> TransportError {
    let name = || format!("{what} {}", path.display());
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => TransportError::Full { source: Box::new(source) },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::SystemIoFailure) => {
            TransportError::Unavailable { what: name(), source: Box::new(source) }
        }
        Some(_) | None => TransportError::Broken { what: name(), source: Box::new(source) },
    }
}

/// A topic, as transactions need it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Topic {
    pub(crate) id: i64,
    pub(crate) partitions: i32,
    pub(crate) compacted: bool,
    pub(crate) max_bytes: usize,
}

pub(crate) type Sql<T> = Result<T, rusqlite::Error>;

pub(crate) fn topic(db: &Connection, name: &str) -> Sql<Option<Topic>> {
    let row = db
        .prepare_cached("SELECT id, partitions, config FROM topics WHERE name = ?1")?
        .query_row([name], |r| Ok((r.get(0)?, r.get(1)?, r.get::<_, String>(2)?)))
        .optional()?;
    Ok(row.map(|(id, partitions, config)| {
        let config = config_of(&config);
        let of = |name: &str| config.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        Topic {
            id,
            partitions,
            compacted: of("cleanup.policy").is_some_and(|p| p.contains("compact")),
            max_bytes: of("max.message.bytes").and_then(|v| v.parse().ok()).unwrap_or(1_048_588),
        }
    }))
}

fn config_of(text: &str) -> Vec<(String, String)> {
    text.lines().filter_map(|l| l.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

/// Creates a topic, or raises its partitions and alters its settings.
pub(crate) fn apply(db: &Connection, spec: &TopicSpec) -> Sql<Result<(), String>> {
    let config: Vec<String> = spec.config.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let config = config.join("\n");
    let existing: Option<(i64, i32)> = db
        .query_row("SELECT id, partitions FROM topics WHERE name = ?1", [&spec.name], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .optional()?;
    let id = match existing {
        Some((_, partitions)) if partitions > spec.partitions => {
            return Ok(Err(format!(
                "topic {} has {partitions} partitions: they cannot be lowered to {}",
                spec.name, spec.partitions
            )));
        }
        Some((id, _)) => {
            db.execute(
                "UPDATE topics SET partitions = ?2, replication = ?3, config = ?4 WHERE id = ?1",
                params![id, spec.partitions, spec.replication, config],
            )?;
            id
        }
        None => {
            db.execute(
                "INSERT INTO topics (name, partitions, replication, config) VALUES (?1, ?2, ?3, ?4)",
                params![spec.name, spec.partitions, spec.replication, config],
            )?;
            db.last_insert_rowid()
        }
    };
    for partition in 0..spec.partitions {
        db.execute("INSERT OR IGNORE INTO partitions VALUES (?1, ?2, 0, 0)", params![id, partition])?;
    }
    Ok(Ok(()))
}

pub(crate) fn describe(db: &Connection, names: &[String]) -> Sql<Vec<TopicSpec>> {
    let mut query =
        db.prepare_cached("SELECT partitions, replication, config FROM topics WHERE name = ?1")?;
    let mut found = Vec::new();
    for name in names {
        let spec = query
            .query_row([name], |r| {
                Ok(TopicSpec {
                    name: name.clone(),
                    partitions: r.get(0)?,
                    replication: r.get(1)?,
                    config: config_of(&r.get::<_, String>(2)?),
                })
            })
            .optional()?;
        found.extend(spec);
    }
    Ok(found)
}

pub(crate) fn watermarks(db: &Connection, topic: &str) -> Sql<Vec<Watermarks>> {
    db.prepare_cached(
        "SELECT p.partition, p.low, p.next FROM partitions p JOIN topics t ON t.id = p.topic WHERE t.name = ?1 ORDER BY 1",
    )?
    .query_map([topic], |r| Ok(Watermarks { partition: r.get(0)?, low: r.get(1)?, high: r.get(2)? }))?
    .collect()
}

pub(crate) fn committed(db: &Connection, group: &str, topic: &str) -> Sql<Vec<OffsetCommit>> {
    db.prepare_cached(
        "SELECT o.partition, o.offset, o.metadata FROM positions o JOIN topics t ON t.id = o.topic
         WHERE o.grp = ?1 AND t.name = ?2 ORDER BY 1",
    )?
    .query_map([group, topic], |r| {
        Ok(OffsetCommit { partition: r.get(0)?, offset: r.get(1)?, metadata: r.get(2)? })
    })?
    .collect()
}

/// Records from an offset on, until about `bytes` of them are read.
pub(crate) fn fetch(
    db: &Connection,
    topic: i64,
    partition: i32,
    from: i64,
    bytes: usize,
) -> Sql<Vec<Record>> {
    let mut query = db.prepare_cached(
        "SELECT offset, timestamp, key, value, headers FROM records WHERE topic = ?1 AND partition = ?2 AND offset >= ?3
         ORDER BY offset LIMIT 512",
    )?;
    let mut rows = query.query(params![topic, partition, from])?;
    let (mut records, mut size) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let blob = |i| row.get::<_, Option<Vec<u8>>>(i).map(|b| b.map(bytes::Bytes::from));
        let record = Record {
            offset: row.get(0)?,
            timestamp_ms: row.get(1)?,
            key: blob(2)?,
            value: blob(3)?,
            headers: headers_from(&row.get::<_, Vec<u8>>(4)?),
        };
        size += record.size();
        records.push(record);
        if size >= bytes {
            break;
        }
    }
    Ok(records)
}

/// Headers as bytes: for each, the lengths of name and value as big-endian u32, then both.
pub(crate) fn headers_bytes(headers: &Headers) -> Vec<u8> {
    let mut out = Vec::with_capacity(headers.size() + 64);
    for (name, value) in headers.iter() {
        for part in [name.as_bytes(), value] {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(part);
        }
    }
    out
}

fn headers_from(mut bytes: &[u8]) -> Headers {
    let mut next = || {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
        bytes = rest;
        Some(part.to_vec())
    };
    let mut headers = Headers::new();
    while let (Some(name), Some(value)) = (next(), next()) {
        headers.push(String::from_utf8_lossy(&name).into_owned(), value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn cached_statements_are_compiled_once() {
        let folder = std::env::temp_dir().join(format!("docmill-plans-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("log.sqlite");
        let writer = open_writer(&file, None).unwrap();
        for db in [&writer, &open_reader(&file).unwrap()] {
            let mut query = db
                .prepare("SELECT offset FROM records WHERE topic = ?1 AND partition = ?2 AND offset >= ?3")
                .unwrap();
            for n in 0..10 {
                assert!(query.query(params![n, n, n]).unwrap().next().unwrap().is_none());
            }
            assert_eq!(query.get_status(StatementStatus::RePrepare), 0);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
