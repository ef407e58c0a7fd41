//! A cluster of brokers and its registry in one folder: started, stopped, and, for tests of faults, broken.
//!
//! Rule: what is started is written down before it is waited for, so that a later call can stop it.

use super::broker::{self, Node};
use super::daemon::{self, Daemon, Life};
use super::registry;
use super::state::{self, Running, State};
use crate::OpsError;
use crate::process::{self, Signal};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

/// A cluster on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    /// Folder of data, logs and process ids.
    pub(crate) dir: PathBuf,
    /// Port of the first broker. Broker n takes the two from `port + 2 * (n - 1)` on.
    pub(crate) port: u16,
    /// Port of the schema registry, which takes the next one too.
    pub(crate) registry_port: u16,
    /// Brokers: 1 or 3.
    pub(crate) size: u16,
    /// Whether it outlives this command.
    pub(crate) life: Life,
}

impl Cluster {
    /// All brokers, as a client wants them.
    pub(crate) fn servers(&self) -> String {
        let nodes = Node::all(self.port, self.size).map(|n| format!("127.0.0.1:{}", n.port()));
        nodes.collect::<Vec<_>>().join(",")
    }

    /// Where Confluent's API is.
    pub(crate) fn registry_url(&self) -> String {
        registry::url(self.registry_port)
    }

    /// Starts what does not run, and waits until all of it answers.
    pub(crate) async fn up(&self) -> Result<(), OpsError> {
        let _one_at_a_time = state::lock(&self.dir)?;
        let mut state = State::load(&self.dir)?;
        let mark = state::mark(&self.dir);
        self.fits(&state, &mark)?;
        let nodes: Vec<Node> = Node::all(self.port, self.size)
            .filter(|n| !state.brokers.get(&n.id).is_some_and(|r| r.lives(&mark)))
            .collect();
        let registry_runs = state.registry.as_ref().is_some_and(|r| r.lives(&mark));
        self.ports_are_free(&nodes, registry_runs)?;
        if state.cluster_id.is_empty() {
            state.cluster_id = broker::cluster_id();
        }
        state.size = self.size;
        // All at once: each takes seconds on a core of its own, and a quorum needs two.
        let mut started = Vec::new();
        for node in nodes {
            let daemon = broker::start(&self.dir, node, &state.cluster_id, &mark, self.life).await?;
            state.brokers.insert(node.id, Running { pid: daemon.pid(), port: node.port() });
            state.save(&self.dir)?;
            started.push((daemon, node.port()));
        }
        let registry = if registry_runs {
            None
        } else {
            let daemon = registry::start(&self.dir, self.registry_port, &mark, self.life).await?;
            state.registry = Some(Running { pid: daemon.pid(), port: self.registry_port });
            state.save(&self.dir)?;
            Some(daemon)
        };
        let kafka = futures::future::try_join_all(
            started
                .into_iter()
                .map(|(daemon, port)| daemon.wait_until(move || broker::answers(port, self.size))),
        );
        let registry = async {
            match registry {
                Some(daemon) => daemon.wait_until(|| registry::answers(self.registry_port)).await,
                None => Ok(()),
            }
        };
        let (kafka, registry) = tokio::join!(kafka, registry);
        kafka?;
        registry
    }

    /// Whether what is in the folder is this cluster.
    fn fits(&self, state: &State, mark: &str) -> Result<(), OpsError> {
        let lives = |r: &&Running| r.lives(mark);
        let first = state.brokers.get(&1).filter(lives).filter(|r| r.port != self.port);
        let registry = state.registry.as_ref().filter(lives).filter(|r| r.port != self.registry_port);
        if let Some(other) = first.or(registry) {
            return Err(OpsError::OtherPorts { dir: self.dir.clone(), port: other.port });
        }
        if state.size != 0 && state.size != self.size {
            return Err(OpsError::OtherSize { dir: self.dir.clone(), has: state.size, asked: self.size });
        }
        Ok(())
    }

    fn ports_are_free(&self, nodes: &[Node], registry_runs: bool) -> Result<(), OpsError> {
        let mut ports = Vec::new();
        for node in nodes {
            ports.push((node.port(), "Kafka", "--port"));
            ports.push((node.port() + 1, "Kafka's controller", "--port"));
        }
        if !registry_runs {
            ports.push((self.registry_port, "schema registry", "--registry-port"));
            ports.push((self.registry_port + 1, "health page of the schema registry", "--registry-port"));
        }
        for (port, use_for, flag) in ports {
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
                return Err(OpsError::PortTaken { port, use_for, flag });
            }
        }
        Ok(())
    }

    /// Signals one broker; does not wait for its end. One that does not run is no error.
    pub(crate) fn signal(&self, id: u16, signal: Signal) -> Result<(), OpsError> {
        let state = State::load(&self.dir)?;
        let mark = state::mark(&self.dir);
        if let Some(broker) = state.brokers.get(&id).filter(|r| r.lives(&mark)) {
            process::signal(broker.pid, signal);
        }
        Ok(())
    }

    /// Whether a broker's process lives.
    pub(crate) fn lives(&self, id: u16) -> Result<bool, OpsError> {
        let mark = state::mark(&self.dir);
        Ok(State::load(&self.dir)?.brokers.get(&id).is_some_and(|r| r.lives(&mark)))
    }

    /// Starts a broker whose process has ended; does not wait until it answers.
    pub(crate) async fn start(&self, id: u16) -> Result<(), OpsError> {
        let _one_at_a_time = state::lock(&self.dir)?;
        let mut state = State::load(&self.dir)?;
        let mark = state::mark(&self.dir);
        let node = Node { id, of: self.size, first_port: self.port };
        let daemon: Daemon = broker::start(&self.dir, node, &state.cluster_id, &mark, self.life).await?;
        state.brokers.insert(id, Running { pid: daemon.pid(), port: node.port() });
        state.save(&self.dir)
    }

    /// Whether a broker serves, and knows all others.
    pub(crate) async fn answers(&self, id: u16) -> bool {
        let node = Node { id, of: self.size, first_port: self.port };
        broker::answers(node.port(), self.size).await
    }
}

/// What a broker is called.
pub(super) fn name(id: u16, of: u16) -> String {
    if of > 1 { format!("{} {id}", broker::NAME) } else { broker::NAME.to_owned() }
}

/// Stops all that runs in a folder. What was stopped, and whether it had to be killed.
pub(crate) async fn down(dir: &Path) -> Result<Vec<(String, bool)>, OpsError> {
    let _one_at_a_time = state::lock(dir)?;
    let mut state = State::load(dir)?;
    let mark = state::mark(dir);
    let mut stopped = Vec::new();
    if let Some(running) = state.registry.take().filter(|r| r.lives(&mark)) {
        stopped.push((registry::NAME.to_owned(), daemon::stop(registry::NAME, running.pid, &mark).await?));
    }
    let brokers: Vec<_> =
        std::mem::take(&mut state.brokers).into_iter().filter(|(_, r)| r.lives(&mark)).collect();
    // Together: the last of a quorum alone cannot say goodbye to its controller and would wait in vain.
    let stopping = brokers.iter().map(|(_, r)| daemon::stop(broker::NAME, r.pid, &mark));
    for ((id, _), killed) in brokers.iter().zip(futures::future::join_all(stopping).await) {
        stopped.push((name(*id, state.size), killed?));
    }
    state.save(dir)?;
    Ok(stopped)
}
