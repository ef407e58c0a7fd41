//! Entry points for fuzzers: what reads bytes of a child, and what reads bytes of a document without PDFium.

use crate::protocol::{self, Columns, Content, Reply, Request, Trust};
use crate::{Config, child};
use bytes::Bytes;
use docmill_contracts::MAX_RULES;

/// Reads bytes as what a child sends, and as what it is sent.
pub fn messages(bytes: &[u8]) {
    drop(protocol::decode::<Request>(bytes));
    let Some((Reply::Page(page), start)) = protocol::decode::<Reply>(bytes) else { return };
    let rest = Bytes::copy_from_slice(bytes.get(start..).unwrap_or_default());
    if let Content::Words(columns) | Content::Both { words: columns, .. } = page.content {
        words(columns, &rest);
    }
}

fn words(columns: Columns, bytes: &Bytes) {
    if let Some((packed, rules, rest)) = protocol::words(columns, bytes) {
        let words = packed.unpack();
        assert!(words.is_ok_and(|w| u32::try_from(w.len()) == Ok(columns.count)), "columns belong together");
        assert!(rules.unpack().len() <= MAX_RULES, "rules have a limit");
        assert!(rest.len() <= bytes.len(), "what follows is a part");
    }
}

/// Reads bytes as an image of each kind, with limits that keep it short.
pub fn images(bytes: &[u8]) {
    let config = Config { max_megapixels: 1, max_side: 256, max_pages: 8, ..Config::default() };
    let rules = protocol::Rules { max_pixels: 4096, ..protocol::Rules::of(&config, Trust::Trusted) };
    child::read_images(bytes, &rules);
}

/// Looks for the first element of XML.
pub fn xml(bytes: &[u8]) {
    child::first_element(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Note, PageReply};
    use docmill_contracts::{PackedRules, PackedWords, Rule, Word};
    use docmill_testkit::fuzz::smoke;
    use image::{DynamicImage, ImageFormat};
    use std::io::Cursor;

    #[test]
    fn odd_messages_do_no_harm() {
        let word =
            |text: &str| Word { text: text.into(), bbox: [1.0, 2.0, 3.0, 4.0], confidence: 1.0, line: 0 };
        let packed = PackedWords::pack(&[word("Invoice"), word("4711")]);
        let rules = PackedRules::pack(&[Rule::between([1.0, 2.0], [30.0, 2.0])]);
        let page = |content| {
            let head = Reply::Page(PageReply {
                page: 1,
                width: 300.0,
                height: 200.0,
                ms: 3,
                note: Note::default(),
                content,
            });
            let head = protocol::encode(&head);
            [&head, packed.text.as_bytes(), &packed.boxes, &packed.lines, rules.as_bytes()].concat()
        };
        let request = Request {
            media_type: "application/pdf".into(),
            supplied: None,
            password: None,
            task: protocol::Task::Plan,
            rules: protocol::Rules::of(&Config::default(), Trust::Sampled),
        };
        let seeds = [
            page(Content::Words(Columns::of(&packed, &rules))),
            page(Content::Both { words: Columns::of(&packed, &rules), dpi: 200.0 }),
            page(Content::Empty),
            protocol::encode(&Reply::NotShort),
            protocol::encode(&request),
        ];
        smoke(&seeds, 20_000, messages);
    }

    #[test]
    fn odd_images_do_no_harm() {
        let picture = DynamicImage::ImageRgb8(image::RgbImage::from_fn(24, 16, |x, y| {
            image::Rgb([x as u8, y as u8, 90])
        }));
        let formats =
            [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff];
        let mut seeds: Vec<Vec<u8>> = formats
            .iter()
            .map(|format| {
                let mut out = Cursor::new(Vec::new());
                picture.write_to(&mut out, *format).unwrap();
                out.into_inner()
            })
            .collect();
        let exif =
            b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        seeds.push([&seeds[1][..2], exif, &seeds[1][2..]].concat());
        smoke(&seeds, 4000, images);
    }

    #[test]
    fn odd_xml_does_no_harm() {
        let wide: Vec<u8> = "\u{feff}<Order>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- <a> --><rsm:CrossIndustryInvoice xmlns:rsm='u'>";
        smoke(&[text.to_vec(), wide, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>".to_vec()], 20_000, xml);
    }
}
