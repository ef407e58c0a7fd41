//! PDF by PDFium: pages, attachments, text layer, rendering.

mod fields;
mod hidden;
mod ink;
mod layer;
mod look;
mod pictures;
mod rules;
mod upright;

use super::pdfium::{Closed, Document, Page, Text};
use super::quality::{self, Verdict};
use super::words::{Amount, Found as Placed};
use super::{Found, Out, picture, range, xml};
use crate::protocol::{Attached, Fault, Note, Refusal, Rules, Task, Trust, Why};
use docmill_contracts::{PackedRules, PackedWords};
use layer::Layer;
use look::Seen;
use std::io;
use std::time::Instant;
use upright::Upright;

/// Does a task on a PDF that was opened, or was not, `has_password` or not.
pub(super) fn handle(
    opened: Result<Document<'_>, Closed>,
    has_password: bool,
    task: Task,
    out: &mut Out<'_, '_>,
) -> io::Result<()> {
    let document = match opened {
        Ok(document) => document,
        Err(Closed::Password) if has_password => return out.refuse(Refusal::WrongPassword),
        Err(Closed::Password) => return out.refuse(Refusal::Encrypted),
        Err(Closed::Damaged) => return out.refuse(Refusal::Unreadable),
    };
    let pages = document.pages();
    let rules = out.rules;
    let attached = || {
        if rules.xml { xml::embedded(&document, rules.max_xml_bytes) } else { (None, Attached::default()) }
    };
    if task == Task::Plan {
        let (invoice, attached) = attached();
        out.document(pages, invoice)?;
        let short = pages <= out.rules.short_pages.min(out.rules.max_pages);
        // Whoever does not simply trust text layers wants images of all pages.
        if pages == 0 || !short || out.rules.trust != Trust::Trusted {
            return Ok(());
        }
        return read_short(&document, pages, attached, out);
    }
    // What is to be told of the document is told with its first page.
    let mut attached = if range(task, pages).start == 0 { attached().1 } else { Attached::default() };
    for index in range(task, pages) {
        let since = Instant::now();
        let attached = std::mem::take(&mut attached);
        match read(&document, index, out.rules) {
            Ok(read) => {
                let found = read.finish(out.rules);
                out.page(index + 1, since, read.size, &Note { attached, ..read.note }, found)?;
            }
            Err(fault) => {
                let note = Note { attached, ..Note::default() };
                out.page(index + 1, since, (0.0, 0.0), &note, Err(fault))?;
            }
        }
    }
    Ok(())
}

/// Reads a short document as long as no page needs OCR.
fn read_short(
    document: &Document<'_>,
    pages: u32,
    mut attached: Attached,
    out: &mut Out<'_, '_>,
) -> io::Result<()> {
    for index in 0..pages {
        let since = Instant::now();
        let Ok(read) = read(document, index, out.rules) else { return out.not_short() };
        let found = match read.verdict {
            Verdict::Text if !read.pictures => Found::Words(read.packed(), read.rules.clone()),
            Verdict::Empty => Found::Empty,
            Verdict::Text | Verdict::Ocr => return out.not_short(),
        };
        let note = Note { attached: std::mem::take(&mut attached), ..read.note };
        out.page(index + 1, since, read.size, &note, Ok(found))?;
    }
    Ok(())
}

/// A page whose text was read.
struct Read<'a> {
    page: Page<'a>,
    upright: Upright,
    size: (f32, f32),
    words: Vec<Placed>,
    rules: PackedRules,
    verdict: Verdict,
    note: Note,
    /// Images seem to show text beside the words.
    pictures: bool,
}

fn read<'a>(document: &'a Document<'_>, index: u32, rules: &Rules) -> Result<Read<'a>, Fault> {
    let (page, values) = fields::page(document, index).ok_or(Fault::Damaged)?;
    let mut upright = Upright::of(&page).ok_or(Fault::Damaged)?;
    if rules.trust == Trust::Never {
        // Looked at for what is too much; a page that shows nothing turns out to be empty when it is painted.
        Seen::of(&page, &upright, rules)?;
        let note = Note { why: Why::NotTrusted, ..Note::default() };
        return Ok(Read {
            size: upright.size(),
            page,
            upright,
            words: Vec::new(),
            rules: PackedRules::default(),
            verdict: Verdict::Ocr,
            note,
            pictures: false,
        });
    }
    let text = page.text().ok_or(Fault::Damaged)?;
    let layer = layer(&text, &mut upright)?;
    let mut seen = Seen::of(&page, &upright, rules)?;
    let garbage = layer.garbage();
    let mut sorted = hidden::sort(layer.words, &text, &page, &seen, &upright);
    drop(text);
    fields::add(&mut sorted.words, &values, &upright);
    let words = || sorted.words.iter().map(|w| &w.word);
    let counted = quality::Page {
        amount: Amount::of(words()),
        behind: sorted.behind,
        clean: quality::clean(words()),
        garbage,
        images: seen.images(),
        graphics: seen.graphics,
    };
    let (verdict, why) = quality::judge(&counted, rules);
    let note = Note { why, hidden: sorted.hidden, ..Note::default() };
    // What a scanner read is the text of its image.
    let own = verdict == Verdict::Text && !matches!(why, Why::ScannerGood { .. });
    let pictures = own && pictures::have_text(&page, &upright, &seen, &sorted.words);
    let rules = seen.rules();
    drop(seen);
    Ok(Read { size: upright.size(), page, upright, words: sorted.words, rules, verdict, note, pictures })
}

/// The text layer, and the page turned so that nearly all of it is upright.
fn layer(text: &Text<'_>, upright: &mut Upright) -> Result<Layer, Fault> {
    let layer = Layer::read(text, upright)?;
    match layer.turns(text) {
        Some(turns) if turns != upright.turns() => {
            *upright = upright.turned(turns);
            Layer::read(text, upright)
        }
        _ => Ok(layer),
    }
}

impl Read<'_> {
    fn packed(&self) -> PackedWords {
        PackedWords::pack_all(self.words.iter().map(|w| &w.word))
    }

    fn finish(&self, rules: &Rules) -> Result<Found, Fault> {
        match (self.verdict, rules.trust) {
            // A blank page is compared too: it shows none of its words.
            (Verdict::Text, trust) if trust == Trust::Sampled || self.pictures => {
                Ok(Found::Both(self.packed(), self.rules.clone(), self.paint(rules)?))
            }
            (Verdict::Text, _) => Ok(Found::Words(self.packed(), self.rules.clone())),
            (Verdict::Empty, _) => Ok(Found::Empty),
            (Verdict::Ocr, _) => {
                let picture = self.paint(rules)?;
                Ok(if picture.is_blank { Found::Empty } else { Found::Picture(picture) })
            }
        }
    }

    /// The page as an image.
    fn paint(&self, rules: &Rules) -> Result<picture::Picture, Fault> {
        let (width, height) = self.size;
        let scale = (rules.dpi / 72.0).min(rules.max_side as f32 / width.max(height));
        let pixels = |points: f32| ((points * scale).round() as u32).clamp(1, rules.max_side);
        let (w, h) = (pixels(width), pixels(height));
        if u64::from(w) * u64::from(h) > rules.max_pixels {
            return Err(Fault::TooManyPixels { width: w, height: h });
        }
        let extra = (self.upright.turns() + 4 - self.page.turns()) % 4;
        let page = &self.page;
        page.paint((w, h), extra, |rows, stride| picture::from_bgr(rows, stride, (w, h), scale * 72.0))
            .flatten()
            .ok_or(Fault::Damaged)
    }
}
