//! `docmill ocr`: the OCR engine as a tool of its own.
//!
//! Owns what it prints and draws. Documents are decoded in the sandbox, by the render stage; pages are read by the engine of the
//! ocr stage.

mod overlay;

use crate::bench::reading::Reading;
use crate::inputs::{self, Input};
use crate::submission::Mode;
use crate::{OpsError, ui};
use clap::Args;
use docmill_contracts::{AccuracyMode, ErrorInfo, Page, ProcessingOptions, TextLayerTrust};
use docmill_ocr::{ModelFiles, OcrEngine, PpOcr, Recognized, Request, TextLine, decode_page};
use image::RgbImage;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Largest page image, pixels.
const MAX_PIXELS: u64 = 80_000_000;

/// Flags of `docmill ocr`.
#[derive(Debug, Args)]
pub struct OcrArgs {
    /// Files (PDF, PNG, JPEG, TIFF, WebP, BMP), or folders of them.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
    /// One JSON object a page instead of text: lines and words with boxes and confidence.
    #[arg(long)]
    pub json: bool,
    /// Draw boxes and text over the page into this PNG; further pages get -2, -3, … before the ending.
    #[arg(long, value_name = "FILE")]
    pub overlay: Option<PathBuf>,
    /// How much work a page is worth.
    #[arg(long, value_enum, default_value_t = Mode::Balanced)]
    pub accuracy_mode: Mode,
    /// Configuration file (TOML); of it, the settings of the ocr stage.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Reads and prints; exit code 1 where a page or a document could not be read.
pub async fn run(args: OcrArgs) -> Result<ExitCode, OpsError> {
    let files = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?.files;
    if files.is_empty() {
        return Err(OpsError::Usage(vec!["no documents found".into()]));
    }
    let engine = engine(args.config.as_deref(), 1)?;
    let reading = Reading::new("ocr")?;
    let mut tool = Tool { args, engine, reading, pages: 0, failed: false };
    for file in &files {
        tool.file(file).await?;
    }
    Ok(if tool.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The local engine with the settings of the ocr stage.
pub(crate) fn engine(config: Option<&Path>, threads: usize) -> Result<PpOcr, OpsError> {
    let config = docmill_service::Config::load(config)?;
    let stage: docmill_ocr::Config = config.stage(docmill_ocr::STAGE)?;
    let part = |e| OpsError::Part(Box::new(e));
    let files = ModelFiles::fetch(&ui::assets(config.assets.clone())).map_err(part)?;
    PpOcr::open(&files, threads, stage.ppocr).map_err(part)
}

/// The mode of a flag.
pub(crate) fn accuracy(mode: Mode) -> AccuracyMode {
    match mode {
        Mode::Fast => AccuracyMode::Fast,
        Mode::Balanced => AccuracyMode::Balanced,
        Mode::Accurate => AccuracyMode::Accurate,
    }
}

struct Tool {
    args: OcrArgs,
    engine: PpOcr,
    reading: Reading,
    pages: usize,
    failed: bool,
}

impl Tool {
    async fn file(&mut self, file: &Input) -> Result<(), OpsError> {
        // Every page is painted, also where it has words of its own.
        let options =
            ProcessingOptions { text_layer_trust: TextLayerTrust::Never, ..ProcessingOptions::default() };
        let read = self.reading.read(self.reading.head(&file.path, options).await?).await?;
        if let Some(error) = &read.refused {
            self.refuse(file, error);
        }
        for page in &read.pages {
            match (&page.image, &page.error) {
                (_, Some(error)) => self.refuse(file, error),
                (None, None) => self.print(file, page, None)?,
                (Some(image), None) => {
                    let bytes = self.reading.blob(image).await?;
                    let dpi = page.image_dpi.filter(|d| *d > 0.0).unwrap_or(200.0);
                    let request = Request { dpi, accuracy: accuracy(self.args.accuracy_mode) };
                    let read = decode_page(&bytes, &file.name, MAX_PIXELS)
                        .and_then(|image| Ok((self.engine.recognize(&image, &request)?, image)));
                    match read {
                        Ok((read, image)) => self.print(file, page, Some((&read, &image)))?,
                        Err(error) => {
                            self.refuse(file, &ErrorInfo::of(&error, docmill_ocr::STAGE, Some(page.page_no)));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, file: &Input, error: &ErrorInfo) {
        self.failed = true;
        let page = error.page.map_or_else(String::new, |n| format!(" page {n}"));
        ui::tell(format_args!("{}{page}: {} ({})", file.name, error.message, error.code));
    }

    fn print(
        &mut self,
        file: &Input,
        page: &Page,
        read: Option<(&Recognized, &RgbImage)>,
    ) -> Result<(), OpsError> {
        self.pages += 1;
        let empty = Recognized::default();
        let found = read.map_or(&empty, |(read, _)| read);
        if self.args.json {
            ui::say(as_json(&file.name, page, found, &self.engine));
        } else {
            rows(&found.lines).iter().for_each(ui::say);
        }
        let (Some(path), Some((read, image))) = (&self.args.overlay, read) else { return Ok(()) };
        let path = if self.pages == 1 { path.clone() } else { numbered(path, self.pages) };
        let picture = overlay::draw(image, &read.lines);
        let saved = picture.save_with_format(&path, image::ImageFormat::Png);
        saved.map_err(|e| OpsError::io("write", path, std::io::Error::other(e)))
    }
}

fn numbered(path: &Path, n: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{n}.png"))
}

/// The lines as text: boxes that stand side by side are one line, two spaces apart.
fn rows(lines: &[TextLine]) -> Vec<String> {
    let beside = |a: &TextLine, b: &TextLine| {
        let (p, q) = (a.quad.center(), b.quad.center());
        (p.y - q.y).abs() < a.quad.height().min(b.quad.height()) / 2.0 && q.x > p.x
    };
    let join = |row: &[TextLine]| row.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join("  ");
    lines.chunk_by(beside).map(join).collect()
}

fn as_json(file: &str, page: &Page, read: &Recognized, engine: &PpOcr) -> Value {
    let round = |v: f32| (f64::from(v) * 1000.0).round() / 1000.0;
    let words: Vec<Value> = read
        .words
        .iter()
        .map(|w| json!({"text": w.text, "box": w.bbox.map(round), "confidence": round(w.confidence), "line": w.line}))
        .collect();
    let lines: Vec<Value> = read
        .lines
        .iter()
        .map(|l| json!({"text": l.text, "quad": l.quad.0.map(|p| [round(p.x), round(p.y)]), "confidence": round(l.score)}))
        .collect();
    json!({
        "file": file,
        "page": page.page_no,
        "width": page.width,
        "height": page.height,
        "image_dpi": page.image_dpi,
        "engine": engine.name(),
        "engine_version": engine.version(),
        "confidence": read.confidence.map(|c| (c * 1000.0).round() / 1000.0),
        "turn": read.turn,
        "lines": lines,
        "words": words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_ocr::{Point, Quad};

    fn line(text: &str, x: f32, y: f32) -> TextLine {
        let quad = [(x, y), (x + 50., y), (x + 50., y + 20.), (x, y + 20.)].map(|(x, y)| Point::new(x, y));
        TextLine { quad: Quad(quad), text: text.into(), score: 0.9 }
    }

    #[test]
    fn boxes_side_by_side_are_one_row_of_text() {
        let lines = [line("a", 0., 0.), line("b", 90., 4.), line("c", 0., 30.), line("d", 200., 30.)];
        assert_eq!(rows(&lines), ["a  b", "c  d"]);
        assert_eq!(numbered(Path::new("/x/out.png"), 2), Path::new("/x/out-2.png"));
    }
}
