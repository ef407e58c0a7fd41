//! The characters of a page, as PDFium counts them.

use super::{Library, Object, Rect, text_of};
use std::ffi::c_void;
use std::marker::PhantomData;

/// The text of a page.
pub(in crate::child) struct Text<'a> {
    pub(super) library: &'a Library,
    pub(super) handle: *mut c_void,
    pub(super) _page: PhantomData<&'a ()>,
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing that belongs to it outlives it.
        unsafe { self.library.0.FPDFText_ClosePage(self.handle.cast()) };
    }
}

impl Text<'_> {
    /// How many characters it has.
    pub(in crate::child) fn len(&self) -> i32 {
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFText_CountChars(self.handle.cast()) }.max(0)
    }

    /// A UTF-16 unit, or what the font calls a glyph that has no character.
    pub(in crate::child) fn unit(&self, index: i32) -> u32 {
        // SAFETY: the handle is open; an index out of range gives 0.
        unsafe { self.library.0.FPDFText_GetUnicode(self.handle.cast(), index) }
    }

    /// True where nothing says which character a glyph stands for.
    pub(in crate::child) fn is_unmapped(&self, index: i32) -> bool {
        // SAFETY: the handle is open; an index out of range gives -1.
        unsafe { self.library.0.FPDFText_HasUnicodeMapError(self.handle.cast(), index) == 1 }
    }

    /// The place of a character, as high as its font.
    pub(in crate::child) fn place(&self, index: i32) -> Option<Rect> {
        // SAFETY: plain numbers, for which zero is a value; the call writes them and nothing else.
        unsafe {
            let mut rect = std::mem::zeroed();
            let known = self.library.0.FPDFText_GetLooseCharBox(self.handle.cast(), index, &raw mut rect);
            (known != 0).then_some([rect.left, rect.bottom, rect.right, rect.top])
        }
    }

    /// How a character is turned, in quarter turns anticlockwise on the page as it is stored; none where it is slanted.
    pub(in crate::child) fn turns(&self, index: i32) -> Option<u8> {
        // SAFETY: the handle is open; an index out of range gives -1.
        let angle = unsafe { self.library.0.FPDFText_GetCharAngle(self.handle.cast(), index) };
        let quarters = angle / std::f32::consts::FRAC_PI_2;
        let whole = quarters.round();
        // PDFium counts clockwise.
        (angle >= 0.0 && (quarters - whole).abs() < 0.06).then_some((4 - whole as u8 % 4) % 4)
    }

    /// The object that a character belongs to.
    pub(in crate::child) fn object(&self, index: i32) -> Option<Object<'_>> {
        // SAFETY: the handle is open; the object lives as long as the page.
        let handle: *mut c_void =
            unsafe { self.library.0.FPDFText_GetTextObject(self.handle.cast(), index) }.cast();
        Object::of(self.library, handle)
    }

    /// The characters of a text object as the text of the page has them: none where it is drawn a second time.
    pub(in crate::child) fn of(&self, object: Object<'_>) -> String {
        let (text, page) = (object.handle, self.handle);
        // SAFETY: both handles are open; the buffer has the length that is said.
        let get = |to: *mut u16, len| unsafe {
            self.library.0.FPDFTextObj_GetText(text.cast(), page.cast(), to.cast(), len)
        };
        text_of(get).unwrap_or_default()
    }
}
