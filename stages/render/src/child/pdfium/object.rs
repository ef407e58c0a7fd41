//! What a page is made of, in the order in which it is painted.

use super::{Library, Rect};
use std::ffi::c_void;

/// How far a side of a rectangle may run askew, in points.
const LEVEL: f32 = 0.1;

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

    /// Whether text is filled, and whether its outline is drawn.
    pub(in crate::child) fn text_mode(self) -> (bool, bool) {
        // SAFETY: the object lives as long as the page.
        match unsafe { self.library.0.FPDFTextObj_GetTextRenderMode(self.handle.cast()) } {
            1 | 5 => (false, true),
            2 | 6 => (true, true),
            3 | 7 => (false, false),
            _ => (true, false),
        }
    }

    /// True where it is part of a layer that can be switched off.
    pub(in crate::child) fn is_in_layer(self) -> bool {
        const LAYER: [u16; 2] = [b'O' as u16, b'C' as u16];
        let library = &self.library.0;
        // SAFETY: the object lives as long as the page, and so do its marks; an index out of range gives none, which the call
        // refuses; no more bytes are written than the buffer has.
        unsafe {
            let marks = library.FPDFPageObj_CountMarks(self.handle.cast());
            (0..u32::try_from(marks).unwrap_or(0).min(64)).any(|index| {
                let mut name = [0_u16; 4];
                let (room, mut len) = (std::mem::size_of_val(&name) as u64, 0);
                let mark = library.FPDFPageObj_GetMark(self.handle.cast(), index.into());
                !mark.is_null()
                    && library.FPDFPageObjMark_GetName(mark, name.as_mut_ptr().cast(), room, &raw mut len)
                        != 0
                    && name.starts_with(&LAYER)
                    && len == 6
            })
        }
    }

    /// Takes it out of what is painted, or puts it back. The document stays as it is.
    pub(in crate::child) fn show(self, shown: bool) {
        // SAFETY: the object lives as long as the page.
        unsafe { self.library.0.FPDFPageObj_SetIsActive(self.handle.cast(), shown.into()) };
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

    /// The smallest rectangle around the paths that cut it off, and whether they may cut off more than what is beside it;
    /// none where nothing does.
    pub(in crate::child) fn clip(self) -> Option<(Rect, bool)> {
        /// A rectangle has four corners, and may come back to its first.
        const CORNERS: i32 = 5;
        let library = &self.library.0;
        let (mut clip, mut odd): (Option<Rect>, bool) = (None, false);
        // SAFETY: the object lives as long as the page, and so do its clip paths and their parts; indices are checked by
        // the library, and only the two numbers are written.
        unsafe {
            let path = library.FPDFPageObj_GetClipPath(self.handle.cast());
            if path.is_null() {
                return None;
            }
            for i in 0..library.FPDFClipPath_CountPaths(path).min(16) {
                let mut around: Option<Rect> = None;
                let segments = library.FPDFClipPath_CountPathSegments(path, i);
                odd |= segments > CORNERS;
                let mut last: Option<[f32; 2]> = None;
                for j in 0..segments.min(256) {
                    let (mut x, mut y) = (0.0, 0.0);
                    let segment = library.FPDFClipPath_GetPathSegment(path, i, j);
                    if library.FPDFPathSegment_GetPoint(segment, &raw mut x, &raw mut y) != 0 {
                        odd |= last.is_some_and(|[a, b]| (a - x).abs() > LEVEL && (b - y).abs() > LEVEL);
                        last = Some([x, y]);
                        let [l, b, r, t] = around.unwrap_or([x, y, x, y]);
                        around = Some([l.min(x), b.min(y), r.max(x), t.max(y)]);
                    }
                }
                let Some(a) = around else { continue };
                let c = clip.unwrap_or(a);
                clip = Some([c[0].max(a[0]), c[1].max(a[1]), c[2].min(a[2]), c[3].min(a[3])]);
            }
        }
        clip.map(|clip| (clip, odd))
    }
}
