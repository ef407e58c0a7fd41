//! Images of one page: PNG, JPEG, WebP, BMP.

use super::picture::Picture;
use super::{Found, Out, density, jpeg, range};
use crate::protocol::{Fault, Note, Refusal, Rules, Task};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::{self, Cursor};
use std::time::Instant;

/// Does a task on an image.
pub(super) fn handle(media_type: &str, bytes: &[u8], task: Task, out: &mut Out<'_, '_>) -> io::Result<()> {
    let Some(format) = format(media_type) else { return out.refuse(Refusal::Unreadable) };
    if task == Task::Plan {
        return match ImageReader::with_format(Cursor::new(bytes), format).into_dimensions() {
            Ok(_) => out.document(1, None),
            Err(_) => out.refuse(Refusal::Unreadable),
        };
    }
    for index in range(task, 1) {
        let since = Instant::now();
        let picture = decode(media_type, format, bytes, out.rules);
        let size = picture.as_ref().map_or((0.0, 0.0), Picture::points);
        out.page(index + 1, since, size, &Note::default(), picture.map(Found::Picture))?;
    }
    Ok(())
}

fn format(media_type: &str) -> Option<ImageFormat> {
    Some(match media_type {
        "image/png" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/webp" => ImageFormat::WebP,
        "image/bmp" => ImageFormat::Bmp,
        _ => return None,
    })
}

/// The image as a picture.
pub(super) fn picture(media_type: &str, bytes: &[u8], rules: &Rules) -> Result<Picture, Fault> {
    decode(media_type, format(media_type).ok_or(Fault::Damaged)?, bytes, rules)
}

/// What decoders may allocate for an image of `max_pixels`, in bytes: 16-bit colour with transparency, and as much again.
pub(super) fn allocation(max_pixels: u64) -> u64 {
    max_pixels.saturating_mul(12)
}

fn decode(media_type: &str, format: ImageFormat, bytes: &[u8], rules: &Rules) -> Result<Picture, Fault> {
    if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
        return Err(Fault::Damaged);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(allocation(rules.max_pixels));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > rules.max_pixels {
        return Err(Fault::TooManyPixels { width, height });
    }
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(fault)?;
    let (x, y) = density::credible(density::claimed(media_type, bytes), width, height);
    pixels.apply_orientation(orientation);
    let turned = (pixels.width(), pixels.height()) != (width, height);
    Picture::of(pixels, if turned { (y, x) } else { (x, y) }, rules.max_side).ok_or(Fault::Damaged)
}

fn fault(error: ImageError) -> Fault {
    match error {
        ImageError::Unsupported(e) => Fault::Format { format: e.to_string() },
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Limits(_)
        | ImageError::IoError(_) => Fault::Damaged,
    }
}
