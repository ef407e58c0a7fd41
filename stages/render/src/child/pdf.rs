//! PDF by PDFium: pages, attachments, text layer, rendering.

use super::words::{Amount, Glyph, Words};
use super::{Found, Out, picture, range, xml};
use crate::protocol::{Fault, MAX_CHARACTERS, Refusal, Rules, Task};
use docmill_contracts::{PackedWords, Word};
use pdfium_render::prelude::*;
use std::io;
use std::time::Instant;

/// Most page objects that are looked at for images.
const MAX_OBJECTS: usize = 5000;

/// Narrowest page in points whose boxes are believed.
const SMALLEST: f32 = 8.0;

/// Does a task on a PDF.
pub(super) fn handle(pdfium: &Pdfium, bytes: &[u8], task: Task, out: &mut Out<'_, '_>) -> io::Result<()> {
    let document = match pdfium.load_pdf_from_byte_slice(bytes, None) {
        Ok(document) => document,
        Err(PdfiumError::PdfiumLibraryInternalError(
            PdfiumInternalError::PasswordError | PdfiumInternalError::SecurityError,
        )) => return out.refuse(Refusal::Encrypted),
        Err(_) => return out.refuse(Refusal::Unreadable),
    };
    let pages = u32::try_from(document.pages().len()).unwrap_or(0);
    if let Task::Plan { xml } = task {
        let invoice = if xml { xml::embedded(&document, out.rules.max_xml_bytes) } else { None };
        out.document(pages, invoice)?;
        if pages == 0 || pages > out.rules.short_pages.min(out.rules.max_pages) {
            return Ok(());
        }
        return read_short(&document, pages, out);
    }
    for index in range(task, pages) {
        let since = Instant::now();
        let (size, found) = match open(&document, index) {
            Ok(page) => (page.size(), page.read(out.rules)),
            Err(fault) => ((0.0, 0.0), Err(fault)),
        };
        out.page(index + 1, since, size, found)?;
    }
    Ok(())
}

/// Reads a short document as long as no page needs OCR.
fn read_short(document: &PdfDocument<'_>, pages: u32, out: &mut Out<'_, '_>) -> io::Result<()> {
    for index in 0..pages {
        let since = Instant::now();
        let Ok(page) = open(document, index) else { return out.not_short() };
        let Ok(words) = page.words() else { return out.not_short() };
        match page.judge(&words, out.rules) {
            Verdict::Text => {
                out.page(index + 1, since, page.size(), Ok(Found::Words(PackedWords::pack(&words))))?;
            }
            Verdict::Empty => out.page(index + 1, since, page.size(), Ok(Found::Empty))?,
            Verdict::Ocr => return out.not_short(),
        }
    }
    Ok(())
}

/// What is to be done with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Text,
    Empty,
    Ocr,
}

/// A page and the place of its upright points in PDF's own.
struct Page<'a> {
    page: PdfPage<'a>,
    upright: Upright,
}

fn open<'a>(document: &PdfDocument<'a>, index: u32) -> Result<Page<'a>, Fault> {
    let index = PdfPageIndex::try_from(index).map_err(|_| Fault::Damaged)?;
    let page = document.pages().get(index).map_err(|_| Fault::Damaged)?;
    let (width, height) = (page.width().value, page.height().value);
    if !(width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0) {
        return Err(Fault::Damaged);
    }
    let rotation = page.rotation().unwrap_or(PdfPageRenderRotation::None);
    let bounds = page.boundaries().bounding().map(|b| b.bounds);
    // Where PDFium does not say, the page starts at 0 0 and is as large as it is shown.
    let (w, h) = match rotation {
        PdfPageRenderRotation::None | PdfPageRenderRotation::Degrees180 => (width, height),
        PdfPageRenderRotation::Degrees90 | PdfPageRenderRotation::Degrees270 => (height, width),
    };
    let (left, bottom) = bounds.map_or((0.0, 0.0), |b| (b.left().value, b.bottom().value));
    Ok(Page { page, upright: Upright { left, bottom, right: left + w, top: bottom + h, rotation } })
}

impl Page<'_> {
    /// Width and height in upright points.
    fn size(&self) -> (f32, f32) {
        (self.page.width().value, self.page.height().value)
    }

    fn read(&self, rules: &Rules) -> Result<Found, Fault> {
        let words = self.words()?;
        match self.judge(&words, rules) {
            Verdict::Text => Ok(Found::Words(PackedWords::pack(&words))),
            Verdict::Empty => Ok(Found::Empty),
            Verdict::Ocr => {
                drop(words);
                self.render(rules)
            }
        }
    }

    /// The words of the text layer that stand on the page.
    fn words(&self) -> Result<Vec<Word>, Fault> {
        let text = self.page.text().map_err(|_| Fault::Damaged)?;
        let chars = text.chars();
        if chars.len() > MAX_CHARACTERS as usize {
            return Err(Fault::TooMuchText);
        }
        let mut words = Words::default();
        let mut high = None;
        for char in chars.iter() {
            let value = char.unicode_value();
            // Characters beyond U+FFFF come as two halves.
            let c = match (value, high.take()) {
                (0xd800..=0xdbff, _) => {
                    high = Some(value);
                    continue;
                }
                (0xdc00..=0xdfff, Some(first)) => {
                    char::from_u32(0x10000 + ((first - 0xd800) << 10) + (value - 0xdc00))
                }
                _ => char::from_u32(value),
            };
            let Some(c) = c else { continue };
            if c.is_whitespace() {
                words.space();
                continue;
            }
            if let Ok(rect) = char.loose_bounds() {
                words.push(Glyph { c, bbox: self.upright.map(rect) });
            }
        }
        let (width, height) = self.size();
        // A page of no size has lost its boxes, not its text.
        let clip = width >= SMALLEST && height >= SMALLEST;
        let mut words = words.finish();
        words.retain(|w| {
            let [x0, y0, x1, y1] = w.bbox;
            let inside = x1 > 0.0 && y1 > 0.0 && x0 < width && y0 < height;
            w.bbox.iter().all(|v| v.is_finite()) && (inside || !clip)
        });
        Ok(words)
    }

    fn judge(&self, words: &[Word], rules: &Rules) -> Verdict {
        let amount = Amount::of(words);
        let legible = amount.ratio() >= rules.min_alpha_ratio;
        if amount.characters >= rules.min_characters.max(rules.scan_min_characters) && legible {
            return Verdict::Text;
        }
        let seen = self.look();
        if amount.characters >= rules.min_characters && legible {
            return if seen.image_share >= rules.scan_coverage { Verdict::Ocr } else { Verdict::Text };
        }
        match (amount.characters, seen.graphics) {
            (0, false) => Verdict::Empty,
            // Little text and nothing else: that is all there is.
            (_, false) if legible => Verdict::Text,
            _ => Verdict::Ocr,
        }
    }

    /// What there is beside text.
    fn look(&self) -> Seen {
        let (width, height) = self.size();
        let area = width * height;
        let mut seen = Seen { graphics: !self.page.annotations().is_empty(), image_share: 0.0 };
        let objects = self.page.objects();
        for object in objects.iter().take(MAX_OBJECTS) {
            match object.object_type() {
                PdfPageObjectType::Text => {}
                PdfPageObjectType::Image => {
                    seen.graphics = true;
                    if let Ok(bounds) = object.bounds() {
                        let [x0, y0, x1, y1] = self.upright.map(bounds.to_rect());
                        let w = (x1.min(width) - x0.max(0.0)).max(0.0);
                        let h = (y1.min(height) - y0.max(0.0)).max(0.0);
                        seen.image_share = seen.image_share.max(w * h / area);
                    }
                }
                _ => seen.graphics = true,
            }
        }
        seen
    }

    fn render(&self, rules: &Rules) -> Result<Found, Fault> {
        let (width, height) = self.size();
        let scale = (rules.dpi / 72.0).min(rules.max_side as f32 / width.max(height));
        let pixels = |points: f32| ((points * scale).round() as u32).clamp(1, rules.max_side);
        let (w, h) = (pixels(width), pixels(height));
        if u64::from(w) * u64::from(h) > rules.max_pixels {
            return Err(Fault::TooManyPixels { width: w, height: h });
        }
        let (Ok(fixed_w), Ok(fixed_h)) = (Pixels::try_from(w), Pixels::try_from(h)) else {
            return Err(Fault::TooManyPixels { width: w, height: h });
        };
        // Never PdfBitmapFormat::Gray: it kills the process.
        let config = PdfRenderConfig::new()
            .set_fixed_size(fixed_w, fixed_h)
            .set_format(PdfBitmapFormat::BGR)
            .set_reverse_byte_order(false);
        let raw = self.page.render_with_config(&config).map_err(|_| Fault::Damaged)?.as_raw_bytes();
        let picture = picture::from_bgr(&raw, w, h, scale * 72.0).ok_or(Fault::Damaged)?;
        Ok(if picture.is_blank() { Found::Empty } else { Found::Picture(picture) })
    }
}

/// What there is on a page beside text.
struct Seen {
    /// Images, lines, shadings, forms, annotations.
    graphics: bool,
    /// Share of the page that the largest image covers, 0..=1.
    image_share: f32,
}

/// The visible part of the page in PDF's own coordinates, and how it is turned when it is shown.
#[derive(Debug, Clone, Copy)]
struct Upright {
    left: f32,
    bottom: f32,
    right: f32,
    top: f32,
    rotation: PdfPageRenderRotation,
}

impl Upright {
    /// A rectangle as x0, y0, x1, y1 from the top left of the page as it is shown.
    fn map(&self, r: PdfRect) -> [f32; 4] {
        let (l, b, r, t) = (r.left().value, r.bottom().value, r.right().value, r.top().value);
        let (l, r) = (l.min(r), l.max(r));
        let (b, t) = (b.min(t), b.max(t));
        match self.rotation {
            PdfPageRenderRotation::None => [l - self.left, self.top - t, r - self.left, self.top - b],
            PdfPageRenderRotation::Degrees90 => {
                [b - self.bottom, l - self.left, t - self.bottom, r - self.left]
            }
            PdfPageRenderRotation::Degrees180 => {
                [self.right - r, b - self.bottom, self.right - l, t - self.bottom]
            }
            PdfPageRenderRotation::Degrees270 => [self.top - t, self.right - r, self.top - b, self.right - l],
        }
    }
}
