//! The docmill command.

use clap::Parser;
use docmill::{cli::Cli, execute, ui};
use docmill_contracts::Classify;
use std::process::ExitCode;

fn main() -> ExitCode {
    // This program is started again, as a sandboxed child, for documents that are not to be trusted.
    let arguments: Vec<_> = std::env::args_os().collect();
    if let Some(code) = docmill_render::sandbox_child(&arguments) {
        return code;
    }
    docmill_service::bound_memory();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            ui::tell(format_args!("docmill: cannot start: {e}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(execute(cli)).unwrap_or_else(|error| {
        ui::tell(format_args!("docmill: {error} [{}]", error.code()));
        ExitCode::from(error.exit_code())
    })
}
