//! `docmill ocr`: the OCR engine as a tool of its own.
//!
//! Owns what it prints and draws. Documents are decoded in the sandbox, by the render stage; pages are read by the engine of the
//! ocr stage.

mod overlay;

use crate::bench::reading::{Planned, Reading};
use crate::inputs::{self, Input};
use crate::submission::{self, Mode};
use crate::{OpsError, ui};
use clap::Args;
use docmill_contracts::{
    AccuracyMode, ErrorInfo, Page, PagesPlanned, Password, ProcessingOptions, TextLayerTrust,
};
use docmill_ingest::{FileType, Sniffed, sniff};
use docmill_ocr::{ModelFiles, OcrEngine, PpOcr, Recognized, Request, TextLine, decode_page};
use docmill_render::RenderError;
use futures::{StreamExt, stream};
use image::RgbImage;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Largest page image, pixels.
const MAX_PIXELS: u64 = 80_000_000;
/// How much of a file says what it is, bytes.
const START: u64 = 64 * 1024;

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
    /// File with the password of encrypted PDFs, without line breaks at its end; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
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
    let password = args.password_file.as_deref().map(submission::password).transpose()?;
    let config = docmill_service::Config::load(args.config.as_deref())?;
    let threads = config.stage::<docmill_ocr::Config>(docmill_ocr::STAGE)?.parallelism();
    let engine = Arc::new(engine(args.config.as_deref(), threads)?);
    let reading = Reading::new("ocr")?;
    let tool = Tool { args, password, engine, reading, threads, files: files.len() };
    let mut printed = Printed::default();
    for file in &files {
        tool.file(file, &mut printed).await?;
    }
    Ok(if printed.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
    password: Option<Password>,
    engine: Arc<PpOcr>,
    reading: Reading,
    /// Pages that are read at once.
    threads: usize,
    /// How many files there are.
    files: usize,
}

/// What was printed so far.
#[derive(Default)]
struct Printed {
    pages: usize,
    failed: bool,
}

/// What came of a page: nothing where it is blank.
type Outcome = Result<Option<(Recognized, RgbImage)>, ErrorInfo>;

impl Tool {
    async fn file(&self, file: &Input, printed: &mut Printed) -> Result<(), OpsError> {
        if let Some(error) = refused(file)? {
            printed.refuse(file, &error);
            return Ok(());
        }
        // Every page is painted, also where it has words of its own.
        let options = ProcessingOptions {
            text_layer_trust: TextLayerTrust::Never,
            password: self.password.clone(),
            ..ProcessingOptions::default()
        };
        let head = self.reading.head(&file.path, options).await?;
        let Planned { refused, pages, ranges } = self.reading.plan(head).await;
        if let Some(error) = refused {
            printed.refuse(file, &error);
        }
        let count = ranges.first().map_or(pages.len(), |r| usize::try_from(r.page_count).unwrap_or(0));
        let bar = bar(count);
        let ready = stream::iter(pages.into_iter().map(Ok));
        // A few pages are painted while others are read: the first words come at once, and a long document takes no more room.
        let painted = stream::iter(pieces(&ranges, self.threads * 2))
            .then(async |range| self.reading.range(&range).await)
            .flat_map(|pages| match pages {
                Ok(pages) => stream::iter(pages.into_iter().map(Ok).collect::<Vec<_>>()),
                Err(error) => stream::iter(vec![Err(error)]),
            });
        let outcomes = ready
            .chain(painted)
            .map(async |page| {
                let page = page?;
                let outcome = self.recognize(file, &page).await?;
                Ok::<_, OpsError>((page, outcome))
            })
            .buffered(self.threads);
        let mut outcomes = pin!(outcomes);
        while let Some(outcome) = outcomes.next().await {
            let (page, outcome) = outcome?;
            bar.suspend(|| match outcome {
                Ok(read) => self.print(file, &page, count, read.as_ref(), printed),
                Err(error) => {
                    printed.refuse(file, &error);
                    Ok(())
                }
            })?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn recognize(&self, file: &Input, page: &Page) -> Result<Outcome, OpsError> {
        let image = match (&page.image, &page.error) {
            (_, Some(error)) => return Ok(Err(error.clone())),
            (None, None) => return Ok(Ok(None)),
            (Some(image), None) => image,
        };
        let bytes = self.reading.blob(image).await?;
        let dpi = page.image_dpi.filter(|d| *d > 0.0).unwrap_or(200.0);
        let request = Request { dpi, accuracy: accuracy(self.args.accuracy_mode) };
        let (engine, name) = (Arc::clone(&self.engine), file.name.clone());
        let work = move || {
            let image = decode_page(&bytes, &name, MAX_PIXELS)?;
            Ok((engine.recognize(&image, &request)?, image))
        };
        let read =
            spawn_blocking(work).await.unwrap_or_else(|source| Err(docmill_ocr::OcrError::Engine { source }));
        let told = |e| ErrorInfo::of(&e, docmill_ocr::STAGE, Some(page.page_no));
        Ok(read.map(Some).map_err(told))
    }

    fn print(
        &self,
        file: &Input,
        page: &Page,
        count: usize,
        read: Option<&(Recognized, RgbImage)>,
        printed: &mut Printed,
    ) -> Result<(), OpsError> {
        printed.pages += 1;
        let empty = Recognized::default();
        let found = read.map_or(&empty, |(read, _)| read);
        if self.args.json {
            ui::say(as_json(&file.path.to_string_lossy(), page, found, &self.engine));
        } else {
            if let Some(title) = title(&file.path, page.page_no, count, self.files) {
                ui::say(title);
            }
            rows(&found.lines).iter().for_each(ui::say);
        }
        let (Some(path), Some((read, image))) = (&self.args.overlay, read) else { return Ok(()) };
        let path = if printed.pages == 1 { path.clone() } else { numbered(path, printed.pages) };
        let picture = overlay::draw(image, &read.lines);
        let saved = picture.save_with_format(&path, image::ImageFormat::Png);
        saved.map_err(|e| OpsError::io("write", path, std::io::Error::other(e)))
    }
}

impl Printed {
    fn refuse(&mut self, file: &Input, error: &ErrorInfo) {
        self.failed = true;
        let page = error.page.map_or_else(String::new, |n| format!(" page {n}"));
        ui::tell(format_args!("{}{page}: {} ({})", file.name, error.message, error.code));
    }
}

/// Why a file cannot be read by what it is; none where it may be.
fn refused(file: &Input) -> Result<Option<ErrorInfo>, OpsError> {
    let failed = |e| OpsError::io("read", &file.path, e);
    let mut start = Vec::new();
    std::fs::File::open(&file.path).map_err(failed)?.take(START).read_to_end(&mut start).map_err(failed)?;
    let media_type = match sniff(&start) {
        Sniffed::Known(FileType::Xml(_)) | Sniffed::Doctype | Sniffed::OtherXml(_) => "XML".to_owned(),
        Sniffed::Known(_) => return Ok(None),
        Sniffed::Unknown(what) => what,
    };
    let error = RenderError::MediaType { name: file.name.clone(), media_type };
    Ok(Some(ErrorInfo::of(&error, docmill_render::STAGE, None)))
}

/// Ranges of no more than so many pages.
fn pieces(ranges: &[PagesPlanned], most: usize) -> Vec<PagesPlanned> {
    let step = most.clamp(1, 32);
    let mut pieces = Vec::new();
    for range in ranges {
        for first_page in (range.first_page..=range.last_page).step_by(step) {
            let last = first_page.saturating_add(i32::try_from(step).unwrap_or(1) - 1);
            pieces.push(PagesPlanned { first_page, last_page: last.min(range.last_page), ..range.clone() });
        }
    }
    pieces
}

/// What stands above the text of a page where there is more than one.
fn title(path: &Path, page: i32, pages: usize, files: usize) -> Option<String> {
    match (files > 1, pages > 1) {
        (false, false) => None,
        (true, false) => Some(format!("==> {} <==", path.display())),
        (_, true) => Some(format!("==> {}, page {page} of {pages} <==", path.display())),
    }
}

/// Pages that are done, on standard error, where that is a terminal and the text goes elsewhere.
fn bar(pages: usize) -> ProgressBar {
    if std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let pages = u64::try_from(pages).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(pages), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} pages  {elapsed}") {
        bar.set_style(style);
    }
    bar
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

    fn input(bytes: &[u8]) -> (tempfile::TempDir, Input) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        std::fs::write(&path, bytes).unwrap();
        (folder, Input { path, name: "a.bin".into(), bytes: bytes.len() as u64 })
    }

    #[test]
    fn a_file_of_another_type_is_told_by_what_it_is() {
        let of = |bytes: &[u8]| {
            let (_folder, input) = input(bytes);
            refused(&input).unwrap()
        };
        assert_eq!(of(b"%PDF-1.7"), None);
        let error = of(b"GIF89a").unwrap();
        assert_eq!(error.code, "RENDER-0002");
        assert_eq!(error.message, "a.bin: documents of type a GIF image are not supported");
    }

    #[test]
    fn long_ranges_are_read_in_pieces() {
        let range = |first_page, last_page| PagesPlanned {
            head: crate::desk::samples::head("t", "d", 1),
            page_count: 40,
            first_page,
            last_page,
        };
        let found: Vec<(i32, i32)> =
            pieces(&[range(1, 9), range(10, 10)], 4).iter().map(|p| (p.first_page, p.last_page)).collect();
        assert_eq!(found, [(1, 4), (5, 8), (9, 9), (10, 10)]);
    }

    #[test]
    fn pages_and_files_are_told_apart_where_there_are_more() {
        let title = |page, pages, files| title(Path::new("in/a.pdf"), page, pages, files);
        assert_eq!(title(1, 1, 1), None);
        assert_eq!(title(1, 1, 2).as_deref(), Some("==> in/a.pdf <=="));
        assert_eq!(title(2, 3, 1).as_deref(), Some("==> in/a.pdf, page 2 of 3 <=="));
    }

    #[test]
    fn boxes_side_by_side_are_one_row_of_text() {
        let lines = [line("a", 0., 0.), line("b", 90., 4.), line("c", 0., 30.), line("d", 200., 30.)];
        assert_eq!(rows(&lines), ["a  b", "c  d"]);
        assert_eq!(numbered(Path::new("/x/out.png"), 2), Path::new("/x/out-2.png"));
    }
}
