//! `docmill bench accuracy`: how often fields are right, and how sure one can be of that.
//!
//! Owns the command. Rule: every figure is about documents whose groups the scorers had not seen.

use crate::train::{ExampleArgs, Loaded, load, report};
use crate::{OpsError, ui};
use clap::Args;
use docmill_infer::train::{Settings, compare_families, cross_validate};
use std::process::ExitCode;
use std::time::Instant;

/// Flags of `docmill bench accuracy`.
#[derive(Debug, Args)]
pub struct AccuracyArgs {
    /// What is learned from and tested on, in turn.
    #[command(flatten)]
    pub examples: ExampleArgs,
    /// Compare logistic regression, boosted trees and both together, field by field.
    #[arg(long)]
    pub families: bool,
}

/// Measures.
pub(super) async fn run(args: AccuracyArgs) -> Result<ExitCode, OpsError> {
    if args.examples.folds < 2 {
        return Err(OpsError::Usage(vec!["--folds: at least 2 are needed".into()]));
    }
    let settings = Settings::of(args.examples.schema.is_some());
    let Loaded { task, examples, base, real, folds } = load(&args.examples, settings).await?;
    let started = Instant::now();
    if args.families {
        ui::say(format!("{:24} {:>5} {:>8} {:>8} {:>8}", "field", "n", "linear", "trees", "both"));
        for (name, n, [linear, trees, both]) in compare_families(&task, &examples, &folds, settings) {
            ui::say(format!("{name:24} {n:>5} {linear:>8.3} {trees:>8.3} {both:>8.3}"));
        }
    } else {
        let report = cross_validate(&task, &examples, &folds, base.as_ref(), settings);
        report::print(&report, &folds, real);
        if let Some(path) = &args.examples.decisions {
            report::write_decisions(path, &task, &examples, &report)?;
        }
    }
    ui::tell(format!("trained and tested in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(ExitCode::SUCCESS)
}
