//! The runtime's transport over one SQLite file, for one process on one machine.
//!
//! Owns the file, its one writer thread and the groups of this process. Speaks no network protocol and wants none.
//! Rule: a transaction's records and offsets are in one SQLite transaction that is on disk when `commit` returns.

mod group;
mod read;
mod schema;
mod write;

use docmill_runtime::transport::{
    Joined, Member, OffsetCommit, Producer, ReadFrom, Reader, TopicSpec, Transport, TransportError,
    Watermarks,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use group::Groups;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// A log in one file. Cheap to clone.
#[derive(Clone)]
pub struct Embedded {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    path: PathBuf,
    writer: write::Writer,
    groups: Arc<Groups>,
    readers: read::Readers,
    /// Rises with every commit; waiting readers look again.
    version: watch::Receiver<u64>,
    /// Held as long as the log is open, so that no second process opens it.
    _lock: std::fs::File,
}

impl Embedded {
    /// Opens or creates the log. Fails where another process has it open.
    pub fn open(path: &Path) -> Result<Self, TransportError> {
        Self::open_bounded(path, None)
    }

    /// The same for a log whose file refuses to grow beyond `max_bytes`, as it does on a full disk.
    pub fn open_bounded(path: &Path, max_bytes: Option<u64>) -> Result<Self, TransportError> {
        let lock = lock(path)?;
        let (tell, version) = watch::channel(0);
        let groups = Arc::new(Groups::default());
        let writer = write::Writer::open(path, max_bytes, Arc::clone(&groups), tell)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                writer,
                groups,
                readers: read::Readers::default(),
                version,
                _lock: lock,
            }),
        })
    }

    /// Deletes a partition's records before an offset (Kafka's DeleteRecords); returns how many.
    pub async fn trim(&self, topic: &str, partition: i32, before_offset: i64) -> Result<u64, TransportError> {
        self.shared.writer.trim(topic.to_owned(), partition, before_offset).await
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

fn lock(path: &Path) -> Result<std::fs::File, TransportError> {
    let name = path.with_extension("lock");
    let failed = |source: std::io::Error| TransportError::Broken {
        what: format!("open {}", name.display()),
        source: Box::new(source),
    };
    let file = std::fs::File::create(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(TransportError::Fenced { group: path.display().to_string(), slot: "the only one".into() })
        }
        Err(std::fs::TryLockError::Error(e)) => Err(failed(e)),
    }
}

impl Transport for Embedded {
    fn join(&self, member: Member) -> BoxFuture<'_, Result<Joined, TransportError>> {
        async move { group::join(&self.shared, member).await }.boxed()
    }

    fn producer(&self, id: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>> {
        let id = id.to_owned();
        async move { Ok(self.shared.writer.producer(id, None)) }.boxed()
    }

    fn reader(&self, topic: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>> {
        let topic = topic.to_owned();
        async move { read::reader(&self.shared, topic, from).await }.boxed()
    }

    fn describe(&self, names: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>> {
        let names = names.to_vec();
        async move { self.shared.read(move |db| schema::describe(db, &names)).await }.boxed()
    }

    fn apply(&self, topics: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>> {
        let topics = topics.to_vec();
        async move { self.shared.writer.apply(topics).await }.boxed()
    }

    fn watermarks(&self, topic: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>> {
        let topic = topic.to_owned();
        async move {
            let name = topic.clone();
            let marks = self.shared.read(move |db| schema::watermarks(db, &name)).await?;
            if marks.is_empty() { Err(TransportError::UnknownTopic { topic }) } else { Ok(marks) }
        }
        .boxed()
    }

    fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>> {
        let (group, topic) = (group.to_owned(), topic.to_owned());
        async move { self.shared.read(move |db| schema::committed(db, &group, &topic)).await }.boxed()
    }
}
