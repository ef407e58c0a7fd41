//! The render stage, sandbox and all, against PDFium alone.

use super::processes::cpu_of_family;
use super::reading::Reading;
use crate::inputs::{self, Input};
use crate::{OpsError, columns, ui};
use bytes::Bytes;
use clap::Args;
use docmill_contracts::{ProcessingOptions, TextLayerTrust};
use docmill_render::Measured;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Resolution of page images, as the stage makes them.
const DPI: f32 = 200.0;

/// Flags of `docmill bench render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// PDF files, or folders of them.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
    /// Rounds; the one that took least counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=50))]
    pub rounds: u8,
    /// Render only every Nth document.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub every: u16,
}

/// Pages and the processor time they took.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    pages: u64,
    took: Duration,
}

impl Sum {
    fn add(&mut self, pages: u64, took: Duration) {
        self.pages += pages;
        self.took += took;
    }

    fn ms_a_page(self) -> f64 {
        self.took.as_secs_f64() * 1000.0 / self.pages.max(1) as f64
    }
}

/// Measures and prints. One child each, one document after the other.
pub(super) async fn run(args: RenderArgs) -> Result<ExitCode, OpsError> {
    let files = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?.files;
    let files: Vec<Input> = files
        .into_iter()
        .filter(|f| f.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("pdf")))
        .collect();
    if files.is_empty() {
        return Err(OpsError::Usage(vec!["no PDFs found".into()]));
    }
    let reading = Reading::new("bench-render")?;
    let some: Vec<Input> = files.iter().step_by(usize::from(args.every)).cloned().collect();
    let mut rows = Vec::new();
    let images = Measured::Images { dpi: DPI };
    for (name, files, what, trust) in [
        ("words with boxes", &files, Measured::Words, TextLayerTrust::Trusted),
        ("page images, 200 dpi", &some, images, TextLayerTrust::Never),
    ] {
        let (mut alone, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..args.rounds {
            let (a, w) = round(&reading, files, what, trust).await?;
            alone.push(a);
            whole.push(w);
        }
        let least = |all: &[Sum]| all.iter().map(|s| s.ms_a_page()).fold(f64::INFINITY, f64::min);
        let (a, w) = (least(&alone), least(&whole));
        let pages = whole.first().map_or(0, |s| s.pages);
        rows.push([
            name.to_owned(),
            files.len().to_string(),
            pages.to_string(),
            format!("{a:.2}"),
            format!("{w:.2}"),
            format!("{:.2}", w / a),
        ]);
    }
    ui::say(columns::render(
        ["", "documents", "pages", "PDFium CPU ms/page", "docmill CPU ms/page", "ratio"],
        &rows,
    ));
    Ok(ExitCode::SUCCESS)
}

/// PDFium alone, then the stage, over all files. Processor time, of parent and child together for the stage, says the same
/// whatever else the machine does.
async fn round(
    reading: &Reading,
    files: &[Input],
    what: Measured,
    trust: TextLayerTrust,
) -> Result<(Sum, Sum), OpsError> {
    let (mut alone, mut whole) = (Sum::default(), Sum::default());
    let mut heads = Vec::new();
    for file in files {
        let options = ProcessingOptions { text_layer_trust: trust, ..ProcessingOptions::default() };
        let head = reading.head(&file.path, options).await?;
        // Scans have no words to be compared, and blank pages no image.
        let read = reading.read(head.clone()).await?;
        let counted = match what {
            Measured::Words => read.pages.iter().all(|p| p.image.is_none()),
            Measured::Images { .. } => read.pages.iter().all(|p| p.image.is_some()),
        };
        if counted && !read.pages.is_empty() {
            let bytes = std::fs::read(&file.path).map_err(|e| OpsError::io("read", &file.path, e))?;
            let part = |e| OpsError::Part(Box::new(e));
            let (pages, took) = reading.alone.measure(what, Bytes::from(bytes)).await.map_err(part)?;
            alone.add(pages.into(), took);
            heads.push(head);
        }
    }
    let before = cpu_of_family(std::process::id());
    for head in heads {
        whole.pages += reading.read(head).await?.pages.len() as u64;
    }
    whole.took = Duration::from_secs_f64((cpu_of_family(std::process::id()) - before).max(0.0));
    Ok((alone, whole))
}
