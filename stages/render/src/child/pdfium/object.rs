//! What a page is made of, in the order in which it is painted.

use super::{Library, Rect};
use std::ffi::c_void;

/// What a page is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::child) enum Kind {
    Text,
    Path,
    Image,
    Shading,
    Form,
    Other,
}

/// An object of a page.
#[derive(Clone, Copy)]
pub(in crate::child) struct Object<'a> {
    pub(super) library: &'a Library,
    pub(super) handle: *mut c_void,
}

impl<'a> Object<'a> {
    pub(super) fn of(library: &'a Library, handle: *mut c_void) -> Option<Self> {
        (!handle.is_null()).then_some(Self { library, handle })
    }

    /// Tells objects of one page apart.
    pub(in crate::child) fn id(self) -> usize {
        self.handle.addr()
    }

    /// What it is.
    pub(in crate::child) fn kind(self) -> Kind {
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
    pub(in crate::child) fn bounds(self) -> Option<Rect> {
        let [mut l, mut b, mut r, mut t] = [0.0; 4];
        // SAFETY: the object lives as long as the page; the four numbers are written and nothing else.
        let known = unsafe {
            let object = self.handle.cast();
            self.library.0.FPDFPageObj_GetBounds(object, &raw mut l, &raw mut b, &raw mut r, &raw mut t)
        };
        (known != 0).then_some([l, b, r, t])
    }

    /// Red, green, blue and opacity of what fills it.
    pub(in crate::child) fn fill(self) -> Option<[u8; 4]> {
        let [mut r, mut g, mut b, mut a] = [0; 4];
        // SAFETY: the object lives as long as the page; the four numbers are written and nothing else.
        let known = unsafe {
            let object = self.handle.cast();
            self.library.0.FPDFPageObj_GetFillColor(object, &raw mut r, &raw mut g, &raw mut b, &raw mut a)
        };
        (known != 0).then(|| [r, g, b, a].map(|v| u8::try_from(v).unwrap_or(u8::MAX)))
    }

    /// True where what lies under it can be seen through it.
    pub(in crate::child) fn is_transparent(self) -> bool {
        // SAFETY: the object lives as long as the page.
        unsafe { self.library.0.FPDFPageObj_HasTransparency(self.handle.cast()) != 0 }
    }

    /// True for text that is drawn neither filled nor stroked.
    pub(in crate::child) fn is_invisible_text(self) -> bool {
        // SAFETY: the object lives as long as the page.
        let mode = unsafe { self.library.0.FPDFTextObj_GetTextRenderMode(self.handle.cast()) };
        mode == 3 || mode == 7
    }

    /// Objects inside of a form.
    pub(in crate::child) fn children(self) -> u32 {
        // SAFETY: the object lives as long as the page.
        u32::try_from(unsafe { self.library.0.FPDFFormObj_CountObjects(self.handle.cast()) }).unwrap_or(0)
    }

    /// One of them.
    pub(in crate::child) fn child(self, index: u32) -> Option<Self> {
        // SAFETY: the object lives as long as the page, and so do those inside of it.
        let handle: *mut c_void =
            unsafe { self.library.0.FPDFFormObj_GetObject(self.handle.cast(), index.into()) }.cast();
        Self::of(self.library, handle)
    }

    /// Pixels of an image, across and down.
    pub(in crate::child) fn pixels(self) -> Option<(u32, u32)> {
        let (mut width, mut height) = (0, 0);
        // SAFETY: the object lives as long as the page; the two numbers are written and nothing else.
        let known = unsafe {
            let object = self.handle.cast();
            self.library.0.FPDFImageObj_GetImagePixelSize(object, &raw mut width, &raw mut height)
        };
        (known != 0).then_some((width, height))
    }

    /// The smallest rectangle around the paths that cut it off; none where nothing does.
    pub(in crate::child) fn clip(self) -> Option<Rect> {
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
