//! PDFium's calls behind types that cannot be used wrongly.
//!
//! Owns every handle: each lives as long as what it belongs to, and is closed once. Knows nothing of words or pages as
//! docmill sees them. Rule: all unsafe calls of this crate are here. The child has one thread, which is what PDFium needs.
#![allow(unsafe_code)] // a C library
// The names of C types cannot be written outside of the crate that has them, so that handles are kept as plain pointers.

use pdfium_render::prelude::{Pdfium, PdfiumLibraryBindings};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::path::Path;

/// Most bytes of a text value that is asked for.
const MAX_TEXT: usize = 64 * 1024;

/// A rectangle as PDFium gives it: left, bottom, right, top, in points from the bottom left.
pub(super) type Rect = [f32; 4];

/// The opened library.
pub(super) struct Library(Box<dyn PdfiumLibraryBindings>);

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
        Ok(Self(library))
    }

    /// Opens a document, which lives as long as its bytes.
    pub(super) fn load<'a>(
        &'a self,
        bytes: &'a [u8],
        password: Option<&str>,
    ) -> Result<Document<'a>, Closed> {
        const PASSWORD: u64 = 4;
        const SECURITY: u64 = 5;
        if password.is_some_and(|p| p.contains('\0')) {
            return Err(Closed::Password);
        }
        // SAFETY: the bytes outlive the document by its lifetime.
        let handle: *mut c_void = unsafe { self.0.FPDF_LoadMemDocument64(bytes, password) }.cast();
        if handle.is_null() {
            // SAFETY: the call takes nothing.
            return Err(match unsafe { self.0.FPDF_GetLastError() } {
                PASSWORD | SECURITY => Closed::Password,
                _ => Closed::Damaged,
            });
        }
        Ok(Document { library: self, handle, _bytes: PhantomData })
    }
}

/// An open document.
pub(super) struct Document<'a> {
    library: &'a Library,
    handle: *mut c_void,
    _bytes: PhantomData<&'a [u8]>,
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
        text(|to, len| unsafe { self.library.0.FPDFAttachment_GetName(handle.cast(), to.cast(), len) })
    }

    /// Bytes of an attached file, where there are at most `limit`.
    pub(super) fn attachment_bytes(&self, index: u32, limit: usize) -> Option<Vec<u8>> {
        let handle = self.attachment(index)?;
        let mut len = 0;
        let get = |to: *mut c_void, room, len: &mut _| {
            // SAFETY: the handle lives as long as the document; no more than `room` bytes are written to `to`.
            unsafe { self.library.0.FPDFAttachment_GetFile(handle.cast(), to, room, &raw mut *len) }
        };
        let known = get(std::ptr::null_mut(), 0, &mut len);
        let size = usize::try_from(len).ok().filter(|n| *n > 0 && *n <= limit)?;
        if known == 0 {
            return None;
        }
        let mut bytes = vec![0; size];
        (get(bytes.as_mut_ptr().cast(), len, &mut { len }) != 0).then_some(bytes)
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

    /// Paints it on white, `width` by `height` pixels, turned clockwise by so many quarters more than it says, and hands
    /// over rows of blue, green, red, each `stride` bytes long.
    pub(super) fn paint<T>(
        &self,
        (width, height): (u32, u32),
        turns: u8,
        then: impl FnOnce(&[u8], usize) -> T,
    ) -> Option<T> {
        // Never grey (1): it kills the process.
        const BGR: i32 = 2;
        const WHITE: u32 = 0xffff_ffff;
        const WITH_ANNOTATIONS: i32 = 1;
        let (w, h) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
        let library = &self.library.0;
        // SAFETY: the bitmap is made here, has the size that it is asked for, and is destroyed after its last use; the
        // bytes are read while nothing writes them.
        unsafe {
            let bitmap = library.FPDFBitmap_CreateEx(w, h, BGR, std::ptr::null_mut(), 0);
            if bitmap.is_null() {
                return None;
            }
            library.FPDFBitmap_FillRect(bitmap, 0, 0, w, h, WHITE.into());
            library.FPDF_RenderPageBitmap(
                bitmap,
                self.handle.cast(),
                0,
                0,
                w,
                h,
                i32::from(turns % 4),
                WITH_ANNOTATIONS,
            );
            let stride = usize::try_from(library.FPDFBitmap_GetStride(bitmap)).unwrap_or(0);
            let at = library.FPDFBitmap_GetBuffer(bitmap).cast::<u8>();
            let painted = (!at.is_null() && stride >= width as usize * 3)
                .then(|| then(std::slice::from_raw_parts(at, stride * height as usize), stride));
            library.FPDFBitmap_Destroy(bitmap);
            painted
        }
    }
}

/// The text of a page.
pub(super) struct Text<'a> {
    library: &'a Library,
    handle: *mut c_void,
    _page: PhantomData<&'a ()>,
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing that belongs to it outlives it.
        unsafe { self.library.0.FPDFText_ClosePage(self.handle.cast()) };
    }
}

impl Text<'_> {
    /// How many characters it has.
    pub(super) fn len(&self) -> i32 {
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFText_CountChars(self.handle.cast()) }.max(0)
    }

    /// A UTF-16 unit, or what the font calls a glyph that has no character.
    pub(super) fn unit(&self, index: i32) -> u32 {
        // SAFETY: the handle is open; an index out of range gives 0.
        unsafe { self.library.0.FPDFText_GetUnicode(self.handle.cast(), index) }
    }

    /// True where nothing says which character a glyph stands for.
    pub(super) fn is_unmapped(&self, index: i32) -> bool {
        // SAFETY: the handle is open; an index out of range gives -1.
        unsafe { self.library.0.FPDFText_HasUnicodeMapError(self.handle.cast(), index) == 1 }
    }

    /// The place of a character, as high as its font.
    pub(super) fn place(&self, index: i32) -> Option<Rect> {
        // SAFETY: plain numbers, for which zero is a value; the call writes them and nothing else.
        unsafe {
            let mut rect = std::mem::zeroed();
            let known = self.library.0.FPDFText_GetLooseCharBox(self.handle.cast(), index, &raw mut rect);
            (known != 0).then_some([rect.left, rect.bottom, rect.right, rect.top])
        }
    }

    /// How a character is turned, in quarter turns anticlockwise on the page as it is stored; none where it is slanted.
    pub(super) fn turns(&self, index: i32) -> Option<u8> {
        // SAFETY: the handle is open; an index out of range gives -1.
        let angle = unsafe { self.library.0.FPDFText_GetCharAngle(self.handle.cast(), index) };
        let quarters = angle / std::f32::consts::FRAC_PI_2;
        let whole = quarters.round();
        // PDFium counts clockwise.
        (angle >= 0.0 && (quarters - whole).abs() < 0.06).then_some((4 - whole as u8 % 4) % 4)
    }

    /// The object that a character belongs to.
    pub(super) fn object(&self, index: i32) -> Option<Object<'_>> {
        // SAFETY: the handle is open; the object lives as long as the page.
        let handle: *mut c_void =
            unsafe { self.library.0.FPDFText_GetTextObject(self.handle.cast(), index) }.cast();
        Object::of(self.library, handle)
    }
}

/// What a page is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Path,
    Image,
    Shading,
    Form,
    Other,
}

/// An object of a page.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    library: &'a Library,
    handle: *mut c_void,
}

impl<'a> Object<'a> {
    fn of(library: &'a Library, handle: *mut c_void) -> Option<Self> {
        (!handle.is_null()).then_some(Self { library, handle })
    }

    /// Tells objects of one page apart.
    pub(super) fn id(self) -> usize {
        self.handle.addr()
    }

    /// What it is.
    pub(super) fn kind(self) -> Kind {
        // SAFETY: the object lives as long as the page.
        match unsafe { self.library.0.FPDFPageObj_GetType(self.handle.cast()) } {
            1 => Kind::Text,
            2 => Kind::Path,
            3 => Kind::Image,
            4 => Kind::Shading,
            5 => Kind::Form,
            _ => Kind::Other,
        }
    }

    /// Where it is.
    pub(super) fn bounds(self) -> Option<Rect> {
        let [mut l, mut b, mut r, mut t] = [0.0; 4];
        // SAFETY: the object lives as long as the page; the four numbers are written and nothing else.
        let known = unsafe {
            let object = self.handle.cast();
            self.library.0.FPDFPageObj_GetBounds(object, &raw mut l, &raw mut b, &raw mut r, &raw mut t)
        };
        (known != 0).then_some([l, b, r, t])
    }

    /// Red, green, blue and opacity of what fills it.
    pub(super) fn fill(self) -> Option<[u8; 4]> {
        let [mut r, mut g, mut b, mut a] = [0; 4];
        // SAFETY: the object lives as long as the page; the four numbers are written and nothing else.
        let known = unsafe {
            let object = self.handle.cast();
            self.library.0.FPDFPageObj_GetFillColor(object, &raw mut r, &raw mut g, &raw mut b, &raw mut a)
        };
        (known != 0).then(|| [r, g, b, a].map(|v| u8::try_from(v).unwrap_or(u8::MAX)))
    }

    /// True for a path whose inside is painted.
    pub(super) fn is_filled(self) -> bool {
        let (mut mode, mut stroke) = (0, 0);
        // SAFETY: the object lives as long as the page; the two numbers are written and nothing else.
        let known = unsafe {
            self.library.0.FPDFPath_GetDrawMode(self.handle.cast(), &raw mut mode, &raw mut stroke)
        };
        known != 0 && mode != 0
    }

    /// True where what lies under it can be seen through it.
    pub(super) fn is_transparent(self) -> bool {
        // SAFETY: the object lives as long as the page.
        unsafe { self.library.0.FPDFPageObj_HasTransparency(self.handle.cast()) != 0 }
    }

    /// True for text that is drawn neither filled nor stroked.
    pub(super) fn is_invisible_text(self) -> bool {
        // SAFETY: the object lives as long as the page.
        let mode = unsafe { self.library.0.FPDFTextObj_GetTextRenderMode(self.handle.cast()) };
        mode == 3 || mode == 7
    }

    /// Objects inside of a form.
    pub(super) fn children(self) -> u32 {
        // SAFETY: the object lives as long as the page.
        u32::try_from(unsafe { self.library.0.FPDFFormObj_CountObjects(self.handle.cast()) }).unwrap_or(0)
    }

    /// One of them.
    pub(super) fn child(self, index: u32) -> Option<Self> {
        // SAFETY: the object lives as long as the page, and so do those inside of it.
        let handle: *mut c_void =
            unsafe { self.library.0.FPDFFormObj_GetObject(self.handle.cast(), index.into()) }.cast();
        Self::of(self.library, handle)
    }

    /// Pixels of an image, across and down.
    pub(super) fn pixels(self) -> Option<(u32, u32)> {
        let (mut width, mut height) = (0, 0);
        // SAFETY: the object lives as long as the page; the two numbers are written and nothing else.
        let known = unsafe {
            let object = self.handle.cast();
            self.library.0.FPDFImageObj_GetImagePixelSize(object, &raw mut width, &raw mut height)
        };
        (known != 0).then_some((width, height))
    }

    /// The smallest rectangle around the paths that cut it off; none where nothing does.
    pub(super) fn clip(self) -> Option<Rect> {
        let library = &self.library.0;
        let mut clip: Option<Rect> = None;
        // SAFETY: the object lives as long as the page, and so do its clip paths and their parts; indices are checked by
        // the library, and only the two numbers are written.
        unsafe {
            let path = library.FPDFPageObj_GetClipPath(self.handle.cast());
            if path.is_null() {
                return None;
            }
            for i in 0..library.FPDFClipPath_CountPaths(path).min(16) {
                let mut around: Option<Rect> = None;
                for j in 0..library.FPDFClipPath_CountPathSegments(path, i).min(256) {
                    let (mut x, mut y) = (0.0, 0.0);
                    let segment = library.FPDFClipPath_GetPathSegment(path, i, j);
                    if library.FPDFPathSegment_GetPoint(segment, &raw mut x, &raw mut y) != 0 {
                        let [l, b, r, t] = around.unwrap_or([x, y, x, y]);
                        around = Some([l.min(x), b.min(y), r.max(x), t.max(y)]);
                    }
                }
                let Some(a) = around else { continue };
                let c = clip.unwrap_or(a);
                clip = Some([c[0].max(a[0]), c[1].max(a[1]), c[2].min(a[2]), c[3].min(a[3])]);
            }
        }
        clip
    }
}

/// An annotation or a form field.
pub(super) struct Annotation<'a> {
    library: &'a Library,
    handle: *mut c_void,
    _page: PhantomData<&'a ()>,
}

impl Drop for Annotation<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing that belongs to it outlives it.
        unsafe { self.library.0.FPDFPage_CloseAnnot(self.handle.cast()) };
    }
}

impl Annotation<'_> {
    /// What it is, by PDFium's numbers.
    pub(super) fn subtype(&self) -> i32 {
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFAnnot_GetSubtype(self.handle.cast()) }
    }

    /// True where it is not shown.
    pub(super) fn is_hidden(&self) -> bool {
        const INVISIBLE_HIDDEN_NO_VIEW: i32 = 1 | 2 | 32;
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFAnnot_GetFlags(self.handle.cast()) & INVISIBLE_HIDDEN_NO_VIEW != 0 }
    }

    /// True where it says how it looks.
    pub(super) fn has_appearance(&self) -> bool {
        self.has("AP")
    }

    /// True where it has an entry of that name.
    pub(super) fn has(&self, key: &str) -> bool {
        // SAFETY: the handle is open.
        unsafe { self.library.0.FPDFAnnot_HasKey(self.handle.cast(), key) != 0 }
    }

    /// A text among its entries.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        // SAFETY: the handle is open; the buffer has the length that is said.
        text(|to, len| unsafe {
            self.library.0.FPDFAnnot_GetStringValue(self.handle.cast(), key, to.cast(), len)
        })
    }

    /// Where it is.
    pub(super) fn place(&self) -> Option<Rect> {
        // SAFETY: plain numbers, for which zero is a value; the call writes them and nothing else.
        unsafe {
            let mut rect = std::mem::zeroed();
            let known = self.library.0.FPDFAnnot_GetRect(self.handle.cast(), &raw mut rect);
            (known != 0).then_some([rect.left, rect.bottom, rect.right, rect.top])
        }
    }
}

/// A text of PDFium, which says how many bytes of UTF-16 with an end it has, and writes them where there is room.
fn text(get: impl Fn(*mut u16, u64) -> u64) -> Option<String> {
    let len = get(std::ptr::null_mut(), 0);
    let units = usize::try_from(len).ok().filter(|n| *n >= 2 && *n <= MAX_TEXT)?.div_ceil(2);
    let mut buffer = vec![0_u16; units];
    get(buffer.as_mut_ptr(), len);
    let end = buffer.iter().position(|u| *u == 0).unwrap_or(units);
    Some(String::from_utf16_lossy(buffer.get(..end)?))
}
