//! `docmill train`: from a folder of examples to a model.
//!
//! Owns the command: which files are read, what is printed, where the model goes. Knows no scorer. Rule: the figures come
//! from documents whose groups the scorers had not seen; the model that is written has seen all examples.

pub(crate) mod report;
mod words;

use crate::{OpsError, inputs, ui};
use clap::Args;
use docmill_infer::TrainError;
use docmill_infer::local::model::Model;
use docmill_infer::schema::Schema;
use docmill_infer::train::truth::Truth;
use docmill_infer::train::truths;
use docmill_infer::train::words::DocumentWords;
use docmill_infer::train::{Example, Settings, Task, cross, cross_validate, is_anything_findable, train};
use docmill_learn::Folds;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Fewest examples that something can be learned from.
const FEWEST: usize = 5;

/// What is learned from, and how that is measured.
#[derive(Debug, Args)]
pub struct ExampleArgs {
    /// JSON Schema of the fields; without it the fields of the built-in business document.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Folder of documents with a truth.jsonl: lines in the shape of results.jsonl, values bare or whole. May be given
    /// several times.
    #[arg(long, value_name = "DIR", required = true)]
    pub examples: Vec<PathBuf>,
    /// Groups for cross-validation, as lines of file name, tab, group; else the `group` of each line of truth.jsonl.
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// Made-up business documents to learn from besides; they are never tested on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub synthetic: u64,
    /// Folds of the cross-validation; 0 for none, and then a model's confidences are not calibrated.
    #[arg(long, default_value_t = 10)]
    pub folds: usize,
    /// Model whose weights training begins with, so that few examples adapt it instead of starting from nothing. It must
    /// not have learned from these examples, or the figures are too good.
    #[arg(long, value_name = "MODEL")]
    pub base: Option<PathBuf>,
    /// Where to write every decision about unseen documents, a line of JSON each: document, field, what was wanted and
    /// found, whether that is right, whether the right value was findable, and how sure the model was.
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
    /// Folder in which the words of the documents are kept, so that they are not read again.
    #[arg(long, value_name = "DIR", default_value = "docmill-words")]
    pub cache: PathBuf,
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Learn from examples how a tenant's documents are read.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// What is learned from.
    #[command(flatten)]
    pub examples: ExampleArgs,
    /// Where the model goes.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Examples, ready for training.
pub(crate) struct Loaded {
    pub(crate) task: Task,
    pub(crate) examples: Vec<Example>,
    /// Where weights begin.
    pub(crate) base: Option<Model>,
    /// Those that are not made up.
    pub(crate) real: usize,
    pub(crate) folds: Folds,
}

/// Reads all examples.
pub(crate) async fn load(args: &ExampleArgs, settings: Settings) -> Result<Loaded, OpsError> {
    let task = match &args.schema {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|e| OpsError::io("read", path, e))?;
            Task::of_schema(&Schema::parse(&bytes).map_err(|e| OpsError::Part(Box::new(e)))?)
        }
        None => Task::built_in(),
    };
    let base = args.base.as_deref().map(read_model).transpose()?;
    let groups = args.groups.as_deref().map(read_groups).transpose()?.unwrap_or_default();
    let mut examples = Vec::new();
    let mut left_out = 0;
    for folder in &args.examples {
        let truths = read_truths(folder, &task)?;
        let words = read_words(&truths, folder, &args.cache, args.config.as_deref()).await?;
        for mut truth in truths {
            let Some(document) = words.get(&truth.name).filter(|d| !d.pages.is_empty()) else {
                left_out += 1;
                continue;
            };
            if let Some(group) = groups.get(file_name(&truth.name)) {
                truth.group.clone_from(group);
            }
            examples.push(Example::of(truth, &document.pages, &task, settings));
        }
    }
    if left_out > 0 {
        ui::tell(format!("{left_out} examples left out: there is no such document, or it has no words"));
    }
    let real = examples.len();
    if real < FEWEST {
        return Err(OpsError::Usage(vec![format!(
            "{real} examples with words: at least {FEWEST} are needed"
        )]));
    }
    examples.extend((0..args.synthetic).map(|seed| Example::made_up(seed, &task, settings)));
    let names: Vec<&str> = examples.iter().map(|e| e.truth.group.as_str()).collect();
    let folds = Folds::grouped(&names, args.folds);
    Ok(Loaded { task, examples, base, real, folds })
}

/// Runs the command.
pub async fn run(args: TrainArgs) -> Result<ExitCode, OpsError> {
    let settings = Settings::of(args.examples.schema.is_some());
    let Loaded { task, examples, base, real, folds } = load(&args.examples, settings).await?;
    let all: Vec<&Example> = examples.iter().collect();
    let mut model = train(&task, &all, base.as_ref(), settings);
    let findable = is_anything_findable(&task, &examples) && !model.scorers.is_empty();
    if !findable && model.kinds.is_empty() {
        return Err(OpsError::Usage(vec![format!(
            "nothing can be learned from {real} examples: no field has values that stand on the pages of at least three of them"
        )]));
    }
    if args.examples.folds > 1 {
        let report = cross_validate(&task, &examples, &folds, base.as_ref(), settings);
        report::print(&report, &folds, real);
        if let Some(path) = &args.examples.decisions {
            report::write_decisions(path, &task, &examples, &report)?;
        }
        for (name, platt) in cross::calibrations(&report) {
            if let Some(scorer) = model.scorers.get_mut(&name) {
                scorer.platt = platt;
            }
        }
    }
    let bytes = model.to_bytes().map_err(|e| OpsError::Part(Box::new(TrainError::Write(e))))?;
    std::fs::write(&args.out, &bytes).map_err(|e| OpsError::io("write", &args.out, e))?;
    let version = Model::from_bytes(&bytes).map_err(|e| OpsError::Part(Box::new(e)))?.version;
    ui::say(format!("model {version}, {} kB: {}", bytes.len() / 1000, args.out.display()));
    Ok(ExitCode::SUCCESS)
}

fn read_model(path: &Path) -> Result<Model, OpsError> {
    let bytes = std::fs::read(path).map_err(|e| OpsError::io("read", path, e))?;
    Model::from_bytes(&bytes).map_err(|e| OpsError::Part(Box::new(e)))
}

/// Most mistakes that are told one by one.
const MOST_MISTAKES: usize = 20;

fn read_truths(folder: &Path, task: &Task) -> Result<Vec<Truth>, OpsError> {
    let path = folder.join("truth.jsonl");
    let text = std::fs::read_to_string(&path).map_err(|e| OpsError::io("read", &path, e))?;
    let read = truths::read(&text, &task.wants);
    let place = path.display();
    if !read.mistakes.is_empty() {
        let more = read.mistakes.len().saturating_sub(MOST_MISTAKES);
        let mut mistakes: Vec<String> =
            read.mistakes.iter().take(MOST_MISTAKES).map(|mistake| format!("{place}:{mistake}")).collect();
        mistakes.extend((more > 0).then(|| format!("{place}: {more} more mistakes")));
        return Err(OpsError::Usage(mistakes));
    }
    for (name, (line, count)) in &read.unknown {
        let what = if *count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        ui::tell(format!("{place}:{line}: nothing is learned of {name} ({what}): there is no such field"));
    }
    if read.repeated > 0 {
        ui::tell(format!("{place}: {} lines say again what another one says", read.repeated));
    }
    Ok(read.truths)
}

async fn read_words(
    truths: &[Truth],
    folder: &Path,
    cache: &Path,
    config: Option<&Path>,
) -> Result<BTreeMap<String, DocumentWords>, OpsError> {
    let paths: Vec<PathBuf> = truths.iter().map(|t| folder.join(&t.name)).filter(|p| p.is_file()).collect();
    let mut inputs = inputs::collect(&paths, None).map_err(OpsError::Usage)?;
    // A name may have folders in it; an input that is named itself has only its last part.
    for input in &mut inputs.files {
        if let Ok(within) = input.path.strip_prefix(folder) {
            input.name = within.to_string_lossy().into_owned();
        }
    }
    words::of_files(inputs.files, cache, config).await
}

fn read_groups(path: &Path) -> Result<BTreeMap<String, String>, OpsError> {
    let text = std::fs::read_to_string(path).map_err(|e| OpsError::io("read", path, e))?;
    let pairs = text.lines().filter_map(|l| l.split_once('\t'));
    Ok(pairs.map(|(file, group)| (file_name(file).to_owned(), group.trim().to_owned())).collect())
}

fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
