//! The allocator, kept from holding on to what page images leave behind.

/// Arenas that glibc may open. It would open eight per core, and each keeps the largest images that ever passed it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 2;

/// Blocks of so many bytes go back to the system as soon as they are freed: originals, page images, long records. Left to
/// itself glibc begins with this number, raises it to the largest block that was ever freed, and then keeps as much.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_PAGES_BYTES: libc::c_int = 128 << 10;

/// Bounds how much freed memory the allocator holds. To be called first thing in `main`, before threads start.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "a setting of the allocator")]
pub fn bound_memory() {
    // SAFETY: sets numbers of the allocator; no thread of ours runs yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_PAGES_BYTES);
    }
}

/// Other allocators bound themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn bound_memory() {}
