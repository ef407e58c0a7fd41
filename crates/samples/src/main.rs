//! Writes the samples into a folder: `cargo run -p docmill-samples [FOLDER]`, `samples` by default.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "samples".into()));
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a program says what went wrong")]
            {
                eprintln!("samples cannot be written to {}: {error}", folder.display());
            }
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    for sample in docmill_samples::all()? {
        std::fs::write(folder.join(sample.name), &sample.bytes)?;
    }
    Ok(())
}
