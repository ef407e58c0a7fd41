//! Which documents a replay takes, and from which records.

use super::{From, Outcome, ReplayArgs, made_by};
use crate::OpsError;
use crate::desk::{Desk, Name, revision_of};
use docmill_contracts::{BlobRef, DocumentResult, DocumentSubmitted, RecordKind, ResultStatus};
use docmill_runtime::transport::{ReadFrom, Record};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A document that is replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Highest revision that is known.
    pub(crate) revision: i32,
    /// Type that was found; empty without a result.
    pub(crate) kind: String,
    /// Outcome; none without a result.
    pub(crate) status: Option<ResultStatus>,
    /// Milliseconds since 1970 UTC.
    pub(crate) submitted_at: i64,
    /// File name and original, where they are taken from the result.
    pub(crate) original: Option<(String, BlobRef)>,
}

/// What is replayed.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) chosen: BTreeMap<Name, Chosen>,
    /// Partition and offset of the record that each document starts from.
    pub(crate) places: HashMap<(i32, i64), Name>,
    /// Documents without such a record.
    pub(crate) gone: usize,
    /// Documents without a result that would have been chosen.
    pub(crate) open: usize,
    /// Documents that the resumed run has done.
    pub(crate) done_before: usize,
}

/// A document as submissions and results tell it.
struct Seen {
    revision: i32,
    submitted_at: i64,
    result: Option<Result>,
}

struct Result {
    revision: i32,
    status: ResultStatus,
    kind: String,
    engines: BTreeSet<String>,
    name: String,
    original: BlobRef,
}

/// Reads submissions, results and status, then the records that the stage starts from.
pub(crate) async fn select(desk: &Desk, args: &ReplayArgs) -> std::result::Result<Selection, OpsError> {
    let mut seen = documents(desk, args).await?;
    let mut selection = Selection::default();
    let by_outcome = |s: &Seen| {
        let status = s.result.as_ref().map(|r| r.status);
        args.status.is_empty() || args.status.iter().any(|o| o.is(status))
    };
    for (name, s) in &seen {
        let named = args.documents.contains(&name.document);
        let open = s.result.is_none();
        let wants_open = args.status.contains(&Outcome::None) || (named && args.status.is_empty());
        let wanted = s.submitted_at >= args.from.unwrap_or(i64::MIN)
            && s.submitted_at < args.until.unwrap_or(i64::MAX)
            && by_outcome(s)
            && described(s.result.as_ref(), args);
        if !wanted {
            continue;
        }
        if open && !wants_open {
            selection.open += 1;
            continue;
        }
        let result = s.result.as_ref();
        selection.chosen.insert(
            name.clone(),
            Chosen {
                revision: s.revision,
                kind: result.map_or_else(String::new, |r| r.kind.clone()),
                status: result.map(|r| r.status),
                submitted_at: s.submitted_at,
                original: None,
            },
        );
    }
    let chosen = &selection.chosen;
    // A revision that is on its way shows in the status; one that went past ingest, in nothing but that.
    for (name, known) in desk.known(|n| chosen.contains_key(n)).await? {
        if let Some(c) = selection.chosen.get_mut(&name) {
            c.revision = c.revision.max(known.revision);
        }
    }
    sources(desk, args, &mut selection).await?;
    let placed: BTreeSet<&Name> = selection.places.values().collect();
    let mut gone = Vec::new();
    for (name, c) in &mut selection.chosen {
        if placed.contains(name) {
            continue;
        }
        match seen.remove(name).and_then(|s| s.result) {
            Some(r) if args.without_submission && args.stage == From::Ingest => {
                c.original = Some((r.name, r.original));
            }
            _ => gone.push(name.clone()),
        }
    }
    selection.gone = gone.len();
    gone.iter().for_each(|name| {
        selection.chosen.remove(name);
    });
    Ok(selection)
}

/// Type and engines are told by results alone.
fn described(result: Option<&Result>, args: &ReplayArgs) -> bool {
    let kind = args.kind.as_ref().is_none_or(|k| result.is_some_and(|r| r.kind == *k));
    let engine = args.engine_version.as_ref().is_none_or(|v| result.is_some_and(|r| r.engines.contains(v)));
    kind && engine
}

async fn documents(desk: &Desk, args: &ReplayArgs) -> std::result::Result<BTreeMap<Name, Seen>, OpsError> {
    let asked = |n: &Name| {
        args.tenant.as_ref().is_none_or(|t| *t == n.tenant)
            && (args.documents.is_empty() || args.documents.contains(&n.document))
    };
    let mut seen: BTreeMap<Name, Seen> = BTreeMap::new();
    if let Some(topic) = desk.topic_of(RecordKind::DocumentSubmitted) {
        let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
        while let Some((_, records)) = scan.next().await? {
            for record in records {
                let Some(name) = desk.submission_name(&record).await?.filter(|n| asked(n)) else { continue };
                let Some(s) = read::<DocumentSubmitted>(desk, &record).await? else { continue };
                let at = if s.submitted_at > 0 { s.submitted_at } else { record.timestamp_ms };
                let entry = seen.entry(name).or_insert(Seen { revision: 0, submitted_at: at, result: None });
                entry.revision = entry.revision.max(s.revision);
                entry.submitted_at = entry.submitted_at.min(at);
            }
        }
    }
    if let Some(topic) = desk.topic_of(RecordKind::DocumentResult) {
        let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
        while let Some((_, records)) = scan.next().await? {
            for record in records {
                let Some(r) = read::<DocumentResult>(desk, &record).await? else { continue };
                let name = Name::new(&r.tenant, &r.document_id);
                if !asked(&name) {
                    continue;
                }
                let at = r.trace.submitted_at;
                let entry = seen.entry(name).or_insert(Seen { revision: 0, submitted_at: at, result: None });
                entry.revision = entry.revision.max(r.revision);
                if entry.result.as_ref().is_none_or(|old| old.revision <= r.revision) {
                    entry.result = Some(told(r));
                }
            }
        }
    }
    Ok(seen)
}

fn told(r: DocumentResult) -> Result {
    let engines =
        r.trace.stages.iter().flat_map(|s| [s.version.clone(), format!("{}/{}", s.engine, s.version)]);
    let fields = r.fields.values().chain(r.line_items.iter().flat_map(std::collections::BTreeMap::values));
    let models = fields.flat_map(|f| [f.model_version.clone(), format!("{}/{}", f.engine, f.model_version)]);
    Result {
        revision: r.revision,
        status: r.status,
        kind: r.kind.value,
        engines: engines.chain(models).collect(),
        name: r.source.name,
        original: BlobRef { sha256: r.content_sha256, bytes: r.source.bytes },
    }
}

/// Where each chosen document's newest record for the stage lies.
async fn sources(
    desk: &Desk,
    args: &ReplayArgs,
    selection: &mut Selection,
) -> std::result::Result<(), OpsError> {
    let Some(topic) = desk.topic_of(args.stage.kind()) else { return Ok(()) };
    let target = args.to.as_deref().unwrap_or(&topic).to_owned();
    if let Some(run) = &args.resume {
        let mut scan = desk.scan(&target, ReadFrom::Beginning).await?;
        while let Some((_, records)) = scan.next().await? {
            for record in records.iter().filter(|r| made_by(&r.headers, run)) {
                if let Some(name) = Name::of(&record.headers)
                    && selection.chosen.remove(&name).is_some()
                {
                    selection.done_before += 1;
                }
            }
        }
    }
    // Revision and place of the newest.
    let mut newest: HashMap<Name, (i32, (i32, i64))> = HashMap::new();
    let mut scan = desk.scan(&topic, ReadFrom::Beginning).await?;
    while let Some((partition, records)) = scan.next().await? {
        for record in records.iter().filter(|r| r.value.is_some()) {
            let name = match args.stage {
                From::Ingest => desk.submission_name(record).await?,
                From::Render | From::Infer | From::Validate => Name::of(&record.headers),
            };
            let Some(name) = name else { continue };
            let Some(chosen) = selection.chosen.get_mut(&name) else { continue };
            let revision = revision_of(&record.headers).unwrap_or(1);
            chosen.revision = chosen.revision.max(revision);
            if newest.get(&name).is_none_or(|(r, _)| *r <= revision) {
                newest.insert(name, (revision, (partition, record.offset)));
            }
        }
    }
    selection.places = newest.into_iter().map(|(name, (_, place))| (place, name)).collect();
    Ok(())
}

async fn read<T: docmill_contracts::Contract>(
    desk: &Desk,
    record: &Record,
) -> std::result::Result<Option<T>, OpsError> {
    match &record.value {
        Some(value) => desk.read(value).await,
        None => Ok(None),
    }
}
