//! A small tree of an XML document, by local names: what reading an e-invoice needs, and nothing more.
//!
//! Knows nothing of invoices. Rule: a document with a document type declaration, an entity other than the five built-in
//! ones, or more of anything than the limits say is refused, never partly read.

use super::XmlError;
use quick_xml::{Reader, events::BytesStart, events::Event};

/// Largest XML document that is read, in bytes.
pub(super) const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Most elements of a document.
pub(super) const MAX_ELEMENTS: usize = 1_000_000;
/// Deepest nesting of elements.
pub(super) const MAX_DEPTH: usize = 64;

/// An element without its namespace prefix.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Node {
    /// Local name.
    pub name: String,
    /// Its own text, trimmed.
    pub text: String,
    /// Attributes by local name.
    pub attributes: Vec<(String, String)>,
    /// Elements inside, in order.
    pub children: Vec<Node>,
}

impl Node {
    /// Reads a whole document and gives its root element.
    pub fn parse(bytes: &[u8]) -> Result<Self, XmlError> {
        if bytes.len() > MAX_BYTES {
            return Err(XmlError::Limit { what: "bytes", limit: MAX_BYTES });
        }
        let text = decode(bytes)?;
        let mut reader = Reader::from_str(&text);
        let malformed = |position: u64, message: &dyn std::fmt::Display| XmlError::Malformed {
            position,
            message: one_line(&message.to_string()),
        };
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        let mut elements = 0;
        loop {
            let at = reader.buffer_position();
            match reader.read_event().map_err(|e| malformed(at, &e))? {
                Event::Start(start) => {
                    elements += 1;
                    within(elements, MAX_ELEMENTS, "elements")?;
                    within(open.len() + 1, MAX_DEPTH, "levels of nesting")?;
                    if open.is_empty() && root.is_some() {
                        return Err(malformed(at, &"a second root element"));
                    }
                    open.push(Self::started(&start).map_err(|e| malformed(at, &e))?);
                }
                Event::Empty(start) => {
                    elements += 1;
                    within(elements, MAX_ELEMENTS, "elements")?;
                    let node = Self::started(&start).map_err(|e| malformed(at, &e))?;
                    close(node, &mut open, &mut root);
                }
                Event::End(_) => {
                    if let Some(node) = open.pop() {
                        close(node, &mut open, &mut root);
                    }
                }
                Event::Text(t) => append(&mut open, &t.xml10_content()),
                Event::CData(t) => append(&mut open, &t.xml10_content()),
                Event::GeneralRef(reference) => {
                    let resolved = reference.resolve_char_ref().map_err(|e| malformed(at, &e))?;
                    let name = reference.xml10_content();
                    let c = match (resolved, name.as_ref()) {
                        (Some(c), _) => c,
                        (None, "amp") => '&',
                        (None, "lt") => '<',
                        (None, "gt") => '>',
                        (None, "quot") => '"',
                        (None, "apos") => '\'',
                        (None, other) => return Err(XmlError::Entity { name: one_line(other) }),
                    };
                    append(&mut open, c.encode_utf8(&mut [0; 4]));
                }
                Event::DocType(_) => return Err(XmlError::DocumentType),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof if open.is_empty() => {
                    return root.ok_or_else(|| malformed(at, &"no root element"));
                }
                Event::Eof => return Err(malformed(at, &"the document ends inside an element")),
            }
        }
    }

    fn started(start: &BytesStart<'_>) -> Result<Self, quick_xml::Error> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute?;
            let name = attribute.key.local_name();
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0)?;
            attributes.push((AsRef::<str>::as_ref(&name).to_owned(), value.into_owned()));
        }
        let name = start.local_name();
        Ok(Self { name: AsRef::<str>::as_ref(&name).to_owned(), attributes, ..Self::default() })
    }

    /// Accounts and tax ids anywhere inside, of UBL and CII.
    pub(super) fn known(&self, known: &mut super::Known) {
        let id = || self.text_at("ID|CompanyID").into_iter();
        match self.name.as_str() {
            "IBANID" | "ProprietaryID" => known.accounts.push(self.text.clone()),
            "PayeeFinancialAccount" | "PayerFinancialAccount" => known.accounts.extend(id()),
            "SpecifiedTaxRegistration" | "PartyTaxScheme" => known.tax_ids.extend(id()),
            _ => {}
        }
        self.children.iter().for_each(|child| child.known(known));
    }

    /// The first element inside whose name is one of `names`.
    pub fn child(&self, names: &[&str]) -> Option<&Self> {
        self.children.iter().find(|c| names.contains(&c.name.as_str()))
    }

    /// All elements inside of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The element at a path such as `A/B|C/D`, where `|` separates names that mean the same.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |node, step| {
            let names: Vec<&str> = step.split('|').collect();
            node.child(&names)
        })
    }

    /// The text at a path; none where it is missing or empty.
    pub fn text_at(&self, path: &str) -> Option<String> {
        self.at(path).map(|n| n.text.clone()).filter(|t| !t.is_empty())
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

fn within(found: usize, limit: usize, what: &'static str) -> Result<(), XmlError> {
    if found > limit { Err(XmlError::Limit { what, limit }) } else { Ok(()) }
}

fn close(mut node: Node, open: &mut [Node], root: &mut Option<Node>) {
    node.text.truncate(node.text.trim_end().len());
    let leading = node.text.len() - node.text.trim_start().len();
    node.text.drain(..leading);
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => *root = Some(node),
    }
}

fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

/// UTF-8, UTF-16 by its mark, or Latin-1 where the declaration says so.
fn decode(bytes: &[u8]) -> Result<String, XmlError> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.get(2..).unwrap_or_default().as_chunks::<2>();
        String::from_utf16(&pairs.iter().map(|p| read(*p)).collect::<Vec<_>>())
            .map_err(|_| XmlError::Encoding)
    };
    match bytes {
        [0xff, 0xfe, ..] => return wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return wide(u16::from_be_bytes),
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let head = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes)).to_ascii_lowercase();
    if head.contains("iso-8859-1") || head.contains("windows-1252") || head.contains("iso-8859-15") {
        return Ok(bytes.iter().map(|b| char::from(*b)).collect());
    }
    Err(XmlError::Encoding)
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect()
}
