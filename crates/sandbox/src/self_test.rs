//! A child that tries what a child must not be able to do.
//!
//! Owns the attempts and what counts as stopped. It runs in the very confinement that decoders run in, so that what holds
//! for it holds for them.

use crate::{Handler, Limits, Pool, PoolConfig, Replies, SandboxError, child_main};
use bytes::Bytes;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Name of this child.
const KIND: &str = "self-test";

/// What it may use.
const MEMORY_BYTES: u64 = 1 << 29;
const TEN_GIB: usize = 10 << 30;

/// Long enough for a system call, short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The child's own descriptors: three streams and two pipes.
const OWN_DESCRIPTORS: i32 = 5;

type Attempt = fn() -> io::Result<()>;

/// What is tried, by name. Each returns `Ok` where it was not stopped.
const ATTEMPTS: &[(&str, Attempt)] = &[
    ("open a file", || std::fs::File::open("/etc/passwd").map(drop)),
    ("open its own program", || std::fs::File::open("/proc/self/exe").map(drop)),
    ("list a folder", || std::fs::read_dir("/").map(drop)),
    ("look at a file", || std::fs::metadata("/etc/passwd").map(drop)),
    ("create a file", || std::fs::File::create("/tmp/docmill-self-test").map(drop)),
    ("remove a file", || std::fs::remove_file("/tmp/docmill-self-test")),
    ("use an inherited descriptor", inherited),
    ("connect by TCP", || TcpStream::connect((Ipv4Addr::LOCALHOST, 9)).map(drop)),
    ("listen on a TCP port", || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map(drop)),
    ("open a UDP socket", || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map(drop)),
    ("open a Unix socket", || std::os::unix::net::UnixStream::pair().map(drop)),
    ("fork", fork),
    ("start a thread", || std::thread::Builder::new().spawn(|| ()).map(drop)),
    ("start a program", || Command::new("/bin/true").spawn().map(drop)),
    ("become another program", || Err(Command::new("/bin/true").exec())),
    ("signal another process", || signal(1)),
    ("map memory that can be run", executable),
    ("raise its limits", raise),
    ("allocate 10 GiB", || Vec::<u8>::new().try_reserve_exact(TEN_GIB).map_err(io::Error::other)),
    ("fill all memory", fill),
    ("loop for ever", || {
        loop {
            std::hint::spin_loop();
        }
    }),
    ("sleep for ever", || {
        loop {
            std::thread::park();
        }
    }),
];

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The system call failed, with these words.
    Refused(String),
    /// The child ended, like this.
    Ended(String),
    /// The parent killed it when its time was over.
    TimedOut,
    /// It was not stopped.
    Done,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What was tried.
    pub what: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// Tries everything, each in a child of `program`, which has to call [`self_test_child`] in its `main`.
pub async fn self_test(program: PathBuf) -> Result<Vec<Tried>, SandboxError> {
    let mut config = PoolConfig::new(program, KIND, Bytes::new());
    config.limits = Limits { memory_bytes: MEMORY_BYTES, ..Limits::default() };
    let pool = Pool::new(config);
    pool.warm().await?;
    let mut all = Vec::with_capacity(ATTEMPTS.len());
    for (what, _) in ATTEMPTS {
        let outcome = match pool.call_all(vec![Bytes::from_static(what.as_bytes())], PATIENCE).await {
            Ok(parts) if parts.is_empty() => Outcome::Done,
            Ok(parts) => Outcome::Refused(String::from_utf8_lossy(&parts.concat()).into_owned()),
            Err(SandboxError::TimedOut { .. }) => Outcome::TimedOut,
            Err(SandboxError::Died { how }) => Outcome::Ended(how),
            Err(error) => return Err(error),
        };
        all.push(Tried { what, outcome });
    }
    Ok(all)
}

/// Runs this process as that child where its arguments say so; none where it is an ordinary process.
pub fn self_test_child(args: &[OsString]) -> Option<ExitCode> {
    child_main(args, KIND, |_| Ok(Attempts))
}

struct Attempts;

impl Handler for Attempts {
    fn handle(&mut self, request: &[u8], replies: &mut Replies<'_>) -> io::Result<()> {
        let attempt = ATTEMPTS.iter().find(|(what, _)| what.as_bytes() == request);
        let (_, attempt) = attempt.ok_or(io::ErrorKind::InvalidData)?;
        match attempt() {
            Ok(()) => Ok(()),
            Err(error) => replies.send(&[error.to_string().as_bytes()]),
        }
    }
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn inherited() -> io::Result<()> {
    let open = |descriptor| {
        // SAFETY: reading no bytes into no memory only asks whether the descriptor is open.
        let rc = unsafe { libc::read(descriptor, std::ptr::null_mut(), 0) };
        rc == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::EBADF)
    };
    if (OWN_DESCRIPTORS..1024).any(open) { Ok(()) } else { Err(io::Error::other("no such descriptor")) }
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn fork() -> io::Result<()> {
    // SAFETY: this process has one thread, and the child does nothing but end.
    match unsafe { libc::fork() } {
        0 => std::process::exit(0),
        pid if pid > 0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn signal(pid: i32) -> io::Result<()> {
    // SAFETY: signal 0 only asks whether one could be sent.
    if unsafe { libc::kill(pid, 0) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn executable() -> io::Result<()> {
    let (rights, kind) =
        (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new anonymous mapping, which nothing uses.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), 4096, rights, kind, -1, 0) };
    if at == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn raise() -> io::Result<()> {
    let more = libc::rlimit { rlim_cur: MEMORY_BYTES * 2, rlim_max: MEMORY_BYTES * 2 };
    // SAFETY: `more` outlives the call, which only reads it.
    if unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const more) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn fill() -> io::Result<()> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut block = Vec::new();
        block.try_reserve_exact(64 << 20).map_err(io::Error::other)?;
        // Copied, not set byte by byte: an unoptimised build would take longer than its time.
        while block.len() < 64 << 20 {
            block.extend_from_slice(&[1; 1 << 13]);
        }
        // Else an optimised build sees that nobody looks at it, and takes none.
        all.push(std::hint::black_box(block));
        if all.len() > 160 {
            return Ok(());
        }
    }
}
