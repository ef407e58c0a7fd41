//! The allocator, kept from holding on to what page images leave behind.

/// Arenas that glibc may open. It would open eight per core, and each keeps the largest images that ever passed it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 2;

/// Bounds how much freed memory the allocator holds. To be called first thing in `main`, before threads start.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub fn bound_memory() {
    // SAFETY: sets a number of the allocator; no thread of ours runs yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}

/// Other allocators bound themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn bound_memory() {}
