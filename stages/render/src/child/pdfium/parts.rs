//! Documents of which PDFium asks for the parts that it needs.

use crate::child::blocks::Blocks;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::marker::PhantomData;

/// `FPDF_FILEACCESS`, whose name cannot be written here.
#[repr(C)]
struct FileAccess {
    length: u64,
    get_block: unsafe extern "C" fn(*mut c_void, u64, *mut u8, u64) -> c_int,
    param: *mut c_void,
}

struct Inner<'a> {
    access: FileAccess,
    blocks: RefCell<Blocks<'a>>,
}

/// What PDFium reads a document by.
pub(super) struct Parts<'a>(*mut Inner<'a>, PhantomData<Inner<'a>>);

impl<'a> Parts<'a> {
    pub(super) fn new(blocks: Blocks<'a>) -> Self {
        let access = FileAccess { length: blocks.length(), get_block, param: std::ptr::null_mut() };
        let inner = Box::into_raw(Box::new(Inner { access, blocks: RefCell::new(blocks) }));
        // SAFETY: it was just made, and nobody else knows it.
        unsafe { (*inner).access.param = (&raw mut (*inner).blocks).cast() };
        Self(inner, PhantomData)
    }

    /// The structure that PDFium takes; it lives as long as this.
    pub(super) fn access(&self) -> *mut c_void {
        // SAFETY: it is alive until this is dropped; no reference is made.
        unsafe { (&raw mut (*self.0).access).cast() }
    }
}

impl Drop for Parts<'_> {
    fn drop(&mut self) {
        // SAFETY: it came from a box, and is dropped once.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// Called by PDFium, on the one thread of the child, while the document is open.
unsafe extern "C" fn get_block(param: *mut c_void, position: u64, to: *mut u8, size: u64) -> c_int {
    let Ok(size) = usize::try_from(size) else { return 0 };
    // SAFETY: `param` is the field that it was set to, which is only touched here, and there are `size` bytes at `to`, which are
    // written before they are looked at.
    unsafe {
        let blocks = &*param.cast::<RefCell<Blocks<'_>>>();
        to.write_bytes(0, size);
        let to = std::slice::from_raw_parts_mut(to, size);
        blocks.try_borrow_mut().is_ok_and(|mut blocks| blocks.read(position, to)).into()
    }
}
