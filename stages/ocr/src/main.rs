//! The ocr stage as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    docmill_service::main(docmill_ocr::STAGE, docmill_ocr::workers)
}
