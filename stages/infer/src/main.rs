//! The infer stage as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    docmill_service::main(docmill_infer::STAGE, docmill_infer::workers)
}
