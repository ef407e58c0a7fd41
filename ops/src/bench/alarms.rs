//! How often honest e-invoices are said to contradict their pages.
//!
//! Documents with an embedded e-invoice go through `docmill run`; every problem of the comparison with the pages that is
//! an alarm (see [`ALARMS`]) on a document that nobody tampered with is a false one.

use super::world::{clean, docmill, spawned};
use crate::{OpsError, ui};
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

/// Problems that are alarms, and one that is a note.
const ALARMS: [&str; 8] = [
    "INFER-0140",
    "INFER-0141",
    "INFER-0142",
    "INFER-0143",
    "INFER-0147",
    "INFER-0148",
    LINES,
    "RENDER-0018",
];
/// Lines that the pages do not show: an alarm only as an error.
const LINES: &str = "INFER-0149";
const NOTE: &str = "INFER-0144";

/// Flags of `docmill bench alarms`.
#[derive(Debug, Args)]
pub struct AlarmsArgs {
    /// Files, or folders of documents with embedded e-invoices.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
}

/// Measures and prints.
pub(super) async fn run(args: AlarmsArgs) -> Result<ExitCode, OpsError> {
    let folder = std::env::temp_dir().join(format!("docmill-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| OpsError::io("create", &folder, e))?;
    let lines = read(&args, &folder).await;
    clean(&folder);
    let results: Vec<Value> = lines?.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let compared: Vec<&Value> = results.iter().filter(|r| is_compared(r)).collect();
    let (mut alarmed, mut noted) = (0, 0);
    for result in &compared {
        let said = |wanted: &[&str]| -> Vec<&Value> {
            let problems = result["problems"].as_array().into_iter().flatten();
            problems.filter(|p| p["code"].as_str().is_some_and(|c| wanted.contains(&c))).collect()
        };
        let mut alarms = said(&ALARMS);
        alarms.retain(|p| p["code"] != LINES || p["severity"] == "error");
        alarmed += usize::from(!alarms.is_empty());
        noted += usize::from(!said(&[NOTE]).is_empty());
        for alarm in alarms {
            let text = |key: &str| alarm[key].as_str().unwrap_or_default().to_owned();
            let name = result["source"]["name"].as_str().unwrap_or_default();
            ui::say(format_args!("  {name}: {} {}", text("code"), text("message")));
        }
    }
    ui::say(format_args!(
        "{} documents, {} with an e-invoice that was compared with its pages, {noted} with a note on values that are not shown",
        results.len(),
        compared.len()
    ));
    let share = 100.0 * (alarmed as f64) / (compared.len() as f64).max(1.0);
    ui::say(format_args!("alarms {share:.1} % ({alarmed} of {})", compared.len()));
    Ok(ExitCode::SUCCESS)
}

async fn read(args: &AlarmsArgs, folder: &Path) -> Result<String, OpsError> {
    let out = folder.join("run");
    let mut command = docmill()?;
    command.arg("run").arg("--out").arg(&out).args(&args.inputs).stdout(Stdio::null());
    let mut child = spawned(command)?;
    child.wait().await.map_err(|e| OpsError::io("wait for", "docmill run", e))?;
    let lines = out.join("results.jsonl");
    std::fs::read_to_string(&lines).map_err(|e| OpsError::io("read", &lines, e))
}

/// Read from XML, and the document is more than that XML.
fn is_compared(result: &Value) -> bool {
    let pdf = result["source"]["media_type"] == "application/pdf";
    let fields = result["fields"].as_object().into_iter().flatten();
    pdf && fields.into_iter().any(|(_, field)| field["engine"] == "xml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_documents_with_pages_of_their_own_are_compared() {
        let result = |media: &str, engine: &str| json!({"source": {"media_type": media}, "fields": {"invoice_number": {"engine": engine}}});
        assert!(is_compared(&result("application/pdf", "xml")));
        assert!(!is_compared(&result("application/xml", "xml")));
        assert!(!is_compared(&result("application/pdf", "local")));
    }
}
