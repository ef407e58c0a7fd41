//! Painting pages.

use super::Page;
use std::cell::Cell;

/// Largest canvas that is kept for the next page, bytes: an A4 page of 300 dots per inch.
const KEPT_BYTES: usize = 32 * 1024 * 1024;

// Never grey (1): it kills the process.
const BGR: i32 = 2;
const WITH_ANNOTATIONS: i32 = 1;

/// The memory that pages are painted in, one after the other: fresh memory for each costs as much as white paint.
#[derive(Default)]
pub(in crate::child) struct Canvas(Cell<Vec<u8>>);

impl Canvas {
    fn white(&self, bytes: usize) -> Vec<u8> {
        let mut canvas = self.0.take();
        canvas.clear();
        canvas.resize(bytes, u8::MAX);
        canvas
    }

    fn put_back(&self, canvas: Vec<u8>) {
        if canvas.capacity() <= KEPT_BYTES {
            self.0.set(canvas);
        }
    }
}

impl Page<'_> {
    /// Paints it on white, `width` by `height` pixels, turned clockwise by so many quarters more than it says, and hands
    /// over rows of blue, green, red, each `stride` bytes long.
    pub(in crate::child) fn paint<T>(
        &self,
        (width, height): (u32, u32),
        turns: u8,
        then: impl FnOnce(&[u8], usize) -> T,
    ) -> Option<T> {
        self.paint_part((width, height), turns, [0, 0, width, height], then)
    }

    /// Paints a part of it: `part` is left, top, width and height within a page of `width` by `height` pixels.
    pub(in crate::child) fn paint_part<T>(
        &self,
        (width, height): (u32, u32),
        turns: u8,
        part: [u32; 4],
        then: impl FnOnce(&[u8], usize) -> T,
    ) -> Option<T> {
        let (whole_w, whole_h) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
        let [x, y, w, h] = part.map(i32::try_from);
        let (x, y, w, h) = (x.ok()?, y.ok()?, w.ok()?, h.ok()?);
        let [_, _, width, height] = part;
        let stride = (width as usize).checked_mul(3)?.next_multiple_of(4);
        let pitch = i32::try_from(stride).ok()?;
        let (library, canvas) = (&self.library.0, &self.library.1);
        let mut pixels = canvas.white(stride.checked_mul(height as usize)?);
        // SAFETY: the bitmap is of as many bytes as `pixels` has, which is neither moved nor looked at before the bitmap is
        // destroyed; what lies beside it is not painted.
        let painted = unsafe {
            let bitmap = library.FPDFBitmap_CreateEx(w, h, BGR, pixels.as_mut_ptr().cast(), pitch);
            let known = !bitmap.is_null();
            if known {
                let turns = i32::from(turns % 4);
                library.FPDF_RenderPageBitmap(
                    bitmap,
                    self.handle.cast(),
                    -x,
                    -y,
                    whole_w,
                    whole_h,
                    turns,
                    WITH_ANNOTATIONS,
                );
                library.FPDFBitmap_Destroy(bitmap);
            }
            known
        };
        let result = painted.then(|| then(&pixels, stride));
        canvas.put_back(pixels);
        result
    }

    /// Paints it the way PDFium's own programs do, in a bitmap of PDFium's, for comparison; gives its first byte.
    pub(in crate::child) fn paint_alone(&self, (width, height): (u32, u32)) -> Option<u8> {
        const WHITE: u32 = 0xffff_ffff;
        let (w, h) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
        let library = &self.library.0;
        // SAFETY: the bitmap is made here, has the size that it is asked for, and is destroyed after its last use.
        unsafe {
            let bitmap = library.FPDFBitmap_CreateEx(w, h, BGR, std::ptr::null_mut(), 0);
            if bitmap.is_null() {
                return None;
            }
            library.FPDFBitmap_FillRect(bitmap, 0, 0, w, h, WHITE.into());
            library.FPDF_RenderPageBitmap(bitmap, self.handle.cast(), 0, 0, w, h, 0, WITH_ANNOTATIONS);
            let at = library.FPDFBitmap_GetBuffer(bitmap).cast::<u8>();
            let first = (!at.is_null()).then(|| at.read());
            library.FPDFBitmap_Destroy(bitmap);
            first
        }
    }
}
