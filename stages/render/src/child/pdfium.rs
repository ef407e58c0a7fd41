//! PDFium's calls behind types that cannot be used wrongly.
//!
//! Owns every handle: each lives as long as what it belongs to, and is closed once. Knows nothing of words or pages as
//! docmill sees them. Rule: all unsafe calls of this crate are here and in the files below. The child has one thread, which is what PDFium needs.
#![allow(unsafe_code)] // a C library
// The names of C types cannot be written outside of the crate that has them, so that handles are kept as plain pointers.

mod annotation;
mod object;
mod paint;
mod parts;
mod path;
mod text;

pub(super) use annotation::Annotation;
pub(super) use object::{Kind, Object};
pub(super) use path::{Matrix, Part};
pub(super) use text::Text;

use super::blocks::Blocks;
use paint::Canvas;
use parts::Parts;
use pdfium_render::prelude::{Pdfium, PdfiumLibraryBindings};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::path::Path;

/// Most bytes of a text value that is asked for.
const MAX_TEXT: usize = 64 * 1024;

/// A rectangle as PDFium gives it: left, bottom, right, top, in points from the bottom left.
pub(super) type Rect = [f32; 4];

/// The opened library.
pub(super) struct Library(Box<dyn PdfiumLibraryBindings>, Canvas);

/// Why a document does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// A password is needed, or another one.
    Password,
    /// Damaged, or no PDF.
    Damaged,
}

impl Library {
    /// Opens the library at `path`; once in a process.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let library = Pdfium::bind_to_library(path)
            .map_err(|e| format!("{} is no usable PDFium: {e}", path.display()).replace('\n', " "))?;
        // SAFETY: it is called once, before anything else.
        unsafe { library.FPDF_InitLibrary() };
        Ok(Self(library, Canvas::default()))
    }

    /// Opens a document, which lives as long as its bytes.
    pub(super) fn load<'a>(
        &'a self,
        bytes: &'a [u8],
        password: Option<&str>,
    ) -> Result<Document<'a>, Closed> {
        if password.is_some_and(|p| p.contains('\0')) {
            return Err(Closed::Password);
        }
        // SAFETY: the bytes outlive the document by its lifetime.
        let handle: *mut c_void = unsafe { self.0.FPDF_LoadMemDocument64(bytes, password) }.cast();
        self.opened(handle, None)
    }

    /// Opens a document of which only parts are in memory.
    pub(super) fn load_parts<'a>(
        &'a self,
        blocks: Blocks<'a>,
        password: Option<&str>,
    ) -> Result<Document<'a>, Closed> {
        if password.is_some_and(|p| p.contains('\0')) {
            return Err(Closed::Password);
        }
        let parts = Parts::new(blocks);
        // SAFETY: what PDFium reads by lives as long as the document, which keeps it.
        let handle: *mut c_void =
            unsafe { self.0.FPDF_LoadCustomDocument(parts.access().cast(), password) }.cast();
        self.opened(handle, Some(parts))
    }

    fn opened<'a>(&'a self, handle: *mut c_void, parts: Option<Parts<'a>>) -> Result<Document<'a>, Closed> {
        const PASSWORD: u64 = 4;
        const SECURITY: u64 = 5;
        if handle.is_null() {
            // SAFETY: the call takes nothing.
            return Err(match unsafe { self.0.FPDF_GetLastError() } {
                PASSWORD | SECURITY => Closed::Password,
                _ => Closed::Damaged,
            });
        }
        Ok(Document { library: self, handle, _bytes: PhantomData, _parts: parts })
    }
}

/// An open document.
pub(super) struct Document<'a> {
    library: &'a Library,
    handle: *mut c_void,
    _bytes: PhantomData<&'a [u8]>,
    /// Fields are dropped after the document was closed.
    _parts: Option<Parts<'a>>,
}

impl Drop for Document<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing that belongs to it outlives it.
        unsafe { self.library.0.FPDF_CloseDocument(self.handle.cast()) };
    }
}

impl Document<'_> {
    /// How many pages it says that it has.
    pub(super) fn pages(&self) -> u32 {
        // SAFETY: the handle is open.
        u32::try_from(unsafe { self.library.0.FPDF_GetPageCount(self.handle.cast()) }).unwrap_or(0)
    }

    /// A page, from 0; none where it cannot be read.
    pub(super) fn page(&self, index: u32) -> Option<Page<'_>> {
        let index = i32::try_from(index).ok()?;
        // SAFETY: the handle is open; the page lives no longer than the document.
        let handle: *mut c_void = unsafe { self.library.0.FPDF_LoadPage(self.handle.cast(), index) }.cast();
        (!handle.is_null()).then_some(Page { library: self.library, handle, _document: PhantomData })
    }

    /// How many files are attached.
    pub(super) fn attachments(&self) -> u32 {
        // SAFETY: the handle is open.
        u32::try_from(unsafe { self.library.0.FPDFDoc_GetAttachmentCount(self.handle.cast()) }).unwrap_or(0)
    }

    /// Name of an attached file.
    pub(super) fn attachment_name(&self, index: u32) -> Option<String> {
        let handle = self.attachment(index)?;
        // SAFETY: the handle lives as long as the document; the buffer has the length that is said.
        text_of(|to, len| unsafe { self.library.0.FPDFAttachment_GetName(handle.cast(), to.cast(), len) })
    }

    /// Length of an attached file in bytes.
    pub(super) fn attachment_size(&self, index: u32) -> Option<u64> {
        let handle = self.attachment(index)?;
        let mut len = 0;
        // SAFETY: the handle lives as long as the document; nothing is written but the length.
        let known = unsafe {
            self.library.0.FPDFAttachment_GetFile(handle.cast(), std::ptr::null_mut(), 0, &raw mut len)
        };
        // A file without bytes is one of no length.
        Some(if known == 0 { 0 } else { len })
    }

    /// Bytes of an attached file, where there are at most `limit`.
    pub(super) fn attachment_bytes(&self, index: u32, limit: usize) -> Option<Vec<u8>> {
        let len = self.attachment_size(index)?;
        let size = usize::try_from(len).ok().filter(|n| *n > 0 && *n <= limit)?;
        let handle = self.attachment(index)?;
        let mut bytes = vec![0; size];
        let to = bytes.as_mut_ptr().cast();
        let mut written = len;
        // SAFETY: the handle lives as long as the document; no more than `len` bytes are written to `to`.
        let got = unsafe { self.library.0.FPDFAttachment_GetFile(handle.cast(), to, len, &raw mut written) };
        (got != 0).then_some(bytes)
    }

    fn attachment(&self, index: u32) -> Option<*mut c_void> {
        let index = i32::try_from(index).ok()?;
        // SAFETY: the handle is open.
        let handle: *mut c_void =
            unsafe { self.library.0.FPDFDoc_GetAttachment(self.handle.cast(), index) }.cast();
        (!handle.is_null()).then_some(handle)
    }
}

/// A loaded page.
pub(super) struct Page<'a> {
    library: &'a Library,
    handle: *mut c_void,
    _document: PhantomData<&'a ()>,
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing that belongs to it outlives it.
        unsafe { self.library.0.FPDF_ClosePage(self.handle.cast()) };
    }
}

impl Page<'_> {
    /// Width and height in points, as it is shown.
    pub(super) fn size(&self) -> (f32, f32) {
        // SAFETY: the handle is open.
        unsafe {
            let page = self.handle;
            (self.library.0.FPDF_GetPageWidthF(page.cast()), self.library.0.FPDF_GetPageHeightF(page.cast()))
        }
    }

    /// Quarter turns clockwise when it is shown, 0 to 3.
    pub(super) fn turns(&self) -> u8 {
        // SAFETY: the handle is open.
        let turns = unsafe { self.library.0.FPDFPage_GetRotation(self.handle.cast()) };
        u8::try_from(turns.rem_euclid(4)).unwrap_or(0)
    }

    /// The part that is shown.
    pub(super) fn bounds(&self) -> Option<Rect> {
        // SAFETY: plain numbers, for which zero is a value; the call writes them and nothing else.
        unsafe {
            let mut rect = std::mem::zeroed();
            let known = self.library.0.FPDF_GetPageBoundingBox(self.handle.cast(), &raw mut rect);
            (known != 0).then_some([rect.left, rect.bottom, rect.right, rect.top])
        }
    }

    /// Its text.
    pub(super) fn text(&self) -> Option<Text<'_>> {
        // SAFETY: the handle is open; the text lives no longer than the page.
        let handle: *mut c_void = unsafe { self.library.0.FPDFText_LoadPage(self.handle.cast()) }.cast();
        (!handle.is_null()).then_some(Text { library: self.library, handle, _page: PhantomData })
    }

    /// How many objects it is made of, those inside of forms not counted.
    pub(super) fn objects(&self) -> u32 {
        // SAFETY: the handle is open.
        u32::try_from(unsafe { self.library.0.FPDFPage_CountObjects(self.handle.cast()) }).unwrap_or(0)
    }

    /// One of them, in the order in which they are painted.
    pub(super) fn object(&self, index: u32) -> Option<Object<'_>> {
        let index = i32::try_from(index).ok()?;
        // SAFETY: the handle is open; the object lives as long as the page.
        let handle: *mut c_void =
            unsafe { self.library.0.FPDFPage_GetObject(self.handle.cast(), index) }.cast();
        Object::of(self.library, handle)
    }

    /// How many annotations it has, form fields among them.
    pub(super) fn annotations(&self) -> u32 {
        // SAFETY: the handle is open.
        u32::try_from(unsafe { self.library.0.FPDFPage_GetAnnotCount(self.handle.cast()) }).unwrap_or(0)
    }

    /// One of them.
    pub(super) fn annotation(&self, index: u32) -> Option<Annotation<'_>> {
        let index = i32::try_from(index).ok()?;
        // SAFETY: the handle is open; the annotation lives no longer than the page.
        let handle: *mut c_void =
            unsafe { self.library.0.FPDFPage_GetAnnot(self.handle.cast(), index) }.cast();
        (!handle.is_null()).then_some(Annotation { library: self.library, handle, _page: PhantomData })
    }

    /// Makes annotations and form fields, as they look, part of the page. It has to be loaded again to be seen.
    pub(super) fn flatten(&self) -> bool {
        const AS_SHOWN: i32 = 0;
        const DONE: i32 = 1;
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFPage_Flatten(self.handle.cast(), AS_SHOWN) == DONE }
    }
}

/// A text of PDFium, which says how many bytes of UTF-16 with an end it has, and writes them where there is room.
fn text_of(get: impl Fn(*mut u16, u64) -> u64) -> Option<String> {
    let len = get(std::ptr::null_mut(), 0);
    let units = usize::try_from(len).ok().filter(|n| *n >= 2 && *n <= MAX_TEXT)?.div_ceil(2);
    let mut buffer = vec![0_u16; units];
    get(buffer.as_mut_ptr(), len);
    let end = buffer.iter().position(|u| *u == 0).unwrap_or(units);
    Some(String::from_utf16_lossy(buffer.get(..end)?))
}
