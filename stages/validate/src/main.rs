//! The validate stage as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    docmill_service::main(docmill_validate::STAGE, docmill_validate::workers)
}
