//! What a child gives up for good before it sees a document: files, network, other processes.
//!
//! Owns the two filters of the kernel. Landlock takes the whole file system and the network away; seccomp leaves the
//! system calls that computing on bytes in memory needs. The library is open by then, so that nothing has to be let
//! through for it. Rule: what is not named here is refused, and what no decoder has a reason to try ends the process.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to do where the kernel has no landlock or no seccomp.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    /// Refuse to start.
    #[default]
    Require,
    /// Go on with what the kernel has. For development machines and documents that are trusted.
    AllowUnconfined,
}

/// What this kernel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// Version of landlock; none where the kernel has none, or has it switched off.
    pub landlock: Option<i32>,
    /// System calls can be filtered.
    pub seccomp: bool,
}

impl Support {
    /// Asks the kernel, and changes nothing.
    pub fn of_this_kernel() -> Self {
        Self { landlock: landlock_version(), seccomp: has_seccomp() }
    }

    /// What is missing, in words; none where nothing is.
    pub fn missing(self) -> Option<&'static str> {
        match (self.landlock.is_some(), self.seccomp) {
            (true, true) => None,
            (false, true) => Some("landlock"),
            (true, false) => Some("seccomp"),
            (false, false) => Some("landlock and seccomp"),
        }
    }
}

/// Confines the calling thread, which has to be the only one. `Ok(Some)` names what the kernel does not have.
pub(crate) fn confine() -> Result<Option<&'static str>, String> {
    let support = Support::of_this_kernel();
    if support.landlock.is_some() {
        no_files().map_err(|e| format!("landlock refuses: {e}"))?;
    }
    if support.seccomp {
        few_calls().map_err(|e| format!("seccomp refuses: {e}"))?;
    }
    Ok(support.missing())
}

/// No rule allows anything, so everything that this version of landlock knows is denied.
fn no_files() -> Result<(), String> {
    let all = ABI::V10;
    let made = Ruleset::default()
        .handle_access(AccessFs::from_all(all))
        .and_then(|r| r.handle_access(AccessNet::from_all(all)))
        .and_then(|r| r.scope(Scope::from_all(all)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|e| e.to_string())?;
    match made.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err("nothing is enforced".into()),
    }
}

/// Calls that may be made with any arguments.
const ALLOWED: &[libc::c_long] = &[
    // The pipes.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_ppoll,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    // Memory.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // One thread, its locks, its end.
    libc::SYS_futex,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    // Time and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
];

/// Calls that end the process: no decoder has a reason to make them, so that whoever does is not to go on.
const DEADLY: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_personality,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];

/// Everything but `ALLOWED` fails as if forbidden, and `DEADLY` ends the process: of two filters the stricter one counts.
fn few_calls() -> Result<(), String> {
    let any =
        |calls: &[libc::c_long]| calls.iter().map(|call| (*call, Vec::new())).collect::<BTreeMap<_, _>>();
    let mut allowed = any(ALLOWED);
    // Memory that can be written and then run is how a document would become a program.
    let not_executable = only_if(2, SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64), 0)?;
    allowed.insert(libc::SYS_mmap, vec![not_executable.clone()]);
    allowed.insert(libc::SYS_mprotect, vec![not_executable]);
    // How a process ends itself when it gives up.
    let own = only_if(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?;
    allowed.insert(libc::SYS_tgkill, vec![own]);
    install(any(DEADLY), SeccompAction::Allow, SeccompAction::KillProcess)?;
    install(allowed, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

fn only_if(argument: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)
        .and_then(|c| SeccompRule::new(vec![c]))
        .map_err(|e| e.to_string())
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    others: SeccompAction,
    these: SeccompAction,
) -> Result<(), String> {
    let arch = std::env::consts::ARCH.try_into().map_err(|e: seccompiler::BackendError| e.to_string())?;
    let program: BpfProgram = SeccompFilter::new(rules, others, these, arch)
        .and_then(TryInto::try_into)
        .map_err(|e: seccompiler::BackendError| e.to_string())?;
    seccompiler::apply_filter(&program).map_err(|e| e.to_string())
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn landlock_version() -> Option<i32> {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with this flag the call takes no memory and makes nothing.
    let version = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, VERSION)
    };
    i32::try_from(version).ok().filter(|v| *v >= 1)
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn has_seccomp() -> bool {
    let action: u32 = libc::SECCOMP_RET_KILL_PROCESS;
    // SAFETY: the call reads four bytes at `action`, which outlives it.
    let rc =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) };
    rc == 0
}

/// Closes what the parent left open by accident; only the three standard streams stay.
#[allow(unsafe_code, reason = "a system call that std has not")]
pub(crate) fn close_inherited() {
    // SAFETY: nothing in this process has opened a descriptor yet, so that nothing loses one. A kernel that does not know
    // the call has no landlock either, which is what is complained of.
    unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(Support { landlock: Some(1), seccomp: true }.missing(), None);
        assert_eq!(Support { landlock: None, seccomp: true }.missing(), Some("landlock"));
        assert_eq!(Support { landlock: None, seccomp: false }.missing(), Some("landlock and seccomp"));
    }

    #[test]
    fn no_call_is_both_allowed_and_deadly() {
        assert!(ALLOWED.iter().all(|call| !DEADLY.contains(call)));
    }
}
