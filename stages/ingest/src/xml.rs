//! The root element of XML, found without reading further: no entities, no DTD, bounded.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// How far the root element is looked for, in bytes.
const PROLOG_BYTES: usize = 256 * 1024;

/// The e-documents that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlRoot {
    /// UBL 2 Invoice.
    UblInvoice,
    /// UBL 2 CreditNote.
    UblCreditNote,
    /// UBL 2 Order.
    UblOrder,
    /// UBL 2 OrderChange.
    UblOrderChange,
    /// UBL 2 OrderResponse.
    UblOrderResponse,
    /// UN/CEFACT CrossIndustryInvoice (Factur-X, ZUGFeRD 2, XRechnung).
    CiiInvoice,
    /// CrossIndustryDocument (ZUGFeRD 1).
    ZugferdOne,
    /// SCRDMCCBDACIOMessageStructure (Order-X).
    OrderX,
}

/// What a look at the beginning of XML gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Looked {
    /// One of ours.
    Root(XmlRoot),
    /// HTML, by root or by DTD.
    Html,
    /// A document type declaration stands before the root.
    Doctype,
    /// Another root: its local name and namespace.
    Other(String),
    /// No XML: where it breaks, in bytes from the beginning.
    Broken(u64),
}

/// Looks at bytes that may be XML; none where they do not begin as XML does.
pub(crate) fn look(bytes: &[u8]) -> Option<Looked> {
    let text = decode(bytes.get(..PROLOG_BYTES).unwrap_or(bytes));
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    text.starts_with('<').then(|| root(text))
}

fn root(text: &str) -> Looked {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_end_names = false;
    loop {
        let at = reader.buffer_position();
        match reader.read_resolved_event() {
            Ok((namespace, Event::Start(e) | Event::Empty(e))) => {
                let local = e.local_name().into_inner().to_owned();
                let namespace = match namespace {
                    ResolveResult::Bound(ns) => ns.into_inner().to_owned(),
                    ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
                };
                return known(&local, &namespace);
            }
            Ok((_, Event::DocType(e))) => {
                let html =
                    e.trim_ascii_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html"));
                return if html { Looked::Html } else { Looked::Doctype };
            }
            Ok((_, Event::Text(text))) if !text.trim_ascii().is_empty() => return Looked::Broken(at),
            Ok((_, Event::Eof | Event::End(_) | Event::CData(_) | Event::GeneralRef(_))) | Err(_) => {
                return Looked::Broken(at);
            }
            Ok((_, Event::Text(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_))) => {}
        }
    }
}

fn known(local: &str, namespace: &str) -> Looked {
    let ubl = namespace.starts_with("urn:oasis:names:specification:ubl:schema:xsd:");
    Looked::Root(match local {
        "Invoice" if ubl => XmlRoot::UblInvoice,
        "CreditNote" if ubl => XmlRoot::UblCreditNote,
        "Order" if ubl => XmlRoot::UblOrder,
        "OrderChange" if ubl => XmlRoot::UblOrderChange,
        "OrderResponse" if ubl => XmlRoot::UblOrderResponse,
        "CrossIndustryInvoice" => XmlRoot::CiiInvoice,
        "CrossIndustryDocument" => XmlRoot::ZugferdOne,
        "SCRDMCCBDACIOMessageStructure" => XmlRoot::OrderX,
        _ if local.eq_ignore_ascii_case("html") => return Looked::Html,
        _ => return Looked::Other(printable(local, namespace)),
    })
}

fn printable(local: &str, namespace: &str) -> String {
    let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(100).collect::<String>();
    match namespace {
        "" => format!("`{}` (no namespace)", short(local)),
        _ => format!("`{}` ({})", short(local), short(namespace)),
    }
}

/// Text by byte order mark or by the first bytes; what is not UTF-16 is read as UTF-8, which is enough for names.
fn decode(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [b'<', 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, b'<', ..] => wide(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CII: &str = r#"<?xml version="1.0" encoding="UTF-8"?><!-- made by hand -->
        <rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"><a/>"#;

    #[test]
    fn roots_are_told_apart() {
        let ubl = |name: &str| {
            format!(r#"<{name} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{name}-2"></{name}>"#)
        };
        for (text, want) in [
            (CII.to_owned(), Looked::Root(XmlRoot::CiiInvoice)),
            (ubl("Invoice"), Looked::Root(XmlRoot::UblInvoice)),
            (ubl("CreditNote"), Looked::Root(XmlRoot::UblCreditNote)),
            (ubl("Order"), Looked::Root(XmlRoot::UblOrder)),
            (format!("\n\t {}", ubl("OrderResponse")), Looked::Root(XmlRoot::UblOrderResponse)),
            (ubl("OrderChange"), Looked::Root(XmlRoot::UblOrderChange)),
            ("<a:CrossIndustryDocument/>".into(), Looked::Root(XmlRoot::ZugferdOne)),
            ("<SCRDMCCBDACIOMessageStructure/>".into(), Looked::Root(XmlRoot::OrderX)),
            ("<Invoice/>".into(), Looked::Other("`Invoice` (no namespace)".into())),
            (
                "<svg xmlns='http://www.w3.org/2000/svg'/>".into(),
                Looked::Other("`svg` (http://www.w3.org/2000/svg)".into()),
            ),
            ("<!DOCTYPE html><html>".into(), Looked::Html),
            ("<HTML>".into(), Looked::Html),
            ("<!DOCTYPE x [<!ENTITY a 'b'>]><x/>".into(), Looked::Doctype),
            ("<?xml version='1.0'?>".into(), Looked::Broken(21)),
            ("<unfinished".into(), Looked::Broken(0)),
            ("<!-- --> words <a/>".into(), Looked::Broken(8)),
        ] {
            assert_eq!(look(text.as_bytes()), Some(want), "{text}");
        }
        assert_eq!(look(b"no xml"), None);
        assert_eq!(look(b""), None);
    }

    #[test]
    fn byte_order_marks_and_utf_16_are_read() {
        let want = Some(Looked::Root(XmlRoot::CiiInvoice));
        assert_eq!(look(format!("\u{feff}{CII}").as_bytes()), want);
        let le: Vec<u8> = CII.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = CII.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(look(&le), want);
        assert_eq!(look(&be), want);
        assert_eq!(look(&[&[0xff, 0xfe], &le[..]].concat()), want);
        assert_eq!(look(&[&[0xfe, 0xff], &be[..]].concat()), want);
    }

    #[test]
    fn a_prolog_without_end_is_not_read_to_its_end() {
        let text = format!("<!--{}--><Invoice/>", "x".repeat(PROLOG_BYTES));
        assert_eq!(look(text.as_bytes()), Some(Looked::Broken(0)));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            look(&bytes);
            look(&[b"<", &bytes[..]].concat());
        }
    }
}
