//! Processes: started apart from this one, signalled, looked for again by later calls.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Lets the child outlive this process and its terminal.
#[allow(unsafe_code, reason = "a system call that std has not")]
pub(crate) fn detach(command: &mut Command) {
    // SAFETY: setsid is async-signal-safe and touches no memory; it runs in the child between fork and exec.
    unsafe {
        command.pre_exec(|| if libc::setsid() == -1 { Err(io::Error::last_os_error()) } else { Ok(()) });
    }
}

/// Lets the child be told to stop when the thread that starts it ends, so that nothing is left when this process is killed.
#[allow(unsafe_code, reason = "a system call that std has not")]
pub(crate) fn die_with_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    // SAFETY: prctl and getppid are async-signal-safe and touch no memory; they run in the child between fork and exec.
    unsafe {
        let parent = libc::getpid();
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) == -1 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have died before the line above.
            if libc::getppid() == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
        });
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// A signal to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Finish, then end.
    Term,
    /// End.
    Kill,
    /// Stand still.
    Stop,
    /// Go on.
    Continue,
}

/// Sends a signal. A process that is gone is no error.
#[allow(unsafe_code, reason = "a system call that std has not")]
pub(crate) fn signal(pid: u32, signal: Signal) {
    let number = match signal {
        Signal::Term => libc::SIGTERM,
        Signal::Kill => libc::SIGKILL,
        Signal::Stop => libc::SIGSTOP,
        Signal::Continue => libc::SIGCONT,
    };
    // Zero and negative numbers mean groups of processes.
    if let Ok(pid @ 1..) = libc::pid_t::try_from(pid) {
        // SAFETY: kill takes two numbers and touches no memory of ours.
        unsafe {
            libc::kill(pid, number);
        }
    }
}

/// Whether the process lives and has `mark` in its command line. Process ids are used again; marks are not.
pub(crate) fn lives(pid: u32, mark: &str) -> bool {
    // Empty for one that has ended and was not waited for.
    std::fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| line.split(|b| *b == 0).any(|arg| arg == mark.as_bytes()))
}
