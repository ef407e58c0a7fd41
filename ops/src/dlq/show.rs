//! `docmill dlq show`: one letter, whole.

use super::{Letter, marked, page};
use crate::desk::{Desk, LogArgs, Place};
use crate::{OpsError, columns, time, ui};
use clap::Args;
use docmill_contracts::content_sha256;
use docmill_runtime::transport::{ReadFrom, Record};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Bytes of an undecodable value that are shown.
const HEAD: usize = 256;

/// Flags of `docmill dlq show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// TOPIC/PARTITION/OFFSET as `docmill dlq list` shows it; `render/0/17` is dlq.render/0/17.
    #[arg(value_name = "STAGE/PARTITION/OFFSET")]
    pub letter: Place,
    /// As one JSON object.
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn run(args: ShowArgs) -> Result<ExitCode, OpsError> {
    let desk = Desk::open(&args.log, "docmill-dlq").await?;
    let (place, record) = find(&desk, args.letter).await?;
    let letter = Letter::of(&place.topic, place.partition, &record);
    let value = value(&desk, &letter, &record).await?;
    let headers: Vec<(String, String)> =
        record.headers.iter().map(|(n, v)| (n.to_owned(), text_or_hex(v))).collect();
    let key = record.key.as_deref().map(text_or_hex);
    let bytes = record.value.as_ref().map(bytes::Bytes::len);
    if args.json {
        let headers: Vec<Value> = headers.iter().map(|(n, v)| json!([n, v])).collect();
        ui::say(json!({
            "letter": place.to_string(), "at": time::show(letter.at), "key": key, "bytes": bytes,
            "sha256": record.value.as_deref().map(content_sha256), "headers": headers, "record": value.ok(),
            "page": page::path(&letter.code),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    ui::say(format_args!("{place}, written {}", time::show(letter.at)));
    ui::say(format_args!("key: {}", columns::printable(&key.unwrap_or_else(|| "none".into()))));
    let rows: Vec<[String; 2]> = headers.into_iter().map(|(n, v)| [n, v]).collect();
    ui::say(columns::render(["header", "value"], &rows));
    ui::say("");
    match value {
        Ok(json) => ui::say(format_args!("{json:#}")),
        Err(why) => {
            ui::say(format_args!("{why}; its first bytes:"));
            ui::say(hex(record.value.as_deref().unwrap_or_default()));
        }
    }
    ui::say("");
    match page::text(&letter.code) {
        Some(page) => ui::say(page.trim_end()),
        None => ui::say(format_args!("what {} means: {}", letter.code, page::path(&letter.code))),
    }
    Ok(ExitCode::SUCCESS)
}

/// The letter at a place; the stage's name alone will do for its topic.
pub(super) async fn find(desk: &Desk, place: Place) -> Result<(Place, Record), OpsError> {
    let topics = desk.dead_letter_topics().await?;
    let Some(topic) =
        topics.into_iter().find(|t| *t == place.topic || t.strip_prefix("dlq.") == Some(&*place.topic))
    else {
        return Err(OpsError::NoLetter { place: place.to_string() });
    };
    let place = Place { topic, ..place };
    let marks = desk.log.watermarks(&place.topic).await?;
    let missing = || OpsError::NoLetter { place: place.to_string() };
    if !marks.iter().any(|m| m.partition == place.partition && (m.low..m.high).contains(&place.offset)) {
        return Err(missing());
    }
    // The other partitions begin with their end, and so have nothing.
    let from = marks
        .iter()
        .map(|m| (m.partition, if m.partition == place.partition { place.offset } else { m.high }))
        .collect();
    let mut scan = desk.scan(&place.topic, ReadFrom::Offsets(from)).await?;
    while let Some((partition, records)) = scan.next().await? {
        if partition == place.partition
            && let Some(record) = records.into_iter().next()
        {
            let found = record.offset == place.offset && marked(&record).is_none();
            return if found { Ok((place, record)) } else { Err(missing()) };
        }
    }
    Err(missing())
}

/// The record as JSON, or why it cannot be read.
async fn value(desk: &Desk, letter: &Letter, record: &Record) -> Result<Result<Value, String>, OpsError> {
    let Some(value) = &record.value else { return Ok(Err("the record has no value".into())) };
    let Some(kind) = letter.origin.as_ref().and_then(|o| desk.kind_of(&o.topic)) else {
        return Ok(Err("the headers name no topic of a record that is known".into()));
    };
    Ok(desk.decode(kind, value).await?.map(|d| d.json))
}

fn text_or_hex(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().take(HEAD).fold("0x".to_owned(), |mut hex, b| {
            // Writing to a string cannot fail.
            write!(hex, "{b:02x}").ok();
            hex
        }),
    }
}

/// Sixteen bytes a line.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (i, line) in bytes.chunks(16).take(HEAD / 16).enumerate() {
        // Writing to a string cannot fail.
        write!(text, "{:06x} ", i * 16).ok();
        for b in line {
            write!(text, " {b:02x}").ok();
        }
        let shown: String =
            line.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { *b as char } else { '.' }).collect();
        writeln!(text, "{}  {shown}", "   ".repeat(16 - line.len())).ok();
    }
    if bytes.len() > HEAD {
        writeln!(text, "… {} bytes in all", bytes.len()).ok();
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_sixteen_a_line() {
        let text = hex(b"\0\x01abc");
        assert!(text.starts_with("000000  00 01 61 62 63") && text.ends_with("..abc"), "{text}");
        assert!(hex(&[7; 1000]).ends_with("… 1000 bytes in all"));
        assert_eq!(text_or_hex(&[0xff, 0]), "0xff00");
    }
}
