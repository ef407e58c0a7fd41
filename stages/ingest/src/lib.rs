//! ingest: admits documents, stores their bytes, rejects what cannot be processed.
//!
//! Owns the public door: what a submission may look like, which file types there are, sizes, names and the pace of a
//! tenant. Must not know what is inside a document: it reads magic bytes and the root element of XML, never a page.
//! Rule: the original is in the blob store, under the hash of its content, before any record names it.

mod config;
mod error;
mod limits;
mod name;
mod sniff;
mod stage;
mod xml;

pub use config::{Config, TenantLimits};
pub use error::IngestError;
pub use name::sanitise;
pub use sniff::{FileType, Sniffed, sniff};
pub use stage::{Ingest, MAX_INLINE_BYTES, head_of};
pub use xml::XmlRoot;

use docmill_runtime::Worker;
use docmill_service::StageEnv;

/// Name of the stage.
pub const STAGE: &str = "ingest";

/// The workers of this stage.
pub fn workers(config: Config, env: &StageEnv) -> Result<Vec<Worker>, IngestError> {
    Ok(vec![Worker::stage("ingest", Ingest::new(config, env.blobs.clone(), env.documents.clone())?)])
}
