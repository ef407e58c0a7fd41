//! Every pinned file, from the cache or fetched now.

#![allow(clippy::unwrap_used)]

use docmill_assets::{Asset, Assets};

#[test]
fn every_asset_can_be_had() {
    let assets = Assets::new(None);
    for asset in Asset::ALL.iter().chain(Asset::FOR_TESTS) {
        let path = assets.ensure(*asset).unwrap();
        assert!(path.is_file(), "{}", path.display());
    }
}
