//! Layout of born-digital pages: how long it takes, and what it finds.

use super::reading::Reading;
use crate::inputs::{self, Input};
use crate::{OpsError, columns, ui};
use clap::Args;
use docmill_contracts::{ProcessingOptions, Rule, Word};
use docmill_layout::{Kind, PageLayout, markdown, page_layout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Flags of `docmill bench layout`.
#[derive(Debug, Args)]
pub struct LayoutArgs {
    /// PDF files, or folders of them.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
    /// Rounds; the fastest one of each page counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=50))]
    pub rounds: u8,
}

/// One page.
struct Page {
    no: i32,
    size: (f32, f32),
    words: Vec<Word>,
    rules: Vec<Rule>,
}

/// Measures and prints.
pub(super) async fn run(args: LayoutArgs) -> Result<ExitCode, OpsError> {
    let files = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?.files;
    let files =
        files.into_iter().filter(|f| f.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("pdf")));
    let pages = pages(files.collect()).await?;
    if pages.is_empty() {
        return Err(OpsError::Usage(vec!["no PDF with a text layer found".into()]));
    }
    let (mut layout, mut writing) = (Vec::new(), Vec::new());
    let (mut words, mut blocks, mut tables, mut ruled, mut rows) = (0, 0, 0, 0, 0);
    for page in &pages {
        let (made, took) =
            fastest(args.rounds, || page_layout(page.no, page.size.0, page.size.1, &page.words, &page.rules));
        layout.push(took);
        writing.push(fastest(args.rounds, || markdown(&made)).1);
        words += page.words.len();
        blocks += made.blocks.len();
        tables += count(&made, Kind::Table);
        let found = || made.blocks.iter().filter_map(|b| b.table.as_ref());
        rows += found().map(|t| t.rows.len()).sum::<usize>();
        ruled += found().filter(|t| t.ruled).count();
    }
    let row = |what: &str, mut took: Vec<Duration>| {
        took.sort();
        let ms = |d: Duration| format!("{:.3}", d.as_secs_f64() * 1000.0);
        let at = |share: f64| ms(took[((took.len() - 1) as f64 * share) as usize]);
        let mean = took.iter().sum::<Duration>() / u32::try_from(took.len()).unwrap_or(1);
        [what.to_owned(), took.len().to_string(), ms(mean), at(0.5), at(0.99), at(1.0)]
    };
    let table = [row("layout", layout), row("Markdown", writing)];
    ui::say(columns::render(["ms a page", "pages", "mean", "p50", "p99", "most"], &table));
    let tables = format!("{tables} tables ({ruled} ruled) of {rows} rows");
    ui::say(format!("{words} words in {blocks} blocks, among them {tables}"));
    Ok(ExitCode::SUCCESS)
}

async fn pages(files: Vec<Input>) -> Result<Vec<Page>, OpsError> {
    let reading = Reading::new("bench-layout")?;
    let mut all = Vec::new();
    for file in files {
        let head = reading.head(&file.path, ProcessingOptions::default()).await?;
        for page in reading.read(head).await?.pages {
            let (words, rules) = reading.words(&page).await?;
            if !words.is_empty() {
                all.push(Page { no: page.page_no, size: (page.width, page.height), words, rules });
            }
        }
    }
    Ok(all)
}

fn fastest<T>(rounds: u8, work: impl Fn() -> T) -> (T, Duration) {
    let once = || {
        let since = Instant::now();
        let made = work();
        (made, since.elapsed())
    };
    let first = once();
    (1..rounds).map(|_| once()).fold(first, |best, next| if next.1 < best.1 { next } else { best })
}

fn count(page: &PageLayout, kind: Kind) -> usize {
    page.blocks.iter().filter(|b| b.kind == kind).count()
}
