//! PDFium alone, so that what is built around it can be compared with it: no words found hidden, no PNG, no record.

use super::pdfium::{Library, Rect};
use docmill_sandbox::{Handler, Replies};
use std::io;

/// Name of this child.
pub(crate) const KIND: &str = "pdfium-alone";

/// First byte of a request for words with boxes; the document follows.
pub(crate) const WORDS: u8 = b'w';
/// First byte of a request for page images; the resolution as little-endian f32 and the document follow.
pub(crate) const IMAGES: u8 = b'i';

/// Reads or paints all pages of a document and says how many there were, and how many microseconds of processor time it
/// took.
pub(crate) struct Alone(Library);

impl Alone {
    /// Opens PDFium, whose path is `init`.
    pub(crate) fn open(init: &[u8]) -> Result<Self, String> {
        use std::os::unix::ffi::OsStrExt;
        Ok(Self(Library::open(std::path::Path::new(std::ffi::OsStr::from_bytes(init)))?))
    }

    fn words(&self, document: &[u8]) -> u32 {
        let Ok(document) = self.0.load(document, None) else { return 0 };
        let pages = document.pages();
        for page in (0..pages).filter_map(|i| document.page(i)) {
            let Some(text) = page.text() else { continue };
            let mut words: Vec<(String, Rect)> = Vec::new();
            let mut inside = false;
            for at in 0..text.len() {
                let c = char::from_u32(text.unit(at)).unwrap_or(char::REPLACEMENT_CHARACTER);
                if c.is_whitespace() {
                    inside = false;
                    continue;
                }
                let Some([l, b, r, t]) = text.place(at) else { continue };
                match words.last_mut().filter(|_| inside) {
                    Some((word, place)) => {
                        word.push(c);
                        *place = [place[0].min(l), place[1].min(b), place[2].max(r), place[3].max(t)];
                    }
                    None => words.push((c.to_string(), [l, b, r, t])),
                }
                inside = true;
            }
            std::hint::black_box(&words);
        }
        pages
    }

    fn images(&self, dpi: f32, document: &[u8]) -> u32 {
        let Ok(document) = self.0.load(document, None) else { return 0 };
        let pages = document.pages();
        for page in (0..pages).filter_map(|i| document.page(i)) {
            let (width, height) = page.size();
            let pixels = |points: f32| ((points * dpi / 72.0).round() as u32).clamp(1, 4096);
            std::hint::black_box(page.paint_alone((pixels(width), pixels(height))));
        }
        pages
    }
}

impl Handler for Alone {
    fn handle(&mut self, request: &[u8], replies: &mut Replies<'_>) -> io::Result<()> {
        let since = processor_micros();
        let pages = match request {
            [WORDS, document @ ..] => self.words(document),
            [IMAGES, a, b, c, d, document @ ..] => {
                self.images(f32::from_le_bytes([*a, *b, *c, *d]), document)
            }
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let micros = processor_micros().saturating_sub(since);
        replies.send(&[&pages.to_le_bytes(), &micros.to_le_bytes()])
    }
}

/// Processor time of this process.
#[allow(unsafe_code, reason = "a system call that std has not")]
fn processor_micros() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` outlives the call, which only writes to it.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut now) };
    u64::try_from(now.tv_sec * 1_000_000 + now.tv_nsec / 1000).unwrap_or(0)
}
