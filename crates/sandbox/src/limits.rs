//! What a child may use. The child puts these on itself before it touches anything else.

use crate::{Confinement, SandboxError, Support};
use serde::{Deserialize, Serialize};

/// What a child may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Address space in bytes (RLIMIT_AS).
    pub memory_bytes: u64,
    /// Processor time over its whole life in seconds (RLIMIT_CPU); it is replaced at half of it.
    pub cpu_seconds: u64,
    /// Open files (RLIMIT_NOFILE).
    pub open_files: u64,
    /// Largest frame in bytes, either way.
    pub frame_bytes: u32,
    /// Where the kernel has no landlock or no seccomp: `require` refuses to start, `allow_unconfined` goes on with less.
    pub confinement: Confinement,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 2 * 1024 * 1024 * 1024,
            cpu_seconds: 3600,
            open_files: 64,
            frame_bytes: 256 * 1024 * 1024,
            confinement: Confinement::Require,
        }
    }
}

/// Length of the wire form.
pub(crate) const WIRE: usize = 29;

impl Limits {
    pub(crate) fn to_wire(&self) -> [u8; WIRE] {
        let mut out = [0; WIRE];
        out[..8].copy_from_slice(&self.memory_bytes.to_le_bytes());
        out[8..16].copy_from_slice(&self.cpu_seconds.to_le_bytes());
        out[16..24].copy_from_slice(&self.open_files.to_le_bytes());
        out[24..28].copy_from_slice(&self.frame_bytes.to_le_bytes());
        out[28] = u8::from(self.confinement == Confinement::AllowUnconfined);
        out
    }

    /// Limits, and what comes after them.
    pub(crate) fn from_wire(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = bytes.split_first_chunk::<WIRE>()?;
        let (memory, head) = head.split_first_chunk::<8>()?;
        let (cpu, head) = head.split_first_chunk::<8>()?;
        let (files, head) = head.split_first_chunk::<8>()?;
        let (frame, head) = head.split_first_chunk::<4>()?;
        let confinement = match head {
            [0] => Confinement::Require,
            [1] => Confinement::AllowUnconfined,
            _ => return None,
        };
        let limits = Self {
            memory_bytes: u64::from_le_bytes(*memory),
            cpu_seconds: u64::from_le_bytes(*cpu),
            open_files: u64::from_le_bytes(*files),
            frame_bytes: u32::from_le_bytes(*frame),
            confinement,
        };
        Some((limits, rest))
    }

    /// Whether children can be confined on this machine; says so in the log where they cannot and may go on all the same.
    ///
    /// For the start of a process: finding out with the first document is late.
    pub fn check_confinement(&self) -> Result<(), SandboxError> {
        match (Support::of_this_kernel().missing(), self.confinement) {
            (None, _) => Ok(()),
            (Some(missing), Confinement::Require) => {
                Err(SandboxError::Unconfined { missing: missing.into() })
            }
            (Some(missing), Confinement::AllowUnconfined) => {
                tracing::warn!(missing, "documents are decoded by processes that are not confined");
                Ok(())
            }
        }
    }

    /// Puts the limits on the calling process. They can be lowered, never raised again.
    pub(crate) fn impose(&self) -> std::io::Result<()> {
        die_with_parent()?;
        no_new_privileges()?;
        limit(libc::RLIMIT_CORE, 0)?;
        limit(libc::RLIMIT_FSIZE, 0)?;
        limit(libc::RLIMIT_NOFILE, self.open_files)?;
        limit(libc::RLIMIT_CPU, self.cpu_seconds)?;
        limit(libc::RLIMIT_AS, self.memory_bytes)
        // Not RLIMIT_NPROC: it counts every process of the user, so that a low one fails at random on a busy host.
        // Forks are for the seccomp filter.
    }
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn limit(resource: libc::__rlimit_resource_t, value: u64) -> std::io::Result<()> {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `now` outlives both calls, which write to and read from it alone.
    unsafe {
        checked(libc::getrlimit(resource, &raw mut now))?;
        let value = value.min(now.rlim_max);
        now = libc::rlimit { rlim_cur: value, rlim_max: value };
        checked(libc::setrlimit(resource, &raw const now))
    }
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn die_with_parent() -> std::io::Result<()> {
    // SAFETY: prctl with this option reads its integer arguments only.
    checked(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) })
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn no_new_privileges() -> std::io::Result<()> {
    // SAFETY: prctl with this option reads its integer arguments only.
    checked(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
}

fn checked(rc: libc::c_int) -> std::io::Result<()> {
    if rc == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_survive_the_pipe() {
        let confinement = Confinement::AllowUnconfined;
        let limits = Limits { memory_bytes: 1, cpu_seconds: 2, open_files: 3, frame_bytes: 4, confinement };
        let mut wire = limits.to_wire().to_vec();
        wire.extend(b"rest");
        assert_eq!(Limits::from_wire(&wire), Some((limits, b"rest".as_slice())));
        assert_eq!(Limits::from_wire(&wire[..20]), None);
    }
}
