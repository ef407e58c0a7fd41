//! `docmill setup`: everything that would be fetched on first use, now.

use crate::{OpsError, ui};
use clap::Args;
use docmill_assets::Asset;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `docmill setup`.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Cache folder [default: $DOCMILL_CACHE, $XDG_CACHE_HOME/docmill or ~/.cache/docmill].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Apache Kafka, the schema registry and, where there is none, Java as well.
    #[arg(long)]
    kafka: bool,
}

/// Fetches, verifies and lists.
pub fn run(args: &SetupArgs) -> Result<ExitCode, OpsError> {
    let assets = ui::assets(args.cache.clone());
    for asset in Asset::ALL {
        let path = assets.ensure(*asset)?;
        ui::say(format!("{:<28} {}", asset.name(), path.display()));
    }
    if args.kafka {
        for (name, path) in [
            ("Apache Kafka", assets.kafka_jars()?),
            ("Apicurio Registry", assets.apicurio()?),
            ("Java", assets.java(crate::kafka::JAVA)?),
        ] {
            ui::say(format!("{name:<28} {}", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
