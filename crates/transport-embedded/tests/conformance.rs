//! The embedded log passes the conformance suite.

#![allow(clippy::unwrap_used, clippy::unnecessary_wraps)]

use docmill_testkit::Bench;
use docmill_transport_embedded::Embedded;
use std::sync::Arc;

fn make() -> Option<Bench> {
    let folder = tempfile::tempdir().unwrap();
    let log = Embedded::open(&folder.path().join("log.sqlite")).unwrap();
    Some(Bench::new(Arc::new(log), folder))
}

docmill_testkit::conformance!(make);
