//! File types by their first bytes. What the submitter declares is never trusted.

use crate::xml::{Looked, XmlRoot, look};

/// How far into a file the mark of a PDF may stand, in bytes: readers have always looked so far.
const PDF_MARK_WITHIN: usize = 1024;

/// The file types that are processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// Portable Document Format.
    Pdf,
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// TIFF of either byte order, BigTIFF included.
    Tiff,
    /// WebP.
    Webp,
    /// Windows bitmap.
    Bmp,
    /// UBL or CII, in a file of its own.
    Xml(XmlRoot),
}

impl FileType {
    /// Its media type, as it stands in records.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Tiff => "image/tiff",
            Self::Webp => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Xml(_) => "application/xml",
        }
    }

    /// Whether a declared media type means this one; none declared fits all.
    pub fn fits(self, declared: &str) -> bool {
        let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match (self, declared.as_str()) {
            (_, "" | "application/octet-stream" | "binary/octet-stream")
            | (Self::Pdf, "application/x-pdf")
            | (Self::Jpeg, "image/jpg" | "image/pjpeg")
            | (Self::Tiff, "image/tif" | "image/x-tiff")
            | (Self::Bmp, "image/x-ms-bmp" | "image/x-bmp")
            | (Self::Xml(_), "text/xml") => true,
            (Self::Xml(_), other) if other.ends_with("+xml") => true,
            (_, other) => other == self.media_type(),
        }
    }
}

/// What a look at the bytes gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sniffed {
    /// A type that is processed.
    Known(FileType),
    /// XML with a document type declaration.
    Doctype,
    /// XML with another root: its name and namespace.
    OtherXml(String),
    /// Something else: what it looks like, for a person.
    Unknown(String),
}

/// Looks at a file's bytes.
pub fn sniff(bytes: &[u8]) -> Sniffed {
    if let Some(found) = by_magic(bytes) {
        return Sniffed::Known(found);
    }
    let xml = look(bytes);
    if let Some(Looked::Root(root)) = xml {
        return Sniffed::Known(FileType::Xml(root));
    }
    // Some PDFs have mail headers, a line feed or markup before their mark.
    let start = bytes.get(..PDF_MARK_WITHIN).unwrap_or(bytes);
    if start.windows(5).any(|window| window == b"%PDF-") {
        return Sniffed::Known(FileType::Pdf);
    }
    match xml {
        Some(Looked::Doctype) => Sniffed::Doctype,
        Some(Looked::Other(root)) => Sniffed::OtherXml(root),
        Some(Looked::Html) => Sniffed::Unknown("an HTML page".to_owned()),
        Some(Looked::Broken(at)) => Sniffed::Unknown(format!("XML that breaks at byte {at}")),
        Some(Looked::Root(_)) | None => Sniffed::Unknown(looks_like(bytes)),
    }
}

fn by_magic(bytes: &[u8]) -> Option<FileType> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(FileType::Pdf),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(FileType::Png),
        [0xff, 0xd8, 0xff, ..] => Some(FileType::Jpeg),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(FileType::Tiff),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(FileType::Webp),
        // Two letters are too few: the reserved bytes and a known length of the header after them must fit too.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, _, _, _, _, 12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, ..] => {
            Some(FileType::Bmp)
        }
        _ => None,
    }
}

fn looks_like(bytes: &[u8]) -> String {
    let name = match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "a ZIP archive or Office document",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "an old Office document or Outlook message",
        [0x1f, 0x8b, ..] => "a gzip archive",
        [b'7', b'z', 0xbc, 0xaf, ..] => "a 7-Zip archive",
        [b'R', b'a', b'r', b'!', ..] => "a RAR archive",
        [b'G', b'I', b'F', b'8', ..] => "a GIF image",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm' | b'a', ..] => "a HEIC or AVIF image, or a video",
        [0x00, 0x00, 0x00, 0x0c, b'j', b'P', ..] => "a JPEG 2000 image",
        [b'%', b'!', b'P', b'S', ..] => "a PostScript file",
        [b'{', b'\\', b'r', b't', b'f', ..] => "an RTF document",
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => "a program",
        _ => return unnamed(bytes),
    };
    name.to_owned()
}

fn unnamed(bytes: &[u8]) -> String {
    let start = bytes.get(..512).unwrap_or(bytes);
    if start.iter().all(|&b| b == 0) {
        return "nothing but zero bytes".to_owned();
    }
    if start.iter().all(|&b| b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c)) {
        let lower = String::from_utf8_lossy(start).to_ascii_lowercase();
        let mail = ["received:", "return-path:", "from:", "mime-version:", "delivered-to:"];
        let mail = mail.iter().any(|header| lower.starts_with(header));
        return if mail { "an e-mail message" } else { "plain text" }.to_owned();
    }
    let digits: Vec<String> = start.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("binary data that begins with {}", digits.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn types_are_told_by_their_bytes() {
        let mut late = vec![b' '; 1019];
        late.extend_from_slice(b"%PDF-");
        let mut bmp = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
        bmp.extend_from_slice(&[0; 40]);
        let cases: &[(&[u8], FileType)] = &[
            (b"%PDF-1.7\n", FileType::Pdf),
            (b"\n\n%PDF-1.4", FileType::Pdf),
            (b"<html>%PDF-1.4", FileType::Pdf),
            (&late, FileType::Pdf),
            (b"\x89PNG\r\n\x1a\n....", FileType::Png),
            (b"\xff\xd8\xff\xe0..JFIF", FileType::Jpeg),
            (b"II*\0\x08\0\0\0", FileType::Tiff),
            (b"MM\0*\0\0\0\x08", FileType::Tiff),
            (b"II+\0\x08\0\0\0", FileType::Tiff),
            (b"MM\0+\0\x08\0\0", FileType::Tiff),
            (b"RIFF\x10\0\0\0WEBPVP8 ", FileType::Webp),
            (&bmp, FileType::Bmp),
            (b"<CrossIndustryInvoice/>", FileType::Xml(XmlRoot::CiiInvoice)),
        ];
        for (bytes, want) in cases {
            assert_eq!(sniff(bytes), Sniffed::Known(*want));
        }
    }

    #[test]
    fn what_is_not_processed_is_named() {
        late_pdf_is_none();
        let cases: &[(&[u8], &str)] = &[
            (b"PK\x03\x04....", "a ZIP archive or Office document"),
            (b"GIF89a", "a GIF image"),
            (b"<!doctype html><p>", "an HTML page"),
            (b"From: a@b.c\r\nSubject: invoice", "an e-mail message"),
            (b"BM are two letters", "plain text"),
            (b"\x01\x02\xff", "binary data that begins with 01 02 ff"),
            (&[0; 900], "nothing but zero bytes"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "binary data that begins with 52 49 46 46 10 00 00 00"),
        ];
        for (bytes, want) in cases {
            assert_eq!(sniff(bytes), Sniffed::Unknown((*want).to_owned()));
        }
        assert_eq!(sniff(b"<!DOCTYPE a []><a/>"), Sniffed::Doctype);
        assert!(matches!(sniff(b"<svg/>"), Sniffed::OtherXml(_)));
    }

    fn late_pdf_is_none() {
        let mut late = vec![b' '; 1020];
        late.extend_from_slice(b"%PDF-");
        assert_eq!(sniff(&late), Sniffed::Unknown("plain text".to_owned()));
    }

    #[test]
    fn declared_types_are_compared_with_their_other_names() {
        assert!(FileType::Jpeg.fits("image/JPG; q=1") && FileType::Pdf.fits(""));
        assert!(FileType::Xml(XmlRoot::UblOrder).fits("text/xml"));
        assert!(!FileType::Jpeg.fits("application/pdf"));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            sniff(&bytes);
        }
    }
}
