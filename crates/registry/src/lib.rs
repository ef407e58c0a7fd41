//! Schema ids: from a Confluent-compatible registry, or numbered by this build for the embedded log.
//!
//! Owns subjects (`<topic>-value`), their compatibility level and the look-up of other writers' schemas. Knows no broker.
//! Rule: a schema is registered only under a level that keeps every released reader and writer working; a level that an
//! operator has set is left alone.

mod error;
mod http;

pub use docmill_contracts::Secret as Password;
pub use error::RegistryError;
pub use http::{HttpConfig, HttpRegistry};

use docmill_contracts::{Codec, RecordKind, SchemaCatalog};
use docmill_runtime::Topology;
use std::sync::Arc;

/// Where schema ids come from.
#[derive(Debug, Clone)]
pub enum Registry {
    /// This build's schemas, numbered from 1: for one process on the embedded log.
    BuiltIn,
    /// A registry that speaks Confluent's API.
    Http(HttpRegistry),
}

impl Registry {
    /// A registry by HTTP.
    pub fn http(config: &HttpConfig) -> Result<Self, RegistryError> {
        HttpRegistry::new(config).map(Self::Http)
    }

    /// The ids that this build writes its records with. By HTTP they are looked up, and registered where that is allowed:
    /// for every topic of `topology` that carries a record, else for the topic that each schema is named after.
    pub async fn catalog(&self, topology: Option<&Topology>) -> Result<Arc<SchemaCatalog>, RegistryError> {
        match self {
            Self::BuiltIn => Ok(Arc::new(SchemaCatalog::built_in()?)),
            Self::Http(http) => {
                let mut catalog = SchemaCatalog::default();
                for (topic, kind) in topics(topology) {
                    let id = http.id(&format!("{topic}-value"), kind).await?;
                    catalog.set(kind, id)?;
                }
                Ok(Arc::new(catalog))
            }
        }
    }

    /// The schema of an id, as JSON.
    pub async fn fetch(&self, id: u32) -> Result<String, RegistryError> {
        match self {
            Self::BuiltIn => Err(RegistryError::UnknownId { id, url: "the built-in schemas".to_owned() }),
            Self::Http(http) => http.fetch(id).await,
        }
    }

    /// Teaches `codec` the schema of an id that another writer uses.
    pub async fn learn(&self, codec: &Codec, id: u32) -> Result<(), RegistryError> {
        let schema = self.fetch(id).await?;
        codec.catalog().add(id, &schema)?;
        Ok(())
    }
}

/// Topics that carry records, with the record's kind.
fn topics(topology: Option<&Topology>) -> Vec<(String, RecordKind)> {
    match topology {
        Some(t) => t.topics.values().filter_map(|t| Some((t.name.clone(), t.record?))).collect(),
        None => RecordKind::ALL.iter().map(|k| (k.schema_file().to_owned(), *k)).collect(),
    }
}

#[cfg(test)]
mod tests;
