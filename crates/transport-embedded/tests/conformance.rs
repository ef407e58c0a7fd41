//! The embedded log passes the conformance suite.

use docmill_testkit::Bench;
use docmill_transport_embedded::Embedded;
use std::sync::Arc;

async fn make() -> Option<Bench> {
    let folder = tempfile::tempdir().unwrap();
    let log = Embedded::open(&folder.path().join("log.sqlite")).unwrap();
    Some(Bench::new(Arc::new(log), folder))
}

docmill_testkit::conformance!(make);
