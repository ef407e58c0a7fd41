//! Reads files through the stage alone and prints what came of each: `cargo run --example pages -- [--words] FILES`.
#![allow(clippy::print_stdout)]

use docmill_blobs::Blobs;
use docmill_contracts::{
    AnyRecord, BlobRef, Classify, DocumentAccepted, DocumentHead, ErrorInfo, Page, ProcessingOptions, Source,
};
use docmill_render::{PageStage, PlanStage};
use docmill_runtime::{Cx, Outputs, Stage};
use docmill_service::StageEnv;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    if let Some(code) = docmill_render::sandbox_child(&args) {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|r| r.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let env = StageEnv {
        blobs: Blobs::local(folder.path())?,
        assets: None,
        program: std::env::current_exe()?,
        documents: docmill_service::Documents::default(),
        slot: "0".into(),
    };
    let stages = docmill_render::stages(docmill_render::Config::default(), &env)?;
    let words = std::env::args().any(|a| a == "--words");
    println!("file\toutcome\tpages\ttext\tocr\tempty\tfailed\twords\tms\txml");
    for path in std::env::args().skip(1).filter(|a| a != "--words").map(PathBuf::from) {
        one(&path, &env.blobs, &stages, words).await?;
    }
    Ok(())
}

fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'I', b'I', ..] | [b'M', b'M', ..] => "image/tiff",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        [b'B', b'M', ..] => "image/bmp",
        _ => "application/pdf",
    }
}

async fn one(
    path: &Path,
    blobs: &Blobs,
    (plan, page): &(PlanStage, PageStage),
    print: bool,
) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let media_type = media_type(&bytes).to_owned();
    let source = Source { name: name.clone(), media_type, bytes: 0, pages: None };
    let original: BlobRef = blobs.put(bytes.into()).await?;
    let head = DocumentHead {
        document_id: name.clone(),
        revision: 1,
        tenant: "t".into(),
        content_sha256: original.sha256.clone(),
        source,
        options: ProcessingOptions::default(),
        original,
        embedded_xml: None,
        config_version: None,
        submitted_at: 0,
    };
    let cx = Cx { worker: "plan", attempt: 1, now_ms: 0 };
    let since = Instant::now();
    let planned = ended(plan.run(&DocumentAccepted { head }, &cx).await);
    let (mut pages, mut outcome, mut xml) = (Vec::new(), "short".to_owned(), String::new());
    match planned {
        Err(error) => outcome = format!("{} {}", error.code, error.message),
        Ok(outputs) => {
            for record in outputs.into_records() {
                match record {
                    AnyRecord::DocumentAssembled(r) => {
                        xml = r.head.embedded_xml.map_or_else(String::new, |x| x.name);
                        pages.extend(r.pages);
                    }
                    AnyRecord::PagesPlanned(r) => {
                        "long".clone_into(&mut outcome);
                        xml = r.head.embedded_xml.as_ref().map_or_else(String::new, |x| x.name.clone());
                        match ended(page.run(&r, &cx).await) {
                            Ok(outputs) => {
                                pages.extend(outputs.into_records().into_iter().filter_map(page_of));
                            }
                            Err(error) => outcome = format!("{} {}", error.code, error.message),
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    let ms = since.elapsed().as_millis();
    let count = |f: fn(&Page) -> bool| pages.iter().filter(|p| f(p)).count();
    let text = count(|p| p.words.is_some() || p.words_blob.is_some());
    let ocr = count(|p| p.image.is_some());
    let failed = count(|p| p.error.is_some());
    let empty = pages.len() - text - ocr - failed;
    let words: i32 = pages.iter().filter_map(|p| p.words.as_ref()).map(|w| w.count).sum();
    println!("{name}\t{outcome}\t{}\t{text}\t{ocr}\t{empty}\t{failed}\t{words}\t{ms}\t{xml}", pages.len());
    for page in pages.iter().filter(|_| print) {
        println!(
            "  page {} {} x {} dpi {:?} image {:?}",
            page.page_no,
            page.width,
            page.height,
            page.image_dpi,
            page.image.as_ref().map(|i| i.bytes)
        );
        if let Some(reason) = &page.text_reason {
            println!("    {reason}");
        }
        for problem in &page.problems {
            println!("    {} {}", problem.code, problem.message);
        }
        if let Some(error) = &page.error {
            println!("    {} {}", error.code, error.message);
        }
        let mut line = None;
        for word in
            page.words.as_ref().map(docmill_contracts::PackedWords::unpack).transpose()?.unwrap_or_default()
        {
            let [x0, y0, x1, y1] = word.bbox;
            if line != Some(word.line) {
                print!("\n    {:>3} ", word.line);
                line = Some(word.line);
            }
            print!("{}[{x0:.0},{y0:.0},{x1:.0},{y1:.0}] ", word.text);
        }
        println!();
    }
    Ok(())
}

fn ended<E: Classify>(outcome: Result<Outputs, E>) -> Result<Outputs, ErrorInfo> {
    outcome.map_err(|e| ErrorInfo::of(&e, docmill_render::STAGE, None))
}

fn page_of(record: AnyRecord) -> Option<Page> {
    match record {
        AnyRecord::PageRendered(r) => Some(r.page),
        AnyRecord::PageRecognized(r) => Some(r.page),
        _ => None,
    }
}
