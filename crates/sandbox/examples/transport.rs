//! What it costs to get bytes from a child to its parent: through a pipe, or through shared memory that both have mapped.
//!
//! `cargo run --release -p docmill-sandbox --example transport`. Either way the parent ends up with bytes of its own, since
//! a child may change shared memory while they are read. The sizes are those of a page's words, a page as PNG, a page as
//! grey pixels and as coloured ones.
#![allow(unsafe_code, clippy::print_stdout)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::process::{Command, Stdio};
use std::time::Instant;

const SIZES: [(&str, usize); 4] =
    [("words", 16 << 10), ("PNG", 300 << 10), ("grey pixels", 3_740_000), ("coloured pixels", 11_220_000)];
const LARGEST: usize = 12 << 20;
const ROUNDS: usize = 200;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, kind, size, descriptor] = arguments.as_slice() {
        let number = |text: &str| text.parse::<usize>().map_err(io::Error::other);
        return child(
            kind == "shared",
            number(size)?,
            i32::try_from(number(descriptor)?).map_err(io::Error::other)?,
        );
    }
    println!("{:<16} {:>10} {:>14} {:>18}", "", "bytes", "pipe us", "shared memory us");
    for (what, size) in SIZES {
        let (pipe, shared) = (measure("pipe", size)?, measure("shared", size)?);
        println!("{what:<16} {size:>10} {pipe:>14.1} {shared:>18.1}");
    }
    Ok(())
}

/// Microseconds for one reply of `size` bytes.
fn measure(kind: &str, size: usize) -> io::Result<f64> {
    let memory = memory()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args([kind, &size.to_string(), &memory.as_raw_fd().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut to), Some(mut from)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    // SAFETY: the operation takes an integer.
    unsafe { libc::fcntl(from.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
    let shared = map(&memory)?;
    let mut total = 0;
    let since = Instant::now();
    for _ in 0..ROUNDS {
        to.write_all(b"?")?;
        let reply = if kind == "shared" {
            from.read_exact(&mut [0])?;
            // SAFETY: the mapping is `LARGEST` bytes long and lives until the process ends.
            unsafe { std::slice::from_raw_parts(shared, size) }.to_vec()
        } else {
            let mut reply = Vec::with_capacity(size);
            (&mut from).take(size as u64).read_to_end(&mut reply)?;
            reply
        };
        total += std::hint::black_box(reply).len();
    }
    let micros = since.elapsed().as_secs_f64() * 1e6 / ROUNDS as f64;
    assert_eq!(total, size * ROUNDS);
    drop(to);
    child.wait()?;
    Ok(micros)
}

fn child(shared: bool, size: usize, descriptor: i32) -> io::Result<()> {
    // SAFETY: the parent opened it for this process, and nothing else here owns it.
    let memory = unsafe { File::from_raw_fd(descriptor) };
    let at = map(&memory)?;
    let page = vec![7_u8; size];
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    while from.read(&mut [0])? == 1 {
        if shared {
            // SAFETY: the mapping is `LARGEST` bytes long, and the parent waits for the byte below.
            unsafe { std::ptr::copy_nonoverlapping(page.as_ptr(), at, size) };
            to.write_all(b"!")?;
        } else {
            to.write_all(&page)?;
        }
        to.flush()?;
    }
    Ok(())
}

fn memory() -> io::Result<File> {
    // SAFETY: the name ends with a zero; the descriptor belongs to the file made of it.
    let memory = unsafe {
        let descriptor = libc::memfd_create(c"page".as_ptr(), 0);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        File::from_raw_fd(descriptor)
    };
    memory.set_len(LARGEST as u64)?;
    Ok(memory)
}

fn map(memory: &File) -> io::Result<*mut u8> {
    let (rights, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: a new mapping of a file of that length.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), LARGEST, rights, kind, memory.as_raw_fd(), 0) };
    if at == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(at.cast()) }
}
