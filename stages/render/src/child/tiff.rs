//! TIFF: one page for each image of the file but thumbnails.

mod directory;
mod fax;

use super::image::allocation;
use super::picture::Picture;
use super::{Found, Out, density, range};
use crate::protocol::{Fault, Note, Refusal, Rules, Task};
use directory::Layout;
pub(super) use directory::{Page, pages};
use fax::Strips;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use std::io::{self, Cursor};
use std::time::Instant;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{CompressionMethod, Tag};
use tiff::{ColorType, TiffError};

/// Does a task on a TIFF.
pub(super) fn handle(bytes: &[u8], task: Task, out: &mut Out<'_, '_>) -> io::Result<()> {
    let Some(pages) = pages(bytes, out.rules.max_pages) else {
        return out.refuse(Refusal::Unreadable);
    };
    if task == Task::Plan {
        return out.document(u32::try_from(pages.len()).unwrap_or(u32::MAX), None);
    }
    let all = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    for (number, page) in range(task, all).zip(pages.iter().skip(range(task, all).start as usize)) {
        let since = Instant::now();
        let picture = decode(bytes, *page, out.rules);
        let size = picture.as_ref().map_or((0.0, 0.0), Picture::points);
        out.page(number + 1, since, size, &Note::default(), picture.map(Found::Picture))?;
    }
    Ok(())
}

/// The picture of a page.
pub(super) fn decode(bytes: &[u8], page: Page, rules: &Rules) -> Result<Picture, Fault> {
    let Page::Image { index, at } = page else { return Err(Fault::Damaged) };
    let mut decoder = open(bytes, index, rules)?;
    let (width, height) = decoder.dimensions().map_err(|e| fault(&e))?;
    if u64::from(width) * u64::from(height) > rules.max_pixels {
        return Err(Fault::TooManyPixels { width, height });
    }
    let claim = resolution(&mut decoder);
    let orientation = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let number = |decoder: &mut Source<'_>, tag| decoder.find_tag_unsigned::<u16>(tag).ok().flatten();
    let mut pixels = if number(&mut decoder, Tag::PhotometricInterpretation) == Some(PALETTE) {
        // The decoder refuses palettes; what it takes for shades of grey are their numbers.
        let map = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(|_| Fault::Damaged)?;
        let tag = u64::from(Tag::PhotometricInterpretation.to_u16());
        let grey = Layout::of(bytes)
            .and_then(|(layout, _)| layout.with_value(at, tag, GREY))
            .ok_or(Fault::Damaged)?;
        coloured(&mut open(&grey, index, rules)?, &map, width, height)?
    } else if number(&mut decoder, Tag::Compression) == Some(CompressionMethod::Fax3.to_u16()) {
        faxed(&mut decoder, bytes, width, height)?
    } else {
        read(&mut decoder, width, height)?
    };
    let (x, y) = density::credible(claim, width, height);
    pixels
        .apply_orientation(orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms));
    let turned = orientation.is_some_and(|o| o >= 5);
    Picture::of(pixels, if turned { (y, x) } else { (x, y) }, rules.max_side).ok_or(Fault::Damaged)
}

type Source<'a> = Decoder<Cursor<&'a [u8]>>;

/// What samples mean: shades of grey from black on, or places in a palette.
const GREY: u16 = 1;
const PALETTE: u16 = 3;

/// A decoder that stands at an image.
fn open<'a>(bytes: &'a [u8], index: usize, rules: &Rules) -> Result<Source<'a>, Fault> {
    let most = usize::try_from(allocation(rules.max_pixels)).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = most;
    limits.intermediate_buffer_size = most;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(|e| fault(&e))?.with_limits(limits);
    decoder.seek_to_image(index).map_err(|e| fault(&e))?;
    Ok(decoder)
}

/// The pixels of an image whose samples are places in a palette: all red parts, all green ones, all blue ones.
fn coloured(decoder: &mut Source<'_>, map: &[u16], width: u32, height: u32) -> Result<DynamicImage, Fault> {
    let ColorType::Gray(bits @ (1 | 2 | 4 | 8)) = decoder.colortype().map_err(|e| fault(&e))? else {
        return Err(Fault::Format { format: "TIFF with a palette of more than 256 colours".into() });
    };
    let mut result = DecodingResult::U8(Vec::new());
    decoder.read_image_to_buffer(&mut result).map_err(|e| fault(&e))?;
    let DecodingResult::U8(samples) = result else { return Err(Fault::Damaged) };
    let places = if bits == 8 { samples } else { indices(&samples, width as usize, bits) };
    let n = map.len() / 3;
    // Some programs write 8 bits of a colour where 16 are due.
    let narrow = map.iter().all(|c| *c < 256);
    let part = |c: u16| if narrow { c as u8 } else { (c >> 8) as u8 };
    let pick = |i: u8, colour: usize| {
        map.get(colour * n + usize::from(i)).filter(|_| usize::from(i) < n).map_or(0, |c| part(*c))
    };
    let pixels = places.into_iter().flat_map(|i| [pick(i, 0), pick(i, 1), pick(i, 2)]).collect();
    RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8).ok_or(Fault::Damaged)
}

/// The pixels of a fax.
fn faxed(decoder: &mut Source<'_>, bytes: &[u8], width: u32, height: u32) -> Result<DynamicImage, Fault> {
    const T4_OPTIONS: Tag = Tag::Unknown(292);
    const TWO_DIMENSIONS: u32 = 1;
    const LOW_BIT_FIRST: u16 = 2;
    let options = decoder.find_tag_unsigned::<u32>(T4_OPTIONS).ok().flatten().unwrap_or(0);
    if options & TWO_DIMENSIONS != 0 {
        let format = "TIFF with two-dimensional CCITT group 3 compression".into();
        return Err(Fault::Format { format });
    }
    let fill = decoder.find_tag_unsigned::<u16>(Tag::FillOrder).ok().flatten();
    let photometric = decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation).ok().flatten();
    let strips = Strips {
        width: u16::try_from(width).map_err(|_| Fault::Damaged)?,
        reversed: fill == Some(LOW_BIT_FIRST),
    };
    let list = |decoder: &mut Source<'_>, tag| decoder.get_tag_u64_vec(tag).map_err(|_| Fault::Damaged);
    let (offsets, counts) = (list(decoder, Tag::StripOffsets)?, list(decoder, Tag::StripByteCounts)?);
    let most = decoder.find_tag_unsigned::<u32>(Tag::RowsPerStrip).ok().flatten().unwrap_or(height).max(1);
    let (mut packed, mut left) = (Vec::new(), height);
    for (from, length) in offsets.into_iter().zip(counts) {
        let rows = most.min(left);
        left -= rows;
        let from = usize::try_from(from).map_err(|_| Fault::Damaged)?;
        let length = usize::try_from(length).map_err(|_| Fault::Damaged)?;
        let strip = bytes.get(from..from.saturating_add(length)).ok_or(Fault::Damaged)?;
        if !strips.unpack(strip, rows as usize, &mut packed) {
            return Err(Fault::Damaged);
        }
    }
    if left > 0 {
        return Err(Fault::Damaged);
    }
    let mut pixels = unpack(&packed, width as usize, 1);
    if photometric == Some(GREY) {
        // The sender says that what it sends as black is white.
        pixels.iter_mut().for_each(|p| *p = u8::MAX - *p);
    }
    GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8).ok_or(Fault::Damaged)
}

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
