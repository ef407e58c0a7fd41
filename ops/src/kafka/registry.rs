//! Apicurio Registry, which speaks Confluent's API, with its data in a file of H2.

use super::daemon::{Daemon, Life};
use crate::{OpsError, ui};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

pub(super) const NAME: &str = "schema registry";

/// Where Confluent's API is.
pub(super) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/apis/ccompat/v7")
}

/// Starts it.
pub(super) async fn start(dir: &Path, port: u16, mark: &str, life: Life) -> Result<Daemon, OpsError> {
    let (java, app) = tokio::task::spawn_blocking(|| {
        let assets = ui::assets(None);
        Ok::<_, OpsError>((assets.java(super::JAVA)?, assets.apicurio()?))
    })
    .await
    .map_err(|e| OpsError::io("fetch", NAME, e.into()))??;
    let home = dir.join("registry");
    fs::create_dir_all(&home).map_err(|e| OpsError::io("create folder", &home, e))?;
    let mut command = Command::new(java);
    command.arg(mark).args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-jar"]);
    command.arg(app.join("quarkus-run.jar")).current_dir(&home);
    // Without WRITE_DELAY=0 a kill loses schemas whose ids were given out already.
    let database = format!("jdbc:h2:file:{};WRITE_DELAY=0", home.join("schemas").display());
    let (port, management) = (port.to_string(), (port + 1).to_string());
    command.envs([
        ("APICURIO_STORAGE_KIND", "sql"),
        ("APICURIO_STORAGE_SQL_KIND", "h2"),
        ("APICURIO_DATASOURCE_URL", &database),
        ("APICURIO_DATASOURCE_USERNAME", "sa"),
        ("APICURIO_DATASOURCE_PASSWORD", "sa"),
        // Its log is never rotated, so it says little.
        ("QUARKUS_LOG_LEVEL", "WARN"),
        ("QUARKUS_HTTP_ACCESS_LOG_ENABLED", "false"),
        ("QUARKUS_HTTP_HOST", "127.0.0.1"),
        ("QUARKUS_HTTP_PORT", &port),
        ("QUARKUS_MANAGEMENT_HOST", "127.0.0.1"),
        ("QUARKUS_MANAGEMENT_PORT", &management),
    ]);
    Daemon::start(NAME, command, home.join("registry.log"), life)
}

/// Whether it serves.
pub(super) async fn answers(port: u16) -> bool {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    let Ok(client) = client else { return false };
    client.get(format!("{}/subjects", url(port))).send().await.is_ok_and(|r| r.status().is_success())
}
