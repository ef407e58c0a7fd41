//! From submission to result, one small document at a time, at a steady pace; and where the time goes.
//!
//! The whole is measured by this process's clock, from before the submission is written to after the result is read.
//! The hops are told by the times of the records, which their producers set as they write them.

use super::world::{World, WorldArgs, percentile};
use crate::desk::{Desk, Name};
use crate::inputs::{self, Input};
use crate::submission::{self, Order};
use crate::{OpsError, columns, ui};
use clap::Args;
use docmill_blobs::Blobs;
use docmill_contracts::RecordKind;
use docmill_runtime::transport::{Read, ReadFrom, Reader};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Flags of `docmill bench latency`.
#[derive(Debug, Args)]
pub struct LatencyArgs {
    /// Where it runs.
    #[command(flatten)]
    pub world: WorldArgs,
    /// Documents of one page with a text layer; they are taken in turns.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
    /// Documents that are measured.
    #[arg(long, default_value_t = 300)]
    pub documents: usize,
    /// Documents before them that are not.
    #[arg(long, default_value_t = 25)]
    pub warm_up: usize,
    /// Documents a second.
    #[arg(long, default_value_t = 5.0)]
    pub rate: f64,
    /// Longest wait for a result, in seconds.
    #[arg(long, default_value_t = 60)]
    pub limit: u64,
}

/// What a short document passes, in order.
const WAY: [RecordKind; 6] = [
    RecordKind::DocumentSubmitted,
    RecordKind::DocumentAccepted,
    RecordKind::DocumentAssembled,
    RecordKind::DocumentExtracted,
    RecordKind::DocumentValidated,
    RecordKind::DocumentResult,
];

/// When a document was where.
#[derive(Debug, Default, Clone)]
struct Way {
    /// Before the submission was written, by this process's clock.
    started: Option<Instant>,
    /// When the result was read.
    ended: Option<Instant>,
    /// Times of its records in milliseconds since 1970 UTC, as in [`WAY`].
    at: [Option<i64>; WAY.len()],
}

/// Measures and prints.
pub(super) async fn run(args: LatencyArgs) -> Result<ExitCode, OpsError> {
    let files = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?.files;
    if files.is_empty() || args.rate <= 0.0 || args.documents == 0 {
        return Err(OpsError::Usage(vec!["documents and a rate above 0 are needed".into()]));
    }
    let world = World::start(&args.world).await?;
    let measured = measure(&args, &files, &world).await;
    world.stop().await?;
    let ways = measured?;
    print(&args, &ways);
    Ok(ExitCode::SUCCESS)
}

async fn measure(args: &LatencyArgs, files: &[Input], world: &World) -> Result<Vec<Way>, OpsError> {
    let mut stages = world.up(&[])?;
    let desk = world.desk().await?;
    let mut results = desk.log.reader("results", ReadFrom::End).await?;
    world.warm_up(&mut stages, &mut *results, &desk.codec, files, "warm-up", 120).await?;
    let (tell, mut told) = mpsc::channel(1024);
    let mut followers = Vec::new();
    for (hop, kind) in WAY.into_iter().enumerate() {
        let Some(topic) = desk.topic_of(kind) else { continue };
        let reader = desk.log.reader(&topic, ReadFrom::End).await?;
        followers.push(tokio::spawn(follow(reader, hop, tell.clone())));
    }
    drop(tell);
    let ways = stages.during(drive(args, files, &desk, world, &mut told)).await;
    followers.iter().for_each(tokio::task::JoinHandle::abort);
    stages.stop().await?;
    ways
}

/// A record of a document: which, on which hop, its time, and when it was read.
struct Seen {
    document: String,
    hop: usize,
    at: i64,
    read: Instant,
}

async fn follow(mut reader: Box<dyn Reader>, hop: usize, tell: mpsc::Sender<Seen>) {
    while let Ok(read) = reader.next().await {
        let Read::Records { records, .. } = read else { continue };
        let now = Instant::now();
        for record in records {
            let Some(name) = Name::of(&record.headers) else { continue };
            let seen = Seen { document: name.document, hop, at: record.timestamp_ms, read: now };
            if tell.send(seen).await.is_err() {
                return;
            }
        }
    }
}

async fn drive(
    args: &LatencyArgs,
    files: &[Input],
    desk: &Desk,
    world: &World,
    told: &mut mpsc::Receiver<Seen>,
) -> Result<Vec<Way>, OpsError> {
    let blobs: Blobs = world.blobs()?;
    let order = Order::plain("latency");
    let mut references = Vec::new();
    for file in files {
        let blob = submission::hash(file)?;
        submission::store(file, &blob, &blobs).await?;
        references.push((file, blob));
    }
    let mut writer = desk.writer(&format!("bench-{}", std::process::id())).await?;
    let mut ways: HashMap<String, Way> = HashMap::new();
    let total = args.warm_up + args.documents;
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / args.rate));
    // A pause of the machine must not be followed by a burst.
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut sent, mut done) = (0, 0);
    let mut last = Instant::now();
    while done < total {
        if last.elapsed() > Duration::from_secs(args.limit) {
            let late = format!("{} documents had no result after {} s", total - done, args.limit);
            return Err(OpsError::io("wait for results of", "documents", std::io::Error::other(late)));
        }
        tokio::select! {
            _ = pace.tick(), if sent < total => {
                let (file, blob) = &references[sent % references.len()];
                let id = format!("latency-{}-{sent}", std::process::id());
                let mut document = order.document(file, blob.clone(), 1, desk.clock.now_ms());
                document.document_id.clone_from(&id);
                let record = submission::record(&document, &desk.codec)?;
                ways.entry(id).or_default().started = Some(Instant::now());
                writer.commit(vec![record]).await?;
                sent += 1;
                last = Instant::now();
            }
            seen = told.recv() => {
                let Some(seen) = seen else { break };
                let Some(way) = ways.get_mut(&seen.document) else { continue };
                way.at[seen.hop] = Some(seen.at);
                if seen.hop == WAY.len() - 1 && way.ended.is_none() {
                    way.ended = Some(seen.read);
                    done += 1;
                    last = Instant::now();
                }
            }
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    // Readers of other topics may be a little behind that of results.
    tokio::time::timeout(Duration::from_secs(2), async {
        while let Some(seen) = told.recv().await {
            if let Some(way) = ways.get_mut(&seen.document) {
                way.at[seen.hop] = Some(seen.at);
            }
        }
    })
    .await
    .ok();
    let measured = args.warm_up..total;
    let id = |n: usize| format!("latency-{}-{n}", std::process::id());
    Ok(measured.filter_map(|n| ways.remove(&id(n))).collect())
}

fn print(args: &LatencyArgs, ways: &[Way]) {
    let row = |name: &str, mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let of = |p| format!("{:.1}", percentile(&values, p));
        [name.to_owned(), of(0.5), of(0.9), of(0.99), of(1.0), values.len().to_string()]
    };
    let whole: Vec<f64> =
        ways.iter().filter_map(|w| Some((w.ended? - w.started?).as_secs_f64() * 1000.0)).collect();
    let mut rows = vec![row("submit to result", whole)];
    for (i, pair) in WAY.windows(2).enumerate() {
        let [from, to] = pair else { continue };
        let hop: Vec<f64> = ways.iter().filter_map(|w| Some((w.at[i + 1]? - w.at[i]?) as f64)).collect();
        rows.push(row(&format!("  {} to {}", from.schema_file(), to.schema_file()), hop));
    }
    ui::say(columns::render(["milliseconds", "p50", "p90", "p99", "max", "documents"], &rows));
    ui::say(format_args!(
        "{} documents at {}/s; the hops are told by record times, to the millisecond; the last hop ends when the result \
         is written, the whole when it is read",
        ways.len(),
        args.rate
    ));
}
