//! TIFF: one page for each image of the file but thumbnails.

use super::image::allocation;
use super::picture::Picture;
use super::{Found, Out, density, range};
use crate::protocol::{Fault, Note, Refusal, Rules, Task};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use std::collections::HashSet;
use std::io::{self, Cursor};
use std::time::Instant;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{CompressionMethod, Tag};
use tiff::{ColorType, TiffError};

/// Does a task on a TIFF.
pub(super) fn handle(bytes: &[u8], task: Task, out: &mut Out<'_, '_>) -> io::Result<()> {
    let Some(pages) = directory(bytes, out.rules.max_pages) else {
        return out.refuse(Refusal::Unreadable);
    };
    if task == Task::Plan {
        return out.document(u32::try_from(pages.len()).unwrap_or(u32::MAX), None);
    }
    let all = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    for (page, index) in range(task, all).zip(pages.iter().skip(range(task, all).start as usize)) {
        let since = Instant::now();
        let picture = decode(bytes, *index, out.rules);
        let size = picture.as_ref().map_or((0.0, 0.0), Picture::points);
        out.page(page + 1, since, size, &Note::default(), picture.map(Found::Picture))?;
    }
    Ok(())
}

/// Indices of the images that are pages; none where it is no TIFF. Stops a little over `limit`, and at a circle.
///
/// Read by hand, as the decoder refuses to pass an image whose compression it does not know.
pub(super) fn directory(bytes: &[u8], limit: u32) -> Option<Vec<usize>> {
    let little = match bytes.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let number = |at: u64, len: u64| -> Option<u64> {
        let from = usize::try_from(at).ok()?;
        let field = bytes.get(from..from.checked_add(usize::try_from(len).ok()?)?)?;
        let add = |n: u64, b: &u8| n << 8 | u64::from(*b);
        Some(if little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) })
    };
    let (count_len, entry_len, offset_len, first) = match number(2, 2)? {
        42 => (2, 12, 4, 4),
        43 => (8, 20, 8, 8),
        _ => return None,
    };
    let mut at = number(first, offset_len)?;
    let (mut seen, mut pages) = (HashSet::new(), Vec::new());
    for index in 0.. {
        if at == 0 || !seen.insert(at) || pages.len() > limit as usize || index > 4 * limit as usize {
            break;
        }
        // A file that is cut off in the middle keeps the pages before.
        let Some(entries) = number(at, count_len).filter(|n| *n <= 65_536) else { break };
        let entry = |i: u64| at + count_len + i * entry_len;
        let subfile = (0..entries)
            .take_while(|i| number(entry(*i), 2).is_some_and(|tag| tag <= 254))
            .find(|i| number(entry(*i), 2) == Some(254))
            .and_then(|i| number(entry(i) + entry_len - offset_len, 4));
        if subfile.unwrap_or(0) & 1 == 0 {
            pages.push(index);
        }
        let Some(next) = number(entry(entries), offset_len) else { break };
        at = next;
    }
    Some(pages)
}

pub(super) fn decode(bytes: &[u8], index: usize, rules: &Rules) -> Result<Picture, Fault> {
    let most = usize::try_from(allocation(rules.max_pixels)).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = most;
    limits.intermediate_buffer_size = most;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(|e| fault(&e))?.with_limits(limits);
    decoder.seek_to_image(index).map_err(|e| fault(&e))?;
    let (width, height) = decoder.dimensions().map_err(|e| fault(&e))?;
    if u64::from(width) * u64::from(height) > rules.max_pixels {
        return Err(Fault::TooManyPixels { width, height });
    }
    let claim = resolution(&mut decoder);
    let orientation = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let mut pixels = read(&mut decoder, width, height)?;
    let (x, y) = density::credible(claim, width, height);
    pixels
        .apply_orientation(orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms));
    let turned = orientation.is_some_and(|o| o >= 5);
    Picture::of(pixels, if turned { (y, x) } else { (x, y) }, rules.max_side).ok_or(Fault::Damaged)
}

type Source<'a> = Decoder<Cursor<&'a [u8]>>;

/// Dots per inch that the image claims.
fn resolution(decoder: &mut Source<'_>) -> Option<(f32, f32)> {
    let unit = match decoder.find_tag_unsigned::<u16>(Tag::ResolutionUnit).ok()?.unwrap_or(2) {
        2 => 1.0,
        3 => 2.54,
        _ => return None,
    };
    let mut rational = |tag| {
        let parts = decoder.find_tag(tag).ok()??.into_u32_vec().ok()?;
        let [a, b] = parts.try_into().ok()?;
        Some(a as f32 / b as f32 * unit)
    };
    Some((rational(Tag::XResolution)?, rational(Tag::YResolution)?))
}

/// The pixels as 8-bit grey, colour, or colour with transparency.
fn read(decoder: &mut Source<'_>, width: u32, height: u32) -> Result<DynamicImage, Fault> {
    let color = decoder.colortype().map_err(|e| fault(&e))?;
    let mut result = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut result).map_err(|e| fault(&e))?;
    let odd = || Fault::Format { format: format!("{color:?}") };
    if layout.planes > 1 {
        return Err(Fault::Format { format: format!("{color:?} in separate planes") });
    }
    let samples = match result {
        DecodingResult::U8(v) => v,
        DecodingResult::U16(v) => v.into_iter().map(|s| (s >> 8) as u8).collect(),
        _ => return Err(odd()),
    };
    let (w, h) = (width, height);
    let gray = |v| GrayImage::from_raw(w, h, v).map(DynamicImage::ImageLuma8);
    let rgb = |v| RgbImage::from_raw(w, h, v).map(DynamicImage::ImageRgb8);
    let made = match color {
        ColorType::Gray(bits @ (1 | 2 | 4)) => gray(unpack(&samples, w as usize, bits)),
        ColorType::Gray(8 | 16) => gray(samples),
        ColorType::GrayA(8 | 16) => {
            image::GrayAlphaImage::from_raw(w, h, samples).map(DynamicImage::ImageLumaA8)
        }
        ColorType::RGB(8 | 16) => rgb(samples),
        ColorType::RGBA(8 | 16) => RgbaImage::from_raw(w, h, samples).map(DynamicImage::ImageRgba8),
        ColorType::CMYK(8 | 16) => rgb(samples.as_chunks::<4>().0.iter().flat_map(|p| cmyk(*p)).collect()),
        ColorType::YCbCr(8) => rgb(samples.as_chunks::<3>().0.iter().flat_map(|p| ycbcr(*p)).collect()),
        ColorType::Palette(bits @ (1 | 2 | 4 | 8)) => {
            let map = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(|_| Fault::Damaged)?;
            let flat = if bits == 8 { samples } else { indices(&samples, w as usize, bits) };
            let n = map.len() / 3;
            let pick = |i: u8, part: usize| {
                map.get(part * n + usize::from(i))
                    .filter(|_| usize::from(i) < n)
                    .map_or(0, |c| (c >> 8) as u8)
            };
            rgb(flat.into_iter().flat_map(|i| [pick(i, 0), pick(i, 1), pick(i, 2)]).collect())
        }
        _ => return Err(odd()),
    };
    made.ok_or(Fault::Damaged)
}

/// Samples of less than a byte, each row starting on one, as bytes.
fn indices(packed: &[u8], width: usize, bits: u8) -> Vec<u8> {
    let per_byte = usize::from(8 / bits);
    let mask = (1u8 << bits) - 1;
    let row = |r: &[u8]| -> Vec<u8> {
        let samples =
            r.iter().flat_map(|byte| (1..=per_byte).map(move |i| byte >> (8 - bits * i as u8) & mask));
        samples.take(width).collect()
    };
    packed.chunks(width.div_ceil(per_byte)).flat_map(row).collect()
}

/// The same, spread over 0..=255.
fn unpack(packed: &[u8], width: usize, bits: u8) -> Vec<u8> {
    let full = 255 / ((1u16 << bits) - 1);
    indices(packed, width, bits).into_iter().map(|s| s * full as u8).collect()
}

fn cmyk([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    let white = 255 - u16::from(k);
    [c, m, y].map(|ink| ((255 - u16::from(ink)) * white / 255) as u8)
}

/// ITU-R BT.601, as JPEG uses it.
fn ycbcr([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|v| v.round() as u8)
}

fn fault(error: &TiffError) -> Fault {
    match error {
        TiffError::UnsupportedError(tiff::TiffUnsupportedError::UnsupportedCompressionMethod(method)) => {
            Fault::Format { format: compression(*method) }
        }
        TiffError::UnsupportedError(e) => Fault::Format { format: e.to_string() },
        TiffError::FormatError(_)
        | TiffError::IoError(_)
        | TiffError::LimitsExceeded
        | TiffError::IntSizeError
        | TiffError::UsageError(_) => Fault::Damaged,
    }
}

fn compression(method: CompressionMethod) -> String {
    match method {
        CompressionMethod::JPEG => "TIFF with old-style JPEG compression".into(),
        CompressionMethod::Huffman => "TIFF with CCITT modified Huffman compression".into(),
        other => format!("TIFF with {other:?} compression"),
    }
}
