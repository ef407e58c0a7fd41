//! Runs workers side by side, until told to stop or until one cannot go on.

use docmill_contracts::{Class, Classify};
use docmill_registry::{Registry, RegistryError};
use docmill_runtime::{RunError, SchemaSource, Worker, WorkerEnv};
use futures::future::BoxFuture;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Schemas of other writers, from the registry.
#[derive(Debug, Clone)]
pub struct RegistrySchemas(pub Registry);

impl SchemaSource for RegistrySchemas {
    fn fetch(&self, id: u32) -> BoxFuture<'_, Result<String, Box<dyn Classify>>> {
        Box::pin(async move {
            self.0.fetch(id).await.map_err(|e: RegistryError| -> Box<dyn Classify> { Box::new(e) })
        })
    }
}

/// Runs workers until `env.stop` says so. The first that cannot go on stops the others, and is the result.
pub async fn host(workers: Vec<Worker>, env: WorkerEnv) -> Result<(), RunError> {
    let (stop, stopped) = watch::channel(false);
    let mut running = JoinSet::new();
    for worker in workers {
        running.spawn(worker.run(WorkerEnv { stop: stopped.clone(), ..env.clone() }));
    }
    drop(stopped);
    let mut outer = env.stop.clone();
    let mut result = Ok(());
    loop {
        tokio::select! {
            ended = running.join_next() => match ended {
                None => return result,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => {
                    if error.class() != Class::Transient || result.is_ok() {
                        tracing::error!(code = %error.code(), "{error}");
                    }
                    if result.is_ok() {
                        result = Err(error);
                    }
                    stop.send_replace(true);
                }
                Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
            },
            _ = outer.wait_for(|s| *s), if !*stop.borrow() => {
                stop.send_replace(true);
            }
        }
    }
}

/// Becomes true at the first SIGTERM or SIGINT. The second SIGINT ends the process at once, as people expect.
pub fn shutdown_signal() -> std::io::Result<watch::Receiver<bool>> {
    let (tell, told) = watch::channel(false);
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let mut interrupts = 0;
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => interrupts += 1,
            }
            if interrupts > 1 {
                std::process::exit(130);
            }
            tell.send_replace(true);
        }
    });
    Ok(told)
}
