//! The ingest stage as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    docmill_service::main(docmill_ingest::STAGE, docmill_ingest::workers)
}
