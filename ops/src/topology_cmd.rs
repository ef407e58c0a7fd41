//! `docmill topology`: the topics as topology.toml wants them, against the topics as they are.
//!
//! Owns the comparison. A topic that only the log has is none of its business; partitions are never taken away.

mod guard;

use crate::cli::Connection;
use crate::desk::Desk;
use crate::{OpsError, ui};
use clap::{Args, Subcommand};
use docmill_runtime::Topology;
use docmill_runtime::transport::{TopicSpec, Transport};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What to do with the topics.
#[derive(Debug, Subcommand)]
pub enum TopologyCommand {
    /// Create what is missing, raise partitions, alter settings. Takes nothing away.
    Apply(TopologyArgs),
    /// Exit code 0 when the topics are as they should be, 1 when they differ.
    Check(TopologyArgs),
    /// Show what `apply` would change. Exit codes as for `check`.
    Diff(TopologyArgs),
}

/// Flags of `docmill topology`.
#[derive(Debug, Args)]
pub struct TopologyArgs {
    /// How to reach Kafka, and which topology.
    #[command(flatten)]
    connection: Connection,
    /// Copies of every topic, instead of what the topology says: 3 on a cluster of three brokers.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=9))]
    replication: Option<i32>,
    /// With `apply`: raise partitions on which pages meet although documents are open. Their pages are lost to them.
    #[arg(long)]
    force: bool,
}

impl TopologyArgs {
    /// The topics as they should be.
    fn wanted(&self, topology: &Topology) -> Vec<TopicSpec> {
        let mut wanted = topology.topic_specs();
        for topic in &mut wanted {
            topic.replication = self.replication.unwrap_or(topic.replication);
        }
        wanted
    }
}

/// Longest wait until brokers tell of what was applied: settings reach them after the answer.
const SETTLED: Duration = Duration::from_secs(10);

/// Does it.
pub async fn run(command: TopologyCommand) -> Result<ExitCode, OpsError> {
    let (TopologyCommand::Apply(args) | TopologyCommand::Check(args) | TopologyCommand::Diff(args)) =
        &command;
    let config = args.connection.load()?;
    let topology = config.load_topology()?;
    let log = docmill_service::open_kafka(&config, "docmill-topology")?;
    let wanted = args.wanted(&topology);
    let found = existing(&log, &topology).await?;
    let differences = compare(&wanted, &found);
    if !matches!(command, TopologyCommand::Check(_)) {
        differences.iter().for_each(|d| ui::say(d.show(ui::Style::stdout())));
    }
    if !matches!(command, TopologyCommand::Apply(_)) || differences.is_empty() {
        return Ok(verdict(wanted.len(), &differences));
    }
    let raise = guard::raised(&topology, &found)?;
    if !raise.is_empty() && !args.force {
        let registry = docmill_registry::Registry::http(&config.registry)?;
        let desk = Desk::new(std::sync::Arc::new(log.clone()), topology.clone(), registry).await?;
        guard::refuse(&desk, &raise, &found).await?;
    }
    let changes: Vec<_> = possible(&wanted, &found, &differences);
    if !changes.is_empty() {
        log.apply(&changes).await?;
        let raised = |t: &&TopicSpec| found.iter().any(|f| f.name == t.name && f.partitions < t.partitions);
        if changes.iter().any(|t| raised(&t)) {
            ui::tell(
                "partitions were raised: stages that run notice within a minute; who restarts them sooner leaves them \
                 stopped for 15 s, or they come back to the partitions they had",
            );
        }
    }
    let start = Instant::now();
    loop {
        let rest = compare(&wanted, &existing(&log, &topology).await?);
        let settled = rest.iter().all(|d| d.change == Change::Irreconcilable);
        if settled || start.elapsed() > SETTLED {
            return Ok(verdict(wanted.len(), &rest));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The topics that need a change, without what Kafka cannot change.
fn possible(wanted: &[TopicSpec], found: &[TopicSpec], differences: &[Difference]) -> Vec<TopicSpec> {
    let differs =
        |t: &TopicSpec| differences.iter().any(|d| d.topic == t.name && d.change != Change::Irreconcilable);
    let mut changes: Vec<_> = wanted.iter().filter(|t| differs(t)).cloned().collect();
    for change in &mut changes {
        if let Some(have) = found.iter().find(|t| t.name == change.name) {
            change.partitions = change.partitions.max(have.partitions);
            change.replication = have.replication;
        }
    }
    changes
}

async fn existing(log: &impl Transport, topology: &Topology) -> Result<Vec<TopicSpec>, OpsError> {
    let names: Vec<_> = topology.topics.keys().cloned().collect();
    Ok(log.describe(&names).await?)
}

fn verdict(topics: usize, differences: &[Difference]) -> ExitCode {
    if differences.is_empty() {
        ui::say(format_args!("{topics} topics are as they should be"));
        return ExitCode::SUCCESS;
    }
    let of = |which: &dyn Fn(&Change) -> bool| {
        differences.iter().filter(|d| which(&d.change)).map(|d| &d.topic).collect::<BTreeSet<_>>().len()
    };
    let never = |c: &Change| *c == Change::Irreconcilable;
    let mendable = of(&|c| !never(c));
    if mendable > 0 {
        ui::say(format_args!("{mendable} topics differ: `docmill topology apply` mends them"));
    }
    if of(&never) > 0 {
        ui::say(format_args!("{} topics differ in what Kafka cannot change: mend topology.toml", of(&never)));
    }
    ExitCode::FAILURE
}

/// What a difference asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Make the topic.
    Create,
    /// Alter partitions or a setting.
    Alter,
    /// What Kafka cannot do: fewer partitions, another number of copies.
    Irreconcilable,
}

/// One thing that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    topic: String,
    change: Change,
    /// What it is about, as it is and as it should be.
    what: String,
}

impl Difference {
    fn show(&self, style: ui::Style) -> String {
        match self.change {
            Change::Create => style.green(&format!("+ {}: {}", self.topic, self.what)),
            Change::Alter => style.yellow(&format!("~ {}: {}", self.topic, self.what)),
            Change::Irreconcilable => style.red(&format!("! {}: {}", self.topic, self.what)),
        }
    }
}

fn compare(wanted: &[TopicSpec], found: &[TopicSpec]) -> Vec<Difference> {
    let found: BTreeMap<_, _> = found.iter().map(|t| (t.name.as_str(), t)).collect();
    let mut differences = Vec::new();
    for want in wanted {
        let mut differs =
            |change, what| differences.push(Difference { topic: want.name.clone(), change, what });
        let Some(have) = found.get(want.name.as_str()) else {
            let settings: Vec<_> = want.config.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let copies = if want.replication == 1 { "copy" } else { "copies" };
            differs(
                Change::Create,
                format!(
                    "missing; {} partitions, {} {copies}, {}",
                    want.partitions,
                    want.replication,
                    settings.join(" ")
                ),
            );
            continue;
        };
        if want.partitions != have.partitions {
            let (change, why) = if have.partitions > want.partitions {
                (Change::Irreconcilable, "; Kafka takes no partitions away")
            } else {
                (Change::Alter, "")
            };
            differs(change, format!("partitions {} -> {}{why}", have.partitions, want.partitions));
        }
        if want.replication != have.replication {
            let what = format!(
                "copies {} -> {}; moved by kafka-reassign-partitions, not by docmill",
                have.replication, want.replication
            );
            differs(Change::Irreconcilable, what);
        }
        for (name, value) in &want.config {
            let has = have.config.iter().find(|(n, _)| n == name).map_or("not set", |(_, v)| v);
            if has != value {
                differs(Change::Alter, format!("{name} {has} -> {value}"));
            }
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str, partitions: i32, config: &[(&str, &str)]) -> TopicSpec {
        let config = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        TopicSpec { name: name.into(), partitions, replication: 1, config }
    }

    #[test]
    fn the_same_topics_do_not_differ_whatever_else_is_there() {
        let wanted = [topic("a", 4, &[("cleanup.policy", "compact")])];
        let found =
            [topic("a", 4, &[("cleanup.policy", "compact"), ("segment.ms", "5")]), topic("not.ours", 1, &[])];
        assert_eq!(compare(&wanted, &found), []);
    }

    #[test]
    fn every_difference_is_named_with_both_values() {
        let wanted = [topic("a", 4, &[("max.message.bytes", "2")]), topic("b", 1, &[]), topic("c", 2, &[])];
        let found = [topic("a", 2, &[("max.message.bytes", "1")]), topic("c", 3, &[])];
        let shown: Vec<_> = compare(&wanted, &found).iter().map(|d| (d.change, d.what.clone())).collect();
        assert_eq!(shown[0], (Change::Alter, "partitions 2 -> 4".to_owned()));
        assert_eq!(shown[1], (Change::Alter, "max.message.bytes 1 -> 2".to_owned()));
        assert_eq!(shown[2].0, Change::Create);
        assert_eq!(shown[3].0, Change::Irreconcilable);
    }

    #[test]
    fn what_kafka_cannot_change_is_left_out_and_the_rest_is_changed() {
        let wanted = [topic("a", 2, &[("retention.ms", "2")]), topic("b", 1, &[])];
        let found = [topic("a", 3, &[("retention.ms", "1")]), topic("b", 2, &[])];
        let changes = possible(&wanted, &found, &compare(&wanted, &found));
        assert_eq!(changes, [topic("a", 3, &[("retention.ms", "2")])]);
    }
}
