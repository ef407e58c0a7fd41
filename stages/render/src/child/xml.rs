//! E-invoices among the attachments of a PDF. The XML is recognised by its first element, never parsed here.

use super::pdfium::Document;

/// Most attachments that are looked at.
const MAX_ATTACHMENTS: u32 = 64;

/// Names that the standards give the e-invoice, best first.
const NAMES: [&str; 8] = [
    "factur-x.xml",
    "zugferd-invoice.xml",
    "xrechnung.xml",
    "order-x.xml",
    "cii.xml",
    "ubl.xml",
    "invoice.xml",
    "order.xml",
];

/// Root elements of e-invoices and orders: UN/CEFACT CII and SCRDM, ZUGFeRD 1, OASIS UBL.
const ROOTS: [&str; 8] = [
    "CrossIndustryInvoice",
    "CrossIndustryDocument",
    "SCRDMCCBDACIOMessageStructure",
    "Invoice",
    "CreditNote",
    "Order",
    "OrderChange",
    "OrderResponse",
];

/// Name and bytes of the attached e-invoice, of at most `limit` bytes.
pub(super) fn embedded(document: &Document<'_>, limit: u32) -> Option<(String, Vec<u8>)> {
    let mut best: Option<(usize, String, Vec<u8>)> = None;
    for index in 0..document.attachments().min(MAX_ATTACHMENTS) {
        let Some(name) = document.attachment_name(index) else { continue };
        let lower = name.to_ascii_lowercase();
        let rank = NAMES.iter().position(|n| *n == lower).unwrap_or(NAMES.len());
        if best.as_ref().is_some_and(|(r, ..)| *r <= rank)
            || lower.rsplit_once('.').is_some_and(|(_, ending)| ending != "xml")
        {
            continue;
        }
        if let Some(bytes) = document.attachment_bytes(index, limit as usize)
            && root(&bytes).is_some_and(|r| ROOTS.contains(&r.as_str()))
        {
            best = Some((rank, name, bytes));
        }
    }
    best.map(|(_, name, bytes)| (name.chars().filter(|c| !c.is_control()).take(200).collect(), bytes))
}

/// Local name of the first element, within the first 64 KiB.
pub(super) fn root(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(64 * 1024))?;
    let text = match head {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(head).into_owned(),
    };
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    loop {
        rest = rest.trim_start().strip_prefix('<')?;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if let Some(instruction) = rest.strip_prefix('?') {
            rest = instruction.split_once("?>")?.1;
        } else {
            // A document type is for the reader of the XML to refuse; no e-invoice has one.
            let name = rest.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next()?;
            return name.rsplit(':').next().map(str::to_owned);
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|b| unit(*b));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_element_is_found_behind_declaration_and_comments() {
        let xml = b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- <a> --><rsm:CrossIndustryInvoice xmlns:rsm='u'>";
        assert_eq!(root(xml).as_deref(), Some("CrossIndustryInvoice"));
        assert_eq!(root(b"<Invoice/>").as_deref(), Some("Invoice"));
        let wide: Vec<u8> = "\u{feff}<Order>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(root(&wide).as_deref(), Some("Order"));
    }

    #[test]
    fn what_is_no_xml_has_no_first_element() {
        assert_eq!(root(b"%PDF-1.7"), None);
        assert_eq!(root(b"<!-- never ends"), None);
        assert_eq!(root(b"<!DOCTYPE Invoice><Invoice/>").as_deref(), Some("!DOCTYPE"));
    }
}
