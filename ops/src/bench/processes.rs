//! CPU and memory of processes and all their children, sampled from /proc.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What a group of processes used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Usage {
    /// User and system time in seconds.
    pub(super) cpu_s: f64,
    /// Largest sum of proportional set sizes seen, in MiB.
    pub(super) peak_mib: f64,
}

/// Samples processes until it is stopped.
pub(super) struct Sampler {
    stop: tokio::sync::oneshot::Sender<()>,
    task: JoinHandle<BTreeMap<String, Usage>>,
}

impl Sampler {
    /// Watches these processes, by name, and their children.
    pub(super) fn start(roots: BTreeMap<String, u32>) -> Self {
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        // The first sample is taken before anything that is to be measured.
        let mut all = Samples::default();
        all.take(&roots, true);
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = &mut stopped => {
                        all.take(&roots, false);
                        return all.usage();
                    }
                    () = tokio::time::sleep(Duration::from_millis(250)) => all.take(&roots, false),
                }
            }
        });
        Self { stop, task }
    }

    /// What they used since the start.
    pub(super) async fn stop(self) -> BTreeMap<String, Usage> {
        // The task may have ended by itself, and then its result is there.
        self.stop.send(()).ok();
        self.task.await.unwrap_or_default()
    }
}

#[derive(Default)]
struct Samples {
    /// CPU seconds of each process when it was first and last seen, with its group.
    cpu: HashMap<u32, (String, f64, f64)>,
    peak: BTreeMap<String, f64>,
}

impl Samples {
    fn take(&mut self, roots: &BTreeMap<String, u32>, first: bool) {
        let parents = parents();
        for (name, root) in roots {
            let mut mib = 0.0;
            for pid in family(*root, &parents) {
                let Some(cpu) = cpu_seconds(pid) else { continue };
                // A process that came later began with nothing.
                let start = if first { cpu } else { 0.0 };
                self.cpu.entry(pid).or_insert((name.clone(), start, cpu)).2 = cpu;
                mib += pss_mib(pid).unwrap_or(0.0);
            }
            let peak = self.peak.entry(name.clone()).or_default();
            *peak = peak.max(mib);
        }
    }

    fn usage(&self) -> BTreeMap<String, Usage> {
        let mut usage: BTreeMap<String, Usage> =
            self.peak.iter().map(|(n, p)| (n.clone(), Usage { cpu_s: 0.0, peak_mib: *p })).collect();
        for (name, start, end) in self.cpu.values() {
            usage.entry(name.clone()).or_default().cpu_s += end - start;
        }
        usage
    }
}

/// The processes of a running docmill by name: the stages below `docmill up`, and Kafka and registry of a data folder.
pub(super) fn named(up: u32, kafka_dir: &std::path::Path) -> BTreeMap<String, u32> {
    let mark = format!("-Ddocmill.dir={}", kafka_dir.display());
    let mut found = BTreeMap::new();
    for (pid, parent) in parents() {
        let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).into_owned();
        let program =
            line.split('\0').next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        if line.contains(&mark) {
            let name = if line.contains("kafka.Kafka") { "Apache Kafka" } else { "schema registry" };
            found.insert(name.to_owned(), pid);
        } else if parent == up && program.starts_with("docmill-") {
            found.insert(program, pid);
        }
    }
    found
}

/// Resident memory in MiB.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Resident {
    /// Now.
    pub(super) mib: f64,
    /// At most since the process began, as the kernel counts it: no sample has to meet the moment.
    pub(super) most: f64,
}

impl std::iter::Sum for Resident {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self { mib: a.mib + b.mib, most: a.most + b.most })
    }
}

/// Of each process itself, and of its living children together.
pub(super) fn resident(roots: &BTreeMap<String, u32>) -> Vec<(String, Resident)> {
    let parents = parents();
    let mut found = Vec::new();
    for (name, root) in roots {
        found.extend(resident_of(*root).map(|r| (name.clone(), r)));
        let others: Vec<u32> = roots.values().copied().filter(|pid| pid != root).collect();
        let children = family(*root, &parents).into_iter().skip(1).filter(|pid| !others.contains(pid));
        // The children of `docmill up` are the stages, which stand for themselves.
        if name != "docmill up" {
            let sum: Resident = children.filter_map(resident_of).sum();
            if sum.mib > 0.0 {
                found.push((format!("{name} children"), sum));
            }
        }
    }
    found
}

/// CPU seconds of a process and its living children so far.
pub(super) fn cpu_of_family(root: u32) -> f64 {
    family(root, &parents()).into_iter().filter_map(cpu_seconds).sum()
}

fn resident_of(pid: u32) -> Option<Resident> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mib = |key: &str| {
        let kib: f64 =
            text.lines().find_map(|l| l.strip_prefix(key))?.split_whitespace().next()?.parse().ok()?;
        Some(kib / 1024.0)
    };
    Some(Resident { mib: mib("VmRSS:")?, most: mib("VmHWM:")? })
}

fn parents() -> HashMap<u32, u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|e| {
            let pid: u32 = e.file_name().to_str()?.parse().ok()?;
            let ppid = stat(pid)?.get(1)?.parse().ok()?;
            Some((pid, ppid))
        })
        .collect()
}

fn family(root: u32, parents: &HashMap<u32, u32>) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, p)| **p == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}

/// Fields of /proc/PID/stat from the third on: state, ppid, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn cpu_seconds(pid: u32) -> Option<f64> {
    let fields = stat(pid)?;
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok());
    // utime and stime are fields 14 and 15 of the line; Linux counts 100 ticks a second for user space.
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Proportional set size: shared pages are counted once over all processes that share them.
fn pss_mib(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find(|l| l.starts_with("Pss:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_process_uses_something() {
        let sampler = Sampler::start(BTreeMap::from([("me".to_owned(), std::process::id())]));
        let (me, mut sum) = (std::process::id(), 0u64);
        let before = cpu_seconds(me).unwrap();
        while cpu_seconds(me).unwrap() - before < 0.03 {
            sum = sum.wrapping_mul(31).wrapping_add(1);
        }
        std::hint::black_box(sum);
        let usage = sampler.stop().await;
        assert!(usage["me"].cpu_s > 0.01 && usage["me"].peak_mib > 1.0, "{usage:?}");
        let resident = resident_of(me).unwrap();
        assert!(resident.mib > 1.0 && resident.most >= resident.mib, "{resident:?}");
    }
}
