//! Page images from bytes.
//!
//! Owns the limits of decoding. Rule: the size is read and checked before a pixel is.

use crate::OcrError;
use bytes::Bytes;
use image::{ImageReader, Limits, RgbImage};
use std::io::Cursor;

/// Decodes a page image (PNG, or what an image document was made of) of at most `limit` pixels. `name` is for errors.
///
/// Only images that docmill's own sandbox wrote come here, so that no untrusted bytes are decoded in this process.
pub fn decode_page(bytes: &Bytes, name: &str, limit: u64) -> Result<RgbImage, OcrError> {
    let failed = |source| OcrError::Decode { name: name.to_owned(), source };
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let (width, height) = reader().map_err(|e| failed(e.into()))?.into_dimensions().map_err(failed)?;
    if u64::from(width) * u64::from(height) > limit {
        return Err(OcrError::TooLarge { width, height, limit });
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(limit.saturating_mul(8));
    let mut reader = reader().map_err(|e| failed(e.into()))?;
    reader.limits(limits);
    Ok(reader.decode().map_err(failed)?.into_rgb8())
}
