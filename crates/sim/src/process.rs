//! Processes: workers that live and die together, in a slot.

use crate::trace::Invariant;
use crate::world::{NoSchemas, World};
use docmill_runtime::telemetry::{Clock, LogsOnly};
use docmill_runtime::transport::TransportError;
use docmill_runtime::{RunError, WorkerEnv};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The life of a slot: what is wanted of its processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A process should run.
    Up,
    /// None should run: it is told to stop.
    Down,
    /// Everything ends.
    Over,
}

/// A slot of a stage.
pub struct Slot {
    /// Stage and number: `front.0`.
    pub name: String,
    /// What is wanted.
    pub wanted: watch::Sender<Wanted>,
    /// The process that runs now; none while none does.
    pub process: watch::Receiver<Option<String>>,
}

/// How a process ended.
enum End {
    Stopped,
    Died,
    Failed,
}

/// Starts processes in a slot whenever one is wanted, until all is over.
pub fn slot(world: &Arc<World>, stage: usize, number: usize) -> (Slot, impl Future<Output = ()> + use<>) {
    let (wanted, told) = watch::channel(Wanted::Up);
    let (running, process) = watch::channel(None);
    let stages = world.scenario.flow.stages();
    let name = format!("{}.{number}", stages.get(stage).map_or("", |s| s.0));
    let slot = Slot { name: name.clone(), wanted, process };
    (slot, supervise(Arc::clone(world), stage, name, told, running))
}

async fn supervise(
    world: Arc<World>,
    stage: usize,
    name: String,
    mut wanted: watch::Receiver<Wanted>,
    running: watch::Sender<Option<String>>,
) {
    for life in 1.. {
        if wanted.wait_for(|w| *w != Wanted::Down).await.is_err() || *wanted.borrow() == Wanted::Over {
            return;
        }
        let process = format!("{name}#{life}");
        running.send_replace(Some(process.clone()));
        let end = live(&world, stage, &name, &process, &mut wanted).await;
        running.send_replace(None);
        let pause = match end {
            End::Stopped => 100,
            End::Died | End::Failed => {
                100 + world.storm.below(if world.storm.below(4) == 0 { 15_000 } else { 1500 })
            }
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// One process, from its start to its end.
async fn live(
    world: &Arc<World>,
    stage: usize,
    slot: &str,
    process: &str,
    wanted: &mut watch::Receiver<Wanted>,
) -> End {
    let mut death = world.storm.born(process);
    let client = world.log.process(process);
    let wrong_ms =
        if world.scenario.faults.clocks { world.storm.below(1_200_000).cast_signed() - 600_000 } else { 0 };
    let wall_ms = 1_800_000_000_000 + world.trace.at_ms().cast_signed() + wrong_ms;
    world.trace.say(format_args!("start  {process} clock {wrong_ms:+} ms"));
    let flow = world.scenario.flow;
    let workers = flow.stages().get(stage).map_or(&[][..], |s| s.1);
    let mut tasks = JoinSet::new();
    let mut stops = Vec::new();
    for name in workers {
        let (tell, stop) = watch::channel(false);
        stops.push(tell);
        let transport = match world.plant {
            Some(plant) => plant.transport(world, client.clone()),
            None => Arc::new(client.clone()),
        };
        let env = WorkerEnv {
            gate: Arc::new(docmill_runtime::worker::OpenGate),
            transport,
            topology: Arc::clone(&world.topology),
            codec: world.codec.clone(),
            schemas: Arc::new(NoSchemas),
            telemetry: Arc::new(LogsOnly),
            clock: Clock::at(wall_ms),
            slot: slot.to_owned(),
            stop,
            patience: Duration::from_secs(60),
        };
        tasks.spawn(flow.worker(name, world, process).run(env));
    }
    let mut stopping = false;
    let end = loop {
        tokio::select! {
            biased;
            _ = death.recv() => break End::Died,
            ended = tasks.join_next() => match ended {
                None => break End::Stopped,
                Some(Ok(Ok(()))) if stopping => {}
                Some(ended) => {
                    judge(world, process, ended);
                    break End::Failed;
                }
            },
            _ = wanted.wait_for(|w| *w != Wanted::Up), if !stopping => {
                world.trace.say(format_args!("stop   {process}"));
                stopping = true;
                for tell in &stops {
                    tell.send_replace(true);
                }
            }
        }
    };
    world.log.kill(process);
    tasks.shutdown().await;
    let how = match end {
        End::Stopped => "stopped",
        End::Died => "died",
        End::Failed => "failed",
    };
    world.trace.say(format_args!("end    {process} {how}"));
    end
}

/// Workers end only for reasons that a restart heals.
fn judge(world: &World, process: &str, ended: Result<Result<(), RunError>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => world.trace.broken(Invariant::Worker, format!("{process} stopped without being told")),
        Ok(Err(error)) => {
            world.trace.say(format_args!("fail   {process}: {error}"));
            let heals = matches!(
                error,
                RunError::Commit { .. }
                    | RunError::Commits { .. }
                    | RunError::Log {
                        source: TransportError::Fenced { .. } | TransportError::Unavailable { .. },
                        ..
                    }
            );
            if !heals {
                world.trace.broken(Invariant::Worker, format!("{process}: {error}"));
            }
        }
        Err(e) if e.is_panic() => {
            let panic = e.into_panic();
            let what = panic.downcast_ref::<String>().cloned();
            let what = what.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            world
                .trace
                .broken(Invariant::Worker, format!("{process} panicked: {}", what.unwrap_or_default()));
        }
        Err(e) => world.trace.broken(Invariant::Worker, format!("{process}: {e}")),
    }
}
