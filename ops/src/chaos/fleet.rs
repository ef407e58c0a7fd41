//! The stages' processes: started, broken, started again at once.
//!
//! Owns the processes and how they end. Decides nothing about when. Rule: a slot has at most one process, and none is
//! left when this is dropped.

use crate::OpsError;
use crate::process::{self, Signal};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time from SIGTERM to the end: what Kubernetes grants.
const GRACE: Duration = Duration::from_secs(30);
/// A process that ends sooner than this after its start is not started again at once, but after as long.
const SOON: Duration = Duration::from_secs(1);
/// Exit code of a stage whose configuration is wrong.
const USAGE: i32 = 2;

/// A stage and a slot.
pub(super) type Place = (&'static str, u16);

/// What all processes have in common.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    /// Folder of the programs.
    pub(super) programs: PathBuf,
    pub(super) environment: Vec<(&'static str, OsString)>,
    /// Folder of log files.
    pub(super) logs: PathBuf,
}

/// What happened to processes.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Processes started after the first of each place.
    pub(super) restarts: usize,
    /// From the end of a process, or from its SIGCONT, until its successor had partitions again.
    pub(super) recoveries: Vec<Duration>,
    /// Ends that nobody caused, with the last words.
    pub(super) unprovoked: Vec<String>,
    /// Processes that did not end in time after SIGTERM, or not with exit code 0.
    pub(super) unclean: Vec<String>,
}

#[derive(Debug)]
struct Member {
    child: Option<Child>,
    log: PathBuf,
    starts: u32,
    started: Instant,
    /// Started again when it ends.
    wanted: bool,
    /// What was done to it last: the end that is to be expected.
    doomed: Option<(Signal, Instant)>,
    thaw: Option<Instant>,
    /// Since when it has had no partitions, and where in its log to look for them.
    recovering: Option<(Instant, u64)>,
    again: Option<Instant>,
}

/// All processes of a run.
#[derive(Debug)]
pub(super) struct Fleet {
    setup: Setup,
    members: BTreeMap<Place, Member>,
    pub(super) ends: Ends,
}

impl Fleet {
    pub(super) fn new(setup: Setup) -> Self {
        Self { setup, members: BTreeMap::new(), ends: Ends::default() }
    }

    /// Starts a place that is empty.
    pub(super) fn start(&mut self, place: Place) -> Result<(), OpsError> {
        let now = Instant::now();
        let member = self.members.entry(place).or_insert_with(|| Member {
            child: None,
            log: PathBuf::new(),
            starts: 0,
            started: now,
            wanted: true,
            doomed: None,
            thaw: None,
            recovering: None,
            again: None,
        });
        member.wanted = true;
        if member.child.is_some() {
            return Ok(());
        }
        if member.starts > 0 {
            self.ends.restarts += 1;
        }
        member.starts += 1;
        let (stage, slot) = place;
        member.log = self.setup.logs.join(format!("{stage}-{slot}.{:03}.log", member.starts));
        let failed = |e| OpsError::io("write", &member.log, e);
        let out = File::create(&member.log).map_err(failed)?;
        let err = out.try_clone().map_err(failed)?;
        let program = self.setup.programs.join(format!("docmill-{stage}"));
        let mut command = Command::new(&program);
        for (name, _) in std::env::vars_os() {
            // Nothing of the caller's configuration but where fetched files are.
            let text = name.to_string_lossy();
            if text.starts_with("DOCMILL__") && text != "DOCMILL__ASSETS" {
                command.env_remove(&name);
            }
        }
        command.envs(self.setup.environment.iter().map(|(k, v)| (k, v)));
        command.env("DOCMILL__SLOT", slot.to_string());
        process::die_with_parent(&mut command);
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|e| OpsError::io("start", program, e))?;
        member.child = Some(child);
        member.started = now;
        member.doomed = None;
        member.thaw = None;
        member.again = None;
        Ok(())
    }

    /// Sends a signal that ends a process. False where there is none to be ended, or one that stands still: what comes
    /// of that is to be seen.
    pub(super) fn end(&mut self, place: Place, signal: Signal) -> bool {
        let Some(member) = self.members.get_mut(&place) else { return false };
        let free = member.doomed.is_none() && member.thaw.is_none();
        let Some(child) = member.child.as_ref().filter(|_| free) else { return false };
        process::signal(child.id(), signal);
        member.doomed = Some((signal, Instant::now()));
        true
    }

    /// Takes a place out of service: SIGTERM, and no new start.
    pub(super) fn retire(&mut self, place: Place) -> bool {
        if let Some(member) = self.members.get_mut(&place) {
            member.wanted = false;
        }
        self.end(place, Signal::Term)
    }

    /// Stops a process for a while, from outside. False where there is none to be stopped.
    pub(super) fn freeze(&mut self, place: Place, lasts: Duration) -> bool {
        let Some(member) = self.members.get_mut(&place) else { return false };
        let free = member.doomed.is_none() && member.thaw.is_none();
        let Some(child) = member.child.as_ref().filter(|_| free) else { return false };
        process::signal(child.id(), Signal::Stop);
        member.thaw = Some(Instant::now() + lasts);
        true
    }

    /// Looks after all processes: who has ended, who is to go on, who is there again.
    pub(super) fn tick(&mut self) -> Result<(), OpsError> {
        let now = Instant::now();
        let mut again = Vec::new();
        for (place, member) in &mut self.members {
            if member.thaw.is_some_and(|at| at <= now) {
                member.thaw = None;
                if let Some(child) = &member.child {
                    member.recovering = Some((now, length(&member.log)));
                    process::signal(child.id(), Signal::Continue);
                }
            }
            if let Some(child) = &mut member.child {
                match child.try_wait().map_err(|e| OpsError::io("wait for", &member.log, e))? {
                    None => {
                        if let Some((Signal::Term, since)) = member.doomed
                            && now - since > GRACE
                            && member.thaw.is_none()
                        {
                            let took = GRACE.as_secs();
                            self.ends
                                .unclean
                                .push(format!("{} had not ended {took} s after SIGTERM", shown(&member.log)));
                            process::signal(child.id(), Signal::Kill);
                            member.doomed = Some((Signal::Kill, now));
                        }
                        recovered(member, &mut self.ends.recoveries);
                    }
                    Some(status) => {
                        member.child = None;
                        if status.code() == Some(USAGE) {
                            return Err(OpsError::StageConfig { name: format!("docmill-{}", place.0) });
                        }
                        let words = || {
                            format!("{} ended ({status}): {}", shown(&member.log), last_words(&member.log))
                        };
                        match member.doomed {
                            Some((Signal::Term, _)) if status.code() != Some(0) => {
                                self.ends.unclean.push(words());
                            }
                            Some(_) => {}
                            None if status.signal() == Some(libc::SIGKILL) => {}
                            None => self.ends.unprovoked.push(words()),
                        }
                        let wait = if now - member.started < SOON { SOON } else { Duration::ZERO };
                        member.again = member.wanted.then(|| now + wait);
                        // Measured from the first end where several follow each other.
                        let since = member.recovering.map_or(now, |(since, _)| since);
                        member.recovering = member.wanted.then_some((since, 0));
                    }
                }
            }
            if member.again.is_some_and(|at| at <= now) {
                again.push(*place);
            }
        }
        again.into_iter().try_for_each(|place| self.start(place))
    }

    /// Whether every wanted process runs and is not about to end.
    pub(super) fn whole(&self) -> bool {
        self.members
            .values()
            .all(|m| !m.wanted || (m.child.is_some() && m.doomed.is_none() && m.thaw.is_none()))
    }

    /// Lets everything that was stopped go on.
    pub(super) fn thaw(&mut self) {
        for member in self.members.values_mut().filter(|m| m.thaw.is_some()) {
            member.thaw = Some(Instant::now());
        }
    }

    /// Ends all processes cleanly.
    pub(super) async fn stop(&mut self) -> Result<(), OpsError> {
        let places: Vec<Place> = self.members.keys().copied().collect();
        self.thaw();
        self.tick()?;
        for place in places {
            self.retire(place);
        }
        while self.members.values().any(|m| m.child.is_some()) {
            self.tick()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in self.members.values_mut().filter_map(|m| m.child.as_mut()) {
            // One that has ended already is no error.
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Notes the time when a process has partitions again.
fn recovered(member: &mut Member, recoveries: &mut Vec<Duration>) {
    let Some((since, from)) = member.recovering else { return };
    let text = read_from(&member.log, from);
    if text.contains("\"assigned\"") {
        recoveries.push(since.elapsed());
        member.recovering = None;
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

fn read_from(path: &Path, from: u64) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(path)
        && file.seek(SeekFrom::Start(from)).is_ok()
    {
        // What could be read is looked at.
        file.read_to_end(&mut bytes).ok();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The line that says why: a stage writes one that begins with its name.
fn last_words(log: &Path) -> String {
    let text = read_from(log, 0);
    let line = text.lines().rfind(|l| l.starts_with("docmill-")).or_else(|| text.lines().last());
    line.unwrap_or("it said nothing").chars().take(400).collect()
}

fn shown(log: &Path) -> String {
    log.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
