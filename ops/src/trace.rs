//! `docmill trace`: everything the log has about one document, from submission to delivery.
//!
//! Owns the finding of its records and their causal order. Rule: a record comes after the one it was made from, whatever
//! the clocks say.

mod entry;
mod order;

use crate::desk::{Desk, LogArgs, Name};
use crate::dlq::marked;
use crate::{OpsError, columns, time, ui};
use clap::Args;
use docmill_contracts::RecordKind;
use docmill_runtime::transport::{ReadFrom, Record};
use entry::Entry;
use std::collections::{BTreeSet, HashSet};
use std::process::ExitCode;

/// Flags of `docmill trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Id of the document.
    #[arg(value_name = "DOCUMENT")]
    pub document: String,
    /// Its tenant; needed where two tenants have a document of that id.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Only this revision.
    #[arg(long)]
    pub revision: Option<i32>,
    /// One JSON object a record.
    #[arg(long)]
    pub json: bool,
}

/// Shows it.
pub async fn run(args: TraceArgs) -> Result<ExitCode, OpsError> {
    let desk = Desk::open(&args.log, "docmill-trace").await?;
    let entries = trace(&desk, &args).await?;
    if args.json {
        entries.iter().for_each(|(depth, e)| ui::say(e.to_json(*depth)));
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 8]> = entries.iter().map(|(depth, e)| row(*depth, e)).collect();
    let head = ["time", "record", "place", "revision", "made by", "bytes", "sha256", "what it says"];
    ui::say(columns::render(head, &rows));
    Ok(ExitCode::SUCCESS)
}

fn row(depth: usize, e: &Entry) -> [String; 8] {
    let tree = if depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(depth.min(12) - 1)) };
    let attempt = e.attempt.as_deref().filter(|a| *a != "1").map_or_else(String::new, |a| format!(" #{a}"));
    [
        time::show(e.at),
        format!("{tree}{}", e.kind),
        e.place.to_string(),
        e.revision.map_or_else(String::new, |r| r.to_string()),
        format!("{}{attempt}", e.worker.as_deref().unwrap_or_default()),
        e.bytes.to_string(),
        e.sha256.chars().take(12).collect(),
        e.says().join("; "),
    ]
}

/// All records about a document in causal order, with their depth in the tree of what was made from what.
pub(crate) async fn trace(desk: &Desk, args: &TraceArgs) -> Result<Vec<(usize, Entry)>, OpsError> {
    let mut found = Vec::new();
    let mut sent_back = HashSet::new();
    for (topic, kind) in desk.topics().await? {
        if kind == Some(RecordKind::TenantConfig) {
            continue;
        }
        let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
        while let Some((partition, records)) = scan.next().await? {
            for record in records {
                sent_back.extend(marked(&record));
                let Some(tenant) = tenant_of(desk, args, kind, &record).await? else { continue };
                if args.tenant.as_ref().is_none_or(|t| *t == tenant || tenant.is_empty()) {
                    found.push(Entry::read(desk, &topic, partition, kind, tenant, &record).await?);
                }
            }
        }
    }
    for entry in &mut found {
        entry.sent_back = sent_back.contains(&entry.place);
    }
    let tenants: BTreeSet<String> =
        found.iter().map(|e| e.tenant.clone()).filter(|t| !t.is_empty()).collect();
    if tenants.len() > 1 {
        let tenants = tenants.into_iter().collect();
        return Err(OpsError::SeveralTenants { document: args.document.clone(), tenants });
    }
    if let Some(revision) = args.revision {
        found.retain(|e| e.revision.is_none_or(|r| r == revision));
    }
    if !found.iter().any(|e| !e.tenant.is_empty()) {
        return Err(OpsError::UnknownDocument { document: args.document.clone() });
    }
    Ok(order::causal(found))
}

/// Whose record this is, if it is about the document; empty where nothing says it.
async fn tenant_of(
    desk: &Desk,
    args: &TraceArgs,
    kind: Option<RecordKind>,
    record: &Record,
) -> Result<Option<String>, OpsError> {
    let mine = |n: Name| (n.document == args.document).then_some(n.tenant);
    match kind {
        Some(RecordKind::DocumentSubmitted) => Ok(desk.submission_name(record).await?.and_then(mine)),
        // The changelog has tenant, document and revision in its key.
        Some(RecordKind::GatherState) => {
            let key = record.key.as_deref().and_then(|k| std::str::from_utf8(k).ok());
            let document = key.and_then(|k| k.rsplit_once('/')).map(|(document, _)| document);
            let tenant = document
                .and_then(|d| d.strip_suffix(args.document.as_str()))
                .and_then(|front| front.strip_suffix('/'));
            Ok(tenant.map(str::to_owned))
        }
        _ => Ok(Name::of(&record.headers).and_then(mine)),
    }
}

#[cfg(test)]
mod tests;
