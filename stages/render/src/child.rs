//! What runs in the sandboxed child: PDFium and the image decoders.
//!
//! Owns every byte of an untrusted document from its first to its last. Knows no record, no blob and no network.
//! Rule: nothing is read but the request, nothing is written but the reply, and one page at a time is in memory.

pub(crate) mod alone;
mod blocks;
mod deflate;
mod density;
mod image;
mod jpeg;
mod pdf;
mod pdfium;
mod picture;
mod png;
mod quality;
mod tiff;
mod words;
mod xml;

use crate::protocol::{self, Columns, Content, Fault, Note, PageReply, Refusal, Reply, Request, Rules, Task};
use blocks::Blocks;
use docmill_contracts::{PackedRules, PackedWords};
use docmill_sandbox::{Handler, Replies};
use pdfium::{Closed, Library};
use picture::Picture;
use std::io;
use std::path::Path;
use std::time::Instant;

/// Name of this child.
pub(crate) const KIND: &str = "render";

/// Reads documents for the parent.
pub(crate) struct Decoder {
    pdfium: Library,
}

impl Decoder {
    /// Opens PDFium, whose path is `init`.
    pub(crate) fn open(init: &[u8]) -> Result<Self, String> {
        use std::os::unix::ffi::OsStrExt;
        Ok(Self { pdfium: Library::open(Path::new(std::ffi::OsStr::from_bytes(init)))? })
    }
}

impl Handler for Decoder {
    fn handle(&mut self, request: &[u8], replies: &mut Replies<'_>) -> io::Result<()> {
        let (head, start) = protocol::decode::<Request>(request).ok_or(io::ErrorKind::InvalidData)?;
        let bytes = request.get(start..).unwrap_or_default();
        let out = &mut Out { replies, rules: &head.rules };
        match head.media_type.as_str() {
            "application/pdf" => {
                let password = head.password.as_ref().map(docmill_contracts::Password::reveal);
                let replies = *out.replies;
                let open = |password| match head.supplied {
                    Some(length) => {
                        let fetch = move |offset, to: &mut [u8]| replies.fetch(offset, to).is_ok();
                        self.pdfium.load_parts(Blocks::new(length, fetch), password)
                    }
                    None => self.pdfium.load(bytes, password),
                };
                // Whoever gives a password for all documents has some that need none, or only another one to be changed.
                let document = match open(password) {
                    Err(Closed::Password) if password.is_some() => open(None),
                    opened => opened,
                };
                pdf::handle(document, password.is_some(), head.task, out)
            }
            "image/tiff" => tiff::handle(bytes, head.task, out),
            other => image::handle(other, bytes, head.task, out),
        }
    }
}

/// Where replies go, and by which rules.
struct Out<'a, 'b> {
    replies: &'a mut Replies<'b>,
    rules: &'a Rules,
}

/// What a decoder finds on a page.
enum Found {
    Words(PackedWords, PackedRules),
    Picture(Picture),
    /// Words and rules, and the page to compare them with.
    Both(PackedWords, PackedRules, Picture),
    Empty,
}

impl Out<'_, '_> {
    fn refuse(&mut self, refusal: Refusal) -> io::Result<()> {
        self.replies.send(&[&protocol::encode(&Reply::Refused(refusal))])
    }

    fn document(&mut self, pages: u32, xml: Option<(String, Vec<u8>)>) -> io::Result<()> {
        if pages == 0 {
            return self.refuse(Refusal::NoPages);
        }
        if pages > self.rules.max_pages {
            return self.refuse(Refusal::TooManyPages { pages });
        }
        let (xml, bytes) = xml.unzip();
        let head = protocol::encode(&Reply::Document { pages, xml });
        self.replies.send(&[&head, bytes.as_deref().unwrap_or_default()])
    }

    fn not_short(&mut self) -> io::Result<()> {
        self.replies.send(&[&protocol::encode(&Reply::NotShort)])
    }

    /// Sends a page; `size` is width and height in points.
    fn page(
        &mut self,
        page: u32,
        since: Instant,
        size: (f32, f32),
        note: &Note,
        found: Result<Found, Fault>,
    ) -> io::Result<()> {
        let send = |content, bytes: &[&[u8]]| {
            let ms = u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX);
            let (width, height) = size;
            let note = note.clone();
            let head = protocol::encode(&Reply::Page(PageReply { page, width, height, ms, note, content }));
            let mut pieces = vec![head.as_slice()];
            pieces.extend_from_slice(bytes);
            self.replies.send(&pieces)
        };
        match found {
            Ok(Found::Words(words, rules)) => {
                let content = Content::Words(Columns::of(&words, &rules));
                send(content, &[words.text.as_bytes(), &words.boxes, &words.lines, rules.as_bytes()])
            }
            Ok(Found::Picture(picture)) => send(Content::Image { dpi: picture.dpi }, &[picture.png()]),
            Ok(Found::Both(words, rules, picture)) => {
                let content = Content::Both { words: Columns::of(&words, &rules), dpi: picture.dpi };
                let rules = rules.as_bytes();
                send(content, &[words.text.as_bytes(), &words.boxes, &words.lines, rules, picture.png()])
            }
            Ok(Found::Empty) => send(Content::Empty, &[]),
            Err(fault) => send(Content::Failed(fault), &[]),
        }
    }
}

/// The pages of a task that a document of `pages` pages has; a document that is planned has none to be read.
fn range(task: Task, pages: u32) -> std::ops::Range<u32> {
    match task {
        Task::Plan => 0..0,
        Task::Pages { first, last } => first.saturating_sub(1)..last.min(pages),
    }
}

/// Decodes bytes as an image of each kind, for fuzzers.
pub(crate) fn read_images(bytes: &[u8], rules: &Rules) {
    for media_type in ["image/png", "image/jpeg", "image/webp", "image/bmp"] {
        drop(image::picture(media_type, bytes, rules));
    }
    for page in tiff::pages(bytes, rules.max_pages).unwrap_or_default() {
        drop(tiff::decode(bytes, page, rules));
    }
}

/// The first element of XML, for fuzzers.
pub(crate) fn first_element(bytes: &[u8]) {
    drop(xml::root(bytes));
}
