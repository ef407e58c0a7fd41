//! The child's side: takes limits, opens its library, gives up everything else, then answers one request after the other.

use crate::confine;
use crate::frame::{self, Kind};
use crate::{CHILD_ARGUMENT, Confinement, Limits};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::process::ExitCode;

/// What a child does with requests.
pub trait Handler {
    /// Answers one request. A failure of the document is for the reply to say; an error ends the child.
    fn handle(&mut self, request: &[u8], replies: &mut Replies<'_>) -> io::Result<()>;
}

/// Where a handler sends its reply, part by part; each part reaches the parent at once.
pub struct Replies<'a> {
    to: &'a mut dyn Write,
    limit: u32,
}

impl std::fmt::Debug for Replies<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replies").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Replies<'_> {
    /// Sends one part whose bytes are `pieces` in a row. An error means that the parent is gone or the part too large.
    pub fn send(&mut self, pieces: &[&[u8]]) -> io::Result<()> {
        frame::write(&mut self.to, Kind::Part, pieces, self.limit)
    }
}

/// Runs the process as child `kind` where its arguments say so; none where it is an ordinary process.
///
/// Call it first thing in `main`. `init` opens what the handler needs (the bytes are [`crate::PoolConfig::init`]); its
/// error, one line, reaches the parent.
pub fn child_main<H: Handler>(
    args: &[OsString],
    kind: &str,
    init: impl FnOnce(&[u8]) -> Result<H, String>,
) -> Option<ExitCode> {
    let asked = args.get(1).is_some_and(|a| a == CHILD_ARGUMENT) && args.get(2).is_some_and(|a| a == kind);
    asked.then(|| match serve(init) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn serve<H: Handler>(init: impl FnOnce(&[u8]) -> Result<H, String>) -> io::Result<()> {
    confine::close_inherited();
    let (mut from, mut to) = private_pipes()?;
    // Before the first frame says otherwise.
    let limit = Limits::default().frame_bytes;
    let Some((Kind::Hello, hello)) = frame::read(&mut from, limit)? else { return Ok(()) };
    let Some((limits, rest)) = Limits::from_wire(&hello) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let limit = limits.frame_bytes;
    let ready = limits.impose().map_err(|e| format!("limits are refused: {e}")).and_then(|()| init(rest));
    let confined = ready.and_then(|handler| Ok((handler, confine::confine()?)));
    let mut handler = match confined {
        Ok((_, Some(missing))) if limits.confinement == Confinement::Require => {
            return frame::write(&mut to, Kind::Unconfined, &[missing.as_bytes()], limit);
        }
        Ok((handler, _)) => handler,
        Err(reason) => return frame::write(&mut to, Kind::Unfit, &[reason.as_bytes()], limit),
    };
    frame::write(&mut to, Kind::Ready, &[], limit)?;
    while let Some((kind, request)) = frame::read(&mut from, limit)? {
        if kind != Kind::Request {
            return Err(io::ErrorKind::InvalidData.into());
        }
        handler.handle(&request, &mut Replies { to: &mut to, limit })?;
        frame::write(&mut to, Kind::End, &[], limit)?;
    }
    Ok(())
}

/// The pipes under other numbers than 0 and 1, so that a library that prints cannot break the protocol.
fn private_pipes() -> io::Result<(impl Read, impl Write)> {
    let from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let to = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let null = File::options().read(true).write(true).open("/dev/null")?;
    replace(&null, &io::stdin())?;
    replace(&null, &io::stdout())?;
    Ok((BufReader::with_capacity(64 * 1024, from), to))
}

#[allow(unsafe_code)]
fn replace(by: &impl AsRawFd, what: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: both descriptors are open, and whoever holds the second goes on holding a valid one.
    if unsafe { libc::dup2(by.as_raw_fd(), what.as_raw_fd()) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
