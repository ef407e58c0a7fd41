//! Lines of `results.jsonl`, and which of them count.
//!
//! Rule: a line is never held: one of a document of thousands of rows has many megabytes. What says whose it is stands at
//! its beginning.

use crate::SinkError;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Most bytes of a line or a document that are looked at for whose it is.
const BEGINNING: u64 = 64 * 1024;

/// What is read back of a line or a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) document_id: String,
    pub(super) revision: i32,
}

impl Identity {
    /// From JSON that may have lost its end.
    pub(super) fn of_beginning(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut found = None;
        let read = serde_json::Deserializer::from_slice(json).deserialize_map(Beginning(&mut found));
        // Once both are known, what comes after them, or does not come any more, is not looked at.
        match (found, read) {
            (Some(identity), _) => Ok(identity),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(serde_json::Error::custom("there is no document_id and revision")),
        }
    }
}

struct Beginning<'a>(&'a mut Option<Identity>);

impl<'de> Visitor<'de> for Beginning<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut id, mut number) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "document_id" => id = Some(map.next_value()?),
                "revision" => number = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            if let (Some(document_id), Some(revision)) = (&id, number) {
                *self.0 = Some(Identity { document_id: String::clone(document_id), revision });
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The revision of the document that is there.
pub(super) fn there(path: &Path) -> Option<i32> {
    let mut beginning = Vec::new();
    File::open(path).ok()?.take(BEGINNING).read_to_end(&mut beginning).ok()?;
    Some(Identity::of_beginning(&beginning).ok()?.revision)
}

/// Of every document its last revision and the line where it stands.
pub(super) type LastLines = HashMap<String, (i32, u64)>;

/// Number of lines, and the last line of every document.
pub(super) fn last_lines(path: &Path) -> Result<(u64, LastLines), SinkError> {
    let mut last = LastLines::new();
    let mut count = 0;
    each_line(path, |beginning, _| {
        let found = Identity::of_beginning(beginning)
            .map_err(|source| SinkError::Damaged { path: path.display().to_string(), source })?;
        let best = last.entry(found.document_id).or_insert((i32::MIN, 0));
        if found.revision >= best.0 {
            *best = (found.revision, count);
        }
        count += 1;
        Ok(())
    })?;
    Ok((count, last))
}

/// Copies the lines that count, in their order; the number of bytes.
pub(super) fn copy_lines(from: &Path, to: &Path, last: &LastLines) -> Result<u64, SinkError> {
    let keep: HashSet<u64> = last.values().map(|(_, line)| *line).collect();
    let failed = |e| SinkError::io("write", to, e);
    let mut out = BufWriter::new(File::create(to).map_err(failed)?);
    // A second reader follows the first one, which says how long each line is.
    let mut lines = BufReader::new(File::open(from).map_err(|e| SinkError::io("read", from, e))?);
    let (mut count, mut length) = (0, 0);
    each_line(from, |_, bytes| {
        let mut line = lines.by_ref().take(bytes);
        if keep.contains(&count) {
            length += io::copy(&mut line, &mut out).map_err(failed)?;
        } else {
            io::copy(&mut line, &mut io::sink()).map_err(failed)?;
        }
        count += 1;
        Ok(())
    })?;
    out.flush().map_err(failed)?;
    out.get_ref().sync_all().map_err(failed)?;
    Ok(length)
}

/// Calls `take` with the beginning of every line and with its length, its line feed included.
fn each_line(
    path: &Path,
    mut take: impl FnMut(&[u8], u64) -> Result<(), SinkError>,
) -> Result<(), SinkError> {
    let failed = |e| SinkError::io("read", path, e);
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut beginning = Vec::new();
    while reader.by_ref().take(BEGINNING).read_until(b'\n', &mut beginning).map_err(failed)? > 0 {
        let mut length = beginning.len() as u64;
        if beginning.last() != Some(&b'\n') {
            length += reader.skip_until(b'\n').map_err(failed)? as u64;
        }
        take(&beginning, length)?;
        beginning.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<(String, i32)> {
        Identity::of_beginning(json.as_bytes()).ok().map(|i| (i.document_id, i.revision))
    }

    #[test]
    fn the_beginning_says_whose_a_line_is() {
        let both = Some(("a\"b".to_owned(), 7));
        for json in [
            r#"{"document_id": "a\"b", "revision": 7, "tenant": "t"}"#,
            r#"{"document_id": "a\"b", "revision": 7, "line_items": [{"a": "#,
            r#"{"x": {"document_id": "no"}, "revision": 7, "document_id": "a\"b""#,
        ] {
            assert_eq!(of(json), both, "{json}");
        }
        for json in ["", "x", "[]", "{}", r#"{"document_id": "a"}"#, r#"{"document_id": "a", "rev"#] {
            assert_eq!(of(json), None, "{json}");
        }
    }

    #[test]
    fn lines_longer_than_what_is_looked_at_are_counted_and_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let line = |id: &str, revision: i32, length: usize| {
            let rest = "x".repeat(length);
            format!("{{\"document_id\":\"{id}\",\"revision\":{revision},\"rest\":\"{rest}\"}}\n")
        };
        let exactly = usize::try_from(BEGINNING).unwrap() - line("a", 2, 0).len();
        let lines =
            [line("a", 1, 300_000), line("b", 1, 10), line("a", 2, exactly), line("c", 1, exactly + 1)];
        std::fs::write(&from, lines.concat()).unwrap();
        let (count, last) = last_lines(&from).unwrap();
        assert_eq!((count, last["a"], last["b"], last["c"]), (4, (2, 2), (1, 1), (1, 3)));
        let length = copy_lines(&from, &to, &last).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), lines[1..].concat());
        assert_eq!(length, lines[1..].concat().len() as u64);
    }
}
