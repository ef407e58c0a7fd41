//! E-invoices among the attachments of a PDF.
//!
//! The XML is recognised by its first element. It is parsed here, in the sandbox, only where there are several: infer gets one of
//! them, and whoever looks at the result is told if another one says something else. Rule: an attachment that was meant to be an
//! e-invoice and is not handed on is told.

mod terms;

use super::pdfium::Document;
use crate::protocol::{Attached, Second, Unread};
use terms::Terms;

/// Most attachments that are looked at.
const MAX_ATTACHMENTS: u32 = 64;
/// Most bytes of attachments that are looked at, in multiples of the largest e-invoice.
const MAX_LOOKED_AT: u64 = 4;
/// Most e-invoices that are compared with the one that is handed on.
const MAX_OTHERS: usize = 8;

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

/// An attachment whose name may be that of an e-invoice.
enum File {
    Bytes(Vec<u8>),
    Empty,
    /// More than this many bytes.
    TooLarge(u32),
}

/// An e-invoice that was found.
struct Invoice {
    rank: usize,
    name: String,
    bytes: Vec<u8>,
}

/// Name and bytes of the attached e-invoice, of at most `limit` bytes, and what is to be told of the attachments.
pub(super) fn embedded(document: &Document<'_>, limit: u32) -> (Option<(String, Vec<u8>)>, Attached) {
    let mut left = u64::from(limit) * MAX_LOOKED_AT;
    let files = (0..document.attachments().min(MAX_ATTACHMENTS)).filter_map(|index| {
        let name = document.attachment_name(index)?;
        let is_xml = name.rsplit_once('.').is_none_or(|(_, ending)| ending.eq_ignore_ascii_case("xml"));
        if !is_xml || left == 0 {
            return None;
        }
        let file = match document.attachment_size(index)? {
            0 => File::Empty,
            size if size > u64::from(limit) => File::TooLarge(limit),
            size => {
                left = left.saturating_sub(size);
                File::Bytes(document.attachment_bytes(index, limit as usize)?)
            }
        };
        Some((name, file))
    });
    choose(files)
}

/// The best of attachments, the first of those with equally good names.
fn choose(files: impl Iterator<Item = (String, File)>) -> (Option<(String, Vec<u8>)>, Attached) {
    let mut best: Option<Invoice> = None;
    let mut others: Vec<(String, Result<Terms, Unread>)> = Vec::new();
    let mut told = Attached::default();
    for (name, file) in files {
        let lower = name.to_ascii_lowercase();
        let rank = NAMES.iter().position(|n| *n == lower);
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        let unread = match file {
            File::Bytes(bytes) => match (root(&bytes).as_deref(), rank) {
                (Some(root), _) if ROOTS.contains(&root) => {
                    let found = Invoice { rank: rank.unwrap_or(NAMES.len()), name, bytes };
                    take(&mut best, found, &mut others);
                    continue;
                }
                // The reader of the XML says why it is refused. One that can be read is better.
                (Some("!DOCTYPE"), Some(_)) => {
                    take(&mut best, Invoice { rank: NAMES.len() + 1, name, bytes }, &mut others);
                    continue;
                }
                (_, Some(_)) => Unread::Unknown,
                (_, None) => continue,
            },
            File::Empty if rank.is_some() => Unread::Empty,
            File::TooLarge(limit) => Unread::TooLarge { limit },
            File::Empty => continue,
        };
        told.tell(name, unread);
    }
    if let Some(best) = best.as_ref().filter(|_| !others.is_empty()) {
        let mine = Terms::of(&best.bytes);
        for (name, terms) in others {
            match (&mine, terms) {
                (Ok(mine), Ok(terms)) if mine.are_comparable(&terms) => {
                    let differs = mine.differ(&terms);
                    if !differs.is_empty() && told.second.is_none() {
                        told.second = Some(Second { used: best.name.clone(), other: name, differs });
                    }
                }
                (_, Err(why)) => told.tell(name, why),
                (_, Ok(_)) => told.tell(name, Unread::Second),
            }
        }
    }
    (best.map(|found| (found.name, found.bytes)), told)
}

/// Keeps the better one; of the other only what it says is kept.
fn take(best: &mut Option<Invoice>, found: Invoice, others: &mut Vec<(String, Result<Terms, Unread>)>) {
    let worse = match best {
        Some(before) if before.rank <= found.rank => found,
        _ => match best.replace(found) {
            Some(before) => before,
            None => return,
        },
    };
    if others.len() < MAX_OTHERS {
        others.push((worse.name, Terms::of(&worse.bytes)));
    }
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

    fn invoice(total: &str) -> String {
        format!(
            "<Invoice><ID>R-1</ID><LegalMonetaryTotal><TaxInclusiveAmount>{total}</TaxInclusiveAmount></LegalMonetaryTotal></Invoice>"
        )
    }

    fn chosen(files: &[(&str, &str)]) -> (Option<String>, Attached) {
        let files = files.iter().map(|(name, text)| {
            let file = match *text {
                "" => File::Empty,
                "huge" => File::TooLarge(16),
                text => File::Bytes(text.as_bytes().to_vec()),
            };
            ((*name).to_owned(), file)
        });
        let (found, told) = choose(files);
        (found.map(|(name, _)| name), told)
    }

    #[test]
    fn the_name_decides_which_is_used_and_a_contradiction_is_told() {
        let (one, other) = (invoice("119.00"), invoice("1.19"));
        let (name, told) =
            chosen(&[("other.xml", &other), ("factur-x.xml", &one), ("notes.xml", "<notes/>")]);
        assert_eq!(name.as_deref(), Some("factur-x.xml"));
        let second = told.second.unwrap();
        assert_eq!((second.used.as_str(), second.other.as_str()), ("factur-x.xml", "other.xml"));
        assert_eq!(second.differs, ["total"]);
        assert_eq!(told.unread, []);
        let (name, told) = chosen(&[("factur-x.xml", &one), ("copy.xml", &one)]);
        assert_eq!((name.as_deref(), told), (Some("factur-x.xml"), Attached::default()));
    }

    #[test]
    fn what_should_be_an_e_invoice_and_is_none_is_told() {
        let unread = |files: &[(&str, &str)]| {
            let (name, told) = chosen(files);
            (name, told.unread.into_iter().map(|(_, why)| why).collect::<Vec<_>>())
        };
        assert_eq!(unread(&[("Factur-X.xml", "")]), (None, vec![Unread::Empty]));
        assert_eq!(unread(&[("xrechnung.xml", "<a/>")]), (None, vec![Unread::Unknown]));
        assert_eq!(unread(&[("any.xml", "huge")]), (None, vec![Unread::TooLarge { limit: 16 }]));
        assert_eq!(unread(&[("any.xml", ""), ("notes.xml", "<a/>")]), (None, vec![]));
        let refused = "<!DOCTYPE Invoice><Invoice/>";
        let one = invoice("1.00");
        assert_eq!(
            unread(&[("factur-x.xml", refused)]),
            (Some("factur-x.xml".to_owned()), vec![]),
            "infer says why"
        );
        let both = unread(&[("factur-x.xml", refused), ("a.xml", &one)]);
        assert_eq!(both, (Some("a.xml".to_owned()), vec![Unread::Refused]));
        let order = unread(&[("invoice.xml", &one), ("order.xml", "<Order/>")]);
        assert_eq!(order, (Some("invoice.xml".to_owned()), vec![Unread::Second]));
    }

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
