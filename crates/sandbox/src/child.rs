//! The child's side: takes limits, opens its library, gives up everything else, then answers one request after the other.

use crate::confine;
use crate::frame::{self, Kind};
use crate::supply;
use crate::{CHILD_ARGUMENT, Confinement, Limits};
use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::{AsFd, AsRawFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// A call that took longer may have left much memory behind, and giving it back costs little beside it.
const LONG: Duration = Duration::from_millis(50);
/// A child that waited so long for its next call may wait much longer.
const IDLE: Duration = Duration::from_millis(20);

/// What a child does with requests.
pub trait Handler {
    /// Answers one request. A failure of the document is for the reply to say; an error ends the child.
    fn handle(&mut self, request: &[u8], replies: &mut Replies<'_>) -> io::Result<()>;
}

/// Where a handler sends its reply, part by part, each of which reaches the parent at once; and where it asks for parts of a
/// document that was not sent as a whole.
#[derive(Clone, Copy)]
pub struct Replies<'a> {
    pipes: &'a RefCell<Pipes>,
    limit: u32,
}

struct Pipes {
    from: BufReader<File>,
    to: File,
}

impl Pipes {
    /// Whether the parent says something within that time, or is gone.
    #[allow(unsafe_code, reason = "a system call that std has not")]
    fn said_within(&self, time: Duration) -> bool {
        if !self.from.buffer().is_empty() {
            return true;
        }
        let mut asked =
            libc::pollfd { fd: self.from.get_ref().as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: an all-zero timespec is a valid one.
        let mut limit: libc::timespec = unsafe { std::mem::zeroed() };
        limit.tv_nsec = libc::c_long::from(i32::try_from(time.subsec_nanos()).unwrap_or(0));
        // SAFETY: one descriptor that is open, a time, and no mask of signals.
        let ready = unsafe { libc::ppoll(&raw mut asked, 1, &raw const limit, std::ptr::null()) };
        // What cannot be told, the next read tells.
        ready != 0
    }
}

impl std::fmt::Debug for Replies<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replies").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Replies<'_> {
    /// Sends one part whose bytes are `pieces` in a row. An error means that the parent is gone or the part too large.
    pub fn send(&self, pieces: &[&[u8]]) -> io::Result<()> {
        frame::write(&mut self.pipes.borrow_mut().to, Kind::Part, pieces, self.limit)
    }

    /// Fills `to` with the bytes of the call's document from `offset` on. An error means that the parent is gone or has no such
    /// bytes; a child that asks for them is ended.
    pub fn fetch(&self, offset: u64, to: &mut [u8]) -> io::Result<()> {
        let pipes = &mut *self.pipes.borrow_mut();
        let length = u32::try_from(to.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        frame::write(&mut pipes.to, Kind::Want, &[&supply::question(offset, length)], self.limit)?;
        match frame::read(&mut pipes.from, self.limit)? {
            Some((Kind::Given, bytes)) if bytes.len() == to.len() => {
                to.copy_from_slice(&bytes);
                Ok(())
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
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
    let pipes = RefCell::new(private_pipes()?);
    let read = |limit| frame::read(&mut pipes.borrow_mut().from, limit);
    let write = |kind, pieces: &[&[u8]], limit| frame::write(&mut pipes.borrow_mut().to, kind, pieces, limit);
    // Before the first frame says otherwise.
    let limit = Limits::default().frame_bytes;
    let Some((Kind::Hello, hello)) = read(limit)? else { return Ok(()) };
    let Some((limits, rest)) = Limits::from_wire(&hello) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let limit = limits.frame_bytes;
    let ready = limits.impose().map_err(|e| format!("limits are refused: {e}")).and_then(|()| init(rest));
    let confined = ready.and_then(|handler| Ok((handler, confine::confine()?)));
    let mut handler = match confined {
        Ok((_, Some(missing))) if limits.confinement == Confinement::Require => {
            return write(Kind::Unconfined, &[missing.as_bytes()], limit);
        }
        Ok((handler, _)) => handler,
        Err(reason) => return write(Kind::Unfit, &[reason.as_bytes()], limit),
    };
    write(Kind::Ready, &[], limit)?;
    let mut keeps = false;
    loop {
        if keeps && !pipes.borrow().said_within(IDLE) {
            give_back();
        }
        let Some((kind, request)) = read(limit)? else { return Ok(()) };
        if kind != Kind::Request {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let since = Instant::now();
        handler.handle(&request, &mut Replies { pipes: &pipes, limit })?;
        drop(request);
        write(Kind::End, &[], limit)?;
        keeps = since.elapsed() <= LONG;
        if !keeps {
            give_back();
        }
    }
}

/// Gives memory that is free to the system, which the allocator would keep for the next call: children wait most of the time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "a system call that std has not")]
fn give_back() {
    // SAFETY: may be called at any time; memory in use is not touched.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators do so by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

/// The pipes under other numbers than 0 and 1, so that a library that prints cannot break the protocol.
fn private_pipes() -> io::Result<Pipes> {
    let from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let to = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let null = File::options().read(true).write(true).open("/dev/null")?;
    replace(&null, &io::stdin())?;
    replace(&null, &io::stdout())?;
    Ok(Pipes { from: BufReader::with_capacity(64 * 1024, from), to })
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn replace(by: &impl AsRawFd, what: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: both descriptors are open, and whoever holds the second goes on holding a valid one.
    if unsafe { libc::dup2(by.as_raw_fd(), what.as_raw_fd()) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
