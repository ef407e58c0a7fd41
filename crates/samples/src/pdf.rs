//! A PDF 1.7 file written object by object, uncompressed, with the standard Helvetica fonts.
//!
//! The catalog and the page tree are the last objects, so a file that is cut off cannot be opened.

pub(crate) mod metrics;
mod page;

pub(crate) use page::Page;

use crate::crypt::{Encryption, PERMISSIONS, md5};
use std::fmt::Write as _;

/// A4 in points.
pub(crate) const WIDTH: f64 = 595.0;
/// A4 in points.
pub(crate) const HEIGHT: f64 = 842.0;

/// A file that travels inside the PDF.
pub(crate) struct Attachment {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// Subtype with `/` written as `#2F`.
    pub(crate) subtype: &'static str,
    pub(crate) relationship: &'static str,
    /// `D:YYYYMMDD…`.
    pub(crate) modified: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// What a PDF is made of.
pub(crate) struct Document<'a> {
    pub(crate) title: &'a str,
    /// Language of the text, BCP 47.
    pub(crate) language: &'a str,
    pub(crate) pages: Vec<Page>,
    pub(crate) attachment: Option<Attachment>,
    /// XMP packet.
    pub(crate) metadata: Option<String>,
    pub(crate) password: Option<&'a str>,
}

struct Writer {
    bytes: Vec<u8>,
    offsets: Vec<usize>,
    encryption: Option<Encryption>,
}

impl Writer {
    fn next_id(&self) -> usize {
        self.offsets.len() + 1
    }

    fn object(&mut self, body: &str) -> usize {
        let id = self.next_id();
        self.offsets.push(self.bytes.len());
        self.bytes.extend(format!("{id} 0 obj\n{body}\nendobj\n").bytes());
        id
    }

    fn stream(&mut self, entries: &str, data: &[u8]) -> usize {
        let id = self.next_id();
        let data = self.encryption.as_ref().map_or_else(|| data.to_vec(), |e| e.stream(id, data));
        self.offsets.push(self.bytes.len());
        self.bytes.extend(format!("{id} 0 obj\n<< {entries} /Length {} >>\nstream\n", data.len()).bytes());
        self.bytes.extend(data);
        self.bytes.extend(b"\nendstream\nendobj\n");
        id
    }

    fn finish(mut self, trailer: &str) -> Vec<u8> {
        let start = self.bytes.len();
        let mut tail = format!("xref\n0 {}\n0000000000 65535 f \n", self.next_id());
        for offset in &self.offsets {
            // Writing to a string cannot fail.
            writeln!(tail, "{offset:010} 00000 n ").ok();
        }
        writeln!(tail, "trailer\n<< /Size {} {trailer} >>\nstartxref\n{start}\n%%EOF", self.next_id()).ok();
        self.bytes.extend(tail.bytes());
        self.bytes
    }
}

impl Document<'_> {
    /// The file.
    pub(crate) fn bytes(self) -> Vec<u8> {
        let file_id = md5(self.title.as_bytes());
        let encryption = self.password.map(|p| Encryption::new(p, &file_id));
        let mut w =
            Writer { bytes: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), offsets: Vec::new(), encryption };

        let contents: Vec<usize> = self.pages.iter().map(|p| w.stream("", p.content())).collect();
        let font = |name: &str| {
            format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
        };
        let regular = w.object(&font("Helvetica"));
        let bold = w.object(&font("Helvetica-Bold"));
        let mut catalog = String::from("/Type /Catalog");
        if let Some(a) = &self.attachment {
            let entries = format!(
                "/Type /EmbeddedFile /Subtype /{} /Params << /Size {} /ModDate ({}) >>",
                a.subtype,
                a.bytes.len(),
                a.modified
            );
            let file = w.stream(&entries, &a.bytes);
            let spec = w.object(&format!(
                "<< /Type /Filespec /F ({0}) /UF ({0}) /Desc ({1}) /AFRelationship /{2} /EF << /F {file} 0 R /UF {file} 0 R >> >>",
                a.name, a.description, a.relationship
            ));
            write!(
                catalog,
                " /AF [{spec} 0 R] /Names << /EmbeddedFiles << /Names [({}) {spec} 0 R] >> >>",
                a.name
            )
            .ok();
        }
        if let Some(xmp) = &self.metadata {
            let id = w.stream("/Type /Metadata /Subtype /XML", xmp.as_bytes());
            write!(catalog, " /Metadata {id} 0 R").ok();
        }
        // Strings would have to be encrypted as well: an encrypted file has none.
        let clear = w.encryption.is_none();
        if clear {
            write!(catalog, " /Lang ({})", self.language).ok();
        }
        let tree = w.next_id() + contents.len();
        let kids: Vec<String> = contents
            .iter()
            .map(|content| {
                let page = w.object(&format!(
                    "<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {content} 0 R \
                     /Resources << /Font << /F1 {regular} 0 R /F2 {bold} 0 R >> >> >>"
                ));
                format!("{page} 0 R")
            })
            .collect();
        w.object(&format!("<< /Type /Pages /Count {} /Kids [{}] >>", kids.len(), kids.join(" ")));
        write!(catalog, " /Pages {tree} 0 R").ok();
        let root = w.object(&format!("<< {catalog} >>"));

        let id = hex(&file_id);
        let mut trailer = format!("/Root {root} 0 R /ID [<{id}> <{id}>]");
        if clear {
            let info = w.object(&format!("<< /Title ({}) /Producer (docmill-samples) >>", self.title));
            write!(trailer, " /Info {info} 0 R").ok();
        }
        if let Some(e) = &w.encryption {
            let body = format!(
                "<< /Filter /Standard /V 1 /R 2 /Length 40 /P {PERMISSIONS} /O <{}> /U <{}> >>",
                hex(&e.owner),
                hex(&e.user)
            );
            let id = w.object(&body);
            write!(trailer, " /Encrypt {id} 0 R").ok();
        }
        w.finish(&trailer)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |s, b| s + &format!("{b:02x}"))
}
