//! Against a real registry, which the test starts and stops.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use docmill_contracts::{Codec, RecordKind, SchemaCatalog};
use docmill_registry::{HttpConfig, Registry, RegistryError};
use docmill_runtime::Topology;
use std::sync::Arc;

#[tokio::test]
async fn schemas_are_registered_found_again_and_read_back() {
    let Some(kafka) = docmill_tests::kafka() else { return };
    let url = kafka.registry.clone();
    let topology = Topology::built_in().unwrap();
    let registering = Registry::http(&HttpConfig { url: url.clone(), ..HttpConfig::default() }).unwrap();
    // Six processes that start together on an empty registry.
    let together = (0..6).map(|_| registering.catalog(Some(&topology)));
    let catalogs = futures::future::try_join_all(together).await.unwrap();
    let first = registering.catalog(Some(&topology)).await.unwrap();
    for catalog in catalogs {
        assert!(RecordKind::ALL.iter().all(|k| catalog.id(*k) == first.id(*k)));
    }

    let reading = HttpConfig { url, register: false, ..HttpConfig::default() };
    let reading = Registry::http(&reading).unwrap();
    let again = reading.catalog(Some(&topology)).await.unwrap();
    for kind in RecordKind::ALL {
        let id = first.id(*kind);
        assert!(id.is_some() && id == again.id(*kind), "{}", kind.name());
        // Registries keep no white space.
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(json(&reading.fetch(id.unwrap()).await.unwrap()), json(kind.schema_json()));
    }
    let codec = Codec::new(Arc::new(SchemaCatalog::default()));
    reading.learn(&codec, first.id(RecordKind::DocumentResult).unwrap()).await.unwrap();
    let error = reading.fetch(u32::MAX / 2).await.unwrap_err();
    assert!(matches!(error, RegistryError::UnknownId { .. }), "{error}");
}
