//! The render stage as a process; also its own sandboxed child.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = docmill_render::sandbox_child(&args) {
        return code;
    }
    docmill_service::main(docmill_render::STAGE, docmill_render::workers)
}
