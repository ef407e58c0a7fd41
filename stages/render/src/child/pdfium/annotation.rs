//! Annotations and form fields.

use super::{Library, Rect, text_of};
use std::ffi::c_void;
use std::marker::PhantomData;

/// An annotation or a form field.
pub(in crate::child) struct Annotation<'a> {
    pub(super) library: &'a Library,
    pub(super) handle: *mut c_void,
    pub(super) _page: PhantomData<&'a ()>,
}

impl Drop for Annotation<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing that belongs to it outlives it.
        unsafe { self.library.0.FPDFPage_CloseAnnot(self.handle.cast()) };
    }
}

impl Annotation<'_> {
    /// What it is, by PDFium's numbers.
    pub(in crate::child) fn subtype(&self) -> i32 {
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFAnnot_GetSubtype(self.handle.cast()) }
    }

    /// True where it is not shown.
    pub(in crate::child) fn is_hidden(&self) -> bool {
        const INVISIBLE_HIDDEN_NO_VIEW: i32 = 1 | 2 | 32;
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFAnnot_GetFlags(self.handle.cast()) & INVISIBLE_HIDDEN_NO_VIEW != 0 }
    }

    /// Makes it one that nobody is shown.
    pub(in crate::child) fn hide(&self) {
        const HIDDEN: i32 = 2;
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFAnnot_SetFlags(self.handle.cast(), HIDDEN) };
    }

    /// True where it says how it looks.
    pub(in crate::child) fn has_appearance(&self) -> bool {
        self.has("AP")
    }

    /// True where it has an entry of that name.
    pub(in crate::child) fn has(&self, key: &str) -> bool {
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFAnnot_HasKey(self.handle.cast(), key) != 0 }
    }

    /// A text among its entries.
    pub(in crate::child) fn value(&self, key: &str) -> Option<String> {
        // SAFETY: the handle is open; the buffer has the length that is said.
        text_of(|to, len| unsafe {
            self.library.0.FPDFAnnot_GetStringValue(self.handle.cast(), key, to.cast(), len)
        })
    }

    /// Where it is.
    pub(in crate::child) fn place(&self) -> Option<Rect> {
        // SAFETY: plain numbers, for which zero is a value; the call writes them and nothing else.
        unsafe {
            let mut rect = std::mem::zeroed();
            let known = self.library.0.FPDFAnnot_GetRect(self.handle.cast(), &raw mut rect);
            (known != 0).then_some([rect.left, rect.bottom, rect.right, rect.top])
        }
    }
}
